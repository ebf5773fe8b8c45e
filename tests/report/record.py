"""Records for the tests of the report: databases with a configuration, readings and events, made by make_record."""
import datetime
import hashlib
import json
import os
import sqlite3
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CONFIGURATION = """--- /etc/cryomon/cryomon.yaml
site:
  id: demo
  name: {en: Demo cell bank, zh: 示范细胞库}
mqtt: {broker: "mqtt://127.0.0.1:1"}
buses:
  hall: {tcp: {host: 127.0.0.1, port: 502}}
devices:
  c1: {bus: hall, unit: 1, profile: cryosim-tank, interval: 10 s}
assets:
  tank-1:
    name: {en: Tank 1, zh: 1号罐}
    kind: tank
    points:
      temperature: {device: c1, register: temperature, name: {en: Vapour temperature, zh: 气相温度}}
      level: {device: c1, register: level, name: {en: LN2 level, zh: 液氮液位}}
      lid: {device: c1, register: lid, name: {en: Lid, zh: 盖子}}
    alarms:
      temperature-critical: {point: temperature, high: -150 °C, deadband: 2 °C, on_delay: 30 s, priority: critical}
      temperature-high: {point: temperature, high: HIGH °C, deadband: 2 °C, on_delay: 2 min, priority: medium}
      level-low: {point: level, low: 10 cm, deadband: 1 cm, on_delay: 1 min, priority: high}
"""


def with_profile(configuration, name):
    """A configuration's whole source: what it says, and the device profile that it uses."""
    with open(os.path.join(ROOT, "config", "devices", name + ".yaml"), encoding="utf-8") as f:
        return f"{configuration}--- /usr/share/cryomon/devices/{name}.yaml\n{f.read()}"


def source(high="-165"):
    return with_profile(CONFIGURATION.replace("HIGH", high), "cryosim-tank")


