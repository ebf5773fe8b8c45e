"""What every system test needs: a place to work in, the daemon, its notify socket, and waiting for things.

A test waits for an event with a limit, never for a time. Nothing here uses a fixed port or path, so tests can
run side by side. Only processes that were started here are ended, by their id.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SANITIZED = os.environ.get("CRYOMON_SANITIZE", "")
# Limits are for "broken", not for "slow": generous, and more so under a sanitizer.
PATIENCE = 30 if not SANITIZED else 90

# A loopback address for this process alone: its ports are nobody else's, not even as the local end of
# somebody's outgoing connection while a server of ours is being restarted.
ADDRESS = "127.%d.%d.%d" % (1 + (os.getpid() >> 14 & 0x7F), os.getpid() >> 7 & 0x7F, 1 + (os.getpid() & 0x7F))


def binary(name):
    """Path of a program of the build: $CRYOMON_BIN_DIR is a build directory, or where all of them lie."""
    top = os.environ.get("CRYOMON_BIN_DIR", "")
    for path in (name, "daemon/" + name, "tools/%s/%s" % (name, name), "tools/cryosign/" + name, "bin/" + name,
                 "sbin/" + name, "libexec/" + name):
        full = os.path.join(top, path)
        if os.path.isfile(full) and os.access(full, os.X_OK):
            return full
    raise RuntimeError("no program %s under CRYOMON_BIN_DIR=%r" % (name, top))


def free_port(address=ADDRESS):
    with socket.socket() as s:
        s.bind((address, 0))
        return s.getsockname()[1]


def until(condition, what, limit=None):
    """Waits until condition() is true; for the few things that tell nobody when they happen (a file, a port)."""
    deadline = time.monotonic() + (limit or PATIENCE)
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError("waited too long for " + what)
        time.sleep(0.02)


class Feed:
    """Things in the order they came. Any thread adds, any thread waits for one."""

    def __init__(self, name):
        self.name = name
        self.items = []
        self._changed = threading.Condition()

    def add(self, item):
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def mark(self):
        """The place up to which everything has been seen; for since=."""
        with self._changed:
            return len(self.items)

    def since(self, mark=0):
        with self._changed:
            return self.items[mark:]

    def wait(self, wanted, what, limit=None, since=0):
        """The first item from since on for which wanted(item) is true."""
        deadline = time.monotonic() + (limit or PATIENCE)
        at = since
        with self._changed:
            while True:
                while at < len(self.items):
                    if wanted(self.items[at]):
                        return self.items[at]
                    at += 1
                left = deadline - time.monotonic()
                if left <= 0:
                    tail = "\n  ".join(str(i)[:400] for i in self.items[max(since, at - 12):])
                    raise AssertionError("%s: waited too long for %s; the last were:\n  %s" % (self.name, what, tail))
                self._changed.wait(left)

    def never(self, wanted, what, seconds, since=0):
        """That nothing happens can only be seen by letting time pass."""
        try:
            item = self.wait(wanted, what, limit=seconds, since=since)
        except AssertionError:
            return
        raise AssertionError("%s: %s must not happen, but: %s" % (self.name, what, item))


def lines_of(stream, take):
    """Feeds take() with the lines of a child's output, from a thread of its own."""
    def run():
        for line in stream:
            take(line.rstrip("\n"))
        stream.close()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def end(process, limit=10):
    """Ends a child that this test started."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Notify:
    """The service manager's end of $NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path = path
        self.feed = Feed("notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            if not data:
                continue
            fields = dict(line.split("=", 1) for line in data.decode().splitlines() if "=" in line)
            fields["at"] = time.monotonic()
            self.feed.add(fields)

    def wait(self, key, value=None, limit=None, since=0):
        return self.feed.wait(lambda f: key in f and value in (None, f[key]), "%s=%s" % (key, value or ""),
                              limit, since)

    def close(self):
        self._socket.close()


class Daemon:
    """cryomond under test."""

    def __init__(self, config_dir, scratch, env=None, prefix=()):
        self.config_dir, self.prefix = config_dir, list(prefix)  # prefix: a command that becomes cryomond
        self.log = Feed("cryomond")
        self.process = None
        self.env = dict(os.environ)
        for name in ("JOURNAL_STREAM", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"):
            self.env.pop(name, None)
        if SANITIZED == "thread":  # what hangs at the end is left behind, by design, and told in the log
            self.env["TSAN_OPTIONS"] = self.env.get("TSAN_OPTIONS", "") + " report_thread_leaks=0"
        self.env.update(env or {})
        self._scratch = scratch
        self._starts = 0
        self.notify = None
        self.log_path = os.path.join(scratch, "cryomond.log")

    def start(self, ready=True, limit=None):
        self._starts += 1
        if self.notify:
            self.notify.close()
        self.notify = Notify(os.path.join(self._scratch, "notify%d" % self._starts))
        self.env["NOTIFY_SOCKET"] = self.notify.path
        self.process = subprocess.Popen(
            self.prefix + [binary("cryomond"), "--config", self.config_dir, "--foreground"], env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        self._reader = lines_of(self.process.stderr, self._line)
        if ready:
            self.wait_ready(limit)
        return self

    def _line(self, line):
        self.log.add(line)
        with open(self.log_path, "a") as f:
            f.write(line + "\n")

    def wait_ready(self, limit=None):
        deadline = time.monotonic() + (limit or PATIENCE)
        while True:
            try:
                return self.notify.wait("READY", "1", limit=0.5)
            except AssertionError:
                if self.process.poll() is not None:
                    raise AssertionError("cryomond ended with %s:\n%s" % (self.process.returncode, self.tail()))
                if time.monotonic() > deadline:
                    raise

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, limit=None):
        """A clean stop; returns how long it took."""
        start = time.monotonic()
        self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(limit or PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError("cryomond does not stop:\n" + self.tail())
        took = time.monotonic() - start
        self._reader.join(5)
        if status != 0:
            raise AssertionError("cryomond ended with %d:\n%s" % (status, self.tail()))
        return took

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(5)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def tail(self, lines=60):
        return "\n".join(self.log.since()[-lines:])

    def end(self):
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.notify:
            self.notify.close()


def sqlite(path, query):
    """Rows as dictionaries, read by the sqlite3 shell, read-only, as an auditor would."""
    done = subprocess.run(["sqlite3", "-readonly", "-json", "-cmd", ".timeout 5000", path, query],
                          capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError("sqlite3 %s: %s" % (path, done.stderr.strip()))
    return json.loads(done.stdout) if done.stdout.strip() else []


def integrity(path):
    return "; ".join(row["integrity_check"] for row in sqlite(path, "PRAGMA integrity_check"))


class SystemTest(unittest.TestCase):
    """A test with a directory of its own. On failure the daemon's last lines are printed."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="cryo-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.daemons = []

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def daemon(self, config_dir=None, env=None, prefix=()):
        place = tempfile.mkdtemp(prefix="d", dir=self.dir)
        daemon = Daemon(config_dir or self.path("etc"), place, env, prefix)
        self.daemons.append(daemon)
        self.addCleanup(daemon.end)
        return daemon

    def _failed(self):
        outcome = getattr(self, "_outcome", None)
        result = getattr(outcome, "result", None)
        if result is None:
            return False
        return any(test is self for test, _ in result.failures + result.errors) or not outcome.success

    def tearDown(self):
        failed = self._failed()
        for daemon in self.daemons:
            if failed:
                print("--- the daemon's last lines:\n" + daemon.tail(), file=sys.stderr)
            elif daemon.running():
                daemon.stop()  # whatever the test was about, the end is clean
            text = daemon.tail(400)
            for word in ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "runtime error:"):
                self.assertNotIn(word, text)

    def ctl(self, *arguments, check=True, config_dir=None):
        """Runs cryoctl; returns the finished process."""
        done = subprocess.run([binary("cryoctl"), "--config", config_dir or self.path("etc"), *arguments],
                              capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError("cryoctl %s: status %d: %s%s" % (" ".join(arguments), done.returncode, done.stdout,
                                                                 done.stderr))
        return done


def main():
    # Sockets of a finished test are closed by the end of the process.
    unittest.main(verbosity=2, warnings="ignore")
