#!/usr/bin/python3
"""gaps, exposure, stats, events and history over a record that the test makes."""
import csv
import io
import json
import os
import subprocess
import unittest

from cryoctl_case import Case

MAKE_RECORD = os.environ["MAKE_RECORD"]
T = 1790000000000  # 2026-09-21 14:13:20 UTC, ms
HOUR = ["--from", "2026-09-21T14:13:20Z", "--to", "2026-09-21T15:13:20Z"]
POINTS = ["point tank-1 temperature °C 1", "point tank-1 level cm 1", "point tank-2 temperature °C 1"]


def at(seconds):
    return T + int(seconds * 1000)


def series(points, start, count, value=-190, step=0, interval=10):
    """Good readings of each point, the first at the second start."""
    return ["series %d %d %d %d %s %s" % (p, at(start), interval * 1000, count, value, step) for p in points]


def reading(point, second, value, quality="good", reason="-"):
    return "reading %d %d %d %s %s %s" % (point, at(second), at(second) + 20, value, quality, reason)


def event(second, kind, asset="-", alarm="-", **body):
    return "event %d %s %s %s %s" % (at(second), kind, asset, alarm, json.dumps({"kind": kind, **body}, ensure_ascii=False))


class Record(Case):
    def make(self, *parts):
        lines = POINTS + [line for part in parts for line in ([part] if isinstance(part, str) else part)]
        subprocess.run([MAKE_RECORD, self.directory.name], input="\n".join(lines).encode(), check=True)

    def ctl(self, *arguments, **more):
        return self.run_ctl(*arguments, "--dir", self.directory.name, socket=False, **more)

    def gaps(self, *arguments):
        return json.loads(self.ctl("gaps", *arguments, *HOUR, "--json"))

    def only_gap(self, *arguments):
        found = self.gaps(*arguments)["gaps"]
        self.assertEqual(len(found), 1, found)
        return found[0]


