"""Each fault, byte by byte, on an RTU line that is a pty."""
import os
import pty
import select
import shutil
import tempfile
import time
import tty
import unittest

from simulator import Case, Rtu, Simulator, crc, receive, until

DATA = bytes.fromhex("0011 0022 0033")
OTHER = bytes.fromhex("0a0a 0b0b 0c0c")


class Faults(Case):
    scenario = """
seed: 3
listeners:
  line: {rtu: {link: line, baud: 19200}}
devices:
  five: {kind: table, listener: line, unit: 5, holding: {0: [0x11, 0x22, 0x33]}}
  nine: {kind: table, listener: line, unit: 9, holding: {0: [0x0a0a, 0x0b0b, 0x0c0c]}}
"""

    def setUp(self):
        self.master = Rtu(self.sim.tty("line"))
        self.addCleanup(lambda: self.master.close())
        self.addCleanup(self.sim.ctl, "fault all none")
        self.addCleanup(self.sim.ctl, "fault line none")

    def true_reply(self, data=DATA, unit=5):
        return self.master.frame(b"\x03" + bytes([len(data)]) + data, unit)

    def spoilt(self, fault, wanted=None, first=5):
        self.sim.ctl("fault five " + fault)
        self.request = self.master.send(5, 3, 0, 3)
        return receive(self.master, wanted, first)

    def assert_well_again(self):
        self.master.send(5, 3, 0, 3)
        self.assertEqual(receive(self.master, 11), self.true_reply())

    def test_none(self):
        self.assertEqual(self.spoilt("none"), self.true_reply())

    def test_silent(self):
        self.assertEqual(self.spoilt("silent count=1", first=0.4), b"")
        self.assert_well_again()

    def test_late(self):
        """Another unit answers while the late one is still busy."""
        self.sim.ctl("fault five late 300ms count=1")
        start = time.monotonic()
        self.master.send(5, 3, 0, 3)
        self.master.send(9, 3, 0, 3)
        self.assertEqual(receive(self.master, 22, quiet=2), self.true_reply(OTHER, 9) + self.true_reply())
        self.assertGreater(time.monotonic() - start, 0.29)

    def test_wrong_unit(self):
        self.assertEqual(self.spoilt("wrong-unit count=1"), self.true_reply(unit=6))

    def test_wrong_length(self):
        body = b"\x05\x03\x08" + DATA  # promises 8, sends 6; the CRC is right
        self.assertEqual(self.spoilt("wrong-length count=1"), body + crc(body))

    def test_truncated(self):
        body = b"\x05\x03\x06" + DATA[:-2]
        self.assertEqual(self.spoilt("truncated count=1"), body + crc(body))

    def test_wrong_function(self):
        body = b"\x05\x04\x06" + DATA
        self.assertEqual(self.spoilt("wrong-function count=1"), body + crc(body))

    def test_wrong_count(self):
        got = self.spoilt("wrong-count count=1")
        self.assertEqual(got[:9], b"\x05\x03\x08" + DATA)
        self.assertEqual((len(got), got[-2:]), (13, crc(got[:-2])))

    def test_foreign(self):
        self.assertEqual(self.spoilt("foreign count=1", 22), self.true_reply(OTHER, 9) + self.true_reply())

    def test_half(self):
        self.assertEqual(self.spoilt("half count=1"), self.true_reply()[:5])
        self.assert_well_again()

    def test_drip(self):
        start = time.monotonic()
        self.assertEqual(self.spoilt("drip 20ms count=1", 11), self.true_reply())
        self.assertGreater(time.monotonic() - start, 10 * 0.02 - 0.01)

    def test_trailing(self):
        got = self.spoilt("trailing count=1")
        self.assertEqual((got[:11], len(got)), (self.true_reply(), 14))

    def test_duplicate(self):
        self.assertEqual(self.spoilt("duplicate count=1", 22), self.true_reply() * 2)

    def test_crc(self):
        got = self.spoilt("crc count=1")
        self.assertEqual(got[:-2], self.true_reply()[:-2])
        self.assertNotEqual(got[-2:], self.true_reply()[-2:])

    def test_exception(self):
        self.assertEqual(self.spoilt("exception 2 count=1"), self.master.frame(b"\x83\x02", 5))

    def test_echo(self):
        got = self.spoilt("echo count=1", 19)
        self.assertEqual(got, self.request + self.true_reply())

    def test_garbage(self):
        got = self.spoilt("garbage count=1")
        self.assertEqual(got[:11], self.true_reply())
        self.assertTrue(1 <= len(got) - 11 <= 16)

    def test_drop_is_a_replugged_adapter(self):
        before = os.readlink(self.sim.tty("line"))
        self.sim.ctl("fault five drop count=1")
        self.master.send(5, 3, 0, 3)
        self.assertTrue(select.select([self.master], [], [], 5)[0])
        with self.assertRaises(OSError):
            if not self.master.read_some():
                raise OSError("hung up")
        self.master.close()
        until(lambda: os.path.islink(self.sim.tty("line")))
        self.master = Rtu(self.sim.tty("line"))
        self.assert_well_again()
        self.assertTrue(before.startswith("/dev/pts/"))

    def test_refuse_is_an_unplugged_adapter(self):
        self.sim.ctl("fault line refuse")
        until(lambda: not os.path.lexists(self.sim.tty("line")))
        self.assertFalse(self.sim.list()["listeners"]["line"]["open"])
        self.sim.ctl("fault line none")
        until(lambda: os.path.islink(self.sim.tty("line")))
        self.master.close()
        self.master = Rtu(self.sim.tty("line"))
        self.assert_well_again()

    def test_mix(self):
        self.sim.ctl("fault five mix 20ms count=60")
        before = self.sim.device("five")["faults"]
        for _ in range(60):
            served = self.sim.device("five")["requests"]
            self.master.send(5, 3, 0, 3)
            until(lambda: self.sim.device("five")["requests"] > served)
        self.assertEqual(self.sim.device("five")["faults"] - before, 60)
        receive(self.master, first=1, quiet=1)
        self.assert_well_again()
        kinds = {t["fault"] for t in until(self.mixed)}
        self.assertGreater(len(kinds), 8)
        self.assertFalse(kinds & {"wrong-protocol", "wrong-transaction", "drop", "refuse", "mix"})

    def mixed(self):
        spoilt = [t for t in self.sim.truths() if t.get("fault")]
        return spoilt[-60:] if len(spoilt) >= 60 else None

    def test_what_does_not_fit_is_refused(self):
        for command in ("fault five wrong-protocol", "fault line wrong-transaction"):
            self.assertIn("TCP only", self.sim.ask(command))


