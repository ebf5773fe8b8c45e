#!/usr/bin/python3
"""cryoctl tanks: what is understood of tanks and supplies; what is not known says why."""
import copy
import json
import os
import subprocess
import unittest

from cryoctl_case import CRYOCTL, Case, environment
from fake_daemon import FakeDaemon, alarm, demo_status, point

UNITS = {"boil-off": ("L/d", 2), "boil-off-level": ("cm/d", 2), "time-to-150": ("h", 1), "time-to-empty": ("h", 1),
         "vacuum-index": ("", 2), "since-fill": ("h", 1), "drawn-day": ("L/d", 1), "days-left": ("d", 1),
         "since-any-fill": ("h", 1), "phase": ("", 0), "vacuum": ("", 0), "cause": ("", 0)}
ZH = {"static": "静置", "filling": "补液中", "good": "良好", "failing": "失效中", "vacuum": "真空", "none": "无", "unknown": "未知"}


def derived(asset, kind, point_id, value):
    """value: a number, three of them (value, least, most), a state, or a reason in <>."""
    unit, decimals = UNITS[point_id.removesuffix("-least").removesuffix("-most")]
    if isinstance(value, tuple):
        names = (point_id, point_id + "-least", point_id + "-most")
        return [p for name, v in zip(names, value) for p in derived(asset, kind, name, v)]
    bad = isinstance(value, str) and value.startswith("<")
    p = point(*asset, point_id, None if bad or isinstance(value, str) else value, unit, decimals, kind=kind,
              quality="bad" if bad else "good", reason=value.strip("<>") if bad else None, point_zh=point_id)
    if isinstance(value, str) and not bad:
        p.update(value=1, state=value, state_name={"en": value, "zh": ZH[value]})
    return [{**p, "derived": True}]


def tank(number, level, **values):
    asset = ("tank-%d" % number, "Tank %d" % number, "%d号罐" % number)
    points = [point(*asset, "level", level, "cm", 1)]
    for name, value in values.items():
        points += derived(asset, "tank", name.replace("_", "-"), value)
    return points


def status():
    s = demo_status()
    supply = ("supply", "Supply tank", "供液罐")
    s["points"] = (
        tank(1, 41.2, phase="static", boil_off=(3.21, 2.9, 3.6), time_to_150=(123.0, 96.5, 156.2), time_to_empty=(110.0, 90.0, 130.0),
             vacuum="good", vacuum_index=(1.02, 0.95, 1.1), cause="none", since_fill=7.5)
        + tank(2, 12.0, phase="static", boil_off=("<no-shape>", "<no-shape>", "<no-shape>"), boil_off_level=(4.5, 4.1, 4.9),
               time_to_150=("<no-capacity>", 31.4, "<no-capacity>"), time_to_empty=(31.4, 28.0, 36.1), vacuum="failing",
               vacuum_index=(2.3, 1.9, 2.8), cause="vacuum", since_fill=60.2)
        + tank(3, 25.0, phase="filling", boil_off=("<learning>",) * 3, time_to_150=("<learning>",) * 3,
               time_to_empty=(70.0, 60.0, 90.0), vacuum="unknown", vacuum_index=("<learning>",) * 3, cause="<learning>",
               since_fill="<learning>")
        + tank(4, 30.0)
        + [point(*supply, "stock", 512.0, "L", kind="utility"), point(*supply, "pressure", None, "bar", 1, "bad", "timeout", kind="utility")]
        + derived(supply, "utility", "drawn-day", 38.5) + derived(supply, "utility", "days-left", (8.1, 6.9, 9.8))
        + derived(supply, "utility", "since-any-fill", 2.1)
        + [point("ups", "UPS", "UPS", "battery", 99.0, "%", kind="utility"),
           point("room-1", "Storage hall", "储存大厅", "oxygen", 20.9, "%", kind="room")])
    s["alarms"] = [alarm("tank-2", "Tank 2", "2号罐", "vacuum-failing", "high", "unacknowledged"),
                   alarm("tank-2", "Tank 2", "2号罐", "fill-overdue", "medium", "acknowledged")]
    return s


