/* What the store is given is on disk once it says so, once, and is there for the next run. */
#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void assert_mode(struct store_fixture *fixture, const char *name, mode_t mode)
{
    char path[160];
    struct stat st;
    store_fixture_path(fixture, name, path, sizeof path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void test_first_start(void **state)
{
    struct store_fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        mode_t old = umask(i == 0 ? 0 : 0777);
        store_fixture_start(fixture);
        struct core_message open = store_fixture_wait(fixture, CORE_STORE_OPEN);
        assert_true(open.store_open.ok);
        assert_true(open.store_open.clean);
        assert_int_equal(open.store_open.last_seq, 0);
        store_fixture_post_reading(fixture, 0, 0, 0);
        store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", 1);
        umask(old);
        assert_mode(fixture, ".", 0750);
        for (const char *const *name =
                 (const char *const[]){"state.db", "state.db-wal", "state.db-shm", "history.db",
                                       "history.db-wal", "history.db-shm", "lock", NULL};
             *name; name++)
            assert_mode(fixture, *name, 0640);
        store_fixture_free(fixture);
        store_fixture_make(fixture);
    }
}

static void test_events_and_alarms_survive(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 2, "low", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 3, "low", ALARM_ACKNOWLEDGED);
    store_fixture_post_event(fixture, 4, "lid", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 5, "lid", ALARM_NORMAL);
    store_fixture_wait_durable(fixture, 5);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), 5);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM outbox"), 5);
    store_fixture_stop(fixture);
    store_fixture_assert_sound(fixture);

    store_fixture_start(fixture);
    struct core_message high = store_fixture_wait(fixture, CORE_RESTORED);
    struct core_message low = store_fixture_wait(fixture, CORE_RESTORED);
    struct core_message reviewed, open;
    assert_true(mailbox_wait(fixture->core, -1, INT64_MAX / 2));
    assert_true(mailbox_take(fixture->core, &reviewed)); /* the very next */
    assert_int_equal(reviewed.kind, CORE_REVIEWED);      /* nothing was, since the first event */
    assert_true(reviewed.reviewed.until_utc_us ==
                store_fixture_sql(fixture, "state.db", "SELECT utc_us FROM event WHERE seq = 1"));
    open = store_fixture_wait(fixture, CORE_STORE_OPEN);
    assert_int_equal(open.kind, CORE_STORE_OPEN);
    assert_int_equal(open.store_open.last_seq, 5);
    assert_true(open.store_open.clean);
    assert_string_equal(high.restored.alarm, "high");
    assert_int_equal(high.restored.state, ALARM_UNACKNOWLEDGED);
    assert_true(high.restored.raised_utc_us == 1700000000000001);
    assert_string_equal(low.restored.asset, "tank-1");
    assert_int_equal(low.restored.state, ALARM_ACKNOWLEDGED);
    assert_string_equal(low.restored.who, "li.na");
    assert_true(low.restored.acked_utc_us == 1700000000000003);
    struct store_message last = store_fixture_event(3, "low", ALARM_ACKNOWLEDGED);
    assert_string_equal(low.restored.more->body, last.event.body); /* shown as it was */
    free(high.restored.more);
    free(low.restored.more);
}

static struct store_message shelved_event(void)
{
    struct store_message message = store_fixture_event(1, "high", ALARM_SHELVED);
    struct alarm_kept *kept = &message.event.kept;
    kept->memory = engine_memory_of_state(ALARM_ACKNOWLEDGED);
    kept->memory.is_held[HOLD_SHELVED] = kept->memory.is_held[HOLD_OUT_OF_SERVICE] = true;
    kept->memory.one_shot = true;
    kept->memory.until_utc_us[HOLD_SHELVED] = 1800000000000001;
    kept->memory.until_boot_us[HOLD_SHELVED] = 4711;
    kept->memory.until_utc_us[HOLD_OUT_OF_SERVICE] = 1800000000000002;
    kept->memory.n_holds[HOLD_SHELVED] = 3;
    kept->memory.n_holds[HOLD_OUT_OF_SERVICE] = 1;
    kept->memory.has_acked_measure = true;
    kept->memory.acked_measure = -143000000;
    kept->memory.acked_boot_us = 42;
    kept->shelf.since_utc_us = 1700000000000009;
    strcpy(kept->shelf.by, "li.na");
    strcpy(kept->shelf.note, "已知");
    strcpy(kept->service.by, "wang.wei");
    strcpy(kept->service.order, "WO-7");
    return message;
}

