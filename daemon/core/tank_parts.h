/*
 * tank_parts.h - what the files of tank.h share.
 */
#ifndef CRYOMON_TANK_PARTS_H
#define CRYOMON_TANK_PARTS_H

#include "tank.h"

#define TANK_LN2_C     (-195.8)
#define TANK_SECOND_US INT64_C(1000000)
#define TANK_HOUR_US   (3600 * TANK_SECOND_US)
#define TANK_DAY_US    (24 * TANK_HOUR_US)
#define TANK_BLOCK_US  (300 * TANK_SECOND_US)
#define TANK_GAP_US    (30 * 60 * TANK_SECOND_US)

static inline bool tank_good(const struct reading *reading)
{
    return reading->quality == QUALITY_GOOD;
}

static inline bool tank_absent(const struct reading *reading)
{
    return reading->quality == QUALITY_BAD && reading->reason == REASON_NEVER_READ;
}

static inline double tank_number(micro_t micro)
{
    return (double)micro / MICRO_PER_UNIT;
}

static inline double tank_larger(double a, double b)
{
    return a > b ? a : b;
}

static inline double tank_smaller(double a, double b)
{
    return a < b ? a : b;
}

/* Litres below a height; without a shape the height itself. */
double tank_content(const struct tank *tank, double cm);
/* Content per cm at a height. */
double tank_per_cm(const struct tank *tank, double cm);
/* What the boil-off must be divided by to compare with a room of 21 degrees C; 1 when the room
 * is not known. */
double tank_room_factor(double room_c);
micro_t tank_micro(double number);
struct tank_quantity tank_says(double value, double low, double high);
struct tank_quantity tank_unknown(enum tank_why why);
/* The reason for which this reading gives nothing. */
enum tank_why tank_no_reading(const struct reading *reading);

/* tank_level.c: phases, blocks and runs. */
void tank_level_feed(struct tank *tank);
void tank_level_stands(struct tank *tank);             /* it stands still, and its run tells nothing */
void tank_level_again(struct tank *tank);              /* a new run begins now */
int64_t tank_level_settle_us(const struct tank *tank); /* so long it froths after a fill */
/* tank_vacuum.c */
void tank_vacuum_window(struct tank *tank, const struct slope_fit *fit, double cm);
/* Is this slope so far above the baseline that shorter windows will do? */
bool tank_vacuum_is_high(const struct tank *tank, const struct slope_fit *fit);
void tank_vacuum_fill(struct tank *tank, const struct tank_fill *last); /* when the next one begins */
void tank_vacuum_block(struct tank *tank);                              /* after each block of a run */
void tank_vacuum_feed(struct tank *tank);
/* Is the baseline known at this level? Is it at the present one: at the edge, as it was before? */
bool tank_vacuum_knows(const struct tank *tank, double cm);
bool tank_vacuum_knows_here(const struct tank *tank);
/* cm per day: what falls less stands still; 0: not known. */
double tank_vacuum_least_fall(const struct tank *tank, double cm);
double tank_vacuum_index(const struct tank *tank);
double tank_vacuum_growth(const struct tank *tank); /* of the index, per day */
/* What is usual at this level: boil-off (content per day), and the top above LN2 (0: not learned). */
double tank_vacuum_boil(const struct tank *tank, double cm);
double tank_vacuum_top(const struct tank *tank, double cm);
void tank_vacuum_fail(struct tank *tank);
/* tank_step.c: between two blocks the level jumped; after each block of the new run */
void tank_step_begin(struct tank *tank);
void tank_step_block(struct tank *tank);
/* A fill begins at this reading. At its end: was it none, but a step upwards? */
void tank_step_noticed(struct tank *tank, double cm);
bool tank_step_is_no_fill(struct tank *tank);
double tank_step_other_cm(const struct tank *tank); /* the level without the steps */
/* tank_pool.c: the present run, whose slope is too rough for a window, is put to those before it. scale: from
 * cm per day to content per day. *w becomes what they say together; false: it adds nothing. */
bool tank_pool_add(struct tank *tank, const struct slope_fit *fit, double scale, struct tank_window *w);
double tank_pool_half(const struct tank *tank); /* of the interval of what they say together */
void tank_pool_clear(struct tank *tank);
/* tank_warm.c */
void tank_warm_feed(struct tank *tank);
void tank_vacuum_view(const struct tank *tank, struct tank_view *ret);
/* tank_fill.c */
void tank_fill_begin(struct tank *tank);
void tank_fill_end(struct tank *tank);
void tank_fill_lost(struct tank *tank); /* what became of it was not seen */
/* By the level now, which must be good: a fill is due; the tank is too full. */
bool tank_fill_is_low(const struct tank *tank);
bool tank_fill_is_high(const struct tank *tank);
/* The valve is open, and nothing comes, or nothing more: the level falls as if there were no fill. */
bool tank_fill_is_dead(const struct tank *tank);
/* The level rises in a fill, or did some minutes ago. No fill is due, and none goes on: both are seen now. */
bool tank_fill_comes(const struct tank *tank);
bool tank_fill_is_well(const struct tank *tank);
void tank_fill_feed(struct tank *tank);
void tank_fill_view(const struct tank *tank, struct tank_view *ret);
/* tank_sense.c: lid and plausibility. */
void tank_sense_feed(struct tank *tank);
/* Has the lid been closed for so long that its heat is gone? */
bool tank_sense_quiet(const struct tank *tank);
/* There is a lid contact, and what the lid does, or did shortly before, is not known. */
bool tank_sense_lid_unsure(const struct tank *tank);
/* The level shows no liquid, and the top is as cold as it: one of them is wrong. */
bool tank_sense_contradicts(const struct tank *tank);
/* By this slope: the level stands still where it should have fallen; it falls as it should. */
bool tank_sense_stands(const struct tank *tank, const struct slope_fit *fit);
bool tank_sense_falls(const struct tank *tank, const struct slope_fit *fit);
void tank_sense_view(const struct tank *tank, struct tank_view *ret);
/* What a probe shows now, of itself and of its twin. */
enum tank_doubt { TANK_NOT_JUDGED, TANK_NO_DOUBT, TANK_DOUBTFUL };
enum tank_doubt tank_sense_warm(const struct tank *tank, unsigned probe);
enum tank_doubt tank_sense_cold(const struct tank *tank, unsigned probe);
enum tank_doubt tank_sense_twin(const struct tank *tank, unsigned probe);
/* For how long it has been so. Only a judgement that it is not so begins anew, or none for TANK_GAP_US. */
int64_t tank_lasting(struct tank_lasting *lasting, int64_t now_us, enum tank_doubt doubt);
/* tank_over.c */
void tank_over_feed(struct tank *tank);
uint32_t tank_over(const struct tank *tank);
/* tank_left.c */
bool tank_left_is_dry(const struct tank *tank, double cm); /* at this level */
void tank_left_feed(struct tank *tank);
void tank_left_view(const struct tank *tank, struct tank_view *ret);

#endif
