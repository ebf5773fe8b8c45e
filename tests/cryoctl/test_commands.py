#!/usr/bin/python3
"""The verbs for people: shelve, out-of-service, bypass, reset, reading, drill; what is disabled; manual readings."""
import json
import os
import re
import subprocess
import time
import unittest

from alarm_history import H, MIN, S, T, AlarmHistory, text
from cryoctl_case import Case
from fake_daemon import FakeDaemon



def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - seconds))


UNTIL = "2026-11-22T05:02:03.000Z"
MONITOR = "io.cryomon.Monitor."


class Commands(Case):
    def setUp(self):
        super().setUp()
        self.daemon = FakeDaemon(self.path)
        self.daemon.start()
        self.addCleanup(self.daemon.stop)

    def called(self, *arguments, expect=0, **more):
        """What the daemon is asked for by it: (method, parameters)."""
        before = len(self.daemon.calls)
        self.run_ctl(*arguments, expect=expect, **more)
        calls = self.daemon.calls[before:]
        self.assertEqual(len(calls), 1, calls)
        return calls[0]["method"].removeprefix(MONITOR), calls[0]["parameters"]

    def refuses(self, *arguments, says):
        before = len(self.daemon.calls)
        self.run_ctl(*arguments, expect=2)
        self.assertIn(says, self.err)
        self.assertEqual(len(self.daemon.calls), before)

    def test_shelve(self):
        self.daemon.answers["Shelve"] = {"until": UNTIL}
        call = self.called("shelve", "tank-1", "lid-open", "--for", "30min", "--why", "door is repaired", "--one-shot")
        self.assertEqual(call, ("Shelve", {"asset": "tank-1", "alarm": "lid-open", "note": "door is repaired", "one_shot": True,
                                           "for": "1800 s"}))
        self.assertEqual(self.out, "shelved: tank-1/lid-open, until its condition is over\nuntil 2026-11-22 13:02:03+08:00\n")
        call = self.called("shelve", "tank-1", "lid-open", "--until", "2026-11-22 13:02:03", "--why", "修门", "--lang", "zh")
        self.assertEqual(call[1], {"asset": "tank-1", "alarm": "lid-open", "note": "修门", "until": UNTIL})
        self.assertIn("已搁置：tank-1/lid-open", self.out)

    def test_what_is_not_on_disk_is_said(self):
        warning = {"en": "done, but not yet on disk: the disk is full", "zh": "已执行，但尚未写入磁盘：磁盘已满"}
        verbs = {"Acknowledge": ("ack", "tank-1", "warm"), "Drill": ("drill",), "Reload": ("reload",),
                 "VesselRelearn": ("vessel", "relearn", "tank-1", "--reason", "repaired")}
        for method, verb in verbs.items():
            self.daemon.answers[method] = {"seq": 17, "recorded": False, "warning": warning}
            self.run_ctl(*verb, expect=0)
            self.assertTrue(self.out)
            self.assertIn("done, but not yet on disk: the disk is full", self.err)
            self.run_ctl(*verb, "--lang", "zh", expect=0)
            self.assertIn("尚未写入磁盘：磁盘已满", self.err)
            self.run_ctl(*verb, "--json", expect=0)
            self.assertEqual((json.loads(self.out)["ok"], json.loads(self.out)["recorded"]), (True, False))
            self.daemon.answers[method] = {"seq": 17, "recorded": True}
            self.run_ctl(*verb, expect=0)
            self.assertEqual(self.err, "")

    def test_nothing_is_kept_quiet_without_an_end_and_a_reason(self):
        self.refuses("shelve", "tank-1", "lid-open", "--why", "x", says="--for")
        self.refuses("shelve", "tank-1", "lid-open", "--why", "x", "--for", "1h", "--until", "2026-11-22 13:00", says="--for")
        self.refuses("shelve", "tank-1", "lid-open", "--for", "1h", says="--why")
        self.refuses("shelve", "tank-1", "lid-open", "--for", "soon", "--why", "x", says="soon")
        self.refuses("out-of-service", "tank-1", "--for", "1d", "--why", "x", says="--order")
        self.refuses("bypass", "c1", "--for", "1d", says="--why")
        self.refuses("shelve", "tank-1", "lid-open", "--for", "1h", "--why", "  ", says="--why")
        self.refuses("shelve", "tank-1", says="ASSET ALARM")

    def test_out_of_service_says_plainly_what_goes_on(self):
        self.daemon.answers["OutOfService"] = {"alarms": 5, "marked": 2, "until": UNTIL}
        call = self.called("out-of-service", "tank-1", "--for", "2d", "--order", "WO-17", "--why", "new sensor")
        self.assertEqual(call, ("OutOfService", {"asset": "tank-1", "for": "172800 s", "order": "WO-17", "note": "new sensor"}))
        self.assertIn("3 alarms are out of service\n2 are protected", self.out)
        self.assertIn("they go on calling as ever", self.out)
        call = self.called("out-of-service", "tank-1", "level-low", "--for", "2d", "--order", "WO-17", "--why", "x")
        self.assertEqual(call[1]["alarm"], "level-low")

    def test_the_ends(self):
        for verb, method in (("unshelve", "Unshelve"), ("in-service", "InService"), ("reset", "Reset")):
            call = self.called(verb, "tank-1", "level-low", "--note", "done")
            self.assertEqual(call, (method, {"asset": "tank-1", "alarm": "level-low", "note": "done"}))
            self.assertIn("tank-1/level-low", self.out)
        self.daemon.answers["InService"] = {"alarms": 4}
        self.assertEqual(self.called("in-service", "tank-1"), ("InService", {"asset": "tank-1"}))
        self.assertEqual(self.out, "in service again: tank-1\n4 alarms\n")

    def test_bypass(self):
        self.daemon.answers["Bypass"] = {"alarms": 9, "marked": 1, "until": UNTIL}
        call = self.called("bypass", "c1", "--for", "4h", "--why", "display broken", "--order", "WO-9")
        self.assertEqual(call, ("Bypass", {"device": "c1", "note": "display broken", "order": "WO-9", "for": "14400 s"}))
        self.assertIn("manual readings are due now", self.out)
        self.daemon.answers["Unbypass"] = {"alarms": 9}
        self.assertEqual(self.called("unbypass", "c1"), ("Unbypass", {"device": "c1"}))

    def test_reading_and_drill(self):
        self.daemon.answers["Reading"] = {"seq": 77}
        call = self.called("reading", "tank-1", "level", "-3.5", "--measured", "2026-11-22 11:00", "--second", "wang.wei",
                           "--note", "ruler")
        self.assertEqual(call, ("Reading", {"asset": "tank-1", "point": "level", "value": "-3.5", "second": "wang.wei",
                                            "note": "ruler", "measured": "2026-11-22T03:00:00.000Z"}))
        self.assertIn("event 77", self.out)
        self.refuses("reading", "tank-1", "level", "41", says="--measured")
        self.assertEqual(self.called("drill", "--note", "monthly"), ("Drill", {"note": "monthly"}))
        self.assertIn("cryoctl ack system drill", self.out)

    def test_reload_with_a_reason(self):
        self.assertEqual(self.called("reload", "--reason", "doctor asked"), ("Reload", {"reason": "doctor asked"}))
        self.assertEqual(self.called("reload"), ("Reload", {}))
        self.refuses("reload", "--reason", "  ", says="--reason")
        detail = "1 change of limits needs a reason: cryoctl reload --reason TEXT\nassets.tank-1.alarms.warm.high: -150 °C -> -140 °C"
        self.daemon.error["Reload"] = (MONITOR + "ReloadRefused", {"detail": detail})
        self.run_ctl("reload", expect=1)
        self.assertEqual(self.err, "cryoctl: refused; the old configuration stays in force:\n" + detail + "\n")

    def test_what_the_daemon_refuses_is_said_in_its_words(self):
        words = {"en": "this alarm can't be shelved: it is critical", "zh": "该报警为紧急级，不能搁置"}
        shelve = ["shelve", "tank-1", "warm", "--for", "1h", "--why", "x"]
        self.daemon.error["Shelve"] = (MONITOR + "Refused", {"text": words})
        self.run_ctl(*shelve, expect=1)
        self.assertEqual(self.err, f"cryoctl: refused: {words['en']}\n")
        self.run_ctl(*shelve, "--lang", "zh", expect=1)
        self.assertEqual(self.err, f"cryoctl: 被拒绝：{words['zh']}\n")
        answer = json.loads(self.run_ctl(*shelve, "--json", expect=1))
        self.assertEqual((answer["ok"], answer["error"]), (False, MONITOR + "Refused"))
        self.daemon.error["Shelve"] = (MONITOR + "NothingToDo", {"text": {"en": "it is shelved already", "zh": "已搁置"}})
        self.run_ctl(*shelve, expect=1)
        self.assertIn("nothing to do: it is shelved already", self.err)
        self.daemon.error["Shelve"] = (MONITOR + "PermissionDenied", {"group": "cryomon-operator"})
        self.run_ctl(*shelve, expect=4)
        self.daemon.error["Bypass"] = (MONITOR + "NoSuchDevice", {"device": "c9"})
        self.run_ctl("bypass", "c9", "--for", "1h", "--why", "x", expect=1)
        self.assertIn('no device "c9"', self.err)

    def test_json(self):
        self.daemon.answers["Shelve"] = {"until": UNTIL}
        answer = json.loads(self.run_ctl("shelve", "tank-1", "warm", "--for", "1h", "--why", "x", "--json"))
        self.assertEqual(answer, {"ok": True, "until": UNTIL})

    # ---- what is disabled

    def test_status_and_alarms_show_what_is_disabled(self):
        self.daemon.status["disabled"] = [
            {"what": "shelved", "asset": "tank-2", "alarm": "lid-open", "by": "li.na", "note": "door is repaired", "count": 3,
             "since": "2026-11-22T03:00:00.000Z", "until": UNTIL, "one_shot": True},
            {"what": "maintenance", "asset": "tank-2", "alarm": "temperature-critical", "by": "wang.wei", "order": "WO-17",
             "note": "sensor", "until": UNTIL},
            {"what": "bypassed", "device": "c1", "by": "wang.wei", "note": "display", "until": UNTIL},
            {"what": "notifications-off", "detail": "li.na/mail", "by": "li.na", "until": UNTIL}]
        self.daemon.status["rounds"] = [{"asset": "tank-2", "due": "2026-11-22T03:00:00.000Z", "overdue": True}]
        self.daemon.status["notifier"] = "failing"
        for verb in "status", "alarms":
            out = self.run_ctl(verb)
            for part in ("DISABLED", "tank-2/lid-open", "2026-11-22 13:02:03+08:00, or until it is over", "door is repaired",
                         "maintenance (alarms go on)", "WO-17: sensor", "device bypassed", "li.na/mail", "notification off",
                         "MANUAL READING OVERDUE: tank-2", "NOBODY WOULD BE TOLD"):
                self.assertIn(part, out, verb)
            self.assertRegex(out, r"door is repaired +3\n")
        out = self.run_ctl("status", "--lang", "zh")
        for part in ("搁置", "维护中（照常报警）", "装置旁路", "人工读数已逾期"):
            self.assertIn(part, out)

    def test_the_summary_counts_what_is_disabled(self):
        self.daemon.status["disabled"] = [{"what": "shelved", "asset": "tank-2", "alarm": "lid-open", "until": UNTIL}]
        self.assertIn("; 1 DISABLED; broker ok", self.run_ctl("status"))
        self.assertIn("；1 项停用；", self.run_ctl("status", "--lang", "zh"))

    def test_an_alarm_says_what_happens_otherwise_and_how_long_is_left(self):
        self.daemon.status["alarms"][1].update(consequence={"en": "Cells are lost", "zh": "细胞受损"}, time_left_s=7290,
                                               group="system/bus-hall-silent", value_time=ago(1))
        out = self.run_ctl("alarms")
        self.assertIn("(2 h 01 min left)  -> Do: Check LN2 level and lid  -> Otherwise: Cells are lost  (part of system/bus-hall-silent)", out)
        self.assertIn("否则：细胞受损", self.run_ctl("alarms", "--lang", "zh"))

    def test_time_left_runs_from_the_reading_that_says_so(self):
        alarm = self.daemon.status["alarms"][1]
        for left, when, said in ((3630, ago(300), "(55 min"), (330, ago(300), "(less than 1 min left)"), (300, ago(310), "(no time left)"),
                                 (90000, ago(4000), "(time left not known)"), (None, ago(1), "(time left not known)")):
            alarm.update(time_left_s=left, value_time=when)
            self.assertIn(said, self.run_ctl("alarms").replace("54 min", "55 min"))
        del alarm["value_time"]  # of the event's own moment, then
        alarm.update(time=ago(300), time_left_s=330)
        self.assertIn("(less than 1 min left)", self.run_ctl("alarms"))

    def test_who_holds_an_alarm_has_not_acknowledged_it(self):
        alarm = self.daemon.status["alarms"][0]
        alarm.update(state="shelved", by="wang.wei", held_by="wang.wei", acknowledged_by="li.na")
        out = self.run_ctl("alarms")
        self.assertIn("li.na", out)
        self.assertNotIn("wang.wei", out)

    def test_who_ended_a_hold_has_not_acknowledged_it(self):
        alarm = self.daemon.status["alarms"][0]
        alarm.pop("acknowledged", None)
        alarm.update(state="unacknowledged", by="zhang", transition="in-service")
        self.assertNotIn("zhang", self.run_ctl("alarms"))

    def test_nothing_is_said_of_nothing(self):
        self.daemon.status.update(disabled=[], rounds=[], notifier="ok")
        self.assertNotIn("DISABLED", self.run_ctl("status"))

    def test_a_shelved_alarm_in_the_list(self):
        self.daemon.status["alarms"][0]["state"] = "shelved"
        self.assertIn("shelved", self.run_ctl("alarms"))
        self.assertIn("已搁置", self.run_ctl("alarms", "--lang", "zh"))


