"""The machine is suspended while the daemon runs: what was due is decided when it wakes, nothing old passes for new."""
import datetime
import json
import os
import signal
import struct
import subprocess
import time
import unittest

import auditor
import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, RtuServer, TcpServer

SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
HOUR = 3600


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Held(Bank):
    """Answers, or keeps what it would have answered until it is let go."""

    def __init__(self):
        super().__init__()
        self.hold, self.kept = False, []
        self.alive = None  # the one unit that answers while the others are held

    def __call__(self, line, request):
        self.requests += 1
        words = self.words(request)
        reply = request.exception(2) if words is None else request.reply(words)
        if self.hold and request.unit != self.alive:
            self.kept.append((line, reply))
        else:
            line.send(reply)

    def let_go(self):
        kept, self.kept, self.hold = self.kept, [], False
        for line, reply in kept:
            line.server.loop.call_soon_threadsafe(line.send, reply)


@unittest.skipUnless(os.path.exists(SHIFTER), "no CRYOMON_CLOCKSHIFT library")
@unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
class Suspend(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.setup = Setup(self.dir, self.broker)
        self.setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}},
                           interval="1 s", timeout="1 s")
        self.banks, self.servers = {}, {}
        for name, make in (("tcp", TcpServer), ("rtu", RtuServer)):
            bank = self.banks[name] = Held()
            bank.set(1, HOLDING, 0, 7)
            server = self.servers[name] = make(self.loop, bank)
            if name == "rtu":
                self.addCleanup(server.unplug)
                self.setup.rtu("bus-" + name, server.path)
            else:
                self.setup.tcp("bus-" + name, server.port)
            self.setup.device(name, "bus-" + name, 1, "p")
            self.setup.asset(name, {"value": (name, "value", {"no_data_after": "15 s"})}, {
                "slow": {"point": "value", "high": 100, "on_delay": "30 min", "priority": "high"}})
        self.setup.write()
        self.shift_file, self.slept = self.path("shift"), 0
        self.sleep_for(0)
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon(env={"LD_PRELOAD": SHIFTER, "CLOCKSHIFT": self.shift_file}).start()
        for asset in self.banks:
            self.observer.point(asset, "value", lambda p: p["value"] == 7)

    def sleep_for(self, seconds):
        self.slept += seconds
        with open(self.shift_file, "r+b" if os.path.exists(self.shift_file) else "wb") as f:
            f.write(struct.pack("=qq", 0, int(self.slept * 10**9)))

    def suspend(self, seconds, asleep=lambda: None):
        """As the kernel does it: all threads stand still, and all clocks but one go on. Returns the event."""
        mark = self.observer.feed.mark()
        self.cryomond.signal(signal.SIGSTOP)
        harness.until(lambda: self.stands_still(), "the daemon to stand still")
        self.before = time.time() + self.slept
        asleep()
        self.sleep_for(seconds)
        self.cryomond.signal(signal.SIGCONT)
        return self.observer.event(kind="suspend", since=mark), mark

    def stands_still(self):
        tasks = "/proc/%d/task" % self.cryomond.process.pid
        for task in os.listdir(tasks):
            with open("%s/%s/stat" % (tasks, task)) as f:
                if f.read().rsplit(")", 1)[1].split()[0] != "T":
                    return False
        return True

    def read(self, *arguments):
        """cryoctl, with the clock that the daemon has."""
        return subprocess.run([harness.binary("cryoctl"), *arguments, "--dir", self.path("state"), "--last", "3h"], check=True,
                              env={**os.environ, "LD_PRELOAD": SHIFTER, "CLOCKSHIFT": self.shift_file},
                              stdout=subprocess.PIPE, text=True, timeout=60).stdout

    def values(self, asset, mark):
        return [m.json["points"]["value"] for m in self.observer.feed.since(mark)
                if m.topic.endswith("/%s/readings" % asset) and m.json]

    def stored(self, asset):
        return [r for r in auditor.history_so_far(self.path("state", "history.db")) if r.asset == asset and r.quality == "good"]

    def test_told_and_explained(self):
        # What is usual is known from two readings at least: of one on either side nobody could say what is missing.
        harness.until(lambda: all(len(self.stored(asset)) > 1 for asset in self.banks), "two readings of each")
        event, mark = self.suspend(HOUR)
        self.assertAlmostEqual(event["suspended_us"] / 1e6, HOUR, delta=0.5)
        self.assertAlmostEqual(seconds(event["from"]), self.before, delta=10)
        self.assertAlmostEqual(seconds(event["to"]) - seconds(event["from"]), HOUR, delta=0.5)
        for asset, bank in self.banks.items():
            bank.set(1, HOLDING, 0, 8)
            reading = self.observer.point(asset, "value", lambda p: p["value"] == 8, since=mark)
            self.assertGreater(seconds(reading["time"]), self.before + HOUR - 1)
        self.cryomond.stop()
        self.assertFalse([m for m in self.observer.feed.since() if m.topic.endswith("/events") and m.json["kind"] == "clock"],
                         "a suspend is no step of the clock")
        self.assertFalse([line for line in self.cryomond.log.since() if "is hung" in line], "nobody was hung: all slept")
        self.assertEqual(auditor.check_events(self.path("state", "state.db")), [])
        self.assertIn("挂起 1 时 00 分", self.read("events", "--lang", "zh"))
        gaps = [g for g in json.loads(self.read("gaps", "--json"))["gaps"] if g["seconds"] > 60]
        self.assertEqual(sorted(p["asset"] for g in gaps for p in g["points"]), ["rtu", "tcp"])
        for gap in gaps:
            causes = {c["kind"]: c for c in gap["causes"]}
            self.assertEqual((causes["suspended"]["event"], set(causes) - {"suspended"}), (event["seq"], {"reading"}))
            self.assertEqual(len(gap["causes"]), len({c.get("reason") for c in gap["causes"]}), "a cause told twice")
        self.assertRegex(self.read("gaps"), "the machine was suspended from .* to ")
        rows = auditor.history(self.path("state", "history.db"))
        around = sorted(r.slot / 1000 for r in rows if r.asset == "tcp" and r.quality == "good")
        widest = max(b - a for a, b in zip(around, around[1:]))
        self.assertAlmostEqual(widest, HOUR, delta=10, msg="each reading has the time at which it was read")

    def test_stale_at_once_and_alarms_decided(self):
        for bank in self.banks.values():
            bank.set(1, HOLDING, 0, 200)  # over its limit, but not for half an hour yet
        for asset in self.banks:
            self.observer.point(asset, "value", lambda p: p["value"] == 200)

        def dead():
            for bank in self.banks.values():
                bank.hold = True

        event, mark = self.suspend(HOUR, dead)
        for asset in self.banks:
            stale = self.observer.point(asset, "value", lambda p: p["quality"] != "good", since=mark, limit=10)
            self.assertEqual((stale["value"], stale["quality"]), (None, "bad"))
            raised = self.observer.event(kind="alarm", asset=asset, alarm="slow", since=mark, transition="raised")
            no_data = self.observer.event(kind="alarm", asset=asset, alarm="value-no-data", since=mark, transition="raised")
            for alarm in (raised, no_data):
                self.assertLess(seconds(alarm["time"]) - seconds(event["to"]), 5, "not at once")
            self.assertFalse([v for v in self.values(asset, mark) if v["quality"] == "good"
                              and seconds(v["time"]) > self.before + 5])
            self.banks[asset].let_go()

    def test_a_silent_device_is_asked_soon(self):
        """It is asked again in vain while the machine falls asleep: it owes its neighbours on the bus nothing for that hour."""
        bank = self.banks["tcp"]
        bank.set(2, HOLDING, 0, 7)
        self.setup.device("neighbour", "bus-tcp", 2, "p")
        self.setup.asset("neighbour", {"value": ("neighbour", "value")})
        self.setup.write()
        self.cryomond.signal(signal.SIGHUP)
        self.observer.point("neighbour", "value", lambda p: p["value"] == 7)
        bank.alive, bank.hold = 2, True
        harness.until(lambda: len(bank.kept) >= 2, "the second request in vain")
        _, mark = self.suspend(HOUR)
        bank.let_go()
        bank.set(1, HOLDING, 0, 8)
        self.observer.point("tcp", "value", lambda p: p["value"] == 8, since=mark)

    def test_a_reply_from_before_is_not_of_now(self):
        for bank in self.banks.values():
            bank.hold = True
        harness.until(lambda: all(bank.kept for bank in self.banks.values()), "a request under way")

        def answer():
            for name, bank in self.banks.items():
                bank.let_go()  # what it would have said an hour ago: it waits in the kernel until we wake
                bank.set(1, HOLDING, 0, 9)
            time.sleep(0.2)

        _, mark = self.suspend(HOUR, answer)
        for asset in self.banks:
            self.observer.point(asset, "value", lambda p: p["value"] == 9, since=mark)
            old = [v for v in self.values(asset, mark) if v["value"] == 7 and v["quality"] == "good"
                   and seconds(v["time"]) > self.before + 5]
            self.assertEqual(old, [], "what was read before the machine slept, as of now")
        self.cryomond.stop()
        rows = auditor.history(self.path("state", "history.db"))
        self.assertEqual([r for r in rows if r.value == 7 and r.slot / 1000 > self.before + 5], [])
        self.assertEqual([r for r in rows if r.value == 7 and r.taken / 1000 > self.before + 5], [])


if __name__ == "__main__":
    harness.main()
