"""cryomon-report --run: a freezer's run on paper, its page for a batch record, and what was understood of a tank."""
import hashlib
import json
import os
import tempfile
import unittest

import record
import run_record
import tank_record
from test_report import CRYOCTL, REPORT, Case, words

DAY = 86400000


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def at(text):
    return record.ms(text.rstrip("Z"))


def make(directory):
    """Whole and accepted; whole and decided on twice; broken off with the door open; 350 s without an answer and no sample
    probe; one that takes nine times as long; one that was met on its way. Returns their begins and ends."""
    r, first = run_record.Runs(), record.ms("2026-11-16T02:10:00")
    r.start(first - 3600000, run_record.source(2))
    runs = [(k, first + k * DAY, more) for k, more in enumerate((
        {"held": ((700, 760),)}, {}, {"stop": 2400, "door": ((900, 960),)}, {"silent": (1800, 2150), "sample": False}, {"slow": 9},
        {"unseen": 900}))]
    ends = []
    for k, begin, more in runs:
        ends.append(r.run(begin - 1000 * more.get("unseen", 0), k + 3, **more))
        name = f"freezer-1@{begin}"
        program = {"program": "cryomed-700", "program_sha256": sha(run_record.PROGRAM), "program_status": "example"}
        r.tell(begin + 5000, name, "began", operator="Wang Wei 王伟", lots=["CB-01", "CB-02"], **program)
        if k == 2:
            r.event(begin + 910000, "alarm", ("freezer-1", "run-lid-open"), asset="freezer-1", alarm="run-lid-open", transition="raised",
                    state="unacknowledged", priority="medium", text={"en": "Freezer 1: lid open", "zh": "1号程序降温仪：开盖"})
            r.event(begin + 965000, "alarm", ("freezer-1", "run-lid-open"), asset="freezer-1", alarm="run-lid-open", transition="returned",
                    state="returned-unacknowledged", priority="medium", text={"en": "Freezer 1: lid open", "zh": "1号程序降温仪：开盖"})
            r.event(ends[-1] + 600000, "alarm", ("freezer-1", "run-lid-open"), asset="freezer-1", alarm="run-lid-open",
                    transition="acknowledged", by="li.na", note="came late", state="normal", priority="medium")
            r.alarms["freezer-1", "run-lid-open"] = (0, 0, "", 0, r.seq)
        if k == 2:  # over long before the next run, and nobody has seen it
            for offset, transition, state in ((700000, "raised", "unacknowledged"), (800000, "returned", "returned-unacknowledged")):
                for alarm in ("run-abandoned", "run-overshoot"):
                    r.event(ends[-1] + offset, "alarm", ("freezer-1", alarm), asset="freezer-1", alarm=alarm, transition=transition,
                            state=state, priority="high", time=record.time_text(ends[-1] + offset), raised=record.time_text(ends[-1] + 700000), text={"en": alarm, "zh": alarm})
                    r.alarms["freezer-1", alarm] = (3, (ends[-1] + 700000) * 1000, "", 0, r.seq)
        r.tell(ends[-1] + 5000, name, "ended", how="complete", verdict="within", end=record.time_text(ends[-1]), **program)
        r.tell(ends[-1] + 6000, name, "noted", by="li.na", note="bag 02 leaks 袋漏")
        if k == 1:
            r.tell(ends[-1] + 50000, name, "rejected", by="li.na", note="wrong lot")
        if k < 2:
            own = {"by_operator": True} if k == 0 else {}
            r.tell(ends[-1] + 60000, name, "accepted", by="zhang.min", note="as it should be 符合", **own)
    r.make(directory)
    return [begin for _, begin, _ in runs], ends


class RunCase(Case):
    @classmethod
    def setUpClass(cls):
        cls.make_directories()
        cls.begins, cls.ends = make(cls.record)

    def of_run(self, k):
        return ["freezer-1", "--run", f"freezer-1@{self.begins[k]}", "--dir", self.record, "--config", self.dir, "--utc"]

    def run_facts(self, k, *more):
        return json.loads(self.run_report(*self.of_run(k), "--json", *more))

    def check_frame(self, pdf, form):
        """Each page says which it is of how many, and no text leaves the page or lies upon the foot."""
        pages = self.numbered_pages(pdf, form)
        for page, x1, y1, x2, y2, word in words(pdf):
            self.assertTrue(x1 >= 41 and x2 <= 556 and y1 >= 20 and (y2 < 797 or y1 > 800), (page, x1, y1, x2, y2, word))
        return pages


