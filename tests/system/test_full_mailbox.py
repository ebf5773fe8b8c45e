"""The publisher's thread hangs while a whole site goes into alarm: its mailbox takes nothing any more. When it goes
on, every event is delivered, every alarm's state is retained, and a reload in between is known to it."""
import os
import signal
import unittest

import harness
from broker import Broker, Observer, retained
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

HANGSEND = os.environ.get("CRYOMON_HANGSEND", "")
DEVICES, POINTS = 12, 100


@unittest.skipUnless(os.path.exists(HANGSEND), "no CRYOMON_HANGSEND library")
@unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
class FullMailbox(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"r%d" % n: {"table": "holding", "address": n, "type": "u16", "unit": "V"}
                            for n in range(POINTS)}, interval="500 ms", timeout="500 ms")
        setup.tcp("bus", TcpServer(self.loop, self.bank).port)
        for unit in range(1, DEVICES + 1):
            setup.device("d%d" % unit, "bus", unit, "p")
            setup.whole("a%d" % unit, "d%d" % unit, "p")["alarms"] = {
                "high%d" % n: {"point": "r%d" % n, "high": 100, "priority": "high"} for n in range(POINTS)}
        self.set(7)
        setup.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon(env={"LD_PRELOAD": HANGSEND, "HANGSEND": self.path("hang")}).start()
        self.observer.point("a%d" % DEVICES, "r0", lambda p: p["value"] == 7)
        self.observer.wait("/heartbeat", lambda beat: beat["events_waiting"] == 0)

    def set(self, value):
        for unit in range(1, DEVICES + 1):
            self.bank.set(unit, HOLDING, 0, *[value] * POINTS)

    def logged(self, words, since):
        self.cryomond.log.wait(lambda line: words in line, words, since=since)

    def events(self):
        return [row["seq"] for row in harness.sqlite(self.path("state", "state.db"), "SELECT seq FROM event")]

    def test_nothing_is_missing_afterwards(self):
        mark = self.cryomond.log.mark()
        open(self.path("hang"), "w").close()
        self.logged("thread publisher is hung", mark)  # by now readings have filled what they may
        self.set(200)
        self.logged("could not be handed to the publisher", mark)
        harness.until(lambda: len(self.events()) > DEVICES * POINTS, "all alarms on disk")
        self.cryomond.signal(signal.SIGHUP)
        self.logged("configuration reloaded", mark)
        self.set(7)
        harness.until(lambda: len(self.events()) > 2 * DEVICES * POINTS, "their end on disk")
        os.unlink(self.path("hang"))

        stored = set(self.events())
        harness.until(lambda: stored <= {m.json["seq"] for m in self.observer.feed.since() if
                                         m.topic.endswith("/events")}, "every event")
        mark = self.observer.feed.mark()
        self.observer.point("a%d" % DEVICES, "r99", lambda p: p["value"] == 7, since=mark)
        harness.until(lambda: [body["state"] for body in retained(
            self.broker, "cryomon/test/+/alarms/+").values()].count("returned-unacknowledged") >= DEVICES * POINTS,
            "every state")


if __name__ == "__main__":
    harness.main()
