/* What is allowed, and probably not meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static const char profile_text[] =
    "status: documented\ntransports: [tcp, rtu]\n"
    "registers: {temperature: {table: input, address: 0, type: s16, scale: 0.1,\n"
    "  offset: 0.05, unit: °C},\n"
    /* no warning: degF to °C is rounded in any case */
    "  fahrenheit: {table: input, address: 2, type: s32, scale: 1/1800, offset: -17.777778,\n"
    "  resolution: 0.01, unit: °C},\n"
    "  heartbeat: {table: input, address: 4, type: u16, states: {0: off, 1: on}}}\nsource: manual\n";
#define ROUNDED                                                                                              \
    "devices/tank.yaml:4:11: the offset is finer than the resolution, so values are rounded; write a finer " \
    "'resolution'"

static void check_warnings(const char *text, const char *const *expected)
{
    const struct settings_file list[] = {{"cryomon.yaml", text, strlen(text)},
                                         {"devices/tank.yaml", profile_text, sizeof profile_text - 1}};
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;

    assert_int_equal(settings_load_memory(list, 2, 1, &problems, &warnings, &config), 0);
    for (size_t i = 0; expected[i] != NULL; i++) {
        assert_true(i < warnings.n);
        assert_string_equal(warnings.lines[i], expected[i]);
        assert_true(expected[i + 1] != NULL || warnings.n == i + 1);
    }
    problems_free(&warnings);
    config_unref(config);
}

static void test_warnings(void **state)
{
    (void)state;
    check_warnings(
        "site: {id: s}\nbuses: {b: {rtu: {device: /dev/ttyUSB0}}}\n"
        "devices: {d: {bus: b, unit: 1, profile: tank}, e: {bus: b, unit: 2, profile: tank}}\n"
        "assets: {a: {kind: tank, points: {t: {device: d, register: temperature}}}}\n",
        (const char *const[]){
            "cryomon.yaml:2:27: /dev/ttyUSB0 may be another line after a restart; use a name in "
            "/dev/serial/by-id",
            "cryomon.yaml:1:1: there is no 'mqtt' section: alarms will be kept, but nobody will be told",
            "devices/tank.yaml:4:11: the offset is finer than the resolution, so values are rounded; write a "
            "finer "
            "'resolution'",
            "cryomon.yaml:3:48: no point uses device 'e': it will not be read",
            "cryomon.yaml:4:10: asset 'a' has no alarms",
            "cryomon.yaml:4:35: the temperature 't' of a tank has no alarm", NULL});
    check_warnings(
        "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"
        "devices: {d: {bus: b, unit: 1, profile: tank}}\n"
        "assets: {a: {kind: room, points: {t: {device: d, register: temperature}},\n"
        "  alarms: {x: {point: t, high: 1, priority: low}}}}\n"
        "mqtt: {broker: mqtt://h, password_file: /nonexistent/x}\n",
        (const char *const[]){
            "cryomon.yaml:6:26: the password crosses the network in clear text; use "
            "mqtts://",
            "cryomon.yaml:6:41: the file /nonexistent/x is not there",
            "devices/tank.yaml:4:11: the offset is finer than the resolution, so values are rounded; write a "
            "finer "
            "'resolution'",
            NULL});
    /* The relay is the only thing that is ever written; and who may speak for others is not heard at all. */
    check_warnings(
        "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"
        "devices: {d: {bus: b, unit: 1, profile: tank}, io: {bus: b, unit: 2, profile: tank}}\n"
        "assets: {a: {kind: tank, points: {t: {device: d, register: fahrenheit}},\n"
        "  alarms: {x: {point: t, high: 1, priority: low}}}}\n"
        "mqtt: {broker: mqtt://h, agents: [cryonotify]}\n"
        "notify: {relay: {device: d, coil: 1}}\n",
        (const char *const[]){
            "cryomon.yaml:6:26: 'agents' has no effect while 'commands' is false: acknowledgements are not "
            "heard",
            "devices/tank.yaml:4:11: the offset is finer than the resolution, so values are rounded; write a "
            "finer "
            "'resolution'",
            "cryomon.yaml:7:26: device 'd' also speaks for 'a': make sure that the address is a relay of its "
            "own",
            "cryomon.yaml:3:48: no point uses device 'io': it will not be read", NULL});
}

#define SITE                                                                                                 \
    "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"                                                          \
    "devices: {d: {bus: b, unit: 1, profile: tank}}\n"
#define PEOPLE "mqtt: {broker: mqtt://h}\nnotify: {relay: {device: d, coil: 1}}\ndrill: {every: 7 d}\n"
#define RELAY                                                                                                \
    "cryomon.yaml:5:26: device 'd' also speaks for 'a': make sure that the address is a relay of its own"
#define ONE_PROBE(at, point)                                                                                 \
    "cryomon.yaml:" at ": a critical alarm that rests on one probe: that '" point                            \
    "' is stuck, or wrong, would "                                                                           \
    "not be noticed. Add an alarm with 'flatline' for it, or hold a second probe against it: "               \
    "'disagrees_with', or 'redundant' in 'vessel'"
