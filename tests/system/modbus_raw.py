"""Modbus servers that send exactly the bytes a test tells them to: on TCP and, as RTU, on a pty.

A server has one handler(line, request), called on the server's own thread for each request. It answers with
line.send(bytes), now or later (line.later), or does not answer at all.
"""
import asyncio
import os
import shutil
import socket
import struct
import tempfile
import threading
import time
import tty

from harness import ADDRESS

COIL, DISCRETE, HOLDING, INPUT = 1, 2, 3, 4  # the function code that reads each table


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


class Request:
    __slots__ = ("tid", "unit", "function", "address", "count", "frame", "at", "rtu")

    def __init__(self, frame, rtu):
        self.at = time.time()
        self.frame, self.rtu = frame, rtu
        if rtu:
            self.tid = None
            self.unit, self.function, self.address, self.count = struct.unpack(">BBHH", frame[:6])
        else:
            self.tid = struct.unpack(">H", frame[:2])[0]
            self.unit, self.function, self.address, self.count = struct.unpack(">BBHH", frame[6:12])

    def wrap(self, pdu, tid=None, unit=None, protocol=0, length=None):
        """The whole frame of a reply with this PDU; the rest is for lies."""
        unit = self.unit if unit is None else unit
        if self.rtu:
            body = bytes([unit]) + pdu
            return body + crc16(body)
        return struct.pack(">HHHB", self.tid if tid is None else tid, protocol,
                           len(pdu) + 1 if length is None else length, unit) + pdu

    def pdu(self, words, function=None, bytecount=None):
        """The PDU that carries these registers, or bits for the functions 1 and 2."""
        if self.function <= 2:
            data = bytearray((len(words) + 7) // 8)
            for n, bit in enumerate(words):
                data[n // 8] |= (1 if bit else 0) << n % 8
        else:
            data = struct.pack(">%dH" % len(words), *words)
        return bytes([function or self.function, len(data) if bytecount is None else bytecount]) + bytes(data)

    def reply(self, words, **lies):
        return self.wrap(self.pdu(words), **lies)

    def exception(self, code):
        return self.wrap(bytes([self.function | 0x80, code]))


class Line:
    """One connection, or the serial line."""

    def __init__(self, server, write, close):
        self.server, self._write, self._close = server, write, close
        self.open = True
        self.requests = 0
        self.trace = None  # a list: (time, bytes) of all that is sent

    def send(self, data):
        if self.open:
            if self.trace is not None:
                self.trace.append((time.time(), data))
            self._write(data)

    def later(self, delay, what, *arguments):
        self.server.loop.call_later(delay, what, *arguments)

    def send_later(self, delay, data):
        self.later(delay, self.send, data)

    def drop(self):
        if self.open:
            self.open = False
            self._close()


class Loop:
    """One thread that runs all raw servers of a test."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class TcpServer:
    """Modbus TCP on a port of its own."""

    def __init__(self, loop, handler, address=ADDRESS, port=0, on_connect=None):
        self.handler, self.loop, self.lines = handler, loop.loop, set()
        self.connections, self.on_connect = 0, on_connect
        self._runner = loop
        self._server = None
        self.address, self.port = address, port
        self.start()

    def start(self):
        self._server = self._runner.do(asyncio.start_server(self._serve, self.address, self.port, reuse_address=True))
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self):
        """Connections refused from now on, the open ones dropped."""
        self._runner.do(self._stop())

    async def _stop(self):
        self._server.close()
        for line in list(self.lines):
            line.drop()

    async def _serve(self, reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What is still to be sent when the peer has gone is lost, without a word.
        line = Line(self, lambda data: None if writer.is_closing() else writer.write(data), writer.close)
        self.lines.add(line)
        self.connections += 1
        if self.on_connect:
            self.on_connect(line)
        try:
            while line.open:
                head = await reader.readexactly(6)
                frame = head + await reader.readexactly(struct.unpack(">H", head[4:6])[0])
                line.requests += 1
                self.handler(line, Request(frame, False))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            line.drop()
            self.lines.discard(line)


class RtuServer:
    """Modbus RTU on a pty; path is what the daemon opens: a link that goes with the pty, since a pty's own name is given
    to the next one, and whoever looks for the old line would open, and lock, one that another test made."""

    def __init__(self, loop, handler):
        self.handler, self.loop = handler, loop.loop
        self._runner = loop
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._directory = tempfile.mkdtemp(prefix="cryo-line-")
        self.path = os.path.join(self._directory, "tty")
        os.symlink(os.ttyname(self._slave), self.path)
        self._data = b""
        self.line = Line(self, self._write, self.unplug)
        self.loop.call_soon_threadsafe(self.loop.add_reader, self._master, self._readable)

    def _write(self, data):
        try:
            os.write(self._master, data)
        except OSError:
            pass  # nobody reads: the bytes are lost, as on a wire

    def _readable(self):
        try:
            self._data += os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError:
            self.loop.remove_reader(self._master)
            return
        while len(self._data) >= 8:
            frame = self._data[:8]
            if crc16(frame[:6]) != frame[6:]:
                self._data = self._data[1:]  # find the next request in the noise
                continue
            self._data = self._data[8:]
            self.line.requests += 1
            self.handler(self.line, Request(frame, True))

    def unplug(self):
        """The tty goes away, as a USB adapter does."""
        if self._master >= 0:
            self.loop.call_soon_threadsafe(self._unplug)

    def _unplug(self):
        if self._master >= 0:
            self.loop.remove_reader(self._master)
            shutil.rmtree(self._directory)
            os.close(self._slave)
            os.close(self._master)
            self._master = -1


class Bank:
    """Registers of one unit or several: {(unit, table, address): value}; answers requests truthfully."""

    def __init__(self, values=None):
        self.values = values or {}
        self.requests = 0

    def set(self, unit, table, address, *values):
        for n, value in enumerate(values):
            self.values[unit, table, address + n] = value

    def words(self, request):
        """The registers asked for, or None if one is missing."""
        keys = ((request.unit, request.function, request.address + n) for n in range(request.count))
        words = [self.values.get(key) for key in keys]
        return None if None in words else words

    def __call__(self, line, request):
        self.requests += 1
        words = self.words(request)
        line.send(request.exception(2) if words is None else request.reply(words))
