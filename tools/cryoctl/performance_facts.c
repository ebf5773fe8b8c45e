/* performance_facts.c - what was counted, as JSON. Format: cryoctl(1). */
#include <stdlib.h>
#include <string.h>

#include "performance_internal.h"

static json_t *time_of(int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    return json_string(text);
}

static json_t *seconds(int64_t us)
{
    return json_real((double)(us / MS_US) / 1000.0);
}

static json_t *ratio(double a, double b)
{
    return b > 0 ? json_real(a / b) : json_null();
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static int ascending(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

json_t *performance_spread(int64_t *spans, size_t n)
{
    if (n == 0)
        return json_pack("{s:i, s:n, s:n, s:n}", "count", 0, "median_s", "p90_s", "worst_s");
    qsort(spans, n, sizeof *spans, ascending);
    return json_pack("{s:I, s:o, s:o, s:o}", "count", (json_int_t)n, "median_s", seconds(spans[(n - 1) / 2]),
                     "p90_s", seconds(spans[(9 * n + 9) / 10 - 1]), "worst_s", seconds(spans[n - 1]));
}

static const char *asset_of(const struct performance *p, uint32_t alarm)
{
    uint32_t asset = p->tracked[alarm].asset;
    return asset > 0 ? p->assets.items[asset - 1] : "";
}

static json_t *alarm_of(const struct performance *p, uint32_t alarm)
{
    return json_pack("{s:s, s:s}", "asset", asset_of(p, alarm), "alarm", p->tracked[alarm].name);
}

/* ---------------------------------------------------------------- rates */

static json_t *fullest(const struct performance *p, const struct bin *bin)
{
    return bin->most == 0
               ? json_null()
               : json_pack("{s:o, s:I}", "from",
                           time_of(bin->most_from_us > p->from_us ? bin->most_from_us : p->from_us), "count",
                           (json_int_t)bin->most);
}

static json_t *rates(const struct performance *p)
{
    double days = (double)p->observed_us / (double)DAY_US;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "alarms", count(p->raised),
                     "while_disabled", count(p->hidden), "back_from_a_hold", count(p->returned_from_hold),
                     "called_again", count(p->realarmed), "per_day", ratio((double)p->raised, days),
                     "peak_day", fullest(p, &p->days), "per_10_min", ratio((double)p->raised, 144 * days),
                     "peak_10_min", fullest(p, &p->periods), "crowded_share",
                     ratio((double)p->periods.crowded, 144 * days));
}

static json_t *floods(const struct performance *p)
{
    const struct flood *f = &p->flood;
    json_t *longest = f->count == 0
                          ? json_null()
                          : json_pack("{s:o, s:o, s:I}", "from", time_of(f->longest_from_us), "seconds",
                                      seconds(f->longest_us), "alarms", (json_int_t)f->longest_raises);
    return json_pack("{s:o, s:o, s:o, s:o}", "count", count(f->count), "seconds", seconds(f->total_us),
                     "share", ratio((double)f->total_us, (double)p->observed_us), "longest", longest);
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
        json_t *one = alarm_of(p, all[i].alarm);
        json_object_set_new(one, "episodes", count(all[i].n));
        json_object_set_new(one, "last", time_of(p->tracked[all[i].alarm].chattered_us));
        json_array_append_new(list, one);
    }
    free(all);
    return json_pack("{s:o, s:o, s:o}", "alarms", count(n), "episodes", count(episodes), "list", list);
}

static void repeaters(struct performance *p, json_t *facts)
{
    size_t n;
    struct rank *all = ranking(p, false, &n);
    json_t *list = json_array();
    uint64_t top = 0;
    for (size_t i = 0; all != NULL && i < n && i < 10; i++) {
        static const char *const names[PRIORITIES] = {"low", "medium", "high", "critical"};
        int priority = p->tracked[all[i].alarm].priority;
        json_t *one = alarm_of(p, all[i].alarm);
        top += all[i].n;
        json_object_set_new(one, "priority", priority >= 0 ? json_string(names[priority]) : json_null());
        json_object_set_new(one, "count", count(all[i].n));
        json_object_set_new(one, "share", ratio((double)all[i].n, (double)p->raised));
        json_array_append_new(list, one);
    }
    free(all);
    json_object_set_new(facts, "repeaters", list);
    json_object_set_new(facts, "different_alarms", count(n));
    json_object_set_new(facts, "top_10_share", ratio((double)top, (double)p->raised));
}

