/* store_fold.c - the signing key, and folding on turns when nothing else waits. See store_internal.h.
 *
 * A fold of many points takes long; so between points events are taken and written (they are in the other
 * file), and a stop gives the fold up: the next start does it again.
 */
#include "store_internal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

#define RETRY_US    (30 * SECOND_US) /* after a failed step, or without a key */
#define GIVE_WAY_US (2 * MS_US)
#define ROOM        (32LL << 20) /* less free space than this: folding would take what belongs to events */

static void thresholds_of(void *context, const struct seal_point *point, struct summary_thresholds *ret)
{
    const struct store *store = context;
    int asset = config_find_asset(store->config, point->asset);
    const struct asset_config *config = asset < 0 ? NULL : &store->config->assets[asset];
    if (!config || config->n_exposures == 0) {
        fold_default_thresholds(NULL, point, ret);
        return;
    }
    *ret = (struct summary_thresholds){.n = 0};
    if (strcmp(config->exposure_unit, point->unit) != 0)
        return;
    int64_t step = MICRO_PER_UNIT;
    for (unsigned i = 0; i < point->decimals && i < DECIMALS_MAX; i++)
        step /= 10;
    for (unsigned i = 0; i < config->n_exposures && ret->n < SUMMARY_THRESHOLDS_MAX; i++)
        ret->numbers[ret->n++] = config->exposures[i] / step;
}

/* Called from within a fold. */
static bool give_way(void *context)
{
    struct store *store = context;
    struct pollfd stop = {.fd = store->stop_fd, .events = POLLIN};
    int64_t now = clock_boot_us();
    if (now - store->fold.gave_way_boot_us < GIVE_WAY_US)
        return true;
    heartbeat_busy(store->heartbeats, store->heartbeat, STORE_WRITE_MS);
    store_take(store);
    store_state_step(store, now);
    store_report_step(store, now);
    store_head_step(store, now, false);
    store->fold.gave_way_boot_us = clock_boot_us();
    return !store->ending && poll(&stop, 1, 0) <= 0;
}

/* ---------------------------------------------------------------- opening */

/* Is it the first time that this key signs here? Then people should know. */
static int look_for_key(struct store *store)
{
    char text[SIGNER_TEXT_MAX];
    sqlite3_stmt *stmt = NULL;
    const unsigned char *key = signer_public(store->fold.signer);
    int result = sqlite3_prepare_v2(store->history.db.db, "SELECT max(public_key = ?1), count(*) FROM signer",
                                    -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_blob(stmt, 1, key, SIGNER_KEY_SIZE, SQLITE_STATIC);
        result = sqlite3_step(stmt);
    }
    int64_t others = result == SQLITE_ROW ? sqlite3_column_int64(stmt, 1) : 0;
    store->fold.key_known = result == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 1;
    sqlite3_finalize(stmt);
    if (result != SQLITE_ROW)
        return result;
    signer_print(key, text);
    if (!store->fold.key_known) {
        struct core_message message = {.kind = CORE_CUSTODY};
        store->fold.key_stored = false;
        store->fold.key_utc_us = clock_now().utc_us;
        message.custody.kind = CUSTODY_KEY;
        message.custody.count = (uint64_t)others;
        message.custody.from_utc_us = store->fold.key_utc_us;
        snprintf(message.custody.detail, sizeof message.custody.detail, "%s", text);
        store_report_custody(store, &message);
    }
    if (!store->fold.key_logged)
        log_line(LOG_NOTICE, MID_STORE, "the record is signed with the key whose public part is \"%s\"",
                 text);
    store->fold.key_logged = true;
    return SQLITE_OK;
}

