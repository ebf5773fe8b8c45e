/* A point's calibrations become a table, what is in effect at a time, and the alarms for what is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings.h"

#define DAY_US INT64_C(86400000000)
#define DAY(n) ((n)*DAY_US)
/* Days since 1970. */
#define JAN_15 INT64_C(20468) /* 2026-01-15 */
#define JUN_1  INT64_C(20605) /* 2026-06-01 */
#define DUE_27 INT64_C(20828) /* 2027-01-10 */

#define HEAD                                                                                                 \
    "site: {id: s}\nbuses: {b: {tcp: {host: h}}}\ndevices: {d: {bus: b, unit: 1, profile: p}}\n"             \
    "assets:\n  a:\n    kind: tank\n    points:\n      n: {device: d, register: t}\n"
#define FIRST                                                                                                \
    "{from: 2026-01-15, offset: -0.3 °C, gain: 1.0005, certificate: DKD-123, date: 2026-01-10, due: "       \
    "2027-01-10, reference: PT-100 ref 17}"
#define SECOND      "{from: 2026-06-01T08:00:00+08:00, table: [[-196.0, -195.8], [-80, -80.1]]}"
#define POINT(list) "      t: {device: d, register: t, calibration: [" list "]}\n"

static struct config *load(const char *text, struct problems *warnings)
{
    static const char profile[] =
        "status: documented\nsource: x\ntransports: [tcp]\n"
        "registers: {t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C}}\n";
    const struct settings_file files[] = {{"cryomon.yaml", text, strlen(text)},
                                          {"devices/p.yaml", profile, sizeof profile - 1}};
    struct problems problems = {.n = 0};
    struct config *config = NULL;

    const int r = settings_load_memory(files, 2, 1, &problems, warnings, &config);
    problems_print(&problems, stderr);
    assert_int_equal(r, 0);
    return config;
}

static struct config *load_plain(const char *text)
{
    struct problems warnings = {.n = 0};
    struct config *config = load(text, &warnings);

    problems_free(&warnings);
    return config;
}

static void what_the_file_says_is_in_the_table(void **state)
{
    struct config *c = load_plain(HEAD POINT(FIRST ", " SECOND));
    const struct calibration_config *first = &c->calibrations[0];

    (void)state;
    assert_int_equal(c->n_calibrations, 2);
    assert_int_equal(c->points[0].n_calibrations, 0);
    assert_int_equal(c->points[1].first_calibration, 0);
    assert_int_equal(c->points[1].n_calibrations, 2);
    assert_int_equal(first->point, 1);
    assert_int_equal(first->from_utc_us, DAY(JAN_15));
    assert_int_equal(first->calibration.offset, -300000);
    assert_int_equal(first->calibration.gain_ppb, 1000500000);
    assert_string_equal(first->certificate, "DKD-123");
    assert_string_equal(first->date, "2026-01-10");
    assert_string_equal(first->due, "2027-01-10");
    assert_string_equal(first->reference, "PT-100 ref 17");
    assert_int_equal(first->due_utc_us, DAY(DUE_27));
    assert_int_equal(c->calibrations[1].from_utc_us, DAY(JUN_1));
    assert_int_equal(c->calibrations[1].calibration.n, 2);
    assert_int_equal(c->calibrations[1].calibration.table[1].real, -80100000);
    assert_int_equal(c->calibrations[1].due_utc_us, 0);
    config_unref(c);
}

static void the_latest_that_has_begun_is_in_effect(void **state)
{
    struct config *c = load_plain(HEAD POINT(FIRST ", " SECOND));

    (void)state;
    assert_int_equal(config_calibration_at(c, 0, DAY(JUN_1)), -1);
    assert_int_equal(config_calibration_at(c, 1, DAY(JAN_15) - 1), -1);
    assert_int_equal(config_calibration_at(c, 1, DAY(JAN_15)), 0);
    assert_int_equal(config_calibration_at(c, 1, DAY(JUN_1) - 1), 0);
    assert_int_equal(config_calibration_at(c, 1, DAY(JUN_1)), 1);
    assert_int_equal(config_calibration_at(c, 1, INT64_MAX), 1);
    config_unref(c);
}

static const struct alarm_model *model_of(const struct config *c, const char *alarm)
{
    const int i = config_find_alarm(c, "a", alarm);

    assert_true(i >= 0);
    assert_true(c->alarms[i].automatic);
    assert_int_equal(c->alarm_models[i].kind, CONDITION_DATE);
    assert_int_equal(c->alarm_models[i].point, 1);
    return &c->alarm_models[i];
}

static void a_due_date_has_three_alarms(void **state)
{
    struct config *c = load_plain(HEAD POINT(FIRST ", " SECOND));
    struct config *open = load_plain(HEAD POINT(FIRST));
    struct config *none = load_plain(HEAD POINT(SECOND));

    (void)state;
    /* Until the newer calibration, long before the first was due. */
    assert_int_equal(model_of(c, "t-calibration-due-90")->n_dates, 0);
    assert_int_equal(model_of(open, "t-calibration-due-90")->dates[0].from_utc_us, DAY(DUE_27 - 90));
    assert_int_equal(model_of(open, "t-calibration-due-90")->dates[0].to_utc_us, INT64_MAX);
    assert_int_equal(model_of(open, "t-calibration-due-90")->priority, PRIORITY_LOW);
    assert_int_equal(model_of(open, "t-calibration-due-30")->dates[0].from_utc_us, DAY(DUE_27 - 30));
    assert_int_equal(model_of(open, "t-calibration-due-30")->priority, PRIORITY_MEDIUM);
    assert_int_equal(model_of(open, "t-calibration-overdue")->dates[0].from_utc_us, DAY(DUE_27));
    assert_int_equal(model_of(open, "t-calibration-overdue")->priority, PRIORITY_HIGH);
    assert_int_equal(config_find_alarm(open, "a", "n-calibration-overdue"), -1);
    assert_int_equal(config_find_alarm(none, "a", "t-calibration-overdue"), -1);
    assert_int_equal(open->n_alarms, FAULT_COUNT + 2 * 2 + 3 + 2);
    config_unref(c);
    config_unref(open);
    config_unref(none);
}

