#!/usr/bin/python3
"""What many connections cost: 100, and then 900 TCP connections at 1 Hz with 8 serial lines, in one process each."""
import collections
import os
import resource
import struct
import subprocess
import time

import bench

OPTIONS = bench.options(__doc__, few=100, many=900, lines=8, units=4, registers=4, seconds=60)

import harness  # noqa: E402 (its path is set by bench)
from broker import Broker, Observer  # noqa: E402
from configuration import Setup  # noqa: E402

INTERVAL = 1.0
# As the unit file sets it.
LIMIT_NOFILE = 4096


class Servers:
    """scale_server: all the devices, in a small process."""

    def __init__(self, place, connections):
        program, self.file = place.path("scale_server"), place.path("asked%d" % connections)
        if not os.path.exists(program):
            subprocess.run(["cc", "-O2", "-o", program, os.path.join(bench.HERE, "scale_server.c")], check=True)
        self.process = subprocess.Popen([program, harness.ADDRESS, str(connections), str(OPTIONS.lines), self.file],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        place.undo(lambda: harness.end(self.process))
        self.ports = [int(self.process.stdout.readline()) for _ in range(connections)]
        self.ptys = [self.process.stdout.readline().strip() for _ in range(OPTIONS.lines)]

    def asked(self):
        """Ends it: {line: [seconds]}."""
        self.process.stdin.close()
        self.process.wait(30)
        found = collections.defaultdict(list)
        with open(self.file, "rb") as f:
            for line, us in struct.iter_unpack("QQ", f.read()):
                found[line].append(us / 1e6)
        return found


def configure(directory, broker, servers):
    setup = Setup(directory, broker)
    setup.profile("p", {"r%d" % n: {"table": "holding", "address": n, "type": "u16", "unit": "V"}
                        for n in range(OPTIONS.registers)}, interval="%d ms" % (1000 * INTERVAL), timeout="500 ms")
    for n, port in enumerate(servers.ports):
        setup.tcp("b%d" % n, port)
        setup.device("d%d" % n, "b%d" % n, 1, "p")
        setup.whole("a%d" % n, "d%d" % n, "p")
    for n, pty in enumerate(servers.ptys):
        setup.rtu("line%d" % n, pty)
        for unit in range(1, OPTIONS.units + 1):
            setup.device("l%d-%d" % (n, unit), "line%d" % n, unit, "p")
            setup.whole("al%d-%d" % (n, unit), "l%d-%d" % (n, unit), "p")
    setup.main["storage"]["commit_interval"] = "5 s"
    setup.write()


def processor(pid):
    """Seconds of user and system time, context switches."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    switches = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task)) as f:
            switches += sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick, switches


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        found = dict(line.split(":", 1) for line in f)
    return int(found["VmRSS"].split()[0]) / 1024, int(found["Threads"]), len(os.listdir("/proc/%d/fd" % pid))


def lateness(times):
    """How far each poll of a line with one device is behind its grid: the grid is where the earliest poll has it."""
    slots = [(t, round((t - times[0]) / INTERVAL)) for t in times]
    phase = min(t - n * INTERVAL for t, n in slots)
    return [t - n * INTERVAL - phase for t, n in slots]


def measure(place, connections):
    directory = place.path("hall%d" % connections)
    os.mkdir(directory)
    broker = Broker(os.path.join(directory, "broker")).start()
    place.undo(broker.stop)
    servers = Servers(place, connections)
    configure(directory, broker, servers)
    observer = Observer(broker, "cryomon/test/events")
    place.undo(observer.stop)
    daemon = harness.Daemon(os.path.join(directory, "etc"), directory).start(limit=120)
    place.undo(daemon.end)
    pid = daemon.process.pid
    harness.until(lambda: sum("connected" in line for line in daemon.log.since()) >= connections + OPTIONS.lines,
                  "all connections", limit=120)
    time.sleep(10)  # what a start costs is not what running costs
    start, before = time.monotonic(), processor(pid)
    time.sleep(OPTIONS.seconds)
    end, after = time.monotonic(), processor(pid)
    memory, threads, descriptors = status(pid)
    daemon.stop()
    took = end - start
    # Whole intervals: a poll more or less at an end would seem to be lost.
    whole = took // INTERVAL * INTERVAL
    series = [[t for t in times if start <= t < start + whole] for times in servers.asked().values()]
    polls = sum(map(len, series))
    devices = connections + OPTIONS.lines * OPTIONS.units
    broker.stop()
    return {
        "TCP connections, serial lines": (connections, "%.0f"), "polls a second": (polls / whole, "%.1f"),
        "of the polls due, %": (100 * polls / (devices * whole / INTERVAL), "%.2f"),
        "processor, % of a core": (100 * (after[0] + after[1] - before[0] - before[1]) / took, "%.1f"),
        "  of it in the kernel, %": (100 * (after[1] - before[1]) / took, "%.1f"),
        "processor, us a poll": (1e6 * (after[0] + after[1] - before[0] - before[1]) / polls, "%.0f"),
        "context switches a poll": ((after[2] - before[2]) / polls, "%.1f"),
        "resident memory, MiB": (memory, "%.1f"), "threads": (threads, "%.0f"), "descriptors": (descriptors, "%.0f"),
    }, [late for times in series[:connections] if times for late in lateness(times)]


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(LIMIT_NOFILE, hard), hard))
    with bench.Place() as place:
        found = [measure(place, OPTIONS.few), measure(place, OPTIONS.many)]
    print("%d registers a device, each %.0f s, for %d s; %d serial lines of %d units" % (
        OPTIONS.registers, INTERVAL, OPTIONS.seconds, OPTIONS.lines, OPTIONS.units))
    for name, (few, form) in found[0][0].items():
        many = found[1][0][name][0]
        print("%-34s %10s %10s   x %.2f" % (name, form % few, form % many, many / few if few else 0))
    print(bench.HEAD)
    for connections, (_, late) in zip((OPTIONS.few, OPTIONS.many), found):
        print(bench.row("a poll behind its slot, %d connections" % connections, late))


main()
