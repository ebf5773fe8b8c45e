/* What registers say about each other, holes, address bases and lines through two points, as the daemon gets
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static const char profile_text[] =
    "status: documented\nsource: x\ntransports: [tcp]\naddress_base: 1\npause: 35 ms\n"
    "holes: [[5722, 5723], [9, 9]]\n"
    "registers:\n"
    "  pv: {table: holding, address: 1, type: s16, scale: 0.1, unit: °C}\n"
    "  ma: {table: input, address: 0x11, type: u16, scale: 0.001, unit: mA, plausible: [3.6, 21],\n"
    "       sentinels: {0x8000: sensor-fault, 0x7FFF: over-range}}\n"
    "  unused: {table: holding, address: 70, type: u16}\n"
    "  model: {table: holding, address: 123, type: u16, mask: 0xff00, identity: [0x24, 0x25]}\n"
    "  display: {table: holding, address: 517, type: u16, states: {0: degC, 1: degF}, setting: degC, judges: "
    "[pv]}\n"
    "  sensor: {table: holding, address: 259, type: bit, bit: 4, status: {on: sensor-fault}, judges: [pv, "
    "display]}\n"
    "  alarm: {table: input, address: 12, type: s16, status: {-1: calibration, 5: good, other: "
    "maintenance}}\n"
    "  beat: {table: discrete, address: 100, type: bit, heartbeat: 30 s}\n"
    "  idle: {table: input, address: 13, type: u16, status: {1: warm-up}, judges: [unused]}\n";

static const char main_text[] =
    "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"
    "devices: {e: {bus: b, unit: 2, profile: p}, d: {bus: b, unit: 1, profile: p}}\n"
    "assets:\n"
    "  a:\n"
    "    kind: tank\n"
    "    points:\n"
    "      pv: {device: d, register: pv}\n"
    "      display: {device: d, register: display}\n"
    "      raw: {device: d, register: ma}\n"
    "      level: {device: d, register: ma, two_point: {from: [4, 20], to: [0, 5000], pascal_per_cm: 79}}\n"
    "      weight: {device: d, register: ma, two_point: {from: [4, 20], to: [100, -60], unit: kg}, "
    "resolution: 0.01}\n"
    "      alarm: {device: e, register: alarm}\n";

static int setup(void **state)
{
    const struct settings_file files[] = {{"cryomon.yaml", main_text, sizeof main_text - 1},
                                          {"devices/p.yaml", profile_text, sizeof profile_text - 1}};
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;

    int r = settings_load_memory(files, 2, 1, &problems, &warnings, &config);
    problems_print(&problems, stderr);
    assert_int_equal(r, 0);
    problems_free(&warnings);
    *state = config;
    return 0;
}

static int teardown(void **state)
{
    config_unref(*state);
    return 0;
}

static const struct device_config *device_of(const struct config *c, const char *id)
{
    for (uint16_t i = 0; i < c->n_devices; i++)
        if (strcmp(c->devices[i].id, id) == 0)
            return &c->devices[i];
    fail_msg("no device %s", id);
    return NULL;
}

static const struct guard_config *guard_of(const struct config *c, const char *device, const char *name)
{
    const struct device_config *d = device_of(c, device);
    for (uint32_t i = d->first_guard; i < d->first_guard + d->n_guards; i++)
        if (strcmp(c->guards[i].register_name, name) == 0)
            return &c->guards[i];
    return NULL;
}

static bool targets(const struct config *c, const struct guard_config *guard, const char *point)
{
    int index = config_find_point(c, "a", point);
    for (uint32_t i = 0; i < guard->n_targets; i++)
        if (c->guard_targets[guard->first_target + i] == index)
            return true;
    return false;
}

static void test_device(void **state)
{
    const struct config *c = *state;
    const struct device_config *d = device_of(c, "d");
    assert_int_equal(d->pause_ms, 35);
    assert_int_equal(d->n_holes, 2);
    assert_int_equal(d->holes[0].first, 5721); /* the profile counts from 1, the wire from 0 */
    assert_int_equal(d->holes[0].last, 5722);
    assert_int_equal(d->holes[1].first, 8);
    assert_int_equal(c->points[config_find_point(c, "a", "pv")].address, 0);
    assert_int_equal(c->points[config_find_point(c, "a", "raw")].address, 16);
    assert_int_equal(d->n_guards, 5);
    assert_null(guard_of(c, "d", "idle")); /* nothing that it judges is read: nor is it */
    assert_int_equal(device_of(c, "e")->n_guards,
                     1); /* alarm, display, sensor and beat judge no guard unasked */
    assert_non_null(guard_of(c, "e", "model"));
}

