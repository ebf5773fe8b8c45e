/* The reader gives each reading once, be it in a frame, an hour or a day, also while these are being folded.
 */
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_build.h"
#include "history_fixture.h"
#include "test.h"

#define POINTS   3
#define INTERVAL 60000
#define SLOTS    (60 * 60) /* two days and a half */
#define FOREVER  INT64_MIN, INT64_MAX

static const struct history_build_point points[POINTS] = {
    {"tank-1", "temperature", "°C", 1}, {"tank-1", "level", "cm", 1}, {"tank-2", "temperature", "°C", 1}};

struct record {
    struct fixture fixture;
    struct history_build build;
    struct signer *signer;
    struct fold *fold;
    struct fold_head head;
};

static void fold(struct record *record, int steps)
{
    struct fold_done done = {.kind = FOLD_HOUR};
    for (int i = 0; i < steps && done.kind != FOLD_NOTHING; i++)
        assert_int_equal(fold_step(record->fold, 0, &record->head, &done), SQLITE_OK);
}

/* Frames of all slots, nothing folded. */
static int setup(void **state)
{
    struct record *record = calloc(1, sizeof *record);
    fixture_make(&record->fixture);
    record->build = (struct history_build){.dir = record->fixture.dir,
                                           .points = points,
                                           .n_points = POINTS,
                                           .interval_ms = INTERVAL,
                                           .slots = SLOTS};
    assert_int_equal(history_build_points(record->fixture.history, &record->build), 0);
    fixture_sql(record->fixture.history, "BEGIN");
    for (int64_t i = 0; i < SLOTS; i++) {
        struct frame_entry entries[POINTS];
        for (unsigned p = 0; p < POINTS; p++)
            entries[p] = history_build_entry(&record->build, p, i);
        assert_int_equal(history_build_frame(record->fixture.history, entries, POINTS), 0);
    }
    fixture_sql(record->fixture.history, "COMMIT");
    record->signer = history_build_signer();
    assert_int_equal(fold_create(record->fixture.history, record->signer, &record->fold), 0);
    *state = record;
    return 0;
}

static int teardown(void **state)
{
    struct record *record = *state;
    fold_free(record->fold);
    signer_free(record->signer);
    fixture_free(&record->fixture);
    free(record);
    return 0;
}

static struct history_reader *open_reader(struct record *record)
{
    char message[512];
    struct history_reader *reader = NULL;
    assert_int_equal(history_open(record->fixture.dir, &reader, message, sizeof message), 0);
    return reader;
}

/* ---------------------------------------------------------------- each reading once */

struct check {
    struct record *record;
    int64_t next[POINTS]; /* the slot that each point has to come with */
    int64_t n, fold_every, fold_steps;
    int64_t missed; /* slots that may have been left out: as many */
};

static bool check_row(void *context, const struct history_row *row)
{
    struct check *check = context;
    unsigned p = row->id - 1;
    struct frame_entry entry = history_build_entry(&check->record->build, p, check->next[p]);
    while (entry.slot_ms * 1000 < row->slot_utc_us && check->missed > 0) {
        entry = history_build_entry(&check->record->build, p, ++check->next[p]);
        check->missed--;
    }
    assert_int_equal(row->slot_utc_us, entry.slot_ms * 1000);
    assert_int_equal(row->taken_utc_us, entry.taken_ms * 1000);
    assert_int_equal(row->reading.value, entry.number * 100000);
    assert_int_equal(row->calibrated, row->reading.value);
    assert_int_equal(row->reading.raw, entry.raw);
    assert_int_equal(row->reading.quality, entry.quality);
    assert_int_equal(row->reading.reason, entry.reason);
    assert_string_equal(row->asset, points[p].asset);
    assert_string_equal(row->point, points[p].point);
    check->next[p]++;
    check->n++;
    if (check->fold_every > 0 && check->n % check->fold_every == 0)
        fold(check->record, (int)check->fold_steps);
    return true;
}

static void read_all(struct record *record, int64_t fold_every, int64_t fold_steps)
{
    struct history_reader *reader = open_reader(record);
    struct check check = {.record = record, .fold_every = fold_every, .fold_steps = fold_steps};
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, check_row, &check), POINTS * SLOTS);
    for (unsigned p = 0; p < POINTS; p++)
        assert_int_equal(check.next[p], SLOTS);
    assert_int_equal(history_damaged(reader), 0);
    history_close(reader);
}

static void read_one(struct record *record, unsigned p, int64_t fold_every, int64_t fold_steps)
{
    struct history_reader *reader = open_reader(record);
    struct check check = {.record = record, .fold_every = fold_every, .fold_steps = fold_steps};
    assert_int_equal(history_each(reader, points[p].asset, points[p].point, FOREVER, check_row, &check),
                     SLOTS);
    history_close(reader);
}

