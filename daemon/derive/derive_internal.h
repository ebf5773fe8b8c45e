/*
 * derive_internal.h - what the files of derive.h share.
 */
#ifndef CRYOMON_DERIVE_INTERNAL_H
#define CRYOMON_DERIVE_INTERNAL_H

#include "derive.h"
#include "tank_hall_lid.h"

/* Where a point's readings go. */
enum derive_use_kind {
    DERIVE_USE_VESSEL,  /* which: enum vessel_input */
    DERIVE_USE_STOCK,   /* of a supply */
    DERIVE_USE_BAR,     /* of a supply */
    DERIVE_USE_FREEZER, /* which: enum freezer_input */
};
struct derive_use {
    uint8_t kind, which;
    uint16_t index;
};

/* A point's last reading, as its role understands it. */
struct derive_input {
    const struct role *role;
    struct reading reading;
    int64_t us;       /* when it came, tank time */
    int64_t good_us;  /* and when one that was not bad did; 0: not yet */
    int64_t stale_us; /* what is older is not believed; 0: it does not age */
};

/* What is known of a condition. */
enum derive_known { DERIVE_UNKNOWN, DERIVE_OVER, DERIVE_HOLDS };

/* What shows that a probe is another tank's. */
enum derive_by { DERIVE_BY_FILL, DERIVE_BY_LID, DERIVE_BY_OTHER_FILL };

enum vessel_input {
    VESSEL_LEVEL,
    VESSEL_TEMPS,
    VESSEL_LID = VESSEL_TEMPS + TANK_TEMPS,
    VESSEL_VALVE,
    VESSEL_ROOM
};
#define VESSEL_INPUTS (VESSEL_ROOM + 1)

/* A rung of the time left. */
struct derive_rung {
    int64_t level_us;     /* tank time of the last level that was looked at; 0: none yet */
    double cm, before_cm; /* it, and the one before */
    bool has_level;       /* while the rung holds, the level has told something, */
    double least_cm;      /* and was as low as this */
    int64_t enough_us;    /* tank time: since when its level says that it is enough; 0: it does not */
};

struct derive_vessel {
    const struct vessel_config *config;
    struct tank tank;
    struct derive_input inputs[VESSEL_INPUTS];
    int64_t fed_us;      /* tank time; 0: not yet */
    unsigned hall, seat; /* in halls[]; its place there */
    bool was_failing; /* its vacuum, at some time; or its baseline is learned anew because somebody said so */
    uint8_t suspected; /* since the start, 1 << enum derive_by */
    int64_t filled_us; /* the end of the last fill that was told */
    /* since derive_ready() */
    bool lost;      /* so it was told last: its level is not read any more */
    int64_t due_us; /* the next readings; 0: at once */
    struct tank_view view;
    uint64_t seen[4];                /* what the last view was made of, as far as it can change at once */
    uint8_t known[TANK_ALARM_COUNT]; /* enum derive_known, the last that was not UNKNOWN */
    uint8_t told[TANK_ALARM_COUNT];  /* enum derive_known */
    struct derive_rung rungs[3];     /* medium, high, critical */
};

/* Bits of enum tank_flag as alarms. */
enum { DERIVE_ALARM_INEFFECTIVE = 2, DERIVE_ALARM_OVERDUE = 4 };

/* A supply's tanks, or those that have no supply; HALL_TANKS of them at most, what is more makes another. */
struct derive_hall {
    struct hall hall;
    struct hall_lid lid;
    int supply; /* -1: none */
    unsigned n;
    uint16_t vessels[HALL_TANKS];
};

struct derive_supply {
    const struct supply_config *config;
    struct derive_input stock, bar;
    bool lost; /* so it was told last: its stock is not read any more */
    int64_t due_us;
    int64_t lacked_us; /* tank time: its tanks were last seen not to be filled, or news began; 0: not yet */
    uint8_t told[SUPPLY_ALARM_COUNT]; /* enum derive_known */
};

struct derive {
    const struct config *config;
    bool ready;
    bool started;
    struct stamp now;    /* the latest */
    int64_t news_us;     /* boot time: what was read before is the past */
    int64_t tank_us;     /* tank time less boot time */
    int64_t tick_us;     /* the next time that all are looked at, tank time */
    int64_t hall_us;     /* and that the halls are */
    uint32_t *first_use; /* n_points + 1, in uses[] */
    struct derive_use *uses;
    struct derive_vessel *vessels;
    unsigned n_halls;
    struct derive_hall *halls;
    struct derive_supply *supplies;
    struct derive_freezers *freezers; /* derive_freezer.c */
    /* news (derive_news.c): a ring */
    struct derived_news *news;
    uint32_t cap, first, n, n_readings, n_points; /* n_points: places that are for readings */
    uint32_t *queued;                             /* by point: 1 + its place in the ring, 0: none */
};

