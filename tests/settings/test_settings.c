/* A good configuration becomes the flat tables that the daemon runs on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static const char main_text[] =
    "site:\n"
    "  id: demo\n"
    "  name: {en: Demo cell bank, zh: 示范细胞库}\n"
    "  language: zh\n"
    "mqtt:\n"
    "  broker: mqtts://[2001:db8::1]\n"
    "  username: cryomon\n"
    "  password_credential: mqtt-password\n"
    "  keep_alive: 1 min\n"
    "  home_assistant: true\n"
    "buses:\n"
    "  hall-a:\n"
    "    tcp: {host: 192.0.2.10}\n"
    "devices:\n"
    "  tank-1-controller: {bus: hall-a, unit: 1, profile: tank}\n"
    "assets:\n"
    "  tank-1:\n"
    "    name: {zh: 1号罐}\n"
    "    kind: tank\n"
    "    points:\n"
    "      temperature: {device: tank-1-controller, register: temperature}\n"
    "      charge: {device: tank-1-controller, register: charge, no_data_after: 2 min,\n"
    "               name: Charge, resolution: 0.01, plausible: [0, 100], offset: -0.5}\n"
    "      lid: {device: tank-1-controller, register: lid}\n"
    "    alarms:\n"
    "      warm:\n"
    "        point: temperature\n"
    "        high: -150 ℃\n"
    "        deadband: 2.5\n"
    "        on_delay: 0.5 s\n"
    "        off_delay: 1 min\n"
    "        priority: critical\n"
    "        text: {en: Vapour too warm, zh: 气相温度过高}\n"
    "        response: >-\n"
    "          Check level\n"
    "          and lid\n"
    "      lid-open: {point: lid, state: [open, ajar], on_delay: 5 min, priority: low}\n"
    "      cold: {point: temperature, low: -205, priority: low}\n";

static const char more_text[] =
    "storage: {commit_interval: 250 ms}\n"
    "mqtt: {commands: true}\n"
    "buses:\n"
    "  line-1:\n"
    "    rtu: {device: /dev/serial/by-id/x, baud: 19200, parity: even, stop_bits: 2}\n"
    "devices:\n"
    "  ups: {bus: line-1, unit: 247, profile: tank, interval: 60 s, timeout: 2 s}\n"
    "assets:\n"
    "  ups:\n"
    "    kind: utility\n"
    "    points:\n"
    "      level: {device: ups, register: level}\n"
    "    alarms:\n"
    "      low: {point: level, low: 10, priority: high}\n";

static const char profile_text[] =
    "vendor: v\nmodel: m\nsource: s\nstatus: field-reported\ntransports: [tcp, rtu]\n"
    "word_order: CDAB\nmax_registers: 32\nmax_gap: 0\ninterval: 5 s\ntimeout: 500 ms\nquiet: 20 ms\n"
    "registers:\n"
    "  temperature:\n"
    "    {table: input, address: 0x10, type: s16, scale: -0.1, offset: 1.5, unit: ℃, plausible: [-210 °C, "
    "60],\n"
    "     sentinels: [0x8000, -2], name: {en: Vapour temperature, zh: 气相温度}}\n"
    "  charge: {table: holding, address: 130, type: u16, scale: 2/1024, resolution: 0.1, unit: \"%\"}\n"
    "  level: {table: holding, address: 2, type: float32, word_order: DCBA}\n"
    "  count: {table: holding, address: 65534, type: u32}\n"
    "  lid: {table: holding, address: 23, type: u16, mask: 0x1c0, states: {0: closed, 1: {en: open, zh: "
    "打开}, 7: ajar}}\n"
    "  contact: {table: holding, address: 87, type: bit, bit: 3, invert: true}\n";

#define FILE_OF(path, text)                                                                                  \
    {                                                                                                        \
        path, text, sizeof(text) - 1                                                                         \
    }

static const struct settings_file files[] = {
    FILE_OF("cryomon.yaml", main_text),
    FILE_OF("conf.d/20.yaml", more_text),
    FILE_OF("devices/tank.yaml", profile_text),
};

static struct config *load(const struct settings_file *list, size_t n)
{
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;

    int r = settings_load_memory(list, n, 7, &problems, &warnings, &config);
    problems_print(&problems, stderr);
    assert_int_equal(r, 0);
    assert_int_equal(problems.n, 0);
    problems_free(&warnings);
    return config;
}

static int setup(void **state)
{
    *state = load(files, 3);
    return 0;
}

static int teardown(void **state)
{
    config_unref(*state);
    return 0;
}

static void test_site(void **state)
{
    const struct config *c = *state;

    assert_int_equal(c->generation, 7);
    assert_string_equal(c->site_id, "demo");
    assert_string_equal(c->site_name.text[LANGUAGE_ZH], "示范细胞库");
    assert_int_equal(c->language, LANGUAGE_ZH);
    assert_string_equal(c->storage.directory, "/var/lib/cryomon");
    assert_int_equal(c->storage.commit_interval_ms, 250);
    assert_string_equal(c->control_socket, "/run/cryomon/control");
    assert_true(c->mqtt.enabled);
    assert_string_equal(c->mqtt.uri, "mqtts://[2001:db8::1]:8883");
    assert_string_equal(c->mqtt.client_id, "cryomon-demo");
    assert_string_equal(c->mqtt.password_credential, "mqtt-password");
    assert_int_equal(c->mqtt.keep_alive_s, 60);
    assert_true(c->mqtt.home_assistant);
    assert_true(c->mqtt.commands); /* merged from the second file */
}

