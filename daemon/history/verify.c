/* verify.c - opens the files, runs the steps, and what these share. See verify.h. */
#include "verify_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader_internal.h"
#include "schema.h"

static const struct {
    const char *name;
    bool note;
} kinds[VERIFY_KINDS] = {
    [VERIFY_UNREADABLE] = {"unreadable", false},
    [VERIFY_STRUCTURE] = {"structure", false},
    [VERIFY_SCHEMA] = {"schema", false},
    [VERIFY_EVENT_ALTERED] = {"event-altered", false},
    [VERIFY_EVENT_BROKEN] = {"event-broken", false},
    [VERIFY_EVENT_HOLE] = {"event-hole", true},
    [VERIFY_ALARM] = {"alarm", false},
    [VERIFY_OUTBOX] = {"outbox", false},
    [VERIFY_RUN] = {"run", true},
    [VERIFY_CONFIGURATION_ALTERED] = {"configuration-altered", false},
    [VERIFY_CONFIGURATION_MISSING] = {"configuration-missing", false},
    [VERIFY_CONFIGURATION_UNKNOWN] = {"configuration-unknown", true},
    [VERIFY_CALIBRATION_ALTERED] = {"calibration-altered", false},
    [VERIFY_CALIBRATION_MISSING] = {"calibration-missing", false},
    [VERIFY_CALIBRATION_UNKNOWN] = {"calibration-unknown", true},
    [VERIFY_POINT] = {"point", false},
    [VERIFY_SEAL_ALTERED] = {"seal-altered", false},
    [VERIFY_SEAL_BROKEN] = {"seal-broken", false},
    [VERIFY_SEAL_SIGNATURE] = {"seal-signature", false},
    [VERIFY_SEAL_KEY] = {"seal-key", false},
    [VERIFY_SEAL_RANGE] = {"seal-range", false},
    [VERIFY_SEAL_CONTENT] = {"seal-content", false},
    [VERIFY_SEAL_ENTRIES] = {"seal-entries", false},
    [VERIFY_SEAL_EVENT] = {"seal-event", false},
    [VERIFY_KEY_CHANGED] = {"key-changed", true},
    [VERIFY_CHUNK_ALTERED] = {"chunk-altered", false},
    [VERIFY_CHUNK_MISSING] = {"chunk-missing", false},
    [VERIFY_CHUNK_EXTRA] = {"chunk-extra", false},
    [VERIFY_CHUNK_CONTENT] = {"chunk-content", false},
    [VERIFY_FRAME_ALTERED] = {"frame-altered", false},
    [VERIFY_FRAME_BROKEN] = {"frame-broken", false},
    [VERIFY_DAMAGED] = {"damaged", false},
    [VERIFY_HEAD_BAD] = {"head-bad", false},
    [VERIFY_HEAD_MISSING] = {"head-missing", false},
    [VERIFY_HEAD_BEYOND] = {"head-beyond", false},
    [VERIFY_HEAD_DIFFERS] = {"head-differs", false},
    [VERIFY_KEY_UNCONFIRMED] = {"key-unconfirmed", true},
};

const char *verify_kind_name(enum verify_kind kind)
{
    return kind < VERIFY_KINDS ? kinds[kind].name : "?";
}

void verify_tell(struct verify *verify, struct verify_finding finding)
{
    const char **texts[] = {&finding.file, &finding.table, &finding.asset, &finding.point, &finding.detail};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!*texts[i])
            *texts[i] = "";
    finding.note = kinds[finding.kind].note;
    if (finding.note)
        verify->result->notes++;
    else
        verify->result->problems++;
    if (verify->options->found && !verify->stopped)
        verify->stopped = !verify->options->found(verify->options->context, &finding);
}

bool verify_progress(struct verify *verify, double done, int64_t utc_us)
{
    if (verify->options->progress && !verify->stopped)
        verify->stopped = !verify->options->progress(verify->options->context, done, utc_us);
    return !verify->stopped;
}

/* ---------------------------------------------------------------- rows */

