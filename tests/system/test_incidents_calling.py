"""Incidents of DOMAIN.md in which nobody was told, on the whole chain: what must have become impossible."""
import hashlib
import json
import signal

from chain import Incident, harness
from harness import until


class Cleveland(Incident):
    """2018: the remote alarm was switched off, nobody knew by whom or since when; one contact; nobody had tested the path."""

    def test_switched_off(self):
        self.begin()
        for wrong in (["li.na"], ["li.na", "--for", "2h"], ["li.na", "--why", "x"], ["li.na", "--for", "8d", "--why", "x"]):
            self.assertNotEqual(self.notify("off", *wrong, check=False).returncode, 0)
        self.notify("off", "li.na", "--for", "2h", "--why", "phone broken")
        self.event("system", "notify-off", "raised", priority="high")
        told = self.told("wang", "system", "notify-off")  # li.na is off: the next level at once
        self.assertIn("phone broken", told["first"])
        (off,) = until(lambda: self.disabled(what="notifications-off"), "what is off")
        self.assertEqual((off["detail"], off["note"]), ("li.na", "phone broken"))
        self.assertTrue(off["by"] and off["until"])
        event = self.observer.event(kind="notify-off")
        self.assertEqual((event["what"], event["why"], event["by"]), ("li.na", "phone broken", off["by"]))
        (listed,) = self.observer.wait("/test/disabled", lambda m: m and m["n"] == 1).json["list"]
        self.assertEqual((listed["what"], listed["by"], listed["until"]), ("notifications-off", off["by"], off["until"]))
        text = self.ctl("status", "--lang", "en").stdout
        for word in ("DISABLED", "li.na", off["by"], "phone broken"):
            self.assertIn(word, text)
        # Nobody at all: that is critical, and the daemon says so by its own means.
        self.notify("off", "chen", "--for", "1h", "--why", "holiday")
        self.notify("off", "wang", "--for", "4s", "--why", "for a moment")
        self.event("system", "notifier", "raised", priority="critical")
        self.told_by_daemon("notifier")
        # It ends by itself, and people are called again: nothing stays off because somebody forgot.
        self.event("system", "notifier", "returned")
        self.observer.event(kind="notify-on", what="wang")
        self.warm()
        self.told("wang", "tank-1", "warm")
        report = json.loads(self.ctl("alarm-report", "--last", "1h", "--json").stdout)["disabled"]
        self.assertEqual(report["without_person_or_reason"], 0)
        self.assertLessEqual({"li.na", "wang", "chen"}, {d["what"] for d in report["list"]})

    def test_service_stopped(self):
        """Who stops cryonotify, and who freezes it, does not silence the site."""
        self.begin()
        self.warm()
        self.told("li.na", "tank-1", "warm")
        self.notifier.stop()
        self.event("system", "notifier", "raised", priority="critical")
        self.told_by_daemon("Tank 1")
        self.assertEqual(self.status()["notifier"], "failing")
        self.assertIn("notifier", self.ctl("alarms", "--lang", "en").stdout)
        mark = self.receiver.feed.mark()
        self.notifier.start()
        self.event("system", "notifier", "returned")
        self.receiver.wait(person="li.na", asset="tank-1", alarm="warm", since=mark)  # it is called on
        mark = self.observer.feed.mark()
        self.notifier.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.notifier.process.send_signal, signal.SIGCONT)
        self.event("system", "notifier", "raised", since=mark)
        self.notifier.process.send_signal(signal.SIGCONT)
        self.event("system", "notifier", "returned", since=mark)

    def test_drill_proves_the_path(self):
        def drills(main):
            main["drill"] = {"every": "30 d", "confirm_within": "1 min"}
            main["notify"]["silent_after"] = "1 h"  # the clocks jump
        self.begin(site=drills, shifted=True)
        self.ctl("drill")
        drill = self.told("li.na", "system", "drill", purpose="drill")
        self.pass_time(61)
        self.event("system", "drill-overdue", "raised", priority="high")
        self.told("li.na", "system", "drill-overdue")
        self.assertIn("drill", self.ctl("alarms", "--lang", "en").stdout)
        self.press(drill)
        confirmed = self.event("system", "drill", "acknowledged")
        self.assertEqual((confirmed["by"], confirmed["via"]), ("li.na", "cryonotify"))
        self.event("system", "drill-overdue", "returned")
        # The next one goes to the next person, is confirmed in time, and is no alarm.
        mark, seen = self.receiver.feed.mark(), self.observer.feed.mark()
        self.ctl("drill")
        drill = self.receiver.wait(purpose="drill", alarm="drill", since=mark)
        self.assertEqual(drill["person"], "wang")
        self.press(drill)
        self.assertEqual(self.event("system", "drill", "acknowledged", since=seen)["by"], "wang")
        self.pass_time(61)
        self.observer.wait("/heartbeat", since=self.observer.feed.mark())
        self.assertNotEqual(self.state("system", "drill-overdue"), "unacknowledged")
        report = json.loads(self.ctl("alarm-report", "--last", "1h", "--json").stdout)["drills"]
        self.assertEqual((report["held"], report["confirmed"]), (2, 2))


