#!/usr/bin/python3
"""The hours in which clocks are set for summer and winter: nothing is lost, order is kept, each time says which it is."""
import csv
import datetime
import io
import json
import os
import re
import subprocess
import unittest
import zoneinfo

from cryoctl_case import Case

MAKE_RECORD = os.environ["MAKE_RECORD"]
UTC = datetime.timezone.utc
STEP, READINGS = 60, 360
# When the clocks are set; Shanghai has known none since 1991.
CHANGES = {
    "Europe/Berlin forward": ("Europe/Berlin", "2026-03-29T01:00:00"),
    "Europe/Berlin back": ("Europe/Berlin", "2026-10-25T01:00:00"),
    "America/New_York forward": ("America/New_York", "2026-03-08T07:00:00"),
    "America/New_York back": ("America/New_York", "2026-11-01T06:00:00"),
    "Asia/Shanghai": ("Asia/Shanghai", "2026-10-24T16:00:00"),
}
SHOWN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})?(?:[-+]\d\d:\d\d|Z)")
NAKED = re.compile(r"\d\d:\d\d:\d\d(?:\.\d{3})?(?![-+.\dZ])")


class Dst(Case):
    def make(self, change, hole=()):
        """Three hours on both sides of the change, a reading a minute, but for the minutes of the hole."""
        lines = ["point tank-1 temperature °C 1", "event %d start - - {}" % self.ms(change, -3 * 3600 - 5)]
        for i in range(READINGS):
            if i - 180 not in hole:
                slot = self.ms(change, (i - 180) * STEP)
                lines.append("reading 1 %d %d %.1f good -" % (slot, slot + 20, -190 + i / 10))
        subprocess.run([MAKE_RECORD, self.directory.name], input="\n".join(lines).encode() + b"\n", check=True)

    @staticmethod
    def ms(change, seconds):
        return int((datetime.datetime.fromisoformat(change).replace(tzinfo=UTC).timestamp() + seconds) * 1000)

    @classmethod
    def text(cls, change, seconds, zone=UTC):
        return datetime.datetime.fromtimestamp(cls.ms(change, seconds) / 1000, zone).isoformat(timespec="seconds")

    def around(self, change):
        return ["--from", self.text(change, -3 * 3600), "--to", self.text(change, 3 * 3600)]

    def ctl(self, zone, *arguments, **more):
        return self.run_ctl(*arguments, "--dir", self.directory.name, socket=False, TZ=zone, **more)

    def times(self, text):
        """Those shown, as moments; none may stand there without its offset."""
        self.assertEqual([line for line in text.splitlines() if NAKED.search(line)], [])
        return [datetime.datetime.fromisoformat(shown.replace("Z", "+00:00")).astimezone(UTC) for shown in SHOWN.findall(text)]

    def test_history(self):
        for zone, change in CHANGES.values():
            self.make(change)
            shown = self.times(self.ctl(zone, "history", "tank-1", "temperature", *self.around(change)))
            wanted = [datetime.datetime.fromtimestamp(self.ms(change, (i - 180) * STEP) / 1000, UTC) for i in range(READINGS)]
            self.assertEqual([t.replace(microsecond=0) for t in shown], wanted)
            local = self.out
            self.assertEqual(self.times(self.ctl(zone, "history", "tank-1", "temperature", *self.around(change), "--utc")), shown)
            self.assertNotEqual(self.out, local)
            for form in ("csv", "json"):  # machines get UTC, whatever the zone
                here = self.ctl(zone, "history", "tank-1", "temperature", *self.around(change), "--format", form)
                self.assertEqual(here, self.ctl("UTC", "history", "tank-1", "temperature", *self.around(change), "--format", form))
            self.tearDown_files()

    def test_hours(self):
        for zone, change in CHANGES.values():
            self.make(change)
            shown = self.times(self.ctl(zone, "history", "tank-1", "temperature", *self.around(change), "--resolution", "hour"))
            self.assertEqual(shown, [datetime.datetime.fromtimestamp(self.ms(change, h * 3600) / 1000, UTC) for h in range(-3, 3)])
            rows = csv.DictReader(io.StringIO(self.ctl(zone, "history", "tank-1", "temperature", *self.around(change),
                                                       "--resolution", "hour", "--format", "csv"), newline=""))
            self.assertEqual([r["count"] for r in rows], ["60"] * 6)
            days = list(csv.DictReader(io.StringIO(self.ctl(
                zone, "history", "tank-1", "temperature", "--from", self.text(change, -86400), "--to", self.text(change, 86400),
                "--resolution", "day", "--format", "csv"), newline="")))
            self.assertEqual(sum(int(r["count"]) for r in days), READINGS)  # of UTC, and no hour of them in two
            self.tearDown_files()

    def test_no_gap_where_the_clock_is_set(self):
        for zone, change in CHANGES.values():
            self.make(change)
            out = json.loads(self.ctl(zone, "gaps", *self.around(change), "--json"))
            self.assertEqual((out["gaps"], out["points"][0]["expected"], out["points"][0]["stored"]), ([], READINGS, READINGS))
            out = json.loads(self.ctl(zone, "exposure", "tank-1", *self.around(change), "--json"))
            self.assertEqual((out["minutes"], out["points"][0]["known_minutes"], out["points"][0]["not_known_minutes"]), (360, 360, 0))
            # All of it is above -200: 360 minutes, one after the other.
            out = json.loads(self.ctl(zone, "exposure", "tank-1", *self.around(change), "--threshold", "-200", "--json"))
            self.assertEqual((out["points"][0]["levels"][0]["minutes"], out["points"][0]["levels"][0]["longest_minutes"]), (360, 360))
            self.tearDown_files()

    def test_a_gap_over_the_change(self):
        for zone, change in CHANGES.values():
            self.make(change, range(-30, 30))
            gap, = json.loads(self.ctl(zone, "gaps", *self.around(change), "--json"))["gaps"]
            self.assertEqual((gap["from"], gap["to"], gap["seconds"]),
                             tuple(self.text(change, s).replace("+00:00", ".000Z") for s in (-1800, 1800)) + (3600,))
            shown = self.times(self.ctl(zone, "gaps", *self.around(change)))
            for seconds in (-1800, 1800):
                self.assertIn(datetime.datetime.fromtimestamp(self.ms(change, seconds) / 1000, UTC), shown)
            self.assertTrue(self.times(self.ctl(zone, "exposure", "tank-1", *self.around(change))))
            self.assertTrue(self.times(self.ctl(zone, "events", *self.around(change), "--from", self.text(change, -4 * 3600))))
            self.tearDown_files()

    def test_what_comes_twice_is_asked_for(self):
        for zone, change in (CHANGES["Europe/Berlin back"], CHANGES["America/New_York back"]):
            self.make(change)
            here = zoneinfo.ZoneInfo(zone)
            early, late = (self.text(change, s, here).replace("T", " ") for s in (-1800, 1800))
            self.assertEqual(early[:19], late[:19])
            for verb in (["history", "tank-1", "temperature"], ["gaps"], ["events"], ["exposure"], ["verify"], ["review"]):
                self.ctl(zone, *verb, "--from", early[:19], expect=2)
                self.assertIn('comes twice, since the clocks are set back then: say "%s" or "%s"' % (early, late), self.err)
            self.ctl(zone, "gaps", "--from", early[:19], "--lang", "zh", expect=2)
            self.assertIn("出现两次", self.err)
            for given, n in ((early, 210), (late, 150)):
                rows = self.ctl(zone, "history", "tank-1", "temperature", "--from", given, "--to", self.text(change, 3 * 3600), "--format", "csv")
                self.assertEqual(len(rows.splitlines()) - 1, n)
            self.ctl(zone, "gaps", "--utc", "--from", early[:19])  # there it comes once
            self.tearDown_files()

    def test_what_does_not_come_is_refused(self):
        for zone, change in (CHANGES["Europe/Berlin forward"], CHANGES["America/New_York forward"]):
            self.make(change)
            before = datetime.datetime.fromisoformat(self.text(change, -1, zoneinfo.ZoneInfo(zone)))
            wall = (before.replace(tzinfo=None) + datetime.timedelta(seconds=1801)).isoformat(" ")
            self.ctl(zone, "gaps", "--from", wall, expect=2)
            self.assertIn('there is no "%s", since the clocks are set forward then' % wall, self.err)
            near = self.times(self.err.split(";")[1])
            self.assertEqual([(t.timestamp() * 1000 - self.ms(change, 0)) / 1000 for t in near], [-1800, 1800])
            self.tearDown_files()

    def test_others_are_taken_as_they_are(self):
        zone, change = CHANGES["Asia/Shanghai"]
        self.make(change)
        rows = self.ctl(zone, "history", "tank-1", "temperature", "--from", "2026-10-25 00:30", "--to", "2026-10-25 02:30", "--format", "csv")
        self.assertEqual(rows.splitlines()[1].split(",")[0], "2026-10-24T16:30:00.020Z")
        self.assertEqual(len(rows.splitlines()), 121)
        # The days of a change have 25 and 23 hours.
        for name, hours in (("Europe/Berlin back", 25), ("Europe/Berlin forward", 23)):
            zone, change = CHANGES[name]
            self.tearDown_files()
            self.make(change)
            day = datetime.date.fromisoformat(change[:10])
            out = json.loads(self.ctl(zone, "exposure", "tank-1", "--from", str(day), "--to", str(day + datetime.timedelta(1)), "--json"))
            self.assertEqual(out["minutes"], hours * 60)
        # Where midnight itself is left out, the day begins an hour later.
        out = json.loads(self.ctl("America/Santiago", "exposure", "tank-1", "--from", "2026-09-06", "--to", "2026-09-07", "--json"))
        self.assertEqual((out["from"], out["minutes"]), ("2026-09-06T04:00:00.000Z", 23 * 60))

    def tearDown_files(self):
        for name in os.listdir(self.directory.name):
            os.unlink(os.path.join(self.directory.name, name))


if __name__ == "__main__":
    unittest.main()