class Tanks(Case):
    def setUp(self):
        super().setUp()
        self.daemon = FakeDaemon(self.path, status()).__enter__()
        self.addCleanup(self.daemon.stop)

    def test_tables(self):
        for language in ("en", "zh"):
            self.golden("tanks.%s.txt" % language, self.run_ctl("tanks", "--lang", language))

    def test_nothing_is_blank(self):
        rows = [line for line in self.run_ctl("tanks").splitlines() if line.lstrip("! ").startswith("Tank")]
        self.assertEqual(len(rows), 4)
        unknown, unconfigured = rows[2], rows[3]
        self.assertIn("-- learning", unknown)
        self.assertIn("70.0", unknown.replace("2.9 d", "70.0"))  # to empty, where -150 is not known
        self.assertEqual(unconfigured.count("-- not configured"), 5)

    def test_at_least(self):
        self.assertIn("at least 31.4 h to -150 °C", self.run_ctl("tanks"))

    def test_one(self):
        shown = self.run_ctl("tanks", "tank-2")
        for words in ("boil-off-level  4.5 cm/d (4.1-4.9)", "-- no shape configured", "vacuum-index    2.30 (1.90-2.80)", "high vacuum-failing, NOT ACKNOWLEDGED"):
            self.assertIn(words, shown)
        self.assertNotIn("-least", shown)
        self.assertIn("no `vessel`", self.run_ctl("tanks", "tank-4"))
        self.run_ctl("tanks", "room-1", expect=1)
        self.assertIn("no tank or supply \"room-1\"", self.err)

    def test_json(self):
        answer = json.loads(self.run_ctl("tanks", "--json"))
        self.assertEqual([t["asset"] for t in answer["tanks"]], ["tank-1", "tank-2", "tank-3", "tank-4"])
        self.assertEqual([s["asset"] for s in answer["supplies"]], ["supply"])
        first, second, third, fourth = answer["tanks"]
        boil_off = first["derived"]["boil-off"]
        self.assertEqual((boil_off["value"], boil_off["least"], boil_off["most"], boil_off["unit"]), (3.21, 2.9, 3.6, "L/d"))
        self.assertEqual((second["derived"]["time-to-150"]["reason"], second["derived"]["time-to-150"]["least"]), ("no-capacity", 31.4))
        self.assertNotIn("most", second["derived"]["time-to-150"])
        self.assertEqual(third["derived"]["boil-off"]["reason"], "learning")
        self.assertEqual((fourth["understood"], fourth["derived"]), (False, {}))
        self.assertEqual([a["alarm"] for a in second["alarms"]], ["vacuum-failing", "fill-overdue"])

    def test_status_is_not_flooded(self):
        shown = self.run_ctl("status")
        self.assertNotIn("boil-off", shown)
        self.assertIn("; 1 of 8 points bad", shown)  # what is learning is no bad point

    def test_watch_tells_states_and_no_numbers(self):
        with subprocess.Popen([CRYOCTL, "watch", "--socket", self.path], stdout=subprocess.PIPE, env=environment()) as watch:
            self.addCleanup(watch.kill)
            self.daemon.wait_calls(1)
            changed = copy.deepcopy(self.daemon.status)
            for p in changed["points"]:
                if (p["asset"], p["point"]) == ("tank-3", "phase"):
                    p.update(state="static", state_name={"en": "static", "zh": "静置"})
                if (p["asset"], p["point"]) == ("tank-3", "boil-off"):
                    p.update(value=3.0, quality="good")
            changed["alarms"] = []
            self.daemon.status = changed
            lines = []
            while not lines or "normal" not in lines[-1]:
                lines.append(watch.stdout.readline().decode())
            watch.kill()
        self.assertTrue(any("Tank 3: phase static (was filling)" in line for line in lines), lines)
        self.assertFalse(any("boil-off" in line for line in lines), lines)

    def test_no_daemon(self):
        self.daemon.stop()
        self.run_ctl("tanks", expect=3)

    def test_relearn(self):
        self.daemon.answers["VesselRelearn"] = {"seq": 17}
        self.assertIn("(event 17)", self.run_ctl("vessel", "relearn", "tank-1", "--reason", "new vacuum valve"))
        self.assertEqual(self.daemon.calls[-1]["parameters"], {"asset": "tank-1", "note": "new vacuum valve"})
        self.run_ctl("vessel", "relearn", "tank-1", expect=2)
        self.assertIn("--reason", self.err)


