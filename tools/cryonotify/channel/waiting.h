/*
 * waiting.h - the notices that wait for one channel, in which order they go, and how many may go within a
 * time.
 *
 * Critical calls go first, then other calls, then what is for information; each kind in the order in which it
 * came. A service that takes at most `count` messages within `within` gets no more; a quarter of them is kept
 * for critical calls. What can't be sent singly within that, or fills more than half of the queue, is put
 * together into one summary for the person, which names every alarm: nothing is thrown away.
 *
 * PURE: no I/O and no clock; not for several threads.
 */
#ifndef CRYOMON_WAITING_H
#define CRYOMON_WAITING_H

#include "channel.h"

struct waiting;

/* config must outlive it. Returns 0 or -ENOMEM. */
int waiting_create(const struct channel_config *config, struct waiting **ret);
void waiting_free(struct waiting *w); /* NULL is a no-op; frees the notices too */

/* Takes the notice over. Returns 0, or -EAGAIN when there is no room (the notice stays the caller's).
 * Critical calls have as much room again. */
int waiting_put(struct waiting *w, struct notice *notice, int64_t now_us);
size_t waiting_count(const struct waiting *w);

/* How long until waiting_take gives something: 0 now, -1: nothing waits. */
int64_t waiting_delay_us(const struct waiting *w, int64_t now_us);
/* What goes next: one notice, or several of one person that are to go as one message; they are the caller's
 * from then on. all: one, whatever the limit says (the channel stops). ret has room for twice the queue. The
 * time for which each has waited is added to its sent_utc_us. Returns how many. */
size_t waiting_take(struct waiting *w, int64_t now_us, bool all, struct notice **ret);
/* So many messages have gone out to the service. */
void waiting_sent(struct waiting *w, int64_t now_us, unsigned n_messages);

/* The summary of several notices; a copy, for notice_free. Returns 0, -ENOMEM or -E2BIG. */
int waiting_together(struct notice *const *notices, size_t n, struct notice **ret);

#endif
