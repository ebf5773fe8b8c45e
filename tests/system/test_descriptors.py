"""More buses than the limit of open files allows: it is said, and those without a connection cost nobody else."""
import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

BUSES, LIMIT = 120, 128


class Descriptors(harness.SystemTest):
    def test_too_few(self):
        broker = Broker(self.path("broker")).start()
        self.addCleanup(broker.stop)
        loop, bank = Loop(), Bank()
        self.addCleanup(loop.stop)
        bank.set(1, HOLDING, 0, 7)
        setup = Setup(self.dir, broker)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}})
        for n in range(BUSES):
            setup.tcp("b%d" % n, TcpServer(loop, bank).port)
            setup.device("d%d" % n, "b%d" % n, 1, "p")
            setup.asset("a%d" % n, {"value": ("d%d" % n, "value", {"no_data_after": "3 s"})})
        setup.write()
        observer = Observer(broker)
        self.addCleanup(observer.stop)
        daemon = self.daemon(prefix=["prlimit", "--nofile=%d:%d" % (LIMIT, LIMIT)]).start()
        daemon.log.wait(lambda line: "%d buses need as many connections" % BUSES in line, "that they do not fit")
        daemon.log.wait(lambda line: "Too many open files" in line, "that one has no connection")
        # Some are read, the others are an alarm, and all of it reaches people, disk and cryoctl.
        observer.feed.wait(lambda m: m.topic.endswith("/readings") and m.json and
                           m.json["points"]["value"]["quality"] == "good", "a reading")
        lost = observer.feed.wait(lambda m: m.topic.endswith("/events") and m.json["kind"] == "alarm" and
                                  m.json["asset"] != "system" and m.json["transition"] == "raised", "an alarm").json
        self.assertIn(lost["asset"], self.ctl("alarms").stdout)
        harness.until(lambda: harness.sqlite(self.path("state", "state.db"), "SELECT 1 FROM event WHERE seq = %d" %
                                             lost["seq"]), "the alarm on disk")
        self.assertNotIn("cannot", self.ctl("status").stderr)


if __name__ == "__main__":
    harness.main()
