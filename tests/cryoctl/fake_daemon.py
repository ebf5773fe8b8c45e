"""A daemon's control socket, as far as cryoctl sees it: says what the test tells it to say."""
import json
import os
import socket
import threading


def point(asset, name, zh, point_id, value, unit="", decimals=1, quality="good", reason=None, state=None, age=3,
          kind="tank", point_zh=None):
    p = {"asset": asset, "asset_name": {"en": name, "zh": zh}, "kind": kind, "point": point_id,
         "point_name": {"en": point_id, "zh": point_zh or point_id}, "value": value, "unit": unit,
         "decimals": decimals, "quality": quality}
    if reason:
        p["reason"] = reason
    if state:
        p.update(state=state, state_name={"en": state, "zh": {"open": "打开", "closed": "关闭"}[state]})
    if age is not None:
        p["last_data"] = "2026-11-22T03:%02d:%02d.000Z" % divmod(2 * 60 + 3 - age, 60)
    return p


def alarm(asset, name, zh, alarm_id, priority, state, **more):
    a = {"asset": asset, "asset_name": {"en": name, "zh": zh}, "alarm": alarm_id, "priority": priority,
         "state": state, "raised": "2026-11-22T02:50:00.000Z", "time": "2026-11-22T02:50:00.000Z"}
    a.update(more)
    return a


def demo_status():
    """Three tanks, a freezer and a room; one of everything that a table has to show."""
    t = [("tank-%d" % i, "Tank %d" % i, "%d号罐" % i) for i in range(4)]
    r = ("room-1", "Storage hall", "储存大厅")
    return {
        "site": "demo", "name": {"en": "Demo cell bank", "zh": "示范细胞库"}, "run": "r1", "version": "0.1.0",
        "time": "2026-11-22T03:02:03.000Z", "started": "2026-11-22T01:00:00.000Z",
        "broker": "ok", "disk": "ok",
        "points": [
            point(*t[1], "temperature", -190.1, "°C"),
            point(*t[1], "level", 41.25, "cm", 2),
            point(*t[1], "lid", 0, decimals=0, state="closed", point_zh="盖子"),
            point(*t[2], "temperature", -148.2, "°C"),
            point(*t[2], "level", None, "cm", 2, "bad", "timeout", age=120),
            point(*t[2], "lid", 1, decimals=0, state="open", point_zh="盖子"),
            point(*t[3], "temperature", -189.95, "°C", quality="uncertain"),
            point(*t[3], "level", None, "cm", 2, "bad", "never-read", age=None),
            point("crf-1", "Freezer 1", "1号程控降温仪", "chamber", 4.0, "°C", kind="freezer"),
            point(*r, "oxygen", 20.9, "%", kind="room", point_zh="氧气"),
        ],
        "alarms": [
            alarm(*t[3], "level-no-data", "high", "acknowledged", by="li.na",
                  acknowledged="2026-11-22T02:55:00.000Z", point="level"),
            alarm(*t[2], "temperature-critical", "critical", "unacknowledged", point="temperature", value=-149.2,
                  unit="°C", limit=-150,
                  text={"en": "Tank 2: Vapour too warm. temperature -149.2 °C is above -150.0 °C",
                        "zh": "2号罐：气相温度过高。temperature -149.2 °C，高于限值 -150.0 °C"},
                  response={"en": "Check LN2 level and lid", "zh": "检查液位和盖子"}),
            alarm(*t[2], "lid-open", "medium", "returned-unacknowledged", point="lid"),
        ],
    }


def demo_devices():
    """One that answers, one that is silent, one that is another, one that was never asked."""
    def device(name, unit, **more):
        d = {"device": name, "bus": "hall-a", "unit": unit, "profile": "cryosim-tank", "time": "2026-11-22T03:02:03.000Z",
             "run": "r1", "answers": True, "requests": 5120, "replies": 5120, "timeouts": 0, "bad_replies": 0,
             "refused": 0, "busy": 0, "link_faults": 0, "unasked": 0, "wrong_device": 0,
             "latency_ms": {"p50": 2.0, "p90": 2.4, "p99": 5.7, "max": 22.6},
             "last_good": "2026-11-22T03:02:01.000Z", "failures": 0, "backoff_ms": 0}
        d.update(more)
        return d
    never = {"p50": None, "p90": None, "p99": None, "max": None}
    devices = [
        device("tank-1-controller", 1),
        device("tank-2-controller", 2, answers=False, reason="timeout", requests=5147, timeouts=27, failures=3,
               backoff_ms=4000, fault="no reply", last_fault="2026-11-22T03:02:02.000Z",
               last_good="2026-11-22T03:01:33.000Z"),
        device("tank-3-controller", 3, answers=False, reason="wrong-device", wrong_device=12),
        device("tank-4-controller", 4, answers=False, reason="never-read", requests=0, replies=0, latency_ms=never),
    ]
    del devices[3]["last_good"]
    return {"site": "demo", "name": {"en": "Demo cell bank", "zh": "示范细胞库"}, "run": "r1", "version": "0.1.0",
            "time": "2026-11-22T03:02:03.000Z", "started": "2026-11-22T01:00:00.000Z", "devices": devices}


class FakeDaemon:
    def __init__(self, path, status=None):
        self.path = path
        self.status = status or demo_status()
        self.calls = []
        self.error = {}  # method -> (error, parameters)
        self.answers = {}  # method -> parameters
        self.raw = None  # bytes to answer anything with
        self.lock = threading.Lock()
        self.answered = threading.Condition(self.lock)
        self.server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.stop()

    def start(self):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(8)
        self.thread = threading.Thread(target=self.serve, args=(self.server,), daemon=True)
        self.thread.start()

    def stop(self):
        if self.server:
            self.server.shutdown(socket.SHUT_RDWR)
            self.server.close()
            self.server = None
            self.thread.join(10)
            os.unlink(self.path)

    def serve(self, server):
        while True:
            try:
                connection = server.accept()[0]
            except OSError:
                return
            with connection:
                self.talk(connection)

    def talk(self, connection):
        data = b""
        while b"\0" not in data:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        call = json.loads(data.split(b"\0")[0])
        with self.lock:
            self.calls.append(call)
            reply = self.raw if self.raw is not None else self.reply(call)
        try:
            connection.sendall(reply)
        except OSError:
            pass
        with self.lock:
            self.answered.notify_all()

    def reply(self, call):
        method = call["method"].rsplit(".", 1)[1]
        if method in self.error:
            error, parameters = self.error[method]
            reply = {"error": error, "parameters": parameters}
        else:
            reply = {"parameters": {"Status": self.status, "Devices": demo_devices(), **self.answers}.get(method, {})}
        return json.dumps(reply, ensure_ascii=False).encode() + b"\0"

    def wait_calls(self, n):
        """Waits until n calls more than now have been answered."""
        with self.lock:
            goal = len(self.calls) + n
            if not self.answered.wait_for(lambda: len(self.calls) >= goal, 20):
                raise AssertionError("cryoctl does not ask")
