/* replay_internal.h - what the parts of the replay share. Not for others. */
#ifndef CRYOMON_CRYOCTL_REPLAY_INTERNAL_H
#define CRYOMON_CRYOCTL_REPLAY_INTERNAL_H

#include "clock.h"
#include "derive.h"
#include "replay.h"
#include "roster.h"

#include <string.h>

#define REPLAY_POINTS_MAX  20000
#define REPLAY_NAMES_MAX   200000
#define EXCURSION_LEAST_US (INT64_C(60) * SECOND_US)
#define REPLAY_HARDLY_US   (INT64_C(3600) * SECOND_US) /* so much less learned is the same */
#define REPLAY_LOOK_US     (INT64_C(10) * SECOND_US)   /* time passes so often for what is derived */

/* Alarms that are derived, as bits of enum tank_flag and enum freezer_finding. */
enum { REPLAY_OVERFILL = 7, REPLAY_TOO_WARM = 12, REPLAY_TOO_COLD = 13, REPLAY_TEMPS_DIFFER = 14 };
enum { REPLAY_OFF_PROGRAM = 0, REPLAY_LATE = 8 };

enum side_kind { IN_FORCE, CANDIDATE, SIDES };

/* Which values an alarm speaks for. */
enum { ABOVE = 1, BELOW = 2 };

#define TOLD_MORE 4         /* points beside the one that it is about */
struct told {               /* an alarm from its first call until it was over */
    uint32_t alarm;         /* in names */
    uint32_t point;         /* in points; 0: none */
    int64_t from_us, to_us; /* to 0: not over at the end of the range */
    uint8_t speaks_for;     /* ABOVE | BELOW */
    uint8_t priority;
    bool removed;   /* ended because a configuration no longer had it */
    bool not_known; /* it is about what the history does not have */
    uint8_t n_more;
    uint32_t more[TOLD_MORE]; /* derived: whose values it speaks for */
    uint32_t match;           /* index + 1 on the other side */
};

struct replay_row {
    int64_t taken_us, slot_us;
    struct reading reading;
    uint32_t point; /* in points */
};

struct side {
    enum side_kind kind;
    struct config *config;
    struct engine *engine; /* NULL: the daemon is not running, or there is no configuration */
    uint16_t *point_of;    /* [REPLAY_POINTS_MAX]: of points, index + 1; 0: not in this configuration */
    uint32_t *point_name;  /* [config points]: in points, 0: none */
    uint32_t *alarm_name;  /* [config alarms]: in names, 0: not replayed */
    bool *fed;             /* [REPLAY_POINTS_MAX]: of points: it had readings */
    struct derive *derive; /* NULL: there is nothing to derive */
    bool *holds;           /* [config alarms]: a derived condition that was told to hold */
    int64_t look_us;       /* when time passes next for it */
    size_t n_said;         /* so much of replay.said it has heard */
    uint32_t *open;        /* [REPLAY_NAMES_MAX + 1]: of names: index + 1 in told */
    struct told *told;
    size_t n, cap;
    uint64_t left_out;
};

struct excursion {
    uint32_t point, alarm; /* alarm: the critical one whose limit it is, in names; 0: a threshold */
    bool high;
    micro_t limit, peak;
    int64_t from_us, to_us, peak_us; /* to 0: not over */
};

struct detector { /* of a point and a limit */
    bool within, wanted;
    micro_t limit, back;
    int64_t least_us;
    uint32_t alarm;
    struct excursion now;
};
enum { DETECT_THRESHOLD, DETECT_HIGH, DETECT_LOW, DETECTORS };

struct mark { /* an event that changes what runs */
    enum { MARK_START, MARK_STOP, MARK_LOAD } kind;
    int64_t utc_us;
    size_t order;
    char sha256[65];
};

enum said_kind { SAID_PLAN, SAID_ATTENDED, SAID_RELEARN };
struct said { /* what somebody said, and when it is to be heard */
    enum said_kind kind;
    int64_t utc_us, begin_us, end_us; /* PLAN: of the run; end 0: it was not told */
    char asset[ID_MAX], program[ID_MAX];
    char program_hash[2 * 32 + 1]; /* "": not told */
};

struct period { /* a configuration in force */
    int64_t from_us;
    char sha256[65];
    bool readable;
};

