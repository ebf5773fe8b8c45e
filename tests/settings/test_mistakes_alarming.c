/* Mistakes in alarm management: the keys of alarms beside their limit, and the site-wide sections. */
#include "mistakes.h"

/* Line 8: "    alarms:"; line 9: one alarm on t, its settings from column 32 on. Another temperature u. */
#define TWO_POINTS                                                                                           \
    HEAD                                                                                                     \
        "assets:\n  a:\n    kind: tank\n    points: {t: {device: d, register: t}, u: {device: d, register: " \
        "t},\n      n: {device: d, register: n}, lid: {device: d, register: lid}}\n    alarms:\n"
/* Line 10, settings from column 32. */
#define ON_T(settings) TWO_POINTS "      x: {priority: low, point: t, " settings "}\n"

static const struct mistake rates[] = {
    {ON_T("rising: 5 °C/h, over: 30 min"), NULL, NULL, {NULL}},
    {ON_T("falling: 0.1 ℃/min, over: 30 min, deadband: 1 °C/h"), NULL, NULL, {NULL}},
    {ON_T("rising: 5, over: 30 min"),
     NULL,
     NULL,
     {"cryomon.yaml:10:44: '5': write how fast, such as 5 °C/h or 0.1 °C/min"}},
    {ON_T("rising: 5 cm/h, over: 30 min"),
     NULL,
     NULL,
     {"cryomon.yaml:10:44: '5 cm/h': the unit here is °C/h or °C/min, not 'cm/h'"}},
    {ON_T("falling: -5 °C/h, over: 30 min"),
     NULL,
     NULL,
     {"cryomon.yaml:10:45: 'falling' must be above 0: it says how fast, and 'falling' says which way"}},
    {ON_T("rising: 5 °C/h"), NULL, NULL, {"cryomon.yaml:10:7: 'over' is missing beside 'rising'"}},
    {ON_T("rising: 5 °C/h, over: 30 s"),
     NULL,
     NULL,
     {"cryomon.yaml:10:58: 30 s is out of range: 1 min to 168 h"}},
    {ON_T("high: 5 °C, over: 30 min"),
     NULL,
     NULL,
     {"cryomon.yaml:10:48: 'over' belongs to 'rising' and 'falling', not to 'high'"}},
    {ON_T("rising: 0.2 °C/h, over: 10 min"),
     NULL,
     NULL,
     {"cryomon.yaml:10:60: one step of the value would look like it: in this time it would change by less "
      "than "
      "its resolution of 0.1 °C"}},
    {ON_T("rising: 600 °C/h, over: 30 min"),
     NULL,
     NULL,
     {"cryomon.yaml:10:44: the alarm can never fire: the values lie no further than 270 °C apart"}},
    {ON_T("rising: 5 °C/h, over: 30 min, deadband: 5 °C/h"),
     NULL,
     NULL,
     {"cryomon.yaml:10:76: the alarm can never be over: the deadband is as wide as 'rising'"}},
    {SITE BUSES "devices: {d: {bus: b, unit: 1, profile: p, interval: 30 s}}\n" POINTS
                "    alarms:\n      x: {priority: low, point: t, rising: 50 °C/h, over: 1 min}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:59: too few readings to tell how fast it changes: one comes every 30 s"}},
    {LID_ALARM("rising: 5 /h, over: 30 min"),
     NULL,
     NULL,
     {"cryomon.yaml:9:38: point 'lid' has states, not numbers; write 'state'"}},
};