int64_t verify_integer(struct verify_row *row, int column)
{
    row->sound = row->sound && sqlite3_column_type(row->stmt, column) == SQLITE_INTEGER;
    return sqlite3_column_int64(row->stmt, column);
}

const char *verify_text(struct verify_row *row, int column)
{
    bool is_text = sqlite3_column_type(row->stmt, column) == SQLITE_TEXT;
    const char *text = (const char *)sqlite3_column_text(row->stmt, column);
    /* A NUL inside would hide what comes after it from the hash. */
    row->sound =
        row->sound && is_text && text && strlen(text) == (size_t)sqlite3_column_bytes(row->stmt, column);
    return text ? text : "";
}

const void *verify_blob(struct verify_row *row, int column, size_t *ret_len)
{
    row->sound = row->sound && sqlite3_column_type(row->stmt, column) == SQLITE_BLOB;
    const void *blob = sqlite3_column_blob(row->stmt, column);
    *ret_len = (size_t)sqlite3_column_bytes(row->stmt, column);
    return blob ? blob : "";
}

void verify_bytes(struct verify_row *row, int column, void *ret, size_t size)
{
    size_t len;
    const void *blob = verify_blob(row, column, &len);
    row->sound = row->sound && len == size;
    memset(ret, 0, size);
    if (len == size)
        memcpy(ret, blob, size);
}

/* The least number after which something can be read again: found by leaps, then by halves. INT64_MAX: none.
 */
static int64_t next_readable(sqlite3_stmt *stmt, int64_t after)
{
    int64_t bad = after, good = INT64_MAX;
    for (int shift = 0; shift < 63; shift++) {
        int64_t at;
        if (__builtin_add_overflow(after, INT64_C(1) << shift, &at))
            break;
        sqlite3_reset(stmt);
        sqlite3_bind_int64(stmt, 1, at);
        int result = sqlite3_step(stmt);
        if (result == SQLITE_ROW || result == SQLITE_DONE) {
            good = result == SQLITE_ROW ? at : INT64_MAX;
            break;
        }
        bad = at;
    }
    while (good != INT64_MAX && good - bad > 1) {
        int64_t middle = bad + (good - bad) / 2;
        sqlite3_reset(stmt);
        sqlite3_bind_int64(stmt, 1, middle);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            good = middle;
        else
            bad = middle;
    }
    sqlite3_reset(stmt);
    return good;
}

int verify_each(struct verify *verify, sqlite3 *db, const char *file, const char *table, const char *sql,
                verify_row_fn *row, void *context)
{
    sqlite3_stmt *stmt = NULL;
    int64_t after = INT64_MIN;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result != SQLITE_OK) {
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_UNREADABLE,
                                                    .file = file,
                                                    .table = table,
                                                    .detail = sqlite3_errmsg(db)});
        return (result & 0xff) == SQLITE_NOMEM ? -ENOMEM : 0;
    }
    while (!verify->stopped) {
        sqlite3_bind_int64(stmt, 1, after);
        while (!verify->stopped && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
            after = sqlite3_column_int64(stmt, 0);
            row(verify, stmt, context);
        }
        if (verify->stopped || result == SQLITE_DONE || (result & 0xff) == SQLITE_NOMEM)
            break;
        char detail[256];
        snprintf(detail, sizeof detail, "%s", sqlite3_errmsg(db));
        int64_t next = next_readable(stmt, after);
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_UNREADABLE,
                                                    .file = file,
                                                    .table = table,
                                                    .previous = after == INT64_MIN ? 0 : after,
                                                    .number = next == INT64_MAX ? 0 : next,
                                                    .detail = detail});
        if (next == INT64_MAX || next <= after)
            break;
        after = next;
    }
    sqlite3_finalize(stmt);
    return (result & 0xff) == SQLITE_NOMEM ? -ENOMEM : 0;
}