/* What a run's event told when it began is known at the next start. */
static void test_a_run_survives(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    struct store_message message = store_fixture_event(1, "", ALARM_NORMAL);
    strcpy(message.event.kind, "run");
    message.event.has_alarm = false;
    strcpy(message.event.asset, "freezer-1");
    strcpy(message.event.body,
           "{\"transition\":\"began\",\"freezer_run\":\"freezer-1@17\",\"program\":null,"
           "\"begin\":\"2026-09-21T14:23:20.000Z\",\"gap_us\":180000000,\"lots\":[\"A\",\"B\"]}");
    store_fixture_post(fixture, &message);
    store_fixture_wait_durable(fixture, 1);
    store_fixture_stop(fixture);
    store_fixture_start(fixture);
    struct core_message run = store_fixture_wait(fixture, CORE_RUN);
    assert_string_equal(run.run->asset, "freezer-1");
    assert_string_equal(run.run->run, "freezer-1@17");
    assert_string_equal(run.run->transition, "began");
    assert_string_equal(run.run->program, "");
    assert_string_equal(run.run->lots, "A\nB");
    assert_true(run.run->begin_utc_us == INT64_C(1790000600000000));
    assert_true(run.run->gap_us == 180000000);
    free(run.run);
}

static void test_holds_survive(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    struct store_message message = shelved_event(), device = store_fixture_event(2, "", ALARM_NORMAL);
    store_fixture_post(fixture, &message);
    strcpy(device.event.kind, "device");
    device.event.has_alarm = false;
    device.event.has_bypass = true;
    strcpy(device.event.device, "tank-1-controller");
    device.event.bypass = (struct bypass){.until_utc_us = 1800000000000003, .count = 2};
    strcpy(device.event.bypass.note.by, "li.na");
    store_fixture_post(fixture, &device);
    store_fixture_wait_durable(fixture, 2);
    store_fixture_stop(fixture);
    store_fixture_start(fixture);
    struct core_message high = store_fixture_wait(fixture, CORE_RESTORED);
    assert_int_equal(high.restored.state, ALARM_SHELVED);
    const struct alarm_kept *kept = &high.restored.more->kept;
    const struct alarm_memory *memory = &kept->memory, *was = &message.event.kept.memory;
    assert_int_equal(memory->base, ALARM_ACKNOWLEDGED);
    assert_true(memory->one_shot);
    for (unsigned i = 0; i < HOLD_COUNT; i++) {
        assert_int_equal(memory->is_held[i], was->is_held[i]);
        assert_true(memory->until_utc_us[i] == was->until_utc_us[i]);
        assert_int_equal(memory->n_holds[i], was->n_holds[i]);
        assert_true(memory->until_boot_us[i] == was->until_boot_us[i]); /* the same boot */
    }
    assert_true(memory->acked_boot_us == 42);
    assert_true(memory->has_acked_measure && memory->acked_measure == -143000000);
    assert_string_equal(kept->shelf.by, "li.na");
    assert_string_equal(kept->shelf.note, "已知");
    assert_true(kept->shelf.since_utc_us == 1700000000000009);
    assert_string_equal(kept->service.order, "WO-7");
    free(high.restored.more);
    struct core_message bypassed = store_fixture_wait(fixture, CORE_BYPASSED);
    assert_string_equal(bypassed.bypassed.device, "tank-1-controller");
    assert_int_equal(bypassed.bypassed.bypass.count, 2);
    assert_true(bypassed.bypassed.bypass.until_utc_us == 1800000000000003);
    /* Times by BOOTTIME are of one boot only. */
    store_fixture_stop(fixture);
    char path[512];
    sqlite3 *db = NULL;
    store_fixture_path(fixture, "state.db", path, sizeof path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "DROP TRIGGER event_update; UPDATE event SET boot_id = 'another'", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    store_fixture_start(fixture);
    high = store_fixture_wait(fixture, CORE_RESTORED);
    assert_true(high.restored.more->kept.memory.until_boot_us[HOLD_SHELVED] == INT64_MAX);
    assert_true(high.restored.more->kept.memory.acked_boot_us == INT64_MAX);
    assert_true(high.restored.more->kept.memory.until_utc_us[HOLD_SHELVED] == 1800000000000001);
    free(high.restored.more);
}

/* What people read and confirmed is found in the chain. */
static void test_rounds_and_drills_are_in_the_chain(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    static const char *const bodies[][3] = {
        {"reading", "",
         "{\"point\":\"level\",\"by\":\"li.na\",\"value\":18.5,\"measured\":\"2026-11-24T10:00:00.000Z\"}"},
        {"reading", "",
         "{\"point\":\"level\",\"by\":\"x\",\"value\":1,\"measured\":\"2026-11-24T09:00:00.000Z\"}"},
        {"reading", "", "{\"point\":\"level\",\"by\":\"li.na\",\"measured\":\"nonsense\"}"},
        {"alarm", "drill", "{\"transition\":\"raised\"}"},
        {"alarm", "drill", "{\"transition\":\"acknowledged\"}"},
        {"alarm", "drill", "{\"transition\":\"returned\"}"},
    };
    for (unsigned i = 0; i < 6; i++) {
        struct store_message message = store_fixture_event(i + 1, bodies[i][1], ALARM_NORMAL);
        strcpy(message.event.kind, bodies[i][0]);
        strcpy(message.event.body, bodies[i][2]);
        strcpy(message.event.asset, i < 3 ? "tank-1" : "system");
        message.event.has_alarm = i >= 3;
        store_fixture_post(fixture, &message);
    }
    store_fixture_wait_durable(fixture, 6);
    store_fixture_stop(fixture);
    store_fixture_start(fixture);
    struct core_message round = store_fixture_wait(fixture, CORE_ROUND);
    assert_string_equal(round.round.asset, "tank-1");
    assert_string_equal(round.round.point, "level");
    assert_string_equal(round.round.by, "li.na");
    assert_true(round.round.measured_utc_us == 1795514400000000); /* the newest, whenever it was entered */
    assert_true(round.round.has_value && round.round.value == 18500000);
    struct core_message drilled = store_fixture_wait(fixture, CORE_DRILLED);
    int64_t t0 = store_fixture_sql(fixture, "state.db", "SELECT utc_us FROM event WHERE seq = 1");
    assert_true(drilled.drilled.first_utc_us == t0);
    assert_true(drilled.drilled.began_utc_us == t0 + 3);
}

/* The last review says until when the record was looked at; one that can't be read says nothing. */
static void test_reviewed(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    const char *const bodies[] = {"{\"reviewed_until\":\"2026-11-01T00:00:00.000Z\"}",
                                  "{\"reviewed_until\":\"2026-11-02T00:00:00.000Z\"}", "{\"reviewed"};
    for (size_t i = 0; i < 2; i++) {
        struct store_message message = store_fixture_event(i + 1, "high", ALARM_UNACKNOWLEDGED);
        message.event.has_alarm = false;
        snprintf(message.event.kind, sizeof message.event.kind, "review");
        snprintf(message.event.body, sizeof message.event.body, "%s", bodies[i]);
        store_fixture_post(fixture, &message);
    }
    store_fixture_wait_durable(fixture, 2);
    store_fixture_stop(fixture);
    store_fixture_start(fixture);
    struct core_message reviewed = store_fixture_wait(fixture, CORE_REVIEWED);
    assert_true(reviewed.reviewed.until_utc_us == INT64_C(1793577600000000));

    struct store_message odd = store_fixture_event(3, "high", ALARM_UNACKNOWLEDGED);
    odd.event.has_alarm = false;
    snprintf(odd.event.kind, sizeof odd.event.kind, "review");
    snprintf(odd.event.body, sizeof odd.event.body, "%s", bodies[2]);
    store_fixture_post(fixture, &odd);
    store_fixture_wait_durable(fixture, 3);
    store_fixture_stop(fixture);
    store_fixture_start(fixture);
    reviewed = store_fixture_wait(fixture, CORE_REVIEWED);
    assert_true(reviewed.reviewed.until_utc_us ==
                store_fixture_sql(fixture, "state.db", "SELECT utc_us FROM event WHERE seq = 1"));
    store_fixture_wait(fixture, CORE_STORE_OPEN);
}

static void test_an_event_is_stored_once(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    for (int i = 0; i < 3; i++)
        store_fixture_post_event(fixture, 7, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 8, "high", ALARM_NORMAL);
    store_fixture_post_event(fixture, 7, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 9, "low", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 9);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), 3);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT state FROM alarm WHERE alarm = 'high'"),
                     0);
    store_fixture_stop(fixture);
    store_fixture_assert_sound(fixture);
}

