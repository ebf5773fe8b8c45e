/* history_build.c - see history_build.h. */
#include "history_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "schema.h"

#define HOUR_MS INT64_C(3600000)

static int complain(sqlite3 *db, const char *what)
{
    fprintf(stderr, "history_build: %s: %s\n", what, db ? sqlite3_errmsg(db) : "failed");
    return -1;
}

static int run_sql(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : complain(db, sql);
}

/* ---------------------------------------------------------------- the generator */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

struct frame_entry history_build_entry(const struct history_build *build, unsigned p, int64_t i)
{
    uint64_t chance = mix(build->seed * 31 + mix(((uint64_t)p << 40) + (uint64_t)i));
    int64_t interval = build->interval_ms ? build->interval_ms : 10000;
    int64_t slot = (build->start_ms ? build->start_ms : HISTORY_BUILD_START_MS) + i * interval;
    struct frame_entry entry = {.slot_ms = slot, .taken_ms = slot, .point = p + 1};
    if (chance % 4999 == 0) {
        entry.quality = QUALITY_BAD;
        entry.reason = REASON_TIMEOUT;
        entry.taken_ms += 500 + (int64_t)(chance >> 32) % 500;
        return entry;
    }
    /* A slow wave, and noise of one step: two thirds of the readings are not as the one before. */
    int64_t wave = (i + 97 * (int64_t)p) % 2880;
    wave = wave < 1440 ? wave : 2880 - wave;
    entry.number = -1900 + 10 * (int64_t)(p % 7) + wave / 60 + (int64_t)(chance >> 40) % 3 - 1;
    entry.raw = (uint16_t)entry.number;
    return entry;
}

/* ---------------------------------------------------------------- parts */

sqlite3 *history_build_open(const char *dir, int file)
{
    char path[512], message[256];
    sqlite3 *db = NULL;
    int persist = 1;
    snprintf(path, sizeof path, "%s/%s", dir, schema_name((enum schema_file)file));
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        run_sql(db, SCHEMA_SET_PAGE "; PRAGMA journal_mode=WAL") < 0 ||
        run_sql(db, "PRAGMA synchronous=OFF; PRAGMA secure_delete=OFF") < 0 ||
        sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist) != SQLITE_OK ||
        schema_migrate(db, (enum schema_file)file, message, sizeof message) < 0) {
        complain(db, path);
        sqlite3_close(db);
        return NULL;
    }
    return db;
}

struct signer *history_build_signer(void)
{
    unsigned char seed[32];
    struct signer *signer = NULL;
    memset(seed, 0x42, sizeof seed);
    if (chain_init() < 0 || signer_from_seed(seed, &signer) < 0)
        complain(NULL, "signer");
    return signer;
}

int history_build_points(sqlite3 *history, const struct history_build *build)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(history, "INSERT INTO point VALUES(?1, ?2, ?3, ?4, ?5)", -1, &stmt, NULL);
    for (unsigned p = 0; p < build->n_points && result == SQLITE_OK; p++) {
        char asset[32];
        snprintf(asset, sizeof asset, "tank-%u", p + 1);
        struct history_build_point point = {asset, "temperature", "°C", 1};
        if (build->points)
            point = build->points[p];
        sqlite3_bind_int64(stmt, 1, p + 1);
        sqlite3_bind_text(stmt, 2, point.asset, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 3, point.point, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 4, point.unit, -1, SQLITE_STATIC);
        sqlite3_bind_int(stmt, 5, (int)point.decimals);
        result = sqlite3_step(stmt) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_OK ? 0 : complain(history, "point");
}

/* The last frame, folded or not. */
static void find_last(sqlite3 *history, int64_t *id, unsigned char hash[CHAIN_HASH_SIZE])
{
    static const char *const queries[] = {
        "SELECT id, hash FROM frame ORDER BY id DESC LIMIT 1",
        "SELECT to_id, frames_head FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1",
    };
    *id = 0;
    memset(hash, 0, CHAIN_HASH_SIZE);
    for (size_t i = 0; i < 2 && *id == 0; i++) {
        sqlite3_stmt *stmt = NULL;
        if (sqlite3_prepare_v2(history, queries[i], -1, &stmt, NULL) == SQLITE_OK &&
            sqlite3_step(stmt) == SQLITE_ROW) {
            *id = sqlite3_column_int64(stmt, 0);
            if (sqlite3_column_bytes(stmt, 1) == CHAIN_HASH_SIZE)
                memcpy(hash, sqlite3_column_blob(stmt, 1), CHAIN_HASH_SIZE);
        }
        sqlite3_finalize(stmt);
    }
}

