/* history_read - how long it takes to read a month of one point, and a year of its hours: from our chunks,
 * and from plain tables in SQLite with the same readings, in the same run. Warm: each is read once before.
 * With --dir what was made is kept, and used again.
 *
 *   history_read [--dir DIR] [--points N] [--days N] [--runs N]
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "history_build.h"
#include "reader.h"

#define DAY_SLOTS 8640
#define DAY_US    INT64_C(86400000000)
#define MONTH     30
#define RUNS_MAX  1000

struct bench {
    struct history_build build;
    int runs, days;
    struct history_reader *reader;
    sqlite3 *plain;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* all is in memory; others may use the machine too */
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct result {
    int64_t rows, sum; /* the sum shows that all read the same */
};
typedef struct result read_fn(struct bench *bench);

static void measure(struct bench *bench, const char *name, read_fn *read)
{
    double times[RUNS_MAX];
    struct result result = read(bench);
    for (int i = 0; i < bench->runs; i++) {
        double begin = now_ms();
        result = read(bench);
        times[i] = now_ms() - begin;
    }
    qsort(times, (size_t)bench->runs, sizeof *times, compare);
    printf("%-58s %9" PRId64 " %10.2f %10.2f %10.2f   %" PRId64 "\n", name, result.rows, times[0],
           times[bench->runs / 2], times[bench->runs - 1], result.sum);
    fflush(stdout);
}

/* ---------------------------------------------------------------- ours */

static int64_t from_us(const struct bench *bench)
{
    return (HISTORY_BUILD_START_MS * 1000) + (bench->days / 2) * DAY_US;
}

static bool add_row(void *context, const struct history_row *row)
{
    struct result *result = context;
    if (row->reading.quality != QUALITY_BAD)
        result->sum += row->calibrated / 100000;
    result->rows++;
    return true;
}

static struct result month_of_chunks(struct bench *bench)
{
    struct result result = {0, 0};
    (void)history_each(bench->reader, "tank-1", "temperature", from_us(bench),
                       from_us(bench) + MONTH * DAY_US, add_row, &result);
    return result;
}

static bool add_span(void *context, const struct history_span *span)
{
    struct result *result = context;
    result->sum += span->summary.sum;
    result->rows++;
    return true;
}

static struct result year_of_hours(struct bench *bench)
{
    struct result result = {0, 0};
    (void)history_hours(bench->reader, "tank-1", "temperature", HISTORY_BUILD_START_MS * 1000,
                        HISTORY_BUILD_START_MS * 1000 + bench->days * DAY_US, add_span, &result);
    return result;
}

/* ---------------------------------------------------------------- plain tables */

static void die(sqlite3 *db, const char *what)
{
    fprintf(stderr, "history_read: %s: %s\n", what, db ? sqlite3_errmsg(db) : "failed");
    exit(1);
}

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(db, sql);
}

/* A month of all points, and all of the first, in order of time: as a recorder would have written them. */
static void fill(struct bench *bench, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t first = (int64_t)(bench->days / 2) * DAY_SLOTS, last = first + (int64_t)MONTH * DAY_SLOTS;
    if (sqlite3_prepare_v2(bench->plain, sql, -1, &stmt, NULL) != SQLITE_OK)
        die(bench->plain, sql);
    run_sql(bench->plain, "BEGIN");
    for (int64_t i = 0; i < bench->build.slots; i++) {
        unsigned n = i >= first && i < last ? bench->build.n_points : 1;
        for (unsigned p = 0; p < n; p++) {
            struct frame_entry entry = history_build_entry(&bench->build, p, i);
            sqlite3_bind_int64(stmt, 1, entry.slot_ms);
            sqlite3_bind_int64(stmt, 2, p + 1);
            if (entry.quality == QUALITY_BAD)
                sqlite3_bind_null(stmt, 3);
            else
                sqlite3_bind_double(stmt, 3, (double)entry.number / 10);
            if (sqlite3_step(stmt) != SQLITE_DONE)
                die(bench->plain, "insert");
            sqlite3_reset(stmt);
        }
    }
    run_sql(bench->plain, "COMMIT");
    sqlite3_finalize(stmt);
}

static void make_plain(struct bench *bench)
{
    char path[512];
    snprintf(path, sizeof path, "%s/plain.db", bench->build.dir);
    bool is_there = access(path, F_OK) == 0;
    if (sqlite3_open(path, &bench->plain) != SQLITE_OK)
        die(bench->plain, path);
    if (is_there)
        return;
    run_sql(bench->plain, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
    run_sql(bench->plain, "CREATE TABLE a(ts INTEGER, point INTEGER, value REAL)");
    run_sql(bench->plain,
            "CREATE TABLE b(ts INTEGER, point INTEGER, value REAL, PRIMARY KEY(point, ts)) WITHOUT ROWID");
    run_sql(bench->plain,
            "CREATE TABLE c(ts INTEGER, point INTEGER, value REAL, PRIMARY KEY(ts, point)) WITHOUT ROWID");
    fill(bench, "INSERT INTO a VALUES(?1, ?2, ?3)");
    run_sql(bench->plain, "CREATE INDEX a_point_ts ON a(point, ts)");
    fill(bench, "INSERT INTO b VALUES(?1, ?2, ?3)");
    fill(bench, "INSERT INTO c VALUES(?1, ?2, ?3)");
}

static struct result month_of(struct bench *bench, const char *sql)
{
    struct result result = {0, 0};
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(bench->plain, sql, -1, &stmt, NULL) != SQLITE_OK)
        die(bench->plain, sql);
    sqlite3_bind_int64(stmt, 1, from_us(bench) / 1000);
    sqlite3_bind_int64(stmt, 2, (from_us(bench) + MONTH * DAY_US) / 1000);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        result.rows++;
        if (sqlite3_column_type(stmt, 1) == SQLITE_NULL)
            continue;
        double value = sqlite3_column_double(stmt, 1) * 10;
        result.sum += (int64_t)(value < 0 ? value - 0.5 : value + 0.5);
    }
    sqlite3_finalize(stmt);
    return result;
}

