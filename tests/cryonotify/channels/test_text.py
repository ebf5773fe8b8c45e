"""What a person reads: the first line, the details, shortened and split."""

import unittest

from case import Case, MINUTE_US, NASTY, NOW_US, nasty_notice, notice

HOUR_US = 60 * MINUTE_US


def member(i, **changes):
    made = {"asset": f"tank-{i}", "asset_name": {"en": f"Tank {i}", "zh": f"{i}号罐"}, "alarm": "level-low",
            "text": {"en": f"Tank {i}: Level low", "zh": f"{i}号罐：液位低"}, "priority": "high", "state": "unacknowledged"}
    made.update(changes)
    return made


class Text(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from case import Driver
        cls.d = Driver("")

    @classmethod
    def tearDownClass(cls):
        cls.d.close()

    def text(self, made):
        return self.d.ask(text=made)

    def first(self, **changes):
        return self.text(notice(**changes))["first"]

    def test_the_first_line_says_all_that_matters_in_order(self):
        self.assertEqual(self.first(), "Demo cell bank · Tank 1: Vapour too warm. Vapour temperature -149.2 °C is above -150 °C"
                         " [CRITICAL] · about 3 h left · Check LN2 level and lid")
        self.assertEqual(self.first(language="zh"), "示范细胞库 · 1号罐：气相温度过高。气相温度 -149.2 °C，高于限值 -150 °C"
                         " [紧急] · 约剩 3 小时 · 检查液位和盖子")

    def test_a_tank_that_the_sentence_does_not_name_is_named(self):
        self.assertIn("· Tank 1: Too warm [", self.first(text={"en": "Too warm"}))

    def test_a_missing_language_is_replaced_by_the_other(self):
        self.assertIn("Too warm", self.first(language="zh", text={"en": "Too warm"}))

    def test_time_left(self):
        for seconds, words in ((-1, "time left not known"), (0, "no time left"), (59, "less than 1 min left"),
                               (61, "about 1 min left"), (3599, "about 59 min left"), (6599, "about 1 h 40 min left"),
                               (4 * 3600 - 1, "about 3 h left"), (3 * 86400 + 7200, "about 3 d 2 h left")):
            self.assertIn(f"[CRITICAL] · {words} · ", self.first(time_left_s=seconds, event_utc_us=NOW_US))
        self.assertNotIn("left", self.first(time_left_s=-1, has_time_left_kind=False))
        self.assertNotIn("left", self.first(purpose="returned", active=False))

    def test_time_that_has_passed_is_no_time_left(self):
        self.assertIn(" · about 50 min left · ", self.first(time_left_s=3600, purpose="again"))
        self.assertIn(" · no time left · ", self.first(time_left_s=600, purpose="again"))
        summary = self.text(notice(purpose="summary", members=[member(1, time_left_s=3600, event_utc_us=NOW_US - 20 * MINUTE_US)]))
        self.assertIn("about 40 min left", summary["first"])
        self.assertIn("about 40 min left", summary["details"])

    def test_what_is_late_says_how_late_and_counts_no_time_down(self):
        first = self.first(historical=True, event_utc_us=NOW_US - 9 * HOUR_US)
        self.assertTrue(first.startswith("[LATE, 9 h ago] Demo cell bank"), first)
        self.assertIn("time left not known", first)
        details = self.text(notice(historical=True, event_utc_us=NOW_US - 9 * HOUR_US))["details"]
        self.assertIn("LATE: this was so at: 2025-11-24 15:00:00 +08:00 (9 h ago)\n", details)
        self.assertIn("Time left: not known\n", details)

    def test_maintenance_and_drills_come_first(self):
        self.assertTrue(self.first(maintenance=True).startswith("[MAINTENANCE] "))
        self.assertTrue(self.first(purpose="drill").startswith("[DRILL] "))
        self.assertTrue(self.first(purpose="test", language="zh").startswith("[测试] "))
        details = self.text(notice(maintenance=True, maintenance_by="wang", maintenance_order="WO-7",
                                   maintenance_until_utc_us=NOW_US + HOUR_US))["details"]
        self.assertIn("MAINTENANCE is going on, the alarm counts all the same: wang, work order WO-7 until"
                      " 2025-11-25 01:00:00 +08:00\n", details)

    def test_a_value_that_is_not_good_is_never_shown_as_good(self):
        for purpose in ("call", "again", "returned", "acknowledged"):
            bad = {"value": "-149.2", "unit": "°C", "quality": "bad", "reason": "timeout"}
            made = self.text(notice(purpose=purpose, value=bad))
            self.assertIn("· value BAD (the device does not answer)", made["first"])
            self.assertIn("Value: -149.2 °C (BAD: the device does not answer)\n", made["details"])
        doubtful = {"value": "-149.2", "unit": "°C", "quality": "uncertain", "reason": "inhibited"}
        self.assertIn("· value UNCERTAIN (", self.first(value=doubtful))
        unknown = {"value": "-149.2", "unit": "°C"}
        self.assertIn("value of unknown quality", self.first(value=unknown))
        self.assertIn("(quality not known)", self.text(notice(value=unknown))["details"])
        none = self.text(notice(value={"quality": "bad", "reason": "link-down"}))
        self.assertIn("Value: none (BAD: no connection)\n", none["details"])

    def test_an_old_value_says_that_it_is_old(self):
        old = {"value": "-149.2", "unit": "°C", "quality": "good", "utc_us": NOW_US - 25 * MINUTE_US}
        self.assertIn(" · was -149.2 °C at 23:35, not known since · ", self.first(purpose="again", value=old))
        self.assertIn(" · 23:35 时为 -149.2 °C，此后未知 · ", self.first(purpose="again", value=old, language="zh"))
        old["utc_us"] = NOW_US - 25 * HOUR_US
        self.assertIn("was -149.2 °C at 2025-11-23 23:00,", self.first(purpose="again", value=old))
        self.assertNotIn("was", self.first())
        old["utc_us"] = NOW_US - 119_000_000
        self.assertNotIn("was", self.first(value=old))
        summary = self.text(notice(purpose="summary", members=[member(1, value_utc_us=NOW_US - 25 * MINUTE_US), member(2)]))
        self.assertEqual(summary["details"].count(" · as it was at 23:35"), 1)

    def test_purposes(self):
        for purpose, en, zh in (("again", "STILL NOT ACKNOWLEDGED", "仍未确认"), ("escalated", "escalated to you", "已升级到您"),
                                ("worse", "WORSE since", "继续恶化"), ("unresolved", "STILL NOT RESOLVED", "未解决"),
                                ("returned", "over, not yet acknowledged", "尚未确认"),
                                ("acknowledged", "acknowledged by li.na", "已确认（li.na）"),
                                ("over", "back to normal", "已恢复正常"),
                                ("hold-ended", "no longer held back", "已结束")):
            self.assertIn(en, self.first(purpose=purpose, by="li.na"))
            self.assertIn(zh, self.first(purpose=purpose, by="li.na", language="zh"))
        held = self.first(purpose="held", state="shelved", by="li.na", until_utc_us=NOW_US + HOUR_US, note="fill")
        self.assertIn("shelved by li.na until 2025-11-25 01:00:00 +08:00: fill", held)

    def test_what_is_held_does_not_read_like_an_alarm(self):
        held = notice(purpose="held", state="out-of-service", by="root", until_utc_us=NOW_US + HOUR_US, note="valve", active=False)
        self.assertEqual(self.first(**held), "[FOR INFORMATION] Demo cell bank · Tank 1: alarm temperature-critical out of service by root"
                         " until 2025-11-25 01:00:00 +08:00: valve")
        members = [member(3, alarm=f"alarm-{i}", is_news=True, state="out-of-service", until_utc_us=NOW_US + HOUR_US) for i in range(9)]
        held.update(members=members, asset="tank-3", asset_name={"en": "Tank 3", "zh": "3号罐"})
        text = self.text(held)
        self.assertEqual(text["first"], "[FOR INFORMATION] Demo cell bank · Tank 3: 9 alarms out of service by root"
                         " until 2025-11-25 01:00:00 +08:00: valve")
        self.assertIn("1. Tank 3: alarm-0 · out of service until 2025-11-25 01:00:00 +08:00\n", text["details"])
        self.assertIn("9. Tank 3: alarm-8", text["details"])
        self.assertIn("Note: valve\n", text["details"])
        self.assertEqual(self.first(**dict(held, language="zh")), "[通知] 示范细胞库 · 3号罐：9 个报警停用（root），至"
                         " 2025-11-25 01:00:00 +08:00：valve")
        other = dict(held, purpose="hold-ended", members=members + [member(4, alarm="x", is_news=True)])
        self.assertEqual(self.first(**other), "[FOR INFORMATION] Demo cell bank · 10 alarms no longer held back by root: valve")
        named = {"en": "The level is above the upper limit", "zh": "液位超过上限"}
        one = notice(purpose="held", state="shelved", by="root", note="fill", alarm="overfill", alarm_name=named, active=False)
        self.assertEqual(self.first(**one), '[FOR INFORMATION] Demo cell bank · Tank 1: alarm "The level is above the upper limit"'
                         " shelved by root: fill")
        self.assertEqual(self.first(**dict(one, language="zh")), "[通知] 示范细胞库 · 1号罐：报警“液位超过上限”已搁置（root）：fill")
        self.assertIn("Alarm: tank-1/overfill\n", self.text(one)["details"])
        several = dict(held, language="zh", members=[dict(members[0], alarm="overfill", alarm_name=named), members[1]])
        self.assertIn("1. 3号罐：“液位超过上限”（overfill） · 停用", self.text(several)["details"])
        for made in (held, other):
            self.assertNotIn("Vapour", self.text(made)["first"] + self.text(made)["title"])

    def test_a_summary_counts_alarms_and_announcements_apart(self):
        text = self.text(notice(purpose="summary", members=[member(1), member(2, is_news=True, state="shelved"),
                                                            member(3, quality="bad")]))
        self.assertIn("· 2 alarms: 2 HIGH [HIGH], and 1 messages for information · worst: Tank 1", text["first"])
        self.assertIn("2. Tank 2: level-low · shelved\n", text["details"])
        self.assertIn("3. [HIGH] Tank 3: Level low · value BAD\n", text["details"])

    def test_details(self):
        details = self.text(notice(attempt=3, acked_utc_us=NOW_US - 5 * MINUTE_US, by="wang.wei", group="site/supply"))["details"]
        for line in ("If nobody does: Samples warm above -135 °C", "Value: -149.2 °C (good), at 2025-11-24 23:59:55 +08:00 (5 s ago)",
                     "Limit: -150 °C", "Trend: rising 1.2 °C per hour (over the last 30 min)",
                     "Since: 2025-11-24 23:50:00 +08:00 (10 min ago)", "To be answered within: 15 min",
                     "Acknowledged: wang.wei, 2025-11-24 23:55:00 +08:00 (5 min ago)", "Other alarms that are open: 2",
                     "Alarm: tank-1/temperature-critical", "This is call 3 to you.", "Part of: site/supply"):
            self.assertIn(line + "\n", details)
        self.assertEqual(self.text(notice(hint="or: cryoctl ack"))["answer"],
                         "Acknowledge: https://cryo.example.org/a/abc-123_xyz\nor: cryoctl ack\n")

    def test_a_group_lists_its_members_and_says_how_many_it_does_not_list(self):
        details = self.text(notice(group_members=["tank-1/level-low", "tank-2/level-low"], group_total=57))["details"]
        self.assertIn("Members (57): tank-1/level-low, tank-2/level-low, and 55 more\n", details)

    def test_a_summary_lists_every_member(self):
        made = notice(purpose="summary", members=[member(i) for i in range(300)] + [
            member(300, priority="critical", time_left_s=1800, response={"en": "Fill by hand"})])
        text = self.text(made)
        self.assertIn("301 alarms: 1 CRITICAL, 300 HIGH [CRITICAL] · worst: Tank 300: Level low · about 30 min left · Fill by hand",
                      text["first"])
        for i in range(301):
            self.assertIn(f"Tank {i}: Level low", text["details"])
        parts = self.d.ask(split=made, max=2048, unit="bytes", parts=20)["parts"]
        self.assertGreater(len(parts), 3)
        for i, part in enumerate(parts):
            self.assertLessEqual(len(part.encode()), 2048)
            self.assertTrue(part.startswith(f"({i + 1}/{len(parts)}) "), part[:20])
        for i in range(301):
            self.assertEqual(1 if i < 300 else 2, "\n".join(parts).count(f"Tank {i}: Level low"))

    def test_what_does_not_fit_is_counted_never_hidden(self):
        made = notice(purpose="summary", members=[member(i) for i in range(300)], link=None, n_others=0)
        parts = self.d.ask(split=made, max=500, unit="bytes", parts=2)["parts"]
        self.assertEqual(len(parts), 2)
        listed = sum("\n".join(parts).count(f". [HIGH] Tank {i}: ") for i in range(300))
        self.assertTrue(parts[1].endswith(f"({300 - listed} more lines left out)"), parts[1][-60:])
        for part in parts:
            self.assertLessEqual(len(part.encode()), 500)

    def test_split_in_every_unit_and_size(self):
        for made in (notice(), notice(language="zh"), nasty_notice(language="zh", note="💧" * 3000)):
            for unit, length in (("bytes", lambda s: len(s.encode())), ("characters", lambda s: len(s.encode("utf-16-le")) // 2)):
                for size in (60, 61, 70, 140, 1000):
                    for part in self.d.ask(split=made, max=size, unit=unit, parts=9)["parts"]:
                        self.assertLessEqual(length(part), size)
                        self.assertNotIn("�", part)

    def test_an_sms_ends_at_a_sentence(self):
        zh = self.d.ask(shorten=self.first(language="zh"), max=70, unit="sms")
        self.assertLessEqual(len(zh["text"]), 70)
        self.assertEqual(zh["text"], "示范细胞库 · 1号罐：气相温度过高。气相温度 -149.2 °C，高于限值 -150 °C [紧急] · 约剩 3 小时...")
        # Without Chinese it is written in the alphabet of SMS: 160 characters.
        en = self.d.ask(shorten=self.first(), max=70, unit="sms")["text"]
        self.assertEqual(en, "Demo cell bank - Tank 1: Vapour too warm. Vapour temperature -149.2 C is above -150 C"
                         " [CRITICAL] - about 3 h left - Check LN2 level and lid")
        self.assertLessEqual(len(en), 160)
        self.assertEqual(self.d.ask(shorten="short", max=70, unit="sms")["text"], "short")
        long = self.d.ask(shorten="x" * 500, max=70, unit="sms")["text"]
        self.assertRegex(long, r"^x{150,157}\.\.\.$")
        self.assertEqual(self.d.ask(shorten="液" * 500, max=70, unit="characters")["text"], "液" * 69 + "…")

    def test_nothing_makes_a_line_of_its_own(self):
        text = self.text(nasty_notice())
        whole = text["first"] + "\n" + text["details"] + text["answer"]
        self.assertNotIn("\nBcc", whole)
        self.assertNotIn("\r", whole)
        self.assertNotIn("\u202e", whole)
        self.assertNotIn("\x07", whole)
        self.assertNotIn("\n", text["first"] + text["title"])
        self.assertIn("💧液氮", text["first"])
        self.assertIn(NASTY[:15], text["first"])

    def test_long_texts_are_cut_and_say_so(self):
        text = self.text(notice(note="n" * 100_000, text={"en": "t" * 10_000}))
        self.assertIn("t" * 10_000, text["first"])
        self.assertIn("nnn…\n", text["details"])


if __name__ == "__main__":
    unittest.main()
