/* verify_holds.c - what keeps an alarm quiet is what its last event says: nobody has made a shelf longer in
 * state.db. See verify_internal.h. */
#include <jansson.h>
#include <string.h>

#include "clock.h"
#include "engine.h"
#include "verify_internal.h"

static const char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* What the event says of a hold: an object with until, by, note and order; NULL: it does not hold. */
static const json_t *told(const json_t *body, enum hold kind)
{
    const char *state = string_of(body, "state");
    const json_t *maintenance = json_object_get(body, "maintenance");
    if (kind == HOLD_OUT_OF_SERVICE && maintenance)
        return maintenance;
    return strcmp(state, alarm_state_name(kind == HOLD_SHELVED      ? ALARM_SHELVED
                                          : kind == HOLD_SUPPRESSED ? ALARM_SUPPRESSED
                                                                    : ALARM_OUT_OF_SERVICE)) == 0
               ? body
               : NULL;
}

/* A weaker hold below a stronger one is not told. */
static bool may_be_hidden(const json_t *body, enum hold kind)
{
    const char *state = string_of(body, "state");
    return (kind != HOLD_OUT_OF_SERVICE && strcmp(state, alarm_state_name(ALARM_OUT_OF_SERVICE)) == 0) ||
           (kind == HOLD_SHELVED && strcmp(state, alarm_state_name(ALARM_SUPPRESSED)) == 0);
}

static const char *compare(sqlite3_stmt *stmt, const json_t *body)
{
    const enum hold kind = (enum hold)sqlite3_column_int(stmt, 0);
    const bool held = sqlite3_column_int(stmt, 1) != 0;
    const json_t *hold = told(body, kind);
    int64_t until_us = 0;
    if (!hold)
        return held && !may_be_hidden(body, kind) ? "hold: no event tells of it" : NULL;
    if (!held)
        return "hold: it is not there any more";
    if (clock_parse_utc(string_of(hold, "until"), &until_us) < 0 ||
        until_us / MS_US != sqlite3_column_int64(stmt, 2) / MS_US)
        return "hold: until";
    if (kind == HOLD_SUPPRESSED)
        return NULL;
    static const char *const texts[] = {"by", "note", "order"};
    for (int i = 0; i < 3; i++) {
        const unsigned char *column = sqlite3_column_text(stmt, 3 + i);
        const bool apart =
            i == 0 && json_object_get(hold, "held_by"); /* "by" is then who did the last thing */
        if (strcmp(column ? (const char *)column : "", string_of(hold, apart ? "held_by" : texts[i])) != 0)
            return texts[i];
    }
    return NULL;
}

const char *verify_holds(struct verify *verify, const char *asset, const char *alarm, const json_t *body)
{
    sqlite3_stmt *stmt = NULL;
    const char *detail = NULL;
    bool found[HOLD_COUNT] = {false};
    if (verify->result->state_version < 3)
        return NULL;
    if (sqlite3_prepare_v2(verify->state,
                           "SELECT kind, held, until_utc_us, who, note, work_order FROM hold"
                           " WHERE asset = ?1 AND alarm = ?2 AND kind BETWEEN 0 AND 2",
                           -1, &stmt, NULL) != SQLITE_OK)
        return "hold: can't be read";
    sqlite3_bind_text(stmt, 1, asset, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, alarm, -1, SQLITE_STATIC);
    while (!detail && sqlite3_step(stmt) == SQLITE_ROW) {
        found[sqlite3_column_int(stmt, 0)] = true;
        detail = compare(stmt, body);
    }
    sqlite3_finalize(stmt);
    for (unsigned i = 0; i < HOLD_COUNT && !detail; i++)
        if (!found[i] && told(body, (enum hold)i))
            detail = "hold: its row is missing";
    return detail;
}
