"""notify.yaml is changed while the service runs."""
import hashlib
import json
import os
import threading
import urllib.request

from notify_case import NotifyTest, free_port, harness, until


class Reload(NotifyTest):  # each
    def sha256(self):
        with open(self.path("notify.yaml"), "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def in_force(self, observer, since):
        """The status once the file as it is now is in force."""
        return observer.wait("/notify/status", lambda s: s and s.get("configuration", {}).get("sha256") == self.sha256(),
                             since=since).json

    def test_others_are_called(self):
        """What is open goes on, with those who are on duty now, through the channels that there are now."""
        self.be_daemon()
        observer = self.watch_mqtt()
        port = free_port()
        link = {"listen": "127.0.0.1:%d" % port, "url": "http://127.0.0.1:%d" % port}
        service = self.service(link=link)
        first = self.in_force(observer, 0)
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])
        other = self.publish(self.body("level", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=other["id"])
        until(lambda: [c["outcome"] for c in self.calls()] == ["sent"] * len(self.calls()), "the answers")
        settings = self.settings(link=link)
        del settings["people"]["li.na"]
        settings["people"]["zhao"] = {"name": "Zhao", "language": "zh", "channels": {"duty": "", "mail": "zhao@example.org"}}
        settings["channels"]["duty"] = dict(settings["channels"]["hook"], url=self.receiver.url("/duty"))
        settings["rota"] = [{"people": ["zhao"]}, {"people": ["wang"]}, {"people": ["chen"]}]
        self.configure(**settings)
        mark, heard, said = self.receiver.feed.mark(), observer.feed.mark(), service.log.mark()
        service.reload()
        status = self.in_force(observer, heard)
        self.assertGreater(status["configuration"]["loaded"], first["configuration"]["loaded"])
        self.assertEqual(status["on_duty"], ["zhao"])
        service.synced(said)
        self.receiver.wait(person="zhao", purpose="again", occurrence=alarm["id"], path="/duty", since=mark)
        self.receiver.never(1, person="li.na", since=mark)
        # Whoever was told is gone: somebody else is, once (the next call is in an hour).
        self.receiver.wait(person="zhao", purpose="call", occurrence=other["id"], since=mark)
        self.assertEqual(len([m for m in self.receiver.feed.since(mark) if m["occurrence"] == other["id"]]), 1)
        mark = self.receiver.feed.mark()
        third = self.publish(self.body("lid", "raised", "unacknowledged"))
        self.receiver.wait(person="zhao", purpose="call", occurrence=third["id"], since=mark)
        with urllib.request.urlopen(self.receiver.feed.since()[0]["link"], timeout=30) as page:  # one from before
            self.assertEqual(page.status, 200)
        self.assertNotIn("offline", [m.json and m.json.get("state") for m in observer.feed.since(heard)
                                     if m.topic.endswith("/notify/status")])

    def test_whoever_was_removed_acknowledges_nothing(self):
        """Neither by a link from before, nor by one that was pressed before and has no answer yet."""
        self.be_daemon()
        observer = self.watch_mqtt()
        port = free_port()
        link = {"listen": "127.0.0.1:%d" % port, "url": "http://127.0.0.1:%d" % port}
        service = self.service(link=link)
        pressed = self.publish(self.body("lid", "raised", "unacknowledged", priority="high"))
        old = self.receiver.wait(person="li.na", purpose="call", occurrence=pressed["id"])["link"]
        asked = observer.feed.mark()
        with urllib.request.urlopen(old, data=b"", timeout=30) as page:  # the daemon does not answer
            self.assertIn("尚未得到监控系统确认", page.read().decode())
        observer.wait("/cmd/cryonotify/acknowledge", since=asked)
        alarm = self.publish(self.body("level", "raised", "unacknowledged", priority="high"))
        fresh = self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])["link"]
        until(lambda: [c["outcome"] for c in self.calls()] == ["sent"] * len(self.calls()), "the answers")
        settings = self.settings(link=link)
        del settings["people"]["li.na"]
        settings["rota"] = [{"people": ["wang"]}, {"people": ["chen"]}]
        self.configure(**settings)
        heard, said = observer.feed.mark(), service.log.mark()
        service.reload()
        self.in_force(observer, heard)
        service.synced(said)
        service.log.wait(lambda line: "by the link of li.na is given up" in line, "what becomes of the press", since=said)
        sent = observer.feed.mark()
        for data in (None, b""):
            for url in (old, fresh):
                with urllib.request.urlopen(url, data=data, timeout=30) as page:
                    text = page.read().decode()
                self.assertIn("not in the configuration any more", text)
                self.assertIn("已不在配置中", text)
                self.assertNotIn("<form", text)
        service.log.wait(lambda line: alarm["id"] + " is not acknowledged by the link of li.na" in line, "the press",
                         since=said)
        until(lambda: not harness.sqlite(self.path("notify", "notify.db"), "SELECT * FROM ack"), "the book without it")
        mark = self.receiver.feed.mark()
        other = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        theirs = self.receiver.wait(person="wang", purpose="call", occurrence=other["id"], since=mark)["link"]
        with urllib.request.urlopen(theirs, data=b"", timeout=30):
            pass  # by then whatever was to be sent was sent
        self.assertEqual([m.json["person"] for m in observer.feed.since(sent)
                          if m.topic.endswith("/cmd/cryonotify/acknowledge")], ["wang"])

    def test_who_is_called_when(self):
        """Names and times, for the record; no address, number, URL or secret."""
        self.be_daemon()
        observer = self.watch_mqtt()
        rota = [{"name": {"en": "on duty", "zh": "值班"}, "people": "chen",
                 "shifts": [{"days": "mon-fri", "from": "08:00", "to": "20:00", "people": "li.na"},
                            {"days": ["sat", "sun", "holiday"], "from": "20:00", "to": "08:00", "people": ["wang", "li.na"]}],
                 "dates": [{"first": "2026-12-24", "last": "2026-12-27", "people": "wang"}]}, {"people": ["wang"]}]
        service = self.service(rota=rota, holidays=["2027-01-01"])
        status = self.in_force(observer, 0)
        calling = status["configuration"]["calling"]
        self.assertEqual(status["configuration"]["by"], "start")
        duty, above = calling["levels"]
        self.assertEqual((duty["name"], duty["people"]), ({"en": "on duty", "zh": "值班"}, ["chen"]))
        self.assertEqual(duty["shifts"], [{"when": "mon-fri 08:00-20:00", "people": ["li.na"]},
                                          {"when": "sat,sun,holiday 20:00-08:00", "people": ["li.na", "wang"]}])
        self.assertEqual([(d["when"][:22], d["people"]) for d in duty["dates"]], [("2026-12-24..2026-12-27", ["wang"])])
        self.assertEqual(above, {"people": ["wang"]})
        self.assertEqual(calling["people"]["li.na"], {"name": "Li Na", "channels": ["hook", "mail"]})
        self.assertEqual(calling["channels"], {"hook": "webhook json", "mail": "mail"})
        self.assertEqual(calling["priorities"]["critical"], {"levels_ms": [3000, 3000], "repeat_ms": 2000, "unresolved_ms": 2000})
        self.assertEqual((calling["priorities"]["low"]["levels_ms"], calling["holidays"]), ([86400000, None], ["2027-01-01"]))
        self.assertNotIn("left_out", calling)
        for secret in ("@", "://", "/hook", ":%d" % self.mail.port, self.receiver.url("")[7:]):
            self.assertNotIn(secret, json.dumps(calling))
        # A site that is too large for one event: what matters least goes first, and is named.
        people = {"person-with-a-long-name-%02d" % n: {"channels": {"hook": ""}} for n in range(60)}
        self.configure(people=people, rota=[{"people": sorted(people)[:20]}, {"people": sorted(people)[20:]}],
                       holidays=["2027-01-%02d" % n for n in range(1, 30)])
        heard = observer.feed.mark()
        service.reload()
        status = self.in_force(observer, heard)
        calling = status["configuration"]["calling"]
        self.assertEqual(status["configuration"]["by"], "SIGHUP, uid %d" % os.getuid())
        self.assertLess(len(json.dumps(calling, separators=(",", ":"))), 2816)
        self.assertEqual(calling["left_out"], ["holidays", "quiet", "names", "level-names", "dates", "people"])
        self.assertEqual([len(level["people"]) for level in calling["levels"]], [20, 40])

    def test_a_page_that_waits_learns_that_it_is_on_its_way(self):
        """What was pressed is in the book, and is sent again by whoever comes next."""
        self.be_daemon()
        observer = self.watch_mqtt()
        port = free_port()
        service = self.service(link={"listen": "127.0.0.1:%d" % port, "url": "http://127.0.0.1:%d" % port})
        for change in (service.reload, service.stop):
            alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
            link = self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])["link"]
            answers, asked = [], observer.feed.mark()

            def press():
                try:
                    with urllib.request.urlopen(link, data=b"", timeout=30) as page:
                        answers.append(page.read().decode())
                except OSError as error:
                    answers.append(str(error))
            thread = threading.Thread(target=press)
            thread.start()
            observer.wait("/cmd/cryonotify/acknowledge", since=asked)
            again, said = observer.feed.mark(), service.log.mark()
            change()
            thread.join()
            self.assertIn("尚未得到监控系统确认", answers[0])
            if change == service.reload:
                service.synced(said)
                observer.wait("/cmd/cryonotify/acknowledge", lambda m: m["occurrence"] == alarm["id"], since=again)
                self.follow(alarm, "acknowledged", "normal", active=False)
                self.receiver.wait(person="li.na", purpose="over", occurrence=alarm["id"])

    def test_a_call_under_way_is_not_made_twice(self):
        self.be_daemon()
        observer = self.watch_mqtt()
        service = self.service()
        self.receiver.held.clear()
        alarm = self.publish(self.body("level", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])
        self.configure(needed_people=2)
        mark, heard = self.receiver.feed.mark(), observer.feed.mark()
        service.reload()
        service.log.wait(lambda line: "takes over" in line, "the reload")
        late = self.publish(self.body("lid", "raised", "unacknowledged", priority="high"))  # begun when it is in force
        self.receiver.held.set()
        self.assertEqual(self.in_force(observer, heard)["needed"], 2)
        self.receiver.wait(person="li.na", purpose="call", occurrence=late["id"], since=mark)
        self.receiver.never(1, occurrence=alarm["id"], since=mark)
        until(lambda: {c["outcome"] for c in self.calls()} == {"sent"}, "the answers")
        self.assertEqual(len(self.calls()), 2)

    def test_mistakes_are_refused(self):
        self.be_daemon()
        observer = self.watch_mqtt()
        service = self.service()
        before = self.in_force(observer, 0)["configuration"]["sha256"]
        with open(self.path("notify.yaml")) as f:
            good = f.read()
        self.configure(rota=[{"people": ["nobody.there"]}], collect="never",
                       people={"li.na": {"channels": {"mail": "+4917012345"}}})
        bad = self.sha256()
        heard = observer.feed.mark()
        service.reload()
        service.log.wait(lambda line: "notify.yaml:" in line and "nobody.there" in line, "the mistake")
        service.log.wait(lambda line: "+4917012345" in line, "the mistake as it is")  # the log is the administrator's
        service.log.wait(lambda line: "is refused: 4 mistakes" in line, "the refusal")
        status = observer.wait("/notify/status", lambda s: s and "refused" in s.get("configuration", {}), since=heard).json
        self.assertEqual(status["configuration"]["sha256"], before)
        self.assertEqual(len(status["configuration"]["refused"]), 4)
        refusal = status["configuration"]["refusal"]
        self.assertEqual((refusal["by"], refusal["sha256"], refusal["mistakes"]), ("SIGHUP, uid %d" % os.getuid(), bad, 4))
        self.assertEqual(refusal["first"], status["configuration"]["refused"][0])
        self.assertIn("notify.yaml:", refusal["first"])
        self.assertGreater(refusal["time"], status["configuration"]["loaded"])
        self.assertGreater(refusal["modified"], status["configuration"]["modified"])
        self.assertNotIn("4917012345", json.dumps(status))
        self.assertIn("there is no person 'nobody.there'", " ".join(status["configuration"]["refused"]))
        problem = [p["text"]["en"] for p in status["problems"] if p["kind"] == "configuration"]
        self.assertIn("stays in force", problem[0])
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])
        heard = observer.feed.mark()
        self.configure(state="/var/tmp/elsewhere")
        service.reload()
        service.log.wait(lambda line: "'state' is another directory" in line, "the refusal")
        self.configure(collect="400 ms")
        heard = observer.feed.mark()
        service.reload()
        status = self.in_force(observer, heard)
        self.assertNotIn("refused", status["configuration"])
        self.assertNotIn("refusal", status["configuration"])
        os.unlink(self.path("notify.yaml"))  # it can't be read: that is told, too
        heard = observer.feed.mark()
        service.reload()
        status = observer.wait("/notify/status", lambda s: s and "refusal" in s.get("configuration", {}), since=heard).json
        self.assertNotIn("sha256", status["configuration"]["refusal"])
        with open(self.path("notify.yaml"), "w") as f:
            f.write(good)
        heard = observer.feed.mark()
        service.reload()
        status = self.in_force(observer, heard)
        self.assertNotIn("configuration", {p["kind"] for p in status["problems"]})


if __name__ == "__main__":
    harness.main()
