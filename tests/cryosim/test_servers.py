"""Masters that others wrote read true values over TCP and RTU."""
import math
import struct
import time
import unittest

from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from simulator import Case, Rtu, Simulator, Tcp, receive, until

SCENARIO = """
seed: 1
speed: 60
listeners:
  hall: {tcp: {port: 0}}
  six: {tcp: {address: "::1", port: 0}}
  line: {rtu: {link: line, baud: 19200}}
devices:
  tank-1: {kind: tank, listener: hall, unit: 1, level: 18 cm}
  tank-2: {kind: tank, listener: hall, unit: 2, level: 17 cm}
  freezer: {kind: freezer, listener: hall, unit: 11}
  ups: {kind: ups, listener: line, unit: 1}
  oxygen: {kind: oxygen, listener: line, unit: 2, warm_up: 30 s}
  tank-3: {kind: tank, listener: line, unit: 3}
  tank-4: {kind: tank, listener: six, unit: 1}
  plain:
    kind: table
    listener: hall
    unit: 30
    holes: refuse
    max_registers: 10
    holding: {0: 1234, 10: [1, -2, 0xFFFF], 20: float32 -190.5, 22: float32 CDAB -190.5, 24: float32 BADC -190.5,
              26: float32 DCBA -190.5, 30: u32 100000, 32: s32 CDAB -5, 40: counter, 100: [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]}
    input: {65535: 99}
    coils: {0: [1, 0, 1, 1, 0, 0, 0, 0, 1]}
    discretes: {5: 1}
"""


def signed(word):
    return word - 65536 if word & 0x8000 else word


def real(words):
    return struct.unpack(">f", struct.pack(">HH", *words))[0]


