/* Readings go from frames into hours and days, and none is lost, doubled or changed on the way. */
#include "fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fold_fixture.h"
#include "history_build.h"
#include "history_fixture.h"
#include "test.h"

#define HOUR_MS   INT64_C(3600000)
#define DAY_MS    (24 * HOUR_MS)
#define START     HISTORY_BUILD_START_MS
#define ENTRY_MAX 4096

struct world {
    struct fixture files;
    struct signer *signer;
    struct fold *fold;
    struct fold_head head;
    struct frame_entry put[ENTRY_MAX]; /* all that were written, in order */
    size_t n;
};

static int setup(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    fixture_make(&world.files);
    world.signer = history_build_signer();
    assert_non_null(world.signer);
    assert_int_equal(fold_create(world.files.history, world.signer, &world.fold), 0);
    fixture_point(&world.files, 1, "tank-1", "lid", "°C", 1);
    fixture_point(&world.files, 2, "tank-1", "level", "cm", 0);
    fixture_point(&world.files, 7, "tank-2", "lid", "°C", 1);
    world.head.event_seq = 5;
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    fold_free(world->fold);
    signer_free(world->signer);
    fixture_free(&world->files);
    return 0;
}

static void put(struct world *world, const struct frame_entry *entries, size_t n)
{
    assert_int_equal(history_build_frame(world->files.history, entries, n), 0);
    memcpy(&world->put[world->n], entries, n * sizeof *entries);
    world->n += n;
    assert_true(world->n <= ENTRY_MAX);
}

/* A frame with one reading of points 1 and 2 each. */
static void put_at(struct world *world, int64_t at_ms, int64_t number)
{
    struct frame_entry entries[] = {
        {.slot_ms = at_ms, .taken_ms = at_ms, .point = 1, .number = number, .raw = (uint16_t)number},
        {.slot_ms = at_ms, .taken_ms = at_ms + 700, .point = 2, .number = number / 10, .raw = 3},
    };
    put(world, entries, 2);
}

static struct fold_done step(struct world *world)
{
    struct fold_done done;
    memset(&done, 0xff, sizeof done);
    if (fold_step(world->fold, (START + 1000 * DAY_MS) * 1000, &world->head, &done) != SQLITE_OK)
        fail_msg("%s", fold_error(world->fold));
    return done;
}

static int fold_all(struct world *world)
{
    int steps = 0;
    assert_int_equal(history_build_fold(world->fold, (START + 1000 * DAY_MS) * 1000, &world->head, &steps),
                     0);
    return steps;
}

static void again(struct world *world) /* as after a restart */
{
    fold_free(world->fold);
    assert_int_equal(fold_create(world->files.history, world->signer, &world->fold), 0);
}

static int64_t count(struct world *world, const char *what)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", what);
    return fold_fixture_number(world->files.history, sql);
}

/* Each reading once, in its order, point by point. */
static void assert_all_there(struct world *world)
{
    for (uint32_t point = 1; point <= 7; point++) {
        static struct frame_entry expected[ENTRY_MAX];
        struct fold_readings readings;
        size_t n = 0;
        for (size_t i = 0; i < world->n; i++) {
            if (world->put[i].point == point)
                expected[n++] = world->put[i];
        }
        fold_fixture_read(world->files.history, point, &readings);
        fold_fixture_same(&readings, expected, n);
        fold_fixture_free(&readings);
    }
}

/* ---------------------------------------------------------------- hours */

static void test_an_hour_waits_for_the_next(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 12; i++) {
        put_at(world, START + i * 300000, -1900 + i);
        assert_int_equal(step(world).kind, FOLD_NOTHING);
    }
    put_at(world, START + HOUR_MS, -1800);
    struct fold_done done = step(world);
    assert_int_equal(done.kind, FOLD_HOUR);
    assert_int_equal(done.seal.kind, SEAL_HOUR);
    assert_int_equal(done.seal.count, 24);
    assert_int_equal(done.seal.from_id, 1);
    assert_int_equal(done.seal.to_id, 12);
    assert_int_equal(done.seal.event_seq, 5);
    assert_true(done.seal.first_utc_us == START * 1000);
    assert_true(done.seal.last_utc_us == (START + 11 * 300000) * 1000);
    assert_int_equal(done.damage.frames, 0);
    assert_int_equal(step(world).kind, FOLD_NOTHING);
    assert_int_equal(count(world, "frame"), 1);
    assert_int_equal(count(world, "chunk"), 2);
    assert_all_there(world);
}

