#!/usr/bin/python3
"""The module for SQL tools, in the real sqlite3 shell."""
import csv
import io
import json
import os
import re
import subprocess
import unittest

from cryoctl_case import Case

MAKE_RECORD = os.environ["MAKE_RECORD"]
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/sqlite/cryomon-sqlite.7")
MODULE = os.environ["CRYOMON_SO"]
T = 1790000000000  # 2026-09-21 14:13:20 UTC, ms
DAY = 86400000
RECORD = ["point tank-1 temperature °C 1", "point tank-1 level cm 1", "point tank-2 temperature °C 1",
          "series 1 %d 10000 1000 -190 0.1" % T,
          "reading 2 %d %d 41.2 good -" % (T, T + 20),
          "reading 2 %d %d - bad timeout" % (T + 10000, T + 10500),
          "reading 2 %d %d 41.3 uncertain -" % (T + 20000, T + 20020),
          "series 3 %d 3600000 200 -150 0.5" % T,
          "event %d note - - {}" % T]


class Sql(Case):
    def setUp(self):
        super().setUp()
        self.record = os.path.join(self.directory.name, "a record")
        os.mkdir(self.record)
        subprocess.run([MAKE_RECORD, self.record], input="\n".join(RECORD).encode(), check=True)

    def run_sql(self, *statements, database="history.db", mode="json"):
        uri = "file:%s?mode=ro" % os.path.join(self.record, database) if database != ":memory:" else database
        done = subprocess.run(["sqlite3", "-batch", "-bail", "-" + mode, "-cmd", ".load " + json.dumps(MODULE[:-3]), uri],
                              input="\n".join(statements).encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60, check=False)
        self.err = done.stderr.decode()
        return done.returncode, done.stdout.decode()

    def sql(self, statement, **more):
        status, out = self.run_sql(statement, **more)
        self.assertEqual(status, 0, self.err)
        return json.loads(out) if out else []

    def one(self, statement, **more):
        return list(self.sql(statement, **more)[0].values())

    def test_a_reading(self):
        rows = self.sql("SELECT * FROM readings WHERE point = 'tank-1/level'")
        self.assertEqual(rows[0], {"point": "tank-1/level", "time": "2026-09-21T14:13:20.020Z", "value": 41.2, "unit": "cm",
                                   "quality": "good", "reason": None, "raw": rows[0]["raw"]})
        self.assertEqual((rows[1]["value"], rows[1]["quality"], rows[1]["reason"], rows[1]["raw"]), (None, "bad", "timeout", None))
        self.assertEqual(rows[2]["quality"], "uncertain")
        hidden = self.sql("SELECT asset, time_ms, slot, exact, as_read, calibration, dir FROM readings"
                          " WHERE point = 'tank-1/level' LIMIT 1")[0]
        self.assertEqual(hidden, {"asset": "tank-1", "time_ms": T + 20, "slot": "2026-09-21T14:13:20.000Z", "exact": "41.2",
                                  "as_read": 41.2, "calibration": None, "dir": self.record})

    def test_constraints_choose_the_rows(self):
        count = "SELECT count(*) AS n FROM readings WHERE "
        for where, n in (("1", 1203), ("asset = 'tank-1'", 1003), ("point = 'tank-2/temperature'", 200),
                         ("point = 'tank-2'", 0), ("point IN ('tank-1/level', 'tank-2/temperature')", 203),
                         ("point LIKE '%temperature'", 1200), ("asset = 'tank-1' AND point = 'tank-2/temperature'", 0)):
            self.assertEqual(self.one(count + where), [n], where)

    def test_time_is_compared_as_sql_does(self):
        """Each comparison, with and without the module's help (a unary plus keeps it away)."""
        times = ["2026", "2026-09", "2026-09-22", "2026-09-21T14", "2026-09-21T14:20", "2026-09-21T14:20:20",
                 "2026-09-21T14:20:20.0", "2026-09-21T14:20:20.020", "2026-09-21T14:20:20.020Z", "2026-09-21T14:20:20.000Z"]
        cases = [("time", operator, "'%s'" % time) for time in times for operator in ("=", "<", "<=", ">", ">=")]
        cases += [("time_ms", operator, str(number)) for number in (T, T + 10020, T + 10020.5, "NULL")
                  for operator in ("=", "<", "<=", ">", ">=")]
        query = "SELECT count(*) FROM readings WHERE point = 'tank-1/temperature' AND %s%s %s %s;"
        status, there = self.run_sql(*(query % ("", *case) for case in cases), mode="list")
        self.assertEqual(status, 0, self.err)
        _, plain = self.run_sql(*(query % ("+", *case) for case in cases), mode="list")
        self.assertEqual(list(zip(cases, there.split())), list(zip(cases, plain.split())))
        self.assertEqual(len(there.split()), len(cases))
        self.assertGreater(len(set(there.split())), 5)
        self.assertEqual(self.one("SELECT count(*) FROM readings WHERE point = 'tank-2/temperature'"
                                  " AND time BETWEEN '2026-09-22' AND '2026-09-24'"), [48])

    def test_a_time_that_would_mislead_is_an_error(self):
        for time in ("2026-09-21 14:20", "2026-09-21T14:20:20Z", "2026-09-21T14:20:20+08:00", "yesterday", "2026-9-21"):
            status, _ = self.run_sql("SELECT count(*) FROM readings WHERE time >= '%s'" % time)
            self.assertNotEqual(status, 0, time)
            self.assertIn("times are compared as text: write '2026-", self.err)
        self.run_sql("SELECT 1 FROM readings WHERE time >= '2026-09-21 14:20'")
        self.assertIn("'2026-09-21T14:20:00.000Z'", self.err)

    def test_hours_and_days(self):
        rows = self.sql("SELECT * FROM hours WHERE point = 'tank-1/temperature' AND hour < '2026-09-21T16'")
        self.assertEqual([(r["hour"], r["count"], r["minimum"], r["maximum"], r["worst"]) for r in rows],
                         [("2026-09-21T14:00:00.000Z", 280, -190.0, -162.1, "good"),
                          ("2026-09-21T15:00:00.000Z", 360, -162.0, -126.1, "good")])
        self.assertAlmostEqual(rows[0]["mean"], (-190 - 162.1) / 2, 9)
        mean = self.one("SELECT avg(value) FROM readings WHERE point = 'tank-1/temperature' AND slot < '2026-09-21T15'")[0]
        self.assertAlmostEqual(rows[0]["mean"], mean, 9)
        self.assertEqual(json.loads(rows[0]["above"]), {"-150.0": 0, "-135.0": 0, "-120.0": 0})
        self.assertGreater(json.loads(rows[1]["above"])["-150.0"], 30)
        self.assertEqual(self.one("SELECT count(*), sum(count), sum(\"values\"), min(first), max(last) FROM hours"
                                  " WHERE asset = 'tank-1' AND point LIKE '%level'"), [1, 3, 2, 41.2, 41.3])
        days = self.sql("SELECT day, count FROM days WHERE point = 'tank-2/temperature' AND day >= '2026-09-22' LIMIT 2")
        self.assertEqual([(d["day"], d["count"]) for d in days],
                         [("2026-09-22T00:00:00.000Z", 24), ("2026-09-23T00:00:00.000Z", 24)])

    def test_sealed_hours_and_days_are_the_same_readings(self):
        sealed = os.path.join(self.directory.name, "sealed")
        os.mkdir(sealed)
        subprocess.run([os.environ["MAKE_SEALED"], sealed, "3", "1000"], check=True)
        point = self.one("SELECT point FROM readings('%s') LIMIT 1" % sealed, database=":memory:")[0]
        rows = self.sql("SELECT time, exact AS value, quality, reason FROM readings('%s') WHERE point = '%s'" % (sealed, point),
                        database=":memory:")
        self.assertEqual(len(rows), 1000)
        out = self.run_ctl("history", *point.split("/"), "--from", "2000-01-01", "--to", "2100-01-01", "--utc", "--format", "csv",
                           "--dir", sealed, socket=False)
        history = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([{k: r[k] or "" for k in r} for r in rows], [{k: r[k] for k in rows[0]} for r in history])
        for table in ("hours", "days"):
            self.assertEqual(self.one("SELECT sum(count), min(minimum), max(maximum) FROM %s('%s') WHERE point = '%s'"
                                      % (table, sealed, point), database=":memory:"),
                             self.one("SELECT count(*), min(value), max(value) FROM readings('%s') WHERE point = '%s'"
                                      % (sealed, point), database=":memory:"))

    def test_from_anywhere(self):
        count = "SELECT count(*) FROM readings('%s', 'tank-2')" % self.record
        self.assertEqual(self.one(count, database=":memory:"), [200])
        self.assertEqual(self.one("SELECT count(*) FROM readings", database="state.db"), [1203])
        self.assertEqual(self.one("SELECT count(*) FROM event JOIN readings ON readings.time_ms BETWEEN utc_us / 1000"
                                  " AND utc_us / 1000 + 60000 WHERE point = 'tank-1/temperature'", database="state.db"), [6])
        status, _ = self.run_sql("SELECT * FROM readings('/nowhere')", database=":memory:")
        self.assertNotEqual(status, 0)
        self.assertIn("/nowhere/state.db: No such file", self.err)

    def test_the_queries_of_the_page(self):
        with open(PAGE, encoding="utf-8") as f:
            text = f.read()
        text = text[text.index(".SH EXAMPLES"):].replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\")
        queries = [q for q in re.findall(r"\.nf\n(.*?)\.fi\n", text, re.S) if q.lstrip().startswith(("SELECT", "WITH"))]
        self.assertEqual(len(queries), 4)
        for query in queries:
            query = query.replace("2026-11'", "2026-09'").replace("2026-12'", "2026-10'")
            rows = self.sql(query, database="state.db")
            if "peak" in query:
                self.assertEqual(rows, [{"begin": "2026-09-21T15:20:10.020Z", "end": "2026-09-21T16:59:50.020Z",
                                         "peak": -90.1, "minutes": rows[0]["minutes"]}])
            elif "excursion" not in query and "event" not in query:
                self.assertGreater(len(rows), 0, query)

    def test_nothing_is_written(self):
        before = {n: open_hash(os.path.join(self.record, n)) for n in ("state.db", "history.db")}
        for statement in ("INSERT INTO readings VALUES(1,2,3,4,5,6,7)", "DELETE FROM readings", "UPDATE hours SET count = 0",
                          "CREATE VIRTUAL TABLE temp.x USING readings"):
            status, _ = self.run_sql(statement)
            self.assertNotEqual(status, 0, statement)
        self.sql("SELECT count(*) FROM readings")
        self.assertEqual({n: open_hash(os.path.join(self.record, n)) for n in before}, before)

    def test_damage_is_not_passed_over_in_silence(self):
        path = os.path.join(self.record, "history.db")
        subprocess.run(["sqlite3", path, "UPDATE frame SET body = CAST(substr(body, 1, 20) || x'ff' || substr(body, 22) AS BLOB) WHERE id = 1"],
                       check=True)
        count = "SELECT count(*) FROM readings;"
        status, out = self.run_sql(count)
        self.assertNotEqual(status, 0)
        self.assertIn("damaged", self.err)
        status, out = self.run_sql("SELECT cryomon_allow_damage(1);", count, "SELECT cryomon_damage() > 0;", mode="list")
        self.assertEqual(status, 0, self.err)
        self.assertLess(int(out.split()[1]), 1203)
        self.assertEqual(out.split()[2], "1")


def open_hash(path):
    with open(path, "rb") as f:
        return f.read()


if __name__ == "__main__":
    unittest.main()
