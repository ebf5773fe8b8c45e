/* Mistakes in what registers say about each other, in holes and address bases, and in lines through two
 * points. */
#include "mistakes.h"

/* Line 5 is n, which the point uses; line 6 is the guard g, its settings from column 44 on. */
#define GUARD(settings)                                                                                      \
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"                                         \
    "  n: {table: input, address: 0, type: u16}\n"                                                           \
    "  g: {table: input, address: 1, type: u16, " settings "}\n"
/* The same with settings of the device. */
#define DEVICE(settings)                                                                                     \
    SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p" settings                                          \
               "}}\nassets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n"
/* Line 5, from column 4 on; t is in degC with a scale of 0.1. */
#define LINE(settings)                                                                                       \
    HEAD "assets: {a: {kind: room, points: {t: {device: d, register: t,\n   two_point: {" settings "}}}}}\n"

static const struct mistake guards[] = {
    /* and what is right */
    {ONLY_N, GUARD("identity: 0x24"), NULL, {NULL}},
    {ONLY_N, GUARD("identity: [0x24, 7]"), NULL, {NULL}},
    {ONLY_N, GUARD("states: {0: degC, 1: degF}, setting: degC, judges: [n]"), NULL, {NULL}},
    {ONLY_N, GUARD("status: {1: sensor-fault, other: device-fault}"), NULL, {NULL}},
    {DEVICE(", interval: 1999 ms"), GUARD("heartbeat: 2 s"), NULL, {NULL}},

    {ONLY_N,
     GUARD("identity: []"),
     NULL,
     {"devices/p.yaml:6:54: the value, or a list of the values, that is right is wanted here"}},
    {ONLY_N, GUARD("identity: x"), NULL, {"devices/p.yaml:6:54: 'x' is not a whole number: write digits"}},
    {ONLY_N, GUARD("identity: 65536"), NULL, {"devices/p.yaml:6:54: 65536 is out of range: 0 to 65535"}},
    {ONLY_N,
     GUARD("mask: 0xff00, identity: 0x2400"),
     NULL,
     {"devices/p.yaml:6:68: 0x2400 is out of range: 0 to 255"}},
    {ONLY_N, GUARD("identity: [1, 0x1]"), NULL, {"devices/p.yaml:6:58: the value stands twice in the list"}},
    {ONLY_N,
     GUARD("identity: 1, judges: [n]"),
     NULL,
     {"devices/p.yaml:6:57: the identity of a device judges all of its registers"}},
    {ONLY_N,
     GUARD("identity: 1, setting: 1"),
     NULL,
     {"devices/p.yaml:6:57: a register has one of 'identity', 'setting', 'status' and 'heartbeat'; list it "
      "twice, by two names, if it has two tasks"}},
    {ONLY_N,
     GUARD("states: {0: degC, 1: degF}, setting: degK"),
     NULL,
     {"devices/p.yaml:6:81: the register has no state 'degK'; did you mean 'degC'?"}},
    {ONLY_N,
     GUARD("states: {0: degC, 1: degF}, setting: 0"),
     NULL,
     {"devices/p.yaml:6:81: the register has no state '0'"}},
    {ONLY_N, GUARD("setting: ~"), NULL, {"devices/p.yaml:6:53: a value of the register is missing"}},
    {ONLY_N,
     GUARD("setting: {0: good}"),
     NULL,
     {"devices/p.yaml:6:53: a value of the register is wanted here, not a mapping"}},
    {ONLY_N,
     GUARD("scale: 0.1, setting: 5"),
     NULL,
     {"devices/p.yaml:6:56: 'setting' compares whole numbers: the register has a scale, an offset or is a "
      "float32"}},
    {ONLY_N,
     "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"
     "  n: {table: input, address: 0, type: u16}\n  g: {table: input, address: 1, type: float32, identity: "
     "1}\n",
     NULL,
     {"devices/p.yaml:6:48: 'identity' compares whole numbers: the register has a scale, an offset or is a "
      "float32"}},
    {ONLY_N,
     GUARD("status: []"),
     NULL,
     {"devices/p.yaml:6:52: 'status' is written as a mapping ('key: value'), not as a list"}},
    {ONLY_N,
     GUARD("status: {}"),
     NULL,
     {"devices/p.yaml:6:52: what the values say is wanted here: {break: sensor-fault}"}},
    {ONLY_N,
     GUARD("status: {1: broken}"),
     NULL,
     {"devices/p.yaml:6:56: 'broken' is not one of good, sensor-fault, over-range, under-range, warm-up, "
      "inhibited, simulation, calibration, maintenance, device-fault, device-stale or channel-off"}},
    {ONLY_N,
     GUARD("status: {1: wrong-device}"),
     NULL,
     {"devices/p.yaml:6:56: 'wrong-device' is not one of good, sensor-fault, over-range, under-range, "
      "warm-up, inhibited, simulation, calibration, maintenance, device-fault, device-stale or channel-off"}},
    {ONLY_N,
     GUARD("status: {one: warm-up}"),
     NULL,
     {"devices/p.yaml:6:53: 'one' is not a whole number: write digits"}},
    {ONLY_N,
     GUARD("states: {0: ok, 3: broken}, status: {brokn: sensor-fault}"),
     NULL,
     {"devices/p.yaml:6:81: the register has no state 'brokn'; did you mean 'broken'?"}},
    {ONLY_N,
     GUARD(
         "status: {0: good, 1: good, 2: good, 3: good, 4: good, 5: good, 6: good, 7: good, 8: good, 9: good,"
         "10: good, 11: good, 12: good, 13: good, 14: good, 15: good, 16: good, 17: good, 18: good, 19: good,"
         "20: good, 21: good, 22: good, 23: good, 24: good, 25: good, 26: good, 27: good, 28: good, 29: good,"
         "30: good, 31: good, 32: warm-up}"),
     NULL,
     {"devices/p.yaml:6:364: too many values: at most 32"}},
    {ONLY_N, GUARD("heartbeat: 500 ms"), NULL, {"devices/p.yaml:6:55: 500 ms is out of range: 1 s to 1 h"}},
    {ONLY_N,
     GUARD("heartbeat: true"),
     NULL,
     {"devices/p.yaml:6:55: 'true' is not a duration such as 10 s: write a plain decimal such as -140.5"}},
    {ONLY_N,
     GUARD("heartbeat: 5 s"),
     NULL,
     {"cryomon.yaml:3:14: an interval of 5 s is too long to see the heartbeat 'g' change within 5 s"}},
    {DEVICE(", interval: 2 s"),
     GUARD("heartbeat: 2 s"),
     NULL,
     {"cryomon.yaml:3:54: an interval of 2 s is too long to see the heartbeat 'g' change within 2 s"}},
    {ONLY_N,
     GUARD("judges: [n]"),
     NULL,
     {"devices/p.yaml:6:44: 'judges' belongs to 'identity', 'setting', 'status' or 'heartbeat'"}},
    {ONLY_N,
     GUARD("setting: 1, judges: n"),
     NULL,
     {"devices/p.yaml:6:64: a list of registers of this profile is wanted here: [pv]"}},
    {ONLY_N,
     GUARD("setting: 1, judges: []"),
     NULL,
     {"devices/p.yaml:6:64: a list of registers of this profile is wanted here: [pv]"}},
    {ONLY_N,
     GUARD("setting: 1, judges: [m]"),
     NULL,
     {"devices/p.yaml:6:65: there is no register of this profile 'm'"}},
    {ONLY_N,
     GUARD("setting: 1, judges: [n, g]"),
     NULL,
     {"devices/p.yaml:6:68: a register can't judge itself"}},
    {ONLY_N,
     U16("sentinels: {0x8000: good}"),
     NULL,
     {"devices/p.yaml:5:64: a sentinel is never good: leave it out"}},
    {ONLY_N,
     U16("sentinels: {0x8000: broken}"),
     NULL,
     {"devices/p.yaml:5:64: 'broken' is not one of good, sensor-fault, over-range, under-range, warm-up, "
      "inhibited, simulation, calibration, maintenance, device-fault, device-stale or channel-off"}},
    {ONLY_N,
     U16("sentinels: {0x8000: sensor-fault, 32768: over-range}"),
     NULL,
     {"devices/p.yaml:5:85: the sentinel 32768 stands twice in the list"}},
};