static void old_calibrations_leave_room_for_the_last_ones(void **state)
{
    /* Each comes when the one before is overdue since two days; the fourth is due before it begins. */
    struct config *c = load_plain(HEAD POINT(
        "{from: 2020-01-01, offset: 0, due: 2021-01-01}, {from: 2021-01-03, offset: 0, due: 2022-01-01},"
        "{from: 2022-01-03, offset: 0, due: 2023-01-01}, {from: 2023-01-03, offset: 0, due: 2023-01-02},"
        "{from: 2024-01-03, offset: 0, due: 2025-01-01}, {from: 2025-01-03, offset: 0, due: 2026-01-01},"
        "{from: 2026-01-03, offset: 0, due: 2027-01-10}"));
    const struct alarm_model *m = model_of(c, "t-calibration-overdue");

    (void)state;
    assert_int_equal(m->n_dates, ALARM_DATES_MAX);
    assert_int_equal(m->dates[3].from_utc_us, DAY(DUE_27));
    assert_int_equal(m->dates[3].to_utc_us, INT64_MAX);
    for (unsigned i = 1; i < m->n_dates; i++)
        assert_true(m->dates[i].from_utc_us > m->dates[i - 1].to_utc_us);
    /* From 2023-01-01 on, through the one that was overdue from its first day, until 2024-01-03. */
    assert_int_equal(m->dates[0].to_utc_us - m->dates[0].from_utc_us, DAY(367));
    const struct engine_tables tables = {.points = c->point_models,
                                         .n_points = c->n_points,
                                         .alarms = c->alarm_models,
                                         .n_alarms = c->n_alarms,
                                         .members = c->members,
                                         .n_members = c->n_members};
    struct engine *engine = engine_create(&tables, (struct stamp){0, 0});
    assert_non_null(engine);
    engine_free(engine);
    config_unref(c);
}

static void what_is_missing_is_warned_about(void **state)
{
    static const char *const expected[] = {
        "cryomon.yaml:9:108: the offset is finer than the resolution, so values are rounded; write a finer "
        "'resolution'",
        "cryomon.yaml:9:49: a calibration without papers: it has no 'certificate', 'date', 'due'",
    };
    struct problems warnings = {.n = 0};
    struct config *c =
        load(HEAD POINT("{from: 2026-01-15, gain: 1.01                    , offset: 0.25}"), &warnings);
    unsigned found = 0;

    (void)state;
    for (size_t i = 0; i < warnings.n; i++)
        for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
            found += strcmp(warnings.lines[i], expected[k]) == 0;
    if (found != 2)
        problems_print(&warnings, stderr);
    assert_int_equal(found, 2);
    problems_free(&warnings);
    config_unref(c);
}

static void thresholds_retention_and_review(void **state)
{
    struct config *usual = load_plain(HEAD);
    struct config *own =
        load_plain("storage: {keep: 10 years}\nreview: {every: 30 d}\n" HEAD "    exposure: [-80 °F, -60]\n");

    (void)state;
    assert_int_equal(usual->assets[1].n_exposures, 3);
    assert_int_equal(usual->assets[1].exposures[0], -150000000);
    assert_int_equal(usual->assets[1].exposures[2], -120000000);
    assert_string_equal(usual->assets[1].exposure_unit, "°C");
    assert_int_equal(usual->storage.keep_days, 0);
    assert_int_equal(usual->review.every_days, 0);
    assert_int_equal(own->assets[1].n_exposures, 2);
    assert_string_equal(own->assets[1].exposure_unit, "°F");
    assert_int_equal(own->assets[1].exposures[1], -60000000);
    assert_int_equal(own->storage.keep_days, 3653);
    assert_int_equal(own->review.every_days, 30);
    char *diff = settings_diff(usual, own);
    assert_string_equal(diff, "assets.a.exposure: -150 °C, -135 °C, -120 °C -> -80 °F, -60 °F\n"
                              "+ review.every: 30 d\nstorage.keep: forever -> 3653 d\n");
    free(diff);
    config_unref(usual);
    config_unref(own);
}

static void a_new_calibration_is_a_line_of_the_difference(void **state)
{
    struct config *a = load_plain(HEAD POINT(FIRST));
    struct config *b = load_plain(HEAD POINT(FIRST ", " SECOND));
    char *diff = settings_diff(a, b);

    (void)state;
    assert_string_equal(
        diff, "+ assets.a.points.t.calibration.2026-06-01T00:00:00.000Z: table -196:-195.8 -80:-80.1; "
              "certificate none, date none, due none, reference none\n");
    free(diff);
    config_unref(a);
    config_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_file_says_is_in_the_table),
        cmocka_unit_test(the_latest_that_has_begun_is_in_effect),
        cmocka_unit_test(a_due_date_has_three_alarms),
        cmocka_unit_test(old_calibrations_leave_room_for_the_last_ones),
        cmocka_unit_test(what_is_missing_is_warned_about),
        cmocka_unit_test(thresholds_retention_and_review),
        cmocka_unit_test(a_new_calibration_is_a_line_of_the_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
