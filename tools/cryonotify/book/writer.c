/* writer.c - the thread that owns notify.db. A disk that hangs holds up this thread and nobody else. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "book_internal.h"
#include "clock.h"

/* --- jobs */

static void free_statements(struct book_statement *first)
{
    while (first != NULL) {
        struct book_statement *next = first->next;
        for (size_t i = 0; i < first->n; i++)
            free(first->values[i].text);
        free(first);
        first = next;
    }
}

void book_rows_free(struct book_rows *rows)
{
    for (size_t i = 0; i < rows->n_cells; i++)
        free(rows->cells[i].text);
    free(rows->cells);
    *rows = (struct book_rows){.n_columns = 0};
}

void book_job_free(struct book_job *job)
{
    if (job == NULL)
        return;
    free_statements(job->first);
    book_rows_free(&job->rows);
    free(job);
}

static int copy_text(struct book_cell *cell, const char *text, size_t length)
{
    if (text == NULL)
        return 0;
    cell->text = malloc(length + 1);
    if (cell->text == NULL)
        return -ENOMEM;
    memcpy(cell->text, text, length);
    cell->text[length] = '\0';
    cell->length = length;
    return 0;
}

static int add_statement(struct book_job *job, const char *sql, const char *types, va_list values)
{
    size_t n = strlen(types);
    struct book_statement *made = calloc(1, sizeof *made + n * sizeof made->values[0]);
    int result = made != NULL ? 0 : -ENOMEM;
    if (result < 0)
        return result;
    made->sql = sql;
    made->n = n;
    for (size_t i = 0; i < n && result == 0; i++) {
        if (types[i] == 'i') {
            made->values[i].number = va_arg(values, int64_t);
            made->values[i].length = SIZE_MAX; /* a number */
            continue;
        }
        const char *text = va_arg(values, const char *);
        size_t length = types[i] == 'b' ? va_arg(values, size_t) : text != NULL ? strlen(text) : 0;
        result = copy_text(&made->values[i], text, length);
        job->bytes += length;
    }
    if (result < 0) {
        free_statements(made);
        return result;
    }
    if (job->last != NULL)
        job->last->next = made;
    else
        job->first = made;
    job->last = made;
    return 0;
}

static struct book_job *make_job(const char *sql, const char *types, va_list values)
{
    struct book_job *job = calloc(1, sizeof *job);
    if (job != NULL && add_statement(job, sql, types, values) < 0) {
        book_job_free(job);
        return NULL;
    }
    return job;
}

struct book_job *book_job_make(const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    struct book_job *job = make_job(sql, types, values);
    va_end(values);
    return job;
}

/* --- on the writer's thread */

static int bind_all(sqlite3_stmt *stmt, const struct book_statement *s)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < s->n && rc == SQLITE_OK; i++) {
        const struct book_cell *v = &s->values[i];
        if (v->length == SIZE_MAX)
            rc = sqlite3_bind_int64(stmt, (int)i + 1, v->number);
        else
            rc = sqlite3_bind_text(stmt, (int)i + 1, v->text, (int)v->length, SQLITE_STATIC);
    }
    return rc;
}

