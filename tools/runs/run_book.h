/*
 * run_book.h - what the record's events of kind "run" say about the runs of a freezer: which program they
 * were to follow, who ran them with what, and how they were decided on.
 *
 * The events bind program (its hash), begin, end and verdict; what was measured is read from the stored
 * readings again (run_file.h). A run is called ASSET@BEGIN, its begin in milliseconds since 1970 (UTC).
 */
#ifndef CRYOMON_RUN_BOOK_H
#define CRYOMON_RUN_BOOK_H

#include <jansson.h>

#include "config.h"
#include "freezer_match.h"
#include "program.h"
#include "reader.h"

#define RUN_ID_MAX   (ID_MAX + 24)
#define RUN_NOTE_MAX 1024

enum run_decision { RUN_UNDECIDED, RUN_ACCEPTED, RUN_REJECTED };

/* Texts are "" where the record does not tell. */
struct run_entry {
    char id[RUN_ID_MAX];
    int64_t begin_us; /* UTC */
    int64_t end_us;   /* FREEZER_NONE: no end was told */
    int64_t ended_us; /* when that was told, by the clock of that time; 0: it was not */
    char program[ID_MAX], program_sha256[PROGRAM_HASH_MAX], program_status[16];
    char how[16], verdict[16]; /* as the daemon had them when it ended */
    char operator_name[NAME_MAX_BYTES];
    json_t *lots;               /* array of strings */
    json_t *notes;              /* array of {"time", "who", "note"}, oldest first */
    enum run_decision decision; /* the last one counts */
    int64_t decided_us;
    uint64_t decided_seq;
    char decided_by[USER_MAX], decided_why[RUN_NOTE_MAX];
    bool decided_by_operator; /* the same person who conducted it */
    json_t *events; /* array of {"seq", "time", "transition", "body"}, all of them as they are in the chain */
};

struct run_book {
    size_t n;
    struct run_entry *entries; /* in order of their begin */
};

/* Reads all of the asset's. 0 with *ret (run_book_free, also of an empty one), or -errno. */
int run_book_read(struct history_reader *reader, const char *asset, struct run_book *ret);
void run_book_free(struct run_book *book); /* NULL is a no-op */

/* By its id; also by the part behind '@' alone. NULL: the record has no event of it. */
const struct run_entry *run_book_find(const struct run_book *book, const char *id);

/* The run whose begin is nearest, at most FREEZER_MATCH_NEAR_US away, and that had not ended before: a begin
 * that is computed again from stored readings may be a poll away from what the daemon saw. NULL: none. */
const struct run_entry *run_book_near(const struct run_book *book, int64_t begin_us);

void run_book_id(char ret[RUN_ID_MAX], const char *asset, int64_t begin_us);
/* The begin that an id names; false: it is none. asset (may be NULL) must be the id's, if that has one. */
bool run_book_begin(const char *id, const char *asset, int64_t *ret_us);

const char *run_book_decision_name(enum run_decision decision); /* "none", "accepted", "rejected" */

#endif
