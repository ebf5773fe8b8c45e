"""cryomon-report: the facts are those of the record, and the PDF shows them, whole, in both languages."""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import record

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cryoctl"))
import alarm_history  # noqa: E402

REPORT, CRYOCTL = os.environ["REPORT"], os.environ["CRYOCTL"]
DAY = ["--from", "2026-11-23", "--to", "2026-11-24", "--utc"]


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("LC_") and k not in ("LANG", "NO_COLOR")}
    env.update({"TZ": "CST-8", "LANG": "C.UTF-8"}, **more)
    return env


def words(pdf):
    """(page, xMin, yMin, xMax, yMax, text) of each word."""
    out = subprocess.run(["pdftotext", "-bbox", pdf, "-"], check=True, stdout=subprocess.PIPE).stdout.decode()
    page, found = 0, []
    for line in out.splitlines():
        page += "<page " in line
        match = re.search(r'<word xMin="([-.\d]+)" yMin="([-.\d]+)" xMax="([-.\d]+)" yMax="([-.\d]+)">(.*)</word>', line)
        if match:
            found.append((page, *(float(x) for x in match.groups()[:4]), match.group(5)))
    return found


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def make_directories(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="report-test-")
        cls.dir = cls.holder.name
        cls.record = os.path.join(cls.dir, "record")
        os.mkdir(cls.record)

    @classmethod
    def setUpClass(cls):
        cls.make_directories()
        record.a_day(cls.record)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def run_report(self, *arguments, expect=0, program=(REPORT,), **env):
        done = subprocess.run([*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              env=environment(**env), cwd=self.dir, timeout=60, check=False)
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, expect, self.out + self.err)
        return self.out

    def facts(self, *arguments):
        return json.loads(self.run_report("tank-1", "--dir", self.record, "--json", *arguments))

    def pdf(self, name, *arguments, **env):
        path = os.path.join(self.dir, name)
        self.run_report(*arguments, "-o", path, **env)
        return path

    def text(self, pdf):
        return subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, stdout=subprocess.PIPE).stdout.decode()

    def numbered_pages(self, pdf, form):
        """The text of each page, which says which one it is of how many."""
        pages = self.text(pdf).split("\f")[:-1]
        for number, page in enumerate(pages, 1):
            self.assertIn(form % (number, len(pages)), page)
        return pages

    def check_pages(self, pdf, form):
        """Each page says which it is of how many, and no text leaves the page or lies upon the foot."""
        pages = self.numbered_pages(pdf, form)
        found = words(pdf)
        foot = max(y1 for _, _, y1, _, _, word in found if re.match(r"tank-1-\d{8}-[0-9a-f]{12}$", word))
        for page, x1, y1, x2, y2, word in found:
            where = (page, word)
            self.assertGreaterEqual(x1, 41, where)
            self.assertLessEqual(x2, 555, where)
            self.assertGreaterEqual(y1, 20, where)
            self.assertTrue(y2 < 797 or abs(y1 - foot) < 1, where)
        return pages


