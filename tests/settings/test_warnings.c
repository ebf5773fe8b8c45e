/* What is allowed, and probably not meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static const char profile_text[] =
    "status: documented\ntransports: [tcp, rtu]\n"
    "registers: {temperature: {table: input, address: 0, type: s16, scale: 0.1,\n"
    "  offset: 0.05, unit: °C},\n"
    /* no warning: degF to °C is rounded in any case */
    "  fahrenheit: {table: input, address: 2, type: s32, scale: 1/1800, offset: -17.777778,\n"
    "  resolution: 0.01, unit: °C}}\nsource: manual\n";

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
