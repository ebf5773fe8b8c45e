"""The same with cryosim as the adversary: all its faults mixed, on TCP and serial lines at once. Each value published
as good must be one that the registers truly held when they were read for that poll, as cryosim's own record says."""
import bisect
import collections
import json
import os
import random
import subprocess

import auditor
import harness
from broker import Broker, Observer
from configuration import Setup

POLLS = int(os.environ.get("CRYOMON_FAULT_POLLS", "10000"))
SEED = int(os.environ.get("CRYOMON_FAULT_SEED", random.randrange(10**9)))
TIMEOUT = 60 if not harness.SANITIZED else 200  # ms
TCP, RTU, UNITS = 8, 24, 2
REGISTERS = {"count": (0, "u16"), "fixed": (1, "u16"), "wide": (2, "u32"), "other": (20, "u16"), "input": (0, "u16")}


class Simulator:
    """cryosim with tables whose counters give another value at each read."""

    def __init__(self, directory):
        self.directory, self.truth = directory, os.path.join(directory, "truth")
        self.control = os.path.join(directory, "sim")
        scenario = os.path.join(directory, "scenario.yaml")
        with open(scenario, "w") as f:
            f.write("seed: %d\nlisteners:\n" % (SEED % 2**31))
            f.writelines("  tcp%d: {tcp: {address: 127.0.0.1, port: 0}}\n" % n for n in range(TCP))
            f.writelines("  rtu%d: {rtu: {link: %s/tty%d, baud: 115200}}\n" % (n, directory, n) for n in range(RTU))
            f.write("devices:\n")
            for name in self.lines():
                for unit in range(1, UNITS + 1):
                    f.write("  %s-%d: {kind: table, listener: %s, unit: %d, holding: {0: counter, 1: %d, 2: counter,"
                            " 3: counter, 20: counter}, input: {0: counter}}\n" % (name, unit, name, unit,
                                                                                  random.randrange(65536)))
        self.process = subprocess.Popen([harness.binary("cryosim"), "--control", self.control, "--truth", self.truth,
                                         scenario], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.listeners = json.loads(self.process.stdout.readline())["listeners"]

    @staticmethod
    def lines():
        return ["tcp%d" % n for n in range(TCP)] + ["rtu%d" % n for n in range(RTU)]

    def ctl(self, *command):
        subprocess.run([harness.binary("cryosim"), "ctl", "--control", self.control, *command], check=True, timeout=30,
                       capture_output=True)

    def stop(self):
        harness.end(self.process)


class Faults(harness.SystemTest):
    def setUp(self):
        super().setUp()
        print("seed %d" % SEED, flush=True)
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.simulator = Simulator(self.dir)
        self.addCleanup(self.simulator.stop)
        setup = Setup(self.dir, self.broker)
        setup.profile("table", {name: {"table": "input" if name == "input" else "holding", "address": address,
                                       "type": kind, "unit": "V"} for name, (address, kind) in REGISTERS.items()},
                      interval="%d ms" % max(150, TIMEOUT), timeout="%d ms" % TIMEOUT, quiet="80 ms")
        for line in self.simulator.lines():
            where = self.simulator.listeners[line]
            if "tcp" in where:
                setup.tcp(line, where["tcp"]["port"], host="127.0.0.1")
            else:
                setup.rtu(line, self.path("tty" + line[3:]))
            for unit in range(1, UNITS + 1):
                setup.device("%s-%d" % (line, unit), line, unit, "table")
                setup.whole("a-%s-%d" % (line, unit), "%s-%d" % (line, unit), "table")
        setup.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def counted(self):
        """Reads that cryosim has answered, or spoilt: at least the smaller of the two transports'."""
        self._count = getattr(self, "_count", collections.Counter())
        self._file = getattr(self, "_file", None) or open(self.simulator.truth)
        *lines, self._rest = (getattr(self, "_rest", "") + self._file.read()).split("\n")
        for line in lines:
            self._count[line.split('"device":"', 1)[1][:3]] += 1
        return self._count["tcp"] + self._count["rtu"]

    def test_no_wrong_value(self):
        daemon = self.daemon().start()
        harness.until(lambda: os.path.exists(self.simulator.truth) and self.counted() > 500, "polls without faults")
        self.simulator.ctl("fault", "all", "mix", "400ms", "probability=0.3")
        harness.until(lambda: self.counted() >= POLLS, "%d polls" % POLLS, limit=7 * harness.PATIENCE)
        self.simulator.ctl("fault", "all", "none")
        mark = self.observer.feed.mark()
        for line in self.simulator.lines():
            for unit in range(1, UNITS + 1):
                self.observer.wait("/a-%s-%d/readings" % (line, unit), lambda m: m is not None and all(
                    p["quality"] == "good" for p in m["points"].values()), limit=4 * harness.PATIENCE, since=mark)
        daemon.stop()
        self.simulator.stop()  # and its record is complete
        self.counted()
        self._file.close()
        print("reads that cryosim answered: %s" % dict(self._count))
        self.check()

    def truths(self):
        """{(device, function): [(time in ms, first address, values)]} in order of time."""
        found, faults = collections.defaultdict(list), collections.Counter()
        with open(self.simulator.truth) as f:
            for line in f:
                entry = json.loads(line)
                faults[entry.get("fault", "none").split()[0]] += 1
                found[entry["device"], entry["function"]].append((entry["utc"] / 1000, entry["address"], entry["values"]))
        print("faults: %s" % dict(faults))
        for entries in found.values():
            entries.sort(key=lambda e: e[0])
        return found

    def check(self):
        truths, wrong, count = self.truths(), [], collections.Counter()
        for row in auditor.history(self.path("state", "history.db")):
            count[row.quality, row.reason] += 1
            if row.quality == "good" and not self.is_true(truths, row):
                wrong.append(row)
        print("history: %s" % dict(count))
        self.assertEqual(wrong[:5], [], "%d wrong values" % len(wrong))
        self.assertGreater(count["good", ""], POLLS)

    @staticmethod
    def is_true(truths, row):
        address, kind = REGISTERS[row.point]
        entries = truths[row.asset[2:], 4 if row.point == "input" else 3]
        # Times in history are cut off to milliseconds, and of a reply within half a second only the slot is kept.
        until = auditor.not_after(row) + 2
        at = bisect.bisect_left(entries, row.slot - 1, key=lambda e: e[0])
        while at < len(entries) and entries[at][0] <= until:
            _, first, values = entries[at]
            n = address - first
            words = values[n:n + (2 if kind == "u32" else 1)] if n >= 0 else []
            if words and row.raw == (words[0] << 16 | words[1] if len(words) == 2 else words[0]):
                return True
            at += 1
        return False


if __name__ == "__main__":
    harness.main()