class Facts(Case):
    def test_excursions(self):
        facts = self.facts(*DAY)
        warm, low = facts["excursions"]
        self.assertEqual((warm["point"], warm["side"], warm["limit"]), ("temperature", "high", -165))
        self.assertEqual((warm["start"], warm["end"]), ("2026-11-23T10:02:20.000Z", "2026-11-23T10:18:10.000Z"))
        self.assertEqual((warm["peak"], warm["peak_time"]), (-118, "2026-11-23T10:10:00.000Z"))
        self.assertEqual((warm["seconds"], warm["unknown_seconds"]), (950, 0))
        # The record is a roof of 1 tenth of a degree per second; what is strictly above a threshold counts.
        values = [-1780 + int(600 * (1 - abs(t - 600) / 600)) for t in range(0, 1200, 10)]
        for one, threshold in zip(warm["above"], (-150, -135, -120)):
            above = [v - threshold * 10 for v in values if v > threshold * 10]
            self.assertEqual((one["threshold"], one["seconds"]), (threshold, 10 * len(above)))
            self.assertAlmostEqual(one["degree_minutes"], sum(above) / 60, places=2)
        self.assertEqual([a["alarm"] for a in warm["alarms"]], ["temperature-high", "temperature-critical"])
        self.assertEqual(warm["alarms"][1]["by"], "li.na")
        self.assertEqual(warm["alarms"][1]["note"], "加液中 filling")
        self.assertNotIn("by", warm["alarms"][0])
        self.assertEqual((low["point"], low["side"], low["peak"], low["seconds"]), ("level", "low", 8.5, 600))

    def test_readings_gaps_and_exposure(self):
        facts = self.facts(*DAY)
        temperature = facts["points"][0]
        self.assertEqual([p["point"] for p in facts["points"]], ["temperature", "level", "lid"])
        readings = temperature["readings"]
        self.assertEqual((readings["expected"], readings["stored"], readings["good"], readings["bad"]), (8640, 8460, 8430, 30))
        self.assertEqual(temperature["bad_reasons"], {"timeout": 30})
        self.assertEqual((temperature["maximum"]["value"], temperature["minimum"]["value"]), (-118, -185.4))
        stopped, silent = facts["gaps"]
        self.assertEqual((stopped["from"], stopped["to"]), ("2026-11-23T15:00:00.000Z", "2026-11-23T15:30:00.000Z"))
        self.assertEqual((stopped["causes"][0]["kind"], sorted(stopped["points"])),
                         ("daemon-stopped", ["level", "lid", "temperature"]))
        self.assertEqual((silent["causes"][0]["reason"], silent["seconds"], silent["points"]), ("timeout", 300, ["temperature"]))
        exposure = temperature["exposure"]
        self.assertEqual(exposure["known_seconds"] + exposure["unknown_seconds"], 86400)
        for total, one in zip(exposure["above"], facts["excursions"][0]["above"]):
            self.assertEqual((total["seconds"], total["threshold"]), (one["seconds"], one["threshold"]))
            self.assertAlmostEqual(total["degree_minutes"], one["degree_minutes"], places=2)

    def test_alarms_configuration_and_reviews(self):
        facts = self.facts(*DAY)
        high, critical = facts["alarms"]
        self.assertNotIn("by", high)
        self.assertEqual((high["raised"], high["returned"]), ("2026-11-23T10:06:10.000Z", "2026-11-23T10:18:50.000Z"))
        self.assertEqual((critical["acknowledged"], critical["by"]), ("2026-11-23T10:08:00.000Z", "li.na"))
        configuration = facts["configuration"]
        self.assertEqual(configuration["sha256"], hashlib.sha256(record.source("-160").encode()).hexdigest())
        self.assertEqual((configuration["by"], configuration["since"]), ("wang.wei", "2026-11-23T12:00:00.000Z"))
        self.assertEqual(configuration["sha256_at_start"], hashlib.sha256(record.source().encode()).hexdigest())
        self.assertEqual(len(configuration["changes"]), 1)  # the restart at 15:30 brought nothing new
        before, after = facts["points"][0]["limits"]
        self.assertEqual([a["limit"] for a in before["alarms"]], [-150, -165])
        self.assertEqual((after["from"], [a["limit"] for a in after["alarms"]]), ("2026-11-23T12:00:00.000Z", [-150, -160]))
        self.assertEqual(facts["reviews"][0]["name"], "Zhang Min 张敏")
        self.assertEqual(facts["verification"]["result"], "whole", facts["verification"]["findings"])
        self.assertEqual(facts["asset"]["name"], {"en": "Tank 1", "zh": "1号罐"})

    def test_a_range_within_an_excursion(self):
        facts = self.facts("--from", "2026-11-23 10:05", "--to", "2026-11-23 10:10", "--utc", "--point", "temperature")
        self.assertEqual([p["point"] for p in facts["points"]], ["temperature"])
        only, = facts["excursions"]
        self.assertTrue(only["began_before"] and only["goes_on"])
        self.assertEqual(only["end"], "2026-11-23T10:10:00.000Z")
        later = self.facts("--from", "2026-11-23 10:12", "--to", "2026-11-23 11:00", "--utc", "--point", "temperature")
        self.assertEqual([(a["alarm"], a.get("by"), a["before_range"]) for a in later["alarms"]],
                         [("temperature-high", None, True), ("temperature-critical", "li.na", True)])

    def test_a_damaged_record_is_said_to_be(self):
        import shutil
        import sqlite3
        broken = os.path.join(self.dir, "broken")
        shutil.copytree(self.record, broken)
        db = sqlite3.connect(os.path.join(broken, "state.db"))
        db.executescript("DROP TRIGGER event_update; UPDATE event SET body = replace(body, 'li.na', 'wu.ye') WHERE seq = 4")
        db.close()
        facts = json.loads(self.run_report("tank-1", "--dir", broken, "--json", *DAY))
        self.assertEqual(facts["verification"]["result"], "problems")
        pdf = self.pdf("broken.pdf", "tank-1", "--dir", broken, *DAY)
        self.assertEqual(self.text(pdf).count("THE RECORD IS NOT WHOLE"), 2)


    def test_sizes_are_those_with_the_write_ahead_log(self):
        import shutil
        import sqlite3
        live = os.path.join(self.dir, "live")
        shutil.copytree(self.record, live)
        db = sqlite3.connect(os.path.join(live, "state.db"))
        self.addCleanup(db.close)  # as long as it is open, the log stays
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA user_version=%d" % db.execute("PRAGMA user_version").fetchone()[0])
        log = os.path.getsize(os.path.join(live, "state.db-wal"))
        self.assertGreater(log, 0)
        facts = json.loads(self.run_report("tank-1", "--dir", live, "--json", *DAY))
        found = {os.path.basename(f["path"]): (f["bytes"], f.get("log_bytes")) for f in facts["files"]}
        whole = os.path.getsize(os.path.join(live, "state.db")) + log
        self.assertEqual(found["state.db"], (whole, log))
        text = self.text(self.pdf("live.pdf", "tank-1", "--dir", live, *DAY))
        self.assertIn("(%d bytes with its write-ahead log)" % whole, re.sub(r"\s+", " ", text))


