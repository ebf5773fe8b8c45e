"""Whole days without Modbus and without a clock; vessels and their supply, served and run through."""
import csv
import io
import os
import struct
import subprocess
import tempfile
import unittest

from simulator import CRYOSIM, Case, Tcp, receive

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "cryosim")

HALL = """seed: 3
step: 10 s
clock: simulated
devices:
  supply: {kind: supply, capacity: 1000 L}
  one: {kind: vessel, source: supply, level: 15.3 cm, wall_heat: 40 W}
  two: {kind: vessel, source: supply, level: 18 cm}
  plain: {kind: tank}
  ups: {kind: ups}
  air: {kind: oxygen}
  freezer: {kind: freezer}
"""
SCRIPT = HALL + "script:\n"


def simulate(text, *options, code=0):
    """Returns the rows (dicts of text) and what was said."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "s.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([CRYOSIM, "--simulate", *options, path], capture_output=True, text=True, timeout=60)
    if done.returncode != code:
        raise AssertionError(f"{done.returncode}: {done.stderr}")
    return list(csv.DictReader(io.StringIO(done.stdout))), done.stderr.replace(path + ":", "")


def column(rows, name):
    return [float(row[name]) for row in rows]


class Simulate(unittest.TestCase):
    def test_rows(self):
        rows, said = simulate(HALL, "--until", "1h", "--every", "10min")
        self.assertEqual(said, "")
        self.assertEqual(column(rows, "time_s"), [0, 600, 1200, 1800, 2400, 3000, 3600])
        self.assertAlmostEqual(float(rows[0]["two.level_cm"]), 18, places=2)
        self.assertAlmostEqual(float(rows[-1]["two.level_reading_cm"]), float(rows[-1]["two.level_cm"]), delta=0.2)
        for name in ("plain.vapour_c", "freezer.sample_c", "ups.mains", "air.room_percent", "supply.pressure_bar"):
            float(rows[-1][name])

    def test_the_last_line_is_at_the_end(self):
        rows, _ = simulate(HALL, "--until", "25min", "--every", "10min")
        self.assertEqual(column(rows, "time_s"), [0, 600, 1200, 1500])

    def test_the_same_seed_gives_the_same_file(self):
        options = ("--until", "6h", "--every", "5min", "--step", "30s")
        first, again = simulate(HALL, *options)[0], simulate(HALL, *options)[0]
        other = simulate(HALL, *options, "--seed", "4")[0]
        self.assertEqual(first, again)
        self.assertNotEqual(column(first, "two.top_reading_c"), column(other, "two.top_reading_c"))

    def test_how_often_lines_come_does_not_matter(self):
        often, rarely = (simulate(HALL, "--until", "4h", "--every", every)[0][-1] for every in ("10s", "2h"))
        self.assertEqual(often, rarely)

    def test_a_fill_comes_from_the_supply(self):
        rows, _ = simulate(HALL, "--until", "12h", "--every", "1min")
        self.assertEqual(float(rows[-1]["one.fills"]), 1)
        filling = [row for row in rows if row["one.filling"] == "1"]
        self.assertTrue(any(float(row["one.flow_l_min"]) > 3 for row in filling))
        self.assertLess(min(column(filling, "supply.line_bar")), min(column(rows[:5], "supply.line_bar")))
        self.assertAlmostEqual(1000 - float(rows[-1]["supply.stock_l"]), float(rows[-1]["supply.delivered_l"]), delta=0.1)
        self.assertGreater(float(rows[-1]["supply.delivered_l"]), float(rows[-1]["one.filled_l"]))

    def test_script_at_times_of_day(self):
        rows, said = simulate(SCRIPT + "  - {at: 08:30, two: {lid: open}}\n  - {at: 08:40:30, two: {lid: closed}}\n"
                                     "  - {at: 1 d 09:00, every: 1 d, two: {lid: open}}\n"
                                     "  - {at: 1 d 09:10, every: 1 d, two: {lid: closed}}\n",
                              "--until", "3d", "--every", "5min")
        self.assertEqual(said, "")
        opened = [float(row["time_s"]) / 3600 for row in rows if row["two.lid_open"] == "1"]
        self.assertEqual([round(hour, 2) for hour in opened], [8.5, 8.58, 8.67, 33, 33.08, 57, 57.08])
        self.assertEqual({row["two.faults"] for row in rows if row["two.lid_open"] == "1"}, {"lid"})

    def test_jitter(self):
        text = SCRIPT + "  - {at: 12:00, every: 1 d, jitter: 2 h, two: {lid: open}}\n" \
                      "  - {at: 16:00, every: 1 d, two: {lid: closed}}\n"
        rows, _ = simulate(text, "--until", "8d", "--every", "5min", "--step", "60s")
        opened = [float(b["time_s"]) / 3600 % 24 for a, b in zip(rows, rows[1:])
                  if (a["two.lid_open"], b["two.lid_open"]) == ("0", "1")]
        self.assertEqual(len(opened), 8)
        self.assertTrue(all(10 <= hour <= 14.1 for hour in opened), opened)
        self.assertGreater(len(set(opened)), 5)

    def test_vacuum_failure_and_hours_left(self):
        rows, _ = simulate(SCRIPT + "  - {at: 1 h, two: {vacuum: 1000 Pa, supply: off}}\n", "--until", "3d", "--every", "30min")
        self.assertEqual([row["two.hours_to_minus150"] != "" for row in rows[:4]], [True, False, True, False])
        at_4h = next(row for row in rows if row["time_s"] == "14400")
        self.assertEqual(at_4h["two.faults"], "vacuum+supply")
        left = float(at_4h["two.hours_to_minus150"])
        warm = next(float(row["time_s"]) / 3600 for row in rows if float(row["two.warmest_c"]) >= -150)
        self.assertAlmostEqual(4 + left, warm, delta=0.6)
        self.assertGreater(float(rows[0]["two.hours_to_minus150"]), 100)

    def test_swapped_and_broken_probes(self):
        rows, _ = simulate(SCRIPT + "  - {at: 1 h, run: swap one two top}\n  - {at: 2 h, two: {level_sensor: broken}}\n"
                                  "  - {at: 30 min, two: {level: 60 cm}}\n", "--until", "3h", "--every", "10min")
        last = rows[-1]
        self.assertAlmostEqual(float(last["one.top_reading_c"]), float(last["two.top_c"]), delta=0.3)
        self.assertEqual((last["two.level_reading_cm"], last["two.faults"]), ("", "probe+swapped"))

    def test_a_command_that_fails_is_told(self):
        _, said = simulate(SCRIPT + "  - {at: 10 s, run: speed 5}\n", "--until", "1min")
        self.assertIn("there is no speed without a clock", said)

    def test_a_file(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "out.csv")
            rows, _ = simulate(HALL, "--until", "1min", "--csv", path)
            self.assertEqual(rows, [])
            with open(path, encoding="utf-8") as file:
                self.assertEqual(len(file.readlines()), 8)
            _, said = simulate(HALL, "--until", "1min", "--csv", os.path.join(directory, "none", "out.csv"), code=1)
            self.assertIn("No such file", said)
        _, said = simulate(HALL, "--until", "1min", "--csv", "/dev/full", code=1)
        self.assertIn("not all could be written", said)

    def test_options(self):
        for options, why in ((("--until", "soon"), '--until: "soon" is not a time'), ((), "--simulate needs --until"),
                             (("--until", "1h", "--step", "2h"), '--step: "2h" is not a time'),
                             (("--until", "1h", "--manual-clock"), "--simulate serves nothing")):
            _, said = simulate(HALL, *options, code=2)
            self.assertIn(why, said)
        _, said = simulate(HALL, "--until", "1h", "--every", "1s", code=1)
        self.assertIn("--every must not be shorter than a step", said)
        done = subprocess.run([CRYOSIM, "--until", "1h", "x.yaml"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 2)
        self.assertIn("need --simulate", done.stderr)

    def test_examples(self):
        with tempfile.TemporaryDirectory() as directory:
            for name in ("workday.yaml", "bad-night.yaml"):
                path = os.path.join(directory, "out.csv")
                subprocess.run([CRYOSIM, "--simulate", "--step", "60s", "--every", "10min", "--until", "7d", "--ahead", "6h",
                                "--csv", path, os.path.join(EXAMPLES, name)], check=True, timeout=60)
                with open(path, encoding="utf-8") as file:
                    rows = list(csv.DictReader(file))
                self.assertEqual(len(rows), 7 * 144 + 1)
                if name == "workday.yaml":
                    self.assertLess(max(column(rows, "tank-1.warmest_c")), -160)
                    self.assertGreater(float(rows[-1]["tank-5.boil_l_day"]), 2 * float(rows[0]["tank-5.boil_l_day"]))
                else:
                    night = [row for row in rows if float(row["time_s"]) == 6 * 3600][0]
                    self.assertEqual(night["tank-1.faults"], "vacuum+supply")
                    self.assertEqual(night["dewar.litres"], "0.000")
                    self.assertGreater(float(night["freezer.dry_s"]), 0)


class Served(Case):
    scenario = """seed: 1
