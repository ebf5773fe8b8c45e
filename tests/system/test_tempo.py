"""A freezer's devices are read faster while it runs, also behind a reload in the middle of it; the others are not."""
import collections
import datetime
import signal

import auditor
import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

USUAL, FAST = 4000, 250  # ms
RESET, RUN = 0, 1


def utc_ms(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


class Tempo(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        loop = Loop()
        self.addCleanup(loop.stop)
        self.bank = Bank()
        for unit in 1, 2:
            self.bank.set(unit, HOLDING, 0, 40)
            self.bank.set(unit, HOLDING, 1, RESET)
        server = TcpServer(loop, self.bank)
        self.setup = Setup(self.dir, self.broker)
        self.setup.profile("p", {
            "chamber": {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1, "address": 0, "unit": "°C"},
            "program": {"table": "holding", "type": "u16", "address": 1, "states": {RESET: "reset", RUN: "run"}}},
            interval="%d ms" % USUAL, timeout="200 ms")
        self.setup.tcp("lab", server.port)
        for freezer, unit in (("freezer-1", 1), ("freezer-2", 2)):
            self.setup.device(freezer, "lab", unit, "p")
            made = self.setup.asset(freezer, {name: (freezer, name) for name in ("chamber", "program")}, kind="freezer")
            made["runs"] = {"chamber": "chamber", "status": {"point": "program", "running": "run", "idle": "reset"},
                            "interval": "%d ms" % FAST}
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def chamber(self, since, n):
        """Waits until the freezer was read so often."""
        for _ in range(n):
            self.observer.point("freezer-1", "chamber", lambda p: p["quality"] == "good", 60, since)
            since = self.observer.feed.mark()

    def slow_again(self):
        """Waits for a few of the usual pauses."""
        last, pauses, since = None, 0, self.observer.feed.mark()
        for _ in range(40):
            point = self.observer.point("freezer-1", "chamber", lambda p: p["quality"] == "good", 60, since)
            since = self.observer.feed.mark()
            pauses += last is not None and utc_ms(point["time"]) - last > USUAL / 2
            last = utc_ms(point["time"])
            if pauses == 4:
                return
        self.fail("it is still read faster")

    def gaps(self, rows, asset):
        slots = sorted({row.slot for row in rows if row.asset == asset and row.point == "chamber"})
        return collections.Counter(b - a for a, b in zip(slots, slots[1:]))

    def test_faster_in_a_run(self):
        self.setup.write()
        daemon = self.daemon().start()
        daemon.log.wait(lambda line: "recalled" in line or "is learned" in line, "the recall")
        self.bank.set(1, HOLDING, 1, RUN)
        self.observer.event(60, kind="run", transition="began")
        self.chamber(self.observer.feed.mark(), 12)
        self.setup.main["site"]["name"] = {"en": "Another name", "zh": "测试库"}
        self.setup.write()
        mark = self.observer.feed.mark()
        daemon.signal(signal.SIGHUP)
        reload = self.observer.event(60, mark, kind="configuration")
        self.chamber(self.observer.feed.mark(), 12)
        self.bank.set(1, HOLDING, 1, RESET)
        ended = self.observer.event(60, mark, kind="run", transition="ended")
        self.slow_again()
        daemon.stop()

        rows = auditor.history(self.path("state", "history.db"))
        when = {name: utc_ms(event["time"]) for name, event in (("reload", reload), ("ended", ended))}
        before = self.gaps([row for row in rows if row.slot < when["reload"]], "freezer-1")
        behind = self.gaps([row for row in rows if when["reload"] <= row.slot < when["ended"]], "freezer-1")
        after = self.gaps([row for row in rows if row.slot > when["ended"] + 2000], "freezer-1")
        self.assertGreaterEqual(before[FAST], 8, before)
        self.assertGreaterEqual(behind[FAST], 8, behind)
        self.assertTrue(after[USUAL] >= 2 and after[FAST] == 0, after)
        self.assertEqual(self.gaps(rows, "freezer-2")[FAST], 0)  # it does not run


if __name__ == "__main__":
    harness.main()
