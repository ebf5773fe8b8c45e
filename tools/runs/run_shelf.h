/*
 * run_shelf.h - the configurations that were in force, and their programs, for the runs of a freezer. Each is
 * read once.
 */
#ifndef CRYOMON_RUN_SHELF_H
#define CRYOMON_RUN_SHELF_H

#include "run_book.h"

#define RUN_SHELF_MAX 32 /* configurations; what comes after is read without one (the fallback) */

struct run_shelf {
    struct history_reader *reader;
    struct config *fallback; /* borrowed; NULL: none */
    size_t n;
    struct run_shelf_config {
        char sha256[65];
        struct config *config; /* NULL: its text is gone */
    } configs[RUN_SHELF_MAX];
};

/* fallback (may be NULL) stands in where the record does not tell; it must outlive the shelf. */
void run_shelf_init(struct run_shelf *shelf, struct history_reader *reader, struct config *fallback);
void run_shelf_free(struct run_shelf *shelf);

/* The configuration in force at a time, borrowed until run_shelf_free. NULL: neither the record nor a
 * fallback has one. ret_in_force (may be NULL): it is the record's. */
struct config *run_shelf_config(struct run_shelf *shelf, int64_t utc_us, bool *ret_in_force);

/* The program with this hash, in the configuration in force at the time. NULL: its text is not there. */
const struct program *run_shelf_program(struct run_shelf *shelf, int64_t utc_us, const char *sha256);

/* What the configuration says that the freezer runs; NULL: it does not. */
const struct program *run_shelf_usual(const struct config *config, const char *asset);

#endif
