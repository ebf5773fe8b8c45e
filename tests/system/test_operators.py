"""cryoctl's verbs for people, against the daemon: what they do, what status and the record say of it, and what the record tells
of the alarm system and of other limits afterwards."""
import copy
import datetime
import json
import os
import time

import harness
from broker import Broker
from configuration import Setup
from harness import until
from modbus_raw import HOLDING, Bank, Loop, TcpServer

COLD, WARM = 63636, 64106  # -190.0 and -143.0 °C


class Operators(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker"), ["allow_anonymous true"]).start()
        self.addCleanup(self.broker.stop)
        loop = Loop()
        self.addCleanup(loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, COLD)
        self.bank.set(1, HOLDING, 1, 410)
        self.config = Setup(self.dir, self.broker)
        tenths = {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1}
        self.config.profile("p", {"temperature": dict(tenths, address=0, unit="°C"), "level": dict(tenths, address=1, unit="cm")},
                            interval="100 ms", timeout="100 ms")
        self.config.tcp("bus", TcpServer(loop, self.bank).port)
        self.config.device("d1", "bus", 1, "p")
        self.config.asset("tank-1", {"temperature": ("d1", "temperature"), "level": ("d1", "level")}, {
            "warm": {"point": "temperature", "high": "-150 °C", "deadband": "2 °C", "priority": "high"},
            "hot": {"point": "temperature", "high": "-130 °C", "priority": "critical"},
            "low": {"point": "level", "low": 5, "priority": "medium", "latching": True}})
        self.config.write()
        self.cryomond = self.daemon().start()
        until(lambda: "-190.0" in self.ctl("status").stdout, "a good reading")

    def state(self, alarm):
        for one in json.loads(self.ctl("alarms", "--all", "--json").stdout):
            if (one["asset"], one["alarm"]) == ("tank-1", alarm):
                return one["state"]
        return None

    def becomes(self, alarm, state):
        until(lambda: self.state(alarm) == state, f"{alarm} {state}")

    def refused(self, *arguments, says, status=1):
        done = self.ctl(*arguments, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(says, done.stderr)

    def test_a_day_at_the_bank(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        # Shelved before it comes: nobody is called, and it is told in status.
        self.ctl("shelve", "tank-1", "warm", "--for", "30min", "--why", "rack is moved 换架", "--lang", "en")
        self.refused("shelve", "tank-1", "warm", "--for", "30min", "--why", "again", says="nothing to do")
        self.refused("shelve", "tank-1", "hot", "--for", "30min", "--why", "x", says="refused")
        self.refused("shelve", "tank-1", "warmer", "--for", "30min", "--why", "x", says="warmer")
        self.bank.set(1, HOLDING, 0, WARM)
        until(lambda: "-143.0" in self.ctl("status").stdout, "the warm reading")
        self.assertEqual(self.state("warm"), "shelved")
        out = self.ctl("status").stdout
        for part in ("DISABLED", "tank-1/warm", "rack is moved 换架"):
            self.assertIn(part, out)
        self.ctl("unshelve", "tank-1", "warm")
        self.becomes("warm", "acknowledged")
        self.bank.set(1, HOLDING, 0, COLD)
        self.becomes("warm", "normal")
        # Once more, for a person.
        self.bank.set(1, HOLDING, 0, WARM)
        self.becomes("warm", "unacknowledged")
        self.ctl("ack", "tank-1", "warm", "--note", "seen")
        self.bank.set(1, HOLDING, 0, COLD)
        self.becomes("warm", "normal")
        # Latched until somebody resets it.
        self.bank.set(1, HOLDING, 1, 40)
        self.becomes("low", "unacknowledged")
        self.bank.set(1, HOLDING, 1, 410)
        self.refused("reset", "tank-1", "low", says="nothing to do")
        self.ctl("ack", "tank-1", "low")
        until(lambda: self.ctl("reset", "tank-1", "low", check=False).returncode == 0, "the reset")
        self.becomes("low", "normal")
        # Out of service, and a device that nobody believes.
        out = self.ctl("out-of-service", "tank-1", "--for", "1h", "--order", "WO-17", "--why", "new sensor").stdout
        self.assertIn("they go on calling as ever", out)
        self.assertIn("WO-17: new sensor", self.ctl("alarms").stdout)
        self.ctl("in-service", "tank-1")
        self.assertIn("manual readings are due", self.ctl("bypass", "d1", "--for", "2h", "--why", "display broken").stdout)
        self.ctl("reading", "tank-1", "level", "40.5", "--measured", now.isoformat(timespec="seconds"), "--note", "ruler")
        self.ctl("unbypass", "d1")
        self.refused("unbypass", "d9", "--json", says="d9")
        self.ctl("drill")
        until(lambda: "drill" in self.ctl("alarms").stdout, "the drill")
        self.ctl("ack", "system", "drill")
        self.cryomond.stop()
        self.check_record(now)

    def check_record(self, now):
        events = self.ctl("events", "--last", "1h", "--lang", "en").stdout
        for part in ("shelved: tank-1/warm by ", "rack is moved 换架", "no longer shelved", "work order WO-17: new sensor",
                     "bypassed", "manual reading", "reset: tank-1/low"):
            self.assertIn(part, events)
        one, = json.loads(self.ctl("readings", "--last", "1h", "--json").stdout)
        self.assertEqual((one["value"], one["note"], one["point"]), (40.5, "ruler", "level"))
        self.assertIsNotNone(one["automatic"])
        facts = json.loads(self.ctl("alarm-report", "--last", "1h", "--json", "--asset", "tank-1").stdout)
        self.assertEqual((facts["rates"]["alarms"], facts["rates"]["while_disabled"]), (2, 1))
        self.assertEqual(facts["acknowledge"]["count"], 2)
        self.assertEqual(facts["disabled"]["without_person_or_reason"], 0)
        self.assertIn("shelved", {d["kind"] for d in facts["disabled"]["list"]})
        facts = json.loads(self.ctl("alarm-report", "--last", "1h", "--json").stdout)
        self.assertEqual((facts["drills"]["held"], facts["drills"]["confirmed"]), (1, 1))
        bypass, = [d for d in facts["disabled"]["list"] if d["kind"] == "bypassed"]
        self.assertEqual((bypass["what"], bypass["why"]), ("d1", "display broken"))
        self.check_replay()

    def replay(self, high, expect):
        candidate = Setup(self.path("new"), state=self.config.state)
        candidate.main, candidate.profiles = copy.deepcopy(self.config.main), self.config.profiles
        candidate.main["assets"]["tank-1"]["alarms"]["warm"]["high"] = high
        candidate.directory = self.path("candidate" + high.replace(" ", ""))
        candidate.write()
        done = self.ctl("replay", "--dir", self.config.state, "--last", "1h", "--json", check=False, config_dir=candidate.directory)
        self.assertEqual(done.returncode, expect, done.stderr)
        return json.loads(done.stdout)

    def check_replay(self):
        """The engine's own alarms come again from the record: two warm times (of which one was shelved), and one of the level."""
        facts = self.replay("-150 °C", 0)
        counts = {a["alarm"]: (a["in_force"], a["candidate"]) for a in facts["alarms"]}
        self.assertEqual((counts["warm"], counts["low"]), ((2, 2), (1, 1)))
        self.assertEqual((facts["n_lost"], facts["n_gained"], facts["not_known"]), (0, 0, []))
        facts = self.replay("-120 °C", 0)  # too short for a true excursion, but lost all the same
        self.assertEqual([a["alarm"] for a in facts["lost"]], ["warm", "warm"])

    def test_a_crash_is_neither_observed_nor_replayed(self):
        """Killed, and started again seconds later: the time between is told as such, and alarms nothing."""
        begin = datetime.datetime.now(datetime.timezone.utc).isoformat()
        until(lambda: len(self.ctl("history", "tank-1", "level", "--last", "1min", "--format", "csv", check=False).stdout.splitlines()) > 20, "readings on disk")
        self.cryomond.kill()
        time.sleep(4)  # the daemon is dead for so long
        self.cryomond = self.daemon().start()
        until(lambda: "-190.0" in self.ctl("status").stdout, "a good reading")
        self.cryomond.stop()
        span = ["--from", begin, "--to", datetime.datetime.now(datetime.timezone.utc).isoformat(), "--dir", self.config.state, "--json"]
        facts = json.loads(self.ctl("replay", *span).stdout)
        self.assertGreater(facts["stopped_seconds"], 3.5)
        self.assertEqual(facts["n_in_force"], 0)
        length = (datetime.datetime.fromisoformat(span[3]) - datetime.datetime.fromisoformat(begin)).total_seconds()
        facts = json.loads(self.ctl("alarm-report", *span).stdout)
        self.assertLess(facts["observed"]["seconds"], length - 3.5)


if __name__ == "__main__":
    harness.main()