class Facts(RunCase):
    def test_what_was_run_and_by_whom(self):
        facts = self.run_facts(1)
        run = facts["run"]
        self.assertEqual((run["operator"], run["lots"], run["how"]), ("Wang Wei 王伟", ["CB-01", "CB-02"], "complete"))
        self.assertEqual((facts["program"]["sha256"], facts["program"]["status"]), (sha(run_record.PROGRAM), "example"))
        self.assertEqual(facts["program_from"], "record")
        self.assertLess(abs(at(run["begin"]) - self.begins[1]), 3000)
        self.assertLess(abs(at(run["end"]) - self.ends[1]), 3000)

    def test_the_decision_is_the_last_one_and_the_first_is_not_hidden(self):
        facts = self.run_facts(1)
        self.assertEqual([(d["decision"], d["by"]) for d in facts["decisions"]], [("rejected", "li.na"), ("accepted", "zhang.min")])
        self.assertEqual((facts["decision"]["decision"], facts["decision"]["by"], facts["decision"]["reason"]),
                         ("accepted", "zhang.min", "as it should be 符合"))
        self.assertNotIn("decision", self.run_facts(2))

    def test_steps_and_limits(self):
        facts = self.run_facts(1)
        hold, slow, fast = facts["steps"]
        self.assertEqual((slow["per_minute"], slow["target"], slow["planned_seconds"]), (-1, -45, 2940))
        self.assertAlmostEqual(slow["rate"], -1, delta=0.02)
        self.assertAlmostEqual(slow["seconds"], 2940, delta=5)
        self.assertEqual((hold["reached"], fast["reached"], fast["tolerance"]), (True, True, 8))
        self.assertEqual({limit["judged"] for limit in facts["limits"]}, {"within"})
        self.assertEqual((facts["verdict"]["kind"], facts["verdict"]["reasons"]), ("within", []))

    def test_ice_is_in_the_curve_where_the_figures_have_it(self):
        facts = self.run_facts(1)
        ice = facts["run"]["ice"]
        near = [row for row in facts["ice_curve"]["sample"] if row[1] is not None]
        onset_s = (at(ice["onset_time"]) - at(facts["run"]["begin"])) / 1000
        self.assertLess(min(abs(s - onset_s) + abs(v - ice["onset"]) for s, v in near), 2.5)
        self.assertAlmostEqual(max(v for s, v in near if s > onset_s), ice["peak"], delta=0.05)

    def test_no_line_leads_over_a_gap(self):
        facts = self.run_facts(3)
        gap, = [g for g in facts["gaps"] if "chamber" in g["points"]]
        begin = at(facts["run"]["begin"])
        self.assertAlmostEqual(gap["seconds"], 350, delta=3)
        for line in ("chamber", "setpoint", "deviation"):
            rows = facts["curve"][line]
            for a, b in zip(rows, rows[1:]):
                over = a[0] * 1000 + begin < at(gap["to"]) - 5000 and b[0] * 1000 + begin > at(gap["from"]) + 5000
                self.assertFalse(over and a[1] is not None and b[1] is not None, (line, a, b))
            self.assertIn(None, [row[1] for row in rows])

    def test_a_thinned_curve_keeps_its_extremes(self):
        long = self.run_facts(4)["curve"]["chamber"]
        values = [row[1] for row in long if row[1] is not None]
        true = [round(row[1], 1) for row in run_record.course(7, 9)]
        self.assertLess(len(values), 2000)
        self.assertAlmostEqual(min(values), min(true), delta=0.01)
        self.assertAlmostEqual(max(values), max(true), delta=0.01)

    def test_without_a_sample_nothing_is_made_up(self):
        facts = self.run_facts(3)
        judged = {limit["of"]: limit["judged"] for limit in facts["limits"]}
        self.assertEqual((judged["onset"], judged["zero-to-minus-40"], judged["gap"]), ("unknown", "unknown", "outside"))
        self.assertNotIn("ice_curve", facts)
        self.assertFalse(facts["run"]["has_sample"])

    def test_broken_off(self):
        facts = self.run_facts(2)
        run = facts["run"]
        self.assertEqual((run["how"], run["guidance"], run["broken_off"]), ("stopped", "minus-80", True))
        self.assertIn("not-complete", [r["why"] for r in facts["verdict"]["reasons"]])
        self.assertEqual((facts["verdict"]["kind"], run["verdict_then"]), ("outside", "within"))
        lid, = [lapse for lapse in facts["lapses"] if lapse["lapse"] == "lid"]
        self.assertAlmostEqual((at(lid["to"]) - at(lid["from"])) / 1000, 60, delta=3)
        alarm, = facts["alarms"]
        self.assertEqual((alarm["alarm"], alarm["by"], alarm["note"]), ("run-lid-open", "li.na", "came late"))

    def test_alarms_of_another_run_are_not_this_ones(self):
        self.assertEqual(self.run_facts(3)["alarms"], [])

    def test_a_run_that_goes_on_is_not_judged(self):
        begin = record.ms("2026-11-16T02:10:00")
        with tempfile.TemporaryDirectory(prefix="report-test-") as directory:
            r = run_record.Runs()
            r.start(begin - 3600000, run_record.source(2))
            r.run(begin, 3, stop=2400, idle=0)
            r.make(directory)
            arguments = ["freezer-1", "--run", f"freezer-1@{begin}", "--dir", directory, "--config", directory, "--utc"]
            facts = json.loads(self.run_report(*arguments, "--json"))
            self.assertEqual((facts["run"]["how"], facts["verdict"]["kind"]), ("running", "not-yet"))
            self.assertNotIn("end", [reason["why"] for reason in facts["verdict"]["reasons"]])
            self.assertFalse([reason for reason in facts["verdict"]["reasons"] if reason.get("unknown")])
            self.assertFalse([limit for limit in facts["limits"] if limit["judged"] not in ("not-yet", "outside")])
            pdf = os.path.join(directory, "run.pdf")
            self.run_report(*arguments, "--output", pdf)
            self.assertIn("NOT YET: the run goes on", self.text(pdf))

    def test_a_program_that_was_held(self):
        held, = [lapse for lapse in self.run_facts(0)["lapses"] if lapse["lapse"] == "held"]
        self.assertAlmostEqual((at(held["from"]) - self.begins[0]) / 1000, 700, delta=3)
        self.assertAlmostEqual((at(held["to"]) - at(held["from"])) / 1000, 60, delta=3)

    def test_earlier_accepted_runs(self):
        self.assertEqual(self.run_facts(0)["earlier"], [])
        earlier, = self.run_facts(1)["earlier"]
        self.assertEqual((earlier["run"], earlier["accepted_by"]), (f"freezer-1@{self.begins[0]}", "zhang.min"))
        self.assertLess(earlier["distance"]["rms"], 1)
        self.assertGreater(len(earlier["sample"]), 100)

    def test_another_program_is_said(self):
        other = os.path.join(record.ROOT, "config", "programs", "ef600.yaml")
        facts = self.run_facts(1, "--program", other)
        self.assertEqual((facts["program_from"], facts["program"]["sha256"]), ("given", sha(other)))


