/* The curve of a run, and how far it is from another. See freezer_record.h. */
#include "freezer_record.h"

static void halve(struct freezer_trace *trace)
{
    for (unsigned i = 0; i < FREEZER_TRACE_SLOTS; i++) {
        struct freezer_trace_slot sum = {0};
        for (unsigned k = 2 * i; k < 2 * i + 2 && k < FREEZER_TRACE_SLOTS; k++) {
            sum.sample += trace->slots[k].sample;
            sum.n_sample += trace->slots[k].n_sample;
            sum.chamber += trace->slots[k].chamber;
            sum.n_chamber += trace->slots[k].n_chamber;
        }
        trace->slots[i] = sum;
    }
    trace->slot_us *= 2;
}

void freezer_record_trace(struct freezer_record *record, int64_t boot_us, bool sample, micro_t value)
{
    struct freezer_trace *trace = &record->trace;
    const int64_t after_us = boot_us - record->begin.boot_us;

    /* Beyond any real temperature: the sums must hold. */
    if (after_us < 0 || value > 1000 * MICRO_PER_UNIT || value < -1000 * MICRO_PER_UNIT)
        return;
    while (after_us / trace->slot_us >= FREEZER_TRACE_SLOTS)
        halve(trace);
    struct freezer_trace_slot *slot = &trace->slots[after_us / trace->slot_us];
    if (sample && slot->n_sample < INT32_MAX) {
        slot->sample += value;
        slot->n_sample++;
    } else if (!sample && slot->n_chamber < INT32_MAX) {
        slot->chamber += value;
        slot->n_chamber++;
    }
}

/* The mean of a slot as wide as width_us, of a curve whose slots are as wide or finer. */
static bool mean_of(const struct freezer_trace *trace, int64_t width_us, unsigned slot, bool sample,
                    micro_t *ret)
{
    const unsigned per = (unsigned)(width_us / trace->slot_us);
    int64_t sum = 0, n = 0;

    for (unsigned i = slot * per; i < (slot + 1) * per && i < FREEZER_TRACE_SLOTS; i++) {
        sum += sample ? trace->slots[i].sample : trace->slots[i].chamber;
        n += sample ? trace->slots[i].n_sample : trace->slots[i].n_chamber;
    }
    if (n == 0)
        return false;
    *ret = sum / n;
    return true;
}

static bool compare(const struct freezer_trace *a, const struct freezer_trace *b, bool sample,
                    struct freezer_distance *ret)
{
    const int64_t width_us = a->slot_us > b->slot_us ? a->slot_us : b->slot_us;
    struct freezer_distance d = {.of_sample = sample};
    unsigned n_both = 0, length = 0;
    uint64_t squares = 0;

    for (unsigned i = 0; i < FREEZER_TRACE_SLOTS; i++) {
        micro_t one = 0, other = 0;
        const bool in_a = mean_of(a, width_us, i, sample, &one);
        const bool in_b = mean_of(b, width_us, i, sample, &other);
        const micro_t apart = one > other ? one - other : other - one;
        if (in_a || in_b)
            length = i + 1;
        if (!in_a || !in_b)
            continue;
        n_both++;
        squares += (uint64_t)(apart / 1000) * (uint64_t)(apart / 1000);
        if (apart > d.most) {
            d.most = apart;
            d.most_at_us = i * width_us;
        }
    }
    if (n_both == 0)
        return false;
    const uint64_t mean = squares / n_both;
    uint64_t low = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
        if ((low | bit) <= mean / (low | bit))
            low |= bit;
    d.rms = (micro_t)low * 1000;
    d.per_mille = n_both * 1000 / length;
    *ret = d;
    return true;
}

bool freezer_record_distance(const struct freezer_trace *a, const struct freezer_trace *b,
                             struct freezer_distance *ret)
{
    return compare(a, b, true, ret) || compare(a, b, false, ret);
}
