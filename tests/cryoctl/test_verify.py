"""cryoctl verify and cryoctl key, and the same proof without our program."""
import datetime
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

import audit
from cryoctl_case import Case

MAKE_SEALED = os.environ["MAKE_SEALED"]
OTHER_KEY = "cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="


class Verify(Case):
    """On 3 points, each 10 minutes, for two days and some hours."""

    @classmethod
    def setUpClass(cls):
        cls.original = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"cryoctl-verify-{os.getpid()}")
        os.mkdir(cls.original)
        cls.addClassCleanup(shutil.rmtree, cls.original)
        subprocess.run([MAKE_SEALED, cls.original, "3", str(2 * 144 + 20)], check=True)

    def setUp(self):
        super().setUp()
        self.record = os.path.join(self.directory.name, "record")
        shutil.copytree(self.original, self.record)
        with open(os.path.join(self.record, "signing.pub"), encoding="ascii") as f:
            self.key = f.read().strip()
        with sqlite3.connect(os.path.join(self.record, "state.db")) as db:
            self.head = db.execute("SELECT text FROM head").fetchone()[0]
        db.close()

    def verify(self, *arguments, **more):
        return self.run_ctl("verify", self.record, *arguments, socket=False, **more)

    def found(self, *arguments, expect=1):
        return json.loads(self.verify("--json", *arguments, expect=expect))

    def alter(self, file, *statements):
        db = sqlite3.connect(os.path.join(self.record, file))
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()

    def write(self, name, content):
        path = os.path.join(self.directory.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)
        return path

    def test_what_was_not_changed(self):
        out = self.verify()
        self.assertIn("PROVEN: all of this is as it was written.", out)
        self.assertIn("nothing was cut off at the end", out)
        self.assertIn("not confirmed by anyone outside", out)
        out = self.verify("--public-key", self.key, "--head", self.write("heads", f"\ncryomon/x/head {self.head}\n"))
        self.assertIn("kept outside", out)
        self.assertNotIn("Not proven by this", out)
        self.assertIn("已证明", self.verify("--lang", "zh"))
        answer = self.found(expect=0)
        self.assertTrue(answer["proven"])
        self.assertEqual((answer["days"], answer["hours"], answer["hours_proven"]), (2, 51, 51))
        self.assertEqual(self.err, "")

    def test_the_same_without_our_program(self):
        self.assertEqual(audit.audit(self.record), ([], 51))
        self.alter("history.db", "UPDATE chunk SET worst = worst + 1 WHERE id = (SELECT max(id) FROM chunk)")
        self.assertEqual([w[0] for w in audit.audit(self.record)[0]], ["chunk"])

    def test_which_day_and_point(self):
        self.alter("history.db", "UPDATE chunk SET maximum = maximum - 1 WHERE id IN"
                                 " (SELECT min(id) + 1 FROM chunk)")
        out = self.verify(expect=1)
        self.assertIn("day 2026-01-01 UTC, tank-2/temperature: the readings were altered", out)
        self.assertIn("NOT PROVEN: 1 findings.", out)
        finding = self.found()["findings"][-1]
        self.assertEqual((finding["kind"], finding["asset"], finding["from"][:10]),
                         ("chunk-altered", "tank-2", "2026-01-01"))
        self.assertIn("读数被改动", self.verify("--lang", "zh", expect=1))

    def test_an_older_copy(self):
        heads = self.write("heads", self.head)
        self.alter("state.db", "DELETE FROM head")
        self.alter("history.db", "DELETE FROM frame WHERE id = (SELECT max(id) FROM frame)")
        answer = self.found("--head", heads)
        self.assertIn("head-beyond", [f["kind"] for f in answer["findings"]])
        with open(heads, "rb") as f:
            done = self.run_ctl("verify", self.record, "--head", "-", socket=False, expect=1, stdin=f)
        self.assertIn("the files were cut off, or older ones were put back", done)

    def test_another_key(self):
        self.assertIn("seal-key", [f["kind"] for f in self.found("--public-key", OTHER_KEY)["findings"]])

    def test_only_a_part_of_the_readings(self):
        self.alter("history.db", "UPDATE chunk SET worst = worst + 1 WHERE id = (SELECT max(id) FROM chunk)")
        self.verify("--to", "2026-01-02", "--utc")
        self.verify("--from", "2026-01-02", "--utc", expect=1)

    def test_a_page_that_cannot_be_read(self):
        path = os.path.join(self.record, "history.db")
        self.alter("history.db", "PRAGMA wal_checkpoint(TRUNCATE)")
        db = sqlite3.connect(path)
        size, pages = (db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("page_size", "page_count"))
        pages = [p for p, in db.execute("SELECT pageno FROM dbstat WHERE name = 'chunk' AND pagetype = 'leaf'")] \
            if db.execute("SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_DBSTAT_VTAB'").fetchone() \
            else []
        db.close()
        if not pages:
            self.skipTest("this SQLite has no dbstat")
        with open(path, "r+b") as f:
            f.seek((pages[0] - 1) * size)
            f.write(b"\xff" * 8)
        kinds = {f["kind"] for f in self.found()["findings"]}
        self.assertIn("unreadable", kinds)
        self.assertIn("chunk-missing", kinds)

    def test_mistakes_in_use(self):
        self.verify("--public-key", "nonsense", expect=2)
        self.assertIn("nonsense", self.err)
        self.verify("--head", self.write("heads", "{}"), expect=2)
        self.verify("--head", self.write("heads", self.head.replace("test", "text")), expect=2)
        self.assertIn("the signature does not fit", self.err)
        self.verify("--from", "yesterday-ish", expect=2)
        self.run_ctl("verify", self.directory.name + "/none", socket=False, expect=3)
        self.assertIn("can't be read", self.err)

    def test_key(self):
        out = self.run_ctl("key", "--dir", self.record, socket=False)
        self.assertIn(self.key, out)
        self.assertIn("signs since 2026-01-01", out)
        os.unlink(os.path.join(self.record, "signing.pub"))
        answer = json.loads(self.run_ctl("key", "--dir", self.record, "--json", socket=False))
        self.assertEqual(answer["public_key"], self.key)
        self.assertEqual(answer["earlier"], [])
        self.run_ctl("key", "--dir", self.directory.name, socket=False, expect=1)

    def test_earlier_keys(self):
        """A key that signed the first half, as after a restore with a new key."""
        with sqlite3.connect(os.path.join(self.record, "history.db")) as db:
            last, = db.execute("SELECT max(id) FROM seal").fetchone()
            db.execute("INSERT INTO signer(id, utc_us, public_key) VALUES(9, 1700000000000000, ?)", (b"x" * 32,))
            db.execute("UPDATE seal SET signer = 9 WHERE id <= ?", (last // 2,))
            until, = db.execute("SELECT max(utc_us) FROM seal WHERE signer = 9").fetchone()
        answer = json.loads(self.run_ctl("key", "--dir", self.record, "--json", socket=False))
        self.assertEqual(answer["public_key"], self.key)
        other, = answer["earlier"]
        self.assertEqual(other["since"], "2023-11-14T22:13:20.000Z")
        self.assertEqual(datetime.datetime.fromisoformat(other["last"].replace("Z", "+00:00")).timestamp(), until // 1000 / 1000)
        self.run_ctl("key", "--dir", self.record, "--utc", socket=False)
        self.assertIn("another key that has signed:\n" + other["public_key"], self.out)
        self.assertIn("signed since 2023-11-14 22:13:20Z, last ", self.out)


if __name__ == "__main__":
    unittest.main()
