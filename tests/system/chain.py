"""The hash chain, checked as an auditor would who has only its description and the files."""
import hashlib
import struct

import harness


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
    """The same for each frame of history.db."""
    rows = harness.sqlite(path, "SELECT id, first_utc_us, last_utc_us, count, hex(body) body, hex(hash) hash FROM frame")
    faults = []
    for row in rows:
        data = b"cryomon frame 1" + b"".join(_number(row[key]) for key in ("id", "first_utc_us", "last_utc_us", "count"))
        if hashlib.sha256(data + bytes.fromhex(row["body"])).hexdigest().upper() != row["hash"]:
            faults.append("frame %d is not what was hashed" % row["id"])
    return faults
