"""One register of every kind that the daemon reads, with what must come out: shared by the tests of types."""
import struct

ORDERS = {"ABCD": (0, 1, 2, 3), "CDAB": (2, 3, 0, 1), "BADC": (1, 0, 3, 2), "DCBA": (3, 2, 1, 0)}


def words32(form, value, order):
    """Two registers that carry a 32-bit value in a word order; form as in struct: I i f."""
    raw = value if isinstance(value, bytes) else struct.pack(">" + form, value)
    return struct.unpack(">HH", bytes(raw[i] for i in ORDERS[order]))


class Case:
    """A register: its place, its profile entry, its words, and the reading that must result."""

    def __init__(self, table, address, words, entry, value=None, state=None, reason=None):
        self.table, self.address, self.words = table, address, words
        self.entry = dict({"table": table, "address": address}, **entry)
        self.value, self.state, self.reason = value, state, reason
        self.raw = words[0] << 16 | words[1] if len(words) == 2 else words[0]


PROGRAM = {1: "reset", 2: "run", 4: "hold", 8: "holdback", 16: "complete"}


def sixteen_bit():
    """Name -> case: 16-bit registers in holding 0..."""
    plain = {"type": "u16", "unit": "V"}
    return {
        "u16": Case("holding", 0, [50000], plain, 50000),
        "u16-max": Case("holding", 1, [0xFFFF], plain, 65535),
        "s16": Case("holding", 2, [64302], {"type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "°C"}, -123.4),
        "s16-min": Case("holding", 3, [0x8000], {"type": "s16", "unit": "V"}, -32768),
        "kelvin": Case("holding", 4, [800], {"type": "s16", "scale": 0.1, "offset": -273.15, "resolution": 0.01,
                                             "unit": "°C"}, -193.15),
        "fraction": Case("holding", 5, [25613], {"type": "u16", "scale": "1/512", "resolution": 0.001, "unit": "%"},
                         50.025),
        "negative-scale": Case("holding", 6, [7], {"type": "u16", "scale": -0.5, "resolution": 0.1, "unit": "V"}, -3.5),
        "half-away": Case("holding", 7, [65531], {"type": "s16", "scale": 0.01, "resolution": 0.1, "unit": "V"}, -0.1),
        "break": Case("holding", 8, [0x8000], {"type": "s16", "scale": 0.1, "unit": "°C", "sentinels": [0x8000, 0x7FFF]},
                      reason="sentinel"),
        "over": Case("holding", 9, [0x7FFF], {"type": "s16", "scale": 0.1, "unit": "°C", "sentinels": [0x8000, 0x7FFF]},
                     reason="sentinel"),
        "implausible": Case("holding", 10, [9999], {"type": "s16", "scale": 0.1, "unit": "°C",
                                                    "plausible": [-210, 60]}, reason="implausible"),
        "plausible-edge": Case("holding", 11, [600], {"type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "°C",
                                                      "plausible": [-210, 60]}, 60.0),
        "program": Case("holding", 12, [0xFFE2], {"type": "u16", "mask": 0x001F, "states": PROGRAM}, 2, "run"),
        "program-unknown": Case("holding", 13, [0x0003], {"type": "u16", "mask": 0x001F, "states": PROGRAM},
                                reason="unknown-state"),
        "middle-bits": Case("holding", 14, [0xAB7D], {"type": "u16", "mask": 0x0FF0, "unit": "V"}, 0xB7),
        "bit-3": Case("holding", 15, [0x0008], {"type": "bit", "bit": 3, "states": {0: "closed", 1: "open"}}, 1, "open"),
        "bit-15": Case("holding", 16, [0x7FFF], {"type": "bit", "bit": 15, "states": {0: "lost", 1: "present"}}, 0, "lost"),
        "bit-inverted": Case("holding", 17, [0xFFFB], {"type": "bit", "bit": 2, "invert": True,
                                                       "states": {0: "closed", 1: "open"}}, 1, "open"),
        "input-u16": Case("input", 0, [1], plain, 1),
        "input-s16": Case("input", 1, [0xFFFF], {"type": "s16", "unit": "V"}, -1),
    }


def bits():
    open_closed = {"type": "bit", "states": {0: "closed", 1: "open"}}
    made = {}
    for table in ("coil", "discrete"):
        # More than 16, so that the second word of bits is looked at; and ones that stand alone.
        for address, bit in ((0, 1), (1, 0), (2, 1), (7, 0), (8, 1), (17, 1), (18, 0), (100, 1)):
            made["%s-%d" % (table, address)] = Case(table, address, [bit], open_closed, bit, ("closed", "open")[bit])
    made["coil-inverted"] = Case("coil", 3, [1], dict(open_closed, invert=True), 0, "closed")
    return made


def thirty_two_bit():
    """Every 32-bit type in every word order, from holding 100 and input 100."""
    made, address = {}, 100
    for order in ORDERS:
        low = order.lower()
        for name, form, value, entry, result in (
                ("u32", "I", 3000000001, {"type": "u32", "unit": "L"}, 3000000001),
                ("s32", "i", -1234567, {"type": "s32", "scale": 0.001, "resolution": 0.001, "unit": "kg"}, -1234.567),
                ("f32", "f", -195.8, {"type": "float32", "resolution": 0.1, "unit": "°C"}, -195.8),
                ("f32-small", "f", 0.0625, {"type": "float32", "scale": 100, "offset": 1, "resolution": 0.01,
                                            "unit": "%"}, 7.25)):
            table = "input" if name == "f32-small" else "holding"
            made["%s-%s" % (name, low)] = Case(table, address, words32(form, value, order),
                                               dict(entry, word_order=order), result)
            address += 2
        made["nan-" + low] = Case("holding", address, words32("I", 0x7FC00000, order),
                                  {"type": "float32", "unit": "V", "word_order": order}, reason="not-finite")
        made["code-" + low] = Case("holding", address + 2, words32("I", 0x7DB48E52, order),
                                   {"type": "float32", "unit": "V", "word_order": order, "sentinels": [0x7DB48E52]},
                                   reason="sentinel")
        address += 4
    made["infinite"] = Case("holding", address, [0xFF80, 0], {"type": "float32", "unit": "V"}, reason="not-finite")
    made["huge"] = Case("holding", address + 2, words32("f", 3.0e37, "ABCD"), {"type": "float32", "unit": "V"},
                        reason="implausible")
    made["u32-sentinel"] = Case("holding", address + 4, [0xFFFF, 0xFFFF], {"type": "u32", "unit": "L",
                                                                          "sentinels": [0xFFFFFFFF]}, reason="sentinel")
    # Examples from Eurotherm's manual: 1.001 and 120000 ms.
    made["eurotherm-float"] = Case("holding", address + 6, [0x3F80, 0x20C5], {"type": "float32", "resolution": 0.001,
                                                                             "unit": "°C"}, 1.001)
    made["eurotherm-time"] = Case("holding", address + 8, [0x0001, 0xD4C0], {"type": "u32", "scale": 0.001, "unit": "s",
                                                                            "resolution": 1}, 120)
    return made


def every_case():
    return {**sixteen_bit(), **bits(), **thirty_two_bit()}


def values_of(cases):
    """What a server must hold: {table: {address: value}}."""
    tables = {"coil": {}, "discrete": {}, "holding": {}, "input": {}}
    for case in cases.values():
        for n, word in enumerate(case.words):
            tables[case.table][case.address + n] = word
    # The holes that the daemon may read over.
    for table, most in (("holding", 200), ("input", 200), ("coil", 128), ("discrete", 128)):
        for address in range(most):
            tables[table].setdefault(address, 0)
    return tables