def ms(text):
    return int(datetime.datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def time_text(at):
    time = datetime.datetime.fromtimestamp(at / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds")
    return time.replace("+00:00", "Z")


class Record:
    """Collects the commands of make_record; make() writes the databases."""

    def __init__(self):
        self.lines, self.configurations, self.seq, self.alarms, self.calibrations = [], {}, 0, {}, []

    def points(self, *points):
        for asset, point, unit, decimals in points:
            self.lines.append(f"point {asset} {point} {unit} {decimals}")

    def reading(self, point, slot, value, quality="good", reason="-", calibration=0):
        self.lines.append(f"reading {point} {slot} {slot + 20} {value} {quality} {reason} {calibration}")

    def calibration(self, *row):
        """id, asset, point, unit, recorded, from (microseconds), text, certificate, date, due, reference"""
        self.calibrations.append(row)

    def series(self, point, start, interval, count, value, step):
        self.lines.append(f"series {point} {start} {interval} {count} {value} {step}")

    def event(self, at, kind, of=("-", "-"), **body):
        self.seq += 1
        body = {"seq": self.seq, "time": time_text(at), "site": "demo", "run": "r", "kind": kind, **body}
        self.lines.append(f"event {at} {kind} {of[0]} {of[1]} {json.dumps(body, ensure_ascii=False)}")

    def start(self, at, text):
        self.event(at, "start", version="0.1.0", configuration=self.configuration(at, text))

    def reload(self, at, text, by, difference):
        self.event(at, "configuration", by=by, sha256=self.configuration(at, text), difference=difference)

    def configuration(self, at, text):
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.configurations[digest] = (at, text)
        return digest

    def alarm(self, at, transition, alarm, state, point="temperature", limit=-150.0, **more):
        states = {"normal": 0, "unacknowledged": 1, "acknowledged": 2, "returned-unacknowledged": 3, "shelved": 4,
                  "suppressed": 5, "out-of-service": 6}
        _, raised, who, acked, _ = self.alarms.get(("tank-1", alarm), (0, 0, "", 0, 0))
        if transition == "raised":
            raised, who, acked = at * 1000, "", 0
        if state == "normal":
            raised, who, acked = 0, "", 0
        if transition == "acknowledged":
            who, acked = more["by"], at * 1000
        body = {"transition": transition, "asset": "tank-1", "alarm": alarm, "state": state, "point": point, "limit": limit,
                "priority": "critical" if "critical" in alarm else "medium",
                "text": {"en": f"Tank 1: {alarm} {limit}", "zh": f"1号罐：{alarm} {limit}"}, **more}
        for key, value in (("raised", raised), ("acknowledged", acked)):
            if value:
                body[key] = time_text(value // 1000)
        self.event(at, "alarm", ("tank-1", alarm), **body)
        self.alarms["tank-1", alarm] = (states[state], raised, who, acked, self.seq)

    def make(self, directory):
        subprocess.run([os.environ["MAKE_RECORD"], directory], input="\n".join(self.lines).encode() + b"\n", check=True)
        with sqlite3.connect(os.path.join(directory, "history.db")) as db:
            db.execute("UPDATE point SET unit = '' WHERE unit = '-'")
            db.executemany("INSERT INTO calibration VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self.calibrations)
        db = sqlite3.connect(os.path.join(directory, "state.db"))
        for digest, (at, text) in self.configurations.items():
            db.execute("INSERT INTO configuration VALUES(?, ?, ?)", (bytes.fromhex(digest), at * 1000, text))
        for (asset, alarm), (state, raised, who, acked, seq) in self.alarms.items():
            db.execute("INSERT INTO alarm(asset, alarm, state, raised_utc_us, who, acked_utc_us, seq) VALUES(?, ?, ?, ?, ?, ?, ?)", (asset, alarm, state, raised, who, acked, seq))
        db.commit()
        db.close()


def a_day(directory, warm=True):
    """Tank 1 on 2026-11-23 UTC: warm from 10:00 to 10:20 (peak -118 at 10:10), the monitor stopped from 15:00 to 15:30,
    the device silent from 18:00 to 18:05, the level low from 20:00 to 20:10."""
    r, day, s = Record(), ms("2026-11-23T00:00:00"), 1000
    r.points(("tank-1", "temperature", "°C", 1), ("tank-1", "level", "cm", 1), ("tank-1", "lid", "-", 0))
    r.start(day - 3600 * s, source())
    r.series(3, day, 10000, 5400, 0, 0)
    r.series(3, day + 55800000, 10000, 3060, 0, 0)
    for slot in range(day, day + 86400 * s, 10 * s):
        t = (slot - day) // s
        if 15 * 3600 <= t < 15 * 3600 + 1800:
            continue
        tenths = -1850 + (t // 10 * 7 % 9) - 4
        if warm and 36000 <= t < 37200:
            tenths = -1780 + int(600 * (1 - abs(t - 36600) / 600))
        if warm and 18 * 3600 <= t < 18 * 3600 + 300:
            r.reading(1, slot, "-", "bad", "timeout")
        else:
            r.reading(1, slot, f"{tenths / 10:.1f}")
        level = 8.5 if warm and 72000 <= t < 72600 else 20 + 5 * ((t % 21600) / 21600)
        r.reading(2, slot, f"{level:.1f}")
    at = day + 36000 * s
    r.alarm(at + 370 * s, "raised", "temperature-high", "unacknowledged", limit=-165.0, value=-164.0, unit="°C")
    r.alarm(at + 420 * s, "raised", "temperature-critical", "unacknowledged", value=-149.0, unit="°C")
    r.alarm(at + 480 * s, "acknowledged", "temperature-critical", "acknowledged", by="li.na", note="加液中 filling")
    r.alarm(at + 1000 * s, "returned", "temperature-critical", "normal")
    r.alarm(at + 1130 * s, "returned", "temperature-high", "returned-unacknowledged", limit=-165.0)
    r.reload(day + 43200 * s, source("-160"), "wang.wei",
             "assets.tank-1.alarms.temperature-high.high: -165 °C -> -160 °C")
    r.event(day + 15 * 3600 * s, "stop")
    r.start(day + 15 * 3600 * s + 1800 * s, source("-160"))
    r.event(day + 86000 * s, "review", by="zhang.min", name="Zhang Min 张敏", meaning="reviewed",
            comment="excursion explained", **{"from": "2026-11-22T16:00:00.000Z", "to": "2026-11-23T16:00:00.000Z"},
            covers={"sha256": "ab" * 32})
    r.make(directory)
    return day
