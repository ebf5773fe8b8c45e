"""Starts cryosim in a directory of its own, talks to its control socket, and speaks raw Modbus to its devices."""
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time
import tty
import unittest

CRYOSIM = os.environ["CRYOSIM"]
QUIET = 0.25  # no byte for so long: nothing more comes


class Simulator:
    def __init__(self, scenario, *options, manual=True):
        self.directory = tempfile.mkdtemp(prefix="cryosim-test-")
        self.scenario = self.path("scenario.yaml")
        with open(self.scenario, "w", encoding="utf-8") as file:
            file.write(scenario)
        self.truth = self.path("truth.log")
        command = [CRYOSIM, "--control", self.path("control"), "--truth", self.truth, "--directory", self.directory]
        command += ["--manual-clock"] if manual else []
        self.errors = open(self.path("errors"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(command + list(options) + [self.scenario], stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(10)
            self.errors.seek(0)
            raise RuntimeError("cryosim did not start: " + self.errors.read())
        self.ready = json.loads(line)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(10)
        self.control.connect(self.path("control"))
        self.stream = self.control.makefile("rw", encoding="utf-8")

    def path(self, name):
        return os.path.join(self.directory, name)

    def ask(self, line):
        self.stream.write(line + "\n")
        self.stream.flush()
        return self.stream.readline().rstrip("\n")

    def ctl(self, line):
        answer = self.ask(line)
        if answer != "ok" and not answer.startswith("ok "):
            raise RuntimeError(f"{line}: {answer}")
        return answer[3:]

    def list(self):
        return json.loads(self.ctl("list"))

    def device(self, name):
        return next(d for d in self.list()["devices"] if d["id"] == name)

    def port(self, listener):
        return self.ready["listeners"][listener]["tcp"]["port"]

    def tty(self, listener):
        return self.ready["listeners"][listener]["rtu"]["link"]

    def truths(self):
        """The truth log; what was read just now may take a moment to be there."""
        with open(self.truth, encoding="utf-8") as file:
            return [json.loads(line) for line in file.read().splitlines(True) if line.endswith("\n")]

    def stop(self, number=signal.SIGTERM):
        """Ends it and returns its exit status."""
        try:
            self.stream.close()
        except OSError:
            pass  # it has hung up before
        self.control.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(10)
        self.process.stdout.close()
        self.errors.seek(0)
        self.said = self.errors.read()
        self.errors.close()
        return status

    def clean(self):
        if not self.errors.closed:
            self.stop()
        shutil.rmtree(self.directory)


def until(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


class Tcp:
    """A master on one connection that shows each byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.transaction = 0x1000

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def frame(self, pdu, unit):
        return struct.pack(">HHHB", self.transaction, 0, len(pdu) + 1, unit) + pdu

    def write(self, data):
        self.socket.sendall(data)

    def read_some(self):
        return self.socket.recv(1000)

    def send(self, unit, function, address, count):
        self.transaction += 1
        request = self.frame(struct.pack(">BHH", function, address, count), unit)
        self.write(request)
        return request


class Rtu:
    """The same on a serial line."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)
        termios.tcflush(self.fd, termios.TCIOFLUSH)

    def close(self):
        os.close(self.fd)

    def fileno(self):
        return self.fd

    def frame(self, pdu, unit):
        body = bytes([unit]) + pdu
        return body + crc(body)

    def write(self, data):
        os.write(self.fd, data)

    def read_some(self):
        return os.read(self.fd, 1000)

    def send(self, unit, function, address, count):
        request = self.frame(struct.pack(">BHH", function, address, count), unit)
        self.write(request)
        return request


def receive(master, wanted=None, first=5, quiet=QUIET):
    """What comes until `wanted` bytes are there, the other side hangs up, or it is quiet."""
    data, wait = b"", first
    while wanted is None or len(data) < wanted:
        if not select.select([master], [], [], wait)[0]:
            break
        try:
            some = master.read_some()
        except OSError:
            break
        if not some:
            break
        data += some
        wait = quiet
    return data


class Case(unittest.TestCase):
    """Tests of one scenario; each starts with no faults."""
    scenario = ""
    options = ()
    manual = True

    @classmethod
    def setUpClass(cls):
        cls.sim = Simulator(cls.scenario, *cls.options, manual=cls.manual)

    @classmethod
    def tearDownClass(cls):
        cls.sim.clean()
