#!/usr/bin/python3
"""replay: what cryomon derives of a tank would have been alarmed with other limits; on a month of a simulated vessel."""
import datetime
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

from cryoctl_case import Case

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../report"))
import record  # noqa: E402

PROFILES = os.path.join(record.ROOT, "config", "devices")
S = 1000
DAY = 86400 * S
START = record.ms("2026-10-20T00:00:00")
DAYS = 33
QUIET = (24, 30)  # nothing is wrong
POINTS = [("level", "cm", 1, "level_reading_cm"), ("temperature", "°C", 1, "top_reading_c"), ("lid", "", 0, "lid_open"),
          ("fill-valve", "", 0, "filling")]
# From noon of day 30 on the vacuum is bad, and nothing fills the tank for two days: it warms.
SCRIPT = [{"at": "30 d 12:00", "tank-1": {"vacuum": "20 Pa"}}, {"at": "30 d 12:00", "tank-1": {"supply": "off"}},
          {"at": "32 d 12:00", "tank-1": {"supply": "on"}}]
CONFIGURATION = """site: {id: demo}
mqtt: {broker: "mqtt://127.0.0.1:1"}
buses: {hall: {tcp: {host: 127.0.0.1}}}
devices: {c1: {bus: hall, unit: 1, profile: cryosim-vessel, interval: 5 min}}
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
        subprocess.run([os.environ["CRYOSIM"], "--simulate", "--step", "5min", "--every", "5min", "--ahead", "0", "--until", f"{DAYS}d",
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

    def replay(self, *changes, arguments=(), **more):
        return json.loads(self.ctl("--json", *arguments, changes=changes, **more))

    def alarms(self, facts):
        return {a["alarm"]: (a["in_force"], a["candidate"]) for a in facts["alarms"]}

    def test_the_same_limits(self):
        self.record = self.events()
        f = self.replay()
        self.assertEqual((f["n_lost"], f["n_gained"], f["n_later"], f["n_earlier"], f["n_excursions_lost"]), (0, 0, 0, 0, 0))
        for alarm in ("time-left-medium", "time-left-high", "time-left-critical", "vacuum-failing", "fill-overdue"):
            today, then = self.alarms(f)[alarm]
            self.assertGreater(today, 0, alarm)
            self.assertEqual(today, then, alarm)
            # It warms to the end: what holds is not over in between because it is judged by something else.
            if alarm.startswith("time-left"):
                self.assertEqual(today, 1, alarm)
        # It has learned from the 28 days before.
        self.assertFalse(f["derived"]["learned_less"])
        self.assertLess(abs(record.ms(f["derived"]["learned_from"].rstrip("Z")) - (START + 2 * DAY)), 0.1 * DAY)
        self.assertEqual(f["derived"]["learned_times"], 1)
        # What told of the warm tank is what is derived of it, before any limit: of its point it has one that is reached later.
        self.assertEqual(f["excursions"][-1]["in_force"]["alarm"], "time-left-critical")
        self.assertLess(f["excursions"][-1]["in_force"]["after_seconds"], 0)
        self.assertEqual({(n["alarm"], n["why"]) for n in f["not_tried"]},
                         {("manual-reading-overdue", "manual-rounds"), ("manual-reading-beyond-high", "manual-rounds")})
        self.assertEqual(f["not_known"], [])

    def test_nothing_of_an_asset_is_lost_when_only_it_is_asked_for(self):
        self.record = self.events()
        self.assertEqual({**self.replay(), "asset": "tank-1"}, self.replay(arguments=["--asset", "tank-1"]))

    def test_hours_left(self):
        self.record = self.events()
        f = self.replay(("critical: 2 h", "critical: 5 h"))
        self.assertEqual({g["alarm"] for g in f["gained"] + f["earlier"]}, {"time-left-critical"})
        self.assertEqual((f["n_lost"], f["n_later"]), (0, 0))
        f = self.replay(("medium: 12 h, high: 6 h, critical: 2 h", "medium: 4 h, high: 3 h, critical: 2 h"))
        self.assertIn("time-left-high", [e["alarm"] for e in f["later"] + f["lost"]])
        self.assertNotIn("time-left-critical", [e["alarm"] for e in f["later"] + f["lost"]])

    def test_a_fill_that_may_not_take_so_long(self):
        self.record = self.events()
        f = self.replay(("at_most: 3 h", "at_most: 5 min"), span=QUIET)
        self.assertEqual({g["alarm"] for g in f["gained"]}, {"fill-too-long"})
        self.assertEqual(len(f["gained"]), self.fills(*QUIET))
        self.assertEqual(f["n_lost"], 0)

    def fills(self, since, until):
        filling = [row[4] == "1" for row in self.rows if since <= row[0] < until]
        return sum(b and not a for a, b in zip(filling, filling[1:]))

    def test_a_fill_that_should_start_earlier(self):
        self.record = self.events()
        f = self.replay(("fill_start: 14 cm", "fill_start: 16 cm"), span=QUIET)
        self.assertIn("fill-overdue", {g["alarm"] for g in f["gained"]})
        self.assertEqual(f["n_lost"], 0)
        self.assertEqual(self.replay(("low_level: 8 cm", "low_level: 9 cm"), span=QUIET)["n_gained"], 0)

    def test_an_excursion_that_only_what_is_derived_tells(self):
        self.record = self.events()
        f = self.replay(("high: -140", "high: -10"))
        self.assertEqual(f["excursions"][-1]["candidate"]["alarm"], "time-left-critical")
        self.assertIn(("temperature-high", "tank-1/time-left-critical"), [(i["alarm"], i["still_told_by"]) for i in f["lost"]])
        vessel = CONFIGURATION[CONFIGURATION.index("    vessel:"):]
        f = self.replay(("high: -140", "high: -10"), (vessel, ""), expect=1)
        self.assertGreater(f["n_excursions_lost"], 0)
        self.assertIn("time-left-critical", [i["alarm"] for i in f["lost"]])

    def test_a_limit_of_what_is_derived(self):
        """It is judged by what the candidate derives, not by what the record has."""
        self.record = self.events()
        more = ("    alarms:\n", "    alarms:\n      boil-off-high: {point: boil-off, high: 20 L/d, priority: medium}\n")
        f = self.replay(more)
        self.assertEqual({g["alarm"] for g in f["gained"]}, {"boil-off-high"})
        self.assertEqual(self.replay(more, span=QUIET)["n_gained"], 0)

    # ---- what happened meanwhile

    def test_a_start_forgets_nothing(self):
        """The daemon is started while the tank is warm: what holds is told on, not again and not never."""
        before = self.record = self.events()
        plain = self.alarms(self.replay())
        shutil.rmtree(before)
        at = START + int(31.5 * DAY)
        self.record = self.events(lambda r: r.event(at, "stop"), lambda r: r.start(at + 30000, source()))
        f = self.replay()
        self.assertEqual(self.alarms(f), plain)
        self.assertAlmostEqual(f["stopped_seconds"], 30, delta=1)

    def test_a_reload_learns_anew(self):
        at = START + int(31.5 * DAY)
        other = source(CONFIGURATION.replace("fill_takes_at_most: 3 h", "fill_takes_at_most: 2 h"))
        self.record = self.events(lambda r: r.reload(at, other, "admin", ""))
        f = self.replay(("fill_takes_at_most: 3 h", "fill_takes_at_most: 2 h"))
        self.assertEqual((f["derived"]["learned_times"], len(f["in_force"])), (2, 2))
        self.assertNotIn("time-left-critical", [i["alarm"] for i in f["lost"] + f["gained"] + f["later"]])
        self.assertNotIn("vacuum-failing", [i["alarm"] for i in f["lost"] + f["gained"] + f["later"]])

    def test_a_baseline_that_somebody_had_learned_anew(self):
        """It is true for both: a vacuum that is measured against what it is since the repair does not fail. (Filled again at
        day 32.5 its top stays hot over a good level: that needs no baseline.)"""
        at = START + int(30.51 * DAY)
        self.record = self.events(lambda r: r.event(at, "run", ("tank-1", "-"), transition="relearned", asset="tank-1", note="moved"))
        self.assertNotIn("vacuum-failing", self.alarms(self.replay(span=(30, 32.4))))

    def test_a_record_that_is_short(self):
        self.record = self.events()
        f = self.replay(span=(5, 6))
        self.assertTrue(f["derived"]["learned_less"])
        self.assertEqual(f["derived"]["learned_from"], time_text(0).replace("Z", ".020Z"))
        self.assertIn("does not reach back far enough", self.ctl(span=(5, 6)))
        self.assertIsNone(self.replay(span=(-1, 0))["derived"]["learned_from"])

    def test_a_level_that_the_record_does_not_have(self):
        self.record = self.events()
        f = self.replay(("level: {device: c1, register: level}", "height: {device: c1, register: level}"), ("level: level\n", "level: height\n"),
                        span=QUIET)
        unknown = {n["point"]: n["alarms"] for n in f["not_known"]}
        self.assertIn("time-left-critical", unknown["height"])

    def test_words(self):
        self.record = self.events()
        out = self.ctl(span=QUIET)
        self.assertIn("tanks, supplies and freezers: learned from the readings since 2026-10-", out)
        self.assertIn("people's rounds are not replayed", out)
        self.assertIn("不重放人工巡检", self.ctl("--lang", "zh", span=QUIET))


RUNS = """site: {id: s}
mqtt: {broker: "mqtt://127.0.0.1:1"}
buses: {b: {tcp: {host: 127.0.0.1}}}
devices: {f: {bus: b, unit: 1, profile: cryosim-freezer, interval: 5 s}}
assets:
  crf:
    kind: freezer
    points:
      chamber: {device: f, register: chamber}
      sample: {device: f, register: sample}
      setpoint: {device: f, register: setpoint}
      segment: {device: f, register: segment}
      program: {device: f, register: program}
    runs:
      chamber: chamber
      sample: sample
      setpoint: setpoint
      segment: segment
      status: {point: program, running: run, held: [hold, holdback], complete: complete, idle: reset}
      program: cryomed-700
      expected: ["daily 14:00"]
