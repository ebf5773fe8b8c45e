/* Readings go from frames into hours and days, and none is lost, doubled or changed on the way. */
#include <stdio.h>
#include <string.h>

#include "fold_fixture.h"
#include "fold_world.h"
#include "test.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* ---------------------------------------------------------------- hours */

static void test_an_hour_waits_for_the_next(void **state)
{
    struct fold_world *world = *state;
    for (int i = 0; i < 12; i++) {
        fold_world_put_at(world, FOLD_WORLD_START + i * 300000, -1900 + i);
        assert_int_equal(fold_world_step(world).kind, FOLD_NOTHING);
    }
    fold_world_put_at(world, FOLD_WORLD_START + HOUR_MS, -1800);
    struct fold_done done = fold_world_step(world);
    assert_int_equal(done.kind, FOLD_HOUR);
    assert_int_equal(done.seal.kind, SEAL_HOUR);
    assert_int_equal(done.seal.count, 24);
    assert_int_equal(done.seal.from_id, 1);
    assert_int_equal(done.seal.to_id, 12);
    assert_int_equal(done.seal.event_seq, 5);
    assert_true(done.seal.first_utc_us == FOLD_WORLD_START * 1000);
    assert_true(done.seal.last_utc_us == (FOLD_WORLD_START + 11 * 300000) * 1000);
    assert_int_equal(done.damage.frames, 0);
    assert_int_equal(fold_world_step(world).kind, FOLD_NOTHING);
    assert_int_equal(fold_world_count(world, "frame"), 1);
    assert_int_equal(fold_world_count(world, "chunk"), 2);
    fold_world_assert(world);
}

static void test_after_a_restart_it_goes_on(void **state)
{
    struct fold_world *world = *state;
    for (int i = 0; i < 5; i++)
        fold_world_put_at(world, FOLD_WORLD_START + i * 600000, i);
    assert_int_equal(fold_world_step(world).kind, FOLD_NOTHING);
    fold_world_again(world);
    for (int hour = 1; hour <= 3; hour++) {
        fold_world_put_at(world, FOLD_WORLD_START + hour * HOUR_MS, hour);
        fold_world_again(world);
    }
    assert_int_equal(fold_world_fold(world), 3);
    assert_int_equal(fold_world_count(world, "frame"), 1);
    fold_world_assert(world);
}

/* The chunk's row says what was in it; thresholds are -150, -135, -120 for degrees. */
static void test_summary_of_an_hour(void **state)
{
    struct fold_world *world = *state;
    static const int numbers[] = {-1600, -1400, -1300, -1100, -1100, -1600};
    for (int i = 0; i < 6; i++)
        fold_world_put_at(world, FOLD_WORLD_START + i * 600000, numbers[i]);
    fold_world_put_at(world, FOLD_WORLD_START + HOUR_MS, 0);
    assert_int_equal(fold_world_step(world).kind, FOLD_HOUR);
    sqlite3 *db = world->files.history;
    int64_t id = seal_chunk_id(1, 1);
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT count = 6 AND \"values\" = 6 AND minimum = -1600 AND maximum = -1100 AND sum = -8100"
             " AND first = -1600 AND last = -1600 AND worst = 0 FROM chunk WHERE id = %lld",
             (long long)id);
    assert_int_equal(fold_fixture_number(db, sql), 1);
    sqlite3_stmt *stmt = NULL;
    struct summary_thresholds thresholds;
    struct summary summary;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT hours FROM chunk ORDER BY id", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(summary_decode(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                                    &thresholds, &summary, 1),
                     1);
    assert_int_equal(thresholds.n, 3);
    assert_int_equal(thresholds.numbers[0], -1500);
    assert_int_equal(summary.above_ms[0], 4 * 600000);
    assert_int_equal(summary.above_ms[1], 3 * 600000);
    assert_int_equal(summary.above_ms[2], 2 * 600000);
    /* A level in cm has none. */
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(summary_decode(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                                    &thresholds, &summary, 1),
                     1);
    assert_int_equal(thresholds.n, 0);
    sqlite3_finalize(stmt);
}

