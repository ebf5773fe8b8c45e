"""Of 100 devices 20 are dead: the other 80 are polled as if the dead were not there.

72 devices have an endpoint of their own, 14 share a TCP gateway, 14 a serial line; in each group some are dead:
no connection (refused), a connection that is never made (black hole), a gateway that hangs up, or no reply.
"""
import collections
import os
import socket
import time

import harness
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, RtuServer, TcpServer

INTERVAL, RUN = 0.5, 25.0
ALONE, SHARED, DEAD_SHARED = 60, 10, 4
ENOUGH = 0.99 if not harness.SANITIZED else 0.8  # of the polls


class BlackHole:
    """A port where a connection is neither taken nor refused: its backlog is full."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind((harness.ADDRESS, 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fill = []
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(self.listener.getsockname())
            self.fill.append(s)

    def close(self):
        for s in self.fill + [self.listener]:
            s.close()


class Hall:
    """Devices, a configuration and a daemon for them; the polls are counted where they arrive."""

    def __init__(self, test, name, dead):
        self.test, self.loop, self.bank = test, test.loop, test.bank
        self.polls = collections.defaultdict(list)  # device: when
        self.directory = test.path(name)
        setup = Setup(self.directory)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}},
                      interval="%d ms" % (INTERVAL * 1000), timeout="200 ms", quiet="20 ms")
        self.healthy(setup)
        if dead:
            self.dead(setup)
        for device in setup.main["devices"]:
            setup.asset("a-" + device, {"value": (device, "value")})
        os.mkdir(self.directory)
        setup.write()

    def record(self, device):
        self.polls[device].append(time.monotonic())

    def healthy(self, setup):
        for n in range(ALONE):
            def handler(line, request, name="alone-%d" % n):
                self.record(name)
                self.bank(line, request)
            setup.tcp("alone%d" % n, TcpServer(self.loop, handler).port)
            setup.device("alone-%d" % n, "alone%d" % n, 1, "p")

        def gateway(line, request, name):
            if request.unit <= SHARED:
                self.record("%s-%d" % (name, request.unit))
                self.bank(line, request)
            elif not request.rtu and request.unit % 2:
                line.drop()  # some gateways hang up when a unit is silent
        setup.tcp("gateway", TcpServer(self.loop, lambda l, r: gateway(l, r, "gateway")).port)
        server = RtuServer(self.loop, lambda l, r: gateway(l, r, "line"))
        self.test.addCleanup(server.unplug)
        setup.rtu("line", server.path)
        for bus in "gateway", "line":
            for unit in range(1, SHARED + 1):
                setup.device("%s-%d" % (bus, unit), bus, unit, "p")

    def dead(self, setup):
        for n in range(4):
            setup.tcp("refused%d" % n, harness.free_port())
            setup.tcp("silent%d" % n, TcpServer(self.loop, lambda line, request: None).port)
            hole = BlackHole()
            self.test.addCleanup(hole.close)
            setup.tcp("hole%d" % n, hole.port)
            for kind in "refused", "silent", "hole":
                setup.device("%s-%d" % (kind, n), "%s%d" % (kind, n), 1, "p")
        for bus in "gateway", "line":
            for unit in range(SHARED + 1, SHARED + DEAD_SHARED + 1):
                setup.device("%s-dead-%d" % (bus, unit), bus, unit, "p")

    def start(self):
        self.daemon = self.test.daemon(os.path.join(self.directory, "etc")).start()
        harness.until(lambda: len(self.polls) == ALONE + 2 * SHARED and all(
            len(p) > 2 for p in list(self.polls.values())), "the first polls")

    def between(self, start, end):
        return {device: [t for t in times if start <= t < end] for device, times in self.polls.items()}


class DeadDevices(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        for unit in range(1, SHARED + DEAD_SHARED + 1):
            self.bank.set(unit, HOLDING, 0, unit)

    def report(self, name, polls, took):
        groups = collections.defaultdict(list)
        for device, times in polls.items():
            groups[device.split("-")[0]].append(times)
        figures = {}
        for group, series in sorted(groups.items()):
            gaps = sorted(b - a for times in series for a, b in zip(times, times[1:]))
            share = sum(len(times) for times in series) / (len(series) * took / INTERVAL)
            figures[group] = share
            print("%-8s %-8s %3d devices  %6.2f %% of the polls  gap p50 %.0f ms  p99 %.0f ms  max %.0f ms" % (
                name, group, len(series), 100 * share, 1000 * gaps[len(gaps) // 2], 1000 * gaps[len(gaps) * 99 // 100],
                1000 * gaps[-1]), flush=True)
        return figures

    def compare(self, turn):
        """Groups for which the dead make a difference. Both halls run at once: a busy machine is busy for both."""
        halls = [Hall(self, "%s-%d" % (name, turn), name == "with") for name in ("without", "with")]
        for hall in halls:
            hall.start()
        start = time.monotonic()
        time.sleep(RUN)  # the length of the run is what is measured
        end = time.monotonic()
        for hall in halls:
            hall.daemon.stop()
        without, with_dead = [self.report(name, hall.between(start, end), end - start)
                              for name, hall in zip(("without", "with"), halls)]
        # A poll more or less at the ends of the run is 1 in 50.
        return ["%s: %.3f of the polls, %.3f without the dead" % (group, share, without[group])
                for group, share in with_dead.items() if share < ENOUGH - 0.01 or share < ENOUGH * without[group]]

    def test_dead_do_not_disturb(self):
        # Once more, if it was the machine that had no time.
        self.assertEqual(self.compare(1) and self.compare(2), [])


if __name__ == "__main__":
    harness.main()