class Gaps(Record):
    def test_none(self):
        self.make(series([1, 2, 3], -600, 500))
        out = self.gaps()
        self.assertEqual(out["gaps"], [])
        for p in out["points"]:
            self.assertEqual((p["expected"], p["stored"], p["good"], p["interval_seconds"]), (360, 360, 360, 10))
        self.assertIn("0 gaps; 3 points; 1080 readings expected, 1080 stored, 1080 of them good: 100.00 %", self.ctl("gaps", *HOUR))

    def test_bad_readings_of_a_device(self):
        bad = [reading(p, 1000 + 10 * i, "-", "bad", "timeout" if i < 3 else "link-down") for i in range(5) for p in (1, 2)]
        self.make(series([1, 2], 0, 100), series([3], 0, 400), bad, series([1, 2], 1050, 300))
        gap = self.only_gap()
        self.assertEqual((gap["from"], gap["to"], gap["seconds"]), ("2026-09-21T14:30:00.000Z", "2026-09-21T14:30:50.000Z", 50))
        self.assertEqual([p["point"] for p in gap["points"]], ["level", "temperature"])
        self.assertEqual([(c["reason"], c["count"]) for c in gap["causes"]], [("timeout", 6), ("link-down", 4)])
        self.assertRegex(self.ctl("gaps", *HOUR, "--utc"), r"50\.0 s +tank-1 +timeout \(6 readings\); link down \(4 readings\)\n")

    def test_stopped_and_started(self):
        self.make(series([1, 2, 3], 0, 100), event(-5, "start"), event(992, "stop"), event(1200, "start"),
                  series([1, 2, 3], 1203, 300))
        gap = self.only_gap()
        self.assertEqual(gap["causes"][0]["kind"], "daemon-stopped")
        self.assertEqual(len(gap["points"]), 3)
        self.assertIn("all 3 points", self.ctl("gaps", *HOUR))
        self.assertIn("the daemon was stopped 2026-09-21 22:29:52+08:00 and started 2026-09-21 22:33:20+08:00", self.out)

    def test_stopped_and_never_started(self):
        self.make(series([1, 2, 3], 0, 100), event(-5, "start"), event(992, "stop"))
        gap = self.only_gap()
        self.assertTrue(gap["open"])
        self.assertIn("has not started since", self.ctl("gaps", *HOUR))
        self.assertIn("not over", self.out)
        # Seen from a day after, when there is no reading in the range or near it.
        out = json.loads(self.ctl("gaps", "--from", "2026-09-23", "--to", "2026-09-24", "--utc", "--json"))
        self.assertEqual((out["gaps"][0]["causes"][0]["kind"], out["gaps"][0]["seconds"]), ("daemon-stopped", 86400))

    def test_crash(self):
        self.make(event(-5, "start"), series([1, 2, 3], 0, 100), event(1200, "start"), series([1, 2, 3], 1203, 300))
        self.assertEqual(self.only_gap()["causes"][0]["kind"], "daemon-crashed")

    def test_clock_set_forward(self):
        # The event has the time of the new clock.
        self.make(event(-5, "start"), series([1, 2, 3], 0, 50), event(3500.4, "clock", step_us=3000000000),
                  series([1, 2, 3], 3500, 50))
        cause, = self.only_gap()["causes"]
        self.assertEqual((cause["kind"], cause["begin"], cause["end"]),
                         ("clock-set", "2026-09-21T14:21:40.400Z", "2026-09-21T15:11:40.400Z"))
        # No time passed: no reading was to be expected, and none is missing. In a part of it neither.
        self.assertIn("1 gaps; 3 points; 180 readings expected, 180 stored, 180 of them good: 100.00 %", self.ctl("gaps", *HOUR))
        for p in self.gaps()["points"]:
            self.assertEqual((p["expected"], p["stored"]), (60, 60))
            self.assertLess(p["gap_seconds"], 10)
        out = json.loads(self.ctl("gaps", "--from", "2026-09-21T14:15:00Z", "--to", "2026-09-21T14:30:00Z", "--json"))
        self.assertEqual([(p["expected"], p["stored"]) for p in out["points"]], [(40, 40)] * 3)
        out = json.loads(self.ctl("gaps", "--from", "2026-09-21T14:30:00Z", "--to", "2026-09-21T14:40:00Z", "--json"))
        self.assertEqual([c["kind"] for g in out["gaps"] for c in g["causes"]], ["clock-set"])
        self.assertEqual([p["expected"] for p in out["points"]], [0] * 3)

    def test_clock_set_forward_twice(self):
        self.make(event(-5, "start"), series([1, 2, 3], 0, 50), event(1770.6, "clock", step_us=1270000000),
                  series([1, 2, 3], 1770, 1), event(2971.7, "clock", step_us=1191100000), series([1, 2, 3], 2971, 63))
        first, second = self.gaps()["gaps"]
        self.assertEqual([c["event"] for g in (first, second) for c in g["causes"]], [2, 3])
        self.assertIn("the clock was set forward by 1270.0 s: no time passed", self.ctl("gaps", *HOUR))
        self.assertIn("the clock was set forward by 1191.1 s: no time passed", self.out)
        self.assertIn("342 readings expected, 342 stored, 342 of them good: 100.00 %", self.out)

    def test_a_clock_step_explains_no_other_gap(self):
        # It was set from 500 s to 600 s; what is missing behind it has another reason.
        self.make(event(-5, "start"), series([1], 0, 50), event(600.5, "clock", step_us=100000000), series([1], 600, 1),
                  series([1], 760, 300))
        self.assertEqual([c["kind"] for g in self.gaps()["gaps"] for c in g["causes"]], ["clock-set", "unknown"])
        point, = [p for p in self.gaps()["points"] if p["stored"] > 0]
        self.assertEqual((point["expected"], point["stored"], point["gap_seconds"]), (350, 335, 150))

    def test_suspended(self):
        # Unlike a step of the clock this is time: what was to be read in it is missing.
        slept = event(1500.5, "suspend", suspended_us=998000000, **{"from": "2026-09-21T14:21:42.500Z", "to": "2026-09-21T14:38:20.5Z"})
        self.make(event(-5, "start"), series([1, 2, 3], 0, 50), slept, series([1, 2, 3], 1500, 250))
        cause, = self.only_gap()["causes"]
        self.assertEqual((cause["kind"], cause["event"], cause["begin"], cause["end"]),
                         ("suspended", 2, "2026-09-21T14:21:42.500Z", "2026-09-21T14:38:20.500Z"))
        for p in self.gaps()["points"]:
            self.assertEqual((p["expected"], p["stored"]), (360, 260))
        self.assertIn("the machine was suspended from 2026-09-21 14:21:42Z to 2026-09-21 14:38:20Z", self.ctl("gaps", *HOUR, "--utc"))
        self.assertIn("处于挂起状态", self.ctl("gaps", *HOUR, "--lang", "zh"))
        self.assertIn("asleep for 16 min 38 s", self.ctl("events", *HOUR))

    def test_a_short_suspend_is_not_why_an_hour_is_missing(self):
        self.make(event(-5, "start"), series([1, 2, 3], 0, 50), series([1, 2, 3], 3000, 100),
                  event(900, "suspend", suspended_us=60000000, **{"from": "2026-09-21T14:27:20Z", "to": "2026-09-21T14:28:20Z"}))
        self.assertEqual([c["kind"] for c in self.only_gap()["causes"]], ["all-silent"])

    def test_lost_around_a_clock_step(self):
        # What is missing is an hour that never was, and 40 s that were.
        self.make(event(-5, "start"), series([1, 2, 3], 0, 50), event(3000, "clock", step_us=2480000000), series([1, 2, 3], 3010, 100),
                  event(3100, "gap", count=12, reason="readings given up: history.db could not be written and memory was full",
                        **{"from": "2026-09-21T14:21:40Z", "to": "2026-09-21T15:03:29Z"}))
        self.assertEqual([c["kind"] for c in self.only_gap()["causes"]], ["clock-set", "records-lost"])

    def test_lost(self):
        self.make(event(-5, "start"), series([1], 0, 50), series([1], 800, 300),
                  event(900, "gap", count=30, reason="readings given up: history.db could not be written and memory was full",
                        **{"from": "2026-09-21T14:21:40Z", "to": "2026-09-21T14:26:00Z"}))
        cause = self.only_gap()["causes"][0]
        self.assertEqual((cause["kind"], cause["count"]), ("records-lost", 30))
        self.assertIn("读数被放弃", self.ctl("gaps", *HOUR, "--lang", "zh"))

    def test_a_short_stop_is_not_why_an_hour_is_missing(self):
        self.make(event(-5, "start"), series([1, 2, 3], 0, 50), event(600, "alarm", "_system", "history-database",
                  transition="raised", text={"en": "readings can't be written to disk: disk full", "zh": "磁盘"}),
                  event(900, "stop"), event(902, "start"), series([1, 2, 3], 3500, 50))
        cause, = self.only_gap()["causes"]
        self.assertEqual((cause["kind"], cause["event"]), ("not-stored", 2))
        self.assertIn("not stored: readings can't be written to disk: disk full", self.ctl("gaps", *HOUR))

    def test_crashed_after_the_clock_was_set_back(self):
        self.make(event(4000, "start"), event(-10, "clock", step_us=-7200000000), series([1, 2, 3], 0, 100), event(1200, "start"),
                  series([1, 2, 3], 1203, 300))
        self.assertEqual([c["kind"] for c in self.gaps()["gaps"][0]["causes"]], ["daemon-crashed"])

    def test_several_stops_that_are_most_of_it(self):
        self.make(event(-5, "start"), series([1, 2, 3], 0, 50), event(495, "stop"), event(900, "start"), event(905, "stop"),
                  event(1500, "start"), series([1, 2, 3], 1505, 250))
        cause, = self.only_gap()["causes"]
        self.assertEqual((cause["kind"], cause["begin"], cause["end"]),
                         ("daemon-stopped", "2026-09-21T14:21:35.000Z", "2026-09-21T14:38:20.000Z"))

    def test_configured(self):
        self.make(event(-5, "start"), series([1], 0, 50), series([1], 1800, 200), series([3], 0, 400),
                  event(1790, "configuration", difference="+ assets.tank-1.points.temperature.register: temperature"))
        cause = self.only_gap()["causes"][0]
        self.assertEqual(cause["kind"], "configuration")
        self.assertIn("points.temperature", cause["detail"])

    def test_nothing_explains_it(self):
        self.make(event(-5, "start"), series([1], 0, 50), series([1], 800, 300), series([3], 0, 400))
        self.assertEqual(self.only_gap()["causes"][0]["kind"], "unknown")
        self.assertIn("unknown: no reading and no event explains it", self.ctl("gaps", *HOUR))

    def test_all_silent(self):
        self.make(event(-5, "start"), series([1, 3], 0, 50), series([1, 3], 800, 300))
        self.assertEqual(self.only_gap()["causes"][0]["kind"], "all-silent")

    def test_a_silent_device_is_asked_less_often(self):
        back_off = [reading(1, s, "-", "bad", "timeout") for s in (500, 505, 516, 527, 552)]
        self.make(series([1], 0, 100, interval=5), back_off, series([1], 560, 700, interval=5))
        gap = self.only_gap()
        self.assertEqual([c["kind"] for c in gap["causes"]], ["reading"])

    def test_another_interval_is_no_gap(self):
        self.make(series([1], 0, 180), series([1], 1800, 60, interval=60))
        self.assertEqual(self.gaps("tank-1", "temperature")["gaps"], [])

    def test_reaches_over_the_range(self):
        self.make(series([1], -7200, 10), series([1], 600, 300), series([1], 3600 + 7200, 10))
        found = self.gaps()["gaps"]
        self.assertEqual([(g["began_before"], g["ends_after"]) for g in found], [(True, False)] if len(found) == 1 else
                         [(True, False), (False, True)])
        self.assertEqual(found[0]["seconds"], 600)

    def test_uncertain_is_not_good(self):
        self.make(series([1], 0, 100), reading(1, 1000, -190, "uncertain", "maintenance"), series([1], 1010, 300))
        self.assertEqual(self.only_gap()["seconds"], 10)
        self.assertIn("uncertain: maintenance", self.ctl("gaps", *HOUR))

    def test_csv_and_nothing(self):
        self.make(series([1], 0, 50), series([1], 800, 300))
        rows = list(csv.DictReader(io.StringIO(self.ctl("gaps", *HOUR, "--format", "csv"), newline="")))
        self.assertEqual([(r["seconds"], r["asset"], r["causes"]) for r in rows], [("300.000", "tank-1", "unknown")])
        self.ctl("gaps", "tank-9", expect=1)
        self.assertIn('no asset "tank-9"', self.err)


