"""The publisher under test: its driver as a child, against a mosquitto of the test's own."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from broker import Broker, Observer  # noqa: E402
from harness import ADDRESS, Feed, end, lines_of, until  # noqa: E402

DRIVER = os.environ["CRYOMON_PUBLISHER_DRIVER"]
EVENTS = "cryomon/demo/events"


class Driver:
    """publisher_driver: lines in, lines out."""

    def __init__(self, directory, uri, environment=None, **options):
        self.feed = Feed("driver")
        self.log = Feed("log")
        os.makedirs(directory, exist_ok=True)
        words = ["%s=%s" % pair for pair in dict(options, uri=uri).items()]
        self.process = subprocess.Popen([DRIVER, directory] + words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=dict(os.environ, **(environment or {})))
        lines_of(self.process.stdout, self.feed.add)
        lines_of(self.process.stderr, self.log.add)

    def say(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def fault(self, failed, words="", since=0, limit=None):
        """The first report that the broker has failed (with these words), or is well."""
        start = "fault %d" % failed
        return self.feed.wait(lambda line: line.startswith(start) and words in line, start + " " + words, limit, since)

    def sent(self, seq, limit=None):
        return self.feed.wait(lambda line: line == "sent %d" % seq, "sent %d" % seq, limit)

    def stop(self, timeout_ms=5000):
        """Stops it; (result, milliseconds) of publisher_stop."""
        self.say("stop %d" % timeout_ms)
        line = self.feed.wait(lambda text: text.startswith("stopped"), "the end")
        code = self.process.wait(30)
        result, took = line.split()[1:]
        if int(result) == 0 and code != 0:
            raise AssertionError("the driver ended with %d: %s" % (code, self.log.items[-20:]))
        return int(result), int(took)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass


class PublisherCase(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="publisher-")
        self.addCleanup(shutil.rmtree, self.directory, True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def broker(self, *extra, name="broker"):
        broker = Broker(self.path(name), extra)
        self.addCleanup(lambda: broker.process and broker.stop())
        return broker.start()

    def fake(self, **options):
        fake = FakeBroker(**options)
        self.addCleanup(fake.close)
        return fake

    def observer(self, broker, *topics, **options):
        observer = Observer(broker, *topics, **options)
        self.addCleanup(observer.stop)
        return observer

    def driver(self, broker, name="data", uri=None, **options):
        driver = Driver(self.path(name), uri if uri is not None else broker.uri(), **options)
        self.addCleanup(self.assert_clean, driver)
        self.addCleanup(driver.kill)
        return driver

    def assert_clean(self, driver):
        said = driver.log.since()
        self.assertFalse(any("Sanitizer" in line or "runtime error" in line for line in said), "\n".join(said))


def seqs(observer):
    """The sequence numbers of all events seen, in the order they came."""
    return [m.json["seq"] for m in observer.feed.since() if m.topic == EVENTS]


def firsts(numbers):
    """Each number where it came first."""
    return list(dict.fromkeys(numbers))


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def retained(broker, topic, limit=1):
    """What a newcomer is told: {topic: json}. Messages that are not retained don't count."""
    done = subprocess.run(["mosquitto_sub", "-V", "5", "-h", broker.address, "-p", str(broker.port), "-t", topic, "-W",
                           str(limit), "-F", "%r\t%t\t%p"], capture_output=True, text=True, timeout=30)
    lines = [line.split("\t", 2) for line in done.stdout.splitlines()]
    return {line[1]: parse(line[2]) for line in lines if line[0] == "1" and line[2]}


class FakeBroker:
    """Speaks just enough MQTT 5 to misbehave. Publications are in .feed as (topic, text, packet id)."""

    def __init__(self, connack=0, receive_maximum=None, answer=lambda topic, text: 0):
        self.feed = Feed("fake broker")
        self.connack, self.receive_maximum, self.answer = connack, receive_maximum, answer
        self.unanswered = self.most_unanswered = 0
        self.connection = None
        self.listener = socket.socket()
        self.listener.bind((ADDRESS, 0))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def uri(self):
        return "mqtt://%s:%d" % self.listener.getsockname()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()

    def drop(self, reset=False):
        connection, self.connection = self.connection, None
        if connection is None:
            return
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            connection.shutdown(socket.SHUT_RD)
        except OSError:
            pass
        connection.close()

    def send(self, *packet):
        self.connection.sendall(bytes(packet))

    def _accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.drop()
            self.connection, self.unanswered = connection, 0
            try:
                while self._packet(connection.makefile("rb", buffering=0)):
                    pass
            except (OSError, ValueError, AttributeError, IndexError):
                pass

    @staticmethod
    def _read(stream, count):
        data = b""
        while len(data) < count:
            more = stream.read(count - len(data))
            if not more:
                raise ValueError("closed")
            data += more
        return data

    def _packet(self, stream):
        head = self._read(stream, 1)[0]
        length = shift = 0
        while True:
            byte = self._read(stream, 1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        body = self._read(stream, length)
        kind = head >> 4
        if kind == 1:
            extra = [33, self.receive_maximum >> 8, self.receive_maximum & 0xFF] if self.receive_maximum else []
            self.send(0x20, 3 + len(extra), 0, self.connack, len(extra), *extra)
        elif kind == 3:
            size = body[0] << 8 | body[1]
            topic, packet_id = body[2:2 + size].decode(), body[2 + size:4 + size]
            text = body[5 + size + body[4 + size]:].decode()
            self.unanswered += 1
            self.most_unanswered = max(self.most_unanswered, self.unanswered)
            code = self.answer(topic, text)
            self.feed.add((topic, text, packet_id))
            if code is not None:
                self.ack(packet_id, code)
        elif kind in (8, 10):  # granted
            self.send(0x90 if kind == 8 else 0xB0, 4, body[0], body[1], 0, 0)
        elif kind == 12:
            self.send(0xD0, 0)
        return kind != 14

    def ack(self, packet_id, code=0):
        self.unanswered -= 1
        self.send(0x40, 3, packet_id[0], packet_id[1], code)


__all__ = ["ADDRESS", "Broker", "Driver", "EVENTS", "FakeBroker", "Observer", "PublisherCase", "firsts", "retained",
           "seqs", "until"]
