/*
 * tank.h - what the readings of one LN2 tank mean: boil-off, time left, vacuum, fills, lid, doubtful sensors.
 *
 * PURE and deterministic: no clock, no I/O, no allocation at all; struct tank is plain data of fixed size,
 * and a copy of it is a copy of the estimator. The same readings at the same times give the same answers.
 * What it has learned is only in it: after a restart the daemon feeds it the last weeks from the history,
 * which takes milliseconds, or starts anew, and then it says that it is learning.
 *
 *     tank_vessel_init(&model); ... what the configuration says
 *     tank_init(&t, &model);
 *     tank_feed(&t, now_us, &input);     each time one of the readings came, with all latest readings
 *     tank_view(&t, &view);              as often as wanted; may cost some 50 us
 *
 * Law: what is not known is said to be so, with the reason, and never is a number. A reading that is not
 * good is never learned from. Readings that are missing (REASON_NEVER_READ: not configured) take away only
 * what needs them.
 *
 * How: level readings become medians of five minutes. While nothing is filled and nothing settles, the
 * medians are a run, and its slope is the boil-off (slope.h). Runs are cut into windows of some hours; a
 * window is quiet when the lid has been closed for long enough before. Quiet windows, brought to one room
 * temperature, make the vessel's own baseline (median) and spread; the vacuum index is the boil-off now
 * against it. Heat that comes in by the lid warms the top more, in proportion, than it boils; heat that comes
 * in through the wall does both alike: that tells ice and lid from vacuum.
 * Where the boil-off can't be measured yet, behind a fill or through the steps of a probe, a top that warms
 * steadily under a closed lid tells that the vacuum has gone; it needs a baseline, a lid contact and a probe.
 * One that stays as warm as a plain limit of temperature would not have it needs no baseline (tank_warm.c).
 * Runs that are too short, or too coarse, for a window of their own are put together (tank_pool.c). A level
 * that has stepped may lie now, or have lied before: what hangs on it holds both (tank_step.c).
 *
 * Doubles: values cross the boundary as micro_t; inside, slopes and ratios are doubles, because these are
 * estimates with intervals, not records, and products of three micro_t leave int64_t. No libm is used.
 */
#ifndef CRYOMON_TANK_H
#define CRYOMON_TANK_H

#include "slope.h"
#include "tank_vessel.h"

#define TANK_SAMPLES     16 /* of a block; more are thinned out */
#define TANK_RECENT      24 /* blocks in which what is fast is seen: two hours */
#define TANK_WINDOWS     48 /* windows that make the baseline */
#define TANK_FILLS       16
#define TANK_STEP_BLOCKS 3 /* before and behind a step of the level reading */
#define TANK_DAYS        32

/* Units: cm, degrees C, bar, litres. lid and valve: 0 closed, else open. */
struct tank_input {
    struct reading level;
    bool level_is_old; /* fed before: something else is new, or time has passed */
    struct reading temps[TANK_TEMPS];
    struct reading lid, valve;
    struct reading room;
    struct reading supply_bar, supply_l;
};

enum tank_phase {
    TANK_NO_PHASE, /* not known */
    TANK_STATIC,   /* only boil-off */
    TANK_FILLING,
    TANK_SETTLING, /* after a fill */
    TANK_LID_OPEN,
};
const char *tank_phase_name(enum tank_phase phase);

/* Why something is not known. */
enum tank_why {
    TANK_KNOWN,
    TANK_NOT_MEASURED, /* there is no such reading */
    TANK_BAD_READING,  /* there is one, but it is not good now */
    TANK_LEARNING,     /* too few data yet */
    TANK_GAP,          /* data were missing: it begins anew */
    TANK_BUSY,         /* a fill, or settling: no slope now, and none known from before */
    TANK_NO_SHAPE,     /* the vessel's shape is not configured */
    TANK_NO_LIMIT,     /* no limit is configured */
    TANK_NO_CAPACITY,  /* the heat capacity is not configured: only `low` is known ("at least") */
    TANK_NOT_FALLING,  /* the level does not fall: no end in sight */
    TANK_WHY_COUNT,
};
const char *tank_why_name(enum tank_why why);

struct tank_quantity {
    bool known;
    bool at_least;            /* not known, but not below `low` */
    enum tank_why why;        /* TANK_KNOWN when known */
    micro_t value, low, high; /* the interval at 90 % */
};

enum tank_vacuum {
    TANK_VACUUM_UNKNOWN,
    TANK_VACUUM_GOOD,
    TANK_VACUUM_WATCH,   /* boils more than its baseline; not enough to say so */
    TANK_VACUUM_FAILING, /* stays until boil-off is back at the baseline for a day */
};
const char *tank_vacuum_name(enum tank_vacuum vacuum);

