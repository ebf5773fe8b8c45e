#!/usr/bin/python3
"""Files of earlier versions: read as they are, and brought to today's version, nothing is lost or changed.

tests/history/files/N/ holds a record of version N and what the programs of that time printed of it.
"""
import csv
import glob
import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from cryoctl_case import Case

FILES = os.environ["CRYOMON_FILES"]
ALL = ["--from", "2026-01-01", "--to", "2027-01-01", "--utc"]
CONFIGURATION = """
site: {id: files-1, name: {en: Old, zh: 旧}}
storage: {directory: %(dir)s, commit_interval: 1 s}
control: {socket: %(dir)s/control}
buses: {hall: {tcp: {host: 127.0.0.1, port: 1}}}
devices: {one: {bus: hall, unit: 1, profile: cryosim-tank, interval: 1 s}}
assets:
  tank-9: {name: {en: Tank 9, zh: 9号罐}, kind: tank, points: {level: {device: one, register: level}}}
"""


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return f.read()


class OldFiles(Case):
    def copies(self):
        for place in sorted(glob.glob(os.path.join(FILES, "[0-9]*"))):
            copy = os.path.join(self.directory.name, os.path.basename(place))
            os.mkdir(copy)
            for name in ("state.db", "history.db"):
                shutil.copy(os.path.join(place, name), copy)
            yield place, copy

    def version(self, copy, name="state.db"):
        db = sqlite3.connect("file:%s/%s?mode=ro" % (copy, name), uri=True)
        try:
            return db.execute("PRAGMA user_version").fetchone()[0]
        finally:
            db.close()

    def check(self, place, copy):
        """Columns and events may have been added since; what there was is as it was, byte for byte."""
        for path in glob.glob(os.path.join(place, "*.*.csv")):
            asset, point, _ = os.path.basename(path).split(".")
            now = self.run_ctl("history", asset, point, *ALL, "--dir", copy, "--format", "csv", socket=False)
            then = list(csv.DictReader(io.StringIO(read(path))))
            rows = list(csv.DictReader(io.StringIO(now, newline="")))
            self.assertEqual([{k: row[k] for k in then[0]} for row in rows], then)
        events = self.run_ctl("events", *ALL, "--dir", copy, "--json", socket=False)
        self.assertEqual(events[:len(read(os.path.join(place, "events.jsonl")))], read(os.path.join(place, "events.jsonl")))
        result = json.loads(self.run_ctl("verify", copy, "--json", socket=False))
        self.assertTrue(result["proven"], result)
        return result

    def hashes(self, copy):
        found = {}
        for name in ("state.db", "history.db"):
            with open(os.path.join(copy, name), "rb") as f:
                found[name] = hashlib.sha256(f.read()).hexdigest()
        return found

    def test_read_as_they_are(self):
        n = 0
        for place, copy in self.copies():
            before = self.hashes(copy)
            self.check(place, copy)
            self.assertEqual(self.version(copy), int(os.path.basename(place)))
            for verb in (["stats"], ["gaps", *ALL], ["exposure", *ALL], ["history", "tank-1", "level", "--resolution", "hour", *ALL]):
                self.run_ctl(*verb, "--dir", copy, socket=False)
            self.assertEqual(self.hashes(copy), before)
            n += 1
        self.assertGreater(n, 0)

    def test_brought_to_todays_version(self):
        for place, copy in self.copies():
            subprocess.run([os.environ["APPEND_EVENT"], copy], check=True)
            self.assertGreater(self.version(copy), int(os.path.basename(place)))
            self.check(place, copy)

    def test_backup_of_an_old_one(self):
        for place, copy in self.copies():
            dest = copy + ".backups"
            os.mkdir(dest)
            self.run_ctl("backup", dest, "--dir", copy, expect=3)  # well, but no daemon records it
            self.check(place, glob.glob(dest + "/cryomon-*")[0])

    def test_the_daemon_goes_on_with_them(self):
        for place, copy in self.copies():
            etc = copy + ".etc"
            os.mkdir(etc)
            shutil.copytree(os.path.join(FILES, "../../../config/devices"), os.path.join(etc, "devices"))
            with open(os.path.join(etc, "cryomon.yaml"), "w", encoding="utf-8") as f:
                f.write(CONFIGURATION % {"dir": copy})
            with open(copy + ".log", "w", encoding="utf-8") as log:
                daemon = subprocess.Popen([os.environ["CRYOMOND"], "--config", etc], stdout=log, stderr=log)
            try:
                self.wait(lambda: self.chunks(copy) > 0, daemon, copy)
            finally:
                daemon.send_signal(signal.SIGTERM)
                daemon.wait(20)
            self.assertEqual(daemon.returncode, 0, read(copy + ".log"))
            result = self.check(place, copy)
            self.assertGreater(result["events"], len(read(os.path.join(place, "events.jsonl")).splitlines()))

    def chunks(self, copy):
        """The daemon folds the old hours as soon as it has readings of its own; until then there may be no table."""
        db = sqlite3.connect("file:%s/history.db?mode=ro" % copy, uri=True)
        try:
            return db.execute("SELECT count(*) FROM chunk").fetchone()[0]
        except sqlite3.OperationalError:
            return 0
        finally:
            db.close()

    def wait(self, condition, daemon, copy):
        end = time.monotonic() + 60
        while not condition():
            self.assertTrue(time.monotonic() < end and daemon.poll() is None, read(copy + ".log"))
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
