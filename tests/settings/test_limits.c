/* A configuration at the limits of the tables is read in reasonable time; beyond them it is refused, once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

static const char profile_text[] = "status: documented\nsource: x\ntransports: [tcp]\n"
                                   "registers: {n: {table: input, address: 0, type: u16}}\n";

struct size {
    unsigned n_buses, n_devices, n_assets, n_points, n_alarms; /* points and alarms of each asset */
};

static char *write_site(const struct size *size)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    (void)fputs("site: {id: s}\nbuses:\n", f);
    for (unsigned i = 0; i < size->n_buses; i++)
        (void)fprintf(f, "  b%u: {tcp: {host: h, port: %u}}\n", i, i + 1);
    (void)fputs("devices:\n", f);
    for (unsigned i = 0; i < size->n_devices; i++)
        (void)fprintf(f, "  d%u: {bus: b%u, unit: %u, profile: p}\n", i, i / 5, i % 5);
    (void)fputs("assets:\n", f);
    for (unsigned i = 0; i < size->n_assets; i++) {
        (void)fprintf(f, "  a%u:\n    kind: room\n    points:\n", i);
        for (unsigned k = 0; k < size->n_points; k++)
            (void)fprintf(f, "      p%u: {device: d%u, register: n}\n", k, i % size->n_devices);
        (void)fputs("    alarms:\n", f);
        for (unsigned k = 0; k < size->n_alarms; k++)
            (void)fprintf(f, "      x%u: {point: p0, high: %u, priority: low}\n", k, k + 1);
    }
    assert_int_equal(fclose(f), 0);
    return text;
}

static void check(struct size size, const char *expected)
{
    char *text = write_site(&size);
    const struct settings_file files[] = {{"cryomon.yaml", text, strlen(text)},
                                          {"devices/p.yaml", profile_text, sizeof profile_text - 1}};
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;

    int r = settings_load_memory(files, 2, 1, &problems, &warnings, &config);
    if (expected == NULL) {
        problems_print(&problems, stderr);
        assert_int_equal(r, 0);
        assert_int_equal(config->n_points, size.n_assets * size.n_points);
        unsigned n_silent = 0; /* of the buses with several devices that are read */
        for (unsigned i = 0; i < config->n_buses; i++)
            n_silent += config->buses[i].silent_alarm >= 0;
        assert_int_equal(n_silent, size.n_assets / 5);
        assert_int_equal(config->n_alarms,
                         FAULT_COUNT + n_silent + size.n_assets * (size.n_alarms + 2 * size.n_points + 2));
    } else {
        assert_int_equal(r, -EINVAL);
        assert_int_equal(problems.n, 1);
        assert_string_equal(problems.lines[0], expected);
    }
    config_unref(config);
    problems_free(&problems);
    problems_free(&warnings);
    free(text);
}

static void test_full(void **state)
{
    (void)state;
    check((struct size){BUSES_MAX, DEVICES_MAX, ASSETS_MAX - 1, 4, 4}, NULL);
    check((struct size){1, 1, 1, POINTS_MAX, 30000}, NULL);
}

static void test_too_many(void **state)
{
    (void)state;
    check((struct size){BUSES_MAX + 2, 5, 1, 1, 1},
          "cryomon.yaml:1003:3: too many: at most 1000 of kind 'bus'");
    check((struct size){820, DEVICES_MAX + 2, 1, 1, 1},
          "cryomon.yaml:4920:3: too many: at most 4096 of kind 'device'");
    check((struct size){1, 1, ASSETS_MAX, 1, 1},
          "cryomon.yaml:24577:3: too many: at most 4095 of kind 'asset'");
    check((struct size){1, 1, 1, POINTS_MAX + 2, 1},
          "cryomon.yaml:16394:7: too many: at most 16384 of kind 'point'");
    check((struct size){1, 1, 1, POINTS_MAX, 32500}, "cryomon.yaml:1:1: too many alarms: 65286 with those "
                                                     "that cryomon makes for each point, at most 65000");
}

/* Tanks with a level each, of which the first have a supply. */
static char *write_tanks(unsigned n, unsigned n_supplied)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    (void)fputs("site: {id: s}\nbuses:\n", f);
    for (unsigned i = 0; i * 200 < n; i++)
        (void)fprintf(f, "  b%u: {tcp: {host: h%u}}\n", i, i);
    (void)fputs("devices:\n", f);
    for (unsigned i = 0; i < n; i++)
        (void)fprintf(f, "  d%u: {bus: b%u, unit: %u, profile: p}\n", i, i / 200, i % 200 + 1);
    (void)fputs("assets:\n"
                "  store: {kind: utility, points: {bar: {device: d0, register: level}}, supply: {}}\n",
                f);
    for (unsigned i = 0; i < n; i++)
        (void)fprintf(f,
                      "  t%u: {kind: tank, points: {level: {device: d%u, register: level}}, vessel: {level: "
                      "level%s}}\n",
                      i, i, i < n_supplied ? ", supply: store" : "");
    assert_int_equal(fclose(f), 0);
    return text;
}

/* Returns how many vessels there are; 0: refused. The first problem (of a warning: the last) goes to line. */
static unsigned load_tanks(unsigned n, unsigned n_supplied, char line[512])
{
    static const char profile[] = "status: documented\nsource: x\ntransports: [tcp]\n"
                                  "registers: {level: {table: input, address: 0, type: u16, unit: cm}}\n";
    char *text = write_tanks(n, n_supplied);
    const struct settings_file files[] = {{"cryomon.yaml", text, strlen(text)},
                                          {"devices/p.yaml", profile, sizeof profile - 1}};
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct config *config = NULL;
    unsigned vessels = 0;

    line[0] = '\0';
    if (settings_load_memory(files, 2, 1, &problems, &warnings, &config) == 0)
        vessels = config->n_vessels;
    if (problems.n > 0)
        (void)snprintf(line, 512, "%s", problems.lines[0]);
    for (size_t i = 0; i < warnings.n && vessels > 0; i++)
        if (strstr(warnings.lines[i], "without a supply") != NULL)
            (void)snprintf(line, 512, "%s", warnings.lines[i]);
    assert_true(problems.n <= 1);
    config_unref(config);
    problems_free(&problems);
    problems_free(&warnings);
    free(text);
    return vessels;
}

static void test_tanks(void **state)
{
    char line[512];

    (void)state;
    assert_int_equal(load_tanks(64, 64, line), 64);
    assert_string_equal(line, "");
    assert_int_equal(load_tanks(66, 66, line), 0);
    assert_string_equal(line,
                        "cryomon.yaml:137:101: too many tanks on 'store': at most 64 are seen together; give "
                        "the others a supply of their own (an asset with supply: {})");
    assert_int_equal(load_tanks(66, 2, line), 66);
    assert_string_equal(line, "");
    assert_int_equal(load_tanks(67, 2, line), 67);
    assert_non_null(strstr(line, "cryomon.yaml:140:"));
    assert_int_equal(load_tanks(400, 64, line), 400);
    assert_int_equal(load_tanks(600, 64, line), 0);
    assert_non_null(
        strstr(line, "too many points, with those that cryomon derives: at most 16384; watch the other"));
    assert_non_null(strstr(line, "cryomon.yaml:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_tanks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
