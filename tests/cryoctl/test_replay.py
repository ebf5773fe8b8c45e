#!/usr/bin/python3
"""replay: what a candidate would have alarmed on a day whose excursions are known (tests/report/record.py, a_day)."""
import json
import os
import sys
import unittest

from cryoctl_case import Case

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../report"))
import record  # noqa: E402

S = 1000
DAY = record.ms("2026-11-23T00:00:00")
RANGE = ["--from", "2026-11-23T00:00:00Z", "--to", "2026-11-24T00:00:00Z"]
PROFILES = os.path.join(record.ROOT, "config", "devices")


class Replay(Case):
    def setUp(self):
        super().setUp()
        self.record = os.path.join(self.directory.name, "record")
        os.mkdir(self.record)

    def candidate(self, *changes, name="new"):
        text = record.CONFIGURATION.split("\n", 1)[1].replace("HIGH", "-165")
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = os.path.join(self.directory.name, name)
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def ctl(self, path, *arguments, span=RANGE, **more):
        return self.run_ctl("replay", "--config", path, "--dir", self.record, *span, *arguments, socket=False,
                            CRYOMON_PROFILES=PROFILES, **more)

    def replay(self, *changes, expect=0, span=RANGE, arguments=()):
        return json.loads(self.ctl(self.candidate(*changes), "--json", *arguments, expect=expect, span=span))

    # ---- a day with known excursions

    def test_the_same_limits_lose_and_gain_nothing_but_what_the_reload_had_changed(self):
        record.a_day(self.record)
        f = self.replay()
        self.assertEqual((f["cryomon"], f["n_excursions"], f["n_excursions_lost"]), ("replay 1", 1, 0))
        self.assertEqual((f["n_lost"], f["n_gained"], f["n_later"], f["n_earlier"]), (0, 0, 0, 0))
        self.assertEqual(len(f["in_force"]), 2)
        self.assertTrue(f["in_force_known"])
        self.assertEqual(f["stopped_seconds"], 1800)
        e = f["excursions"][0]
        self.assertEqual((e["point"], e["side"], e["limit"], e["peak"]), ("temperature", "high", -150, -118))
        # The value passes -150 with the reading of 10:04:50.
        self.assertEqual((e["from"], e["in_force"]["time"]), ("2026-11-23T10:04:50.020Z", "2026-11-23T10:04:20.020Z"))
        self.assertEqual((e["in_force"], e["candidate"]["alarm"]), (e["candidate"], "temperature-high"))

    def test_the_engine_decides_at_its_own_deadlines(self):
        record.a_day(self.record)
        f = self.replay()
        alarms = {a["alarm"]: a for a in f["alarms"]}
        self.assertEqual({n: (a["in_force"], a["candidate"]) for n, a in alarms.items() if "no-data" not in n and "bad" not in n},
                         {"temperature-critical": (1, 1), "temperature-high": (1, 1), "level-low": (1, 1)})
        # Silent for five minutes: no data, by the engine's deadline, with both; and once before the first reading of all.
        self.assertEqual((alarms["temperature-no-data"]["in_force"], alarms["temperature-no-data"]["candidate"]), (2, 2))

    def test_a_candidate_that_loses_a_true_excursion(self):
        record.a_day(self.record)
        changes = [("high: -150 °C", "high: -110 °C"), ("high: -165 °C", "high: -100 °C")]
        f = self.replay(*changes, expect=1)
        self.assertEqual(f["n_excursions_lost"], 1)
        lost = f["excursions_lost"][0]
        self.assertEqual((lost["asset"], lost["peak"], lost["candidate"]), ("tank-1", -118, None))
        self.assertEqual(lost["in_force"]["alarm"], "temperature-high")
        self.assertEqual(sorted(i["alarm"] for i in f["lost"]), ["temperature-critical", "temperature-high"])
        out = self.ctl(self.candidate(*changes), expect=1)
        titles = [line for line in out.splitlines() if line.rstrip("0123456789").endswith(": ")]
        self.assertEqual(titles[:2], ["TRUE EXCURSIONS THAT THE CANDIDATE WOULD NOT ALARM: 1", "Alarms lost: 2"])
        self.assertIn("NOT AT ALL", out)
        out = self.ctl(self.candidate(*changes), "--lang", "zh", expect=1)
        self.assertIn("候选配置不会报警的真实超限：1", out)

    def test_losing_one_alarm_of_two_is_told_and_no_failure(self):
        record.a_day(self.record)
        f = self.replay(("high: -150 °C", "high: -110 °C"))
        self.assertEqual([(i["alarm"], i["still_told_by"]) for i in f["lost"]], [("temperature-critical", "tank-1/temperature-high")])
        self.assertEqual((f["n_excursions_lost"], f["excursions"][0]["candidate"]["alarm"]), (0, "temperature-high"))

    def test_a_candidate_that_gains(self):
        record.a_day(self.record)
        f = self.replay(("low: 10 cm", "low: 20.5 cm"))
        gained = [i for i in f["gained"] if i["alarm"] == "level-low"]
        # The level is below 20.5 at the beginning of each six hours; the first has the daemon's restart in it or the known fall.
        self.assertEqual(len(gained), f["n_gained"])
        self.assertGreaterEqual(len(gained), 3)
        self.assertEqual((f["n_lost"], f["n_excursions_lost"]), (0, 0))

    def test_a_candidate_that_delays(self):
        record.a_day(self.record)
        f = self.replay(("on_delay: 30 s", "on_delay: 5 min"))
        self.assertEqual([(i["alarm"], i["by_seconds"]) for i in f["later"]], [("temperature-critical", 270)])
        self.assertIn("Alarms that come later: 1", self.ctl(self.candidate(("on_delay: 30 s", "on_delay: 5 min"))))
        f = self.replay(("on_delay: 30 s", "on_delay: 0 s"))
        self.assertEqual([(i["alarm"], i["by_seconds"]) for i in f["earlier"]], [("temperature-critical", 30)])

    def test_a_delay_that_outlasts_the_excursion_loses_it(self):
        record.a_day(self.record)
        f = self.replay(("on_delay: 30 s", "on_delay: 30 min"), ("on_delay: 2 min", "on_delay: 30 min"), expect=1)
        self.assertEqual(f["n_excursions_lost"], 1)

    def test_a_point_that_the_history_does_not_have_is_not_known(self):
        record.a_day(self.record)
        more = "      oxygen: {device: c1, register: level}\n    alarms:\n      oxygen-low: {point: oxygen, low: 5 cm, priority: high}\n"
        f = self.replay(("    alarms:\n", more))
        self.assertEqual([(n["point"], n["why"]) for n in f["not_known"]], [("oxygen", "no-history")])
        self.assertIn("oxygen-low", f["not_known"][0]["alarms"])
        self.assertFalse([a for a in f["alarms"] if "oxygen" in a["alarm"]])
        self.assertIn("the history does not have it", self.ctl(self.candidate(("    alarms:\n", more))))

    def test_an_alarm_that_is_removed_is_lost(self):
        record.a_day(self.record)
        f = self.replay(("      level-low: {point: level, low: 10 cm, deadband: 1 cm, on_delay: 1 min, priority: high}\n", ""))
        self.assertEqual([(i["alarm"], i["still_told_by"]) for i in f["lost"]], [("level-low", None)])

    def test_conditions_of_every_kind_replay(self):
        record.a_day(self.record)
        more = """    alarms:
      warming: {point: temperature, rising: 60 °C/h, over: 10 min, priority: high}
      off: {point: temperature, deviation: 20 °C, from: -185 °C, on_delay: 1 min, priority: medium}
"""
        f = self.replay(("    alarms:\n", more))
        alarms = {a["alarm"]: a for a in f["alarms"]}
        self.assertEqual((alarms["warming"]["gained"], alarms["off"]["gained"]), (1, 1))
        # A rate speaks for an excursion, too: without limits the true excursion is still told.
        f = self.replay(("    alarms:\n", more), ("high: -150 °C", "high: -20 °C"), ("high: -165 °C", "high: -10 °C"))
        self.assertEqual((f["n_excursions_lost"], f["excursions"][0]["candidate"]["alarm"]), (0, "warming"))

    def test_what_is_suppressed_by_design_is_not_told(self):
        record.a_day(self.record)
        while_closed = "priority: critical, suppress_when: {point: lid, state: closed, for_at_most: 168 h}}"
        f = self.replay(("on_delay: 2 min, priority: medium}", "on_delay: 2 min, " + while_closed.replace("critical", "medium")))
        self.assertEqual([a["alarm"] for a in f["lost"]], ["temperature-high"])

    def test_only_one_asset_and_only_a_part_of_the_day(self):
        record.a_day(self.record)
        f = self.replay(span=["--from", "2026-11-23T19:00:00Z", "--to", "2026-11-23T21:00:00Z"], arguments=["--asset", "tank-1"])
        self.assertEqual([(a["alarm"], a["in_force"], a["candidate"]) for a in f["alarms"]], [("level-low", 1, 1)])
        self.ctl(self.candidate(), "--asset", "tank-9", expect=1)
        self.assertIn("tank-9", self.err)

    def test_what_goes_on_when_the_range_begins_is_known(self):
        record.a_day(self.record)
        f = self.replay(span=["--from", "2026-11-23T10:12:00Z", "--to", "2026-11-23T11:00:00Z"])
        self.assertEqual(f["n_excursions"], 1)
        self.assertEqual({a["alarm"]: a["candidate"] for a in f["alarms"]}, {"temperature-critical": 1, "temperature-high": 1})

    def test_it_is_deterministic(self):
        record.a_day(self.record)
        path = self.candidate(("low: 10 cm", "low: 21 cm"))
        self.assertEqual(self.ctl(path, "--json"), self.ctl(path, "--json"))

    # ---- small records

    def small(self, readings, start=-1):
        r = record.Record()
        r.points(("tank-1", "temperature", "°C", 1), ("tank-1", "level", "cm", 1), ("tank-1", "lid", "-", 0))
        r.start(DAY + start * S, record.source())
        readings(r)
        r.make(self.record)

    def test_a_crash_is_no_lack_of_data(self):
        def readings(r):
            r.series(1, DAY, 10000, 360, -190, 0)
            r.series(1, DAY + 4 * 3600 * S, 10000, 360, -190, 0)
            r.start(DAY + 4 * 3600 * S - S, record.source())
        self.small(readings)
        f = self.replay(span=["--from", "2026-11-23T00:00:00Z", "--to", "2026-11-23T05:00:00Z"])
        self.assertEqual([a["alarm"] for a in f["alarms"]], [])
        self.assertAlmostEqual(f["stopped_seconds"], 3 * 3600 + 9, delta=2)

    def test_a_gap_while_the_daemon_runs_is_a_lack_of_data_with_both(self):
        def readings(r):
            r.series(1, DAY, 10000, 60, -190, 0)
            r.series(2, DAY, 10000, 720, 20, 0)
        self.small(readings)
        f = self.replay(span=["--from", "2026-11-23T00:00:00Z", "--to", "2026-11-23T02:00:00Z"])
        self.assertEqual([(a["alarm"], a["in_force"], a["candidate"]) for a in f["alarms"]], [("temperature-no-data", 1, 1)])

    def test_an_excursion_that_nobody_alarms_is_told_too(self):
        def readings(r):
            r.series(1, DAY, 10000, 60, -190, 0)
            r.series(1, DAY + 600 * S, 10000, 9, -140, 0)  # 90 s: longer than a minute, shorter than 2 min
            r.series(1, DAY + 690 * S, 10000, 60, -190, 0)
        self.small(readings)
        f = self.replay(("on_delay: 30 s", "on_delay: 3 min"), expect=1, span=["--from", "2026-11-23T00:00:00Z", "--to", "2026-11-23T00:20:00Z"])
        self.assertEqual((f["excursions_lost"][0]["seconds"], f["excursions_lost"][0]["in_force"]["alarm"]), (90, "temperature-critical"))

    def test_what_neither_alarms_is_not_lost_but_told(self):
        slow = (("on_delay: 30 s", "on_delay: 30 min"), ("on_delay: 2 min", "on_delay: 30 min"))
        text = record.source()
        for old, new in slow:
            text = text.replace(old, new)
        r = record.Record()
        r.points(("tank-1", "temperature", "°C", 1), ("tank-1", "level", "cm", 1), ("tank-1", "lid", "-", 0))
        r.start(DAY - S, text)
        r.series(1, DAY, 10000, 60, -190, 0)
        r.series(1, DAY + 600 * S, 10000, 9, -140, 0)
        r.series(1, DAY + 690 * S, 10000, 60, -190, 0)
        r.make(self.record)
        span = ["--from", "2026-11-23T00:00:00Z", "--to", "2026-11-23T00:20:00Z"]
        f = self.replay(*slow, span=span)
        self.assertEqual((f["n_excursions_lost"], f["n_excursions_untold"], f["excursions_untold"][0]["seconds"]), (0, 1, 90))
        self.assertIn("True excursions that neither alarms: 1", self.ctl(self.candidate(*slow), span=span))

    def test_a_freezer_at_rest_is_no_excursion(self):
        text = record.source().replace("kind: tank", "kind: freezer")
        r = record.Record()
        r.points(("tank-1", "temperature", "°C", 1))
        r.start(DAY - S, text)
        r.series(1, DAY, 10000, 60, 20, 0)
        r.make(self.record)
        f = self.replay(("kind: tank", "kind: freezer"), ("high: -150 °C", "high: 50 °C"), ("high: -165 °C", "high: 40 °C"), expect=1,
                        span=["--from", "2026-11-23T00:00:00Z", "--to", "2026-11-23T00:20:00Z"])
        # Beyond the critical limit that the site had set: that is all that counts for a freezer.
        self.assertEqual([(e["limit"], e["in_force"]["alarm"]) for e in f["excursions"]], [(-150, "temperature-critical")])

    def test_where_the_record_does_not_tell_the_configuration_nothing_is_gained(self):
        r = record.Record()
        r.points(("tank-1", "temperature", "°C", 1))
        r.series(1, DAY, 10000, 360, -120, 0)
        r.make(self.record)
        f = self.replay()
        self.assertEqual((f["in_force_known"], f["n_in_force"], f["n_gained"]), (False, 0, 0))
        self.assertGreater(f["n_candidate"], 0)
        self.assertIn("does not tell the configuration", self.ctl(self.candidate()))

    # ---- the candidate

    def test_one_file_stands_in_for_cryomon_yaml(self):
        record.a_day(self.record)
        path = self.candidate(("low: 10 cm", "low: 20.5 cm"))
        os.rename(os.path.join(path, "cryomon.yaml"), os.path.join(path, "NEW.yaml"))
        with open(os.path.join(path, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write("nonsense: [")
        self.assertGreater(json.loads(self.ctl(os.path.join(path, "NEW.yaml"), "--json"))["n_gained"], 0)

    def test_mistakes_are_listed_with_their_places(self):
        record.a_day(self.record)
        self.ctl(self.candidate(("high: -150 °C", "high: warm")), expect=1)
        self.assertRegex(self.err, r"has mistakes:\n.*cryomon.yaml:\d+:\d+: ")
        self.ctl(os.path.join(self.directory.name, "nowhere"), expect=1)
        self.assertIn("nowhere", self.err)

    def test_wrong_use(self):
        record.a_day(self.record)
        self.run_ctl("replay", "--dir", self.record, socket=False, expect=2)
        self.assertIn("--config NEW", self.err)


if __name__ == "__main__":
    unittest.main()