class Stored(Case):
    def make(self, history):
        history.make(self.directory.name)

    def ctl(self, *arguments, **more):
        return self.run_ctl(*arguments, "--dir", self.directory.name, "--from", text(T), "--to", text(T + 24 * H), socket=False, **more)

    def test_manual_readings_stand_beside_those_of_the_device(self):
        h = AlarmHistory()
        h.run(0)
        h.series(0, 121, interval=30 * S)
        common = {"asset": "tank-1", "unit": "°C", "by": "li.na"}
        h.event(31 * MIN, "reading", point="temperature", value=-188.5, measured=text(T + 30 * MIN), second="wang.wei", note="hand probe",
                **common)
        h.event(10 * H, "reading", point="temperature", value=-187, measured=text(T + 10 * H), **common)
        h.event(11 * H, "reading", point="lid", value=1, value_state="open", measured=text(T + 11 * H), **{**common, "unit": ""})
        self.make(h)
        first, second, third = json.loads(self.ctl("readings", "--json"))
        self.assertEqual((first["value"], first["automatic"]["value"], first["automatic"]["time"]), (-188.5, -190, text(T + 30 * MIN + 20)))
        self.assertIsNone(second["automatic"])
        self.assertIsNone(third["automatic"])
        out = self.ctl("readings", "tank-1", "temperature")
        self.assertEqual(len(out.splitlines()), 3)
        for part in ("-188.5 °C", "li.na, wang.wei", "-190.0 °C", "hand probe", "none"):
            self.assertIn(part, out)
        self.assertIn("open", self.ctl("readings", "tank-1", "lid"))
        self.ctl("readings", "tank-9", expect=1)
        self.assertIn("no manual readings", self.err)
        self.assertEqual(self.ctl("readings", "tank-9", "--json"), "[]\n")

    def test_events_in_words(self):
        h = AlarmHistory()
        h.run(0)
        sentence = {"en": "Tank 1: the lid is open", "zh": "1号罐：盖子打开"}
        h.alarm(H, "shelved", "shelved", alarm="lid-open", by="li.na", note="door", until=text(T + 2 * H), text=sentence)
        h.alarm(2 * H, "unshelved", "unacknowledged", alarm="lid-open", why="time", text=sentence)
        h.alarm(3 * H, "out-of-service", "out-of-service", alarm="level", by="wang.wei", order="WO-17", note="sensor", until=text(T + 9 * H))
        h.alarm(3 * H + 1, "in-service", "shelved", alarm="level", why="person", by="zhang", held_by="li.na", note="door", comment="repaired",
                until=text(T + 9 * H))
        h.alarm(4 * H, "realarmed", "unacknowledged", alarm="warm", why="worse")
        h.call(4 * H, 4 * H, "failed")
        h.event(5 * H, "fallback", part="command", outcome="done", alarm_id="tank-1/warm@1")
        h.event(6 * H, "device", transition="bypassed", device="c1", by="li.na", order="", note="display", why="", until=text(T + 9 * H))
        h.event(7 * H, "configuration", by="li.na", sha256="0" * 64, reason="new rack", difference="a: 1 -> 2",
                limits=[{"what": "a", "before": "1", "after": "2"}])
        h.event(8 * H, "configuration", by="li.na", sha256="0" * 64, reason=None, limits=[{"what": "a", "before": "1", "after": "2"}])
        self.make(h)
        out = self.ctl("events", "--utc")
        for part in ("shelved: tank-1/lid-open by li.na until 2026-09-21 16:13:20Z: door  Tank 1: the lid is open",
                     "no longer shelved: tank-1/lid-open, its time is over",
                     "out of service: tank-1/level by wang.wei until 2026-09-21 23:13:20Z, work order WO-17: sensor",
                     "in service again: tank-1/level by zhang: repaired; now shelved by li.na until 2026-09-21 23:13:20Z: door",
                     "ALARM AGAIN: tank-1/warm, it has become worse",
                     "call  li.na, mail, FAILED, tank-1/warm@",
                     "fallback  command, done, tank-1/warm@1",
                     "device by li.na  c1: bypassed, display, until 2026-09-21 23:13:20Z",
                     "configuration by li.na  1 changes of limits, reason: new rack, a: 1 -> 2",
                     "1 changes of limits, WITHOUT A REASON"):
            self.assertIn(part, out)
        out = self.ctl("events", "--lang", "zh")
        for part in ("搁置：tank-1/lid-open 操作人 li.na", "取消搁置", "再次报警", "情况恶化", "呼叫", "旁路", "原因：new rack", "未说明原因"):
            self.assertIn(part.replace("：tank", ": tank"), out)


