/*
 * run_find.h - goes through a freezer's readings with the programs that its events name: each run follows the
 * program that it was to follow.
 */
#ifndef CRYOMON_RUN_FIND_H
#define CRYOMON_RUN_FIND_H

#include "run_shelf.h"
#include "runs.h"

struct run_find {
    struct history_reader *reader;
    const char *asset;
    const struct run_book *book;
    struct run_shelf *shelf;
    struct config *config;       /* whose roles are used; may be NULL */
    const struct program *given; /* for all runs, instead of what the record says; NULL: none */
    struct runs_inputs inputs;
};

/* book and shelf are borrowed. config: of about the time that is looked at. 0, -ENOENT (the asset has no
 * chamber), or -errno. */
int run_find_begin(struct run_find *find, struct history_reader *reader, const char *asset,
                   const struct run_book *book, struct run_shelf *shelf, struct config *config,
                   const struct program *given);

/* All runs in a range, as runs_each. */
int run_find_all(struct run_find *find, int64_t from_us, int64_t to_us, runs_fn *run, void *context,
                 struct runs_from *ret);

/* The one that begins at most FREEZER_MATCH_NEAR_US from begin_us; with is_about: else the one that goes on
 * at begin_us, or begins next within 12 h. 0, -ENOENT, or -errno. */
struct run_found {
    struct freezer_record record;
    const struct program *program;
    struct runs_from from;
};
int run_find_one(struct run_find *find, int64_t begin_us, bool is_about, struct run_found *ret);

#endif
