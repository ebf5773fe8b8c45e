/*
 * summary.c - see summary.h.
 *
 * As bytes: small numbers, because all are differences from what is usual. Integers wrap at 64 bits.
 *
 *     byte      version, 1
 *     varint    number of thresholds, then each as zigzag difference from the one before
 *     varint    number of buckets
 *     bucket...
 *       byte      bits 0-1 worst quality, 2 ALL (each reading has a value)
 *       zigzag    hour minus the hour after the bucket before (in hours since 1970)
 *       zigzag    count minus that of the bucket before
 *       varint    unless ALL: values
 *       if values > 0: zigzag first minus last of the bucket before; last minus first; minimum minus first;
 *                 maximum minus first; sum minus first x values
 *       zigzag    one hour minus known_ms
 *       varint    each threshold: 2 x above_ms, or 2 x (known_ms - above_ms) + 1 where that is less
 */
#include "summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION     1
#define HOUR_MS     INT64_C(3600000)
#define FLAG_ALL    0x04U
#define BUCKETS_MAX (1U << 22) /* entries of a section at most */

static int64_t hour_of(int64_t ms)
{
    return (ms / HOUR_MS - (ms % HOUR_MS < 0)) * HOUR_MS;
}

/* ---------------------------------------------------------------- making */

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The median of the distances between slots; 0: there is none. scratch has room for n. */
static int64_t usual_interval(const struct frame_entry *entries, size_t n, int64_t *scratch)
{
    size_t m = 0;
    for (size_t i = 1; i < n; i++)
        if (entries[i].slot_ms > entries[i - 1].slot_ms)
            scratch[m++] = entries[i].slot_ms - entries[i - 1].slot_ms;
    if (m == 0)
        return 0;
    bool same = true;
    for (size_t i = 1; i < m && same; i++)
        same = scratch[i] == scratch[0];
    if (!same)
        qsort(scratch, m, sizeof *scratch, compare);
    return scratch[m / 2];
}

/* The distinct hours, ascending, in scratch. */
static size_t find_hours(const struct frame_entry *entries, size_t n, int64_t *scratch)
{
    size_t m = 0, distinct = 0;
    bool ascending = true;
    for (size_t i = 0; i < n; i++) {
        int64_t hour = hour_of(entries[i].slot_ms);
        if (m > 0 && hour == scratch[m - 1])
            continue;
        ascending = ascending && (m == 0 || hour > scratch[m - 1]);
        scratch[m++] = hour;
    }
    if (!ascending)
        qsort(scratch, m, sizeof *scratch, compare);
    for (size_t i = 0; i < m; i++)
        if (distinct == 0 || scratch[i] != scratch[distinct - 1])
            scratch[distinct++] = scratch[i];
    return distinct;
}

static struct summary *find_bucket(struct summary *buckets, size_t n, int64_t hour)
{
    size_t from = 0;
    while (n > 0) {
        size_t half = n / 2;
        if (buckets[from + half].hour_ms == hour)
            return &buckets[from + half];
        if (buckets[from + half].hour_ms < hour) {
            from += half + 1;
            n -= half + 1;
        } else
            n = half;
    }
    return NULL;
}

