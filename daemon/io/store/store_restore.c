/* store_restore.c - what state.db holds of earlier runs, for the core. See store_internal.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

#define RESTORED_MAX 65536
#define BYPASSED_MAX 1024 /* devices */
#define ROUNDS_MAX   4096 /* manual readings: the newest of each point is among the last so many */
#define RUN_EVENTS   512  /* about runs of freezers */
#define OTHERS       5    /* reviews, drills, baseline, notifications off, and CORE_STORE_OPEN */
#define OFF_EVENTS   256  /* of which that is made */

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

/* Only the boot that wrote it knows what it means. */
static int64_t boot_column(sqlite3_stmt *stmt, int column, bool same_boot)
{
    return same_boot && sqlite3_column_type(stmt, column) != SQLITE_NULL ? sqlite3_column_int64(stmt, column)
                                                                         : INT64_MAX;
}

static int read_holds(struct store_state *state, const char *asset, const char *alarm, bool same_boot,
                      struct alarm_kept *kept)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(state->db.db,
                                    "SELECT kind, held, until_utc_us, until_boot_us, one_shot, count,"
                                    " since_utc_us, who, note, work_order FROM hold"
                                    " WHERE asset = ?1 AND alarm = ?2",
                                    -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_text(stmt, 1, asset, -1, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_bind_text(stmt, 2, alarm, -1, SQLITE_STATIC);
    while (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        result = SQLITE_OK;
        int kind = sqlite3_column_int(stmt, 0);
        if (kind < 0 || kind >= HOLD_COUNT)
            continue; /* of a newer program: it holds nothing here */
        struct alarm_memory *memory = &kept->memory;
        memory->is_held[kind] = sqlite3_column_int(stmt, 1) != 0;
        memory->until_utc_us[kind] = sqlite3_column_int64(stmt, 2);
        memory->until_boot_us[kind] = boot_column(stmt, 3, same_boot);
        memory->n_holds[kind] = (uint32_t)sqlite3_column_int64(stmt, 5);
        if (kind == HOLD_SUPPRESSED)
            continue;
        memory->one_shot |= sqlite3_column_int(stmt, 4) != 0;
        struct hold_note *note = kind == HOLD_SHELVED ? &kept->shelf : &kept->service;
        note->since_utc_us = sqlite3_column_int64(stmt, 6);
        copy_column(note->by, sizeof note->by, stmt, 7);
        copy_column(note->note, sizeof note->note, stmt, 8);
        copy_column(note->order, sizeof note->order, stmt, 9);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* A state that we do not know is at least an alarm. */
static enum alarm_state state_of(int number)
{
    return number >= ALARM_NORMAL && number <= ALARM_OUT_OF_SERVICE ? (enum alarm_state)number
                                                                    : ALARM_UNACKNOWLEDGED;
}

#define ALARMS_WHERE                                                                                         \
    " WHERE a.state <> 0 OR EXISTS (SELECT 1 FROM hold h WHERE h.asset = a.asset AND h.alarm = a.alarm)"

/* Everything of one row but its holds; more is what the message points to. */
static void read_row(struct store_state *state, sqlite3_stmt *stmt, struct core_message *message,
                     struct restored_alarm *more, bool *ret_same_boot)
{
    struct alarm_memory *memory = &more->kept.memory;
    char boot_id[BOOT_ID_MAX];
    copy_column(message->restored.asset, ID_MAX, stmt, 0);
    copy_column(message->restored.alarm, ID_MAX, stmt, 1);
    int number = sqlite3_column_int(stmt, 2), base = sqlite3_column_int(stmt, 7);
    message->restored.state = state_of(number);
    message->restored.raised_utc_us = sqlite3_column_int64(stmt, 3);
    copy_column(message->restored.who, WHO_MAX, stmt, 4);
    message->restored.acked_utc_us = sqlite3_column_int64(stmt, 5);
    copy_column(more->body, sizeof more->body, stmt, 6);
    copy_column(boot_id, sizeof boot_id, stmt, 11);
    bool same_boot = strcmp(boot_id, state->boot_id) == 0;
    bool known = base >= ALARM_NORMAL && base <= ALARM_RETURNED_UNACKNOWLEDGED;
    *memory = engine_memory_of_state(known ? (enum alarm_state)base : message->restored.state);
    memory->latched = known && (sqlite3_column_int(stmt, 8) & STORE_LATCHED) != 0;
    memory->unseen = known && (sqlite3_column_int(stmt, 8) & STORE_UNSEEN) != 0;
    memory->acked_utc_us = message->restored.acked_utc_us;
    memory->acked_boot_us = boot_column(stmt, 9, same_boot);
    memory->has_acked_measure = sqlite3_column_type(stmt, 10) != SQLITE_NULL;
    memory->acked_measure = sqlite3_column_int64(stmt, 10);
    *ret_same_boot = same_boot;
}

static int read_alarms(struct store *store, struct core_message *messages, size_t cap, size_t *ret_n)
{
    struct store_state *state = &store->state;
    sqlite3_stmt *stmt = NULL;
    size_t n = 0;
    bool same_boot = false;
    int result = sqlite3_prepare_v2(
        state->db.db,
        "SELECT a.asset, a.alarm, a.state, a.raised_utc_us, a.who, a.acked_utc_us, e.body, a.base,"
        " a.latched, a.acked_boot_us, a.acked_measure, e.boot_id FROM alarm a"
        " LEFT JOIN event e ON e.seq = a.seq" ALARMS_WHERE " ORDER BY a.seq LIMIT ?1",
        -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(stmt, 1, (int64_t)cap);
    while (result == SQLITE_OK && n < cap && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct core_message *message = &messages[n];
        struct restored_alarm *more = calloc(1, sizeof *more);
        result = more != NULL ? SQLITE_OK : SQLITE_NOMEM;
        if (more == NULL)
            break;
        *message = (struct core_message){.kind = CORE_RESTORED};
        message->restored.more = more;
        read_row(state, stmt, message, more, &same_boot);
        result = read_holds(state, message->restored.asset, message->restored.alarm, same_boot, &more->kept);
        if (result != SQLITE_OK || changed_since(state, message->restored.asset, message->restored.alarm))
            free(more), message->restored.more = NULL;
        else
            n++;
    }
    sqlite3_finalize(stmt);
    *ret_n = n;
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int read_bypasses(struct store_db *db, struct core_message *messages, size_t cap, size_t *n)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db->db,
                                    "SELECT device, until_utc_us, count, since_utc_us, who, note, work_order"
                                    " FROM bypass ORDER BY until_utc_us DESC",
                                    -1, &stmt, NULL);
    for (size_t i = 0; i < cap && result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW; i++) {
        struct core_message *message = &messages[(*n)++];
        result = SQLITE_OK;
        *message = (struct core_message){.kind = CORE_BYPASSED};
        struct bypass *bypass = &message->bypassed.bypass;
        copy_column(message->bypassed.device, ID_MAX, stmt, 0);
        bypass->until_utc_us = sqlite3_column_int64(stmt, 1);
        bypass->count = (uint32_t)sqlite3_column_int64(stmt, 2);
        bypass->note.since_utc_us = sqlite3_column_int64(stmt, 3);
        copy_column(bypass->note.by, WHO_MAX, stmt, 4);
        copy_column(bypass->note.note, NOTE_MAX, stmt, 5);
        copy_column(bypass->note.order, ORDER_MAX, stmt, 6);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* What people have read last of each point: the chain is where it stands. */
static int read_rounds(struct store_db *db, struct core_message *messages, size_t cap, size_t *n)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(
        db->db,
        "SELECT asset, coalesce(json_extract(body, '$.point'), ''), coalesce(json_extract(body, '$.by'), ''),"
        " coalesce(max(json_extract(body, '$.measured')), ''), json_extract(body, '$.value')"
        " FROM (SELECT seq, asset, body FROM event"
        " WHERE kind = 'reading' AND json_valid(body) AND json_extract(body, '$.measured') GLOB '2*' ORDER "
        "BY seq DESC LIMIT ?1) GROUP BY 1, 2",
        -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(stmt, 1, (int64_t)cap);
    for (size_t i = 0; i < cap && result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW; i++) {
        struct core_message *message = &messages[*n];
        char measured[RFC3339_MAX];
        result = SQLITE_OK;
        *message = (struct core_message){.kind = CORE_ROUND};
        copy_column(message->round.asset, ID_MAX, stmt, 0);
        copy_column(message->round.point, ID_MAX, stmt, 1);
        copy_column(message->round.by, WHO_MAX, stmt, 2);
        copy_column(measured, sizeof measured, stmt, 3);
        const double value = sqlite3_column_double(stmt, 4) * (double)MICRO_PER_UNIT;
        message->round.has_value = sqlite3_column_type(stmt, 4) != SQLITE_NULL &&
                                   value > -(double)MICRO_MAX && value < (double)MICRO_MAX;
        if (message->round.has_value)
            message->round.value = (micro_t)(value < 0 ? value - 0.5 : value + 0.5);
        if (clock_parse_utc(measured, &message->round.measured_utc_us) == 0)
            (*n)++;
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* When the last drill began. */
static int read_drills(struct store_db *db, struct core_message *ret)
{
    static const char QUERY[] =
        "SELECT coalesce((SELECT utc_us FROM event WHERE kind = 'alarm' AND asset = 'system' AND alarm = "
        "'drill' AND json_extract(body, '$.transition') = 'raised' ORDER BY seq DESC LIMIT 1), 0),"
        " coalesce((SELECT utc_us FROM event ORDER BY seq LIMIT 1), 0)";
    sqlite3_stmt *stmt = NULL;
    *ret = (struct core_message){.kind = CORE_DRILLED};
    int result = sqlite3_prepare_v2(db->db, QUERY, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        ret->drilled.began_utc_us = sqlite3_column_int64(stmt, 0);
        ret->drilled.first_utc_us = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* The configuration whose limits are explained: the baseline; of a file of version 2, the last one. */
static int read_baseline(struct store_db *db, struct core_message *ret)
{
    sqlite3_stmt *stmt = NULL;
    *ret = (struct core_message){.kind = CORE_BASELINE};
    int result = sqlite3_prepare_v2(
        db->db,
        "WITH wanted(sha256) AS (SELECT coalesce((SELECT sha256 FROM baseline), (SELECT sha256 FROM"
        " configuration ORDER BY rowid DESC LIMIT 1))) SELECT w.sha256, c.source FROM wanted w"
        " LEFT JOIN configuration c ON c.sha256 = w.sha256",
        -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    const void *hash = result == SQLITE_ROW ? sqlite3_column_blob(stmt, 0) : NULL;
    if (hash != NULL && sqlite3_column_bytes(stmt, 0) == (int)sizeof ret->baseline.sha256) {
        ret->baseline.known = true;
        memcpy(ret->baseline.sha256, hash, sizeof ret->baseline.sha256);
        const unsigned char *source = sqlite3_column_text(stmt, 1);
        ret->baseline.source = source != NULL ? strdup((const char *)source) : NULL;
        ret->baseline.len = ret->baseline.source != NULL ? strlen(ret->baseline.source) : 0;
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Takes up that something was switched off, or on again. */
static void fold_off(struct notify_report *report, bool is_off, const struct notify_off *off)
{
    unsigned n = 0;
    for (unsigned i = 0; i < report->n_offs; i++)
        if (strcmp(report->offs[i].what, off->what) != 0 || report->offs[i].until_utc_us != off->until_utc_us)
            report->offs[n++] = report->offs[i];
    if (is_off && n < NOTIFY_OFFS_MAX)
        report->offs[n++] = *off;
    report->n_offs = n;
}

/* cryonotify's configurations that the chain knows: the last event of it, and of one that was refused. */
static int read_notify_configuration(struct store_db *db, struct notify_report *ret)
{
    static const char QUERY[] =
        "SELECT (SELECT CASE WHEN json_valid(body) THEN json_extract(body, '$.sha256') END FROM event"
        " WHERE kind = 'notify-configuration' ORDER BY seq DESC LIMIT 1),"
        " (SELECT CASE WHEN json_valid(body) AND json_type(body, '$.calling') = 'object' THEN 'known' END"
        " FROM event WHERE kind = 'notify-configuration' ORDER BY seq DESC LIMIT 1),"
        " (SELECT CASE WHEN json_valid(body) THEN json_extract(body, '$.refused') END FROM event"
        " WHERE kind = 'notify-refused' ORDER BY seq DESC LIMIT 1)";
    char refused[RFC3339_MAX] = "";
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db->db, QUERY, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        copy_column(ret->configuration, sizeof ret->configuration, stmt, 0);
        copy_column(ret->calling, sizeof ret->calling, stmt, 1);
        copy_column(refused, sizeof refused, stmt, 2);
        if (clock_parse_utc(refused, &ret->refusal.utc_us) < 0)
            ret->refusal.utc_us = 0;
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* What cryonotify has switched off, as far as the chain tells. */
static int read_offs(struct store_db *db, struct core_message *ret)
{
    static const char QUERY[] =
        "SELECT kind, coalesce(json_extract(body, '$.what'), ''), coalesce(json_extract(body, '$.by'), ''),"
        " coalesce(json_extract(body, '$.until'), ''), coalesce(json_extract(body, '$.why'), '') FROM"
        " (SELECT seq, kind, body FROM event WHERE kind IN ('notify-off', 'notify-on') AND json_valid(body)"
        " ORDER BY seq DESC LIMIT ?1) ORDER BY seq";
    sqlite3_stmt *stmt = NULL;
    struct notify_report *report = calloc(1, sizeof *report);
    *ret = (struct core_message){.kind = CORE_NOTIFY_OFFS};
    ret->notify.report = report;
    int result = report != NULL ? sqlite3_prepare_v2(db->db, QUERY, -1, &stmt, NULL) : SQLITE_NOMEM;
    if (result == SQLITE_OK)
        result = sqlite3_bind_int(stmt, 1, OFF_EVENTS);
    while (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct notify_off off = {0};
        char kind[EVENT_KIND_MAX], until[RFC3339_MAX];
        result = SQLITE_OK;
        copy_column(kind, sizeof kind, stmt, 0);
        copy_column(off.what, sizeof off.what, stmt, 1);
        copy_column(off.by, sizeof off.by, stmt, 2);
        copy_column(until, sizeof until, stmt, 3);
        copy_column(off.why, sizeof off.why, stmt, 4);
        if (clock_parse_utc(until, &off.until_utc_us) < 0)
            off.until_utc_us = 0;
        fold_off(report, strcmp(kind, "notify-off") == 0, &off);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE ? read_notify_configuration(db, report) : result;
}

/* A time of an event's body; 0: not said. */
static int64_t time_column(sqlite3_stmt *stmt, int column)
{
    char text[RFC3339_MAX];
    int64_t utc_us;
    copy_column(text, sizeof text, stmt, column);
    return clock_parse_utc(text, &utc_us) == 0 ? utc_us : 0;
}

static void read_run(sqlite3_stmt *stmt, struct run_row *row)
{
    row->utc_us = sqlite3_column_int64(stmt, 0);
    copy_column(row->asset, sizeof row->asset, stmt, 1);
    copy_column(row->transition, sizeof row->transition, stmt, 2);
    copy_column(row->run, sizeof row->run, stmt, 3);
    copy_column(row->program, sizeof row->program, stmt, 4);
    copy_column(row->how, sizeof row->how, stmt, 5);
    copy_column(row->verdict, sizeof row->verdict, stmt, 6);
    row->begin_utc_us = time_column(stmt, 7);
    row->end_utc_us = time_column(stmt, 8);
    copy_column(row->operator, sizeof row->operator, stmt, 9);
    copy_column(row->lots, sizeof row->lots, stmt, 10);
    copy_column(row->who, sizeof row->who, stmt, 11);
    row->gap_us = sqlite3_column_int64(stmt, 12);
    copy_column(row->program_hash, sizeof row->program_hash, stmt, 13);
}

/* What was said of the last runs of freezers, in order. */
static int read_runs(struct store_db *db, struct core_message *messages, size_t cap, size_t *n)
{
    static const char QUERY[] =
        "SELECT utc_us, asset, body ->> '$.transition', body ->> '$.freezer_run', body ->> '$.program',"
        " body ->> '$.how', body ->> '$.verdict', body ->> '$.begin', body ->> '$.end', body ->> "
        "'$.operator',"
        " (SELECT group_concat(value, char(10)) FROM json_each(body, '$.lots')), body ->> '$.by',"
        " body ->> '$.gap_us', body ->> '$.program_sha256'"
        " FROM (SELECT seq, utc_us, asset, body FROM event WHERE kind IN ('run', 'vessel') AND "
        "json_valid(body)"
        " ORDER BY seq DESC LIMIT ?1) ORDER BY seq";
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db->db, QUERY, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(stmt, 1, (int64_t)cap);
    for (size_t i = 0; i < cap && result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW; i++) {
        struct run_row *row = calloc(1, sizeof *row);
        result = row != NULL ? SQLITE_OK : SQLITE_NOMEM;
        if (row == NULL)
            break;
        read_run(stmt, row);
        messages[*n] = (struct core_message){.kind = CORE_RUN};
        messages[(*n)++].run = row;
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE ? SQLITE_OK : result;
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
    int result = read_number(&state->db, "SELECT count(*) FROM alarm a" ALARMS_WHERE, &n_alarms);
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
    size_t all = cap + BYPASSED_MAX + ROUNDS_MAX + RUN_EVENTS + OTHERS;
    struct core_message *messages = calloc(all, sizeof *messages);
    if (!messages)
        return SQLITE_NOMEM;
    result = read_alarms(store, messages, cap, &n);
    if (result == SQLITE_OK)
        result = read_bypasses(&state->db, messages, BYPASSED_MAX, &n);
    if (result == SQLITE_OK)
        result = read_rounds(&state->db, messages, ROUNDS_MAX, &n);
    if (result == SQLITE_OK)
        result = read_runs(&state->db, messages, RUN_EVENTS, &n);
    if (result == SQLITE_OK)
        result = read_reviewed(&state->db, &messages[n++]);
    if (result == SQLITE_OK)
        result = read_drills(&state->db, &messages[n++]);
    if (result == SQLITE_OK)
        result = read_baseline(&state->db, &messages[n++]);
    if (result == SQLITE_OK)
        result = read_offs(&state->db, &messages[n++]);
    if (result != SQLITE_OK) {
        store_report_free_restored(messages, 0, n);
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