/* Never silently: two different events with one number, and one that comes too late for its place. */
static void test_a_number_given_twice_is_told(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 7, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 7, "other", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 3, "high", ALARM_NORMAL);
    struct core_message gap = store_fixture_wait(fixture, CORE_GAP);
    uint64_t count = gap.gap.count;
    while (count < 2)
        count += store_fixture_wait(fixture, CORE_GAP).gap.count;
    assert_int_equal(count, 2);
    assert_non_null(strstr(gap.gap.detail, "number"));
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), 1);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT state FROM alarm WHERE alarm = 'high'"),
                     1);
}

static void post_sent(struct store_fixture *fixture, uint64_t seq)
{
    struct store_message message = {.kind = STORE_SENT, .sent_seq = seq};
    store_fixture_post(fixture, &message);
}

static void test_outbox_empties(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    post_sent(fixture, 2); /* the broker had it before the disk */
    for (uint64_t seq = 1; seq <= 400; seq++)
        store_fixture_post_event(fixture, seq, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 400);
    for (uint64_t seq = 1; seq <= 399; seq++)
        post_sent(fixture, seq);
    store_fixture_wait_sql(fixture, "state.db", "SELECT count(*) FROM outbox", 1);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT seq FROM outbox"), 400);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), 400);
    post_sent(fixture, 400);
    store_fixture_stop(fixture); /* does not wait for the batch */
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM outbox"), 0);
}

