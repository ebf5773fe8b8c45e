/* Freezers with runs: the controller's words, programs, expected times, and what a change of them is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "limit_changes.h"
#include "program.h"
#include "settings.h"

static const char profile_text[] =
    "status: documented\nsource: x\ntransports: [tcp]\ninterval: 2 s\nregisters:\n"
    "  chamber: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"
    "  sample: {table: input, address: 1, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"
    "  setpoint: {table: input, address: 2, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"
    "  program: {table: input, address: 3, type: u16, states: {1: reset, 2: run, 4: hold, 8: holdback, 16: "
    "complete}}\n"
    "  segment: {table: input, address: 4, type: u16}\n"
    "  door: {table: discrete, address: 0, type: bit, states: {0: closed, 1: open}}\n"
    "  mains: {table: discrete, address: 1, type: bit, states: {0: lost, 1: present}}\n"
    "  ln2: {table: discrete, address: 2, type: bit, states: {0: enough, 1: low}}\n";

#define HEAD                                                                                                 \
    "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\ndevices: {d: {bus: b, unit: 1, profile: p}}\n"             \
    "assets:\n  f:\n    kind: freezer\n    points:\n"                                                        \
    "      chamber: {device: d, register: chamber}\n      sample: {device: d, register: sample}\n"           \
    "      setpoint: {device: d, register: setpoint}\n      program: {device: d, register: program}\n"       \
    "      segment: {device: d, register: segment}\n      door: {device: d, register: door}\n"               \
    "      mains: {device: d, register: mains}\n      ln2: {device: d, register: ln2}\n    runs:\n"

static const char full[] = HEAD
    "      chamber: chamber\n      sample: sample\n      setpoint: setpoint\n      segment: segment\n"
    "      status: {point: program, running: run, held: [hold, holdback], complete: complete, idle: reset}\n"
    "      lid: {point: door, open: open}\n      power: {point: mains, off: lost}\n      ln2: ln2\n"
    "      program: slow\n      gap: 20 s\n      lost_after: 20 min\n      deviation_after: 40 s\n"
    "      sample_lag: 5 s\n      interval: 1 s\n      expected: [\"mon 10:00\", \"thu 09:30\"]\n"
    "      late_after: 15 min\n";

static const char only_chamber[] = HEAD "      chamber: chamber\n";

#define PROGRAM(rate)                                                                                        \
    "name: Slow\nstatus: example\nsource: x\nsteps:\n  - {hold: 4 °C, tolerance: 2 °C}\n"                  \
    "  - {ramp: -45 °C, rate: " rate "}\nlimits: {end: -40 °C, onset: [-20 °C, -3 °C]}\n"

static struct config *load_with(const char *text, const char *program, const char *other,
                                struct problems *warnings)
{
    const struct settings_file list[] = {{"cryomon.yaml", text, strlen(text)},
                                         {"devices/p.yaml", profile_text, sizeof profile_text - 1},
                                         {"programs/slow.yaml", program, strlen(program)},
                                         {"programs/fast.yaml", other, strlen(other)}};
    struct problems problems = {.n = 0};
    struct problems own = {.n = 0};
    struct config *config = NULL;

    const int r = settings_load_memory(list, 4, 1, &problems, warnings != NULL ? warnings : &own, &config);
    for (size_t i = 0; i < problems.n; i++)
        print_error("%s\n", problems.lines[i]);
    assert_int_equal(r, 0);
    problems_free(&own);
    return config;
}

static struct config *load(const char *text)
{
    return load_with(text, PROGRAM("1 °C/min"), PROGRAM("10 °C/min"), NULL);
}

/* ---------------------------------------------------------------- what a file says */

static void test_inputs(void **state)
{
    (void)state;
    struct config *config = load(full);
    const struct freezer_config *f = &config->freezers[0];

    assert_int_equal(config->n_freezers, 1);
    assert_int_equal(f->asset, config_find_asset(config, "f"));
    assert_int_equal(f->setup.has, (1U << FREEZER_INPUT_SAMPLE_2) - 1);
    assert_int_equal(f->inputs[FREEZER_INPUT_SAMPLE].point, config_find_point(config, "f", "sample"));
    assert_int_equal(f->inputs[FREEZER_INPUT_STATUS].point, config_find_point(config, "f", "program"));
    assert_int_equal(f->inputs[FREEZER_INPUT_POWER].states[0], 0); /* lost is off */
    assert_int_equal(f->inputs[FREEZER_INPUT_LN2].states[0], 1);   /* the state that is called so */
    assert_int_equal(f->inputs[FREEZER_INPUT_LID].states[0], 1);
    config_unref(config);
}

static const char two_samples[] = HEAD "      chamber: chamber\n      sample: [sample, setpoint]\n";

