#!/usr/bin/python3
"""replay: what cryomon derives of a tank would have been alarmed with other limits; on a month of a simulated vessel."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from cryoctl_case import Case

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../report"))
import record  # noqa: E402

PROFILES = os.path.join(record.ROOT, "config", "devices")
DAY = 86400 * 1000
START = record.ms("2026-10-20T00:00:00")
DAYS = 34
POINTS = [("level", "cm", 1, "level_reading_cm"), ("temperature", "°C", 1, "top_reading_c"), ("lid", "", 0, "lid_open"),
          ("fill-valve", "", 0, "filling")]
# The supply is off from day 31 to day 33: the tank is not filled, and warms.
SCRIPT = [{"at": "30 d 12:00", "tank-1": {"vacuum": "20 Pa"}}, {"at": "30 d 12:00", "tank-1": {"supply": "off"}},
          {"at": "33 d 12:00", "tank-1": {"supply": "on"}}]
CONFIGURATION = """site: {id: demo}
mqtt: {broker: "mqtt://127.0.0.1:1"}
buses: {hall: {tcp: {host: 127.0.0.1}}}
devices: {c1: {bus: hall, unit: 1, profile: cryosim-vessel, interval: 2 min}}
assets:
  tank-1:
    kind: tank
    points:
      level: {device: c1, register: level}
      temperature: {device: c1, register: temperature}
      lid: {device: c1, register: lid}
      fill-valve: {device: c1, register: fill-valve}
    alarms:
      temperature-high: {point: temperature, high: -140 °C, deadband: 2 °C, on_delay: 2 min, priority: high}
    vessel:
      level: level
      temperatures: [temperature]
      lid: {point: lid, open: open}
      valve: {point: fill-valve, open: open}
      shape: [[0 cm, 0 L], [80 cm, 509 L]]
      fill_start: 14 cm
      fill_stop: 20 cm
      low_level: 8 cm
      fill_takes_at_most: 3 h
      heat_capacity: 120 kJ/K
      time_left: {medium: 12 h, high: 6 h, critical: 2 h}
"""


def time_text(days):
    return datetime.datetime.fromtimestamp((START + days * DAY) / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def source(text=CONFIGURATION):
    with open(os.path.join(PROFILES, "cryosim-vessel.yaml"), encoding="utf-8") as f:
        return "--- /etc/cryomon/cryomon.yaml\n" + text + "--- /usr/share/cryomon/devices/cryosim-vessel.yaml\n" + f.read()


class ReplayDerived(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.past = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.past)
        scenario, table = (os.path.join(cls.past, name) for name in ("past.yaml", "past.csv"))
        with open(scenario, "w", encoding="utf-8") as f:
            json.dump({"seed": 5, "devices": {"tank-1": {"kind": "vessel"}}, "script": SCRIPT}, f)
        subprocess.run([os.environ["CRYOSIM"], "--simulate", "--step", "2min", "--every", "2min", "--ahead", "0", "--until", f"{DAYS}d",
                        "--csv", table, scenario], check=True, timeout=100, capture_output=True)
        with open(table, encoding="utf-8") as f:
            names, *rows = [line.rstrip("\n").split(",") for line in f]
        columns = [names.index("tank-1." + p[3]) for p in POINTS]
        cls.rows = [(float(row[0]) / 86400, *(row[c] for c in columns)) for row in rows]
        lines = [f"{START + days * DAY:.0f},{','.join(values)}\n" for days, *values in cls.rows]
        subprocess.run([os.environ["MAKE_READINGS"], cls.past, *(f"tank-1/{p}/{unit}/{n}" for p, unit, n, _ in POINTS)],
                       input="".join(lines), text=True, check=True, timeout=100)

    def events(self, *more):
        """The record of the readings, with the events that are given."""
        directory = os.path.join(self.directory.name, "record")
        r = record.Record()
        r.start(START - 1000, source())
        for add in more:
            add(r)
        os.makedirs(directory)
        r.make(directory)
        for name in os.listdir(directory):
            if name.startswith("history.db"):
                os.remove(os.path.join(directory, name))
        for name in os.listdir(self.past):
            if name.startswith("history.db"):
                shutil.copy(os.path.join(self.past, name), directory)
        return directory

    def candidate(self, *changes):
        text = CONFIGURATION
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = os.path.join(self.directory.name, "new")
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def ctl(self, *arguments, changes=(), span=(30, DAYS), expect=0):
        return self.run_ctl("replay", "--config", self.candidate(*changes), "--dir", self.record, "--from", time_text(span[0]),
                            "--to", time_text(span[1]), *arguments, socket=False, expect=expect, CRYOMON_PROFILES=PROFILES)

    def replay(self, *changes, **more):
        return json.loads(self.ctl("--json", changes=changes, **more))

    def test_print(self):
        self.record = self.events()
        print(self.ctl())
        f = self.replay()
        print(json.dumps(f, indent=1)[:6000])


if __name__ == "__main__":
    unittest.main()
