"""What devices on serial lines are known to do, and what libmodbus makes of it: a test for each, by name."""
import array
import fcntl
import os
import struct
import time

import hall
import harness
from hall import Device, registers
from modbus_raw import COIL, HOLDING, INPUT, RtuServer, crc16

POISON = 666  # never a register's value
TIOCGEXCL = 0x80045440


def frame(body):
    return body + crc16(body)


class Reporter(Device):
    """Reports by itself every period seconds, as a reply of so many registers that nobody asked for."""

    def __init__(self, count, **values):
        super().__init__(**values)
        self.count, self.period, self.running = count, 0.35, True

    def begin(self):
        self.server.loop.call_soon_threadsafe(self.report)

    def report(self):
        self.server.line.send(frame(struct.pack(">BBB%dH" % self.count, 1, HOLDING, 2 * self.count,
                                                *[POISON] * self.count)))
        if self.running:
            self.server.line.later(self.period, self.report)


class Deaf(Device):
    """Hears nothing for a while after each of its replies."""
    deaf_for = 0.035

    def __init__(self, **values):
        super().__init__(**values)
        self.replied, self.gaps = 0.0, []

    def answer(self, line, request):
        now = time.monotonic()
        gap = now - self.replied
        if self.replied:
            self.gaps.append(gap)
        if gap < self.deaf_for:
            return
        reply = self.true(request)
        self.replied = time.monotonic()  # before the reply leaves: being held up afterwards must not shorten the pause
        line.send(reply)


