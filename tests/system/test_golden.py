"""Frames printed in manufacturers' manuals and in bug reports, played byte for byte to the real daemon."""
import struct

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import Loop, RtuServer, TcpServer

# What a gateway really answered (a reply that carries the next transaction id), and a line one step behind.
WRONG_TID = bytes.fromhex("00 02 00 00 00 13 01 03 10 00 05 00 01 01 04 32 32 31 30 32 34 39 31 33 31")
BEHIND = bytes.fromhex("00 14 00 00 00 13 01 03 10 00 01 00 02 00 03 00 04 00 05 00 06 00 07 00 08")
WORD = {"table": "holding", "type": "u16", "unit": "V"}


class Golden(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.asked = harness.Feed("requests")

    def run_rtu(self, unit, registers, answer, **profile):
        """Starts the daemon on a serial line; answer(request) gives the bytes to send, or None."""
        def handler(line, request):
            self.asked.add(request.frame)
            reply = answer(request)
            if reply:
                line.send(reply)
        server = RtuServer(self.loop, handler)
        self.addCleanup(server.unplug)
        setup = Setup(self.dir, self.broker)
        setup.rtu("line", server.path, baud=9600)
        return self.run_setup(setup, "line", unit, registers, **profile)

    def run_setup(self, setup, bus, unit, registers, **profile):
        setup.profile("p", registers, **dict({"interval": "200 ms", "timeout": "200 ms"}, **profile))
        setup.device("d", bus, unit, "p")
        setup.whole("a", "d", "p")
        setup.write()
        observer = Observer(self.broker)
        self.addCleanup(observer.stop)
        daemon = self.daemon().start()
        self.addCleanup(daemon.end)
        return observer

    def play(self, unit, registers, pairs, **profile):
        """Golden pairs: request -> reply. Any other request (a line has to prove itself first) reads zeros."""
        pairs = {bytes.fromhex(request): bytes.fromhex(reply) for request, reply in pairs.items()}
        return self.run_rtu(unit, registers, lambda request: pairs.get(request.frame) or request.reply(
            [0] * request.count), **profile)

    def good(self, observer, point, value):
        reading = observer.point("a", point, lambda p: p["quality"] == "good")
        self.assertAlmostEqual(reading["value"], value, places=9)

    def bad(self, observer, point, reason):
        reading = observer.point("a", point, lambda p: p["quality"] == "bad" and p.get("reason") not in
                                 ("never-read", "unproven"))
        self.assertEqual((reading["value"], reading["reason"]), (None, reason))

    def never_good(self, observer, seconds=2.0):
        """From the start until now, and for some more polls, nothing was published as good."""
        count = self.asked.mark()
        self.asked.wait(lambda _: True, "more requests", since=count)
        observer.feed.never(lambda m: m.topic.endswith("/readings") and m.json and any(
            p["quality"] == "good" for p in m.json["points"].values()), "a good value", seconds)

    def test_eurotherm_integers(self):
        observer = self.play(2, {"pv": dict(WORD, address=1), "sp": dict(WORD, address=2)},
                             {"02 03 00 01 00 02 95 F8": "02 03 04 00 12 00 16 E8 F8"})
        self.good(observer, "pv", 18)
        self.good(observer, "sp", 22)

    def test_eurotherm_tenths(self):
        tenths = {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "°C"}
        observer = self.play(2, {"pv": dict(tenths, address=1), "sp": dict(tenths, address=2)},
                             {"02 03 00 01 00 02 95 F8": "02 03 04 00 B2 00 D8 69 4E"})
        self.good(observer, "pv", 17.8)
        self.good(observer, "sp", 21.6)

    def test_r4dcb08(self):
        tenths = {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "°C"}
        observer = self.play(1, {"t1": dict(tenths, address=0), "t2": dict(tenths, address=1)},
                             {"01 03 00 00 00 01 84 0A": "01 03 02 00 DB F8 1F",
                              "01 03 00 01 00 01 D5 CA": "01 03 02 FF 90 F9 D8"}, max_registers=1, max_gap=0)
        self.good(observer, "t1", 21.9)
        self.good(observer, "t2", -11.2)

    def test_r4dcb08_unsolicited(self):
        """The module's own report comes instead of the reply: another byte count, so it is no answer."""
        observer = self.play(1, {"t1": dict(WORD, address=0)},
                             {"01 03 00 00 00 01 84 0A": "01 03 04 01 2F 03 33 8A E3"})
        self.bad(observer, "t1", "bad-reply")
        self.never_good(observer)

    def test_jumo_invalid(self):
        entry = {"table": "holding", "address": 0x7000, "type": "float32", "word_order": "CDAB", "unit": "°C"}
        observer = self.play(1, {"value": dict(entry, sentinels=[0x7DB48E52])},
                             {"01 03 70 00 00 02 DE CB": "01 03 04 8E 52 7D B4 51 ED"})
        self.bad(observer, "value", "sentinel")

    def test_watlow_exception(self):
        bit = {"table": "discrete", "type": "bit", "states": {0: "off", 1: "on"}}
        observer = self.play(1, {"a": dict(bit, address=1), "b": dict(bit, address=2)},
                             {"01 02 00 01 00 02 A8 0B": "01 82 01 81 60"})
        self.bad(observer, "a", "refused")
        self.bad(observer, "b", "refused")
        self.never_good(observer, 1)

    def test_bad_crc_as_printed(self):
        """Frames whose CRC is wrong in the manual itself are as little believed as a frame cut on the line."""
        frames = [bytes.fromhex(text) for text in (
            "01 06 00 2D 00 01 D8 C3", "02 10 00 A4 00 03 06 01 7B 00 96 00 FA 20 71",
            "02 03 04 00 12 00 16 E8 F9", "02 03 04 00 12 00 16 F8 E8", "02 03 04 00 13 00 16 E8 F8")]
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"pv": dict(WORD, address=1), "sp": dict(WORD, address=2)}, interval="200 ms",
                      timeout="200 ms")
        for n, frame in enumerate(frames):
            def handler(line, request, n=n, frame=frame):
                self.asked.add(n)
                line.send(frame)
            server = RtuServer(self.loop, handler)
            self.addCleanup(server.unplug)
            setup.rtu("line%d" % n, server.path, baud=9600)
            setup.device("d%d" % n, "line%d" % n, frame[0], "p")
            setup.whole("a%d" % n, "d%d" % n, "p")
        setup.write()
        observer = Observer(self.broker)
        self.addCleanup(observer.stop)
        self.daemon().start()
        for n in range(len(frames)):
            reading = observer.point("a%d" % n, "pv", lambda p: p.get("reason") not in ("never-read", "unproven"))
            self.assertEqual((reading["value"], reading["reason"]), (None, "bad-reply"))
        self.never_good(observer, 1.5)
        self.assertTrue(all(self.asked.since().count(n) > 1 for n in range(len(frames))))

    def run_tcp(self, answer):
        def handler(line, request):
            self.asked.add(request.frame)
            line.send(answer(request))
        server = TcpServer(self.loop, handler)
        setup = Setup(self.dir, self.broker)
        setup.tcp("bus", server.port)
        return self.run_setup(setup, "bus", 1, {"r%d" % n: dict(WORD, address=n) for n in range(8)})

    def refused_on_tcp(self, answer):
        observer = self.run_tcp(answer)
        for n in range(8):
            self.bad(observer, "r%d" % n, "bad-reply")
        self.never_good(observer)

    def test_wrong_transaction(self):
        """The next transaction's id, as that gateway sends on each fresh connection."""
        self.refused_on_tcp(lambda request: struct.pack(">H", request.tid + 1 & 0xFFFF) + WRONG_TID[2:])

    def test_one_step_behind(self):
        """The reply to the request before: the id is one too low, all else fits."""
        self.refused_on_tcp(lambda request: struct.pack(">H", request.tid - 1 & 0xFFFF) + BEHIND[2:])

    def test_same_frames_in_step(self):
        """The same bytes with the right id are taken: it was the id that was wrong above."""
        observer = self.run_tcp(lambda request: struct.pack(">H", request.tid) + BEHIND[2:])
        for n in range(8):
            self.good(observer, "r%d" % n, n + 1)


if __name__ == "__main__":
    harness.main()