static void test_after_a_restart_it_goes_on(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 5; i++)
        put_at(world, START + i * 600000, i);
    assert_int_equal(step(world).kind, FOLD_NOTHING);
    again(world);
    for (int hour = 1; hour <= 3; hour++) {
        put_at(world, START + hour * HOUR_MS, hour);
        again(world);
    }
    assert_int_equal(fold_all(world), 3);
    assert_int_equal(count(world, "frame"), 1);
    assert_all_there(world);
}

/* The chunk's row says what was in it; thresholds are -150, -135, -120 for degrees. */
static void test_summary_of_an_hour(void **state)
{
    struct world *world = *state;
    static const int numbers[] = {-1600, -1400, -1300, -1100, -1100, -1600};
    for (int i = 0; i < 6; i++)
        put_at(world, START + i * 600000, numbers[i]);
    put_at(world, START + HOUR_MS, 0);
    assert_int_equal(step(world).kind, FOLD_HOUR);
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
    struct world *world = *state;
    fixture_sql(world->files.history, "INSERT INTO calibration VALUES(3, 'tank-1', 'lid', '°C', 0, 0, 'gain "
                                      "1 offset -0.5', '', '', '', '')");
    for (int i = 0; i < 4; i++) {
        int64_t at = START + i * 600000;
        struct frame_entry entry = {.slot_ms = at, .taken_ms = at, .point = 1, .number = -1900, .raw = 5};
        entry.calibration = i < 2 ? 0 : 3;
        put(world, &entry, 1);
    }
    put_at(world, START + HOUR_MS, 0);
    assert_int_equal(step(world).kind, FOLD_HOUR);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT maximum FROM chunk"), -1900);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT minimum FROM chunk"), -1905);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT last FROM chunk"), -1905);
    assert_all_there(world);
}

static void test_clock_set_back(void **state)
{
    struct world *world = *state;
    static const int minutes[] = {0, 20, 70, 80, 10, 30, 90, 130, 200};
    for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++)
        put_at(world, START + minutes[i] * 60000, (int)i);
    assert_int_equal(fold_all(world), 5); /* 0-20, 70-80, 10-30, 90, 130 */
    assert_int_equal(count(world, "frame"), 1);
    assert_all_there(world);
}

/* Two starts of the daemon within an hour: one hour all the same. */
static void test_two_boots_in_an_hour(void **state)
{
    struct world *world = *state;
    put_at(world, START + 60000, 1);
    again(world);
    put_at(world, START + 50 * 60000, 2);
    put_at(world, START + 30 * HOUR_MS, 3); /* nothing in between: there is no empty hour */
    assert_int_equal(step(world).kind, FOLD_HOUR);
    assert_int_equal(step(world).kind, FOLD_NOTHING);
    assert_int_equal(count(world, "seal"), 1);
    assert_all_there(world);
}

/* Slots may reach over the hour that the frame begins in. */
static void test_frame_over_the_hour(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 4; i++) {
        int64_t at = START + HOUR_MS - 5000 + i * 1000 * 1000;
        struct frame_entry entries[] = {
            {.slot_ms = at, .taken_ms = at, .point = 7, .number = i},
            {.slot_ms = at + 10000, .taken_ms = at + 10000, .point = 7, .number = i + 1},
        };
        put(world, entries, 2);
    }
    put_at(world, START + 2 * HOUR_MS, 0);
    assert_int_equal(fold_all(world), 2);
    assert_all_there(world);
}

/* ---------------------------------------------------------------- days */

static void put_days(struct world *world, int from_hour, int to_hour)
{
    for (int hour = from_hour; hour < to_hour; hour++) {
        for (int i = 0; i < 3; i++)
            put_at(world, START + hour * HOUR_MS + i * 1200000, -1900 + hour + i);
    }
}

