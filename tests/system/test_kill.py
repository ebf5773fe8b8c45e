"""Kill -9 in a loop at random moments, with the broker restarting too: every transition is delivered at least
once and stored exactly once, history has no reading twice, and the files stay sound.

CRYOMON_KILL_ROUNDS sets the number of rounds, CRYOMON_KILL_SEED repeats a run's moments.
"""
import collections
import json
import os
import random
import time

import auditor
import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

ROUNDS = int(os.environ.get("CRYOMON_KILL_ROUNDS", "50"))
SEED = int(os.environ.get("CRYOMON_KILL_SEED", random.randrange(10**9)))
TANKS = 6


class Toggling(Bank):
    """Registers that cross their limits every few polls, each tank at its own pace, until they are still."""

    still = None

    def __call__(self, line, request):
        now = self.still or time.monotonic()
        for tank in range(TANKS):
            high = int(now / (0.25 + 0.1 * tank)) % 2
            self.set(1, HOLDING, tank, 63636 + 600 * high + int(now * 1000) % 50)
        super().__call__(line, request)


class Kill(harness.SystemTest):
    def setUp(self):
        super().setUp()
        print("seed %d" % SEED, flush=True)
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.tanks = Toggling()
        server = TcpServer(self.loop, self.tanks)
        setup = Setup(self.dir, self.broker)
        entry = {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "°C"}
        setup.profile("p", {"t%d" % n: dict(entry, address=n) for n in range(TANKS)}, interval="100 ms",
                      timeout="100 ms")
        setup.tcp("bus", server.port)
        setup.device("d", "bus", 1, "p")
        for n in range(TANKS):
            setup.asset("tank-%d" % n, {"t": ("d", "t%d" % n)}, {
                "warm": {"point": "t", "high": -150, "deadband": 1, "priority": "critical"},
                "cold": {"point": "t", "low": -170, "deadband": 1, "priority": "low"}})
        setup.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def test_kill(self):
        chance = random.Random(SEED)
        daemon = self.daemon()
        for turn in range(ROUNDS):
            # Sometimes before it is ready, mostly while alarms come and go.
            daemon.start(ready=chance.random() < 0.85)
            if chance.random() < 0.2:
                self.broker.stop()
                time.sleep(chance.uniform(0.1, 0.6))
                if chance.random() < 0.5:
                    daemon.kill()
                self.broker.start()
            time.sleep(chance.uniform(0.05, 2.0))
            if daemon.running():
                daemon.kill()
            self.assertNotIn("damaged", daemon.tail(), "round %d" % turn)
        mark = self.observer.feed.mark()
        daemon.start()
        self.observer.event(kind="start", since=mark)
        self.settle(daemon)
        daemon.stop()
        self.check()

    def settle(self, daemon):
        """Waits until the outbox is empty, as the heartbeat tells. No new alarms meanwhile: one would always be
        under way."""
        self.tanks.still = time.monotonic()
        mark = self.observer.feed.mark()
        self.observer.wait("/heartbeat", lambda beat: beat["events_waiting"] == 0, limit=60, since=mark)

    def events_seen(self):
        seen = collections.defaultdict(set)
        for message in self.observer.feed.since():
            if message.topic.endswith("/events"):
                event = dict(message.json)
                event.pop("historical", None)
                seen[event["seq"]].add(json.dumps(event, sort_keys=True))
        return seen

    def check(self):
        state, history = self.path("state", "state.db"), self.path("state", "history.db")
        self.assertEqual((harness.integrity(state), harness.integrity(history)), ("ok", "ok"))
        rows = harness.sqlite(state, "SELECT seq, body FROM event ORDER BY seq")
        stored = {row["seq"]: json.dumps(json.loads(row["body"]), sort_keys=True) for row in rows}
        seen = self.events_seen()
        alarms = sum(1 for body in stored.values() if '"kind": "alarm"' in body)
        print("%d events stored (%d of alarms), %d seen, %d of them more than once" % (
            len(stored), alarms, len(seen), self.repeated()))
        self.assertEqual(len(rows), len(stored), "a sequence number is stored twice")
        self.assertEqual(list(stored), list(range(1, len(stored) + 1)), "the sequence has a hole")
        self.assertEqual([seq for seq in stored if seq not in seen], [], "stored, and never delivered")
        self.assertEqual([seq for seq in seen if seq not in stored], [], "delivered, and not stored")
        self.assertEqual([seq for seq, bodies in seen.items() if bodies != {stored[seq]}], [], "delivered otherwise")
        self.assertGreater(alarms, ROUNDS)
        self.check_alternation(stored)
        self.check_history(history)
        self.assertEqual(auditor.check_events(state), [])
        self.assertEqual(auditor.check_frames(history), [])

    def repeated(self):
        count = collections.Counter(m.json["seq"] for m in self.observer.feed.since() if m.topic.endswith("/events"))
        return sum(1 for n in count.values() if n > 1)

    def check_alternation(self, stored):
        """Each alarm's transitions follow from one another: no raise is missing or made twice."""
        last = {}
        for seq, body in stored.items():
            event = json.loads(body)
            if event["kind"] != "alarm" or event["asset"] == "system":
                continue
            key = event["asset"], event["alarm"]
            self.assertNotEqual(last.get(key), event["transition"], "event %d: %s" % (seq, body))
            last[key] = event["transition"]

    def check_history(self, history):
        rows = auditor.history(history)
        print("%d readings in history" % len(rows))
        count = collections.Counter((row.asset, row.point, row.slot) for row in rows)
        self.assertEqual([reading for reading, n in count.items() if n > 1], [], "a reading is stored twice")
        self.assertGreater(len(rows), ROUNDS * TANKS)


if __name__ == "__main__":
    harness.main()
