"""A Modbus device that lies: seeded random faults, and values that betray themselves.

Each register's value says which line, unit and place it is of, and to which request it was the reply (n). So a
value that was taken from another register, another unit, another line or an older reply is recognised wherever it
turns up. Frames that no one may believe (foreign unit, wrong function, ...) carry POISON for n.

Only what a client can recognise is done. On a serial line nobody can tell a reply that came in place of
another one of the same shape, so there replies of one unit keep their order, late or not, as a real device's do.
"""
import collections
import random
import time

from modbus_raw import HOLDING, INPUT, crc16

POISON = 0x7FFFF  # as n: never served
Place = collections.namedtuple("Place", "index name function address width")

# Three blocks of the same shape: their replies have the same byte count.
PLACES = []
for _block, (_function, _start) in enumerate(((HOLDING, 0), (HOLDING, 100), (INPUT, 0))):
    for _at, _width in ((0, 1), (1, 2), (3, 2)):
        PLACES.append(Place(len(PLACES), "%s%d" % ("abc"[_block], _at), _function, _start + _at, _width))
BY_NAME = {place.name: place for place in PLACES}


# What is read of each unit: the fewer different replies, the easier one passes for another.
PLACES_OF = {1: PLACES, 2: [p for p in PLACES if p.function == HOLDING], 3: [p for p in PLACES if p.name[0] == "a"]}


def profile_registers(unit):
    table = {HOLDING: "holding", INPUT: "input"}
    return {p.name: {"table": table[p.function], "address": p.address, "type": "u32" if p.width == 2 else "u16",
                     "unit": "V"} for p in PLACES_OF[unit]}


def encode(place, line, unit, n):
    """The words of a place. 32 bits: line 6, unit 2, place 5, n 19; 16 bits: unit 3, place 5, n 8."""
    if place.width == 2:
        value = line << 26 | unit << 24 | place.index << 19 | n & POISON
        return [value >> 16, value & 0xFFFF]
    return [unit << 13 | place.index << 8 | n & 0xFF]


class Served(collections.namedtuple("Served", "at unit function address count")):
    """A request as the server saw it."""

    def covers(self, place):
        return self.function == place.function and self.address <= place.address and \
            place.address + place.width <= self.address + self.count