static void test_days(void **state)
{
    struct world *world = *state;
    put_days(world, 20, 72);
    fold_all(world);
    assert_int_equal(count(world, "seal WHERE kind = 1"), 51);
    assert_int_equal(count(world, "seal WHERE kind = 2"), 2);
    assert_int_equal(count(world, "seal WHERE kind = 1 AND entries IS NOT NULL"), 23);
    assert_int_equal(count(world, "chunk"), 2 * 2 + 23 * 2);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT count FROM seal WHERE kind = 2"),
                     4 * 3 * 2);
    assert_all_there(world);
    /* A new day begins: the one before it is folded. */
    put_days(world, 72, 74);
    fold_all(world);
    assert_int_equal(count(world, "seal WHERE kind = 2"), 3);
    assert_int_equal(count(world, "chunk"), 3 * 2 + 1 * 2);
    assert_all_there(world);
}

/* A day's content proves its hours'. */
static void test_content_of_a_day(void **state)
{
    struct world *world = *state;
    put_days(world, 22, 26);
    fold_all(world);
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
    struct world *world = *state;
    for (int hour = 0; hour < 26; hour++) {
        int64_t at = START + hour * HOUR_MS;
        struct frame_entry entry = {.slot_ms = at, .taken_ms = at, .point = hour % 3 ? 7 : 1, .number = hour};
        put(world, &entry, 1);
    }
    fold_all(world);
    assert_int_equal(count(world, "seal WHERE kind = 2"), 1);
    assert_all_there(world);
}

static void fahrenheit(void *context, const struct seal_point *point, struct summary_thresholds *ret)
{
    (void)point;
    *ret = (struct summary_thresholds){.n = 1, .numbers = {*(const int *)context}};
}

/* Thresholds that change during a day: the day has those of its first hour throughout. */
static void test_thresholds_change(void **state)
{
    struct world *world = *state;
    static const int low = -1891, high = -1880;
    fold_configure(world->fold, fahrenheit, (void *)&low, 0);
    put_days(world, 0, 13);
    fold_all(world);
    fold_configure(world->fold, fahrenheit, (void *)&high, 0);
    put_days(world, 13, 26);
    fold_all(world);
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
    assert_all_there(world);
}

/* A clock that stands between two hours for long makes many hours of one day: a bound number is folded. */
static void test_many_hours_of_one_day(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 2 * FOLD_HOURS_MAX + 10; i++)
        put_at(world, START + (i % 2) * HOUR_MS, i);
    fold_all(world);
    assert_int_equal(count(world, "seal WHERE kind = 2"), 2);
    assert_int_equal(fold_fixture_number(world->files.history, "SELECT max(count) FROM seal WHERE kind = 2"),
                     2 * FOLD_HOURS_MAX);
    assert_all_there(world);
}

/* ---------------------------------------------------------------- damage */

static void drop(struct world *world, int64_t from_ms, int64_t to_ms, uint32_t point)
{
    size_t n = 0;
    for (size_t i = 0; i < world->n; i++) {
        const struct frame_entry *entry = &world->put[i];
        if (entry->slot_ms < from_ms || entry->slot_ms >= to_ms || (point && entry->point != point))
            world->put[n++] = *entry;
    }
    world->n = n;
}

/* Each is left out and kept for those who look; the rest is folded. */
static void test_damaged_frames(void **state)
{
    struct world *world = *state;
    put_days(world, 0, 3);
    fixture_sql(world->files.history,
                "UPDATE frame SET body = x'0201' WHERE id = 1; UPDATE frame SET hash = x'00' WHERE id = 3;"
                "UPDATE frame SET first_utc_us = first_utc_us + 3600000000 WHERE id = 5");
    assert_int_equal(step(world).damage.frames, 2);
    struct fold_done done = step(world);
    assert_int_equal(done.kind, FOLD_HOUR);
    assert_int_equal(done.damage.frames, 1);
    assert_int_equal(done.seal.count, 4);
    assert_int_equal(count(world, "damaged"), 3);
    assert_int_equal(count(world, "damaged WHERE id = 1 AND body = x'0201'"), 1);
    drop(world, START, START + 1, 0);
    drop(world, START + 2400000, START + 2400001, 0);
    drop(world, START + HOUR_MS + 1200000, START + HOUR_MS + 1200001, 0);
    assert_all_there(world);
}