static void test_buses_and_devices(void **state)
{
    const struct config *c = *state;

    assert_int_equal(c->n_buses, 2);
    assert_int_equal(c->buses[0].kind, BUS_TCP);
    assert_string_equal(c->buses[0].id, "hall-a");
    assert_string_equal(c->buses[0].host, "192.0.2.10");
    assert_int_equal(c->buses[0].port, 502);
    assert_int_equal(c->buses[0].connect_timeout_ms, 2000);
    assert_int_equal(c->buses[1].kind, BUS_RTU);
    assert_string_equal(c->buses[1].device, "/dev/serial/by-id/x");
    assert_int_equal(c->buses[1].baud, 19200);
    assert_int_equal(c->buses[1].parity, 'E');
    assert_int_equal(c->buses[1].data_bits, 8);
    assert_int_equal(c->buses[1].stop_bits, 2);

    assert_int_equal(c->n_devices, 2);
    assert_int_equal(c->devices[0].bus, 0);
    assert_int_equal(c->devices[0].unit, 1);
    assert_int_equal(c->devices[0].interval_ms, 5000); /* the profile's */
    assert_int_equal(c->devices[0].timeout_ms, 500);
    assert_int_equal(c->devices[0].quiet_ms, 20);
    assert_int_equal(c->devices[0].max_registers, 32);
    assert_int_equal(c->devices[0].max_gap, 0);
    assert_string_equal(c->devices[1].id, "ups");
    assert_int_equal(c->devices[1].bus, 1);
    assert_int_equal(c->devices[1].interval_ms, 60000); /* its own */
    assert_int_equal(c->devices[1].timeout_ms, 2000);
    assert_string_equal(c->devices[1].profile, "tank");
}

static void test_assets(void **state)
{
    const struct config *c = *state;

    assert_int_equal(c->n_assets, 3);
    assert_string_equal(c->assets[0].id, "system");
    assert_int_equal(c->assets[0].kind, ASSET_SYSTEM);
    assert_int_equal(c->assets[0].n_points, 0);
    assert_int_equal(c->assets[0].n_alarms, FAULT_COUNT);
    assert_string_equal(c->assets[1].id, "tank-1");
    assert_string_equal(c->assets[1].name.text[LANGUAGE_EN], "1号罐"); /* the other language */
    assert_int_equal(c->assets[1].kind, ASSET_TANK);
    assert_int_equal(c->assets[1].first_point, 0);
    assert_int_equal(c->assets[1].n_points, 3);
    assert_int_equal(c->assets[1].first_alarm, FAULT_COUNT);
    assert_int_equal(c->assets[1].n_alarms,
                     3 + 2 * 3 + 4); /* chattering, manual-reading-overdue, beyond two */
    assert_string_equal(c->assets[2].id, "ups");
    assert_string_equal(bilingual_get(&c->assets[2].name, LANGUAGE_ZH, "?"), "ups"); /* the id */
    assert_int_equal(c->assets[2].first_point, 3);
    assert_int_equal(c->n_points, 4);
    assert_int_equal(c->n_alarms, FAULT_COUNT + 4 + 2 * 4 + 4 + 2); /* a UPS has no rounds */
    assert_string_equal(asset_kind_name(c->assets[2].kind), "utility");
}

