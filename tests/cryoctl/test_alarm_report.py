#!/usr/bin/python3
"""alarm-report: what the events say of the alarm system itself, beside the targets."""
import json
import os
import unittest

from alarm_history import D, H, MIN, S, T, AlarmHistory, a_month, text
from cryoctl_case import Case


class AlarmReport(Case):
    def ctl(self, *arguments, **more):
        return self.run_ctl("alarm-report", *arguments, "--dir", self.directory.name, socket=False, **more)

    def facts(self, history, start=0, end=30 * D, *arguments):
        if not os.path.exists(os.path.join(self.directory.name, "state.db")):
            history.make(self.directory.name)
        return json.loads(self.ctl("--json", "--from", text(T + start), "--to", text(T + end), *arguments))

    def target(self, facts, name, side="standard"):
        found = [t for t in facts["targets"] if t["id"] == name]
        self.assertEqual(len(found), 1)
        return found[0][side]["result"]

    # ---- rates

    def test_a_month(self):
        f = self.facts(a_month())
        self.assertEqual((f["cryomon"], f["site"], f["observed"]["share"]), ("alarm-report 1", "demo", 1.0))
        self.assertEqual((f["rates"]["alarms"], f["rates"]["while_disabled"]), (30 + 14 + 3 + 1 + 1 + 1, 1))
        self.assertAlmostEqual(f["rates"]["per_day"], 50 / 30)
        self.assertEqual((f["rates"]["peak_day"]["count"], f["rates"]["peak_day"]["from"]), (15, text(T + 10 * D)))
        self.assertEqual(f["rates"]["peak_10_min"], {"count": 14, "from": text(T + 10 * D)})
        self.assertEqual(self.target(f, "per_day"), "met")
        self.assertEqual(self.target(f, "per_day", "cryobank"), "met")
        self.assertEqual(self.target(f, "peak_10_min"), "not-met")

    def test_a_flood_begins_with_its_first_alarm_and_ends_when_it_is_quiet(self):
        f = self.facts(a_month())["floods"]
        # The tenth came 4:30 after the first; fewer than 5 in 10 minutes is true 10 minutes after the tenth.
        self.assertEqual((f["count"], f["longest"]["from"], f["longest"]["alarms"]), (1, text(T + 10 * D), 14))
        self.assertEqual((f["seconds"], f["longest"]["seconds"]), (270 + 600, 270 + 600))

    def test_ten_in_ten_minutes_are_no_flood(self):
        h = AlarmHistory()
        h.run(0)
        for i in range(10):
            h.whole(H + i * MIN, asset=f"tank-{i}")
        h.whole(H + 11 * MIN, asset="tank-11")
        f = self.facts(h, end=D)
        self.assertEqual(f["floods"]["count"], 0)
        self.assertEqual(f["rates"]["peak_10_min"]["count"], 10)

    def test_what_chatters_and_what_is_stale(self):
        f = self.facts(a_month())
        self.assertEqual((f["chattering"]["alarms"], f["chattering"]["list"][0]["alarm"]), (1, "lid-open"))
        self.assertEqual(self.target(f, "chattering"), "not-met")
        stale = f["stale"]
        self.assertEqual((stale["count"], stale["most_at_once"], stale["still"]), (1, 1, 0))
        self.assertEqual((stale["list"][0]["alarm"], stale["list"][0]["seconds"]), ("warm", 14 * 86400))
        self.assertEqual((self.target(f, "stale"), self.target(f, "stale", "cryobank")), ("met", "not-met"))
        self.assertEqual((f["repeaters"][0]["alarm"], f["repeaters"][0]["count"]), ("level-low", 30))

    # ---- people

    def test_times_to_acknowledge_and_to_resolve(self):
        h = AlarmHistory()
        h.run(0)
        for i in range(10):
            h.whole(i * H, seen=(i + 1) * MIN, over=(i + 1) * 5 * MIN, by="li.na" if i < 9 else "wang.wei")
        f = self.facts(h, end=D)
        seen = f["acknowledge"]
        self.assertEqual((seen["count"], seen["median_s"], seen["p90_s"], seen["worst_s"]), (10, 300, 540, 600))
        self.assertEqual(seen["worst"], {"asset": "tank-1", "alarm": "warm", "raised": text(T + 9 * H)})
        self.assertEqual((f["resolve"]["median_s"], f["resolve"]["worst_s"]), (1500, 3000))
        self.assertEqual([(p["person"], p["count"], p["median_s"]) for p in f["people"]], [("li.na", 9, 300), ("wang.wei", 1, 600)])
        self.assertEqual([(a["asset"], a["alarms"], a["acknowledge"]["count"]) for a in f["assets"]], [("tank-1", 10, 10)])

    def test_what_waits_at_the_end(self):
        f = self.facts(a_month())
        never = f["never_acknowledged"]
        self.assertEqual((never["count"], never["list"][0]["asset"], never["list"][0]["seconds"]), (1, "room-1", 86400))
        f = self.facts(a_month(), 0, 20 * D)  # the stale one is still active then
        self.assertEqual([(u["alarm"], u["seconds"]) for u in f["unresolved"]["list"]], [("warm", 6 * 86400)])

    def test_it_counts_from_the_first_raise_that_nobody_has_acknowledged(self):
        h = AlarmHistory()
        h.run(0)
        h.alarm(H, "raised", "unacknowledged").alarm(H + MIN, "returned", "returned-unacknowledged")
        h.alarm(H + 5 * MIN, "raised", "unacknowledged").alarm(H + 9 * MIN, "acknowledged", "acknowledged", by="li.na")
        h.alarm(H + 10 * MIN, "returned", "normal")
        f = self.facts(h, end=D)
        self.assertEqual((f["rates"]["alarms"], f["acknowledge"]["count"], f["acknowledge"]["worst_s"]), (2, 1, 540))
        # One that comes and goes says nothing of how fast others are resolved.
        self.assertEqual((f["resolve"]["count"], f["resolve_came_again"]["worst_s"]), (0, 600))

    def test_what_comes_for_a_second_each_few_hours_is_counted_apart(self):
        h = AlarmHistory()
        h.run(0)
        for at in range(0, 7 * D, 6 * H):
            h.alarm(H + at, "raised", "unacknowledged").alarm(H + at + S, "returned", "returned-unacknowledged")
        h.whole(3 * H, asset="tank-2")
        f = self.facts(h, end=8 * D)
        self.assertEqual((f["resolve"]["count"], f["resolve"]["worst_s"]), (1, 120))
        again = f["resolve_came_again"]
        self.assertEqual((again["count"], again["worst_s"], again["worst"]["asset"]), (1, 27 * 6 * 3600 + 1, "tank-1"))
        self.assertIn("to resolve, came again", self.ctl("--from", text(T), "--to", text(T + 8 * D)))

    def test_an_average_of_minutes_is_none(self):
        h = AlarmHistory()
        h.run(0, 30 * MIN)
        for i in range(3):
            h.whole(i * MIN, asset=f"tank-{i}")
        f = self.facts(h, end=D)
        self.assertEqual((f["rates"]["alarms"], f["rates"]["per_day"], f["rates"]["per_10_min"]), (3, None, None))
        self.assertEqual(self.target(f, "per_10_min"), "not-known")

    def test_what_was_raised_before_the_range(self):
        h = AlarmHistory()
        h.run(-D)
        h.whole(-2 * H, seen=3 * H, over=30 * H)
        f = self.facts(h, end=2 * D)
        self.assertEqual((f["rates"]["alarms"], f["acknowledge"]["worst_s"], f["stale"]["count"]), (0, 3 * 3600, 1))

    def test_within_the_time_that_the_priority_allows(self):
        f = self.facts(a_month())
        # 28 of the 30 within 300 s, and the critical one exactly in its 600 s.
        self.assertEqual((f["in_time"]["of"], f["in_time"]["within"]), (31, 29))
        self.assertEqual(self.target(f, "in_time", "cryobank"), "not-met")

    # ---- disabled, called, drilled

    def test_everything_that_was_disabled(self):
        d = self.facts(a_month())["disabled"]
        self.assertEqual((d["count"], d["without_person_or_reason"]), (2, 0))
        out, shelf = d["list"]
        self.assertEqual((shelf["kind"], shelf["by"], shelf["why"], shelf["seconds"], shelf["ended"]),
                         ("shelved", "li.na", "door is repaired 修门", 7200, "time"))
        self.assertEqual((out["kind"], out["order"], out["to"], out["seconds"]), ("out-of-service", "WO-17", None, 5 * 86400))
        kinds = {k["kind"]: k for k in d["kinds"]}
        self.assertEqual((kinds["out-of-service"]["still"], kinds["suppressed"]["count"]), (1, 0))

    def test_each_hold_has_the_name_of_who_began_it(self):
        h = AlarmHistory()
        h.run(0)
        h.alarm(H, "out-of-service", "out-of-service", by="wang.wei", held_by="wang.wei", note="valve", until=text(T + 9 * H))
        h.alarm(2 * H, "shelved", "out-of-service", by="li.na", held_by="wang.wei", note="valve", comment="door", until=text(T + 9 * H))
        h.alarm(3 * H, "in-service", "shelved", by="zhang", held_by="li.na", note="door", why="person", until=text(T + 4 * H))
        d = self.facts(h, end=D)["disabled"]
        self.assertEqual([(one["kind"], one["by"], one["why"]) for one in d["list"]],
                         [("shelved", "li.na", "door"), ("out-of-service", "wang.wei", "valve")])

    def test_a_disable_without_a_reason_is_told(self):
        h = AlarmHistory()
        h.run(0)
        h.alarm(H, "shelved", "shelved", by="li.na")
        f = self.facts(h, end=D)
        self.assertEqual(f["disabled"]["without_person_or_reason"], 1)
        self.assertEqual(self.target(f, "unsigned"), "not-met")

    def test_a_protected_alarm_is_under_maintenance_and_goes_on(self):
        h = AlarmHistory()
        h.run(0)
        mark = {"by": "wang.wei", "order": "WO-17", "note": "sensor", "until": text(T + 9 * H)}
        h.alarm(H, "out-of-service", "normal", priority="critical", maintenance=mark)
        h.alarm(2 * H, "raised", "unacknowledged", priority="critical", maintenance=mark)
        h.alarm(3 * H, "in-service", "unacknowledged", priority="critical", why="person")
        f = self.facts(h, end=D)
        one, = f["disabled"]["list"]
        self.assertEqual((one["kind"], one["by"], one["order"], one["seconds"]), ("maintenance", "wang.wei", "WO-17", 7200))
        self.assertEqual((f["rates"]["alarms"], f["rates"]["while_disabled"]), (1, 0))

    def test_a_bypass(self):
        h = AlarmHistory()
        h.run(-D)
        h.event(-H, "device", transition="bypassed", device="c1", by="li.na", note="display", order="", why="", until=text(T + H))
        h.event(H, "device", transition="in-service", device="c1", by="", note="", order="", why="time", until="")
        one, = self.facts(h, end=D)["disabled"]["list"]
        self.assertEqual((one["kind"], one["what"], one["by"], one["why"], one["seconds"], one["ended"]),
                         ("bypassed", "c1", "li.na", "display", 3600, "time"))

    def test_calls_that_were_too_many_to_record_are_told(self):
        h = AlarmHistory()
        h.run(0)
        h.event(H, "call", left_out=40)
        c = self.facts(h, end=D)["calls"]
        self.assertEqual((c["attempts"], c["not_recorded"]), (0, 40))

    def test_notification_off(self):
        h = AlarmHistory()
        h.run(0)
        h.event(H, "notify-off", what="li.na/mail", by="wang.wei", why="holiday")
        h.event(3 * H, "notify-on", what="li.na/mail", by="wang.wei")
        one = self.facts(h, end=D)["disabled"]["list"][0]
        self.assertEqual((one["kind"], one["what"], one["why"], one["seconds"]), ("notification-off", "li.na/mail", "holiday", 7200))

    def test_calls_and_drills(self):
        f = self.facts(a_month())
        c = f["calls"]
        self.assertEqual((c["attempts"], c["sent"], c["failed"], c["confirmed"], c["alarms_called"]), (2, 1, 1, 1, 1))
        self.assertEqual((c["to_first_call"]["worst_s"], c["from_call_to_acknowledgement"]["worst_s"]), (60, 540))
        self.assertEqual([(x["channel"], x["failed"]) for x in c["channels"]], [("mail", 1), ("wecom", 0)])
        d = f["drills"]
        self.assertEqual((d["held"], d["confirmed"], d["missed"], d["waiting"]), (2, 1, 1, True))
        self.assertEqual(d["to_confirmation"]["worst_s"], 90)
        self.assertEqual(self.target(f, "drills_missed", "cryobank"), "not-met")

    # ---- what was not observed

    def test_a_stopped_daemon_is_not_quiet(self):
        h = AlarmHistory()
        h.run(0, 6 * H)
        h.run(18 * H)
        h.series(18 * H, 361)
        h.whole(H)
        f = self.facts(h, end=D)
        self.assertEqual((f["observed"]["seconds"], f["observed"]["share"]), (12 * 3600, 0.5))
        self.assertEqual(f["rates"]["per_day"], 2)

    def test_a_crash_is_dated_by_the_last_reading(self):
        h = AlarmHistory()
        h.run(0)
        h.series(0, 121)  # two hours
        h.run(12 * H, D)
        f = self.facts(h, end=D)
        self.assertEqual((f["observed"]["ended_without_a_word"], f["observed"]["seconds"]), (1, 14 * 3600))

    def test_a_suspend_is_not_observed(self):
        h = AlarmHistory()
        h.run(0, D)
        h.event(10 * H, "suspend", suspended_us=4 * 3600 * 1000000)
        self.assertEqual(self.facts(h, end=D)["observed"]["seconds"], 20 * 3600)

    def test_a_flood_is_never_more_than_all_of_the_time(self):
        h = AlarmHistory()
        h.run(0, H)
        for i in range(12):
            h.whole(30 * MIN + i * S, asset=f"tank-{i}")
        h.event(31 * MIN, "suspend", suspended_us=58 * 60 * 1000000)
        f = self.facts(h, end=H)
        self.assertEqual((f["observed"]["seconds"], f["floods"]["count"], f["floods"]["share"]), (120, 1, 1.0))

    def test_a_record_that_ends_early_is_not_quiet_afterwards(self):
        h = AlarmHistory()
        h.run(0)
        h.series(0, 61)
        self.assertEqual(self.facts(h, end=D)["observed"]["seconds"], 3600)

    def test_little_is_not_called_well(self):
        h = AlarmHistory()
        h.run(0, D)
        h.whole(H)
        f = self.facts(h, end=D)
        for name in ("per_day", "peak_10_min", "flood_share", "chattering", "stale", "priorities", "top_10_share"):
            self.assertEqual(self.target(f, name), "not-known", name)
        out = self.ctl("--from", text(T), "--to", text(T + D))
        self.assertIn("observed for less than 7 days", out)
        self.assertIn("too few alarms to tell", out)

    # ---- the rest

    def test_only_one_asset(self):
        f = self.facts(a_month(), 0, 30 * D, "--asset", "room-1")
        self.assertEqual((f["rates"]["alarms"], f["asset"], len(f["assets"]), f["disabled"]["count"]), (1, "room-1", 1, 0))
        self.ctl("--asset", "tank-99", expect=1)
        self.assertIn('no asset "tank-99"', self.err)

    def test_the_tables(self):
        a_month().make(self.directory.name)
        span = ["--from", text(T), "--to", text(T + 30 * D)]
        english = self.ctl(*span, "--utc")
        for part in ("observed: 30 d 00 h (100.00 % of it)", "NOT MET", "ISA-18.2", "tank-1/level-low", "shelved", "WO-17: sensor",
                     "Calls: 2 attempts, 1 failed", "Drills: 2 held, 1 confirmed, 1 missed", "acknowledged by wang.wei"):
            self.assertIn(part, english)
        chinese = self.ctl(*span, "--lang", "zh")
        for part in ("未达标", "报警泛滥的时间", "确认人 wang.wei", "搁置", "演练：2 次"):
            self.assertIn(part, chinese)

    def test_nothing_at_all(self):
        h = AlarmHistory()
        h.run(0, 10 * D)
        f = self.facts(h, end=10 * D)
        self.assertEqual((f["rates"]["per_day"], f["acknowledge"]["median_s"], self.target(f, "per_day")), (0, None, "met"))
        self.assertIn("Nothing was disabled.", self.ctl("--from", text(T), "--to", text(T + 10 * D)))

    def test_wrong_use(self):
        a_month().make(self.directory.name)
        self.ctl("--from", "tomorrow", expect=2)
        self.ctl("--from", "2999-01-01", "--to", "2999-01-02", expect=2)
        self.ctl("tank-1", expect=2)


if __name__ == "__main__":
    unittest.main()