static void test_samples(void **state)
{
    (void)state;
    struct config *config = load(two_samples),
                  *one = load(HEAD "      chamber: chamber\n      sample: [sample]\n");
    const struct freezer_config *f = &config->freezers[0];

    assert_int_equal(f->inputs[FREEZER_INPUT_SAMPLE].point, config_find_point(config, "f", "sample"));
    assert_int_equal(f->inputs[FREEZER_INPUT_SAMPLE_2].point, config_find_point(config, "f", "setpoint"));
    assert_int_equal(f->inputs[FREEZER_INPUT_SAMPLE_3].point, ROLE_NONE);
    assert_int_equal(f->setup.has,
                     1U << FREEZER_INPUT_CHAMBER | 1U << FREEZER_INPUT_SAMPLE | 1U << FREEZER_INPUT_SAMPLE_2);
    assert_int_equal(one->freezers[0].setup.has, 1U << FREEZER_INPUT_CHAMBER | 1U << FREEZER_INPUT_SAMPLE);
    config_unref(config);
    config_unref(one);
}

static void refuse(const char *text, const char *where, const char *why)
{
    const struct settings_file list[] = {{"cryomon.yaml", text, strlen(text)},
                                         {"devices/p.yaml", profile_text, sizeof profile_text - 1}};
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct config *config = NULL;

    assert_int_not_equal(settings_load_memory(list, 2, 1, &problems, &warnings, &config), 0);
    assert_int_equal(problems.n, 1);
    assert_non_null(strstr(problems.lines[0], where));
    assert_non_null(strstr(problems.lines[0], why));
    problems_free(&problems);
    problems_free(&warnings);
}

static void test_samples_refused(void **state)
{
    (void)state;
    refuse(HEAD "      chamber: chamber\n      sample: []\n",
           "cryomon.yaml:18:15: ", "a list of 1 to 4 points");
    refuse(HEAD "      chamber: chamber\n      sample: [sample, sample]\n",
           "cryomon.yaml:18:24: ", "stands twice");
    refuse(HEAD "      chamber: chamber\n      sample: [sample, setpoint, chamber, segment, program]\n",
           "cryomon.yaml:18:15: ", "a list of 1 to 4 points");
    refuse(HEAD "      chamber: chamber\n      sample: [sample, chamber]\n",
           "cryomon.yaml:18:15: ", "'chamber' and 'sample' are the same point");
    refuse(HEAD "      chamber: chamber\n      sample: [sample, door]\n", "cryomon.yaml:18:24: ", "door");
}

static void test_words(void **state)
{
    static const struct {
        int64_t value;
        enum freezer_phase phase;
    } expected[] = {{1, FREEZER_STATUS_IDLE},
                    {2, FREEZER_STATUS_RUNNING},
                    {4, FREEZER_STATUS_HELD},
                    {8, FREEZER_STATUS_HELD},
                    {16, FREEZER_STATUS_COMPLETE}};
    (void)state;
    struct config *config = load(full);
    const struct freezer_config *f = &config->freezers[0];

    assert_int_equal(f->n_phases, 5);
    for (size_t i = 0; i < 5; i++) {
        size_t k = 0;
        while (k < 5 && f->phases[k].value != expected[i].value)
            k++;
        assert_true(k < 5);
        assert_int_equal(f->phases[k].phase, expected[i].phase);
    }
    config_unref(config);
}

static void test_times(void **state)
{
    (void)state;
    struct config *config = load(full);
    const struct freezer_config *f = &config->freezers[0];

    assert_int_equal(f->setup.gap_us, 20000000);
    assert_int_equal(f->setup.lost_us, 1200000000);
    assert_int_equal(f->setup.deviation_after_us, 40000000);
    assert_int_equal(f->setup.sample_lag_us, 5000000);
    assert_int_equal(f->setup.due_us, FREEZER_NONE);
    assert_null(f->setup.program);
    assert_int_equal(f->run_interval_ms, 1000);
    assert_int_equal(f->n_expected, 2);
    assert_int_equal(f->expected[1].day, 4);
    assert_int_equal(f->expected[1].minute, 9 * 60 + 30);
    assert_int_equal(f->late_after_ms, 15 * 60000);
    config_unref(config);
    config = load(HEAD "      chamber: chamber\n      expected: [daily 08:15]\n");
    assert_int_equal(config->freezers[0].n_expected, 7);
    assert_int_equal(config->freezers[0].expected[6].day, 6);
    assert_int_equal(config->freezers[0].expected[6].minute, 8 * 60 + 15);
    assert_int_equal(config->freezers[0].setup.gap_us, FREEZER_GAP_US);
    config_unref(config);
}