static int64_t sum_of(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static void add_reading(struct summary *bucket, const struct frame_entry *entry, int64_t number)
{
    bucket->count++;
    if (entry->quality > bucket->worst)
        bucket->worst = entry->quality;
    if (entry->quality == QUALITY_BAD)
        return;
    if (bucket->values++ == 0)
        bucket->minimum = bucket->maximum = bucket->first = number;
    if (number < bucket->minimum)
        bucket->minimum = number;
    if (number > bucket->maximum)
        bucket->maximum = number;
    bucket->last = number;
    bucket->sum = sum_of(bucket->sum, number);
}

static void add_time(struct summary *bucket, int64_t number, uint64_t ms,
                     const struct summary_thresholds *thresholds)
{
    bucket->known_ms += ms;
    for (unsigned i = 0; i < thresholds->n && i < SUMMARY_THRESHOLDS_MAX; i++)
        if (number > thresholds->numbers[i])
            bucket->above_ms[i] += ms;
}

/* The reading stands for ms from its slot. An hour without a bucket leaves its part to the reading's own. */
static void spread_time(struct summary *buckets, size_t n, struct summary *own, int64_t slot_ms, int64_t ms,
                        int64_t number, const struct summary_thresholds *thresholds)
{
    int64_t end = slot_ms + ms, next = own->hour_ms + HOUR_MS;
    struct summary *bucket = own;
    while (ms > 0 && end > next) {
        struct summary *after = bucket + 1 < buckets + n && bucket[1].hour_ms == next ? bucket + 1 : NULL;
        if (!after)
            break;
        add_time(bucket, number, (uint64_t)(next - slot_ms), thresholds);
        ms -= next - slot_ms;
        slot_ms = next;
        next += HOUR_MS;
        bucket = after;
    }
    add_time(bucket == own ? own : bucket, number, (uint64_t)ms, thresholds);
}

/* How long a reading stands; next: the slot after it. */
static int64_t standing(int64_t slot, int64_t next, int64_t usual)
{
    int64_t distance = next - slot;
    if (distance < 0) /* the clock was set back: an interval has passed all the same */
        return usual;
    return distance < SUMMARY_HOLD * usual ? distance : SUMMARY_HOLD * usual;
}

int64_t summary_make(const struct frame_entry *entries, const int64_t *numbers, size_t n,
                     const struct summary_thresholds *thresholds, struct summary **ret)
{
    int64_t *scratch = malloc((n + 1) * sizeof *scratch);
    if (!scratch)
        return -ENOMEM;
    int64_t usual = usual_interval(entries, n, scratch);
    size_t n_hours = find_hours(entries, n, scratch);
    struct summary *buckets = calloc(n_hours + 1, sizeof *buckets);
    if (!buckets) {
        free(scratch);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n_hours; i++)
        buckets[i].hour_ms = scratch[i];
    free(scratch);
    struct summary *own = buckets;
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *entry = &entries[i];
        int64_t hour = hour_of(entry->slot_ms);
        if (own->hour_ms != hour)
            own = find_bucket(buckets, n_hours, hour);
        add_reading(own, entry, numbers[i]);
        if (entry->quality == QUALITY_BAD)
            continue;
        int64_t ms = i + 1 < n ? standing(entry->slot_ms, entries[i + 1].slot_ms, usual) : usual;
        spread_time(buckets, n_hours, own, entry->slot_ms, ms, numbers[i], thresholds);
    }
    *ret = buckets;
    return (int64_t)n_hours;
}

void summary_merge(struct summary *a, const struct summary *b)
{
    if (b->values > 0) {
        if (a->values == 0)
            a->first = b->first;
        if (a->values == 0 || b->minimum < a->minimum)
            a->minimum = b->minimum;
        if (a->values == 0 || b->maximum > a->maximum)
            a->maximum = b->maximum;
        a->last = b->last;
        a->sum = sum_of(a->values > 0 ? a->sum : 0, b->sum);
    }
    a->count += b->count;
    a->values += b->values;
    if (b->worst > a->worst)
        a->worst = b->worst;
    a->known_ms += b->known_ms;
    for (unsigned i = 0; i < SUMMARY_THRESHOLDS_MAX; i++)
        a->above_ms[i] += b->above_ms[i];
}

/* ---------------------------------------------------------------- bytes */

static void put_difference(struct bytes *bytes, int64_t a, int64_t b)
{
    bytes_zigzag(bytes, (int64_t)((uint64_t)a - (uint64_t)b));
}

static bool get_difference(const unsigned char **at, const unsigned char *end, int64_t base, int64_t *ret)
{
    int64_t difference;
    if (!bytes_get_zigzag(at, end, &difference))
        return false;
    *ret = (int64_t)((uint64_t)base + (uint64_t)difference);
    return true;
}

static int64_t hours_of(const struct summary *bucket)
{
    return hour_of(bucket->hour_ms) / HOUR_MS;
}

/* first x values: what the sum would be if nothing had changed. */
static int64_t flat_sum(const struct summary *bucket)
{
    return (int64_t)((uint64_t)bucket->first * bucket->values);
}

static void put_above(struct bytes *bytes, uint64_t above, uint64_t known)
{
    if (above <= known && known - above < above)
        bytes_varint(bytes, (known - above) << 1 | 1);
    else
        bytes_varint(bytes, above << 1);
}

static bool get_above(const unsigned char **at, const unsigned char *end, uint64_t known, uint64_t *ret)
{
    uint64_t value;
    if (!bytes_get_varint(at, end, &value) || (value & 1 && value >> 1 > known))
        return false;
    *ret = value & 1 ? known - (value >> 1) : value >> 1;
    return true;
}

static void put_bucket(struct bytes *bytes, const struct summary *b, const struct summary *before,
                       unsigned n_thresholds)
{
    bool all = b->values == b->count;
    bytes_byte(bytes, (unsigned char)(b->worst | (all ? FLAG_ALL : 0)));
    put_difference(bytes, hours_of(b), hours_of(before) + 1);
    put_difference(bytes, (int64_t)b->count, (int64_t)before->count);
    if (!all)
        bytes_varint(bytes, b->values);
    if (b->values > 0) {
        put_difference(bytes, b->first, before->last);
        put_difference(bytes, b->last, b->first);
        put_difference(bytes, b->minimum, b->first);
        put_difference(bytes, b->maximum, b->first);
        put_difference(bytes, b->sum, flat_sum(b));
    }
    put_difference(bytes, HOUR_MS, (int64_t)b->known_ms);
    for (unsigned i = 0; i < n_thresholds; i++)
        put_above(bytes, b->above_ms[i], b->known_ms);
}

