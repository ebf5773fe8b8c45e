/* fold.c - see fold.h. The steps, and the seals that they end with. */
#include "fold_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"

static const char *const sql[FOLD_STATEMENTS] = {
    [FOLD_STMT_POINTS] = "SELECT id, asset, point, unit, decimals FROM point WHERE id > ?1 ORDER BY id",
    [FOLD_STMT_CALIBRATION] = "SELECT text FROM calibration WHERE id = ?1",
    [FOLD_STMT_FRAME_TIMES] = "SELECT id, first_utc_us, count FROM frame WHERE id > ?1 ORDER BY id",
    [FOLD_STMT_FRAMES] = "SELECT id, first_utc_us, last_utc_us, count, body, hash FROM frame"
                         " WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    [FOLD_STMT_KEEP_DAMAGED] = "INSERT INTO damaged SELECT * FROM frame WHERE id = ?1",
    [FOLD_STMT_DELETE_FRAMES] = "DELETE FROM frame WHERE id BETWEEN ?1 AND ?2",
    [FOLD_STMT_ADD_CHUNK] = "INSERT INTO chunk VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [FOLD_STMT_CHUNK] = "SELECT count, \"values\", minimum, maximum, sum, first, last, worst, hours, body"
                        " FROM chunk WHERE id = ?1",
    [FOLD_STMT_DELETE_CHUNKS] = "DELETE FROM chunk WHERE id BETWEEN ?1 AND ?2",
    [FOLD_STMT_LAST_SEAL] = "SELECT id, hash, signature FROM seal ORDER BY id DESC LIMIT 1",
    [FOLD_STMT_LAST_HOUR] = "SELECT frames_head FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1",
    [FOLD_STMT_LAST_DAY] = "SELECT to_id FROM seal WHERE kind = 2 ORDER BY id DESC LIMIT 1",
    [FOLD_STMT_HOURS] =
        "SELECT id, first_utc_us, last_utc_us, count, content, entries_hash, entries FROM seal"
        " WHERE kind = 1 AND entries IS NOT NULL AND id > ?1 ORDER BY id",
    [FOLD_STMT_HOUR_BYTES] = "SELECT coalesce(sum(length(body) + length(hours)) / count(*), 0) FROM chunk"
                             " WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20",
    [FOLD_STMT_ADD_SIGNER] = "INSERT OR IGNORE INTO signer(utc_us, public_key) VALUES(?1, ?2)",
    [FOLD_STMT_ADD_SEAL] =
        "INSERT INTO seal SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
        " ?15, ?16, id, ?17 FROM signer WHERE public_key = ?18",
    [FOLD_STMT_DROP_ENTRIES] = "UPDATE seal SET entries = NULL WHERE id = ?1",
    [FOLD_STMT_OLD] =
        "SELECT id FROM seal INDEXED BY seal_live WHERE entries IS NOT NULL AND first_utc_us < ?1"
        " AND last_utc_us < ?1 AND id <= ?2 ORDER BY id LIMIT 1",
    [FOLD_STMT_LIVE] = "SELECT id, hash, first_utc_us, last_utc_us, count FROM seal WHERE entries IS NOT NULL"
                       " AND id BETWEEN ?1 AND ?2 ORDER BY id",
    [FOLD_STMT_DAYS_AFTER] = "SELECT id FROM seal WHERE kind = 2 AND entries IS NOT NULL ORDER BY id DESC"
                             " LIMIT 1 OFFSET ?1",
};

