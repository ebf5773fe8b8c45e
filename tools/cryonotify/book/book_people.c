/* book_people.c - what was switched off, acknowledgements on their way, links that were used. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "book_internal.h"

static int count(struct book *book, const char *sql, const char *what, unsigned *ret)
{
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(book, &rows, sql, "t", what);
    if (result < 0)
        return result;
    *ret = (unsigned)(book_rows_count(&rows) > 0 ? book_row(&rows, 0)[0].number : 0);
    book_rows_free(&rows);
    return 0;
}

int book_off_put(struct book *book, const struct book_off *off, unsigned *ret_count)
{
    unsigned before = 0;
    int result = count(book, "SELECT count(*) FROM off WHERE what = ?", off->what, &before);
    if (result == 0)
        result = book_off_end(book, off->what, off->by, off->from_utc_us);
    if (result == 0)
        result =
            book_run(book, "INSERT INTO off(what, by, why, from_utc_us, until_utc_us) VALUES(?, ?, ?, ?, ?)",
                     "tttii", off->what, off->by, off->why, off->from_utc_us, off->until_utc_us);
    if (result == 0)
        *ret_count = before + 1;
    return result;
}

int book_off_end(struct book *book, const char *what, const char *by, int64_t utc_us)
{
    return book_run(book,
                    "UPDATE off SET ended_utc_us = ?, ended_by = ? WHERE what = ? AND ended_utc_us IS NULL",
                    "itt", utc_us, by, what);
}

int book_off_load(struct book *book, void (*take)(void *context, const struct book_off *off), void *context)
{
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(book, &rows,
                            "SELECT what, by, why, from_utc_us, until_utc_us,"
                            " (SELECT count(*) FROM off AS o WHERE o.what = off.what) FROM off"
                            " WHERE ended_utc_us IS NULL ORDER BY id",
                            "");
    if (result < 0)
        return result;
    size_t n = book_rows_count(&rows);
    for (size_t i = 0; i < n; i++) {
        const struct book_cell *row = book_row(&rows, i);
        struct book_off off = {
            .from_utc_us = row[3].number, .until_utc_us = row[4].number, .count = (unsigned)row[5].number};
        snprintf(off.what, sizeof off.what, "%s", book_text(row, 0));
        snprintf(off.by, sizeof off.by, "%s", book_text(row, 1));
        snprintf(off.why, sizeof off.why, "%s", book_text(row, 2));
        take(context, &off);
    }
    book_rows_free(&rows);
    return (int)n;
}

int64_t book_ack_number(struct book *book)
{
    pthread_mutex_lock(&book->lock);
    int64_t id = ++book->last_ack;
    pthread_mutex_unlock(&book->lock);
    return id;
}

int book_ack_put(struct book *book, const struct book_ack *ack)
{
    return book_run(book,
                    "INSERT OR REPLACE INTO ack(id, utc_us, occurrence, person, note, token, peer)"
                    " VALUES(?, ?, ?, ?, ?, ?, ?)",
                    "iittttt", ack->id, ack->utc_us, ack->occurrence, ack->person, ack->note, ack->token,
                    ack->peer);
}

int book_ack_remove(struct book *book, int64_t id)
{
    return book_run(book, "DELETE FROM ack WHERE id = ?", "i", id);
}

int book_ack_load(struct book *book, void (*take)(void *context, const struct book_ack *ack), void *context)
{
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(
        book, &rows, "SELECT id, utc_us, occurrence, person, note, token, peer FROM ack ORDER BY id", "");
    if (result < 0)
        return result;
    size_t n = book_rows_count(&rows);
    for (size_t i = 0; i < n; i++) {
        const struct book_cell *row = book_row(&rows, i);
        struct book_ack ack = {.id = row[0].number, .utc_us = row[1].number};
        snprintf(ack.occurrence, sizeof ack.occurrence, "%s", book_text(row, 2));
        snprintf(ack.person, sizeof ack.person, "%s", book_text(row, 3));
        snprintf(ack.note, sizeof ack.note, "%s", book_text(row, 4));
        snprintf(ack.token, sizeof ack.token, "%s", book_text(row, 5));
        snprintf(ack.peer, sizeof ack.peer, "%s", book_text(row, 6));
        take(context, &ack);
    }
    book_rows_free(&rows);
    return (int)n;
}

int book_link_used(struct book *book, const char *token_id, int64_t *ret_utc_us)
{
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(book, &rows, "SELECT utc_us FROM link WHERE token = ?", "t", token_id);
    if (result < 0)
        return result;
    bool found = book_rows_count(&rows) > 0;
    if (found)
        *ret_utc_us = book_row(&rows, 0)[0].number;
    book_rows_free(&rows);
    return found ? 0 : -ENOENT;
}

int book_link_use(struct book *book, const char *token_id, const char *occurrence, const char *person,
                  const char *from, int64_t utc_us)
{
    return book_run(
        book, "INSERT OR IGNORE INTO link(token, utc_us, occurrence, person, peer) VALUES(?, ?, ?, ?, ?)",
        "tittt", token_id, utc_us, occurrence, person, from);
}
