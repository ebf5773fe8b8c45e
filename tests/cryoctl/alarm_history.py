"""Records of an alarm system at work, made by make_record: for the tests of alarm-report and of its page."""
import datetime
import json
import os
import subprocess

T = 1790000000000  # 2026-09-21 14:13:20 UTC, ms
S, MIN, H, D = 1000, 60000, 3600000, 86400000


def text(ms):
    time = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds")
    return time.replace("+00:00", "Z")


class AlarmHistory:
    """Events of alarms and of the daemon, at milliseconds after T; make() writes them in the order of time."""

    def __init__(self):
        self.events, self.states, self.readings = [], {}, []

    def event(self, at, kind, of=("-", "-"), **body):
        self.events.append((at, len(self.events), kind, of, {"time": text(T + at), "site": "demo", "run": "r", "kind": kind, **body}))

    def run(self, start, stop=None):
        self.event(start, "start", version="0.1.0")
        if stop is not None:
            self.event(stop, "stop")

    def alarm(self, at, transition, state, alarm="warm", asset="tank-1", priority="high", **more):
        key = asset, alarm
        if transition == "raised":
            self.states[key] = {"raised": text(T + at)}
        if transition == "acknowledged":
            self.states[key]["acknowledged"] = text(T + at)
        body = {"transition": transition, "asset": asset, "alarm": alarm, "priority": priority, "state": state,
                **({} if state == "normal" and transition == "raised" else self.states.get(key, {})), **more}
        self.event(at, "alarm", key, **body)
        if state == "normal":
            self.states.pop(key, None)
        return self

    def whole(self, at, seen=60 * S, over=120 * S, by="li.na", **more):
        """Raised, acknowledged after seen, over after over (None: never)."""
        self.alarm(at, "raised", "unacknowledged", **more)
        if seen is not None:
            self.alarm(at + seen, "acknowledged", "acknowledged", by=by, **more)
        if over is not None:
            self.alarm(at + over, "returned", "normal" if seen is not None else "returned-unacknowledged", **more)

    def call(self, at, raised, outcome, channel="mail", person="li.na", of="tank-1/warm"):
        self.event(at, "call", alarm_id=f"{of}@{T + raised}", channel=channel, person=person, outcome=outcome, level=1, attempt=1)

    def series(self, start, count, interval=60 * S):
        self.readings.append(f"series 1 {T + start} {interval} {count} -190 0")

    def make(self, directory):
        lines = ["point tank-1 temperature °C 1", *self.readings]
        for at, _, kind, of, body in sorted(self.events, key=lambda e: e[:2]):
            lines.append(f"event {T + at} {kind} {of[0]} {of[1]} {json.dumps(body, ensure_ascii=False)}")
        subprocess.run([os.environ["MAKE_RECORD"], directory], input="\n".join(lines).encode() + b"\n", check=True)


def a_month():
    """Thirty days: a quiet site with one flood, one alarm that chatters, one that is stale, disables, calls, a missed drill."""
    h = AlarmHistory()
    h.run(-D)
    for day in range(30):
        h.whole(day * D + 8 * H, seen=(30 + 10 * day) * S, over=40 * MIN, by="li.na" if day % 3 else "wang.wei",
                alarm="level-low", priority=("low", "medium", "high")[day % 10 // 5 + (day % 10 == 9)], response_time_s=300)
    for i in range(14):  # all within 7 minutes
        h.whole(10 * D + i * 30 * S, seen=20 * MIN, over=30 * MIN, asset=f"tank-{i + 1}", alarm="no-data", priority="high")
    for i in range(3):
        h.whole(12 * D + i * 20 * S, seen=5 * S, over=10 * S, alarm="lid-open", priority="low")
    h.whole(14 * D, seen=10 * MIN, over=14 * D, alarm="warm", priority="critical", response_time_s=600)
    h.whole(29 * D, seen=None, over=None, alarm="oxygen-low", asset="room-1", priority="critical")
    h.call(14 * D + 30 * S, 14 * D, "failed")
    h.call(14 * D + 60 * S, 14 * D, "sent", channel="wecom")
    h.call(14 * D + 600 * S, 14 * D, "confirmed", channel="wecom")
    h.alarm(20 * D, "shelved", "shelved", alarm="lid-open", by="li.na", note="door is repaired 修门", until=text(T + 20 * D + 2 * H))
    h.alarm(20 * D + H, "raised", "shelved", alarm="lid-open")
    h.alarm(20 * D + 90 * MIN, "returned", "shelved", alarm="lid-open")
    h.alarm(20 * D + 2 * H, "unshelved", "normal", alarm="lid-open", why="time")
    h.alarm(25 * D, "out-of-service", "out-of-service", alarm="level-high", by="wang.wei", order="WO-17", note="sensor")
    for day in (5, 26):
        h.alarm(day * D, "raised", "unacknowledged", asset="system", alarm="drill", priority="low", drill=True)
    h.alarm(5 * D + 90 * S, "acknowledged", "acknowledged", asset="system", alarm="drill", by="li.na", drill=True)
    h.alarm(5 * D + 91 * S, "returned", "normal", asset="system", alarm="drill", drill=True)
    h.alarm(26 * D + H, "raised", "unacknowledged", asset="system", alarm="drill-overdue", priority="high")
    h.alarm(26 * D + 2 * H, "acknowledged", "acknowledged", asset="system", alarm="drill-overdue", priority="high", by="li.na")
    h.alarm(26 * D + 2 * H, "returned", "normal", asset="system", alarm="drill-overdue", priority="high")
    h.series(0, 30 * 24 + 1, interval=3600 * S)
    return h
