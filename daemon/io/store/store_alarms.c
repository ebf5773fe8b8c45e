/* store_alarms.c - alarms, what holds them, and bypassed devices as rows of state.db. See store_internal.h.
 */
#include "store_internal.h"

static int bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
    return sqlite3_bind_text(stmt, i, text, -1, SQLITE_STATIC);
}

/* A time by BOOTTIME, or NULL: not known. */
static void bind_boot(sqlite3_stmt *stmt, int i, int64_t boot_us)
{
    if (boot_us == INT64_MAX || boot_us == INT64_MIN)
        sqlite3_bind_null(stmt, i);
    else
        sqlite3_bind_int64(stmt, i, boot_us);
}

static int put_hold(sqlite3_stmt *stmt, const struct event_record *event, enum hold kind)
{
    static const struct hold_note nobody = {0};
    const struct alarm_memory *memory = &event->kept.memory;
    const struct hold_note *note = kind == HOLD_SHELVED          ? &event->kept.shelf
                                   : kind == HOLD_OUT_OF_SERVICE ? &event->kept.service
                                                                 : &nobody;
    if (memory->n_holds[kind] == 0 && !memory->is_held[kind] && memory->until_utc_us[kind] == 0)
        return SQLITE_OK;
    bind_text(stmt, 1, event->asset);
    bind_text(stmt, 2, event->alarm);
    sqlite3_bind_int(stmt, 3, (int)kind);
    sqlite3_bind_int(stmt, 4, memory->is_held[kind]);
    sqlite3_bind_int64(stmt, 5, memory->until_utc_us[kind]);
    bind_boot(stmt, 6, memory->until_boot_us[kind]);
    sqlite3_bind_int(stmt, 7, kind == HOLD_SHELVED && memory->one_shot);
    sqlite3_bind_int64(stmt, 8, memory->n_holds[kind]);
    sqlite3_bind_int64(stmt, 9, note->since_utc_us);
    bind_text(stmt, 10, note->by);
    bind_text(stmt, 11, note->note);
    bind_text(stmt, 12, note->order);
    return store_db_run(stmt);
}

int store_alarms_put_bypass(sqlite3_stmt *stmt, const struct event_record *event)
{
    const struct bypass *bypass = &event->bypass;
    bind_text(stmt, 1, event->device);
    sqlite3_bind_int64(stmt, 2, bypass->until_utc_us);
    sqlite3_bind_int64(stmt, 3, bypass->count);
    sqlite3_bind_int64(stmt, 4, bypass->note.since_utc_us);
    bind_text(stmt, 5, bypass->note.by);
    bind_text(stmt, 6, bypass->note.note);
    bind_text(stmt, 7, bypass->note.order);
    sqlite3_bind_int64(stmt, 8, (int64_t)event->seq);
    return store_db_run(stmt);
}

int store_alarms_put(sqlite3_stmt *stmt, sqlite3_stmt *hold, const struct event_record *event)
{
    const struct alarm_memory *memory = &event->kept.memory;
    bind_text(stmt, 1, event->asset);
    bind_text(stmt, 2, event->alarm);
    sqlite3_bind_int(stmt, 3, (int)event->state);
    sqlite3_bind_int64(stmt, 4, event->raised_utc_us);
    bind_text(stmt, 5, event->who);
    sqlite3_bind_int64(stmt, 6, event->acked_utc_us);
    sqlite3_bind_int64(stmt, 7, (int64_t)event->seq);
    sqlite3_bind_int(stmt, 8, (int)memory->base);
    sqlite3_bind_int(stmt, 9, (memory->latched ? STORE_LATCHED : 0) | (memory->unseen ? STORE_UNSEEN : 0));
    bind_boot(stmt, 10, memory->acked_boot_us);
    if (memory->has_acked_measure)
        sqlite3_bind_int64(stmt, 11, memory->acked_measure);
    else
        sqlite3_bind_null(stmt, 11);
    int result = store_db_run(stmt);
    for (unsigned i = 0; i < HOLD_COUNT && result == SQLITE_OK; i++)
        result = put_hold(hold, event, (enum hold)i);
    return result;
}
