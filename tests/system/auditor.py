"""History and hash chain, read as an auditor would who has only the files and their description (frame.h, chain.h)."""
import os
import collections
import hashlib
import struct

import harness
import packed

QUALITIES = ("good", "uncertain", "bad")
REASONS = {0: "", 1: "never-read", 2: "timeout", 3: "bad-reply", 4: "refused", 5: "link-down", 6: "stale", 7: "unproven",
           8: "dropped", 32: "sentinel", 33: "not-finite", 34: "implausible", 35: "unknown-state", 36: "sensor-fault",
           37: "over-range", 38: "under-range", 39: "warm-up", 40: "inhibited", 41: "simulation", 42: "calibration",
           43: "maintenance", 44: "device-fault", 45: "device-stale", 46: "channel-off", 47: "wrong-device",
           48: "wrong-setting", 49: "frozen", 50: "status-unknown",
           51: "not-measured", 52: "input-bad", 53: "learning", 54: "input-gap", 55: "busy",
           56: "no-shape", 57: "no-limit", 58: "no-capacity", 59: "not-falling", 60: "no-run"}
PUNCTUAL_MS = 500  # a reply that comes sooner after its slot is recorded as taken at the slot
# Times in milliseconds UTC; value None when there is none.
Row = collections.namedtuple("Row", "asset point unit slot taken value quality reason raw calibration", defaults=(0,))


def _entries_1(b):
    """The entries of a body of version 1, each by itself: (flags, point, slot, taken, reason, number, raw, 0)."""
    point = slot = 0
    for _ in range(b.varint()):
        flags = b.byte()
        point += b.zigzag()
        if not flags & 0x40:
            slot += b.zigzag()
        taken = slot + b.zigzag()
        reason = b.byte() if flags & 4 else 0
        number = b.zigzag() if flags & 8 else None
        raw = b.some("raw words") if flags & 0x20 else 0
        yield flags, point, slot, taken, reason, number, raw, 0


def _entries_2(b):
    """The same of version 2, where neighbours that have all but the value in common make a run."""
    point = slot = 0
    left = b.varint()
    while left > 0:
        flags = b.byte()
        if flags & 3 == 3 or flags & 0x28 == 0x28 or (flags & 3 == 2 and flags & 0x18):
            raise ValueError("flags 0x%02x do not go together" % flags)
        step = b.zigzag()
        if not flags & 0x40:
            slot += b.zigzag()
        taken = slot + b.zigzag()
        reason = b.byte() if flags & 4 else 0
        calibration = b.some("a calibration") if flags & 0x80 else 0
        run = b.varint() + 1
        if run > left:
            raise ValueError("a run that is longer than its frame")
        left -= run
        for _ in range(run):
            point += step
            number = b.zigzag() if flags & 3 != 2 else None
            raw = number & 0xFFFF if flags & 8 else b.some("raw words") if flags & 0x20 else 0
            yield flags, point, slot, taken, reason, number, raw, calibration


def not_after(row):
    """The latest ms at which the reply may have come."""
    return row.taken + (PUNCTUAL_MS if row.taken == row.slot else 0)


def _row(point, entry):
    asset, name, unit, decimals = point
    value = None if entry.number is None else entry.number / 10 ** (6 if entry.micro else decimals)
    return Row(asset, name, unit, entry.slot, entry.taken, value, QUALITIES[entry.quality], REASONS[entry.reason],
               entry.raw, entry.calibration)


def frame_rows(data, points):
    """The rows of one frame's body; points: {id: (asset, point, unit, decimals)}."""
    b = packed.Bytes(data)
    version = b.byte()
    if version not in (1, 2):
        raise ValueError("a frame of another version")
    for flags, point, slot, taken, reason, number, raw, calibration in (_entries_1 if version == 1 else _entries_2)(b):
        if slot < taken < slot + PUNCTUAL_MS and version > 1:
            raise ValueError("taken %d ms after the slot: less than what is recorded" % (taken - slot))
        yield _row(points[point], packed.Entry(slot, taken, flags & 3, flags & 0x10, number, reason, calibration, raw))
    b.end("a frame")


def news(path, after):
    """(id, row) for each row of history.db behind a frame: those that are folded by hour and point, with id 0, and
    from the beginning of their hour; then the others in the order in which they were stored, with the frame's id."""
    # In one statement: no reading is folded between two looks.
    bodies = harness.sqlite(path, "SELECT id & 0xFFFFF point, count, hex(body) body, 0 frame, id FROM chunk WHERE %(id)d = 0"
                                  " OR id >> 20 IN (SELECT id FROM seal WHERE kind = 1 AND to_id > %(id)d) UNION ALL SELECT"
                                  " 0, count, hex(body), id, id FROM frame WHERE id > %(id)d ORDER BY 4, 5" % {"id": after})
    points = {p["id"]: (p["asset"], p["point"], p["unit"], p["decimals"])
              for p in harness.sqlite(path, "SELECT * FROM point")}
    for stored in bodies:
        body, count = bytes.fromhex(stored["body"]), 0
        rows = (frame_rows(body, points) if stored["frame"] else
                (_row(points[stored["point"]], entry) for entry in packed.entries(body)))
        for row in rows:
            count += 1
            yield stored["frame"], row
        if count != stored["count"]:
            raise ValueError("%s with another count" % ("a frame" if stored["frame"] else "a chunk"))


def history(path):
    """All rows of history.db."""
    return [row for _, row in news(path, 0)]


def history_so_far(path):
    """The same while the daemon runs; nothing while it has not made the file or its tables yet."""
    if not os.path.exists(path) or not harness.sqlite(path, "SELECT 1 FROM sqlite_master WHERE name = 'frame'"):
        return []
    return history(path)


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