static int keep_row(struct book_rows *rows, sqlite3_stmt *stmt)
{
    size_t n = (size_t)sqlite3_column_count(stmt);
    if (rows->n_cells + n > rows->room) {
        size_t room = 2 * rows->room + 8 * n;
        struct book_cell *grown = realloc(rows->cells, room * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        rows->cells = grown;
        rows->room = room;
    }
    rows->n_columns = n;
    for (size_t i = 0; i < n; i++) {
        struct book_cell *cell = &rows->cells[rows->n_cells];
        *cell = (struct book_cell){.number = sqlite3_column_int64(stmt, (int)i)};
        const char *text = (const char *)sqlite3_column_text(stmt, (int)i);
        if (copy_text(cell, text, (size_t)sqlite3_column_bytes(stmt, (int)i)) < 0)
            return -ENOMEM;
        rows->n_cells++;
    }
    return 0;
}

static int do_statement(struct book *book, const struct book_statement *s, struct book_rows *rows)
{
    sqlite3_stmt *stmt = NULL;
    int result = 0, rc = sqlite3_prepare_v2(book->db, s->sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = bind_all(stmt, s);
    if (rc == SQLITE_OK)
        while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && result == 0)
            result = rows != NULL ? keep_row(rows, stmt) : 0;
    sqlite3_finalize(stmt);
    return result < 0 ? result : book_errno(rc);
}

static int exec(struct book *book, const char *sql)
{
    return book_errno(sqlite3_exec(book->db, sql, NULL, NULL, NULL));
}

static int do_page(struct book *book, const struct book_job *job)
{
    int result = exec(book, "BEGIN IMMEDIATE");
    if (result < 0)
        return result;
    for (const struct book_statement *s = job->first; s != NULL && result == 0; s = s->next)
        result = do_statement(book, s, NULL);
    /* A statement that failed for lack of room has rolled all back. */
    if (result == 0)
        result = sqlite3_get_autocommit(book->db) ? -EIO : exec(book, "COMMIT");
    if (result < 0 && !sqlite3_get_autocommit(book->db))
        (void)exec(book, "ROLLBACK");
    return result;
}

static void do_job(struct book *book, struct book_job *job)
{
    job->result = book->open_result;
    if (job->result == 0)
        job->result = job->is_query ? do_statement(book, job->first, &job->rows) : do_page(book, job);
}

/* True: there is one, still in its place. */
static bool next_job(struct book *book, struct book_job **ret)
{
    pthread_mutex_lock(&book->lock);
    while (book->first == NULL && !book->stopping)
        pthread_cond_wait(&book->work, &book->lock);
    *ret = book->first;
    pthread_mutex_unlock(&book->lock);
    return *ret != NULL;
}

static void free_book(struct book *book)
{
    for (struct book_job *job = book->first, *next; job != NULL; job = next) {
        next = job->next;
        book_job_free(job);
    }
    book_job_free(book->page);
    book_job_free(book->writing);
    (void)pthread_cond_destroy(&book->work);
    (void)pthread_cond_destroy(&book->progress);
    (void)pthread_mutex_destroy(&book->lock);
    free(book);
}

static void *run(void *arg)
{
    struct book *book = arg;
    struct book_job *job;
    int result = book_file_open(book);
    pthread_mutex_lock(&book->lock);
    book->open_result = result;
    book->opened = true;
    pthread_cond_broadcast(&book->progress);
    pthread_mutex_unlock(&book->lock);
    while (next_job(book, &job)) {
        do_job(book, job);
        pthread_mutex_lock(&book->lock);
        book->first = job->next;
        if (book->first == NULL)
            book->last = NULL;
        book->n_jobs--;
        book->n_bytes -= job->bytes;
        job->done = true;
        bool abandoned = job->abandoned;
        pthread_cond_broadcast(&book->progress);
        pthread_mutex_unlock(&book->lock);
        if (abandoned)
            book_job_free(job);
    }
    (void)sqlite3_close(book->db);
    pthread_mutex_lock(&book->lock);
    bool left_behind = book->left_behind;
    pthread_mutex_unlock(&book->lock);
    if (left_behind)
        free_book(book);
    return NULL;
}

/* --- whoever asks */

static bool is_late(const struct book *book, int64_t now_us)
{
    if (!book->opened)
        return now_us - book->opening_us > BOOK_LATE_MS * MS_US;
    return book->first != NULL && now_us - book->first->since_us > BOOK_LATE_MS * MS_US;
}

bool book_is_late(struct book *book)
{
    if (book == NULL)
        return false;
    pthread_mutex_lock(&book->lock);
    bool late = is_late(book, clock_running_us());
    pthread_mutex_unlock(&book->lock);
    return late;
}

/* Under the lock; until the writer has done something, or the time is over. */
static void wait_until(struct book *book, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / SECOND_US, .tv_nsec = until_us % SECOND_US * 1000};
    (void)pthread_cond_timedwait(&book->progress, &book->lock, &until);
}

/* Under the lock. True: it is done. */
static bool wait_for(struct book *book, const struct book_job *job)
{
    int64_t until_us = clock_running_us() + BOOK_LATE_MS * MS_US;
    while (!job->done && clock_running_us() < until_us && !is_late(book, clock_running_us()))
        wait_until(book, until_us);
    return job->done;
}

/* Under the lock. */
static int submit(struct book *book, struct book_job *job)
{
    if (book->n_jobs >= BOOK_JOBS || book->stopping ||
        (book->n_jobs > 0 && book->n_bytes + job->bytes > BOOK_BYTES))
        return -ENOSPC;
    job->since_us = clock_running_us();
    if (book->last != NULL)
        book->last->next = job;
    else
        book->first = job;
    book->last = job;
    book->n_jobs++;
    book->n_bytes += job->bytes;
    pthread_cond_signal(&book->work);
    return 0;
}

int book_job_do(struct book *book, struct book_job *job, bool may_follow)
{
    pthread_mutex_lock(&book->lock);
    int result = !may_follow && is_late(book, clock_running_us()) ? -ETIMEDOUT : submit(book, job);
    bool ours = result < 0;
    if (!ours) {
        ours = wait_for(book, job);
        job->abandoned = !ours;
        result = ours ? job->result : -ETIMEDOUT;
    }
    pthread_mutex_unlock(&book->lock);
    if (ours && result == -ETIMEDOUT)
        book_job_free(job);
    return result;
}

