#include "tamper_record.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "alarm.h"
#include "clock.h"
#include "fold.h"
#include "test.h"

#define START_US  INT64_C(1790035200000000) /* 2026-09-22 00:00 UTC */
#define HOUR_US   INT64_C(3600000000)
#define EVERY_US  (6 * HOUR_US) /* an hour in six has readings: signatures take time to check */
#define POINTS    3
#define PER_FRAME 3 /* readings of each point */
#define PER_HOUR  2 /* frames */
#define KEEP_DAYS 1

static void put_event(struct record *record, int64_t utc_us, const char *kind, const char *asset,
                      const char *alarm, const char *body)
{
    struct fixture *fixture = &record->fixture;
    struct chain_event event = {++record->seq, utc_us, utc_us / 2, "b00tb00tb00tb00t",
                                kind,          asset,  alarm,      body};
    unsigned char hash[CHAIN_HASH_SIZE];
    sqlite3_stmt *stmt = NULL;
    chain_event_hash(fixture->last_hash, &event, hash);
    assert_int_equal(sqlite3_prepare_v2(fixture->state,
                                        "INSERT INTO event VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, (int64_t)event.seq);
    sqlite3_bind_int64(stmt, 2, event.utc_us);
    sqlite3_bind_int64(stmt, 3, event.boot_us);
    const char *const texts[] = {event.boot_id, kind, asset, alarm, body};
    for (int i = 0; i < 5; i++)
        sqlite3_bind_text(stmt, 4 + i, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 9, fixture->last_hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 10, hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    memcpy(fixture->last_hash, hash, sizeof hash);
}

static void put_alarm(struct record *record, int64_t utc_us, const char *asset, const char *transition,
                      enum alarm_state state, int64_t raised_us, int64_t acked_us)
{
    char body[512], raised[RFC3339_MAX], acked[RFC3339_MAX], more[128] = "";
    clock_print_utc(raised, raised_us);
    clock_print_utc(acked, acked_us);
    if (acked_us != 0)
        snprintf(more, sizeof more, ",\"acknowledged\":\"%s\",\"by\":\"li.wei\"", acked);
    snprintf(body, sizeof body,
             "{\"seq\":%llu,\"kind\":\"alarm\",\"transition\":\"%s\",\"asset\":\"%s\",\"alarm\":\"high\","
             "\"state\":\"%s\",\"raised\":\"%s\"%s}",
             (unsigned long long)record->seq + 1, transition, asset, alarm_state_name(state), raised, more);
    fixture_sql(record->fixture.state, "BEGIN"); /* together, as the daemon does */
    put_event(record, utc_us, "alarm", asset, "high", body);
    fixture_sql(record->fixture.state,
                "INSERT OR REPLACE INTO alarm(asset, alarm, state, raised_utc_us, who, acked_utc_us, seq) "
                "VALUES('%s', 'high', %d, %lld, '%s', %lld, %llu);"
                "INSERT OR REPLACE INTO outbox VALUES(%llu);COMMIT",
                asset, (int)state, (long long)raised_us, acked_us != 0 ? "li.wei" : "", (long long)acked_us,
                (unsigned long long)record->seq, (unsigned long long)record->seq);
}

static void put_configuration(struct record *record, int64_t utc_us, const char *kind, const char *member,
                              const char *source)
{
    unsigned char hash[32];
    char hex[65], body[256];
    crypto_hash_sha256(hash, (const unsigned char *)source, strlen(source));
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    fixture_sql(record->fixture.state, "BEGIN;INSERT INTO configuration VALUES(x'%s', %lld, '%s')", hex,
                (long long)utc_us, source);
    snprintf(body, sizeof body, "{\"kind\":\"%s\",\"%s\":\"%s\"}", kind, member, hex);
    put_event(record, utc_us, kind, "", "", body);
    fixture_sql(record->fixture.state, "COMMIT");
}

static void put_calibration(struct record *record, int64_t utc_us, int id, const char *asset,
                            const char *text)
{
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"kind\":\"calibration\",\"calibration\":%d,\"asset\":\"%s\",\"point\":\"lid\",\"unit\":\"°C\","
        "\"utc_us\":%lld,\"from_utc_us\":%lld,\"text\":\"%s\",\"certificate\":\"C-%d\","
        "\"date\":\"2026-01-02\",\"due\":\"2027-01-02\",\"reference\":\"Pt25\"}",
        id, asset, (long long)utc_us, (long long)utc_us, text, id);
    fixture_sql(record->fixture.history,
                "INSERT INTO calibration VALUES(%d, '%s', 'lid', '°C', %lld, %lld, '%s', 'C-%d',"
                " '2026-01-02', '2027-01-02', 'Pt25')",
                id, asset, (long long)utc_us, (long long)utc_us, text, id);
    put_event(record, utc_us, "calibration", asset, "", body);
}

/* The event, and then the row with the time that it tells. */
static void put_key(struct record *record, int64_t utc_us)
{
    char body[256], text[SIGNER_TEXT_MAX];
    sqlite3_stmt *stmt = NULL;
    signer_print(signer_public(record->signer), text);
    snprintf(body, sizeof body, "{\"kind\":\"key\",\"public_key\":\"%s\",\"utc_us\":%lld}", text,
             (long long)utc_us);
    put_event(record, utc_us + 1500, "key", "", "", body);
    assert_int_equal(
        sqlite3_prepare_v2(record->fixture.history, "INSERT INTO signer VALUES(1, ?1, ?2)", -1, &stmt, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, utc_us);
    sqlite3_bind_blob(stmt, 2, signer_public(record->signer), SIGNER_KEY_SIZE, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
}

static void put_frame(struct record *record, int64_t utc_us)
{
    struct frame_entry entries[POINTS * PER_FRAME];
    for (int i = 0; i < POINTS * PER_FRAME; i++) {
        unsigned point = 1U + (unsigned)i % POINTS;
        int64_t slot_ms = utc_us / 1000 + i / POINTS * 600000;
        bool bad = (record->frame * 7 + i) % 29 == 0;
        entries[i] =
            (struct frame_entry){.slot_ms = slot_ms,
                                 .taken_ms = slot_ms + 20 + (int64_t)point,
                                 .point = point,
                                 .raw = bad ? 0 : 1000U + (unsigned)(record->frame % 13) + (unsigned)i,
                                 .number = bad ? 0 : -1900 + record->frame % 13 + i,
                                 .quality = bad ? QUALITY_BAD : QUALITY_GOOD,
                                 .reason = bad ? REASON_TIMEOUT : REASON_NONE,
                                 .calibration = bad || point == 2 ? 0 : (point + 1) / 2};
    }
    fixture_frame(&record->fixture, ++record->frame, entries, POINTS * PER_FRAME);
}

static void fold_all(struct record *record, struct fold *fold, int64_t now_us)
{
    struct fold_head head = {.event_seq = (int64_t)record->seq};
    struct fold_done done = {.kind = FOLD_HOUR};
    memcpy(head.event_hash, record->fixture.last_hash, CHAIN_HASH_SIZE);
    while (done.kind != FOLD_NOTHING) {
        assert_int_equal(fold_step(fold, now_us, &head, &done), SQLITE_OK);
    }
}

static void copy_column(sqlite3 *db, const char *sql, int64_t *ret_id, unsigned char hash[CHAIN_HASH_SIZE])
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    *ret_id = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_column_bytes(stmt, 1), CHAIN_HASH_SIZE);
    memcpy(hash, sqlite3_column_blob(stmt, 1), CHAIN_HASH_SIZE);
    sqlite3_finalize(stmt);
}

static void put_head(struct record *record, int64_t now_us)
{
    struct head *head = &record->head;
    *head = (struct head){.site = "bank", .utc_us = now_us, .event_seq = (int64_t)record->seq};
    memcpy(head->event_hash, record->fixture.last_hash, CHAIN_HASH_SIZE);
    copy_column(record->fixture.history, "SELECT id, hash FROM seal ORDER BY id DESC LIMIT 1", &head->seal_id,
                head->seal_hash);
    copy_column(record->fixture.history, "SELECT id, hash FROM frame ORDER BY id DESC LIMIT 1",
                &head->frame_id, head->frame_hash);
    memcpy(head->public_key, signer_public(record->signer), SIGNER_KEY_SIZE);
    assert_true(head_write(head, record->signer, record->head_text, sizeof record->head_text) > 0);
    fixture_sql(record->fixture.state, "INSERT OR REPLACE INTO head VALUES(1, '%s')", record->head_text);
}

static void put_hour(struct record *record, int64_t hour)
{
    int64_t utc_us = START_US + hour * EVERY_US;
    const char *asset = hour % 2 == 0 ? "tank-1" : "tank-2";
    if (hour % 3 == 1)
        put_alarm(record, utc_us + 1234567, asset, "raised", ALARM_UNACKNOWLEDGED, utc_us + 1234567, 0);
    if (hour % 3 == 1 && hour % 4 != 0)
        put_alarm(record, utc_us + 7654321, asset, "acknowledged", ALARM_ACKNOWLEDGED, utc_us + 1234567,
                  utc_us + 7654321);
    if (hour == 4)
        put_configuration(record, utc_us + 2000000, "configuration", "sha256", "site: bank\nassets: two\n");
    for (int i = 0; i < PER_HOUR; i++)
        put_frame(record, utc_us + i * HOUR_US / PER_HOUR);
}

void record_add(struct record *record, int hours)
{
    struct fold *fold = NULL;
    int64_t first = record->frame / PER_HOUR;
    assert_int_equal(fold_create(record->fixture.history, record->signer, &fold), 0);
    fold_configure(fold, NULL, NULL, KEEP_DAYS);
    for (int64_t hour = first; hour < first + hours; hour++) {
        put_hour(record, hour);
        fold_all(record, fold, START_US + hour * EVERY_US + 5000000);
    }
    fold_free(fold);
    put_head(record, START_US + (first + hours) * EVERY_US);
}

void record_make(struct record *record, int hours)
{
    static const unsigned char seed[32] = {7};
    memset(record, 0, sizeof *record);
    fixture_make(&record->fixture);
    assert_int_equal(signer_from_seed(seed, &record->signer), 0);
    fixture_point(&record->fixture, 1, "tank-1", "lid", "°C", 1);
    fixture_point(&record->fixture, 2, "tank-1", "level", "%", 1);
    fixture_point(&record->fixture, 3, "tank-2", "lid", "°C", 1);
    fixture_sql(record->fixture.state, "INSERT INTO run VALUES(1, 'b00tb00tb00tb00t', %lld, NULL)",
                (long long)START_US);
    put_configuration(record, START_US, "start", "configuration", "site: bank\n");
    put_key(record, START_US + 3000);
    put_calibration(record, START_US + 1, 1, "tank-1", "gain 1.0005 offset -0.3");
    put_calibration(record, START_US + 2, 2, "tank-2", "gain 1 offset 0.1");
    record_add(record, hours);
}

void record_free(struct record *record)
{
    signer_free(record->signer);
    fixture_free(&record->fixture);
}