class Check(Case):
    def test_what_can_not_be_told(self):
        profiles = os.environ["CRYOMON_PROFILES"]
        config = """
site: {id: s}
buses: {b: {tcp: {host: 127.0.0.1}}}
devices: {d: {bus: b, unit: 1, profile: cryosim-tank}, f: {bus: b, unit: 2, profile: cryosim-freezer}}
assets:
  tank-1: {kind: tank, points: {level: {device: d, register: level}}, vessel: {level: level}}
  crf: {kind: freezer, points: {chamber: {device: f, register: chamber}}, runs: {chamber: chamber}}
"""
        with open(os.path.join(self.directory.name, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write(config)
        shown = self.run_ctl("check", self.directory.name, socket=False, CRYOMON_PROFILES=profiles)
        self.assertIn("Understood: tanks 1, supplies 0, freezers 1; programs 0.", shown)
        self.assertIn("without a shape, no litres are told: tank-1", shown)
        self.assertIn("without a program, runs are judged only when one is prepared: crf", shown)


class Runs(Case):
    """What people say of runs, as the daemon gets it."""
    def setUp(self):
        super().setUp()
        self.daemon = FakeDaemon(self.path).__enter__()
        self.addCleanup(self.daemon.stop)

    def sent(self, *arguments, answer=None, **more):
        self.daemon.answers = {m: answer or {"seq": 5} for m in ("RunPrepare", "RunNote", "RunAccept", "RunReject")}
        out = self.run_ctl("run", *arguments, **more)
        call = self.daemon.calls[-1]
        return call["method"].rsplit(".", 1)[1], call["parameters"], out

    def test_prepare(self):
        method, parameters, out = self.sent("prepare", "crf-1", "--program", "cryomed-700", "--operator", "李娜", "--lot", "A-1", "--lot", "A-2")
        self.assertEqual((method, parameters), ("RunPrepare", {"asset": "crf-1", "program": "cryomed-700", "operator": "李娜",
                                                               "lots": ["A-1", "A-2"]}))
        self.assertIn("(event 5)", out)
        self.run_ctl("run", "prepare", "crf-1", expect=2)

    def test_note(self):
        method, parameters, _ = self.sent("note", "crf-1", "last", "bag 3 leaked")
        self.assertEqual((method, parameters), ("RunNote", {"asset": "crf-1", "run": "last", "note": "bag 3 leaked"}))
        self.assertEqual(self.sent("note", "crf-1", "last", "--lot", "A-3")[1], {"asset": "crf-1", "run": "last", "lots": ["A-3"]})
        self.run_ctl("run", "note", "crf-1", "last", expect=2)

    def test_decisions(self):
        method, parameters, _ = self.sent("accept", "crf-1", "1790000605023")
        self.assertEqual((method, parameters), ("RunAccept", {"asset": "crf-1", "run": "crf-1@1790000605023"}))
        self.run_ctl("run", "reject", "crf-1", "last", expect=2)
        self.assertIn("why it is rejected", self.err)
        method, parameters, _ = self.sent("reject", "crf-1", "crf-1@1790000605023", "--reason", "lid was open")
        self.assertEqual((method, parameters), ("RunReject", {"asset": "crf-1", "run": "crf-1@1790000605023", "note": "lid was open"}))

    def test_refusals_are_told(self):
        self.daemon.error["RunAccept"] = ("io.cryomon.Monitor.PermissionDenied", {})
        self.run_ctl("run", "accept", "crf-1", "last", expect=4)
        out = self.run_ctl("run", "accept", "crf-1", "last", "--json", expect=4)
        self.assertEqual(json.loads(out)["ok"], False)

    def test_words_behind_run(self):
        self.run_ctl("run", expect=2, socket=False)
        self.assertIn("show, prepare, note, accept, reject, report", self.err)
        self.run_ctl("run", "accept", "crf-1", "last", "--lot", "A-1", expect=2)
        self.assertIn('--lot has no meaning with "run accept"', self.err)


if __name__ == "__main__":
    unittest.main()
