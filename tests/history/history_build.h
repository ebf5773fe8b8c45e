/* history_build.h - makes a directory with a folded history.db, a state.db, and the public key, from a
 * generator that gives the same each time: for tests, benchmarks, and tools that need a long record. Needs no
 * cmocka.
 *
 * Readings come in slots that lie interval_ms apart; two thirds of them differ from the one before. What the
 * reading number i (0..) of point number p is, history_build_entry says. One frame holds all readings of a
 * slot (more frames when there are more than FRAME_ENTRIES_MAX points).
 */
#ifndef CRYOMON_HISTORY_BUILD_H
#define CRYOMON_HISTORY_BUILD_H

#include <sqlite3.h>

#include "fold.h"
#include "frame.h"

#define HISTORY_BUILD_START_MS INT64_C(1767225600000) /* 2026-01-01 00:00:00 UTC */

struct history_build_point {
    const char *asset, *point, *unit;
    unsigned decimals;
};

struct history_build {
    const char *dir;                          /* there already */
    const struct history_build_point *points; /* NULL: asset "tank-1".., point "temperature", °C, 1 decimal */
    unsigned n_points;
    int64_t start_ms;    /* UTC; 0: HISTORY_BUILD_START_MS */
    int64_t interval_ms; /* 0: 10 s */
    int64_t slots;       /* how many */
    uint64_t seed;
    uint32_t keep_days;
    bool without_days; /* hours are left as hours */
    /* Called after each hour, to add what a test needs (may be NULL). */
    void (*progress)(void *context, int64_t slot, int64_t slots);
    void *context;
};

/* Returns 0, or prints to stderr what is wrong and returns -1. The files are closed. The signing key's seed
 * is 32 bytes of 0x42. */
int history_build(const struct history_build *build);

/* Reading i of point p (from 0); its .point is p + 1, as in the database. */
struct frame_entry history_build_entry(const struct history_build *build, unsigned p, int64_t i);

/* The parts, for those that go on with the files. Each returns 0 or -1 as above. */
sqlite3 *history_build_open(const char *dir,
                            int file); /* enum schema_file; makes it if need be; NULL: failed */
struct signer *history_build_signer(void);
int history_build_points(sqlite3 *history, const struct history_build *build);
/* Appends a frame behind the last one. */
int history_build_frame(sqlite3 *history, const struct frame_entry *entries, size_t n);
/* Appends an event to the chain of state.db, and gives its head. */
int history_build_event(sqlite3 *state, int64_t utc_us, const char *kind, const char *body,
                        struct fold_head *ret);
/* The same with the columns that an event of kind "alarm" has. */
int history_build_alarm(sqlite3 *state, int64_t utc_us, const char *kind, const char *asset,
                        const char *alarm, const char *body, struct fold_head *ret);
/* Folds all that can be folded; ret_steps (may be NULL): how many steps. */
int history_build_fold(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, int *ret_steps);

/* The signed head in state.db, and signing.pub. */
int history_build_end(const char *dir, sqlite3 *state, sqlite3 *history, const struct signer *signer,
                      const struct fold_head *events, int64_t utc_us);

#endif
