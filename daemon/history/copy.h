/*
 * copy.h - a copy of the whole record while the daemon writes: both files as they were at one moment.
 *
 * The sources are opened for reading only. Each is read inside one read transaction, so a writer neither
 * waits nor makes the copy begin again; its write-ahead log grows until the copy is done. The moment is
 * chosen so that the copies prove each other: every event that a seal names is in the copied chain of events,
 * and every seal and frame that the signed head names is in the copied history.
 */
#ifndef CRYOMON_COPY_H
#define CRYOMON_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COPY_SITE_MAX 64

/* What the copy holds. */
struct copy_counts {
    char site[COPY_SITE_MAX]; /* of the last event; "" when there is none */
    int64_t events, last_event, last_event_utc_us;
    int64_t frames, last_frame; /* not sealed; the last frame of all, sealed or not */
    int64_t seals, last_seal, chunks;
    int64_t readings; /* in frames and chunks */
    int64_t bytes;    /* of both files */
};

/* Called now and then; false stops. */
typedef bool copy_progress_fn(void *context, int64_t done_pages, int64_t all_pages);

/* Copies DIR/state.db and DIR/history.db into the directory "to", where they must not be yet; synchronised to
 * disk, and without write-ahead log. Returns 0, -ECANCELED or another -errno with message; then what it has
 * begun is still there. */
int copy_record(const char *dir, const char *to, copy_progress_fn *progress, void *context,
                struct copy_counts *ret, char *message, size_t cap);

/* The same figures of a directory; nothing is copied. */
int copy_count(const char *dir, struct copy_counts *ret, char *message, size_t cap);

/* Lets SQLite look at every page of both files. 0 or -errno with what it found. */
int copy_check_pages(const char *dir, char *message, size_t cap);

#endif
