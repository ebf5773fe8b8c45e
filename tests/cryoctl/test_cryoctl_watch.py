#!/usr/bin/python3
"""cryoctl watch: the lines for a pipe, and the screen for a terminal."""
import copy
import fcntl
import functools
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import unittest

from cryoctl_case import CRYOCTL, Case, environment
from fake_daemon import FakeDaemon, demo_status


class Reader(threading.Thread):
    """Collects what a process writes, and waits for something in it."""

    def __init__(self, fd):
        super().__init__(daemon=True)
        self.fd, self.text, self.changed = fd, "", threading.Condition()
        self.start()

    def run(self):
        raw = b""
        while True:
            try:
                more = os.read(self.fd, 65536)
            except OSError:
                more = b""
            raw += more
            with self.changed:
                self.text = raw.decode(errors="replace")
                self.changed.notify_all()
            if not more:
                return

    def wait_for(self, what, start=0):
        with self.changed:
            if not self.changed.wait_for(lambda: what in self.text[start:], 30):
                raise AssertionError("%r did not come, but %r" % (what, self.text[start:][-1500:]))
            return self.text.index(what, start) + len(what)


def screen_of(text, columns, lines=24):
    """What a terminal shows that was told not to wrap: beyond the last column the cursor stands on it."""
    rows, y, x = [[" "] * columns for _ in range(lines)], 0, 0
    for code, final, char in re.findall(r"\033\[([?0-9;]*)([A-Za-z])|(.)", text, re.S):
        if final == "H":
            y = x = 0
        elif final in ("K", "J"):
            rows[y][0 if code == "2" else x:] = [" "] * (columns - (0 if code == "2" else x))
            for below in rows[y + 1:] if final == "J" else ():
                below[:] = [" "] * columns
        elif char == "\r":
            x = 0
        elif char == "\n":
            y += 1
        elif char:
            rows[y][x] = char
            x = min(x + 1, columns - 1)
    return ["".join(row).rstrip() for row in rows]


class Watch(Case):
    def start(self, *arguments, terminal=False, columns=120):
        command = [CRYOCTL, "watch", "--socket", self.path, *arguments]
        if terminal:
            master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment())
            os.close(slave)
            reader = Reader(master)
            close = functools.partial(os.close, master)
        else:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment())
            reader = Reader(self.process.stdout.fileno())
            close = self.process.stdout.close
        # Read to its end before it is closed: the descriptor's number is given to the next test, and a reader that is
        # still there would take what that one waits for, and be somebody who reads.
        self.addCleanup(close)
        self.addCleanup(self.read_all, reader)
        self.addCleanup(self.end)
        return reader

    def read_all(self, reader):
        reader.join(30)
        self.assertFalse(reader.is_alive(), "cryoctl has ended, and its output has not")

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(20), 0)

    def test_lines(self):
        with FakeDaemon(self.path) as daemon:
            reader = self.start()
            at = reader.wait_for("CRITICAL  NOT ACKNOWLEDGED  Tank 2: Vapour too warm")
            daemon.wait_calls(2)
            self.assertEqual(reader.text.count("\n"), 3)  # three alarms, once each
            status = copy.deepcopy(daemon.status)
            status["alarms"][1].update(state="acknowledged", acknowledged_by="wang.wei")
            status["points"][0].update(quality="bad", reason="link-down", value=None)
            status["points"][2].update(value=1, state="open", state_name={"en": "open", "zh": "打开"})
            del status["alarms"][0]
            daemon.status = status
            reader.wait_for("CRITICAL  acknowledged by wang.wei  Tank 2", at)
            reader.wait_for("normal  Tank 3: level-no-data", at)
            reader.wait_for("Tank 1: temperature -- link down (was good)", at)
            reader.wait_for("Tank 1: lid open (was closed)", at)

    def test_nobody_reads_any_more(self):
        with FakeDaemon(self.path):
            process = subprocess.Popen([CRYOCTL, "watch", "--socket", self.path], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, env=environment())
            self.addCleanup(process.kill)
            self.assertIn(b"tank-3", process.stdout.readline())
            process.stdout.close()  # and no alarm changes, so that nothing has to be written
            process.wait(20)

    def test_restart_of_the_daemon(self):
        with FakeDaemon(self.path) as daemon:
            reader = self.start()
            reader.wait_for("Tank 2")
            daemon.stop()
            at = reader.wait_for("the daemon cannot be reached")
            daemon.start()
            reader.wait_for("the daemon is reachable again", at)

    def test_json(self):
        with FakeDaemon(self.path) as daemon:
            reader = self.start("--json")
            reader.wait_for("\n")
            daemon.stop()
            reader.wait_for('"error":"unreachable"')
        first = json.loads(reader.text.splitlines()[0])
        self.assertEqual(first, demo_status())

    def test_denied(self):
        with FakeDaemon(self.path) as daemon:
            daemon.error["Status"] = ("org.varlink.service.PermissionDenied", {})
            self.run_ctl("watch", expect=4)

    def test_screen(self):
        with FakeDaemon(self.path) as daemon:
            reader = self.start(terminal=True)
            at = reader.wait_for("3 alarms, 2 unacknowledged; 5 assets; 2 of 10 points bad; broker ok")
            self.assertIn("\033[?1049h", reader.text)
            daemon.stop()
            at = reader.wait_for("DAEMON NOT REACHABLE since ", at)
            shown = reader.text[at:]
            self.assertNotIn("190.1", shown)
            daemon.start()
            at = reader.wait_for("-190.1 °C", at)
            daemon.status = copy.deepcopy(daemon.status)
            daemon.status["alarms"][1].update(state="acknowledged", acknowledged_by="wang.wei")
            reader.wait_for("acknowledged by wang.wei", at)
        self.end()
        reader.wait_for("\033[?1049l")  # the user's screen is back

    def test_narrow_screen(self):
        """A line that fills the terminal keeps its last character, which says that it was cut."""
        with FakeDaemon(self.path) as daemon:
            reader = self.start(terminal=True, columns=40)
            at = reader.wait_for("3 alarms, 2 unacknowledged")
            daemon.status = copy.deepcopy(daemon.status)
            daemon.status["alarms"][1].update(state="acknowledged", acknowledged_by="wang.wei")
            at = reader.wait_for("3 alarms, 1 unack", at)
            at = reader.wait_for("2026-11-22 10:50:00", at)
            at = reader.wait_for("\033[H", at)
        shown = screen_of(reader.text[:at], 40)
        self.assertIn("3 alarms, 1 unacknowledged; 5 assets; 2…", shown)
        self.assertTrue([line for line in shown if re.match(r"!!  Tank 2 +-148.2 °C  CRITI.*…$", line)], shown)
        self.assertTrue([line for line in shown if line][-1].endswith("…"), shown)


if __name__ == "__main__":
    unittest.main()
