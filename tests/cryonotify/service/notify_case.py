"""What the tests of the whole cryonotify share: the service, an HTTP receiver, a mail server, and a daemon's part on MQTT
that is played by the test itself."""
import email
import email.policy
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "system"))

from aiosmtpd.controller import Controller  # noqa: E402

import harness  # noqa: E402
from broker import Broker, Observer  # noqa: E402
from harness import ADDRESS, Feed, PATIENCE, SystemTest, binary, free_port, lines_of, until  # noqa: E402

TEMPLATES = os.environ["CRYOMON_TEMPLATES"]


def now_ms():
    return int(time.time() * 1000)


def rfc3339(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + ".%03dZ" % (ms % 1000)


class Receiver:
    """Takes webhooks. Each one is a dictionary: the notice as JSON, and the path it came to."""

    def __init__(self):
        self.feed = Feed("webhooks")
        self.broken = set()  # paths that answer 500
        self.answers = {}  # of other paths: (status, text)
        self.held = threading.Event()  # while it is not set, nobody is answered
        self.held.set()
        self.port = free_port()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ok = self.path not in receiver.broken
                receiver.feed.add(dict(json.loads(body), path=self.path, ok=ok))
                receiver.held.wait()
                status, text = receiver.answers.get(self.path, (200 if ok else 500, "{}"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer((ADDRESS, self.port), Handler)
        self.server.handle_error = lambda *args: None  # who was killed does not wait for an answer
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return "http://%s:%d%s" % (ADDRESS, self.port, path)

    def close(self):
        self.held.set()
        self.server.shutdown()
        self.server.server_close()

    def wait(self, since=0, limit=None, **fields):
        return self.feed.wait(lambda m: m["ok"] and all(m.get(k) == v for k, v in fields.items()),
                              "a message %s" % fields, limit, since)

    def never(self, seconds, since=0, **fields):
        self.feed.never(lambda m: all(m.get(k) == v for k, v in fields.items()), "a message %s" % fields, seconds, since)


class MailServer:
    """A real SMTP server; each mail is a parsed message."""

    def __init__(self):
        self.feed = Feed("mail")
        self.port = free_port()
        self.controller = None
        self.start()

    def start(self):
        self.controller = Controller(self, hostname=ADDRESS, port=self.port, server_hostname="mail.test")
        self.controller.start()

    def stop(self):
        if self.controller:
            self.controller.stop()
        self.controller = None

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.feed.add({"to": envelope.rcpt_tos, "subject": str(message["Subject"]),
                       "text": message.get_body(("plain",)).get_content()})
        return "250 taken"


class Service:
    """cryonotify under test."""

    def __init__(self, config, scratch, options=(), prefix=()):
        self.config, self.scratch, self.options, self.prefix = config, scratch, list(options), list(prefix)
        self.log = Feed("cryonotify")
        self.process = self.notify = None
        self.starts = 0

    def start(self, ready=True):
        self.starts += 1
        if self.notify:
            self.notify.close()
        self.notify = harness.Notify(os.path.join(self.scratch, "n%d" % self.starts))
        env = dict(os.environ, NOTIFY_SOCKET=self.notify.path)
        env.pop("JOURNAL_STREAM", None)
        self.process = subprocess.Popen(
            self.prefix + [binary("cryonotify"), "--config", self.config, "--templates", TEMPLATES] + self.options, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        lines_of(self.process.stderr, self.log.add)
        if ready:
            until(lambda: any(f.get("READY") == "1" for f in self.notify.feed.since()) or not self.running(), "READY")
            if not self.running():
                raise AssertionError("cryonotify ended: " + self.tail())
        return self

    def synced(self, since=0):
        """It is connected, subscribed, and has read what is retained."""
        self.log.wait(lambda line: "have been read" in line, "the states", since=since)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(PATIENCE) != 0:
            raise AssertionError("cryonotify ended with %d:\n%s" % (self.process.returncode, self.tail()))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def tail(self):
        return "\n".join(self.log.since()[-80:])

    def end(self):
        if self.running():
            self.process.kill()
            self.process.wait()
        if self.notify:
            self.notify.close()


class NotifyTest(SystemTest):
    """A broker, an HTTP receiver, a mail server and cryonotify; the daemon is played by the test unless it starts one."""

    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.mail = MailServer()
        self.addCleanup(self.mail.stop)
        self.services = []
        self.seq = 0
        self.beat = None
        os.makedirs(self.path("notify"))

    def tearDown(self):
        if self.beat:
            self.beat.set()
        for service in self.services:
            if self._failed():
                print("--- cryonotify's last lines:\n" + service.tail(), file=sys.stderr)
            elif service.running():
                service.stop()
            for word in ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "runtime error:"):
                self.assertNotIn(word, service.tail())
        super().tearDown()

    def settings(self, **changes):
        """Everything is told within a second or two; each person has a webhook and, behind it, mail."""
        made = {
            "site": {"id": "test", "name": {"en": "Test bank", "zh": "测试库"}},
            "mqtt": {"broker": self.broker.uri()},
            "state": self.path("notify"), "socket": self.path("notify", "socket"),
            "collect": "300 ms", "retry": "500 ms", "probe": "500 ms", "silent_after": "60 s", "broker_after": "2 s",
            "channels": {
                "hook": {"kind": "webhook", "template": "json", "url": self.receiver.url("/hook")},
                "mail": {"kind": "mail", "host": ADDRESS, "port": self.mail.port, "security": "none",
                         "from": "cryomon@example.org"}},
            "people": {
                "li.na": {"name": "Li Na", "language": "zh", "channels": {"hook": "", "mail": "li.na@example.org"}},
                "wang": {"name": "Wang", "language": "en", "channels": {"hook": "", "mail": "wang@example.org"}},
                "chen": {"name": "Chen", "language": "en", "channels": {"hook": ""}}},
            "rota": [{"people": ["li.na"]}, {"people": ["wang"]}, {"people": ["chen"]}],
            "priorities": {"critical": {"levels": ["3 s", "3 s"], "repeat": "2 s", "unresolved": "2 s"},
                           "high": {"levels": ["1 h", "1 h"], "repeat": "1 h", "unresolved": "1 h"}},
        }
        made.update(changes)
        return made

    def configure(self, **changes):
        path = self.path("notify.yaml")
        with open(path, "w") as f:
            json.dump(self.settings(**changes), f, ensure_ascii=False, indent=1)  # JSON is YAML
        return path

    def service(self, options=(), start=True, prefix=(), **changes):
        service = Service(self.configure(**changes), tempfile.mkdtemp(dir=self.dir), options, prefix)
        self.services.append(service)
        self.addCleanup(service.end)
        if start:
            service.start()
            if self.broker.process:
                service.synced()
        return service

    def command(self, *arguments, check=True, **env):
        done = subprocess.run([binary("cryonotify"), "--config", self.path("notify.yaml"), "--templates", TEMPLATES,
                               *arguments], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **env})
        if check and done.returncode != 0:
            raise AssertionError("cryonotify %s: %d: %s%s" % (arguments, done.returncode, done.stdout, done.stderr))
        return done

    def calls(self):
        return json.loads(self.command("calls", "--json").stdout)

    def watch_mqtt(self):
        observer = Observer(self.broker, "cryomon/#")
        self.addCleanup(observer.stop)
        return observer

    # --- the daemon's part

    def be_daemon(self):
        """Status and a heartbeat each second, until the test ends or self.beat is set."""
        self.beat = threading.Event()
        self.says = {}  # in the heartbeat, too
        self.broker.publish("cryomon/test/status", '{"state":"online","run":"r1"}', "-r")

        def run(stop):
            while not stop.is_set():
                try:
                    self.broker.publish("cryomon/test/heartbeat", json.dumps(dict({"run": "r1", "sequence": 1}, **self.says)))
                except Exception:  # the broker is being restarted
                    pass
                stop.wait(1)
        threading.Thread(target=run, args=(self.beat,), daemon=True).start()

    def body(self, alarm, transition, state, **more):
        self.seq += 1
        at = now_ms()
        made = {"seq": self.seq, "time": rfc3339(at), "site": "test", "run": "r1", "kind": "alarm", "transition": transition,
                "asset": "tank-1", "asset_name": {"en": "Tank 1", "zh": "1号罐"}, "alarm": alarm, "priority": "critical",
                "state": state, "point": "temperature", "value": -149.2, "unit": "°C", "quality": "good", "limit": -150.0,
                "raised": rfc3339(at),
                "text": {"en": "Tank 1: Vapour too warm", "zh": "1号罐：气相温度过高"},
                "response": {"en": "Check the lid", "zh": "检查盖子"}}
        made.update(more)
        made.setdefault("active", state in ("unacknowledged", "acknowledged"))
        made.setdefault("id", "%s/%s@%d" % (made["asset"], alarm, at))
        return made

    def publish(self, body, state=True, event=True):
        text = json.dumps(body, ensure_ascii=False)
        topic = "cryomon/test/%s/alarms/%s" % (body["asset"], body["alarm"])
        if state:
            self.broker.publish(topic, "" if body["state"] == "normal" else text, "-r")
        if event:
            self.broker.publish("cryomon/test/events", text)
        return body

    def publish_together(self, bodies):
        """Their events, on one connection: as close as the daemon sends them, however busy the machine is."""
        path = self.path("events.%d" % self.seq)
        with open(path, "w") as f:
            f.writelines(json.dumps(body, ensure_ascii=False) + "\n" for body in bodies)
        self.broker.publish_lines("cryomon/test/events", path)

    def follow(self, body, transition, state, **more):
        """The same occurrence, a step later."""
        self.seq += 1
        return self.publish(dict(body, seq=self.seq, time=rfc3339(now_ms()), transition=transition, state=state, **more))
