#include "history_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

static sqlite3 *make_file(struct fixture *fixture, enum schema_file file)
{
    char path[128], message[256];
    sqlite3 *db = NULL;
    int persist = 1;
    fixture_path(fixture, schema_name(file), path, sizeof path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    fixture_sql(db, "PRAGMA journal_mode=WAL");
    fixture_sql(db, "PRAGMA synchronous=OFF");
    assert_int_equal(sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist), SQLITE_OK);
    assert_int_equal(schema_migrate(db, file, message, sizeof message), 0);
    return db;
}

void fixture_make(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    strcpy(fixture->dir, "/tmp/cryomon-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->dir));
    assert_int_equal(chain_init(), 0);
    fixture->state = make_file(fixture, SCHEMA_STATE);
    fixture->history = make_file(fixture, SCHEMA_HISTORY);
}

void fixture_close(struct fixture *fixture)
{
    assert_int_equal(sqlite3_close(fixture->state), SQLITE_OK);
    assert_int_equal(sqlite3_close(fixture->history), SQLITE_OK);
    fixture->state = fixture->history = NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void fixture_free(struct fixture *fixture)
{
    fixture_close(fixture);
    nftw(fixture->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_path(const struct fixture *fixture, const char *name, char *path, size_t cap)
{
    snprintf(path, cap, "%s/%s", fixture->dir, name);
}

void fixture_sql(sqlite3 *db, const char *format, ...)
{
    char *error = NULL;
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_free(sql);
}

void fixture_event(struct fixture *fixture, uint64_t seq, int64_t utc_us, const char *asset, const char *body)
{
    struct chain_event event = {seq, utc_us, 1000, "b00t", "alarm", asset, "high", body};
    unsigned char hash[CHAIN_HASH_SIZE];
    sqlite3_stmt *stmt = NULL;
    chain_event_hash(fixture->last_hash, &event, hash);
    assert_int_equal(
        sqlite3_prepare_v2(fixture->state,
                           "INSERT INTO event VALUES(?1, ?2, 1000, 'b00t', 'alarm', ?3, 'high', ?4, ?5,"
                           " ?6)",
                           -1, &stmt, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, (int64_t)seq);
    sqlite3_bind_int64(stmt, 2, utc_us);
    sqlite3_bind_text(stmt, 3, asset, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, body, -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 5, fixture->last_hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 6, hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    memcpy(fixture->last_hash, hash, sizeof hash);
}

void fixture_point(struct fixture *fixture, int id, const char *asset, const char *point, const char *unit,
                   int decimals)
{
    fixture_sql(fixture->history, "INSERT INTO point VALUES(%d, '%s', '%s', '%s', %d)", id, asset, point,
                unit, decimals);
}

void fixture_frame(struct fixture *fixture, int64_t id, const struct frame_entry *entries, size_t n)
{
    static unsigned char body[FRAME_BYTES_MAX];
    unsigned char hash[CHAIN_HASH_SIZE];
    size_t len = 0;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(frame_encode(entries, n, body, sizeof body, &len), 0);
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        first = entries[i].taken_ms < first ? entries[i].taken_ms : first;
        last = entries[i].taken_ms > last ? entries[i].taken_ms : last;
    }
    struct chain_frame frame = {id, first * 1000, last * 1000, (int64_t)n, body, len};
    chain_frame_hash(fixture->last_frame_hash, &frame, hash);
    assert_int_equal(sqlite3_prepare_v2(fixture->history, "INSERT INTO frame VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int64(stmt, 2, frame.first_utc_us);
    sqlite3_bind_int64(stmt, 3, frame.last_utc_us);
    sqlite3_bind_int64(stmt, 4, frame.count);
    sqlite3_bind_blob(stmt, 5, body, (int)len, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 6, hash, sizeof hash, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    memcpy(fixture->last_frame_hash, hash, sizeof hash);
}
