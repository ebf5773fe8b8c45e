/* What the core thread recalls from a record: what bypassed devices said is not learned from, and a clock
 * that was set changes nothing. */
#include "monitor_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history_build.h"
#include "runs.h"
#include "schema.h"

static const char site[] =
    "site: {id: s}\n"
    "notify: {expected: false}\n"
    "storage: {directory: %s}\n"
    "buses: {b: {tcp: {host: h}}}\n"
    "devices: {d: {bus: b, unit: 1, profile: p}, e: {bus: b, unit: 2, profile: p}}\n"
    "assets:\n"
    "  freezer-1:\n"
    "    kind: freezer\n"
    "    points: {chamber: {device: d, register: t}, program: {device: d, register: p}}\n"
    "    runs:\n"
    "      chamber: chamber\n"
    "      status: {point: program, running: run, complete: complete, idle: reset}\n"
    "  tank-1:\n"
    "    kind: tank\n"
    "    points: {level: {device: e, register: l}}\n"
    "    vessel: {level: level}\n";

enum { RESET = 1, RUN = 2, COMPLETE = 16 };

#define NOW_US (INT64_C(1800001000) * SECOND_US) /* the stage's wall clock */
#define POLL_S 5
#define HOUR_S 3600
#define SET_S  (-3600)

static const struct history_build_point points[] = {
    {"freezer-1", "chamber", "°C", 1}, {"freezer-1", "program", "", 0}, {"tank-1", "level", "cm", 1}};

struct past {
    int64_t poll_s; /* 0: POLL_S */
    char dir[32];
    sqlite3 *history, *state;
    int64_t run_begin_s, run_s;   /* seconds before now, as time runs; how long */
    int64_t set_s;                /* when the clock was set back by an hour; 0: it was not */
    int64_t pulled_s, put_back_s; /* between them the level's probe shows more; 0: never */
};

/* The wall clock so many seconds before now. */
static int64_t wall_us(const struct past *past, int64_t before_s)
{
    const bool not_set_yet = past->set_s != 0 && before_s > past->set_s;
    return NOW_US - before_s * SECOND_US - (not_set_yet ? SET_S * SECOND_US : 0);
}

static void event(struct past *past, int64_t before_s, const char *kind, const char *body)
{
    struct fold_head head;
    assert_int_equal(history_build_event(past->state, wall_us(past, before_s), kind, body, &head), 0);
}

static void poll(struct past *past, int64_t before_s)
{
    const int64_t into_s = past->run_begin_s - before_s;
    const int status = into_s < 0 ? RESET : into_s < past->run_s ? RUN : COMPLETE;
    const int64_t chamber = into_s < 0 ? 4 : into_s < past->run_s ? 4 - into_s / 30 : 4 - past->run_s / 30;
    const bool pulled = before_s <= past->pulled_s && before_s > past->put_back_s;
    const struct reading readings[] = {{.value = chamber * MICRO_PER_UNIT},
                                       {.value = status * MICRO_PER_UNIT},
                                       {.value = (pulled ? 40 : 20) * MICRO_PER_UNIT}};
    struct frame_entry entries[3];
    for (uint32_t p = 0; p < 3; p++)
        entries[p] = frame_entry_make(p + 1, p == 1 ? 0 : 1, wall_us(past, before_s), wall_us(past, before_s),
                                      &readings[p]);
    assert_int_equal(history_build_frame(past->history, entries, 3), 0);
}

static void open_past(struct past *past)
{
    const struct history_build build = {.points = points, .n_points = 3};
    snprintf(past->dir, sizeof past->dir, "/tmp/recall.XXXXXX");
    assert_non_null(mkdtemp(past->dir));
    past->history = history_build_open(past->dir, SCHEMA_HISTORY);
    past->state = history_build_open(past->dir, SCHEMA_STATE);
    assert_int_equal(history_build_points(past->history, &build), 0);
}