static void test_points(void **state)
{
    const struct config *c = *state;
    const struct point_config *t = &c->points[config_find_point(c, "tank-1", "temperature")];

    assert_int_equal(t->asset, 1);
    assert_int_equal(t->device, 0);
    assert_int_equal(t->table, TABLE_INPUT);
    assert_int_equal(t->address, 16);
    assert_string_equal(t->unit, "°C");
    assert_string_equal(t->name.text[LANGUAGE_ZH], "气相温度"); /* the register's name */
    assert_int_equal(t->format.type, REG_S16);
    assert_int_equal(t->format.scale_num, -1);
    assert_int_equal(t->format.scale_den, 10);
    assert_int_equal(t->format.offset, 1500000);
    assert_int_equal(t->format.decimals, 1); /* from the scale */
    assert_true(t->format.has_range);
    assert_int_equal(t->format.plausible_min, -210000000);
    assert_int_equal(t->format.plausible_max, 60000000);
    assert_int_equal(t->format.n_sentinels, 2);
    assert_int_equal(t->format.sentinels[0].raw, 0x8000);
    assert_int_equal(t->format.sentinels[1].raw, 0xfffe);
    assert_int_equal(c->point_models[0].stale_after_ms, 3 * 5000 + 500);

    const struct point_config *charge = &c->points[1];
    assert_string_equal(charge->name.text[LANGUAGE_EN], "Charge");
    assert_int_equal(charge->format.scale_num, 1); /* 2/1024, reduced */
    assert_int_equal(charge->format.scale_den, 512);
    assert_int_equal(charge->format.decimals, 2); /* the point's own */
    assert_int_equal(charge->format.offset, -500000);
    assert_int_equal(charge->format.plausible_max, 100000000);
    assert_int_equal(c->point_models[1].stale_after_ms, 120000);

    const struct point_config *lid = &c->points[2];
    assert_string_equal(lid->unit, "");
    assert_int_equal(lid->format.decimals, 0);
    assert_int_equal(lid->format.mask, 0x1c0);
    assert_int_equal(lid->format.n_states, 3);
    assert_string_equal(decode_state_name(&lid->format, 7 * MICRO_PER_UNIT), "ajar");
    assert_string_equal(decode_state_name(&lid->format, 1 * MICRO_PER_UNIT), "open");
    assert_string_equal(decode_state_zh(&lid->format, 1 * MICRO_PER_UNIT), "打开");
    assert_string_equal(decode_state_zh(&lid->format, 7 * MICRO_PER_UNIT), "ajar");
    assert_string_equal(lid->name.text[LANGUAGE_EN], "lid");

    const struct point_config *level = &c->points[config_find_point(c, "ups", "level")];
    assert_int_equal(level->device, 1);
    assert_int_equal(level->format.order, ORDER_DCBA);
    assert_int_equal(level->format.decimals, 2); /* float32 */
    assert_false(level->format.has_range);
    assert_int_equal(config_find_point(c, "ups", "lid"), -1);
    assert_int_equal(config_find_point(c, "nobody", "lid"), -1);
}

static void test_alarms(void **state)
{
    const struct config *c = *state;
    int i = config_find_alarm(c, "tank-1", "warm");

    assert_int_equal(i, FAULT_COUNT);
    assert_int_equal(c->alarms[i].asset, 1);
    assert_false(c->alarms[i].automatic);
    assert_string_equal(c->alarms[i].text.text[LANGUAGE_EN], "Vapour too warm");
    assert_string_equal(c->alarms[i].response.text[LANGUAGE_EN], "Check level and lid");
    assert_string_equal(c->alarms[i].response.text[LANGUAGE_ZH], "Check level and lid");
    assert_int_equal(c->alarm_models[i].kind, CONDITION_HIGH);
    assert_int_equal(c->alarm_models[i].point, 0);
    assert_int_equal(c->alarm_models[i].limit, -150000000);
    assert_int_equal(c->alarm_models[i].deadband, 2500000);
    assert_int_equal(c->alarm_models[i].on_delay_ms, 500);
    assert_int_equal(c->alarm_models[i].off_delay_ms, 60000);
    assert_int_equal(c->alarm_models[i].priority, PRIORITY_CRITICAL);

    i = config_find_alarm(c, "tank-1", "lid-open");
    assert_int_equal(c->alarm_models[i].kind, CONDITION_STATE);
    assert_int_equal(c->alarm_models[i].point, 2);
    assert_int_equal(c->alarm_models[i].n_states, 2);
    assert_int_equal(c->alarm_models[i].states[0], 1 * MICRO_PER_UNIT);
    assert_int_equal(c->alarm_models[i].states[1], 7 * MICRO_PER_UNIT);

    i = config_find_alarm(c, "ups", "low");
    assert_int_equal(c->alarm_models[i].kind, CONDITION_LOW);
    assert_int_equal(c->alarm_models[i].point, 3);
}

