/*
 * reports.h - what the modules on a serial line say unasked.
 *
 * PURE. Some modules can be set to report by themselves every N seconds, as a reply to a request that nobody
 * made. Such a frame is correct in everything: if it has the shape of a reply (unit, function, byte count)
 * that we wait for, nothing tells it from that reply. So the shapes are remembered, and no request is made
 * whose reply would have one of them: another number of registers is asked for, which the device must answer
 * with another byte count; where it can't, the points stay unproven. With that a known report is harmless
 * whenever it comes, between requests, before a reply or behind it: it is taken for what it is, and the
 * device is believed as before.
 *
 * A report is a correct frame that comes while no request of such a shape waits for its late reply. On a
 * silent line one is enough; in the midst of a transaction, where a wrong reply would look the same, the
 * second one decides. A shape that came twice is kept for an hour after the last time, one that came once for
 * ten minutes: an accident does not count for ever.
 *
 * What can't be known: the very first report, if it has the shape of the reply that is waited for and comes
 * in place of it.
 */
#ifndef CRYOMON_REPORTS_H
#define CRYOMON_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORTS_MAX     16
#define REPORTS_KEPT_US INT64_C(3600000000)
#define REPORTS_ONCE_US INT64_C(600000000)

/* The shape of a reply. */
struct reply_frame {
    uint8_t unit;
    uint8_t function;
    uint8_t bytes;
};

struct reports {
    struct {
        struct reply_frame frame;
        uint8_t sightings; /* 2: believed to be a report; 3: again since then */
        int64_t seen_us;   /* BOOTTIME, the last time */
    } items[REPORTS_MAX];
    unsigned n;
};

/* The first correct reply frame (functions 1 to 4) at or behind *at, which is moved behind it; what is no
 * frame is passed over: the CRC says where one begins. False when there is none. */
bool reports_find(const uint8_t *bytes, size_t len, size_t *at, struct reply_frame *ret);

/* Notes a frame. idle: nothing was asked when it came. True when it is a known report from now on, and was
 * not before. */
bool reports_note(struct reports *reports, struct reply_frame frame, bool idle, int64_t now_us);

/* Is this the shape of a known report? */
bool reports_has(const struct reports *reports, struct reply_frame frame, int64_t now_us);

/* Are these bytes known reports and nothing else? */
bool reports_only(const struct reports *reports, const uint8_t *bytes, size_t len, int64_t now_us);

#endif
