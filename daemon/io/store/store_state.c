/* store_state.c - state.db: events, alarm states, outbox. See store_internal.h. */
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define BATCH        512 /* events in one transaction */
#define SENT_WAIT_US (1 * SECOND_US)
#define SENT_MANY    256

enum {
    STMT_LAST,
    STMT_SAME,
    STMT_EVENT,
    STMT_ALARM,
    STMT_OUTBOX,
    STMT_SENT,
    STMT_CONFIG,
    STMT_RUN,
    STMT_STOPPED,
    STMT_HEAD,
    STMT_HOLD,
    STMT_BYPASS,
    STMT_BASELINE,
};

static const char *const sql[STATE_STATEMENTS] = {
    [STMT_LAST] = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1",
    [STMT_SAME] = "SELECT 1 FROM event WHERE seq = ?1 AND utc_us = ?2 AND body = ?3",
    [STMT_EVENT] = "INSERT INTO event VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [STMT_ALARM] = "INSERT OR REPLACE INTO alarm VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [STMT_OUTBOX] = "INSERT INTO outbox VALUES(?1)",
    [STMT_SENT] = "DELETE FROM outbox WHERE seq = ?1",
    [STMT_CONFIG] = "INSERT OR IGNORE INTO configuration VALUES(?1, ?2, ?3)",
    [STMT_RUN] = "INSERT OR IGNORE INTO run VALUES(?1, ?2, ?3, NULL)",
    [STMT_HEAD] = "INSERT OR REPLACE INTO head VALUES(1, ?1)",
    [STMT_HOLD] = "INSERT OR REPLACE INTO hold VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [STMT_BYPASS] = "INSERT OR REPLACE INTO bypass VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STMT_BASELINE] = "INSERT OR REPLACE INTO baseline VALUES(1, ?1)",
    [STMT_STOPPED] = "UPDATE run SET stopped_utc_us = ?2 WHERE id = ?1",
};

int store_state_init(struct store *store)
{
    struct store_state *state = &store->state;
    store_db_init(&state->db, SCHEMA_STATE, FAULT_STATE_DB, store->files.dir);
    state->sent_due_boot_us = STORE_NEVER;
    state->started_utc_us = clock_now().utc_us;
    clock_boot_id(state->boot_id);
    state->ring = calloc(STORE_EVENTS_MAX, sizeof *state->ring);
    return state->ring ? 0 : -ENOMEM;
}

static void close_file(struct store *store)
{
    store_db_finalize(store->state.stmts, STATE_STATEMENTS);
    store_db_close(&store->state.db);
}

void store_state_moved(struct store *store)
{
    char detail[STORE_DETAIL_MAX];
    snprintf(detail, sizeof detail, "%.180s: was moved or deleted while in use", store->state.db.path);
    store_report_fault(store, FAULT_STATE_DB, detail);
    close_file(store);
}

void store_state_free(struct store *store)
{
    for (size_t i = 0; i < store->state.n_configs; i++)
        config_unref(store->state.configs[i]);
    store->state.n_configs = 0;
    free(store->state.ring);
    store->state.ring = NULL;
}

/* ---------------------------------------------------------------- what waits */

struct event_record *store_state_waiting(struct store_state *state, size_t i)
{
    return &state->ring[(state->head + i) % STORE_EVENTS_MAX];
}

static void drop_oldest(struct store_state *state, size_t n)
{
    state->n -= n;
    /* From the start again when empty: in good times only its first pages are ever touched. */
    state->head = state->n == 0 ? 0 : (state->head + n) % STORE_EVENTS_MAX;
}

void store_state_add_event(struct store *store, const struct event_record *event)
{
    struct store_state *state = &store->state;
    if (state->n == STORE_EVENTS_MAX) {
        int64_t utc_us = store_state_waiting(state, 0)->at.utc_us;
        store_report_gap(store, GAP_EVENTS, 1, utc_us, utc_us);
        store_report_lost(store, store_state_waiting(state, 0)->seq, store_state_waiting(state, 0)->seq);
        drop_oldest(state, 1);
    }
    *store_state_waiting(state, state->n++) = *event;
}

