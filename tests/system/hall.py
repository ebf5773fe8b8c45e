"""One daemon with a bus for each of many devices: their quirks are tested side by side, each under its own name."""
import os
import shutil
import tempfile
import time

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Loop, RtuServer, TcpServer

# A second host of this process, for what is counted by host. The last number of the first is at most 128.
OTHER_ADDRESS = ".".join(harness.ADDRESS.split(".")[:3] + [str(int(harness.ADDRESS.split(".")[3]) + 120)])


def registers(*names, table="holding", **more):
    """u16 registers by name, one behind the other from 0 on."""
    return {name: dict({"table": table, "address": n, "type": "u16", "unit": "V"}, **more)
            for n, name in enumerate(names)}


class Device:
    """Answers truthfully, or as fault(line, request) says. Keeps what was asked."""

    def __init__(self, **values):
        self.values = {(HOLDING, int(address)): value for address, value in values.items()}
        self.fault = None
        self.log = []  # (monotonic time, request)
        self.server = None

    def set(self, table, address, *values):
        for n, value in enumerate(values):
            self.values[table, address + n] = value
        return self

    def words(self, request):
        words = [self.values.get((request.function, request.address + n)) for n in range(request.count)]
        return None if None in words else words

    def true(self, request):
        words = self.words(request)
        return request.exception(2) if words is None else request.reply(words)

    def answer(self, line, request):
        line.send(self.true(request))

    def __call__(self, line, request):
        self.log.append((time.monotonic(), request))
        (self.fault or self.answer)(line, request)

    def asked(self, more, since=None):
        """Waits until so many more requests have come."""
        goal = (len(self.log) if since is None else since) + more
        harness.until(lambda: len(self.log) >= goal, "%d requests" % more)


class Hall:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="cryo-")
        self.broker = Broker(os.path.join(self.dir, "broker")).start()
        self.loop = Loop()
        self.setup = Setup(self.dir, self.broker)
        self.devices, self.servers, self.hooks = {}, [], []
        self.observer = self.daemon = None

    def serve(self, name, device, registers_of, profile, unit=1, bus=None, kind=None):
        """profile: settings of the profile; kind "tcp" or "rtu" with settings of the bus; bus: an existing one."""
        self.devices[name] = device
        self.setup.profile(name, registers_of, **dict({"interval": "300 ms", "timeout": "250 ms", "quiet": "60 ms"},
                                                      **(profile or {})))
        self.setup.device(name, bus or name, unit, name)
        self.setup.whole(name, name, name)
        return device

    def tcp(self, name, device, registers_of=None, profile=None, unit=1, address=harness.ADDRESS, **bus):
        device.server = TcpServer(self.loop, device, address=address)
        self.setup.tcp(name, device.server.port, address, **bus)
        return self.serve(name, device, registers_of or registers("value"), profile, unit)

    def rtu(self, name, device, registers_of=None, profile=None, unit=1, path=None, **bus):
        device.server = RtuServer(self.loop, device)
        self.servers.append(device.server)
        self.setup.rtu(name, path or device.server.path, **bus)
        return self.serve(name, device, registers_of or registers("value"), profile, unit)

    def start(self):
        self.setup.write()
        self.observer = Observer(self.broker)
        self.daemon = harness.Daemon(os.path.join(self.dir, "etc"), self.dir).start()

    def stop(self):
        try:
            if self.daemon and self.daemon.running():
                return self.daemon.stop()
        finally:
            if self.daemon:
                self.daemon.end()
            if self.observer:
                self.observer.stop()
            for server in self.servers:
                server.unplug()
            self.broker.stop()
            self.loop.stop()
            shutil.rmtree(self.dir, True)
        return None


class HallTest(harness.SystemTest):
    """build(hall) makes the devices of all tests of the class."""
    hall = None

    @classmethod
    def setUpClass(cls):
        cls.hall = Hall()
        cls.addClassCleanup(cls.hall.stop)
        cls.build(cls.hall)
        cls.hall.start()

    def mark(self):
        return self.hall.observer.feed.mark()

    def good(self, asset, value, point="value", since=0):
        """Waits for that value, with good quality."""
        return self.hall.observer.point(asset, point, lambda p: p["quality"] == "good" and p["value"] == value,
                                        since=since)

    def bad(self, asset, reason, point="value", since=0):
        reading = self.hall.observer.point(asset, point, lambda p: p.get("reason") == reason, since=since)
        self.assertEqual((reading["quality"], reading["value"]), ("bad", None))

    def readings(self, asset, point="value", since=0):
        return [m.json["points"][point] for m in self.hall.observer.feed.since(since)
                if m.topic.endswith("/%s/readings" % asset) and m.json and point in m.json["points"]]

    def only(self, asset, *values, point="value", since=0):
        """Nothing else was published as good."""
        seen = {p["value"] for p in self.readings(asset, point, since) if p["quality"] != "bad"}
        self.assertLessEqual(seen, set(values))

    def reasons(self, asset, point="value", since=0):
        return {p.get("reason") for p in self.readings(asset, point, since) if p["quality"] == "bad"}

    def logged(self, *words):
        self.hall.daemon.log.wait(lambda line: all(word in line for word in words), " ".join(words))

    def misbehave(self, asset, fault, reason, before, after, polls=1):
        """The device is well, misbehaves (its register changes meanwhile) and is well again: what is wrong is told,
        and never a value that was not its own at the time."""
        device = self.hall.devices[asset]
        self.good(asset, before)
        mark, asked = self.mark(), len(device.log)
        device.fault = fault
        device.asked(polls, asked)
        device.set(HOLDING, 0, after)
        self.bad(asset, reason, since=mark)
        device.fault = None
        settled = self.mark()
        self.good(asset, after, since=settled)
        self.only(asset, before, after, since=mark)
        self.only(asset, after, since=settled)


main = harness.main
