/* history_data.c - see history_data.h. */
#include "history_data.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY_S 86400.0

static double uniform(struct data_point *point)
{
    point->random ^= point->random << 13;
    point->random ^= point->random >> 7;
    point->random ^= point->random << 17;
    return ((double)(point->random >> 11) + 0.5) / 9007199254740992.0;
}

static double gauss(struct data_point *point)
{
    double radius = sqrt(-2.0 * log(uniform(point)));
    return radius * cos(2.0 * M_PI * uniform(point));
}

void data_begin(struct data_point *point, unsigned number, bool noisy)
{
    *point = (struct data_point){
        .random = UINT64_C(0x9e3779b97f4a7c15) * (number + 1), .number = number, .noisy = noisy};
    for (int i = 0; i < 16; i++)
        (void)uniform(point);
}

int64_t data_next(struct data_point *point, uint64_t i)
{
    double t = (double)i * DATA_INTERVAL_MS / 1000.0 + 997.0 * point->number;
    if (point->noisy)
        return llround(-1850.0 + 30.0 * gauss(point));
    if (point->number % 2 == 0) {
        double wave = 12.0 * sin(2.0 * M_PI * t / DAY_S), saw = 20.0 * fmod(t, DAY_S / 3.0) / (DAY_S / 3.0);
        return llround(-1850.0 + wave + saw + 0.80 * gauss(point));
    }
    point->walk += -0.002 * point->walk + 1.12 * gauss(point);
    return llround(-1800.0 + point->walk);
}

/* ---------------------------------------------------------------- filling a store */

void data_die(const char *what, sqlite3 *db)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, db ? sqlite3_errmsg(db) : "");
    exit(1);
}

void data_run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        data_die(sql, db);
}

long long data_written(void)
{
    long long bytes = 0;
    char line[128];
    FILE *io = fopen("/proc/self/io", "r");
    while (io && fgets(line, sizeof line, io))
        sscanf(line, "wchar: %lld", &bytes);
    if (io)
        fclose(io);
    return bytes;
}

double data_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
