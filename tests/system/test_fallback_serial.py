"""The relay of the last resort on the serial line that is also polled: set, and the polls stay as they are."""
import json

import harness
from broker import Broker, Observer
from configuration import Setup
from harness import until
from peers import PymodbusRtu
from varlink import call

COLD, WARM = 63636, 64106
RELAY = 5


class SerialRelay(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.line = PymodbusRtu({1: {"holding": {0: COLD}}, 2: {"coil": {RELAY: 1}}}, self.dir)
        self.addCleanup(self.line.stop)
        self.setup = Setup(self.dir, self.broker)
        self.setup.profile("tank", {"temperature": {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1,
                                                    "address": 0, "unit": "°C"}}, interval="300 ms", timeout="300 ms")
        self.setup.profile("outputs", {"siren": {"table": "coil", "type": "bit", "address": RELAY,
                                                 "states": {0: "silent", 1: "sounds"}}}, interval="300 ms", timeout="300 ms")
        self.setup.rtu("line", self.line.path)
        self.setup.device("tank", "line", 1, "tank")
        self.setup.device("outputs", "line", 2, "outputs")
        self.setup.asset("tank-1", {"temperature": ("tank", "temperature")}, {
            "warm": {"point": "temperature", "high": "-150 °C", "priority": "critical"}})
        self.setup.asset("hall", {"siren": ("outputs", "siren")}, kind="utility")
        self.setup.main["notify"] = {"expected": True, "silent_after": "20 s", "relay": {"device": "outputs", "coil": RELAY}}
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def notifier(self, state):
        self.broker.publish("cryomon/test/notify/status", json.dumps({
            "state": state, "run": "n1", "would_be_told": True, "reachable": 3, "needed": 2, "channels": [], "problems": [],
            "off": []}), "-r")
        self.broker.publish("cryomon/test/notify/heartbeat", '{"run": "n1", "sequence": 1}')

    def siren(self, state, since=0):
        return self.observer.point("hall", "siren", lambda p: p["quality"] == "good" and p.get("state") == state, 40, since)

    def test_it_sounds_and_falls(self):
        self.setup.write()
        self.daemon().start()
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")
        self.siren("silent")  # it was on before we came
        self.notifier("online")
        until(lambda: call(self.path("control"), "Status")["notifier"] == "ok", "the heartbeat")
        self.line.set({1: {"holding": {0: WARM}}})
        self.observer.event(alarm="warm", transition="raised")
        self.notifier("offline")
        mark = self.observer.feed.mark()
        done = self.observer.event(kind="fallback", part="relay", set="on", limit=40)
        self.assertEqual(done["outcome"], "done", done)
        self.siren("sounds")
        for alarm in (("tank-1", "warm"), ("system", "notifier")):
            call(self.path("control"), "Acknowledge", asset=alarm[0], alarm=alarm[1])
        self.siren("silent", self.observer.feed.mark())
        bad = [m.json["points"]["temperature"] for m in self.observer.feed.since(mark)
               if m.topic.endswith("/tank-1/readings") and m.json and m.json["points"]["temperature"]["quality"] != "good"]
        self.assertEqual(bad, [])  # who polls and who writes do not talk into each other


if __name__ == "__main__":
    harness.main()