static void test_frames_hours_and_days(void **state)
{
    struct record *record = *state;
    int64_t kinds = 0;
    for (int i = 0; i < 8; i++) {
        read_all(record, 0, 0);
        read_one(record, (unsigned)i % POINTS, 0, 0);
        fold(record, 9);
    }
    fold(record, 1000);
    read_all(record, 0, 0);
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(record->fixture.history,
                       "SELECT count(DISTINCT kind) FROM seal WHERE entries IS NOT NULL", -1, &stmt, NULL);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        kinds = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    assert_int_equal(kinds, 2);
}

/* Between any two rows hours may be folded, and days. From 0 to 80 steps done before; then some more after
 * every so many rows. */
static void fold_while_reading(struct record *record, unsigned i, bool all)
{
    fold(record, (int)(i * 7));
    if (all)
        read_all(record, 1 + (int64_t)(i * 131 % 400), 1 + (int64_t)(i % 4));
    else
        read_one(record, i % POINTS, 1 + (int64_t)(i * 37 % 200), 1 + (int64_t)(i % 5));
}

static void test_folded_while_reading(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        void *record = NULL;
        setup(&record);
        fold_while_reading(record, i / 2, i % 2 == 0);
        teardown(&record);
    }
}

static void test_range(void **state)
{
    struct record *record = *state;
    struct history_reader *reader = open_reader(record);
    for (int folded = 0; folded < 3; folded++) {
        for (int64_t from = 0; from < SLOTS; from += 509) {
            struct check check = {.record = record, .next = {from, from, from}};
            int64_t start_us = history_build_entry(&record->build, 0, from).slot_ms * 1000, n = 701;
            if (from + n > SLOTS)
                n = SLOTS - from;
            int64_t end_us = start_us + 701 * INTERVAL * INT64_C(1000);
            assert_int_equal(history_each(reader, "tank-1", "level", start_us, end_us, check_row, &check), n);
        }
        fold(record, folded == 0 ? 30 : 1000);
    }
    history_close(reader);
}

static bool stop_at_7(void *context, const struct history_row *row)
{
    (void)row;
    return ++*(int64_t *)context < 7;
}

static void test_stops(void **state)
{
    int64_t n = 0;
    fold(*state, 1000);
    struct history_reader *reader = open_reader(*state);
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, stop_at_7, &n), 7);
    history_close(reader);
}

/* ---------------------------------------------------------------- damage */

static void test_damaged_chunk(void **state)
{
    struct record *record = *state;
    fold(record, 1000);
    /* A bit in the second point's chunk of the first day; and a chunk of the second day that is gone. */
    fixture_sql(
        record->fixture.history,
        "UPDATE chunk SET body = CAST(substr(body, 1, 40) || x'00' || substr(body, 42) AS BLOB) WHERE id ="
        " (SELECT min(id) FROM seal WHERE kind = 2) << 20 | 2");
    struct history_reader *reader = open_reader(record);
    struct check check = {.record = record, .missed = 24 * 60};
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, check_row, &check), POINTS * SLOTS - 24 * 60);
    assert_int_equal(history_damaged(reader), 1);
    fixture_sql(record->fixture.history,
                "DELETE FROM chunk WHERE id = (SELECT min(id) FROM seal WHERE kind = 2) << 20 | 3");
    check = (struct check){.record = record, .missed = 2 * 24 * 60};
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, check_row, &check),
                     POINTS * SLOTS - 2 * 24 * 60);
    assert_int_equal(history_damaged(reader), 3);
    history_close(reader);
}

/* ---------------------------------------------------------------- hours and days */

struct sums {
    struct record *record;
    int64_t length_ms, next_ms, n;
    unsigned p;
};

/* Compares a span with the readings that lie in it. */
static bool check_span(void *context, const struct history_span *span)
{
    struct sums *sums = context;
    const struct history_build *build = &sums->record->build;
    struct summary expected = {.hour_ms = sums->next_ms};
    int64_t first = (sums->next_ms - HISTORY_BUILD_START_MS) / INTERVAL;
    for (int64_t i = first; i < first + sums->length_ms / INTERVAL && i < SLOTS; i++) {
        struct frame_entry entry = history_build_entry(build, sums->p, i);
        expected.count++;
        expected.worst = entry.quality > expected.worst ? entry.quality : expected.worst;
        if (entry.quality == QUALITY_BAD)
            continue;
        if (expected.values++ == 0)
            expected.minimum = expected.maximum = expected.first = entry.number;
        expected.minimum = entry.number < expected.minimum ? entry.number : expected.minimum;
        expected.maximum = entry.number > expected.maximum ? entry.number : expected.maximum;
        expected.last = entry.number;
        expected.sum += entry.number;
        expected.known_ms += INTERVAL;
    }
    assert_int_equal(span->summary.hour_ms, expected.hour_ms);
    assert_int_equal(span->summary.count, expected.count);
    assert_int_equal(span->summary.values, expected.values);
    assert_int_equal(span->summary.minimum, expected.minimum);
    assert_int_equal(span->summary.maximum, expected.maximum);
    assert_int_equal(span->summary.first, expected.first);
    assert_int_equal(span->summary.last, expected.last);
    assert_int_equal(span->summary.sum, expected.sum);
    assert_int_equal(span->summary.worst, expected.worst);
    assert_int_equal(span->summary.known_ms, expected.known_ms);
    assert_int_equal(span->thresholds.n, sums->p == 1 ? 0 : 3);
    assert_int_equal(span->summary.above_ms[0], 0);
    sums->next_ms += sums->length_ms;
    sums->n++;
    return true;
}

