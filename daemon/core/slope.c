/* slope.c - see slope.h. */
#include "slope.h"

#define DAY_US   86400e6
#define Z_90     1.645
#define PAIRS    (SLOPE_POINTS * (SLOPE_POINTS - 1) / 2)
#define ROUNDING 1e-9

void slope_clear(struct slope *slope)
{
    slope->n = slope->open = 0;
    slope->stride = 1;
    slope->first_us = 0;
    slope->open_at = slope->open_value = 0;
}

static void halve(struct slope *s)
{
    for (unsigned i = 0; i < SLOPE_POINTS / 2; i++) {
        s->at[i] = (s->at[2 * i] + s->at[2 * i + 1]) / 2;
        s->value[i] = (s->value[2 * i] + s->value[2 * i + 1]) / 2;
    }
    s->n = SLOPE_POINTS / 2;
    s->stride *= 2;
}

void slope_add(struct slope *s, int64_t at_us, double value)
{
    if (s->stride == 0)
        slope_clear(s);
    if (s->n == 0 && s->open == 0)
        s->first_us = at_us;
    double at = (double)(at_us - s->first_us) / DAY_US;
    if ((s->n > 0 && at <= s->at[s->n - 1]) || s->stride > 1u << 20)
        return;
    s->open_at += at;
    s->open_value += value;
    s->open++;
    if (s->open < s->stride)
        return;
    s->at[s->n] = s->open_at / s->open;
    s->value[s->n] = s->open_value / s->open;
    s->n++;
    s->open = 0;
    s->open_at = s->open_value = 0;
    if (s->n == SLOPE_POINTS)
        halve(s);
}

double slope_select(double *v, unsigned n, unsigned k)
{
    unsigned low = 0, high = n - 1;
    while (low < high) {
        double pivot = v[low + (high - low) / 2];
        unsigned i = low, j = high;
        for (;;) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i >= j)
                break;
            double swap = v[i];
            v[i++] = v[j];
            v[j--] = swap;
        }
        /* Hoare's partition: low..j is not above the pivot. */
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return v[k];
}

double slope_median(double *v, unsigned n)
{
    double upper = slope_select(v, n, n / 2);
    return n % 2 == 1 ? upper : (slope_select(v, n, n / 2 - 1) + upper) / 2;
}

double slope_root(double value)
{
    if (!(value > 0))
        return 0;
    double root = value > 1 ? value : 1;
    for (int i = 0; i < 200; i++) { /* Newton, from above: falls until it is there */
        double next = (root + value / root) / 2;
        if (next >= root * (1 - ROUNDING))
            return next;
        root = next;
    }
    return root;
}

bool slope_fit(const struct slope *s, double resolution, struct slope_fit *ret)
{
    double slopes[PAIRS], rest[SLOPE_POINTS];
    unsigned n = s->n, pairs = 0;
    if (n < SLOPE_LEAST)
        return false;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = i + 1; j < n; j++)
            slopes[pairs++] = (s->value[j] - s->value[i]) / (s->at[j] - s->at[i]);
    }
    double width = Z_90 * slope_root((double)n * (n - 1) * (2 * n + 5) / 18);
    double below = (pairs - width) / 2;
    unsigned low = below > 1 ? (unsigned)below - 1 : 0;
    struct slope_fit fit = {.n = n, .span_days = s->at[n - 1] - s->at[0]};
    fit.per_day = slope_median(slopes, pairs);
    fit.low = slope_select(slopes, pairs, low) - resolution / fit.span_days;
    fit.high = slope_select(slopes, pairs, pairs - 1 - low) + resolution / fit.span_days;
    for (unsigned i = 0; i < n; i++)
        rest[i] = s->value[i] + fit.per_day * (s->at[n - 1] - s->at[i]);
    fit.end_value = slope_median(rest, n);
    *ret = fit;
    return true;
}
