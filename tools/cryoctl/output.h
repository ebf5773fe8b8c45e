/*
 * output.h - the forms in which verbs print what they found, and how far they are while they look for it.
 */
#ifndef CRYOMON_CRYOCTL_OUTPUT_H
#define CRYOMON_CRYOCTL_OUTPUT_H

#include "cryoctl.h"

enum output_format { OUTPUT_TABLE, OUTPUT_CSV, OUTPUT_JSON };

/* As --format or --json say; a table if neither. False: complained. */
bool output_format(const struct ctl *ctl, enum output_format *ret);

/* A record of CSV (RFC 4180) on stdout. */
void output_csv(const char *const *fields, size_t n);

/* A line of a table that is printed as its rows come, so the widths are fixed: a text that is wider moves its
 * line only. */
struct output_column {
    unsigned width;
    bool right;
};
void output_line(const struct output_column *columns, const char *const *texts, size_t n);

/* How far long work is, on stderr, and only on a terminal; nothing in the first second. */
struct progress {
    const struct ctl *ctl;
    int64_t from_us, to_us, next_us;
    bool wanted, shown;
};
/* With rows on stdout as they are found: only if that is no terminal. */
void progress_begin(struct progress *progress, const struct ctl *ctl, int64_t from_us, int64_t to_us,
                    bool rows);
void progress_at(void *progress, int64_t utc_us); /* struct progress; in the time of the history */
void progress_end(struct progress *progress);

#endif
