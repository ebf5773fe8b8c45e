"""Records of a freezer's runs for the tests of the report, made by make_record: a chamber that follows its program, a
sample in it that supercools and freezes, and what the events say of the run."""
import os
import random

import record

CONFIGURATION = """--- /etc/cryomon/cryomon.yaml
site:
  id: demo
  name: {en: Demo cell bank, zh: 示范细胞库}
mqtt: {broker: "mqtt://127.0.0.1:1"}
buses:
  hall: {tcp: {host: 127.0.0.1, port: 502}}
devices:
  f: {bus: hall, unit: 1, profile: cryosim-freezer, interval: INTERVAL s}
assets:
  freezer-1:
    name: {en: Freezer 1, zh: 1号程序降温仪}
    kind: freezer
    points:
      chamber: {device: f, register: chamber, name: {en: Chamber temperature, zh: 腔体温度}}
      sample: {device: f, register: sample, name: {en: Sample temperature, zh: 样品温度}}
      setpoint: {device: f, register: setpoint, name: {en: Setpoint, zh: 设定值}}
      segment: {device: f, register: segment}
      program: {device: f, register: program, name: {en: Program, zh: 程序状态}}
      door: {device: f, register: door, name: {en: Door, zh: 门}}
    runs:
      chamber: chamber
      sample: sample
      setpoint: setpoint
      segment: segment
      status: {point: program, running: run, held: [hold, holdback], complete: complete, idle: reset}
      lid: {point: door, open: open}
      program: cryomed-700
"""
PROGRAM = os.path.join(record.ROOT, "config", "programs", "cryomed-700.yaml")
POINTS = ("chamber", "sample", "setpoint", "segment", "program", "door")
RESET, RUN, HOLD, COMPLETE = 1, 2, 4, 16


def source(interval, program=PROGRAM):
    text = record.with_profile(CONFIGURATION.replace("INTERVAL", str(interval)), "cryosim-freezer")
    with open(program, encoding="utf-8") as p:
        return f"{text}--- programs/{os.path.basename(program)}\n{p.read()}"


def two_samples(interval):
    """The configuration of a freezer with two probes of samples."""
    text = source(interval)
    point = "      sample: {device: f, register: sample, name: {en: Sample temperature, zh: 样品温度}}\n"
    names = point.replace("Sample temperature", "Bag middle").replace("样品温度", "袋中部")
    return text.replace(point, names + names.replace("sample:", "sample-b:").replace("middle", "edge").replace("中部", "边缘")) \
        .replace("sample: sample\n", "sample: [sample, sample-b]\n")


def without_program(interval):
    """The configuration of a freezer that tells its temperatures only."""
    keys = ("setpoint: setpoint", "segment: segment", "status: {", "program: cryomed-700")
    lines = source(interval).splitlines(keepends=True)
    return "".join(line for line in lines if not any(line.startswith("      " + key) for key in keys))


def course(seed, slow=1, interval=2):
    """Rows of (s, chamber, sample, setpoint, segment): 4 degC for ten minutes, -1 K/min to -45, -10 K/min to -90, and a
    minute there. The sample freezes at about -9."""
    noise = random.Random(seed)
    steps = ((4, 600), (-45, 2940), (-90, 270), (-90, 120))
    chamber = sample = setpoint = 4.0
    s, ice, heat, rows = 0, False, 0.0, []
    freezes = -9 + noise.gauss(0, 0.6)
    for segment, (target, seconds) in enumerate(steps, 1):
        before, seconds = setpoint, seconds * slow
        for t in range(0, int(seconds), interval):
            setpoint = before + (target - before) * t / seconds
            for _ in range(interval):
                chamber += (setpoint - chamber) * 0.08
                pull = (chamber - sample) / 90
                ice = ice or sample < freezes
                if ice and heat < 18 * slow:
                    sample += 0.2 * (-4.3 - sample) if sample < -4.3 else 0.1 * pull
                    heat -= pull
                else:
                    sample += pull
            rows.append((s, chamber + noise.gauss(0, 0.05), sample + noise.gauss(0, 0.04), setpoint, min(segment, 3)))
            s += interval
    return rows


class Runs(record.Record):
    """run() adds one; make() writes them all."""

    def __init__(self, interval=2, second=False):
        """second: a second sample, 1 K warmer, which does not freeze: it only cools."""
        super().__init__()
        self.interval, self.second = interval, second
        self.points(*(("freezer-1", name, "°C" if i < 3 else "-", 1 if i < 3 else 0) for i, name in enumerate(POINTS)))
        if second:
            self.points(("freezer-1", "sample-b", "°C", 1))

    def tell(self, at, run, transition, **body):
        self.event(at, "run", ("freezer-1", "-"), asset="freezer-1", freezer_run=run, transition=transition, **body)

    def row(self, at, values, quality="good", reason="-"):
        for point, value in enumerate(values, 1):
            if value is not None:
                self.reading(point, at, f"{value:.1f}" if isinstance(value, float) else value, quality, reason)

    def run(self, begin, seed, slow=1, stop=None, silent=None, sample=True, door=(), held=(), idle=120, unseen=0):
        """silent: (from, to) seconds in which the device did not answer; door, held: spans in which it was open, or
        the program held; unseen: so many seconds pass before anything is read. Returns its end."""
        for k in range(30 if unseen == 0 else 0):
            self.row(begin + (k - 30) * self.interval * 1000, (4.0, 4.0 if sample else None, 4.0, 0, RESET, 0))
        at, other = begin, 5.0
        for s, chamber, inside, setpoint, segment in course(seed, slow, self.interval):
            at = begin + s * 1000
            if stop is not None and s >= stop:
                break
            if s < unseen:
                continue
            if silent is not None and silent[0] <= s < silent[1]:
                self.row(at, ("-",) * 6, "bad", "timeout")
                continue
            if self.second:
                other += (1 - (1 - 1 / 90) ** self.interval) * (chamber + 1 - other)
                self.reading(7, at, f"{other:.1f}")
            is_open = any(a <= s < b for a, b in door)
            status = HOLD if any(a <= s < b for a, b in held) else RUN
            self.row(at, (chamber, inside if sample else None, setpoint, segment, status, int(is_open)))
        end = at + self.interval * 1000
        last = COMPLETE if stop is None else RESET
        for k in range(idle):
            self.row(end + k * self.interval * 1000, (chamber, inside if sample else None, setpoint, 0, last, 0))
        return end
