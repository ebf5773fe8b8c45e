"""Incidents of DOMAIN.md at the tanks, on the whole chain: what must have become impossible."""
import json
import os
import subprocess
import time

from chain import Incident, harness, rfc3339
from harness import binary, until


class SanFrancisco(Incident):
    """2018: a controller was unplugged for 17 days after false alarms, and readings were typed in later."""

    def rounds(self, main):
        main["rounds"] = {"every": "10 min", "grace": "1 min", "unattended_after": "1 min"}
        main["notify"]["silent_after"] = "1 h"  # the clocks jump

    def overdue(self, tank, since=0):
        self.event(tank, "manual-reading-overdue", "raised", since=since, priority="high")
        self.told("li.na", tank, "manual-reading-overdue")

    def test_bypassed(self):
        self.begin(site=self.rounds, shifted=True)
        self.ctl("bypass", "tank-1", "--for", "30min", "--order", "WO-17", "--why", "false level alarms")
        text = self.ctl("status", "--lang", "en").stdout
        for word in ("DISABLED", "tank-1", "WO-17: false level alarms"):
            self.assertIn(word, text)
        (entry,) = self.disabled(what="bypassed")
        self.assertTrue(entry["by"] and entry["until"])
        held = self.receiver.wait(person="li.na", purpose="held")
        self.hall("set", "tank-1", "autofill", "off")
        self.hall("set", "tank-1", "level", "10 cm")
        self.event("tank-1", "level-low", "raised", state="out-of-service")
        self.warm()  # what is critical is called all the same
        told = self.told("li.na", "tank-1", "warm")
        self.assertEqual(told["maintenance_order"], "WO-17")
        self.assertIn("WO-17", told["text"])
        self.assertEqual([m["id"] for m in self.receiver.feed.since() if m["purpose"] == "held"], [held["id"]])  # one order
        self.cold()
        # Somebody has to look by hand, and it is an alarm when nobody does.
        (due,) = until(lambda: self.status()["rounds"], "a round")
        self.assertEqual((due["asset"], due["overdue"]), ("tank-1", False))
        self.pass_time(11 * 60 + 1)
        self.overdue("tank-1")
        self.assertTrue(any(r["overdue"] for r in self.status()["rounds"]))
        # What is typed in late is recorded as what it is; nothing is read ahead, nor before there was a record.
        self.ctl("reading", "tank-1", "level", "18", "--measured", rfc3339(time.time() + self.ahead - 600), "--utc")
        late = self.observer.event(kind="reading", value=18)
        self.assertGreater(late["time"], late["measured"])
        self.assertNotEqual(self.ctl("reading", "tank-1", "level", "18", "--measured", rfc3339(time.time() - 86400), "--utc",
                                     check=False).returncode, 0)
        self.assertNotEqual(self.ctl("reading", "tank-1", "level", "18", "--measured", rfc3339(time.time() + 86400), "--utc",
                                     check=False).returncode, 0)
        self.assertEqual(self.state("tank-1", "manual-reading-overdue"), "unacknowledged")
        self.assertTrue(all(r["overdue"] for r in self.status()["rounds"]))
        measured = time.time() + self.ahead - 300  # five minutes ago, and entered now
        for point, value in (("temperature", "-188.5"), ("level", "10.2"), ("lid", "closed")):
            self.ctl("reading", "tank-1", point, value, "--measured", rfc3339(measured), "--second", "wang.wei",
                     "--note", "ruler", "--utc")
        entered = self.observer.event(kind="reading", point="level", value=10.2)
        self.assertEqual((entered["measured"][:19], entered["second"]), (rfc3339(measured)[:19], "wang.wei"))
        self.assertGreaterEqual(entered["time"][:19], rfc3339(measured + 290)[:19])
        self.assertTrue(entered["by"])
        self.event("tank-1", "manual-reading-overdue", "returned")
        rows = json.loads(self.ctl("readings", "tank-1", "level", "--last", "1h", "--json").stdout)
        row = next(r for r in rows if r["value"] == 10.2)
        self.assertEqual(row["measured"][:19], rfc3339(measured)[:19])
        self.assertGreater(row["time"], row["measured"])
        # Its end comes by itself, and what is out of range then is called.
        mark = self.receiver.feed.mark()
        self.pass_time(19 * 60)
        back = self.event("tank-1", "level-low", "in-service", state="unacknowledged")
        self.assertEqual(back["why"], "time")
        self.told("li.na", "tank-1", "level-low", since=mark)
        self.assertEqual(self.disabled(what="bypassed"), [])

    def test_unplugged(self):
        """Nobody has said that it is bypassed: the silence itself is called, and somebody has to look."""
        self.begin(site=self.rounds, shifted=True)
        self.hall("fault", "tank-1", "silent")
        self.event("tank-1", "temperature-no-data", "raised", priority="critical")
        self.told("li.na", "tank-1", "temperature-no-data")
        self.pass_time(61)  # it is dead: a round begins
        until(lambda: self.status()["rounds"], "a round")
        mark = self.observer.feed.mark()
        self.pass_time(11 * 60 + 1)
        self.overdue("tank-1", since=mark)
        self.assertNotEqual(self.state("tank-1", "temperature-no-data"), "normal")
        self.hall("fault", "tank-1", "none")
        self.event("tank-1", "manual-reading-overdue", "returned", since=mark)


