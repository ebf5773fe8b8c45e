/* book.c - the inbox, facts and events. */
#include "book.h"

#include <errno.h>
#include <stdio.h>

#include "book_internal.h"

/* The number is given here, so that it is known before the row is there. */
int book_inbox_add(struct book *book, const char *topic, const char *body, size_t length, bool retained,
                   int64_t utc_us, int64_t *ret_id)
{
    pthread_mutex_lock(&book->lock);
    int64_t id = book->opened ? ++book->last_letter : 0;
    pthread_mutex_unlock(&book->lock);
    if (id == 0)
        return -ETIMEDOUT;
    struct book_job *job =
        book_job_make("INSERT INTO inbox(id, utc_us, topic, body, retained) VALUES(?, ?, ?, ?, ?)", "iitbi",
                      id, utc_us, topic, body, length, (int64_t)retained);
    if (job == NULL)
        return -ENOMEM;
    int result = book_job_do(book, job, true);
    if (result == 0 || result == -ETIMEDOUT)
        *ret_id = id;
    if (result == -ETIMEDOUT)
        return -EINPROGRESS;
    book_job_free(job);
    return result;
}

int book_inbox_file(struct book *book, int64_t id)
{
    /* Whatever the types are that somebody has sent: one odd letter must not keep a page from
     * being written. */
    static const char sql[] = "INSERT INTO event(utc_us, run, seq, late, body) SELECT utc_us,"
                              " ifnull(CAST(json_extract(body, '$.run') AS TEXT), ''),"
                              " ifnull(CAST(json_extract(body, '$.seq') AS INTEGER), 0),"
                              " ifnull(CAST(json_extract(body, '$.historical') AS INTEGER), 0), body"
                              " FROM inbox WHERE id = ? AND topic LIKE '%/events' AND json_valid(body)"
                              " ON CONFLICT(run, seq) WHERE seq > 0 AND again = 0 DO NOTHING";
    int result = book_run(book, sql, "i", id);
    return result == 0 ? book_run(book, "DELETE FROM inbox WHERE id = ?", "i", id) : result;
}

int book_inbox_load(struct book *book, int64_t after, unsigned limit,
                    void (*take)(void *context, const struct book_letter *letter), void *context)
{
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(
        book, &rows, "SELECT id, utc_us, topic, body, retained FROM inbox WHERE id > ? ORDER BY id LIMIT ?",
        "ii", after, (int64_t)limit);
    if (result < 0)
        return result;
    size_t n = book_rows_count(&rows);
    for (size_t i = 0; i < n; i++) {
        const struct book_cell *row = book_row(&rows, i);
        struct book_letter letter = {.id = row[0].number,
                                     .utc_us = row[1].number,
                                     .topic = book_text(row, 2),
                                     .body = book_text(row, 3),
                                     .length = row[3].length,
                                     .retained = row[4].number != 0};
        take(context, &letter);
    }
    book_rows_free(&rows);
    return (int)n;
}

int book_fact_put(struct book *book, const char *name, const char *value)
{
    return book_run(book, "INSERT OR REPLACE INTO fact(name, value) VALUES(?, ?)", "tt", name, value);
}

int book_fact_get(struct book *book, const char *name, char *value, size_t cap)
{
    struct book_rows rows = {.n_columns = 0};
    int result = book_query(book, &rows, "SELECT value FROM fact WHERE name = ?", "t", name);
    if (result < 0)
        return result;
    bool found = book_rows_count(&rows) > 0;
    if (found)
        snprintf(value, cap, "%s", book_text(book_row(&rows, 0), 0));
    book_rows_free(&rows);
    return found ? 0 : -ENOENT;
}

int book_tidy(struct book *book, int64_t now_utc_us)
{
    int64_t old_us = now_utc_us - BOOK_KEEP_DAYS * INT64_C(86400000000);
    int result = book_run(book, "DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?", "i",
                          (int64_t)BOOK_EVENTS_KEPT);
    if (result == 0)
        result = book_run(book, "DELETE FROM attempt WHERE utc_us < ?", "i", old_us);
    if (result == 0)
        result = book_run(book, "DELETE FROM link WHERE utc_us < ?", "i", old_us);
    return result;
}
