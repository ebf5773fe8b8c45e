"""Whoever is told that something is on record finds it there, whatever happens then; and when the disk does not answer,
that is what people are told, soon."""
import json
import os
import threading
import time

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer
from varlink import Refused, call

HANGDISK = os.environ.get("CRYOMON_HANGDISK", "")
ROUNDS = 18
SLOW_MS = 30  # each write: an answer that does not wait for the disk comes long before it


class Recorded(harness.SystemTest):  # each
    def setUp(self):
        super().setUp()
        if not os.path.exists(HANGDISK) or harness.SANITIZED:
            self.skipTest("a disk can't be made to hang here")
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, 70)
        setup = Setup(self.dir, self.broker)
        setup.main["mqtt"].update(commands=True)
        setup.profile("p", {"level": {"table": "holding", "address": 0, "type": "u16", "unit": "cm"}}, interval="200 ms",
                      timeout="200 ms")
        setup.tcp("bus", TcpServer(self.loop, self.bank).port)
        setup.device("d", "bus", 1, "p")
        setup.asset("tank-1", {"level": ("d", "level")}, {
            "high-%d" % n: {"point": "level", "high": 50, "priority": "medium"} for n in range(4)})
        setup.write()
        self.socket = self.path("control")
        self.observer = Observer(self.broker, "cryomon/#", "answers/#")
        self.addCleanup(self.observer.stop)

    def slow_daemon(self):
        return self.daemon(env={"LD_PRELOAD": os.path.abspath(HANGDISK), "HANGDISK": self.path("hang"),
                                "HANGDISK_NAME": "state.db"})

    def hang(self, text=""):
        with open(self.path("hang.new"), "w") as f:
            f.write(text)
        os.rename(self.path("hang.new"), self.path("hang"))

    def well(self):
        os.unlink(self.path("hang"))

    def by_mqtt(self, verb, **members):
        """Publishes a command; returns the answer."""
        mark = self.observer.feed.mark()
        self.broker.publish("cryomon/test/cmd/li.na/" + verb, json.dumps(members), "-D", "publish", "response-topic",
                            "answers/" + verb, "-D", "publish", "correlation-data", "n")
        return self.observer.wait("answers/" + verb, since=mark).json

    def bodies(self):
        return [row["body"] for row in harness.sqlite(self.path("state", "state.db"), "SELECT body FROM event")]

    def begin_with_alarms(self):
        daemon = self.slow_daemon().start()
        for n in range(4):
            self.observer.event(asset="tank-1", alarm="high-%d" % n, transition="raised")
        harness.until(lambda: sum('"raised"' in body for body in self.bodies()) >= 4, "the alarms on disk")
        return daemon

    def say(self, n):
        """One of the things that people may say, with a word by which it is known again; the answer."""
        word, now = "round-%d" % n, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        place = {"asset": "tank-1", "point": "level"}
        what = n % 6
        if what == 0:
            return word, call(self.socket, "Reading", value="70", measured=now, note=word, **place)
        if what == 1:
            return word, self.by_mqtt("reading", value="70", measured=now, note=word, **place)
        if what == 2:
            return word, call(self.socket, "Correct", reason=word, note="x", to=now, **{"from": "2026-01-01T00:00:00Z"}, **place)
        if what == 3:
            return word, call(self.socket, "Reload", reason=word)
        if what == 4:
            return word, self.by_mqtt("bypass", device="d", note=word, **{"for": "2 h"})
        return word, call(self.socket, "Unbypass", device="d", note=word)

    def test_killed_right_after_the_answer(self):
        daemon, words = self.slow_daemon(), []
        for n in range(ROUNDS):
            mark = self.observer.feed.mark()
            daemon.start()
            self.observer.wait("/status", lambda s: s["state"] == "online", since=mark)
            self.hang(str(SLOW_MS))
            word, answer = self.say(n)
            daemon.kill()
            self.well()
            self.assertIs(answer["recorded"], True, answer)
            self.assertNotIn("warning", answer)
            words.append(word)
        daemon.start()
        bodies = self.bodies()
        self.assertEqual([word for word in words if not any('"%s"' % word in body for body in bodies)], [])

    def test_a_disk_that_hangs(self):
        self.begin_with_alarms()
        self.hang()
        answers = []
        for n in range(2):  # on a machine that is very busy, two seconds may pass before Status is asked
            asking = threading.Thread(target=lambda: answers.append(
                call(self.socket, "Acknowledge", asset="tank-1", alarm="high-%d" % n)))
            asking.start()
            harness.until(lambda: [a["state"] for a in call(self.socket, "Status")["alarms"]
                                   if a["alarm"] == "high-%d" % n] == ["acknowledged"], "the acknowledgement in Status")
            early = asking.is_alive()
            asking.join()
            if early:
                break
        self.assertTrue(early, "Status was not answered while an answer was held")
        self.assertIs(answers[-1]["recorded"], False)
        self.assertIn("done, but not yet on disk", answers[-1]["warning"]["en"])
        with self.assertRaises(Refused) as again:
            call(self.socket, "Acknowledge", asset="tank-1", alarm="high-0")
        self.assertEqual((again.exception.error, again.exception.parameters["recorded"]), ("NothingToAcknowledge", False))
        answer = self.by_mqtt("acknowledge", asset="tank-1", alarm="high-2")
        self.assertEqual((answer["ok"], answer["recorded"]), (True, False))
        self.assertIn("尚未写入磁盘", answer["warning_zh"])
        done = self.ctl("--lang", "zh", "ack", "tank-1", "high-3")
        self.assertIn("已确认：tank-1/high-3", done.stdout)
        self.assertIn("已执行，但尚未写入磁盘", done.stderr)
        self.well()
        harness.until(lambda: all(any('"acknowledged"' in body and '"high-%d"' % n in body for body in self.bodies())
                                  for n in (0, 2, 3)), "all of it on disk")
        with self.assertRaises(Refused) as again:
            call(self.socket, "Acknowledge", asset="tank-1", alarm="high-0")
        self.assertNotIn("recorded", again.exception.parameters)
        self.assertIs(call(self.socket, "Drill")["recorded"], True)
        done = self.ctl("shelve", "tank-1", "high-2", "--for", "1h", "--why", "x", "--json")
        self.assertEqual((json.loads(done.stdout)["recorded"], done.stderr), (True, ""))

    def test_without_a_state_database(self):
        """It can't be used: the answer comes at once, and says why."""
        os.mkdir(self.path("state"))
        with open(self.path("state", "state.db"), "wb") as f:
            f.write(os.urandom(8192))
        self.daemon().start()
        self.observer.event(asset="tank-1", alarm="high-0", transition="raised")
        answer = call(self.socket, "Acknowledge", asset="tank-1", alarm="high-0")
        self.assertIs(answer["recorded"], False)
        self.assertIn("state.db", answer["warning"]["en"])
        done = self.ctl("ack", "tank-1", "high-1", "--lang", "en")
        self.assertIn("done, but not yet on disk: ", done.stderr)
        self.assertIn("state.db", done.stderr)


if __name__ == "__main__":
    harness.main()
