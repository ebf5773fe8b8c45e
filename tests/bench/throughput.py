#!/usr/bin/python3
"""What the daemon needs for many devices: polls kept, processor time, memory, messages and rows."""
import collections
import os
import time

import bench

OPTIONS = bench.options(__doc__, devices=200, registers=10, interval=1000, seconds=20)

import harness  # noqa: E402 (its path is set by bench)
from broker import Broker, Observer  # noqa: E402
from configuration import Setup  # noqa: E402
from modbus_raw import Loop, TcpServer  # noqa: E402


def configure(place, broker, loop, polls):
    setup = Setup(place.dir, broker)
    setup.profile("p", {"r%d" % n: {"table": "holding", "address": n, "type": "u16", "unit": "V"}
                        for n in range(OPTIONS.registers)}, interval="%d ms" % OPTIONS.interval, timeout="%d ms" % min(OPTIONS.interval, 500))
    for n in range(OPTIONS.devices):
        def handler(line, request, n=n):
            polls[n].append(time.monotonic())
            tick = int(polls[n][-1] * 10) % 1000
            line.send(request.reply([tick + i for i in range(request.count)]))
        setup.tcp("b%d" % n, TcpServer(loop, handler).port)
        setup.device("d%d" % n, "b%d" % n, 1, "p")
        setup.whole("a%d" % n, "d%d" % n, "p")
    setup.main["storage"]["commit_interval"] = "5 s"
    setup.write()


def processor_seconds(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def written_bytes(pid):
    with open("/proc/%d/io" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("write_bytes"))


def main():
    with bench.Place() as place:
        broker = Broker(place.path("broker")).start()
        place.undo(broker.stop)
        loop = Loop()
        place.undo(loop.stop)
        polls = collections.defaultdict(list)
        configure(place, broker, loop, polls)
        observer = Observer(broker, "cryomon/#")
        place.undo(observer.stop)
        daemon = harness.Daemon(place.path("etc"), place.dir).start()
        place.undo(daemon.end)
        harness.until(lambda: len(polls) == OPTIONS.devices, "the first polls", limit=60)
        pid = daemon.process.pid
        mark, start, cpu, written = observer.feed.mark(), time.monotonic(), processor_seconds(pid), written_bytes(pid)
        time.sleep(OPTIONS.seconds)
        took = time.monotonic() - start
        cpu, written, memory = processor_seconds(pid) - cpu, written_bytes(pid) - written, memory_kib(pid)
        messages = sum(1 for m in observer.feed.since(mark) if m.topic.endswith("/readings"))
        series = [[t for t in times if start <= t < start + took] for times in polls.values()]
        daemon.stop()
        rows = harness.sqlite(place.path("state", "history.db"), "SELECT sum(count) n FROM frame")[0]["n"]
        size = os.path.getsize(place.path("state", "history.db"))
        report(series, took, cpu, memory, messages, written, rows, size)


def report(series, took, cpu, memory, messages, written, rows, size):
    gaps = [b - a for times in series for a, b in zip(times, times[1:])]
    done, due = sum(map(len, series)), OPTIONS.devices * took * 1000 / OPTIONS.interval
    print("%d devices of %d registers each %d ms, for %.0f s" % (OPTIONS.devices, OPTIONS.registers, OPTIONS.interval, took))
    print("polls           %8.1f /s, %.2f %% of those due" % (done / took, 100 * done / due))
    print("processor       %8.2f %% of a core" % (100 * cpu / took))
    print("memory          %8.1f MiB resident" % (memory / 1024))
    print("MQTT readings   %8.1f messages/s" % (messages / took))
    print("disk            %8.1f KiB/s written; %.2f bytes a reading in history.db (%d readings)" % (
        written / took / 1024, size / rows, rows))
    print(bench.HEAD)
    print(bench.row("from a poll of a device to its next", gaps))


main()
