"""Putting a device into service: a person compares its display with what is read."""
import json

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, INPUT, Bank, Loop, TcpServer


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


if __name__ == "__main__":
    harness.main()