class Stockholm(Incident):
    """2023: the oxygen alarm had closed the supply during service. Messages came, and were ignored because service went on."""

    def test_maintenance_mutes_nothing(self):
        self.begin()
        self.ctl("out-of-service", "room", "oxygen-low", "--for", "4h", "--order", "WO-9", "--why", "new cell")
        self.assertIn("WO-9", self.ctl("status", "--lang", "en").stdout)
        self.hall("set", "all", "supply", "off")
        self.hall("set", "oxygen", "spill", "500 L")
        raised = self.event("room", "oxygen-low", "raised", state="unacknowledged", life_safety=True)
        self.assertEqual(raised["maintenance"]["order"], "WO-9")
        told = self.told("li.na", "room", "oxygen-low")
        self.assertEqual(told["priority"], "critical")
        self.assertIn("大厅", told["first"])
        self.assertIn("氧气不足", told["first"])
        self.assertIn("WO-9", told["text"])
        self.told("li.na", "room", "oxygen-low", purpose="again")
        for verb in (("shelve", "room", "oxygen-low", "--for", "1h", "--why", "service is ongoing"),
                     ("shelve", "room", "oxygen-low", "--for", "1min", "--why", "service is ongoing")):
            self.assertEqual(self.ctl(*verb, check=False).returncode, 1)
        self.assertEqual(self.state("room", "oxygen-low"), "unacknowledged")

    def test_acknowledged_is_not_resolved(self):
        def again_soon(main):
            main["alarms"] = {"critical": {"realarm_after": "1 min"}}
            main["notify"]["silent_after"] = "1 h"  # the clocks jump
        self.begin(site=again_soon, shifted=True)
        self.warm()
        self.press(self.told("li.na", "tank-1", "warm"))
        self.event("tank-1", "warm", "acknowledged", by="li.na")
        self.told("li.na", "tank-1", "warm", purpose="acknowledged")
        self.told("li.na", "tank-1", "warm", purpose="unresolved")
        mark = self.receiver.feed.mark()
        self.pass_time(61)
        again = self.event("tank-1", "warm", "realarmed", state="unacknowledged")
        self.assertEqual(again["why"], "unresolved")
        self.told("li.na", "tank-1", "warm", purpose="worse", since=mark)
        self.press(self.told("li.na", "tank-1", "warm", purpose="again", since=mark))
        # And at once when it gets worse than it was when somebody took it on.
        seen = self.observer.feed.mark()
        until(lambda: self.state("tank-1", "warm") == "acknowledged", "the acknowledgement")
        self.warm(kelvin=100)
        self.assertEqual(self.event("tank-1", "warm", "realarmed", since=seen)["why"], "worse")

    def test_no_fills_across_the_room(self):
        def group(main):
            main["groups"] = {"no-fills": {
                "members": "tank-*/level-low", "at_least": 2, "priority": "critical",
                "text": {"en": "No nitrogen comes into the room", "zh": "全室无液氮供应"}}}
        self.begin(tanks=3, site=group, people=lambda s: s.update(collect="2 s"))
        self.hall("set", "all", "supply", "off")
        self.hall("set", "all", "level", "12 cm")
        alarm = self.event("system", "no-fills", "raised", priority="critical")
        told = self.told("li.na", "system", "no-fills")
        names = ["tank-%d/level-low" % n for n in (1, 2, 3)]
        self.assertLessEqual(set(alarm["members"]), set(names))
        until(lambda: sorted(next(a for a in self.status()["alarms"] if a["alarm"] == "no-fills")["members"]) == names,
              "all members in status")
        self.assertEqual((sorted(told["group_members"]), told["priority"]), (names, "critical"))
        for name in names:
            self.assertIn(name, told["text"])
        self.nobody_called(1, alarm="level-low")  # one message, that lists them all
        # Somebody takes it on; that no nitrogen comes is still told.
        self.press(told)
        self.event("system", "no-fills", "acknowledged", by="li.na")
        self.told("li.na", "system", "no-fills", purpose="unresolved")
        for n in (1, 2, 3):
            self.assertEqual(self.state("tank-%d" % n, "level-low"), "unacknowledged")  # nobody has looked at the tanks yet


