"""Drills are held on schedule by the wall clock; one that nobody confirmed, or held, is an alarm."""
import datetime
import os
import struct
import unittest

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer
from varlink import Refused, call

SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
DAY = 86400


@unittest.skipUnless(os.path.exists(SHIFTER), "no CRYOMON_CLOCKSHIFT library")
@unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
class Drills(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        loop = Loop()
        self.addCleanup(loop.stop)
        bank = Bank()
        bank.set(1, HOLDING, 0, 7)
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}}, interval="200 ms",
                      timeout="200 ms")
        setup.tcp("bus", TcpServer(loop, bank).port)
        setup.device("d", "bus", 1, "p")
        setup.asset("a", {"value": ("d", "value")})
        # Half an hour from now, of the day after the day after tomorrow.
        self.at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=30)
        setup.main["drill"] = {"every": "3 d", "at": self.at.strftime("%H:%M"), "confirm_within": "1 h"}
        setup.write()
        self.shift(0)
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon(env={"LD_PRELOAD": SHIFTER, "CLOCKSHIFT": self.path("shift"), "TZ": "UTC"}).start()

    def shift(self, seconds):
        with open(self.path("shift"), "r+b" if os.path.exists(self.path("shift")) else "wb") as f:
            f.write(struct.pack("=q", int(seconds * 10**9)))

    def drill(self, transition, alarm="drill", since=0):
        return self.observer.event(asset="system", alarm=alarm, transition=transition, since=since)

    def acknowledge(self):
        call(self.path("control"), "Acknowledge", asset="system", alarm="drill")

    def test_on_schedule(self):
        start = self.observer.event(kind="start")
        crossed = self.at.strftime("%Y-%m-%d") != start["time"][:10]  # the half hour leads into tomorrow
        due = (2 if crossed else 3) * DAY + 31 * 60
        self.shift(due - 3 * 60)  # what it is due at has no seconds
        self.observer.event(kind="clock")
        self.observer.feed.never(lambda m: m.json and m.json.get("alarm") == "drill", "a drill before its time", 1.5)
        self.shift(due + 60)
        self.assertEqual(self.drill("raised")["drill"], True)
        mark = self.observer.feed.mark()
        self.shift(due + 2 * 3600)  # nobody confirms it
        overdue = self.drill("raised", "drill-overdue", mark)
        self.assertEqual(overdue["priority"], "high")
        self.acknowledge()
        self.drill("returned", since=mark)
        self.drill("returned", "drill-overdue", since=mark)
        # Nobody was there when the next one was due: it is held late, and that is said.
        self.cryomond.kill()
        self.shift(due + 8 * DAY)
        mark = self.observer.feed.mark()
        self.cryomond.start()
        missed = self.drill("raised", "drill-overdue", mark)
        self.assertIn("due on", missed["text"]["en"])
        self.drill("raised", since=mark)
        self.cryomond.kill()
        self.cryomond.start()
        self.acknowledge()
        self.drill("returned", since=mark)
        self.drill("returned", "drill-overdue", since=mark)
        # The last one that was confirmed is known over restarts: nothing is due now.
        self.cryomond.stop()
        mark = self.observer.feed.mark()
        self.cryomond.start()
        self.observer.feed.never(lambda m: m.json and m.json.get("alarm") == "drill" and m.json.get("transition") == "raised" and not m.json.get("historical"),
                                 "a drill", 2, mark)

    def test_the_clock_was_ahead(self):
        """It began two days ahead: neither its confirmation nor the next drill is waited for two days longer."""
        self.observer.event(kind="start")
        self.shift(2 * DAY)
        self.observer.event(kind="clock")
        call(self.path("control"), "Drill")
        self.drill("raised")
        mark = self.observer.feed.mark()
        self.shift(0)
        self.observer.event(kind="clock", since=mark)
        self.shift(3 * 3600)  # it was to be confirmed within an hour
        self.drill("raised", "drill-overdue", mark)
        self.acknowledge()
        self.drill("returned", "drill-overdue", mark)
        self.shift(4 * DAY)
        self.drill("raised", since=mark)

    def test_a_drill_is_never_kept_quiet(self):
        call(self.path("control"), "Drill")
        for method, more in (("Shelve", {}), ("OutOfService", {"order": "WO-1"})):
            with self.assertRaises(Refused) as refused:
                call(self.path("control"), method, asset="system", alarm="drill", note="not now", **{"for": "1 h"}, **more)
            self.assertIn("drill", refused.exception.text)
        self.acknowledge()
        self.drill("returned")


if __name__ == "__main__":
    harness.main()