class Completion(unittest.TestCase):
    def test_bash_knows_every_verb_and_option(self):
        help_text = subprocess.run([os.environ["CRYOCTL"], "--help", "--lang", "en"], stdout=subprocess.PIPE, check=True).stdout.decode()
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/cryoctl/cryoctl.bash")
        with open(path, encoding="utf-8") as f:
            script = f.read()
        verbs = [line.split()[0] for line in help_text.split("Verbs:")[1].split("Options:")[0].splitlines() if line.strip()]
        options = [line.split()[0] for line in help_text.split("Options:")[1].splitlines() if line.startswith("  --")]
        self.assertGreater(len(verbs), 30)
        known = script.split('local verbs="')[1].split('"')[0].split()
        self.assertEqual(sorted(set(verbs)), sorted(known))  # "run" is the first word of several
        for option in options:
            self.assertIn(option, script)

    def test_the_manual_knows_every_verb_and_option(self):
        help_text = subprocess.run([os.environ["CRYOCTL"], "--help", "--lang", "en"], stdout=subprocess.PIPE, check=True).stdout.decode()
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/cryoctl/cryoctl.1")
        with open(path, encoding="utf-8") as f:
            manual = f.read().replace("\\-", "-")
        verbs = [line.split()[0] for line in help_text.split("Verbs:")[1].split("Options:")[0].splitlines() if line.strip()]
        options = [line.split()[0] for line in help_text.split("Options:")[1].splitlines() if line.startswith("  --")]
        lines = [re.sub(r"\\f[A-Z]", " ", line) for line in manual.splitlines() if line.startswith(".")]
        known = {word for line in lines for word in re.findall(r"(?:--)?[a-z][a-z-]*", line)}
        self.assertEqual([word for word in verbs + options if word not in known], [])


if __name__ == "__main__":
    unittest.main()