/* Numbers in summaries are calibrated; the readings are as they were read. */
static void test_calibrated_summaries(void **state)
{
    struct fold_world *world = *state;
    fixture_sql(world->files.history, "INSERT INTO calibration VALUES(3, 'tank-1', 'lid', '°C', 0, 0, 'gain "
                                      "1 offset -0.5', '', '', '', '')");
    for (int i = 0; i < 4; i++) {
        int64_t at = FOLD_WORLD_START + i * 600000;
        struct frame_entry entry = {.slot_ms = at, .taken_ms = at, .point = 1, .number = -1900, .raw = 5};
        entry.calibration = i < 2 ? 0 : 3;
        fold_world_put(world, &entry, 1);
    }
    fold_world_put_at(world, FOLD_WORLD_START + HOUR_MS, 0);
    assert_int_equal(fold_world_step(world).kind, FOLD_HOUR);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT maximum FROM chunk"), -1900);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT minimum FROM chunk"), -1905);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT last FROM chunk"), -1905);
    fold_world_assert(world);
}

static void test_clock_set_back(void **state)
{
    struct fold_world *world = *state;
    static const int minutes[] = {0, 20, 70, 80, 10, 30, 90, 130, 200};
    for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++)
        fold_world_put_at(world, FOLD_WORLD_START + minutes[i] * 60000, (int)i);
    assert_int_equal(fold_world_fold(world), 5); /* 0-20, 70-80, 10-30, 90, 130 */
    assert_int_equal(fold_world_count(world, "frame"), 1);
    fold_world_assert(world);
}

/* Two starts of the daemon within an hour: one hour all the same. */
static void test_two_boots_in_an_hour(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_at(world, FOLD_WORLD_START + 60000, 1);
    fold_world_again(world);
    fold_world_put_at(world, FOLD_WORLD_START + 50 * 60000, 2);
    fold_world_put_at(world, FOLD_WORLD_START + 30 * HOUR_MS,
                      3); /* nothing in between: there is no empty hour */
    assert_int_equal(fold_world_step(world).kind, FOLD_HOUR);
    assert_int_equal(fold_world_step(world).kind, FOLD_NOTHING);
    assert_int_equal(fold_world_count(world, "seal"), 1);
    fold_world_assert(world);
}

/* Slots may reach over the hour that the frame begins in. */
static void test_frame_over_the_hour(void **state)
{
    struct fold_world *world = *state;
    for (int i = 0; i < 4; i++) {
        int64_t at = FOLD_WORLD_START + HOUR_MS - 5000 + i * 1000 * 1000;
        struct frame_entry entries[] = {
            {.slot_ms = at, .taken_ms = at, .point = 7, .number = i},
            {.slot_ms = at + 10000, .taken_ms = at + 10000, .point = 7, .number = i + 1},
        };
        fold_world_put(world, entries, 2);
    }
    fold_world_put_at(world, FOLD_WORLD_START + 2 * HOUR_MS, 0);
    assert_int_equal(fold_world_fold(world), 2);
    fold_world_assert(world);
}

/* ---------------------------------------------------------------- days */

static void test_days(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_hours(world, 20, 72);
    fold_world_fold(world);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 1"), 51);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 2"), 2);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 1 AND entries IS NOT NULL"), 23);
    assert_int_equal(fold_world_count(world, "chunk"), 2 * 2 + 23 * 2);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT count FROM seal WHERE kind = 2"),
                     4 * 3 * 2);
    fold_world_assert(world);
    /* A new day begins: the one before it is folded. */
    fold_world_put_hours(world, 72, 74);
    fold_world_fold(world);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 2"), 3);
    assert_int_equal(fold_world_count(world, "chunk"), 3 * 2 + 1 * 2);
    fold_world_assert(world);
}