static json_t *priorities(const struct performance *p)
{
    static const char *const names[PRIORITIES] = {"low", "medium", "high", "critical"};
    json_t *all = json_object();
    for (unsigned i = 0; i < PRIORITIES; i++)
        json_object_set_new(all, names[i],
                            json_pack("{s:o, s:o}", "count", count(p->priorities[i]), "share",
                                      ratio((double)p->priorities[i], (double)p->raised)));
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
        json_t *one = alarm_of(p, s->alarm);
        json_object_set_new(one, "from", time_of(s->from_us));
        json_object_set_new(one, "seconds", seconds(s->to_us - s->from_us));
        json_object_set_new(one, "still", json_boolean(s->still));
        json_array_append_new(list, one);
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "count", count(p->n_stale), "still", count(still),
                     "most_at_once", count(most), "list", list);
}

/* ---------------------------------------------------------------- how long it took */

enum which { ACKNOWLEDGE, RESOLVE, CALL, ANSWER };

static int64_t span_of(const struct occurrence *o, enum which which)
{
    return which == ACKNOWLEDGE ? o->acknowledge_us
           : which == RESOLVE   ? o->resolve_us
           : which == CALL      ? o->call_us
                                : o->answer_us;
}

/* Of one asset or person (0: all). spans: room for all. */
static json_t *spread(const struct performance *p, enum which which, uint32_t asset, uint32_t person,
                      int64_t *spans)
{
    size_t n = 0;
    const struct occurrence *worst = NULL;
    for (size_t i = 0; i < p->n_occurrences; i++) {
        const struct occurrence *o = &p->occurrences[i];
        int64_t us = span_of(o, which);
        if (us < 0 || (asset > 0 && p->tracked[o->alarm].asset != asset) ||
            (person > 0 && o->person != person))
            continue;
        spans[n++] = us;
        worst = worst == NULL || us > span_of(worst, which) ? o : worst;
    }
    json_t *ret = performance_spread(spans, n);
    if (worst != NULL) {
        json_t *of = alarm_of(p, worst->alarm);
        json_object_set_new(of, "raised", time_of(worst->raised_us));
        json_object_set_new(ret, "worst", of);
    }
    return ret;
}

static int by_group(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : (x->alarm > y->alarm) - (x->alarm < y->alarm);
}

/* The assets by their alarms, at most PERFORMANCE_LIST of them with their times: each takes a look at all. */
static json_t *by_asset(struct performance *p, int64_t *spans)
{
    struct rank *order = calloc(p->assets.n + 1U, sizeof *order);
    json_t *list = json_array();
    for (uint32_t i = 0; order != NULL && i < p->assets.n; i++)
        order[i] = (struct rank){.alarm = i + 1, .n = p->asset_raises[i + 1]};
    if (order == NULL) {
        p->failed = true;
        return list;
    }
    qsort(order, p->assets.n, sizeof *order, by_group);
    for (uint32_t i = 0; i < p->assets.n && i < PERFORMANCE_LIST; i++) {
        uint64_t open = 0;
        for (size_t k = 0; k < p->n_occurrences; k++)
            open += p->tracked[p->occurrences[k].alarm].asset == order[i].alarm &&
                    (p->occurrences[k].flags & OCCURRENCE_UNACKNOWLEDGED) != 0;
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "asset",
                                              p->assets.items[order[i].alarm - 1], "alarms",
                                              count(order[i].n), "never_acknowledged", count(open),
                                              "acknowledge", spread(p, ACKNOWLEDGE, order[i].alarm, 0, spans),
                                              "resolve", spread(p, RESOLVE, order[i].alarm, 0, spans)));
    }
    free(order);
    return list;
}

static json_t *by_person(const struct performance *p, int64_t *spans)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < p->people.n && i < 5 * PERFORMANCE_LIST; i++) {
        json_t *one = spread(p, ACKNOWLEDGE, 0, i + 1, spans);
        json_object_set_new(one, "person", json_string(p->people.items[i]));
        json_array_append_new(list, one);
    }
    return list;
}

/* Critical and high ones, within the time that their priority allows. */
static json_t *in_time(const struct performance *p)
{
    uint64_t of = 0, within = 0;
    for (size_t i = 0; i < p->n_occurrences; i++) {
        const struct occurrence *o = &p->occurrences[i];
        bool late = (o->flags & OCCURRENCE_UNACKNOWLEDGED) != 0 && p->to_us - o->raised_us > o->allowed_us;
        if (o->allowed_us == 0 || (o->acknowledge_us < 0 && !late))
            continue;
        of++;
        within += o->acknowledge_us >= 0 && o->acknowledge_us <= o->allowed_us;
    }
    return json_pack("{s:o, s:o, s:o}", "of", count(of), "within", count(within), "share",
                     ratio((double)within, (double)of));
}

