#!/usr/bin/python3
"""How long from a changed register's reply to the MQTT messages and to the durable row.

The clock starts when our Modbus server hands the first reply with the new value to its socket. It stops when
mosquitto_sub has the reading, when it has the event of the alarm that the value raises or ends, and when another
reader sees the event's row in state.db (SQLite shows a row in WAL mode with synchronous FULL only after its fsync).
"""
import random
import sqlite3
import threading
import time

import bench

OPTIONS = bench.options(__doc__, rounds=300, interval=100, tanks=10)

import harness  # noqa: E402 (its path is set by bench)
from broker import Broker, Observer  # noqa: E402
from configuration import Setup  # noqa: E402
from modbus_raw import HOLDING, Bank, Loop, TcpServer  # noqa: E402

COLD, WARM = 63636, 64236  # -190.0 and -130.0 degC


class Changing(Bank):
    """Notes when the first reply with a new value left."""

    def __init__(self):
        super().__init__()
        self.wanted, self.sent = None, harness.Feed("replies")

    def __call__(self, line, request):
        words = self.words(request)
        line.send(request.reply(words))
        if request.unit == 1 and words[0] == self.wanted:
            self.sent.add(time.time())
            self.wanted = None


class Rows(threading.Thread):
    """Watches state.db as a reader of its own: {seq: when it was first seen}."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.seen, self.stopped = path, {}, False

    def run(self):
        db = sqlite3.connect("file:%s?mode=ro" % self.path, uri=True, isolation_level=None)
        last = db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        version = None
        while not self.stopped:
            now_version = db.execute("PRAGMA data_version").fetchone()[0]
            if now_version != version:
                version = now_version
                for (seq,) in db.execute("SELECT seq FROM event WHERE seq > ? ORDER BY seq", (last,)):
                    self.seen[seq] = time.time()
                    last = seq
            time.sleep(0.0002)


def configure(place, broker, loop):
    bank = Changing()
    for unit in range(1, OPTIONS.tanks + 1):
        bank.set(unit, HOLDING, 0, COLD, 100)
    setup = Setup(place.dir, broker)
    setup.profile("tank", {
        "temperature": {"table": "holding", "address": 0, "type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "°C"},
        "level": {"table": "holding", "address": 1, "type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "cm"},
    }, interval="%d ms" % OPTIONS.interval, timeout="%d ms" % min(OPTIONS.interval, 200))
    for unit in range(1, OPTIONS.tanks + 1):
        setup.tcp("b%d" % unit, TcpServer(loop, bank).port)
        setup.device("d%d" % unit, "b%d" % unit, unit, "tank")
        setup.asset("tank-%d" % unit, {"temperature": ("d%d" % unit, "temperature"), "level": ("d%d" % unit, "level")},
                    {"warm": {"point": "temperature", "high": -150, "priority": "critical"}})
    setup.main["storage"]["commit_interval"] = "5 s"
    setup.write()
    return bank


def measure(bank, observer, rows):
    """One change: (reading on MQTT, event on MQTT, durable row), each in seconds after the reply."""
    value = WARM if bank.values[1, HOLDING, 0] == COLD else COLD
    shown = (value - 65536) / 10
    mark, sent_mark = observer.feed.mark(), bank.sent.mark()
    bank.wanted = value
    bank.set(1, HOLDING, 0, value)
    sent = bank.sent.wait(lambda _: True, "the reply", since=sent_mark)
    reading = observer.feed.wait(lambda m: m.topic.endswith("/tank-1/readings") and m.json and m.json["points"][
        "temperature"]["value"] == shown, "the reading", since=mark)
    event = observer.feed.wait(lambda m: m.topic.endswith("/events") and m.json.get("alarm") == "warm", "the event",
                               since=mark)
    harness.until(lambda: event.json["seq"] in rows.seen, "the row")
    return reading.at - sent, event.at - sent, rows.seen[event.json["seq"]] - sent


def main():
    with bench.Place() as place:
        broker = Broker(place.path("broker")).start()
        place.undo(broker.stop)
        loop = Loop()
        place.undo(loop.stop)
        bank = configure(place, broker, loop)
        observer = Observer(broker)
        place.undo(observer.stop)
        daemon = harness.Daemon(place.path("etc"), place.dir).start()
        place.undo(daemon.end)
        observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")
        rows = Rows(place.path("state", "state.db"))
        rows.start()
        results = []
        for _ in range(OPTIONS.rounds):
            results.append(measure(bank, observer, rows))
            time.sleep(random.uniform(0, OPTIONS.interval / 1000))  # at no fixed phase of the polls
        rows.stopped = True
        print("%d tanks polled each %d ms, one of them changing" % (OPTIONS.tanks, OPTIONS.interval))
        print(bench.HEAD)
        for name, column in zip(("reply -> reading at mosquitto_sub", "reply -> event at mosquitto_sub",
                                 "reply -> event's row durable in state.db"), zip(*results)):
            print(bench.row(name, column))
        daemon.stop()


main()
