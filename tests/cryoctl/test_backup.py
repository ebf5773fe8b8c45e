#!/usr/bin/python3
"""backup and restore: of a record that is being written, verified by restoring, never over what is there."""
import fcntl
import glob
import hashlib
import json
import os
import re
import sqlite3
import stat
import subprocess
import threading
import unittest

from cryoctl_case import Case
from record_daemon import RecordDaemon

MAKE_RECORD = os.environ["MAKE_RECORD"]
APPEND_EVENT = os.environ["APPEND_EVENT"]
NAME = re.compile(r"^cryomon-demo-\d{8}T\d{6}Z$")

RECORD = "point tank-1 temperature °C 1\n" + "series 1 1790000000000 10000 5 -190 0.1\n" + "".join(
    "event %d note - - {\"kind\":\"note\",\"site\":\"demo\"}\n" % (1790000000000 + i) for i in range(3))


class Backup(Case):
    def setUp(self):
        super().setUp()
        self.record = self.place("record")
        self.dest = self.place("dest")
        subprocess.run([MAKE_RECORD, self.record], input=RECORD.encode(), check=True)
        self.append("note")

    def place(self, name):
        path = os.path.join(self.directory.name, name)
        os.mkdir(path)
        return path

    def append(self, kind, **body):
        subprocess.run([APPEND_EVENT, self.record, kind, json.dumps({"kind": kind, "site": "demo", **body})], check=True)

    def backup(self, *more, daemon=True, **keywords):
        arguments = ["backup", self.dest, "--dir", self.record, *more]
        if not daemon:
            return self.run_ctl(*arguments, **keywords)
        with RecordDaemon(self.path, self.record) as d:
            out = self.run_ctl(*arguments, **keywords)
            self.events = d.events
        return out

    def backups(self):
        return sorted(n for n in os.listdir(self.dest) if NAME.match(n))

    def newest(self):
        return os.path.join(self.dest, self.backups()[-1])

    def restore(self, *more, to="new", **keywords):
        return self.run_ctl("restore", self.newest(), "--dir", os.path.join(self.directory.name, to), *more, socket=False,
                            **keywords)

    def sql(self, directory, file, query):
        db = sqlite3.connect("file:%s/%s?mode=ro" % (directory, file), uri=True)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def test_backup_is_whole_verified_and_recorded(self):
        out = self.backup()
        self.assertIn("4 events, 5 readings", out)
        self.assertIn("restored and verified", out)
        self.assertEqual(os.listdir(self.dest), self.backups())
        self.assertEqual(sorted(os.listdir(self.newest())),
                         ["MANIFEST", "backup.json", "history.db", "signing.pub", "state.db"])
        done = subprocess.run(["sha256sum", "--check", "--strict", "MANIFEST"], cwd=self.newest(), stdout=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.run_ctl("verify", self.newest(), socket=False)
        detail = self.events[0]["detail"]
        self.assertEqual((detail["verified"], detail["events"], detail["readings"]), (True, 4, 5))
        self.assertEqual(detail["backup"], self.backups()[0])

    def test_secret_key_only_when_asked(self):
        with open(os.path.join(self.record, "signing.key"), "w") as f:
            f.write("secret\n")
        self.backup()
        self.assertNotIn("signing.key", os.listdir(self.newest()))
        os.rename(self.newest(), os.path.join(self.dest, "other"))
        self.backup("--with-key")
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.newest(), "signing.key")).st_mode), 0o600)

    def test_old_ones_go_when_the_new_one_is_verified(self):
        for name in ("cryomon-demo-20260101T000000Z", "cryomon-demo-20260102T000000Z", "cryomon-demo-20260103T000000Z",
                     "cryomon-other-20260101T000000Z", "cryomon-demo-notes"):
            os.mkdir(os.path.join(self.dest, name))
            with open(os.path.join(self.dest, name, "MANIFEST"), "w") as f:
                f.write("x\n")
        self.backup("--keep", "2")
        self.assertEqual(self.backups()[0], "cryomon-demo-20260103T000000Z")
        self.assertEqual(len(self.backups()), 2)
        self.assertTrue(os.path.isdir(os.path.join(self.dest, "cryomon-other-20260101T000000Z")))
        self.assertTrue(os.path.isdir(os.path.join(self.dest, "cryomon-demo-notes")))
        self.backup("--keep", "0", expect=2)

    def test_what_is_not_ours_is_not_removed(self):
        old = os.path.join(self.dest, "cryomon-demo-20260101T000000Z")
        os.mkdir(old)
        with open(os.path.join(old, "thesis.txt"), "w") as f:
            f.write("x\n")
        self.backup("--keep", "1", expect=1)
        self.assertIn("could not be removed", self.err)
        self.assertEqual(os.listdir(old), ["thesis.txt"])

    def test_damage_is_found_and_nothing_is_called_a_backup(self):
        self.append("x", text="find me: 12345")
        path = os.path.join(self.record, "state.db")
        db = sqlite3.connect(path)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        with open(path, "rb") as f:
            data = f.read()
        self.assertEqual(data.count(b"find me: 12345"), 1)
        with open(path, "wb") as f:
            f.write(data.replace(b"find me: 12345", b"find me: 12346"))
        os.mkdir(os.path.join(self.dest, "cryomon-demo-20260101T000000Z"))
        self.backup("--keep", "1", expect=1)
        self.assertIn("could not be verified", self.err)
        self.assertNotIn("verified\n", self.out)
        self.assertEqual(self.backups(), ["cryomon-demo-20260101T000000Z"])
        self.assertEqual(len(glob.glob(self.dest + "/*.unverified")), 1)
        self.assertEqual(self.events[0]["detail"]["verified"], False)

    def test_nowhere_to_put_it(self):
        os.rmdir(self.dest)
        self.backup(expect=1)
        self.assertIn("no backup was made", self.err)
        self.assertEqual(self.events[0]["detail"]["verified"], False)

    def test_without_daemon(self):
        self.backup(daemon=False, expect=3)
        self.assertIn("could not be recorded", self.err)
        self.assertEqual(len(self.backups()), 1)

    def test_one_at_a_time(self):
        fd = os.open(self.dest, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self.backup(expect=1)
        self.assertIn("another backup", self.err)
        os.close(fd)

    def test_rests_of_a_crash_go(self):
        for name in (".cryomon-backup.part", ".cryomon-backup.test"):
            os.mkdir(os.path.join(self.dest, name))
            with open(os.path.join(self.dest, name, "state.db"), "w") as f:
                f.write("half")
        self.backup()
        self.assertEqual(os.listdir(self.dest), self.backups())

    def test_a_writer_does_not_make_it_begin_again(self):
        """Larger than a step of the copy, and written without pause until the backup is done."""
        text = "x" * 12000000
        for file, sql in (("state.db", "INSERT INTO configuration VALUES(?, 1, ?)"),):
            db = sqlite3.connect(os.path.join(self.record, file))
            db.execute(sql, (hashlib.sha256(text.encode()).digest(), text))
            db.commit()
            db.close()
        stop, commits = threading.Event(), [0]

        def write():
            state = sqlite3.connect(os.path.join(self.record, "state.db"), timeout=20)
            history = sqlite3.connect(os.path.join(self.record, "history.db"), timeout=20)
            while not stop.is_set():
                n = commits[0]
                other = ("y%d" % n).encode()
                state.execute("INSERT INTO configuration VALUES(?, 1, ?)", (hashlib.sha256(other).digest(), other.decode()))
                state.commit()
                history.execute("INSERT INTO point(asset, point, unit, decimals) VALUES('tank-2', ?, '', 0)", ("p%d" % n,))
                history.commit()
                commits[0] += 1
            state.close()
            history.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            self.backup()
        finally:
            stop.set()
            writer.join()
        self.assertGreater(commits[0], 0)
        before = self.sql(self.newest(), "state.db", "SELECT count(*) FROM configuration")[0][0]
        after = self.sql(self.record, "state.db", "SELECT count(*) FROM configuration")[0][0]
        self.assertLess(before, after)

    # ---------------------------------------------------------------- restore

    def test_restore_to_a_new_place(self):
        self.backup()
        out = self.restore()
        self.assertIn("restored and verified, to event 4", out)
        new = os.path.join(self.directory.name, "new")
        self.assertEqual(sorted(os.listdir(new)), ["history.db", "lock", "signing.pub", "state.db"])
        self.assertEqual(stat.S_IMODE(os.stat(new + "/state.db").st_mode), 0o640)
        events = ["events", "--from", "2026-09-21", "--to", "2026-09-22", "--json", "--dir"]
        self.assertEqual(self.run_ctl(*events, new, socket=False), self.run_ctl(*events, self.record, socket=False))

    def test_what_is_there_is_moved_aside(self):
        self.backup()
        self.append("later")
        old = os.stat(os.path.join(self.record, "state.db")).st_ino
        self.restore(to="record", expect=1)
        self.assertIn("to event 6", self.err)  # the backup's own event, and the later one
        self.assertIn("to event 4", self.err)
        self.assertIn("about 2 events", self.err)
        self.assertIn("nothing was changed", self.err)
        self.assertEqual(os.stat(os.path.join(self.record, "state.db")).st_ino, old)
        out = self.restore("--yes", "--json", to="record")
        aside = json.loads(out)["aside"]
        self.assertEqual(os.stat(os.path.join(aside, "state.db")).st_ino, old)
        self.assertEqual(self.sql(aside, "state.db", "SELECT max(seq) FROM event"), [(6,)])
        self.assertEqual(self.sql(self.record, "state.db", "SELECT max(seq) FROM event"), [(4,)])
        self.assertFalse(glob.glob(self.record + "/.restore*"))

    def test_not_under_a_running_daemon(self):
        self.backup()
        with open(os.path.join(self.record, "lock"), "w") as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            self.restore("--yes", to="record", expect=1)
        self.assertIn("stop it first", self.err)
        self.assertFalse(glob.glob(self.record + "/replaced*"))

    def test_an_altered_backup_is_refused(self):
        self.backup()
        with open(os.path.join(self.newest(), "history.db"), "r+b") as f:
            f.seek(5000)
            f.write(b"\xff")
        self.restore("--yes", to="record", expect=1)
        self.assertIn("is not what was backed up", self.err)
        self.assertFalse(glob.glob(self.record + "/replaced*"))
        self.restore("--yes", to="record", expect=1, LANG="zh_CN.UTF-8")
        self.assertIn("未恢复", self.err)


if __name__ == "__main__":
    unittest.main()