int history_build_frame(sqlite3 *history, const struct frame_entry *entries, size_t n)
{
    unsigned char previous[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
    unsigned char *body = malloc(FRAME_BYTES_MAX);
    struct chain_frame frame = {
        .first_utc_us = INT64_MAX, .last_utc_us = INT64_MIN, .count = (int64_t)n, .body = body};
    sqlite3_stmt *stmt = NULL;
    find_last(history, &frame.id, previous);
    frame.id++;
    for (size_t i = 0; i < n; i++) {
        int64_t taken_us = entries[i].taken_ms * 1000;
        frame.first_utc_us = taken_us < frame.first_utc_us ? taken_us : frame.first_utc_us;
        frame.last_utc_us = taken_us > frame.last_utc_us ? taken_us : frame.last_utc_us;
    }
    bool done = body && frame_encode(entries, n, body, FRAME_BYTES_MAX, &frame.len) == 0 &&
                sqlite3_prepare_v2(history, "INSERT INTO frame VALUES(?1, ?2, ?3, ?4, ?5, ?6)", -1, &stmt,
                                   NULL) == SQLITE_OK;
    if (done) {
        chain_frame_hash(previous, &frame, hash);
        sqlite3_bind_int64(stmt, 1, frame.id);
        sqlite3_bind_int64(stmt, 2, frame.first_utc_us);
        sqlite3_bind_int64(stmt, 3, frame.last_utc_us);
        sqlite3_bind_int64(stmt, 4, frame.count);
        sqlite3_bind_blob64(stmt, 5, frame.body, frame.len, SQLITE_STATIC);
        sqlite3_bind_blob(stmt, 6, hash, sizeof hash, SQLITE_STATIC);
        done = sqlite3_step(stmt) == SQLITE_DONE;
    }
    sqlite3_finalize(stmt);
    free(body);
    return done ? 0 : complain(history, "frame");
}

int history_build_event(sqlite3 *state, int64_t utc_us, const char *kind, const char *body,
                        struct fold_head *ret)
{
    return history_build_alarm(state, utc_us, kind, "", "", body, ret);
}

int history_build_alarm(sqlite3 *state, int64_t utc_us, const char *kind, const char *asset,
                        const char *alarm, const char *body, struct fold_head *ret)
{
    sqlite3_stmt *stmt = NULL;
    struct fold_head head = {.event_seq = 0};
    struct chain_event event = {
        .utc_us = utc_us, .boot_id = "b00t", .kind = kind, .asset = asset, .alarm = alarm, .body = body};
    unsigned char hash[CHAIN_HASH_SIZE];
    if (sqlite3_prepare_v2(state, "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", -1, &stmt, NULL) ==
            SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 1) == CHAIN_HASH_SIZE) {
        head.event_seq = sqlite3_column_int64(stmt, 0);
        memcpy(head.event_hash, sqlite3_column_blob(stmt, 1), CHAIN_HASH_SIZE);
    }
    sqlite3_finalize(stmt);
    event.seq = (uint64_t)head.event_seq + 1;
    chain_event_hash(head.event_hash, &event, hash);
    stmt = NULL;
    int result = sqlite3_prepare_v2(
        state, "INSERT INTO event VALUES(?1, ?2, 0, 'b00t', ?3, ?7, ?8, ?4, ?5, ?6)", -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, (int64_t)event.seq);
        sqlite3_bind_int64(stmt, 2, utc_us);
        sqlite3_bind_text(stmt, 3, kind, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 4, body, -1, SQLITE_STATIC);
        sqlite3_bind_blob(stmt, 5, head.event_hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
        sqlite3_bind_blob(stmt, 6, hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 7, asset, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 8, alarm, -1, SQLITE_STATIC);
        result = sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    if (result != SQLITE_DONE)
        return complain(state, "event");
    ret->event_seq = (int64_t)event.seq;
    memcpy(ret->event_hash, hash, CHAIN_HASH_SIZE);
    return 0;
}

int history_build_fold(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, int *ret_steps)
{
    struct fold_done done = {.kind = FOLD_HOUR};
    int steps = 0;
    while (done.kind != FOLD_NOTHING) {
        int result = fold_step(fold, now_utc_us, head, &done);
        if (result != SQLITE_OK) {
            fprintf(stderr, "history_build: fold: %d, %s\n", result, fold_error(fold));
            return -1;
        }
        steps += done.kind != FOLD_NOTHING;
    }
    if (ret_steps)
        *ret_steps = steps;
    return 0;
}

/* ---------------------------------------------------------------- all of it */

static int put_slot(sqlite3 *history, const struct history_build *build, struct frame_entry *entries,
                    int64_t slot)
{
    for (unsigned p = 0; p < build->n_points;) {
        unsigned n = 0;
        for (; n < FRAME_ENTRIES_MAX && p < build->n_points; n++, p++)
            entries[n] = history_build_entry(build, p, slot);
        if (history_build_frame(history, entries, n) < 0)
            return -1;
    }
    return 0;
}

static int put_hour(sqlite3 *history, struct fold *fold, const struct history_build *build,
                    struct frame_entry *entries, int64_t *slot, const struct fold_head *head)
{
    int64_t hour = history_build_entry(build, 0, *slot).slot_ms / HOUR_MS;
    if (run_sql(history, "BEGIN") < 0)
        return -1;
    int64_t now_ms = 0;
    while (*slot < build->slots &&
           (now_ms = history_build_entry(build, 0, *slot).slot_ms) / HOUR_MS == hour) {
        if (put_slot(history, build, entries, (*slot)++) < 0)
            return -1;
    }
    if (run_sql(history, "COMMIT") < 0)
        return -1;
    if (!build->without_days)
        return history_build_fold(fold, now_ms * 1000, head, NULL);
    struct fold_done done;
    /* At most one hour is complete, and hours come first. */
    return *slot > 0 && fold_step(fold, now_ms * 1000, head, &done) == SQLITE_OK ? 0
                                                                                 : complain(history, "fold");
}

static int put_head(sqlite3 *state, sqlite3 *history, const struct signer *signer,
                    const struct fold_head *events, int64_t utc_us)
{
    char text[HEAD_TEXT_MAX];
    struct head head = {.site = "test", .utc_us = utc_us, .event_seq = events->event_seq};
    sqlite3_stmt *stmt = NULL;
    memcpy(head.event_hash, events->event_hash, CHAIN_HASH_SIZE);
    find_last(history, &head.frame_id, head.frame_hash);
    if (sqlite3_prepare_v2(history, "SELECT id, hash FROM seal ORDER BY id DESC LIMIT 1", -1, &stmt, NULL) ==
            SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        head.seal_id = sqlite3_column_int64(stmt, 0);
        memcpy(head.seal_hash, sqlite3_column_blob(stmt, 1), CHAIN_HASH_SIZE);
    }
    sqlite3_finalize(stmt);
    memcpy(head.public_key, signer_public(signer), SIGNER_KEY_SIZE);
    if (head_write(&head, signer, text, sizeof text) < 0)
        return complain(NULL, "head");
    stmt = NULL;
    int result = sqlite3_prepare_v2(state, "INSERT OR REPLACE INTO head VALUES(1, ?1)", -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
        result = sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE ? 0 : complain(state, "head");
}

static int put_public_key(const char *dir, const struct signer *signer)
{
    char path[512], text[SIGNER_TEXT_MAX];
    snprintf(path, sizeof path, "%s/signing.pub", dir);
    FILE *f = fopen(path, "w");
    if (!f)
        return complain(NULL, path);
    signer_print(signer_public(signer), text);
    fprintf(f, "%s\n", text);
    return fclose(f) == 0 ? 0 : complain(NULL, path);
}

int history_build_end(const char *dir, sqlite3 *state, sqlite3 *history, const struct signer *signer,
                      const struct fold_head *events, int64_t utc_us)
{
    int error = put_head(state, history, signer, events, utc_us);
    return error == 0 ? put_public_key(dir, signer) : error;
}

static int fill(const struct history_build *build, sqlite3 *state, sqlite3 *history, struct fold *fold,
                const struct signer *signer)
{
    struct fold_head head = {.event_seq = 0};
    struct frame_entry *entries = malloc(FRAME_ENTRIES_MAX * sizeof *entries);
    int64_t slot = 0, last_us = history_build_entry(build, 0, build->slots).slot_ms * 1000;
    int error = entries ? history_build_points(history, build) : -1;
    if (error == 0)
        error = history_build_event(state, history_build_entry(build, 0, 0).slot_ms * 1000, "start",
                                    "{\"seq\":1,\"kind\":\"start\"}", &head);
    while (error == 0 && slot < build->slots) {
        error = put_hour(history, fold, build, entries, &slot, &head);
        if (build->progress)
            build->progress(build->context, slot, build->slots);
    }
    free(entries);
    return error == 0 ? history_build_end(build->dir, state, history, signer, &head, last_us) : error;
}

int history_build(const struct history_build *build)
{
    struct fold *fold = NULL;
    struct signer *signer = history_build_signer();
    sqlite3 *state = history_build_open(build->dir, SCHEMA_STATE);
    sqlite3 *history = history_build_open(build->dir, SCHEMA_HISTORY);
    int error = signer && state && history && fold_create(history, signer, &fold) == 0 ? 0 : -1;
    if (error == 0) {
        fold_configure(fold, NULL, NULL, build->keep_days);
        error = fill(build, state, history, fold, signer);
    }
    fold_free(fold);
    sqlite3_close(history);
    sqlite3_close(state);
    signer_free(signer);
    return error;
}