"""
BEGAN = 1790000600000  # of the run in make_runs that is complete; ms


class ReplayRuns(Case):
    """Two runs of a simulated freezer; the second is stopped, and has 100 s without readings."""

    def setUp(self, changes=None, **environment):
        super().setUp()
        text = RUNS
        for old, new in (changes or {}).items():
            text = text.replace(old, new)
        with open(os.path.join(record.ROOT, "config/programs/cryomed-700.yaml"), encoding="utf-8") as f:
            program = f.read()
        self.programs = {"cryomed-700": program, "tight": program.replace("deviation: 15 °C", "deviation: 0.2 °C")}
        with open(os.path.join(PROFILES, "cryosim-freezer.yaml"), encoding="utf-8") as f:
            text = "--- /etc/cryomon/cryomon.yaml\n" + text + "--- /usr/share/cryomon/devices/cryosim-freezer.yaml\n" + f.read()
        for name, body in self.programs.items():
            text += f"--- programs/{name}.yaml\n{body}"
        path = os.path.join(self.directory.name, "source")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        self.record = os.path.join(self.directory.name, "record")
        os.mkdir(self.record)
        subprocess.run([os.environ["MAKE_RUNS"], self.record, path], check=True, capture_output=True, env=dict(os.environ, **environment))

    def replay(self, *changes, text=RUNS, expect=0):
        path = os.path.join(self.directory.name, "new")
        os.makedirs(os.path.join(path, "programs"), exist_ok=True)
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        for name, body in {"../cryomon": text, **self.programs}.items():
            with open(os.path.join(path, "programs", name + ".yaml"), "w", encoding="utf-8") as f:
                f.write(body)
        return json.loads(self.run_ctl("replay", "--json", "--config", path, "--dir", self.record, "--from", "2026-09-21T14:00:00Z", "--to",
                                       "2026-09-21T18:00:00Z", socket=False, expect=expect, CRYOMON_PROFILES=PROFILES))

    def said(self, at, run=BEGAN, **body):
        subprocess.run([os.environ["APPEND_EVENT"], self.record, "run", json.dumps({"asset": "crf", "freezer_run": f"crf@{run}", **body})],
                       check=True, env=dict(os.environ, EVENT_UTC_MS=str(at), EVENT_ASSET="crf"), capture_output=True)

    def in_force(self, text, at, started):
        """Another configuration comes in force, by a start or a reload."""
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        with sqlite3.connect(os.path.join(self.record, "state.db")) as db:
            db.execute("INSERT INTO configuration VALUES(?, ?, ?)", (bytes.fromhex(sha256), at * 1000, text))
        subprocess.run([os.environ["APPEND_EVENT"], self.record, "start" if started else "configuration",
                        json.dumps({"configuration": sha256} if started else {"by": "admin", "sha256": sha256})],
                       check=True, env=dict(os.environ, EVENT_UTC_MS=str(at)), capture_output=True)

    def alarms(self, facts):
        return {a["alarm"]: (a["in_force"], a["candidate"]) for a in facts["alarms"]}

    def test_runs(self):
        f = self.replay()
        alarms = self.alarms(f)
        self.assertEqual((f["n_lost"], f["n_gained"], f["n_later"], f["n_earlier"]), (0, 0, 0, 0))
        self.assertEqual((alarms["run-no-data"], "run-deviation" in alarms), ((1, 1), False))
        self.assertIn({"asset": "crf", "alarm": "run-late", "why": "expected-runs"}, f["not_tried"])
        f = self.replay(("program: cryomed-700", "program: tight"))
        self.assertLessEqual({g["alarm"] for g in f["gained"]} - {"chattering"}, {"run-deviation"})
        self.assertGreater(f["n_gained"], 0)
        f = self.replay(("      program: cryomed", "      gap: 5 min\n      program: cryomed"))
        self.assertEqual([i["alarm"] for i in f["lost"]], ["run-no-data"])

    def test_a_second_probe(self):
        """What the daemon would have told of each sample, and what the record says of it, agree."""
        two = ("sample: {device: f, register: sample}\n", "sample: {device: f, register: sample, name: {en: Bag A, zh: A袋}}\n"
               "      sample-b: {device: f, register: sample, name: {en: Bag B, zh: B袋}}\n"), ("sample: sample", "sample: [sample, sample-b]")
        self.setUp(dict(two), SECOND_SAMPLE="1")
        f = self.replay(*two)
        self.assertEqual(self.alarms(f)["run-no-exotherm"], (1, 1))
        self.assertEqual(self.alarms(self.replay())["run-no-exotherm"], (1, 0))
        show = ("run", "show", "crf", f"crf@{BEGAN}", "--dir", self.record)
        run = json.loads(self.run_ctl(*show, "--json", socket=False))
        self.assertEqual([(r["why"], r["sample"]) for r in run["reasons"]], [("no-exotherm", 2)])
        self.assertEqual([(s["point"], s["name"], s["ice"]["seen"]) for s in run["samples"]],
                         [("sample", "Bag A", True), ("sample-b", "Bag B", False)])
        self.assertEqual(run["last_sample"], max(s["last"] for s in run["samples"]))
        out = self.run_ctl(*show, socket=False)
        self.assertIn("Ice, sample 1 (Bag A)", out)
        self.assertRegex(out, r"Ice, sample 2 \(Bag B\) +not seen")
        self.assertIn("sample 2: no exotherm", out)
        self.assertIn("样品 2（B袋）", self.run_ctl(*show, "--lang", "zh", socket=False))
        runs = self.run_ctl("runs", "crf", "--dir", self.record, "--from", "2026-09-21", "--to", "2026-09-22", socket=False)
        self.assertIn("sample 2: ice at --, supercooled --", runs)

    def test_the_program_that_somebody_had_chosen(self):
        self.said(BEGAN + 1000, transition="began", program="tight")
        today, then = self.alarms(self.replay())["run-deviation"]
        self.assertGreater(today, 0)
        self.assertEqual(today, then)

    def test_a_program_that_was_edited_while_a_run_went_on(self):
        """As the daemon judged it: by the file as it was when the run began, and after a start, where that is gone, by none."""
        with open(os.path.join(self.directory.name, "source"), encoding="utf-8") as f:
            edited = f.read().replace("deviation: 15 °C", "deviation: 0.2 °C")
        sha256 = hashlib.sha256(self.programs["cryomed-700"].encode()).hexdigest()
        self.said(BEGAN + 1000, transition="began", program="cryomed-700", program_sha256=sha256)
        before = os.path.join(self.directory.name, "before")
        shutil.copytree(self.record, before)
        for started in (False, True):
            shutil.rmtree(self.record)
            shutil.copytree(before, self.record)
            self.in_force(edited, BEGAN + 600 * S, started)
            lost = [i["from"] for i in self.replay(expect=1)["lost"] if i["alarm"] == "run-deviation"]
            self.assertGreater(len(lost), 0)  # of the next run: it follows the new file
            self.assertGreater(min(record.ms(at.rstrip("Z")) for at in lost), BEGAN + 7200 * S, started)
        # The candidate tries its own file of that name.
        self.programs["cryomed-700"] = self.programs["tight"]
        self.assertGreater(self.alarms(self.replay())["run-deviation"][1], 0)

    def test_a_run_that_was_left_until_somebody_came(self):
        """The second run did not come to its end: that is told until somebody says that he has its bags."""
        begin = BEGAN + 7800 * S
        runs = RUNS[RUNS.index("    runs:"):]

        def left():
            return next(i["to"] for i in self.replay((runs, ""))["lost"] if i["alarm"] == "run-abandoned")
        self.assertIsNone(left())
        self.said(begin, run=begin, transition="began", program="cryomed-700")
        self.said(begin + 1700 * S, run=begin, transition="ended", program="cryomed-700")
        self.said(begin + 2000 * S, run=begin, transition="noted", note="in the tank")
        self.assertLess(record.ms(left().rstrip("Z")) - begin - 2000 * S, 11 * S)


if __name__ == "__main__":
    unittest.main()
