"""What cryomond concludes from readings, with the real daemon, cryosim's vessels and mosquitto: derived points, what is not
known, and what the last weeks have taught."""
import json
import os
import re
import shutil
import struct
import subprocess
import time

import harness
from broker import Broker, Observer
from configuration import Setup
from harness import ADDRESS, HERE, binary, sqlite, until
from varlink import call

SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
PROFILES = os.path.join(HERE, "..", "..", "config", "devices")
INPUTS = {"level": "level", "temperature": "temperature", "temperature-middle": "temperature-middle",
          "temperature-bottom": "temperature-bottom", "lid": "lid", "fill-valve": "fill-valve", "room": "room-temperature"}
PAST = ["tank-1/level/cm/1", "tank-1/temperature/°C/1", "tank-1/temperature-middle/°C/1", "tank-1/temperature-bottom/°C/1",
        "tank-1/lid//0", "tank-1/fill-valve//0", "tank-1/room/°C/1"]
COLUMNS = ["level_reading_cm", "top_reading_c", "middle_reading_c", "bottom_reading_c", "lid_open", "filling", "room_reading_c"]
VESSEL = {
    "level": "level", "temperatures": ["temperature", "temperature-middle", "temperature-bottom"],
    "lid": {"point": "lid", "open": "open"}, "valve": {"point": "fill-valve", "open": "open"}, "room": "room",
    "shape": [["0 cm", "0 L"], ["80 cm", "509 L"]], "fill_start": "14 cm", "fill_stop": "20 cm", "low_level": "8 cm",
    "high_level": "24 cm", "heat_capacity": "120 kJ/K"}


class Site(harness.SystemTest):
    """One vessel of cryosim; nothing runs until begin()."""

    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)
        os.makedirs(self.path("state"))

    def simulate(self, days, script=()):
        """A past that ends now: the last row of it."""
        with open(self.path("past.yaml"), "w") as f:
            json.dump({"seed": 5, "devices": {"tank-1": {"kind": "vessel"}}, "script": list(script)}, f)
        subprocess.run([binary("cryosim"), "--simulate", "--step", "2min", "--every", "2min", "--ahead", "0", "--until",
                        "%dd" % days, "--csv", self.path("past.csv"), self.path("past.yaml")], check=True, timeout=120,
                       capture_output=True)
        with open(self.path("past.csv")) as f:
            names, *rows = [line.rstrip("\n").split(",") for line in f]
        columns = [names.index("tank-1." + name) for name in COLUMNS]
        first = time.time() - float(rows[-1][0]) - 60
        lines = ["%d,%s\n" % ((first + float(row[0])) * 1000, ",".join(row[c] for c in columns)) for row in rows]
        subprocess.run([os.environ["CRYOMON_MAKE_READINGS"], self.path("state"), *PAST], input="".join(lines), text=True,
                       check=True, timeout=120)
        return dict(zip((name.split(".")[-1] for name in names), rows[-1]))

    def begin(self, level="18 cm", vessel=None, **settings):
        scenario = self.path("scenario.yaml")
        with open(scenario, "w") as f:
            json.dump({"seed": 7, "listeners": {"hall": {"tcp": {"address": ADDRESS, "port": 0}}},
                       "devices": {"tank-1": dict({"kind": "vessel", "listener": "hall", "unit": 1, "level": level},
                                                  **settings)}}, f)
        self.sim = subprocess.Popen([binary("cryosim"), "--control", self.path("sim"), scenario], stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.sim.stdout.close)
        self.addCleanup(harness.end, self.sim)
        port = json.loads(self.sim.stdout.readline())["listeners"]["hall"]["tcp"]["port"]
        setup = self.setup = Setup(self.dir, self.broker)
        setup.main["mqtt"]["home_assistant"] = True
        setup.tcp("hall", port)
        setup.device("tank-1", "hall", 1, "cryosim-vessel", interval="500 ms", timeout="300 ms")
        soon = {"no_data_after": "10 min"}  # the clocks jump
        asset = setup.asset("tank-1", {point: ("tank-1", register, soon) for point, register in INPUTS.items()},
                            {"lid-open": {"point": "lid", "state": "open", "priority": "medium"}}, name={"en": "Tank 1", "zh": "1号罐"})
        asset["vessel"] = dict(VESSEL, **(vessel or {}))
        setup.write()
        shutil.copy(os.path.join(PROFILES, "cryosim-vessel.yaml"), os.path.join(setup.directory, "devices"))
        env = {"CRYOMON_PROFILES": PROFILES}
        if os.path.exists(self.path("shift")):
            env.update(LD_PRELOAD=SHIFTER, CLOCKSHIFT=self.path("shift"))
        self.cryomond = self.daemon(env=env).start()

    ahead = 0

    def move_clocks(self, seconds):
        if not os.path.exists(SHIFTER) or harness.SANITIZED:
            self.skipTest("the clocks can't be moved here")
        self.ahead += seconds
        with open(self.path("shift"), "r+b" if os.path.exists(self.path("shift")) else "wb") as f:
            f.write(struct.pack("=qq", 0, int(self.ahead * 10**9)))

    def pass_time(self, seconds, step=8):
        """The daemon's clocks go ahead, in steps that the broker's connection survives; it reads the tank after each."""
        for _ in range(0, seconds, step):
            mark = self.observer.feed.mark()
            self.move_clocks(step)
            self.point("level", lambda p: "time" in p, since=mark)

    def pass_time_until(self, limit, **event):
        """The event comes within so many of the daemon's seconds."""
        for _ in range(0, limit, 64):
            self.pass_time(64)
            for m in self.observer.feed.since():
                if m.topic.endswith("/events") and all(m.json.get(k) == v for k, v in event.items()):
                    return m.json
        raise AssertionError("no event %s" % event)

    def sim_set(self, *words):
        subprocess.run([binary("cryosim"), "ctl", "--control", self.path("sim"), "set", "tank-1", *words], check=True,
                       timeout=30, capture_output=True)

    def restart(self):
        self.cryomond.stop()
        mark = self.cryomond.log.mark()
        self.cryomond.start()
        return mark

    def recalled(self, since=0):
        """How many readings the daemon has recalled."""
        line = self.cryomond.log.wait(lambda m: "of the record recalled" in m, "the recall", since=since)
        return int(re.search(r"(\d+) readings", line)[1])

    def point(self, point, wanted, since=0):
        return self.observer.point("tank-1", point, wanted, since=since)

    def state(self, alarm):
        return next(a["state"] for a in call(self.path("control"), "Status", all=True)["alarms"]
                    if (a["asset"], a["alarm"]) == ("tank-1", alarm))


