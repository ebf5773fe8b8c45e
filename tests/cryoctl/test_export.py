#!/usr/bin/python3
"""export, and verify of what it wrote."""
import csv
import json
import os
import shutil
import subprocess
import tarfile
import unittest

from cryoctl_case import Case
from record_daemon import RecordDaemon

MAKE_HISTORY = os.environ["MAKE_HISTORY"]
RANGE = ["--from", "2026-09-21T14:00:00Z", "--to", "2026-09-21T15:00:00Z"]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Export(Case):
    def setUp(self):
        super().setUp()
        self.record = os.path.join(self.directory.name, "record")
        os.mkdir(self.record)
        subprocess.run([MAKE_HISTORY, self.record], check=True)
        subprocess.run([os.environ["APPEND_EVENT"], self.record, "note", "{}"], check=True)  # and makes the key

    def file(self, name):
        return os.path.join(self.directory.name, name)

    def export(self, name, *more, seed="a", **keywords):
        with RecordDaemon(self.path, self.record, seed) as daemon:
            out = self.run_ctl("export", *RANGE, "--dir", self.record, "-o", self.file(name), *more, **keywords)
            self.events = daemon.events
        return out

    def verify(self, name, *more, expect=0):
        return json.loads(self.run_ctl("verify", self.file(name), "--json", *more, socket=False, expect=expect))

    def kinds(self, name, *more, expect=1):
        return [f["kind"] for f in self.verify(name, *more, expect=expect)["findings"]]

    def unpack(self, name, *more):
        self.export(name, *more)
        return self.file(name)

    def test_signed_archive_is_proven(self):
        for name in ("a.tar", "b.tar.gz", "c.zip", "d"):
            out = self.export(name)
            self.assertIn("5 readings, 3 events; recorded and signed", out)
            key = os.path.join(self.record, "signing.pub")
            result = self.verify(name, "--public-key", key)
            self.assertTrue(result["proven"] and result["signed"], result)
            self.assertEqual(result["by"], "li.na")
            self.assertEqual(result["findings"], [])
            self.assertEqual(self.kinds(name, expect=0), ["key-unconfirmed"])
        self.assertEqual(sorted(n for n in os.listdir(self.directory.name) if n.startswith(("a", "b", "c", "d"))),
                         ["a.tar", "b.tar.gz", "c.zip", "d"])

    def test_what_is_in_it(self):
        self.export("a.tar")
        with tarfile.open(self.file("a.tar")) as tar:
            tar.extractall(self.directory.name)
        done = subprocess.run(["sha256sum", "--check", "--strict", "MANIFEST"], cwd=self.file("a"), stdout=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stdout)
        with open(self.file("a/readings/tank-1/temperature.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual([(r["value"], r["quality"], r["reason"], r["raw"]) for r in rows],
                         [("-190.1", "good", "", "0xf893"), ("-190.0", "uncertain", "", "0xf894"),
                          ("", "bad", "timeout", ""), ("", "bad", "sentinel", "0x8000"), ("-189.9", "good", "", "0xf8940001")])
        events = self.run_ctl("events", *RANGE, "--json", "--dir", self.record, socket=False)
        with open(self.file("a/events.jsonl"), encoding="utf-8") as f:
            self.assertEqual(f.read(), events)
        with open(self.file("a/manifest.json"), encoding="utf-8") as f:
            facts = json.load(f)
        self.assertEqual((facts["readings"], facts["events"], facts["from"]), (5, 3, "2026-09-21T14:00:00.000Z"))
        self.assertEqual(self.events[0]["detail"]["readings"], 5)
        self.assertTrue(os.path.exists(self.file("a/signing.pub")))

    def test_one_asset(self):
        self.assertIn("0 readings", self.export("a.tar", "--from", "2026-09-21T14:30:00Z"))
        self.run_ctl("export", "tank-9", *RANGE, "--dir", self.record, "-o", self.file("b.tar"), expect=1)
        self.assertIn("tank-9", self.err)
        self.assertFalse(os.path.exists(self.file("b.tar")))

    def test_each_alteration_is_found(self):
        def edit(name, old, new):
            path = os.path.join(self.file("d"), name)
            with open(path, "rb") as f:
                data = f.read()
            self.assertIn(old, data)
            with open(path, "wb") as f:
                f.write(data.replace(old, new, 1))

        def hash_again():
            """As somebody would who knows that there is a MANIFEST."""
            names = [line.split("  ")[1] for line in read(os.path.join(self.file("d"), "MANIFEST")).splitlines()]
            out = subprocess.run(["sha256sum", *names], cwd=self.file("d"), stdout=subprocess.PIPE, check=True).stdout
            with open(os.path.join(self.file("d"), "MANIFEST"), "wb") as f:
                f.write(out)

        reading = "readings/tank-1/temperature.csv"
        cases = [
            (lambda: edit(reading, b"-190.1", b"-191.1"), ["file-altered"]),
            (lambda: os.unlink(os.path.join(self.file("d"), reading)), ["file-missing"]),
            (lambda: (edit(reading, b"-190.1", b"-191.1"), hash_again()), ["proof-of-another"]),
            (lambda: edit("proof.json", b"li.na", b"wu.yi"), ["proof-altered"]),
            (lambda: edit("proof.json", b'"site": "demo"', b'"site": "else"'), ["head-bad"]),
            (lambda: os.unlink(os.path.join(self.file("d"), "MANIFEST")), ["no-manifest"]),
            (lambda: os.unlink(os.path.join(self.file("d"), "proof.json")), ["not-recorded"]),
        ]
        for alter, expected in cases:
            shutil.rmtree(self.file("d"), ignore_errors=True)
            self.export("d")
            alter()
            result = self.verify("d", expect=1)
            self.assertFalse(result["proven"])
            self.assertEqual([f["kind"] for f in result["findings"] if f["kind"] != "key-unconfirmed"], expected)

    def test_another_key(self):
        self.export("a.tar")
        key = read(os.path.join(self.record, "signing.pub")).strip()
        self.export("b.tar", seed="b")
        self.assertEqual(self.kinds("b.tar", "--public-key", key), ["key-other"])

    def test_something_added(self):
        self.export("a.tar")
        extra = self.file("extra.csv")
        with open(extra, "w") as f:
            f.write("1\n")
        with tarfile.open(self.file("a.tar"), "a") as tar:
            tar.add(extra, "a/readings/tank-1/extra.csv")
            tar.add(extra, "a/readings/tank-1/temperature.csv")
        self.assertIn("file-extra", self.kinds("a.tar"))

    def test_without_daemon(self):
        self.run_ctl("export", *RANGE, "--dir", self.record, "-o", self.file("a.tar"), expect=1)
        self.assertIn("not signed", self.err)
        self.assertEqual(self.kinds("a.tar"), ["not-recorded"])
        out = self.run_ctl("export", *RANGE, "--dir", self.record, "-o", self.file("b.tar"), "--unsigned", "--lang", "zh")
        self.assertIn("未签名", out)
        self.run_ctl("export", *RANGE, "--dir", self.record, "-o", self.file("b.tar"), "--unsigned", expect=1)
        self.assertIn("File exists", self.err)

    def test_wrong_use(self):
        self.run_ctl("export", *RANGE, "--dir", self.record, expect=2)
        self.run_ctl("verify", self.file("nothing.tar"), socket=False, expect=3)
        with open(self.file("junk.tar"), "wb") as f:
            f.write(b"junk" * 1000)
        self.run_ctl("verify", self.file("junk.tar"), socket=False, expect=1)
        self.assertIn("can't be read", self.err)


if __name__ == "__main__":
    unittest.main()
