/* performance_internal.h - what the parts of the performance share. Not for others. */
#ifndef CRYOMON_CRYOCTL_PERFORMANCE_INTERNAL_H
#define CRYOMON_CRYOCTL_PERFORMANCE_INTERNAL_H

#include "clock.h"
#include "performance.h"
#include "roster.h"

#define DAY_US                 (INT64_C(86400) * SECOND_US)
#define PERIOD_US              (INT64_C(600) * SECOND_US)
#define FLOOD_MORE_THAN        10
#define FLOOD_OVER             5
#define CHATTER_RAISES         3
#define CHATTER_US             (INT64_C(60) * SECOND_US)
#define STALE_US               DAY_US
#define ALIVE_US               PERIOD_US /* a reading so short before the end of the range: it was running until then */
#define ENDS_MAX               10000
#define CALL_NAMES_MAX         1000
#define PERFORMANCE_PRIORITIES 4
#define DAYS_MAX               400                         /* whose alarms are kept day by day */
#define AVERAGE_US             (INT64_C(3600) * SECOND_US) /* with less observed, an average says nothing */

enum disabled_kind {
    DISABLED_SHELVED,
    DISABLED_SUPPRESSED,
    DISABLED_OUT_OF_SERVICE,
    DISABLED_BYPASSED,
    DISABLED_NOTIFICATION,
    DISABLED_MAINTENANCE, /* out of service on paper: a protected alarm, which goes on */
    DISABLED_KINDS
};

/* Something that was disabled for a while. */
struct disabled {
    enum disabled_kind kind;
    int64_t from_us, to_us, until_us; /* to 0: still; until 0: not told */
    uint32_t alarm;                   /* index + 1; 0: what says it */
    char *what, *by, *why, *order, *ended_by;
};

struct tracked {    /* an alarm that occurred */
    uint32_t asset; /* in assets */
    const char *name;
    int priority;
    uint64_t raises, chatters;
    int64_t recent_us[CHATTER_RAISES - 1]; /* of its last raises */
    int64_t chattered_us;
    /* Its occurrence, from raised to normal. */
    bool open, active, acknowledged, came_again;
    int64_t raised_us, active_us, acknowledged_us, returned_us, called_us, allowed_us;
    uint32_t person;
    uint32_t holds[DISABLED_OUT_OF_SERVICE + 1]; /* index + 1 in disabled */
};

struct occurrence {
    uint32_t alarm, person;
    int32_t flags;                                                                 /* OCCURRENCE_... */
    int64_t raised_us, acknowledge_us, resolve_us, call_us, answer_us, allowed_us; /* spans; -1: none */
};
enum {
    OCCURRENCE_REMOVED = 1,        /* ended by a change of the configuration */
    OCCURRENCE_UNACKNOWLEDGED = 2, /* at its end, or at that of the range */
    OCCURRENCE_UNRESOLVED = 4,     /* acknowledged, and still active at the end of the range */
    OCCURRENCE_CAME_AGAIN = 8      /* before anybody had acknowledged it */
};

struct stale {
    uint32_t alarm;
    int64_t from_us, to_us; /* active */
    bool still;
};

struct bin { /* the fullest of equal stretches of time */
    int64_t length_us, current, count;
    int64_t most, most_from_us;
    uint32_t *each;   /* [DAYS_MAX], NULL: they are not kept */
    uint64_t crowded; /* stretches with more than FLOOD_MORE_THAN */
};

struct flood {
    bool now;
    int64_t recent_us[FLOOD_MORE_THAN + 1]; /* of the last raises, newest last */
    unsigned n;
    int64_t from_us, raises;
    uint64_t count;
    int64_t total_us, longest_us, longest_from_us, longest_raises;
};

struct call_counts {
    uint64_t attempts, sent, failed, confirmed;
};

struct end { /* a run of the daemon that ended without a word, between its last event and the next start */
    int64_t begin_us, last_us, next_us;
};

struct performance {
    struct history_reader *reader;
    const char *asset;
    int64_t from_us, to_us;
    walk_progress_fn *progress;
    void *context;
    uint64_t events;
    bool before;  /* what came before the range is read: states only */
    bool failed;  /* memory ran out */
    json_t *site; /* its id */
    /* when it was observed */
    bool running, known_before;
    int64_t run_from_us, last_us, observed_us, suspended_us;
    struct end *ends;
    size_t n_ends;
    uint64_t starts, stops, crashes, clock_steps;
    /* alarms */
    struct roster alarms, assets, people;
    struct tracked *tracked; /* of alarms, [cap] */
    size_t cap_tracked;
    uint64_t *asset_raises;
    size_t cap_assets;
    struct occurrence *occurrences;
    size_t n_occurrences, cap_occurrences;
    struct stale *stale;
    size_t n_stale, cap_stale;
    struct disabled *disabled;
    size_t n_disabled, cap_disabled;
    uint64_t raised, hidden, realarmed, returned_from_hold, priorities[PERFORMANCE_PRIORITIES], left_out;
    struct bin days, periods;
    struct flood flood;
    /* calls and drills */
    struct roster channels, called;
    struct call_counts calls, by_channel[CALL_NAMES_MAX + 1], by_person[CALL_NAMES_MAX + 1];
    uint64_t calls_left_out; /* not in the record: there were too many at once */
    uint64_t drills_held, drills_confirmed, drills_missed;
    int64_t drill_us; /* raised and not confirmed yet; 0: none */
    int64_t *drill_times;
    size_t n_drill_times, cap_drill_times;
};

/* ---- performance.c */
const char *performance_text(const json_t *object, const char *key); /* "" */
int64_t performance_time(const json_t *object, const char *key);     /* 0 */
/* Room for one more; false: no memory. */
bool performance_grow(struct performance *p, void **items, size_t *cap, size_t n, size_t size);

/* ---- performance_rates.c */
void performance_count(struct performance *p, struct tracked *t, int64_t utc_us);
void performance_count_end(struct performance *p);

/* ---- performance_alarms.c */
void performance_alarm(struct performance *p, const struct history_event *event, const json_t *body);
void performance_alarms_end(struct performance *p);

/* ---- performance_holds.c */
void performance_hold(struct performance *p, struct tracked *t, uint32_t alarm, const char *transition,
                      int64_t utc_us, const json_t *body);
void performance_off(struct performance *p, int64_t utc_us, const json_t *body, const char *kind);

/* ---- performance_runs.c */
void performance_run(struct performance *p, const struct history_event *event, const json_t *body);
int performance_runs_begin(struct performance *p);
int performance_runs_end(struct performance *p);

/* ---- performance_calls.c */
void performance_call(struct performance *p, const struct history_event *event, const json_t *body);
void performance_drill(struct performance *p, const char *alarm, const char *transition, int64_t utc_us);

/* ---- performance_lists.c */
json_t *performance_json_time(int64_t utc_us);
json_t *performance_json_seconds(int64_t us);
json_t *performance_json_ratio(double a, double b); /* null when b is 0 */
json_t *performance_json_count(uint64_t n);
json_t *performance_json_text(const char *text); /* null for "" */
json_t *performance_json_alarm(const struct performance *p, uint32_t alarm);
/* Rates, floods, chattering, the most frequent, stale, priorities: into facts. */
void performance_lists(struct performance *p, json_t *facts);

/* ---- performance_facts.c */
json_t *performance_facts(struct performance *p);

/* ---- performance_targets.c */
json_t *performance_targets(const struct performance *p, const json_t *facts);

#endif
