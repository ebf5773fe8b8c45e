/*
 * book_internal.h - what the book's files share: the writer's thread, and what is asked of it.
 *
 * Only the writer touches SQLite (book_file.c, writer.c). A change is recorded as a statement with copies of
 * its values; statements make a page, a page is one transaction. A question is a statement whose rows come
 * back as copies. Nobody waits for the writer longer than BOOK_LATE_MS; who does not wait any more leaves the
 * job behind, and the writer frees it.
 */
#ifndef CRYONOTIFY_BOOK_INTERNAL_H
#define CRYONOTIFY_BOOK_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "book.h"

/* That may wait: the letters that the broker delivers until it is known that the disk hangs, and the session
 * is left. Nothing else is asked then. */
#define BOOK_JOBS  4096
#define BOOK_BYTES ((size_t)32 << 20) /* of their texts */

struct book_cell {
    int64_t number;
    char *text; /* NULL: null */
    size_t length;
};

struct book_rows {
    size_t n_columns, n_cells, room;
    struct book_cell *cells;
};

struct book_statement {
    struct book_statement *next;
    const char *sql; /* outlives it */
    size_t n;
    struct book_cell values[];
};

struct book_job {
    struct book_job *next;
    struct book_statement *first, *last;
    struct book_rows rows;
    int64_t since_us; /* MONOTONIC: when it was asked */
    size_t bytes;
    int result;
    bool is_query, done, abandoned;
};

struct book {
    char path[512];
    const char *vfs;
    pthread_t thread;
    /* Under the lock, which is never held over a call of SQLite: */
    pthread_mutex_t lock;
    pthread_cond_t work, progress; /* there is some; some was done */
    struct book_job *first, *last; /* the first is being done */
    unsigned n_jobs;
    size_t n_bytes;
    int64_t opening_us, last_letter, last_ack;
    int open_result;
    bool opened, stopping, left_behind;
    char error[BOOK_ERROR];
    /* The owner's, who is one thread: */
    struct book_job *page;    /* between book_begin and book_commit */
    struct book_job *writing; /* the page that was committed and is not on disk yet */
    /* The writer's: */
    sqlite3 *db;
};

/* --- book_file.c: on the writer's thread */
int book_errno(int rc);
/* Opens the file, makes or upgrades its tables, and reads the numbers given last. 0 or -errno, with
 * book->error. */
int book_file_open(struct book *book);

/* --- writer.c */
/* Types has a letter for each value: i int64_t, t text (NULL: null), b text of a length (const char *,
 * size_t). NULL: no memory. */
struct book_job *book_job_make(const char *sql, const char *types, ...);
void book_job_free(struct book_job *job);
/* Gives the job to the writer and waits: 0 or -errno, and the job is the caller's; -ETIMEDOUT: it is late,
 * and the job is not the caller's any more (may_follow: it is done when the disk answers again; else, if the
 * writer is late already, it is not done at all). */
int book_job_do(struct book *book, struct book_job *job, bool may_follow);

/* A change: into the page that is open, else by itself. Returns 0 or -errno; -ETIMEDOUT: it is not known. */
int book_run(struct book *book, const char *sql, const char *types, ...);
/* A question: rows are to be emptied by book_rows_free. Returns 0 or -errno; -ETIMEDOUT. */
int book_query(struct book *book, struct book_rows *ret, const char *sql, const char *types, ...);
size_t book_rows_count(const struct book_rows *rows);
const struct book_cell *book_row(const struct book_rows *rows, size_t row);
void book_rows_free(struct book_rows *rows);
/* A cell's text; "" for null. */
const char *book_text(const struct book_cell *row, unsigned column);

#endif