/* A day's content proves its hours'. */
static void test_content_of_a_day(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_hours(world, 22, 26);
    fold_world_fold(world);
    unsigned char contents[2][CHAIN_HASH_SIZE], expected[CHAIN_HASH_SIZE];
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(world->files.history,
                                        "SELECT content FROM seal WHERE kind = 1 ORDER BY id LIMIT 2", -1,
                                        &stmt, NULL),
                     SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        memcpy(contents[i], sqlite3_column_blob(stmt, 0), CHAIN_HASH_SIZE);
    }
    sqlite3_finalize(stmt);
    seal_content_of(SEAL_DAY, contents, 2, expected);
    assert_int_equal(
        sqlite3_prepare_v2(world->files.history, "SELECT content FROM seal WHERE kind = 2", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_memory_equal(sqlite3_column_blob(stmt, 0), expected, CHAIN_HASH_SIZE);
    sqlite3_finalize(stmt);
}

/* Points that come and go: an hour without a reading is an empty section. */
static void test_points_that_come_and_go(void **state)
{
    struct fold_world *world = *state;
    for (int hour = 0; hour < 26; hour++) {
        int64_t at = FOLD_WORLD_START + hour * HOUR_MS;
        struct frame_entry entry = {.slot_ms = at, .taken_ms = at, .point = hour % 3 ? 7 : 1, .number = hour};
        fold_world_put(world, &entry, 1);
    }
    fold_world_fold(world);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 2"), 1);
    fold_world_assert(world);
}

static void fahrenheit(void *context, const struct seal_point *point, struct summary_thresholds *ret)
{
    (void)point;
    *ret = (struct summary_thresholds){.n = 1, .numbers = {*(const int *)context}};
}

/* Thresholds that change during a day: the day has those of its first hour throughout. */
static void test_thresholds_change(void **state)
{
    struct fold_world *world = *state;
    static const int low = -1891, high = -1880;
    fold_configure(world->fold, fahrenheit, (void *)&low, 0);
    fold_world_put_hours(world, 0, 13);
    fold_world_fold(world);
    fold_configure(world->fold, fahrenheit, (void *)&high, 0);
    fold_world_put_hours(world, 13, 26);
    fold_world_fold(world);
    sqlite3_stmt *stmt = NULL;
    struct summary_thresholds thresholds;
    struct summary hours[24];
    assert_int_equal(sqlite3_prepare_v2(world->files.history,
                                        "SELECT hours FROM chunk ORDER BY count DESC, id", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(summary_decode(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                                    &thresholds, hours, 24),
                     24);
    assert_int_equal(thresholds.n, 1);
    assert_int_equal(thresholds.numbers[0], low);
    assert_int_equal(hours[8].above_ms[0], 1200000); /* -1892, -1891, -1890 */
    assert_int_equal(hours[14].above_ms[0], 3600000);
    sqlite3_finalize(stmt);
    fold_world_assert(world);
}

/* A clock that stands between two hours for long makes many hours of one day: a bound number is folded. */
static void test_many_hours_of_one_day(void **state)
{
    struct fold_world *world = *state;
    for (int i = 0; i < 2 * FOLD_HOURS_MAX + 10; i++)
        fold_world_put_at(world, FOLD_WORLD_START + (i % 2) * HOUR_MS, i);
    fold_world_fold(world);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 2"), 2);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT max(count) FROM seal WHERE kind = 2"),
                     2 * FOLD_HOURS_MAX);
    fold_world_assert(world);
}

/* A point that is all noise makes large hours: its day becomes several segments, so that each row stays
 * within FOLD_ROW_BYTES, but for what a row costs that an hour does not. */
static void test_noisy_day(void **state)
{
    struct fold_world *world = *state;
    const int64_t day_ms = (FOLD_WORLD_START / DAY_MS + 1) * DAY_MS;
    uint64_t noise = 88172645463325252;
    for (int i = 0; i < 24 * 120; i++) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        int64_t at_ms = day_ms + i * INT64_C(30000);
        struct frame_entry entry = {.slot_ms = at_ms,
                                    .taken_ms = at_ms,
                                    .point = 1,
                                    .number = (int64_t)(noise & 0x7fff),
                                    .raw = (uint16_t)(noise & 0x7fff)};
        fold_world_put(world, &entry, 1);
    }
    fold_world_put_at(world, day_ms + DAY_MS, 0);           /* ends the last hour, */
    fold_world_put_at(world, day_ms + DAY_MS + HOUR_MS, 0); /* and the day */
    fold_world_fold(world);
    assert_in_range(fold_world_count(world, "seal WHERE kind = 2"), 2, 4);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT sum(count) FROM seal WHERE kind = 2"),
                     24 * 120);
    assert_in_range(fold_fixture_number(world->files.history,
                                        "SELECT max(length(body) + length(hours)) FROM chunk"
                                        " WHERE id >> 20 IN (SELECT id FROM seal WHERE kind = 2)"),
                    FOLD_ROW_BYTES / 2, FOLD_ROW_BYTES);
    fold_world_assert(world);
}

