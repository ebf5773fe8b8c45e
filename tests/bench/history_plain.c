/*
 * history_plain - the same readings in plain SQLite tables, for comparison: size on disk, bytes written,
 * time.
 *
 *   history_plain SCHEMA DIR POINTS DAYS [noisy]    SCHEMA: index, point, time, or InfluxDB's line protocol:
 * lines, and tenths, with the values as whole tenths, which it packs better
 *
 * One commit each 5 s of readings, WAL, synchronous FULL, as the daemon does. Prints one JSON object.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "history_data.h"

#define POINTS_MAX 20000

static const struct {
    const char *name, *create;
} schemas[] = {
    {"index", "CREATE TABLE reading(ts INTEGER, point INTEGER, value REAL);"
              "CREATE INDEX reading_point ON reading(point, ts)"},
    {"point",
     "CREATE TABLE reading(ts INTEGER, point INTEGER, value REAL, PRIMARY KEY(point, ts)) WITHOUT ROWID"},
    {"time",
     "CREATE TABLE reading(ts INTEGER, point INTEGER, value REAL, PRIMARY KEY(ts, point)) WITHOUT ROWID"},
};

static struct data_point points[POINTS_MAX];

static void print_lines(unsigned n, uint64_t polls, bool tenths)
{
    for (uint64_t i = 0; i < polls; i++) {
        for (unsigned p = 0; p < n; p++) {
            int64_t value = data_next(&points[p], i);
            long long ms =
                (long long)(DATA_START_MS + (int64_t)i * DATA_INTERVAL_MS + (int64_t)(p * 17U % 10000U));
            if (tenths)
                printf("reading,point=p%u value=%lldi %lld\n", p, (long long)value, ms);
            else
                printf("reading,point=p%u value=%.1f %lld\n", p, (double)value / 10.0, ms);
        }
    }
}

/* Half of the points are due in the first 5 s of an interval, half in the second: two commits an interval. */
static void fill(sqlite3 *db, unsigned n, uint64_t polls)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, "INSERT INTO reading VALUES(?1, ?2, ?3)", -1, &stmt, NULL) != SQLITE_OK)
        data_die("prepare", db);
    for (uint64_t i = 0; i < polls; i++) {
        for (unsigned half = 0; half < 2; half++) {
            data_run(db, "BEGIN");
            for (unsigned p = half; p < n; p += 2) {
                sqlite3_bind_int64(stmt, 1, DATA_START_MS + (int64_t)i * DATA_INTERVAL_MS + half * 5000);
                sqlite3_bind_int64(stmt, 2, p + 1);
                sqlite3_bind_double(stmt, 3, (double)data_next(&points[p], i) / 10.0);
                if (sqlite3_step(stmt) != SQLITE_DONE)
                    data_die("insert", db);
                sqlite3_reset(stmt);
            }
            data_run(db, "COMMIT");
        }
    }
    sqlite3_finalize(stmt);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: history_plain index|point|time|lines|tenths DIR POINTS DAYS [noisy]\n");
        return 2;
    }
    unsigned n = (unsigned)strtoul(argv[3], NULL, 10);
    uint64_t polls = (uint64_t)(strtod(argv[4], NULL) * 86400.0 * 1000.0 / DATA_INTERVAL_MS);
    if (n == 0 || n > POINTS_MAX)
        return 2;
    for (unsigned p = 0; p < n; p++)
        data_begin(&points[p], p, argc > 5);
    bool tenths = strcmp(argv[1], "tenths") == 0;
    if (tenths || strcmp(argv[1], "lines") == 0) {
        print_lines(n, polls, tenths);
        return 0;
    }
    for (size_t s = 0; s < sizeof schemas / sizeof *schemas; s++) {
        char path[512];
        sqlite3 *db = NULL;
        struct stat st;
        if (strcmp(argv[1], schemas[s].name) != 0)
            continue;
        snprintf(path, sizeof path, "%s/plain-%s.db", argv[2], schemas[s].name);
        if (sqlite3_open(path, &db) != SQLITE_OK)
            data_die(path, db);
        data_run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
        data_run(db, schemas[s].create);
        long long before = data_written();
        double start = data_now();
        fill(db, n, polls);
        double seconds = data_now() - start;
        data_run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        long long bytes = data_written() - before;
        sqlite3_close(db);
        double readings = (double)polls * n;
        stat(path, &st);
        printf("{\"store\":\"plain SQLite, %s\",\"path\":\"%s\",\"readings\":%.0f,\"bytes_per_reading\":%.3f,"
               "\"written_per_reading\":%.1f,\"readings_per_s\":%.0f}\n",
               schemas[s].name, path, readings, (double)st.st_size / readings, (double)bytes / readings,
               readings / seconds);
        return 0;
    }
    return 2;
}
