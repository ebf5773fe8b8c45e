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
 * A report is a correct frame that comes on a silent line while no request of such a shape waits for its late
 * reply. In the midst of a transaction a wrong reply looks the same, so nothing is learned there. What came
 * once may be an accident, and an accident must not cost a point for long: a shape counts for a minute, and
 * for three times the time between two sightings when it comes again, five minutes at most.
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
#define REPORTS_ONCE_US INT64_C(60000000)
#define REPORTS_KEPT_US INT64_C(300000000)

/* The shape of a reply. */
struct reply_frame {
    uint8_t unit;
    uint8_t function;
    uint8_t bytes;
};

struct reports {
    struct {
        struct reply_frame frame;
        int64_t seen_us; /* BOOTTIME, the last time */
        int64_t kept_us; /* so long it counts */
    } items[REPORTS_MAX];
    unsigned n;
};

/* The first correct reply frame (functions 1 to 4) at or behind *at, which is moved behind it; what is no
 * frame is passed over: the CRC says where one begins. False when there is none. */
bool reports_find(const uint8_t *bytes, size_t len, size_t *at, struct reply_frame *ret);

/* Notes a frame. idle: nothing was asked when it came; otherwise only what is known already is noted. True
 * when it is a known report from now on, and was not before. */
bool reports_note(struct reports *reports, struct reply_frame frame, bool idle, int64_t now_us);

/* Is this the shape of a known report? */
bool reports_has(const struct reports *reports, struct reply_frame frame, int64_t now_us);

/* Are these bytes known reports and nothing else? */
bool reports_only(const struct reports *reports, const uint8_t *bytes, size_t len, int64_t now_us);

#endif
