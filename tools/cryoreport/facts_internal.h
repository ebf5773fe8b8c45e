/* facts_internal.h - what the parts of the gathering share. Not for others. */
#ifndef CRYOMON_FACTS_INTERNAL_H
#define CRYOMON_FACTS_INTERNAL_H

#include "clock.h"
#include "facts.h"
#include "observe.h"
#include "output.h"

/* A configuration, and from when it was in force. */
struct facts_period {
    int64_t from_us;
    uint64_t seq;
    char sha256[65];
    struct config *config; /* NULL: its text is not in the record, or this program can't read it */
};

struct gather {
    struct ctl *ctl;
    struct history_reader *reader;
    const struct facts_request *request;
    json_t *facts; /* the whole */
    struct facts_period *periods;
    size_t n_periods, cap_periods;
    json_t *alarms, *changes, *clocks, *reviews, *corrections, *fills, *vacuum, *relearned, *holds, *by_eye;
    json_t *before; /* alarm -> its last event before the range */
    int64_t *calibrations;
    size_t n_calibrations, cap_calibrations;
    struct progress progress;
    bool failed; /* memory ran out */
};

/* Empty arrays, and the object of all facts; facts_end takes everything back and gives *ret when the status
 * is CTL_OK. Returns the status. */
void facts_begin(struct gather *g);
int facts_end(struct gather *g, int status, json_t **ret);
/* form, when and by whom it was made, range and files; and the names of site and asset. */
void facts_head(struct gather *g, const char *form, const char *dir);
void facts_names(struct gather *g);

/* The configuration that was in force when the range began. */
int facts_find_periods(struct gather *g);
bool facts_add_period(struct gather *g, int64_t from_us, uint64_t seq, const char *sha256);
/* After all events are read: loads the texts. */
void facts_load_periods(struct gather *g);
void facts_free_periods(struct gather *g);
/* The last one that knows the asset; NULL. ret_asset: its index. */
const struct config *facts_config_of(const struct gather *g, int *ret_asset);
json_t *facts_configuration(struct gather *g);

/* Events in the range, into the arrays of g. 0 or -errno. */
int facts_read_events(struct gather *g);
/* What became of the range's alarms behind it, until now. 0 or -errno. */
int facts_follow_alarms(struct gather *g);

/* The readings, into facts: points, excursions. 0, -ENOENT (there is no such point) or -errno. */
int facts_read_points(struct gather *g);
/* Gaps and how complete the record is, into facts; the points' shares go to the objects in facts.points. */
int facts_read_gaps(struct gather *g);
int facts_read_exposures(struct gather *g);
/* What the asset is measured against, as cryoctl exposure does; n is 0 for all but tanks without levels
 * of their own. */
struct exposure_levels facts_levels(const struct gather *g, const struct config *config);

/* The limits of each configuration in force, malloc'd; lowest (may be NULL) is a threshold that counts like a
 * high limit. */
struct observe_limits *facts_find_limits(struct gather *g, const char *point, const micro_t *lowest,
                                         size_t *ret_n);
/* The alarms with a limit on the point, for each time in which they were the same. */
json_t *facts_limits(struct gather *g, const char *point);

void facts_note_calibration(struct gather *g, int64_t id);
json_t *facts_calibrations(struct gather *g);

/* Verifies the chains, and the readings of the range; tells what was checked and what was found. */
json_t *facts_verification(struct gather *g, const char *dir);

/* What was derived of a tank: fills (events), nitrogen, doubts about its vacuum; into facts.tank. */
struct facts_vacuum {
    micro_t state; /* 0: none that is told */
    int64_t from_us, until_us;
};
void facts_vacuum_take(struct gather *g, struct facts_vacuum *v, const struct walk_reading *r);
void facts_vacuum_end(struct gather *g, struct facts_vacuum *v);
void facts_mark_derived(struct gather *g, json_t *object, const char *id);
void facts_tank(struct gather *g);

/* Small things. */
json_t *facts_time(int64_t utc_us);
json_t *facts_number(micro_t value);
json_t *facts_seconds(int64_t us);
/* The object of a point in facts.points, or NULL. */
json_t *facts_point(const struct gather *g, const char *id);
json_t *facts_bilingual(const struct bilingual *text, const char *fallback);
int64_t facts_time_of(const json_t *object, const char *key); /* 0: none */
const char *facts_text_of(const json_t *object, const char *key);
/* Sets a member; a NULL value is left out. Remembers in g->failed when memory runs out. */
void facts_set(struct gather *g, json_t *object, const char *key, json_t *value);
void facts_append(struct gather *g, json_t *array, json_t *value);

#endif
