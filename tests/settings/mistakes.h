/*
 * mistakes.h - configurations with mistakes, and the list of problems that each must give: exactly that list,
 * so every mistake is reported at its place, says what was meant, and brings no follow-up with it.
 */
#ifndef CRYOMON_MISTAKES_H
#define CRYOMON_MISTAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define EXPECTED_MAX 8

struct mistake {
    const char *main_text;
    const char *profile_text; /* NULL: PROFILE */
    const char *conf_d_text;  /* NULL: no such file */
    const char *expected[EXPECTED_MAX];
};

/* Line 1: site. 2: buses. 3: devices. */
#define SITE    "site: {id: s}\n"
#define BUSES   "buses: {b: {tcp: {host: h}}}\n"
#define DEVICES "devices: {d: {bus: b, unit: 1, profile: p}}\n"
#define HEAD    SITE BUSES DEVICES
/* Lines 4 to 7: one asset with a point t (temperature), lid (states) and n (a plain number). */
#define POINTS                                                                                               \
    "assets:\n  a:\n    kind: tank\n    points: {t: {device: d, register: t}, lid: {device: d, register: "   \
    "lid}, "                                                                                                 \
    "n: {device: d, register: n}}\n"
#define GOOD HEAD POINTS
/* Line 9, settings of one alarm on t from column 32. */
#define ALARM(settings) GOOD "    alarms:\n      x: {priority: low, point: t, " settings "}\n"
/* The same on lid, from column 34. */
#define LID_ALARM(settings) GOOD "    alarms:\n      x: {priority: low, point: lid, " settings "}\n"
#define TWO_ALARMS(one, two)                                                                                 \
    GOOD "    alarms:\n      x: {priority: low, point: t, " one "}\n      y: {priority: low, point: t, " two \
         "}\n"

/* Line 1: status and so on. 2: registers. 3: t. */
#define PROFILE_HEAD "{status: documented, source: x, transports: [tcp], "
#define PROFILE                                                                                              \
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"                                         \
    "  t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"             \
    "  lid: {table: discrete, address: 0, type: bit, states: {0: closed, 1: open}}\n"                        \
    "  n: {table: holding, address: 9, type: u16}\n"
/* What a tank and a freezer have. */
#define TANK_PROFILE                                                                                         \
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"                                         \
    "  t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"             \
    "  level: {table: input, address: 1, type: s16, scale: 0.1, unit: cm, plausible: [0, 60]}\n"             \
    "  percent: {table: input, address: 2, type: u16, unit: \"%\", plausible: [0, 100]}\n"                   \
    "  lid: {table: discrete, address: 0, type: bit, states: {0: closed, 1: open}}\n"                        \
    "  prog: {table: input, address: 3, type: u16, states: {1: reset, 2: run, 3: hold, 4: complete}}\n"
#define TOP(rest)                                                                                            \
    "status: documented\nsource: x\ntransports: [tcp]\n" rest                                                \
    "registers: {n: {table: input, address: 0, type: u16}}\n"
/* Line 5, settings of one register from column 7. */
#define REGISTER(settings)                                                                                   \
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n  n: {" settings "}\n"
/* With what every register has: from column 44 ("input") on. */
#define S16(settings) REGISTER("table: input, address: 0, type: s16, " settings)
#define U16(settings) REGISTER("table: input, address: 0, type: u16, " settings)
#define U32(settings) REGISTER("table: input, address: 0, type: u32, " settings)
#define F32(settings) REGISTER("table: input, address: 0, type: float32, " settings)
/* A configuration with only n, to go with those. */
#define ONLY_N HEAD "assets: {a: {kind: room, points: {n: {device: d, register: n}}}}\n"

#define ID64 "a123456789012345678901234567890123456789012345678901234567890123"
#define TEXT128                                                                                              \
    "x123456789012345678901234567890123456789012345678901234567890123"                                       \
    "0123456789012345678901234567890123456789012345678901234567890123"

/* Line 6, with an alarm on n from column 20 on. */
#define ONLY_N_ALARM(settings)                                                                               \
    HEAD "assets: {a: {kind: room, points: {n: {device: d, register: n}},\n  alarms:\n"                      \
         "   {x: {point: n, " settings ", priority: low}}}}\n"

/* Fails after showing every difference of the whole group. */
void mistakes_check(const char *group, const struct mistake *cases, size_t n);

#define GROUP(name)                                                                                          \
    static void test_##name(void **state)                                                                    \
    {                                                                                                        \
        (void)state;                                                                                         \
        mistakes_check(#name, name, sizeof name / sizeof name[0]);                                           \
    }

#endif
