"""What the tests of the channels share: the driver, a notice, an HTTP receiver."""

import atexit
import copy
import http.server
import json
import os
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

SEND_NOTICE = os.environ["SEND_NOTICE"]
TEMPLATES = os.environ["CRYOMON_TEMPLATES"]

NOW_US = 1_764_000_000_000_000
MINUTE_US = 60_000_000

NOTICE = {
    "id": 41,
    "purpose": "call",
    "attempt": 1,
    "level": 1,
    "person": "li.na",
    "person_name": "Li Na 李娜",
    "address": "li.na@cellbank.example",
    "language": "en",
    "site": "demo",
    "site_name": {"en": "Demo cell bank", "zh": "示范细胞库"},
    "asset": "tank-1",
    "asset_name": {"en": "Tank 1", "zh": "1号罐"},
    "alarm": "temperature-critical",
    "occurrence": "tank-1/temperature-critical@1763999400000",
    "priority": "critical",
    "state": "unacknowledged",
    "transition": "raised",
    "point": "temperature",
    "text": {"en": "Tank 1: Vapour too warm. Vapour temperature -149.2 °C is above -150 °C",
             "zh": "1号罐：气相温度过高。气相温度 -149.2 °C，高于限值 -150 °C"},
    "response": {"en": "Check LN2 level and lid", "zh": "检查液位和盖子"},
    "consequence": {"en": "Samples warm above -135 °C", "zh": "样本温度将高于 -135 °C"},
    "active": True,
    "value": {"value": "-149.2", "unit": "°C", "quality": "good", "utc_us": NOW_US - 5_000_000},
    "limit": "-150",
    "trend_per_hour": "1.2",
    "trend_over_s": 1800,
    "has_time_left_kind": True,
    "time_left_s": 11_600, # ten minutes ago
    "response_time_s": 900,
    "raised_utc_us": NOW_US - 10 * MINUTE_US,
    "event_utc_us": NOW_US - 10 * MINUTE_US,
    "sent_utc_us": NOW_US,
    "n_others": 2,
    "link": "https://cryo.example.org/a/abc-123_xyz",
}

# What people and devices may put into names and notes.
NASTY = 'q"uote \' back\\slash %s ${token} &amp; <@all> <!channel> \u202eRTL\u202c 💧液氮 \x07 {"a":1}\r\nBcc: evil@example.org'


def notice(**changes):
    made = copy.deepcopy(NOTICE)
    made.update(changes)
    return made


def nasty_notice(**changes):
    made = notice(**changes)
    for key in ("person_name", "note", "by", "state", "hint"):
        made[key] = NASTY
    for key in ("site_name", "asset_name", "text", "response", "consequence"):
        made[key] = {"en": NASTY, "zh": NASTY}
    return made


class Driver:
    """send_notice with a configuration of its own."""

    def __init__(self, config, environment=None):
        self.directory = tempfile.TemporaryDirectory()
        path = Path(self.directory.name, "notify.yaml")
        path.write_text(config, encoding="utf-8")
        self.process = subprocess.Popen([SEND_NOTICE, "run", str(path), TEMPLATES], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, "TZ": "Asia/Shanghai", **(environment or {})})
        atexit.register(self.kill)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        return self.read()

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def queue(self, channel, made):
        return self.ask(send=channel, notice=made)

    def results(self, n, timeout_s=20):
        first = self.ask(results=n, timeout_ms=timeout_s * 1000)
        return [first] + [self.read() for _ in range(n - 1)]

    def send(self, channel, made, timeout_s=20):
        answer = self.queue(channel, made)
        assert answer["queued"], answer
        return self.results(1, timeout_s)[0]

    def close(self):
        """The end of the input: what is still waiting is answered, and it ends by itself."""
        self.process.stdin.close()
        rest = [json.loads(line) for line in self.process.stdout]
        status = self.process.wait(30)
        self.process.stdout.close()
        self.directory.cleanup()
        assert status == 0, status
        return rest

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def check(config):
    """What channel_read says of a configuration."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "notify.yaml")
        path.write_text(config, encoding="utf-8")
        done = subprocess.run([SEND_NOTICE, "check", str(path), TEMPLATES], capture_output=True, check=False, timeout=30)
    return done.returncode, done.stdout.decode()


class Request:
    def __init__(self, handler, body):
        self.method, self.path = handler.command, handler.path
        self.headers, self.body = handler.headers, body

    def json(self):
        return json.loads(self.body)


class Receiver:
    """An HTTP server that keeps what it is sent. reply: (status, headers, body), or a function of the request."""

    def __init__(self, reply=(200, {}, b"{}")):
        self.reply, self.requests, self.arrived = reply, [], threading.Semaphore(0)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = Request(self, self.rfile.read(int(self.headers["Content-Length"])))
                receiver.requests.append(request)
                receiver.arrived.release()
                answer = receiver.reply(request) if callable(receiver.reply) else receiver.reply
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Case(unittest.TestCase):
    maxDiff = None

    def driver(self, config, environment=None):
        made = Driver(config, environment)
        self.addCleanup(made.kill)
        return made

    def receiver(self, reply=(200, {}, b"{}")):
        made = Receiver(reply)
        self.addCleanup(made.close)
        return made

    def file(self, text):
        handle = tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8")  # pylint: disable=consider-using-with
        handle.write(text)
        handle.flush()
        self.addCleanup(handle.close)
        return handle.name
