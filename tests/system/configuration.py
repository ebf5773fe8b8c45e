"""Writes a configuration directory."""
import os

import yaml

from harness import ADDRESS


class Plain(yaml.SafeDumper):
    """Writes a value that stands in several places out each time: cryomon takes no aliases."""

    def ignore_aliases(self, data):
        return True


class Setup:
    """A configuration as dictionaries, in the format of cryomon.yaml(5)."""

    def __init__(self, directory, broker=None, state=None):
        self.directory = os.path.join(directory, "etc")
        self.state = state or os.path.join(directory, "state")
        self.main = {
            "site": {"id": "test", "name": {"en": "Test bank", "zh": "测试库"}},
            "storage": {"directory": self.state, "commit_interval": "200 ms"},
            "control": {"socket": os.path.join(directory, "control")},
            "buses": {}, "devices": {}, "assets": {},
        }
        if broker:
            self.main["mqtt"] = {"broker": broker.uri(), "client_id": "cryomon-test"}
        self.profiles = {}

    def profile(self, name, registers, **settings):
        self.profiles[name] = dict({
            "vendor": "test", "model": name, "source": "a test", "status": "documented", "transports": ["tcp", "rtu"],
            "word_order": "ABCD", "max_registers": 125, "max_gap": 8, "interval": "1 s", "timeout": "500 ms",
            "quiet": "50 ms", "registers": registers}, **settings)
        return name

    def tcp(self, bus, port, host=ADDRESS, **settings):
        self.main["buses"][bus] = {"tcp": dict({"host": host, "port": port, "connect_timeout": "500 ms"}, **settings)}
        return bus

    def rtu(self, bus, device, **settings):
        self.main["buses"][bus] = {"rtu": dict({"device": device, "baud": 115200, "parity": "none", "data_bits": 8,
                                                "stop_bits": 1}, **settings)}
        return bus

    def device(self, device, bus, unit, profile, **settings):
        self.main["devices"][device] = dict({"bus": bus, "unit": unit, "profile": profile}, **settings)
        return device

    def asset(self, asset, points, alarms=None, kind="tank", name=None):
        """points: {point: (device, register) or (device, register, {more})}."""
        made = {"name": name or {"en": asset.title(), "zh": "罐 " + asset}, "kind": kind, "points": {}}
        for point, (device, register, *more) in points.items():
            made["points"][point] = dict({"device": device, "register": register}, **(more[0] if more else {}))
        if alarms:
            made["alarms"] = alarms
        self.main["assets"][asset] = made
        return made

    def whole(self, asset, device, profile, **more):
        """An asset with a point for each register of the device's profile."""
        points = {register: (device, register, *([more] if more else [])) for register in
                  self.profiles[profile]["registers"]}
        return self.asset(asset, points)

    def write(self):
        os.makedirs(os.path.join(self.directory, "devices"), exist_ok=True)
        os.makedirs(os.path.join(self.directory, "conf.d"), exist_ok=True)
        self._dump("cryomon.yaml", self.main)
        for name, profile in self.profiles.items():
            self._dump("devices/%s.yaml" % name, profile)
        return self.directory

    def _dump(self, name, data):
        # Replaced in one step: a reload must never see half a file.
        path = os.path.join(self.directory, name)
        with open(path + ".new", "w") as f:
            yaml.dump(data, f, Dumper=Plain, allow_unicode=True, sort_keys=False, width=200)
        os.rename(path + ".new", path)
