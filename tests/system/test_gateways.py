"""Gateways with ten units each, of which one is dead: the others are polled as if it were not there.

A gateway serves one transaction at a time, whatever connection it comes on; an answer takes it 20 ms. For the dead
unit it says "target does not answer" (exception 11) after 400 ms, after 1000 ms, or nothing at all; meanwhile the
others wait. The clock of the test is the gateway's: when it was asked for which unit.
"""
import collections
import time

import auditor
import harness
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

UNITS, DEAD, INTERVAL = 10, 7, 1.0
KNOWN, RUN = 10.0, 25.0  # seconds until the death is known; seconds that are measured
# What the dead unit costs: how many gateways, seconds until exception 11 (None: nothing is ever said), our timeout.
KINDS = {"after-400-ms": (4, 0.4, "800 ms"), "after-1000-ms": (4, 1.0, "1500 ms"), "silent": (2, None, "500 ms")}


class Gateway:
    """One transaction at a time; requests that come meanwhile wait their turn."""

    def __init__(self, loop, gives_up):
        self.loop, self.gives_up, self.free_at = loop.loop, gives_up, 0.0
        self.asked = collections.defaultdict(list)  # unit: when it was its turn
        self.bank, self.dead = Bank(), {DEAD}
        for unit in range(1, UNITS + 1):
            self.bank.set(unit, HOLDING, 0, unit)
        self.server = TcpServer(loop, self.handle)

    def handle(self, line, request):
        now = time.monotonic()
        begin = max(now, self.free_at)
        dead = request.unit in self.dead
        # A silent unit keeps the gateway busy as well, until it gives up without a word.
        self.free_at = begin + (0.02 if not dead else self.gives_up or 0.5)
        self.asked[request.unit].append(begin)
        if dead and self.gives_up is None:
            return
        reply = (lambda: line.send(request.exception(11))) if dead else (lambda: self.bank(line, request))
        self.loop.call_later(self.free_at - now, reply)

    def served(self, start, end):
        """{healthy unit: [when]}"""
        return {u: [t for t in self.asked[u] if start <= t < end] for u in range(1, UNITS + 1) if u != DEAD}


class Gateways(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        setup = Setup(self.dir)
        self.gateways = {}
        for kind, (count, gives_up, timeout) in KINDS.items():
            setup.profile(kind, {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}},
                          interval="%d ms" % (INTERVAL * 1000), timeout=timeout)
            for n in range(count):
                name = "%s-%d" % (kind, n)
                self.gateways[name] = Gateway(self.loop, gives_up)
                setup.tcp(name, self.gateways[name].server.port)
                for unit in range(1, UNITS + 1):
                    setup.device("%s-u%d" % (name, unit), name, unit, kind)
                    setup.asset("%s-u%d" % (name, unit), {"value": ("%s-u%d" % (name, unit), "value")})
        setup.write()

    def reasons(self, asset, start, end):
        """What history says of the slots in that time (seconds UTC): {quality or reason: number}."""
        return collections.Counter(row.reason or row.quality for row in self.rows
                                   if row.asset == asset and start * 1000 <= row.slot < end * 1000)

    def test_dead_units_do_not_disturb(self):
        daemon = self.daemon().start()
        harness.until(lambda: all(len(g.asked[u]) > 2 for g in self.gateways.values() for u in g.asked)
                      and all(len(g.asked) == UNITS for g in self.gateways.values()), "the first polls")
        time.sleep(KNOWN)
        start, utc = time.monotonic(), time.time()
        self.lag = self.longest_lag(start + RUN)  # what is measured is a time
        end = time.monotonic()
        returned = {}
        for name, gateway in self.gateways.items():
            returned[name] = time.monotonic()
            gateway.dead.clear()
        harness.until(lambda: all(self.seen(name, when) for name, when in returned.items()), "the dead to be seen again")
        harness.until(lambda: all(len([t for t in g.asked[DEAD] if t > returned[name]]) > 3
                                  for name, g in self.gateways.items()), "the dead to be polled as before")
        daemon.stop()
        self.rows = auditor.history(self.path("state", "history.db"))
        self.assertEqual([fault for name in self.gateways for fault in self.faults(name, start, end, utc, returned[name])],
                         [])

    def longest_lag(self, end):
        """Lets time pass; how much later than it wanted this process ran, at worst: so late the gateways may be too."""
        lag = 0.0
        while time.monotonic() < end:
            wanted = time.monotonic() + 0.01
            time.sleep(0.01)
            lag = max(lag, time.monotonic() - wanted)
        return lag

    def seen(self, name, when):
        return next((t for t in self.gateways[name].asked[DEAD] if t > when), None)

    def faults(self, name, start, end, utc, returned):
        """What this gateway's units would complain about. How late the machine itself is, is known from the unit that
        was asked before: a late start of all is not the dead one's doing."""
        gateway, faults = self.gateways[name], []
        series = gateway.served(start, end)
        rate = sum(map(len, series.values())) / len(series) / (end - start) * INTERVAL
        widest = max(b - a for times in series.values() for a, b in zip(times, times[1:]))
        retries = [t for t in gateway.asked[DEAD] if start <= t < end]
        back = self.seen(name, returned) - returned
        print("%-16s %.3f polls/s of a healthy unit, the widest gap %.2f s (the machine's lag %.3f s); the dead asked"
              " %d times; seen again after %.1f s" % (name, rate, widest, self.lag, len(retries), back), flush=True)
        slack = 2 * self.lag + (0.2 if not harness.SANITIZED else 2.0)  # of a busy machine
        for unit in series:
            asset = "%s-u%d" % (name, unit)
            # What the daemon decided: each slot was served, none passed or was given up.
            decided = self.reasons(asset, utc, utc + end - start)
            slots = (end - start) / INTERVAL
            if set(decided) - {"good"} or decided["good"] < slots - 1.5:
                faults.append("%s: %s in %.1f slots" % (asset, dict(decided), slots))
        if widest > 2 * INTERVAL + slack:
            faults.append("%s: a gap of %.2f s" % (name, widest))
        if not retries or back > 10 + slack:
            faults.append("%s: the dead was asked %d times, and seen again after %.1f s" % (name, len(retries), back))
        return faults


if __name__ == "__main__":
    harness.main()