static void make_past(struct past *past, int64_t from_s)
{
    assert_int_equal(sqlite3_exec(past->history, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (int64_t before_s = from_s; before_s > 0; before_s -= past->poll_s > 0 ? past->poll_s : POLL_S)
        poll(past, before_s);
    assert_int_equal(sqlite3_exec(past->history, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(past->history);
    sqlite3_close(past->state);
}

static void close_past(const struct past *past)
{
    static const char *const files[] = {"history.db",     "state.db",     "signing.pub", "history.db-wal",
                                        "history.db-shm", "state.db-wal", "state.db-shm"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", past->dir, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(past->dir), 0);
}

static void open_stage(struct stage *s, const struct past *past)
{
    static char text[4096];
    snprintf(text, sizeof text, site, past->dir);
    stage_open(s, text, stage_profile);
}

static void recall(struct stage *s)
{
    struct core_message message;
    monitor_recall_start(s->m);
    while (s->m->derive.recall != NULL) {
        assert_true(mailbox_wait(s->m->parts.core, -1, clock_boot_us() + 60 * SECOND_US));
        while (mailbox_take(s->m->parts.core, &message)) {
            if (message.kind == CORE_RECALLED)
                monitor_recalled(s->m, message.recalled);
            else
                monitor_free_message(&message);
        }
        stage_take(s);
    }
    assert_true(derive_is_ready(s->m->derive.derive));
}

static int64_t doubted_s(const struct stage *s)
{
    const struct derive_ended *last = derive_last_run(s->m->derive.derive, 0);
    assert_non_null(last);
    assert_int_equal(last->record.how, FREEZER_END_COMPLETE);
    return last->record.uncertain_us / SECOND_US;
}

/* ---------------------------------------------------------------- tests */

/* The record has good readings of the time: what is known of the device makes them doubtful. */
static void test_bypassed_devices(void **state)
{
    (void)state;
    struct stage s;
    struct past past = {.run_begin_s = 2 * HOUR_S, .run_s = 1800};
    open_past(&past);
    event(&past, 2 * HOUR_S - 600, "device", "{\"transition\":\"bypassed\",\"device\":\"d\"}");
    event(&past, 2 * HOUR_S - 700, "device", "{\"transition\":\"bypassed\",\"device\":\"e\"}");
    event(&past, 2 * HOUR_S - 900, "device", "{\"transition\":\"in-service\",\"device\":\"d\"}");
    make_past(&past, 3 * HOUR_S);
    open_stage(&s, &past);
    recall(&s);
    assert_in_range(doubted_s(&s), 300 - POLL_S, 300 + POLL_S);
    stage_close(&s);
    close_past(&past);
}

/* It had begun before all that is recalled. */
static void test_bypassed_before(void **state)
{
    (void)state;
    struct stage s;
    struct past past = {.run_begin_s = 2 * HOUR_S, .run_s = 1800};
    open_past(&past);
    event(&past, 2 * HOUR_S - 900, "device", "{\"transition\":\"in-service\",\"device\":\"d\"}");
    make_past(&past, 3 * HOUR_S);
    open_stage(&s, &past);
    recall(&s);
    assert_in_range(doubted_s(&s), 900 - POLL_S, 900 + POLL_S);
    stage_close(&s);
    close_past(&past);
    /* and goes on: no event of the time says so */
    past = (struct past){.run_begin_s = 2 * HOUR_S, .run_s = 1800};
    open_past(&past);
    make_past(&past, 3 * HOUR_S);
    open_stage(&s, &past);
    struct core_message message = {.kind = CORE_BYPASSED, .bypassed.device = "d"};
    message.bypassed.bypass.note.since_utc_us = NOW_US - INT64_C(30) * 86400 * SECOND_US;
    message.bypassed.bypass.until_utc_us = NOW_US + HOUR_S * SECOND_US;
    monitor_restore_bypass(s.m, &message);
    recall(&s);
    assert_in_range(doubted_s(&s), 1800 - POLL_S, 1800 + POLL_S);
    stage_close(&s);
    close_past(&past);
}

/* A level that jumps while its probe is pulled is no fill. */
static void test_nothing_is_learned_of_a_pulled_probe(void **state)
{
    (void)state;
    for (int bypassed = 0; bypassed < 2; bypassed++) {
        struct stage s;
        struct tank_view view;
        struct past past = {.pulled_s = 2 * HOUR_S, .put_back_s = HOUR_S};
        open_past(&past);
        if (bypassed) {
            event(&past, 2 * HOUR_S + 60, "device", "{\"transition\":\"bypassed\",\"device\":\"e\"}");
            event(&past, HOUR_S - 60, "device", "{\"transition\":\"in-service\",\"device\":\"e\"}");
        }
        make_past(&past, 6 * HOUR_S);
        open_stage(&s, &past);
        recall(&s);
        derive_tank(s.m->derive.derive, 0, &view);
        assert_int_equal(view.since_fill_h.known, !bypassed);
        stage_close(&s);
        close_past(&past);
    }
}

/* The chamber was read each minute, and that was no gap; now the file says that 30 s are one. */
static void test_the_gap_of_the_time(void **state)
{
    (void)state;
    for (int told = 0; told < 2; told++) {
        struct stage s;
        struct past past = {.run_begin_s = 2 * HOUR_S, .run_s = 1800, .poll_s = 60};
        struct run_row *row = calloc(1, sizeof *row);
        assert_non_null(row);
        open_past(&past);
        make_past(&past, 3 * HOUR_S);
        open_stage(&s, &past);
        *row = (struct run_row){.transition = "began", .asset = "freezer-1", .run = "freezer-1@1"};
        row->begin_utc_us = row->utc_us = wall_us(&past, past.run_begin_s);
        row->gap_us = told ? 180 * SECOND_US : 0;
        s.m->started = false;
        monitor_run_restore(s.m, row);
        s.m->started = true;
        recall(&s);
        const struct freezer_record *r = &derive_last_run(s.m->derive.derive, 0)->record;
        assert_int_equal(r->n_gaps == 0, told);
        assert_int_equal(r->begin_known, told);
        stage_close(&s);
        close_past(&past);
    }
}

static unsigned n_fills;
static int level_cm;

static void watch_fills(struct stage *s)
{
    const unsigned before = s->n_events;
    stage_take(s);
    if (s->n_events > before && strstr(s->last_event, "\"kind\":\"fill\"") != NULL)
        n_fills++;
}

static void read_level(struct stage *s)
{
    stage_sample(s, stage_point(s, "tank-1", "level"), level_cm * MICRO_PER_UNIT, QUALITY_GOOD, REASON_NONE);
    watch_fills(s);
}

static struct recall *wait_for_recall(struct stage *s)
{
    struct core_message message;
    do {
        assert_true(mailbox_wait(s->m->parts.core, -1, clock_boot_us() + 60 * SECOND_US));
    } while (!mailbox_take(s->m->parts.core, &message) || message.kind != CORE_RECALLED);
    return message.recalled;
}

/* It ends behind the end of the record, while what was recalled waits to be taken over: told then, and once,
 * also when a later recall finds it again. */
static void test_a_fill_during_the_recall(void **state)
{
    (void)state;
    struct stage s;
    struct past past = {.poll_s = 10};
    struct derive *again;
    open_past(&past);
    make_past(&past, 6 * HOUR_S);
    open_stage(&s, &past);
    n_fills = 0;
    monitor_recall_start(s.m);
    struct recall *recalled = wait_for_recall(&s);
    assert_int_equal(derive_create(s.config, clock_now(), &again), 0);
    derive_news_from(again, clock_boot_us());
    for (level_cm = 20; level_cm < 40; level_cm++) {
        const struct reading reading = {.value = level_cm * MICRO_PER_UNIT};
        stage_pass(&s, 30, NULL);
        read_level(&s);
        derive_take(again, clock_now(), stage_point(&s, "tank-1", "level"), &reading);
    }
    for (int i = 0; i < 120; i++) {
        const struct reading reading = {.value = level_cm * MICRO_PER_UNIT};
        stage_pass(&s, 30, NULL);
        read_level(&s);
        derive_take(again, clock_now(), stage_point(&s, "tank-1", "level"), &reading);
    }
    assert_int_equal(n_fills, 0);
    monitor_recalled(s.m, recalled);
    watch_fills(&s);
    for (int i = 0; i < 5; i++) {
        stage_pass(&s, 30, NULL);
        read_level(&s);
    }
    assert_int_equal(n_fills, 1);
    monitor_derive_begin(s.m, again, clock_now().utc_us);
    watch_fills(&s);
    for (int i = 0; i < 5; i++) {
        stage_pass(&s, 30, NULL);
        read_level(&s);
    }
    assert_int_equal(n_fills, 1);
    stage_close(&s);
    close_past(&past);
}

struct by_tools {
    unsigned n;
    struct freezer_record record;
};

static bool take_run(void *context, const struct freezer_record *record, const struct program *program)
{
    struct by_tools *t = context;
    (void)program;
    t->n++;
    t->record = *record;
    return true;
}

static const struct program *no_program(void *context, int64_t utc_us)
{
    (void)context;
    (void)utc_us;
    return NULL;
}

/* What cryoctl finds in the same record. */
static void read_by_tools(const struct past *past, const struct config *config, struct by_tools *ret)
{
    char why[256];
    struct history_reader *reader;
    struct runs_inputs inputs;
    struct runs_from from;
    *ret = (struct by_tools){.n = 0};
    assert_int_equal(history_open(past->dir, &reader, why, sizeof why), 0);
    assert_int_equal(runs_find_inputs(reader, config, "freezer-1", &inputs), 0);
    assert_int_equal(runs_each(reader, &inputs, no_program, NOW_US - 6 * HOUR_S * SECOND_US,
                               NOW_US + 2 * HOUR_S * SECOND_US, take_run, ret, &from),
                     0);
    history_close(reader);
}

/* A run in which the clock was set back by an hour: one run, as long as it was, by daemon and tools. */
static void test_clock_set_back_in_a_run(void **state)
{
    (void)state;
    struct stage s;
    struct by_tools tools;
    struct past past = {.run_begin_s = 2 * HOUR_S, .run_s = 1800, .set_s = 2 * HOUR_S - 900};
    open_past(&past);
    event(&past, past.set_s - 1, "clock", "{\"step_us\":-3600000000}");
    make_past(&past, 3 * HOUR_S);
    open_stage(&s, &past);
    recall(&s);
    const struct freezer_record *r = &derive_last_run(s.m->derive.derive, 0)->record;
    assert_int_equal(r->begin.utc_us, wall_us(&past, past.run_begin_s));
    assert_int_equal(r->end.utc_us - r->begin.utc_us, past.run_s * SECOND_US);
    assert_int_equal(r->clock_us, SET_S * SECOND_US);
    assert_int_equal(r->n_gaps, 0);
    assert_true(r->begin_known);
    assert_int_equal(r->how, FREEZER_END_COMPLETE);
    assert_int_equal(r->end.boot_us, clock_boot_us() - (past.run_begin_s - past.run_s) * SECOND_US);
    read_by_tools(&past, s.config, &tools);
    assert_int_equal(tools.n, 1);
    assert_int_equal(tools.record.begin.utc_us, r->begin.utc_us);
    assert_int_equal(tools.record.end.utc_us, r->end.utc_us);
    assert_int_equal(tools.record.clock_us, r->clock_us);
    assert_int_equal(tools.record.how, r->how);
    stage_close(&s);
    close_past(&past);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bypassed_devices),
        cmocka_unit_test(test_bypassed_before),
        cmocka_unit_test(test_nothing_is_learned_of_a_pulled_probe),
        cmocka_unit_test(test_clock_set_back_in_a_run),
        cmocka_unit_test(test_the_gap_of_the_time),
        cmocka_unit_test(test_a_fill_during_the_recall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