static const struct mistake profile_keys[] = {
    {ONLY_N, TOP("holes: [[5, 6], [9, 9]]\n"), NULL, {NULL}},
    {ONLY_N, TOP("pause: 1 s\n"), NULL, {NULL}},
    {ONLY_N,
     TOP("holes: [5, 6]\n"),
     NULL,
     {"devices/p.yaml:4:9: the first and the last address of a hole are wanted here: [10, 12]",
      "devices/p.yaml:4:12: the first and the last address of a hole are wanted here: [10, 12]"}},
    {ONLY_N,
     TOP("holes: []\n"),
     NULL,
     {"devices/p.yaml:4:8: a list of 1 to 8 holes is wanted here: [[5721, 5722]]"}},
    {ONLY_N,
     TOP("holes: [[6, 5]]\n"),
     NULL,
     {"devices/p.yaml:4:9: the last address of a hole is below the first"}},
    {ONLY_N, TOP("holes: [[6, 65536]]\n"), NULL, {"devices/p.yaml:4:13: 65536 is out of range: 0 to 65535"}},
    {ONLY_N,
     TOP("holes: [[1,1],[3,3],[5,5],[7,7],[9,9],[11,11],[13,13],[15,15],[17,17]]\n"),
     NULL,
     {"devices/p.yaml:4:8: a list of 1 to 8 holes is wanted here: [[5721, 5722]]"}},
    {ONLY_N,
     TOP("address_base: 1\nholes: [[0, 2]]\n"),
     NULL,
     {"devices/p.yaml:5:10: 0 is out of range: 1 to 65535",
      "devices/p.yaml:6:40: the profile counts addresses from 1"}},
    {ONLY_N, TOP("address_base: 2\n"), NULL, {"devices/p.yaml:4:15: 2 is out of range: 0 to 1"}},
    {ONLY_N, TOP("address_base: 1\n"), NULL, {"devices/p.yaml:5:40: the profile counts addresses from 1"}},
    {ONLY_N, TOP("pause: 1001 ms\n"), NULL, {"devices/p.yaml:4:8: 1001 ms is out of range: 0 s to 1 s"}},
    {ONLY_N, TOP("pause: 5\n"), NULL, {"devices/p.yaml:4:8: '5' has no unit; write a unit: ms, s, min, h"}},
};