class Florida(Incident):
    """2005: a faulty sensor stopped the refill."""

    def test_probes_disagree(self):
        def two(main):
            main["devices"]["ruler"] = {"bus": "building", "unit": 3, "profile": "ruler", "interval": "200 ms",
                                        "timeout": "200 ms"}
            tank = main["assets"]["tank-1"]
            tank["points"]["level-2"] = {"device": "ruler", "register": "level"}
            tank["alarms"]["probes"] = {"point": "level", "disagrees_with": "level-2", "by": "2 cm", "priority": "high",
                                        "text": {"en": "The two level probes disagree", "zh": "两个液位探头读数不一致"}}
            self.config.profile("ruler", {"level": {"table": "holding", "address": 0, "type": "s16", "scale": 0.1,
                                                    "unit": "cm"}})
        self.begin(site=two)
        self.hall("set", "tank-1", "level_offset", "8 cm")  # reads full: it would not fill
        self.event("tank-1", "probes", "raised")
        told = self.told("li.na", "tank-1", "probes")
        self.assertIn("不一致", told["first"])
        self.assertEqual(self.state("tank-1", "level-low"), "normal")  # the wrong one alone looks well


class Boston(Incident):
    """2012: the display read -78 °C, "OK", throughout."""

    def test_flat_line(self):
        def flat(main):
            main["notify"]["silent_after"] = "1 h"  # the clocks jump
            main["assets"]["tank-1"]["points"]["fine"] = {"device": "tank-1", "register": "temperature-float"}
            for asset in main["assets"].values():
                for point in asset["points"].values():
                    point["no_data_after"] = "10 min"
            main["assets"]["tank-1"]["alarms"]["flat"] = {
                "point": "fine", "flatline": "1 min", "priority": "high",
                "text": {"en": "The probe does not move any more", "zh": "探头读数不再变化"}}
        self.begin(site=flat, shifted=True)

        def minute():
            for _ in range(7):
                self.pass_time(10)
                mark = self.observer.feed.mark()
                for _ in range(2):
                    self.observer.point("tank-1", "fine", lambda p: p["quality"] == "good", since=mark)
                    mark = self.observer.feed.mark()
        minute()
        self.assertEqual(self.state("tank-1", "flat"), "normal")  # a probe that is alive moves
        self.hall("set", "tank-1", "temperature_sensor", "stuck")
        minute()
        self.event("tank-1", "flat", "raised")
        self.assertIn("探头读数不再变化", self.told("li.na", "tank-1", "flat")["first"])
        self.assertEqual(self.state("tank-1", "warm"), "normal")  # the display alone is "OK"


class Troy(Incident):
    """2020: after days of beeping somebody cut the power to make it quiet."""

    def test_shelved(self):
        self.begin()
        self.hall("set", "tank-1", "autofill", "off")
        self.hall("set", "tank-1", "level", "12 cm")
        told = self.told("li.na", "tank-1", "level-low")
        self.assertIn("手动补液", told["first"])  # it says what it needs
        for wrong in (["--for", "1h"], ["--why", "too loud"], ["--for", "3h", "--why", "too loud"]):  # no reason, end; too long
            self.assertNotEqual(self.ctl("shelve", "tank-1", "level-low", *wrong, check=False).returncode, 0)
        self.ctl("shelve", "tank-1", "level-low", "--for", "3s", "--why", "nitrogen comes at noon")
        self.assertEqual(self.told("li.na", "tank-1", "level-low", purpose="held")["note"], "nitrogen comes at noon")
        quiet = self.receiver.feed.mark()
        (entry,) = self.disabled(what="shelved")
        self.assertTrue(entry["by"] and entry["until"])
        back = self.event("tank-1", "level-low", "unshelved")
        self.assertEqual((back["why"], back["state"]), ("time", "unacknowledged"))
        told = self.told("li.na", "tank-1", "level-low", since=quiet)
        self.assertIn("手动补液", told["first"])
        self.assertTrue(told["link"])
        self.told("li.na", "tank-1", "level-low", purpose="again", since=quiet)