/* What needs something that is not there is no alarm. A program may be said for each run. */
static void test_alarms(void **state)
{
    static const char *const with_program[] = {"run-deviation", "run-stalled", "run-overshoot",
                                               "run-abandoned", "run-no-data"};
    static const char *const without[] = {"run-ln2-low", "run-no-exotherm", "run-lid-open", "run-power-off",
                                          "run-late"};
    (void)state;
    struct config *config = load(full);

    for (unsigned i = 0; i < FREEZER_ALARM_COUNT; i++) {
        const struct derived_alarm *d = derived_alarm(DERIVED_OF_FREEZER, i);
        assert_int_equal(config->freezers[0].alarms[i], config_find_alarm(config, "f", d->id));
        assert_true(config->freezers[0].alarms[i] > 0);
    }
    config_unref(config);
    config = load(only_chamber);
    for (size_t i = 0; i < 5; i++) {
        assert_true(config_find_alarm(config, "f", with_program[i]) > 0);
        assert_int_equal(config_find_alarm(config, "f", without[i]), -1);
    }
    config_unref(config);
    const struct settings_file bare[] = {{"cryomon.yaml", only_chamber, sizeof only_chamber - 1},
                                         {"devices/p.yaml", profile_text, sizeof profile_text - 1}};
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    assert_int_equal(settings_load_memory(bare, 2, 1, &problems, &warnings, &config), 0);
    assert_int_equal(config_find_alarm(config, "f", "run-deviation"), -1);
    assert_int_equal(config->n_programs, 0);
    problems_free(&warnings);
    config_unref(config);
}

static void test_points(void **state)
{
    (void)state;
    struct config *config = load(full);

    for (unsigned i = 0; i < FREEZER_POINT_COUNT; i++) {
        const int point = config->freezers[0].points[i][BOUND_VALUE];
        assert_int_equal(point, config_find_point(config, "f", derived_point(DERIVED_OF_FREEZER, i)->id));
        assert_true(point > 0 && config_is_derived(config, (uint16_t)point));
        assert_int_equal(config->freezers[0].points[i][BOUND_LEAST], -1);
    }
    config_unref(config);
}

/* ---------------------------------------------------------------- programs */

static void test_programs(void **state)
{
    (void)state;
    struct config *config = load(full);

    assert_int_equal(config->n_programs, 2); /* also the one that no freezer names: a run may follow it */
    assert_string_equal(config->programs[0]->id, "fast");
    assert_string_equal(config->programs[1]->id, "slow");
    assert_int_equal(config->freezers[0].program, 1);
    assert_int_equal(config->programs[1]->steps.steps[1].per_hour, 60 * MICRO_PER_UNIT);
    assert_int_equal(config->programs[0]->steps.steps[1].per_hour, 600 * MICRO_PER_UNIT);
    config_unref(config);
}

/* Of the one that a freezer names it is told that it is an example; one with mistakes that none names is left
 * out. */
static void test_program_hints(void **state)
{
    struct problems warnings = {.n = 0};
    unsigned examples = 0, broken = 0;
    (void)state;
    struct config *config = load_with(full, PROGRAM("1 °C/min"), "name: Fast\nstatus: example\n", &warnings);

    assert_int_equal(config->n_programs, 1);
    for (size_t i = 0; i < warnings.n; i++) {
        examples += strstr(warnings.lines[i], "programs/slow.yaml:2:9: an example") != NULL;
        broken += strstr(warnings.lines[i], "programs/fast.yaml") != NULL;
    }
    assert_int_equal(examples, 1);
    assert_int_equal(broken, 2); /* source and steps are missing */
    problems_free(&warnings);
    config_unref(config);
}

/* What was stored says later what a program was, under the same hash, whether or not its last line had an
 * end. */
static void test_source(void **state)
{
    static const char program[] = "name: Slow\nstatus: example\nsource: x\nsteps: [{hold: 4 °C}]";
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct config *again = NULL;
    (void)state;
    struct config *config = load_with(full, program, PROGRAM("10 °C/min"), NULL);

    assert_non_null(strstr(config->source, "\n--- programs/fast.yaml\nname: Slow\n"));
    assert_non_null(strstr(config->source, "\n--- programs/slow.yaml\nname: Slow\n"));
    assert_int_equal(settings_load_source(config->source, config->source_len, &problems, &warnings, &again),
                     0);
    assert_int_equal(again->n_programs, 2);
    assert_string_equal(again->programs[1]->hash, config->programs[1]->hash);
    assert_int_equal(again->freezers[0].program, 1);
    assert_memory_equal(again->sha256, config->sha256, sizeof config->sha256);
    problems_free(&warnings);
    config_unref(again);
    config_unref(config);
}

static void check_change(const struct config *before, const struct config *after, const char *expected)
{
    struct limit_changes changes;

    assert_int_equal(limit_changes_compare(before, after, &changes), 0);
    char *text = limit_changes_print(&changes);
    assert_string_equal(text, expected);
    free(text);
    limit_changes_free(&changes);
}

