"""Folded readings, unpacked from their description alone (chunk.h, section.c, column.h, raw_model.h)."""
import collections
import struct
import zlib

Entry = collections.namedtuple("Entry", "slot taken quality micro number reason calibration raw")
# What a reading that is no column of small numbers starts with: see column.h.
DELTA, RAMP, REFERENCE, SMOOTH = range(4)


class Bytes:
    """A reader that refuses what no writer writes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        if self.at > len(self.data):
            raise ValueError("cut off")
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if value >= 1 << 64 or (byte == 0 and shift > 7):
            raise ValueError("a number that is written too long")
        return value

    def zigzag(self):
        return unzigzag(self.varint())

    def some(self, what):
        """A number that is written only when it is not 0."""
        value = self.varint()
        if value == 0:
            raise ValueError("%s that is none" % what)
        return value

    def take(self, count):
        self.at += count
        if self.at > len(self.data):
            raise ValueError("cut off")
        return self.data[self.at - count:self.at]

    def end(self, what):
        if self.at != len(self.data):
            raise ValueError("%s with bytes left over" % what)


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


def signed(value):
    """Arithmetic wraps at 64 bits."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _stream(n, head, values):
    kind, start, more = head.byte(), head.zigzag(), head.varint()
    predictor, halves = kind & 15, kind >> 4
    if predictor > SMOOTH + 3 or halves > 1:
        raise ValueError("a column of an unknown kind")
    least = (n + 1) // 2 if halves else n
    stream = Bytes(values.take(least + more))
    if halves:
        numbers = [half for byte in stream.take(least) for half in (byte & 15, byte >> 4)]
        if n % 2 and numbers.pop() != 0:
            raise ValueError("a half byte left over")
        numbers = [half if half < 15 else 15 + stream.varint() for half in numbers]
    else:
        numbers = [stream.varint() for _ in range(n)]
    stream.end("a column")
    found, last, slope, mean = [], start, 0, signed(start << 8)
    for number in numbers:
        step = unzigzag(number)
        if predictor == RAMP:
            step = slope = signed(slope + step)
        if predictor >= SMOOTH:
            value = signed((signed(mean + 128) >> 8) + step)
            mean = signed(mean + (signed((value << 8) - mean) >> (predictor - SMOOTH + 1)))
        else:
            value = signed(last + step)
            last = last if predictor == REFERENCE else value
        found.append(value)
    return found


def _column(n, head, values, stream=True):
    if n == 0:
        return []
    runs = head.varint()
    if runs == 0 and stream:
        return _stream(n, head, values)
    found = []
    for run in range(runs):
        value = head.zigzag()
        found += [value] * (head.varint() if run < runs - 1 else n - len(found))
    if len(found) != n:
        raise ValueError("runs of another length")
    return found


def _ordered(order, word):
    if order & 1:
        word = word << 16 & 0xFFFFFFFF | word >> 16
    if order & 2:
        word = (word & 0x00FF00FF) << 8 | word >> 8 & 0x00FF00FF
    return word


def _words(head, values, numbers):
    """The register words; numbers: None where there is none in steps of the resolution."""
    kind, decimals = head.byte(), 0
    width, order, linear = kind & 3, kind >> 2 & 3, kind & 16
    if width == 2:
        decimals = head.byte()
    mul, div, add = (head.zigzag(), head.varint(), head.zigzag()) if linear else (0, 1, 0)
    first = _column(len(numbers), head, values)
    second = _column(len(numbers), head, values) if width == 2 else [0] * len(numbers)
    for number, one, two in zip(numbers, first, second):
        x = signed((signed(number * mul + add) // div if linear and number is not None else 0) + one)
        if width == 0:
            yield x & 0xFFFF
        elif width == 1:
            yield _ordered(order, x & 0xFFFFFFFF)
        else:
            bits = struct.unpack("=I", struct.pack("=f", x / 10**decimals))[0] if number is not None else 0
            yield _ordered(order, bits + two & 0xFFFFFFFF)


def _section(head, values):
    if head.byte() != 1:
        raise ValueError("a section of another version")
    n = head.varint()
    slot = head.zigzag() * 3600000 + head.varint()
    steps, late = _column(n, head, values), _column(n, head, values)
    states, calibrations = _column(n, head, values, False), _column(n, head, values, False)
    others = head.varint()
    micros = head.varint()
    plain, micro = iter(_column(n - others, head, values)), iter(_column(micros, head, values))
    numbers = [None if not state & 8 else next(micro if state & 4 else plain) for state in states]
    words = _words(head, values, [None if state & 4 else number for state, number in zip(states, numbers)])
    for step, delay, state, calibration, number, raw in zip(steps, late, states, calibrations, numbers, list(words)):
        slot += step
        yield Entry(slot, slot + delay, state & 3, bool(state & 4), number, state >> 4, calibration, raw)
    head.end("the head of a section")
    values.end("the values of a section")


def entries(body):
    """The readings of a chunk, in the order in which they were stored."""
    b = Bytes(body)
    if b.byte() != 1:
        raise ValueError("a chunk of another version")
    n, first_size, packed, second_size = b.varint(), b.varint(), b.varint(), b.varint()
    first = Bytes(zlib.decompress(b.take(packed), -15))
    rest = b.take(len(body) - b.at)
    second = Bytes(zlib.decompress(rest, -15) if rest else b"")
    if (len(first.data), len(second.data)) != (first_size, second_size):
        raise ValueError("a chunk of another length")
    lengths, head = [(first.varint(), first.varint()) for _ in range(n)], b""
    for head_size, values_size in lengths:
        if head_size == 0:
            continue
        before, head = head, first.take(head_size)
        if len(before) == head_size:
            head = bytes((one + two) & 0xFF for one, two in zip(head, before))
        yield from _section(Bytes(head), Bytes(second.take(values_size)))
    first.end("heads")
    second.end("values")