static void check_automatic(const struct config *c, const char *asset, const char *alarm,
                            enum condition_kind kind, enum priority priority, uint32_t on_delay_ms)
{
    int i = config_find_alarm(c, asset, alarm);

    assert_in_range(i, 0, c->n_alarms - 1);
    assert_true(c->alarms[i].automatic);
    assert_int_equal(c->alarm_models[i].kind, kind);
    assert_int_equal(c->alarm_models[i].priority, priority);
    assert_int_equal(c->alarm_models[i].on_delay_ms, on_delay_ms);
    assert_int_equal(c->alarm_models[i].off_delay_ms, 0);
    assert_string_equal(c->assets[c->alarms[i].asset].id, asset);
}

static void test_automatic_alarms(void **state)
{
    const struct config *c = *state;

    /* As urgent as the point's most urgent alarm, and at least medium. */
    check_automatic(c, "tank-1", "temperature-no-data", CONDITION_NO_DATA, PRIORITY_CRITICAL, 0);
    check_automatic(c, "tank-1", "temperature-bad", CONDITION_BAD, PRIORITY_CRITICAL, 10000);
    check_automatic(c, "tank-1", "charge-no-data", CONDITION_NO_DATA, PRIORITY_MEDIUM, 0);
    check_automatic(c, "tank-1", "lid-bad", CONDITION_BAD, PRIORITY_MEDIUM, 10000);
    check_automatic(c, "ups", "level-no-data", CONDITION_NO_DATA, PRIORITY_HIGH, 0);
    assert_int_equal(c->alarm_models[config_find_alarm(c, "ups", "level-no-data")].point, 3);
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        bool critical = fault == FAULT_STATE_DB || fault == FAULT_BROKER || fault == FAULT_NOTIFIER;
        check_automatic(c, "system", engine_fault_name((enum system_fault)fault), CONDITION_FAULT,
                        critical                ? PRIORITY_CRITICAL
                        : fault == FAULT_REVIEW ? PRIORITY_MEDIUM
                        : fault == FAULT_DRILL  ? PRIORITY_LOW
                                                : PRIORITY_HIGH,
                        fault == FAULT_BROKER ? 30000 : 0);
        assert_int_equal(c->alarm_models[fault].fault, fault);
    }
}

/* The source is all that was read, and the hash tells every change in it. */
static void test_source(void **state)
{
    const struct config *c = *state;
    struct settings_file changed[] = {files[0], files[1], files[2]};
    char expected[sizeof main_text + sizeof more_text + sizeof profile_text + 100];

    (void)snprintf(expected, sizeof expected,
                   "--- cryomon.yaml\n%s--- conf.d/20.yaml\n%s--- devices/tank.yaml\n%s", main_text,
                   more_text, profile_text);
    assert_string_equal(c->source, expected);
    assert_int_equal(c->source_len, strlen(expected));

    struct config *same = load(files, 3);
    assert_memory_equal(same->sha256, c->sha256, sizeof c->sha256);
    config_unref(same);
    (void)snprintf(expected, sizeof expected, "%s# a comment\n", profile_text);
    changed[2].text = expected;
    changed[2].len = strlen(expected);
    struct config *other = load(changed, 3);
    assert_memory_not_equal(other->sha256, c->sha256, sizeof c->sha256);
    char *diff = settings_diff(c, other);
    assert_string_equal(diff, ""); /* a comment changes nothing for the tanks */
    free(diff);
    config_unref(other);
}

static void test_references(void **state)
{
    struct config *c = load(files, 3);

    (void)state;
    assert_ptr_equal(config_ref(c), c);
    config_unref(c);
    assert_string_equal(c->site_id, "demo"); /* still there: ASan would tell */
    config_unref(c);
    config_unref(NULL);
}