class Paper(Case):
    def test_english(self):
        pdf = self.pdf("en.pdf", "tank-1", "--dir", self.record, *DAY)
        pages = self.check_pages(pdf, "Page %d of %d")
        text = self.text(pdf)
        for wanted in ("Tank 1 (tank-1), tank", "Demo cell bank (demo)", "2026-11-23 00:00:00 to 2026-11-24 00:00:00",
                       "times are UTC", "2, the longest 15 min 50 s", "2, of which 1 not acknowledged",
                       "the record is whole", "-118.0", "10.5 min", "加液中 filling", "not acknowledged", "97.92 %",
                       "timeout (30 readings)", "the daemon was stopped 2026-11-23 15:00:00Z",
                       "assets.tank-1.alarms.temperature-high.high: -165 °C -> -160 °C", "Zhang Min 张敏",
                       "Prepared by", "Reviewed by", "Approved by"):
            self.assertIn(wanted, text)
        with open(os.path.join(self.dir, "en.json"), "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        self.assertIn(digest, text)
        self.assertIn(digest, self.out)
        for page in pages:
            self.assertIn("Report tank-1-2", page)
            self.assertIn(digest[:12], page)
        info = subprocess.run(["pdfinfo", "-isodates", pdf], check=True, stdout=subprocess.PIPE).stdout.decode()
        self.assertRegex(info, r"Title: +Report of the temperature record: Tank 1")
        self.assertRegex(info, r"Author: +\S")
        self.assertRegex(info, r"CreationDate: +20\d\d-")
        self.assertRegex(info, r"Page size: .*A4")
        fonts = subprocess.run(["pdffonts", pdf], check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()[2:]
        for font in fonts:
            self.assertRegex(font, r" yes +yes +yes ", "embedded, a subset, with a map to Unicode")

    def test_chinese_and_the_same_facts_again(self):
        pdf = self.pdf("zh.pdf", "tank-1", "--dir", self.record, "--lang", "zh", "--from", "2026-11-23 08:00",
                       "--to", "2026-11-24 08:00")
        self.check_pages(pdf, "第 %d 页，共 %d 页")
        text = self.text(pdf)
        for wanted in ("温度记录报告", "1号罐 (tank-1)，液氮罐", "示范细胞库", "当地时间，UTC+08:00", "2 次，最长 15 分 50 秒",
                       "2026-11-23 18:02:20", "未确认", "数据缺口", "超时（30 次）", "守护进程于", "编制", "批准", "紧急"):
            self.assertIn(wanted, text)
        self.assertNotIn("[U+", text)
        again = self.pdf("again.pdf", "--facts", os.path.join(self.dir, "zh.json"), "--lang", "en")
        english = self.text(again)
        self.assertIn("2026-11-23 18:02:20", english)
        report = re.search(r"tank-1-\d{8}-[0-9a-f]{12}", text).group()
        self.assertIn(report, english)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "again.json")))

    def test_a_calm_day_and_one_point(self):
        calm = os.path.join(self.dir, "calm")
        os.mkdir(calm)
        record.a_day(calm, warm=False)
        pdf = self.pdf("calm.pdf", "tank-1", "--dir", calm, "--point", "temperature", "--from", "2026-11-23 01:00",
                       "--to", "2026-11-23 02:00", "--utc")
        text = self.text(pdf)
        for wanted in ("None: no value was beyond an alarm limit", "None: there is a good value for each scheduled poll",
                       "100.00 % of the expected readings are stored", "It was not changed in the range"):
            self.assertIn(wanted, text)
        self.assertNotIn("LN2 level", text)

    def test_calibrations_corrections_and_a_change_of_the_clock(self):
        where, at = os.path.join(self.dir, "calibrated"), record.ms("2026-03-29T00:00:00")
        os.mkdir(where)
        r = record.Record()
        r.points(("tank-1", "temperature", "°C", 1))
        r.start(at - 3600000, record.source())
        r.calibration(1, "tank-1", "temperature", "°C", at * 1000, at * 1000, "gain 1 offset -0.3", "CERT-2026-7", "2026-03-28",
                      "2027-03-28", "PT100 secondary standard")
        for i in range(360):
            r.reading(1, at + i * 10000, "-185.0", calibration=1 if i >= 180 else 0)
        r.event(at + 1000, "correction", ("tank-1", "-"), by="li.na", asset="tank-1", point="temperature", offset=0.4, unit="°C",
                reason="sensor was loose", **{"from": "2026-03-29T00:00:00.000Z", "to": "2026-03-29T00:10:00.000Z"})
        r.event(at + 2000000, "clock", step_us=-1500000)
        r.make(where)
        pdf = self.pdf("calibrated.pdf", "tank-1", "--dir", where, "--from", "2026-03-29 00:00", "--to", "2026-03-29 04:00",
                       TZ="CET-1CEST,M3.5.0,M10.5.0/3")
        text = self.text(pdf)
        for wanted in ("CERT-2026-7", "2027-03-28", "PT100 secondary", "gain 1 offset -0.3", "sensor was loose", "+0.4 °C", "the clock was set by -1.500 s",
                       "each with its offset", "2026-03-29 04:00:00+02:00", "01:00:00+01:00"):
            self.assertIn(wanted, re.sub(r"\s+", " ", text) if " " in wanted else text, wanted)
        with open(os.path.join(self.dir, "calibrated.json"), encoding="utf-8") as f:
            point, = json.load(f)["points"]
        self.assertEqual((point["minimum"]["value"], point["maximum"]["value"]), (-185.3, -185))
        self.check_pages(pdf, "Page %d of %d")

    def test_what_was_kept_quiet_is_no_alarm(self):
        """Shelved and out of service, and nothing was raised: no alarm is told. What people read by eye stands apart."""
        where, at = os.path.join(self.dir, "quiet"), record.ms("2026-11-23T00:00:00")
        os.mkdir(where)
        r = record.Record()
        r.points(("tank-1", "temperature", "°C", 1))
        r.start(at - 3600000, record.source())
        for i in range(360):
            r.reading(1, at + i * 10000, "-185.0")
        mark = {"by": "wang.wei", "order": "WO-17", "note": "new sensor", "until": "2026-11-24T00:00:00.000Z"}
        r.alarm(at - 60000, "out-of-service", "level-low", "out-of-service", by="wang.wei", order="WO-1", note="before the range",
                until="2026-11-24T00:00:00.000Z")
        r.alarm(at + 60000, "shelved", "temperature-high", "shelved", by="li.na", note="door is repaired",
                until="2026-11-23T01:00:00.000Z")
        r.alarm(at + 61000, "out-of-service", "temperature-critical", "normal", by="wang.wei", maintenance=mark)
        r.alarm(at + 3000000, "unshelved", "temperature-high", "normal", why="time")
        r.event(at + 120000, "reading", ("tank-1", "-"), asset="tank-1", point="temperature", value=-151.3, unit="°C", by="li.na",
                second="zhao", measured="2026-11-23T00:01:30.000Z", late=True, beyond=["temperature-high"], note="by torch")
        r.make(where)
        pdf = self.pdf("quiet.pdf", "tank-1", "--dir", where, "--utc", "--from", "2026-11-23 00:00", "--to", "2026-11-23 01:00")
        text = re.sub(r"\s+", " ", self.text(pdf))
        self.assertIn("None of this asset in the range", text)
        self.assertNotIn("not acknowledged", text)
        for wanted in ("Alarms kept quiet", "door is repaired", "li.na", "WO-17: new sensor", "the alarm goes on", "Read by eye",
                       "-151.3 °C", "li.na, zhao", "BEYOND THE LIMIT", "entered late", "by torch"):
            self.assertIn(wanted, text)
        with open(os.path.join(self.dir, "quiet.json"), encoding="utf-8") as f:
            facts = json.load(f)
        self.assertEqual(([h["transition"] for h in facts["kept_quiet"]], facts["alarms"]),
                         (["shelved", "out-of-service", "unshelved"], []))
        point, = facts["points"]
        self.assertEqual(point["maximum"]["value"], -185)

    def test_long_tables_go_on_over_pages(self):
        facts = self.facts(*DAY)
        one = facts["excursions"][0]
        facts["excursions"] = [dict(one, start=record.time_text(record.ms("2026-11-23T00:00:00") + i * 111000),
                                    alarms=one["alarms"] * (30 if i == 7 else 1)) for i in range(500)]
        facts["configuration"]["changes"][0]["difference"] = "\n".join(f"line-{i} of a long difference" for i in range(300))
        path = os.path.join(self.dir, "many.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(facts, f, sort_keys=True)
        pdf = self.pdf("many.pdf", "--facts", path, "--utc")
        pages = self.check_pages(pdf, "Page %d of %d")
        self.assertGreater(len(pages), 30)
        text = "".join(pages)
        for i in range(500):
            self.assertIn(record.time_text(record.ms("2026-11-23T00:00:00") + i * 111000)[11:19], text)
        for i in range(300):
            self.assertIn(f"line-{i} of", text)
        self.assertIn("52 more, see Alarms", text)
        for page in pages[5:30]:
            self.assertIn("Above threshold", page)

    def test_without_a_chinese_font(self):
        latin = os.path.join(self.dir, "fonts")
        os.makedirs(os.path.join(latin, "cache"), exist_ok=True)
        found = subprocess.run(["fc-list", ":family=DejaVu Sans", "file"], check=True, stdout=subprocess.PIPE).stdout.decode()
        self.assertTrue(found, "fonts-dejavu-core is needed")
        config = os.path.join(latin, "fonts.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write("<fontconfig><dir>%s</dir><cachedir>%s/cache</cachedir></fontconfig>" %
                    (os.path.dirname(found.splitlines()[0].rstrip(": ")), latin))
        path = os.path.join(self.dir, "none.pdf")
        self.run_report("tank-1", "--dir", self.record, *DAY, "--lang", "zh", "-o", path, expect=1, FONTCONFIG_FILE=config)
        self.assertIn("fonts-noto-cjk", self.err)
        self.assertEqual([n for n in os.listdir(self.dir) if n.startswith("none.")], [])
        pdf = self.pdf("latin.pdf", "tank-1", "--dir", self.record, *DAY, FONTCONFIG_FILE=config)
        self.assertIn("fonts-noto-cjk", self.err)
        self.assertIn("[U+6DB2]", self.text(pdf).replace("\n", ""))  # 液
        self.check_pages(pdf, "Page %d of %d")


class Use(Case):
    def test_cryoctl_runs_it(self):
        path = os.path.join(self.dir, "via.pdf")
        self.run_report("report", "tank-1", "--dir", self.record, *DAY, "--lang", "zh", "-o", path, program=(CRYOCTL,))
        self.assertIn("温度记录报告", self.text(path))
        self.run_report("report", program=(CRYOCTL,), expect=2)
        self.assertIn("--facts FILE", self.err)

    def test_mistakes(self):
        self.run_report("tank-9", "--dir", self.record, *DAY, expect=1)
        self.assertIn("tank-9", self.err)
        self.run_report("tank-1", "--point", "nothing", "--dir", self.record, *DAY, expect=1)
        self.assertIn("nothing", self.err)
        self.run_report("tank-1", "--dir", os.path.join(self.dir, "nowhere"), expect=1)
        self.run_report("tank-1", "--dir", self.record, "--from", "2026-11-24", "--to", "2026-11-23", expect=2)
        self.run_report("tank-1", "--dir", self.record, "--from", "yesterday", expect=2)
        self.run_report(expect=2)
        self.run_report("tank-1", "--dir", self.record, *DAY, "-o", "/nonexistent/x.pdf", expect=1)
        self.assertIn("/nonexistent/x.pdf", self.err)
        not_facts = os.path.join(self.dir, "not.json")
        with open(not_facts, "w", encoding="utf-8") as f:
            f.write('{"cryomon":"report 1","range":{"from":"2026-11-23T00:00:00Z","to":"2026-11-23T00:00:00Z"}}')
        self.run_report("--facts", not_facts, expect=1)
        self.run_report("--help")
        self.assertIn("--point", self.out)


class AlarmSystem(Case):
    SPAN = ["--from", alarm_history.text(alarm_history.T), "--to", alarm_history.text(alarm_history.T + 30 * alarm_history.D)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.month = os.path.join(cls.dir, "month")
        os.mkdir(cls.month)
        alarm_history.a_month().make(cls.month)

    def check_frame(self, pdf, form):
        pages = self.numbered_pages(pdf, form)
        for page, x1, y1, x2, y2, word in words(pdf):
            self.assertTrue(x1 >= 41 and x2 <= 555 and y1 >= 20 and y2 < 830, (page, word))
        return "".join(pages)

    def test_the_page_says_what_the_verb_says_in_both_languages(self):
        said = json.loads(self.run_report("alarm-report", "--json", "--dir", self.month, *self.SPAN, program=(CRYOCTL,)))
        english, chinese = os.path.join(self.dir, "alarms.pdf"), os.path.join(self.dir, "zh.pdf")
        self.run_report("alarm-report", "--pdf", english, "--dir", self.month, "--utc", *self.SPAN, program=(CRYOCTL,))
        with open(os.path.join(self.dir, "alarms.json"), encoding="utf-8") as f:
            facts = json.load(f)
        for own in ("made", "files"):
            del facts[own]
        self.assertEqual(facts, said)
        text = self.check_frame(english, "Page %d of %d")
        for part in ("Performance of the alarm system", "30 d 00 h, 100.00 % of the range", "NOT MET", "IEC 62682", "WO-17: sensor",
                     "door is repaired", "acknowledged by wang.wei", "2 attempts, 1 failed", "2 held, 1 confirmed, 1 missed",
                     "Stale: active for more than 24 h", "SHA-256 of the facts"):
            self.assertIn(part, text)
        self.run_report("--facts", os.path.join(self.dir, "alarms.json"), "--lang", "zh", "-o", chinese)
        text = self.check_frame(chinese, "第 %d 页，共 %d 页")
        for part in ("报警系统性能报告", "未达标", "报警泛滥", "修门", "演练"):
            self.assertIn(part, text)

    def test_wrong_use(self):
        self.run_report("--alarms", "tank-1", "--dir", self.month, expect=2)
        self.run_report("tank-1", "--asset", "tank-1", "--dir", self.month, expect=2)


class Dst(Case):
    @classmethod
    def setUpClass(cls):
        """The night of 2026-10-25 in Berlin, where 02:00 to 03:00 comes twice; nothing was read from 00:50 to 01:10 UTC."""
        cls.make_directories()
        r, night = record.Record(), record.ms("2026-10-25T00:00:00")
        r.points(("tank-1", "temperature", "°C", 1), ("tank-1", "level", "cm", 1), ("tank-1", "lid", "-", 0))
        r.start(night - 86400000, record.source())
        r.series(1, night, 60000, 50, -185, 0)
        r.series(1, night + 70 * 60000, 60000, 110, -185, 0)
        r.make(cls.record)

    def test_an_hour_that_comes_twice(self):
        night = ["--from", "2026-10-25 02:00:00+02:00", "--to", "2026-10-25 04:00:00+01:00", "--point", "temperature"]
        facts = json.loads(self.run_report("tank-1", "--dir", self.record, "--json", *night, TZ="Europe/Berlin"))
        gap, = facts["gaps"]
        self.assertEqual((gap["from"], gap["to"], gap["seconds"]),
                         ("2026-10-25T00:50:00.000Z", "2026-10-25T01:10:00.000Z", 1200))
        text = self.text(self.pdf("dst.pdf", "tank-1", "--dir", self.record, *night, TZ="Europe/Berlin"))
        for shown in ("02:50:00+02:00", "02:10:00+01:00", "20 min", "UTC+0100"):
            self.assertIn(shown, text)
        self.assertNotRegex(text, r"2026-10-25 0[0-4]:\d\d:\d\d(?![-+Z.\d])")


if __name__ == "__main__":
    unittest.main()
