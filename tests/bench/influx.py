"""A private InfluxDB 1.x: started, filled with line protocol, compacted, weighed, stopped."""
import http.client
import os
import socket
import subprocess
import time

BATCH = 1 << 20


class Influx:
    def __init__(self, directory):
        self.dir = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            rpc = probe.getsockname()[1]
        config = os.path.join(directory, "influxdb.conf")
        with open(config, "w") as f:
            f.write("""reporting-disabled = true
bind-address = "127.0.0.1:%d"
[meta]
dir = "%s/meta"
[data]
dir = "%s/data"
wal-dir = "%s/wal"
cache-snapshot-write-cold-duration = "2s"
compact-full-write-cold-duration = "3s"
[http]
bind-address = "127.0.0.1:%d"
log-enabled = false
[monitor]
store-enabled = false
""" % (rpc, directory, directory, directory, self.port))
        self.log = open(os.path.join(directory, "log"), "w")
        self.process = subprocess.Popen(["influxd", "-config", config], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.request("GET", "/ping")
                break
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.1)
        self.request("POST", "/query?q=CREATE+DATABASE+bench")

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, body)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        if reply.status >= 300:
            raise RuntimeError("%s: %d %s" % (path, reply.status, text[:200]))
        return text

    def write(self, lines):
        """lines: a binary file of line protocol with times in ms."""
        left = b""
        while True:
            block = lines.read(BATCH)
            if not block:
                break
            cut = block.rfind(b"\n") + 1
            self.request("POST", "/write?db=bench&precision=ms", left + block[:cut])
            left = block[cut:]

    def size(self):
        """Of what is stored, in bytes. Not of its series files: they are laid out large beforehand."""
        return sum(os.path.getsize(os.path.join(base, name))
                   for part in ("data", "wal") for base, _, names in os.walk(os.path.join(self.dir, part))
                   if "_series" not in base for name in names)

    def settled(self, seconds=240, still=20):
        """The size when it has not changed for a while: compaction is over."""
        last, since, deadline = self.size(), time.monotonic(), time.monotonic() + seconds
        while time.monotonic() - since < still and time.monotonic() < deadline:
            time.sleep(1)
            size = self.size()
            if size != last:
                last, since = size, time.monotonic()
        return last

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
