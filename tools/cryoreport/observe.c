#include "observe.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)
#define MS_US   INT64_C(1000)

static int64_t floor_hour(int64_t us)
{
    int64_t rest = us % HOUR_US;
    return us - (rest < 0 ? rest + HOUR_US : rest);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---------------------------------------------------------------- what was found */

/* Room for one more; NULL: there is none (counted), or no memory (failed). */
static void *room(struct observe *o, void *array, size_t n, size_t *cap, size_t size)
{
    if (n >= OBSERVE_FOUND_MAX) {
        o->left_out++;
        return NULL;
    }
    if (n < *cap)
        return array;
    size_t more = *cap > 0 ? 2 * *cap : 32;
    void *grown = realloc(array, more * size);
    if (grown == NULL) {
        o->failed = true;
        return NULL;
    }
    *cap = more;
    return grown;
}

static void add_gap(struct observe *o, struct observe_gap gap)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (o->row_reasons[i] > most) {
            most = o->row_reasons[i];
            gap.reason = (enum reason)i;
        }
    }
    gap.rows = o->rows;
    struct observe_gap *grown = room(o, o->gaps, o->n_gaps, &o->cap_gaps, sizeof gap);
    if (grown == NULL)
        return;
    o->gaps = grown;
    o->gaps[o->n_gaps++] = gap;
}

static void end_excursion(struct observe *o, int64_t at_us)
{
    o->now.end_us = greatest(at_us, o->now.start_us);
    o->now.unknown_us = greatest(o->now.end_us - o->now.start_us - o->now_known_us, 0);
    o->within = false;
    struct observe_excursion *grown =
        room(o, o->excursions, o->n_excursions, &o->cap_excursions, sizeof o->now);
    if (grown == NULL)
        return;
    o->excursions = grown;
    o->excursions[o->n_excursions++] = o->now;
}

/* ---------------------------------------------------------------- a reading with a value */

static const struct observe_limits *limits_at(struct observe *o, int64_t at_us)
{
    while (o->limit + 1 < o->n_limits && o->limits[o->limit + 1].from_us <= at_us)
        o->limit++;
    return o->n_limits > 0 ? &o->limits[o->limit] : NULL;
}

static bool is_over(const struct observe_excursion *now, const struct observe_limits *limits,
                    const struct observe_reading *r)
{
    if (now->high ? !limits->has_high : !limits->has_low)
        return true; /* there is no such limit any more */
    if (r->quality != QUALITY_GOOD)
        return false;
    return now->high ? r->value <= limits->high_back : r->value >= limits->low_back;
}

static void judge(struct observe *o, const struct observe_reading *r)
{
    const struct observe_limits *limits = limits_at(o, r->slot_us);
    if (limits == NULL)
        return;
    if (o->within && is_over(&o->now, limits, r))
        end_excursion(o, r->slot_us);
    bool above = limits->has_high && r->value > limits->high;
    bool below = limits->has_low && r->value < limits->low;
    if (!o->within && (above || below)) {
        o->now = (struct observe_excursion){.high = above,
                                            .open_start = !o->valued,
                                            .limit = above ? limits->high : limits->low,
                                            .peak = r->value,
                                            .start_us = r->slot_us,
                                            .peak_us = r->slot_us};
        o->now_known_us = 0;
        o->within = true;
    }
    if (o->within && (o->now.high ? r->value > o->now.peak : r->value < o->now.peak)) {
        o->now.peak = r->value;
        o->now.peak_us = r->slot_us;
    }
}

/* The value stands from its slot for so long. */
static void stand(struct observe *o, const struct observe_reading *r, int64_t stand_us)
{
    int64_t us =
        least(r->slot_us + stand_us, o->to_us) - greatest(r->slot_us, o->from_us);
    if (us <= 0)
        return;
    o->known_us += us;
    o->now_known_us += us;
    for (unsigned i = 0; i < o->n_thresholds; i++) {
        if (r->value <= o->thresholds[i])
            continue;
        int64_t area = (r->value - o->thresholds[i]) / 1000 * (us / MS_US);
        o->above_us[i] += us;
        o->area[i] += area;
        if (o->within) {
            o->now.above_us[i] += us;
            o->now.area[i] += area;
        }
    }
}

static void add_to_column(struct observe *o, const struct observe_reading *r)
{
    int64_t span = o->to_us - o->from_us, at = r->slot_us - o->from_us;
    if (at < 0 || at >= span)
        at = at < 0 ? 0 : span - 1;
    struct observe_column *c = &o->columns[at / ((span + OBSERVE_COLUMNS - 1) / OBSERVE_COLUMNS)];
    if (c->n == 0 || r->value < c->minimum)
        c->minimum = r->value;
    if (c->n == 0 || r->value > c->maximum)
        c->maximum = r->value;
    c->sum += r->value / 1000;
    c->n++;
}

