"""What a device's other registers say about its values, on TCP and on a serial line: another device, other units,
a broken sensor, a maintenance flag, a heartbeat; registers that are refused; busy devices and dead units."""
import time

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, INPUT, Bank, Loop, RtuServer, TcpServer

MODEL, RIGHT, WRONG = 10, 0x2401, 0x4711
PV, UNIT, SENSOR, BEAT, EXTRA = 0, 11, 12, 13, 3  # holding registers
NAMUR = 20  # an input register

REGISTERS = {
    "pv": {"table": "holding", "address": PV, "type": "s16", "scale": 0.1, "unit": "°C"},
    "extra": {"table": "holding", "address": EXTRA, "type": "u16"},
    "model": {"table": "holding", "address": MODEL, "type": "u16", "mask": 0xFF00, "identity": [0x24]},
    "display-unit": {"table": "holding", "address": UNIT, "type": "u16", "states": {0: "degC", 1: "degF"},
                     "setting": "degC", "judges": ["pv"]},
    "sensor": {"table": "holding", "address": SENSOR, "type": "bit", "bit": 3, "status": {"on": "sensor-fault"},
               "judges": ["pv"]},
    "namur": {"table": "input", "address": NAMUR, "type": "u16",
              "states": {0: "off", 1: "fault", 2: "maintenance", 3: "service"},
              "status": {"fault": "device-fault", "maintenance": "maintenance", "service": "inhibited"}},
    "beat": {"table": "holding", "address": BEAT, "type": "u16", "heartbeat": "2 s"},
}

STRANGER, TALKER, MISSING, BLIND, BUSY, DEAD, HEALTHY = range(1, 8)


class Hall(Bank):
    """Seven devices on one line; each is well until a test says otherwise."""

    def __init__(self):
        super().__init__()
        self.frozen, self.dead, self.busy = set(), set(), {}
        for unit in range(STRANGER, HEALTHY + 1):
            self.set(unit, HOLDING, 0, *range(20))
            self.set(unit, HOLDING, PV, 65536 - 1958)
            self.set(unit, HOLDING, MODEL, RIGHT, 0, 0, 0)
            self.set(unit, INPUT, NAMUR, 0)

    def __call__(self, line, request):
        unit = request.unit
        if unit not in self.frozen:
            self.set(unit, HOLDING, BEAT, int(time.monotonic() * 10) & 0xFFFF)
        if unit in self.dead:
            line.send(request.exception(11))
        elif self.busy.get(unit, 0) > 0:
            self.busy[unit] -= 1
            line.send(request.exception(6))
        else:
            super().__call__(line, request)