/* Tank time: never 0 or less, also for what was before the boot, and no setting of the clock moves it. */
static inline int64_t derive_tank_time(const struct derive *d)
{
    return d->now.boot_us + d->tank_us;
}

/* --- derive_news.c. All of these are dropped silently while not ready. */

int derive_news_create(struct derive *d);
void derive_news_free(struct derive *d);

/* Readings of a derived point; point -1 (there is none) is a no-op. A reading of it that was not fetched yet
 * is replaced. value: rounded to the point's decimals; what does not fit is bad (REASON_OVER_RANGE). */
void derive_news_number(struct derive *d, int point, micro_t value);
void derive_news_state(struct derive *d, int point, unsigned state);
void derive_news_bad(struct derive *d, int point, enum reason reason);

/* False: there is no room, because nobody has fetched the news: tell it again at the next look. It can't be
 * while they are fetched after each take and look. `news` needs kind and its own part; `at` is set. */
bool derive_news_event(struct derive *d, struct derived_news *news);

/* Tells what is known of an alarm, if it is news: *told is what was told before (enum derive_known) and
 * follows. UNKNOWN tells nothing. alarm -1: a no-op. */
void derive_news_condition(struct derive *d, int alarm, enum derive_known known, uint8_t *told);

/* --- derive_tank.c, derive_tank_news.c, derive_tank_alarms.c, derive_tank_rung.c */

int derive_tank_create(struct derive *d); /* 0, -ENOMEM, or -EINVAL: a model is not sound */
void derive_tank_take(struct derive *d, uint16_t vessel, unsigned which, const struct reading *reading);
void derive_tank_tick(struct derive *d); /* feeds those that have waited long */
void derive_tank_look(struct derive *d); /* readings and conditions that are due */
/* After each feed: fills; all else if it is due, or what can change at once has changed. */
void derive_tank_news(struct derive *d, uint16_t vessel, bool due);
void derive_tank_alarms(struct derive *d, uint16_t vessel); /* by the last view */
/* which: 0 medium, 1 high, 2 critical. Once after each view: it remembers what it has seen. */
enum derive_known derive_tank_rung(struct derive_vessel *v, unsigned which);
void derive_tank_quantity(struct derive *d, const int points[BOUNDS], const struct tank_quantity *q);
/* What derive_time_left says. */
bool derive_tank_left(const struct tank_view *view, bool *ret_to_empty, struct tank_quantity *ret);
int derive_tank_of(const struct derive *d, uint16_t asset); /* index of a vessel, or -1 */

/* A reading in its role: takes it; as it is to be believed now. */
void derive_tank_input(struct derive_input *input, const struct config *config, const struct role *role);
void derive_tank_input_take(const struct derive *d, struct derive_input *input, bool is_state,
                            const struct reading *reading);
struct reading derive_tank_input_now(const struct derive *d, const struct derive_input *input);
/* It was read, and has not been for longer than it lives. */
bool derive_tank_input_lost(const struct derive *d, const struct derive_input *input);
/* What was in the role's unit (cm, L), as its point has it. */
micro_t derive_tank_own_unit(const struct role *role, micro_t value);

/* --- derive_hall.c */

int derive_hall_create(struct derive *d); /* after derive_tank_create */
void derive_hall_take(struct derive *d, const struct derive_use *use, const struct reading *reading);
void derive_hall_fed(struct derive *d, uint16_t vessel); /* its valve has moved */
void derive_hall_tick(struct derive *d);
void derive_hall_look(struct derive *d);
/* ret_other: the vessel on whose probe its fills (*ret_by: or the openings of its lid) appear, or -1. */
enum derive_known derive_hall_mapping(const struct derive *d, const struct derive_vessel *v, int *ret_other,
                                      enum derive_by *ret_by);
/* It is found to wait for a fill: one is overdue, or its valve is open and nothing comes. */
bool derive_hall_waits(const struct derive_vessel *v);
/* How many of a supply's tanks wait for a fill, of those that were judged. */
unsigned derive_hall_waiting(const struct derive *d, int supply, unsigned *ret_judged);

/* --- derive_freezer.c. Times are those of d->now (never earlier than before); times of what is older than
 * the boot are negative. Called for what the configuration has; readings as they came, not in their role. */

int derive_freezer_create(struct derive *d); /* sets d->freezers; 0 or -ENOMEM */
void derive_freezer_free(struct derive *d);
void derive_freezer_take(struct derive *d, uint16_t freezer, enum freezer_input input,
                         const struct reading *reading);
void derive_freezer_look(struct derive *d);
void derive_freezer_ready(struct derive *d);
const struct freezer_run *derive_freezer_run(const struct derive *d, uint16_t freezer);
int derive_freezer_prepare(struct derive *d, uint16_t freezer, int program);
/* which: an index in freezer_config.alarms */
void derive_freezer_words(const struct derive *d, uint16_t freezer, unsigned which, enum language language,
                          char *text, size_t cap);

#endif