void store_state_add_sent(struct store *store, uint64_t seq)
{
    struct store_state *state = &store->state;
    if (state->n_sent == STORE_SENT_MAX)
        return; /* it stays in the outbox and is sent once more after a restart */
    if (state->n_sent == 0)
        state->sent_due_boot_us = clock_boot_us() + SENT_WAIT_US;
    state->sent[state->n_sent++] = seq;
    if (state->n_sent >= SENT_MANY)
        state->sent_due_boot_us = 0;
}

void store_state_add_config(struct store *store, struct config *config)
{
    struct store_state *state = &store->state;
    if (state->n_configs == STORE_CONFIGS_MAX) {
        int64_t utc_us = clock_now().utc_us;
        store_report_gap(store, GAP_CONFIGS, 1, utc_us, utc_us);
        config_unref(state->configs[0]);
        for (size_t i = 1; i < STORE_CONFIGS_MAX; i++)
            state->configs[i - 1] = state->configs[i];
        state->n_configs--;
    }
    state->configs[state->n_configs++] = config_ref(config);
}

/* ---------------------------------------------------------------- writing: each returns an SQLite result */

static int bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
    return sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

int store_state_read_last(struct store_state *state)
{
    sqlite3_stmt *stmt = state->stmts[STMT_LAST];
    int result = sqlite3_step(stmt);
    state->last_seq = 0;
    memset(state->last_hash, 0, sizeof state->last_hash);
    if (result == SQLITE_ROW) {
        const void *hash = sqlite3_column_blob(stmt, 1);
        state->last_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
        if (hash && sqlite3_column_bytes(stmt, 1) == CHAIN_HASH_SIZE)
            memcpy(state->last_hash, hash, CHAIN_HASH_SIZE);
    }
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

void store_state_know_last(struct store_state *state)
{
    state->known_seq = state->last_seq;
    memcpy(state->known_hash, state->last_hash, CHAIN_HASH_SIZE);
}

static int is_stored(struct store_state *state, const struct event_record *event, bool *ret)
{
    sqlite3_stmt *stmt = state->stmts[STMT_SAME];
    sqlite3_bind_int64(stmt, 1, (int64_t)event->seq);
    sqlite3_bind_int64(stmt, 2, event->at.utc_us);
    bind_text(stmt, 3, event->body);
    int result = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    *ret = result == SQLITE_ROW;
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int put_event(struct store_state *state, const struct event_record *event)
{
    sqlite3_stmt *stmt = state->stmts[STMT_EVENT];
    unsigned char hash[CHAIN_HASH_SIZE];
    struct chain_event link = {event->seq,  event->at.utc_us, event->at.boot_us, state->boot_id,
                               event->kind, event->asset,     event->alarm,      event->body};
    chain_event_hash(state->last_hash, &link, hash);
    sqlite3_bind_int64(stmt, 1, (int64_t)event->seq);
    sqlite3_bind_int64(stmt, 2, event->at.utc_us);
    sqlite3_bind_int64(stmt, 3, event->at.boot_us);
    bind_text(stmt, 4, state->boot_id);
    bind_text(stmt, 5, event->kind);
    bind_text(stmt, 6, event->asset);
    bind_text(stmt, 7, event->alarm);
    bind_text(stmt, 8, event->body);
    sqlite3_bind_blob(stmt, 9, state->last_hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 10, hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    int result = store_db_run(stmt);
    if (result != SQLITE_OK)
        return result;
    state->last_seq = event->seq;
    memcpy(state->last_hash, hash, sizeof hash);
    return SQLITE_OK;
}

static int put_baseline(struct store_state *state, const struct event_record *event)
{
    sqlite3_bind_blob(state->stmts[STMT_BASELINE], 1, event->baseline, sizeof event->baseline, SQLITE_STATIC);
    return store_db_run(state->stmts[STMT_BASELINE]);
}

struct conflicts {
    uint64_t count;
    int64_t from_utc_us, to_utc_us;
    uint64_t from_seq, to_seq;
};

static int write_event(struct store *store, const struct event_record *event, struct conflicts *conflicts)
{
    struct store_state *state = &store->state;
    bool same = false;
    int result = SQLITE_OK;
    if (event->seq <= state->last_seq || event->seq > INT64_MAX) {
        result = is_stored(state, event, &same);
        if (result == SQLITE_OK && !same) {
            if (conflicts->count++ == 0) {
                conflicts->from_utc_us = event->at.utc_us;
                conflicts->from_seq = event->seq;
            }
            conflicts->to_utc_us = event->at.utc_us;
            conflicts->to_seq = event->seq;
        }
        return result;
    }
    result = put_event(state, event);
    if (result == SQLITE_OK && event->has_alarm)
        result = store_alarms_put(state->stmts[STMT_ALARM], state->stmts[STMT_HOLD], event);
    if (result == SQLITE_OK && event->has_bypass)
        result = store_alarms_put_bypass(state->stmts[STMT_BYPASS], event);
    if (result == SQLITE_OK && event->has_baseline)
        result = put_baseline(state, event);
    if (result == SQLITE_OK && store->config->mqtt.enabled) {
        sqlite3_bind_int64(state->stmts[STMT_OUTBOX], 1, (int64_t)event->seq);
        result = store_db_run(state->stmts[STMT_OUTBOX]);
    }
    return result;
}

static int write_run(struct store_state *state)
{
    sqlite3_stmt *stmt = state->stmts[STMT_RUN];
    sqlite3_bind_int64(stmt, 1, state->run_id);
    bind_text(stmt, 2, state->boot_id);
    sqlite3_bind_int64(stmt, 3, state->started_utc_us);
    return store_db_run(stmt);
}

static int write_config(struct store_state *state, const struct config *config)
{
    sqlite3_stmt *stmt = state->stmts[STMT_CONFIG];
    sqlite3_bind_blob(stmt, 1, config->sha256, sizeof config->sha256, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, clock_now().utc_us);
    sqlite3_bind_text64(stmt, 3, config->source ? config->source : "", config->source_len, SQLITE_STATIC,
                        SQLITE_UTF8);
    return store_db_run(stmt);
}

static int write_rows(struct store *store, size_t n_events, struct conflicts *conflicts)
{
    struct store_state *state = &store->state;
    int result = store_state_read_last(state);
    if (result == SQLITE_OK && !state->run_written)
        result = write_run(state);
    for (size_t i = 0; i < state->n_configs && result == SQLITE_OK; i++)
        result = write_config(state, state->configs[i]);
    for (size_t i = 0; i < n_events && result == SQLITE_OK; i++)
        result = write_event(store, store_state_waiting(state, i), conflicts);
    /* After the events: one that was confirmed before it was stored must not stay in the outbox. While more
     * events wait, so do the confirmations. */
    for (size_t i = 0; i < state->n_sent && n_events == state->n && result == SQLITE_OK; i++) {
        sqlite3_bind_int64(state->stmts[STMT_SENT], 1, (int64_t)state->sent[i]);
        result = store_db_run(state->stmts[STMT_SENT]);
    }
    if (result == SQLITE_OK && store->head.to_state) {
        bind_text(state->stmts[STMT_HEAD], 1, store->head.text);
        result = store_db_run(state->stmts[STMT_HEAD]);
    }
    return result;
}

/* Is it the event that tells of our key, with the time that its row will have? */
static bool tells_of_key(const struct store *store, const struct event_record *event)
{
    char since[40];
    snprintf(since, sizeof since, "\"utc_us\":%lld", (long long)store->fold.key_utc_us);
    return strcmp(event->kind, "key") == 0 && strstr(event->body, since);
}

static void note_key(struct store *store, size_t n_events)
{
    struct store_fold *fold = &store->fold;
    for (size_t i = 0; i < n_events; i++)
        fold->key_stored |= tells_of_key(store, store_state_waiting(&store->state, i));
    if (fold->key_stored && !fold->key_known && fold->due_boot_us == STORE_NEVER)
        fold->due_boot_us = 0; /* its row is to be written */
}

/* What somebody waits for, or has put a name to, is signed at once; so are the ends of a run. */
static void note_signed(struct store *store, size_t n_events)
{
    static const char *const kinds[] = {"start", "key", "export", "review", "stop"};
    for (size_t i = 0; i < n_events; i++) {
        store->ending |= strcmp(store_state_waiting(&store->state, i)->kind, "stop") == 0;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (strcmp(store_state_waiting(&store->state, i)->kind, kinds[k]) == 0)
                store->head.due_boot_us = 0;
    }
}

static int write_transaction(struct store *store)
{
    struct store_state *state = &store->state;
    struct conflicts conflicts = {0};
    size_t n_events = state->n < BATCH ? state->n : BATCH;
    int result = sqlite3_exec(state->db.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = write_rows(store, n_events, &conflicts);
    if (result == SQLITE_OK)
        result = sqlite3_exec(state->db.db, "COMMIT", NULL, NULL, NULL);
    /* What was written into a file that nobody finds any more is not on record: it is kept for
     * the next one. */
    if (result == SQLITE_OK && store_db_has_moved(&state->db))
        result = SQLITE_READONLY_DBMOVED;
    if (result != SQLITE_OK)
        return result;
    state->run_written = true;
    store->head.to_state = false;
    store_state_know_last(state);
    note_key(store, n_events);
    note_signed(store, n_events);
    for (size_t i = 0; i < state->n_configs; i++)
        config_unref(state->configs[i]);
    state->n_configs = 0;
    if (n_events == state->n) {
        state->n_sent = 0;
        state->sent_due_boot_us = STORE_NEVER;
    }
    if (n_events > 0) { /* not last_seq: another file's may be far above ours */
        store->report.durable_seq = state->last_seq;
        store_report_recorded(store, store_state_waiting(state, n_events - 1)->seq);
    }
    if (conflicts.count > 0)
        store_report_lost(store, conflicts.from_seq, conflicts.to_seq);
    drop_oldest(state, n_events);
    store_report_gap(store, GAP_CONFLICT, conflicts.count, conflicts.from_utc_us, conflicts.to_utc_us);
    return SQLITE_OK;
}

static void flush(struct store *store)
{
    struct store_state *state = &store->state;
    char detail[STORE_DETAIL_MAX];
    heartbeat_busy(store->heartbeats, store->heartbeat, STORE_WRITE_MS);
    int result = write_transaction(store);
    if (result == SQLITE_READONLY_DBMOVED) {
        store_state_moved(store);
    } else if (result != SQLITE_OK) {
        bool full = store_db_is_full(&state->db, result);
        bool usable = store_db_failed(&state->db, result, detail, sizeof detail);
        store_report_fault(store, FAULT_STATE_DB, detail);
        if (full && store_files_release_ballast(&store->files)) {
            log_line(LOG_WARNING, MID_STORE, "%s: no room; the ballast was given up for events",
                     store->files.dir);
            state->db.retry_boot_us = 0;
        }
        if (!usable)
            close_file(store);
    } else {
        store_report_well(store, FAULT_STATE_DB);
        store_report_gap_over(store, GAP_EVENTS);
        store_report_gap_over(store, GAP_CONFLICT);
        store_report_gap_over(store, GAP_CONFIGS);
    }
    heartbeat_beat(store->heartbeats, store->heartbeat);
}

/* ---------------------------------------------------------------- opening */

/* Said, although all is well from here on: what the file held is gone. */
static void tell_lost(struct store *store)
{
    char detail[STORE_DETAIL_MAX];
    snprintf(detail, sizeof detail,
             "%.120s: was missing or empty: the events and alarm states in it are lost",
             store->state.db.path);
    store_report_fault(store, FAULT_STATE_DB, detail);
    store_report_step(store, clock_boot_us());
    store->state.was_lost = false;
}

static void open_state(struct store *store)
{
    struct store_state *state = &store->state;
    char detail[STORE_DETAIL_MAX];
    if (store_db_open(store, &state->db, detail, sizeof detail) < 0) {
        store_report_fault(store, FAULT_STATE_DB, detail);
        return;
    }
    int result = store_db_prepare(&state->db, sql, state->stmts, STATE_STATEMENTS);
    if (result == SQLITE_OK)
        result = store_restore(store);
    if (result != SQLITE_OK) {
        (void)store_db_failed(&state->db, result, detail, sizeof detail);
        store_report_fault(store, FAULT_STATE_DB, detail);
        close_file(store);
        state->db.retry_boot_us = clock_boot_us() + STORE_REOPEN_US;
        return;
    }
    if (!state->opened_once)
        store_files_keep_ballast(&store->files);
    state->opened_once = true;
    state->db.retry_boot_us = 0;
    if (state->was_lost)
        tell_lost(store);
}

/* ---------------------------------------------------------------- turns */

static bool has_work(const struct store *store, int64_t now_boot_us)
{
    const struct store_state *state = &store->state;
    return !state->run_written || store->head.to_state || state->n > 0 || state->n_configs > 0 ||
           now_boot_us >= state->sent_due_boot_us;
}

void store_state_step(struct store *store, int64_t now_boot_us)
{
    struct store_state *state = &store->state;
    if (now_boot_us < state->db.retry_boot_us)
        return;
    if (!state->db.db)
        open_state(store);
    if (!state->db.db)
        return;
    /* Also without work while it is failing: the fault must end when the disk is well, not at
     * the next event. */
    if (has_work(store, now_boot_us) || store->report.faults[FAULT_STATE_DB].failed)
        flush(store);
    if (state->db.db && state->db.retry_boot_us == 0 && state->n > 0)
        flush(store);
}

int64_t store_state_deadline(const struct store *store)
{
    const struct store_state *state = &store->state;
    bool waits = !state->db.db || store->report.faults[FAULT_STATE_DB].failed || has_work(store, 0);
    int64_t due = waits ? 0 : state->sent_due_boot_us;
    return due > state->db.retry_boot_us ? due : state->db.retry_boot_us;
}

void store_state_finish(struct store *store)
{
    struct store_state *state = &store->state;
    store->state.db.retry_boot_us = 0;
    state->sent_due_boot_us = state->n_sent > 0 ? 0 : STORE_NEVER;
    for (int i = 0;
         i < 2 * STORE_EVENTS_MAX / BATCH && (i == 0 || state->n > 0) && state->db.retry_boot_us == 0; i++)
        store_state_step(store, clock_boot_us());
    if (!state->db.db)
        return;
    store_head_step(store, clock_boot_us(), true);
    if (store->head.to_state && state->db.retry_boot_us == 0)
        flush(store);
    if (!state->db.db)
        return;
    if (state->n == 0 && state->run_written && !store->report.faults[FAULT_STATE_DB].failed) {
        sqlite3_bind_int64(state->stmts[STMT_STOPPED], 1, state->run_id);
        sqlite3_bind_int64(state->stmts[STMT_STOPPED], 2, clock_now().utc_us);
        if (store_db_run(state->stmts[STMT_STOPPED]) != SQLITE_OK)
            log_line(LOG_WARNING, MID_STORE, "%s: the clean stop could not be recorded", state->db.path);
    }
    close_file(store);
}
