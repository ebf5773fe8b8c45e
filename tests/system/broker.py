"""A private mosquitto, and a subscriber that sees everything."""
import collections
import json
import os
import socket
import subprocess
import time

from harness import ADDRESS, Feed, end, free_port, lines_of, until

Message = collections.namedtuple("Message", "at topic retained text json")


class Broker:
    """mosquitto with its own configuration, port and persistence file."""

    def __init__(self, directory, extra=(), address=ADDRESS):
        self.address = address
        self.port = free_port(address)
        self.process = None
        os.makedirs(directory, exist_ok=True)
        self.config = os.path.join(directory, "mosquitto.conf")
        lines = ["listener %d %s" % (self.port, address), "persistence true", "persistence_location %s/" % directory,
                 "max_queued_messages 0", "log_dest file %s/mosquitto.log" % directory, "log_type all"]
        if os.geteuid() == 0:
            lines.append("user root")
        if not any("allow_anonymous" in line for line in extra):
            lines.append("allow_anonymous true")
        with open(self.config, "w") as f:
            f.write("\n".join(lines + list(extra)) + "\n")
        self.log = os.path.join(directory, "mosquitto.log")

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", self.config], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._listens, "mosquitto to listen")
        return self

    def _listens(self):
        if self.process.poll() is not None:
            with open(self.log) as f:
                raise AssertionError("mosquitto ended: " + f.read()[-2000:])
        try:
            socket.create_connection((self.address, self.port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        """A clean stop: sessions and retained messages are kept."""
        end(self.process)
        self.process = None

    def restart(self):
        self.stop()
        self.start()

    def uri(self, scheme="mqtt"):
        return "%s://%s:%d" % (scheme, self.address, self.port)

    def publish(self, topic, payload, *options):
        subprocess.run(["mosquitto_pub", "-V", "5", "-h", self.address, "-p", str(self.port), "-q", "1", "-t", topic,
                        "-m", payload, *options], check=True, timeout=30, capture_output=True)

    def publish_file(self, topic, path, *options):
        """For what is longer than a command line may be."""
        subprocess.run(["mosquitto_pub", "-V", "5", "-h", self.address, "-p", str(self.port), "-q", "1", "-t", topic,
                        "-f", path, *options], check=True, timeout=30, capture_output=True)

    def publish_lines(self, topic, path, *options):
        """Each line of the file is a message."""
        with open(path, "rb") as f:
            subprocess.run(["mosquitto_pub", "-V", "5", "-h", self.address, "-p", str(self.port), "-q", "1", "-t", topic,
                            "-l", *options], check=True, timeout=60, capture_output=True, stdin=f)


class Observer:
    """mosquitto_sub with a session that outlives the broker's restarts: it misses nothing of QoS 1."""

    def __init__(self, broker, *topics, options=(), name="observer"):
        self.feed = Feed("mqtt")
        self._marker = "%s/%d" % (name, time.monotonic_ns())
        broker.publish(self._marker, "here", "-r", *options)
        command = ["mosquitto_sub", "-V", "5", "-h", broker.address, "-p", str(broker.port), "-q", "1", "-c", "-x",
                   "3600", "-i", name, "-F", "%U\t%r\t%t\t%p"]
        for topic in (topics or ("cryomon/#", "homeassistant/#")) + (self._marker,):
            command += ["-t", topic]
        self.process = subprocess.Popen(command + list(options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, errors="replace")
        lines_of(self.process.stdout, self._line)
        # Retained messages follow the subscription's confirmation: this one says that it is in force.
        self.feed.wait(lambda m: m.topic == self._marker, "the subscription")

    def _line(self, line):
        at, retained, topic, text = (line.split("\t", 3) + ["", "", ""])[:4]
        try:
            parsed = json.loads(text) if text else None
        except ValueError:
            parsed = None
        try:
            at = float(at)
        except ValueError:
            at = time.time()
        self.feed.add(Message(at, topic, retained == "1", text, parsed))

    def stop(self):
        end(self.process)

    def wait(self, topic, wanted=None, limit=None, since=0):
        """The first message on a topic (suffix) for which wanted(json) is true; an empty payload is None."""
        return self.feed.wait(lambda m: m.topic.endswith(topic) and (wanted is None or wanted(m.json)),
                              "a message on " + topic, limit, since)

    def point(self, asset, point, wanted, limit=None, since=0):
        """The first reading of a point for which wanted(reading) is true."""
        def fits(message):
            if message is None or point not in message.get("points", {}):
                return False
            return wanted(message["points"][point])
        return self.wait("/%s/readings" % asset, fits, limit, since).json["points"][point]

    def event(self, limit=None, since=0, **fields):
        """The first event with these fields."""
        def fits(event):
            return event is not None and all(event.get(k) == v for k, v in fields.items())
        return self.feed.wait(lambda m: m.topic.endswith("/events") and fits(m.json), "event %s" % fields, limit,
                              since).json

    def alarm(self, asset, alarm, state, limit=None, since=0):
        """Waits for the retained state of an alarm; state None: cleared."""
        def fits(body):
            return body is None if state is None else body is not None and body.get("state") == state
        return self.wait("/%s/alarms/%s" % (asset, alarm), fits, limit, since)


def retained(broker, topic="cryomon/#", options=(), limit=2):
    """What a newcomer is told: {topic: json}."""
    done = subprocess.run(["mosquitto_sub", "-V", "5", "-h", broker.address, "-p", str(broker.port), "-t", topic,
                           "--retained-only", "-W", str(limit), "-F", "%t\t%p", *options], capture_output=True, text=True,
                          timeout=30)
    pairs = (line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
    return {topic: json.loads(text) for topic, text in pairs}
