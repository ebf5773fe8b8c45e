/* chain_verify.c - walks the chain of events and the frames. See chain.h. */
#include "reader_internal.h"

#include <errno.h>
#include <string.h>

#include "chain.h"

struct walk {
    struct chain_result result;
    chain_finding_fn *found;
    void *context;
    bool stopped;
    struct chain_frames frames;
};

static void tell(struct walk *walk, enum chain_finding_kind kind, int64_t number, int64_t utc_us)
{
    if (kind == CHAIN_HOLE)
        walk->result.holes++;
    else
        walk->result.problems++;
    struct chain_finding finding = {
        .kind = kind, .number = number, .previous = walk->result.last, .utc_us = utc_us};
    if (walk->found && !walk->stopped)
        walk->stopped = !walk->found(walk->context, &finding);
}

static const char *text_of(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text ? (const char *)text : "";
}

/* Copies a stored hash; one of the wrong size can't be right, and becomes zeros with false. */
static bool hash_of(sqlite3_stmt *stmt, int column, unsigned char hash[CHAIN_HASH_SIZE])
{
    const void *blob = sqlite3_column_blob(stmt, column);
    memset(hash, 0, CHAIN_HASH_SIZE);
    if (!blob || sqlite3_column_bytes(stmt, column) != CHAIN_HASH_SIZE)
        return false;
    memcpy(hash, blob, CHAIN_HASH_SIZE);
    return true;
}

/* A NUL inside a text would hide what comes after it from the hash. */
static bool has_nul(sqlite3_stmt *stmt, int column)
{
    return strlen(text_of(stmt, column)) != (size_t)sqlite3_column_bytes(stmt, column);
}

static void check_event(struct walk *walk, sqlite3_stmt *stmt)
{
    struct chain_result *result = &walk->result;
    unsigned char previous[CHAIN_HASH_SIZE], stored[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
    struct chain_event event = {
        .seq = (uint64_t)sqlite3_column_int64(stmt, 0),
        .utc_us = sqlite3_column_int64(stmt, 1),
        .boot_us = sqlite3_column_int64(stmt, 2),
        .boot_id = text_of(stmt, 3),
        .kind = text_of(stmt, 4),
        .asset = text_of(stmt, 5),
        .alarm = text_of(stmt, 6),
        .body = text_of(stmt, 7),
    };
    bool sound = hash_of(stmt, 8, previous);
    sound = hash_of(stmt, 9, stored) && sound;
    for (int column = 3; column <= 7; column++)
        sound = sound && !has_nul(stmt, column);
    chain_event_hash(previous, &event, hash);
    int64_t seq = (int64_t)event.seq;
    if (!sound || memcmp(hash, stored, sizeof hash) != 0)
        tell(walk, CHAIN_ALTERED, seq, event.utc_us);
    if (memcmp(previous, result->head, sizeof previous) != 0)
        tell(walk, CHAIN_BROKEN, seq, event.utc_us);
    else if (result->rows > 0 && seq != result->last + 1)
        tell(walk, CHAIN_HOLE, seq, event.utc_us);
    memcpy(result->head, stored, sizeof stored);
}

static void check_frame(struct walk *walk, sqlite3_stmt *stmt)
{
    struct chain_frame frame = {
        .id = sqlite3_column_int64(stmt, 0),
        .first_utc_us = sqlite3_column_int64(stmt, 1),
        .last_utc_us = sqlite3_column_int64(stmt, 2),
        .count = sqlite3_column_int64(stmt, 3),
        .body = sqlite3_column_blob(stmt, 4),
        .len = (size_t)sqlite3_column_bytes(stmt, 4),
    };
    const void *hash = sqlite3_column_blob(stmt, 5);
    if (!chain_frames_next(&walk->frames, &frame, hash, (size_t)sqlite3_column_bytes(stmt, 5)))
        tell(walk, CHAIN_FRAME_ALTERED, frame.id, frame.first_utc_us);
}

/* sql: rows with number > ?1 in order, a page of them, so that no read transaction lasts. */
static int each(sqlite3 *db, const char *sql, struct walk *walk, void (*check)(struct walk *, sqlite3_stmt *))
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result != SQLITE_OK)
        return reader_errno(db, result);
    int64_t after = INT64_MIN;
    int error = 0;
    for (uint64_t before = UINT64_MAX; error == 0 && !walk->stopped && before != walk->result.rows;) {
        before = walk->result.rows;
        sqlite3_bind_int64(stmt, 1, after);
        while (!walk->stopped && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
            check(walk, stmt);
            after = sqlite3_column_int64(stmt, 0);
            walk->result.last = after;
            if (walk->result.rows++ == 0)
                walk->result.first = after;
        }
        error = walk->stopped ? 0 : reader_errno(db, result);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return error;
}

int chain_verify(struct history_reader *reader, struct chain_result *ret, chain_finding_fn *found,
                 void *context)
{
    struct walk walk = {.found = found, .context = context};
    if (!reader->state)
        return reader->state_error;
    int error = each(reader->state,
                     "SELECT seq, utc_us, boot_us, boot_id, kind, asset, alarm, body, previous, hash"
                     " FROM event NOT INDEXED WHERE seq > ?1 ORDER BY seq LIMIT 256",
                     &walk, check_event);
    if (error == 0)
        *ret = walk.result;
    return error;
}

/* Where the chain of the frames that are not folded begins. */
static int begin_frames(sqlite3 *db, struct chain_frames *frames)
{
    unsigned char head[CHAIN_HASH_SIZE];
    sqlite3_stmt *stmt = NULL;
    chain_frames_begin(frames, NULL);
    int result = sqlite3_prepare_v2(
        db, "SELECT frames_head FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1", -1, &stmt, NULL);
    if (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW && hash_of(stmt, 0, head))
        chain_frames_begin(frames, head);
    sqlite3_finalize(stmt);
    return reader_errno(db, result);
}

int chain_verify_frames(struct history_reader *reader, struct chain_result *ret, chain_finding_fn *found,
                        void *context)
{
    struct walk walk = {.found = found, .context = context};
    if (!reader->history)
        return reader->history_error;
    int error = begin_frames(reader->history, &walk.frames);
    if (error < 0)
        return error;
    error = each(reader->history,
                 "SELECT id, first_utc_us, last_utc_us, count, body, hash"
                 " FROM frame NOT INDEXED WHERE id > ?1 ORDER BY id LIMIT 256",
                 &walk, check_frame);
    if (error == 0)
        *ret = walk.result;
    return error;
}
