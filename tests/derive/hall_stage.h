/*
 * hall_stage.h - a hall that does what the test says: fills that appear elsewhere, supplies that run out,
 * readings that are lost. No physics: levels fall by 2 cm a day, and rise while a valve is open.
 */
#ifndef CRYOMON_HALL_STAGE_H
#define CRYOMON_HALL_STAGE_H

#include "derive_site.h"

struct stage {
    struct site site;
    struct derive *derive;
    struct heard heard;
    struct derive *recalled; /* NULL, or one that is told the same, and is not ready */
    struct stamp now;
    double level_cm[SITE_TANKS], top_c[SITE_TANKS], stock_l, lost_l_day;
    bool stuck[SITE_TANKS];           /* its level probe */
    bool lid[SITE_TANKS];             /* open: the top warms by some K within minutes */
    double warmed_k[SITE_TANKS];      /* by that */
    int top_of[SITE_TANKS];           /* whose top each tank's point shows */
    bool filling[SITE_TANKS], closed; /* the main valve */
    bool off[SITE_TANKS];             /* its controller */
    bool silent;                      /* nothing is read any more */
    bool spread;                      /* levels come half a minute after valves */
    uint64_t random;
};

/* All tanks are well, their valves work by themselves. The derive is not ready yet. */
struct stage *stage_open(void);
void stage_close(struct stage *s);

/* A reading of a point, for both; NAN: it could not be read. */
void stage_take(struct stage *s, int point, double value);
/* Time passes, and nothing is read. */
void stage_pass(struct stage *s, int64_t us);
/* What happens in a minute to levels and stock, without a reading; and how far off a level is read, in cm. */
void stage_move(struct stage *s);
double stage_noise(struct stage *s);
/* A minute with its readings, and so many days of them. */
void stage_step(struct stage *s);
void stage_run(struct stage *s, double days);

/* The lid of one is open for so many minutes, and then nothing happens for two hours. */
void stage_open_lid(struct stage *s, unsigned tank, int open_min);

/* What was heard of an alarm last. */
int stage_of_supply(const struct stage *s, unsigned alarm);
int stage_of_tank(const struct stage *s, unsigned tank, unsigned alarm);

/* The one that has learned the past takes over, as after the start or a reload; nothing was told by it. */
void stage_take_over(struct stage *s);

#endif
