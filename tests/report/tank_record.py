"""A record of a tank with a vessel: what the daemon derived of it, stored as points, and its fills."""
import record

CONFIGURATION = """--- /etc/cryomon/cryomon.yaml
site:
  id: demo
  name: {en: Demo cell bank, zh: 示范细胞库}
mqtt: {broker: "mqtt://127.0.0.1:1"}
nitrogen: {price: 0.5 EUR/L}
buses:
  hall: {tcp: {host: 127.0.0.1, port: 502}}
devices:
  c1: {bus: hall, unit: 1, profile: cryosim-tank, interval: 1 min}
assets:
  tank-1:
    name: {en: Tank 1, zh: 1号罐}
    kind: tank
    points:
      temperature: {device: c1, register: temperature, name: {en: Vapour temperature, zh: 气相温度}}
      level: {device: c1, register: level, name: {en: LN2 level, zh: 液氮液位}}
    vessel:
      level: level
      temperatures: [temperature]
      shape: [[0 cm, 0 L], [60 cm, 160 L]]
"""
DERIVED = (("boil-off", "L/d", 2), ("time-to-empty", "h", 1), ("time-to-150", "h", 1), ("vacuum-index", "-", 2))
DAY, MINUTE = 86400000, 60000


def source():
    return record.with_profile(CONFIGURATION, "cryosim-tank")


def three_days(directory):
    """Readings each minute. Learning for the first six hours; the vacuum is to be watched from 24:00 to 36:00, failing to 60:00,
    good again; nothing is known of it (readings missing) from 40:00 to 44:00. Two fills, one of unknown litres."""
    r, begin = record.Record(), record.ms("2026-11-20T00:00:00")
    names = [("temperature", "°C", 1), ("level", "cm", 1)]
    for name, unit, decimals in DERIVED:
        names += [(name, unit, decimals), (name + "-least", unit, decimals), (name + "-most", unit, decimals)]
    names += [("vacuum", "-", 0), ("phase", "-", 0)]
    r.points(*(("tank-1", *name) for name in names))
    at_id = {name[0]: i for i, name in enumerate(names, 1)}
    r.start(begin - 3600000, source())
    for minute in range(3 * 1440):
        at, hours = begin + minute * MINUTE, minute / 60
        r.reading(at_id["temperature"], at, f"{-185 + hours / 30:.1f}")
        r.reading(at_id["level"], at, f"{30 - (hours % 36) / 4:.1f}")
        why = "learning" if hours < 6 else "input-gap" if 40 <= hours < 44 else ""
        worse = 1.0 if hours < 24 else 1.0 + (hours - 24) / 18
        values = {"boil-off": 6 * worse, "time-to-empty": 300 / worse, "time-to-150": 420 / worse, "vacuum-index": worse}
        for name, value in values.items():
            for bound, share in (("", 1), ("-least", 0.85), ("-most", 1.2)):
                r.reading(at_id[name + bound], at, "-" if why else f"{value * share:.2f}", "bad" if why else "good", why or "-")
        vacuum = 1 if hours < 24 else 2 if hours < 36 else 3 if hours < 60 else 1
        r.reading(at_id["vacuum"], at, "-" if why else vacuum, "bad" if why else "good", why or "-")
        r.reading(at_id["phase"], at, 1)
    for hour, litres in ((36, 24.5), (71, None)):
        fill = begin + hour * 3600000
        r.event(fill + 10 * MINUTE, "fill", ("tank-1", "-"), asset="tank-1", begin=record.time_text(fill),
                end=record.time_text(fill + 9 * MINUTE), from_cm=21.0, to_cm=30.0, litres=litres)
    r.event(begin + 61 * 3600000, "vessel", ("tank-1", "-"), asset="tank-1", transition="relearned", by="wang.wei", note="vacuum valve changed")
    r.make(directory)
    return begin
