"""cryoctl runs: a freezer's runs are found in its stored readings, judged, and nothing is made up."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
from datetime import datetime, timezone

CRYOCTL = os.environ["CRYOCTL"]
PROGRAMS = pathlib.Path(os.environ["CRYOMON_CONFIG_DIR"]) / "programs"
CONFIG = """
site: {id: s}
buses: {b: {tcp: {host: 127.0.0.1}}}
devices: {f: {bus: b, unit: 1, profile: cryosim-freezer}}
assets:
  crf:
    kind: freezer
    points:
      chamber: {device: f, register: chamber}
      sample: {device: f, register: sample}
      setpoint: {device: f, register: setpoint}
      segment: {device: f, register: segment}
      program: {device: f, register: program}
"""


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="cryomon-runs-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        (cls.dir / "etc").mkdir()
        (cls.dir / "empty").mkdir()
        (cls.dir / "etc/cryomon.yaml").write_text(CONFIG, encoding="utf-8")
        (cls.dir / "data").mkdir()
        made = subprocess.run([os.environ["MAKE_RUNS"], str(cls.dir / "data")], check=True, capture_output=True, text=True)
        cls.truth = json.loads(made.stdout)

    def ctl(self, *arguments, config="etc", code=0, data="data", verb="runs"):
        environment = dict(os.environ, CRYOMON_PROFILES=str(PROGRAMS.parent / "devices"), LC_ALL="C.UTF-8", TZ="UTC")
        done = subprocess.run([CRYOCTL, verb, *arguments, "--dir", str(self.dir / data), "--config", str(self.dir / config)],
                              capture_output=True, text=True, env=environment, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def runs(self, *arguments, **more):
        return json.loads(self.ctl("crf", "--from", "2026-09-21", "--to", "2026-09-23", "--json", *arguments, **more))

    def judged(self, **more):
        return self.runs("--program", str(PROGRAMS / "cryomed-700.yaml"), **more)

    def test_both_runs_are_found(self):
        whole, stopped = self.runs()["runs"]
        self.assertEqual((whole["how"], stopped["how"]), ("complete", "stopped"))
        self.assertEqual(whole["recognised_by"], "status")
        self.assertTrue(whole["begin_known"])
        self.assertEqual((whole["gaps"], stopped["gaps"]), (0, 1))
        self.assertAlmostEqual(stopped["longest_gap_seconds"], 105, delta=1)

    def test_ice_is_where_the_simulator_had_it(self):
        ice = self.runs()["runs"][0]["ice"]
        onset_us = datetime.fromisoformat(ice["onset_time"].replace("Z", "+00:00")).timestamp() * 1e6
        self.assertTrue(ice["seen"] and not ice["uncertain"])
        self.assertLess(abs(onset_us - self.truth["onset_us"]) / 1e6, 8)
        self.assertAlmostEqual(ice["onset"], self.truth["onset"], delta=0.3)
        self.assertAlmostEqual(ice["supercooling"], self.truth["supercooling"], delta=0.6)
        self.assertAlmostEqual(self.runs()["runs"][0]["zero_to_minus_40_seconds"], self.truth["zero_to_40"], delta=15)

    def test_the_verdict_is_by_the_program(self):
        whole, stopped = self.judged()["runs"]
        self.assertEqual((whole["verdict"], whole["reasons"]), ("within", []))
        self.assertAlmostEqual(whole["steps"][1]["per_minute"], -1, delta=0.05)
        self.assertEqual(stopped["verdict"], "outside")
        self.assertIn("not-complete", [r["why"] for r in stopped["reasons"]])
        self.assertIn("gap", [r["why"] for r in stopped["reasons"]])
        self.assertNotIn("setpoint", [r["why"] for r in stopped["reasons"]])  # it never came to the step's end
        self.assertEqual((whole["guidance"], stopped["guidance"]), ("none", "minus-80"))

    def test_the_program_is_named_by_its_hash(self):
        file = PROGRAMS / "cryomed-700.yaml"
        sha = subprocess.run(["sha256sum", str(file)], check=True, capture_output=True, text=True).stdout.split()[0]
        self.assertEqual(self.judged()["program_sha256"], sha)
        self.assertEqual(self.judged()["program_status"], "example")

    def test_without_a_program_nothing_is_judged(self):
        for run in self.runs()["runs"]:
            self.assertNotEqual(run["verdict"], "within")
            self.assertIn("no-program", [r["why"] for r in run["reasons"]])

    def test_without_a_configuration_the_temperature_tells(self):
        run = self.runs("--program", str(PROGRAMS / "cryomed-700.yaml"), config="empty")["runs"][0]
        self.assertEqual(run["recognised_by"], "temperature")
        self.assertAlmostEqual(run["ice"]["onset"], self.truth["onset"], delta=0.3)

    def test_the_table_says_it_to_people(self):
        shown = self.ctl("crf", "--from", "2026-09-21", "--to", "2026-09-23", "--program", str(PROGRAMS / "cryomed-700.yaml"))
        self.assertIn("within limits", shown)
        self.assertIn("OUTSIDE LIMITS", shown)
        self.assertIn("the program did not come to its end", shown)
        self.assertIn("not into LN2 vapour", shown)
        self.assertIn("an example that nobody has validated", shown)
        chinese = self.ctl("crf", "--from", "2026-09-21", "--to", "2026-09-23", "--lang", "zh")
        self.assertIn("中止", chinese)

    def test_what_is_not_there_is_told(self):
        self.assertIn("nothing", self.ctl("nothing", code=1))
        self.assertIn("no runs there", self.ctl("crf", "--from", "2020-01-01", "--to", "2020-01-02"))
        bad = self.dir / "bad.yaml"
        bad.write_text("name: x\n", encoding="utf-8")
        self.assertIn("'steps' is missing", self.ctl("crf", "--program", str(bad), code=1))

    def test_one_that_was_broken_off_just_before_is_another_run(self):
        """Its lots, and what was decided on it, are not those of the run that was started at once."""
        begin = datetime.fromisoformat(self.runs()["runs"][0]["begin"].replace("Z", "+00:00")).timestamp()
        data = self.dir / "broken-off"
        shutil.copytree(self.dir / "data", data)
        broken = {"asset": "crf", "freezer_run": "crf@%d" % ((begin - 50) * 1000), "lots": ["NOT-THIS"], "operator": "li.na"}
        end = datetime.fromtimestamp(begin - 30, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for more in ({"transition": "began"}, {"transition": "ended", "end": end, "how": "stopped", "verdict": "outside"},
                     {"transition": "rejected", "by": "li.na", "note": "the wrong program"}):
            subprocess.run([os.environ["APPEND_EVENT"], str(data), "run", json.dumps(dict(broken, **more))], check=True)
        run = self.runs(data="broken-off")["runs"][0]
        self.assertFalse(run["recorded"])
        self.assertEqual([key for key in ("operator", "lots", "decided") if run.get(key)], [])

    def test_a_clock_that_was_set_in_a_run_changes_nothing_of_it(self):
        plain = {key: value for key, value in self.judged()["runs"][0].items() if key != "id"}
        for back_s in (3600, -3600, 240):
            data = self.dir / ("data%d" % back_s)
            data.mkdir()
            subprocess.run([os.environ["MAKE_RUNS"], str(data)], check=True, capture_output=True,
                           env=dict(os.environ, SET_BACK_S=str(back_s)))
            step = {"step_us": -back_s * 1000000}
            subprocess.run([os.environ["APPEND_EVENT"], str(data), "clock", json.dumps(step)], check=True,
                           env=dict(os.environ, EVENT_UTC_MS=str(1790000000000 + (2400 - back_s) * 1000 + 700)))
            runs = self.judged(data="data%d" % back_s)["runs"]
            self.assertEqual(len(runs), 2, back_s)
            self.assertEqual(runs[0].pop("clock_set_seconds"), -back_s)
            runs[0].pop("id")
            self.assertEqual(runs[0], plain)
            self.assertEqual(runs[1]["how"], "stopped")
            run = json.loads(self.ctl("show", "crf", "1790000605023", "--json", "--program",
                                      str(PROGRAMS / "cryomed-700.yaml"), data="data%d" % back_s, verb="run"))
            self.assertEqual((run["verdict"], run["lapses"]), ("within", []))

    def test_what_a_bypassed_device_said_is_doubtful(self):
        data = self.dir / "bypassed"
        shutil.copytree(self.dir / "data", data)
        for utc_ms, transition in ((1790000000000 - 20 * 86400000, "bypassed"), (1790000900000, "in-service"),
                                   (1790001200000, "bypassed"), (1790001500000, "in-service")):
            subprocess.run([os.environ["APPEND_EVENT"], str(data), "device", json.dumps({"transition": transition, "device": "f"})],
                           check=True, env=dict(os.environ, EVENT_UTC_MS=str(utc_ms)))
        first, second = self.judged(data="bypassed")["runs"]
        self.assertAlmostEqual(first["uncertain_seconds"], 300 + 300, delta=11)  # it began at ..600
        self.assertEqual((first["verdict"], first["reasons"][0]["why"]), ("unknown", "uncertain"))
        self.assertEqual(second["uncertain_seconds"], 0)

    def test_a_run_met_on_its_way_says_what_was_not_seen(self):
        data = self.dir / "met"
        data.mkdir()
        subprocess.run([os.environ["MAKE_RUNS"], str(data)], check=True, capture_output=True, env=dict(os.environ, UNSEEN_S="600"))
        program = ("--program", str(PROGRAMS / "cryomed-700.yaml"))
        run = self.judged(data="met")["runs"][0]
        self.assertFalse(run["begin_known"])
        self.assertEqual(run["not_known_before"], run["begin"])
        self.assertEqual([step["reached"] for step in run["steps"][:3]], [None, True, True])
        self.assertEqual([step.get("partly_seen", False) for step in run["steps"][:3]], [False, True, False])
        self.assertIsNone(run["steps"][0]["seconds"])
        self.assertEqual(run["verdict"], "unknown")
        whole = self.runs(*program)["runs"][0]
        self.assertEqual([step["reached"] for step in whole["steps"][:3]], [True, True, True])
        self.assertNotIn("not_known_before", whole)
        table = self.ctl("crf", "--from", "2026-09-21", "--to", "2026-09-23", *program, data="met")
        self.assertIn("<= 2026-09-21 14:33:25", table)
        self.assertRegex(table, r">= \d+ min")
        self.assertIn("not known before 2026-09-21 14:33:25", table)
        self.assertRegex(self.ctl("crf", "--from", "2026-09-21", "--to", "2026-09-23", "--lang", "zh", data="met"),
                         r"首次见到时已在运行：2026-09-21 14:33:25\S* 之前未知")
        for form in ((), ("--short",)):
            shown = self.ctl("show", "crf", run["id"], *program, *form, data="met", verb="run")
            first, second = [line for line in shown.splitlines() if re.match(r" *[12]  ", line)]
            self.assertIn("not seen", first)
            self.assertIn("not known", second)
            self.assertEqual(">= " in second, form == ())  # on 80 columns there is no TOOK
            self.assertRegex(shown, r"Data missing +none seen, not known before")
            self.assertNotIn("not reached", shown)
            self.assertRegex(shown, r"\(>= \d+ min")
            chinese = self.ctl("show", "crf", run["id"], *program, *form, "--lang", "zh", data="met", verb="run")
            self.assertRegex(chinese, "数据缺失 +未见，2026-09-21 14:33:25.* 之前未知")
        shown = self.ctl("show", "crf", "last", *program, verb="run")
        self.assertIn("not reached", shown)  # of the other one, which was seen from its begin on
        self.assertNotIn("not known before", shown)

    def test_a_run_whose_end_was_told_does_not_go_on(self):
        data = self.dir / "told"
        shutil.copytree(self.dir / "data", data)
        body = {"asset": "crf", "freezer_run": "crf@1790000605023", "transition": "ended", "how": "complete",
                "verdict": "within", "end": "2026-09-21T14:55:00.000Z"}
        subprocess.run([os.environ["APPEND_EVENT"], str(data), "run", json.dumps(body)], check=True,
                       env=dict(os.environ, EVENT_UTC_MS="1790002500000"))
        (run,) = self.runs("--to", "2026-09-21 15:00", data="told")["runs"]
        self.assertEqual((run["how"], run["verdict"]), ("lost", "unknown"))

ROLES = """
    runs:
      chamber: chamber
      sample: sample
      setpoint: setpoint
      segment: segment
      status: {point: program, running: run, held: [hold, holdback], complete: complete, idle: reset}
      program: cryomed-700
