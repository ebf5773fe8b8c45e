"""Every type, word order, scale, state and sentinel, read from servers that this project did not write."""
import csv
import io
import json

import auditor
import harness
from broker import Broker, Observer
from configuration import Setup
from peers import ModbusSerial, PymodbusRtu, PymodbusTcp
from registers import every_case, values_of


UNREAD = ("never-read", "unproven", "stale", "timeout")  # a busy machine has these too
LATE = ("bad-reply",)  # and a serial line this one: a reply that came late is taken for that to the next request


class Types(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.cases = every_case()
        self.values = values_of(self.cases)

    def watch(self, server, **connection):
        """Runs the daemon on a server; returns all points of asset "a" as on MQTT, once all have been read."""
        self.unread = UNREAD + (LATE if "path" in connection else ())
        setup = Setup(self.dir, self.broker)
        setup.profile("all", {name: case.entry for name, case in self.cases.items()},
                      interval="1 s" if "path" in connection else "300 ms", timeout="300 ms")
        if "path" in connection:
            setup.rtu("bus", connection["path"])
        else:
            setup.tcp("bus", server.port)
        setup.device("one", "bus", 1, "all")
        setup.device("two", "bus", 2, "all")
        setup.whole("a", "one", "all")
        setup.whole("b", "two", "all")
        setup.write()
        observer = Observer(self.broker)
        self.addCleanup(observer.stop)
        daemon = self.daemon().start()
        points = {}
        for asset in "a", "b":
            points[asset] = observer.wait("/%s/readings" % asset, lambda m: m is not None and self.complete(m)).json
        daemon.stop()
        self.log = daemon.log.since()
        return points

    def complete(self, message):
        return len(message["points"]) == len(self.cases) and not any(
            p.get("reason") in self.unread for p in message["points"].values())

    def check_point(self, name, case, point):
        if case.reason:
            self.assertEqual((point["quality"], point["value"], point.get("reason")), ("bad", None, case.reason), name)
            return
        self.assertEqual(point["quality"], "good", "%s: %s" % (name, point))
        self.assertAlmostEqual(point["value"], case.value, places=9, msg=name)
        self.assertEqual(point.get("state"), case.state, name)
        self.assertNotIn("reason", point, name)
        if "unit" in case.entry:
            self.assertEqual(point["unit"], case.entry["unit"], name)

    def check(self, server, **connection):
        messages = self.watch(server, **connection)
        for asset, message in messages.items():
            self.assertEqual(set(message["points"]), set(self.cases))
            for name, case in self.cases.items():
                self.check_point("%s/%s" % (asset, name), case, message["points"][name])
        self.check_history()
        self.check_history_tool()

    def check_history(self):
        """Every reading as it is in the file: value, quality, reason, and the words as they came."""
        rows = auditor.history(self.path("state", "history.db"))
        last = {(row.asset, row.point): row for row in rows if row.reason not in self.unread}
        for name, case in self.cases.items():
            row = last["a", name]
            self.assertEqual((row.quality, row.reason), ("bad" if case.reason else "good", case.reason or ""), name)
            self.assertEqual(row.raw, case.raw, name)
            if case.reason:
                self.assertIsNone(row.value)
            else:
                self.assertAlmostEqual(row.value, case.value, places=9, msg=name)

    def check_bad_replies(self):
        """A reply that is taken for another one's came late: that one had its timeout before, and each comes once. Any other
        bad reply is our own doing, unless the server was held up in the midst of a frame."""
        rows = auditor.history(self.path("state", "history.db"))
        polls = {reason: {(row.asset, row.slot) for row in rows if row.reason == reason} for reason in ("bad-reply", "timeout")}
        cut = sum("bad reply: incomplete" in line for line in self.log)
        self.assertLessEqual(len(polls["bad-reply"]), len(polls["timeout"]) + cut,
                             [line for line in self.log if "bad reply" in line])

    def check_history_tool(self):
        """The same through cryoctl, for one of each outcome."""
        for name in "s16", "kelvin", "program", "f32-cdab", "break":
            case = self.cases[name]
            table = list(csv.DictReader(io.StringIO(self.ctl("history", "a", name, "--format", "csv").stdout)))
            last = [row for row in table if row["reason"] not in self.unread][-1]
            self.assertEqual(last["quality"], "bad" if case.reason else "good")
            if case.reason:
                self.assertEqual((last["reason"], last["value"]), (case.reason, ""), name)
            else:
                self.assertAlmostEqual(float(last["value"]), case.value, places=9, msg=name)
            self.assertEqual(int(last["raw"], 0), case.raw, name)
            lines = self.ctl("history", "a", name, "--format", "json").stdout.splitlines()
            self.assertEqual([json.loads(line)["time"] for line in lines], [row["time"] for row in table])

    def serve(self, kind, *more):
        server = kind({"1": self.values, "2": self.values}, *more)
        self.addCleanup(server.stop)
        return server

    def test_pymodbus_tcp(self):
        self.check(self.serve(PymodbusTcp))

    def test_pymodbus_rtu(self):
        server = self.serve(PymodbusRtu, self.dir)
        self.check(server, path=server.path)
        self.check_bad_replies()

    def test_modbus_serial(self):
        self.check(self.serve(ModbusSerial))

    def test_change_is_seen(self):
        """A value that the server changes comes out, and the table that people read shows it."""
        server = self.serve(PymodbusTcp)
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"temperature": {"table": "holding", "address": 2, "type": "s16", "scale": 0.1,
                                            "resolution": 0.1, "unit": "°C"}}, interval="200 ms", timeout="200 ms")
        setup.tcp("bus", server.port)
        setup.device("d", "bus", 1, "p")
        setup.whole("a", "d", "p")
        setup.write()
        observer = Observer(self.broker)
        self.addCleanup(observer.stop)
        self.daemon().start()
        observer.point("a", "temperature", lambda p: p["value"] == -123.4)
        server.set({1: {"holding": {2: 63578}}})
        observer.point("a", "temperature", lambda p: p["value"] == -195.8)
        status = json.loads(self.ctl("status", "--json").stdout)
        self.assertIn("-195.8", json.dumps(status))
        self.assertIn("-195.8", self.ctl("status").stdout)


if __name__ == "__main__":
    harness.main()
