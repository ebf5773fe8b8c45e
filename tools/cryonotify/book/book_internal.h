/* book_internal.h - what the book's files share. */
#ifndef CRYONOTIFY_BOOK_INTERNAL_H
#define CRYONOTIFY_BOOK_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "book.h"

struct book {
    sqlite3 *db;
    pthread_mutex_t lock; /* one transaction at a time, of whichever thread */
};

int book_errno(int rc);
/* Prepares and binds: types has a letter for each value: i int64_t, t text (NULL: null), b text of a length
 * (const char *, size_t). Returns 0 or -errno. */
int book_prepare(struct book *book, sqlite3_stmt **ret, const char *sql, const char *types, ...);
/* The same, run to its end. */
int book_run(struct book *book, const char *sql, const char *types, ...);
/* A column's text; "" for null. */
const char *book_text(sqlite3_stmt *stmt, int column);

#endif
