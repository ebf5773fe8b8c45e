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

static void read_alarm(const struct book_cell *row, struct book_alarm *ret)
{
    struct call_saved *s = &ret->saved;
    *ret = (struct book_alarm){.run = book_text(row, 19), .seq = row[20].number, .body = book_text(row, 21)};
    read_calls(book_text(row, 22), s->calls);
    snprintf(s->fact.key, sizeof s->fact.key, "%s", book_text(row, 0));
    snprintf(s->fact.occurrence, sizeof s->fact.occurrence, "%s", book_text(row, 1));
    snprintf(s->fact.group, sizeof s->fact.group, "%s", book_text(row, 2));
    s->fact.priority = (enum call_priority)(row[3].number & 3);
    s->fact.state = (enum call_state)(row[4].number % 7);
    s->fact.active = row[5].number != 0;
    s->fact.life_safety = row[6].number != 0;
    s->fact.drill = row[7].number != 0;
    s->fact.local = row[8].number != 0;
    s->fact.by = (uint16_t)row[9].number;
    s->phase = (uint8_t)row[10].number;
    s->level = (uint8_t)row[11].number;
    s->rounds = (uint16_t)row[12].number;
    s->folded = row[13].number != 0;
    s->summarised = row[14].number != 0;
    s->pending = row[15].number != 0;
    s->told = (uint64_t)row[16].number;
    s->repeat_utc_us = row[17].number;
    s->level_utc_us = row[18].number;
}

int book_alarm_load(struct book *book, void (*take)(void *context, const struct book_alarm *alarm),
                    void *context)
{
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(book, &rows, "SELECT * FROM alarm ORDER BY priority DESC, key", "");
    if (result < 0)
        return result;
    size_t n = book_rows_count(&rows);
    for (size_t i = 0; i < n; i++) {
        struct book_alarm alarm;
        read_alarm(book_row(&rows, i), &alarm);
        take(context, &alarm);
    }
    book_rows_free(&rows);
    return (int)n;
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
        " round, outcome, error, detail, published FROM attempt ORDER BY id DESC LIMIT ?";
    static const char open[] = "SELECT id, utc_us, ended_utc_us, occurrence, person, channel, purpose, level,"
                               " round, outcome, error, detail, published FROM attempt"
                               " WHERE published = 0 AND outcome IS NOT NULL ORDER BY id LIMIT ?";
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(book, &rows, unpublished ? open : columns, "i", (int64_t)limit);
    if (result < 0)
        return result;
    size_t n = book_rows_count(&rows);
    for (size_t i = 0; i < n; i++) {
        const struct book_cell *row = book_row(&rows, i);
        struct book_attempt a = {.id = row[0].number,
                                 .utc_us = row[1].number,
                                 .ended_utc_us = row[2].number,
                                 .occurrence = book_text(row, 3),
                                 .person = book_text(row, 4),
                                 .channel = book_text(row, 5),
                                 .purpose = book_text(row, 6),
                                 .level = (int)row[7].number,
                                 .round = (int)row[8].number,
                                 .outcome = row[9].text,
                                 .error = book_text(row, 10),
                                 .detail = book_text(row, 11),
                                 .published = row[12].number != 0};
        take(context, &a);
    }
    book_rows_free(&rows);
    return (int)n;
}

int book_attempt_settle(struct book *book, int64_t utc_us, int64_t *ret_last_id)
{
    struct book_rows rows = {.n_columns = 0};
    int result =
        book_run(book,
                 "UPDATE attempt SET outcome = 'unknown', ended_utc_us = ?, error = 'cryonotify ended while"
                 " this was under way; it was called again' WHERE outcome IS NULL",
                 "i", utc_us);
    if (result == 0)
        result = book_query(book, &rows, "SELECT ifnull(max(id), 0) FROM attempt", "");
    if (result < 0)
        return result;
    if (book_rows_count(&rows) > 0)
        *ret_last_id = book_row(&rows, 0)[0].number;
    book_rows_free(&rows);
    return 0;
}
