/* facts_internal.h - what the parts of the gathering share. Not for others. */
#ifndef CRYOMON_FACTS_INTERNAL_H
#define CRYOMON_FACTS_INTERNAL_H

#include "clock.h"
#include "facts.h"
#include "observe.h"

/* A configuration, and from when it was in force. */
struct facts_period {
    int64_t from_us;
    uint64_t seq;
    char sha256[65];
    struct config *config; /* NULL: its text is not in the record, or this program can't read it */
};

/* The daemon came up; it had stopped in order, or not. */
struct facts_start {
    int64_t at_us, stopped_us; /* stopped_us 0: no event of kind stop before it */
};

struct gather {
    struct ctl *ctl;
    struct history_reader *reader;
    const struct facts_request *request;
    json_t *facts; /* the whole */
    struct facts_period *periods;
    size_t n_periods, cap_periods;
    struct facts_start *starts;
    size_t n_starts, cap_starts;
    int64_t stopped_us;                         /* stopped and not started since; 0: no */
    json_t *alarms, *changes, *losses, *clocks; /* borrowed from facts, or owned by the gathering */
    json_t *reviews, *corrections;
    json_t *before; /* alarm -> its last event before the range */
    uint32_t *calibrations;
    size_t n_calibrations, cap_calibrations;
    bool failed; /* memory ran out */
};

/* The configuration that was in force when the range began, and whether the daemon had stopped. */
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

/* The readings of one point: an object, whose excursions and gaps go to the arrays. 0 or -errno. */
struct facts_progress {
    unsigned nth, n;
    int percent;
};
int facts_read_point(struct gather *g, const char *point, struct facts_progress *progress,
                     json_t *ret_points, json_t *ret_excursions, json_t *ret_gaps);

json_t *facts_calibrations(struct gather *g);

/* Walks the chains; tells what was checked and what was found. */
json_t *facts_verification(struct ctl *ctl, struct history_reader *reader, const char *dir);

/* Small things. */
json_t *facts_time(int64_t utc_us);
json_t *facts_number(micro_t value);
json_t *facts_bilingual(const struct bilingual *text, const char *fallback);
int64_t facts_time_of(const json_t *object, const char *key); /* 0: none */
const char *facts_text_of(const json_t *object, const char *key);
/* Sets a member; a NULL value is left out. Remembers in g->failed when memory runs out. */
void facts_set(struct gather *g, json_t *object, const char *key, json_t *value);
void facts_append(struct gather *g, json_t *array, json_t *value);

#endif
