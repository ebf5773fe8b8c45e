/* Mistakes in groups, and in the sections that say who tells: notify, drill, rounds, mqtt.agents. */
#include "mistakes.h"

/* Lines 4 and 5: two tanks; line 6: a room. Line 7: groups. */
#define TANKS                                                                                                \
    HEAD "assets: {tank-1: {kind: tank, points: {n: {device: d, register: n}}, alarms: {empty: {point: n, "  \
         "low: "                                                                                             \
         "2, priority: high}}},\n  tank-2: {kind: tank, points: {n: {device: d, register: n}}, alarms: "     \
         "{empty: "                                                                                          \
         "{point: n, low: 2, priority: high}}},\n  hall: {kind: room, points: {n: {device: d, register: "    \
         "n}}}}\n"
/* Line 7, settings from column 29. */
#define IN_GROUP(settings) TANKS "groups: {g: {priority: high, " settings "}}\n"
#define MQTT               "mqtt: {broker: mqtt://localhost}\n"

static const struct mistake groups[] = {
    {IN_GROUP("members: tank-*/empty"), NULL, NULL, {NULL}},
    {IN_GROUP("members: [tank-1/empty, \"*/n-no-data\"], at_least: 4, asset: hall"), NULL, NULL, {NULL}},
    {IN_GROUP("members: [\"*/empty\", tank-*/empty], at_least: 3"),
     NULL,
     NULL,
     {"cryomon.yaml:7:76: the alarm can never fire: it wants 3 of 2 members"}},
    {IN_GROUP("members: tnak-*/empty"),
     NULL,
     NULL,
     {"cryomon.yaml:7:39: no alarm matches: there is no asset 'tnak-*'; did you mean 'tank-1'?"}},
    {IN_GROUP("members: [tank-*/empyt, hall/empty]"),
     NULL,
     NULL,
     {"cryomon.yaml:7:40: no alarm matches: 'tank-*' has no alarm 'empyt'; did you mean 'empty'?",
      "cryomon.yaml:7:54: no alarm matches: 'hall' has no alarm 'empty'"}},
    {IN_GROUP("members: [empty, tank-1/empty/x, tank-1/EMPTY]"),
     NULL,
     NULL,
     {"cryomon.yaml:7:40: 'empty': write ASSET/ALARM, such as tank-*/level-low",
      "cryomon.yaml:7:47: 'tank-1/empty/x': write ASSET/ALARM, such as tank-*/level-low",
      "cryomon.yaml:7:63: 'tank-1/EMPTY': write ASSET/ALARM, such as tank-*/level-low"}},
    {IN_GROUP("members: []"),
     NULL,
     NULL,
     {"cryomon.yaml:7:39: a list of 1 to 64 alarms is wanted here: [tank-*/level-low]"}},
    {IN_GROUP("members: tank-1/empty"),
     NULL,
     NULL,
     {"cryomon.yaml:7:39: the alarm can never fire: it wants 2 of 1 members"}},
    {IN_GROUP("members: tank-*/empty, asset: hal"),
     NULL,
     NULL,
     {"cryomon.yaml:7:60: there is no asset 'hal'; did you mean 'hall'?"}},
    {IN_GROUP("members: \"*/chattering\""),
     NULL,
     NULL,
     {"cryomon.yaml:7:39: no alarm matches: '*' has no alarm 'chattering'"}},
    {IN_GROUP("members: tank-*/empty, realarm_after: never, latching: true"), NULL, NULL, {NULL}},
    {IN_GROUP("members: tank-*/empty, at_least: 0, latching: 1, on_delay: 25 h"),
     NULL,
     NULL,
     {"cryomon.yaml:7:63: 0 is out of range: 1 to 65000",
      "cryomon.yaml:7:76: '1': write true or false, without quotes",
      "cryomon.yaml:7:89: 25 h is out of range: 0 s to 24 h"}},
    {TANKS "groups: {g: {priority: low, life_safety: true, members: tank-*/empty}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:24: an alarm that protects life has priority high or critical"}},
    {TANKS "groups: [g]\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:9: 'groups' is written as a mapping ('key: value'), not as a list"}},
    {TANKS "groups: {g: {members: tank-*/empty}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:10: 'priority' is missing in a group"}},
    {TANKS "groups: {g: {priority: critical, members: tank-*/empty, realarm_after: never}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:72: an alarm that is critical or protects life is told again until it is over: write a "
      "time"}},
    {TANKS
     "groups: {n-bad: {priority: high, members: tank-*/empty, asset: hall},\n  broker: {priority: high, "
     "members: tank-*/empty}, bus-b-silent: {priority: low, members: tank-*/empty}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:10: asset 'hall' has an alarm 'n-bad' already; choose another id",
      "cryomon.yaml:8:3: asset 'system' has an alarm 'broker' already; choose another id",
      "cryomon.yaml:8:52: 'bus-b-silent' is the name of an alarm that cryomon makes for a bus; choose "
      "another"}},
    {IN_GROUP("members: tank-*/empty"),
     NULL,
     "groups: {g: {priority: low, members: tank-*/empty}}\n",
     {"conf.d/10.yaml:1:10: group 'g' is already defined at cryomon.yaml:7; remove one of them"}},
    {SITE
     "buses: {b12345678901234567890123456789012345678901234567890123: {tcp: {host: h}}}\n"
     "devices: {d: {bus: b12345678901234567890123456789012345678901234567890123, unit: 1, profile: p}, e: "
     "{bus: b12345678901234567890123456789012345678901234567890123, unit: 2, profile: p}}\n"
     "assets: {a: {kind: room, points: {n: {device: d, register: n}, m: {device: e, register: n}}}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:2:9: 'b12345678901234567890123456789012345678901234567890123' is too long: 54 "
      "characters, "
      "at most 52 for a bus with several devices"}},
};