/* Replaces the only occurrence of a text. */
static char *with(const char *text, const char *old, const char *new_text)
{
    const char *at = strstr(text, old);
    char *changed = malloc(strlen(text) + strlen(new_text) + 1);

    assert_non_null(at);
    assert_non_null(changed);
    (void)sprintf(changed, "%.*s%s%s", (int)(at - text), text, new_text, at + strlen(old));
    return changed;
}

static void check_diff(const struct config *c, size_t file, const char *old, const char *new_text,
                       const char *expected)
{
    struct settings_file changed[] = {files[0], files[1], files[2]};
    char *text = with(files[file].text, old, new_text);

    changed[file].text = text;
    changed[file].len = strlen(text);
    struct config *other = load(changed, 3);
    char *diff = settings_diff(c, other);
    assert_string_equal(diff, expected);
    free(diff);
    free(text);
    config_unref(other);
}

static void test_diff(void **state)
{
    const struct config *c = *state;

    check_diff(c, 0, "high: -150 ℃", "high: -160.5 °C",
               "assets.tank-1.alarms.warm.high: -150 °C -> -160.5 °C\n");
    check_diff(c, 0, "unit: 1,", "unit: 9,", "devices.tank-1-controller.unit: 1 -> 9\n");
    check_diff(c, 0, "state: [open, ajar]", "state: open",
               "assets.tank-1.alarms.lid-open.state: open, ajar -> open\n");
    check_diff(c, 0, "name: {zh: 1号罐}", "name: {en: Tank 1, zh: 1号罐}",
               "assets.tank-1.name: 1号罐 -> Tank 1 / 1号罐\n");
    check_diff(c, 1, "storage: {commit_interval: 250 ms}", "", "storage.commit_interval: 250 ms -> 5 s\n");
    /* The profile counts too. */
    check_diff(c, 2, "plausible: [-210 °C, 60]", "plausible: [-210 °C, 50]",
               "assets.tank-1.points.temperature.plausible: -210 °C to 60 °C -> -210 °C to 50 °C\n");
    check_diff(c, 2, "address: 23", "address: 24",
               "assets.tank-1.points.lid.register: lid (holding 23, u16) -> lid (holding 24, u16)\n");
    check_diff(c, 1, "      low: {point: level, low: 10, priority: high}\n",
               "      lower: {point: level, low: 9.5, priority: low, text: x}\n",
               "- assets.ups.alarms.low.deadband: 0\n"
               "- assets.ups.alarms.low.low: 10\n"
               "- assets.ups.alarms.low.off_delay: 0 s\n"
               "- assets.ups.alarms.low.on_delay: 0 s\n"
               "- assets.ups.alarms.low.point: level\n"
               "- assets.ups.alarms.low.priority: high\n"
               "+ assets.ups.alarms.lower.deadband: 0\n"
               "+ assets.ups.alarms.lower.low: 9.5\n"
               "+ assets.ups.alarms.lower.off_delay: 0 s\n"
               "+ assets.ups.alarms.lower.on_delay: 0 s\n"
               "+ assets.ups.alarms.lower.point: level\n"
               "+ assets.ups.alarms.lower.priority: low\n"
               "+ assets.ups.alarms.lower.text: x\n");
}

/* The order of things in the files is nothing that a reload would change. */
static void test_diff_ignores_order(void **state)
{
    const struct settings_file swapped[] = {
        {"cryomon.yaml", more_text, sizeof more_text - 1},
        {"conf.d/20.yaml", main_text, sizeof main_text - 1},
        files[2],
    };
    struct config *other = load(swapped, 3);
    char *diff = settings_diff(*state, other);

    assert_int_equal(config_find_asset(other, "ups"), 1);
    assert_string_equal(diff, "");
    free(diff);
    config_unref(other);
}

/* A fast device may miss a few polls before its points count as without data. */
static void test_no_data_default(void **state)
{
    static const char text[] = "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\n"
                               "devices: {d: {bus: b, unit: 1, profile: tank, interval: 500 ms}}\n"
                               "assets: {a: {kind: room, points: {n: {device: d, register: count}}}}\n";
    const struct settings_file list[] = {FILE_OF("cryomon.yaml", text), files[2]};
    struct config *c = load(list, 2);

    (void)state;
    assert_int_equal(c->point_models[0].stale_after_ms, 10000);
    config_unref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_site),
        cmocka_unit_test(test_buses_and_devices),
        cmocka_unit_test(test_assets),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_automatic_alarms),
        cmocka_unit_test(test_no_data_default),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_diff),
        cmocka_unit_test(test_diff_ignores_order),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