class Exposure(Record):
    def points(self, *arguments):
        out = json.loads(self.ctl("exposure", *arguments, *HOUR, "--json"))
        self.assertEqual((out["cryomon"], out["minutes"]), ("exposure 1", 60))
        return out["points"]

    def test_exact(self):
        # Ten minutes at -145, of which two at -125, in an hour at -190.
        self.make(series([1], -100, 100), series([1], 900, 24, -145), series([1], 1140, 12, -125), series([1], 1260, 24, -145),
                  series([1], 1500, 300))
        point, = self.points("tank-1")
        self.assertEqual((point["asset"], point["point"], point["known_minutes"], point["not_known_minutes"]),
                         ("tank-1", "temperature", 60, 0))
        levels = {l["above"]: l for l in point["levels"]}
        self.assertEqual((levels[-150]["minutes"], levels[-150]["degree_minutes"]), (10, 8 * 5 + 2 * 25))
        self.assertEqual((levels[-135]["minutes"], levels[-135]["degree_minutes"]), (2, 20))
        self.assertEqual((levels[-120]["minutes"], levels[-120]["peak"]), (0, None))
        self.assertEqual((levels[-150]["peak"], levels[-150]["longest_minutes"], levels[-150]["longest_from"]),
                         (-125, 10, "2026-09-21T14:28:20.000Z"))
        self.assertEqual(point["maximum_time"], "2026-09-21T14:32:20.000Z")

    def test_not_known(self):
        # Two minutes without a reading: the first 30 s (three intervals) the last one stands, the rest is not known.
        self.make(series([1], 0, 60, -140), series([1], 720, 300, -190))
        point, = self.points("tank-1", "temperature")
        self.assertEqual((point["not_known_minutes"], point["levels"][0]["minutes"]), (round((720 - 590 - 30) / 60, 3), round(620 / 60, 3)))
        self.assertIn("NOT KNOWN", self.ctl("exposure", *HOUR))

    def test_bad_readings_are_not_known(self):
        self.make(series([1], 0, 60), [reading(1, 600 + 10 * i, "-", "bad", "timeout") for i in range(60)], series([1], 1200, 240))
        self.assertEqual(self.points()[0]["not_known_minutes"], 10)

    def test_a_stay_ends_where_nothing_is_known(self):
        self.make(series([1], 0, 60, -140), [reading(1, 600, "-", "bad", "timeout")], series([1], 610, 30, -140), series([1], 910, 270))
        level = self.points()[0]["levels"][0]
        self.assertEqual((level["longest_minutes"], level["minutes"]), (10, 15))

    def test_thresholds(self):
        self.make(series([1], 0, 360, -145))
        point, = self.points("tank-1", "--threshold", "-140,-150.5")
        self.assertEqual([l["above"] for l in point["levels"]], [-150.5, -140])
        for wrong in "", "x", "-150,-150", "-150,", "1,2,3,4,5":
            self.ctl("exposure", "--threshold", wrong, expect=2)

    def test_mean_kinetic_temperature(self):
        # A minute at -120 in an hour at -190: the warm minute is nearly all that counts.
        self.make(series([1], 0, 60), series([1], 600, 6, -120), series([1], 660, 294))
        self.assertAlmostEqual(self.points()[0]["mean_kinetic_temperature"], -129.04, delta=0.01)
        self.assertIn("doubtful across a glass transition", self.ctl("exposure", *HOUR))

    def test_other_units(self):
        self.make(series([2], 0, 60, 40))
        self.ctl("exposure", "tank-1", "level", *HOUR, expect=1)
        self.assertIn("in the unit of the thresholds", self.err)


