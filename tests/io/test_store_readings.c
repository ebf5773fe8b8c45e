/* Readings that the store is given are in the history: each once, with its quality, under its own point. */
#include "store.h"

#include <stdio.h>

#include "store_fixture.h"
#include "test.h"

static int setup(void **state)
{
    static struct store_fixture fixture;
    store_fixture_make(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    store_fixture_free(*state);
    return 0;
}

static void test_readings_come_back(void **state)
{
    struct store_fixture *fixture = *state;
    const int n = 5000;
    store_fixture_start(fixture);
    for (int i = 0; i < n; i++)
        store_fixture_post_reading(fixture, (uint16_t)(i % 8), i, i);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_count_readings(fixture), n);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT count(*) FROM point"), 8);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM frame"), n);
    store_fixture_assert_sound(fixture);
}

static void test_commits_each_interval(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_post_reading(fixture, 3, 0, 0);
    store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", 1);
    store_fixture_post_reading(fixture, 4, 1, 1);
    store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", 2);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT count(*) FROM frame"), 2);
}

struct one {
    struct history_row row;
    int n;
};

static bool keep(void *context, const struct history_row *row)
{
    struct one *one = context;
    one->row = *row;
    one->n++;
    return true;
}

static void test_a_bad_reading_is_a_reading(void **state)
{
    struct store_fixture *fixture = *state;
    struct history_reader *reader = NULL;
    struct one one = {.n = 0};
    char text[256];
    store_fixture_start(fixture);
    struct store_message message = {.kind = STORE_SAMPLE, .generation = 1};
    message.sample.point = 2;
    message.sample.slot.utc_us = 1700000000000000;
    message.sample.taken.utc_us = 1700000000512345;
    message.sample.reading =
        (struct reading){.raw = 0x8000, .quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    store_fixture_post(fixture, &message);
    store_fixture_stop(fixture);
    assert_int_equal(history_open(fixture->dir, &reader, text, sizeof text), 0);
    assert_int_equal(history_each(reader, "tank-1", "p2", INT64_MIN, INT64_MAX, keep, &one), 1);
    assert_int_equal(one.row.reading.raw, 0x8000);
    assert_int_equal(one.row.reading.quality, QUALITY_BAD);
    assert_int_equal(one.row.reading.reason, REASON_SENTINEL);
    assert_true(one.row.slot_utc_us == 1700000000000000);
    assert_true(one.row.taken_utc_us == 1700000000512000);
    history_close(reader);
}

static void test_reload(void **state)
{
    struct store_fixture *fixture = *state;
    struct store_message message = {.kind = STORE_CONFIG, .generation = 2};
    store_fixture_start(fixture);
    store_fixture_post_reading(fixture, 7, 0, 0);
    struct config *config = store_fixture_config(fixture, 2, 3);
    snprintf(config->points[0].id, sizeof config->points[0].id, "renamed");
    message.config = config_ref(config);
    store_fixture_post(fixture, &message);
    store_fixture_post_reading(fixture, 0, 1, 99); /* of the old generation: means another point now */
    struct core_message gap = store_fixture_wait(fixture, CORE_GAP);
    assert_int_equal(gap.gap.count, 1);
    config_unref(fixture->config);
    fixture->config = config;
    store_fixture_post_reading(fixture, 0, 2, 1);
    store_fixture_post_reading(fixture, 1, 3, 2);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_count_readings(fixture), 3);
    assert_int_equal(
        store_fixture_sql(fixture, "history.db", "SELECT count(*) FROM point WHERE point = 'renamed'"), 1);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT count(*) FROM point"), 3);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM configuration"), 2);
    assert_int_equal(
        store_fixture_sql(fixture, "state.db",
                          "SELECT count(*) FROM configuration WHERE source LIKE '--- generation 2%'"),
        1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_readings_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commits_each_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_bad_reading_is_a_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