class GivenTty(unittest.TestCase):
    """A line that exists already: here the far end of a pty, in life a USB adapter."""

    def test_serves_and_comes_back(self):
        master, slave = pty.openpty()
        tty.setraw(slave)
        directory = tempfile.mkdtemp(prefix="cryosim-tty-")
        self.addCleanup(shutil.rmtree, directory)
        path = os.path.join(directory, "ttyUSB0")
        os.symlink(os.ttyname(slave), path)
        sim = Simulator(Faults.scenario.replace("link: line", f"device: {path}, parity: even"))
        self.addCleanup(sim.clean)
        os.close(slave)
        line = Far(master)
        line.send(5, 3, 0, 3)
        self.assertEqual(receive(line, 11), line.frame(b"\x03\x06" + DATA, 5))

        os.unlink(path)  # the adapter is pulled: its name goes first, since the pty's own is given to the next one
        os.close(master)
        until(lambda: not sim.list()["listeners"]["line"]["open"])
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.symlink(os.ttyname(slave), path)
        until(lambda: sim.list()["listeners"]["line"]["open"])
        line = Far(master)
        line.send(5, 3, 0, 3)
        self.assertEqual(receive(line, 11), line.frame(b"\x03\x06" + DATA, 5))
        self.assertEqual(sim.stop(), 0)
        os.close(slave)
        os.close(master)


class Far(Rtu):
    def __init__(self, fd):
        self.fd = fd


if __name__ == "__main__":
    unittest.main()
