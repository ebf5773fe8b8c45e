"""What must not be lost: kills, restarts, lost sessions, a full disk, and the silence of the other side."""
import json
import subprocess

from notify_case import NotifyTest, harness, until


class Keeping(NotifyTest):  # each
    def test_killed_while_an_alarm_is_open(self):
        self.be_daemon()
        service = self.service()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call")
        for _ in range(3):
            service.kill()
            mark = self.receiver.feed.mark()
            service.start()
            self.receiver.wait(since=mark, occurrence=alarm["id"])  # and again, until it is acknowledged
        service.kill()
        # What happens meanwhile is kept by the broker: an acknowledgement, and another alarm that has no state yet.
        self.follow(alarm, "acknowledged", "acknowledged", by="wang")
        other = self.publish(self.body("level", "raised", "unacknowledged", priority="high"), state=False)
        mark = self.receiver.feed.mark()
        service.start()
        self.receiver.wait(since=mark, person="li.na", occurrence=other["id"], purpose="call")
        self.receiver.wait(since=mark, person="li.na", occurrence=alarm["id"], purpose="acknowledged")
        self.receiver.wait(since=mark, occurrence=alarm["id"], purpose="unresolved")
        rows = harness.sqlite(self.path("notify", "notify.db"), "SELECT count(*) AS n FROM inbox")
        self.assertEqual(rows[0]["n"], 0)
        self.assertEqual(harness.integrity(self.path("notify", "notify.db")), "ok")

    def test_what_has_failed_has_failed_after_a_restart_too(self):
        self.be_daemon()
        self.receiver.broken.add("/hook")
        service = self.service(probe="1 h")
        observer = self.watch_mqtt()

        def hook(status, person="li.na"):
            return [c for c in status["channels"] if (c["person"], c["channel"]) == (person, "hook")][0]
        untried = observer.wait("/notify/status", lambda s: s and s["state"] == "online").json
        self.assertIsNone(hook(untried)["ok"])
        probed = observer.wait("/notify/status", lambda s: s and any(c.get("proof") == "probe" for c in s.get("channels", ()))).json
        self.assertEqual((probed["reachable"], probed["proven"], probed["unproven"]), (3, 2, 1))  # chen has no mail
        self.assertEqual(self.mail.feed.mark(), 0)
        self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        failed = observer.wait("/notify/status", lambda s: s and s.get("channels") and hook(s)["ok"] is False).json
        service.kill()
        mark = observer.feed.mark()
        service.start()
        again = observer.wait("/notify/status", lambda s: s and s["state"] == "online", since=mark).json
        self.assertEqual(hook(again), hook(failed))
        self.assertIn("channel", {p["kind"] for p in again["problems"]})
        self.assertIsNone(hook(again, "chen")["ok"])

    def test_people_in_another_order(self):
        """A new configuration has another order of people: what was told to whom is still so."""
        self.be_daemon()
        service = self.service()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call")
        service.stop()
        settings = self.settings()
        settings["people"] = {name: settings["people"][name] for name in ("chen", "wang", "li.na")}
        again = self.service(**settings)
        status = json.loads(self.command("status", "--json").stdout)
        self.assertEqual(status["alarms"][0]["told"], ["li.na"])
        self.assertRegex(self.command("status").stdout, "not acknowledged, level 1, called [12] times, told: li.na\n")
        mark = self.receiver.feed.mark()
        self.follow(alarm, "acknowledged", "acknowledged", by="wang")
        self.receiver.wait(person="li.na", purpose="acknowledged", since=mark)
        self.receiver.never(0.5, person="chen", since=mark)
        self.assertTrue(again.running())

    def test_nobody_is_also_too_few(self):
        self.be_daemon()
        self.service(needed_people=2)
        observer = self.watch_mqtt()
        for person in ("li.na", "wang", "chen"):
            self.command("off", person, "--for", "1h", "--why", "test")
        status = observer.wait("/notify/status", lambda s: s and not s.get("would_be_told", True)).json
        self.assertLessEqual({"nobody", "people"}, {p["kind"] for p in status["problems"]})

    def test_killed_in_a_stream_of_events(self):
        """The broker is told that an event was taken only when it is on disk: none is missing, whenever we are killed."""
        self.be_daemon()
        service = self.service()
        lines = []
        for n in range(400):
            self.seq += 1
            lines.append(json.dumps({"seq": self.seq, "run": "r1", "kind": "gap", "time": "2026-11-24T00:00:00.000Z"}))
        path = self.path("events.txt")
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")

        def taken():
            rows = harness.sqlite(self.path("notify", "notify.db"), "SELECT seq FROM event UNION SELECT body->>'$.seq' AS seq FROM "
                                  "inbox WHERE topic LIKE '%/events'")
            return {int(row["seq"]) for row in rows}
        with open(path) as f:
            stream = subprocess.Popen(["mosquitto_pub", "-V", "5", "-h", self.broker.address, "-p", str(self.broker.port),
                                       "-q", "1", "-t", "cryomon/test/events", "-l"], stdin=f)
            self.addCleanup(stream.wait)
            for mark in (20, 90, 200):
                until(lambda: len(taken()) > mark, "some events")
                service.kill()
                service.start()
        until(lambda: len(taken()) == 400, "all events")
        self.assertNotIn("never came", "\n".join(service.log.since()))

    def test_an_event_that_comes_twice_is_recorded_once(self):
        self.be_daemon()
        self.service()
        alarm = self.publish(self.body("level", "raised", "unacknowledged", priority="high"))
        for _ in range(2):
            self.publish(alarm, state=False)
        last = self.publish(self.body("lid", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=last["id"])

        def rows(sql):
            return harness.sqlite(self.path("notify", "notify.db"), sql)
        until(lambda: not rows("SELECT id FROM inbox"), "the inbox")
        self.assertEqual([row["seq"] for row in rows("SELECT seq FROM event ORDER BY id")], [alarm["seq"], last["seq"]])

    def test_killed_before_anybody_was_told(self):
        """The event is in the book and confirmed to the broker, but the call has not gone out."""
        self.be_daemon()
        service = self.service(collect="1500 ms")
        self.publish(self.body("level", "raised", "unacknowledged", priority="high"), state=False)
        until(lambda: harness.sqlite(self.path("notify", "notify.db"), "SELECT key FROM alarm"), "the alarm in the book")
        service.kill()
        self.assertEqual(self.receiver.feed.mark(), 0)
        service.start()
        self.receiver.wait(person="li.na", purpose="call")

    def test_killed_in_a_flood(self):
        """It is a flood afterwards as well: summaries, and nobody is called once for each alarm."""
        self.be_daemon()
        service = self.service(collect="2 s", flood={"more_than": 5, "within": "10 min", "every": "1 s"})

        def burst(first, n):
            bodies = [self.body("level", "raised", "unacknowledged", asset="tank-%d" % i, priority="high")
                      for i in range(first, first + n)]
            self.publish_together(bodies)
            return bodies

        def listed():
            return {m["asset"] for told in self.receiver.feed.since() for m in told["members"] or [told]}
        made = burst(0, 20)
        until(lambda: len(harness.sqlite(self.path("notify", "notify.db"), "SELECT key FROM alarm")) == 20, "the book")
        service.kill()  # before anybody was told
        service.start()
        self.receiver.wait(person="li.na", purpose="summary")
        until(lambda: len(listed()) == 20, "all to be told")
        service.kill()  # in the middle of it
        made += burst(20, 4)  # fewer than make a flood
        service.start()
        until(lambda: listed() == {body["asset"] for body in made}, "those that came meanwhile")
        single = [m for m in self.receiver.feed.since() if m["purpose"] != "summary"]
        self.assertLessEqual(len(single), 1, single)  # one that is alone in its moment may be

    def test_broker_restarted(self):
        self.be_daemon()
        service = self.service(broker_after="1 h", silent_after="1 h")
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call")
        self.broker.stop()
        service.log.wait(lambda line: "connect" in line or "broke" in line, "the lost connection")
        mark = self.receiver.feed.mark()
        self.receiver.wait(since=mark, occurrence=alarm["id"], person="li.na")  # calling goes on
        before = service.log.mark()
        self.broker.start()
        service.synced(before)
        mark = self.receiver.feed.mark()
        self.follow(alarm, "acknowledged", "acknowledged", by="wang")
        self.receiver.wait(since=mark, purpose="acknowledged")

    def test_session_lost(self):
        """Nothing is queued and nothing is known: the retained states tell what is open."""
        self.be_daemon()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", time="2026-01-01T00:00:00.000Z"), event=False)
        held = self.publish(self.body("level", "acknowledged", "acknowledged"), event=False)
        self.service()
        self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])
        self.receiver.wait(purpose="unresolved", occurrence=held["id"])
        self.follow(alarm, "acknowledged", "acknowledged", by="wang")
        self.receiver.wait(purpose="acknowledged", occurrence=alarm["id"])

    def test_gone_while_away(self):
        """The state is no longer retained, and the daemon is there: it has come to an end."""
        self.be_daemon()
        service = self.service()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call")
        service.kill()
        self.broker.publish("cryomon/test/tank-1/alarms/warm", "", "-r")
        service.start()
        self.receiver.wait(person="li.na", purpose="over", occurrence=alarm["id"], limit=40)

    def test_came_and_went(self):
        self.be_daemon()
        service = self.service()
        service.stop()
        for n in range(3):
            alarm = self.publish(self.body("level-%d" % n, "raised", "unacknowledged", priority="high", historical=True),
                                 state=False)
            self.follow(alarm, "returned", "normal", active=False, historical=True)
        open_still = self.publish(self.body("warm", "raised", "unacknowledged", historical=True))
        mark = self.receiver.feed.mark()
        service.start()
        self.receiver.wait(since=mark, person="li.na", purpose="call", occurrence=open_still["id"])
        told = self.receiver.wait(since=mark, person="li.na", purpose="problem")
        self.assertIn("3", told["text_en"] if "text_en" in told else json.dumps(told, ensure_ascii=False))
        self.assertIn("level-2", json.dumps(told))
        self.receiver.never(1, since=mark, alarm="level-0")

    def test_gap_in_the_numbers(self):
        self.be_daemon()
        self.service()
        self.publish(self.body("level", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call")
        lost = self.publish(self.body("warm", "raised", "unacknowledged"), event=False, state=False)
        self.broker.publish("cryomon/test/tank-1/alarms/warm", json.dumps(lost), "-r")
        self.seq += 5
        self.publish(self.body("other", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=lost["id"])
        self.receiver.wait(person="li.na", purpose="problem")

    def test_daemon_silent(self):
        self.be_daemon()
        self.service(silent_after="5 s")
        self.receiver.never(2, alarm="silent")
        self.beat.set()
        told = self.receiver.wait(person="li.na", alarm="silent", purpose="call")
        self.assertEqual(told["priority"], "critical")
        self.receiver.wait(person="wang", alarm="silent", purpose="escalated")
        self.command("ack", "cryonotify/silent")
        self.receiver.wait(person="li.na", alarm="silent", purpose="acknowledged")
        mark = self.receiver.feed.mark()
        self.be_daemon()
        self.receiver.wait(since=mark, person="li.na", alarm="silent", purpose="over")

    def test_broker_gone(self):
        """cryonotify has its own way to people."""
        self.be_daemon()
        service = self.service()
        self.broker.stop()
        told = self.receiver.wait(person="li.na", alarm="broker", purpose="call")
        chinese = [line for line in json.dumps(told, ensure_ascii=False).split('"') if "收不到任何报警" in line]
        self.assertTrue(chinese)
        for line in chinese:
            self.assertRegex(line, "收不到任何报警：(无法连接 .* 端口 [0-9]+：连接被拒绝|与 .* 的连接中断)")
        self.broker.start()
        self.receiver.wait(person="li.na", alarm="broker", purpose="over")
        self.receiver.never(0.5, alarm="silent")

    def test_started_without_broker(self):
        self.broker.stop()
        service = self.service()  # READY all the same
        self.receiver.wait(person="li.na", alarm="broker", purpose="call")
        self.assertTrue(service.running())

    def test_full_disk(self):
        self.be_daemon()
        observer = self.watch_mqtt()
        service = self.service()
        observer.wait("/notify/status", lambda s: s and s["state"] == "online")
        self.command("off", "chen", "--for", "1h", "--why", "on leave")
        size = ["prlimit", "--pid", str(service.process.pid)]
        subprocess.run(size + ["--fsize=4096:"], check=True)
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])
        self.receiver.wait(person="wang", purpose="escalated", occurrence=alarm["id"])
        observer.wait("/notify/status", lambda s: s and any(p["kind"] == "book" for p in s["problems"]))
        refused = self.command("off", "wang", "--for", "1h", "--why", "x", check=False)
        self.assertNotEqual(refused.returncode, 0)  # what can't be recorded is not switched off
        on = self.command("on", "chen", check=False)
        self.assertIn("it is on again, but notify.db can't be written", on.stdout + on.stderr)
        observer.wait("/notify/status", lambda s: s and not s.get("off"), since=observer.feed.mark() - 1)
        mark = observer.feed.mark()
        subprocess.run(size + ["--fsize=unlimited:"], check=True)
        self.follow(alarm, "acknowledged", "acknowledged", by="wang")
        self.receiver.wait(person="li.na", purpose="acknowledged")
        observer.wait("/notify/status", lambda s: s and not any(p["kind"] == "book" for p in s["problems"]), since=mark)
        until(lambda: [c for c in self.calls() if c["purpose"] == "call"], "the call in the record")

    def test_last_will(self):
        observer = self.watch_mqtt()
        service = self.service()
        observer.wait("/notify/status", lambda s: s and s["state"] == "online")
        service.kill()
        observer.wait("/notify/status", lambda s: s and s["state"] == "offline" and s["reason"] == "connection lost")
        mark = observer.feed.mark()
        service.start()
        observer.wait("/notify/status", lambda s: s and s["state"] == "online", since=mark)
        service.stop()
        observer.wait("/notify/status", lambda s: s and s["state"] == "offline" and s["reason"] == "stopped")

    def test_watch_only(self):
        self.be_daemon()
        self.service(options=["--watch-only"], watch=["test", "north"], silent_after="5 s",
                     site={"id": "watcher", "name": "Watcher"})
        told = self.receiver.wait(person="li.na", alarm="silent-north", purpose="call")
        self.assertIn("north", json.dumps(told))
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.broker.publish("cryomon/test/status", '{"state":"offline","reason":"connection lost"}', "-r")
        self.beat.set()
        told = json.dumps(self.receiver.wait(person="li.na", alarm="silent-test", purpose="call"), ensure_ascii=False)
        self.assertIn("没有信号：连接中断。储罐无人监测", told)
        self.receiver.never(0.5, occurrence=alarm["id"])

    def test_watch_only_is_told_that_nobody_would_be_called(self):
        self.be_daemon()  # one that does not know the word, at first
        self.service(options=["--watch-only"], watch=["test"], nobody_after="2 s", site={"id": "watcher", "name": "Watcher"})
        observer = self.watch_mqtt()
        for _ in range(4):
            observer.wait("/test/heartbeat", lambda b: b, since=observer.feed.mark())
        self.receiver.never(0.1, alarm="notifier-test")
        self.says = {"notifier": "failing", "notifier_since": "2026-11-24T10:00:00.000Z",
                     "notifier_text": {"en": "no heartbeat for 63 s", "zh": "已 63 秒没有心跳"}}
        told = json.dumps(self.receiver.wait(person="li.na", alarm="notifier-test", purpose="call"), ensure_ascii=False)
        for word in ("Nobody would be called for an alarm at the site test", "no heartbeat for 63 s", "已 63 秒没有心跳",
                     "无人会被通知"):
            self.assertIn(word, told)
        self.says = {"notifier": "ok"}
        over = self.receiver.wait(person="li.na", alarm="notifier-test", purpose="over")
        self.assertIn("站点 test 的报警已恢复通知人员", json.dumps(over, ensure_ascii=False))


if __name__ == "__main__":
    harness.main()
