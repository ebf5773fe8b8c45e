"""What a subscriber sees beside readings and alarms: status and last will, heartbeat, discovery, commands."""
import json
import signal
import subprocess

import harness
from broker import Broker, Observer, retained
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer
from varlink import call


class Mqtt(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, 7)
        self.config = Setup(self.dir, self.broker)
        self.config.main["mqtt"].update(home_assistant=True, commands=True)
        self.config.profile("p", {"level": {"table": "holding", "address": 0, "type": "u16", "unit": "cm"}},
                            interval="200 ms", timeout="200 ms")
        self.server = TcpServer(self.loop, self.bank)
        self.config.tcp("bus", self.server.port)
        self.config.device("d", "bus", 1, "p")
        self.config.asset("tank-1", {"level": ("d", "level")}, {
            "low": {"point": "level", "low": 5, "priority": "high"}}, name={"en": "Tank 1", "zh": "1号罐"})
        self.config.write()
        self.observer = Observer(self.broker, "cryomon/#", "homeassistant/#", "answers/#")
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon().start()

    def command(self, topic, payload, correlation):
        """Publishes a command with a response topic; returns the answer."""
        mark = self.observer.feed.mark()
        subprocess.run(["mosquitto_pub", "-V", "5", "-h", self.broker.address, "-p", str(self.broker.port), "-q", "1",
                        "-t", topic, "-m", payload, "-D", "publish", "response-topic", "answers/" + correlation,
                        "-D", "publish", "correlation-data", correlation], check=True, timeout=30)
        return self.observer.wait("answers/" + correlation, since=mark).json

    def test_status_and_will(self):
        online = self.observer.wait("/status", lambda s: s["state"] == "online").json
        self.assertRegex(online["version"], r"^\d+\.\d+\.\d+")
        beat = self.observer.wait("/heartbeat", limit=30).json
        self.assertEqual(beat["run"], online["run"])
        self.assertNotIn("cryomon/test/heartbeat", retained(self.broker))
        self.cryomond.kill()
        lost = self.observer.wait("/status", lambda s: s["state"] == "offline").json
        self.assertEqual((lost["run"], lost["reason"]), (online["run"], "connection lost"))
        mark = self.observer.feed.mark()
        self.cryomond.start()
        again = self.observer.wait("/status", lambda s: s["state"] == "online", since=mark).json
        self.assertNotEqual(again["run"], online["run"])
        self.cryomond.stop()
        bye = self.observer.wait("/status", lambda s: s["state"] == "offline", since=mark).json
        self.assertNotIn("reason", [key for key in bye if bye[key] == "connection lost"])
        self.assertEqual(retained(self.broker)["cryomon/test/status"]["state"], "offline")

    def test_events_are_not_retained(self):
        self.observer.event(kind="start")
        self.bank.set(1, HOLDING, 0, 1)
        self.observer.event(alarm="low", transition="raised")
        self.observer.alarm("tank-1", "low", "unacknowledged")
        topics = retained(self.broker)
        self.assertNotIn("cryomon/test/events", topics)
        self.assertIn("cryomon/test/tank-1/alarms/low", topics)
        self.assertIn("cryomon/test/tank-1/readings", topics)

    def test_discovery(self):
        device = self.observer.wait("homeassistant/device/cryomon_test_tank-1/config").json
        self.assertIn("Tank 1", json.dumps(device, ensure_ascii=False))
        self.assertIn("cryomon/test/tank-1/readings", json.dumps(device))
        # An asset that goes away takes its discovery along.
        self.config.asset("tank-2", {"level": ("d", "level")})
        self.config.write()
        self.cryomond.signal(signal.SIGHUP)
        self.observer.wait("homeassistant/device/cryomon_test_tank-2/config", lambda m: m is not None)
        del self.config.main["assets"]["tank-2"]
        self.config.write()
        mark = self.observer.feed.mark()
        call(self.path("control"), "Reload", reason="tank 2 is gone")
        self.observer.wait("homeassistant/device/cryomon_test_tank-2/config", lambda m: m is None, since=mark)
        self.assertNotIn("cryomon/test/tank-2/readings", retained(self.broker))

    def test_diagnostics(self):
        """How a device answers: retained, with expiry, told anew when that changes, and gone with the device."""
        topic = "cryomon/test/devices/d/diagnostics"
        first = self.observer.wait(topic, lambda m: m is not None and m["answers"], limit=60).json
        self.assertEqual((first["device"], first["bus"], first["unit"], first["profile"]), ("d", "bus", 1, "p"))
        self.assertGreater(first["latency_ms"]["p99"], 0)
        self.assertGreaterEqual(first["requests"], first["replies"])
        self.assertIn(topic, retained(self.broker))
        mark = self.observer.feed.mark()
        self.server.stop()
        gone = self.observer.wait(topic, lambda m: m is not None and not m["answers"], since=mark, limit=60).json
        self.assertEqual(gone["reason"], "link-down")
        (device,) = json.loads(self.ctl("devices", "--json").stdout)
        self.assertEqual((device["device"], device["answers"]), ("d", False))
        self.assertIn('cryomon_device_up{site="test",device="d",bus="bus",unit="1"} 0',
                      self.ctl("devices", "--format", "prometheus").stdout)
        self.config.device("e", "bus", 1, "p")
        del self.config.main["devices"]["d"]
        self.config.asset("tank-1", {"level": ("e", "level")})
        self.config.write()
        mark = self.observer.feed.mark()
        call(self.path("control"), "Reload", reason="another controller")
        self.observer.wait(topic, lambda m: m is None, since=mark)
        self.observer.wait("cryomon/test/devices/e/diagnostics", lambda m: m is not None, limit=60)

    def test_acknowledge(self):
        topic = "cryomon/test/cmd/li.na/acknowledge"
        self.observer.point("tank-1", "level", lambda p: p["quality"] == "good")
        early = self.command(topic, '{"asset": "tank-1", "alarm": "low", "note": "x"}', "c1")
        self.assertEqual(early["ok"], False)
        self.assertTrue(early["error"])
        self.bank.set(1, HOLDING, 0, 1)
        self.observer.event(alarm="low", transition="raised")
        self.assertEqual(self.command(topic, '{"asset": "tank-1", "alarm": "low", "note": "我来"}', "c2"), {"ok": True, "code": "done", "recorded": True})
        acked = self.observer.event(alarm="low", transition="acknowledged")
        self.assertEqual((acked["by"], acked["note"]), ("li.na", "我来"))

    def test_nonsense_commands(self):
        self.observer.point("tank-1", "level", lambda p: p["quality"] == "good")
        for n, payload in enumerate(("", "{", "[]", '{"asset": 1}', '{"asset": "nowhere", "alarm": "low"}',
                                     '{"asset": "tank-1", "alarm": "low", "note": "%s"}' % ("x" * 5000), "\\u0000", "{" * 500)):
            answer = self.command("cryomon/test/cmd/li.na/acknowledge", payload, "n%d" % n)
            self.assertEqual(answer["ok"], False, payload[:50])
        self.broker.publish("cryomon/test/cmd/li.na/selfdestruct", "{}")  # no verb of ours: nobody listens
        self.bank.set(1, HOLDING, 0, 1)
        self.observer.event(alarm="low", transition="raised")


if __name__ == "__main__":
    harness.main()
