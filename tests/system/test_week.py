"""A week without a broker: every event is delivered at last, in order, and says that it is late."""
import json
import socket

import harness
from broker import Broker, Observer
from configuration import Setup
from harness import until
from modbus_raw import HOLDING, Bank, Loop, TcpServer

EVENTS = 20000 if not harness.SANITIZED else 4000  # a week of a site that has a bad one


class Week(harness.SystemTest):
    def test_a_week_without_a_broker(self):
        broker = Broker(self.path("broker"), ["max_inflight_messages 1000"]).start()
        self.addCleanup(broker.stop)
        observer = Observer(broker, "cryomon/+/events")  # its session outlives the broker's week
        self.addCleanup(observer.stop)
        broker.stop()
        loop = Loop()
        self.addCleanup(loop.stop)
        bank = Bank()
        bank.set(1, HOLDING, 0, 7)
        server = TcpServer(loop, bank)
        setup = Setup(self.dir, broker)
        setup.profile("p", {"level": {"table": "holding", "address": 0, "type": "u16", "unit": "cm"}}, interval="1 s",
                      timeout="200 ms")
        setup.tcp("bus", server.port)
        setup.device("d", "bus", 1, "p")
        setup.asset("tank-1", {"level": ("d", "level")}, {"low": {"point": "level", "low": 5, "priority": "high"}})
        setup.write()
        cryomond = self.daemon().start()
        self.fill(EVENTS // 2)
        cryomond.kill()  # in the middle of the week
        cryomond.start()
        self.fill(EVENTS // 2)
        bank.set(1, HOLDING, 0, 1)
        until(lambda: self.rows("SELECT 1 FROM event WHERE alarm = 'low'"), "the alarm", limit=60)
        last = self.rows("SELECT max(seq) AS n FROM event")[0]["n"]
        self.assertGreaterEqual(last, EVENTS)
        self.assertGreaterEqual(self.rows("SELECT count(*) AS n FROM outbox")[0]["n"], EVENTS)
        broker.start()
        observer.event(seq=last, limit=120)
        late = [m.json for m in observer.feed.since() if m.json and m.topic.endswith("/events")]
        first = list(dict.fromkeys(event["seq"] for event in late))  # one may come twice
        self.assertEqual([n for n in first if n <= last], list(range(1, last + 1)))
        self.assertTrue(all(event.get("historical") for event in late if event["seq"] <= last))
        until(lambda: self.rows("SELECT count(*) AS n FROM outbox")[0]["n"] == 0, "the outbox to be empty", limit=60)

    def rows(self, query):
        return harness.sqlite(self.path("state", "state.db"), query)

    def fill(self, n):
        """Events that need no device: what a tool has done."""
        done = 0
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(self.path("control"))
            call = json.dumps({"method": "io.cryomon.Monitor.Record", "parameters": {
                "kind": "backup", "detail": {"file": "x" * 200}}}).encode() + b"\0"
            while done < n:
                batch = min(50, n - done)
                s.sendall(call * batch)
                answers = 0
                while answers < batch:
                    data = s.recv(65536)
                    self.assertTrue(data, "the daemon hung up")
                    answers += data.count(b"\0")
                done += batch
        wanted = (self.filled if hasattr(self, "filled") else 0) + n
        self.filled = wanted
        until(lambda: self.rows("SELECT count(*) AS n FROM event WHERE kind = 'backup'")[0]["n"] >= wanted, "the disk", 60)


if __name__ == "__main__":
    harness.main()
