"""Modbus servers that this project did not write, each in a child process."""
import json
import os
import subprocess
import sys

from harness import ADDRESS, HERE, Feed, end, free_port, lines_of, until


class Peer:
    """A child that serves registers; values as {unit: {table: {address: value}}}."""

    def __init__(self, command, values, env=None):
        self.said = Feed("peer")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, **(env or {})))
        lines_of(self.process.stdout, self.said.add)
        self._tell(values)
        self.said.wait(lambda line: line == "ready", "the server to start")

    def _tell(self, values):
        self.process.stdin.write(json.dumps(values) + "\n")
        self.process.stdin.flush()

    def set(self, values):
        mark = self.said.mark()
        self._tell(values)
        self.said.wait(lambda line: line == "ok", "the server to take the values", since=mark)

    def stop(self):
        end(self.process)
        self.process.stdin.close()


class PymodbusTcp(Peer):
    def __init__(self, values):
        self.port = free_port()
        super().__init__([sys.executable, os.path.join(HERE, "peer_pymodbus.py"), "tcp", ADDRESS, str(self.port)], values)


class PymodbusRtu(Peer):
    """On one end of a pair of ptys; path is the other end."""

    def __init__(self, values, directory):
        self.path, inner = os.path.join(directory, "line"), os.path.join(directory, "line-inner")
        ends = ["pty,raw,echo=0,link=" + link for link in (self.path, inner)]
        self.socat = subprocess.Popen(["socat", *ends], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: os.path.exists(self.path) and os.path.exists(inner), "socat's ptys")
        super().__init__([sys.executable, os.path.join(HERE, "peer_pymodbus.py"), "rtu", inner], values)

    def stop(self):
        super().stop()
        end(self.socat)


def node_modules():
    """Where modbus-serial is installed: $CRYOMON_NODE_MODULES, else beside this file."""
    return os.environ.get("CRYOMON_NODE_MODULES", os.path.join(HERE, "node_modules"))


class ModbusSerial(Peer):
    def __init__(self, values):
        self.port = free_port()
        super().__init__(["node", os.path.join(HERE, "peer_serial.js"), ADDRESS, str(self.port)], values,
                         {"NODE_PATH": node_modules()})
