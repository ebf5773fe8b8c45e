"""The wall clock is set while the daemon runs: it says so, and no delay, timeout or poll follows the clock."""
import datetime
import os
import struct
import time
import unittest

import auditor
import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
HOUR = 3600


@unittest.skipUnless(os.path.exists(SHIFTER), "no CRYOMON_CLOCKSHIFT library")
@unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
class Clock(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, 7)
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}},
                      interval="200 ms", timeout="200 ms")
        setup.tcp("bus", TcpServer(self.loop, self.bank).port)
        setup.device("d", "bus", 1, "p")
        setup.asset("a", {"value": ("d", "value", {"no_data_after": "2 s"})}, {
            "slow": {"point": "value", "high": 100, "on_delay": "30 min", "priority": "high"}})
        setup.write()
        self.shift_file = self.path("shift")
        self.shift(0)
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon(env={"LD_PRELOAD": SHIFTER, "CLOCKSHIFT": self.shift_file}).start()
        self.observer.point("a", "value", lambda p: p["value"] == 7)

    def shift(self, seconds):
        with open(self.shift_file, "r+b" if os.path.exists(self.shift_file) else "wb") as f:
            f.write(struct.pack("=qq", int(seconds * 10**9), 0))

    def step(self, seconds):
        """Sets the clock; returns the clock event."""
        mark = self.observer.feed.mark()
        self.shift(seconds)
        event = self.observer.event(kind="clock", since=mark)
        self.bank.set(1, HOLDING, 0, self.bank.values[1, HOLDING, 0] + 1)
        new = self.bank.values[1, HOLDING, 0]
        self.observer.point("a", "value", lambda p: p["value"] == new, limit=5, since=mark)
        return event

    def test_steps(self):
        self.bank.set(1, HOLDING, 0, 200)  # over its limit, but not for half an hour
        self.observer.point("a", "value", lambda p: p["value"] == 200)
        forward = self.step(HOUR)
        self.assertGreater(seconds(forward["time"]), time.time() + HOUR - 60)
        self.step(-HOUR)
        self.step(0)
        self.cryomond.stop()
        events = [m.json for m in self.observer.feed.since() if m.topic.endswith("/events")]
        self.assertEqual([e for e in events if e.get("asset") == "a"], [], "an alarm followed the clock")
        self.assertEqual([e["seq"] for e in events], sorted(e["seq"] for e in events))
        rows = auditor.history(self.path("state", "history.db"))
        self.assertGreater(len(rows), 10)
        bad = [r for r in rows if r.quality != "good" and r.reason != "never-read"]
        self.assertEqual([r for r in bad if r.reason != "timeout"], [])
        self.assertLess(len(bad), 3)  # our own server may once be slower than 200 ms
        self.assertEqual(harness.integrity(self.path("state", "state.db")), "ok")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    harness.main()