/* Those that wait at the end of the range. */
static json_t *waiting(const struct performance *p, int flag)
{
    json_t *list = json_array();
    uint64_t n = 0, removed = 0;
    for (size_t i = 0; i < p->n_occurrences; i++) {
        const struct occurrence *o = &p->occurrences[i];
        if ((o->flags & flag) == 0)
            continue;
        removed += (o->flags & OCCURRENCE_REMOVED) != 0;
        if (n++ >= PERFORMANCE_LIST)
            continue;
        json_t *one = alarm_of(p, o->alarm);
        json_object_set_new(one, "raised", time_of(o->raised_us));
        json_object_set_new(one, "seconds", seconds(p->to_us > o->raised_us ? p->to_us - o->raised_us : 0));
        json_object_set_new(one, "over", json_boolean(o->resolve_us >= 0));
        json_object_set_new(one, "removed", json_boolean((o->flags & OCCURRENCE_REMOVED) != 0));
        json_array_append_new(list, one);
    }
    return json_pack("{s:o, s:o, s:o}", "count", count(n), "removed", count(removed), "list", list);
}

/* ---------------------------------------------------------------- disabled */

static const char *const hold_names[HOLD_KINDS] = {
    [HOLD_SHELVED] = "shelved",
    [HOLD_SUPPRESSED] = "suppressed",
    [HOLD_OUT_OF_SERVICE] = "out-of-service",
    [HOLD_BYPASSED] = "bypassed",
    [HOLD_NOTIFICATION] = "notification-off",
};

static int64_t disabled_from(const struct performance *p, const struct disabled *d)
{
    return d->from_us > p->from_us ? d->from_us : p->from_us;
}

static int64_t disabled_us(const struct performance *p, const struct disabled *d)
{
    int64_t to_us = d->to_us > 0 && d->to_us < p->to_us ? d->to_us : p->to_us;
    return to_us > disabled_from(p, d) ? to_us - disabled_from(p, d) : 0;
}

static bool in_range(const struct performance *p, const struct disabled *d)
{
    return d->to_us == 0 || d->to_us > p->from_us;
}

static json_t *one_disabled(const struct performance *p, const struct disabled *d)
{
    json_t *one = d->alarm > 0 ? alarm_of(p, d->alarm - 1) : json_object();
    json_object_set_new(one, "kind", json_string(hold_names[d->kind]));
    json_object_set_new(one, "what", text_or_null(d->what));
    json_object_set_new(one, "by", text_or_null(d->by));
    json_object_set_new(one, "why", text_or_null(d->why));
    json_object_set_new(one, "order", text_or_null(d->order));
    json_object_set_new(one, "from", time_of(d->from_us));
    json_object_set_new(one, "until", d->until_us > 0 ? time_of(d->until_us) : json_null());
    json_object_set_new(one, "to", d->to_us > 0 ? time_of(d->to_us) : json_null());
    json_object_set_new(one, "ended", text_or_null(d->ended_by));
    json_object_set_new(one, "seconds", seconds(disabled_us(p, d)));
    return one;
}

static json_t *kind_of_disabled(const struct performance *p, enum hold_kind kind)
{
    uint64_t n = 0, still = 0;
    int64_t total_us = 0;
    const struct disabled *longest = NULL;
    for (size_t i = 0; i < p->n_disabled; i++) {
        const struct disabled *d = &p->disabled[i];
        if (d->kind != kind || !in_range(p, d))
            continue;
        n++;
        still += d->to_us == 0;
        total_us += disabled_us(p, d);
        longest = longest == NULL || disabled_us(p, d) > disabled_us(p, longest) ? d : longest;
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", hold_names[kind], "count", count(n), "still",
                     count(still), "seconds", seconds(total_us), "longest",
                     longest != NULL ? one_disabled(p, longest) : json_null());
}

/* Suppression by design is the plant's doing: nobody is named there. */
static json_t *disabled(const struct performance *p)
{
    json_t *kinds = json_array(), *list = json_array();
    uint64_t n = 0, unsigned_ones = 0;
    for (unsigned k = 0; k < HOLD_KINDS; k++)
        json_array_append_new(kinds, kind_of_disabled(p, k));
    for (size_t i = p->n_disabled; i-- > 0;) { /* newest first */
        const struct disabled *d = &p->disabled[i];
        if (!in_range(p, d))
            continue;
        unsigned_ones += d->kind != HOLD_SUPPRESSED && (d->by[0] == '\0' || d->why[0] == '\0');
        if (n++ < 10 * PERFORMANCE_LIST)
            json_array_append_new(list, one_disabled(p, d));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "count", count(n), "without_person_or_reason",
                     count(unsigned_ones), "kinds", kinds, "list", list);
}

