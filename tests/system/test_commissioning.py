"""Putting devices into service: finding them, looking at their registers, comparing displays with what is read."""
import json
import os
import re
import struct
import subprocess

import yaml

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import DISCRETE, HOLDING, INPUT, Bank, Loop, RtuServer, TcpServer


class VerifyPoint(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(7, INPUT, 0, 0xF894)  # -190.0
        self.bank.set(7, HOLDING, 4, 1)
        self.bank.set(7, INPUT, 9, 0x8000)
        broker = Broker(self.path("broker")).start()
        self.addCleanup(broker.stop)
        setup = Setup(self.dir, broker)
        setup.profile("p", {
            "temperature": {"table": "input", "address": 0, "type": "s16", "scale": 0.1, "unit": "°C"},
            "lid": {"table": "holding", "address": 4, "type": "u16", "states": {0: "closed", 1: "open"}},
            "broken": {"table": "input", "address": 9, "type": "s16", "sentinels": [0x8000]}}, interval="200 ms",
            timeout="150 ms")
        setup.tcp("hall", TcpServer(self.loop, self.bank).port)
        setup.device("controller", "hall", 7, "p")
        setup.whole("tank-1", "controller", "p")
        setup.write()
        self.observer = Observer(broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon().start()
        self.observer.point("tank-1", "temperature", lambda p: p["value"] == -190)

    def verify(self, point, value, *more, status=0):
        done = self.ctl("verify-point", "tank-1", point, value, *more, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_evidence(self):
        """Both values, who and when, are an event in the chain, whether they agree or not."""
        self.assertIn("agree", self.verify("temperature", "-190.1", "--note", "Fluke 52, lid closed").stdout)
        event = self.observer.event(kind="verification")
        self.assertEqual((event["asset"], event["point"], event["device"], event["unit_id"], event["register"]),
                         ("tank-1", "temperature", "controller", 7, "temperature"))
        self.assertEqual((event["displayed"], event["value"], event["difference"], event["agrees"], event["raw"]),
                         (-190.1, -190.0, 0.1, True, "0xf894"))
        self.assertEqual((event["note"], event["unit"], event["tolerance"]), ("Fluke 52, lid closed", "°C", 0.1))
        self.assertTrue(event["by"])
        self.assertIn("they agree", event["text"]["en"])
        self.assertIn("一致", event["text"]["zh"])
        self.assertIn("DIFFER", self.verify("temperature", "-19", status=1).stdout)
        self.assertFalse(self.observer.event(kind="verification", displayed=-19)["agrees"])
        wide = json.loads(self.verify("temperature", "-188", "--tolerance", "2", "--json").stdout)
        self.assertEqual((wide["agrees"], wide["value"], wide["difference"]), (True, -190, -2))
        self.verify("lid", "open")
        self.verify("lid", "closed", status=1)
        self.observer.event(kind="verification", point="lid", agrees=False)
        self.cryomond.stop()
        rows = harness.sqlite(self.path("state", "state.db"), "SELECT body FROM event WHERE kind='verification'")
        self.assertEqual(len(rows), 5)
        self.assertIn("verification", self.ctl("events", "--last", "1h").stdout)

    def test_nothing_to_compare(self):
        """What can't be compared is said, and leaves no record that could be taken for evidence."""
        self.assertIn("no value", self.verify("broken", "1", status=1).stderr)
        self.assertIn("no point", self.verify("colour", "1", status=1).stderr)
        self.assertIn("plain decimal", self.verify("temperature", "-190,1", status=1).stderr)
        self.assertIn("plain decimal", self.verify("lid", "ajar", status=1).stderr)
        self.verify("temperature", "-190.0", "--tolerance", "-1", status=1)
        self.cryomond.stop()
        rows = harness.sqlite(self.path("state", "state.db"), "SELECT count(*) n FROM event WHERE kind='verification'")
        self.assertEqual(rows[0]["n"], 0)


class Line(harness.SystemTest):
    """A gateway with a tank controller (unit 3), something unknown (5) and units that are silent."""

    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.asked = []
        self.bank = Bank()
        self.bank.set(3, HOLDING, 0, 0xC401, 1)
        self.bank.set(5, INPUT, 0, 7)
        self.bank.set(5, HOLDING, 100, *struct.unpack(">2H", struct.pack(">f", -190.5)), 0xFFFF, 0x8000)
        self.bank.set(5, HOLDING, 105, 42)
        self.bank.set(5, DISCRETE, 0, 1, 0, 1)
        profiles = self.path("etc", "devices")
        os.makedirs(profiles)
        with open(os.path.join(profiles, "tank.yaml"), "w", encoding="utf-8") as f:
            yaml.dump({"vendor": "Maker", "model": "Tank 2", "source": "manual", "status": "unverified",
                       "transports": ["tcp", "rtu"], "registers": {
                           "model": {"table": "holding", "address": 0, "type": "u16", "identity": 0xC401}}}, f)

    def answer(self, line, request):
        self.asked.append((request.function, request.unit))
        if request.unit in (3, 5):
            self.bank(line, request)
        elif not request.rtu and request.unit == 8:
            line.send(request.exception(11))  # a gateway's word for: that unit is silent

    def cryoctl(self, *arguments, status=0):
        config = ["--config", self.path("etc")] if arguments[0] == "scan" else []
        done = subprocess.run([harness.binary("cryoctl"), *arguments, *config], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout


class Scan(Line):
    def scan(self, target, *more, status=0):
        return self.cryoctl("scan", target, "--timeout", "200ms", *more, status=status)

    def test_gateway(self):
        """The result is a configuration; what is recognised has its profile, what is not is said."""
        port = TcpServer(self.loop, self.answer).port
        text = self.scan("%s:%d" % (harness.ADDRESS, port), "--units", "1-8")
        found = yaml.safe_load(text)
        (bus, line), = found["buses"].items()
        self.assertEqual(line, {"tcp": {"host": harness.ADDRESS, "port": port}})
        (device,) = found["devices"].values()
        self.assertEqual(device, {"bus": bus, "unit": 3, "profile": "tank", "accept_unverified": True})
        self.assertIn("unit 5", text)
        self.assertNotIn("unit 8", text)
        self.assertEqual({function for function, _ in self.asked} - {1, 2, 3, 4}, set())

    def test_serial_line(self):
        server = RtuServer(self.loop, self.answer)
        self.addCleanup(server.unplug)
        found = json.loads(self.scan(server.path, "--units", "2-5", "--baud", "115200", "--json"))
        self.assertEqual([(d["unit"], d["profiles"]) for d in found], [(3, ["tank"]), (5, [])])

    def test_line_in_use(self):
        """Two masters on one line take each other's replies: cryoctl keeps off while the daemon polls."""
        server = RtuServer(self.loop, self.bank)
        self.addCleanup(server.unplug)
        setup = Setup(self.dir)
        setup.profile("p", {"n": {"table": "holding", "address": 105, "type": "u16"}}, interval="200 ms", timeout="150 ms")
        setup.rtu("line", server.path)
        setup.device("d", "line", 5, "p")
        setup.asset("a", {"n": ("d", "n")})
        setup.write()
        self.daemon().start()
        harness.until(lambda: '"value":42' in self.ctl("status", "--json", check=False).stdout, "a reading")
        done = self.ctl("scan", server.path, "--units", "5", "--baud", "115200", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("use", done.stderr)

    def test_ports(self):
        """Ports on which nobody listens are passed over."""
        first = TcpServer(self.loop, self.answer).port
        found = json.loads(self.scan("%s:%d-%d" % (harness.ADDRESS, first, first + 2), "--units", "3", "--json"))
        self.assertEqual([(d["port"], d["unit"]) for d in found], [(first, 3)])
        self.scan("%s:%d-%d" % (harness.ADDRESS, first + 1, first + 2), "--units", "3", status=3)

    def test_unit_id_ignored(self):
        """A device that takes no notice of the unit id is found once."""
        def answer(line, request):
            line.send(request.reply([0xC401] * request.count))
        port = TcpServer(self.loop, answer).port
        found = json.loads(self.scan("%s:%d" % (harness.ADDRESS, port), "--units", "1-8", "--json"))
        self.assertEqual([(d["unit"], d["every_unit"]) for d in found], [(1, True)])

    def test_nothing(self):
        port = TcpServer(self.loop, self.answer).port
        self.scan("%s:%d" % (harness.ADDRESS, port), "--units", "1-2", status=1)
        for wrong in (["x y:z"], ["h:0"], ["h:1-65536"], ["h:10-5"], ["h", "--units", "1-256"], ["h", "--units", "a"],
                      ["h", "--timeout", "1"], ["h:1-100"], ["/dev/ttyS0", "--baud", "7"], ["/dev/ttyS0", "--units", "0"]):
            self.assertEqual(self.ctl("scan", *wrong, check=False).returncode, 2, wrong)


class Probe(Line):
    def probe(self, *arguments, status=0):
        port = TcpServer(self.loop, self.answer).port
        return self.cryoctl("probe", "%s:%d" % (harness.ADDRESS, port), *arguments, status=status)

    def test_table(self):
        text = self.probe("5", "100-105")
        self.assertRegex(text, r"100 0x0064 +0xc33e +49982 +-15554 +1100 0011 0011 1110 +ABCD .* -190\.5\n")
        self.assertRegex(text, r"\n +CDAB .*\n +BADC .*\n +DCBA ")
        self.assertRegex(text, r"104 0x0068\n +refused: exception 2\n")
        self.assertRegex(text, r"105 0x0069 +0x002a +42 +42")
        self.assertTrue(re.search("拒绝", self.probe("5", "104", "--lang", "zh")))

    def test_json(self):
        rows = {row["address"]: row for row in json.loads(self.probe("5", "0x64-105", "--json"))}
        self.assertEqual((rows[100]["u16"], rows[100]["s16"], rows[100]["ABCD"]["float32"]), (0xC33E, 0xC33E - 65536, "-190.5"))
        self.assertEqual(rows[102]["CDAB"], {"u32": 0x8000FFFF, "s32": 0x8000FFFF - (1 << 32), "float32": "-9.183409e-41"})
        self.assertEqual(rows[104], {"address": 104, "exception": 2})
        self.assertNotIn("ABCD", rows[103])  # the next register is not there
        bits = json.loads(self.probe("5", "0-2", "--table", "discrete", "--json"))
        self.assertEqual([row["bit"] for row in bits], [1, 0, 1])

    def test_silent(self):
        self.probe("6", "0", "--timeout", "100ms", status=3)
        self.probe("256", "0", status=2)
        self.probe("5", "9-3", status=2)
        self.probe("5", "0", "--table", "register", status=2)


if __name__ == "__main__":
    harness.main()