static const struct mistake notify[] = {
    {GOOD MQTT "notify: {}\n", NULL, NULL, {NULL}},
    {GOOD MQTT
     "notify: {expected: true, silent_after: 2 min, fallback: {command: [/bin/siren, \"on\"], repeat: 5 "
     "min, priority: critical}, relay: {device: d, coil: 3}}\n",
     NULL,
     NULL,
     {NULL}},
    {GOOD "notify: {expected: true}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:1: 'notify' needs the section 'mqtt': cryonotify hears of alarms there"}},
    {GOOD "notify: {expected: false, fallback: {command: [/bin/siren]}}\n", NULL, NULL, {NULL}},
    {GOOD MQTT "notify: {silent_after: 5 s}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:24: 5 s is out of range: 20 s to 1 h"}},
    {GOOD MQTT "notify: {fallback: {repeat: 5 min}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:10: 'command' is missing in 'fallback'"}},
    {GOOD MQTT "notify: {fallback: {command: /bin/siren}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:30: a list of 1 to 16 is wanted here, the program first: [/usr/local/bin/siren, "
      "\"on\"]"}},
    {GOOD MQTT "notify: {fallback: {command: [siren, \"on\"]}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:31: 'siren' is not a full path; it must begin with '/'"}},
    {GOOD MQTT "notify: {fallback: {command: [/bin/siren], priority: hihg, timeout: 11 min, repeat: 30 s}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:54: 'hihg' is not one of low, medium, high or critical; did you mean 'high'?",
      "cryomon.yaml:9:69: 11 min is out of range: 1 s to 10 min",
      "cryomon.yaml:9:85: 30 s is out of range: 1 min to 24 h"}},
    {GOOD MQTT "notify: {expects: true}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:10: unknown key 'expects' in 'notify'; did you mean 'expected'?"}},
    {GOOD MQTT "notify: {relay: {device: dd, coil: 3}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:26: there is no device 'dd'"}},
    {GOOD MQTT "notify: {relay: {device: d}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:10: a relay has exactly one of 'coil' and 'register'; it is missing"}},
    {GOOD MQTT "notify: {relay: {device: d, coil: 3, register: 4}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:38: a relay has exactly one of 'coil' and 'register'"}},
    {GOOD MQTT "notify: {relay: {device: d, coil: 65536}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:35: 65536 is out of range: 0 to 65535"}},
    {GOOD MQTT "notify: {relay: {device: d, coil: 3, on: 2}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:42: 2 is out of range: 0 to 1"}},
    {GOOD MQTT "notify: {relay: {device: d, coil: 3, on: 0}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:38: 'on' and 'off' are the same: the relay would never move"}},
    {GOOD "drill: {every: 7 d, at: \"10:00\", confirm_within: 30 min}\n", NULL, NULL, {NULL}},
    {GOOD "drill: {at: 25:00}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:13: '25:00' is not a time of day from 00:00 to 23:59",
      "cryomon.yaml:8:1: 'every' is missing in 'drill'"}},
    {GOOD "drill: {at: \"08:00\"}\n", NULL, "drill: {every: 14 d}\n", {NULL}},
    {GOOD MQTT "notify: {expected: false}\n", NULL, "notify: {fallback: {command: [/bin/siren]}}\n", {NULL}},
    {GOOD "drill: {every: 7, at: 8:00}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:16: '7': write whole days or years, such as 30 d, 1 year, 10 years",
      "cryomon.yaml:8:23: '8:00' is not a time of day from 00:00 to 23:59"}},
    {GOOD "mqtt: {broker: mqtt://localhost, commands: true, agents: [cryonotify]}\n", NULL, NULL, {NULL}},
    {GOOD "mqtt: {broker: mqtt://localhost, commands: true, agents: cryonotify}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:58: a list of at most 8 users is wanted here: [cryonotify]"}},
    {GOOD "mqtt: {broker: mqtt://localhost, commands: true, agents: [a/b, c, c]}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:59: 'a/b' can't be a user: topics have users' names in them",
      "cryomon.yaml:8:67: the user 'c' stands twice in the list"}},
};

static const struct mistake rounds[] = {
    {TANKS "rounds: {every: 2 h, grace: 15 min, unattended_after: 5 min, kinds: [tank]}\n",
     NULL,
     NULL,
     {NULL}},
    {TANKS "rounds: {assets: [tank-*, hall]}\n", NULL, NULL, {NULL}},
    {TANKS "rounds: {kinds: []}\n", NULL, NULL, {NULL}},
    {TANKS "rounds: {assets: [tnak-1, \"freezer-*\"]}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:19: there is no asset 'tnak-1'; did you mean 'tank-1'?",
      "cryomon.yaml:7:27: there is no asset 'freezer-*'"}},
    {TANKS "rounds: {kinds: [tnak]}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:18: 'tnak' is not one of tank, freezer, room or utility; did you mean 'tank'?"}},
    {TANKS "rounds: {kinds: tank}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:17: a list of kinds of assets is wanted here: [tank, freezer]"}},
    {TANKS "rounds: {kinds: [tank], assets: [hall]}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:25: write either 'kinds' or 'assets', not both"}},
    {TANKS "rounds: {every: 30 min}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:17: the grace is as long as the time between two readings, or longer: none would ever "
      "be "
      "overdue before the next one is due"}},
    {TANKS "rounds: {every: 5 min}\n",
     NULL,
     NULL,
     {"cryomon.yaml:7:17: 5 min is out of range: 10 min to 168 h"}},
};

GROUP(groups)
GROUP(notify)
GROUP(rounds)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_notify),
        cmocka_unit_test(test_rounds),
    };

    (void)setenv("CRYOMON_PROFILES", "/system/profiles", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