static int read_seal(struct store *store)
{
    struct store_fold *fold = &store->fold;
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(store->history.db.db,
                                    "SELECT id, hash FROM seal ORDER BY id DESC LIMIT 1", -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    fold->seal = (struct store_link){.id = 0};
    if (result == SQLITE_ROW) {
        const void *hash = sqlite3_column_blob(stmt, 1);
        fold->seal.id = sqlite3_column_int64(stmt, 0);
        if (hash && sqlite3_column_bytes(stmt, 1) == CHAIN_HASH_SIZE)
            memcpy(fold->seal.hash, hash, CHAIN_HASH_SIZE);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Frames are written without a key; but nothing is folded, and there are no heads. */
static bool have_key(struct store *store)
{
    struct store_fold *fold = &store->fold;
    char detail[STORE_DETAIL_MAX];
    if (fold->signer)
        return true;
    if (signer_open(store->files.dir, &fold->signer, detail, sizeof detail) == 0) {
        fold->trouble[0] = '\0';
        store_report_well(store, FAULT_RECORD);
        return true;
    }
    fold->signer = NULL;
    snprintf(fold->trouble, sizeof fold->trouble, "the record is not signed: %.200s", detail);
    store_report_fault(store, FAULT_RECORD, fold->trouble);
    fold->due_boot_us = clock_boot_us() + RETRY_US;
    return false;
}

/* Everything that a fold needs; false: not now. */
static bool open_fold(struct store *store)
{
    struct store_fold *fold = &store->fold;
    if (fold->fold)
        return true;
    if (!have_key(store))
        return false;
    int result = look_for_key(store);
    if (result == SQLITE_OK)
        result = read_seal(store);
    if (result == SQLITE_OK && fold_create(store->history.db.db, fold->signer, &fold->fold) < 0)
        result = SQLITE_NOMEM;
    if (result != SQLITE_OK) {
        fold->due_boot_us = clock_boot_us() + RETRY_US;
        return false;
    }
    fold_set_yield(fold->fold, give_way, store);
    store->head.due_boot_us = 0; /* from now on there are heads: the first one at once */
    store_fold_configure(store);
    return true;
}

void store_fold_close(struct store *store)
{
    fold_free(store->fold.fold);
    store->fold.fold = NULL;
    store->fold.due_boot_us = 0;
}

void store_fold_free(struct store *store)
{
    store_fold_close(store);
    signer_free(store->fold.signer);
    store->fold.signer = NULL;
}

void store_fold_configure(struct store *store)
{
    if (store->fold.fold)
        fold_configure(store->fold.fold, thresholds_of, store, store->config->storage.keep_days);
}

/* ---------------------------------------------------------------- a step */

static void tell_damage(struct store *store, const struct fold_done *done)
{
    const struct fold_damage *damage = &done->damage;
    struct core_message message = {.kind = CORE_CUSTODY};
    if (damage->frames + damage->chunks == 0)
        return;
    message.custody.kind = CUSTODY_DAMAGE;
    message.custody.count = damage->frames + damage->chunks;
    message.custody.from_utc_us = damage->utc_us;
    message.custody.seal = done->seal.id;
    snprintf(message.custody.asset, ID_MAX, "%s", damage->asset);
    snprintf(message.custody.point, ID_MAX, "%s", damage->point);
    snprintf(message.custody.detail, sizeof message.custody.detail, "%s",
             damage->chunks > 0
                 ? "readings of an hour do not fit their hash: they stay where they are, unproven"
                 : "readings that were not sealed yet do not fit their hash: kept in the table damaged");
    store_report_custody(store, &message);
}

static void tell_removed(struct store *store, const struct seal *seal)
{
    struct core_message message = {.kind = CORE_CUSTODY};
    message.custody.kind = CUSTODY_REMOVED;
    message.custody.count = (uint64_t)seal->count;
    message.custody.from_utc_us = seal->first_utc_us;
    message.custody.to_utc_us = seal->last_utc_us;
    message.custody.seal = seal->id;
    snprintf(message.custody.detail, sizeof message.custody.detail, "older than storage.keep: %u days",
             store->config->storage.keep_days);
    store_report_custody(store, &message);
}

static void done_with(struct store *store, const struct fold_done *done)
{
    struct store_fold *fold = &store->fold;
    if (fold->trouble[0] != '\0') {
        fold->trouble[0] = '\0';
        store_report_well(store, FAULT_RECORD);
    }
    if (done->kind == FOLD_NOTHING) {
        fold->due_boot_us = STORE_NEVER;
        return;
    }
    fold->key_known = true;
    fold->seal.id = done->seal.id;
    memcpy(fold->seal.hash, done->seal.hash, CHAIN_HASH_SIZE);
    fold->due_boot_us = 0; /* there may be more: on the next turn */
    tell_damage(store, done);
    if (done->kind == FOLD_REMOVED)
        tell_removed(store, &done->seal);
}

static void failed(struct store *store, int result)
{
    struct store_fold *fold = &store->fold;
    int primary = result & 0xff;
    fold->due_boot_us = clock_boot_us() + RETRY_US;
    if (primary == SQLITE_INTERRUPT)
        return;
    snprintf(fold->trouble, sizeof fold->trouble, "%.120s: readings can't be sealed: %.100s",
             store->history.db.path, fold_error(fold->fold));
    store_report_fault(store, FAULT_RECORD, fold->trouble);
    bool usable = primary == SQLITE_FULL || primary == SQLITE_BUSY || primary == SQLITE_LOCKED ||
                  primary == SQLITE_NOMEM || primary == SQLITE_INTERNAL;
    if (!usable) {
        int64_t due = fold->due_boot_us;
        store_history_close(store);
        fold->due_boot_us = due;
    }
}

/* The event that tells of the key is in the chain now: its row follows, with the time that the event tells.
 * From then on it is not told again. (The first seal may have been before: then the row has the seal's time.)
 */
static void note_key(struct store *store)
{
    struct store_fold *fold = &store->fold;
    sqlite3_stmt *stmt = NULL;
    if (fold->key_known || !fold->key_stored)
        return;
    if (sqlite3_prepare_v2(store->history.db.db,
                           "INSERT OR IGNORE INTO signer(utc_us, public_key) VALUES(?1, ?2)", -1, &stmt,
                           NULL) == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, fold->key_utc_us);
        sqlite3_bind_blob(stmt, 2, signer_public(fold->signer), SIGNER_KEY_SIZE, SQLITE_STATIC);
        fold->key_known = sqlite3_step(stmt) == SQLITE_DONE;
    }
    sqlite3_finalize(stmt);
}

void store_fold_step(struct store *store, int64_t now_boot_us)
{
    struct store_fold *fold = &store->fold;
    struct fold_done done;
    struct fold_head head = {.event_seq = (int64_t)store->state.known_seq};
    if (now_boot_us < fold->due_boot_us || !store->history.db.db || store->history.failing)
        return;
    if (!open_fold(store))
        return;
    note_key(store);
    if (store->ending || store->history.short_of_room || !store_report_has_room(store) ||
        store_files_room(&store->files) < ROOM) {
        fold->due_boot_us = now_boot_us + RETRY_US;
        return;
    }
    memcpy(head.event_hash, store->state.known_hash, CHAIN_HASH_SIZE);
    fold->gave_way_boot_us = now_boot_us;
    heartbeat_busy(store->heartbeats, store->heartbeat, STORE_WRITE_MS);
    int result = fold_step(fold->fold, clock_now().utc_us, &head, &done);
    heartbeat_beat(store->heartbeats, store->heartbeat);
    if (result == SQLITE_OK)
        done_with(store, &done);
    else
        failed(store, result);
}

int64_t store_fold_deadline(const struct store *store)
{
    return store->history.db.db && !store->history.failing ? store->fold.due_boot_us : STORE_NEVER;
}