static void add_value(struct observe *o, const struct observe_reading *r, int64_t stand_us)
{
    int64_t known_us = o->valued ? o->valued_us : o->from_us, longest_us = SUMMARY_HOLD * o->interval_us;
    if (r->slot_us - known_us > longest_us)
        add_gap(o, (struct observe_gap){.from_us = o->valued ? known_us + o->interval_us : known_us,
                                        .to_us = r->slot_us,
                                        .before = !o->valued});
    o->rows = 0;
    memset(o->row_reasons, 0, sizeof o->row_reasons);
    if (!o->valued || r->value < o->minimum) {
        o->minimum = r->value;
        o->minimum_us = r->slot_us;
    }
    if (!o->valued || r->value > o->maximum) {
        o->maximum = r->value;
        o->maximum_us = r->slot_us;
    }
    o->sum += r->value / 1000;
    judge(o, r);
    stand(o, r, stand_us);
    add_to_column(o, r);
    o->valued = true;
    o->valued_us = r->slot_us;
}

/* ---------------------------------------------------------------- an hour */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t usual_interval(struct observe *o)
{
    size_t n = 0;
    for (size_t i = 1; i < o->n_block; i++)
        if (o->block[i].slot_us > o->block[i - 1].slot_us)
            o->distances[n++] = o->block[i].slot_us - o->block[i - 1].slot_us;
    if (n == 0)
        return o->interval_us > 0 ? o->interval_us : o->default_interval_us;
    qsort(o->distances, n, sizeof *o->distances, compare);
    return o->distances[n / 2];
}

/* How many readings there should have been until then, at the interval that is usual now. */
static void expect(struct observe *o, int64_t until_us)
{
    int64_t from_us = greatest(o->expected_until_us, o->from_us);
    until_us = least(until_us, o->to_us);
    if (until_us <= from_us)
        return;
    if (o->interval_us > 0)
        o->expected += (double)(until_us - from_us) / (double)o->interval_us;
    o->expected_until_us = until_us;
}

static void end_block(struct observe *o)
{
    if (o->n_block == 0)
        return;
    int64_t hour_us = floor_hour(o->block[0].slot_us), interval_us = usual_interval(o);
    if (o->interval_us == 0)
        o->interval_us = interval_us;
    expect(o, hour_us); /* hours without any: as it was usual before */
    o->interval_us = interval_us;
    expect(o, hour_us + HOUR_US);
    for (size_t i = 0; i < o->n_block; i++) {
        const struct observe_reading *r = &o->block[i];
        int64_t next_us = i + 1 < o->n_block ? r[1].slot_us - r->slot_us : interval_us;
        int64_t stand_us = next_us > 0 ? least(next_us, SUMMARY_HOLD * interval_us) : interval_us;
        o->good += r->quality == QUALITY_GOOD;
        o->uncertain += r->quality == QUALITY_UNCERTAIN;
        if (r->quality != QUALITY_BAD) {
            add_value(o, r, stand_us);
            continue;
        }
        o->bad++;
        o->reasons[r->reason]++;
        o->rows++;
        o->row_reasons[r->reason]++;
    }
    o->n_block = 0;
}

bool observe_feed(struct observe *o, const struct observe_reading *reading)
{
    if (o->n_block > 0 && floor_hour(reading->slot_us) != floor_hour(o->block[0].slot_us))
        end_block(o);
    if (o->n_block == o->cap_block) {
        size_t cap = o->cap_block > 0 ? 2 * o->cap_block : 1024;
        struct observe_reading *block = realloc(o->block, cap * sizeof *block);
        if (block != NULL)
            o->block = block;
        int64_t *distances = realloc(o->distances, cap * sizeof *distances);
        if (distances != NULL)
            o->distances = distances;
        if (block == NULL || distances == NULL)
            o->failed = true;
        else
            o->cap_block = cap;
    }
    if (o->failed)
        return false;
    o->block[o->n_block++] = *reading;
    if (o->stored++ == 0)
        o->first_us = reading->slot_us;
    o->last_us = reading->slot_us;
    return true;
}

bool observe_finish(struct observe *o)
{
    end_block(o);
    if (o->interval_us == 0)
        o->interval_us = o->default_interval_us;
    expect(o, o->to_us);
    int64_t known_us = o->valued ? o->valued_us : o->from_us;
    if (o->to_us - known_us > SUMMARY_HOLD * o->interval_us)
        add_gap(o, (struct observe_gap){.from_us = o->valued ? known_us + o->interval_us : known_us,
                                        .to_us = o->to_us,
                                        .before = !o->valued,
                                        .after = true});
    if (o->within) {
        o->now.open_end = true;
        end_excursion(o, o->to_us);
    }
    free(o->block);
    free(o->distances);
    o->block = NULL;
    o->distances = NULL;
    o->cap_block = 0;
    return !o->failed;
}

void observe_free(struct observe *o)
{
    free(o->block);
    free(o->distances);
    free(o->excursions);
    free(o->gaps);
    *o = (struct observe){0};
}
