/*
 * reader_links.h - rows as they are stored, for an archive that others verify: events with what chains them,
 * the signed head, and calibrations.
 */
#ifndef CRYOMON_READER_LINKS_H
#define CRYOMON_READER_LINKS_H

#include "chain.h"
#include "reader.h"

struct reader_link {
    struct chain_event event; /* its texts are valid during the call */
    const unsigned char *previous, *hash;
};
typedef bool reader_link_fn(void *context, const struct reader_link *link);
/* Events with first <= seq <= last, in order. One read transaction, so only for a few. How many, or -errno.
 */
int64_t reader_links(struct history_reader *reader, uint64_t first, uint64_t last, reader_link_fn *link,
                     void *context);

/* The last signed head (head.h, JSON). Its length, 0 (there is none) or -errno (-ENOSPC: cap is too small).
 */
int reader_head(struct history_reader *reader, char *text, size_t cap);

struct reader_stored_calibration {
    int64_t id, utc_us, from_utc_us;
    const char *asset, *point, *unit, *text, *certificate, *date, *due, *reference; /* during the call */
};
typedef bool reader_stored_calibration_fn(void *context, const struct reader_stored_calibration *calibration);
/* All of the table, in order of id; none in a file of version 1. How many, or -errno. */
int64_t reader_calibrations(struct history_reader *reader, reader_stored_calibration_fn *each, void *context);

#endif
