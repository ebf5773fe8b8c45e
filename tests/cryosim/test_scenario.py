"""Scenario files: every mistake with its place, and the examples that are installed."""
import os
import subprocess
import tempfile
import unittest

from simulator import CRYOSIM, Simulator

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "cryosim")


def check(text):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "s.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([CRYOSIM, "--check", path], capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout, done.stderr.replace(path + ":", "").splitlines()


BASE = """listeners:
  hall: {tcp: {port: 0}}
  line: {rtu: {}}
devices:
  tank: {kind: tank, listener: hall, unit: 1}
"""


class Mistakes(unittest.TestCase):
    def assert_said(self, text, *expected):
        code, out, said = check(text)
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(len(said), len(expected), said)
        for line, wanted in zip(said, expected):
            self.assertTrue(line.startswith(wanted), f"{line!r} does not start with {wanted!r}")

    def test_a_right_one(self):
        self.assertEqual(check(BASE), (0, "", []))

    def test_all_in_one_run(self):
        self.assert_said(
            "sped: 3\nseed: x\nlisteners:\n  a: {tcp: {prt: 3}}\n  b: {}\n  c: {rtu: {baud: 9601}}\ndevices:\n"
            "  t: {kind: tank, listener: c, unit: 300, level: 5 kg, foo: 1}\n  u: {kind: tonk}\n"
            "  v: {kind: ups, listener: nowhere, unit: 1}\n",
            '1:1: no setting "sped"', '2:7: "x" is not an integer', '4:13: no setting "prt"', "4:12: port: missing",
            "5:6: b: needs either tcp or rtu", "6:19: 9601 is not a usual baud rate",
            '8:38: "300" is not an integer in 1 ... 247', '8:50: level: "5 kg" is not a number in cm',
            '8:61: no setting "foo"', '9:13: "tonk" is not one of', '10:28: no listener "nowhere"')

    def test_ids(self):
        self.assert_said(BASE + "  Tank: {kind: tank, listener: hall, unit: 2}\n", '6:3: "Tank" is no id')
        self.assert_said(BASE + "  hall: {kind: tank, listener: hall, unit: 2}\n", '6:3: "hall" is already')
        self.assert_said(BASE + "  all: {kind: tank, listener: hall, unit: 2}\n", '6:3: "all" can\'t be an id')
        self.assert_said(BASE + "  two: {kind: tank, listener: hall, unit: 1}\n", "6:43: unit 1 of hall is already tank")

    def test_table(self):
        self.assert_said(
            BASE + "  plain:\n    kind: table\n    listener: hall\n    unit: 2\n    holes: maybe\n    level: 3\n"
            "    holding: {a: 1, 0: 70000, 65535: [1, 2], 5: float32 WXYZ 1, 7: float32 nan}\n    coils: {0: 2}\n",
            '10:12: holes: "maybe"', '11:5: no setting "level"', '12:15: "a" is not an address',
            '12:24: "70000" is not an integer', "12:42: goes beyond", '12:49: "float32 WXYZ 1"', '13:16: "2" is not 0, 1')

    def test_program(self):
        self.assert_said(
            BASE + "  f:\n    kind: freezer\n    listener: hall\n    unit: 2\n    program:\n"
            "      - {ramp: 1 °C/min, for: 3 min}\n      - {ramp: 0 °C/min, to: 3 °C}\n      - {hold: 4 °F, for: 1 s}\n",
            "11:9: expected {ramp", "12:16: a ramp needs a slope", '13:16: "4 °F" is not a number')
        self.assertEqual(check(BASE + "  f:\n    kind: freezer\n    listener: hall\n    unit: 2\n    program:\n"
                                      "      - {ramp: 2 °C/min, to: -7 °C}\n      - {seed: -7 °C, for: 10 min}\n"),
                         (0, "", []))

    def test_vessels(self):
        self.assert_said(
            BASE + "  a: {kind: vessel, listener: hall, unit: 2, preset: huge, wall_heat: 3 K, source: tank, foo: 1}\n"
            "  b: {kind: vessel, listener: hall, unit: 3, neck: 100 cm}\n"
            "  c: {kind: vessel, listener: hall, unit: 4, fill_start: 30 cm}\n"
            "  d: {kind: vessel, listener: hall, unit: 5, volume: {0: 0, 10: 5, 30: 5}}\n"
            "  e: {kind: vessel, listener: hall, unit: 6, volume: {0: 0, ten: 5}}\n"
            "  f: {kind: vessel, listener: hall, unit: 7, volume: {0: 0, 40: 200}, depth: 50 cm}\n"
            "  g: {kind: vessel, listener: hall, unit: 8, top_place: 90 cm}\n"
            "  h: {kind: supply, listener: hall, unit: 9, capacity: 0 L}\n"
            "  i: {kind: vessel, listener: hall, unit: 10, level: 81 cm}\n",
            '6:54: preset: "huge" is not one of standard small large', '6:71: wall_heat: "3 K" is not a number in W',
            '6:84: source: no supply "tank" above', '6:95: no setting "foo"',
            "7:6: no such vessel", "8:6: fill_start, fill_stop and depth", "9:54: volume: needs two heights",
            '10:61: "ten" is not a height', "11:6: volume says what the shape is", "12:6: a probe is above the depth",
            "13:56: capacity: 0 L is outside", "14:6: the level is above the depth")

    def test_times(self):
        self.assert_said(
            "clock: sundial\n" + BASE, '1:8: clock: "sundial" is not one of real simulated')
        self.assert_said(
            BASE + "script:\n  - {at: 24:00, tank: repair}\n  - {at: 08:3, tank: repair}\n  - {at: 1 d 25:00, tank: repair}\n"
            "  - {at: 08:30, every: 1 h, jitter: 40 min, tank: repair}\n  - {at: 1 x 08:30, tank: repair}\n"
            "  - {at: 08:30:61, tank: repair}\n  - {at: 3 s, run: swap tank tank top}\n",
            '7:10: "24:00" is not a time', '8:10: "08:3" is not a time', '9:10: "1 d 25:00" is not a time',
            "10:37: jitter: at most half", '11:10: "1 x 08:30" is not a time', '12:10: "08:30:61" is not a time',
            '13:20: no vessel "tank"')

    def test_listeners_may_be_left_out_when_nothing_is_served(self):
        text = "devices:\n  one: {kind: vessel}\n"
        self.assert_said(text, "2:8: listener: missing")
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "s.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run([CRYOSIM, "--check", "--simulate", path], capture_output=True, text=True, timeout=20)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(path, "a", encoding="utf-8") as file:
                file.write("script:\n  - {at: 3 s, run: fault one silent}\n")
            done = subprocess.run([CRYOSIM, "--check", "--simulate", path], capture_output=True, text=True, timeout=20)
            self.assertIn('4:20: not on any listener: "one"', done.stderr)

    def test_script(self):
        self.assert_said(
            BASE + "script:\n  - {tank: repair}\n  - {at: soon, tank: repair}\n  - {at: 3 s, tank: {lid: ajar}}\n"
            "  - {at: 3 s, tonk: repair}\n  - {at: 3 s, run: [step 3 s, fault tank crc]}\n  - {at: 3 s, tank: explode}\n",
            "7:5: at: missing", '8:10: "soon"', '9:27: lid: "ajar"', '10:21: no device "tonk"', "11:21: not for a script",
            "11:31: crc: happens on RTU only", '12:21: no setting "explode"')

    def test_faults(self):
        self.assert_said("listeners:\n  hall: {tcp: {port: 0}, fault: echo}\n"
                         "devices:\n  tank: {kind: tank, listener: hall, unit: 1, fault: refuse}\n",
                         "2:33: echo: happens on RTU only", "4:54: refuse: is for a listener")

    def test_nothing_to_simulate(self):
        self.assert_said("", "1:1: there are no devices")
        self.assert_said("listeners: [\n", "")

    def test_missing_file(self):
        done = subprocess.run([CRYOSIM, "/nonexistent.yaml"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent.yaml", done.stderr)


class Examples(unittest.TestCase):
    def test_are_right(self):
        for name in ("demo.yaml", "training.yaml", "commissioning.yaml", "bad-night.yaml", "workday.yaml"):
            options = ["--check"] + (["--simulate"] if name == "workday.yaml" else [])
            done = subprocess.run([CRYOSIM, *options, os.path.join(EXAMPLES, name)], capture_output=True, text=True,
                                  timeout=20)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)

    def test_demo_tells_its_story(self):
        with open(os.path.join(EXAMPLES, "demo.yaml"), encoding="utf-8") as file:
            text = file.read().replace("port: 18831", "port: 0").replace("port: 18832", "port: 0")
        sim = Simulator(text)
        self.addCleanup(sim.clean)
        devices = sim.list()["devices"]
        self.assertEqual([sum(d["kind"] == k for d in devices) for k in ("tank", "freezer", "ups", "oxygen")], [8, 2, 1, 1])
        warmest, too_warm = {}, 0
        for second in range(1, 81):
            sim.ctl("step 1 s")
            state = {d["id"]: d["state"] for d in sim.list()["devices"]}
            vapour = {name: s["vapour_reading_c"] for name, s in state.items() if name.startswith("tank")}
            if second <= 12:
                self.assertLess(vapour["tank-3"], -185)
            too_warm += vapour["tank-3"] > -150
            if second == 25:
                self.assertEqual(state["tank-5"]["lid"], "open")
            if second == 35:
                self.assertFalse(state["ups"]["mains"])
            if second > 55:  # below the alarms' limits and deadbands: all is well within the minute
                self.assertLess(vapour["tank-3"], -167)
            if second > 74:
                self.assertTrue(state["ups"]["mains"])
                self.assertEqual(state["tank-5"]["lid"], "closed")
            warmest = {name: max(value, warmest.get(name, -200)) for name, value in vapour.items()}
        self.assertGreater(too_warm, 12)  # long enough to be read on the screen, and acknowledged
        del warmest["tank-3"]
        self.assertLess(max(warmest.values()), -165)  # only tank 3 has a bad day
        self.assertLess(state["freezer-1"]["sample_c"], -80)


if __name__ == "__main__":
    unittest.main()
