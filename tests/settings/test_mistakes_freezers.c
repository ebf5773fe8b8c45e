/* Mistakes in what is told of freezers' runs: each at its place, and what to do. */
#include "mistakes.h"

/* Line 8, settings of the runs from column 12. */
#define RUNS(settings)                                                                                       \
    HEAD "assets:\n  f:\n    kind: freezer\n    points: {t: {device: d, register: t}, prog: {device: d, "    \
         "register: prog}, lid: {device: d, register: lid}, level: {device: d, register: level}}\n"          \
         "    runs: {" settings "}\n"

static const struct mistake runs[] = {
    {RUNS("sample: t"), TANK_PROFILE, NULL, {"cryomon.yaml:8:5: 'chamber' is missing in 'runs'"}},
    {RUNS("chamber: level"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:21: point 'level' is in 'cm': wanted here is °C"}},
    {RUNS("chamber: t, sample: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:32: 'chamber' and 'sample' are the same point: a run would be judged by itself"}},
    {RUNS("chamber: t, setpoint: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:34: 'chamber' and 'setpoint' are the same point: a run would be judged by itself"}},
    {RUNS("chamber: t, segment: t"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:33: point 't' is in '°C': wanted here is a number without unit"}},
    {RUNS("chamber: t, status: {point: prog, running: run}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:24: state 'reset' of register 'prog' has no meaning here: put it to 'running', 'held', "
      "'complete' or 'idle'",
      "cryomon.yaml:8:24: state 'hold' of register 'prog' has no meaning here: put it to 'running', 'held', "
      "'complete' or 'idle'",
      "cryomon.yaml:8:24: state 'complete' of register 'prog' has no meaning here: put it to 'running', "
      "'held', 'complete' or 'idle'"}},
    {RUNS("chamber: t, status: {point: prog, running: [run, hold], held: hold, idle: [reset, complete]}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:74: the state 'hold' has a meaning already: a state means one thing"}},
    {RUNS("chamber: t, status: {point: t, running: run}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:40: point 't' is a number: one with states is wanted here"}},
    {RUNS("chamber: t, status: {point: prog, running: rnu, held: hold, idle: [reset, complete]}"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:55: register 'prog' has no state 'rnu'; did you mean 'run'?"}},
    {RUNS("chamber: t, power: lid"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:31: register 'lid' has no state 'off': say which it is: {point: lid, off: STATE}"}},
    {RUNS("chamber: t, program: cryomed"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:33: there is no program 'cryomed': cryomed.yaml is neither in programs nor in "
      "/system/programs"}},
    {RUNS("chamber: t, program: Cryomed"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:33: 'Cryomed' is not an id: only a-z, 0-9, '-' and '_' are allowed, and a letter or "
      "digit first"}},
    {RUNS("chamber: t, interval: 60 s"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:34: in a run the chamber is read more often than usual, not less: every 5 s"}},
    {RUNS("chamber: t, interval: 200 ms"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:34: it must not be shorter than the timeout of the chamber's device (500 ms)"}},
    {RUNS("chamber: t, gap: 5 s"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:29: a healthy chamber would have gaps: it is read every 5 s, and a gap is three times "
      "that at least"}},
    {RUNS("chamber: t, gap: 10 min, lost_after: 5 min"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:37: 'lost_after' must be longer than a gap ('gap')"}},
    {RUNS("chamber: t, expected: mon 10:00"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:34: a list of times is wanted here: [\"mon 10:00\", \"thu 10:00\"]"}},
    {RUNS("chamber: t, expected: [\"monday 10:00\"]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:35: 'monday 10:00' is not a time such as \"mon 10:00\" or \"daily 10:00\" (sun, mon, "
      "tue, wed, thu, fri, sat)"}},
    {RUNS("chamber: t, expected: [\"mon 24:00\"]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:35: 'mon 24:00' is not a time such as \"mon 10:00\" or \"daily 10:00\" (sun, mon, tue, "
      "wed, thu, fri, sat)"}},
    {RUNS("chamber: t, expected: [\"daily 10:00\", \"tue 10:00\"]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:50: 'tue 10:00' stands twice in the list"}},
    {RUNS("chamber: t, expected: [\"daily 10:00\", \"daily 11:00\", \"daily 12:00\"]"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:65: too many: at most 14 runs a week ('daily' counts seven)"}},
    {RUNS("chamber: t, late_after: 5 min"),
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:8:24: 'late_after' belongs to 'expected', which is missing"}},
};

static const struct mistake kinds[] = {
    {RUNS("chamber: t") "    supply: {}\n",
     TANK_PROFILE,
     NULL,
     {"cryomon.yaml:9:5: 'supply' belongs to an asset of kind utility or tank; this one is a freezer"}},
};

GROUP(runs)
GROUP(kinds)

int main(void)
{
    (void)setenv("CRYOMON_PROGRAMS", "/system/programs", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
