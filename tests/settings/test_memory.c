/* Memory that runs out at any allocation is -ENOMEM, and nothing is lost or used after it was freed (ASan).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "limit_changes.h"
#include "settings.h"

/* The linker sends the module's allocations here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

static long left = -1; /* allocations until one fails; -1: none does */

static bool fails(void)
{
    if (left < 0)
        return false;
    return left == 0 || left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return fails() ? NULL : __real_reallocarray(p, n, size);
}

static const char main_text[] =
    "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\ndevices: {d: {bus: b, unit: 1, profile: p}}\n"
    "assets: {a: {kind: room, points: {n: {device: d, register: n}},\n"
    "  alarms: {x: {point: n, high: 5, priority: low}}},\n"
    " t: {kind: tank, points: {l: {device: d, register: l}}, vessel: {level: l, supply: u}},\n"
    " u: {kind: utility, points: {n: {device: d, register: n}}, supply: {}},\n"
    " f: {kind: freezer, points: {c: {device: d, register: c}}, runs: {chamber: c, program: q}}}\n"
    "groups: {g: {members: a/n-bad, at_least: 1, priority: low}}\n";
static const char profile_text[] = "status: documented\nsource: x\ntransports: [tcp]\n"
                                   "registers: {n: {table: input, address: 0, type: u16},\n"
                                   " l: {table: input, address: 1, type: u16, unit: cm},\n"
                                   " c: {table: input, address: 2, type: s16, unit: °C}}\n";
static const char program_text[] = "name: Q\nstatus: example\nsource: x\nsteps: [{hold: 4 °C}]\n";
static const struct settings_file files[] = {{"cryomon.yaml", main_text, sizeof main_text - 1},
                                             {"devices/p.yaml", profile_text, sizeof profile_text - 1},
                                             {"programs/q.yaml", program_text, sizeof program_text - 1}};

static int load(struct config **ret)
{
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    int r = settings_load_memory(files, 3, 1, &problems, &warnings, ret);

    problems_free(&problems);
    problems_free(&warnings);
    return r;
}

static void test_load(void **state)
{
    struct config *config = NULL;
    int r = -ENOMEM;
    long n = 0;

    (void)state;
    for (; r < 0 && n < 9000; n++) {
        left = n;
        r = load(&config);
        left = -1;
        if (r < 0) {
            assert_int_equal(r, -ENOMEM);
            assert_null(config);
        }
    }
    assert_int_equal(r, 0);
    assert_in_range(n, 15, 8999); /* it did fail at each of them */
    config_unref(config);
}

static void test_diff(void **state)
{
    struct config *config = NULL;
    char *diff = NULL;
    long n = 0;

    (void)state;
    assert_int_equal(load(&config), 0);
    for (; diff == NULL && n < 9000; n++) {
        left = n;
        diff = settings_diff(config, config);
        left = -1;
    }
    assert_string_equal(diff, "");
    assert_in_range(n, 15, 8999);
    free(diff);
    config_unref(config);
}

static void test_limit_changes(void **state)
{
    struct config *config = NULL;
    struct limit_changes changes = {.n = 0};
    int r = -ENOMEM;
    long n = 0;

    (void)state;
    assert_int_equal(load(&config), 0);
    for (; r < 0 && n < 9000; n++) {
        left = n;
        r = limit_changes_compare(config, config, &changes);
        left = -1;
        assert_true(r == 0 || r == -ENOMEM);
    }
    assert_int_equal(changes.n, 0);
    assert_in_range(n, 15, 8999);
    config_unref(config);
}

static void test_source(void **state)
{
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;
    struct config *again = NULL;
    int r = -ENOMEM;
    long n = 0;

    (void)state;
    assert_int_equal(load(&config), 0);
    for (; r < 0 && n < 9000; n++) {
        left = n;
        r = settings_load_source(config->source, config->source_len, &problems, &warnings, &again);
        left = -1;
        assert_true(r == 0 || r == -ENOMEM);
    }
    assert_int_equal(r, 0);
    assert_in_range(n, 15, 8999);
    problems_free(&problems);
    problems_free(&warnings);
    config_unref(again);
    config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_diff),
        cmocka_unit_test(test_limit_changes),
        cmocka_unit_test(test_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