def is_good(point):
    return point["quality"] == "good"


class NewTank(Site):
    """Nothing has been learned yet: what is known at once is told, all else has its reason."""

    def test_derived_points(self):
        self.begin()
        volume = self.point("volume", is_good)
        self.assertTrue(volume["derived"])
        self.assertEqual(volume["unit"], "L")
        self.assertAlmostEqual(volume["value"], 18 * 509 / 80, delta=3)
        boil_off = self.point("boil-off", lambda p: p.get("reason") not in (None, "never-read", "input-bad"))  # once it is read
        self.assertIsNone(boil_off["value"])
        self.assertEqual((boil_off["quality"], boil_off["reason"]), ("bad", "learning"))
        measured = self.point("level", is_good)
        self.assertNotIn("derived", measured)
        # Home Assistant
        found = self.observer.wait("cryomon_test_tank-1/config").json["components"]
        self.assertEqual(found["time-to-150"]["device_class"], "duration")
        self.assertNotIn("enabled_by_default", found["time-to-150"])
        self.assertFalse(found["time-to-150-least"]["enabled_by_default"])
        # Status, and the record
        points = {p["point"]: p for p in call(self.path("control"), "Status", all=True)["points"]}
        self.assertTrue(points["volume"]["derived"])
        self.assertNotIn("derived", points["level"])

        def stored():
            return "tank-1" in self.ctl("history", "tank-1", "volume", "--last", "1h", check=False).stdout or \
                sqlite(self.path("state", "history.db"), "SELECT 1 FROM point WHERE point = 'volume'")
        until(stored, "a stored reading")
        # Nobody can read it on a device.
        for words in (("verify-point", "tank-1", "volume", "114"), ("reading", "tank-1", "volume", "114", "--measured", time.strftime("%Y-%m-%d %H:%M")),
                      ("correct", "tank-1", "volume", "--from", "2026-01-01", "--to", "2026-01-02", "--offset", "1",
                       "--reason", "x")):
            refused = self.ctl("--lang", "en", *words, check=False)
            self.assertNotEqual(refused.returncode, 0, words)
            self.assertIn("derives", refused.stdout + refused.stderr)

    def test_an_alarm_of_its_own(self):
        """A tank that is too full: the alarm says how long the samples have, or that this is not known."""
        self.move_clocks(0)
        self.begin(level="30 cm", autofill="off")
        raised = self.pass_time_until(1200, asset="tank-1", alarm="overfill", transition="raised")
        self.assertIn("time_left_s", raised)
        self.assertEqual(self.state("overfill"), "unacknowledged")
        self.assertIn("1号罐", raised["text"]["zh"])
        self.sim_set("level", "20 cm")
        self.pass_time_until(2400, asset="tank-1", alarm="overfill", transition="returned")


    def test_bypassed(self):
        """Its device is repaired: what is concluded from it calls nobody, what is critical says so, and all is back at the end."""
        self.begin()
        self.point("volume", is_good)
        done = call(self.path("control"), "Bypass", **{"device": "tank-1", "for": "1 h", "order": "WO-17", "note": "new probe"})
        for alarm in ("overfill", "valve-stuck-open", "level-jump", "vacuum-failing", "time-left-high"):
            self.assertEqual(self.state(alarm), "out-of-service", alarm)
        self.assertEqual(self.state("time-left-critical"), "normal")
        marked = self.observer.event(asset="tank-1", alarm="time-left-critical", transition="out-of-service")
        self.assertEqual((marked["maintenance"]["order"], marked["state"]), ("WO-17", "normal"))
        self.restart()
        self.assertEqual(self.state("overfill"), "out-of-service")
        back = call(self.path("control"), "Unbypass", device="tank-1", note="done")
        self.assertEqual(back["alarms"], done["alarms"])
        for alarm in ("overfill", "valve-stuck-open", "time-left-critical"):
            self.assertEqual(self.state(alarm), "normal", alarm)