class Events(Record):
    def setUp(self):
        super().setUp()
        self.make(event(0, "start"), event(10, "alarm", "tank-1", "high", transition="raised"),
                  event(20, "alarm", "tank-2", "high", transition="raised"),
                  event(30, "alarm", "tank-1", "high", transition="acknowledged", by="li.na"),
                  event(40, "verification", asset="tank-2", point="level", by="wang.wei"),
                  event(50, "alarm", "tank-1", "low", transition="raised"))

    def seconds(self, *arguments):
        """Which events are shown: by the order in which they were made."""
        bodies = [json.loads(line) for line in self.ctl("events", *HOUR, "--json", *arguments).splitlines()]
        return [(b["kind"], b.get("by")) for b in bodies]

    def test_filters(self):
        self.assertEqual(len(self.seconds()), 6)
        self.assertEqual(self.seconds("--kind", "start"), [("start", None)])
        self.assertEqual(len(self.seconds("--asset", "tank-1")), 3)
        self.assertEqual(len(self.seconds("--asset", "tank-1", "--alarm", "high")), 2)
        self.assertEqual(self.seconds("--person", "li.na"), [("alarm", "li.na")])
        self.assertEqual(self.seconds("--asset", "tank-2", "--kind", "verification"), [("verification", "wang.wei")])
        self.ctl("events", *HOUR, "--person", "nobody", expect=1)
        self.assertIn("no such events in that range", self.err)


