/* performance_lists.c - how many, how often, how long: as JSON. Format: cryoctl(1). */
#include <stdlib.h>
#include <string.h>

#include "performance_internal.h"

json_t *performance_json_time(int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    return json_string(text);
}

json_t *performance_json_seconds(int64_t us)
{
    return json_real((double)(us / MS_US) / 1000.0);
}

json_t *performance_json_ratio(double a, double b)
{
    return b > 0 ? json_real(a / b) : json_null();
}

json_t *performance_json_count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

json_t *performance_json_text(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static int ascending(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static const char *asset_of(const struct performance *p, uint32_t alarm)
{
    uint32_t asset = p->tracked[alarm].asset;
    return asset > 0 ? p->assets.items[asset - 1] : "";
}

json_t *performance_json_alarm(const struct performance *p, uint32_t alarm)
{
    return json_pack("{s:s, s:s}", "asset", asset_of(p, alarm), "alarm", p->tracked[alarm].name);
}

/* ---------------------------------------------------------------- rates */

static json_t *fullest(const struct performance *p, const struct bin *bin)
{
    return bin->most == 0 ? json_null()
                          : json_pack("{s:o, s:I}", "from",
                                      performance_json_time(bin->most_from_us > p->from_us ? bin->most_from_us
                                                                                           : p->from_us),
                                      "count", (json_int_t)bin->most);
}

static json_t *days_of(const struct performance *p)
{
    int64_t n = (p->to_us - p->from_us + DAY_US - 1) / DAY_US;
    json_t *list = json_array();
    for (int64_t i = 0; i < n && n <= DAYS_MAX; i++)
        json_array_append_new(list, json_integer(p->days.each[i]));
    return list;
}

static json_t *rates(const struct performance *p)
{
    double days = (double)p->observed_us / (double)DAY_US, periods = 144 * days;
    const double averaged = p->observed_us >= AVERAGE_US ? days : 0; /* 0: the average is not known */
    if (days > 0 && periods < (double)p->periods.crowded)
        periods =
            (double)p->periods.crowded; /* parts of periods count as whole ones: no share is above 100 % */
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "days", days_of(p), "alarms",
                     performance_json_count(p->raised), "while_disabled", performance_json_count(p->hidden),
                     "back_from_a_hold", performance_json_count(p->returned_from_hold), "called_again",
                     performance_json_count(p->realarmed), "per_day",
                     performance_json_ratio((double)p->raised, averaged), "peak_day", fullest(p, &p->days),
                     "per_10_min", performance_json_ratio((double)p->raised, 144 * averaged), "peak_10_min",
                     fullest(p, &p->periods), "crowded_share",
                     performance_json_ratio((double)p->periods.crowded, periods));
}

static json_t *floods(const struct performance *p)
{
    const struct flood *f = &p->flood;
    /* A flood may reach into a time that nobody observed (asleep, stopped): no share is above 100 %. */
    const int64_t within_us = f->total_us < p->observed_us ? f->total_us : p->observed_us;
    json_t *longest =
        f->count == 0
            ? json_null()
            : json_pack("{s:o, s:o, s:I}", "from", performance_json_time(f->longest_from_us), "seconds",
                        performance_json_seconds(f->longest_us), "alarms", (json_int_t)f->longest_raises);
    return json_pack("{s:o, s:o, s:o, s:o}", "count", performance_json_count(f->count), "seconds",
                     performance_json_seconds(f->total_us), "share",
                     performance_json_ratio((double)within_us, (double)p->observed_us), "longest", longest);
}

/* ---------------------------------------------------------------- the alarms that make most of the work */

struct rank {
    uint32_t alarm;
    uint64_t n;
};

static int most_first(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : (x->alarm > y->alarm) - (x->alarm < y->alarm);
}

/* Those with the highest number, which stands at offset in struct tracked. NULL: no memory. */
static struct rank *ranking(struct performance *p, bool chatters, size_t *ret_n)
{
    struct rank *all = calloc(p->alarms.n + 1U, sizeof *all);
    size_t n = 0;
    for (uint32_t i = 0; all != NULL && i < p->alarms.n; i++) {
        uint64_t value = chatters ? p->tracked[i].chatters : p->tracked[i].raises;
        if (value > 0)
            all[n++] = (struct rank){.alarm = i, .n = value};
    }
    if (all == NULL)
        p->failed = true;
    else
        qsort(all, n, sizeof *all, most_first);
    *ret_n = n;
    return all;
}

static json_t *chattering(struct performance *p)
{
    size_t n;
    struct rank *all = ranking(p, true, &n);
    json_t *list = json_array();
    uint64_t episodes = 0;
    for (size_t i = 0; all != NULL && i < n; i++) {
        episodes += all[i].n;
        if (i >= PERFORMANCE_LIST)
            continue;
        json_t *one = performance_json_alarm(p, all[i].alarm);
        json_object_set_new(one, "episodes", performance_json_count(all[i].n));
        json_object_set_new(one, "last", performance_json_time(p->tracked[all[i].alarm].chattered_us));
        json_array_append_new(list, one);
    }
    free(all);
    return json_pack("{s:o, s:o, s:o}", "alarms", performance_json_count(n), "episodes",
                     performance_json_count(episodes), "list", list);
}

static void repeaters(struct performance *p, json_t *facts)
{
    size_t n;
    struct rank *all = ranking(p, false, &n);
    json_t *list = json_array();
    uint64_t top = 0;
    for (size_t i = 0; all != NULL && i < n && i < 10; i++) {
        static const char *const names[PERFORMANCE_PRIORITIES] = {"low", "medium", "high", "critical"};
        int priority = p->tracked[all[i].alarm].priority;
        json_t *one = performance_json_alarm(p, all[i].alarm);
        top += all[i].n;
        json_object_set_new(one, "priority", priority >= 0 ? json_string(names[priority]) : json_null());
        json_object_set_new(one, "count", performance_json_count(all[i].n));
        json_object_set_new(one, "share", performance_json_ratio((double)all[i].n, (double)p->raised));
        json_array_append_new(list, one);
    }
    free(all);
    json_object_set_new(facts, "repeaters", list);
    json_object_set_new(facts, "different_alarms", performance_json_count(n));
    json_object_set_new(facts, "top_10_share", performance_json_ratio((double)top, (double)p->raised));
}

static json_t *priorities(const struct performance *p)
{
    static const char *const names[PERFORMANCE_PRIORITIES] = {"low", "medium", "high", "critical"};
    json_t *all = json_object();
    for (unsigned i = 0; i < PERFORMANCE_PRIORITIES; i++)
        json_object_set_new(all, names[i],
                            json_pack("{s:o, s:o}", "count", performance_json_count(p->priorities[i]),
                                      "share",
                                      performance_json_ratio((double)p->priorities[i], (double)p->raised)));
    return all;
}

/* ---------------------------------------------------------------- stale */

static int longest_first(const void *a, const void *b)
{
    const struct stale *x = a, *y = b;
    int64_t p = x->to_us - x->from_us, q = y->to_us - y->from_us;
    return p != q ? (p < q ? 1 : -1) : (x->alarm > y->alarm) - (x->alarm < y->alarm);
}

/* The most that were stale at the same time: ends before begins. */
static uint64_t most_at_once(struct performance *p)
{
    int64_t *marks = calloc(2 * p->n_stale + 1, sizeof *marks);
    uint64_t most = 0, now = 0;
    if (marks == NULL) {
        p->failed = true;
        return 0;
    }
    for (size_t i = 0; i < p->n_stale; i++) {
        marks[2 * i] = (p->stale[i].from_us + STALE_US) / 2 * 2 + 1; /* odd: a begin */
        marks[2 * i + 1] = p->stale[i].to_us / 2 * 2;
    }
    qsort(marks, 2 * p->n_stale, sizeof *marks, ascending);
    for (size_t i = 0; i < 2 * p->n_stale; i++) {
        now = marks[i] % 2 != 0 ? now + 1 : now > 0 ? now - 1 : 0;
        most = now > most ? now : most;
    }
    free(marks);
    return most;
}

static json_t *stale(struct performance *p)
{
    json_t *list = json_array();
    uint64_t most = most_at_once(p), still = 0;
    if (p->n_stale > 0)
        qsort(p->stale, p->n_stale, sizeof *p->stale, longest_first);
    for (size_t i = 0; i < p->n_stale; i++) {
        const struct stale *s = &p->stale[i];
        still += s->still;
        if (i >= PERFORMANCE_LIST)
            continue;
        json_t *one = performance_json_alarm(p, s->alarm);
        json_object_set_new(one, "from", performance_json_time(s->from_us));
        json_object_set_new(one, "seconds", performance_json_seconds(s->to_us - s->from_us));
        json_object_set_new(one, "still", json_boolean(s->still));
        json_array_append_new(list, one);
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "count", performance_json_count(p->n_stale), "still",
                     performance_json_count(still), "most_at_once", performance_json_count(most), "list",
                     list);
}

void performance_lists(struct performance *p, json_t *facts)
{
    json_object_set_new(facts, "rates", rates(p));
    json_object_set_new(facts, "floods", floods(p));
    json_object_set_new(facts, "chattering", chattering(p));
    repeaters(p, facts);
    json_object_set_new(facts, "stale", stale(p));
    json_object_set_new(facts, "priorities", priorities(p));
}