int summary_encode(const struct summary *buckets, size_t n, const struct summary_thresholds *thresholds,
                   struct bytes *ret)
{
    unsigned n_thresholds = thresholds->n < SUMMARY_THRESHOLDS_MAX ? thresholds->n : SUMMARY_THRESHOLDS_MAX;
    struct summary before = {0};
    bytes_byte(ret, VERSION);
    bytes_varint(ret, n_thresholds);
    for (unsigned i = 0; i < n_thresholds; i++)
        put_difference(ret, thresholds->numbers[i], i > 0 ? thresholds->numbers[i - 1] : 0);
    bytes_varint(ret, n);
    for (size_t i = 0; i < n; i++) {
        put_bucket(ret, &buckets[i], &before, n_thresholds);
        int64_t last = buckets[i].values > 0 ? buckets[i].last : before.last;
        before = buckets[i];
        before.last = last;
    }
    return ret->failed ? -ENOMEM : 0;
}

static bool get_values(const unsigned char **at, const unsigned char *end, int64_t last, struct summary *b)
{
    return get_difference(at, end, last, &b->first) && get_difference(at, end, b->first, &b->last) &&
           get_difference(at, end, b->first, &b->minimum) && get_difference(at, end, b->first, &b->maximum) &&
           get_difference(at, end, flat_sum(b), &b->sum);
}

static bool get_bucket(const unsigned char **at, const unsigned char *end, const struct summary *before,
                       unsigned n_thresholds, struct summary *b)
{
    int64_t hour, count, known;
    *b = (struct summary){0};
    if (*at == end)
        return false;
    unsigned flags = *(*at)++;
    b->worst = flags & 3U;
    if (flags > 7 || b->worst > QUALITY_BAD || !get_difference(at, end, hours_of(before) + 1, &hour) ||
        hour > FRAME_TIME_MAX_MS / HOUR_MS || hour < -FRAME_TIME_MAX_MS / HOUR_MS - 1 ||
        !get_difference(at, end, (int64_t)before->count, &count))
        return false;
    b->hour_ms = hour * HOUR_MS;
    b->count = b->values = (uint64_t)count;
    if (!(flags & FLAG_ALL) && (!bytes_get_varint(at, end, &b->values) || b->values >= b->count))
        return false;
    if (b->values > 0 && !get_values(at, end, before->last, b))
        return false;
    int64_t missing;
    if (!bytes_get_zigzag(at, end, &missing))
        return false;
    known = (int64_t)((uint64_t)HOUR_MS - (uint64_t)missing);
    b->known_ms = (uint64_t)known;
    for (unsigned i = 0; i < n_thresholds; i++)
        if (!get_above(at, end, b->known_ms, &b->above_ms[i]))
            return false;
    return true;
}

static bool get_thresholds(const unsigned char **at, const unsigned char *end,
                           struct summary_thresholds *thresholds)
{
    uint64_t n;
    if (!bytes_get_varint(at, end, &n) || n > SUMMARY_THRESHOLDS_MAX)
        return false;
    thresholds->n = (unsigned)n;
    for (unsigned i = 0; i < n; i++)
        if (!get_difference(at, end, i > 0 ? thresholds->numbers[i - 1] : 0, &thresholds->numbers[i]))
            return false;
    return true;
}

int64_t summary_decode(const void *bytes, size_t len, struct summary_thresholds *ret_thresholds,
                       struct summary *ret, size_t cap)
{
    const unsigned char *at = bytes, *end = at + len;
    struct summary_thresholds thresholds = {0};
    struct summary before = {0};
    uint64_t n;
    if (len == 0 || *at++ != VERSION || !get_thresholds(&at, end, &thresholds) ||
        !bytes_get_varint(&at, end, &n) || n > BUCKETS_MAX)
        return -EBADMSG;
    if (n > cap)
        return -ENOSPC;
    for (size_t i = 0; i < n; i++) {
        if (!get_bucket(&at, end, &before, thresholds.n, &ret[i]))
            return -EBADMSG;
        int64_t last = ret[i].values > 0 ? ret[i].last : before.last;
        before = ret[i];
        before.last = last;
    }
    if (at != end)
        return -EBADMSG;
    *ret_thresholds = thresholds;
    return (int64_t)n;
}