class OneClock(Incident):
    """Vessels on a supply. Hall and daemon have one clock: however slow the machine is, the same happens."""

    kind, more = "vessel", {"level": "15 cm", "autofill": "off", "timeout_stops": "on", "fill_limit": "5 h"}
    manual = True
    first_start = "12 cm"

    def vessels(self, main):
        for n in (1, 2):
            asset, device = main["assets"]["tank-%d" % n], "tank-%d" % n
            asset["points"]["fill-valve"] = {"device": device, "register": "fill-valve"}
            asset["vessel"] = {"supply": "supply", "level": "level", "temperatures": ["temperature"],
                               "lid": {"point": "lid", "open": "open"}, "valve": {"point": "fill-valve", "open": "open"},
                               "fill_start": self.first_start, "fill_stop": "40 cm"}
        main["devices"]["supply"] = dict(main["devices"]["tank-1"], unit=99, profile="cryosim-supply")
        main["assets"]["supply"] = {"kind": "utility", "name": {"en": "Supply vessel", "zh": "供液罐"},
                                    "points": {"stock": {"device": "supply", "register": "stock"}},
                                    "supply": {"stock": "stock"}}
        for asset in main["assets"].values():
            for point in asset["points"].values():
                point["no_data_after"] = "10 min"  # the clocks jump
        main["notify"]["silent_after"] = "1 h"

    def step(self, seconds):
        """Time passes, and the daemon has read the tanks since. A request that was under way fails, and is made again."""
        mark = self.observer.feed.mark()
        self.hall("step", "%d s" % seconds)
        since = rfc3339(time.time() + self.ahead + 1)
        self.pass_time(seconds)
        for tank in ("tank-1", "tank-2"):
            self.observer.point(tank, "level", lambda p: p["quality"] == "good" and p["time"] >= since, since=mark)

    def minutes(self, n):
        for _ in range(5 * n):
            self.step(12)  # the broker may leave a message unconfirmed for 20 s


class SwappedProbes(OneClock):
    """Singapore 2022: probes were mapped to the wrong tank. A fill must appear on the probe of the tank that is filled."""

    def fill(self, tank):
        mark = self.observer.feed.mark()
        self.hall("set", "tank-%d" % tank, "fill")
        self.step(5)
        self.observer.point("tank-%d" % tank, "fill-valve", lambda p: p.get("state") == "open", since=mark)
        mark = self.observer.feed.mark()
        self.minutes(12)  # levels are medians of five minutes
        self.hall("set", "tank-%d" % tank, "fill_limit", "1 min")  # its own probe will never end it
        self.step(5)
        self.observer.point("tank-%d" % tank, "fill-valve", lambda p: p.get("state") == "closed", since=mark)
        self.hall("set", "tank-%d" % tank, "fill_limit", "5 h")
        self.hall("set", "tank-%d" % tank, "reset_fill")
        self.minutes(2)

    def test_mapping_is_suspect(self):
        self.begin(tanks=2, site=self.vessels, shifted=True)
        self.hall("swap", "tank-1", "tank-2", "level")
        self.minutes(6)
        self.fill(1)
        self.assertEqual(self.state("tank-1", "mapping-suspect"), "normal")  # once may be chance
        self.fill(1)
        raised = self.event("tank-1", "mapping-suspect", "raised", priority="high")
        self.assertIn("tank-2", raised["text"]["en"].lower().replace(" ", "-"))
        told = self.told("li.na", "tank-1", "mapping-suspect")
        self.assertIn("2号罐", told["text"])
        raised = self.event("tank-2", "mapping-suspect", "raised", priority="high")  # its level is that of the first
        self.assertIn("rose with the fill of", raised["text"]["en"])