class Quirks(hall.HallTest):
    @classmethod
    def build(cls, h):
        one = {"0": 111}
        for name in "late", "one-late", "noise", "noise-between", "bad-crc", "drip", "ascii", "trailing":
            h.rtu(name, Device(**one))
        h.rtu("silent", Device(**one)).fault = lambda line, request: None
        spread = {"a": 0, "b": 50, "c": 100}
        table = {name: {"table": "holding", "address": at, "type": "u16", "unit": "V"} for name, at in spread.items()}
        values = {str(at): at + 1 for at in spread.values()}
        h.rtu("pause", Deaf(**values), table, {"pause": "40 ms", "interval": "500 ms"})
        h.rtu("no-pause", Device(**values), table)
        h.rtu("slow-line", Device(**values), table, {"interval": "1 s", "timeout": "500 ms"}, baud=1200)
        h.rtu("one-function", Device(**one), dict(registers("value"), other={
            "table": "input", "address": 0, "type": "u16", "unit": "V"}))
        only_holding = h.devices["one-function"]
        only_holding.fault = lambda line, request: request.function == HOLDING and only_holding.answer(line, request)
        cls.build_echo(h, one)
        cls.build_reports(h)
        cls.link = os.path.join(h.dir, "usb-FTDI-if00-port0")
        cls.first = Device(**one)
        h.rtu("unplugged", cls.first, path=cls.link)
        os.symlink(cls.first.server.path, cls.link)

    @classmethod
    def build_echo(cls, h, one):
        """The adapter hears what it sends; the configuration says so, or not, or wrongly."""
        def echoing(device):
            return lambda line, request: line.send(request.frame + device.true(request))
        for name, option in ("echo", True), ("echo-unknown", False):
            device = h.rtu(name, Device(**one), echo=option)
            device.fault = echoing(device)
        h.rtu("echo-wrong", Device(**one), echo=True)
        # 20 coils at 0x0300: the request is a correct frame of a reply with three bytes.
        coils = {"c%d" % n: {"table": "coil", "address": 0x300 + n, "type": "bit", "states": {0: "off", 1: "on"}}
                 for n in range(20)}
        likely = h.rtu("echo-like-reply", Device().set(COIL, 0x300, *[1] * 64), coils)
        likely.fault = lambda line, request: line.send(request.frame if request.count == 20 else likely.true(request))

    @classmethod
    def build_reports(cls, h):
        cls.reporters = [
            h.rtu("reports-other", Reporter(5, **{"0": 111, "1": 112})),
            h.rtu("reports-same", Reporter(1, **{"0": 111, "1": 112})),
            h.rtu("reports-only", Reporter(1, **{"0": 111}))]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for reporter in cls.reporters:
            reporter.begin()
            cls.addClassCleanup(setattr, reporter, "running", False)

    # ---- what devices do

    def test_inter_frame_delay(self):
        """A device that is deaf for 35 ms after its reply is given the pause that its profile asks for."""
        device = self.hall.devices["pause"]
        mark, gaps = self.mark(), len(device.gaps)
        for name, value in ("a", 1), ("b", 51), ("c", 101):
            self.good("pause", value, name, since=mark)
        harness.until(lambda: len(device.gaps) >= gaps + 9, "more requests")
        self.assertGreaterEqual(min(device.gaps), 0.039)

    def test_late_reply_after_timeout(self):
        """On a serial line no id tells a late reply from the true one: nothing is believed until that is proven."""
        device = self.hall.devices["late"]
        device.set(HOLDING, 1, 1, 2)
        self.misbehave("late", lambda line, request: line.send_later(0.33, request.reply([POISON] * request.count)), "timeout",
                       111, 222, 3)
        self.assertIn("unproven", self.reasons("late"))

    def test_no_reply_for_unsupported_function(self):
        """A function that the device does not know is not answered at all: a timeout, and no value is made up."""
        self.bad("one-function", "timeout", "other")
        self.only("one-function", point="other")
        self.only("one-function", 111)

    def test_no_reply_for_bad_crc(self):
        """A frame that was damaged on the line is a bad reply."""
        def damaged(line, request):
            good = request.reply([POISON] * request.count)
            line.send(good[:-1] + bytes([good[-1] ^ 0x40]))
        self.misbehave("bad-crc", damaged, "bad-reply", 111, 222)

    def test_unsolicited_frames(self):
        """A module that also reports by itself stays readable, and its reports are nobody's reply."""
        harness.until(lambda: len(self.hall.devices["reports-other"].log) > 3, "polls")
        mark = self.mark()
        for _ in range(8):
            at = self.mark()
            self.good("reports-other", 111, since=at)
        self.only("reports-other", 111)
        values = self.readings("reports-other", since=mark)
        self.assertLess(sum(p["quality"] == "bad" for p in values), len(values) / 2)

    def test_unsolicited_frames_of_the_reply_s_shape(self):
        """Reports that look like the reply: another count is asked for, whose reply looks otherwise."""
        self.logged("bus reports-same:", "reports unasked")
        mark, asked = self.mark(), len(self.hall.devices["reports-same"].log)
        for _ in range(8):
            at = self.mark()
            self.good("reports-same", 111, since=at)
        self.only("reports-same", 111, since=mark)
        self.assertNotIn(1, {request.count for _, request in self.hall.devices["reports-same"].log[asked + 1:]})

    def test_unsolicited_frames_that_can_t_be_told_apart(self):
        """Where the device has no other register to read, its points stay unproven: never a report's value."""
        self.logged("bus reports-only:", "reports unasked")
        mark = self.mark()
        self.hall.devices["reports-only"].asked(6)
        self.bad("reports-only", "unproven", since=mark)
        self.only("reports-only", since=mark)

    def test_echo_configured(self):
        """With echo: true the request's own bytes are taken off before the reply."""
        mark = self.mark()
        self.good("echo", 111)
        self.hall.devices["echo"].asked(4)
        self.good("echo", 111, since=mark)
        self.only("echo", 111)
        mark = self.mark()
        self.hall.devices["echo"].fault = lambda line, request: line.send(request.frame)
        self.bad("echo", "timeout", since=mark)  # heard itself, and nobody else

    def test_echo_not_configured(self):
        """Without it the echo is known for what it is, and the log says what to set."""
        self.bad("echo-unknown", "bad-reply")
        self.logged("echo-unknown", "'echo: true'")
        self.only("echo-unknown")

    def test_echo_that_looks_like_a_reply(self):
        """A frame identical to the request is never a reply, though it be a correct one."""
        self.bad("echo-like-reply", "bad-reply", "c0")
        self.only("echo-like-reply", point="c0")
        self.assertIn(20, {request.count for _, request in self.hall.devices["echo-like-reply"].log})

    def test_echo_configured_wrongly(self):
        """echo: true on a line without one: a bad reply that says so."""
        self.bad("echo-wrong", "bad-reply")
        self.logged("echo-wrong", "no echo of the request")
        self.only("echo-wrong")

    def test_noise(self):
        """Noise before a reply spoils that reply, and no later one; noise between two polls spoils nothing."""
        device = self.hall.devices["noise"]
        self.misbehave("noise", lambda line, request: line.send(b"\x7f\x00\x03" + device.true(request)), "bad-reply", 111, 222)
        device = self.hall.devices["noise-between"]
        self.good("noise-between", 111)
        mark = self.mark()
        device.fault = lambda line, request: (device.answer(line, request), line.send_later(0.1, b"\xff\x00\x81"))
        device.asked(5)
        self.good("noise-between", 111, since=mark)
        self.assertEqual(self.reasons("noise-between", since=mark), set())

    def test_wrong_protocol_as_shipped(self):
        """A device that speaks another protocol as it is shipped is plainly silent: a timeout."""
        self.bad("silent", "timeout")
        self.only("silent")

    def test_ascii_mode(self):
        """A device in ASCII mode sends lines of text: none of them is a value."""
        self.misbehave("ascii", lambda line, request: line.send(b":010304FFFFFCE01E\r\n"), "bad-reply", 111, 222)

    # ---- what libmodbus makes of it

    def test_libmodbus_one_late_rtu_reply(self):
        """One late reply passes for the next one's, in libmodbus; here the old value never comes back as good."""
        device = self.hall.devices["one-late"]
        self.good("one-late", 111)
        mark, late = self.mark(), []

        def late_once(line, request):
            if late:
                device.answer(line, request)
                return
            late.append(1)
            line.send_later(0.45, device.true(request))
            device.set(HOLDING, 0, 222)
        device.fault = late_once
        self.bad("one-late", "timeout", since=mark)
        behind = self.mark()
        self.good("one-late", 222, since=behind)
        self.only("one-late", 222, since=behind)

    def test_libmodbus_trailing_bytes(self):
        """Bytes behind the frame make it doubtful, and spoil nothing that follows."""
        self.misbehave("trailing", lambda line, request: line.send(request.reply([POISON]) + b"\0\0\0"), "bad-reply",
                       111, 222)

    def test_libmodbus_dripping_peer(self):
        """A device that drips a byte every 0.4 s costs the timeout, not 19 s."""
        device = self.hall.devices["drip"]

        def drip(line, request):
            for n, byte in enumerate(device.true(request)):
                line.send_later(0.4 * n, bytes([byte]))
        self.misbehave("drip", drip, "bad-reply", 111, 222)

    def test_libmodbus_silence_between_frames(self):
        """At least 1.75 ms between two frames, and 3.5 characters below 19200 baud."""
        for name, least in ("no-pause", 0.00175), ("slow-line", 3.5 * 10 / 1200):
            self.good(name, 101, "c")
            device = self.hall.devices[name]
            device.server.line.trace = trace = []
            asked = len(device.log)
            device.asked(7, asked)
            sent, asked_at = [at for at, _ in trace], [request.at for _, request in device.log[asked:]]
            gaps = [asked - max([at for at in sent if at < asked]) for asked in asked_at if any(at < asked for at in sent)]
            self.assertGreaterEqual(min(gaps), least, name)

    def test_libmodbus_usb_unplugged(self):
        """The adapter is pulled out and comes back as another tty: the link in by-id is followed, and nobody else may
        open the line meanwhile."""
        self.good("unplugged", 111)
        exclusive = array.array("i", [0])
        fcntl.ioctl(self.first.server._slave, TIOCGEXCL, exclusive)
        self.assertEqual(exclusive[0], 1)
        mark = self.mark()
        os.unlink(self.link)
        self.first.server.unplug()
        self.bad("unplugged", "link-down", since=mark)
        second = Device(**{"0": 222})
        second.server = RtuServer(self.hall.loop, second)
        self.hall.servers.append(second.server)
        os.symlink(second.server.path, self.link)
        self.good("unplugged", 222, since=mark)
        mark = self.mark()  # and a second time while the path stays
        second.server.unplug()
        self.bad("unplugged", "link-down", since=mark)

    def test_writes_never(self):
        """Nothing is ever written to a device: only the functions 1 to 4 are used."""
        for device in self.hall.devices.values():
            self.assertLessEqual({request.function for _, request in device.log}, {COIL, 2, HOLDING, INPUT})


if __name__ == "__main__":
    harness.main()
