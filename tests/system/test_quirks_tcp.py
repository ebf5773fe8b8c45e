"""What devices and gateways on TCP are known to do, and what libmodbus makes of it: a test for each, by name."""
import os
import socket
import struct
import sys
import time

import auditor
import hall
import harness
from configuration import Setup
from hall import Device, registers
from modbus_raw import HOLDING, Bank, Loop, TcpServer
from test_dead_devices import BlackHole

POISON = 666  # never a register's value


def poisoned(**lies):
    """A reply with a lie in its frame, and a value that would show it."""
    return lambda line, request: line.send(request.reply([POISON] * request.count, **lies))



class ManyLimits(Device):
    """Refuses what its manual forbids."""

    def __init__(self, most=125, holes=()):
        super().__init__()
        self.most, self.holes = most, holes

    def answer(self, line, request):
        asked = range(request.address, request.address + request.count)
        if request.count > self.most:
            line.send(request.exception(3))
        elif any(hole in asked for hole in self.holes):
            line.send(request.exception(2))
        else:
            super().answer(line, request)


class Quirks(hall.HallTest):
    @classmethod
    def build(cls, h):
        one = {"0": 111}
        for name in ("late", "one-late", "drip", "trailing", "wrong-unit", "wrong-length", "wrong-protocol", "foreign-id",
                     "peer-gone", "numbers"):
            h.tcp(name, Device(**one))
        h.tcp("slow", Device(**one), profile={"timeout": "1 s", "interval": "1 s"})
        h.tcp("limits", ManyLimits(most=20).set(HOLDING, 0, *range(100, 130)),
              registers(*["r%d" % n for n in range(30)]), {"max_registers": 20})
        h.tcp("gaps", ManyLimits(holes=(2, 3, 7)).set(HOLDING, 0, *range(100, 108)), {
            "r%d" % n: {"table": "holding", "address": n, "type": "u16", "unit": "V"} for n in (0, 1, 5, 7)})
        h.tcp("tearing", Device().set(HOLDING, 0, *range(30)), {
            "r%d" % n: {"table": "holding", "address": n, "type": "u32" if n % 3 == 0 else "u16", "unit": "V"}
            for n in range(20) if n % 3 != 1}, {"max_registers": 4})
        h.tcp("base-1", Device().set(HOLDING, 0, 7), {"value": {"table": "holding", "address": 1, "type": "u16",
                                                                "unit": "V"}}, {"address_base": 1})
        h.tcp("big-number", Device().set(HOLDING, 40000, 7), {"value": {"table": "holding", "address": 40000,
                                                                         "type": "u16", "unit": "V"}})
        cls.build_gateways(h, one)
        cls.build_orders(h)
        cls.build_connections(h, one)

    @classmethod
    def build_gateways(cls, h, one):
        for name, ignore in ("no-id", True), ("no-id-strict", False), ("no-id-behind", True), ("no-id-closes", True):
            device = h.tcp(name, Device(**one), ignore_transaction_id=ignore, close_between_polls=name == "no-id-closes")
            device.answer = lambda line, request, d=device: line.send(
                request.wrap(d.true(request)[7:], tid=request.tid + 1))
        for name in "one-of-two", "dead-of-two":
            unit = 1 + (name == "dead-of-two")
            if unit == 1:
                cls.gateway = h.tcp(name, Device(**one))
            else:
                h.serve(name, cls.gateway, registers("value"), None, unit, "one-of-two")
        cls.gateway.answer = lambda line, request: line.send(
            cls.gateway.true(request) if request.unit == 1 else request.exception(11))
        cls.units = h.tcp("unit-0", Device(), unit=0)
        for unit in 126, 255:
            h.serve("unit-%d" % unit, cls.units, registers("value"), None, unit, "unit-0")
        # Silent for a unit that is not there.
        cls.units.answer = lambda line, request: request.unit in (0, 126, 255) and line.send(
            request.reply([1000 + request.unit]))

    @classmethod
    def build_orders(cls, h):
        a, b, c, d = struct.pack(">f", 123.5)
        for order, data in ("ABCD", (a, b, c, d)), ("CDAB", (c, d, a, b)), ("BADC", (b, a, d, c)), ("DCBA", (d, c, b, a)):
            h.tcp("order-" + order.lower(), Device().set(HOLDING, 0, data[0] << 8 | data[1], data[2] << 8 | data[3]), {
                "value": {"table": "holding", "address": 0, "type": "float32", "unit": "V"}}, {"word_order": order})

    @classmethod
    def build_connections(cls, h, one):
        # The host takes two connections; one bus says it for all.
        for n in range(4):
            limit = {"max_connections": 2} if n == 2 else {}
            h.tcp("few-%d" % n, Device(**one), address=hall.OTHER_ADDRESS, **limit)
        h.tcp("closes", Device(**one), close_between_polls=True)
        cls.idle = h.tcp("idle-drop", Device(**one))
        cls.idle.answer = lambda line, request: (line.send(cls.idle.true(request)), line.later(0.05, line.drop))
        cls.gone = h.tcp("idle-gone", Device(**one))
        cls.gone.answer = lambda line, request: line.drop() if line.requests > 1 else line.send(cls.gone.true(request))
        cls.hole = BlackHole()
        cls.addClassCleanup(cls.hole.close)
        h.setup.tcp("black-hole", cls.hole.port, connect_timeout="300 ms")
        h.serve("black-hole", Device(), registers("value"), None)

    # ---- what devices do

    def test_max_registers_differ(self):
        """A device that takes 20 registers in one request is never asked for more."""
        for n in (0, 19, 20, 29):
            self.good("limits", 100 + n, "r%d" % n)
        self.assertLessEqual(max(request.count for _, request in self.hall.devices["limits"].log), 20)

    def test_gaps_are_split(self):
        """A block with a register that is not there is refused; the others are read apart, and it alone is bad."""
        for n in (0, 1, 5):
            self.good("gaps", 100 + n, "r%d" % n)
        self.bad("gaps", "refused", "r7")

    def test_slow_replies(self):
        """A device that takes most of its timeout is well."""
        device = self.hall.devices["slow"]
        device.fault = lambda line, request: line.send_later(0.6, device.true(request))
        device.asked(2)
        mark = self.mark()
        self.good("slow", 111, since=mark)
        self.assertEqual(self.reasons("slow", since=mark), set())

    def test_late_reply_after_timeout(self):
        """A reply that comes after its timeout is nobody's: not this request's, and not the next one's."""
        self.misbehave("late", lambda line, request: line.send_later(0.35, request.reply([POISON])), "timeout", 111, 222, 3)

    def test_gateway_never_echoes_transaction_id(self):
        """With ignore_transaction_id such a gateway is read; without, the log says what to set."""
        self.good("no-id", 111)
        self.good("no-id-closes", 111)  # proven anew on each connection
        self.bad("no-id-strict", "bad-reply")
        self.only("no-id-strict")
        self.logged("no-id-strict", "ignore_transaction_id")

    def test_gateway_without_ids_one_step_behind(self):
        """Where no id ties a reply to its request, one that was late is not taken for the next one's, on a new
        connection either: the device proves itself first."""
        device = self.hall.devices["no-id-behind"]
        kept = []

        def behind(line, request):
            kept.append(request.wrap(device.true(request)[7:], tid=2))
            if len(kept) > 1:
                line.send(kept[-2])
        self.good("no-id-behind", 111)
        mark = self.mark()
        device.fault = behind
        device.asked(1)
        device.set(HOLDING, 0, 222)
        device.asked(3)
        self.only("no-id-behind", 111, since=mark)  # from before the fault: what came behind was never believed
        self.assertEqual(self.readings("no-id-behind", since=mark)[-1]["quality"], "bad")
        device.fault = None
        settled = self.mark()
        self.good("no-id-behind", 222, since=settled)
        self.only("no-id-behind", 222, since=settled)
        self.assertIn("unproven", self.reasons("no-id-behind", since=mark))

    def test_reply_to_somebody_elses_id(self):
        """A reply with another transaction id is another master's: not accepted, and the connection is made anew."""
        connections = self.hall.devices["foreign-id"].server.connections
        self.misbehave("foreign-id", lambda line, request: line.send(request.reply([POISON], tid=request.tid ^ 0x100)),
                       "bad-reply", 111, 222)
        self.assertGreater(self.hall.devices["foreign-id"].server.connections, connections)

    def test_unit_id_on_tcp(self):
        """Units 0, 126 and 255 are asked as configured; the device is silent for any other."""
        for unit in 0, 126, 255:
            self.good("unit-%d" % unit, 1000 + unit)

    def test_few_tcp_connections(self):
        """Four buses of a host that takes two connections: never more than two at once, and all four are read."""
        marks = [len(self.hall.devices["few-%d" % n].log) for n in range(4)]
        most = [0]

        def enough():
            # The kernel's list is no snapshot: what stands in two in a row was there between them.
            most.append(len(self.connections_to(hall.OTHER_ADDRESS) & self.connections_to(hall.OTHER_ADDRESS)))
            return all(len(self.hall.devices["few-%d" % n].log) >= marks[n] + 8 for n in range(4))
        harness.until(enough, "each bus to have had its turn")
        self.assertEqual(max(most), 2)
        mark = self.mark()
        for n in range(4):
            self.good("few-%d" % n, 111, since=mark)
            self.assertLessEqual(self.reasons("few-%d" % n), {"stale"})

    def connections_to(self, address):
        """The local ends of those that the daemon has or is making, as its kernel tells."""
        wanted = struct.unpack("<I", socket.inet_aton(address))[0]
        with open("/proc/%d/net/tcp" % self.hall.daemon.process.pid) as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return {row[1] for row in rows if int(row[2].split(":")[0], 16) == wanted and row[3] in ("01", "02")
                and int(row[1].split(":")[0], 16) != wanted}

    def test_close_between_polls(self):
        """A device whose other services wait while somebody is connected: it is left alone between two polls."""
        device = self.hall.devices["closes"]
        self.good("closes", 111)
        mark = self.mark()
        device.asked(4)
        harness.until(lambda: not device.server.lines, "the connection to be closed")
        self.assertGreaterEqual(device.server.connections, len(device.log) - 1)
        self.good("closes", 111, since=mark)
        self.assertEqual(self.reasons("closes", since=mark), set())

    def test_idle_drop(self):
        """A connection that the device closed between two polls is made again without a word."""
        for name, device in ("idle-drop", self.idle), ("idle-gone", self.gone):
            self.good(name, 111)
            mark = self.mark()
            device.asked(4)
            self.good(name, 111, since=mark)
            self.assertEqual(self.reasons(name, since=mark), set())
            self.assertGreater(device.server.connections, 3)
            self.assertFalse([line for line in self.hall.daemon.log.since() if "bus %s: no connection" % name in line])

    def test_timeout_behind_gateway_keeps_connection(self):
        """Exception 11 means that the unit is down, not the gateway: its neighbour is read over the same connection."""
        self.bad("dead-of-two", "timeout")
        self.good("one-of-two", 111)
        mark, connections = self.mark(), self.gateway.server.connections
        harness.until(lambda: sum(request.unit == 2 for _, request in list(self.gateway.log)) > 2, "both to be asked")
        self.good("one-of-two", 111, since=mark)
        self.assertEqual(self.gateway.server.connections, connections)

    def test_word_orders(self):
        """The same number in all four orders of its bytes."""
        for order in "abcd", "cdab", "badc", "dcba":
            self.good("order-" + order, 123.5)

    def test_no_tearing(self):
        """Both words of a 32-bit value come in one reply, whatever the limits of a request."""
        device = self.hall.devices["tearing"]
        device.asked(20)
        for _, request in device.log:
            for first in range(0, 20, 3):
                inside = [a for a in (first, first + 1) if request.address <= a < request.address + request.count]
                self.assertIn(len(inside), (0, 2), "%d registers from %d on" % (request.count, request.address))

    def test_addressing(self):
        """address_base 1 takes one off, and a big number is an address like any other: nothing is guessed."""
        self.good("base-1", 7)
        self.good("big-number", 7)
        self.assertEqual({r.address for _, r in self.hall.devices["base-1"].log}, {0})
        self.assertEqual({r.address for _, r in self.hall.devices["big-number"].log}, {40000})

    def test_watchdogs_are_not_fed(self):
        """A device that stops when nobody polls it any more must not come to count on us: no function but 1 to 4."""
        self.test_writes_never()

    def test_writes_never(self):
        """Nothing is ever written to a device: only the functions 1 to 4 are used."""
        for device in self.hall.devices.values():
            self.assertLessEqual({request.function for _, request in device.log}, {1, 2, 3, 4})

    # ---- what libmodbus makes of it

    def test_libmodbus_one_late_tcp_reply(self):
        """One late reply costs one poll, not all that follow."""
        device = self.hall.devices["one-late"]
        self.good("one-late", 111)
        mark, once = self.mark(), []

        def late_once(line, request):
            if once:
                device.answer(line, request)
            else:
                once.append(line.send_later(0.35, request.reply([POISON])))
        device.fault = late_once
        self.bad("one-late", "timeout", since=mark)
        behind = self.mark()
        device.asked(4)
        self.good("one-late", 111, since=behind)
        self.assertEqual([p for p in self.readings("one-late", since=mark) if p["quality"] == "bad"][1:], [])

    def test_libmodbus_wrong_unit_id(self):
        """libmodbus takes a TCP reply with another unit id for good; here it is a bad reply."""
        self.misbehave("wrong-unit", poisoned(unit=9), "bad-reply", 111, 222)

    def test_libmodbus_wrong_mbap_length(self):
        """The same for a length field that is not the frame's."""
        self.misbehave("wrong-length", poisoned(length=9), "bad-reply", 111, 222)

    def test_libmodbus_protocol_id(self):
        """The same for another protocol's id."""
        self.misbehave("wrong-protocol", poisoned(protocol=9), "bad-reply", 111, 222)

    def test_libmodbus_trailing_bytes(self):
        """Bytes behind the frame make it doubtful, and spoil nothing that follows."""
        self.misbehave("trailing", lambda line, request: line.send(request.reply([POISON]) + b"\0\0\0"), "bad-reply",
                       111, 222)

    def test_libmodbus_dripping_peer(self):
        """A peer that drips a byte every 0.4 s costs the timeout, not 19 s."""
        device = self.hall.devices["drip"]
        self.good("drip", 111)
        mark = self.mark()

        def drip(line, request):
            for n, byte in enumerate(device.true(request)):
                line.send_later(0.4 * n, bytes([byte]))
        connections = device.server.connections
        device.fault = drip
        device.asked(1)
        start = time.monotonic()
        harness.until(lambda: device.server.connections > connections, "the next connection")
        self.assertLess(time.monotonic() - start, 4 if not harness.SANITIZED else 10)
        self.bad("drip", "bad-reply", since=mark)
        device.fault = None
        self.good("drip", 111, since=self.mark())

    def test_libmodbus_peer_gone(self):
        """A peer that has gone is looked for at a quiet pace, and found again."""
        device = self.hall.devices["peer-gone"]
        self.good("peer-gone", 111)
        mark = self.mark()
        device.server.stop()
        self.bad("peer-gone", "link-down", since=mark)
        before = self.cpu_seconds()
        start = time.monotonic()
        self.hall.observer.feed.wait(lambda m: time.monotonic() - start > 1, "a second", since=self.mark())
        self.assertLess(self.cpu_seconds() - before, 0.8 if not harness.SANITIZED else 5)
        mark = self.mark()
        device.server.start()
        self.good("peer-gone", 111, since=mark)

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.hall.daemon.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_libmodbus_black_hole(self):
        """Connecting to a black hole takes the connect timeout, and no other bus waits for it."""
        self.bad("black-hole", "link-down")
        mark = self.mark()
        self.good("numbers", 111, since=mark)

    def test_libmodbus_transaction_id(self):
        """libmodbus' raw request has always transaction id 0; here each has its own."""
        device = self.hall.devices["numbers"]
        device.asked(4)
        ids = [request.tid for _, request in device.log]
        self.assertEqual(len(set(ids)), len(ids))


