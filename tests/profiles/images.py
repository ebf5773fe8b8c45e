"""Register images of devices, made from their makers' tables: PROFILE.yaml beside this file.

    profile: eurotherm-2400
    source: HA026230 issue 3, section 5      # where the image comes from: not from the profile
    cases:
      - name: sensor break
        image:                               # protocol addresses; a list fills consecutive registers
          holding: {1: [0xF858], 75: [0x0020], 0x8002: [0xC344, 0x0000]}
          input: {}
          coil: {}                           # {0: [1, 0, 1]}
          discrete: {}
        absent: 0                            # what the image lacks reads 0; without this line: exception 2
        beats: {holding: {0: 0x0800}}        # bits that change all the time, for heartbeats
        expect:                              # register: [number, state or null, quality, reason]
          pv: [null, bad, sensor-fault]
          setpoint: [-196.0, good, none]
"""
import os

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
PROFILES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "config", "devices")
TABLES = ("holding", "input", "coil", "discrete")
NOTHING = ("null", "~", "")


def load(path):
    """All scalars stay text, as cryomond reads them: 'off' is no boolean."""
    with open(path) as f:
        return yaml.load(f, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def number(text):
    return int(text, 0)


def names(directory, ending=".yaml"):
    return sorted(f[:-len(ending)] for f in os.listdir(directory) if f.endswith(ending))


def spread(table):
    """{"1": ["5", "6"]} as {1: 5, 2: 6}."""
    values = {}
    for address, list_ in (table or {}).items():
        for i, value in enumerate(list_ if isinstance(list_, list) else [list_]):
            place = number(address) + i
            if place in values:
                raise ValueError("address %d is there twice" % place)
            values[place] = number(value) & 0xFFFF
    return values


class Case:
    def __init__(self, profile, data):
        self.profile, self.name = profile, data["name"]
        unknown = set(data) - {"name", "image", "absent", "beats", "expect"}
        if unknown or set(data["image"]) - set(TABLES):
            raise ValueError("%s: %s: unknown key" % (profile, self.name))
        self.image = {table: spread(data["image"].get(table)) for table in TABLES}
        self.absent = number(data["absent"]) if "absent" in data else None
        self.beats = {table: {number(a): number(mask) for a, mask in places.items()}
                      for table, places in data.get("beats", {}).items()}
        self.expect = {register: tuple(wanted) for register, wanted in data["expect"].items()}

    def __str__(self):
        return "%s: %s" % (self.profile, self.name)


class Image:
    """One file of this directory."""

    def __init__(self, name, data):
        self.name, self.profile, self.source = name, data.get("profile"), data.get("source")
        self.cases = [Case(name, case) for case in data.get("cases", [])]


def images():
    return {name: Image(name, load(os.path.join(HERE, name + ".yaml"))) for name in names(HERE)}


def profiles():
    return {name: load(os.path.join(PROFILES, name + ".yaml")) for name in names(PROFILES)}
