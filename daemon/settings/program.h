/*
 * program.h - freezer programs: DIR/programs/NAME.yaml in, one struct program out, or every mistake.
 *
 * Format: cryomon-program.yaml(5). What a run's record names is the hash of the file's bytes (a last line
 * without its end counts as one with it): a program that was edited is another program.
 */
#ifndef CRYOMON_PROGRAM_H
#define CRYOMON_PROGRAM_H

#include "config.h"
#include "freezer_program.h"
#include "yamldoc.h"

#define PROGRAM_SOURCE_MAX 512
#define PROGRAM_HASH_MAX   65 /* SHA-256 as hexadecimal digits, with NUL */

enum program_status {
    PROGRAM_EXAMPLE,   /* to be validated by the site before it judges anything */
    PROGRAM_VALIDATED, /* by whom and when stands in validated */
};

struct program {
    char id[ID_MAX]; /* the file's name without .yaml */
    struct bilingual name;
    enum program_status status;
    char validated[TEXT_MAX];
    char source[PROGRAM_SOURCE_MAX]; /* of the protocol */
    char hash[PROGRAM_HASH_MAX];
    struct freezer_program steps;
};

/* Reads one file. shown_name is what problems print. Returns 0 with *ret (program_free), -EINVAL with every
 * mistake in problems, -ENOMEM, or -errno of open or read (a problem too). warnings: what is allowed and may
 * be meant otherwise. */
int program_load(const char *path, const char *shown_name, struct problems *problems,
                 struct problems *warnings, struct program **ret);
/* The same from memory; the id is taken from shown_name. */
int program_parse(const char *text, size_t len, const char *shown_name, struct problems *problems,
                  struct problems *warnings, struct program **ret);
/* From a document that was read already, and stays the caller's. 0, -EINVAL or -ENOMEM. */
int program_read(const struct yamldoc *doc, const char *shown_name, struct problems *problems,
                 struct problems *warnings, struct program **ret);
void program_free(struct program *program); /* NULL is a no-op */

const char *program_status_name(enum program_status status); /* "example", "validated" */

#endif