class Adversary:
    """Handler of one line (or TCP endpoint). probability: of a fault, per request."""

    def __init__(self, line_number, seed, timeout, probability=0.3):
        self.number, self.timeout, self.probability = line_number, timeout, probability
        self.random = random.Random(seed)
        self.served = [None]  # by n; n = 0 is never served
        self.faults = collections.Counter()
        self.trace = []  # (time, bytes) of all that was sent, for the report of a failure
        self._slow = {}     # unit -> (until, latency)
        self._sent_at = {}  # unit -> when the last reply leaves
        self._last = None   # the last true reply, for duplicates and stale ones
        self._held = None   # TCP: a reply kept back for the next request
        self._behind = {}   # RTU: unit -> [requests for which it stays one behind, the reply kept back]

    # ---- the handler

    def __call__(self, line, request):
        line.trace = self.trace
        self.served.append(Served(request.at, request.unit, request.function, request.address, request.count))
        n = len(self.served) - 1
        true = request.reply(self.words(request, n))
        if self._held and line.open:
            self._held, held = None, self._held
            line.send(held)
        delay = self.latency(request.unit)
        if request.unit in self._behind:
            self.stay_behind(line, request, true)
        elif delay == 0 and self.random.random() < self.probability:
            fault = self.random.choice(RTU_FAULTS if request.rtu else TCP_FAULTS)
            self.faults[fault.__name__] += 1
            fault(self, line, request, true)
        else:
            if delay:
                self.faults["constant_latency"] += 1
            self.send(line, request, delay, true)
        self._last = true

    def words(self, request, n):
        held = {}
        for place in PLACES:
            if place.function == request.function:
                for at, word in enumerate(encode(place, self.number, request.unit, n)):
                    held[place.address + at] = word
        return [held.get(request.address + i, 0) for i in range(request.count)]

    def poison(self, request):
        return request.pdu(self.words(request, POISON))

    def latency(self, unit):
        until, latency = self._slow.get(unit, (0, 0))
        return latency if time.monotonic() < until else 0

    def send(self, line, request, delay, data):
        """Sends a reply after delay; on a serial line never before an earlier one of the same unit."""
        now = time.monotonic()
        at = now + delay
        if request.rtu:
            at = max(at, self._sent_at.get(request.unit, 0))
            self._sent_at[request.unit] = at
        if at <= now:
            line.send(data)
        else:
            line.send_later(at - now, data)

    def stay_behind(self, line, request, true):
        """Answers with the reply to the request before, which may have been a refusal."""
        self.faults["one_behind"] += 1
        state = self._behind[request.unit]
        if state[1]:
            line.send(state[1])
        refused = self.random.random() < 0.3
        state[1] = request.exception(self.random.choice((4, 6, 11))) if refused else true
        state[0] -= 1
        if state[0] <= 0 or self.probability == 0:
            del self._behind[request.unit]
            self.send(line, request, self.random.choice((0, 0.005, 0.03, 0.05, 1.5)), state[1])

    def conversation(self, start, end):
        """What was asked and sent in that time (seconds UTC), as lines."""
        said = [(s.at, "%.3f  ask n=%d unit %d function %d address %d count %d" % (s.at % 1000, n, s.unit, s.function,
                                                                               s.address, s.count))
                for n, s in enumerate(self.served) if s and start <= s.at <= end]
        said += [(at, "%.3f  -> %s" % (at % 1000, data.hex())) for at, data in self.trace if start <= at <= end]
        return "\n".join(text for _, text in sorted(said))

    def stop(self):
        self.probability = 0
        self._slow.clear()

    # ---- faults of both transports

    def silence(self, line, request, true):
        pass

    def late(self, line, request, true):
        self.send(line, request, self.timeout * self.random.choice((1.02, 1.1, 1.5, 2, 3, 5, 10, 20)), true)

    def nearly_late(self, line, request, true):
        self.send(line, request, self.timeout * self.random.uniform(0.5, 1.05), true)

    def become_slow(self, line, request, true):
        """From now on, for a while, each reply of this unit comes too late by the same time."""
        latency = self.timeout * self.random.choice((1.05, 1.3, 1.9, 2.5, 4))
        self._slow[request.unit] = (time.monotonic() + self.random.uniform(0.5, 6), latency)
        self.send(line, request, latency, true)

    def foreign_unit(self, line, request, true):
        line.send(request.wrap(self.poison(request), unit=request.unit % 7 + 1))
        if self.random.random() < 0.5:
            self.send(line, request, 0, true)

    def wrong_function(self, line, request, true):
        other = self.random.choice([f for f in (1, 2, 3, 4, 6, 16) if f != request.function])
        line.send(request.wrap(request.pdu(self.words(request, POISON), function=other)))

    def wrong_byte_count(self, line, request, true):
        count = 2 * request.count + self.random.choice((-2, -1, 1, 2, 100))
        line.send(request.wrap(request.pdu(self.words(request, POISON), bytecount=count & 0xFF)))

    def short(self, line, request, true):
        words = self.words(request, POISON)
        line.send(request.reply(words[:self.random.randrange(len(words))]))

    def long(self, line, request, true):
        line.send(request.reply(self.words(request, POISON) + [0xDEAD] * self.random.randrange(1, 60)))

    def half(self, line, request, true):
        line.send(true[:self.random.randrange(1, len(true))])

    def half_then_rest(self, line, request, true):
        """Cut in two, the second part after the timeout: in the middle of what comes next."""
        cut = self.random.randrange(1, len(true))
        line.send(true[:cut])
        line.send_later(self.timeout * self.random.choice((1.05, 1.5, 2.5)), true[cut:])

    def trailing(self, line, request, true):
        self.send(line, request, 0, true + bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 40))))

    def duplicate(self, line, request, true):
        self.send(line, request, 0, true * self.random.choice((2, 2, 3)))

    def garbage(self, line, request, true):
        line.send(bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 260))))

    def exception(self, line, request, true):
        # 2 makes the daemon split its blocks for good: rarely.
        code = self.random.choice((1, 3, 4, 5, 6, 10, 11) * 5 + (2, 0))
        self.send(line, request, 0, request.exception(code))

    def drip(self, line, request, true):
        """One byte at a time: over in time, or far too slow."""
        step = self.timeout / len(true) * self.random.choice((0.5, 2, 5))
        for n in range(len(true)):
            line.send_later(step * n, true[n:n + 1])
        self._sent_at[request.unit] = time.monotonic() + step * len(true)

    # ---- TCP only: here the header says whose reply it is

    def foreign_transaction(self, line, request, true):
        off = self.random.choice((-1, 1, 2, -256, 256, 0x8000))
        line.send(request.wrap(self.poison(request), tid=request.tid + off & 0xFFFF))
        if self.random.random() < 0.5:
            line.send(true)

    def one_step_behind(self, line, request, true):
        """The reply before, once more; the true one may follow."""
        line.send(self._last or true[:1])
        if self.random.random() < 0.5:
            line.send(true)

    def hold(self, line, request, true):
        """Kept back until the next request: from then on everything is one step late."""
        self._held = true

    def wrong_protocol(self, line, request, true):
        line.send(request.wrap(self.poison(request), protocol=self.random.choice((1, 9, 0x100, 0xFFFF))))

    def wrong_length(self, line, request, true):
        length = len(true) - 6 + self.random.choice((-3, -1, 1, 2, 50, 300, 60000))
        line.send(request.wrap(self.poison(request), length=max(0, length)))

    def next_in_advance(self, line, request, true):
        """The true reply, and at once one that claims to answer the next request."""
        line.send(true + request.wrap(self.poison(request), tid=request.tid + 1 & 0xFFFF))

    def drop(self, line, request, true):
        line.drop()

    def reply_and_drop(self, line, request, true):
        line.send(true[:self.random.choice((len(true), len(true) - 1, 7, 3))])
        line.drop()

    # ---- RTU only

    def fall_behind(self, line, request, true):
        """No reply now, and each of the next requests is answered with the one before its own."""
        self._behind[request.unit] = [self.random.randrange(1, 8), true]

    def bad_crc(self, line, request, true):
        frame = bytearray(request.wrap(self.poison(request)))
        bit = self.random.randrange(len(frame) * 8)
        frame[bit // 8] ^= 1 << bit % 8
        line.send(bytes(frame))

    def noise_before(self, line, request, true):
        self.send(line, request, 0, bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 6))) + true)

    def echo(self, line, request, true):
        """The adapter hears itself: the request comes back before the reply."""
        self.send(line, request, 0, request.frame + true)

    def unsolicited(self, line, request, true):
        """A report that nobody asked for, from the same unit, of another length; then the reply."""
        words = 3 if request.count != 3 else 5
        body = bytes([request.unit, request.function, 2 * words]) + b"\x01\x2F" * words
        self.send(line, request, 0, body + crc16(body) + true)