static void test_hours_and_days(void **state)
{
    struct record *record = *state;
    struct history_reader *reader = open_reader(record);
    for (int folded = 0; folded < 4; folded++) {
        for (unsigned p = 0; p < POINTS; p++) {
            struct sums sums = {
                .record = record, .length_ms = 3600000, .next_ms = HISTORY_BUILD_START_MS, .p = p};
            assert_int_equal(
                history_hours(reader, points[p].asset, points[p].point, FOREVER, check_span, &sums), 60);
            sums.next_ms = HISTORY_BUILD_START_MS + 5 * 3600000;
            int64_t from_us = (sums.next_ms + 1800000) * 1000; /* in the midst of the sixth hour */
            assert_int_equal(history_hours(reader, points[p].asset, points[p].point, from_us,
                                           from_us + 40 * INT64_C(3600000000), check_span, &sums),
                             41);
            sums.next_ms = HISTORY_BUILD_START_MS;
            sums.length_ms = 24 * 3600000;
            assert_int_equal(
                history_days(reader, points[p].asset, points[p].point, FOREVER, check_span, &sums), 3);
        }
        fold(record, folded == 2 ? 1000 : 20);
    }
    history_close(reader);
}

static bool count_span(void *context, const struct history_span *span)
{
    (void)span;
    ++*(int64_t *)context;
    return true;
}

static void test_hours_of_all_points(void **state)
{
    int64_t n = 0;
    fold(*state, 1000);
    struct history_reader *reader = open_reader(*state);
    assert_int_equal(history_hours(reader, NULL, NULL, FOREVER, count_span, &n), POINTS * 60);
    assert_int_equal(history_hours(reader, "tank-1", NULL, FOREVER, count_span, &n), 2 * 60);
    assert_int_equal(history_hours(reader, "tank-9", NULL, FOREVER, count_span, &n), 0);
    assert_int_equal(n, 5 * 60);
    history_close(reader);
}

/* ---------------------------------------------------------------- calibrations */

static bool keep_row(void *context, const struct history_row *row)
{
    *(struct history_row *)context = *row;
    return true;
}

static void test_calibrated(void **state)
{
    struct record *record = *state;
    struct history_row row = {0};
    struct history_calibration calibration;
    fixture_sql(record->fixture.history, "INSERT INTO calibration VALUES(7, 'tank-1', 'temperature', '°C', "
                                         "1000, 2000, 'gain 1.01 offset -0.5',"
                                         " 'C-123', '2026-01-01', '2027-01-01', 'Pt100 no. 4')");
    for (int i = 0; i < 2; i++) {
        struct frame_entry entry = {.slot_ms = HISTORY_BUILD_START_MS + (SLOTS + 60 * i) * INT64_C(60000),
                                    .number = -1000,
                                    .point = 1,
                                    .calibration = 7};
        entry.taken_ms = entry.slot_ms;
        assert_int_equal(history_build_frame(record->fixture.history, &entry, 1), 0);
    }
    struct history_reader *reader = open_reader(record);
    int64_t from_us = (HISTORY_BUILD_START_MS + SLOTS * INT64_C(60000)) * 1000;
    for (int folded = 0; folded < 2; folded++) {
        assert_int_equal(history_each(reader, "tank-1", "temperature", from_us, from_us + 1, keep_row, &row),
                         1);
        assert_int_equal(row.reading.value, -100000000);
        assert_int_equal(row.calibrated, -101500000);
        assert_int_equal(row.calibration, 7);
        fold(record, 1000);
    }
    assert_int_equal(history_calibration(reader, 7, &calibration), 0);
    assert_string_equal(calibration.certificate, "C-123");
    assert_string_equal(calibration.reference, "Pt100 no. 4");
    assert_int_equal(calibration.calibration.offset, -500000);
    assert_int_equal(history_calibration(reader, 8, &calibration), -2);
    history_close(reader);
}