class Tcp4(Case):
    scenario = SCENARIO

    def setUp(self):
        self.master = ModbusTcpClient("127.0.0.1", port=self.sim.port("hall"))
        self.assertTrue(self.master.connect())
        self.addCleanup(self.master.close)

    def inputs(self, unit, address, count):
        return self.master.read_input_registers(address, count, slave=unit).registers

    def holding(self, address, count):
        return self.master.read_holding_registers(address, count, slave=30)

    def test_tank(self):
        self.sim.ctl("step 10 s")
        words = self.inputs(1, 0, 11)
        state = self.sim.device("tank-1")["state"]
        self.assertAlmostEqual(signed(words[0]) / 10, state["vapour_reading_c"], delta=0.051)
        self.assertAlmostEqual(words[1] / 10, state["level_reading_cm"], delta=0.051)
        self.assertAlmostEqual(signed(words[2]) / 10, state["lid_reading_c"], delta=0.051)
        self.assertAlmostEqual(real(words[3:5]), state["vapour_reading_c"], delta=0.002)
        self.assertEqual(words[5], 1 << 7)
        bits = self.master.read_discrete_inputs(0, 5, slave=1).bits
        self.assertEqual(bits[:5], [False, False, True, False, False])
        self.assertEqual(self.master.read_holding_registers(0, 4, slave=1).registers, [0xC401, 1, 150, 200])

    def test_tank_commands(self):
        self.sim.ctl("set tank-2 lid open")
        self.sim.ctl("set tank-2 temperature_sensor broken")
        self.sim.ctl("set tank-2 mains off")
        self.sim.ctl("set tank-2 level 13.5 cm")
        self.sim.ctl("step 1 s")
        words = self.inputs(2, 0, 6)
        self.assertEqual(words[0], 0x8000)
        self.assertTrue(math.isnan(real(words[3:5])))
        self.assertEqual(words[5], 1 << 1 | 1 << 5)  # no mains, so no fill
        self.sim.ctl("set tank-2 level_sensor broken")
        self.sim.ctl("set tank-2 repair")
        self.sim.ctl("set tank-2 temperature_sensor ok")
        self.sim.ctl("step 1 s")
        self.assertEqual(self.inputs(2, 1, 1), [0x8000])
        self.sim.ctl("set tank-2 level_sensor ok")
        self.sim.ctl("step 0.1 s")
        self.assertEqual(self.inputs(2, 5, 1)[0] & 0xA3, 0x81)  # mains, filling

    def test_freezer(self):
        self.assertEqual(self.inputs(11, 3, 2), [1, 0])
        self.sim.ctl("set freezer start")
        self.sim.ctl("step 2 s")
        words = self.inputs(11, 0, 11)
        state = self.sim.device("freezer")["state"]
        self.assertAlmostEqual(signed(words[0]) / 10, state["chamber_reading_c"], delta=0.051)
        self.assertAlmostEqual(signed(words[2]) / 10, 4, delta=0.01)
        self.assertEqual(words[3:5], [2, 1])
        self.assertAlmostEqual(words[5] << 16 | words[6], state["remaining_s"], delta=1)

    def test_table(self):
        self.assertEqual(self.holding(0, 1).registers, [1234])
        self.assertEqual(self.holding(10, 3).registers, [1, 65534, 65535])
        self.assertEqual(self.holding(20, 8).registers,
                         [0xC33E, 0x8000, 0x8000, 0xC33E, 0x3EC3, 0x0080, 0x0080, 0x3EC3])
        self.assertEqual(self.holding(30, 4).registers, [1, 34464, 0xFFFB, 0xFFFF])
        self.assertEqual([self.holding(40, 1).registers[0] for _ in range(3)], [0, 1, 2])
        self.assertEqual(self.inputs(30, 65535, 1), [99])
        self.assertEqual(self.master.read_coils(0, 9, slave=30).bits[:9], [True, False, True, True] + [False] * 4 + [True])
        self.assertEqual(self.master.read_discrete_inputs(5, 1, slave=30).bits[:1], [True])

    def test_exceptions(self):
        self.assertEqual(self.holding(9, 2).exception_code, 2)    # a hole
        self.assertEqual(self.holding(500, 1).exception_code, 2)
        self.assertEqual(self.holding(100, 11).exception_code, 3)  # max_registers
        self.assertEqual(self.master.read_input_registers(0, 12, slave=1).exception_code, 2)
        self.assertEqual(self.master.write_register(0, 5, slave=1).exception_code, 1)  # simulated: read-only
        self.assertEqual(self.master.read_input_registers(0, 1, slave=99).exception_code, 11)

    def test_writes(self):
        self.master.write_register(11, 77, slave=30)
        self.assertEqual(self.holding(11, 1).registers, [77])
        self.sim.ctl("register plain holding 11 0xFFFE")
        self.assertEqual(self.holding(11, 1).registers, [65534])  # as the other tests want it

    def test_override(self):
        before = self.inputs(1, 8, 1)
        self.sim.ctl("register tank-1 input 8 0xBEEF")
        self.assertEqual(self.inputs(1, 8, 1), [0xBEEF])
        self.sim.ctl("step 1 s")
        self.assertEqual(self.inputs(1, 8, 1), [0xBEEF])
        self.sim.ctl("register tank-1 input 8 model")
        self.assertEqual(self.inputs(1, 8, 1), before)
        self.sim.ctl("register tank-1 input 0 counter")
        self.assertEqual([self.inputs(1, 0, 2)[0] for _ in range(2)], [0, 1])
        self.sim.ctl("register tank-1 input 0 model")

    def test_many_clients(self):
        masters = [ModbusTcpClient("127.0.0.1", port=self.sim.port("hall")) for _ in range(50)]
        for master in masters:
            self.addCleanup(master.close)
            self.assertTrue(master.connect())
        for i, master in enumerate(masters):
            self.assertEqual(master.read_holding_registers(0, 1, slave=30).registers, [1234], i)

    def test_pipelined_and_split_requests(self):
        raw = Tcp(self.sim.port("hall"))
        self.addCleanup(raw.close)
        one = raw.frame(b"\x03\x00\x00\x00\x01", 30)
        raw.write(one + one + one[:5])
        self.assertEqual(len(receive(raw, 22)), 22)
        raw.write(one[5:])
        self.assertEqual(receive(raw, 11)[-2:], b"\x04\xd2")
        raw.write(b"\x00\x01\x00\x09\x00\x06" + one[6:])  # not Modbus: hangs up
        self.assertEqual(receive(raw, first=5), b"")

    def test_ipv6(self):
        master = ModbusTcpClient("::1", port=self.sim.port("six"))
        self.addCleanup(master.close)
        self.assertEqual(master.read_holding_registers(0, 1, slave=1).registers, [0xC401])

    def test_truth(self):
        self.holding(10, 3)
        self.holding(9, 2)  # an exception holds no value
        self.master.read_coils(1, 3, slave=30)
        def written():
            truths = self.sim.truths()
            return truths if truths and (truths[-1]["function"], truths[-1]["address"]) == (1, 1) else None
        *_, words, bits = until(written)
        self.assertEqual({k: words[k] for k in ("device", "function", "address", "count", "values")},
                         {"device": "plain", "function": 3, "address": 10, "count": 3, "values": [1, 65534, 65535]})
        self.assertNotIn("fault", words)
        self.assertEqual(bits["values"], [0, 1, 1])
        self.assertLess(abs(words["t"] / 1e6 - time.monotonic()), 5)
        self.assertLess(abs(words["utc"] / 1e6 - time.time()), 5)