struct replay {
    struct history_reader *reader;
    const char *asset;
    int64_t begin_us, from_us, to_us; /* begin: so that what goes on at from is known then */
    walk_progress_fn *progress;
    void *context;
    struct roster names, points, assets;
    char *units[REPLAY_POINTS_MAX]; /* of points, as stored: borrowed */
    unsigned decimals[REPLAY_POINTS_MAX];
    const char *point_asset[REPLAY_POINTS_MAX]; /* borrowed */
    const char *point_id[REPLAY_POINTS_MAX];
    struct detector (*detectors)[DETECTORS]; /* of points */
    uint32_t index_of_id_max, *index_of_id;  /* history id -> in points */
    struct side sides[SIDES];
    struct mark *marks;
    size_t n_marks, cap_marks, mark;
    struct period *periods;
    size_t n_periods, cap_periods;
    struct excursion *excursions;
    size_t n_excursions, cap_excursions;
    bool running;
    int64_t stopped_since_us, last_us, stopped_us;
    uint64_t readings;
    bool wide;         /* also the points of other assets are read: what is derived of this one needs them */
    struct said *said; /* in order of time */
    size_t n_said, cap_said;
    int64_t learned_from_us; /* the first reading that was learned from; 0: none */
    int64_t learns_from_us;  /* from where on that was wanted */
    unsigned learnings;
    bool failed; /* memory ran out, or: */
    int error;   /* -errno */
};

/* Is the point of the asset that is asked for? */
static inline bool replay_is_of(const struct replay *r, uint32_t point)
{
    return r->asset == NULL ||
           (r->point_asset[point] != NULL && strcmp(r->point_asset[point], r->asset) == 0);
}

bool replay_grow(struct replay *r, void **items, size_t *cap, size_t n, size_t size);

/* ---- replay_side.c: an engine with its configuration */
/* Is it judged from readings? */
bool side_has_point(const struct alarm_model *model);
int side_init(struct side *s, enum side_kind kind);
void side_free(struct side *s);
/* Puts a configuration (may be NULL) in force at a moment; what is open goes over by name. */
void side_load(struct replay *r, struct side *s, struct config *config, int64_t utc_us);
/* The daemon starts: a new engine with the states that are open. */
void side_start(struct replay *r, struct side *s, int64_t utc_us);
void side_stop(struct side *s);
/* All deadlines until then. */
void side_advance(struct replay *r, struct side *s, int64_t utc_us);
void side_sample(struct replay *r, struct side *s, const struct replay_row *row);
/* An event, and what it leads to. */
void side_feed(struct replay *r, struct side *s, int64_t utc_us, const struct event *event);

/* ---- replay_derive.c: what a side understands of tanks, supplies and freezers */
/* Which alarms of a configuration are derived from readings here: [n_alarms + 1], free(). */
bool *side_derive_tries(const struct config *config);
/* Which values a derived alarm speaks for. */
void side_derive_about(const struct side *s, uint16_t alarm, struct told *t);
bool side_derive_make(struct side *s, int64_t utc_us); /* false: no memory */
void side_derive_drop(struct side *s);
void side_derive_restart(struct replay *r, struct side *s, int64_t utc_us);
void side_derive_look(struct replay *r, struct side *s, int64_t utc_us);
void side_derive_take(struct replay *r, struct side *s, int64_t utc_us, uint16_t point,
                      const struct reading *reading);
/* All sides whose derive is new learn from the readings before; sets r->failed. */
void replay_learn(struct replay *r, int64_t utc_us);

/* ---- replay_derive_facts.c */
/* Adds the derived alarms that can't be judged without the point. */
void replay_derived_of_point(json_t *ids, const struct config *config, uint16_t point);
void replay_derived_facts(const struct replay *r, json_t *facts);

/* ---- replay_said.c */
int said_read(struct replay *r, int64_t from_us);
void said_rewind(const struct replay *r, struct side *s, int64_t utc_us);
void said_pass(const struct replay *r, struct side *s, int64_t utc_us);

/* ---- replay_excursions.c */
void excursions_limits(struct replay *r); /* of the configuration that came in force */
void excursions_feed(struct replay *r, const struct replay_row *row);
void excursions_end(struct replay *r);

/* ---- replay_rows.c: the readings of all points, in order of time */
typedef void rows_fn(struct replay *r, const struct replay_row *row);
int rows_each(struct replay *r, rows_fn *row);

/* ---- replay_compare.c */
json_t *replay_facts(struct replay *r);

#endif
