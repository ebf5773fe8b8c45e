#!/usr/bin/python3
"""cryoctl nitrogen: what was filled in, by vessel and period, and what it cost; what is not known is counted."""
import json
import os
import subprocess
import unittest
from datetime import datetime, timezone

from cryoctl_case import Case

CONFIG = """
site: {id: s}
nitrogen: {price: 0.45 EUR/L}
buses: {b: {tcp: {host: 127.0.0.1}}}
devices: {d: {bus: b, unit: 1, profile: cryosim-tank}}
assets: {tank-1: {kind: tank, points: {level: {device: d, register: level}}}}
"""
RANGE = ("--from", "2026-10-01", "--to", "2026-12-01")


def ms(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


class Nitrogen(Case):
    def setUp(self):
        super().setUp()
        self.data = os.path.join(self.directory.name, "data")
        self.etc = os.path.join(self.directory.name, "etc")
        os.mkdir(self.data)
        os.mkdir(self.etc)
        with open(os.path.join(self.etc, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write(CONFIG)
        subprocess.run([os.environ["MAKE_HISTORY"], self.data], check=True)

    def fill(self, asset, end, litres, minutes=20):
        body = {"asset": asset, "begin": end.replace("T", "T") + ".000Z", "end": end + ".000Z", "from_cm": 14.0, "to_cm": 20.0,
                "litres": litres}
        subprocess.run([os.environ["APPEND_EVENT"], self.data, "fill", json.dumps(body)], check=True,
                       env=dict(os.environ, EVENT_UTC_MS=str(ms(end) + minutes * 60000)))

    def three(self):
        self.fill("tank-1", "2026-10-30T10:00:00", 40.5)
        self.fill("tank-1", "2026-10-31T18:00:00", 10.0)  # in China it is the 1st of November
        self.fill("tank-2", "2026-10-31T11:00:00", 7.0)

    def nitrogen(self, *arguments, **more):
        return self.run_ctl("nitrogen", "--dir", self.data, "--config", self.etc, *RANGE, *arguments, socket=False, **more)

    def json(self, *arguments):
        return json.loads(self.nitrogen("--json", *arguments))

    def test_by_day_and_month(self):
        self.three()
        answer = self.json()
        self.assertEqual([(p["period"], p["asset"], p["litres"]) for p in answer["periods"]],
                         [("2026-10-30", "tank-1", 40.5), ("2026-10-31", "tank-2", 7.0), ("2026-11-01", "tank-1", 10.0)])
        self.assertEqual([p["period"] for p in self.json("--utc")["periods"]], ["2026-10-30", "2026-10-31", "2026-10-31"])
        self.assertEqual([(p["period"], p["litres"]) for p in self.json("--by", "month", "--utc")["periods"]],
                         [("2026-10", 50.5), ("2026-10", 7.0)])
        self.assertEqual([(v["asset"], v["fills"], v["litres"], v["cost"]) for v in answer["vessels"]],
                         [("tank-1", 2, 50.5, 22.73), ("tank-2", 1, 7.0, 3.15)])
        self.assertEqual((answer["total"]["litres"], answer["total"]["cost"]), (57.5, 25.88))
        self.assertEqual(answer["price"], {"per_litre": 0.45, "currency": "EUR"})

    def test_what_is_not_known_is_counted(self):
        self.three()
        self.fill("tank-1", "2026-10-30T20:00:00", None)
        self.fill("tank-3", "2026-10-30T20:00:00", None)
        by_asset = {v["asset"]: v for v in self.json()["vessels"]}
        self.assertEqual((by_asset["tank-1"]["fills"], by_asset["tank-1"]["fills_not_known"], by_asset["tank-1"]["litres"]), (3, 1, 50.5))
        self.assertEqual((by_asset["tank-3"]["litres"], by_asset["tank-3"]["cost"]), (None, None))
        shown = self.nitrogen()
        self.assertIn(">= 50.5 L", shown)
        self.assertIn("-- not known", shown)
        self.assertIn("Fills whose litres are not known: 2", shown)

    def test_tables(self):
        self.three()
        self.fill("tank-3", "2026-10-30T20:00:00", None)
        for language in ("en", "zh"):
            self.golden("nitrogen.%s.txt" % language, self.nitrogen("--lang", language))

    def test_csv(self):
        self.three()
        self.assertEqual(self.nitrogen("--format", "csv").splitlines()[1], "2026-10-30,tank-1,1,0,40.5,18.23,EUR,")

    def test_without_a_price_no_cost_is_made_up(self):
        self.three()
        with open(os.path.join(self.etc, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write(CONFIG.replace("nitrogen: {price: 0.45 EUR/L}\n", ""))
        answer = self.json()
        self.assertEqual((answer["price"], answer["total"]["cost"], answer["total"]["litres"]), (None, None, 57.5))
        self.assertIn("No price is configured", self.nitrogen())

    def test_one_vessel(self):
        self.three()
        self.assertEqual([v["asset"] for v in self.json("tank-1")["vessels"]], ["tank-1"])
        self.nitrogen("tank-99", expect=1)
        self.nitrogen("--by", "week", expect=2)
        self.assertIn("day or month", self.err)

    def test_nothing(self):
        self.assertIn("no fill is in the record there", self.nitrogen())

    def test_fills_in_words(self):
        self.three()
        self.assertIn("filled from 14.0 to 20.0 cm, 40.5 L", self.run_ctl("events", "--kind", "fill", *RANGE, "--dir", self.data, socket=False))


if __name__ == "__main__":
    unittest.main()
