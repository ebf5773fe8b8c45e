"""What a shipped profile must have beyond what cryomond itself demands."""
from images import number

STATUSES = ("documented", "field-reported", "unverified")
# What points against a value, by the key that says it.
SPOKEN = {"setting": "wrong-setting", "identity": "wrong-device", "heartbeat": "frozen"}


def listed(value):
    return value if isinstance(value, list) else [value]


def sentinels(register):
    """The raw values that are no measurement."""
    return [number(raw) for raw in register.get("sentinels", [])]


def has_chinese(text):
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def complaints_of_names(register, entry):
    name = entry.get("name")
    if not isinstance(name, dict) or not name.get("en") or not name.get("zh"):
        yield "register %s has no name in English and Chinese" % register
    elif has_chinese(name["en"]):
        yield "register %s has Chinese for English" % register


def words(entry, case):
    """The register's words in the case's image, or None."""
    wide = entry["type"] in ("u32", "s32", "float32")
    place = number(entry["address"])
    values = [case.image[entry["table"]].get(place + i, case.absent) for i in range(2 if wide else 1)]
    return None if None in values else values


def pattern(entry, order, words_):
    """The number that sentinels are compared with."""
    if len(words_) == 1:
        return words_[0]
    if order in ("CDAB", "DCBA"):
        words_ = words_[::-1]
    if order in ("BADC", "DCBA"):
        words_ = [(w << 8 | w >> 8) & 0xFFFF for w in words_]
    return words_[0] << 16 | words_[1]


def complaints_of_sentinels(profile, cases):
    """Each sentinel is seen once at least, at a register that has it."""
    wanted, seen = set(), set()
    for register, entry in profile["registers"].items():
        width = 0xFFFFFFFF if entry["type"] in ("u32", "s32", "float32") else 0xFFFF
        own = {raw & width for raw in sentinels(entry)}
        wanted |= own
        order = entry.get("word_order", profile.get("word_order", "ABCD"))
        for case in cases:
            got = words(entry, case)
            if got and register in case.expect and case.expect[register][1] == "bad":
                seen |= own & {pattern(entry, order, got)}
    for raw in sorted(wanted - seen):
        yield "no case has the sentinel 0x%04X" % raw


def complaints_of_guards(profile, cases):
    """Each reason that a guard can give is expected by a case."""
    wanted = set()
    for entry in profile["registers"].values():
        wanted |= set(listed(list(entry.get("status", {}).values()))) - {"good"}
        wanted |= {reason for key, reason in SPOKEN.items() if key in entry}
    seen = {expected[2] for case in cases for expected in case.expect.values()}
    for reason in sorted(wanted - seen):
        yield "no case expects the reason %s" % reason


def complaints_of_cases(profile, image):
    if image is None:
        yield "no register images: tests/profiles has no file of this name"
        return
    if not image.source:
        yield "its register images have no source"
    if not any(all(e[1] == "good" for e in case.expect.values()) for case in image.cases):
        yield "no case in which all is well"
    for case in image.cases:
        for register, expected in case.expect.items():
            if register not in profile["registers"]:
                yield "case '%s' expects a register '%s' that is not there" % (case.name, register)
            if len(expected) != 3:
                yield "case '%s', register %s: [value, quality, reason] is wanted" % (case.name, register)
    yield from complaints_of_sentinels(profile, image.cases)
    yield from complaints_of_guards(profile, image.cases)


def complaints(profile, image):
    """All that is wrong with a profile, as texts."""
    for key in ("vendor", "model", "source", "status", "transports", "registers"):
        if not profile.get(key):
            yield "'%s' is missing" % key
            if key == "registers":
                return
    if profile.get("status") not in STATUSES:
        yield "status '%s' is none" % profile.get("status")
    for register, entry in profile["registers"].items():
        yield from complaints_of_names(register, entry)
    yield from complaints_of_cases(profile, image)
