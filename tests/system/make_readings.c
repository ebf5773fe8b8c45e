/*
 * make_readings DIR ASSET/POINT/UNIT/DECIMALS... <CSV: history.db as the store would have written it, not yet
 * folded, of readings that a test has made. Each line of CSV is a poll: its time (UTC, ms), then a value per
 * point; an empty one is a poll that timed out. A unit may be empty.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_build.h"
#include "schema.h"

#define POINTS_MAX 64

static void fail(const char *what)
{
    fprintf(stderr, "make_readings: %s\n", what);
    exit(1);
}

static void take_point(char *word, struct history_build_point *ret)
{
    char *parts[4] = {word};
    for (unsigned i = 1; i < 4; i++) {
        parts[i] = strchr(parts[i - 1], '/');
        if (parts[i] == NULL)
            fail(word);
        *parts[i]++ = '\0';
    }
    *ret = (struct history_build_point){parts[0], parts[1], parts[2], (unsigned)atoi(parts[3])};
}

static bool take_line(char *line, const struct history_build *build, struct frame_entry *entries)
{
    char *at = line;
    const int64_t slot_us = strtoll(at, &at, 10) * 1000;
    for (unsigned p = 0; p < build->n_points; p++) {
        struct reading reading = {.quality = QUALITY_BAD, .reason = REASON_TIMEOUT};
        if (*at++ != ',')
            return false;
        if (*at != ',' && *at != '\n') {
            const double step = pow(10, 6 - (int)build->points[p].decimals);
            reading =
                (struct reading){.value = (micro_t)(llround(strtod(at, &at) * 1e6 / step) * (long long)step)};
        }
        entries[p] = frame_entry_make(p + 1, build->points[p].decimals, slot_us, slot_us + 20000, &reading);
    }
    return *at == '\n';
}

int main(int argc, char **argv)
{
    struct history_build_point points[POINTS_MAX];
    struct history_build build = {.points = points};
    struct frame_entry entries[POINTS_MAX];
    char line[4096];
    if (argc < 3 || argc - 2 > POINTS_MAX)
        fail("DIR ASSET/POINT/UNIT/DECIMALS...");
    for (; build.n_points < (unsigned)argc - 2; build.n_points++)
        take_point(argv[2 + build.n_points], &points[build.n_points]);
    sqlite3 *db = history_build_open(argv[1], SCHEMA_HISTORY);
    if (db == NULL || history_build_points(db, &build) < 0 ||
        sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != 0)
        fail(argv[1]);
    while (fgets(line, sizeof line, stdin) != NULL)
        if (!take_line(line, &build, entries) || history_build_frame(db, entries, build.n_points) < 0)
            fail(line);
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != 0 || sqlite3_close(db) != 0)
        fail("commit");
    return 0;
}