static const struct mistake distances[] = {
    {ON_T("deviation: 5 °C, from: u"), NULL, NULL, {NULL}},
    {ON_T("deviation: 5 °C, from: -160 °C, deadband: 1 °C"), NULL, NULL, {NULL}},
    {ON_T("disagrees_with: u, by: 3 °C"), NULL, NULL, {NULL}},
    {ON_T("deviation: 5 °C"), NULL, NULL, {"cryomon.yaml:10:7: 'from' is missing beside 'deviation'"}},
    {ON_T("disagrees_with: [u]"), NULL, NULL, {"cryomon.yaml:10:7: 'by' is missing beside 'disagrees_with'"}},
    {ON_T("deviation: 5 °C, from: v"),
     NULL,
     NULL,
     {"cryomon.yaml:10:59: there is no point of this asset 'v'"}},
    {ON_T("deviation: 5 °C, from: n"),
     NULL,
     NULL,
     {"cryomon.yaml:10:59: point 'n' is in '', and point 't' in '°C'"}},
    {ON_T("deviation: 5 °C, from: -300 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:59: the point can't come there: its values end at -210 °C"}},
    {ON_T("deviation: 5 °C, from: -300 cm"),
     NULL,
     NULL,
     {"cryomon.yaml:10:59: '-300 cm': the unit here is °C, not 'cm'"}},
    {ON_T("deviation: 0, from: u"), NULL, NULL, {"cryomon.yaml:10:47: 'deviation' must be above 0"}},
    {ON_T("deviation: 270 °C, from: -160"),
     NULL,
     NULL,
     {"cryomon.yaml:10:47: the alarm can never fire: the values lie no further than 220 °C apart"}},
    {ON_T("disagrees_with: [u, t], by: 3 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:56: the point 't' is held against itself"}},
    {ON_T("disagrees_with: [u, u], by: 3 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:56: the point 'u' is held against itself"}},
    {ON_T("disagrees_with: [lid], by: 3 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:53: point 'lid' has states, not numbers"}},
    {ON_T("disagrees_with: [], by: 3 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:52: a point, or a list of 1 to 3, is wanted here"}},
    {ON_T("disagrees_with: [u], by: 0.01 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:61: '0.01 °C' is finer than the point's resolution of 0.1 °C"}},
    {ON_T("disagrees_with: [u], by: 3 °C, from: u"),
     NULL,
     NULL,
     {"cryomon.yaml:10:67: 'from' belongs to 'deviation', not to 'disagrees_with'"}},
};

static const struct mistake telling[] = {
    {ON_T("high: -165, realarm: {after: never, step: 2 °C}, latching: true"), NULL, NULL, {NULL}},
    {ON_T("high: -165, realarm: {after: 30}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:65: '30' has no unit; write a unit: ms, s, min, h"}},
    {ON_T("high: -165, realarm: {step: 0}"), NULL, NULL, {"cryomon.yaml:10:64: 'step' must be above 0"}},
    {ON_T("high: -165, realarm: {ater: 30 min}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:58: unknown key 'ater' in 'realarm'; did you mean 'after'?"}},
    {LID_ALARM("state: open, realarm: {step: 1}"),
     NULL,
     NULL,
     {"cryomon.yaml:9:61: 'step' belongs to conditions with a limit"}},
    {GOOD "    alarms:\n      x: {priority: critical, point: t, high: -150, realarm: {after: never}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:9:70: an alarm that is critical or protects life is told again until it is over: write a "
      "time"}},
    {ON_T("high: -165, latching: yes"),
     NULL,
     NULL,
     {"cryomon.yaml:10:58: 'yes': write true or false, without quotes"}},
    {ON_T("low: -165, life_safety: true"),
     NULL,
     NULL,
     {"cryomon.yaml:10:21: an alarm that protects life has priority high or critical"}},
    {ON_T("high: -165, time_to: -150 °C"), NULL, NULL, {NULL}},
    {ON_T("high: -165, time_to: -170 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:57: no time would be left: 'time_to' is what happens after the alarm, above -165 °C"}},
    {ON_T("high: -165, time_to: 100 °C"),
     NULL,
     NULL,
     {"cryomon.yaml:10:57: the point can't come there: its values end at 60 °C"}},
    {LID_ALARM("state: open, time_to: 5"),
     NULL,
     NULL,
     {"cryomon.yaml:9:51: 'time_to' belongs to conditions with a limit, not to 'state'"}},
    {ON_T("high: -165, consequence: {fr: x}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:62: unknown language 'fr'; the languages are en and zh"}},
    {TWO_POINTS "      chattering: {priority: low, point: t, high: 1}\n"
                "      manual-reading-overdue: {priority: low, point: t, high: 1}\n",
     NULL,
     NULL,
     {"cryomon.yaml:10:7: 'chattering' is the name of an alarm that cryomon makes for each asset; choose "
      "another",
      "cryomon.yaml:11:7: 'manual-reading-overdue' is the name of an alarm that cryomon makes for each "
      "asset; "
      "choose another"}},
};