static int run_alone(struct book *book, struct book_job *job)
{
    if (job == NULL)
        return -ENOMEM;
    int result = book_job_do(book, job, false);
    if (result != -ETIMEDOUT)
        book_job_free(job);
    return result;
}

int book_run(struct book *book, const char *sql, const char *types, ...)
{
    va_list values;
    int result;
    va_start(values, types);
    if (book->page != NULL)
        result = add_statement(book->page, sql, types, values);
    else
        result = run_alone(book, make_job(sql, types, values));
    va_end(values);
    return result;
}

int book_query(struct book *book, struct book_rows *ret, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    struct book_job *job = make_job(sql, types, values);
    va_end(values);
    if (job == NULL)
        return -ENOMEM;
    job->is_query = true;
    int result = book_job_do(book, job, false);
    if (result == -ETIMEDOUT)
        return result;
    if (result == 0) {
        *ret = job->rows;
        job->rows = (struct book_rows){.n_columns = 0};
    }
    book_job_free(job);
    return result;
}

size_t book_rows_count(const struct book_rows *rows)
{
    return rows->n_columns > 0 ? rows->n_cells / rows->n_columns : 0;
}

const struct book_cell *book_row(const struct book_rows *rows, size_t row)
{
    return &rows->cells[row * rows->n_columns];
}

const char *book_text(const struct book_cell *row, unsigned column)
{
    return row[column].text != NULL ? row[column].text : "";
}

/* --- pages */

int book_begin(struct book *book)
{
    if (book->writing != NULL)
        return -EINPROGRESS;
    book->page = calloc(1, sizeof *book->page);
    return book->page != NULL ? 0 : -ENOMEM;
}

void book_rollback(struct book *book)
{
    book_job_free(book->page);
    book->page = NULL;
}

int book_settled(struct book *book)
{
    struct book_job *job = book->writing;
    if (job == NULL)
        return 0;
    pthread_mutex_lock(&book->lock);
    bool done = job->done;
    pthread_mutex_unlock(&book->lock);
    if (!done)
        return -EINPROGRESS;
    int result = job->result;
    book_job_free(job);
    book->writing = NULL;
    return result;
}

int book_commit(struct book *book)
{
    struct book_job *job = book->page;
    book->page = NULL;
    pthread_mutex_lock(&book->lock);
    int result = submit(book, job);
    if (result == 0)
        (void)wait_for(book, job);
    pthread_mutex_unlock(&book->lock);
    if (result < 0) {
        book_job_free(job);
        return result;
    }
    book->writing = job;
    return book_settled(book);
}

/* --- begin and end */

int book_opened(struct book *book)
{
    pthread_mutex_lock(&book->lock);
    int result = book->opened ? book->open_result : -ETIMEDOUT;
    pthread_mutex_unlock(&book->lock);
    return result;
}

static int wait_open(struct book *book)
{
    int64_t until_us = book->opening_us + BOOK_OPEN_MS * MS_US;
    pthread_mutex_lock(&book->lock);
    while (!book->opened && clock_running_us() < until_us)
        wait_until(book, until_us);
    pthread_mutex_unlock(&book->lock);
    return book_opened(book);
}

int book_open(const char *directory, const char *vfs, struct book **ret, char *error, size_t cap)
{
    pthread_condattr_t monotonic;
    struct book *book = calloc(1, sizeof *book);
    if (book == NULL)
        return -ENOMEM;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&book->lock, NULL);
    (void)pthread_cond_init(&book->work, &monotonic);
    (void)pthread_cond_init(&book->progress, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    snprintf(book->path, sizeof book->path, "%s/notify.db", directory);
    book->vfs = vfs;
    book->opening_us = clock_running_us();
    int result = -pthread_create(&book->thread, NULL, run, book);
    if (result < 0) {
        free_book(book);
        return result;
    }
    result = wait_open(book);
    if (result == 0 || result == -ETIMEDOUT)
        *ret = book;
    if (result == -ETIMEDOUT)
        snprintf(error, cap, "%s: the disk does not answer", book->path);
    else if (result < 0)
        snprintf(error, cap, "%s", book->error);
    if (result < 0 && result != -ETIMEDOUT)
        (void)book_close(book);
    return result;
}

int book_close(struct book *book)
{
    struct timespec until;
    if (book == NULL)
        return 0;
    pthread_mutex_lock(&book->lock);
    book->stopping = true;
    pthread_cond_signal(&book->work);
    pthread_mutex_unlock(&book->lock);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += BOOK_CLOSE_MS / 1000;
    if (pthread_timedjoin_np(book->thread, NULL, &until) == 0) {
        free_book(book);
        return 0;
    }
    pthread_t thread = book->thread;
    pthread_mutex_lock(&book->lock);
    book->left_behind = true; /* the writer frees it, if ever it can */
    pthread_mutex_unlock(&book->lock);
    (void)pthread_detach(thread);
    return -ETIMEDOUT;
}
