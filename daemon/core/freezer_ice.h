/*
 * freezer_ice.h - when ice appeared in a sample, from what its probe says.
 *
 * PURE. A sample supercools, and when ice appears it warms by itself (the exotherm), stays near its freezing
 * point until its latent heat is gone (the plateau), and cools on. That it warms is not enough: a chamber
 * that is warmer than the sample warms it too. So a rise counts only when the sample stands above the warmest
 * that the chamber was since the rise began. If the chamber is not known, a larger rise counts, and the find
 * is uncertain.
 *
 * The onset is where the rise began: the knee between the coldest reading and the rise, and a line through
 * the readings before it. What bends above the coldest is the cooling itself (the approach to a hold), never
 * the onset. A probe lags behind what it measures: while the sample cools fast it reads too warm. With a
 * known lag the onset is corrected by lag x slope; without one it is as the probe had it.
 *
 * A sample that freezes without supercooling by more than about 0.5 K makes no rise: then ice is not seen
 * (ICE_NOT_SEEN), which is not the same as that there is none. What shows it is that the sample all but stops
 * cooling under a colder chamber (flat). A probe that is stuck looks the same, so that is no proof of ice,
 * but it takes away the proof that there was none.
 *
 * Values come in order of time. What did not come is not filled in: a gap empties the memory of what was
 * before, and a gap between onset and the end of the plateau makes peak and plateau uncertain.
 */
#ifndef CRYOMON_FREEZER_ICE_H
#define CRYOMON_FREEZER_ICE_H

#include "value.h"

#define FREEZER_ICE_KEPT 384 /* readings; of each half second (UTC) only the first */

enum freezer_ice_state {
    ICE_NOT_SEEN,
    ICE_RISING, /* onset known; peak is the warmest so far */
    ICE_MELTED, /* the plateau has ended: peak and plateau known */
};

struct freezer_ice_reading {
    int64_t us;
    micro_t value, chamber; /* chamber FREEZER_NONE: not known */
};

struct freezer_ice {
    int64_t lag_us, gap_us;
    enum freezer_ice_state state;
    /* where not known: FREEZER_NONE */
    int64_t onset_us, peak_us, plateau_us;
    int64_t onset_within_us; /* between the readings that the onset lies between */
    micro_t onset, peak;
    micro_t noise;  /* of one reading, standard deviation, when ice was found */
    bool uncertain; /* chamber not known, the onset itself not seen, or the device doubts a reading */
    bool flat;      /* no rise, but the sample cooled at under a quarter of its way before */
    bool gap;       /* data were missing between onset and the end of the plateau */
    struct freezer_ice_reading kept[FREEZER_ICE_KEPT]; /* a ring */
    unsigned n, next;
    int64_t cell;     /* the half second of the newest of them */
    unsigned n_cold;  /* readings in a row as cold as the onset */
    int64_t cold_us;  /* the first of them */
    int64_t quickest; /* so far: cooling per s, x 10^6 of how much warmer than the chamber it is */
    bool doubted;     /* one of those kept is uncertain */
};

/* lag_us: of the probe, 0: not known. gap_us: readings further apart have a gap between them. */
void freezer_ice_init(struct freezer_ice *ice, int64_t lag_us, int64_t gap_us);

/* Takes a usable reading of the sample; chamber: the chamber's at that time, or FREEZER_NONE. Which readings
 * are left out follows from their own times in UTC, as the record has them (whole ms), and not from which
 * came first: so the record of a run tells the same onset as its events. */
void freezer_ice_take(struct freezer_ice *ice, struct stamp at, micro_t value, micro_t chamber,
                      bool uncertain);

/* Peak less onset; FREEZER_NONE: not known. */
micro_t freezer_ice_supercooling(const struct freezer_ice *ice);

#endif