static void test_identity(void **state)
{
    const struct config *c = *state;
    const struct guard_config *g = guard_of(c, "d", "model");
    assert_non_null(g);
    assert_int_equal(g->rule.kind, GUARD_IDENTITY);
    assert_int_equal(g->table, TABLE_HOLDING);
    assert_int_equal(g->address, 122);
    assert_int_equal(g->rule.n_values, 2);
    assert_int_equal(g->n_targets, 5); /* all points of the device */
    struct reading right = decode_words(&g->format, (const uint16_t[]){0x24FF});
    struct reading wrong = decode_words(&g->format, (const uint16_t[]){0x2624});
    assert_int_equal(guard_judge(&g->rule, NULL, &right, 0), REASON_NONE);
    assert_int_equal(guard_judge(&g->rule, NULL, &wrong, 0), REASON_WRONG_DEVICE);
}

static void test_others(void **state)
{
    const struct config *c = *state;
    const struct guard_config *g = guard_of(c, "d", "display");
    assert_int_equal(g->n_targets, 1);
    assert_true(targets(c, g, "pv"));
    struct reading fahrenheit = decode_words(&g->format, (const uint16_t[]){1});
    assert_int_equal(guard_judge(&g->rule, NULL, &fahrenheit, 0), REASON_WRONG_SETTING);

    g = guard_of(c, "d", "sensor");
    assert_int_equal(g->n_targets, 2); /* a guard that is a point can be judged, if that is written */
    assert_true(targets(c, g, "pv") && targets(c, g, "display"));
    struct reading broken = decode_words(&g->format, (const uint16_t[]){0x0010});
    assert_int_equal(guard_judge(&g->rule, NULL, &broken, 0), REASON_SENSOR_FAULT);

    g = guard_of(c, "d", "alarm");
    assert_int_equal(g->n_targets, 4); /* the points that are no guards */
    assert_false(targets(c, g, "display"));
    assert_int_equal(g->rule.other, REASON_MAINTENANCE);
    struct reading minus_one = decode_words(&g->format, (const uint16_t[]){0xFFFF});
    assert_int_equal(guard_judge(&g->rule, NULL, &minus_one, 0), REASON_CALIBRATION);

    g = guard_of(c, "d", "beat");
    assert_int_equal(g->rule.kind, GUARD_HEARTBEAT);
    assert_int_equal(g->rule.within_ms, 30000);
    assert_int_equal(g->table, TABLE_DISCRETE);
    assert_int_equal(g->address, 99);
}

/* mA to cm of liquid nitrogen, and a falling line. 12 mA is the middle: 2500 Pa, 31.6 cm. */
static void test_two_point(void **state)
{
    static const struct {
        uint16_t raw;
        enum reason reason;
        micro_t level, weight;
    } table[] = {
        {4000, REASON_NONE, 0, 100000000},         {12000, REASON_NONE, 31600000, 20000000},
        {20000, REASON_NONE, 63300000, -60000000}, {4001, REASON_NONE, 0, 99990000},
        {3599, REASON_IMPLAUSIBLE, 0, 0}, /* the loop is broken, in every unit */
        {21001, REASON_IMPLAUSIBLE, 0, 0},         {0x8000, REASON_SENSOR_FAULT, 0, 0},
        {0x7FFF, REASON_OVER_RANGE, 0, 0},
    };
    const struct config *c = *state;
    const struct point_config *level = &c->points[config_find_point(c, "a", "level")];
    const struct point_config *weight = &c->points[config_find_point(c, "a", "weight")];
    assert_string_equal(level->unit, "cm");
    assert_string_equal(weight->unit, "kg");
    assert_string_equal(c->points[config_find_point(c, "a", "raw")].unit, "mA");
    assert_int_equal(level->format.decimals, 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct reading l = decode_words(&level->format, &table[i].raw);
        struct reading w = decode_words(&weight->format, &table[i].raw);
        assert_int_equal(l.reason, table[i].reason);
        assert_int_equal(w.reason, table[i].reason);
        assert_int_equal(l.value, table[i].level);
        assert_int_equal(w.value, table[i].weight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_device, setup, teardown),
        cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_point, setup, teardown),
    };

    (void)setenv("CRYOMON_PROFILES", "/system/profiles", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