class KnownTank(Site):
    """Weeks of readings are there."""

    def test_recalled_at_once(self):
        last = self.simulate(21)
        self.begin(level=last["level_cm"] + " cm")
        self.assertGreater(self.recalled(), 21 * 720 * len(INPUTS) * 0.99)
        boil_off = self.point("boil-off", is_good)
        self.assertAlmostEqual(boil_off["value"], 11, delta=1.5)  # what cryosim says itself
        least, most = (self.point("time-to-150" + end, is_good)["value"] for end in ("-least", "-most"))
        left = self.point("time-to-150", is_good)["value"]
        self.assertLessEqual(least, left)
        self.assertLessEqual(left, most)
        self.assertEqual(self.point("vacuum", is_good)["state"], "good")
        # A reload and a restart begin with nothing, and know it again.
        mark, log = self.observer.feed.mark(), self.cryomond.log.mark()
        self.ctl("reload")
        self.recalled(log)
        self.assertAlmostEqual(self.point("boil-off", is_good, since=mark)["value"], boil_off["value"], delta=1)
        log = self.restart()
        mark = self.observer.feed.mark()
        self.recalled(log)
        self.assertAlmostEqual(self.point("boil-off", is_good, since=mark)["value"], boil_off["value"], delta=1)
        # To a candidate configuration derived points are points of the record.
        tried = self.ctl("--lang", "en", "replay", "--dir", self.path("state"), "--last", "1d", check=False)
        self.assertIn(tried.returncode, (0, 1), tried.stderr)
        self.assertNotIn("cryoctl:", tried.stderr)
        self.assertNotEqual(tried.stdout, "")
        # Each alarm says how long it takes until the samples are too warm.
        self.sim_set("lid", "open")
        raised = self.observer.event(asset="tank-1", alarm="lid-open", transition="raised")
        self.assertEqual(raised["time_left_from"], "vessel")
        self.assertGreater(raised["time_left_s"], 3600)
        self.assertTrue(raised["time_left_at"])

    def test_a_failing_vacuum_is_not_forgotten(self):
        """It was found in the record, stays over a restart, and stays when the record can't be read any more."""
        last = self.simulate(21, [{"at": "16 d", "tank-1": {"vacuum": "1 Pa"}}])
        self.begin(level=last["level_cm"] + " cm")
        raised = self.observer.event(asset="tank-1", alarm="vacuum-failing", transition="raised")
        self.assertEqual(raised["priority"], "high")
        self.assertRegex(raised["text"]["en"], r"\d")
        self.assertGreaterEqual(raised["time_left_s"], 0)
        mark = self.observer.feed.mark()
        log = self.restart()
        self.recalled(log)
        self.point("vacuum", is_good, since=mark)
        self.assertEqual(self.state("vacuum-failing"), "unacknowledged")
        self.cryomond.stop()
        for name in os.listdir(self.path("state")):
            if name.startswith("history.db"):
                os.rename(self.path("state", name), self.path(name))
        self.cryomond.start()
        learning = self.point("vacuum-index", lambda p: p.get("reason") == "learning", since=self.observer.feed.mark())
        self.assertIsNone(learning["value"])
        self.assertEqual(self.state("vacuum-failing"), "unacknowledged")
        events = [m.json for m in self.observer.feed.since(mark) if m.topic.endswith("/events")]
        self.assertEqual([e for e in events if e.get("alarm") == "vacuum-failing"], [])

    def test_stopped_while_it_is_recalled(self):
        """Neither a stop nor a reload waits for it."""
        last = self.simulate(21)
        self.begin(level=last["level_cm"] + " cm")
        for _ in range(3):
            self.cryomond.signal(harness.signal.SIGHUP)
        self.assertLess(self.cryomond.stop(), 5)
        log = self.cryomond.log.mark()
        self.cryomond.start()
        self.recalled(log)
        self.point("boil-off", is_good)


if __name__ == "__main__":
    harness.main()