#define NO_LEVEL                                                                                             \
    "cryomon.yaml:8:3: only the temperature of 'a' is watched, which rises when the nitrogen is gone: add "  \
    "an "                                                                                                    \
    "alarm about its level, or 'vessel', which says how long the samples have"

/* Boston, Florida: a probe that nobody doubts. One warning for each point. The level is a tank's. */
static void test_one_probe(void **state)
{
    (void)state;
    check_warnings(SITE PEOPLE "assets:\n"
                               "  a: {kind: tank, points: {t: {device: d, register: fahrenheit}, u: {device: "
                               "d, register: fahrenheit}},\n"
                               "    alarms: {x: {point: t, high: 1, priority: critical}, y: {point: t, high: "
                               "2, priority: critical},\n"
                               "      z: {point: u, high: 2, priority: high}}}\n"
                               "  r: {kind: room, points: {t: {device: d, register: fahrenheit}},\n"
                               "    alarms: {x: {point: t, high: 40, priority: critical}}}\n",
                   (const char *const[]){ROUNDED, RELAY, ONE_PROBE("9:14", "t"), NO_LEVEL,
                                         ONE_PROBE("12:14", "t"), NULL});
    check_warnings(SITE PEOPLE "assets:\n"
                               "  a: {kind: tank, points: {t: {device: d, register: fahrenheit}, u: {device: "
                               "d, register: fahrenheit},\n"
                               "      low-level: {device: d, register: heartbeat}},\n"
                               "    alarms: {x: {point: t, high: 1, priority: critical}, f: {point: u, "
                               "flatline: 1 h, priority: low},\n"
                               "      l: {point: low-level, state: on, priority: high}}}\n",
                   (const char *const[]){ROUNDED, RELAY, ONE_PROBE("10:14", "t"), NULL});
    static const char *const cures[] = {
        "f: {point: t, flatline: 1 h, priority: low}",
        "f: {point: t, disagrees_with: u, by: 5 °C, priority: low}",
        "f: {point: u, disagrees_with: t, by: 5 °C, priority: low}",
    };
    for (size_t i = 0; i < sizeof cures / sizeof *cures; i++) {
        char text[2048];
        (void)snprintf(text, sizeof text,
                       SITE PEOPLE
                       "assets:\n"
                       "  a: {kind: tank, points: {t: {device: d, register: fahrenheit}, u: {device: d, "
                       "register: fahrenheit},\n"
                       "      low-level: {device: d, register: heartbeat}},\n"
                       "    alarms: {x: {point: t, high: 1, priority: critical}, %s,\n"
                       "      v: {point: u, high: 9, priority: low}, l: {point: low-level, state: on, "
                       "priority: high}}}\n",
                       cures[i]);
        check_warnings(text, (const char *const[]){ROUNDED, RELAY, NULL});
    }
}

#define OXYGEN                                                                                               \
    "assets: {a: {kind: room, points: {t: {device: d, register: heartbeat}},\n"                              \
    "  alarms: {x: {point: t, state: on, priority: critical}}}}\n"
#define NOBODY                                                                                               \
    "cryomon.yaml:6:1: there is no section 'notify': that nobody calls people, or that they can't be "       \
    "reached, "                                                                                              \
    "would be no alarm. Write notify: {expected: true}, and start cryonotify"
#define NO_FALLBACK                                                                                          \
    "cryomon.yaml:7:1: while cryonotify or the broker is away, nobody is told: give 'fallback' a command "   \
    "(a "                                                                                                    \
    "siren, a modem), or 'relay' an output"
#define NO_DRILL                                                                                             \
    "cryomon.yaml:7:1: there is no section 'drill': that an alarm still comes to a person is never tried "   \
    "out. "                                                                                                  \
    "Write drill: {every: 7 d}"

/* Cleveland, Singapore: that people would be told must not rest on belief. */
static void test_people(void **state)
{
    (void)state;
    check_warnings(SITE OXYGEN "mqtt: {broker: mqtt://h}\n", (const char *const[]){ROUNDED, NOBODY, NULL});
    check_warnings(SITE OXYGEN "mqtt: {broker: mqtt://h}\nnotify: {expected: true}\n",
                   (const char *const[]){ROUNDED, NO_FALLBACK, NO_DRILL, NULL});
    check_warnings(SITE OXYGEN "mqtt: {broker: mqtt://h}\nnotify: {fallback: {command: [/bin/true]}}\n",
                   (const char *const[]){ROUNDED, NO_DRILL, NULL});
    /* What somebody has decided is no oversight; and where nothing is critical, nobody must come at night. */
    check_warnings(SITE OXYGEN "mqtt: {broker: mqtt://h}\nnotify: {expected: false}\n",
                   (const char *const[]){ROUNDED, NULL});
    check_warnings(SITE "assets: {a: {kind: room, points: {t: {device: d, register: heartbeat}},\n"
                        "  alarms: {x: {point: t, state: on, priority: high}}}}\nmqtt: {broker: mqtt://h}\n",
                   (const char *const[]){ROUNDED, NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_one_probe),
        cmocka_unit_test(test_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
