"""A calibrated tank: what is judged and published is calibrated, what is stored is what was read, and nothing of the
past ever changes."""
import datetime
import json
import signal
import sqlite3
import time

import harness
from auditor import check_events, history
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import INPUT, Bank, Loop, TcpServer


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).strftime("%Y-%m-%d")


class Calibration(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.read(-1900)
        broker = Broker(self.path("broker")).start()
        self.addCleanup(broker.stop)
        self.setup = Setup(self.dir, broker)
        self.setup.profile("p", {"temperature": {"table": "input", "address": 0, "type": "s16", "scale": 0.1,
                                                 "unit": "°C"}}, interval="200 ms", timeout="150 ms")
        self.setup.tcp("hall", TcpServer(self.loop, self.bank).port)
        self.setup.device("controller", "hall", 7, "p")
        self.first = {"from": day(-10), "offset": "0.5 °C", "certificate": "DKD-1", "date": day(-320),
                      "due": day(20), "reference": "PT-100 ref 17"}
        # Beyond -180 only when calibrated.
        self.setup.asset("tank-1", {"temperature": ("controller", "temperature", {"calibration": [self.first]})},
                         {"warm": {"point": "temperature", "high": "-180 °C", "deadband": "1 °C",
                                   "priority": "critical"}})
        self.setup.write()
        self.observer = Observer(broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon().start()

    def read(self, tenths):
        self.bank.set(7, INPUT, 0, tenths & 0xFFFF)

    def point(self, **wanted):
        return self.observer.point("tank-1", "temperature", lambda p: wanted.items() <= p.items())

    def rows(self):
        return [row for row in history(self.path("state", "history.db")) if row.value is not None]

    def test_life_of_a_calibration(self):
        # Published: calibrated, with what was read beside it.
        self.point(value=-189.5, as_read=-190.0, certificate="DKD-1", quality="good")
        # The device's display shows what was read.
        self.assertIn("agree", self.ctl("verify-point", "tank-1", "temperature", "-190.0").stdout)
        # Judged: -180.3 as read is no alarm, -179.8 is.
        self.assertFalse([e for e in self.observer.feed.since() if "/alarms/warm" in str(e)])
        self.read(-1803)
        raised = self.observer.event(kind="alarm", alarm="warm", transition="raised")
        self.assertEqual(raised["value"], -179.8)
        # Due in 20 days: told in both steps that have come, with the certificate.
        for step, priority in (("due-90", "low"), ("due-30", "medium")):
            due = self.observer.event(kind="alarm", alarm="temperature-calibration-" + step)
            self.assertEqual((due["transition"], due["priority"], due["certificate"], due["due"]),
                             ("raised", priority, "DKD-1", day(20)))
            self.assertIn("(in 20 days); certificate DKD-1", due["text"]["en"])
            self.assertIn("还有 20 天", due["text"]["zh"])
        # In the chain.
        first = self.observer.event(kind="calibration")
        self.assertEqual((first["calibration"], first["asset"], first["point"], first["text"], first["certificate"],
                          first["due"], first["reference"], first["from"][:10]),
                         (1, "tank-1", "temperature", "gain 1 offset 0.5", "DKD-1", day(20), "PT-100 ref 17", day(-10)))
        harness.until(lambda: any(row.value == -180.3 for row in self.rows()), "the readings on disk")
        before = self.rows()
        self.assertEqual({(row.value, row.calibration) for row in before}, {(-190.0, 1), (-180.3, 1)})

        # A newer one from today on, by a reload: the old readings stay what they were.
        newer = {"from": day(0), "table": [[-196, -195], [-80, -81]], "certificate": "DKD-2", "date": day(-1),
                 "due": day(365)}
        point = self.setup.main["assets"]["tank-1"]["points"]["temperature"]
        point["calibration"] = [self.first, newer]
        self.setup.write()
        self.cryomond.signal(signal.SIGHUP)
        change = self.observer.event(kind="configuration")
        self.assertIn("certificate DKD-2", change["difference"])
        # -180.3: 15.7 of 116 K along from +1 to -1.
        self.point(value=-179.6, as_read=-180.3, certificate="DKD-2")
        second = self.observer.event(kind="calibration", calibration=2)
        self.assertEqual(second["text"], "table -196:-195 -80:-81")
        for step in ("due-90", "due-30"):
            self.observer.event(kind="alarm", alarm="temperature-calibration-" + step, transition="returned")
        harness.until(lambda: self.rows()[-1].calibration == 2, "the new readings on disk")
        after = self.rows()
        self.assertEqual(after[:len(before)], before)
        self.assertEqual({row.value for row in after[len(before):]}, {-180.3})

        # The past is corrected beside the readings.
        done = self.ctl("correct", "tank-1", "temperature", "--from", day(-10), "--to", day(-9), "--offset", "-0.4",
                        "--reason", "sensor sat loose", "--note", "found at the service", "--utc")
        self.assertIn("stay as they are", done.stdout)
        correction = self.observer.event(kind="correction")
        self.assertEqual((correction["asset"], correction["point"], correction["offset"], correction["unit"],
                          correction["reason"], correction["from"]),
                         ("tank-1", "temperature", -0.4, "°C", "sensor sat loose", day(-10) + "T00:00:00.000Z"))
        self.assertTrue(correction["by"])
        for wrong in (("--to", day(-11)), ("--to", day(2)), ("--to", day(-9), "--offset", "x")):
            refused = self.ctl("correct", "tank-1", "temperature", "--from", day(-10), "--reason", "r", "--note", "n",
                               "--utc", *wrong, check=False)
            self.assertNotEqual(refused.returncode, 0, wrong)

        # What an auditor sees, without the daemon.
        self.cryomond.stop()
        table = self.ctl("calibrations", "tank-1", "temperature").stdout
        self.assertIn("DKD-1", table)
        self.assertIn("sensor sat loose", table)
        told = json.loads(self.ctl("calibrations", "--json").stdout)
        self.assertEqual([(c["id"], c["certificate"], c.get("days_left")) for c in told["calibrations"]],
                         [(1, "DKD-1", None), (2, "DKD-2", 365)])  # as the alarm counts
        self.assertEqual(told["corrections"], [correction])
        self.assertIn("certificate DKD-2", self.ctl("events", "--last", "1h").stdout)
        state = self.path("state", "state.db")
        self.assertEqual(check_events(state), [])
        rows = harness.sqlite(self.path("state", "history.db"), "SELECT * FROM calibration")
        self.assertEqual([(r["id"], r["text"], r["due"]) for r in rows],
                         [(1, "gain 1 offset 0.5", day(20)), (2, "table -196:-195 -80:-81", day(365))])
        for row, event in zip(rows, (first, second)):
            for column in ("asset", "point", "unit", "utc_us", "from_utc_us", "text", "certificate", "date", "due",
                           "reference"):
                self.assertEqual(row[column], event[column])

        # A start tells none of it again.
        self.daemon().start()
        self.point(value=-179.6)
        count = "SELECT count(*) n FROM event WHERE kind = 'calibration'"
        harness.until(lambda: len(self.rows()) > len(after) + 2, "readings of the new run")
        self.assertEqual(harness.sqlite(state, count)[0]["n"], 2)

    def test_one_that_was_not_told_is_told_at_the_next_start(self):
        # As if the daemon had been killed between the row and its event.
        self.observer.event(kind="calibration", calibration=1)
        self.cryomond.stop()
        db = sqlite3.connect(self.path("state", "history.db"))
        db.execute("INSERT INTO calibration VALUES(2, 'tank-1', 'temperature', '°C', ?, 5, 'gain 1 offset 9', 'DKD-9', '',"
                   " '', '')", (time.time_ns() // 1000,))
        db.commit()
        db.close()
        mark = self.observer.feed.mark()
        self.daemon().start()
        event = self.observer.event(kind="calibration", since=mark)
        self.assertEqual((event["calibration"], event["certificate"], event["from_utc_us"]), (2, "DKD-9", 5))


if __name__ == "__main__":
    harness.main()
