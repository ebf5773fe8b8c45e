"""A disk that is read-only, or full: watching and telling go on, the disk itself is an alarm, and what waited is
written when there is room again. The disk is a tmpfs in a mount namespace of the daemon's own."""
import json
import os
import random
import struct
import subprocess
import time
import unittest

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

REGISTERS = 100
HOUR = 3600
ROOMY, SHIFTER = os.environ.get("CRYOMON_ROOMY", ""), os.environ.get("CRYOMON_CLOCKSHIFT", "")
UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def namespaces_work():
    return subprocess.run(UNSHARE + ["mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode == 0


class Noise(Bank):
    """Registers that no compression makes small; the first one is the temperature."""

    def words(self, request):
        return [self.values[1, HOLDING, 0]] + [random.randrange(65536) for _ in range(request.count - 1)]


@unittest.skipUnless(namespaces_work(), "no mount namespaces here")
class Disk(harness.SystemTest):  # each
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Noise()
        self.bank.set(1, HOLDING, 0, 7)
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"r%d" % n: {"table": "holding", "address": n, "type": "u16", "unit": "V"}
                            for n in range(REGISTERS)}, interval="100 ms", timeout="100 ms")
        setup.tcp("bus", TcpServer(self.loop, self.bank).port)
        setup.device("d", "bus", 1, "p")
        setup.whole("a", "d", "p")["alarms"] = {"high": {"point": "r0", "high": 100, "priority": "critical"}}
        setup.write()
        os.mkdir(self.path("state"))
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def start(self, options, env=None, then=()):
        script = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'
        return self.daemon(env=env, prefix=UNSHARE + ["sh", "-c", script, "sh", options, self.path("state"), *then]).start()

    def inside(self, daemon, *command):
        """Runs a command where the daemon's disk is."""
        done = subprocess.run(["nsenter", "--target", str(daemon.process.pid), "--mount"] + (
            [] if os.geteuid() == 0 else ["--user"]) + list(command), capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise AssertionError("%s: %s" % (command, done.stderr))
        return done.stdout

    def raise_and_return(self):
        """An alarm comes and goes; both are told while the disk takes nothing. Their sequence numbers."""
        mark = self.observer.feed.mark()
        self.bank.set(1, HOLDING, 0, 200)
        raised = self.observer.event(asset="a", alarm="high", transition="raised", since=mark, limit=5)
        self.bank.set(1, HOLDING, 0, 7)
        returned = self.observer.event(asset="a", alarm="high", transition="returned", since=mark, limit=5)
        return {raised["seq"], returned["seq"]}

    def stored(self, daemon):
        return {int(line) for line in self.inside(daemon, "sqlite3", "-readonly", self.path("state", "state.db"),
                                                  "SELECT seq FROM event").split()}

    def test_read_only(self):
        daemon = self.start("ro")
        self.observer.event(asset="system", alarm="state-database", transition="raised")
        seqs = self.raise_and_return()
        self.inside(daemon, "mount", "-o", "remount,rw", self.path("state"))
        self.observer.event(asset="system", alarm="state-database", transition="returned", limit=60)
        harness.until(lambda: seqs <= self.stored(daemon), "the events on disk")

    def test_full(self):
        daemon = self.start("size=700k")
        self.observer.event(asset="system", alarm="history-database", transition="raised", limit=90)
        seqs = self.raise_and_return()
        self.inside(daemon, "mount", "-o", "remount,size=200m", self.path("state"))
        self.observer.event(asset="system", alarm="history-database", transition="returned", limit=60)
        harness.until(lambda: seqs <= self.stored(daemon), "the events on disk")
        for name in "state.db", "history.db":
            self.assertEqual(self.inside(daemon, "sqlite3", "-readonly", self.path("state", name),
                                         "PRAGMA integrity_check").strip(), "ok")

    @unittest.skipUnless(os.path.exists(ROOMY) and os.path.exists(SHIFTER), "no CRYOMON_ROOMY or CRYOMON_CLOCKSHIFT library")
    @unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
    def test_full_in_a_fold(self):
        """There was room when the hour was to be folded, and then there was none: the hour stays in its frames."""
        shift = self.path("shift")

        def clocks(wall=0, asleep=0):
            with open(shift, "r+b" if os.path.exists(shift) else "wb") as f:
                f.write(struct.pack("=qq", wall * 10**9, asleep * 10**9))

        clocks()
        preload = "%s %s" % (os.path.abspath(ROOMY), os.path.abspath(SHIFTER))
        script = 'export LD_PRELOAD="$1" && shift && exec "$@"'  # of the daemon, not of what mounts
        daemon = self.start("size=12m", {"CLOCKSHIFT": shift, "CRYOMON_TEST_BLOCKS": "4"}, ["sh", "-c", script, "sh", preload])
        harness.until(lambda: self.count(daemon, "SELECT sum(count) FROM frame") > 8000, "readings")
        mark = self.observer.feed.mark()
        self.inside(daemon, "sh", "-c", "cat /dev/zero > %s 2>/dev/null; true" % self.path("state", "filler"))
        self.observer.event(asset="system", alarm="history-database", transition="raised", since=mark, limit=60)
        seqs = self.raise_and_return()
        time.sleep(8)  # more readings come than the four blocks hold
        clocks(wall=HOUR)
        self.observer.event(kind="clock", since=mark)
        seqs |= self.raise_and_return()
        size, told = 12 << 10, None
        while told is None:  # room for a commit, and then not for the hour
            size += 48
            self.assertLess(size, 16 << 10, "the fold went through")
            self.inside(daemon, "mount", "-o", "remount,size=%dk" % size, self.path("state"))
            try:
                told = self.observer.event(asset="system", alarm="record", transition="raised", since=mark, limit=1.3)
            except AssertionError:
                pass
        self.assertIn("readings can't be sealed", told["text"]["en"])
        self.assertEqual(self.count(daemon, "SELECT count(*) FROM seal"), 0)
        seqs |= self.raise_and_return()
        self.inside(daemon, "mount", "-o", "remount,size=200m", self.path("state"))
        clocks(wall=HOUR, asleep=31)  # it is tried again after half a minute
        for alarm in "history-database", "record":
            self.observer.event(asset="system", alarm=alarm, transition="returned", since=mark, limit=60)
        gap = self.observer.event(kind="gap", since=mark)
        self.assertIn("history.db could not be written and memory was full", gap["reason"])
        harness.until(lambda: self.count(daemon, "SELECT count(*) FROM seal WHERE kind = 1") > 0, "the seal")
        harness.until(lambda: seqs <= self.stored(daemon), "the events on disk")
        self.check_record(daemon, gap)

    def count(self, daemon, query):
        return int(self.inside(daemon, "sqlite3", "-readonly", "-cmd", ".timeout 5000", self.path("state", "history.db"),
                               query).strip() or 0)

    def check_record(self, daemon, gap):
        """Each reading is there once, or given up with a reason; and all of it is proven."""
        ctl, place = harness.binary("cryoctl"), ["--dir", self.path("state"), "--from", "2020-01-01", "--to", "2100-01-01"]
        self.inside(daemon, ctl, "verify", self.path("state"))
        text = self.inside(daemon, ctl, "history", "a", "r1", *place, "--format", "json")
        rows = [json.loads(line) for line in text.splitlines()]
        # A reading is known by its slot: one whose reply was late may have come in the very millisecond of the next one.
        slots = [r["slot"] for r in rows]
        twice = [i for i, slot in enumerate(slots) if slots.count(slot) > 1]
        self.assertEqual(twice, [], rows[max(0, twice[0] - 2):twice[-1] + 3] if twice else None)
        self.assertGreater(len(rows), 80)
        gaps = json.loads(self.inside(daemon, ctl, "gaps", *place, "--json"))["gaps"]
        self.assertIn(("records-lost", gap["seq"]), [(c["kind"], c.get("event")) for g in gaps for c in g["causes"]])


if __name__ == "__main__":
    harness.main()
