"""Alarms that are shelved, taken out of service, bypassed, suppressed, grouped: said by name, with an end, and over restarts."""
import json
import os
import sqlite3
import struct
import subprocess
import time
import unittest

import harness
from broker import Broker, Observer, retained
from configuration import Setup
from harness import until
from modbus_raw import HOLDING, Bank, DISCRETE, Loop, TcpServer
from varlink import Refused, call

SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
COLD, WARM = 63636, 64106  # -190.0 and -143.0 °C
OXYGEN, LITTLE = 209, 170  # 20.9 and 17.0 %


class AlarmManagement(harness.SystemTest):  # each
    def setUp(self):
        super().setUp()
        self.passwords()
        self.broker = Broker(self.path("broker"), ["allow_anonymous false", "password_file " + self.path("passwords"),
                                                   "acl_file " + self.path("acl")]).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        for unit in (1, 2, 3):
            self.bank.set(unit, HOLDING, 0, COLD, 120)
            self.bank.set(unit, DISCRETE, 0, 0)
        self.bank.set(9, HOLDING, 0, OXYGEN)
        self.server = TcpServer(self.loop, self.bank)
        self.config = self.make_setup()
        self.config.write()
        self.observer = Observer(self.broker, options=("-u", "watcher", "-P", "w"))
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon().start()
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")

    def passwords(self):
        with open(self.path("passwords"), "w") as f:
            f.write("")
        for user, password in (("cryomon", "c"), ("watcher", "w"), ("li.na", "l"), ("guest", "g"), ("cryonotify", "n")):
            subprocess.run(["mosquitto_passwd", "-b", self.path("passwords"), user, password], check=True, capture_output=True)
        with open(self.path("acl"), "w") as f:
            f.write("user cryomon\ntopic readwrite cryomon/#\ntopic readwrite homeassistant/#\ntopic readwrite answers/#\n"
                    "user watcher\ntopic readwrite #\nuser li.na\ntopic write cryomon/+/cmd/li.na/#\ntopic write answers/#\n"
                    "user cryonotify\ntopic write cryomon/+/cmd/cryonotify/#\n")
        with open(self.path("secret"), "w") as f:
            f.write("c\n")

    def make_setup(self):
        setup = Setup(self.dir, self.broker)
        setup.main["mqtt"].update(username="cryomon", password_file=self.path("secret"), commands=True, agents=["cryonotify"])
        setup.main["rounds"] = {"every": "1 h", "grace": "10 min", "unattended_after": "10 min"}
        tenths = {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1}
        setup.profile("p", {
            "temperature": dict(tenths, address=0, unit="°C"), "level": dict(tenths, address=1, unit="cm", plausible=[0, 120]),
            "lid": {"table": "discrete", "address": 0, "type": "bit", "states": {0: "closed", 1: "open"}},
        }, interval="100 ms", timeout="100 ms")
        setup.profile("o", {"oxygen": dict(tenths, address=0, unit="%")}, interval="100 ms", timeout="100 ms")
        setup.tcp("bus", self.server.port)
        for n in (1, 2, 3):
            setup.device("d%d" % n, "bus", n, "p")
            setup.asset("tank-%d" % n, {"temperature": ("d%d" % n, "temperature", {"no_data_after": "1 s"}),
                                        "level": ("d%d" % n, "level", {"no_data_after": "1 s"}),
                                        "lid": ("d%d" % n, "lid", {"no_data_after": "1 s"})}, {
                "warm": {"point": "temperature", "high": "-150 °C", "deadband": "2 °C", "priority": "high",
                         "time_to": "-135 °C", "consequence": {"en": "Cells are lost", "zh": "细胞受损"},
                         "suppress_when": {"point": "lid", "state": "open", "for_at_most": "2 min"}},
                "hot": {"point": "temperature", "high": "-140 °C", "priority": "critical"},
                "low": {"point": "level", "low": 5, "priority": "medium", "latching": True}},
                name={"en": "Tank %d" % n, "zh": "%d号罐" % n})
        setup.device("o2", "bus", 9, "o")
        setup.asset("room", {"oxygen": ("o2", "oxygen")}, {
            "oxygen-low": {"point": "oxygen", "low": 19.5, "priority": "critical", "life_safety": True}}, kind="room",
            name={"en": "Hall", "zh": "大厅"})
        return setup

    def control(self, method, **parameters):
        return call(self.path("control"), method, **parameters)

    def refused(self, method, **parameters):
        with self.assertRaises(Refused) as raised:
            self.control(method, **parameters)
        return raised.exception

    def command(self, user, password, verb, payload, name=None):
        """By MQTT; the answer, or None when the broker does not let it through."""
        mark = self.observer.feed.mark()
        topic = "cryomon/test/cmd/%s/%s" % (name or user, verb)
        subprocess.run(["mosquitto_pub", "-V", "5", "-h", self.broker.address, "-p", str(self.broker.port), "-q", "1", "-u", user,
                        "-P", password, "-t", topic, "-m", json.dumps(payload), "-D", "publish", "response-topic",
                        "cryomon/test/cmd/%s/answer" % (name or user)], timeout=30, capture_output=True)
        return self.observer, mark

    def warm(self, unit=1, raw=WARM):
        self.bank.set(unit, HOLDING, 0, raw)

    def state(self, alarm, asset="tank-1"):
        status = self.control("Status", all=True)
        return next(a for a in status["alarms"] if a["asset"] == asset and a["alarm"] == alarm)

    def disabled(self, **fields):
        return [d for d in self.control("Status")["disabled"] if all(d.get(k) == v for k, v in fields.items())]

    def test_shelve_over_mqtt(self):
        self.warm()
        raised = self.observer.event(alarm="warm", transition="raised")
        self.assertEqual(raised["id"].split("@")[0], "tank-1/warm")
        self.assertEqual(raised["consequence"]["zh"], "细胞受损")
        self.assertEqual((raised["active"], raised["response_time_s"]), (True, 1800))
        order = {"asset": "tank-1", "alarm": "warm", "for": "30 min", "note": "sensor loose"}
        observer, mark = self.command("guest", "g", "shelve", order, name="li.na")  # the broker does not let him
        observer, mark = self.command("li.na", "l", "shelve", order)
        answer = observer.wait("cmd/li.na/answer", since=mark).json
        self.assertTrue(answer["ok"], answer)
        shelved = observer.event(alarm="warm", transition="shelved")
        self.assertEqual((shelved["by"], shelved["note"], shelved["state"], shelved["until"], shelved["active"], shelved["id"]),
                         ("li.na", "sensor loose", "shelved", answer["until"], True, raised["id"]))
        self.assertIn("搁置", shelved["text"]["zh"])
        kept = retained(self.broker, options=("-u", "watcher", "-P", "w"))
        self.assertEqual(kept["cryomon/test/tank-1/alarms/warm"]["state"], "shelved")
        until(lambda: retained(self.broker, "cryomon/test/disabled", ("-u", "watcher", "-P", "w"), 1).get(
            "cryomon/test/disabled", {}).get("n") == 1, "the list of what is disabled")
        # Too long, a critical one, one that is not known: each with its reason.
        for payload, word in ((dict(order, alarm="hot"), "critical"), (dict(order, **{"for": "3 h"}), "2 h at most"),
                              (dict(order, alarm="none"), "no such alarm"), ({"asset": "tank-1", "alarm": "warm"}, "note: is missing"),
                              (dict(order, occurrence="tank-1/warm@1"), "another occurrence"),
                              (dict(order, person="wang.wei"), "mqtt.agents")):
            observer, mark = self.command("li.na", "l", "shelve", payload)
            answer = observer.wait("cmd/li.na/answer", since=mark).json
            self.assertFalse(answer["ok"])
            self.assertIn(word, answer["error"])
        # It returns and comes back while it is shelved: recorded, and its state stays.
        self.warm(raw=COLD)
        self.assertEqual(observer.event(alarm="warm", transition="returned")["state"], "shelved")
        self.warm()
        again = observer.event(alarm="warm", transition="raised", state="shelved")
        self.control("Unshelve", asset="tank-1", alarm="warm")
        back = observer.event(alarm="warm", transition="unshelved")
        self.assertEqual((back["state"], back["why"], back["id"]), ("acknowledged", "person", again["id"]))
        names = [m.json for m in observer.feed.since() if m.topic.endswith("/events") and m.json.get("transition") == "shelved"]
        self.assertEqual(len(names), 1)  # the guest's never came

    def test_an_agent_speaks_for_a_person(self):
        self.warm()
        raised = self.observer.event(alarm="warm", transition="raised")
        observer, mark = self.command("cryonotify", "n", "acknowledge", {
            "asset": "tank-1", "alarm": "warm", "person": "wang.wei", "occurrence": raised["id"], "note": "by link"})
        self.assertTrue(observer.wait("cmd/cryonotify/answer", since=mark).json["ok"])
        acked = observer.event(alarm="warm", transition="acknowledged")
        self.assertEqual((acked["by"], acked["via"]), ("wang.wei", "cryonotify"))

    def test_the_record_names_who_did_it(self):
        """li.na has shelved it; wang.wei bypasses the device and ends that: his name, and who holds it beside."""
        def order(verb, person, payload):
            observer, mark = self.command("cryonotify", "n", verb, dict(payload, person=person))
            self.assertTrue(observer.wait("cmd/cryonotify/answer", since=mark).json["ok"])
            return mark

        self.warm()
        self.observer.event(alarm="warm", transition="raised")
        order("acknowledge", "zhao", {"asset": "tank-1", "alarm": "warm"})
        order("shelve", "li.na", {"asset": "tank-1", "alarm": "warm", "for": "1 h", "note": "loose"})
        order("out-of-service", "wang.wei", {"device": "d1", "for": "1 h", "note": "display"})
        began = self.observer.event(alarm="warm", transition="out-of-service")
        self.assertEqual((began["by"], began["held_by"], began["note"]), ("wang.wei", "wang.wei", "display"))
        mark = order("in-service", "zhang", {"device": "d1", "note": "repaired"})
        ended = self.observer.event(alarm="warm", transition="in-service", since=mark)
        self.assertEqual((ended["by"], ended["held_by"], ended["acknowledged_by"], ended["state"], ended["note"], ended["comment"]),
                         ("zhang", "li.na", "zhao", "shelved", "loose", "repaired"))
        kept = retained(self.broker, options=("-u", "watcher", "-P", "w"))["cryomon/test/tank-1/alarms/warm"]
        self.assertEqual((kept["held_by"], kept["acknowledged_by"]), ("li.na", "zhao"))
        now = self.state("warm")
        self.assertEqual((now["by"], now["held_by"], now["acknowledged_by"]), ("zhang", "li.na", "zhao"))
        self.warm(raw=COLD)
        over = self.observer.event(alarm="warm", transition="returned", since=mark)
        self.assertNotIn("by", over)
        self.assertEqual((over["state"], over["held_by"]), ("shelved", "li.na"))
        self.cryomond.stop()
        self.assertTrue(json.loads(self.ctl("verify", self.path("state"), "--json").stdout)["proven"])

    def test_kill_while_shelved(self):
        self.warm()
        self.observer.event(alarm="warm", transition="raised")
        until_ = self.control("Shelve", asset="tank-1", alarm="warm", note="known", **{"for": "1 h"})["until"]
        self.control("OutOfService", asset="tank-2", order="WO-7", note="new valve", **{"for": "2 d"})
        rounds = self.observer.event(asset="tank-2", alarm="manual-reading-overdue", transition="out-of-service")
        self.assertEqual((rounds["state"], rounds["protected"]), ("normal", True))  # that nobody looks is never silenced
        self.control("Shelve", asset="tank-3", alarm="low", note="short", **{"for": "3 s"})
        self.observer.event(alarm="low", asset="tank-3", transition="shelved")
        self.cryomond.kill()
        self.bank.set(3, HOLDING, 1, 10)  # low, while nobody looks
        end = time.time() + 3
        until(lambda: time.time() > end, "the shelf's end")
        mark = self.observer.feed.mark()
        self.cryomond.start()
        ended = self.observer.event(alarm="low", asset="tank-3", transition="unshelved", since=mark)
        self.assertEqual((ended["why"], ended["state"]), ("time", "normal"))
        self.observer.event(alarm="low", asset="tank-3", transition="raised", state="unacknowledged", since=mark)
        warm = self.state("warm")
        self.assertEqual((warm["state"], warm["until"], warm["note"]), ("shelved", until_, "known"))
        (entry,) = self.disabled(asset="tank-1", alarm="warm")
        self.assertEqual((entry["what"], entry["until"], entry["count"]), ("shelved", until_, 1))
        (entry,) = self.disabled(asset="tank-2", alarm="low")
        self.assertEqual((entry["what"], entry["order"], entry["note"]), ("out-of-service", "WO-7", "new valve"))
        self.assertEqual(self.state("low", "tank-2")["state"], "out-of-service")
        # And over a reload.
        self.config.main["devices"]["d1"]["timeout"] = "150 ms"
        self.config.write()
        self.control("Reload", reason="slower gateway")
        self.assertEqual(self.state("warm")["until"], until_)
        self.control("InService", asset="tank-2")
        self.observer.event(asset="tank-2", alarm="low", transition="in-service", state="normal", since=mark)
        self.assertEqual(self.disabled(asset="tank-2"), [])
        self.cryomond.stop()
        self.assertTrue(json.loads(self.ctl("verify", self.path("state"), "--json").stdout)["proven"])
        # Somebody makes a shelf longer, in the file: that shows.
        db = sqlite3.connect(self.path("state", "state.db"))
        db.execute("UPDATE hold SET until_utc_us = until_utc_us + 3600000000 WHERE asset = 'tank-1' AND held = 1")
        db.commit()
        db.close()
        found = json.loads(self.ctl("verify", self.path("state"), "--json", check=False).stdout)
        self.assertEqual((found["proven"], [f["detail"] for f in found["findings"] if f["kind"] == "alarm"]),
                         (False, ["hold: until"]))

    def test_maintenance_does_not_mute(self):
        done = self.control("OutOfService", asset="room", alarm="oxygen-low", order="WO-9", note="cell change", **{"for": "4 h"})
        self.assertEqual((done["alarms"], done["marked"]), (1, 1))
        marked = self.observer.event(alarm="oxygen-low", transition="out-of-service")
        self.assertEqual(marked["state"], "normal")
        self.assertEqual(marked["maintenance"]["order"], "WO-9")
        self.bank.set(9, HOLDING, 0, LITTLE)
        raised = self.observer.event(alarm="oxygen-low", transition="raised")
        self.assertEqual((raised["state"], raised["life_safety"], raised["protected"]), ("unacknowledged", True, True))
        self.assertEqual((raised["maintenance"]["by"], raised["maintenance"]["until"]),
                         (marked["maintenance"]["by"], done["until"]))
        self.assertIn("stays in force", raised["text"]["en"])
        self.observer.alarm("room", "oxygen-low", "unacknowledged")
        self.assertIn("lives", self.refused("Shelve", asset="room", alarm="oxygen-low", note="x", **{"for": "1 h"}).text)
        (entry,) = self.disabled(what="maintenance")
        self.assertEqual(entry["alarm"], "oxygen-low")

    def test_the_value_of_now(self):
        """What is asked for later is told with the reading of now; the event stays what it was."""
        self.warm()
        raised = self.observer.event(alarm="warm", transition="raised")
        self.assertEqual((raised["value"], "value_time" in raised), (-143.0, False))
        self.warm(raw=64120)
        self.observer.point("tank-1", "temperature", lambda p: p["value"] == -141.6)
        now = self.state("warm")
        self.assertEqual((now["value"], now["time"], now["seq"]), (-141.6, raised["time"], raised["seq"]))
        self.assertIn("-141.6", now["text"]["en"])
        self.assertGreater(now["value_time"], raised["time"])
        self.assertIn("-141.6 °C is above", self.ctl("alarms").stdout)
        until(lambda: harness.sqlite(self.path("state", "state.db"), "SELECT 1 FROM alarm WHERE asset = 'tank-1' AND "
                                     "alarm = 'warm' AND state = 1"), "the disk")
        self.cryomond.kill()
        self.warm(raw=64122)
        mark = self.observer.feed.mark()
        self.cryomond.start()
        told = self.observer.wait("tank-1/alarms/warm", lambda b: b and "value_time" in b, since=mark).json
        self.assertEqual((told["value"], told["transition"], told["seq"], told["id"], told["state"]),
                         (-141.4, "raised", raised["seq"], raised["id"], "unacknowledged"))
        self.assertIn("-141.4", told["text"]["zh"])
        self.assertGreater(told["value_time"], now["value_time"])
        rows = harness.sqlite(self.path("state", "state.db"), "SELECT count(*) AS n FROM event WHERE alarm = 'warm'")
        self.assertEqual(rows[0]["n"], 1)

    def test_what_waited_outlives_a_hold(self):
        self.warm()
        self.observer.event(alarm="warm", transition="raised")
        self.control("Shelve", asset="tank-1", alarm="warm", note="short", **{"for": "4 s"})
        self.warm(raw=COLD)
        self.observer.event(alarm="warm", transition="returned", state="shelved")
        self.cryomond.kill()
        self.cryomond.start()
        ended = self.observer.event(alarm="warm", transition="unshelved")
        self.assertEqual((ended["why"], ended["state"]), ("time", "returned-unacknowledged"))
        self.control("Acknowledge", asset="tank-1", alarm="warm")
        self.observer.alarm("tank-1", "warm", None)

    def test_latched_and_reset(self):
        self.bank.set(1, HOLDING, 1, 10)
        self.observer.event(alarm="low", asset="tank-1", transition="raised")
        self.assertEqual(self.refused("Reset", asset="tank-1", alarm="low").error, "NothingToDo")
        self.bank.set(1, HOLDING, 1, 200)
        returned = self.observer.event(alarm="low", asset="tank-1", transition="returned")
        self.assertEqual((returned["state"], returned["latched"], returned["active"]), ("unacknowledged", True, False))
        self.assertIn("acknowledge", self.refused("Reset", asset="tank-1", alarm="low").text)
        self.control("Acknowledge", asset="tank-1", alarm="low")
        until(lambda: harness.sqlite(self.path("state", "state.db"), "SELECT 1 FROM alarm WHERE asset = 'tank-1' AND "
                                     "alarm = 'low' AND state = 2 AND latched = 1"), "the disk")
        self.cryomond.kill()
        self.cryomond.start()
        self.assertEqual(self.state("low")["state"], "acknowledged")
        self.control("Reset", asset="tank-1", alarm="low")
        self.assertEqual(self.observer.event(alarm="low", transition="reset")["state"], "normal")
        self.observer.alarm("tank-1", "low", None)

    def test_suppressed_by_the_plant(self):
        self.bank.set(1, DISCRETE, 0, 1)
        quiet = self.observer.event(asset="tank-1", alarm="warm", transition="suppressed")
        self.assertTrue(quiet["until"])
        self.warm()
        self.observer.event(asset="tank-1", alarm="warm", transition="raised", state="suppressed")
        self.assertEqual(len(self.disabled(what="suppressed", asset="tank-1")), 1)
        self.bank.set(1, DISCRETE, 0, 0)
        loud = self.observer.event(asset="tank-1", alarm="warm", transition="unsuppressed")
        self.assertEqual((loud["why"], loud["state"]), ("plant", "unacknowledged"))

    def test_the_gateway_is_cut(self):
        """One alarm lists the devices, and hides none."""
        self.server.stop()
        group = self.observer.event(asset="system", alarm="bus-bus-silent", transition="raised")
        self.assertGreaterEqual(group["n_members"], 2)
        until(lambda: self.state("bus-bus-silent", "system")["state"] == "unacknowledged", "the group")
        member = self.observer.event(asset="tank-2", alarm="temperature-no-data", transition="raised")
        self.assertEqual(member["state"], "unacknowledged")
        late = [m.json for m in self.observer.feed.since() if m.json and m.json.get("group") == "system/bus-bus-silent"]
        self.assertTrue(late)
        self.assertTrue(all("/" in name for name in group["members"]))
        self.server.start()
        self.observer.event(asset="system", alarm="bus-bus-silent", transition="returned", limit=40)

    def test_bypass_and_rounds(self):
        done = self.control("Bypass", device="d1", note="reads nonsense", order="WO-1", **{"for": "1 d"})
        self.assertEqual(done["marked"] > 0 and done["alarms"] > done["marked"], True)
        told = self.observer.event(kind="device", transition="bypassed")
        self.assertEqual((told["device"], told["note"], told["order"], told["count"]), ("d1", "reads nonsense", "WO-1", 1))
        self.observer.event(asset="tank-1", alarm="warm", transition="out-of-service")
        self.warm()  # nobody is called, but the critical one goes on as ever
        self.observer.event(asset="tank-1", alarm="warm", transition="raised", state="out-of-service")
        self.warm(raw=64236)
        self.observer.event(asset="tank-1", alarm="hot", transition="raised", state="unacknowledged")
        (due,) = until(lambda: [r for r in self.control("Status")["rounds"] if r["asset"] == "tank-1"], "a round")
        self.assertFalse(due["overdue"])
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.assertIn("second", self.refused("Reading", asset="tank-1", point="level", value="18.5", measured=now,
                                             second=told["by"]).text)
        self.assertIn("future", self.refused("Reading", asset="tank-1", point="level", value="18.5",
                                             measured="2099-01-01T00:00:00Z").text)
        self.assertIn("before the record", self.refused("Reading", asset="tank-1", point="level", value="18.5",
                                                        measured="2020-01-01T00:00:00Z").text)
        self.assertIn("0.0 to 120.0 cm", self.refused("Reading", asset="tank-1", point="level", value="99999", measured=now).text)
        self.assertIn("state", self.refused("Reading", asset="tank-1", point="lid", value="ajar", measured=now).text)
        self.control("Reading", asset="tank-1", point="level", value="18.5", measured=now, second="wang.wei", note="ruler")
        read = self.observer.event(kind="reading", point="level")
        self.assertEqual((read["value"], read["unit"], read["second"], read["note"], read["point"]),
                         (18.5, "cm", "wang.wei", "ruler", "level"))
        # Level is read, the temperature is not: the round goes on, and a state does not count.
        (due,) = [r for r in self.control("Status")["rounds"] if r["asset"] == "tank-1"]
        self.assertEqual((due["points"], due["point"]), (["temperature", "level"], "temperature"))
        self.cryomond.kill()
        self.cryomond.start()
        (again,) = until(lambda: [r for r in self.control("Status")["rounds"] if r["asset"] == "tank-1"], "the round again")
        self.assertEqual((again["last"][:19], again["since"][:18]), (now[:19], due["since"][:18]))  # nothing begins anew
        (entry,) = self.disabled(what="bypassed")
        self.assertEqual((entry["device"], entry["count"]), ("d1", 1))
        self.assertGreater(self.control("Unbypass", device="d1", note="repaired")["alarms"], 1)
        self.assertEqual(self.disabled(asset="tank-1"), [])
        back = self.observer.event(asset="tank-1", alarm="warm", transition="in-service")
        self.assertEqual(back["state"], "unacknowledged")
        rows = harness.sqlite(self.path("state", "history.db"), "SELECT count(*) AS n FROM point WHERE point = 'level'")
        self.assertEqual(rows[0]["n"], 3)  # of the devices: the manual one stands in the chain alone

    def reading(self, point, value, ago_s, **more):
        measured = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago_s))
        return self.control("Reading", asset="tank-1", point=point, value=value, measured=measured, **more)

    def test_readings_are_recorded_in_any_order(self):
        self.control("Bypass", device="d1", note="reads nonsense", **{"for": "1 d"})
        self.assertFalse(self.reading("temperature", "-188", 0)["late"])
        self.assertFalse(self.reading("level", "18.5", 30)["late"])  # of another point, read before
        self.assertTrue(self.reading("level", "19", 45)["late"])
        told = self.observer.event(kind="reading", late=True)
        self.assertEqual(told["value"], 19)
        self.assertGreaterEqual(told["entered_after_s"], 40)
        (due,) = [r for r in self.control("Status")["rounds"] if r["asset"] == "tank-1"]
        self.assertEqual(due["points"], ["temperature", "level"])

    def test_readings_are_shown_beside_those_of_the_device(self):
        self.reading("lid", "open", 0)
        self.reading("temperature", "-130", 0)
        self.observer.event(kind="reading", point="temperature")
        # The device says something else: people come all the same.
        self.observer.event(alarm="manual-reading-beyond-critical", transition="raised", state="unacknowledged")
        self.cryomond.stop()
        out = self.ctl("readings", "--dir", self.path("state"), "--lang", "en").stdout
        for part in ("closed", "-190.0 °C", "BEYOND THE LIMIT"):
            self.assertIn(part, out)

    def test_a_value_read_by_eye_calls_people(self):
        self.control("Bypass", device="d1", note="reads nonsense", **{"for": "1 d"})
        answer = self.reading("temperature", "-130", 0)
        self.assertEqual(sorted(answer["beyond"]), ["hot", "warm"])
        self.assertEqual(sorted(self.observer.event(kind="reading")["beyond"]), ["hot", "warm"])
        raised = self.observer.event(alarm="manual-reading-beyond-critical", transition="raised", state="unacknowledged")
        self.assertEqual((raised["priority"], raised["protected"]), ("critical", True))
        self.assertIn("-130.0 °C, read by eye", raised["text"]["en"])
        self.observer.event(alarm="manual-reading-beyond-high", transition="raised", state="unacknowledged")
        # Over a restart it holds; the device's own good values prove nothing while it is bypassed.
        self.cryomond.kill()
        self.cryomond.start()
        until(lambda: self.state("manual-reading-beyond-critical")["active"], "the alarm again")
        mark = self.observer.feed.mark()
        self.assertEqual(self.reading("temperature", "-145", 0)["beyond"], ["warm"])
        self.observer.event(alarm="manual-reading-beyond-critical", transition="returned", since=mark)
        self.assertTrue(self.state("manual-reading-beyond-high")["active"])
        self.reading("temperature", "-100", 40)  # behind a newer one: recorded, and changes nothing
        self.assertEqual(self.reading("temperature", "-190", 0)["beyond"], [])
        self.observer.event(alarm="manual-reading-beyond-high", transition="returned", since=mark)
        self.assertFalse(self.state("manual-reading-beyond-critical")["active"])

    def test_chattering_says_which_one(self):
        for _ in range(3):
            mark = self.observer.feed.mark()
            self.warm()
            self.observer.event(alarm="warm", transition="raised", since=mark)
            self.warm(raw=COLD)
            self.observer.event(alarm="warm", transition="returned", since=mark)
        told = self.observer.event(asset="tank-1", alarm="chattering", transition="raised")
        self.assertTrue(told["text"]["en"].endswith(": An alarm comes and goes again and again. warm"), told["text"])
        self.assertTrue(told["text"]["zh"].endswith("warm"), told["text"])

    @unittest.skipIf(harness.SANITIZED or not os.path.exists(SHIFTER), "the clocks can't be moved here")
    def test_a_restart_attends_to_nobody(self):
        """The device is dead, nobody has read by hand, and the daemon is restarted: the call for it goes on."""
        self.move_clock(0)
        self.cryomond.stop()
        self.cryomond = self.daemon(env={"LD_PRELOAD": SHIFTER, "CLOCKSHIFT": self.path("shift")}).start()
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good", since=self.observer.feed.mark())
        self.server.stop()
        self.observer.event(asset="tank-1", alarm="temperature-no-data", transition="raised")
        for seconds in (11 * 60, 100 * 60):
            self.move_clock(seconds)
            until(lambda: self.control("Status")["rounds"], "rounds")
        text = self.observer.event(asset="tank-1", alarm="manual-reading-overdue", transition="raised")["text"]
        self.assertRegex(text["en"], r"temperature, due since \d{4}-\d\d-\d\d \d\d:\d\d UTC")
        self.assertRegex(text["zh"], r"temperature（应于 \d{4}-\d\d-\d\d \d\d:\d\d UTC 前读数）")
        mark = self.observer.feed.mark()
        self.cryomond.kill()
        self.cryomond.start()
        self.assertIn("tank-1", [r["asset"] for r in until(lambda: self.control("Status")["rounds"], "rounds")])
        self.assertEqual(self.state("manual-reading-overdue")["state"], "unacknowledged")
        self.server.start()
        self.observer.event(asset="tank-1", alarm="manual-reading-overdue", transition="returned", since=mark)

    def move_clock(self, seconds):
        """The machine has slept for so long."""
        with open(self.path("shift"), "r+b" if os.path.exists(self.path("shift")) else "wb") as f:
            f.write(struct.pack("=qq", 0, seconds * 10**9))

    def test_out_of_service_asks_for_rounds_and_never_mutes_them(self):
        self.assertIn("nobody looks", self.refused("Shelve", asset="tank-2", alarm="manual-reading-overdue", note="x",
                                                   **{"for": "1 h"}).text)
        for alarm in ("notify-channel", "notify-people", "notifier", "drill-overdue"):
            self.refused("Shelve", asset="system", alarm=alarm, note="x", **{"for": "1 h"})
        self.control("OutOfService", asset="tank-2", order="WO-3", note="new rack", **{"for": "20 d"})
        (due,) = until(lambda: [r for r in self.control("Status")["rounds"] if r["asset"] == "tank-2"], "a round")
        self.assertEqual(due["points"], ["level"])  # "hot" is critical: the temperature goes on calling
        mark = self.observer.event(asset="tank-2", alarm="manual-reading-overdue", transition="out-of-service")
        self.assertEqual((mark["state"], mark["protected"]), ("normal", True))
        self.assertTrue(mark["maintenance"])

    def test_limits_need_a_reason(self):
        self.config.main["assets"]["tank-1"]["alarms"]["warm"]["high"] = "-145 °C"
        self.config.write()
        refused = self.refused("Reload")
        self.assertEqual(refused.error, "ReloadRefused")
        self.assertIn("need", refused.parameters["detail"])
        self.assertIn("warm", refused.parameters["detail"])
        self.observer.event(asset="system", alarm="configuration", transition="raised")
        self.control("Reload", reason="new sensor position, MOC 12")
        changed = self.observer.event(kind="configuration")
        self.assertEqual(changed["reason"], "new sensor position, MOC 12")
        self.assertEqual(len(changed["limits"]), 1)
        self.assertIn("-150", changed["limits"][0]["before"])
        self.observer.event(asset="system", alarm="configuration", transition="returned")
        # With a restart nobody is asked, and it is told.
        self.config.main["assets"]["tank-1"]["alarms"]["warm"]["high"] = "-144 °C"
        self.config.write()
        self.cryomond.stop()
        mark = self.observer.feed.mark()
        self.cryomond.start()
        started = self.observer.event(kind="configuration", since=mark)
        self.assertIsNone(started["reason"])
        told = self.observer.event(asset="system", alarm="configuration", transition="raised", since=mark)
        self.assertIn("in force without a reason", told["text"]["en"])
        self.assertNotIn("refused", told["text"]["en"])
        self.control("Reload", reason="it was me")
        self.observer.event(asset="system", alarm="configuration", transition="returned", since=mark)

    def test_drill(self):
        self.control("Drill", note="new phone")
        drill = self.observer.event(asset="system", alarm="drill", transition="raised")
        self.assertTrue(drill["drill"])
        self.assertIn("new phone", drill["text"]["en"])
        self.assertEqual(self.refused("Drill").error, "NothingToDo")
        self.cryomond.kill()
        self.cryomond.start()
        self.assertEqual(self.state("drill", "system")["state"], "unacknowledged")
        self.control("Acknowledge", asset="system", alarm="drill")
        self.observer.event(asset="system", alarm="drill", transition="returned", state="normal")


if __name__ == "__main__":
    harness.main()