class Alone(harness.SystemTest):
    """What takes a daemon of its own."""

    def make(self, port, host=harness.ADDRESS, **bus):
        setup = Setup(self.dir)
        setup.profile("p", registers("value"), interval="200 ms", timeout="200 ms")
        setup.tcp("bus", port, host, **bus)
        setup.device("d", "bus", 1, "p")
        setup.asset("a", {"value": ("d", "value")})
        return setup

    def serve(self, handler, **more):
        loop = Loop()
        self.addCleanup(loop.stop)
        return TcpServer(loop, handler, **more)

    def test_libmodbus_descriptor_1024(self):
        """From descriptor 1024 on libmodbus would abort: the bus says so, and the daemon lives."""
        bank = Bank({(1, HOLDING, 0): 7})
        self.make(self.serve(bank).port).write()
        code = ("import os, resource, sys\n"
                "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
                "resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard) if hard > 0 else 4096, hard))\n"
                "null = os.open('/dev/null', os.O_RDONLY)\n"
                "while True:\n"
                "    fd = os.dup(null)\n"
                "    os.set_inheritable(fd, True)\n"
                "    if fd >= 1030: break\n"
                "os.execv(sys.argv[1], sys.argv[1:])\n")
        daemon = self.daemon(prefix=[sys.executable, "-c", code]).start()
        daemon.log.wait(lambda line: "bus bus: no connection: Too many open files" in line, "the reason")
        self.assertTrue(daemon.running())
        self.assertEqual(bank.requests, 0)

    def test_libmodbus_ipv4_only(self):
        """A device with an IPv6 address is read."""
        if not os.path.exists("/proc/net/if_inet6") or "00000000000000000000000000000001" not in open(
                "/proc/net/if_inet6").read():
            self.skipTest("no IPv6 on this machine")
        bank = Bank({(1, HOLDING, 0): 7})
        self.make(self.serve(bank, address="::1").port, "::1").write()
        self.daemon().start()
        harness.until(lambda: bank.requests > 2, "requests over IPv6")

    def test_few_connections_slow_neighbour(self):
        """A bus that waits longer than an interval for its turn says so: stale, never silence."""
        slow, quick = Device(**{"0": 1}), Device(**{"0": 2})
        slow.answer = lambda line, request: line.send_later(0.9, slow.true(request))
        setup = self.make(self.serve(slow).port, max_connections=1)
        setup.profile("slow", registers("value"), interval="1 s", timeout="1 s")
        setup.main["devices"]["d"]["profile"] = "slow"
        setup.tcp("other", self.serve(quick).port, max_connections=1)
        setup.device("e", "other", 1, "p")
        setup.asset("b", {"value": ("e", "value")})
        setup.write()
        daemon = self.daemon().start()
        harness.until(lambda: len(quick.log) > 4 and len(slow.log) > 4, "both to be read")
        daemon.log.wait(lambda line: "bus other: waits longer" in line, "the reason in the log")
        daemon.stop()

        rows = [row for row in auditor.history(self.path("state", "history.db")) if row.asset == "b"]
        self.assertEqual({row.reason for row in rows}, {"", "stale"})
        gaps = [b.slot - a.slot for a, b in zip(rows, rows[1:])]
        self.assertLessEqual(max(gaps), 400, "slots without a trace")


if __name__ == "__main__":
    harness.main()
