/*
 * backlog.h - reads a page of unconfirmed events from state.db, on a thread of its own that ends with the
 * page: a disk that hangs must not keep the publisher from sending what it has in memory.
 */
#ifndef CRYOMON_BACKLOG_H
#define CRYOMON_BACKLOG_H

#include <time.h>

#include "mailbox.h"
#include "outbox.h"

struct backlog_row {
    uint64_t seq;
    char body[BODY_MAX];
};

struct backlog_page {
    int64_t rows; /* as given by history_outbox, or -errno */
    char message[256];
    struct backlog_row row[OUTBOX_PAGE];
};

struct backlog_reader;

int backlog_create(struct mailbox *notes, struct backlog_reader **ret);
/* Waits for a page under way until deadline (CLOCK_REALTIME); -EBUSY when the disk hangs: then nothing may be
 * freed that it uses. NULL is a no-op. */
int backlog_free(struct backlog_reader *reader, const struct timespec *deadline);

/* Starts to read; NOTE_PAGE comes when done. One at a time. Returns 0 or -errno. */
int backlog_read(struct backlog_reader *reader, const char *directory, uint64_t after, unsigned limit);

/* After NOTE_PAGE: the page, valid until the next backlog_read. */
const struct backlog_page *backlog_take(struct backlog_reader *reader);

#endif
