"""Verifies a record as an auditor would who has no program of ours, but the description: cryomon-record(7)."""
import base64
import hashlib
import json
import os
import sqlite3
import struct
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def integer(n):
    return struct.pack(">q", n or 0)


def blob(b):
    return integer(len(b)) + b


def text(s):
    return blob(s.encode())


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def put_varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def signed_by(key, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def sections(body):
    """The canonical bytes of each section of a chunk; None where there are none."""
    assert body[0] == 1
    n, at = varint(body, 1)
    _, at = varint(body, at)
    packed, at = varint(body, at)
    _, at = varint(body, at)
    first = zlib.decompress(body[at:at + packed], -15)
    values = zlib.decompress(body[at + packed:], -15) if body[at + packed:] else b""
    lengths, at = [], 0
    for _ in range(n):
        head_len, at = varint(first, at)
        values_len, at = varint(first, at)
        lengths.append((head_len, values_len))
    head, v = b"", 0
    for head_len, values_len in lengths:
        before, head = head, first[at:at + head_len]
        if len(before) == head_len:
            head = bytes((a + b) & 0xFF for a, b in zip(head, before))
        yield put_varint(head_len) + head + values[v:v + values_len] if head_len else None
        at, v = at + head_len, v + values_len


class Audit:
    def __init__(self, directory, key):
        self.key, self.wrong = key, []
        self.state = sqlite3.connect(f"file:{directory}/state.db?mode=ro", uri=True)
        self.history = sqlite3.connect(f"file:{directory}/history.db?mode=ro", uri=True)
        self.points = {r[0]: text(r[1]) + text(r[2]) + text(r[3]) + integer(r[4])
                       for r in self.history.execute("SELECT id, asset, point, unit, decimals FROM point")}
        self.hours_proven = self.chunks = 0

    def check(self, fits, *what):
        if not fits:
            self.wrong.append(what)

    def events(self):
        last, self.event = bytes(32), {}
        for r in self.state.execute("SELECT seq, utc_us, boot_us, boot_id, kind, asset, alarm, body, previous, hash"
                                    " FROM event ORDER BY seq"):
            self.check(r[8] == last and r[9] == sha256(b"cryomon event 1", r[8], *map(integer, r[:3]),
                                                       *map(text, r[3:8])), "event", r[0])
            last = self.event[r[0]] = r[9]

    def chunk(self, seal, point, expected):
        row = self.history.execute('SELECT count, "values", minimum, maximum, sum, first, last, worst, hours, body'
                                   " FROM chunk WHERE id = ?", (seal << 20 | point,)).fetchone()
        self.check(row and expected == sha256(b"cryomon chunk 1", integer(seal), self.points[point],
                                              *map(integer, row[:8]), blob(row[8]), blob(row[9])),
                   "chunk", seal, point)
        self.chunks += 1
        return list(sections(row[9]))

    def live(self, seal, entries, hours):
        contents = {hour: [b"cryomon content 1"] for hour in hours}
        at = point = 0
        while at < len(entries):
            step, at = varint(entries, at)
            point += step >> 1
            for hour, section in zip(hours, self.chunk(seal, point, entries[at:at + 32])):
                if section:
                    contents[hour] += [self.points[point], blob(section)]
            at += 32
        for hour, parts in contents.items():
            self.check(sha256(*parts) == self.content[hour], "hour", hour)
            self.hours_proven += 1

    def seals(self):
        last, self.content, self.hash, self.kind, alive = bytes(32), {}, {}, {}, set()
        self.frames_head, self.seal_id = bytes(32), 0
        for r in self.history.execute(
                "SELECT seal.id, kind, seal.utc_us, first_utc_us, last_utc_us, count, from_id, to_id, frames_head,"
                " content, entries_hash, event_seq, event_hash, previous, hash, signature, public_key, entries"
                " FROM seal JOIN signer ON signer.id = seal.signer ORDER BY seal.id"):
            number, kind = r[0], r[1]
            fits = r[13] == last and r[14] == sha256(b"cryomon seal 1", r[13], *map(integer, r[:8]), *r[8:11],
                                                     integer(r[11]), r[12], r[16])
            fits = fits and r[16] == self.key and signed_by(self.key, r[14], r[15])
            fits = fits and (r[11] == 0 or self.event.get(r[11]) == r[12])
            self.content[number], self.hash[number], self.kind[number] = r[9], r[14], kind
            if kind == 1:
                self.frames_head = r[8]
                alive.add(number)
            else:
                over = [n for n in range(r[6], r[7] + 1) if n in alive and (kind == 3 or self.kind[n] == 1)]
                parts = [(self.content if kind == 2 else self.hash)[n] for n in over]
                fits = fits and r[9] == sha256(b"cryomon content %d" % kind, *parts)
                alive.difference_update(over)
                if kind == 2:
                    alive.add(number)
            if r[17] is not None:
                fits = fits and r[10] == sha256(b"cryomon entries 1", blob(r[17]))
            self.check(fits, "seal", number)
            last, self.seal_id = sha256(b"cryomon link 1", r[14], r[15]), number
        for number, kind, first, to, entries in self.history.execute(
                "SELECT id, kind, from_id, to_id, entries FROM seal WHERE entries IS NOT NULL"):
            self.check(number in alive, "alive", number)
            self.live(number, entries, [number] if kind == 1 else
                      [n for n in range(first, to + 1) if self.kind[n] == 1])
        self.check(self.chunks == self.history.execute("SELECT count(*) FROM chunk").fetchone()[0], "chunks")

    def frames(self):
        last = self.frames_head
        for r in self.history.execute("SELECT id, first_utc_us, last_utc_us, count, body, hash FROM frame ORDER BY id"):
            self.check(r[5] == sha256(b"cryomon frame 2", last, *map(integer, r[:4]), r[4]), "frame", r[0])
            last = r[5]

    def head(self):
        head = json.loads(self.state.execute("SELECT text FROM head").fetchone()[0])
        lines = ["cryomon head 1", f"site {head['site']}", f"time {head['time']}",
                 f"event {head['event']['seq']} {head['event']['hash']}",
                 f"seal {head['seal']['id']} {head['seal']['hash']}",
                 f"frame {head['frame']['id']} {head['frame']['hash']}", ""]
        self.check(signed_by(self.key, "\n".join(lines).encode(), base64.b64decode(head["signature"])), "head")
        self.check(self.hash.get(head["seal"]["id"], bytes(32)).hex() == head["seal"]["hash"], "head: seal")
        self.check(self.event.get(head["event"]["seq"], bytes(32)).hex() == head["event"]["hash"], "head: event")


def audit(directory):
    """Gives what was wrong, and how many hours' readings were proven."""
    with open(os.path.join(directory, "signing.pub"), encoding="ascii") as f:
        key = base64.b64decode(f.read().split()[1])
    a = Audit(directory, key)
    a.events()
    a.seals()
    a.frames()
    a.head()
    a.state.close()
    a.history.close()
    return a.wrong, a.hours_proven
