/* The store folds what it has written, signs heads, and tells of what people should know; alarms never wait
 * for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "head.h"
#include "store_fixture.h"
#include "test.h"

#define T0_MS   INT64_C(1700000000000) /* the fixture's */
#define HOUR_MS INT64_C(3600000)

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

/* The fixture's time begins at 22:13: two hours later all are of one day. */
static void post_hour(struct store_fixture *fixture, int hour)
{
    for (int i = 0; i < 6; i++)
        store_fixture_post_reading(fixture, 1, (hour + 2) * HOUR_MS + i * 60000, -190000000 + hour * 100000);
}

/* Waits for each hour, so that no frame has readings of two. */
static void post_hours(struct store_fixture *fixture, int from, int to)
{
    for (int hour = from; hour < to; hour++) {
        post_hour(fixture, hour);
        store_fixture_wait_sql(fixture, "history.db", "SELECT max(last_utc_us) FROM frame",
                               (T0_MS + (hour + 2) * HOUR_MS + 5 * 60000) * 1000);
    }
}

/* The latest head that the publisher was given. */
static struct head wait_head(struct store_fixture *fixture, int64_t min_seal)
{
    int64_t deadline = clock_boot_us() + 20 * SECOND_US;
    struct publisher_message message;
    struct head head = {.seal_id = -1};
    char text[256];
    while (head.seal_id < min_seal) {
        assert_true(clock_boot_us() < deadline);
        if (!mailbox_wait(fixture->publisher, -1, deadline) || !mailbox_take(fixture->publisher, &message) ||
            message.kind != PUBLISHER_HEAD)
            continue;
        assert_int_equal(head_read(message.head, &head, text, sizeof text), 0);
    }
    return head;
}

static void test_hours_are_sealed_and_the_head_is_told(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 1);
    post_hours(fixture, 0, 4);
    struct head head = wait_head(fixture, 3);
    assert_string_equal(head.site, "test");
    assert_int_equal(head.event_seq, 1);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM frame"), 6);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM chunk"), 18);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT min(event_seq) FROM seal"), 1);
    store_fixture_stop(fixture);
    /* At the end it is stored with all that there is. */
    assert_int_equal(
        store_fixture_sql(fixture, "state.db", "SELECT json_extract(text, '$.frame.id') FROM head"),
        store_fixture_sql(fixture, "history.db", "SELECT max(id) FROM frame"));
    assert_int_equal(
        store_fixture_sql(fixture, "state.db", "SELECT json_extract(text, '$.seal.id') FROM head"), 3);
    store_fixture_start(fixture);
    post_hours(fixture, 4, 5);
    head = wait_head(fixture, 4);
    assert_true(head.frame_id >= 5);
}

static void post_key_event(struct store_fixture *fixture, int64_t utc_us)
{
    struct store_message event = store_fixture_event(1, "", ALARM_NORMAL);
    strcpy(event.event.kind, "key");
    snprintf(event.event.body, sizeof event.event.body, "{\"utc_us\":%lld}", (long long)utc_us);
    store_fixture_post(fixture, &event);
}

/* Told until the event about it is in the chain; then its row has the time that the event tells. */
static void test_a_new_key_is_told(void **state)
{
    struct store_fixture *fixture = *state;
    unsigned char key[SIGNER_KEY_SIZE];
    struct core_message told;
    for (int i = 0; i < 2; i++) {
        store_fixture_start(fixture);
        told = store_fixture_wait(fixture, CORE_CUSTODY);
        assert_int_equal(told.custody.kind, CUSTODY_KEY);
        assert_true(signer_parse(told.custody.detail, key));
        if (i == 0)
            store_fixture_stop(fixture);
    }
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT count(*) FROM signer"), 0);
    post_key_event(fixture, told.custody.from_utc_us);
    store_fixture_wait_sql(fixture, "history.db", "SELECT coalesce(max(utc_us), 0) FROM signer",
                           told.custody.from_utc_us);
    store_fixture_stop(fixture);
    store_fixture_start(fixture);
    post_hours(fixture, 0, 2);
    (void)wait_head(fixture, 1);
    store_fixture_stop(fixture);
    while (mailbox_take(fixture->core, &told))
        assert_int_not_equal(told.kind, CORE_CUSTODY);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT count(*) FROM signer"), 1);
}

