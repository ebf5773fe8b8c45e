/* make_record DIR < commands: databases as the store would have written them, of what a test wants to see.
 *
 *   point ASSET POINT UNIT DECIMALS              ids are 1, 2, ... in this order
 *   reading ID SLOT_MS TAKEN_MS VALUE QUALITY REASON [CALIBRATION]   the value as a decimal; "-": none
 *   series ID FROM_MS INTERVAL_MS COUNT VALUE STEP   good readings; the value changes by the step each time
 *   frame                                        commits the readings so far (by itself when there are many)
 *   calibration ID ASSET POINT UNIT CERTIFICATE TEXT
 *   event UTC_MS KIND ASSET ALARM BODY           ASSET and ALARM "-": none
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "frame.h"
#include "schema.h"

#define POINTS 64

static struct {
    sqlite3 *state, *history;
    struct frame_entry entries[FRAME_ENTRIES_MAX];
    size_t n;
    int64_t frame;
    uint64_t seq;
    unsigned decimals[POINTS];
    int n_points;
    unsigned char event_hash[CHAIN_HASH_SIZE], frame_hash[CHAIN_HASH_SIZE];
} record;

static void die(const char *what, sqlite3 *db)
{
    fprintf(stderr, "make_record: %s: %s\n", what, db != NULL ? sqlite3_errmsg(db) : "");
    exit(1);
}

static sqlite3 *create(const char *dir, enum schema_file file)
{
    char path[4096], message[256] = "";
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/%s", dir, schema_name(file));
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF", NULL, NULL, NULL) != 0)
        die(path, db);
    if (schema_migrate(db, file, message, sizeof message) < 0)
        die(message, db);
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        die(sql, db);
    return statement;
}

static void run(sqlite3 *db, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        die(sqlite3_sql(statement), db);
    sqlite3_finalize(statement);
}

static void add_point(const char *arguments)
{
    char asset[64], point[64], unit[16];
    unsigned decimals;
    if (sscanf(arguments, "%63s %63s %15s %u", asset, point, unit, &decimals) != 4 ||
        record.n_points + 1 >= POINTS)
        die(arguments, NULL);
    record.decimals[++record.n_points] = decimals;
    sqlite3_stmt *statement = prepare(record.history, "INSERT INTO point VALUES(?1, ?2, ?3, ?4, ?5)");
    sqlite3_bind_int(statement, 1, record.n_points);
    sqlite3_bind_text(statement, 2, asset, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, point, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, unit, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 5, (int)decimals);
    run(record.history, statement);
}

static void commit_frame(void)
{
    static unsigned char body[FRAME_BYTES_MAX];
    struct chain_frame frame = {.first_utc_us = INT64_MAX, .last_utc_us = INT64_MIN, .body = body};
    if (record.n == 0)
        return;
    frame.id = ++record.frame;
    frame.count = (int64_t)record.n;
    for (size_t i = 0; i < record.n; i++) {
        int64_t us = record.entries[i].taken_ms * 1000;
        frame.first_utc_us = us < frame.first_utc_us ? us : frame.first_utc_us;
        frame.last_utc_us = us > frame.last_utc_us ? us : frame.last_utc_us;
    }
    if (frame_encode(record.entries, record.n, body, sizeof body, &frame.len) < 0)
        die("frame_encode", NULL);
    chain_frame_hash(record.frame_hash, &frame, record.frame_hash);
    sqlite3_stmt *statement = prepare(record.history, "INSERT INTO frame VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    sqlite3_bind_int64(statement, 1, frame.id);
    sqlite3_bind_int64(statement, 2, frame.first_utc_us);
    sqlite3_bind_int64(statement, 3, frame.last_utc_us);
    sqlite3_bind_int64(statement, 4, frame.count);
    sqlite3_bind_blob(statement, 5, body, (int)frame.len, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 6, record.frame_hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    run(record.history, statement);
    record.n = 0;
}

static void add_entry(int point, int64_t slot_ms, int64_t taken_ms, const struct reading *reading,
                      unsigned calibration)
{
    struct frame_entry *entry = &record.entries[record.n++];
    *entry =
        frame_entry_make((uint32_t)point, record.decimals[point], slot_ms * 1000, taken_ms * 1000, reading);
    entry->calibration = calibration;
    if (record.n == 256)
        commit_frame();
}

static unsigned find_name(const char *name, const char *(*name_of)(unsigned), unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(name, name_of(i)) == 0)
            return i;
    die(name, NULL);
    return 0;
}

static const char *quality_of(unsigned i)
{
    return quality_name((enum quality)i);
}

static const char *reason_of(unsigned i)
{
    return i == 0 ? "-" : reason_name((enum reason)i);
}

static void add_reading(const char *arguments)
{
    int point;
    long long slot_ms, taken_ms;
    char value[MICRO_TEXT_MAX], quality[32], reason[32];
    unsigned calibration = 0;
    if (sscanf(arguments, "%d %lld %lld %31s %31s %31s %u", &point, &slot_ms, &taken_ms, value, quality,
               reason, &calibration) < 6)
        die(arguments, NULL);
    struct reading reading = {.quality = find_name(quality, quality_of, 3),
                              .reason = find_name(reason, reason_of, REASON_COUNT)};
    if (reading.quality != QUALITY_BAD && !micro_parse(value, &reading.value))
        die(value, NULL);
    add_entry(point, slot_ms, taken_ms, &reading, calibration);
}

static void add_series(const char *arguments)
{
    int point, count;
    long long from_ms, interval_ms;
    char value[MICRO_TEXT_MAX], step[MICRO_TEXT_MAX];
    micro_t number, change;
    if (sscanf(arguments, "%d %lld %lld %d %31s %31s", &point, &from_ms, &interval_ms, &count, value, step) !=
            6 ||
        !micro_parse(value, &number) || !micro_parse(step, &change))
        die(arguments, NULL);
    for (int i = 0; i < count; i++) {
        struct reading reading = {.value = number + i * change};
        int64_t slot_ms = from_ms + i * interval_ms;
        add_entry(point, slot_ms, slot_ms + 20, &reading, 0);
    }
}

static void add_calibration(const char *arguments)
{
    int id, at = 0;
    char asset[64], point[64], unit[16], certificate[64];
    if (sscanf(arguments, "%d %63s %63s %15s %63s %n", &id, asset, point, unit, certificate, &at) != 5 ||
        at == 0)
        die(arguments, NULL);
    sqlite3_stmt *statement =
        prepare(record.history, "INSERT INTO calibration VALUES(?1, ?2, ?3, ?4, 0, 0, ?5, ?6, '',"
                                " '', '')");
    sqlite3_bind_int(statement, 1, id);
    sqlite3_bind_text(statement, 2, asset, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, point, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, unit, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, arguments + at, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, certificate, -1, SQLITE_STATIC);
    run(record.history, statement);
}

static void add_event(const char *arguments)
{
    long long ms;
    char kind[32], asset[64], alarm[64];
    int at = 0;
    if (sscanf(arguments, "%lld %31s %63s %63s %n", &ms, kind, asset, alarm, &at) != 4 || at == 0)
        die(arguments, NULL);
    struct chain_event event = {.seq = ++record.seq,
                                .utc_us = ms * 1000,
                                .boot_us = 1,
                                .boot_id = "0",
                                .kind = kind,
                                .asset = strcmp(asset, "-") == 0 ? "" : asset,
                                .alarm = strcmp(alarm, "-") == 0 ? "" : alarm,
                                .body = arguments + at};
    unsigned char previous[CHAIN_HASH_SIZE];
    memcpy(previous, record.event_hash, sizeof previous);
    chain_event_hash(previous, &event, record.event_hash);
    sqlite3_stmt *statement =
        prepare(record.state, "INSERT INTO event VALUES(?1, ?2, 1, '0', ?3, ?4, ?5, ?6, ?7, ?8)");
    sqlite3_bind_int64(statement, 1, (int64_t)event.seq);
    sqlite3_bind_int64(statement, 2, event.utc_us);
    sqlite3_bind_text(statement, 3, event.kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, event.asset, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, event.alarm, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, event.body, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 7, previous, sizeof previous, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 8, record.event_hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    run(record.state, statement);
}

static void obey(const char *line)
{
    char verb[16];
    int at = 0;
    if (sscanf(line, "%15s %n", verb, &at) != 1)
        return;
    const char *arguments = line + at;
    if (strcmp(verb, "point") == 0)
        add_point(arguments);
    else if (strcmp(verb, "reading") == 0)
        add_reading(arguments);
    else if (strcmp(verb, "series") == 0)
        add_series(arguments);
    else if (strcmp(verb, "calibration") == 0)
        add_calibration(arguments);
    else if (strcmp(verb, "event") == 0)
        add_event(arguments);
    else if (strcmp(verb, "frame") == 0)
        commit_frame();
    else
        die(line, NULL);
}

int main(int argc, char **argv)
{
    static char line[8192];
    if (argc != 2 || chain_init() < 0)
        return 2;
    record.state = create(argv[1], SCHEMA_STATE);
    record.history = create(argv[1], SCHEMA_HISTORY);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        obey(line);
    }
    commit_frame();
    if (sqlite3_exec(record.state, "COMMIT", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(record.history, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        die("commit", NULL);
    sqlite3_close(record.state);
    sqlite3_close(record.history);
    return 0;
}