static const struct mistake lines[] = {
    {LINE("from: [4, 20], to: [0, 100], unit: cm"), NULL, NULL, {NULL}},
    {LINE("from: [4, 20], to: [0, 5000], pascal_per_cm: 79"), NULL, NULL, {NULL}},
    {LINE("to: [0, 100]"), NULL, NULL, {"cryomon.yaml:5:4: 'from' is missing in 'two_point'"}},
    {LINE("from: [4, 20]"), NULL, NULL, {"cryomon.yaml:5:4: 'to' is missing in 'two_point'"}},
    {LINE("from: [4, 4], to: [0, 100]"), NULL, NULL, {"cryomon.yaml:5:22: the two numbers must differ"}},
    {LINE("from: [4, 20], to: [7, 7]"), NULL, NULL, {"cryomon.yaml:5:35: the two numbers must differ"}},
    {LINE("from: [4, 20, 30], to: [0, 100]"),
     NULL,
     NULL,
     {"cryomon.yaml:5:22: a list of two numbers is wanted here: [4, 20]"}},
    {LINE("from: 4, to: [0, 100]"),
     NULL,
     NULL,
     {"cryomon.yaml:5:22: a list of two numbers is wanted here: [4, 20]"}},
    {LINE("from: [4 mA, 20 mA], to: [0, 100]"),
     NULL,
     NULL,
     {"cryomon.yaml:5:23: '4 mA': the unit here is °C, not 'mA'",
      "cryomon.yaml:5:29: '20 mA': the unit here is °C, not 'mA'"}},
    {LINE("from: [4, 20], to: [0 m, 100 cm], unit: cm"),
     NULL,
     NULL,
     {"cryomon.yaml:5:36: '0 m': the unit here is cm, not 'm'"}},
    {LINE("from: [4, 20], to: [0, 5000], pascal_per_cm: 0"),
     NULL,
     NULL,
     {"cryomon.yaml:5:61: a column of liquid weighs more than nothing"}},
    {LINE("from: [4, 20], to: [0, 5000], pascal_per_cm: 79, unit: m"),
     NULL,
     NULL,
     {"cryomon.yaml:5:71: with 'pascal_per_cm' the unit is cm"}},
    {LINE("from: [4, 20], to: [0, 1], slope: 1"),
     NULL,
     NULL,
     {"cryomon.yaml:5:43: unknown key 'slope' in 'two_point'"}},
    {LINE("from: [0, 0.000007], to: [-9000000000, 8999999993]"),
     NULL,
     NULL,
     {"cryomon.yaml:5:15: the numbers are too large or too fine to be kept exactly"}},
    {HEAD
     "assets: {a: {kind: room, points: {t: {device: d, register: t, offset: 1, two_point: {from: [0, 1],\n"
     "  to: [0, 2]}}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:4:63: 'offset' has no meaning beside 'two_point'"}},
    {HEAD "assets: {a: {kind: room, points: {n: {device: d, register: lid, two_point: {from: [0, 1],\n"
          "  to: [0, 2]}}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:4:65: 'two_point' has no meaning here: the register 'lid' has states"}},
};

GROUP(guards)
GROUP(profile_keys)
GROUP(lines)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guards),
        cmocka_unit_test(test_profile_keys),
        cmocka_unit_test(test_lines),
    };

    (void)setenv("CRYOMON_PROFILES", "/system/profiles", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
