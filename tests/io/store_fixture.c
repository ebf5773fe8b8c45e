#include "store_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain.h"
#include "clock.h"
#include "test.h"
#include "verify.h"

#define T0_MS INT64_C(1700000000000)

static struct point_config *set_point(struct config *config, uint16_t i)
{
    struct point_config *point = &config->points[i];
    snprintf(point->id, sizeof point->id, "p%u", i);
    point->asset = 1;
    point->format.decimals = 1;
    strcpy(point->unit, "°C");
    return point;
}

struct config *store_fixture_config(const struct store_fixture *fixture, uint32_t generation,
                                    uint16_t n_points)
{
    struct config *config = calloc(1, sizeof *config);
    assert_non_null(config);
    atomic_init(&config->references, 1);
    config->generation = generation;
    strcpy(config->site_id, "test");
    snprintf(config->storage.directory, sizeof config->storage.directory, "%s", fixture->dir);
    config->storage.commit_interval_ms = 100;
    config->mqtt.enabled = true;
    config->n_assets = 2;
    config->n_points = n_points;
    config->assets = calloc(2, sizeof *config->assets);
    config->points = calloc(n_points, sizeof *config->points);
    config->source = malloc(64);
    assert_true(config->assets && config->points && config->source);
    strcpy(config->assets[0].id, "system");
    strcpy(config->assets[1].id, "tank-1");
    config->assets[1].n_points = n_points;
    for (uint16_t i = 0; i < n_points; i++)
        set_point(config, i);
    config->sha256[0] = (unsigned char)generation;
    config->source_len = (size_t)snprintf(config->source, 64, "--- generation %u\n", generation);
    return config;
}