class EventWords(Record):
    """Events that bring no text of their own, in words."""

    def lines(self, language):
        out = self.ctl("events", *HOUR, "--utc", "--lang", language)
        return [line.split("Z  ", 1)[1] for line in out.splitlines()]

    def test_the_daemon_s_own(self):
        span = {"from": "2026-09-01T00:00:00.000Z", "to": "2026-09-02T00:00:00.000Z"}
        self.make(event(0, "start", version="1.2.3", configuration="0123456789abcdef" * 4),
                  event(1, "key", public_key="cryomon-ed25519:AAAA"),
                  event(2, "clock", step_us=1191100000), event(3, "clock", step_us=-1500000),
                  event(4, "retention", count=8640, seal=12, reason="older than storage.keep: 30 days", **span),
                  event(5, "damage", count=2, point="level", seal=13, **{"from": span["from"]},
                        reason="readings of an hour do not fit their hash: they stay where they are, unproven"
                        ).replace('"count"', '"asset": "tank-1", "count"'),
                  event(6, "gap", count=30, reason="the core's mailbox was full"))
        self.assertEqual(self.lines("en"), [
            "start  version 1.2.3, configuration 0123456789ab",
            "signing key  from here on the record is signed with cryomon-ed25519:AAAA",
            "clock  set forward by 1191.100 s",
            "clock  set back by 1.500 s",
            "retention  8640 readings removed, 2026-09-01 00:00:00Z to 2026-09-02 00:00:00Z, older than storage.keep: 30 days, seal 12",
            "damage  tank-1/level, 2 damaged: readings of an hour do not fit their hash: they stay where they are, unproven, "
            "from 2026-09-01 00:00:00Z, seal 13",
            "gap  the core's mailbox was full (30)"])
        self.assertEqual(self.lines("zh"), [
            "启动  版本 1.2.3，配置 0123456789ab",
            "签名密钥  自此使用该密钥签名：cryomon-ed25519:AAAA",
            "时钟  向前调整 1191.100 秒",
            "时钟  向后调整 1.500 秒",
            "数据清理  已删除 8640 个读数，2026-09-01 00:00:00Z 至 2026-09-02 00:00:00Z，早于 storage.keep 规定的 30 天，封存 12",
            "数据损坏  tank-1/level，损坏 2 处：某小时的读数与其哈希不符：保留原处，未经证明，自 2026-09-01 00:00:00Z，封存 13",
            "数据缺口  核心队列已满 (30)"])

    def test_what_tools_recorded(self):
        self.make(event(0, "backup", by="root", detail={"backup": "demo-2026", "verified": True, "bytes": 323584, "seconds": 0.2,
                                                        "events": 10, "readings": 2000, "last_event": 10, "seals": 1},
                        text={"en": "backup: demo-2026", "zh": "backup: demo-2026"}),
                  event(1, "backup", by="root", detail={"verified": False, "directory": "/b", "error": "disk full"}),
                  event(2, "export", by="li.na", detail={"manifest_sha256": "ab" * 32, "from": "2026-09-01T00:00:00.000Z",
                                                         "to": "2026-09-02T00:00:00.000Z", "events": 3, "readings": 5,
                                                         "asset": "tank-1", "point": "level"}),
                  event(3, "restore-test", by="root", detail={"backup": "demo-2026", "verified": True, "colour": "blue"}),
                  event(4, "chain-check", by="root", detail={"problems": 0}),
                  event(5, "report", by="root", detail={"report": "tank-1-1", "sha256": "cd" * 32}))
        self.assertEqual(self.lines("en"), [
            "backup by root  demo-2026, verified, 10 events, 2000 readings, to event 10, to seal 1, 0.3 MB, in 0.2 s",
            "backup by root  directory /b, NOT VERIFIED, disk full",
            "export by li.na  tank-1/level, 2026-09-01 00:00:00Z to 2026-09-02 00:00:00Z, 3 events, 5 readings, "
            "manifest SHA-256 abababababab",
            "test of a backup by root  demo-2026, verified, colour: blue",
            "check of the record by root  0 problems",
            "report by root  tank-1-1, SHA-256 cdcdcdcdcdcd"])
        self.assertEqual(self.lines("zh"), [
            "备份 操作人 root  demo-2026，已验证，10 个事件，2000 个读数，到事件 10，到封存 1，0.3 MB，用时 0.2 秒",
            "备份 操作人 root  目录 /b，未通过验证，disk full",
            "导出 操作人 li.na  tank-1/level，2026-09-01 00:00:00Z 至 2026-09-02 00:00:00Z，3 个事件，5 个读数，清单 SHA-256 abababababab",
            "备份恢复验证 操作人 root  demo-2026，已验证，colour: blue",
            "记录完整性校验 操作人 root  0 处问题",
            "报告 操作人 root  tank-1-1，SHA-256 cdcdcdcdcdcd"])


