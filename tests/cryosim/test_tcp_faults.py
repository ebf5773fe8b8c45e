"""Each fault, byte by byte, on TCP."""
import select
import socket
import struct
import time
import unittest

from simulator import Case, Tcp, receive, until

DATA = bytes.fromhex("0011 0022 0033")  # holding 0..2 of unit 5
OTHER = bytes.fromhex("0a0a 0b0b 0c0c")  # and of unit 9


class Faults(Case):
    scenario = """
seed: 3
listeners:
  hall: {tcp: {port: 0}}
  alone: {tcp: {port: 0}}
devices:
  five: {kind: table, listener: hall, unit: 5, holding: {0: [0x11, 0x22, 0x33]}, coils: {0: [1, 0, 1]}}
  nine: {kind: table, listener: hall, unit: 9, holding: {0: [0x0a0a, 0x0b0b, 0x0c0c]}}
  only: {kind: table, listener: alone, unit: 1, holding: {0: [0x11, 0x22, 0x33]}}
"""

    def setUp(self):
        self.master = Tcp(self.sim.port("hall"))
        self.addCleanup(self.master.close)
        self.addCleanup(self.sim.ctl, "fault all none")
        self.addCleanup(self.sim.ctl, "fault hall none")

    def true_reply(self, data=DATA, unit=5):
        return self.master.frame(b"\x03" + bytes([len(data)]) + data, unit)

    def spoilt(self, fault, wanted=None, first=5):
        self.sim.ctl("fault five " + fault)
        self.request = self.master.send(5, 3, 0, 3)
        return receive(self.master, wanted, first)

    def assert_well_again(self):
        self.master.send(5, 3, 0, 3)
        self.assertEqual(receive(self.master, 15), self.true_reply())

    def test_none(self):
        self.assertEqual(self.spoilt("none"), self.true_reply())

    def test_silent(self):
        self.assertEqual(self.spoilt("silent count=1", first=0.4), b"")
        self.assert_well_again()

    def test_late(self):
        start = time.monotonic()
        self.assertEqual(self.spoilt("late 400ms count=1", 15), self.true_reply())
        self.assertGreater(time.monotonic() - start, 0.39)

    def test_late_replies_stay_in_order(self):
        self.sim.ctl("fault five late 300 ms count=1")
        self.master.send(5, 3, 0, 3)
        first = self.true_reply()
        self.master.send(9, 3, 0, 3)
        second = self.true_reply(OTHER, 9)
        self.assertEqual(receive(self.master, 30, quiet=1), first + second)

    def test_wrong_unit(self):
        self.assertEqual(self.spoilt("wrong-unit count=1"), self.true_reply(unit=6))
        self.assert_well_again()

    def test_wrong_length(self):
        true = self.true_reply
        got = self.spoilt("wrong-length count=1")
        self.assertEqual(got, true()[:4] + b"\x00\x0b" + true()[6:])  # promises 11, sends 9

    def test_truncated(self):
        got = self.spoilt("truncated count=1")
        self.assertEqual(got, self.true_reply()[:4] + b"\x00\x07" + self.true_reply()[6:-2])

    def test_wrong_protocol(self):
        got = self.spoilt("wrong-protocol count=1")
        self.assertEqual(got, self.true_reply()[:2] + b"\x00\x09" + self.true_reply()[4:])

    def test_wrong_transaction(self):
        got = self.spoilt("wrong-transaction count=1")
        self.assertEqual(got, struct.pack(">H", self.master.transaction - 1) + self.true_reply()[2:])

    def test_wrong_function(self):
        got = self.spoilt("wrong-function count=1")
        self.assertEqual(got, self.true_reply()[:7] + b"\x04" + self.true_reply()[8:])

    def test_wrong_function_of_bits(self):
        self.sim.ctl("fault five wrong-function count=1")
        self.master.send(5, 1, 0, 3)
        self.assertEqual(receive(self.master)[7:], b"\x02\x01\x05")

    def test_wrong_count(self):
        got = self.spoilt("wrong-count count=1")
        self.assertEqual(got[:6], self.true_reply()[:4] + b"\x00\x0b")  # right in itself
        self.assertEqual(got[6:9], b"\x05\x03\x08")
        self.assertEqual(len(got), 17)
        self.assertEqual(got[9:15], DATA)

    def test_foreign(self):
        got = self.spoilt("foreign count=1", 30)
        foreign = struct.pack(">H", self.master.transaction - 1) + self.true_reply(OTHER, 9)[2:]
        self.assertEqual(got, foreign + self.true_reply())

    def test_foreign_with_one_unit(self):
        self.master = Tcp(self.sim.port("alone"))
        self.addCleanup(self.master.close)
        self.sim.ctl("fault only foreign count=1")
        self.master.send(1, 3, 0, 3)
        got = receive(self.master, 30)
        self.assertEqual(len(got), 30)
        self.assertEqual(got[6], 2)
        self.assertNotEqual(got[9:15], DATA)
        self.assertEqual(got[15:], self.true_reply(unit=1))

    def test_half(self):
        self.assertEqual(self.spoilt("half count=1"), self.true_reply()[:7])

    def test_drip(self):
        self.sim.ctl("fault five drip 30ms count=1")
        start = time.monotonic()
        self.master.send(5, 3, 0, 3)
        pieces = []
        while sum(map(len, pieces)) < 15 and select.select([self.master], [], [], 2)[0]:
            pieces.append(self.master.read_some())
        self.assertEqual(b"".join(pieces), self.true_reply())
        self.assertGreaterEqual(len(pieces), 10)  # some may meet on a busy machine
        self.assertGreater(time.monotonic() - start, 14 * 0.03 - 0.01)

    def test_trailing(self):
        got = self.spoilt("trailing count=1")
        self.assertEqual((got[:15], len(got)), (self.true_reply(), 18))

    def test_duplicate(self):
        self.assertEqual(self.spoilt("duplicate count=1", 30), self.true_reply() * 2)

    def test_exception(self):
        self.assertEqual(self.spoilt("exception 6 count=1"), self.master.frame(b"\x83\x06", 5))
        self.assertEqual(self.spoilt("exception 11 count=1"), self.master.frame(b"\x83\x0b", 5))
        self.assertEqual(self.spoilt("exception 200 count=1"), self.master.frame(b"\x83\xc8", 5))
        self.assert_well_again()

    def test_drop(self):
        self.sim.ctl("fault five drop count=1")
        self.master.send(5, 3, 0, 3)
        self.assertTrue(select.select([self.master], [], [], 5)[0])
        self.assertEqual(self.master.read_some(), b"")
        self.master = Tcp(self.sim.port("hall"))
        self.addCleanup(self.master.close)
        self.assert_well_again()

    def test_garbage(self):
        got = self.spoilt("garbage count=1")
        self.assertEqual(got[:15], self.true_reply())
        self.assertTrue(1 <= len(got) - 15 <= 16)

    def test_refuse(self):
        port = self.sim.port("hall")
        self.sim.ctl("fault hall refuse for=500ms")
        self.assertEqual(receive(self.master, first=2), b"")  # hung up on
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 2)
        def again():
            try:
                return Tcp(port)
            except ConnectionRefusedError:
                return None
        self.master = until(again, 3)
        self.addCleanup(self.master.close)
        self.assert_well_again()

    def test_listener_fault_meets_all_its_devices(self):
        self.sim.ctl("fault hall wrong-unit count=2")
        for unit, data in ((5, DATA), (9, OTHER)):
            self.master.send(unit, 3, 0, 3)
            self.assertEqual(receive(self.master, 15), self.true_reply(data, unit + 1))
        self.assert_well_again()

    def test_for_a_time(self):
        self.sim.ctl("fault five silent for=300ms")
        self.assertEqual(self.sim.device("five")["fault"], "silent for=0.3s")
        until(lambda: self.sim.device("five")["fault"] == "none", 3)
        self.assert_well_again()

    def test_probability(self):
        self.sim.ctl("fault five exception 4 probability=0.3")
        hits = 0
        for _ in range(300):
            self.master.send(5, 3, 0, 3)
            hits += len(receive(self.master, 9, quiet=5)) == 9
            receive_rest(self.master)
        self.assertTrue(50 < hits < 140, hits)

    def test_mix_is_seeded_and_ends(self):
        self.sim.ctl("fault five mix 100ms count=60")
        before = self.sim.device("five")["faults"]
        for _ in range(60):
            self.master.send(5, 3, 0, 3)
        until(lambda: self.sim.device("five")["faults"] - before == 60)
        self.assertEqual(self.sim.device("five")["fault"], "none")
        kinds = {t["fault"] for t in until(self.mixed)}
        self.assertGreater(len(kinds), 8)
        self.assertFalse(kinds & {"crc", "echo", "drop", "refuse", "mix"})

    def mixed(self):
        spoilt = [t for t in self.sim.truths() if t.get("fault")]
        return spoilt[-60:] if len(spoilt) >= 60 else None

    def test_what_does_not_fit_is_refused(self):
        for command, why in (("fault five crc", "RTU only"), ("fault five echo", "RTU only"),
                             ("fault five refuse", "for a listener"), ("fault hall refuse count=2", "for=DURATION"),
                             ("fault five slow", "is no fault"), ("fault nobody silent", "no device or listener"),
                             ("fault five late soon", "not a duration"), ("fault five silent 3", "takes no argument"),
                             ("fault five silent count=0", "no valid value"),
                             ("fault five silent probability=2", "no valid value"),
                             ("fault five silent often=2", "is not count=N"),
                             ("fault five exception 300", "not a code")):
            answer = self.sim.ask(command)
            self.assertTrue(answer.startswith("error: ") and why in answer, f"{command}: {answer}")
        self.assertEqual(self.sim.device("five")["fault"], "none")


def receive_rest(master):
    """Empties what is there already."""
    while select.select([master], [], [], 0)[0]:
        master.read_some()


if __name__ == "__main__":
    unittest.main()
