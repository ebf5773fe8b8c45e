"""A disk that is there and does not answer: people are called all the same, and when it answers again the book is whole."""
import json
import os
import subprocess
import time

from notify_case import NotifyTest, harness, until

HANGDISK = os.environ.get("CRYOMON_HANGDISK", "")


class Hanging(NotifyTest):  # each
    def setUp(self):
        super().setUp()
        if not os.path.exists(HANGDISK) or harness.SANITIZED:
            self.skipTest("a disk can't be made to hang here")

    def hang(self):
        with open(self.path("hang"), "w"):
            pass

    def answer(self):
        os.unlink(self.path("hang"))

    def begin(self, **changes):
        self.be_daemon()
        observer = self.watch_mqtt()
        service = self.service(prefix=["env", "LD_PRELOAD=" + HANGDISK, "HANGDISK=" + self.path("hang"),
                                       "HANGDISK_NAME=notify.db"], **changes)
        return service, observer

    def rows(self, sql):
        return harness.sqlite(self.path("notify", "notify.db"), sql)

    def recorded(self):
        return [row["seq"] for row in self.rows("SELECT seq FROM event ORDER BY id")]

    def whole(self):
        """Each event is recorded, in order, once."""
        wanted = list(range(1, self.seq + 1))
        try:
            until(lambda: self.recorded() == wanted, "each event, in order, once")
        except AssertionError:
            got = self.recorded()
            raise AssertionError("of %d events missing: %s; twice or in disorder: %s" % (
                self.seq, sorted(set(wanted) - set(got))[:20], [b for a, b in zip(got, got[1:]) if b <= a][:20])) from None

    def late(self, observer, since):
        return observer.wait("/notify/status", lambda s: s and any(
            p["kind"] == "book" and "does not answer" in p["text"]["en"] for p in s.get("problems", ())), since=since)

    def test_people_are_called_and_nothing_is_missing_afterwards(self):
        service, observer = self.begin()
        first = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=first["id"])
        mark, heard = self.receiver.feed.mark(), observer.feed.mark()
        self.hang()
        second = self.publish(self.body("level", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=second["id"])
        self.late(observer, heard)
        service.log.wait(lambda line: "heard beside it" in line, "another session")
        for n in range(2):  # the broker keeps these, and people are called at once
            mark = self.receiver.feed.mark()
            other = self.publish(self.body("lid-%d" % n, "raised", "unacknowledged"))
            self.receiver.wait(person="li.na", purpose="call", occurrence=other["id"], since=mark)
        mark, heard = self.receiver.feed.mark(), observer.feed.mark()
        self.receiver.wait(purpose="again", since=mark, occurrence=second["id"])  # and again
        beat = observer.wait("/notify/heartbeat", since=heard).json
        self.assertIs(beat["book_written"], False)
        self.assertIn("does not answer", self.command("status").stdout)
        refused = self.command("off", "wang", "--for", "1h", "--why", "test", check=False)
        self.assertIn("can't be written", refused.stderr)  # what is not recorded is not in force
        self.assertEqual(self.command("calls", check=False).returncode, 1)
        self.follow(second, "acknowledged", "acknowledged", by="wang", acknowledged_by="wang")
        self.receiver.wait(person="li.na", purpose="acknowledged", occurrence=second["id"])
        mark, heard = self.receiver.feed.mark(), observer.feed.mark()
        self.answer()
        service.log.wait(lambda line: "can be written again" in line, "the disk")
        self.whole()
        until(lambda: not self.rows("SELECT id FROM inbox"), "the inbox")
        calls = [c for c in self.calls() if c["alarm_id"] == second["id"] and c["purpose"] == "call"]
        self.assertEqual([c["outcome"] for c in calls], ["sent"] * len(calls))
        self.assertTrue(calls)
        self.assertFalse(self.rows("SELECT what FROM off WHERE ended_utc_us IS NULL"))
        beat = observer.wait("/notify/heartbeat", lambda b: b["book_written"], since=heard).json
        self.receiver.never(1, since=mark, purpose="call")  # what comes again calls nobody again
        self.assertNotIn("never came", "\n".join(service.log.since()))

    def test_what_comes_while_sessions_change_is_not_lost(self):
        """Nobody hears it then, but the broker keeps it: it is not told as lost, and what came and went in between is told."""
        service, observer = self.begin()
        first = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=first["id"])
        stream = subprocess.Popen(["mosquitto_pub", "-V", "5", "-h", self.broker.address, "-p", str(self.broker.port), "-q", "1",
                                   "-t", "cryomon/test/events", "-l"], stdin=subprocess.PIPE, text=True)
        self.addCleanup(stream.wait)
        self.addCleanup(stream.stdin.close)
        self.hang()
        sent, went = 0, []
        while not any("events until the disk answers" in line for line in service.log.since()):
            self.assertLess(sent, 6000, "no gap between the sessions")
            raised = self.body("lid", "raised", "unacknowledged", asset="tank-%d" % sent, priority="low")
            self.seq += 1
            ended = dict(raised, seq=self.seq, transition="returned", state="normal", active=False)
            stream.stdin.write("".join(json.dumps(body) + "\n" for body in (raised, ended)))
            stream.stdin.flush()
            went.append(raised["id"])
            sent += 1
            time.sleep(0.005)
        mark = self.receiver.feed.mark()
        other = self.publish(self.body("level", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=other["id"], since=mark)
        self.answer()
        service.log.wait(lambda line: "can be written again" in line, "the disk")
        self.whole()
        told = self.receiver.wait(person="li.na", purpose="problem")
        self.assertIn("came and went", json.dumps(told))
        self.assertNotIn("never came", "\n".join(service.log.since()))
        mark = self.receiver.feed.mark()
        self.receiver.never(1, since=mark, priority="low", purpose="call")

    def test_killed_while_it_hangs(self):
        """What had not reached the disk is told again, never less than once."""
        service, observer = self.begin()
        heard = observer.feed.mark()
        self.hang()
        first = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=first["id"])
        service.log.wait(lambda line: "heard beside it" in line, "another session")
        self.late(observer, heard)
        lines = service.log.since()
        beside = next(n for n, line in enumerate(lines) if "heard beside it" in line)
        service.log.wait(lambda line: "connected" in line or "have been read" in line, "the session", since=beside + 1)
        second = self.publish(self.body("level", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=second["id"])
        service.kill()
        self.answer()
        mark = self.receiver.feed.mark()
        service.start()
        for alarm in (first, second):
            self.receiver.wait(since=mark, occurrence=alarm["id"])
        until(lambda: second["seq"] in self.recorded(), "the event that the broker had kept")

    def test_hangs_at_the_start(self):
        service, observer = self.begin()
        service.stop()
        before, heard = service.log.mark(), observer.feed.mark()
        self.hang()
        service.start(ready=False).synced(before)
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])
        self.late(observer, heard)
        self.answer()
        until(lambda: not service.running(), "the service that begins anew")
        service.start()
        until(lambda: alarm["seq"] in self.recorded(), "the event")

    def test_another_configuration_waits_for_the_disk(self):
        service, observer = self.begin()
        heard = observer.feed.mark()
        self.hang()
        first = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=first["id"])
        self.late(observer, heard)
        self.configure(needed_people=2)
        service.reload()
        service.log.wait(lambda line: "waits until notify.db" in line, "the new one to wait")
        mark = self.receiver.feed.mark()
        second = self.publish(self.body("lid", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=second["id"], since=mark)  # by the one before
        heard = observer.feed.mark()
        self.answer()
        observer.wait("/notify/status", lambda s: s and s.get("needed") == 2, since=heard)
        until(lambda: self.recorded() == [1, 2], "the events")

    def test_stops_while_it_hangs(self):
        service, observer = self.begin()
        heard = observer.feed.mark()
        self.hang()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", occurrence=alarm["id"])
        self.late(observer, heard)
        service.stop()  # within harness.PATIENCE
        self.assertIn("what was not written to notify.db is lost", service.tail())


if __name__ == "__main__":
    harness.main()