/* What explains that it boils more than its baseline. */
enum tank_cause {
    TANK_CAUSE_NONE,
    TANK_CAUSE_VACUUM,
    TANK_CAUSE_LID, /* open, or just closed */
    TANK_CAUSE_ICE, /* ice or a bad seal at lid and neck: the heat comes from above */
    TANK_CAUSE_ROOM,
};
const char *tank_cause_name(enum tank_cause cause);

/* Bits of tank_view.flags: what is wrong with fills, lid and sensors now. */
enum tank_flag {
    TANK_FILL_TOO_LONG = 1 << 0,      /* this fill: over fill_max_s, or thrice as long as usual */
    TANK_FILL_TOO_SHORT = 1 << 1,     /* the last fill ended at less than half of the usual rise */
    TANK_FILL_INEFFECTIVE = 1 << 2,   /* the valve is open, and the level does not rise, or not any more */
    TANK_FILL_TOO_OFTEN = 1 << 3,     /* the last came after less than half of the usual time */
    TANK_FILL_OVERDUE = 1 << 4,       /* below the start for half an hour, or no fill in fill_every_s */
    TANK_VALVE_STUCK_OPEN = 1 << 5,   /* the level rises with the valve closed */
    TANK_VALVE_STUCK_CLOSED = 1 << 6, /* ineffective although the supply has pressure */
    TANK_OVERFILL = 1 << 7,
    TANK_FILL_BLOCKED = 1 << 8,   /* a fill is due, and the lid is open */
    TANK_SUPPLY_WEAK = 1 << 9,    /* fills have become slower than half of the usual */
    TANK_LEVEL_FLAT = 1 << 10,    /* the level stands still where it should have fallen */
    TANK_LEVEL_JUMP = 1 << 11,    /* it changed by more at once than can be; until it is seen to fall again */
    TANK_TEMP_TOO_WARM = 1 << 12, /* a probe that should be in the liquid is not at its temperature */
    TANK_TEMP_TOO_COLD = 1 << 13, /* colder than liquid nitrogen, or as cold where the level shows none */
    TANK_TEMPS_DIFFER = 1 << 14,  /* twins that do not show the same */
};

struct tank_view {
    enum tank_phase phase;
    int64_t phase_since_us;
    struct tank_quantity litres;
    struct tank_quantity boil_cm_day, boil_l_day; /* positive: so much is lost */
    struct tank_quantity left_low_h, left_empty_h, left_150_h,
        left_135_h;                    /* hours, if nobody does anything */
    bool by_warming;                   /* and the last two from how the top warms: the level does not tell */
    struct tank_quantity vacuum_index; /* boil-off against the baseline: 1 is as ever */
    enum tank_vacuum vacuum;
    enum tank_cause cause;
    int64_t vacuum_since_us; /* when failing was found; 0: it is not */
    uint32_t flags;
    bool no_fill_due; /* not below the start, and the valve is not open: both seen now */
    uint32_t over;    /* flags that are proven not to hold; in neither: it can't be told now */
    struct tank_quantity fill_every_h, fill_takes_min; /* what is usual */
    struct tank_quantity since_fill_h;
    struct tank_quantity used_l_day;   /* LN2 filled in: the mean of the last full days, up to 7 */
    struct tank_quantity used_l_month; /* the last 30 days */
    struct tank_quantity lid_open_min; /* now; 0 when it is closed */
    struct tank_quantity lid_day_min;  /* in the last 24 h, in all */
    struct tank_quantity lid_warmed_k; /* how much the last opening warmed the top */
};

/* --- inside; for reading by tank*.c only */

struct tank_window {
    int64_t end_us;
    double cm;    /* the level in its middle */
    double boil;  /* L/day, or cm/day without shape, at the reference room temperature */
    double top_k; /* the top above LN2; negative: not known */
    bool unsure;  /* the lid was not known: nothing is learned from it */
};

/* Runs that are put together into one window (tank_pool.c): sums, each run by its weight. */
struct tank_pool {
    int64_t begin_us;
    double weight, boil, cm; /* weight 0: none */
    double top_weight, top_k;
    bool unsure;
};

struct tank_fill {
    int64_t begin_us, end_us;
    double from_cm, to_cm;
    double every_s; /* since the fill before; 0: not known */
    bool cut;       /* its begin or its end was not seen */
};

/* Since when something is so, and when it was last judged: readings that are lost for a moment
 * end nothing. */
struct tank_lasting {
    int64_t since_us, judged_us;
    bool is; /* when it was last judged */
};

struct tank {
    struct tank_vessel model;
    struct tank_input input;
    int64_t now_us;