class Singapore(Incident):
    """2022: for months no notification was sent, and nobody noticed."""

    def channels(self, *order):
        def change(settings):
            settings["people"]["li.na"]["channels"] = {name: "li.na@example.org" if name == "mail" else "" for name in order}
        return change

    def failed(self, channel, error):
        """It is an alarm that says which, and why."""
        alarm = self.event("system", "notify-channel", "raised", priority="high")
        self.assertIn("li.na/" + channel, alarm["text"]["en"])
        self.assertIn(error, alarm["text"]["en"])
        call = self.observer.event(kind="call", channel=channel, outcome="failed")  # and it stands in the record
        self.assertIn(error, call["error"])

    def test_mail_is_refused(self):
        self.begin(people=self.channels("mail", "hook"))
        self.post.refusal = "550 no such user here"
        self.warm()
        told = self.told("li.na", "tank-1", "warm")
        self.assertEqual((told["attempt"], told["level"]), (1, 1))  # the same call by the next channel, not the next call
        self.failed("mail", "550")
        self.told("li.na", "system", "notify-channel")

    def test_messenger_takes_nothing(self):
        """HTTP 200, and an error in the answer."""
        self.begin(people=self.channels("wecom", "mail"))
        self.receiver.answers["/wecom"] = (200, '{"errcode":93000,"errmsg":"invalid webhook url"}')
        self.warm()
        mail = self.post.feed.wait(lambda m: "1号罐" in m["subject"], "a mail")
        self.assertIn("气相温度过高", mail["subject"])
        self.failed("wecom", "errcode is 93000")
        self.assertIn("invalid webhook url", [c["detail"] for c in json.loads(self.notify("calls", "--json").stdout)])
        self.post.feed.wait(lambda m: "wecom" in m["text"], "a mail about it")
        # It works again: tried without being asked, and told.
        self.receiver.answers["/wecom"] = (200, '{"errcode":0,"errmsg":"ok"}')
        self.event("system", "notify-channel", "returned")

    def test_a_second_way_fails(self):
        """Who has acknowledged that the mail fails is called when the messenger fails, too."""
        self.begin(people=self.channels("wecom", "mail", "hook"))
        self.post.refusal = "550 no such user here"
        self.notify("test", "li.na/mail")
        self.failed("mail", "550")
        told = self.told("li.na", "system", "notify-channel")
        self.ctl("ack", "system", "notify-channel")
        self.event("system", "notify-channel", "acknowledged")
        mark, seen = self.observer.feed.mark(), self.receiver.feed.mark()
        self.receiver.answers["/wecom"] = (200, '{"errcode":93000,"errmsg":"invalid webhook url"}')
        self.notify("test", "li.na/wecom")
        again = self.event("system", "notify-channel", "realarmed", since=mark)
        self.assertEqual(again["why"], "worse")
        self.assertEqual(again["id"], told["occurrence"])
        for way in ("li.na/mail", "li.na/wecom"):
            self.assertIn(way, again["text"]["en"])
            self.assertIn(way, again["text"]["zh"])
        self.receiver.wait(person="li.na", alarm="notify-channel", path="/hook", since=seen)

    def test_notifier_dead(self):
        self.begin()
        self.notifier.kill()
        self.warm()
        self.event("system", "notifier", "raised")
        self.assertIn("Tank 1", self.told_by_daemon("Tank 1"))
        self.observer.event(kind="fallback", part="command", outcome="done")
        self.notifier.start()
        self.told("li.na", "tank-1", "warm")  # what happened meanwhile is called


