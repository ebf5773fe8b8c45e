/* copy.c - see copy.h. */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "reader_internal.h"
#include "schema.h"

#define STEP_PAGES 1024
#define TRIES      50 /* to find a moment at which the files agree: the writer is between two commits */
#define TRY_PAUSE  20000000

struct pair {
    sqlite3 *state, *history; /* each in a read transaction, once pinned */
};

static int failed(sqlite3 *db, int result, const char *what, char *message, size_t cap)
{
    char text[256];
    schema_error_text(db, text, sizeof text);
    snprintf(message, cap, "%s: %s", what, text);
    int error = schema_errno(db, result);
    return error < 0 ? error : -EIO;
}

/* ---------------------------------------------------------------- the moment */

static bool has_table(sqlite3 *db, const char *name)
{
    return sqlite3_table_column_metadata(db, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

static int get_last_frame(sqlite3 *history, int64_t *ret)
{
    int64_t frame = 0, sealed = 0;
    int result = schema_number(history, "SELECT max(id) FROM frame", &frame);
    if (result == SQLITE_OK && has_table(history, "seal"))
        result = schema_number(history, "SELECT max(to_id) FROM seal WHERE kind = 1", &sealed);
    *ret = frame > sealed ? frame : sealed;
    return result;
}

static int64_t get_id(const json_t *head, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(head, name), "id"));
}

