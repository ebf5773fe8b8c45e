/* Readings of several points in order of time, from frames, hours and days. */
#include "reader_ordered.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history_build.h"
#include "schema.h"
#include "test.h"

#define POINTS   3
#define INTERVAL 60000
#define SLOTS    (60 * 60) /* two days and a half */

static const struct history_build_point points[POINTS] = {
    {"tank-1", "temperature", "°C", 1}, {"tank-2", "temperature", "°C", 1}, {"tank-1", "level", "cm", 1}};

struct record {
    char dir[32];
    struct history_build build;
};

static int setup(void **state)
{
    struct record *record = calloc(1, sizeof *record);
    snprintf(record->dir, sizeof record->dir, "/tmp/ordered.XXXXXX");
    assert_non_null(mkdtemp(record->dir));
    record->build = (struct history_build){
        .dir = record->dir, .points = points, .n_points = POINTS, .interval_ms = INTERVAL, .slots = SLOTS};
    assert_int_equal(history_build(&record->build), 0);
    *state = record;
    return 0;
}

static int teardown(void **state)
{
    struct record *record = *state;
    static const char *const files[] = {"history.db",     "state.db",     "signing.pub", "history.db-wal",
                                        "history.db-shm", "state.db-wal", "state.db-shm"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", record->dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(record->dir);
    free(record);
    return 0;
}

struct ordered {
    const struct record *record;
    int64_t next[POINTS], last_us, n, stop_at;
    unsigned asked;
    atomic_bool stop;
};

static uint32_t tag_tank_1(void *context, const struct history_point *point)
{
    ((struct ordered *)context)->asked++;
    return strcmp(point->asset, "tank-1") == 0 ? point->id * 10 : 0;
}

static bool check_row(void *context, const struct history_ordered_row *row)
{
    struct ordered *o = context;
    const unsigned p = row->tag / 10 - 1;
    assert_true((p == 0 || p == 2) && row->tag % 10 == 0);
    const struct frame_entry entry = history_build_entry(&o->record->build, p, o->next[p]++);
    assert_int_equal(row->taken_utc_us, entry.taken_ms * 1000);
    assert_int_equal(row->reading.value, entry.number * 100000);
    assert_int_equal(row->reading.raw, entry.raw);
    assert_int_equal(row->reading.quality, entry.quality);
    assert_int_equal(row->reading.reason, entry.reason);
    assert_true(row->taken_utc_us >= o->last_us);
    o->last_us = row->taken_utc_us;
    o->n++;
    if (o->n == o->stop_at)
        atomic_store(&o->stop, true);
    return true;
}

static int64_t read_ordered(struct ordered *o, size_t rows_max)
{
    char message[512];
    struct history_reader *reader = NULL;
    assert_int_equal(history_open(o->record->dir, &reader, message, sizeof message), 0);
    const int64_t from_us = HISTORY_BUILD_START_MS * 1000;
    const struct history_ordered ordered = {.from_utc_us = from_us,
                                            .to_utc_us = from_us + INT64_C(3) * 86400 * 1000000,
                                            .rows_max = rows_max,
                                            .stop = &o->stop,
                                            .tag = tag_tank_1,
                                            .row = check_row,
                                            .context = o};
    const int64_t n = history_each_ordered(reader, &ordered);
    history_close(reader);
    return n;
}

/* Whole days, or only minutes at a time: each reading of the wanted points once, and none out of order. */
static void test_in_order(void **state)
{
    static const size_t bounds[] = {0, 1000, 20};
    for (unsigned i = 0; i < 3; i++) {
        struct ordered o = {.record = *state};
        assert_int_equal(read_ordered(&o, bounds[i]), 2 * SLOTS);
        assert_int_equal(o.next[0], SLOTS);
        assert_int_equal(o.next[2], SLOTS);
        assert_int_equal(o.asked, POINTS);
    }
}

static void test_stops(void **state)
{
    struct ordered o = {.record = *state, .stop_at = 50};
    const int64_t n = read_ordered(&o, 100);
    assert_true(n >= 50 && n <= 150);
    assert_int_equal(n, o.n);
    struct ordered never = {.record = *state, .stop = true};
    assert_int_equal(read_ordered(&never, 100), 0);
}

/* More in a second than may be held: said, not cut. */
static void test_too_many(void **state)
{
    struct ordered o = {.record = *state};
    assert_int_equal(read_ordered(&o, 1), -E2BIG);
}

/* ---------------------------------------------------------------- the clock is set */

#define STEP_S  (-3600)
#define BEFORE  90 /* readings of each point before the clock is set back; one a minute */
#define READ_AT (HISTORY_BUILD_START_MS * 1000)

/* So it was, one after the other; the wall clock: */
static int64_t wall_us(int i)
{
    return READ_AT + (i * INT64_C(60) + (i >= BEFORE ? STEP_S : 0)) * 1000000;
}

static void make_set_back(const char *dir, int n)
{
    const struct history_build build = {.points = points, .n_points = POINTS};
    struct fold_head head;
    sqlite3 *history = history_build_open(dir, SCHEMA_HISTORY),
            *state = history_build_open(dir, SCHEMA_STATE);
    assert_int_equal(history_build_points(history, &build), 0);
    for (int i = 0; i < n; i++) {
        struct frame_entry entries[POINTS];
        const struct reading reading = {.value = i * INT64_C(100000), .raw = (uint32_t)i};
        for (uint32_t p = 0; p < POINTS; p++)
            entries[p] = frame_entry_make(p + 1, 1, wall_us(i), wall_us(i), &reading);
        assert_int_equal(history_build_frame(history, entries, POINTS), 0);
    }
    assert_int_equal(history_build_event(state, wall_us(BEFORE), "clock", "{\"step_us\":-3600000000}", &head),
                     0);
    sqlite3_close(history);
    sqlite3_close(state);
}

struct set_back {
    int n, out_of_order;
};

static uint32_t tag_any_tank_1(void *context, const struct history_point *point)
{
    (void)context;
    return strcmp(point->asset, "tank-1") == 0 ? point->id : 0;
}

static bool check_set_back(void *context, const struct history_ordered_row *row)
{
    struct set_back *s = context;
    s->out_of_order += row->reading.raw != (uint32_t)s->n / 2;
    if (s->out_of_order == 0) {
        assert_int_equal(row->taken_utc_us, wall_us(s->n / 2));
        assert_int_equal(row->at_us, READ_AT + s->n / 2 * INT64_C(60000000));
    }
    s->n++;
    return true;
}

static struct set_back read_set_back(const char *dir, size_t rows_max)
{
    char message[512];
    struct history_reader *reader = NULL;
    struct record_clock clock;
    struct set_back seen = {.n = 0};
    assert_int_equal(history_open(dir, &reader, message, sizeof message), 0);
    assert_int_equal(record_clock_read(reader, READ_AT, READ_AT + INT64_C(86400000000), &clock), 0);
    assert_int_equal(clock.n, 1);
    const struct history_ordered ordered = {.from_utc_us = READ_AT,
                                            .to_utc_us = READ_AT + INT64_C(86400000000),
                                            .clock = &clock,
                                            .rows_max = rows_max,
                                            .tag = tag_any_tank_1,
                                            .row = check_set_back,
                                            .context = &seen};
    assert_true(history_each_ordered(reader, &ordered) > 0);
    history_close(reader);
    return seen;
}

/* Set back by an hour: what was read after that comes after what was read before. Where the doubled hour does
 * not fit into memory, nothing is lost all the same. */
static void test_clock_set_back(void **state)
{
    (void)state;
    struct record record = {.dir = "/tmp/ordered.XXXXXX"};
    struct record *made = &record;
    assert_non_null(mkdtemp(record.dir));
    make_set_back(record.dir, 200);
    struct set_back seen = read_set_back(record.dir, 0);
    assert_int_equal(seen.n, 2 * 200);
    assert_int_equal(seen.out_of_order, 0);
    seen = read_set_back(record.dir, 20);
    assert_int_equal(seen.n, 2 * 200);
    assert_true(seen.out_of_order > 0);
    made = malloc(sizeof *made);
    *made = record;
    (void)teardown((void **)&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stops, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
        cmocka_unit_test(test_clock_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