static const struct mistake suppression[] = {
    {ON_T("high: -165, suppress_when: {point: lid, state: open, for_at_most: 10 min}"), NULL, NULL, {NULL}},
    {ON_T("high: -165, suppress_when: {point: u, above: 0 °C, for_at_most: 10 min}"), NULL, NULL, {NULL}},
    {GOOD "    alarms:\n      x: {priority: critical, point: t, high: -150,\n"
          "          suppress_when: {point: lid, state: open, for_at_most: 10 min}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:10:11: an alarm that is critical is never suppressed: if it means nothing at times, its "
      "condition is wrong; if it does, somebody must hear of it"}},
    {GOOD "    alarms:\n      x: {priority: high, life_safety: true, point: t, high: -150,\n"
          "          suppress_when: {point: lid, state: open, for_at_most: 10 min}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:10:11: an alarm that protects life is never suppressed: if it means nothing at times, "
      "its "
      "condition is wrong; if it does, somebody must hear of it"}},
    {ON_T("high: -165, suppress_when: {point: lid, state: open}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:48: 'for_at_most' is missing in 'suppress_when'"}},
    {ON_T("high: -165, suppress_when: {point: lid, for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:48: 'suppress_when' has exactly one of 'state', 'above' and 'below'; it is missing"}},
    {ON_T("high: -165, suppress_when: {point: lid, state: opne, for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:83: register 'lid' has no state 'opne'; did you mean 'open'?"}},
    {ON_T("high: -165, suppress_when: {point: lid, state: [open, closed], for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:83: it would never end: these are all states of register 'lid'"}},
    {ON_T("high: -165, suppress_when: {point: lid, above: 1, for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:76: point 'lid' has states, not numbers; write 'state'"}},
    {ON_T("high: -165, suppress_when: {point: u, state: open, for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:74: point 'u' is a number; write 'above' or 'below'"}},
    {ON_T("high: -165, suppress_when: {point: u, above: 60, for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:81: it would never be suppressed: the values of 'u' end at 60 °C"}},
    {ON_T("high: -165, suppress_when: {point: u, above: 50, deadband: 261, for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:81: it would never end: the values of 'u' end at -210 °C"}},
    {ON_T("high: -165, suppress_when: {point: t, above: 0, for_at_most: 1 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:71: an alarm is not suppressed by its own point: change its condition"}},
    {ON_T("high: -165, suppress_when: {point: lit, state: open, for_at_most: 169 h}"),
     NULL,
     NULL,
     {"cryomon.yaml:10:102: 169 h is out of range: 1 min to 168 h",
      "cryomon.yaml:10:71: there is no point of this asset 'lit'; did you mean 'lid'?"}},
};

static const struct mistake site_wide[] = {
    {GOOD
     "alarms: {critical: {response_time: 5 min, realarm_after: 20 min}, high: {shelve_at_most: 1 h}, low: "
     "{realarm_after: never}, out_of_service_at_most: 14 d, chattering: {count: 5, within: 30 min}}\n",
     NULL,
     NULL,
     {NULL}},
    {GOOD "alarms: {critical: {shelve_at_most: 5 min}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:21: 'shelve_at_most' is refused: a critical alarm is never shelved: samples or people "
      "are at risk now"}},
    {GOOD "alarms: {critical: {realarm_after: never}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:36: 'never' is not a duration such as 10 s: write a plain decimal such as -140.5"}},
    {GOOD "alarms: {high: {shelve_at_most: 169 h}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:33: 169 h is out of range: 1 min to 168 h"}},
    {GOOD "alarms: {urgent: {response_time: 1 h}, hihg: {}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:10: unknown key 'urgent' in 'alarms'",
      "cryomon.yaml:8:40: unknown key 'hihg' in 'alarms'; did you mean 'high'?"}},
    {GOOD "alarms: {high: {response_time: 5 h}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:32: the response time of high (5 h) is longer than that of medium (4 h)"}},
    {GOOD "alarms: {out_of_service_at_most: 50 d}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:34: 50 d is out of range: 1 to 49 d"}},
    {GOOD "alarms: {chattering: {count: 17}}\n",
     NULL,
     NULL,
     {"cryomon.yaml:8:30: 17 is out of range: 2 to 16",
      "cryomon.yaml:8:10: 'within' is missing in 'chattering'"}},
    {GOOD "alarms: {out_of_service_at_most: 5 d}\n",
     NULL,
     "alarms: {out_of_service_at_most: 6 d}\n",
     {"conf.d/10.yaml:1:10: 'alarms.out_of_service_at_most' is already set at cryomon.yaml:8; remove one of "
      "them"}},
};

GROUP(rates)
GROUP(distances)
GROUP(telling)
GROUP(suppression)
GROUP(site_wide)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),       cmocka_unit_test(test_distances), cmocka_unit_test(test_telling),
        cmocka_unit_test(test_suppression), cmocka_unit_test(test_site_wide),
    };

    (void)setenv("CRYOMON_PROFILES", "/system/profiles", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
