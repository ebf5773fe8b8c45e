/* store_restore.c - what state.db holds of earlier runs, for the core. See store_internal.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

#define RESTORED_MAX 65536

/* An alarm that changed while state.db could not be opened: what waits is newer than what is stored. */
static bool changed_since(struct store_state *state, const char *asset, const char *alarm)
{
    for (size_t i = 0; i < state->n; i++) {
        const struct event_record *event = store_state_waiting(state, i);
        if (event->has_alarm && strcmp(event->asset, asset) == 0 && strcmp(event->alarm, alarm) == 0)
            return true;
    }
    return false;
}

static void copy_column(char *text, size_t cap, sqlite3_stmt *stmt, int column)
{
    const unsigned char *value = sqlite3_column_text(stmt, column);
    snprintf(text, cap, "%s", value ? (const char *)value : "");
}

static int read_alarms(struct store *store, struct core_message *messages, size_t cap, size_t *ret_n)
{
    sqlite3_stmt *stmt = NULL;
    size_t n = 0;
    int result =
        sqlite3_prepare_v2(store->state.db.db,
                           "SELECT a.asset, a.alarm, a.state, a.raised_utc_us, a.who, a.acked_utc_us, e.body"
                           " FROM alarm a LEFT JOIN event e ON e.seq = a.seq"
                           " WHERE a.state <> 0 ORDER BY a.seq LIMIT ?1",
                           -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(stmt, 1, (int64_t)cap);
    while (result == SQLITE_OK && n < cap && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        result = SQLITE_OK;
        struct core_message *message = &messages[n];
        *message = (struct core_message){.kind = CORE_RESTORED};
        copy_column(message->restored.asset, ID_MAX, stmt, 0);
        copy_column(message->restored.alarm, ID_MAX, stmt, 1);
        int number = sqlite3_column_int(stmt, 2);
        /* A state that we do not know is at least an alarm. */
        message->restored.state = number > ALARM_NORMAL && number <= ALARM_RETURNED_UNACKNOWLEDGED
                                      ? (enum alarm_state)number
                                      : ALARM_UNACKNOWLEDGED;
        message->restored.raised_utc_us = sqlite3_column_int64(stmt, 3);
        copy_column(message->restored.who, WHO_MAX, stmt, 4);
        message->restored.acked_utc_us = sqlite3_column_int64(stmt, 5);
        const unsigned char *body = sqlite3_column_text(stmt, 6);
        message->restored.body = body ? strdup((const char *)body) : NULL;
        if (changed_since(&store->state, message->restored.asset, message->restored.alarm))
            free(message->restored.body), message->restored.body = NULL;
        else
            n++;
    }
    sqlite3_finalize(stmt);
    if (result != SQLITE_OK && result != SQLITE_DONE)
        return result;
    *ret_n = n;
    return SQLITE_OK;
}

static int read_number(struct store_db *db, const char *query, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db->db, query, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    if (result == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* Until when the record was reviewed: the last review says it; else nothing was, from the first event on. */
static int read_reviewed(struct store_db *db, struct core_message *ret)
{
    static const char QUERY[] = "SELECT coalesce((SELECT CASE WHEN json_valid(body)"
                                " THEN json_extract(body, '$.reviewed_until') END FROM event"
                                " WHERE kind = 'review' ORDER BY seq DESC LIMIT 1), ''),"
                                " coalesce((SELECT utc_us FROM event ORDER BY seq LIMIT 1), 0)";
    sqlite3_stmt *stmt = NULL;
    char text[64];
    *ret = (struct core_message){.kind = CORE_REVIEWED};
    int result = sqlite3_prepare_v2(db->db, QUERY, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        copy_column(text, sizeof text, stmt, 0);
        if (clock_parse_utc(text, &ret->reviewed.until_utc_us) < 0)
            ret->reviewed.until_utc_us = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* Was a file put in the place of ours: none of our run is in it, or less than we have written? */
static int is_another(struct store_state *state, bool *ret)
{
    char query[128];
    int64_t ours = 1;
    snprintf(query, sizeof query,
             "SELECT count(*) FROM run WHERE id = %" PRId64 " AND started_utc_us = %" PRId64, state->run_id,
             state->started_utc_us);
    int result = store_state_read_last(state);
    if (result == SQLITE_OK && state->run_written)
        result = read_number(&state->db, query, &ours);
    *ret = ours == 0 || state->last_seq < state->known_seq;
    return result;
}

/* Reads what the file holds of earlier runs, for the core: alarms, reviews, then CORE_STORE_OPEN. */
static int restore(struct store *store)
{
    struct store_state *state = &store->state;
    int64_t n_alarms = 0, unclean = 0, last_run = 0;
    size_t n = 0;
    int result = read_number(&state->db, "SELECT count(*) FROM alarm WHERE state <> 0", &n_alarms);
    if (result == SQLITE_OK)
        result = read_number(&state->db, "SELECT coalesce(max(id), 0) FROM run", &last_run);
    if (result == SQLITE_OK)
        result = read_number(
            &state->db,
            "SELECT count(*) FROM run WHERE id = (SELECT max(id) FROM run) AND stopped_utc_us IS NULL",
            &unclean);
    if (result == SQLITE_OK)
        result = store_state_read_last(state);
    if (result != SQLITE_OK)
        return result;
    store_head_read(store);
    size_t cap = n_alarms > RESTORED_MAX ? RESTORED_MAX : (size_t)n_alarms;
    struct core_message *messages = calloc(cap + 2, sizeof *messages);
    if (!messages)
        return SQLITE_NOMEM;
    result = read_alarms(store, messages, cap, &n);
    if (result == SQLITE_OK)
        result = read_reviewed(&state->db, &messages[n++]);
    if (result != SQLITE_OK) {
        store_report_free_restored(messages, 0, cap);
        return result;
    }
    messages[n] = (struct core_message){.kind = CORE_STORE_OPEN};
    messages[n].store_open.ok = true;
    state->was_lost = !state->opened_once && last_run == 0 && state->last_seq == 0 &&
                      store_files_have_history(&store->files);
    messages[n].store_open.last_seq = state->was_lost ? (uint64_t)clock_now().utc_us : state->last_seq;
    messages[n].store_open.clean = unclean == 0;
    messages[n].store_open.again = state->opened_once;
    store_report_free(&store->report); /* the core was too busy for what the other file held */
    store->report.restored = messages;
    store->report.n_restored = n + 1;
    store->report.next_restored = 0;
    state->run_id = last_run + 1;
    store_state_know_last(state);
    return SQLITE_OK;
}

int store_restore(struct store *store)
{
    struct store_state *state = &store->state;
    bool another = false;
    int result = state->opened_once ? is_another(state, &another) : SQLITE_OK;
    if (result != SQLITE_OK || (state->opened_once && !another))
        return result;
    if (another) {
        state->run_written = false;
        store_state_add_config(store, store->config);
    }
    return restore(store);
}