void store_fixture_make(struct store_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    strcpy(fixture->base, "/tmp/cryomon-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->base));
    snprintf(fixture->dir, sizeof fixture->dir, "%s/state", fixture->base);
    fixture->config = store_fixture_config(fixture, 1, 8);
    assert_int_equal(mailbox_create(sizeof(struct core_message), 256, 64, &fixture->core), 0);
    assert_int_equal(mailbox_create(sizeof(struct publisher_message), 64, 16, &fixture->publisher), 0);
    assert_int_equal(heartbeats_create(&fixture->heartbeats), 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void store_fixture_free(struct store_fixture *fixture)
{
    store_fixture_stop(fixture);
    mailbox_free(fixture->core);
    mailbox_free(fixture->publisher);
    heartbeats_free(fixture->heartbeats);
    config_unref(fixture->config);
    nftw(fixture->base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void store_fixture_start(struct store_fixture *fixture)
{
    assert_null(fixture->store);
    assert_int_equal(store_create(fixture->config, fixture->core, fixture->publisher, fixture->heartbeats,
                                  &fixture->store),
                     0);
}

void store_fixture_stop(struct store_fixture *fixture)
{
    struct core_message core;
    struct publisher_message publisher;
    if (!fixture->store)
        return;
    assert_int_equal(store_stop(fixture->store, STORE_WAIT_MS), 0);
    store_free(fixture->store);
    fixture->store = NULL;
    while (mailbox_take(fixture->core, &core))
        store_fixture_drop(&core);
    while (mailbox_take(fixture->publisher, &publisher))
        ;
}

void store_fixture_path(const struct store_fixture *fixture, const char *name, char *path, size_t cap)
{
    snprintf(path, cap, "%s/%s", fixture->dir, name);
}

/* ---------------------------------------------------------------- sending */

/* As the core would, had it nothing else to do: until there is room. */
void store_fixture_post(struct store_fixture *fixture, const struct store_message *message)
{
    for (int i = 0; mailbox_post(store_mailbox(fixture->store), MAILBOX_RESERVED, message) < 0; i++) {
        assert_true(i < STORE_WAIT_MS);
        usleep(1000);
    }
}

struct store_message store_fixture_event(uint64_t seq, const char *alarm, enum alarm_state state)
{
    struct store_message message = {.kind = STORE_EVENT, .generation = 1};
    struct event_record *event = &message.event;
    event->seq = seq;
    event->at = (struct stamp){.boot_us = (int64_t)seq * 10, .utc_us = T0_MS * 1000 + (int64_t)seq};
    strcpy(event->kind, "alarm");
    strcpy(event->asset, "tank-1");
    snprintf(event->alarm, sizeof event->alarm, "%s", alarm);
    snprintf(event->body, sizeof event->body, "{\"seq\":%llu,\"alarm\":\"%s\"}", (unsigned long long)seq,
             alarm);
    event->has_alarm = true;
    event->state = state;
    event->raised_utc_us = state == ALARM_NORMAL ? 0 : event->at.utc_us;
    if (state == ALARM_ACKNOWLEDGED) {
        strcpy(event->who, "li.na");
        event->acked_utc_us = event->at.utc_us;
    }
    return message;
}

void store_fixture_post_event(struct store_fixture *fixture, uint64_t seq, const char *alarm,
                              enum alarm_state state)
{
    struct store_message message = store_fixture_event(seq, alarm, state);
    store_fixture_post(fixture, &message);
}

void store_fixture_post_reading(struct store_fixture *fixture, uint16_t point, int64_t at_ms, micro_t value)
{
    struct store_message message = {.kind = STORE_SAMPLE, .generation = fixture->config->generation};
    message.sample.point = point;
    message.sample.slot.utc_us = (T0_MS + at_ms) * 1000;
    message.sample.taken.utc_us = (T0_MS + at_ms + 50) * 1000;
    message.sample.reading = (struct reading){.value = value, .raw = 7, .quality = QUALITY_GOOD};
    store_fixture_post(fixture, &message);
}

/* ---------------------------------------------------------------- waiting */

void store_fixture_drop(struct core_message *message)
{
    if (message->kind == CORE_RESTORED)
        free(message->restored.more);
    else if (message->kind == CORE_BASELINE)
        free(message->baseline.source);
    else if (message->kind == CORE_NOTIFY_OFFS)
        free(message->notify.report);
}

struct core_message store_fixture_wait(struct store_fixture *fixture, enum core_kind kind)
{
    int64_t deadline = clock_boot_us() + STORE_WAIT_MS * MS_US;
    struct core_message message;
    do {
        while (mailbox_take(fixture->core, &message)) {
            if (message.kind == kind)
                return message;
            store_fixture_drop(&message);
        }
    } while (mailbox_wait(fixture->core, -1, deadline));
    fail_msg("no message of kind %d came", kind);
    return message;
}

struct core_message store_fixture_wait_fault(struct store_fixture *fixture, enum system_fault fault,
                                             bool failed)
{
    for (;;) {
        struct core_message message = store_fixture_wait(fixture, CORE_FAULT);
        if (message.fault.fault == fault && message.fault.failed == failed)
            return message;
    }
}

void store_fixture_wait_durable(struct store_fixture *fixture, uint64_t seq)
{
    int64_t deadline = clock_boot_us() + STORE_WAIT_MS * MS_US;
    struct publisher_message message = {.durable_seq = 0};
    do {
        while (mailbox_take(fixture->publisher, &message)) {
            if (message.kind == PUBLISHER_HEAD)
                continue;
            assert_int_equal(message.kind, PUBLISHER_DURABLE);
            if (message.durable_seq >= seq)
                return;
        }
    } while (mailbox_wait(fixture->publisher, -1, deadline));
    fail_msg("event %llu did not become durable", (unsigned long long)seq);
}

int64_t store_fixture_sql(struct store_fixture *fixture, const char *file, const char *query)
{
    char path[160];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t value = INT64_MIN;
    store_fixture_path(fixture, file, path, sizeof path);
    int result =
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL); /* fails while there is no file yet */
    sqlite3_busy_timeout(db, 5000);
    if (result == SQLITE_OK && sqlite3_prepare_v2(db, query, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

void store_fixture_wait_sql(struct store_fixture *fixture, const char *file, const char *query, int64_t value)
{
    for (int i = 0; store_fixture_sql(fixture, file, query) != value; i++) {
        if (i > STORE_WAIT_MS / 10)
            fail_msg("%s is %lld", query, (long long)store_fixture_sql(fixture, file, query));
        usleep(10000);
    }
}

/* ---------------------------------------------------------------- checking */

/* The events of these tests are made up: what they say of alarms and configurations is not looked at. */
static bool fail_on_finding(void *context, const struct verify_finding *finding)
{
    (void)context;
    if (!finding->note && finding->kind != VERIFY_ALARM && finding->kind != VERIFY_CONFIGURATION_MISSING &&
        finding->kind != VERIFY_CONFIGURATION_ALTERED)
        fail_msg("%s: %s %lld: %s", verify_kind_name(finding->kind), finding->table,
                 (long long)finding->number, finding->detail);
    return true;
}

void store_fixture_assert_sound(struct store_fixture *fixture)
{
    struct verify_result result;
    char message[256];
    const struct verify_options options = {
        .from_utc_us = INT64_MIN, .to_utc_us = INT64_MAX, .found = fail_on_finding};
    const char *query = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
    assert_int_equal(store_fixture_sql(fixture, "state.db", query), 1);
    assert_int_equal(store_fixture_sql(fixture, "history.db", query), 1);
    assert_int_equal(verify_record(fixture->dir, &options, &result, message, sizeof message), 0);
}

static bool is_next(void *context, const struct history_row *row)
{
    int64_t *next = context;
    assert_true(row->reading.value == *next);
    ++*next;
    return true;
}

int64_t store_fixture_count_readings(struct store_fixture *fixture)
{
    struct history_reader *reader = NULL;
    char message[256];
    int64_t next = 0;
    assert_int_equal(history_open(fixture->dir, &reader, message, sizeof message), 0);
    int64_t total = history_each(reader, NULL, NULL, INT64_MIN, INT64_MAX, is_next, &next);
    assert_int_equal(total, next);
    assert_int_equal(history_damaged(reader), 0);
    history_close(reader);
    return next;
}