bool verify_query(sqlite3 *db, const char *sql, int64_t a, int64_t b, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    if (!db || sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return false;
    int n = sqlite3_bind_parameter_count(stmt);
    if (n > 0)
        sqlite3_bind_int64(stmt, 1, a);
    if (n > 1)
        sqlite3_bind_int64(stmt, 2, b);
    bool is_row = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_INTEGER;
    *ret = is_row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return is_row;
}

int verify_exec(sqlite3 *db, const char *sql)
{
    return schema_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* ---------------------------------------------------------------- looking up */

const struct verify_point *verify_find_point(const struct verify *verify, int64_t id)
{
    size_t low = 0, high = verify->n_points;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (verify->points[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < verify->n_points && verify->points[low].id == id ? &verify->points[low] : NULL;
}

size_t verify_first_seal(const struct verify *verify, int64_t id)
{
    size_t low = 0, high = verify->n_seals;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (verify->seals[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct verify_seal *verify_find_seal(const struct verify *verify, int64_t id)
{
    size_t i = verify_first_seal(verify, id);
    return i < verify->n_seals && verify->seals[i].id == id ? &verify->seals[i] : NULL;
}

bool verify_has_event(struct verify *verify, int64_t seq, const unsigned char hash[CHAIN_HASH_SIZE])
{
    if (!verify->event_hash &&
        (!verify->state || sqlite3_prepare_v2(verify->state, "SELECT hash FROM event WHERE seq = ?1", -1,
                                              &verify->event_hash, NULL) != SQLITE_OK))
        return false;
    sqlite3_stmt *stmt = verify->event_hash;
    sqlite3_bind_int64(stmt, 1, seq);
    bool found = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == CHAIN_HASH_SIZE &&
                 memcmp(sqlite3_column_blob(stmt, 0), hash, CHAIN_HASH_SIZE) == 0;
    sqlite3_reset(stmt);
    return found;
}

bool verify_key_is_believed(const struct verify *verify, const unsigned char key[SIGNER_KEY_SIZE])
{
    for (size_t i = 0; i < verify->n_keys; i++)
        if (memcmp(verify->keys[i], key, SIGNER_KEY_SIZE) == 0)
            return true;
    return false;
}

bool verify_key_is_announced(const struct verify *verify, const unsigned char key[SIGNER_KEY_SIZE])
{
    char text[SIGNER_TEXT_MAX];
    sqlite3_stmt *stmt = NULL;
    signer_print(key, text);
    bool found = false;
    if (sqlite3_prepare_v2(verify->notes, "SELECT 1 FROM key WHERE public_key = ?1", -1, &stmt, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
        found = sqlite3_step(stmt) == SQLITE_ROW;
    }
    sqlite3_finalize(stmt);
    return found;
}

/* ---------------------------------------------------------------- the whole */

static char *read_head(sqlite3 *state)
{
    sqlite3_stmt *stmt = NULL;
    char *text = NULL;
    if (sqlite3_prepare_v2(state, "SELECT text FROM head WHERE id = 1", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
        text = strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return text;
}

/* One moment of each file, and such ones that a daemon that writes meanwhile can't make us see a seal before
 * the event that it names: first the head, then the history, then the events. */
static void begin(struct verify *verify, const struct history_reader *reader)
{
    int64_t ignored;
    char text[256];
    if (verify->state) {
        verify->result->state_version = schema_check(verify->state, SCHEMA_STATE, text, sizeof text);
        verify->head_text = read_head(verify->state);
    }
    if (verify->history) {
        verify->result->history_version = schema_check(verify->history, SCHEMA_HISTORY, text, sizeof text);
        sqlite3_exec(verify->history, "BEGIN; PRAGMA cache_size=-16384", NULL, NULL, NULL);
        (void)verify_query(verify->history, "SELECT count(*) FROM sqlite_schema", 0, 0, &ignored);
    }
    if (verify->state) {
        sqlite3_exec(verify->state, "BEGIN; PRAGMA cache_size=-16384", NULL, NULL, NULL);
        (void)verify_query(verify->state, "SELECT count(*) FROM sqlite_schema", 0, 0, &ignored);
    }
    verify->result->state_read = verify->state;
    verify->result->history_read = verify->history;
    (void)reader;
}

static int run_steps(struct verify *verify)
{
    static int (*const steps[])(struct verify *) = {
        verify_structure, verify_events, verify_beside, verify_points,
        verify_seals,     verify_frames, verify_heads,  verify_chunks,
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (i == 4)
            verify_choose_keys(verify);
        int error = steps[i](verify);
        if (error < 0)
            return error;
        if (verify->stopped)
            return -ECANCELED;
    }
    return 0;
}

static int open_notes(sqlite3 **ret)
{
    /* Alarms, configurations and calibrations, as the events tell of them. */
    static const char tables[] =
        "CREATE TABLE alarm(asset TEXT, alarm TEXT, seq INTEGER, PRIMARY KEY(asset, alarm)) WITHOUT ROWID;"
        "CREATE TABLE configuration(sha256 TEXT PRIMARY KEY, seq INTEGER, utc_us INTEGER);"
        "CREATE TABLE calibration(id INTEGER PRIMARY KEY, seq INTEGER, utc_us INTEGER, body TEXT, seen "
        "INTEGER);"
        "CREATE TABLE key(public_key TEXT, since INTEGER, UNIQUE(public_key, since));"
        "CREATE TABLE boot(boot_id TEXT PRIMARY KEY) WITHOUT ROWID;"
        "BEGIN";
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_exec(db, tables, NULL, NULL, NULL) != SQLITE_OK) {
        sqlite3_close(db);
        return -ENOMEM;
    }
    *ret = db;
    return 0;
}

static void free_all(struct verify *verify)
{
    for (size_t i = 0; i < verify->n_points; i++)
        free(verify->points[i].asset);
    free(verify->points);
    free(verify->seals);
    free(verify->keys);
    free(verify->head_text);
    sqlite3_finalize(verify->event_hash);
    sqlite3_close(verify->notes);
}

int verify_record(const char *dir, const struct verify_options *options, struct verify_result *ret,
                  char *message, size_t cap)
{
    struct history_reader *reader = NULL;
    *ret = (struct verify_result){0};
    struct verify verify = {.options = options, .result = ret, .dir = dir};
    int error = history_open(dir, &reader, message, cap);
    if (error < 0)
        return error;
    verify.state = reader->state;
    verify.history = reader->history;
    if (!verify.state || !verify.history)
        verify_tell(&verify,
                    (struct verify_finding){.kind = VERIFY_UNREADABLE,
                                            .file = schema_name(verify.state ? SCHEMA_HISTORY : SCHEMA_STATE),
                                            .detail = message});
    error = open_notes(&verify.notes);
    if (error == 0) {
        begin(&verify, reader);
        error = run_steps(&verify);
    }
    if (error < 0)
        snprintf(message, cap, "%s", strerrordesc_np(-error));
    free_all(&verify);
    history_close(reader);
    return error;
}

int verify_keys(const char *dir, struct verify_key *keys, size_t cap, size_t *ret_n)
{
    struct history_reader *reader = NULL;
    sqlite3_stmt *stmt = NULL;
    char message[512];
    *ret_n = 0;
    int error = history_open(dir, &reader, message, sizeof message);
    if (error == 0)
        error = reader->history ? 0 : reader->history_error;
    if (error == 0 &&
        sqlite3_prepare_v2(reader->history,
                           "SELECT public_key, signer.utc_us, max(seal.utc_us) FROM signer JOIN seal ON"
                           " seal.signer = signer.id WHERE length(public_key) = 32 GROUP BY signer.id"
                           " ORDER BY max(seal.id) DESC",
                           -1, &stmt, NULL) != SQLITE_OK)
        error = -EIO;
    while (error == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
        if (*ret_n < cap) {
            memcpy(keys[*ret_n].key, sqlite3_column_blob(stmt, 0), SIGNER_KEY_SIZE);
            keys[*ret_n].since_utc_us = sqlite3_column_int64(stmt, 1);
            keys[*ret_n].last_utc_us = sqlite3_column_int64(stmt, 2);
        }
        ++*ret_n;
    }
    sqlite3_finalize(stmt);
    history_close(reader);
    return error;
}