static struct result month_a(struct bench *bench)
{
    return month_of(bench, "SELECT ts, value FROM a WHERE point = 1 AND ts >= ?1 AND ts < ?2 ORDER BY ts");
}

static struct result month_b(struct bench *bench)
{
    return month_of(bench, "SELECT ts, value FROM b WHERE point = 1 AND ts >= ?1 AND ts < ?2 ORDER BY ts");
}

static struct result month_c(struct bench *bench)
{
    return month_of(bench, "SELECT ts, value FROM c WHERE point = 1 AND ts >= ?1 AND ts < ?2 ORDER BY ts");
}

static struct result hours_of(struct bench *bench, const char *sql)
{
    struct result result = {0, 0};
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(bench->plain, sql, -1, &stmt, NULL) != SQLITE_OK)
        die(bench->plain, sql);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        double sum = sqlite3_column_double(stmt, 4) * 10;
        result.rows++;
        result.sum += (int64_t)(sum < 0 ? sum - 0.5 : sum + 0.5);
    }
    sqlite3_finalize(stmt);
    return result;
}

static struct result hours_a(struct bench *bench)
{
    return hours_of(
        bench, "SELECT ts / 3600000, min(value), avg(value), max(value), sum(value) FROM a WHERE point = 1"
               " GROUP BY 1");
}

static struct result hours_b(struct bench *bench)
{
    return hours_of(
        bench, "SELECT ts / 3600000, min(value), avg(value), max(value), sum(value) FROM b WHERE point = 1"
               " GROUP BY 1");
}

/* ---------------------------------------------------------------- */

static void show_progress(void *context, int64_t slot, int64_t slots)
{
    (void)context;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\rmaking the record: %3d %%", (int)(100 * slot / slots));
}

static int build(struct bench *bench)
{
    double begin = now_ms();
    char message[512];
    bench->build.progress = show_progress;
    snprintf(message, sizeof message, "%s/history.db", bench->build.dir);
    if (access(message, F_OK) != 0 && history_build(&bench->build) < 0) /* else made by an earlier run */
        return -1;
    fprintf(stderr, "\r%u points, %d days: made in %.0f s\n", bench->build.n_points, bench->days,
            (now_ms() - begin) / 1e3);
    begin = now_ms();
    make_plain(bench);
    fprintf(stderr, "the plain tables: made in %.0f s\n", (now_ms() - begin) / 1e3);
    if (history_open(bench->build.dir, &bench->reader, message, sizeof message) < 0) {
        fprintf(stderr, "history_read: %s\n", message);
        return -1;
    }
    return 0;
}

static void run(struct bench *bench)
{
    printf("%-58s %9s %10s %10s %10s   %s\n", "warm, milliseconds of processor time", "rows", "least",
           "median", "most", "sum of all");
    measure(bench, "a month of one point, raw: chunks", month_of_chunks);
    measure(bench, "  plain: rowid (ts, point, real) + index (point, ts)", month_a);
    measure(bench, "  plain: WITHOUT ROWID (point, ts)", month_b);
    measure(bench, "  plain: WITHOUT ROWID (ts, point)", month_c);
    measure(bench, "all hours of one point, min/mean/max: chunks", year_of_hours);
    measure(bench, "  plain: rowid (ts, point, real) + index (point, ts)", hours_a);
    measure(bench, "  plain: WITHOUT ROWID (point, ts)", hours_b);
    history_close(bench->reader);
    sqlite3_close(bench->plain);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"points", required_argument, NULL, 'p'},
                                            {"days", required_argument, NULL, 'n'},
                                            {"runs", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    struct bench bench = {.runs = 20, .days = 365, .build = {.n_points = 8}};
    char dir[] = "/tmp/cryomon-read-XXXXXX";
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == '?')
            return 2;
        if (option == 'd')
            bench.build.dir = optarg;
        else
            *(option == 'n'   ? &bench.days
              : option == 'r' ? &bench.runs
                              : (int *)&bench.build.n_points) = atoi(optarg);
    }
    if (bench.days < 2 * MONTH || bench.runs < 1 || bench.runs > RUNS_MAX || bench.build.n_points < 1)
        return 2;
    bool mine = bench.build.dir == NULL;
    if (mine && !(bench.build.dir = mkdtemp(dir)))
        return 1;
    bench.build.slots = (int64_t)bench.days * DAY_SLOTS;
    int result = build(&bench);
    if (result == 0)
        run(&bench);
    if (mine) {
        char command[64];
        snprintf(command, sizeof command, "rm -rf %s", dir);
        return system(command) == 0 && result == 0 ? 0 : 1;
    }
    return result == 0 ? 0 : 1;
}
