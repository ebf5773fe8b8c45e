"""A disk that is read-only, or full: watching and telling go on, the disk itself is an alarm, and what waited is
written when there is room again. The disk is a tmpfs in a mount namespace of the daemon's own."""
import os
import random
import subprocess
import unittest

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

REGISTERS = 100
UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def namespaces_work():
    return subprocess.run(UNSHARE + ["mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode == 0


class Noise(Bank):
    """Registers that no compression makes small; the first one is the temperature."""

    def words(self, request):
        return [self.values[1, HOLDING, 0]] + [random.randrange(65536) for _ in range(request.count - 1)]


@unittest.skipUnless(namespaces_work(), "no mount namespaces here")
class Disk(harness.SystemTest):
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

    def start(self, options):
        script = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'
        return self.daemon(prefix=UNSHARE + ["sh", "-c", script, "sh", options, self.path("state")]).start()

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


if __name__ == "__main__":
    harness.main()
