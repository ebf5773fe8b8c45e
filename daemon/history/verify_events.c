/* verify_events.c - walks the chain of events, and notes what they say of other tables. */
#include "verify_internal.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

struct walk {
    unsigned char head[CHAIN_HASH_SIZE]; /* stored hash of the event before */
    char boot_id[64];                    /* of the event before */
    sqlite3_stmt *alarm;                 /* notes the last event of an alarm */
};

static int run_note(sqlite3 *db, const char *sql, const char *a, const char *b, int64_t seq, int64_t utc_us)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, a, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(stmt, 2, b, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(stmt, 3, seq);
        sqlite3_bind_int64(stmt, 4, utc_us);
        result = sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    return result;
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* since: the row's own time, where the event tells it. */
static void note_key(struct verify *verify, const json_t *body)
{
    const json_t *since = json_object_get(body, "utc_us");
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(verify->notes, "INSERT OR IGNORE INTO key VALUES(?1, ?2)", -1, &stmt, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, string_of(body, "public_key"), -1, SQLITE_TRANSIENT);
        if (json_is_integer(since))
            sqlite3_bind_int64(stmt, 2, json_integer_value(since));
        (void)sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
}

/* A configuration by its hash: the first event that names it counts. A key by its text: it is told of until
 * it has its row. */
static void note_body(struct verify *verify, const struct chain_event *event, const json_t *body)
{
    static const char configuration[] = "INSERT OR IGNORE INTO configuration VALUES(?1, ?3, ?4 + 0 * ?2)";
    const char *kind = event->kind;
    int64_t seq = (int64_t)event->seq;
    const char *hash = strcmp(kind, "start") == 0           ? string_of(body, "configuration")
                       : strcmp(kind, "configuration") == 0 ? string_of(body, "sha256")
                                                            : "";
    if (hash[0] != '\0')
        (void)run_note(verify->notes, configuration, hash, "0", seq, event->utc_us);
    if (strcmp(kind, "key") == 0)
        note_key(verify, body);
    const json_t *id = json_object_get(body, "calibration");
    if (strcmp(kind, "calibration") == 0 && json_is_integer(id)) {
        sqlite3_stmt *stmt = NULL;
        if (sqlite3_prepare_v2(verify->notes, "INSERT OR IGNORE INTO calibration VALUES(?1, ?2, ?3, ?4, 0)",
                               -1, &stmt, NULL) == SQLITE_OK) {
            sqlite3_bind_int64(stmt, 1, json_integer_value(id));
            sqlite3_bind_int64(stmt, 2, seq);
            sqlite3_bind_int64(stmt, 3, event->utc_us);
            sqlite3_bind_text(stmt, 4, event->body, -1, SQLITE_TRANSIENT);
            (void)sqlite3_step(stmt);
        }
        sqlite3_finalize(stmt);
    }
}

static void note_alarm(struct walk *walk, const struct chain_event *event)
{
    sqlite3_bind_text(walk->alarm, 1, event->asset, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(walk->alarm, 2, event->alarm, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(walk->alarm, 3, (int64_t)event->seq);
    (void)sqlite3_step(walk->alarm);
    sqlite3_reset(walk->alarm);
}

static void note(struct verify *verify, struct walk *walk, const struct chain_event *event)
{
    static const char *const kinds[] = {"start", "configuration", "calibration", "key"};
    if (strcmp(event->kind, "alarm") == 0)
        note_alarm(walk, event);
    if (strncmp(walk->boot_id, event->boot_id, sizeof walk->boot_id - 1) != 0) {
        (void)run_note(verify->notes, "INSERT OR IGNORE INTO boot SELECT ?1 WHERE ?2 = ?2", event->boot_id,
                       "", 0, 0);
        strncpy(walk->boot_id, event->boot_id, sizeof walk->boot_id - 1);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(event->kind, kinds[i]) != 0)
            continue;
        json_t *body = json_loads(event->body, 0, NULL);
        if (body)
            note_body(verify, event, body);
        json_decref(body);
    }
}

static void check_event(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct walk *walk = context;
    struct verify_result *result = verify->result;
    struct verify_row row = {stmt, true};
    unsigned char previous[CHAIN_HASH_SIZE], stored[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
    struct chain_event event = {
        .seq = (uint64_t)verify_integer(&row, 0),
        .utc_us = verify_integer(&row, 1),
        .boot_us = verify_integer(&row, 2),
        .boot_id = verify_text(&row, 3),
        .kind = verify_text(&row, 4),
        .asset = verify_text(&row, 5),
        .alarm = verify_text(&row, 6),
        .body = verify_text(&row, 7),
    };
    verify_bytes(&row, 8, previous, sizeof previous);
    verify_bytes(&row, 9, stored, sizeof stored);
    chain_event_hash(previous, &event, hash);
    struct verify_finding finding = {.file = "state.db",
                                     .table = "event",
                                     .number = (int64_t)event.seq,
                                     .previous = result->last_event,
                                     .utc_us = event.utc_us,
                                     .asset = event.asset,
                                     .detail = event.kind};
    if (!row.sound || memcmp(hash, stored, sizeof hash) != 0) {
        finding.kind = VERIFY_EVENT_ALTERED;
        verify_tell(verify, finding);
    }
    if (memcmp(previous, walk->head, sizeof previous) != 0) {
        finding.kind = VERIFY_EVENT_BROKEN;
        verify_tell(verify, finding);
    } else if (result->events > 0 && finding.number != result->last_event + 1) {
        finding.kind = VERIFY_EVENT_HOLE;
        result->holes++;
        verify_tell(verify, finding);
    }
    note(verify, walk, &event);
    memcpy(walk->head, stored, sizeof stored);
    result->last_event = finding.number;
    result->last_event_utc_us = event.utc_us;
    if (result->events++ == 0)
        result->first_event = finding.number;
    if (result->events % 4096 == 0)
        (void)verify_progress(verify, 0, event.utc_us);
}

int verify_events(struct verify *verify)
{
    struct walk walk = {0};
    if (!verify->state)
        return 0;
    if (sqlite3_prepare_v2(verify->notes, "INSERT OR REPLACE INTO alarm VALUES(?1, ?2, ?3)", -1, &walk.alarm,
                           NULL) != SQLITE_OK)
        return -ENOMEM;
    int error = verify_each(verify, verify->state, "state.db", "event",
                            "SELECT seq, utc_us, boot_us, boot_id, kind, asset, alarm, body, previous, hash"
                            " FROM event NOT INDEXED WHERE seq > ?1 ORDER BY seq",
                            check_event, &walk);
    sqlite3_finalize(walk.alarm);
    memcpy(verify->result->event_hash, walk.head, sizeof walk.head);
    return error;
}