int64_t fold_floor(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

sqlite3_stmt *fold_stmt(struct fold *fold, enum fold_stmt stmt)
{
    if (!fold->stmts[stmt] && sqlite3_prepare_v3(fold->db, sql[stmt], -1, SQLITE_PREPARE_PERSISTENT,
                                                 &fold->stmts[stmt], NULL) != SQLITE_OK)
        fold->stmts[stmt] = NULL;
    return fold->stmts[stmt];
}

int fold_run(sqlite3_stmt *stmt)
{
    int result = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return result == SQLITE_DONE ? SQLITE_OK : result == SQLITE_ROW ? SQLITE_INTERNAL : result;
}

int fold_yield(struct fold *fold)
{
    return !fold->yield || fold->yield(fold->yield_context) ? SQLITE_OK : SQLITE_INTERRUPT;
}

/* ---------------------------------------------------------------- making one */

static void default_thresholds(const struct seal_point *point, struct summary_thresholds *ret)
{
    static const int degrees[] = {-150, -135, -120};
    *ret = (struct summary_thresholds){.n = 0};
    if (strcmp(point->unit, "°C") != 0)
        return;
    int64_t one = 1;
    for (unsigned i = 0; i < point->decimals && i < DECIMALS_MAX; i++)
        one *= 10;
    for (size_t i = 0; i < sizeof degrees / sizeof *degrees; i++)
        ret->numbers[ret->n++] = degrees[i] * one;
}

void fold_default_thresholds(void *context, const struct seal_point *point, struct summary_thresholds *ret)
{
    (void)context;
    default_thresholds(point, ret);
}

void fold_configure(struct fold *fold, fold_thresholds_fn *thresholds, void *context, uint32_t keep_days)
{
    fold->thresholds = thresholds ? thresholds : fold_default_thresholds;
    fold->thresholds_context = context;
    fold->keep_days = keep_days;
    fold->removal_may_be = true;
}

void fold_set_yield(struct fold *fold, fold_yield_fn *yield, void *context)
{
    fold->yield = yield;
    fold->yield_context = context;
}

int fold_create(sqlite3 *db, const struct signer *signer, struct fold **ret)
{
    int error = chain_init();
    struct fold *fold = error < 0 ? NULL : calloc(1, sizeof *fold);
    if (!fold)
        return error < 0 ? error : -ENOMEM;
    fold->db = db;
    fold->signer = signer;
    fold->day_may_be = true;
    fold_configure(fold, NULL, NULL, 0);
    *ret = fold;
    return 0;
}

void fold_free(struct fold *fold)
{
    if (!fold)
        return;
    for (int i = 0; i < FOLD_STATEMENTS; i++)
        sqlite3_finalize(fold->stmts[i]);
    fold_free_points(fold);
    fold_free_chunk(&fold->chunk);
    free(fold->entries);
    free(fold);
}

/* ---------------------------------------------------------------- seals */

/* Copies a stored hash; one of the wrong size becomes zeros. */
static void copy_hash(sqlite3_stmt *stmt, int column, unsigned char hash[CHAIN_HASH_SIZE])
{
    const void *blob = sqlite3_column_blob(stmt, column);
    memset(hash, 0, CHAIN_HASH_SIZE);
    if (blob && sqlite3_column_bytes(stmt, column) == CHAIN_HASH_SIZE)
        memcpy(hash, blob, CHAIN_HASH_SIZE);
}

int fold_next_seal(struct fold *fold, struct seal *seal)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_LAST_SEAL);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    seal->id = 1;
    memset(seal->previous, 0, CHAIN_HASH_SIZE);
    int result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        seal->id = sqlite3_column_int64(stmt, 0) + 1;
        unsigned char hash[CHAIN_HASH_SIZE], signature[SIGNER_SIGNATURE_SIZE] = {0};
        const void *blob = sqlite3_column_blob(stmt, 2);
        copy_hash(stmt, 1, hash);
        if (blob && sqlite3_column_bytes(stmt, 2) == SIGNER_SIGNATURE_SIZE)
            memcpy(signature, blob, sizeof signature);
        seal_link(hash, signature, seal->previous);
    }
    sqlite3_reset(stmt);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        return result;
    return seal->id > 0 && seal->id <= INT64_MAX >> SEAL_POINT_BITS ? SQLITE_OK : SQLITE_FULL;
}

int fold_last_day(struct fold *fold, int64_t *ret_to_id)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_LAST_DAY);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    int result = sqlite3_step(stmt);
    *ret_to_id = result == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

int fold_drop_entries(struct fold *fold, int64_t seal)
{
    sqlite3_stmt *chunks = fold_stmt(fold, FOLD_STMT_DELETE_CHUNKS);
    sqlite3_stmt *entries = fold_stmt(fold, FOLD_STMT_DROP_ENTRIES);
    if (!chunks || !entries)
        return sqlite3_errcode(fold->db);
    sqlite3_bind_int64(chunks, 1, seal_chunk_id(seal, 0));
    sqlite3_bind_int64(chunks, 2, seal_chunk_id(seal, SEAL_POINT_MAX));
    int result = fold_run(chunks);
    if (result != SQLITE_OK)
        return result;
    sqlite3_bind_int64(entries, 1, seal);
    return fold_run(entries);
}

