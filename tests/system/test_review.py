"""A person reviews the record and signs with the password; an overdue review is an alarm; what was signed stays provable.

As root only, for cryomon-sign asks PAM: here a PAM service of the test's own, with one password. tests/boot has the
installed service, real accounts and real passwords.
"""
import datetime
import json
import os
import pty
import pwd
import shutil
import socket
import sqlite3
import struct
import subprocess
import threading
import time
import unittest

import harness
from broker import Broker, Observer
from configuration import Setup

SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
PERSON = "daemon"  # every system has it; not root, and nobody logs in as it
PASSWORD = "correct horse 9"
DAY = 86400


class SignServer:
    """What cryomon-sign.socket does: one process for each connection, which is its standard input."""

    def __init__(self, path, command):
        self.said, self._command = "", command
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        os.chmod(path, 0o666)
        self._socket.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                done = subprocess.run(self._command, stdin=connection.fileno(), capture_output=True, text=True, timeout=60)
            self.said += done.stdout + done.stderr

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@unittest.skipUnless(os.geteuid() == 0, "needs root")
@unittest.skipUnless(os.path.exists(SHIFTER), "no CRYOMON_CLOCKSHIFT library")
@unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
class Review(harness.SystemTest):
    def setUp(self):
        super().setUp()
        os.chmod(self.dir, 0o755)
        broker = Broker(self.path("broker")).start()
        self.addCleanup(broker.stop)
        setup = Setup(self.dir, broker)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}})
        setup.tcp("bus", harness.free_port())  # nobody is there
        setup.device("d", "bus", 1, "p")
        setup.whole("tank-1", "d", "p")
        setup.main["storage"]["commit_interval"] = "60 s"
        setup.main["review"] = {"every": "30 d"}
        setup.write()
        self.observer = Observer(broker)
        self.addCleanup(self.observer.stop)
        self.past()
        self.cryomond = self.daemon().start()
        subprocess.run(["chmod", "-R", "o+rX", self.path("state")], check=True)
        self.sign_server()
        shutil.copy(harness.binary("cryoctl"), self.path("cryoctl"))  # the build may be where only root can go

    def past(self):
        """A run forty days ago, of which the events are on disk but no reading."""
        shift = self.path("shift")
        with open(shift, "wb") as f:
            f.write(struct.pack("=q", -40 * DAY * 10**9))
        old = self.daemon(env={"LD_PRELOAD": SHIFTER, "CLOCKSHIFT": shift}).start()
        self.observer.event(kind="start")
        harness.until(lambda: self.events("start"), "the first event on disk")
        old.kill()
        self.to = self.utc(time.time() - 2 * 3600)

    def sign_server(self):
        os.mkdir(self.path("pam"))
        check = self.path("pam", "check")
        with open(check, "w") as f:
            f.write("#!/bin/sh\n[ \"$PAM_USER\" = %s ] && [ \"$(tr -d '\\0')\" = '%s' ]\n" % (PERSON, PASSWORD))
        os.chmod(check, 0o755)
        with open(self.path("pam", "cryomon"), "w") as f:
            f.write("auth [success=1 default=ignore] pam_exec.so expose_authtok quiet %s\nauth requisite pam_deny.so\n"
                    "auth required pam_permit.so\naccount required pam_permit.so\n" % check)
        self.signer = SignServer(self.path("sign"), [harness.binary("cryomon-sign"), "--pam-dir", self.path("pam"),
                                                     "--config", self.path("etc")])
        self.addCleanup(self.signer.close)

    @staticmethod
    def utc(seconds):
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def events(self, kind):
        path = self.path("state", "state.db")
        if not os.path.exists(path):
            return []
        return [json.loads(r["body"]) for r in harness.sqlite(path, "SELECT body FROM event WHERE kind='%s'" % kind)]

    def review(self, *more, password=PASSWORD, status=0, person=PERSON):
        who = {"user": person, "group": pwd.getpwnam(person).pw_gid, "extra_groups": []} if person else {}
        done = subprocess.run(
            [self.path("cryoctl"), "review", "--config", self.path("etc"), "--sign-socket", self.path("sign"),
             "--password-stdin", *more], input=password + "\n", capture_output=True, text=True, timeout=60, **who)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr + self.signer.said)
        return done

    def test_signed(self):
        """From an alarm that it is overdue to a signature that a change of the record breaks."""
        self.observer.alarm("system", "review-overdue", "unacknowledged")
        wrong = self.review("--to", self.to, password="wrong one", status=4)
        self.assertIn("password is wrong", wrong.stderr)
        self.assertEqual(self.events("review"), [])
        mark = self.observer.feed.mark()
        done = self.review("--to", self.to, "--meaning", "approved", "--comment", "无异常")
        self.assertIn("has reviewed this period", done.stdout)
        self.assertIn("events ", done.stdout)
        event, stored = self.observer.event(kind="review", since=mark), self.events("review")
        self.assertEqual(stored, [event])
        self.assertEqual((event["by"], event["meaning"], event["comment"], event["to"], event["reviewed_until"]),
                         (PERSON, "approved", "无异常", self.to, self.to))
        self.assertEqual(event["name"], pwd.getpwnam(PERSON).pw_gecos.split(",")[0])
        self.assertGreaterEqual(event["covers"]["events"]["count"], 1)
        self.observer.alarm("system", "review-overdue", "returned-unacknowledged", since=mark)
        self.assertNotIn(PASSWORD, self.signer.said)
        self.assertNotIn("wrong one", self.signer.said)
        self.assertIn("refused: wrong password", self.signer.said)

        self.cryomond.stop()
        mark = self.observer.feed.mark()
        self.cryomond = self.daemon().start()
        self.observer.event(kind="start", since=mark)
        self.cryomond.stop()
        self.observer.event(kind="stop", since=mark)  # and in between it knew what was reviewed
        again = [m.json for m in self.observer.feed.since(mark) if m.topic.endswith("/events") and m.json and
                 m.json.get("alarm") == "review-overdue"]
        self.assertEqual(again, [])
        self.assertIn("unchanged", self.ctl("reviews", "--check").stdout)
        db = sqlite3.connect(self.path("state", "state.db"))
        db.executescript("DROP TRIGGER event_update; UPDATE event SET body = replace(body, 'start', 'stort') WHERE seq = 1")
        db.close()
        changed = self.ctl("reviews", "--check", check=False)
        self.assertEqual(changed.returncode, 1)
        self.assertIn("CHANGED", changed.stdout)

    def at_terminal(self, typed):
        """cryoctl review at a terminal; what it shows, when typed is the answer to the question for the password."""
        pid, fd = pty.fork()
        if pid == 0:
            person = pwd.getpwnam(PERSON)
            os.setgid(person.pw_gid)
            os.setuid(person.pw_uid)
            os.execv(self.path("cryoctl"), ["cryoctl", "review", "--config", self.path("etc"), "--sign-socket",
                                            self.path("sign"), "--to", self.to])
        shown = b""
        try:
            while True:
                part = os.read(fd, 4096)
                shown += part
                if not part:
                    break
                if b"Password of" in shown and typed:
                    os.write(fd, typed)
                    typed = b""
        except OSError:  # the other end is closed
            pass
        os.waitpid(pid, 0)
        os.close(fd)
        return shown.decode()

    def test_terminal(self):
        """The password is not shown, can be corrected, and may be refused to be given; tools are in the chain, too."""
        self.assertIn("nothing was signed", self.at_terminal(b"abc\x03"))
        shown = self.at_terminal(b"oops\x15" + PASSWORD.encode() + b"\xe5\xae\x89\x7f\r")
        self.assertIn("has reviewed this period", shown)
        self.assertNotIn(PASSWORD, shown)
        self.assertEqual(len(self.events("review")), 1)
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("control"))
            call = {"method": "io.cryomon.Monitor.Record",
                    "parameters": {"kind": "backup", "detail": {"file": "/b/1", "bytes": 12}}}
            s.sendall(json.dumps(call).encode() + b"\0")
            seq = json.loads(s.recv(65536).rstrip(b"\0"))["parameters"]["seq"]
        event = self.observer.event(kind="backup")
        self.assertEqual((event["seq"], event["by"], event["detail"]), (seq, "root", {"file": "/b/1", "bytes": 12}))
        self.assertIn("backup by root  /b/1, 12 bytes", self.ctl("events", "--last", "1h").stdout)

    def test_refused(self):
        """Who is nobody, what is not complete, and what is not there can't be reviewed; nothing is recorded of it."""
        self.assertIn("sign as yourself", self.review("--to", self.to, person=None, status=4).stderr)
        now = self.utc(time.time() + 1)
        self.assertIn("not complete", self.review("--to", now, status=1).stderr)
        self.assertIn("no asset", self.review("--to", self.to, "--asset", "tank-9", status=1).stderr)
        # Nobody but root tells the daemon that somebody has signed; and cryomon-sign does not ask who one says to be.
        call = {"method": "io.cryomon.Sign.Review",
                "parameters": {"from": "2026-01-01", "to": self.to, "meaning": "x", "password": PASSWORD, "who": "li.na"}}
        code = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                "s.sendall(sys.argv[2].encode() + b'\\0')\nprint(s.makefile().read())")
        said = subprocess.run(["/usr/bin/python3", "-c", code, self.path("sign"), json.dumps(call)], user=PERSON,
                              capture_output=True, text=True, timeout=30).stdout
        self.assertIn("InvalidParameter", said)
        self.assertEqual(self.events("review"), [])


if __name__ == "__main__":
    harness.main()
