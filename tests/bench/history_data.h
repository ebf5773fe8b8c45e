/*
 * history_data.h - made-up readings for the measurements of the history: the same for every store that is
 * compared.
 *
 * Realistic: vapour temperatures at 0.1 degC, every 10 s. Half of the points are a slow day's wave, a
 * nitrogen level's sawtooth and sensor noise; the other half wander (a slow walk held to -180 degC). About
 * two thirds of the readings differ from the one before. Noisy: white noise of 3 degC, so that nearly every
 * reading differs.
 */
#ifndef CRYOMON_HISTORY_DATA_H
#define CRYOMON_HISTORY_DATA_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define DATA_INTERVAL_MS 10000
#define DATA_START_MS    INT64_C(1767225600000) /* 2026-01-01T00:00Z */
#define DATA_DECIMALS    1

struct data_point {
    uint64_t random;
    double walk;
    unsigned number;
    bool noisy;
};

void data_begin(struct data_point *point, unsigned number, bool noisy);
/* The next reading, in tenths of a degree. i counts from 0. */
int64_t data_next(struct data_point *point, uint64_t i);

/* What the programs that fill a store share. die ends the program, with what SQLite says (db may be NULL). */
_Noreturn void data_die(const char *what, sqlite3 *db);
void data_run(sqlite3 *db, const char *sql);
long long data_written(void); /* bytes, by this process so far */
double data_now(void);        /* seconds */

#endif