class MustBeShown(Incident):
    """kill -9 of each part in turn while an alarm is open: told at least once, and again until acknowledged."""

    def again(self, *more):
        """After what was just done, people are still called for each of these alarms."""
        mark = self.receiver.feed.mark()
        for tank in (1,) + more:
            told = self.receiver.feed.wait(lambda m: m.get("asset") == "tank-%d" % tank and m["alarm"] == "warm" and
                                           m["purpose"] in ("call", "again") and m["ok"], "a call for tank %d" % tank, since=mark)
        return told

    def configurations(self):
        return {m.json["seq"]: m.json for m in self.observer.feed.since()
                if m.topic.endswith("/events") and m.json and m.json["kind"] == "notify-configuration"}

    def test_killed_in_turn(self):
        self.begin(tanks=4)
        self.warm(1)
        raised = self.event("tank-1", "warm", "raised")
        self.told("li.na", "tank-1", "warm")
        self.notifier.kill()
        self.warm(2)
        self.event("tank-2", "warm", "raised")
        self.notifier.start()
        self.again(2)
        self.cryomond.kill()
        self.warm(3)
        self.cryomond.start()
        self.event("tank-3", "warm", "raised")
        self.again(2, 3)
        self.broker.process.kill()
        self.broker.process.wait()
        self.warm(4)
        until(lambda: self.state("tank-4", "warm") == "unacknowledged", "the alarm without a broker")
        self.told_by_daemon("Tank 4")  # each has its own way to people
        self.receiver.wait(person="li.na", alarm="broker", purpose="call")
        self.broker.start()
        self.again(2, 3, 4)
        # It is still the same alarm, and somebody takes it on: then only that it is not over is told.
        self.assertEqual(self.again()["occurrence"], raised["id"])
        for tank in (2, 3, 4):
            self.ctl("ack", "tank-%d" % tank, "warm")
        mark = self.receiver.feed.mark()
        self.press(self.again())
        acked = self.event("tank-1", "warm", "acknowledged")
        self.assertEqual((acked["by"], acked["via"]), ("li.na", "cryonotify"))
        self.told("li.na", "tank-1", "warm", purpose="unresolved", since=mark)
        seen = self.receiver.feed.mark()
        self.told("li.na", "tank-1", "warm", purpose="unresolved", since=seen)
        self.assertFalse([m for m in self.receiver.feed.since(seen) if m.get("purpose") in ("call", "again")
                          and m.get("alarm") == "warm"])
        for tank in (1, 2, 3, 4):
            self.cold(tank)
        self.told("li.na", "tank-1", "warm", purpose="over")
        # Whoever was killed meanwhile: the record has each notify.yaml once.
        (first,) = self.configurations().values()
        self.settings["needed_people"] = 2
        with open(self.path("notify.yaml"), "w") as f:
            json.dump(self.settings, f)
        self.notifier.reload()
        second = self.observer.event(kind="notify-configuration", before=first["sha256"])
        with open(self.path("notify.yaml"), "rb") as f:
            self.assertEqual(second["sha256"], hashlib.sha256(f.read()).hexdigest())
        self.assertEqual(second["calling"]["needed"], 2)
        self.assertEqual(second["calling"]["people"]["li.na"]["name"], self.settings["people"]["li.na"]["name"])
        self.assertEqual(len(self.configurations()), 2)
        self.cryomond.stop()
        self.assertTrue(json.loads(self.ctl("verify", self.path("state"), "--json").stdout)["proven"])
        self.assertEqual(harness.integrity(self.path("notify", "notify.db")), "ok")


if __name__ == "__main__":
    harness.main()
