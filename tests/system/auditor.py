"""History and hash chain, read as an auditor would who has only the files and their description (frame.h, chain.h)."""
import collections
import hashlib
import struct

import harness

QUALITIES = ("good", "uncertain", "bad")
REASONS = {0: "", 1: "never-read", 2: "timeout", 3: "bad-reply", 4: "refused", 5: "link-down", 6: "stale", 7: "unproven",
           8: "dropped", 32: "sentinel", 33: "not-finite", 34: "implausible", 35: "unknown-state"}
# Times in milliseconds UTC; value None when there is none.
Row = collections.namedtuple("Row", "asset point unit slot taken value quality reason raw")


class _Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)


def _frame(data, points):
    """The rows of one frame's body."""
    b = _Bytes(data)
    version = b.byte()
    if version not in (1, 2):
        raise ValueError("a frame of another version")
    point = slot = 0
    for _ in range(b.varint()):
        flags = b.byte()
        point += b.zigzag()
        if not flags & 0x40:
            slot += b.zigzag()
        taken = slot + b.zigzag()
        reason = b.byte() if flags & 4 else 0
        value = b.zigzag() if flags & 8 else None
        raw = b.varint() if flags & 0x20 else 0
        if flags & 0x80 and (version < 2 or b.varint() == 0):
            raise ValueError("a calibration that is none")
        asset, name, unit, decimals = points[point]
        if value is not None:
            value = value / 10 ** (6 if flags & 0x10 else decimals)
        yield Row(asset, name, unit, slot, taken, value, QUALITIES[flags & 3], REASONS[reason], raw)
    if b.at != len(data):
        raise ValueError("a frame with bytes left over")


def history(path):
    """All rows of history.db, in the order in which they were stored."""
    points = {p["id"]: (p["asset"], p["point"], p["unit"], p["decimals"])
              for p in harness.sqlite(path, "SELECT * FROM point")}
    rows = []
    for frame in harness.sqlite(path, "SELECT count, hex(body) body FROM frame ORDER BY id"):
        found = list(_frame(bytes.fromhex(frame["body"]), points))
        if len(found) != frame["count"]:
            raise ValueError("a frame with another count")
        rows += found
    return rows


def _number(n):
    return struct.pack(">q", n)


def _text(text):
    data = text.encode()
    return _number(len(data)) + data


def check_events(path):
    """What is wrong with the chain of events in state.db; an empty list when it is whole."""
    rows = harness.sqlite(path, "SELECT seq, utc_us, boot_us, boot_id, kind, asset, alarm, body, hex(previous) previous,"
                                " hex(hash) hash FROM event ORDER BY seq")
    faults, before = [], "00" * 32
    for row in rows:
        data = b"cryomon event 1" + bytes.fromhex(row["previous"]) + b"".join(
            _number(row[key]) for key in ("seq", "utc_us", "boot_us")) + b"".join(
            _text(row[key]) for key in ("boot_id", "kind", "asset", "alarm", "body"))
        if row["previous"] != before:
            faults.append("event %d does not follow the one before it" % row["seq"])
        if hashlib.sha256(data).hexdigest().upper() != row["hash"]:
            faults.append("event %d is not what was hashed" % row["seq"])
        before = row["hash"]
    return faults


def check_frames(path):
    """The same for each frame of history.db that is not folded yet."""
    rows = harness.sqlite(path, "SELECT id, first_utc_us, last_utc_us, count, hex(body) body, hex(hash) hash FROM frame"
                                " ORDER BY id")
    folded = harness.sqlite(path, "SELECT hex(frames_head) head FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1")
    faults, before = [], folded[0]["head"] if folded else "00" * 32
    for row in rows:
        kind = b"cryomon frame 1" if row["body"].startswith("01") else b"cryomon frame 2" + bytes.fromhex(before)
        before = row["hash"]
        data = kind + b"".join(_number(row[key]) for key in ("id", "first_utc_us", "last_utc_us", "count"))
        if hashlib.sha256(data + bytes.fromhex(row["body"])).hexdigest().upper() != row["hash"]:
            faults.append("frame %d is not what was hashed" % row["id"])
    return faults
