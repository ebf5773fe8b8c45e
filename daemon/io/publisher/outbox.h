/*
 * outbox.h - the events that the broker has not confirmed yet: at least once, in order of seq, none skipped.
 *
 * PURE of I/O. Recent events stand in a ring; when that overflows, or a gap in seq (or a durable event that
 * is not here) shows that one never came, and at the start of a run, the missing range (the backlog) is read
 * from state.db by pages (backlog.h), and goes out before the ring. A disk that does not answer holds the
 * ring back for a second at most.
 *
 *     waiting --outbox_next, sent--> flying --success--> confirmed --settled (STORE_SENT posted)--> gone
 *        ^------------- failure or lost connection --------'
 */
#ifndef CRYOMON_OUTBOX_H
#define CRYOMON_OUTBOX_H

#include "messages.h"

#define OUTBOX_RING           4096
#define OUTBOX_PAGE           256
#define OUTBOX_RETRY_MS       5000 /* after the broker has refused an event, or the disk a page */
#define OUTBOX_PAGE_WAIT_MS   1000 /* the ring waits no longer than this for a page */
#define OUTBOX_MISSING_MS     1000 /* durable, and not here: it does not come any more */
#define OUTBOX_REFUSALS_PAUSE 3    /* so many refusals in a row stop all sending for OUTBOX_RETRY_MS */

enum outbox_state { OUTBOX_WAITING, OUTBOX_FLYING, OUTBOX_CONFIRMED, OUTBOX_GONE };

struct outbox_slot {
    uint64_t seq;
    enum outbox_state state;
    int64_t raised_boot_us; /* INT64_MIN: in an earlier run, or read back from the disk */
    int64_t hold_until_us;  /* may go before it is durable */
    int64_t retry_us;       /* not before */
    bool refused;
    char body[BODY_MAX];
};

struct outbox;

int outbox_create(struct outbox **ret); /* 0 or -ENOMEM */
void outbox_free(struct outbox *outbox);

void outbox_add(struct outbox *outbox, const struct event_record *event, int64_t now_us);
void outbox_durable(struct outbox *outbox, uint64_t seq);

/* The next event to send, or NULL. The caller sends it and says so with outbox_sent. */
struct outbox_slot *outbox_next(struct outbox *outbox, int64_t now_us);
void outbox_sent(struct outbox_slot *slot);

/* The broker's answer: accepted or not. */
void outbox_answer(struct outbox *outbox, uint64_t seq, bool accepted, int64_t now_us);

/* What was under way must be sent again. */
void outbox_disconnected(struct outbox *outbox);

/* No broker is configured: what is durable counts as confirmed. */
void outbox_give_away(struct outbox *outbox, int64_t now_us);

/* A broker is configured now: what earlier runs left in state.db is wanted. */
void outbox_look_back(struct outbox *outbox);

/* Calls tell(seq) for each confirmed event; false: it can't be told now, and is told again later. */
typedef bool outbox_tell_fn(void *context, uint64_t seq);
void outbox_settle(struct outbox *outbox, outbox_tell_fn *tell, void *context);

/* Is a page of the backlog wanted now? Then read events with seq > after, at most limit, and give each to
 * outbox_page_row, then outbox_page_end. */
bool outbox_wants_page(struct outbox *outbox, int64_t now_us, uint64_t *ret_after, unsigned *ret_limit);
bool outbox_page_row(struct outbox *outbox, uint64_t seq, const char *body); /* false: enough */
/* rows: as given by history_outbox: a number less than the limit says that there are no more, < 0 that it
 * failed. */
void outbox_page_end(struct outbox *outbox, int64_t rows, int64_t now_us);

/* When to look again (BOOTTIME), INT64_MAX: nothing to wait for. */
int64_t outbox_deadline(const struct outbox *outbox, int64_t now_us);

uint64_t outbox_waiting(const struct outbox *outbox); /* known and not confirmed */
uint64_t outbox_last_seq(const struct outbox *outbox);
bool outbox_is_empty(const struct outbox *outbox); /* nothing here waits, flies or has yet to be settled */

#endif
