"""Over 10,000 polls with faults on TCP, and as many on serial lines, not one wrong value is published as good.

test_faults.py Tcp | Rtu; CRYOMON_FAULT_POLLS sets the number of polls, CRYOMON_FAULT_SEED repeats a run.
"""
import bisect
import collections
import datetime
import os
import random
import time

import auditor
import harness
from adversary import BY_NAME, PLACES_OF, Adversary, judge, profile_registers
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import Loop, RtuServer, TcpServer

POLLS = int(os.environ.get("CRYOMON_FAULT_POLLS", "10000"))
SEED = int(os.environ.get("CRYOMON_FAULT_SEED", random.randrange(10**9)))
TIMEOUT = 0.06 if not harness.SANITIZED else 0.2


def milliseconds(text):
    """RFC 3339 to milliseconds since the epoch."""
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


class Faults:
    """What both transports share; serve() is the transport's."""
    lines, interval = 24, 0.1

    def setUp(self):
        super().setUp()
        print("seed %d" % SEED, flush=True)
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.adversaries = [Adversary(n, SEED + n, TIMEOUT) for n in range(self.lines)]
        setup = Setup(self.dir, self.broker)
        for unit in PLACES_OF:
            setup.profile("liar%d" % unit, profile_registers(unit), interval="%d ms" % (1000 * max(TIMEOUT, self.interval)),
                          timeout="%d ms" % (TIMEOUT * 1000), quiet="80 ms")
        for n, adversary in enumerate(self.adversaries):
            self.serve(setup, "bus%d" % n, adversary)
            for unit in PLACES_OF:
                setup.device("d%d-%d" % (n, unit), "bus%d" % n, unit, "liar%d" % unit)
                setup.whole("l%d-u%d" % (n, unit), "d%d-%d" % (n, unit), "liar%d" % unit)
        setup.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def polls(self):
        return sum(len(a.served) - 1 for a in self.adversaries)

    def test_no_wrong_value(self):
        daemon = self.daemon().start()
        start = time.monotonic()
        harness.until(lambda: self.polls() >= POLLS, "%d polls" % POLLS, limit=7 * harness.PATIENCE)
        faults = sum((a.faults for a in self.adversaries), collections.Counter())
        polls, took = self.polls(), time.monotonic() - start
        mark = self.observer.feed.mark()
        for adversary in self.adversaries:
            adversary.stop()
        for asset in self.assets():
            self.observer.wait("/%s/readings" % asset, self.all_good, limit=4 * harness.PATIENCE, since=mark)
        daemon.stop()
        print("%d polls in %.0f s, %d of them with a fault: %s" % (polls, took, sum(faults.values()), ", ".join(
            "%s %d" % item for item in sorted(faults.items()))))
        gaps = [m.json for m in self.observer.feed.since() if m.topic.endswith("/events") and m.json["kind"] == "gap"]
        print("%d gaps, of %d readings" % (len(gaps), sum(gap["count"] for gap in gaps)))  # a slow machine
        published = self.check_history()
        self.check_mqtt(published, bool(gaps))

    def assets(self):
        return ["l%d-u%d" % (n, unit) for n in range(self.lines) for unit in PLACES_OF]

    @staticmethod
    def all_good(message):
        return message is not None and all(p["quality"] == "good" for p in message["points"].values())

    def judge(self, asset, point, value, not_before, not_after):
        line, unit = (int(part[1:]) for part in asset.split("-"))
        return judge(self.adversaries[line], unit, BY_NAME[point], float(value), not_before, not_after)

    def check_history(self):
        """Each good value is the answer to a request that was made for its own slot."""
        wrong, count, flow = [], collections.Counter(), collections.Counter()
        published = collections.defaultdict(list)
        for row in auditor.history(self.path("state", "history.db")):
            count[row.quality, row.reason] += 1
            if row.quality != "good":
                self.assertIsNone(row.value)
                continue
            published[row.asset, row.point].append((row.slot, row.taken, row.value))
            flow[row.asset] += 1
            # Times are cut off to milliseconds, and of a reply within half a second only the slot is kept.
            fault = self.judge(row.asset, row.point, row.value, row.slot / 1000 - 0.001,
                               auditor.not_after(row) / 1000 + 0.002)
            if fault:
                wrong.append((row, fault))
        good = sum(n for (quality, _), n in count.items() if quality == "good")
        print("history: %d rows, %d good; %s" % (sum(count.values()), good, dict(count)))
        if wrong:
            row = wrong[0][0]
            print("%s\n%s" % (wrong[0], self.adversaries[int(row.asset[1:].split("-")[0])].conversation(
                row.taken / 1000 - 5, row.taken / 1000 + 0.1)))
        self.assertEqual(wrong[:5], [], "%d wrong values of %d good ones" % (len(wrong), good))
        self.assertGreater(min(flow[asset] for asset in self.assets()), 0, "values do not get through")
        self.assertGreater(good, POLLS)
        for rows in published.values():
            rows.sort(key=lambda row: row[0])
        return published

    @staticmethod
    def stored(rows, time):
        """The values that history has for a reading of this time: that of a late reply, or of the slot before. Both times
        are cut off to milliseconds, so what came 499.9 ms after its slot can look like 500."""
        at = bisect.bisect_right(rows, time, key=lambda row: row[0])
        values = {value for slot, taken, value in rows[max(at - 40, 0):at] if taken == slot and time <= slot + 500}
        return values | {value for slot, taken, value in rows[max(at - 40, 0):at] if taken == time}

    def check_mqtt(self, published, gaps):
        """What was published is what was stored, or was lost on the way to the disk in a gap that was told."""
        wrong, good, lost = [], 0, 0
        for message in self.observer.feed.since():
            if not message.topic.endswith("/readings") or not message.json:
                continue
            asset = message.json["asset"]
            for point, reading in message.json["points"].items():
                if reading["quality"] != "good":
                    self.assertIsNone(reading["value"])
                    continue
                good += 1
                stored = self.stored(published[asset, point], milliseconds(reading["time"]))
                if not stored and gaps:
                    lost += 1
                elif reading["value"] not in stored:
                    wrong.append((asset, point, reading, stored))
        print("MQTT: %d good values, %d of them lost on the way to the disk" % (good, lost))
        self.assertEqual(wrong[:5], [], "%d of %d good values are not those of history" % (len(wrong), good))
        self.assertGreater(good, 1000)


class Tcp(Faults, harness.SystemTest):
    def serve(self, setup, bus, adversary):
        setup.tcp(bus, TcpServer(self.loop, adversary).port)


class Rtu(Faults, harness.SystemTest):
    # A fault costs a line the timeout, the silence after it and the proof: many lines make many polls.
    lines, interval = 40, 0.2

    def serve(self, setup, bus, adversary):
        server = RtuServer(self.loop, adversary)
        self.addCleanup(server.unplug)
        setup.rtu(bus, server.path)


if __name__ == "__main__":
    harness.main()
