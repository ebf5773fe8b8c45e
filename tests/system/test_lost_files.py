"""Somebody deletes state.db: while the daemon runs it writes its alarm states into the new file, so that they
outlive the next restart; before a start it says what is lost, and no sequence number comes twice."""
import json
import os

import harness
from broker import Broker, Observer, retained
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

STATES = {"tank-0": "unacknowledged", "tank-1": "acknowledged", "tank-2": "returned-unacknowledged"}


class LostFiles(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"t%d" % n: {"table": "holding", "address": n, "type": "u16", "unit": "V"} for n in range(3)},
                      interval="200 ms", timeout="200 ms")
        setup.tcp("bus", TcpServer(self.loop, self.bank).port)
        setup.device("d", "bus", 1, "p")
        for n in range(3):
            self.bank.set(1, HOLDING, n, 7)
            setup.asset("tank-%d" % n, {"t": ("d", "t%d" % n)}, {
                "warm": {"point": "t", "high": 100, "priority": "critical"}})
        setup.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon().start()
        for n in range(3):
            self.bank.set(1, HOLDING, n, 200)
            self.observer.alarm("tank-%d" % n, "warm", "unacknowledged")
        self.ctl("ack", "tank-1", "warm")
        self.bank.set(1, HOLDING, 2, 7)
        for asset, state in STATES.items():
            self.observer.alarm(asset, "warm", state)

    def delete(self):
        for name in "state.db", "state.db-wal", "state.db-shm":
            os.unlink(self.path("state", name))

    def raised(self):
        """{asset: time} as the broker retains it."""
        found = retained(self.broker, "cryomon/test/+/alarms/warm")
        self.assertEqual({body["asset"]: body["state"] for body in found.values()}, STATES)
        return {body["asset"]: body["raised"] for body in found.values()}

    def test_deleted_while_running(self):
        before = self.raised()
        mark = self.observer.feed.mark()
        self.delete()
        self.observer.event(kind="alarm", alarm="state-database", transition="returned", since=mark, limit=60)
        self.assertEqual(self.raised(), before)
        harness.until(lambda: len(harness.sqlite(
            self.path("state", "state.db"), "SELECT 1 FROM alarm WHERE alarm = 'warm' AND state <> 0")) == 3,
            "the alarm states in the new file")
        self.cryomond.kill()
        mark = self.observer.feed.mark()
        self.cryomond.start()
        # The new file knows that this run was killed, too.
        self.observer.event(kind="alarm", alarm="restart", transition="raised", since=mark)
        self.observer.wait("/heartbeat", lambda beat: beat["events_waiting"] == 0, since=mark)
        self.assertEqual(self.raised(), before)

    def test_deleted_before_a_start(self):
        self.cryomond.stop()
        last = max(m.json["seq"] for m in self.observer.feed.since() if m.topic.endswith("/events"))
        self.delete()
        mark = self.observer.feed.mark()
        self.cryomond.start()
        event = self.observer.event(kind="alarm", alarm="state-database", transition="raised", since=mark)
        self.assertIn("was missing or empty", json.dumps(event))
        self.observer.event(kind="alarm", alarm="state-database", transition="returned", since=mark)
        self.observer.event(kind="alarm", asset="tank-0", transition="raised", since=mark)
        new = [m.json["seq"] for m in self.observer.feed.since(mark) if m.topic.endswith("/events")]
        self.assertGreater(min(new), last)
        self.assertEqual(new, sorted(new))


if __name__ == "__main__":
    harness.main()