static int add_signer(struct fold *fold, int64_t now_utc_us)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_ADD_SIGNER);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    sqlite3_bind_int64(stmt, 1, now_utc_us);
    sqlite3_bind_blob(stmt, 2, signer_public(fold->signer), SIGNER_KEY_SIZE, SQLITE_STATIC);
    return fold_run(stmt);
}

static int last_frames_head(struct fold *fold, unsigned char ret[CHAIN_HASH_SIZE])
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_LAST_HOUR);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    int result = sqlite3_step(stmt);
    if (result == SQLITE_ROW)
        copy_hash(stmt, 0, ret);
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static void bind_hash(sqlite3_stmt *stmt, int i, const unsigned char hash[CHAIN_HASH_SIZE])
{
    sqlite3_bind_blob(stmt, i, hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
}

static int add_seal(struct fold *fold, const struct seal *seal, const struct bytes *entries)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_ADD_SEAL);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    const int64_t numbers[] = {seal->id,          (int64_t)seal->kind, seal->utc_us,  seal->first_utc_us,
                               seal->last_utc_us, seal->count,         seal->from_id, seal->to_id};
    for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    bind_hash(stmt, 9, seal->frames_head);
    bind_hash(stmt, 10, seal->content);
    if (entries)
        sqlite3_bind_blob64(stmt, 11, entries->len ? (const void *)entries->data : "", entries->len,
                            SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, 11);
    bind_hash(stmt, 12, seal->entries_hash);
    sqlite3_bind_int64(stmt, 13, seal->event_seq);
    bind_hash(stmt, 14, seal->event_hash);
    bind_hash(stmt, 15, seal->previous);
    bind_hash(stmt, 16, seal->hash);
    sqlite3_bind_blob(stmt, 17, seal->signature, SIGNER_SIGNATURE_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 18, seal->public_key, SIGNER_KEY_SIZE, SQLITE_STATIC);
    int result = fold_run(stmt);
    return result == SQLITE_OK && sqlite3_changes(fold->db) != 1 ? SQLITE_INTERNAL : result;
}

int fold_put_seal(struct fold *fold, struct seal *seal, const struct fold_head *head,
                  const struct bytes *entries)
{
    static const struct bytes none = {0};
    const struct bytes *hashed = entries ? entries : &none;
    if (hashed->failed)
        return SQLITE_NOMEM;
    int result = add_signer(fold, seal->utc_us);
    if (result == SQLITE_OK && seal->kind != SEAL_HOUR)
        result = last_frames_head(fold, seal->frames_head);
    if (result != SQLITE_OK)
        return result;
    seal->event_seq = head->event_seq;
    memcpy(seal->event_hash, head->event_hash, CHAIN_HASH_SIZE);
    seal_entries_hash(hashed->data, hashed->len, seal->entries_hash);
    seal_sign(seal, fold->signer);
    return add_seal(fold, seal, entries);
}

/* ---------------------------------------------------------------- a step */

const char *fold_error(const struct fold *fold)
{
    return fold->error;
}

int fold_step(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *ret)
{
    struct fold_done done = {.kind = FOLD_NOTHING};
    int result = fold_hour(fold, now_utc_us, head, &done);
    if (result == SQLITE_OK && done.kind == FOLD_NOTHING)
        result = fold_day(fold, now_utc_us, head, &done);
    if (result == SQLITE_OK && done.kind == FOLD_NOTHING)
        result = fold_remove(fold, now_utc_us, head, &done);
    free(fold->entries);
    fold->entries = NULL;
    if (result == SQLITE_OK) {
        *ret = done;
        return SQLITE_OK;
    }
    schema_error_text(fold->db, fold->error, sizeof fold->error);
    for (int i = 0; i < FOLD_STATEMENTS; i++)
        sqlite3_reset(fold->stmts[i]);
    if (!sqlite3_get_autocommit(fold->db))
        sqlite3_exec(fold->db, "ROLLBACK", NULL, NULL, NULL);
    /* What was kept of the file may have been given up by others too. */
    fold_free_points(fold);
    fold->seen_id = fold->seen_frames = fold->seen_count = 0;
    fold->day_may_be = true;
    fold->removal_may_be = true;
    return result;
}