/* Is everything that the stored head names in this state of the history? */
static int check_head(const struct pair *pair, bool *ret_agrees)
{
    int64_t frame = 0, seal = 0;
    sqlite3_stmt *stmt = NULL;
    *ret_agrees = true;
    if (!has_table(pair->state, "head"))
        return SQLITE_OK;
    int result = get_last_frame(pair->history, &frame);
    if (result == SQLITE_OK && has_table(pair->history, "seal"))
        result = schema_number(pair->history, "SELECT max(id) FROM seal", &seal);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(pair->state, "SELECT text FROM head", -1, &stmt, NULL);
    if (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        json_t *head = text ? json_loads(text, 0, NULL) : NULL;
        *ret_agrees = get_id(head, "frame") <= frame && get_id(head, "seal") <= seal;
        json_decref(head);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* The history first: the events that its seals name are older than they. */
static int pin(struct pair *pair, char *message, size_t cap)
{
    sqlite3 *const order[] = {pair->history, pair->state};
    for (int i = 0; i < 2; i++) {
        int64_t ignored;
        int result = sqlite3_exec(order[i], "BEGIN", NULL, NULL, NULL);
        if (result == SQLITE_OK) /* only a read begins the transaction in truth */
            result = schema_number(order[i], "SELECT count(*) FROM sqlite_schema", &ignored);
        if (result != SQLITE_OK)
            return failed(order[i], result, i == 0 ? "history.db" : "state.db", message, cap);
    }
    return 0;
}

static void unpin(struct pair *pair)
{
    sqlite3_exec(pair->history, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_exec(pair->state, "ROLLBACK", NULL, NULL, NULL);
}

static int pin_agreeing(struct pair *pair, char *message, size_t cap)
{
    for (int i = 0; i < TRIES; i++) {
        bool agrees = false;
        int error = pin(pair, message, cap);
        if (error < 0)
            return error;
        int result = check_head(pair, &agrees);
        if (result != SQLITE_OK)
            return failed(pair->state, result, "state.db", message, cap);
        if (agrees)
            return 0;
        unpin(pair);
        nanosleep(&(struct timespec){.tv_nsec = TRY_PAUSE}, NULL);
    }
    /* Not between two commits, then: the history was cut off, or an older one was put here. */
    int error = pin(pair, message, cap);
    return error;
}

static void close_pair(struct pair *pair)
{
    sqlite3_close(pair->state);
    sqlite3_close(pair->history);
    *pair = (struct pair){0};
}

static int open_pair(const char *dir, struct pair *ret, char *message, size_t cap)
{
    *ret = (struct pair){0};
    int error = reader_open_file(dir, SCHEMA_STATE, &ret->state, message, cap);
    if (error >= 0)
        error = reader_open_file(dir, SCHEMA_HISTORY, &ret->history, message, cap);
    if (error >= 0)
        error = pin_agreeing(ret, message, cap);
    if (error < 0)
        close_pair(ret);
    return error;
}

/* ---------------------------------------------------------------- counts */

static int get_site(sqlite3 *state, char site[COPY_SITE_MAX])
{
    sqlite3_stmt *stmt = NULL;
    int result =
        sqlite3_prepare_v2(state, "SELECT body FROM event ORDER BY seq DESC LIMIT 1", -1, &stmt, NULL);
    if (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        json_t *body = text ? json_loads(text, 0, NULL) : NULL;
        const char *name = json_string_value(json_object_get(body, "site"));
        snprintf(site, COPY_SITE_MAX, "%s", name ? name : "");
        json_decref(body);
    }
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int count_rows(const struct pair *pair, struct copy_counts *ret)
{
    const struct {
        sqlite3 *db;
        const char *table, *sql;
        int64_t *ret;
    } wanted[] = {
        {pair->state, "event", "SELECT count(*) FROM event", &ret->events},
        {pair->state, "event", "SELECT max(seq) FROM event", &ret->last_event},
        {pair->state, "event", "SELECT utc_us FROM event ORDER BY seq DESC LIMIT 1", &ret->last_event_utc_us},
        {pair->history, "frame", "SELECT count(*) FROM frame", &ret->frames},
        {pair->history, "frame", "SELECT sum(count) FROM frame", &ret->readings},
        {pair->history, "chunk", "SELECT count(*) FROM chunk", &ret->chunks},
        {pair->history, "seal", "SELECT count(*) FROM seal", &ret->seals},
        {pair->history, "seal", "SELECT max(id) FROM seal", &ret->last_seal},
    };
    int64_t sealed = 0;
    int result = SQLITE_OK;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted && result == SQLITE_OK; i++) {
        if (has_table(wanted[i].db, wanted[i].table)) /* not all are in files of version 1 */
            result = schema_number(wanted[i].db, wanted[i].sql, wanted[i].ret);
        if (result == SQLITE_DONE) /* no row */
            result = SQLITE_OK;
    }
    /* Live segments only: a day counts what its hours did. */
    if (result == SQLITE_OK && has_table(pair->history, "seal"))
        result =
            schema_number(pair->history, "SELECT sum(count) FROM seal WHERE entries IS NOT NULL", &sealed);
    ret->readings += sealed;
    if (result == SQLITE_OK)
        result = get_last_frame(pair->history, &ret->last_frame);
    return result == SQLITE_OK ? get_site(pair->state, ret->site) : result;
}

static int count_pair(const struct pair *pair, struct copy_counts *ret, char *message, size_t cap)
{
    *ret = (struct copy_counts){0};
    int result = count_rows(pair, ret);
    if (result == SQLITE_OK)
        return 0;
    sqlite3 *bad = sqlite3_errcode(pair->state) != SQLITE_OK ? pair->state : pair->history;
    return failed(bad, result, "counting", message, cap);
}

int copy_count(const char *dir, struct copy_counts *ret, char *message, size_t cap)
{
    struct pair pair;
    int error = open_pair(dir, &pair, message, cap);
    if (error < 0)
        return error;
    error = count_pair(&pair, ret, message, cap);
    close_pair(&pair);
    return error;
}

/* ---------------------------------------------------------------- the copy */

struct progress {
    copy_progress_fn *fn;
    void *context;
    int64_t before, all; /* pages of the file before, and of both */
};

static int copy_pages(sqlite3 *from, sqlite3 *to, const struct progress *progress, char *message, size_t cap)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        return failed(to, sqlite3_errcode(to), "the copy", message, cap);
    int result;
    do {
        result = sqlite3_backup_step(backup, STEP_PAGES);
        int64_t done = progress->before + sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup);
        if (result == SQLITE_OK && progress->fn && !progress->fn(progress->context, done, progress->all)) {
            sqlite3_backup_finish(backup);
            snprintf(message, cap, "interrupted");
            return -ECANCELED;
        }
    } while (result == SQLITE_OK);
    int finished = sqlite3_backup_finish(backup);
    if (result == SQLITE_DONE && finished == SQLITE_OK)
        return 0;
    return failed(to, finished != SQLITE_OK ? finished : result, "the copy", message, cap);
}

static int sync_file(const char *path, int64_t *bytes, char *message, size_t cap)
{
    struct stat st;
    int error = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0 || fstat(fd, &st) < 0)
        error = -errno;
    else
        *bytes += st.st_size;
    if (fd >= 0)
        close(fd);
    if (error < 0)
        snprintf(message, cap, "%.300s: %s", path, strerrordesc_np(-error));
    return error;
}

