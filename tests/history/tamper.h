/* tamper.h - the parts of test_tamper: the record that is changed, and the ways to change it. */
#ifndef CRYOMON_TAMPER_H
#define CRYOMON_TAMPER_H

#include <stddef.h>

#include "tamper_record.h"

struct tamper_image { /* the two files */
    unsigned char *bytes[2];
    size_t len[2];
};

struct tamper {
    struct record record;
    struct tamper_image older, newer;
    struct head witnessed; /* of newer */
    char work[64];         /* where the changed files are */
    uint64_t random_state;
    unsigned char clean_dump[32];
    uint64_t free_flips; /* flips that changed nothing that is recorded */
};
extern struct tamper tamper;

/* What a finding must say. */
struct expectation {
    const char *table; /* one of the findings must be about it; NULL: any finding will do */
    int64_t number;    /* of the row, or its neighbour (then it does for previous too); 0: any */
    char asset[16], point[16];
    char what[160]; /* for people */
    bool witness;
};

/* tamper_files.c */
unsigned tamper_below(uint64_t n);
void tamper_path(const char *dir, enum schema_file file, char path[160]);
void tamper_load(struct tamper_image *image);
void tamper_store(const struct tamper_image *image, int i); /* one of the files, into work */
sqlite3 *tamper_open(int i);                                /* for changing, without what guards the tables */
int64_t tamper_number(sqlite3 *db, const char *format, ...);
void tamper_dump(const char *dir, unsigned char ret[32]); /* all that is recorded, as a hash */

/* Not here: outbox and run, which are working data, and configuration.utc_us, of which the events tell. */
struct tamper_table {
    int file;
    const char *name, *key;
    const char *columns[20];
};
#define TAMPER_TABLES 11
extern const struct tamper_table tamper_tables[TAMPER_TABLES];

/* The ways: each is false when it changed nothing. tamper_rows.c */
bool tamper_flip_column(struct expectation *e);
bool tamper_flip_in_file(struct expectation *e);
bool tamper_remove_row(struct expectation *e);
bool tamper_swap_rows(struct expectation *e);
bool tamper_insert_row(struct expectation *e);
/* tamper_forge.c */
bool tamper_cut_off(struct expectation *e);
bool tamper_roll_back(struct expectation *e);
bool tamper_replace_text(struct expectation *e);
bool tamper_forge_events(struct expectation *e);
bool tamper_forge_readings(struct expectation *e);

#endif