/* ---------------------------------------------------------------- removing */

static void test_days_are_removed(void **state)
{
    struct fold_world *world = *state;
    for (int day = 0; day < 10; day++)
        fold_world_put_hours(world, 24 * day, 24 * day + 2);
    fold_world_fold(world);
    fold_configure(world->fold, NULL, NULL, 3);
    struct fold_done done;
    int64_t now_us = (FOLD_WORLD_START + 9 * DAY_MS) * 1000;
    assert_int_equal(fold_step(world->fold, now_us, &world->head, &done), SQLITE_OK);
    assert_int_equal(done.kind, FOLD_REMOVED);
    assert_int_equal(done.seal.kind, SEAL_TOMBSTONE);
    assert_int_equal(done.seal.count, 6 * 2 * 3 * 2);
    assert_true(done.seal.first_utc_us == FOLD_WORLD_START * 1000);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 2 AND entries IS NOT NULL"), 3);
    assert_int_equal(fold_step(world->fold, now_us, &world->head, &done), SQLITE_OK);
    assert_int_equal(done.kind, FOLD_NOTHING);
    fold_world_drop(world, FOLD_WORLD_START, FOLD_WORLD_START + 6 * DAY_MS, 0);
    fold_world_assert(world);
}

/* A clock that jumps ahead for a moment, or a reading with a wrong date, costs no history. */
static void test_clock_ahead_removes_nothing(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_hours(world, 0, 2);
    fold_world_put_hours(world, 24, 26);
    fold_world_put_hours(world, 48, 50);
    fold_configure(world->fold, NULL, NULL, 30);
    fold_world_fold(world); /* 1000 days later */
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 3"), 0);
    fold_world_put_at(world, 0, 1); /* 1970 */
    fold_world_put_hours(world, 72, 74);
    fold_world_fold(world);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 3"), 0);
    fold_world_assert(world);
}

/* ---------------------------------------------------------------- giving way */

static bool never(void *context)
{
    return --*(int *)context > 0;
}

static void test_given_up_step_changes_nothing(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_hours(world, 0, 3);
    for (int after = 0; after < 12; after++) {
        int left = after;
        struct fold_done done;
        fold_set_yield(world->fold, never, &left);
        int result = fold_step(world->fold, 0, &world->head, &done);
        if (result == SQLITE_OK)
            break;
        assert_int_equal(result, SQLITE_INTERRUPT);
        assert_true(sqlite3_get_autocommit(world->files.history));
        assert_int_equal(fold_world_count(world, "seal"), 0);
        assert_int_equal(fold_world_count(world, "frame"), 9);
        assert_true(after < 11);
    }
    fold_set_yield(world->fold, NULL, NULL);
    fold_world_fold(world);
    fold_world_assert(world);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fold_world_setup, fold_world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_hour_waits_for_the_next),
        TEST(test_after_a_restart_it_goes_on),
        TEST(test_summary_of_an_hour),
        TEST(test_calibrated_summaries),
        TEST(test_clock_set_back),
        TEST(test_two_boots_in_an_hour),
        TEST(test_frame_over_the_hour),
        TEST(test_days),
        TEST(test_content_of_a_day),
        TEST(test_points_that_come_and_go),
        TEST(test_thresholds_change),
        TEST(test_many_hours_of_one_day),
        TEST(test_noisy_day),
        TEST(test_days_are_removed),
        TEST(test_clock_ahead_removes_nothing),
        TEST(test_given_up_step_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