class Serial(Case):
    scenario = SCENARIO

    def setUp(self):
        self.master = ModbusSerialClient(self.sim.tty("line"), baudrate=19200, timeout=2)
        self.assertTrue(self.master.connect())
        self.addCleanup(self.master.close)

    def test_ups(self):
        self.sim.ctl("step 1 s")
        words = self.master.read_input_registers(0, 8, slave=1).registers
        self.assertAlmostEqual(words[0] / 10, 230, delta=3)
        self.assertEqual(words[1], 51200)
        self.assertEqual(words[2] << 16 | words[3], 45 * 60)
        self.assertEqual(words[4], 1)
        self.sim.ctl("set ups mains off")
        self.sim.ctl("step 10 s")
        words = self.master.read_input_registers(0, 8, slave=1).registers
        self.assertEqual(words[0], 0)
        self.assertAlmostEqual(words[1] / 512, 100 - 1000 / 45, delta=0.5)
        self.assertEqual(words[4], 2)
        self.assertEqual(self.master.read_discrete_inputs(0, 3, slave=1).bits[:3], [False, True, False])

    def test_oxygen(self):
        words = self.master.read_input_registers(0, 8, slave=2).registers
        self.assertTrue(math.isnan(real(words[0:2])))
        self.assertEqual(words[2:4], [0, 0xFFFF])
        self.sim.ctl("step 2 s")
        words = self.master.read_input_registers(0, 8, slave=2).registers
        self.assertAlmostEqual(real(words[0:2]), 20.9, delta=0.1)
        self.assertEqual(words[4:6], [words[1], words[0]])
        self.assertEqual(words[2], 1)
        self.assertAlmostEqual(words[3] / 100, 20.9, delta=0.1)
        self.sim.ctl("set oxygen spill 60 L")
        self.sim.ctl("step 4 s")
        words = self.master.read_input_registers(0, 8, slave=2).registers
        self.assertLess(words[3], 1900)
        self.assertEqual(words[6] & 1, 1)

    def test_units_share_the_line(self):
        for unit, identity in ((1, 0xC403), (2, 0xC404), (3, 0xC401)):
            self.assertEqual(self.master.read_holding_registers(0, 1, slave=unit).registers, [identity])

    def test_silence_where_nobody_is(self):
        raw = Rtu(self.sim.tty("line"))
        self.addCleanup(raw.close)
        raw.send(77, 4, 0, 1)
        self.assertEqual(receive(raw, first=0.3), b"")
        raw.write(raw.frame(b"\x04\x00\x00\x00\x01", 1)[:-1] + b"\x00")  # a bad CRC
        self.assertEqual(receive(raw, first=0.3), b"")
        raw.send(1, 4, 0, 1)
        self.assertEqual(len(receive(raw, 7)), 7)


class Time(unittest.TestCase):
    def test_script_runs_at_its_times(self):
        sim = Simulator(SCENARIO + """
script:
  - {at: 1 s, every: 2 s, tank-1: {lid: open}}
  - {at: 2 s, every: 2 s, tank-1: {lid: closed}}
  - {at: 3.5 s, ups: {mains: off}}
""")
        self.addCleanup(sim.clean)
        lids = []
        for _ in range(6):
            sim.ctl("step 1 s")
            lids.append(sim.device("tank-1")["state"]["lid"])
        self.assertEqual(lids, ["open", "closed"] * 3)
        self.assertEqual(sim.stop(), 0)
        self.assertEqual([line.split(": ")[1] for line in sim.said.splitlines()],
                         ["at 1.0 s", "at 2.0 s", "at 3.0 s", "at 3.5 s", "at 4.0 s", "at 5.0 s", "at 6.0 s"])

    def test_acceleration_and_script(self):
        sim = Simulator(SCENARIO + """
script:
  - {at: 200 ms, tank-1: {lid: open}}
  - {at: 400 ms, every: 100 ms, run: register plain holding 0 4321}
""", "--speed", "1000", manual=False)
        self.addCleanup(sim.clean)
        start, simulated = time.monotonic(), sim.device("tank-1")["simulated_s"]
        until(lambda: sim.device("tank-1")["state"]["lid"] == "open")
        master = ModbusTcpClient("127.0.0.1", port=sim.port("hall"))
        self.addCleanup(master.close)
        until(lambda: master.read_holding_registers(0, 1, slave=30).registers == [4321])
        passed = time.monotonic() - start
        simulated = sim.device("tank-1")["simulated_s"] - simulated
        self.assertAlmostEqual(simulated / 1000, passed, delta=0.3)
        self.assertEqual(sim.stop(), 0)
        self.assertIn("set tank-1 lid open", sim.said)


if __name__ == "__main__":
    unittest.main()
