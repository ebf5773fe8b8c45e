"""cryoctl runs: a freezer's runs are found in its stored readings, judged, and nothing is made up."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
from datetime import datetime

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

    def ctl(self, *arguments, config="etc", code=0):
        environment = dict(os.environ, CRYOMON_PROFILES=str(PROGRAMS.parent / "devices"), LC_ALL="C.UTF-8", TZ="UTC")
        done = subprocess.run([CRYOCTL, "runs", *arguments, "--dir", str(self.dir / "data"), "--config", str(self.dir / config)],
                              capture_output=True, text=True, env=environment, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def runs(self, *arguments, **more):
        return json.loads(self.ctl("crf", "--from", "2026-09-21", "--to", "2026-09-23", "--json", *arguments, **more))

    def judged(self):
        return self.runs("--program", str(PROGRAMS / "cryomed-700.yaml"))

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


if __name__ == "__main__":
    unittest.main()