/* ---------------------------------------------------------------- files of version 1 */

static void add_varint(unsigned char *body, size_t *len, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        body[(*len)++] = (unsigned char)(value | 0x80);
    body[(*len)++] = (unsigned char)value;
}

static void add_zigzag(unsigned char *body, size_t *len, int64_t value)
{
    add_varint(body, len, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

/* The body of a frame as the first version wrote it: each entry says all of itself (see frame.h). */
static size_t encode_1(const struct frame_entry *entries, size_t n, unsigned char *body)
{
    struct frame_entry last = {0};
    size_t len = 0;
    body[len++] = 1;
    add_varint(body, &len, n);
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *e = &entries[i];
        bool has_value = e->quality != QUALITY_BAD, same_slot = e->slot_ms == last.slot_ms;
        body[len++] =
            (unsigned char)(e->quality | (e->reason ? 0x04U : 0) | (has_value ? 0x08U : 0) |
                            (e->micro ? 0x10U : 0) | (e->raw ? 0x20U : 0) | (same_slot ? 0x40U : 0));
        add_zigzag(body, &len, (int64_t)e->point - (int64_t)last.point);
        if (!same_slot)
            add_zigzag(body, &len, e->slot_ms - last.slot_ms);
        add_zigzag(body, &len, e->taken_ms - e->slot_ms);
        if (e->reason)
            body[len++] = e->reason;
        if (has_value)
            add_zigzag(body, &len, e->number);
        if (e->raw)
            add_varint(body, &len, e->raw);
        last = *e;
    }
    return len;
}

static size_t body_of_1(const void *body, int body_len, unsigned char *ret)
{
    struct frame_cursor cursor;
    struct frame_entry entries[POINTS];
    size_t n = 0;
    assert_int_equal(frame_begin(&cursor, body, (size_t)body_len), 0);
    while (n < POINTS && frame_next(&cursor, &entries[n]) == 1)
        n++;
    assert_int_equal(n, POINTS);
    return encode_1(entries, n, ret);
}

/* Makes the frames those of the first version: hashed one by one. */
static void make_frames_1(sqlite3 *db)
{
    sqlite3_stmt *read = NULL, *write = NULL;
    unsigned char body[POINTS * FRAME_ENTRY_MAX], hash[CHAIN_HASH_SIZE];
    fixture_sql(db, "BEGIN");
    sqlite3_prepare_v2(db, "SELECT id, first_utc_us, last_utc_us, count, body FROM frame", -1, &read, NULL);
    sqlite3_prepare_v2(db, "UPDATE frame SET body = ?2, hash = ?3 WHERE id = ?1", -1, &write, NULL);
    while (sqlite3_step(read) == SQLITE_ROW) {
        struct chain_frame frame = {.id = sqlite3_column_int64(read, 0),
                                    .first_utc_us = sqlite3_column_int64(read, 1),
                                    .last_utc_us = sqlite3_column_int64(read, 2),
                                    .count = sqlite3_column_int64(read, 3),
                                    .body = body};
        frame.len = body_of_1(sqlite3_column_blob(read, 4), sqlite3_column_bytes(read, 4), body);
        chain_frame_hash(NULL, &frame, hash);
        sqlite3_bind_int64(write, 1, frame.id);
        sqlite3_bind_blob(write, 2, body, (int)frame.len, SQLITE_STATIC);
        sqlite3_bind_blob(write, 3, hash, sizeof hash, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(write), SQLITE_DONE);
        sqlite3_reset(write);
    }
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    fixture_sql(db, "COMMIT");
}

/* No seals, no calibrations, frames without a chain. */
static void test_version_1(void **state)
{
    struct record *record = *state;
    sqlite3 *db = record->fixture.history;
    fold_free(record->fold);
    record->fold = NULL;
    fixture_sql(
        db,
        "DROP TABLE calibration; DROP TABLE signer; DROP TABLE seal; DROP TABLE chunk; DROP TABLE damaged;"
        "PRAGMA user_version=1");
    make_frames_1(db);
    read_all(record, 0, 0);
    struct history_reader *reader = open_reader(record);
    struct sums sums = {.record = record, .length_ms = 3600000, .next_ms = HISTORY_BUILD_START_MS};
    assert_int_equal(history_hours(reader, "tank-1", "temperature", FOREVER, check_span, &sums), 60);
    struct history_stats stats;
    assert_int_equal(history_stats(reader, &stats), 0);
    assert_int_equal(stats.frames.readings, POINTS * SLOTS);
    history_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frames_hours_and_days, setup, teardown),
        cmocka_unit_test(test_folded_while_reading),
        cmocka_unit_test_setup_teardown(test_range, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stops, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_chunk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hours_and_days, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hours_of_all_points, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calibrated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_version_1, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
