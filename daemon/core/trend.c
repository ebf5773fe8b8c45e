/* trend.c - see trend.h. */
#include "trend.h"

__extension__ typedef __int128 wide_t;

#define HOUR_US       INT64_C(3600000000)
#define TIME_LEFT_MAX (INT64_C(30) * 24 * 3600)

void trend_init(struct trend *trend, uint32_t window_ms)
{
    *trend = (struct trend){.slot_us = (int64_t)window_ms * 1000 / TREND_SLOTS};
}

/* Rounds towards minus infinity, so that slots before the boot are as long as the others. */
static int64_t number_of(const struct trend *trend, int64_t boot_us)
{
    return boot_us / trend->slot_us - (boot_us % trend->slot_us < 0);
}

void trend_add(struct trend *trend, int64_t boot_us, micro_t value, bool uncertain)
{
    struct trend_slot *slot;
    int64_t number, difference, sum;

    if (trend->slot_us == 0)
        return;
    number = number_of(trend, boot_us);
    slot = &trend->slots[(number % TREND_SLOTS + TREND_SLOTS) % TREND_SLOTS];
    if (slot->n == 0 || slot->number != number)
        *slot = (struct trend_slot){.number = number, .first = value};
    /* Numbers that no sensor gives: the mean of what there is will do. */
    if (slot->n == UINT32_MAX || __builtin_sub_overflow(value, slot->first, &difference) ||
        __builtin_add_overflow(slot->sum, difference, &sum))
        return;
    slot->n++;
    slot->sum = sum;
    slot->sum_us += boot_us - number * trend->slot_us;
    slot->uncertain |= uncertain;
}

static bool is_within(const struct trend_slot *slot, int64_t last)
{
    return slot->n > 0 && slot->number <= last && last - slot->number < TREND_SLOTS;
}

/* The line's sums: of time, of value, of their products. Times count from the base, values from a value. */
struct sums {
    unsigned n;
    wide_t t, v, tt, tv;
    int64_t first_us, last_us;
    bool uncertain;
};

static void sum_up(const struct trend *trend, int64_t last, struct sums *s)
{
    micro_t base = 0;

    /* From the oldest to the newest. */
    for (int64_t number = last - TREND_SLOTS + 1; number <= last; number++) {
        const struct trend_slot *slot = &trend->slots[(number % TREND_SLOTS + TREND_SLOTS) % TREND_SLOTS];
        wide_t v;
        int64_t t;

        if (!is_within(slot, last) || slot->number != number)
            continue;
        t = (number - (last - TREND_SLOTS + 1)) * trend->slot_us + slot->sum_us / slot->n;
        base = s->n == 0 ? slot->first : base;
        v = (wide_t)slot->first - base + slot->sum / slot->n;
        s->first_us = s->n == 0 ? t : s->first_us;
        s->last_us = t;
        s->n++;
        s->t += t;
        s->v += v;
        s->tt += (wide_t)t * t;
        s->tv += (wide_t)t * v;
        s->uncertain |= slot->uncertain;
    }
}

bool trend_slope(const struct trend *trend, int64_t now_us, struct trend_line *ret)
{
    struct sums s = {0};
    wide_t across, along, slope;

    if (trend->slot_us == 0)
        return false;
    sum_up(trend, number_of(trend, now_us), &s);
    /* Half of the window, but for a slot: the means lie inside their slots. */
    if (s.n < TREND_SLOTS_MIN || s.last_us - s.first_us < trend->slot_us * (TREND_SLOTS / 2 - 1))
        return false;
    /* What ended long ago says nothing of now. */
    if (trend->slot_us * (TREND_SLOTS - TREND_SLOTS / 4 - 1) > s.last_us)
        return false;
    along = s.n * s.tt - s.t * s.t;
    across = s.n * s.tv - s.t * s.v;
    /* Beyond what a sensor can do: the product would not fit. */
    if (across > ((wide_t)1 << 90) || across < -((wide_t)1 << 90))
        return false;
    slope = across * HOUR_US / along;
    if (slope > MICRO_MAX || slope < -MICRO_MAX)
        return false;
    ret->per_hour = (micro_t)slope;
    ret->over_us = s.last_us - s.first_us;
    ret->uncertain = s.uncertain;
    return true;
}

bool trend_time_left(micro_t per_hour, micro_t value, micro_t limit, bool rising, int64_t *ret_s)
{
    const wide_t way = rising ? (wide_t)limit - value : (wide_t)value - limit;
    const wide_t speed = rising ? per_hour : -(wide_t)per_hour;
    wide_t left;

    if (way <= 0) {
        *ret_s = 0;
        return true;
    }
    if (speed <= 0)
        return false;
    left = way * 3600 / speed;
    if (left > TIME_LEFT_MAX)
        return false;
    *ret_s = (int64_t)left;
    return true;
}
