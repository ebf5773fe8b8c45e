/* make_history DIR: databases with a few readings and events, as the store would have written them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "frame.h"
#include "schema.h"

#define START_US INT64_C(1790000000000000) /* 2026-09-21 14:13:20 UTC */

static void die(const char *what, sqlite3 *db)
{
    fprintf(stderr, "make_history: %s: %s\n", what, db != NULL ? sqlite3_errmsg(db) : "");
    exit(1);
}

static sqlite3 *create(const char *dir, enum schema_file file)
{
    char path[4096], message[256] = "";
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/%s", dir, schema_name(file));
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL) != 0)
        die(path, db);
    if (schema_migrate(db, file, message, sizeof message) < 0)
        die(message, db);
    return db;
}

static void add_frame(sqlite3 *db, const struct frame_entry *entries, size_t n)
{
    static unsigned char body[FRAME_BYTES_MAX];
    static const unsigned char first[CHAIN_HASH_SIZE];
    unsigned char hash[CHAIN_HASH_SIZE];
    struct chain_frame frame = {.id = 1,
                                .first_utc_us = entries[0].taken_ms * 1000,
                                .last_utc_us = entries[n - 1].taken_ms * 1000,
                                .count = (int64_t)n,
                                .body = body};
    if (frame_encode(entries, n, body, sizeof body, &frame.len) < 0)
        die("frame_encode", NULL);
    chain_frame_hash(first, &frame, hash);
    sqlite3_stmt *statement;
    sqlite3_prepare_v2(db, "INSERT INTO frame VALUES(?1, ?2, ?3, ?4, ?5, ?6)", -1, &statement, NULL);
    sqlite3_bind_int64(statement, 1, frame.id);
    sqlite3_bind_int64(statement, 2, frame.first_utc_us);
    sqlite3_bind_int64(statement, 3, frame.last_utc_us);
    sqlite3_bind_int64(statement, 4, frame.count);
    sqlite3_bind_blob(statement, 5, body, (int)frame.len, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 6, hash, sizeof hash, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE)
        die("frame", db);
    sqlite3_finalize(statement);
}

static void make_history(const char *dir)
{
    static const struct reading readings[] = {
        {.value = -190100000, .raw = 0xF893},
        {.value = -190000000, .raw = 0xF894, .quality = QUALITY_UNCERTAIN, .reason = REASON_NONE},
        {.quality = QUALITY_BAD, .reason = REASON_TIMEOUT},
        {.raw = 0x8000, .quality = QUALITY_BAD, .reason = REASON_SENTINEL},
        {.value = -189900000, .raw = 0xF8940001},
    };
    enum { N = sizeof readings / sizeof *readings };
    struct frame_entry entries[N];
    sqlite3 *db = create(dir, SCHEMA_HISTORY);
    if (sqlite3_exec(db, "INSERT INTO point VALUES(1, 'tank-1', 'temperature', '°C', 1)", NULL, NULL, NULL) !=
        0)
        die("point", db);
    for (int i = 0; i < N; i++) {
        int64_t slot_us = START_US + i * INT64_C(5000000);
        entries[i] = frame_entry_make(1, 1, slot_us, slot_us + 23000, &readings[i]);
    }
    add_frame(db, entries, N);
    sqlite3_close(db);
}

static void add_event(sqlite3 *db, unsigned char previous[CHAIN_HASH_SIZE], const struct chain_event *event)
{
    unsigned char hash[CHAIN_HASH_SIZE];
    sqlite3_stmt *statement;
    chain_event_hash(previous, event, hash);
    sqlite3_prepare_v2(db, "INSERT INTO event VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", -1,
                       &statement, NULL);
    sqlite3_bind_int64(statement, 1, (int64_t)event->seq);
    sqlite3_bind_int64(statement, 2, event->utc_us);
    sqlite3_bind_int64(statement, 3, event->boot_us);
    const char *texts[] = {event->boot_id, event->kind, event->asset, event->alarm, event->body};
    for (int i = 0; i < 5; i++)
        sqlite3_bind_text(statement, 4 + i, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 9, previous, CHAIN_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 10, hash, sizeof hash, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE)
        die("event", db);
    sqlite3_finalize(statement);
    memcpy(previous, hash, sizeof hash);
}

static void make_events(const char *dir)
{
    unsigned char previous[CHAIN_HASH_SIZE] = {0};
    sqlite3 *db = create(dir, SCHEMA_STATE);
    const struct chain_event events[] = {
        {.seq = 1,
         .utc_us = START_US,
         .boot_us = 1,
         .boot_id = "0",
         .kind = "start",
         .asset = "",
         .alarm = "",
         .body = "{\"seq\":1,\"kind\":\"start\",\"version\":\"0.1.0\"}"},
        {.seq = 2,
         .utc_us = START_US + 60000000,
         .boot_us = 2,
         .boot_id = "0",
         .kind = "alarm",
         .asset = "tank-1",
         .alarm = "temperature-critical",
         .body = "{\"seq\":2,\"kind\":\"alarm\",\"transition\":\"raised\",\"value\":-149.20,"
                 "\"text\":{\"en\":\"Tank 1: too warm\",\"zh\":\"1号罐：温度过高\"}}"},
        {.seq = 3,
         .utc_us = START_US + 120000000,
         .boot_us = 3,
         .boot_id = "0",
         .kind = "alarm",
         .asset = "tank-1",
         .alarm = "temperature-critical",
         .body = "{\"seq\":3,\"kind\":\"alarm\",\"transition\":\"acknowledged\",\"by\":\"li.na\",\"note\":"
                 "\"filling\","
                 "\"text\":{\"en\":\"Tank 1: too warm\",\"zh\":\"1号罐：温度过高\"}}"},
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        add_event(db, previous, &events[i]);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    if (argc != 2 || chain_init() < 0)
        return 2;
    make_history(argv[1]);
    make_events(argv[1]);
    return 0;
}