"""


class Recorded(unittest.TestCase):
    """With the configuration of that time and events of the runs in the record: nothing else is needed."""
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="cryomon-runs-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.data = cls.dir / "data"
        cls.data.mkdir()
        program = PROGRAMS / "cryomed-700.yaml"
        cls.sha = hashlib.sha256(program.read_bytes()).hexdigest()
        source = ["--- /etc/cryomon/cryomon.yaml\n", CONFIG + ROLES,
                  "--- /etc/cryomon/devices/cryosim-freezer.yaml\n",
                  (PROGRAMS.parent / "devices/cryosim-freezer.yaml").read_text(encoding="utf-8"),
                  "--- programs/cryomed-700.yaml\n", program.read_text(encoding="utf-8")]
        (cls.dir / "source").write_text("".join(source), encoding="utf-8")
        subprocess.run([os.environ["MAKE_RUNS"], str(cls.data), str(cls.dir / "source")], check=True, capture_output=True)
        cls.first, cls.second = [run["id"] for run in cls.listed()]
        cls.event(1790001000000, cls.first, "began", program="cryomed-700", program_sha256=cls.sha,
                  operator="Li Na", lots=["A-1", "A-2"])
        cls.event(1790004000000, cls.first, "ended", program="cryomed-700", program_sha256=cls.sha, how="complete",
                  verdict="within", end="2026-09-21T15:18:55.023Z")
        cls.event(1790005000000, cls.first, "noted", note="bag 3 leaked", by="chen.yu")
        cls.event(1790006000000, cls.first, "rejected", note="pressed the wrong key", by="wang.min")
        cls.event(1790006100000, cls.first, "accepted", note="checked again", by="li.na", by_operator=True)
        for utc_ms, asset in ((1790009000000, "crf"), (1790009000000, "other"), (1790000000000, "crf")):
            body = {"transition": "raised", "priority": "high", "asset": asset, "alarm": "run-no-data"}
            subprocess.run([os.environ["APPEND_EVENT"], str(cls.data), "alarm", json.dumps(body)], check=True,
                           env=dict(os.environ, EVENT_UTC_MS=str(utc_ms), EVENT_ASSET=asset, EVENT_ALARM="run-no-data"))
        # of the run before: over, and seen only in this one
        for utc_ms, alarm, transition, state in ((1790009001000, "run-abandoned", "returned", "returned-unacknowledged"),
                                                 (1790009002000, "run-abandoned", "acknowledged", "normal"),
                                                 (1790009003000, "run-overshoot", "acknowledged", "normal")):
            body = {"transition": transition, "state": state, "priority": "high", "asset": "crf", "alarm": alarm}
            subprocess.run([os.environ["APPEND_EVENT"], str(cls.data), "alarm", json.dumps(body)], check=True,
                           env=dict(os.environ, EVENT_UTC_MS=str(utc_ms), EVENT_ASSET="crf", EVENT_ALARM=alarm))
        cls.event(1790008406000, cls.second, "began", program="cryomed-700", program_sha256=cls.sha)

    @classmethod
    def event(cls, utc_ms, run, transition, **more):
        body = {"run": "the daemon's own", "asset": "crf", "freezer_run": run, "transition": transition, **more}
        subprocess.run([os.environ["APPEND_EVENT"], str(cls.data), "run", json.dumps(body)], check=True,
                       env=dict(os.environ, EVENT_UTC_MS=str(utc_ms)))

    @classmethod
    def ctl(cls, *arguments, code=0, data=None):
        environment = dict(os.environ, CRYOMON_PROFILES="/nowhere", LC_ALL="C.UTF-8", TZ="UTC")
        done = subprocess.run([CRYOCTL, *arguments, "--dir", str(data or cls.data)], capture_output=True, text=True, env=environment,
                              timeout=60, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    @classmethod
    def listed(cls):
        return json.loads(cls.ctl("runs", "--from", "2026-09-21", "--to", "2026-09-23", "--json"))["runs"]

    def show(self, run, *arguments):
        return json.loads(self.ctl("run", "show", "crf", run, "--json", *arguments))

    def test_the_list_says_who_and_what(self):
        first, second = self.listed()
        self.assertEqual((first["program"], first["program_sha256"]), ("cryomed-700", self.sha))
        self.assertEqual((first["operator"], first["lots"]), ("Li Na", ["A-1", "A-2"]))
        self.assertEqual(first["decided"]["decision"], "accepted")
        self.assertEqual((first["decided"]["by"], first["decided"]["reason"]), ("li.na", "checked again"))
        self.assertEqual((second["decided"]["decision"], second["verdict"]), ("none", "outside"))
        shown = self.ctl("runs", "crf", "--from", "2026-09-21", "--to", "2026-09-23")
        for words in (self.first, "operator Li Na", "lots A-1, A-2", "accepted by li.na (who conducted it)", "checked again"):
            self.assertIn(words, shown)

    def test_a_run_is_judged_by_the_program_of_its_time(self):
        run = self.show(self.first)
        self.assertEqual((run["id"], run["program_from"], run["configuration_in_force"]), (self.first, "record", True))
        self.assertEqual((run["verdict"], run["verdict_then"]), ("within", "within"))
        self.assertEqual([s["kind"] for s in run["steps"]], ["hold", "ramp", "ramp"])
        self.assertAlmostEqual(run["steps"][1]["per_minute"], -1, delta=0.05)
        self.assertEqual(run["notes"][0]["note"], "bag 3 leaked")
        self.assertEqual(run["lapses"], [])

    def test_a_run_is_found_by_what_people_have(self):
        for name in (self.second, self.second.split("@")[1], "last", "2026-09-21 16:40"):
            self.assertEqual(self.show(name)["id"], self.second, name)
        self.assertIn("an id such as", self.ctl("run", "show", "crf", "yesterday", code=2))
        self.assertIn("has no run", self.ctl("run", "show", "crf", "crf@1790000000000", code=1))
        self.assertIn("has no run", self.ctl("run", "show", "crf", "other@1790000605023", code=1))

    def test_what_happened_in_it(self):
        run = self.show("last")
        self.assertEqual([(lapse["what"], lapse["seconds"]) for lapse in run["lapses"]], [("gap", 105)])
        self.assertEqual((run["how"], run["guidance"]), ("stopped", "minus-80"))
        self.assertEqual([(a["alarm"], a["time"]) for a in run["alarms"]], [("run-no-data", "2026-09-21T16:43:20.000Z")])
        self.assertIn("run-no-data: ALARM, high", self.ctl("run", "show", "crf", "last"))
        self.assertEqual([s["reached"] for s in run["steps"]], [True, True, False])

    def test_earlier_accepted_runs_are_compared(self):
        (earlier,) = self.show("last")["earlier"]
        self.assertEqual((earlier["id"], earlier["of"]), (self.first, "sample"))
        self.assertLess(earlier["rms"], 4)  # the same program, another temperature at the begin
        self.assertAlmostEqual(earlier["compared"], 0.45, delta=0.03)  # it was broken off
        self.assertEqual(self.show(self.first)["earlier"], [])
        copy = self.dir / "rejected"
        shutil.copytree(self.data, copy)
        body = {"asset": "crf", "freezer_run": self.first, "transition": "rejected", "by": "li.na", "note": "it was not"}
        subprocess.run([os.environ["APPEND_EVENT"], str(copy), "run", json.dumps(body)], check=True)
        self.assertEqual(json.loads(self.ctl("run", "show", "crf", "last", "--json", data=copy))["earlier"], [])

    def test_a_person_reads_it(self):
        shown = self.ctl("run", "show", "crf", self.first)
        for words in ("CryoMed 700", "Li Na", "A-1, A-2", "within limits", "accepted by li.na", "conforms", "supercooled",
                      "chen.yu: bag 3 leaked", "not measured"):
            self.assertIn(words, shown)
        shown = self.ctl("run", "show", "crf", "last")
        for words in ("OUTSIDE LIMITS", "not into LN2 vapour", "broken off", "not reached", "nobody has decided yet",
                      "1 min 45 s", "apart"):
            self.assertIn(words, shown)
        self.assertIn("尚未决定", self.ctl("run", "show", "crf", "last", "--lang", "zh"))

    def test_the_short_form_is_one_screen(self):
        for language in ("en", "zh"):
            lines = self.ctl("run", "show", "crf", "last", "--short", "--lang", language).splitlines()
            self.assertLess(len(lines), 36)
            self.assertLessEqual(max(map(len, lines)), 80)

    def test_another_program_may_be_given(self):
        run = self.show(self.first, "--program", str(PROGRAMS / "cryomed-1.yaml"))
        self.assertEqual((run["program"], run["program_from"]), ("cryomed-1", "given"))
        self.assertEqual(run["verdict"], "outside")

    def test_a_run_that_goes_on_is_not_judged(self):
        (run,) = json.loads(self.ctl("runs", "crf", "--from", "2026-09-21", "--to", "2026-09-21 15:00", "--json"))["runs"]
        self.assertEqual((run["how"], run["verdict"], run["reasons"]), ("running", None, []))

    def test_what_is_derived_is_no_gap_of_a_device(self):
        found = json.loads(self.ctl("gaps", "crf", "--from", "2026-09-21 14:14", "--to", "2026-09-21 17:15", "--json"))
        named = {p["point"] for gap in found["gaps"] for p in gap["points"]}
        self.assertEqual(named, {"chamber", "sample", "setpoint", "segment", "program"})
        shown = self.ctl("gaps", "crf", "run-deviation", "--from", "2026-09-21 14:14", "--to", "2026-09-21 17:15")
        self.assertIn("no run", shown)

    def test_events_in_words(self):
        shown = self.ctl("events", "--kind", "run", "--from", "2026-09-21", "--to", "2026-09-23")
        self.assertIn("freezer run by li.na  %s, ACCEPTED, checked again" % self.first, shown)
        self.assertIn("ended, complete, within limits", shown)


if __name__ == "__main__":
    unittest.main()