/* Without its key nothing is sealed; readings and events are written all the same, and people are told. */
static void test_key_that_can_not_be_read(void **state)
{
    struct store_fixture *fixture = *state;
    char path[320];
    assert_int_equal(mkdir(fixture->dir, 0750), 0);
    snprintf(path, sizeof path, "%s/signing.key", fixture->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("no key\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
    store_fixture_start(fixture);
    struct core_message fault = store_fixture_wait(fixture, CORE_FAULT);
    assert_int_equal(fault.fault.fault, FAULT_RECORD);
    assert_true(fault.fault.failed);
    assert_non_null(strstr(fault.fault.detail, "signing.key"));
    post_hours(fixture, 0, 3);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 1);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM frame"), 18);
    store_fixture_stop(fixture);
    /* With its key again, what waited is sealed. */
    assert_int_equal(unlink(path), 0);
    store_fixture_start(fixture);
    (void)wait_head(fixture, 2);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM frame"), 6);
}

static void test_damage_is_told_and_stops_nothing(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    post_hours(fixture, 0, 1);
    store_fixture_stop(fixture);
    char path[320];
    sqlite3 *db = NULL;
    store_fixture_path(fixture, "history.db", path, sizeof path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE frame SET body = x'02' WHERE id = 1", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    store_fixture_start(fixture);
    post_hours(fixture, 1, 3);
    struct core_message told;
    do
        told = store_fixture_wait(fixture, CORE_CUSTODY);
    while (told.custody.kind != CUSTODY_DAMAGE);
    assert_true(told.custody.count >= 1);
    (void)wait_head(fixture, 1);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT count(*) FROM damaged WHERE id = 1"),
                     1);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM chunk"), 6);
}

#define TAKEN_MAX 12
struct taken {
    struct {
        int64_t slot_us, taken_us;
    } rows[TAKEN_MAX];
    int n;
};

static bool keep(void *context, const struct history_row *row)
{
    struct taken *taken = context;
    taken->rows[taken->n].slot_us = row->slot_utc_us;
    taken->rows[taken->n++].taken_us = row->taken_utc_us;
    return taken->n < TAKEN_MAX;
}

/* What was signed and is not there any more is told, and leaves a hole in the numbers that can't be
 * overlooked. */
static void test_lost_history_is_told(void **state)
{
    struct store_fixture *fixture = *state;
    char path[320];
    store_fixture_start(fixture);
    post_hours(fixture, 0, 2);
    (void)wait_head(fixture, 1);
    store_fixture_stop(fixture);
    int64_t signed_id = store_fixture_sql(fixture, "state.db", "SELECT text ->> '$.frame.id' FROM head");
    assert_true(signed_id > 0);
    snprintf(path, sizeof path, "%s/history.db", fixture->dir);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/history.db-wal", fixture->dir);
    (void)unlink(path);
    store_fixture_start(fixture);
    post_hours(fixture, 3, 4);
    struct core_message told = store_fixture_wait(fixture, CORE_CUSTODY);
    while (told.custody.kind != CUSTODY_DAMAGE)
        told = store_fixture_wait(fixture, CORE_CUSTODY);
    assert_int_equal(told.custody.count, signed_id);
    assert_non_null(strstr(told.custody.detail, "was signed"));
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT min(id) FROM frame"), signed_id + 1);
}

/* A reply that came less than 500 ms after its slot is stored at the slot, a later one at its own time, to
 * the millisecond: the one that MQTT has. Since all times are cut off to milliseconds, what came 499.4 ms
 * after a slot at .9 ms is published 500 ms after what is stored. */
static void test_jitter_is_no_history(void **state)
{
    struct store_fixture *fixture = *state;
    static const struct {
        int slot_us, late_us;
        int at_slot, published_ms; /* behind the stored slot */
    } cases[] = {
        {0, 0, 1, 0},          {0, 499400, 1, 499},   {0, 499600, 1, 499},   {0, 499999, 1, 499},
        {0, 500000, 0, 500},   {900, 499000, 1, 499}, {900, 499400, 1, 500}, {900, 499600, 1, 500},
        {900, 499999, 1, 500}, {900, 500000, 0, 500}, {999, 500999, 0, 501}, {0, -1000, 0, -1},
    };
    store_fixture_start(fixture);
    for (uint16_t i = 0; i < TAKEN_MAX; i++) {
        struct store_message message = {.kind = STORE_SAMPLE, .generation = 1};
        message.sample.point = 1;
        message.sample.slot.utc_us = 1700000000000000 + i * SECOND_US + cases[i].slot_us;
        message.sample.taken.utc_us = message.sample.slot.utc_us + cases[i].late_us;
        store_fixture_post(fixture, &message);
    }
    store_fixture_stop(fixture);
    struct history_reader *reader = NULL;
    struct taken taken = {.n = 0};
    char text[256];
    assert_int_equal(history_open(fixture->dir, &reader, text, sizeof text), 0);
    assert_int_equal(history_each(reader, NULL, NULL, INT64_MIN, INT64_MAX, keep, &taken), TAKEN_MAX);
    for (int i = 0; i < TAKEN_MAX; i++) {
        int64_t slot_us = 1700000000000000 + i * SECOND_US, published_us = -1;
        clock_print_utc(text, slot_us + cases[i].slot_us + cases[i].late_us); /* as MQTT has it */
        assert_int_equal(clock_parse_utc(text, &published_us), 0);
        assert_int_equal(taken.rows[i].slot_us, slot_us);
        assert_int_equal(published_us - slot_us, cases[i].published_ms * MS_US);
        assert_int_equal(taken.rows[i].taken_us, cases[i].at_slot ? slot_us : published_us);
    }
    history_close(reader);
}

static void post_event_of_kind(struct store_fixture *fixture, uint64_t seq, const char *kind)
{
    struct store_message event = store_fixture_event(seq, "", ALARM_NORMAL);
    snprintf(event.event.kind, sizeof event.event.kind, "%s", kind);
    store_fixture_post(fixture, &event);
}

/* The first head does not wait for its minute, and the last one, for which the publisher waits, covers all.
 */
static void test_heads_of_a_short_run(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t deadline = clock_boot_us() + 20 * SECOND_US;
    struct publisher_message message = {.kind = PUBLISHER_EVENT};
    char text[256];
    store_fixture_start(fixture);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    post_event_of_kind(fixture, 1, "start");
    struct head head = wait_head(fixture, 0);
    assert_int_equal(head.event_seq, 1);
    post_hour(fixture, 0);
    post_event_of_kind(fixture, 2, "stop");
    while (message.kind != PUBLISHER_SETTLED) {
        assert_true(clock_boot_us() < deadline);
        (void)mailbox_wait(fixture->publisher, -1, deadline);
        if (mailbox_take(fixture->publisher, &message) && message.kind == PUBLISHER_HEAD)
            assert_int_equal(head_read(message.head, &head, text, sizeof text), 0);
    }
    store_fixture_stop(fixture);
    assert_int_equal(head.event_seq, 2);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM frame"), 6);
    assert_int_equal(head.frame_id, store_fixture_sql(fixture, "history.db", "SELECT max(id) FROM frame"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_hours_are_sealed_and_the_head_is_told),
        TEST(test_heads_of_a_short_run),
        TEST(test_a_new_key_is_told),
        TEST(test_key_that_can_not_be_read),
        TEST(test_damage_is_told_and_stops_nothing),
        TEST(test_lost_history_is_told),
        TEST(test_jitter_is_no_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
