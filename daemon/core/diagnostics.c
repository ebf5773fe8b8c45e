/* diagnostics.c - see diagnostics.h. */
#include "diagnostics.h"

#include <stdio.h>

#define EXCEPTION_ACKNOWLEDGE 5
#define EXCEPTION_BUSY        6
#define EXCEPTION_NO_PATH     10
#define EXCEPTION_NO_TARGET   11

/* End of bucket b in us: 1000 x 2^(b/4). */
static int64_t bucket_end_us(unsigned bucket)
{
    static const int64_t quarter[] = {1000, 1189, 1414, 1682};
    return quarter[bucket % 4] << bucket / 4;
}

static unsigned bucket_of(int64_t latency_us)
{
    unsigned bucket = 0;
    while (bucket < DIAGNOSTICS_BUCKETS - 1 && latency_us > bucket_end_us(bucket))
        bucket++;
    return bucket;
}

static void note(struct diagnostics *d, const char *fault, int64_t utc_us)
{
    d->last_fault_utc_us = utc_us;
    (void)snprintf(d->fault, sizeof d->fault, "%s", fault);
}

static void count_refusal(struct diagnostics *d, uint8_t exception, int64_t utc_us)
{
    char words[DIAGNOSTICS_FAULT_MAX];

    if (exception == EXCEPTION_NO_PATH || exception == EXCEPTION_NO_TARGET)
        d->timeouts++;
    else if (exception == EXCEPTION_ACKNOWLEDGE || exception == EXCEPTION_BUSY)
        d->busy++;
    else
        d->refused++;
    (void)snprintf(words, sizeof words, "exception %u", exception);
    note(d, words, utc_us);
}

void diagnostics_count(struct diagnostics *d, const struct modbus_reply *reply, int64_t latency_us,
                       int64_t utc_us)
{
    d->requests++;
    if (reply->outcome == BUS_OK || reply->outcome == BUS_REFUSED) {
        d->replies++;
        d->latency[bucket_of(latency_us)]++;
    }
    switch (reply->outcome) {
    case BUS_OK:
        d->last_good_utc_us = utc_us;
        break;
    case BUS_REFUSED:
        count_refusal(d, reply->exception, utc_us);
        break;
    case BUS_NO_REPLY:
        d->timeouts++;
        note(d, "no reply", utc_us);
        break;
    case BUS_BAD_REPLY:
        d->bad_replies++;
        note(d, reply->fault, utc_us);
        break;
    case BUS_LINK_DOWN:
        d->link_faults++;
        note(d, reply->fault, utc_us);
        break;
    }
}

int64_t diagnostics_percentile_us(const struct diagnostics *d, unsigned percent)
{
    uint64_t total = 0;
    uint64_t below = 0;

    for (unsigned b = 0; b < DIAGNOSTICS_BUCKETS; b++)
        total += d->latency[b];
    if (total == 0)
        return 0;
    for (unsigned b = 0; b < DIAGNOSTICS_BUCKETS; b++) {
        below += d->latency[b];
        if (below * 100 >= total * percent)
            return bucket_end_us(b);
    }
    return bucket_end_us(DIAGNOSTICS_BUCKETS - 1);
}