/* ---------------------------------------------------------------- calls and drills */

static void set_counts(json_t *to, const struct call_counts *c)
{
    json_object_set_new(to, "attempts", count(c->attempts));
    json_object_set_new(to, "sent", count(c->sent));
    json_object_set_new(to, "failed", count(c->failed));
    json_object_set_new(to, "confirmed", count(c->confirmed));
}

static json_t *counts_of(const struct roster *names, const struct call_counts *counts, const char *key)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < names->n; i++) {
        json_t *one = json_pack("{s:s}", key, names->items[i]);
        set_counts(one, &counts[i + 1]);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *calls(const struct performance *p, int64_t *spans)
{
    json_t *ret = json_object();
    uint64_t called = 0;
    for (size_t i = 0; i < p->n_occurrences; i++)
        called += p->occurrences[i].call_us >= 0;
    set_counts(ret, &p->calls);
    json_object_set_new(ret, "alarms_called", count(called));
    json_object_set_new(ret, "failed_share", ratio((double)p->calls.failed, (double)p->calls.attempts));
    json_object_set_new(ret, "to_first_call", spread(p, CALL, 0, 0, spans));
    json_object_set_new(ret, "from_call_to_acknowledgement", spread(p, ANSWER, 0, 0, spans));
    json_object_set_new(ret, "channels", counts_of(&p->channels, p->by_channel, "channel"));
    json_object_set_new(ret, "people", counts_of(&p->called, p->by_person, "person"));
    return ret;
}

static json_t *drills(const struct performance *p)
{
    return json_pack("{s:o, s:o, s:o, s:b, s:o}", "held", count(p->drills_held), "confirmed",
                     count(p->drills_confirmed), "missed", count(p->drills_missed), "waiting",
                     p->drill_us > 0, "to_confirmation",
                     performance_spread(p->drill_times, p->n_drill_times));
}

/* ---------------------------------------------------------------- the whole */

static json_t *observed(const struct performance *p)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "seconds", seconds(p->observed_us), "share",
                     ratio((double)p->observed_us, (double)(p->to_us - p->from_us)), "starts",
                     count(p->starts), "ended_without_a_word", count(p->crashes), "suspended_seconds",
                     seconds(p->suspended_us), "clock_steps", count(p->clock_steps),
                     "known_from_the_beginning", p->known_before);
}

json_t *performance_facts(struct performance *p)
{
    int64_t *spans = calloc(p->n_occurrences + 1, sizeof *spans);
    json_t *f = json_object();
    if (spans == NULL || f == NULL) {
        free(spans);
        json_decref(f);
        return NULL;
    }
    json_object_set_new(f, "cryomon", json_string("alarm-report 1"));
    json_object_set(f, "site", p->site != NULL ? p->site : json_null());
    json_object_set_new(f, "asset", text_or_null(p->asset));
    json_object_set_new(f, "range",
                        json_pack("{s:o, s:o}", "from", time_of(p->from_us), "to", time_of(p->to_us)));
    json_object_set_new(f, "observed", observed(p));
    json_object_set_new(f, "rates", rates(p));
    json_object_set_new(f, "floods", floods(p));
    json_object_set_new(f, "chattering", chattering(p));
    repeaters(p, f);
    json_object_set_new(f, "stale", stale(p));
    json_object_set_new(f, "priorities", priorities(p));
    json_object_set_new(f, "acknowledge", spread(p, ACKNOWLEDGE, 0, 0, spans));
    json_object_set_new(f, "resolve", spread(p, RESOLVE, 0, 0, spans));
    json_object_set_new(f, "in_time", in_time(p));
    json_object_set_new(f, "assets", by_asset(p, spans));
    json_object_set_new(f, "people", by_person(p, spans));
    json_object_set_new(f, "never_acknowledged", waiting(p, OCCURRENCE_UNACKNOWLEDGED));
    json_object_set_new(f, "unresolved", waiting(p, OCCURRENCE_UNRESOLVED));
    json_object_set_new(f, "disabled", disabled(p));
    json_object_set_new(f, "calls", calls(p, spans));
    json_object_set_new(f, "drills", drills(p));
    json_object_set_new(f, "left_out", count(p->left_out));
    json_object_set_new(f, "targets", performance_targets(p, f));
    free(spans);
    return f;
}
