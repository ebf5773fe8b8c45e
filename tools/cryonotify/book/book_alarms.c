/* book_alarms.c - alarms and attempts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book_internal.h"

/* Two hexadecimal digits a person, up to the last who was called. */
#define CALLS_TEXT (2 * CALL_PEOPLE + 1)

static void print_calls(const uint8_t calls[CALL_PEOPLE], char text[CALLS_TEXT])
{
    unsigned n = CALL_PEOPLE;
    while (n > 0 && calls[n - 1] == 0)
        n--;
    text[0] = '\0';
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", calls[i]);
}

static void read_calls(const char *text, uint8_t calls[CALL_PEOPLE])
{
    for (unsigned i = 0; i < CALL_PEOPLE && text[0] != '\0' && text[1] != '\0'; i++, text += 2) {
        char pair[3] = {text[0], text[1], '\0'};
        calls[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

int book_alarm_put(struct book *book, const struct call_saved *s, const char *body, int64_t seq,
                   const char *run)
{
    static const char sql[] = "INSERT OR REPLACE INTO alarm(key, occurrence, grp, priority, state, active, "
                              "life_safety, drill, local,"
                              " acked_by, phase, level, rounds, folded, summarised, pending, told, "
                              "repeat_utc_us, level_utc_us, run, seq, body, calls)"
                              " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    char calls[CALLS_TEXT];
    print_calls(s->calls, calls);
    return book_run(book, sql, "tttiiiiiiiiiiiiiiiititt", s->fact.key, s->fact.occurrence, s->fact.group,
                    (int64_t)s->fact.priority, (int64_t)s->fact.state, (int64_t)s->fact.active,
                    (int64_t)s->fact.life_safety, (int64_t)s->fact.drill, (int64_t)s->fact.local,
                    (int64_t)s->fact.by, (int64_t)s->phase, (int64_t)s->level, (int64_t)s->rounds,
                    (int64_t)s->folded, (int64_t)s->summarised, (int64_t)s->pending, (int64_t)s->told,
                    s->repeat_utc_us, s->level_utc_us, run, seq, body, calls);
}

int book_alarm_remove(struct book *book, const char *key)
{
    return book_run(book, "DELETE FROM alarm WHERE key = ?", "t", key);
}

static void read_alarm(sqlite3_stmt *stmt, struct book_alarm *ret)
{
    struct call_saved *s = &ret->saved;
    *ret = (struct book_alarm){
        .run = book_text(stmt, 19), .seq = sqlite3_column_int64(stmt, 20), .body = book_text(stmt, 21)};
    read_calls(book_text(stmt, 22), s->calls);
    snprintf(s->fact.key, sizeof s->fact.key, "%s", book_text(stmt, 0));
    snprintf(s->fact.occurrence, sizeof s->fact.occurrence, "%s", book_text(stmt, 1));
    snprintf(s->fact.group, sizeof s->fact.group, "%s", book_text(stmt, 2));
    s->fact.priority = (enum call_priority)(sqlite3_column_int(stmt, 3) & 3);
    s->fact.state = (enum call_state)(sqlite3_column_int(stmt, 4) % 7);
    s->fact.active = sqlite3_column_int(stmt, 5) != 0;
    s->fact.life_safety = sqlite3_column_int(stmt, 6) != 0;
    s->fact.drill = sqlite3_column_int(stmt, 7) != 0;
    s->fact.local = sqlite3_column_int(stmt, 8) != 0;
    s->fact.by = (uint16_t)sqlite3_column_int(stmt, 9);
    s->phase = (uint8_t)sqlite3_column_int(stmt, 10);
    s->level = (uint8_t)sqlite3_column_int(stmt, 11);
    s->rounds = (uint16_t)sqlite3_column_int(stmt, 12);
    s->folded = sqlite3_column_int(stmt, 13) != 0;
    s->summarised = sqlite3_column_int(stmt, 14) != 0;
    s->pending = sqlite3_column_int(stmt, 15) != 0;
    s->told = (uint64_t)sqlite3_column_int64(stmt, 16);
    s->repeat_utc_us = sqlite3_column_int64(stmt, 17);
    s->level_utc_us = sqlite3_column_int64(stmt, 18);
}

int book_alarm_load(struct book *book, void (*take)(void *context, const struct book_alarm *alarm),
                    void *context)
{
    sqlite3_stmt *stmt = NULL;
    int rc, n = 0;
    int result = book_prepare(book, &stmt, "SELECT * FROM alarm ORDER BY priority DESC, key", "");
    if (result < 0)
        return result;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct book_alarm alarm;
        read_alarm(stmt, &alarm);
        take(context, &alarm);
        n++;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? n : book_errno(rc);
}

int book_attempt_put(struct book *book, const struct book_attempt *a)
{
    return book_run(
        book,
        "INSERT OR REPLACE INTO attempt(id, utc_us, ended_utc_us, occurrence, person, channel, purpose,"
        " level, round, outcome, error, detail, published) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
        "iiittttiittti", a->id, a->utc_us, a->ended_utc_us, a->occurrence, a->person, a->channel, a->purpose,
        (int64_t)a->level, (int64_t)a->round, a->outcome, a->error, a->detail, (int64_t)a->published);
}

int book_attempt_published(struct book *book, int64_t id)
{
    return book_run(book, "UPDATE attempt SET published = 1 WHERE id = ?", "i", id);
}

int book_attempt_load(struct book *book, bool unpublished, unsigned limit,
                      void (*take)(void *context, const struct book_attempt *attempt), void *context)
{
    static const char columns[] =
        "SELECT id, utc_us, ended_utc_us, occurrence, person, channel, purpose, level,"
        " round, outcome, error, detail, published FROM attempt ";
    char sql[320];
    sqlite3_stmt *stmt = NULL;
    int rc, n = 0;
    snprintf(sql, sizeof sql, "%s%s", columns,
             unpublished ? "WHERE published = 0 AND outcome IS NOT NULL ORDER BY id LIMIT ?"
                         : "ORDER BY id DESC LIMIT ?");
    int result = book_prepare(book, &stmt, sql, "i", (int64_t)limit);
    if (result < 0)
        return result;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct book_attempt a = {.id = sqlite3_column_int64(stmt, 0),
                                 .utc_us = sqlite3_column_int64(stmt, 1),
                                 .ended_utc_us = sqlite3_column_int64(stmt, 2),
                                 .occurrence = book_text(stmt, 3),
                                 .person = book_text(stmt, 4),
                                 .channel = book_text(stmt, 5),
                                 .purpose = book_text(stmt, 6),
                                 .level = sqlite3_column_int(stmt, 7),
                                 .round = sqlite3_column_int(stmt, 8),
                                 .outcome = (const char *)sqlite3_column_text(stmt, 9),
                                 .error = book_text(stmt, 10),
                                 .detail = book_text(stmt, 11),
                                 .published = sqlite3_column_int(stmt, 12) != 0};
        take(context, &a);
        n++;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? n : book_errno(rc);
}

int book_attempt_settle(struct book *book, int64_t utc_us, int64_t *ret_last_id)
{
    sqlite3_stmt *stmt = NULL;
    int result =
        book_run(book,
                 "UPDATE attempt SET outcome = 'unknown', ended_utc_us = ?, error = 'cryonotify ended while"
                 " this was under way; it was called again' WHERE outcome IS NULL",
                 "i", utc_us);
    if (result == 0)
        result = book_prepare(book, &stmt, "SELECT ifnull(max(id), 0) FROM attempt", "");
    if (result < 0)
        return result;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret_last_id = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return book_errno(rc);
}