/* A program that was edited is another one: nobody may change it without a reason. */
static void test_changed_program(void **state)
{
    char expected[512];
    (void)state;
    struct config *before = load(full);
    struct config *after = load_with(full, PROGRAM("2 °C/min"), PROGRAM("10 °C/min"), NULL);

    (void)snprintf(expected, sizeof expected,
                   "programs.slow.sha256: %s -> %s\n"
                   "programs.slow.steps.02: ramp -45 °C; rate 60 °C/h; segment 2 -> ramp -45 °C; rate 120 "
                   "°C/h; segment 2\n",
                   before->programs[1]->hash, after->programs[1]->hash);
    check_change(before, after, expected);
    config_unref(after);
    after = load_with(full, "name: Renamed\nstatus: example\nsource: x\nsteps: [{hold: 4 °C}]\n",
                      PROGRAM("10 °C/min"), NULL);
    char *diff = settings_diff(before, after);
    assert_non_null(strstr(diff, "programs.slow.name: Slow -> Renamed\n"));
    assert_non_null(strstr(diff, "- programs.slow.limits.onset: -20 °C to -3 °C\n"));
    free(diff);
    config_unref(after);
    config_unref(before);
}

static void test_changed_runs(void **state)
{
    char text[sizeof full];
    const char *at = strstr(full, "held: [hold, holdback]");
    (void)state;

    memcpy(text, full, sizeof full);
    memcpy(text + (at - full), "held: [holdback, hold]", strlen("held: [holdback, hold]"));
    struct config *before = load(full);
    struct config *after = load(text);
    check_change(before, after, ""); /* the order says nothing */
    config_unref(after);
    memcpy(text, full, sizeof full);
    memcpy(strstr(text, "running: run, held: [hold"), "running: hold, held: [run",
           strlen("running: run, held: [hold"));
    after = load(text);
    check_change(before, after,
                 "assets.f.runs.status.held: hold, holdback -> run, holdback\n"
                 "assets.f.runs.status.running: run -> hold\n");
    config_unref(after);
    memcpy(text, full, sizeof full);
    memcpy(strstr(text, "gap: 20 s"), "gap: 30 s", strlen("gap: 30 s"));
    after = load(text);
    check_change(before, after, "assets.f.runs.gap: 20 s -> 30 s\n");
    config_unref(after);
    config_unref(before);
}

/* ---------------------------------------------------------------- files */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void check_first_rate(const char *dir, int64_t per_minute)
{
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct config *config = NULL;

    assert_int_equal(settings_load(dir, 1, &problems, &warnings, &config), 0);
    const struct program *program = config->programs[config->freezers[0].program];
    assert_int_equal(program->steps.steps[1].per_hour, per_minute * 60 * MICRO_PER_UNIT);
    assert_non_null(strstr(config->source, "\n--- programs/slow.yaml\n"));
    problems_free(&warnings);
    config_unref(config);
}

/* The installed ones are there for whoever names them, and the site's own go before. */
static void test_directories(void **state)
{
    static const char *const made[] = {"", "/devices", "/programs", "/system"};
    char dir[] = "/tmp/test_settings_freezers-XXXXXX";
    char path[256], programs[256];
    (void)state;

    assert_non_null(mkdtemp(dir));
    for (size_t i = 1; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s%s", dir, made[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    (void)snprintf(programs, sizeof programs, "%s/system", dir);
    assert_int_equal(setenv("CRYOMON_PROGRAMS", programs, 1), 0);
    (void)snprintf(path, sizeof path, "%s/cryomon.yaml", dir);
    write_file(path, full);
    (void)snprintf(path, sizeof path, "%s/devices/p.yaml", dir);
    write_file(path, profile_text);
    (void)snprintf(path, sizeof path, "%s/system/slow.yaml", dir);
    write_file(path, PROGRAM("3 °C/min"));
    check_first_rate(dir, 3);
    (void)snprintf(path, sizeof path, "%s/programs/slow.yaml", dir);
    write_file(path, PROGRAM("4 °C/min"));
    check_first_rate(dir, 4);
    assert_int_equal(unsetenv("CRYOMON_PROGRAMS"), 0);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/system/slow.yaml", dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/devices/p.yaml", dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/cryomon.yaml", dir);
    (void)unlink(path);
    for (size_t i = 4; i-- > 0;) {
        (void)snprintf(path, sizeof path, "%s%s", dir, made[i]);
        assert_int_equal(rmdir(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs),          cmocka_unit_test(test_samples),
        cmocka_unit_test(test_samples_refused), cmocka_unit_test(test_words),
        cmocka_unit_test(test_times),           cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_points),          cmocka_unit_test(test_programs),
        cmocka_unit_test(test_program_hints),   cmocka_unit_test(test_source),
        cmocka_unit_test(test_changed_program), cmocka_unit_test(test_changed_runs),
        cmocka_unit_test(test_directories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