class SwappedTemperatures(OneClock):
    """Singapore 2022, at tanks that nothing tells of being filled: a lid that is opened must warm the probe of its own tank."""

    past = ["tank-%d/%s" % (n, point) for n in (1, 2) for point in ("level/cm/1", "temperature/°C/1", "lid//0")]
    columns = ["tank-%d.%s" % (n, column) for n in (1, 2) for column in ("level_reading_cm", "top_reading_c", "lid_open")]

    def by_hand(self, main):
        self.vessels(main)
        for name in ("tank-1", "tank-2"):
            main["devices"][name]["interval"] = "10 s"  # so no slot is lost by a step
        for n in (1, 2):
            del main["assets"]["tank-%d" % n]["vessel"]["valve"]
        os.makedirs(self.path("state"), exist_ok=True)
        self.record()

    def record(self):
        """The last hours, of the same tanks: the lid of the first was open for five minutes."""
        script = [{"at": "1 s", "run": "swap tank-1 tank-2 top"}, {"at": "2 h", "run": "set tank-1 lid open"},
                  {"at": "125 min", "run": "set tank-1 lid closed"}]
        vessel = dict({"kind": "vessel"}, **dict(self.more, level="15.6 cm"))  # now it is 15: none looks filled since
        with open(self.path("past.yaml"), "w") as f:
            json.dump({"seed": 5, "devices": {"tank-1": vessel, "tank-2": vessel}, "script": script}, f)
        subprocess.run([binary("cryosim"), "--simulate", "--step", "5s", "--every", "1min", "--ahead", "0", "--until", "4h",
                        "--csv", self.path("past.csv"), self.path("past.yaml")], check=True, timeout=60, capture_output=True)
        with open(self.path("past.csv")) as f:
            names, *rows = [line.rstrip("\n").split(",") for line in f]
        columns = [names.index(column) for column in self.columns]
        first = time.time() - float(rows[-1][0]) - 1
        lines = ["%d,%s\n" % ((first + float(row[0])) * 1000, ",".join(row[c] for c in columns)) for row in rows]
        subprocess.run([os.environ["CRYOMON_MAKE_READINGS"], self.path("state"), *self.past], input="".join(lines),
                       text=True, check=True, timeout=60)

    def test_mapping_is_suspect(self):
        self.begin(tanks=2, site=self.by_hand, shifted=True)
        self.hall("swap", "tank-1", "tank-2", "top")
        self.cryomond.log.wait(lambda line: "of the record recalled" in line, "the recall")
        self.minutes(1)
        self.assertEqual(self.state("tank-1", "mapping-suspect"), "normal")  # once may be chance
        self.hall("set", "tank-1", "lid", "open")
        self.minutes(5)
        self.hall("set", "tank-1", "lid", "closed")
        self.minutes(13)  # it is judged a quarter of an hour after it was opened
        raised = self.event("tank-1", "mapping-suspect", "raised", priority="high")
        self.assertIn("temperature probe of Tank 2", raised["text"]["en"])
        told = self.told("li.na", "tank-1", "mapping-suspect")
        self.assertIn("另一温度探头上：2号罐", told["text"])
        self.assertEqual(self.state("tank-2", "mapping-suspect"), "normal")


class SupplyClosed(OneClock):
    """Stockholm 2023: the oxygen alarm had closed the supply during service. That no tank is filled is one critical alarm."""

    more = dict(OneClock.more, level="14.5 cm")
    first_start = "15 cm"

    def test_no_tank_is_filled(self):
        def again_soon(main):
            self.vessels(main)
            main["alarms"] = {"critical": {"realarm_after": "1 min"}}
        self.begin(tanks=2, site=again_soon, shifted=True)
        self.ctl("out-of-service", "supply", "no-tank-filled", "--for", "4h", "--order", "WO-9", "--why", "new cell")
        self.ctl("bypass", "supply", "--for", "30min", "--order", "WO-9", "--why", "new cell")
        self.hall("set", "tank-1", "supply", "off")
        self.hall("set", "tank-2", "supply", "off")
        for n in (1, 2):
            self.hall("set", "tank-%d" % n, "autofill", "on")
        self.minutes(33)  # below the start for half an hour, and nothing comes
        raised = self.event("supply", "no-tank-filled", "raised", priority="critical", state="unacknowledged")
        self.assertEqual(raised["maintenance"]["order"], "WO-9")
        self.assertIn("2 tanks wait for a fill: Tank 1, Tank 2", raised["text"]["en"])
        told = self.told("li.na", "supply", "no-tank-filled")
        self.assertEqual((told["priority"], told["maintenance_order"]), ("critical", "WO-9"))
        self.assertIn("供液罐", told["first"])
        self.assertIn("2 个储罐等待补液：1号罐、2号罐", told["text"])
        self.told("li.na", "supply", "no-tank-filled", purpose="again")
        calls = [m for m in self.receiver.feed.since() if (m["purpose"], m.get("alarm")) == ("call", "no-tank-filled")
                 and m["person"] == "li.na"]
        self.assertEqual(len(calls), 1)  # one, for both
        # Somebody takes it on. It is not over with that, and calls again.
        self.press(told)
        self.event("supply", "no-tank-filled", "acknowledged", by="li.na")
        self.told("li.na", "supply", "no-tank-filled", purpose="unresolved")
        mark = self.receiver.feed.mark()
        self.minutes(1)
        self.step(5)
        self.event("supply", "no-tank-filled", "realarmed", state="unacknowledged", why="unresolved")
        self.told("li.na", "supply", "no-tank-filled", purpose="worse", since=mark)
        self.assertNotEqual(self.ctl("shelve", "supply", "no-tank-filled", "--for", "1min", "--why", "service",
                                     check=False).returncode, 0)


if __name__ == "__main__":
    harness.main()