class Guards(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.halls = {"t": Hall(), "r": Hall()}
        setup = Setup(self.dir, self.broker)
        setup.profile("controller", REGISTERS, interval="1 s", timeout="300 ms")  # stale after three, on a slow machine, too
        setup.tcp("t", TcpServer(self.loop, self.halls["t"]).port)
        line = RtuServer(self.loop, self.halls["r"])
        self.addCleanup(line.unplug)
        setup.rtu("r", line.path)
        for bus in self.halls:
            for unit in range(STRANGER, HEALTHY + 1):
                name = "%s%d" % (bus, unit)
                setup.device(name, bus, unit, "controller")
                setup.asset(name, {point: (name, point, {"no_data_after": "5 s"}) for point in ("pv", "extra")},
                            {"warm": {"point": "pv", "high": -130, "priority": "critical"}})
        self.setup = setup
        for hall in self.halls.values():
            hall.set(STRANGER, HOLDING, MODEL, WRONG)
        setup.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def each(self, unit):
        return [(bus + str(unit), hall) for bus, hall in self.halls.items()]

    def reads(self, asset, point, quality, reason=None, since=0):
        def fits(reading):
            return reading["quality"] == quality and reading.get("reason") == reason
        reading = self.observer.point(asset, point, fits, since=since)
        self.assertEqual(reading["value"] is None, quality == "bad")
        return reading

    def change(self, unit, table, address, value, point, quality, reason=None):
        """A register of the unit changes, on both lines, and then the point reads so."""
        mark = self.observer.feed.mark()
        for _, hall in self.each(unit):
            hall.set(unit, table, address, value)
        return [self.reads(asset, point, quality, reason, mark) for asset, _ in self.each(unit)]

    def test_what_devices_say(self):
        for _, hall in self.each(MISSING):
            hall.set(MISSING, HOLDING, EXTRA, None)
        for _, hall in self.each(BLIND):
            hall.set(BLIND, HOLDING, UNIT, None)
        daemon = self.daemon().start()
        for unit in (TALKER, BUSY, DEAD, HEALTHY):
            for asset, _ in self.each(unit):
                self.assertEqual(self.reads(asset, "pv", "good")["value"], -195.8)
        for asset, _ in self.each(STRANGER):
            self.reads(asset, "pv", "bad", "wrong-device")
        for step in (self.settings_and_status, self.refused, self.busy_and_dead, self.heartbeat, self.stranger):
            with self.subTest(step.__name__):
                step(daemon)
        for asset, _ in self.each(HEALTHY):  # nothing of all that has touched the one that is well
            bad = [m for m in self.observer.feed.since() if m.topic.endswith("/%s/readings" % asset) and m.json and
                   any(p["quality"] != "good" and p["reason"] not in ("never-read", "unproven") for p in
                       m.json["points"].values())]
            self.assertEqual(bad, [])

    def settings_and_status(self, _):
        self.change(TALKER, HOLDING, UNIT, 1, "pv", "bad", "wrong-setting")
        self.change(TALKER, HOLDING, UNIT, 7, "pv", "bad", "wrong-setting")
        self.change(TALKER, HOLDING, UNIT, 0, "pv", "good")
        self.change(TALKER, HOLDING, SENSOR, 0x0008, "pv", "bad", "sensor-fault")
        mark = self.observer.feed.mark()
        for asset, _ in self.each(TALKER):
            self.reads(asset, "extra", "good", since=mark)  # the sensor is not about it
        self.change(TALKER, HOLDING, SENSOR, 0xFFF7, "pv", "good")
        for reading in self.change(TALKER, INPUT, NAMUR, 2, "extra", "uncertain", "maintenance"):
            self.assertEqual(reading["value"], 3)
        self.change(TALKER, INPUT, NAMUR, 1, "extra", "bad", "device-fault")
        self.change(TALKER, INPUT, NAMUR, 9, "extra", "uncertain", "status-unknown")
        self.change(TALKER, INPUT, NAMUR, 0, "extra", "good")

    def refused(self, daemon):
        for asset, _ in self.each(MISSING):
            self.reads(asset, "extra", "bad", "refused")
            self.reads(asset, "pv", "good")
            self.observer.alarm(asset, "extra-no-data", "unacknowledged")
            daemon.log.wait(lambda line: "device %s: refuses register 'extra' (holding 3)" % asset in line, "the line")
            topic = "/devices/%s/diagnostics" % asset
            self.observer.feed.wait(lambda m: m.topic.endswith(topic) and m.json and m.json["answers"] and
                                    m.json.get("reason") == "refused", "diagnostics: it answers, and refuses something")
        self.change(MISSING, HOLDING, EXTRA, 3, "extra", "good")
        for asset, _ in self.each(BLIND):  # nobody vouches for the unit; the value is there all the same
            self.assertEqual(self.reads(asset, "pv", "uncertain", "status-unknown")["value"], -195.8)
            self.reads(asset, "extra", "good")
        self.change(BLIND, HOLDING, UNIT, 0, "pv", "good")

    def busy_and_dead(self, _):
        mark = self.observer.feed.mark()
        for asset, hall in self.each(BUSY):
            hall.busy[BUSY] = 2
            harness.until(lambda: hall.busy[BUSY] == 0, "the busy device to be asked again")
        for asset, hall in self.each(DEAD):
            hall.dead.add(DEAD)
            self.reads(asset, "pv", "bad", "timeout", since=mark)
        for asset, hall in self.each(DEAD):  # and it comes back as somebody else
            mark = self.observer.feed.mark()
            hall.set(DEAD, HOLDING, MODEL, WRONG)
            hall.dead.clear()
            self.reads(asset, "pv", "bad", "wrong-device", since=mark)
            good = [m for m in self.observer.feed.since(mark) if m.topic.endswith("/%s/readings" % asset) and m.json and
                    m.json["points"]["pv"]["quality"] != "bad"]
            self.assertEqual(good, [])
        for asset, _ in self.each(BUSY):
            bad = [m.json for m in self.observer.feed.since(mark) if m.topic.endswith("/%s/readings" % asset) and
                   m.json and m.json["points"]["pv"]["quality"] != "good"]
            self.assertEqual(bad, [])

    def heartbeat(self, _):
        mark = self.observer.feed.mark()
        for asset, hall in self.each(TALKER):
            hall.frozen.add(TALKER)
        for asset, _ in self.each(TALKER):
            self.reads(asset, "pv", "bad", "frozen", since=mark)
        mark = self.observer.feed.mark()
        for asset, hall in self.each(TALKER):
            hall.frozen.clear()
            self.reads(asset, "pv", "good", since=mark)

    def stranger(self, daemon):
        for asset, hall in self.each(STRANGER):
            body = self.observer.alarm(asset, "pv-bad", "unacknowledged").json
            self.assertEqual((body["priority"], body["reason"], body["value"]), ("critical", "wrong-device", None))
            self.assertIn("another device answers at this address", body["text"]["en"])
            self.assertIn("该地址上是另一台设备", body["text"]["zh"])
            lines = [line for line in daemon.log.since() if "device %s: another device answers" % asset in line]
            self.assertEqual(len(lines), 1)
            self.assertIn("'model'", lines[0])
        self.change(STRANGER, HOLDING, MODEL, RIGHT, "pv", "good")
        for asset, _ in self.each(STRANGER):
            self.observer.alarm(asset, "pv-bad", "returned-unacknowledged")


if __name__ == "__main__":
    harness.main()