listeners:
  hall: {tcp: {port: 0}}
devices:
  supply: {kind: supply, listener: hall, unit: 9, capacity: 1000 L, litres: 800 L}
  one: {kind: vessel, listener: hall, unit: 1, source: supply, level: 17 cm}
  two: {kind: vessel, listener: hall, unit: 2, source: supply, level: 30 cm, autofill: off}
  tank: {kind: tank, listener: hall, unit: 3}
"""

    def read(self, unit, function, address, count):
        master = Tcp(self.sim.port("hall"))
        self.addCleanup(master.close)
        master.send(unit, function, address, count)
        reply = receive(master, 9 + 2 * count)
        return list(struct.unpack(">%dH" % count, reply[9:]))

    def test_a_vessel_answers_as_a_tank(self):
        self.assertEqual(self.read(1, 3, 0, 4)[:2], self.read(3, 3, 0, 2))
        words = self.read(1, 4, 0, 14)
        tenths = [word - 65536 if word & 0x8000 else word for word in words]
        state = self.sim.device("one")["state"]
        self.assertAlmostEqual(tenths[0] / 10, state["vapour_reading_c"], delta=0.06)
        self.assertAlmostEqual(tenths[1] / 10, state["level_reading_cm"], delta=0.06)
        self.assertAlmostEqual(struct.unpack(">f", struct.pack(">HH", *words[3:5]))[0], state["vapour_reading_c"], delta=0.01)
        self.assertAlmostEqual(tenths[11] / 10, state["middle_reading_c"], delta=0.06)
        self.assertAlmostEqual(tenths[12] / 10, state["bottom_reading_c"], delta=0.06)
        self.assertAlmostEqual(tenths[13] / 10, 21, delta=0.5)
        self.sim.ctl("set one level_sensor broken")
        self.assertEqual(self.read(1, 4, 1, 1), [0x8000])
        self.sim.ctl("set one level_sensor ok")

    def test_the_supply(self):
        self.assertEqual(self.read(9, 3, 0, 3), [0xC405, 1, 1000])
        stock, pressure, status = self.read(9, 4, 0, 3)
        self.assertAlmostEqual(stock, self.sim.device("supply")["state"]["stock_l"], delta=20)
        self.assertGreater(stock, 700)
        self.assertAlmostEqual(pressure / 1000, 1.5, delta=0.1)
        self.assertEqual(status, 1)
        self.sim.ctl("set supply pressure_sensor broken")
        self.sim.ctl("set supply valve closed")
        self.assertEqual(self.read(9, 4, 1, 2), [0xFFFF, 0b1000])
        self.sim.ctl("set supply pressure_sensor ok")
        self.sim.ctl("set supply valve open")

    def test_a_long_step_is_shared_fairly(self):
        before = self.sim.device("supply")["state"]["delivered_l"]
        self.sim.ctl("set one level 14 cm")
        self.sim.ctl("step 2 h")
        delivered = self.sim.device("supply")["state"]["delivered_l"] - before
        self.assertTrue(35 < delivered < 60, delivered)  # one fill, and not two hours of it
        self.assertFalse(self.sim.device("one")["state"]["filling"])

    def test_swap(self):
        self.assertEqual(self.sim.ask("swap one tank top"), 'error: no vessel "tank"')
        self.assertIn("two vessels are needed", self.sim.ask("swap one one top"))
        self.assertIn("not top, middle", self.sim.ask("swap one two side"))
        self.sim.ctl("swap one two level")
        self.sim.ctl("step 2 min")
        one, two = (self.sim.device(name)["state"] for name in ("one", "two"))
        self.assertAlmostEqual(one["level_reading_cm"], two["level_cm"], delta=0.2)
        self.sim.ctl("swap one two level")


class SimulatedClock(Case):
    scenario = """speed: 60
clock: simulated
listeners:
  hall: {tcp: {port: 0}}
devices:
  one: {kind: vessel, listener: hall, unit: 1}
script:
  - {at: 01:00, one: {lid: open}}
  - {at: 02:00, one: {lid: closed}}
  - {at: 04:00, one: {lid: open}}
"""

    def test_the_script_follows_simulated_time(self):
        for step, lid in (("59 s", "closed"), ("2 s", "open"), ("57 s", "open"), ("3 s", "closed")):
            self.sim.ctl("step " + step)
            self.assertEqual(self.sim.device("one")["state"]["lid"], lid, step)
        self.sim.ctl("speed 3600")  # 2:01 now
        self.sim.ctl("step 1.9 s")
        self.assertEqual(self.sim.device("one")["state"]["lid"], "closed")
        self.sim.ctl("step 0.1 s")
        self.assertEqual(self.sim.device("one")["state"]["lid"], "open")


if __name__ == "__main__":
    unittest.main()