_BOTH = [Adversary.silence, Adversary.late, Adversary.late, Adversary.late, Adversary.nearly_late, Adversary.become_slow,
         Adversary.foreign_unit, Adversary.wrong_function, Adversary.wrong_byte_count, Adversary.short, Adversary.long,
         Adversary.half, Adversary.half_then_rest, Adversary.trailing, Adversary.duplicate, Adversary.garbage,
         Adversary.exception, Adversary.drip]
TCP_FAULTS = _BOTH + [Adversary.foreign_transaction, Adversary.foreign_transaction, Adversary.one_step_behind,
                      Adversary.one_step_behind, Adversary.hold, Adversary.wrong_protocol, Adversary.wrong_length,
                      Adversary.next_in_advance, Adversary.drop, Adversary.reply_and_drop]
RTU_FAULTS = _BOTH + [Adversary.fall_behind, Adversary.fall_behind, Adversary.fall_behind,
                      Adversary.bad_crc, Adversary.bad_crc, Adversary.noise_before, Adversary.echo,
                      Adversary.unsolicited]


def judge(adversary, unit, place, value, not_before, not_after):
    """None if a value published as good is the truth, else what is wrong with it. Times in seconds UTC."""
    value = int(value)
    if place.width == 2:
        line, of_unit, index, n = value >> 26, value >> 24 & 3, value >> 19 & 31, value & POISON
        if line != adversary.number:
            return "of line %d" % line
    else:
        of_unit, index, n = value >> 13 & 7, value >> 8 & 31, value & 0xFF
    if of_unit != unit or index != place.index:
        return "of unit %d, place %d" % (of_unit, index)
    if place.width == 2 and not 0 < n < len(adversary.served):
        return "never served (n=%d)" % n
    newest = len(adversary.served) - 1
    candidates = [n] if place.width == 2 else range(newest - (newest - n) % 256, 0, -256)
    why = "never served"
    for candidate in candidates:
        served = adversary.served[candidate]
        if served.at > not_after:
            why = "from the future"
            continue
        if served.unit != unit or not served.covers(place):
            why = "the reply to another request: %s" % (served,)
        elif served.at < not_before:
            return "stale: asked %.3f s before" % (not_before - served.at)
        else:
            return None
    return why