    /* blocks (tank_level.c) */
    int64_t block_us, kept_us, good_us;
    double samples[TANK_SAMPLES];
    unsigned n_samples;
    double last_cm, least_cm, most_cm; /* least since the last fall, most since the last rise */
    int64_t most_us;
    enum tank_phase phase;
    int64_t phase_us;
    double phase_cm;
    double rise_cm;   /* the least since this fill last rose, */
    int64_t rise_us;  /* and when that was, or when it began */
    int64_t came_us;  /* when a fill last rose; 0: never */
    int64_t valve_us; /* of the last good reading of the valve */
    bool by_valve;    /* this fill began with the valve, and not with the level */
    bool fill_cut;    /* and it may have begun before */
    int64_t level_us; /* of the last level reading */
    /* the run (tank_level.c) */
    struct slope run;
    int64_t run_us;
    bool run_lid, run_quiet, run_unsure; /* unsure: the lid was not known in it */
    double recent_at[TANK_RECENT], recent[TANK_RECENT];
    unsigned n_recent;
    double room_sum, top_sum;
    unsigned n_room, n_top;
    enum tank_why no_run;
    struct slope_fit fit;
    bool fit_is, fit_lid;
    int64_t fit_us;

    /* steps of the level reading that nothing explains (tank_step.c) */
    double step_cm; /* all of them; 0: none */
    int64_t step_us;
    double step_from_cm; /* the level before one that is being looked at */
    bool step_open, noticed_before;
    double noticed_cm;            /* how high it was when this fill was noticed, */
    int64_t noticed_us, noted_us; /* within so long; and the last reading but one */

    /* vacuum (tank_vacuum.c) */
    struct tank_window windows[TANK_WINDOWS];
    unsigned n_windows, next_window;
    struct tank_pool pool;
    double base, base_first, spread;             /* base 0: not learned */
    bool base_final;                             /* else it is only good enough for the fast look */
    double base_cm, least_base_cm, most_base_cm; /* the levels of what was learned: middle and ends */
    double base_per_cm;                          /* of the level */
    double base_top_k, top_per_cm;
    int64_t learn_us;
    double index[5];
    double index_top[5];
    int64_t index_us[5];
    unsigned n_index;
    double cusum;
    unsigned fast_fills;      /* how many fills in a row were boiled away so fast */
    unsigned fast, fast_long; /* how often in a row the fast looks said so */
    unsigned normal, n_high;  /* windows in a row near the baseline, and far above it */
    int64_t high_us;
    int64_t failing_us;
    enum tank_cause cause;
    bool watching; /* ends when for so long (watch_us), and so many windows (calm), nothing was to be watched
                    */
    int64_t watch_us;
    unsigned calm;
    bool beyond; /* the level is beyond those that were learned */

    /* the top while the lid is closed and nothing is filled (tank_warm.c): means of blocks */
    double tops[TANK_RECENT];
    unsigned n_tops, n_top_sum, warm_row;
    double top_sum_c, top_coldest_c;
    int64_t tops_us;

    /* fills (tank_fill.c) */
    struct tank_fill fills[TANK_FILLS];
    unsigned n_fills, next_fill;
    int64_t filled_us; /* the end of the last; 0: none seen */
    int64_t seen_us;   /* when watching began */
    struct tank_lasting due;
    int64_t over_us, under_us;
    double usual_s, usual_every_s, usual_cm, usual_cm_s;
    uint32_t flags;
    double day_l[TANK_DAYS];
    unsigned n_days;
    int64_t day_us;
    double today_l;
    bool day_whole;

    /* how the top warms, since it was coldest (tank_left.c) */
    struct slope warming;
    int64_t warming_us, top_us;
    double top_least_c, top_most_c;

    /* lid, sensors (tank_sense.c) */
    bool lid_open;
    int64_t lid_us, lid_closed_us, lid_for_us;
    int64_t lid_good_us,
        lid_unsure_us; /* its last good reading; until when what it did before may still show */
    double lid_from_c, lid_most_c, lid_warmed_k;
    bool lid_ever;
    uint32_t lid_hours[24]; /* seconds open in each of the last hours */
    int64_t lid_hour_us;
    double flat_cm;
    int64_t flat_us;
    int64_t dry_us; /* since when the level shows no liquid; 0: it shows some */
    struct tank_lasting warm_probes[TANK_TEMPS], cold_probes[TANK_TEMPS], twin_probes[TANK_TEMPS];

    /* what the flags' end must prove (tank_over.c) */
    int64_t nothing_us;                       /* when a fill last brought nothing; 0: never */
    uint8_t warm, cold, twins;                /* probes that were so and have not been seen otherwise */
    uint8_t warm_seen, cold_seen, twins_seen; /* probes that have been judged */
};

/* --- the interface */

/* 0, or -EINVAL as tank_vessel_check. model NULL: nothing is known. */
int tank_init(struct tank *tank, const struct tank_vessel *model);
/* now_us: BOOTTIME, must not fall (an earlier time is taken as the last one). */
void tank_feed(struct tank *tank, int64_t now_us, const struct tank_input *input);
void tank_view(const struct tank *tank, struct tank_view *ret);
/* Somebody has repaired the vessel, or emptied and moved it: learn the baseline anew. */
void tank_relearn(struct tank *tank);

#endif
