/* Mistakes in what is told of vessels and supplies: each at its place, and what to do. */
#include "mistakes.h"

/* A lid that can say that it does not know. */
#define THREE_PROFILE                                                                                        \
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"                                         \
    "  t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"             \
    "  level: {table: input, address: 1, type: s16, scale: 0.1, unit: cm, plausible: [0, 60]}\n"             \
    "  percent: {table: input, address: 2, type: u16, unit: \"%\", plausible: [0, 100]}\n"                   \
    "  prog: {table: input, address: 3, type: u16, states: {1: reset, 2: run, 3: hold, 4: complete}}\n"      \
    "  lid: {table: input, address: 4, type: u16, states: {0: closed, 1: open, 2: fault}}\n"

/* Lines 4 to 8: tank a; 9 to 12: utility u, whose supply is empty. */
#define TANK                                                                                                 \
    HEAD                                                                                                     \
        "assets:\n  a:\n    kind: tank\n    points: {t: {device: d, register: t}, s: {device: d, register: " \
        "t},\n      level: {device: d, register: level}, lid: {device: d, register: lid}}\n"                 \
        "  u:\n    kind: utility\n    points: {stock: {device: d, register: percent}}\n"
/* Line 11, settings of the vessel of tank a from column 28. */
#define VESSEL(settings)                                                                                     \
    HEAD "assets:\n  u:\n    kind: utility\n    points: {stock: {device: d, register: percent}}\n"           \
         "  a:\n    kind: tank\n    points: {t: {device: d, register: t}, s: {device: d, register: t}, "     \
         "level: "                                                                                           \
         "{device: d, register: level}, lid: {device: d, register: lid}, p: {device: d, register: "          \
         "percent}}\n"                                                                                       \
         "    vessel: {" settings "}\n"
/* Line 7, settings of the supply from column 14. */
#define SUPPLY(settings)                                                                                     \
    HEAD "assets:\n  u:\n    kind: utility\n    supply: {" settings "}\n"                                    \
         "    points: {stock: {device: d, register: percent}, t: {device: d, register: t}}\n"

static const struct mistake vessels[] = {
    {VESSEL("lid: lid"), TANK_PROFILE, NULL, {"cryomon.yaml:11:5: 'level' is missing in a vessel"}},
    {VESSEL("level: levle"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:21: asset 'a' has no point 'levle'; did you mean 'level'?"}},
    {VESSEL("level: b/level"), TANK_PROFILE, NULL, {"cryomon.yaml:11:21: there is no asset 'b'"}},
    {VESSEL("level: u/levl"), TANK_PROFILE, NULL, {"cryomon.yaml:11:21: asset 'u' has no point 'levl'"}},
    {VESSEL("level: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:21: point 't' is in '°C': wanted here is cm, mm, m or in (or %)"}},
    {VESSEL("level: lid"), TANK_PROFILE, NULL, {"cryomon.yaml:11:21: point 'lid' has states, not numbers"}},
    {VESSEL("level: volume"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:21: cryomon derives 'volume' itself: a point that is read from a device is wanted "
      "here"}},
    {VESSEL("level: p"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:21: point 'p' is in %: write 'full_height', what 100 % is"}},
    {VESSEL("level: level, full_height: 60 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:28: 'full_height' has no meaning here: 'level' is in cm"}},
    {VESSEL("level: level, low_level: 12"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:39: '12' has no unit; write a unit: cm, mm, m or in"}},
    {VESSEL("level: level, low_level: 12 ft"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:39: '12 ft': the unit here is cm, mm, m or in, not 'ft'"}},
    {VESSEL("level: level, low_level: -1 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:39: -1 cm is out of range: 0 cm to 10000 cm"}},
    {VESSEL("level: level, high_level: 70 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:40: the level can't come there: its values end at 60 cm"}},
    {VESSEL("level: p, full_height: 50 cm, high_level: 60 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:56: the level can't come there: its values end at 50 cm"}},
    {VESSEL("level: level, fill_start: 20 cm, fill_stop: 14 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:58: 'fill_stop' (14 cm) must lie above 'fill_start' (20 cm)"}},
    {VESSEL("level: level, low_level: 15 cm, fill_start: 14 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:58: 'fill_start' (14 cm) must lie above 'low_level' (15 cm)"}},
    {VESSEL("level: level, low_level: 14 cm, fill_start: 14 cm, fill_stop: 20 cm, high_level: 20 cm"),
     TANK_PROFILE,
     NULL,
     {NULL}},
    {VESSEL("level: level, fill_start: 14 cm, fill_stop: 14 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:58: 'fill_stop' (14 cm) must lie above 'fill_start' (14 cm)"}},
    {VESSEL("level: level") "  b:\n    kind: tank\n    points: {l: {device: d, register: level}}\n"
                            "    vessel: {level: a/level}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:15:21: this is the level of 'a' too (cryomon.yaml:11): each tank has its own"}},
    {VESSEL("level: level") "  b:\n    kind: tank\n    points: {l: {device: d, register: level}}\n"
                            "    vessel: {level: l}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:15:21: this is the level of 'a' too (cryomon.yaml:11), the same register: each tank has "
      "its "
      "own"}},
    {VESSEL("level: level, depth: 3 cm"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:28: unknown key 'depth' in a vessel"}},
};

static const struct mistake shapes[] = {
    {VESSEL("level: level, high_level: 50 cm, shape: [[0 cm, 0 L], [40 cm, 90 L]]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:40: the level is not believed so far above the shape, which ends at 40 cm: no alarm "
      "could "
      "come there"}},
    {VESSEL("level: level, high_level: 42 cm, shape: [[0 cm, 0 L], [40 cm, 90 L]]"),
     TANK_PROFILE,
     NULL,
     {NULL}},
    {VESSEL("level: level, shape: [[0 cm, 0 L]]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:35: a shape has 2 to 32 pairs: [[0 cm, 0 L], [60 cm, 160 L]]"}},
    {VESSEL("level: level, shape: [[0 cm, 0 L], [60 cm]]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:49: a pair of height and volume is wanted here: [60 cm, 160 L]"}},
    {VESSEL("level: level, shape: [[0 cm, 0 L], [0 cm, 5 L]]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:50: the heights must rise from pair to pair"}},
    {VESSEL("level: level, shape: [[0 cm, 5 L], [9 cm, 5 L]]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:56: the volumes must rise with the heights"}},
    {VESSEL("level: level, shape: [[0 cm, 5 cm], [9 L, 5 L]]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:43: '5 cm': the unit here is L, m³, m3 or kg, not 'cm'"}},
};

static const struct mistake temperatures[] = {
    {VESSEL("level: level, temperatures: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:42: a list of 1 to 4 points is wanted here: [temperature]"}},
    {VESSEL("level: level, temperatures: [t, t]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:46: the point 't' stands twice in the list"}},
    {VESSEL("level: level, temperatures: [level]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:43: point 'level' is in 'cm': wanted here is °C"}},
    {VESSEL("level: level, temperatures: [t], probe_heights: {s: 3 cm}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:63: 's' is not one of 'temperatures'"}},
    {VESSEL("level: level, temperatures: [t, s], redundant: [[t, s]]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:50: 'differ_at_most' is missing: how far apart these probes may be"}},
    {VESSEL("level: level, temperatures: [t, s], redundant: [[t, t]], differ_at_most: 5 K"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:66: a probe is held against one other: it stands twice"}},
    {VESSEL("level: level, temperatures: [t, s], redundant: [t, s], differ_at_most: 5 K"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:62: a list of 2 to 4 of 'temperatures' is wanted here: [a, b]",
      "cryomon.yaml:11:65: a list of 2 to 4 of 'temperatures' is wanted here: [a, b]"}},
    {VESSEL("level: level, temperatures: [t, s], differ_at_most: 5 K"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:50: 'differ_at_most' belongs to 'redundant', which is missing"}},
    {VESSEL("level: level, temperatures: [t, s], redundant: [[t, s]], differ_at_most: 5"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:87: '5' has no unit; write a unit: K or °C"}},
};

static const struct mistake states[] = {
    {VESSEL("level: level, lid: {point: lid, open: ajar}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:52: register 'lid' has no state 'ajar'"}},
    {VESSEL("level: level, lid: {point: lid, open: [open, closed]}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:52: it could never be otherwise: no state of register 'lid' is 'closed'"}},
    {VESSEL("level: level, lid: {point: lid, open: open, closed: open}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:66: the state 'open' stands at two places"}},
    {VESSEL("level: level, lid: {point: lid, open: open, unknown: closed}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:52: it could never be otherwise: no state of register 'lid' is 'closed'"}},
    {VESSEL("level: level, lid: {point: lid3, open: open}"),
     THREE_PROFILE,
     NULL,
     {"cryomon.yaml:11:41: asset 'a' has no point 'lid3'; did you mean 'lid'?"}},
    {VESSEL("level: level, lid: lid"),
     THREE_PROFILE,
     NULL,
     {"cryomon.yaml:11:33: state 'closed' of register 'lid' has no place here: put it to 'open', 'closed' or "
      "'unknown'",
      "cryomon.yaml:11:33: state 'fault' of register 'lid' has no place here: put it to 'open', 'closed' or "
      "'unknown'"}},
    {VESSEL("level: level, lid: {point: lid, open: open, closed: closed}"),
     THREE_PROFILE,
     NULL,
     {"cryomon.yaml:11:33: state 'fault' of register 'lid' has no place here: put it to 'open', 'closed' or "
      "'unknown'"}},
    {VESSEL("level: level, lid: {point: lid, open: open, closed: closed, unknown: fautl}"),
     THREE_PROFILE,
     NULL,
     {"cryomon.yaml:11:83: register 'lid' has no state 'fautl'; did you mean 'fault'?"}},
    {VESSEL("level: level, lid: {point: lid, open: open, closed: closed, unknown: fault}"),
     THREE_PROFILE,
     NULL,
     {NULL}},
    {VESSEL("level: level, lid: {point: lid, opened: open}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:46: unknown key 'opened' in a role; did you mean 'open'?"}},
    {VESSEL("level: level, lid: {open: open}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:28: 'point' is missing in a role"}},
    {VESSEL("level: level, valve: {point: level, open: open}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:43: point 'level' is a number: one with states is wanted here"}},
    {VESSEL("level: level, lid: lid, valve: {point: lid, open: open}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:38: 'lid' and 'valve' are the same point: each has its own"}},
    {VESSEL("level: level, temperatures: [t], room: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:53: this is one of 'temperatures': the room's is wanted here"}},
    {VESSEL("level: level, room: level"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:34: point 'level' is in 'cm': wanted here is °C"}},
};

static const struct mistake times[] = {
    {VESSEL("level: level, fill_every: 7"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:40: '7' is not a time such as 45 min or 7 d: write a unit: s, min, h or d"}},
    {VESSEL("level: level, fill_every: 60 d"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:40: 60 d is out of range: 1 to 49 d"}},
    {VESSEL("level: level, settles_for: 2 d"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:41: 2 d is out of range: at most 12 h"}},
    {VESSEL("level: level, time_left: {medium: 2 h, high: 3 h}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:53: the more urgent, the less time is left: 'high' (3 h) must be less than 'medium' "
      "(2 h)"}},
    {VESSEL("level: level, time_left: {low: 9 d}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:40: unknown key 'low' in 'time_left'"}},
    {VESSEL("level: level, travel_time: 10 s"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:41: 10 s is out of range: 1 min to 168 h"}},
    {VESSEL("level: level, heat_capacity: 120"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:43: '120' has no unit; write a unit: J/K or kJ/K"}},
    {TANK "staff: {travel: 1 h}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:9: unknown key 'travel' in 'staff'",
      "cryomon.yaml:12:1: 'travel_time' is missing in 'staff'"}},
    {TANK "staff: {travel_time: 1 h}\n",
     TANK_PROFILE,
     "staff: {travel_time: 2 h}\n",
     {"conf.d/10.yaml:1:9: 'staff.travel_time' is already set at cryomon.yaml:12; remove one of them"}},
    {TANK "nitrogen: {price: 0.45}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:19: '0.45' is not a price such as 0.45 EUR/L (also /kg, /m³)"}},
    {TANK "nitrogen: {price: 0.45 EUR/gal}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:19: '0.45 EUR/gal' is not a price such as 0.45 EUR/L (also /kg, /m³)"}},
};

static const struct mistake supplies[] = {
    {VESSEL("level: level, supply: u"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:11:36: asset 'u' has no 'supply': write supply: {} there, or more"}},
    {VESSEL("level: level, supply: v"), TANK_PROFILE, NULL, {"cryomon.yaml:11:36: there is no asset 'v'"}},
    {VESSEL("level: level, supply: v}\n    supply: {}\n  v:\n    kind: tank\n    points: {level: {device: d, "
            "register: percent}}\n    supply: {}\n    vessel: {level: level, full_height: 60 cm, supply: a"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:17:56: 'a' is itself filled from 'v': one of the two is not the other's supply"}},
    {SUPPLY("stock: stock"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:7:21: point 'stock' is in %: write 'capacity', what 100 % is"}},
    {SUPPLY("stock: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:7:21: point 't' is in '°C': wanted here is L, m³, m3 or kg (or %)"}},
    {SUPPLY("pressure: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:7:24: point 't' is in '°C': wanted here is bar, mbar, kPa, MPa or psi"}},
    {SUPPLY("reserve: 200 L, at_least: 3 d"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:7:14: 'reserve' belongs to 'stock', which is missing",
      "cryomon.yaml:7:30: 'at_least' belongs to 'stock', which is missing"}},
    {SUPPLY("stock: stock, capacity: 3000"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:7:38: '3000' has no unit; write a unit: L, m³, m3 or kg"}},
    {TANK "    vessel: {level: a/level}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:5: 'vessel' belongs to an asset of kind tank; this one is a utility"}},
};

static const struct mistake kinds[] = {
    {SUPPLY("stock: stock, capacity: 30 L") "    vessel: {level: stock}\n    runs: {chamber: t}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:9:5: 'vessel' belongs to an asset of kind tank; this one is a utility",
      "cryomon.yaml:10:5: 'runs' belongs to an asset of kind freezer; this one is a utility"}},
};

/* Names that cryomon makes, and what is derived in alarms. */
#define DERIVED_ALARM(settings) VESSEL("level: level") "    alarms: {x: {priority: low, " settings "}}\n"

static const struct mistake derived[] = {
    {HEAD "assets:\n  a:\n    kind: tank\n    vessel: {level: level}\n    points:\n      level: {device: d, "
          "register: "
          "level}\n      volume: {device: d, register: level}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:10:7: 'volume' is the name of a point that cryomon derives from 'vessel' "
      "(cryomon.yaml:7); choose another"}},
    {VESSEL("level: level") "    alarms: {vacuum-failing: {priority: low, point: t, high: 1 °C}}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:14: 'vacuum-failing' is the name of an alarm that cryomon derives for this asset; "
      "choose another"}},
    {VESSEL("level: level") "    alarms: {overfill: {priority: low, point: t, high: 1 °C}}\n",
     TANK_PROFILE,
     NULL,
     {NULL}},
    {VESSEL("level: level") "groups: {level-jump: {asset: a, members: \"a/*\", priority: low}}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:10: asset 'a' has an alarm 'level-jump' already; choose another id"}},
    {DERIVED_ALARM("point: time-to-150, low: 24"), TANK_PROFILE, NULL, {NULL}},
    {DERIVED_ALARM("point: time-to-150, low: 24 d"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:58: '24 d': the unit here is h, not 'd'"}},
    {DERIVED_ALARM("point: time-to-150, low: 24.55 h"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:58: '24.55 h' is finer than the point's resolution of 0.1 h"}},
    {DERIVED_ALARM("point: time-to-150, low: 0 h"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:58: the alarm can never fire: what the point can be ends at 0 h"}},
    {DERIVED_ALARM("point: time-to-120, low: 4 h"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:40: there is no point of this asset 'time-to-120'; did you mean 'time-to-150'?"}},
    {DERIVED_ALARM("point: vacuum, state: broken"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:55: point 'vacuum' has no state 'broken'"}},
    {DERIVED_ALARM("point: vacuum, high: 1"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:48: point 'vacuum' has states, not numbers; write 'state'"}},
    {DERIVED_ALARM("point: boil-off, state: x"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:50: point 'boil-off' is a number; write 'high' or 'low'"}},
    {DERIVED_ALARM("point: boil-off, flatline: 1 h"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:50: 'flatline' has no meaning here: cryomon derives 'boil-off' itself, it may well "
      "stand still"}},
    {DERIVED_ALARM("point: boil-off, rising: 1 L/d/h, over: 2 min"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:12:73: too few readings to tell how fast it changes: one comes every 1 min"}},
    {VESSEL("level: level") "rounds: {assets: [a]}\n", TANK_PROFILE, NULL, {NULL}},
};

GROUP(vessels)
GROUP(shapes)
GROUP(temperatures)
GROUP(states)
GROUP(times)
GROUP(supplies)
GROUP(kinds)
GROUP(derived)

int main(void)
{
    (void)setenv("CRYOMON_PROGRAMS", "/system/programs", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vessels), cmocka_unit_test(test_shapes),  cmocka_unit_test(test_temperatures),
        cmocka_unit_test(test_states),  cmocka_unit_test(test_times),   cmocka_unit_test(test_supplies),
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_derived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
