/* replay_internal.h - what the parts of the replay share. Not for others. */
#ifndef CRYOMON_CRYOCTL_REPLAY_INTERNAL_H
#define CRYOMON_CRYOCTL_REPLAY_INTERNAL_H

#include "clock.h"
#include "replay.h"
#include "roster.h"

#define REPLAY_POINTS_MAX  20000
#define REPLAY_NAMES_MAX   200000
#define EXCURSION_LEAST_US (INT64_C(60) * SECOND_US)

enum side_kind { IN_FORCE, CANDIDATE, SIDES };

/* Which values an alarm speaks for. */
enum { ABOVE = 1, BELOW = 2 };

struct told {               /* an alarm from its first call until it was over */
    uint32_t alarm;         /* in names */
    uint32_t point;         /* in points; 0: none */
    int64_t from_us, to_us; /* to 0: not over at the end of the range */
    uint8_t speaks_for;     /* ABOVE | BELOW */
    uint8_t priority;
    bool removed;   /* ended because a configuration no longer had it */
    bool not_known; /* it is about what the history does not have */
    uint32_t match; /* index + 1 on the other side */
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
    bool failed; /* memory ran out */
};

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
