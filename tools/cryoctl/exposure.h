/*
 * exposure.h - what a stored unit has lived through: how long, and how far, points were above thresholds.
 *
 * A reading stands from its slot until the next slot, but at most for EXPOSURE_HOLD usual intervals; the last
 * one for one usual interval. Beyond that, and where a reading is bad, the temperature is not known: that
 * time is neither above nor below, it is told apart, and it ends a stay. Uncertain values count, and their
 * time is told too. Above means strictly above. Values are calibrated. Integers throughout, but for the mean
 * kinetic temperature.
 *
 * Mean kinetic temperature as in USP: 83.144 kJ/mol over R = 8.3144e-3 kJ/mol/K, weighted by time. It
 * supposes one reaction with one activation energy, which is doubtful across a glass transition: a few
 * minutes of warmth outweigh a year of cold. For display beside the minutes, never instead of them.
 *
 * JSON ("cryomon exposure 1"): see cryoctl(1).
 */
#ifndef CRYOMON_CRYOCTL_EXPOSURE_H
#define CRYOMON_CRYOCTL_EXPOSURE_H

#include "config.h"
#include "walk.h"

#define EXPOSURE_HOLD 3
#define EXPOSURE_UNIT "°C"

struct exposure_levels {
    unsigned n;
    micro_t levels[EXPOSURES_MAX]; /* ascending */
    char unit[UNIT_MAX];
};

/* What an asset is measured against: the levels that were asked for (n > 0), else those of the configuration
 * (may be NULL) for the asset, else -150, -135 and -120 °C. */
struct exposure_levels exposure_levels(const struct exposure_levels *asked, const struct config *config,
                                       const char *asset);
/* "-150,-135.5": up to EXPOSURES_MAX numbers, in any order, without one twice. */
bool exposure_parse(const char *text, struct exposure_levels *ret);

struct exposure_level {
    micro_t level;
    int64_t above_us;
    int64_t micro_degree_minutes; /* (value - level) x time, in 10^-6 degree-minutes */
    int64_t longest_us, longest_from_us;
    int64_t rest, stay_us, stay_from_us, stay_end_us; /* while it is computed */
};

struct exposure {
    struct walk_point point;
    uint64_t readings;
    int64_t known_us, uncertain_us, unknown_us; /* uncertain is part of known; known + unknown is the range */
    micro_t minimum, maximum;                   /* when known_us > 0 */
    int64_t minimum_us, maximum_us;             /* slots */
    double mkt;                                 /* mean kinetic temperature in °C; NAN: none */
    unsigned n_levels;
    struct exposure_level levels[EXPOSURES_MAX];
};

struct exposures {
    int64_t from_us, to_us; /* to_us is not in the future */
    struct exposure *items; /* by asset and point; points of another unit than their levels are left out */
    size_t n;
};

/* asset, point: NULL for all; of all assets, rooms and utilities without levels of their own are left out.
 * from <= slot < to. progress may be NULL. Returns 0 or -errno. */
int exposure_compute(struct history_reader *reader, const char *asset, const char *point, int64_t from_us,
                     int64_t to_us, const struct exposure_levels *asked, const struct config *config,
                     walk_progress_fn *progress, void *context, struct exposures *ret);
void exposure_free(struct exposures *exposures);

#endif
