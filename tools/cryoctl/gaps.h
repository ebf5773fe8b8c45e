/*
 * gaps.h - where the record has no good value, and why; and how complete it is.
 *
 * A gap is a stretch of one point without a good value: readings that are bad or uncertain, and slots that
 * nothing was stored for. It begins where the first of them was due and ends with the slot of the next good
 * reading. A slot is missing when the next one comes later than 1.5 usual intervals (walk.h); while a device
 * does not answer it is asked less often, which is no other gap. Gaps of several points that begin and end
 * together, for the same first cause, are one.
 *
 * Points that cryomon derives are left out unless one is named: they have no device, and what they are
 * without is a gap of another point, or "learning".
 *
 * Missing slots are explained from the events; what no event explains is called unknown.
 */
#ifndef CRYOMON_CRYOCTL_GAPS_H
#define CRYOMON_CRYOCTL_GAPS_H

#include "cryoctl.h"
#include "walk.h"

#define GAP_CAUSES_MAX 6
#define GAP_DETAIL_MAX 160

enum gap_kind {
    GAP_READING,    /* readings that are not good: the reason (none: uncertain without one) */
    GAP_STOPPED,    /* the daemon was stopped: begin_us, and started again: end_us (0: not yet) */
    GAP_CRASHED,    /* it ended without a stop (crash, power): end_us is its next start */
    GAP_CLOCK,      /* the clock was set forward from begin_us to end_us: no time passed */
    GAP_LOST,       /* records were given up: detail, count */
    GAP_DISK,       /* they could not be written: detail is what the alarm said */
    GAP_CONFIGURED, /* the configuration changed: detail says how, if it says it of the point */
    GAP_SUSPENDED,  /* the machine slept, from begin_us to end_us (of several times: the first to the last) */
    GAP_SILENT,     /* no event explains it, but no point at all has a reading: paused or starved */
    GAP_UNKNOWN,    /* no reading and no event explains it */
};
const char *gap_kind_name(enum gap_kind kind); /* "daemon-stopped", ...: for JSON and CSV */

struct gap_cause {
    enum gap_kind kind;
    enum reason reason;
    enum quality quality;
    uint64_t count; /* readings; records lost */
    int64_t begin_us, end_us;
    int64_t missing_from_us, missing_to_us; /* the slots around what is missing; not of GAP_READING */
    uint64_t seq;                           /* of the event that explains it; 0: none */
    char detail[GAP_DETAIL_MAX];            /* of the event, in English as it was stored */
};

struct gap {
    int64_t from_us, to_us;        /* cut to the range */
    bool began_before, ends_after; /* it reaches beyond the range */
    bool open;                     /* no good reading has come since */
    unsigned n_causes;
    bool more_causes; /* than there is room for */
    struct gap_cause causes[GAP_CAUSES_MAX];
    uint32_t *points, n_points; /* indices in struct gaps.points */
};

struct gaps_point {
    struct walk_point point;
    int64_t usual_us; /* the last usual interval; 0: not known */
    uint64_t stored;  /* readings in the range */
    uint64_t good, uncertain, bad;
    uint64_t expected;         /* slots, stored or missing; none in wall time that the clock skipped */
    int64_t gaps_us;           /* all gaps together, without such wall time */
    int64_t first_us, last_us; /* slots of the first and last reading in the range, when stored > 0 */
    bool removed;              /* no longer in the configuration, and without a reading in the range */
};

struct gaps {
    int64_t from_us, to_us; /* to_us is not in the future */
    struct gaps_point *points;
    size_t n_points;
    struct gap *gaps; /* by begin */
    size_t n_gaps;
};

/* asset, point: NULL for all. config (may be NULL) tells which points are still there. progress may be NULL.
 * Returns 0 or -errno. */
int gaps_find(struct history_reader *reader, const char *asset, const char *point, int64_t from_us,
              int64_t to_us, const struct config *config, walk_progress_fn *progress, void *context,
              struct gaps *ret);
void gaps_free(struct gaps *gaps);

/* A cause, or all causes of a gap, in words for people. */
const char *gaps_describe_cause(const struct ctl *ctl, const struct gap_cause *cause, char *text, size_t cap);
const char *gaps_describe(const struct ctl *ctl, const struct gap *gap, char *text, size_t cap);
/* The points of a gap: "all points", "tank-1", "tank-1/level, tank-2 (3 points)". */
const char *gaps_describe_points(const struct ctl *ctl, const struct gaps *gaps, const struct gap *gap,
                                 char *text, size_t cap);

#endif