/* The last frame's time is damaged: that makes no new hour, now or later. */
static void test_damaged_time_makes_no_hour(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 3; i++)
        put_at(world, START + i * 600000, i);
    fixture_sql(world->files.history, "UPDATE frame SET first_utc_us = 0 WHERE id = 3");
    assert_int_equal(step(world).kind, FOLD_NOTHING);
    put_at(world, START + 4 * 600000, 4);
    assert_int_equal(step(world).kind, FOLD_NOTHING);
    put_at(world, START + HOUR_MS, 5);
    struct fold_done done = step(world);
    assert_int_equal(done.seal.to_id, 4);
    assert_int_equal(done.damage.frames, 1);
    assert_int_equal(done.damage.utc_us, 0);
}

/* A frame of a point that does not exist makes no sense, and is no reason to stop. */
static void test_unknown_point(void **state)
{
    struct world *world = *state;
    struct frame_entry entry = {.slot_ms = START, .taken_ms = START, .point = 99};
    put_at(world, START, 1);
    put(world, &entry, 1);
    put_at(world, START + HOUR_MS, 2);
    assert_int_equal(step(world).damage.frames, 1);
    drop(world, START, START + 1, 99);
    assert_all_there(world);
}

static void test_frames_of_version_1(void **state)
{
    struct world *world = *state;
    static const unsigned char old[] = {1, 1, 0x48, 2, 0, 9}; /* point 1, at 0 ms, -5 */
    unsigned char hash[CHAIN_HASH_SIZE];
    char text[2 * CHAIN_HASH_SIZE + 1];
    struct chain_frame frame = {1, 0, 0, 1, old, sizeof old};
    chain_frame_hash(NULL, &frame, hash);
    for (int i = 0; i < CHAIN_HASH_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    fixture_sql(world->files.history, "INSERT INTO frame VALUES(1, 0, 0, 1, x'010148020009', x'%s')", text);
    world->put[world->n++] = (struct frame_entry){.point = 1, .number = -5};
    put_at(world, START, 1);
    put_at(world, START + HOUR_MS, 1);
    assert_int_equal(fold_all(world), 3); /* and the day of 1970 */
    assert_int_equal(count(world, "damaged"), 0);
    assert_all_there(world);
}

/* A damaged chunk: its hour stays as it is, between two days, and is told; all others are folded. */
static void test_damaged_chunk(void **state)
{
    struct world *world = *state;
    put_days(world, 0, 20);
    fold_all(world);
    char sql[128];
    snprintf(sql, sizeof sql, "UPDATE chunk SET body = zeroblob(length(body)) WHERE id = %lld",
             (long long)seal_chunk_id(11, 2));
    fixture_sql(world->files.history, "%s", sql);
    put_days(world, 20, 24);
    put_at(world, START + DAY_MS, 1);
    put_at(world, START + DAY_MS + HOUR_MS, 1);
    struct fold_done done = {.kind = FOLD_NOTHING};
    struct fold_damage damage = {.chunks = 0};
    while ((done = step(world)).kind != FOLD_NOTHING) {
        if (done.damage.chunks > 0)
            assert_int_equal(damage.chunks, 0), damage = done.damage; /* told once */
    }
    assert_int_equal(damage.chunks, 1);
    assert_string_equal(damage.asset, "tank-1");
    assert_string_equal(damage.point, "level");
    assert_true(damage.utc_us == (START + 10 * HOUR_MS) * 1000);
    assert_int_equal(count(world, "seal WHERE kind = 2"), 2);
    assert_int_equal(count(world, "seal WHERE id = 11 AND entries IS NOT NULL"), 1);
    assert_int_equal(count(world, "chunk WHERE id >> 20 = 11"), 2);
    /* All but that chunk. */
    fixture_sql(world->files.history,
                "UPDATE seal SET entries = NULL WHERE id = 11; DELETE FROM chunk WHERE id >> 20 = 11");
    drop(world, START + 10 * HOUR_MS, START + 11 * HOUR_MS, 0);
    assert_all_there(world);
}

static void test_missing_chunk_and_damaged_entries(void **state)
{
    struct world *world = *state;
    put_days(world, 0, 20);
    fold_all(world);
    fixture_sql(world->files.history, "DELETE FROM chunk WHERE id = %lld", (long long)seal_chunk_id(1, 1));
    fixture_sql(world->files.history, "UPDATE seal SET entries = zeroblob(length(entries)) WHERE id = 19");
    put_days(world, 20, 26);
    put_at(world, START + 50 * HOUR_MS, 1);
    put_at(world, START + 51 * HOUR_MS, 1);
    uint64_t damaged = 0;
    struct fold_done done;
    while ((done = step(world)).kind != FOLD_NOTHING)
        damaged += done.damage.chunks;
    assert_true(damaged >= 2);
    assert_int_equal(count(world, "seal WHERE kind = 1 AND entries IS NOT NULL"),
                     3); /* 1, 19, and the new one */
    assert_int_equal(count(world, "seal WHERE kind = 2"), 3);
}

/* ---------------------------------------------------------------- removing */

static void test_days_are_removed(void **state)
{
    struct world *world = *state;
    for (int day = 0; day < 10; day++)
        put_days(world, 24 * day, 24 * day + 2);
    fold_all(world);
    fold_configure(world->fold, NULL, NULL, 3);
    struct fold_done done;
    int64_t now_us = (START + 9 * DAY_MS) * 1000;
    assert_int_equal(fold_step(world->fold, now_us, &world->head, &done), SQLITE_OK);
    assert_int_equal(done.kind, FOLD_REMOVED);
    assert_int_equal(done.seal.kind, SEAL_TOMBSTONE);
    assert_int_equal(done.seal.count, 6 * 2 * 3 * 2);
    assert_true(done.seal.first_utc_us == START * 1000);
    assert_int_equal(count(world, "seal WHERE kind = 2 AND entries IS NOT NULL"), 3);
    assert_int_equal(fold_step(world->fold, now_us, &world->head, &done), SQLITE_OK);
    assert_int_equal(done.kind, FOLD_NOTHING);
    drop(world, START, START + 6 * DAY_MS, 0);
    assert_all_there(world);
}

/* A clock that jumps ahead for a moment, or a reading with a wrong date, costs no history. */
static void test_clock_ahead_removes_nothing(void **state)
{
    struct world *world = *state;
    put_days(world, 0, 2);
    put_days(world, 24, 26);
    put_days(world, 48, 50);
    fold_configure(world->fold, NULL, NULL, 30);
    fold_all(world); /* 1000 days later */
    assert_int_equal(count(world, "seal WHERE kind = 3"), 0);
    put_at(world, 0, 1); /* 1970 */
    put_days(world, 72, 74);
    fold_all(world);
    assert_int_equal(count(world, "seal WHERE kind = 3"), 0);
    assert_all_there(world);
}

/* ---------------------------------------------------------------- giving way */

static bool never(void *context)
{
    return --*(int *)context > 0;
}

static void test_given_up_step_changes_nothing(void **state)
{
    struct world *world = *state;
    put_days(world, 0, 3);
    for (int after = 0; after < 12; after++) {
        int left = after;
        struct fold_done done;
        fold_set_yield(world->fold, never, &left);
        int result = fold_step(world->fold, 0, &world->head, &done);
        if (result == SQLITE_OK)
            break;
        assert_int_equal(result, SQLITE_INTERRUPT);
        assert_true(sqlite3_get_autocommit(world->files.history));
        assert_int_equal(count(world, "seal"), 0);
        assert_int_equal(count(world, "frame"), 9);
        assert_true(after < 11);
    }
    fold_set_yield(world->fold, NULL, NULL);
    fold_all(world);
    assert_all_there(world);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
        TEST(test_damaged_frames),
        TEST(test_damaged_time_makes_no_hour),
        TEST(test_unknown_point),
        TEST(test_frames_of_version_1),
        TEST(test_damaged_chunk),
        TEST(test_missing_chunk_and_damaged_entries),
        TEST(test_days_are_removed),
        TEST(test_clock_ahead_removes_nothing),
        TEST(test_given_up_step_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