class Paper(RunCase):
    def test_structure_in_both_languages(self):
        english = self.check_frame(self.pdf("run.pdf", *self.of_run(1)), "Page %d of %d")
        text = "".join(english).replace("\f", "\n")
        places = [("\n" + text).find("\n" + title) for title in (
            "Report of a freezing run", "Verdict by the program's limits", "Curve, °C", "Ice and figures", "Steps", "The program's limits",
            "Beside earlier accepted runs", "Alarms", "Notes", "Gaps", "Calibration", "Decision", "Verification of the record",
            "What this paper is bound to", "Signatures")]
        self.assertEqual(places, sorted(places))
        self.assertNotIn(-1, places)
        for part in ("EXAMPLE", sha(run_record.PROGRAM), "Wang Wei 王伟", "CB-01, CB-02", "ACCEPTED", "zhang.min", "bag 02 leaks", "ramp to -45 °C",
                     "plateau", "wrong lot", "The record is whole"):
            self.assertIn(part, text)
        self.assertNotIn("Not decided", text)
        chinese = self.pdf("zh.pdf", "--facts", os.path.join(self.dir, "run.json"), "--lang", "zh", "--utc")
        text = "".join(self.check_frame(chinese, "第 %d 页，共 %d 页"))
        for part in ("程序降温运行报告", "示例", "降温曲线", "结冰起始", "接受", "记录完整"):
            self.assertIn(part, text)

    def test_a_run_that_was_broken_off(self):
        text = "".join(self.check_frame(self.pdf("stopped.pdf", *self.of_run(2)), "Page %d of %d"))
        for part in ("BROKEN OFF", "OUTSIDE THE PROGRAM'S LIMITS", "the program did not come to its end", "not into LN2 vapour", "Not decided",
                     "accepted", "rejected", "the monitor's verdict was another one", "not reached"):
            self.assertIn(part, text)

    def test_a_run_that_was_met_on_its_way(self):
        facts = self.run_facts(5)
        self.assertFalse(facts["run"]["begin_known"])
        self.assertEqual([(step.get("not_seen", False), step.get("partly_seen", False)) for step in facts["steps"][:3]],
                         [(True, False), (False, True), (False, False)])
        judged = {limit["of"]: limit["judged"] for limit in facts["limits"]}
        for of in ("deviation", "gap", "overshoot"):
            if of in judged:
                self.assertEqual(judged[of], "unknown", of)
        self.assertEqual(judged["end-temperature"], "within")
        for form in ((), ("--short",)):
            text = " ".join("".join(self.check_frame(self.pdf("met.pdf", *self.of_run(5), *form), "Page %d of %d")).split())
            for part in ("not seen", "≥", "none seen"):
                self.assertIn(part, text)
            self.assertNotIn("not reached", text)
        text = "".join(self.check_frame(self.pdf("met.pdf", *self.of_run(5)), "Page %d of %d"))
        for part in ("or earlier", "at least", "IT RAN ALREADY WHEN IT WAS FIRST SEEN"):
            self.assertIn(part, text)
        chinese = "".join(self.check_frame(self.pdf("met.pdf", *self.of_run(5), "--lang", "zh"), "第 %d 页，共 %d 页"))
        for part in ("首次见到时已在运行", "历时至少", "未见"):
            self.assertIn(part, chinese)

    def test_an_operator_who_accepts_his_own_run(self):
        self.assertIn("who also ran it", self.text(self.pdf("own.pdf", *self.of_run(0))))
        self.assertNotIn("who also ran it", self.text(self.pdf("other.pdf", *self.of_run(1))))

    def test_gap_and_no_sample(self):
        text = "".join(self.check_frame(self.pdf("gap.pdf", *self.of_run(3)), "Page %d of %d"))
        for part in ("not known: there is", "no value", "timeout", "whether and where ice began is not known"):
            self.assertIn(part, text)

    def test_the_batch_record_is_one_page(self):
        for k in range(len(self.begins)):
            for language, form in (("en", "Page %d of %d"), ("zh", "第 %d 页，共 %d 页")):
                pages = self.check_frame(self.pdf("brief.pdf", *self.of_run(k), "--short", "--lang", language), form)
                self.assertEqual(len(pages), 1)
                for part in (f"freezer-1@{self.begins[k]}", sha(run_record.PROGRAM), sha(os.path.join(self.dir, "brief.json"))):
                    self.assertIn(part, pages[0])

    def test_one_page_whatever_happened(self):
        """32 steps, each off its rate, and 40 reasons: the page gives way, says that it does, and stays one."""
        facts = self.run_facts(2)
        facts["steps"] = [{**facts["steps"][1], "target": -k} for k in range(32)]
        facts["verdict"]["reasons"] = [{"why": "rate", "step": k + 1, "text": {"en": f"step {k + 1}: rate", "zh": "速率"}} for k in range(32)]
        facts["notes"] = [{"time": facts["run"]["begin"], "who": "x", "note": "a long note " * 80}] * 9
        facts["run"]["lots"] = [f"CB-2026-{k:04d}" for k in range(60)]
        path = os.path.join(self.dir, "many.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(facts, f)
        pages = self.check_frame(self.pdf("many.pdf", "--facts", path, "--short", "--utc"), "Page %d of %d")
        self.assertEqual(len(pages), 1)
        self.assertIn("more", pages[0])
        self.assertIn("Decided by", pages[0])

    def test_cryoctl_runs_it(self):
        path = os.path.join(self.dir, "via.pdf")
        self.run_report("run", "report", *self.of_run(1)[:1], self.of_run(1)[2], *self.of_run(1)[3:], "--short", "-o", path, program=(CRYOCTL,))
        self.assertIn("for the batch record", self.text(path))

    def test_mistakes(self):
        self.run_report("freezer-1", "--run", "freezer-1@1000000000000", "--dir", self.record, expect=1)
        self.assertIn("freezer-1@1000000000000", self.err)
        self.run_report("tank-9", "--run", "tank-9@1000000000000", "--dir", self.record, expect=1)
        self.run_report(*self.of_run(1), "--last", "2h", expect=2)
        self.run_report("freezer-1", "--short", "--dir", self.record, expect=2)
        self.run_report(*self.of_run(1), "--program", "/nonexistent.yaml", expect=1)


class WithoutProgram(RunCase):
    @classmethod
    def setUpClass(cls):
        cls.make_directories()
        r, begin = run_record.Runs(), record.ms("2026-11-16T02:10:00")
        r.start(begin - 3600000, run_record.without_program(2))
        r.run(begin, 3)
        r.make(cls.record)

    def test_what_is_not_known_is_said_and_not_drawn(self):
        found = json.loads(self.run_report("runs", "freezer-1", "--from", "2026-11-15", "--to", "2026-11-18", "--dir", self.record, "--config",
                                           self.dir, "--json",
                                           program=(CRYOCTL,)))
        run, = found["runs"]
        arguments = ("freezer-1", "--run", run["id"], "--dir", self.record, "--config", self.dir, "--utc")
        text = "".join(self.check_frame(self.pdf("bare.pdf", *arguments), "Page %d of %d"))
        for part in ("nobody said which one", "nothing is judged", "by the chamber's temperature", "not over where the stored readings end", "not recorded",
                     "onset"):
            self.assertIn(part, text)
        for part in ("deviation, K", "tolerance\n", "Steps", "Within the program's limits"):
            self.assertNotIn(part, text)


class TwoSamples(RunCase):
    """One of two samples does not freeze."""

    @classmethod
    def setUpClass(cls):
        cls.make_directories()
        r, begin = run_record.Runs(second=True), record.ms("2026-11-16T02:10:00")
        r.start(begin - 3600000, run_record.two_samples(2))
        cls.ends = [r.run(begin, 3)]
        cls.begins = [begin]
        program = {"program": "cryomed-700", "program_sha256": sha(run_record.PROGRAM), "program_status": "example"}
        r.tell(begin + 5000, f"freezer-1@{begin}", "began", operator="li.na", **program)
        r.make(cls.record)

    def test_facts(self):
        facts = self.run_facts(0)
        first, second = facts["run"]["samples"]
        self.assertEqual((first["name"]["en"], second["name"]["zh"]), ("Bag middle", "袋边缘"))
        self.assertEqual((first["ice"]["seen"], second["ice"]["seen"]), (True, False))
        self.assertEqual(first["ice"], facts["run"]["ice"])
        self.assertEqual(facts["run"]["last_sample"], max(first["last"], second["last"]))
        reason, = [r for r in facts["verdict"]["reasons"] if r["why"] == "no-exotherm"]
        self.assertEqual((reason["sample"], reason["text"]["en"]), (2, "sample 2: no exotherm"))
        for curve in (facts["curve"], facts["ice_curve"]):
            self.assertGreater(len(curve["sample-2"]), 50)
        onsets = {limit["sample"]: limit["judged"] for limit in facts["limits"] if limit["of"] == "onset"}
        self.assertEqual(onsets, {1: "within", 2: "unknown"})
        self.assertEqual([p["point"] for p in facts["points"] if p["input"].startswith("sample")], ["sample", "sample-b"])

    def test_paper(self):
        text = "".join(self.check_frame(self.pdf("two.pdf", *self.of_run(0)), "Page %d of %d"))
        for part in ("Bag middle", "Bag edge", "sample 2: no exotherm", "no ice was seen; at the end", "Warmest at the end",
                     "Onset of ice, sample 2"):
            self.assertIn(part, text)
        self.assertGreaterEqual(text.count("Bag edge"), 2)  # the legend, and the figures
        chinese = "".join(self.check_frame(self.pdf("two-zh.pdf", *self.of_run(0), "--lang", "zh"), "第 %d 页，共 %d 页"))
        for part in ("袋中部", "袋边缘", "样品 2：无放热峰"):
            self.assertIn(part, chinese)

    def test_the_batch_record_is_one_page(self):
        for language, form in (("en", "Page %d of %d"), ("zh", "第 %d 页，共 %d 页")):
            page, = self.check_frame(self.pdf("two-brief.pdf", *self.of_run(0), "--short", "--lang", language), form)
            self.assertIn("Bag edge" if language == "en" else "袋边缘", page)


class Tank(Case):
    RANGE = ["--from", "2026-11-20", "--to", "2026-11-23", "--utc"]

    @classmethod
    def setUpClass(cls):
        cls.make_directories()
        tank_record.three_days(cls.record)

    def test_fills_and_nitrogen(self):
        tank = self.facts(*self.RANGE)["tank"]
        self.assertEqual([(f["begin"], f["litres"]) for f in tank["fills"]],
                         [("2026-11-21T12:00:00.000Z", 24.5), ("2026-11-22T23:00:00.000Z", None)])
        self.assertEqual((tank["filled_litres"], tank["fills_of_unknown_litres"], tank["cost"], tank["currency"]), (24.5, 1, 12.25, "EUR"))

    def test_where_no_fill_was_seen_none_is_zero(self):
        quiet = ["--from", "2026-11-22T01:00:00Z", "--to", "2026-11-22T12:00:00Z", "--utc"]
        tank = self.facts(*quiet)["tank"]
        self.assertEqual((tank["fills"], tank["filled_litres"], tank["cost"]), ([], None, None))
        text = self.text(self.pdf("quiet.pdf", "tank-1", "--dir", self.record, *quiet))
        self.assertIn("no fill seen in the range", text)
        self.assertNotIn("0.00 EUR", text)
        unknown = ["--from", "2026-11-22T22:00:00Z", "--to", "2026-11-23T01:00:00Z", "--utc"]
        self.assertIsNone(self.facts(*unknown)["tank"]["cost"])
        self.assertIn("litres not known", self.text(self.pdf("unknown.pdf", "tank-1", "--dir", self.record, *unknown)))

    def test_when_the_vacuum_was_doubted(self):
        spans = [(v["state"], v["from"][8:16], v["to"][8:16]) for v in self.facts(*self.RANGE)["tank"]["vacuum"]]
        self.assertEqual(spans, [("watch", "21T00:00", "21T12:00"), ("failing", "21T12:00", "21T16:00"), ("failing", "21T20:00", "22T12:00")])

    def test_a_derived_point_is_no_sensor(self):
        facts = self.facts(*self.RANGE)
        points = {p["point"]: p for p in facts["points"]}
        self.assertEqual(facts["gaps"], [])
        self.assertNotIn("derived", points["level"])
        self.assertEqual((points["boil-off-least"]["bound"], points["boil-off-least"]["bound_of"]), ("least", "boil-off"))
        self.assertEqual((points["boil-off"]["told"]["known"], points["boil-off"]["told"]["not_known"]), (3720, 600))
        self.assertNotIn("readings", points["boil-off"])
        self.assertEqual(points["boil-off"]["bad_reasons"], {"learning": 360, "input-gap": 240})

    def test_the_paper_says_what_is_not_known(self):
        pdf = self.pdf("tank.pdf", "tank-1", "--dir", self.record, *self.RANGE)
        text = "".join(self.check_pages(pdf, "Page %d of %d"))
        for part in ("100.00 % of the expected readings are stored, 100.00 % are good", "Boil-off (boil-off) [L/d]", "Vacuum index", "FAILING",
                     "86.1 %", "fills: 2, 24.5 L; not known of 1", "12.25 EUR", "learned anew, by wang.wei: vacuum valve changed"):
            self.assertIn(part, text)
        table = text[text.index("Readings and completeness"):text.index("Calibration")]
        self.assertNotIn("Boil-off", table)
        chinese = self.text(self.pdf("tank-zh.pdf", "tank-1", "--dir", self.record, *self.RANGE, "--lang", "zh"))
        for part in ("蒸发、剩余时间与真空", "失效中", "补入液氮"):
            self.assertIn(part, chinese)


if __name__ == "__main__":
    unittest.main()
