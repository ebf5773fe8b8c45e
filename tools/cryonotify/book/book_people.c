/* book_people.c - what was switched off, acknowledgements on their way, links that were used. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "book_internal.h"

static int count_off(struct book *book, const char *what, unsigned *ret)
{
    sqlite3_stmt *stmt = NULL;
    int result = book_prepare(book, &stmt, "SELECT count(*) FROM off WHERE what = ?", "t", what);
    if (result < 0)
        return result;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret = (unsigned)sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return book_errno(rc);
}

int book_off_put(struct book *book, const struct book_off *off, unsigned *ret_count)
{
    int result = book_off_end(book, off->what, off->by, off->from_utc_us);
    if (result == 0)
        result =
            book_run(book, "INSERT INTO off(what, by, why, from_utc_us, until_utc_us) VALUES(?, ?, ?, ?, ?)",
                     "tttii", off->what, off->by, off->why, off->from_utc_us, off->until_utc_us);
    return result == 0 ? count_off(book, off->what, ret_count) : result;
}

int book_off_end(struct book *book, const char *what, const char *by, int64_t utc_us)
{
    return book_run(book,
                    "UPDATE off SET ended_utc_us = ?, ended_by = ? WHERE what = ? AND ended_utc_us IS NULL",
                    "itt", utc_us, by, what);
}

int book_off_load(struct book *book, void (*take)(void *context, const struct book_off *off), void *context)
{
    sqlite3_stmt *stmt = NULL;
    int rc, n = 0;
    int result = book_prepare(book, &stmt,
                              "SELECT what, by, why, from_utc_us, until_utc_us,"
                              " (SELECT count(*) FROM off AS o WHERE o.what = off.what) FROM off"
                              " WHERE ended_utc_us IS NULL ORDER BY id",
                              "");
    if (result < 0)
        return result;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct book_off off = {.from_utc_us = sqlite3_column_int64(stmt, 3),
                               .until_utc_us = sqlite3_column_int64(stmt, 4),
                               .count = (unsigned)sqlite3_column_int(stmt, 5)};
        snprintf(off.what, sizeof off.what, "%s", book_text(stmt, 0));
        snprintf(off.by, sizeof off.by, "%s", book_text(stmt, 1));
        snprintf(off.why, sizeof off.why, "%s", book_text(stmt, 2));
        take(context, &off);
        n++;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? n : book_errno(rc);
}

int book_ack_put(struct book *book, struct book_ack *ack)
{
    pthread_mutex_lock(&book->lock); /* the row's number must not be another thread's */
    int result = book_run(book, "INSERT INTO ack(utc_us, occurrence, person, note) VALUES(?, ?, ?, ?)",
                          "ittt", ack->utc_us, ack->occurrence, ack->person, ack->note);
    if (result == 0)
        ack->id = sqlite3_last_insert_rowid(book->db);
    pthread_mutex_unlock(&book->lock);
    return result;
}

int book_ack_remove(struct book *book, int64_t id)
{
    return book_run(book, "DELETE FROM ack WHERE id = ?", "i", id);
}

int book_ack_load(struct book *book, void (*take)(void *context, const struct book_ack *ack), void *context)
{
    sqlite3_stmt *stmt = NULL;
    int rc, n = 0;
    int result =
        book_prepare(book, &stmt, "SELECT id, utc_us, occurrence, person, note FROM ack ORDER BY id", "");
    if (result < 0)
        return result;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct book_ack ack = {.id = sqlite3_column_int64(stmt, 0), .utc_us = sqlite3_column_int64(stmt, 1)};
        snprintf(ack.occurrence, sizeof ack.occurrence, "%s", book_text(stmt, 2));
        snprintf(ack.person, sizeof ack.person, "%s", book_text(stmt, 3));
        snprintf(ack.note, sizeof ack.note, "%s", book_text(stmt, 4));
        take(context, &ack);
        n++;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? n : book_errno(rc);
}

bool book_link_is_used(struct book *book, const char *token_id)
{
    sqlite3_stmt *stmt = NULL;
    if (book_prepare(book, &stmt, "SELECT 1 FROM link WHERE token = ?", "t", token_id) < 0)
        return false;
    bool used = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_finalize(stmt);
    return used;
}

int book_link_use(struct book *book, const char *token_id, const char *occurrence, const char *person,
                  const char *from, int64_t utc_us)
{
    return book_run(book, "INSERT INTO link(token, utc_us, occurrence, person, peer) VALUES(?, ?, ?, ?, ?)",
                    "tittt", token_id, utc_us, occurrence, person, from);
}