static void test_no_outbox_without_mqtt(void **state)
{
    struct store_fixture *fixture = *state;
    fixture->config->mqtt.enabled = false;
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 1);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM outbox"), 0);
}

/* The core is told of its own numbers only, and of those that never will be there. */
static void test_what_is_recorded(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 7, "high", ALARM_UNACKNOWLEDGED);
    struct core_message m = store_fixture_wait(fixture, CORE_DURABLE);
    assert_int_equal(m.durable.seq, 7);
    assert_int_equal(m.durable.lost_to, 0);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT seq FROM event"), 7);
    store_fixture_post_event(fixture, 5, "low", ALARM_UNACKNOWLEDGED); /* its number is taken */
    m = store_fixture_wait(fixture, CORE_DURABLE);
    assert_int_equal(m.durable.seq, 5);
    assert_int_equal(m.durable.lost_from, 5);
    assert_int_equal(m.durable.lost_to, 5);
    store_fixture_post_event(fixture, 8, "high", ALARM_NORMAL);
    m = store_fixture_wait(fixture, CORE_DURABLE);
    assert_int_equal(m.durable.seq, 8);
    assert_int_equal(m.durable.lost_to, 0);
}

/* A core that is slow to read gets everything all the same. */
static void test_full_core_mailbox_loses_nothing(void **state)
{
    struct store_fixture *fixture = *state;
    char alarm[32];
    store_fixture_start(fixture);
    for (uint64_t seq = 1; seq <= 300; seq++) {
        snprintf(alarm, sizeof alarm, "alarm-%03u", (unsigned)seq);
        store_fixture_post_event(fixture, seq, alarm, ALARM_UNACKNOWLEDGED);
    }
    store_fixture_stop(fixture);
    mailbox_free(fixture->core);
    assert_int_equal(mailbox_create(sizeof(struct core_message), 4, 2, &fixture->core), 0);
    store_fixture_start(fixture);
    for (unsigned i = 1; i <= 300; i++) {
        struct core_message restored = store_fixture_wait(fixture, CORE_RESTORED);
        snprintf(alarm, sizeof alarm, "alarm-%03u", i);
        assert_string_equal(restored.restored.alarm, alarm);
        free(restored.restored.more);
    }
    assert_int_equal(store_fixture_wait(fixture, CORE_STORE_OPEN).store_open.last_seq, 300);
}

static void test_many_events_at_once(void **state)
{
    struct store_fixture *fixture = *state;
    store_fixture_start(fixture);
    for (uint64_t seq = 1; seq <= 3000; seq++)
        store_fixture_post_event(fixture, seq, "high", seq % 2 ? ALARM_UNACKNOWLEDGED : ALARM_NORMAL);
    store_fixture_wait_durable(fixture, 3000);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), 3000);
    store_fixture_assert_sound(fixture);
}

/* The publisher reads the outbox in the daemon's own process, also before the store has opened the file. */
static void test_reader_in_the_same_process(void **state)
{
    struct store_fixture *fixture = *state;
    struct history_reader *reader = NULL;
    char text[256];
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 1);
    store_fixture_stop(fixture);
    assert_int_equal(history_open(fixture->dir, &reader, text, sizeof text), 0);
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 2, "high", ALARM_NORMAL);
    store_fixture_wait_durable(fixture, 2);
    history_close(reader);
    store_fixture_post_event(fixture, 3, "high", ALARM_NORMAL);
    store_fixture_wait_durable(fixture, 3);
    store_fixture_stop(fixture);
    store_fixture_assert_sound(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events_and_alarms_survive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_run_survives, setup, teardown),
        cmocka_unit_test_setup_teardown(test_holds_survive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rounds_and_drills_are_in_the_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reviewed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_event_is_stored_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_number_given_twice_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outbox_empties, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_outbox_without_mqtt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_recorded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_core_mailbox_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_events_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reader_in_the_same_process, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