/* Makes the file, so that its mode does not depend on SQLite, nor on the umask. */
static int make_file(const char *path, char *message, size_t cap)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0) {
        int error = errno;
        snprintf(message, cap, "%.300s: %s", path, strerrordesc_np(error));
        return -error;
    }
    (void)fchmod(fd, 0640);
    close(fd);
    return 0;
}

static int copy_file(sqlite3 *from, const char *to, enum schema_file file, const struct progress *progress,
                     int64_t *bytes, char *message, size_t cap)
{
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    if (snprintf(path, sizeof path, "%s/%s", to, schema_name(file)) >= (int)sizeof path) {
        snprintf(message, cap, "%.300s: the path is too long", to);
        return -ENAMETOOLONG;
    }
    int error = make_file(path, message, cap);
    if (error < 0)
        return error;
    int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    /* It is only believed when it is whole, so no journal is needed to get there. */
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
    if (result != SQLITE_OK)
        error = failed(db, result, path, message, cap);
    if (error == 0)
        error = copy_pages(from, db, progress, message, cap);
    /* A file on its own, that can be read where nothing can be written. */
    if (error == 0 &&
        (result = sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL)) != SQLITE_OK)
        error = failed(db, result, path, message, cap);
    sqlite3_close(db);
    return error < 0 ? error : sync_file(path, bytes, message, cap);
}

static int64_t count_pages(sqlite3 *db)
{
    int64_t pages = 0;
    (void)schema_number(db, "PRAGMA page_count", &pages);
    return pages;
}

int copy_record(const char *dir, const char *to, copy_progress_fn *progress, void *context,
                struct copy_counts *ret, char *message, size_t cap)
{
    struct pair pair;
    int64_t bytes = 0;
    int error = open_pair(dir, &pair, message, cap);
    if (error < 0)
        return error;
    int64_t history = count_pages(pair.history);
    struct progress state = {progress, context, history, history + count_pages(pair.state)};
    struct progress first = state;
    first.before = 0;
    error = count_pair(&pair, ret, message, cap);
    if (error == 0)
        error = copy_file(pair.history, to, SCHEMA_HISTORY, &first, &bytes, message, cap);
    if (error == 0)
        error = copy_file(pair.state, to, SCHEMA_STATE, &state, &bytes, message, cap);
    ret->bytes = bytes;
    close_pair(&pair);
    return error;
}

/* ---------------------------------------------------------------- a check */

static int check_pages(sqlite3 *db, const char *name, char *message, size_t cap)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    const char *text = result == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    int error = 0;
    if (!text) {
        error = failed(db, result, name, message, cap);
    } else if (strcmp(text, "ok") != 0) {
        snprintf(message, cap, "%s: %s", name, text);
        error = -EUCLEAN;
    }
    sqlite3_finalize(stmt);
    return error;
}

int copy_check_pages(const char *dir, char *message, size_t cap)
{
    static const enum schema_file order[] = {SCHEMA_STATE, SCHEMA_HISTORY};
    int error = 0;
    for (int i = 0; i < 2 && error == 0; i++) {
        sqlite3 *db = NULL;
        error = reader_open_file(dir, order[i], &db, message, cap);
        if (error >= 0)
            error = check_pages(db, schema_name(order[i]), message, cap);
        sqlite3_close(db);
    }
    return error;
}