class Spans(Record):
    def test_hours(self):
        self.make(series([1], -800, 440, -190, 0.1), reading(1, 3600, "-", "bad", "timeout"), series([1], 3610, 90, -140))
        hours = [json.loads(line) for line in
                 self.ctl("history", "tank-1", "temperature", *HOUR, "--resolution", "hour", "--json").splitlines()]
        self.assertEqual([h["time"] for h in hours], ["2026-09-21T14:00:00.000Z", "2026-09-21T15:00:00.000Z"])
        first, second = hours
        self.assertEqual((first["count"], first["values"], first["minimum"], first["maximum"], first["first"], first["last"]),
                         (360, 360, -190, -154.1, -190, -154.1))
        self.assertAlmostEqual(first["mean"], -172.05)
        self.assertEqual((first["worst"], first["known_minutes"], first["above"][0]), ("good", 60, {"level": -150, "minutes": 0}))
        self.assertEqual((second["count"], second["values"], second["worst"], second["maximum"]), (171, 170, "bad", -140))
        self.assertEqual(second["above"][0], {"level": -150, "minutes": round((39 + 90) / 6, 3)})
        days = self.ctl("history", "tank-1", "temperature", *HOUR, "--resolution", "day", "--format", "csv")
        row, = csv.DictReader(io.StringIO(days, newline=""))
        self.assertEqual((row["time"], row["count"], row["level_1"], row["above_1"]),
                         ("2026-09-21T00:00:00.000Z", "531", "-150.0", "21.500"))
        for language in "en", "zh":
            self.golden("hours.%s.txt" % language,
                        self.ctl("history", "tank-1", "temperature", *HOUR, "--resolution", "hour", "--lang", language))
        self.ctl("history", "tank-1", "temperature", "--resolution", "minute", expect=2)

    def test_calibrated(self):
        self.make("calibration 7 tank-1 temperature °C C-123 gain 1.01 offset -0.5",
                  "reading 1 %d %d -100 good - 7" % (T, T), "reading 1 %d %d - bad timeout" % (T + 10000, T + 10500))
        rows = [json.loads(line) for line in self.ctl("history", "tank-1", "temperature", *HOUR, "--json").splitlines()]
        self.assertEqual((rows[0]["value"], rows[0]["as_read"], rows[0]["calibration"], rows[0]["certificate"]),
                         (-101.5, -100, 7, "C-123"))
        self.assertNotIn("as_read", rows[1])
        self.assertRegex(self.ctl("history", "tank-1", "temperature", *HOUR), r"-101\.5 .* -100\.0  C-123\n")

    def test_as_read_only_where_calibrated(self):
        self.make("calibration 7 tank-1 temperature °C C-123 gain 1 offset -0.5",
                  "reading 1 %d %d -100 good -" % (T, T), "reading 1 %d %d -100 good - 7" % (T + 10000, T + 10000))
        rows = list(csv.DictReader(io.StringIO(self.ctl("history", "tank-1", "temperature", *HOUR, "--format", "csv"), newline="")))
        self.assertEqual([(r["value"], r["as_read"], r["calibration"], r["certificate"]) for r in rows],
                         [("-100.0", "", "", ""), ("-100.5", "-100.0", "7", "C-123")])
        rows = [json.loads(line) for line in self.ctl("history", "tank-1", "temperature", *HOUR, "--json").splitlines()]
        self.assertEqual([r.get("as_read") for r in rows], [None, -100])


class Stats(Record):
    def test_counts(self):
        self.make(event(-5, "start"), series([1, 2, 3], 0, 400))
        out = json.loads(self.ctl("stats", "--json"))
        self.assertEqual((out["history"]["readings"], out["history"]["points"], out["state"]["events"]), (1200, 3, 1))
        self.assertEqual(out["history"]["oldest"], "2026-09-21T14:13:20.020Z")
        self.assertGreater(out["bytes_per_day"], 1000)
        self.assertIn("1,200 readings", self.ctl("stats"))
        self.assertIn("1,200 个读数", self.ctl("stats", "--lang", "zh"))


if __name__ == "__main__":
    unittest.main()
