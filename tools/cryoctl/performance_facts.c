/* performance_facts.c - what was counted, as JSON. Format: cryoctl(1). */
#include <stdlib.h>

#include "performance_internal.h"

static int ascending(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* {"count","median_s","p90_s","worst_s"} of spans in microseconds, which it sorts. */
static json_t *spread_of(int64_t *spans, size_t n)
{
    if (n == 0)
        return json_pack("{s:i, s:n, s:n, s:n}", "count", 0, "median_s", "p90_s", "worst_s");
    qsort(spans, n, sizeof *spans, ascending);
    return json_pack("{s:I, s:o, s:o, s:o}", "count", (json_int_t)n, "median_s",
                     performance_json_seconds(spans[(n - 1) / 2]), "p90_s",
                     performance_json_seconds(spans[(9 * n + 9) / 10 - 1]), "worst_s",
                     performance_json_seconds(spans[n - 1]));
}

struct rank {
    uint32_t asset;
    uint64_t n;
};

/* ---------------------------------------------------------------- how long it took */

enum which { ACKNOWLEDGE, RESOLVE, RESOLVE_AGAIN, CALL, ANSWER };

static int64_t span_of(const struct occurrence *o, enum which which)
{
    const bool came_again = (o->flags & OCCURRENCE_CAME_AGAIN) != 0;
    return which == ACKNOWLEDGE     ? o->acknowledge_us
           : which == RESOLVE       ? (came_again ? -1 : o->resolve_us)
           : which == RESOLVE_AGAIN ? (came_again ? o->resolve_us : -1)
           : which == CALL          ? o->call_us
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
    json_t *ret = spread_of(spans, n);
    if (worst != NULL) {
        json_t *of = performance_json_alarm(p, worst->alarm);
        json_object_set_new(of, "raised", performance_json_time(worst->raised_us));
        json_object_set_new(ret, "worst", of);
    }
    return ret;
}

static int by_group(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : (x->asset > y->asset) - (x->asset < y->asset);
}

/* The assets by their alarms, at most PERFORMANCE_ASSETS of them with their times: each takes a look
 * at all. */
static json_t *by_asset(struct performance *p, int64_t *spans)
{
    struct rank *order = calloc(p->assets.n + 1U, sizeof *order);
    json_t *list = json_array();
    for (uint32_t i = 0; order != NULL && i < p->assets.n; i++)
        order[i] = (struct rank){.asset = i + 1, .n = p->asset_raises[i + 1]};
    if (order == NULL) {
        p->failed = true;
        return list;
    }
    qsort(order, p->assets.n, sizeof *order, by_group);
    for (uint32_t i = 0; i < p->assets.n && i < PERFORMANCE_ASSETS; i++) {
        uint64_t open = 0;
        for (size_t k = 0; k < p->n_occurrences; k++)
            open += p->tracked[p->occurrences[k].alarm].asset == order[i].asset &&
                    (p->occurrences[k].flags & OCCURRENCE_UNACKNOWLEDGED) != 0;
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "asset",
                                              p->assets.items[order[i].asset - 1], "alarms",
                                              performance_json_count(order[i].n), "never_acknowledged",
                                              performance_json_count(open), "acknowledge",
                                              spread(p, ACKNOWLEDGE, order[i].asset, 0, spans), "resolve",
                                              spread(p, RESOLVE, order[i].asset, 0, spans)));
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
    return json_pack("{s:o, s:o, s:o}", "of", performance_json_count(of), "within",
                     performance_json_count(within), "share",
                     performance_json_ratio((double)within, (double)of));
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
        json_t *one = performance_json_alarm(p, o->alarm);
        json_object_set_new(one, "raised", performance_json_time(o->raised_us));
        json_object_set_new(one, "seconds",
                            performance_json_seconds(p->to_us > o->raised_us ? p->to_us - o->raised_us : 0));
        json_object_set_new(one, "over", json_boolean(o->resolve_us >= 0));
        json_object_set_new(one, "removed", json_boolean((o->flags & OCCURRENCE_REMOVED) != 0));
        json_array_append_new(list, one);
    }
    return json_pack("{s:o, s:o, s:o}", "count", performance_json_count(n), "removed",
                     performance_json_count(removed), "list", list);
}

/* ---------------------------------------------------------------- disabled */

static const char *const hold_names[DISABLED_KINDS] = {
    [DISABLED_SHELVED] = "shelved",
    [DISABLED_SUPPRESSED] = "suppressed",
    [DISABLED_OUT_OF_SERVICE] = "out-of-service",
    [DISABLED_BYPASSED] = "bypassed",
    [DISABLED_NOTIFICATION] = "notification-off",
    [DISABLED_MAINTENANCE] = "maintenance",
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
    json_t *one = d->alarm > 0 ? performance_json_alarm(p, d->alarm - 1) : json_object();
    json_object_set_new(one, "kind", json_string(hold_names[d->kind]));
    json_object_set_new(one, "what", performance_json_text(d->what));
    json_object_set_new(one, "by", performance_json_text(d->by));
    json_object_set_new(one, "why", performance_json_text(d->why));
    json_object_set_new(one, "order", performance_json_text(d->order));
    json_object_set_new(one, "from", performance_json_time(d->from_us));
    json_object_set_new(one, "until", d->until_us > 0 ? performance_json_time(d->until_us) : json_null());
    json_object_set_new(one, "to", d->to_us > 0 ? performance_json_time(d->to_us) : json_null());
    json_object_set_new(one, "ended", performance_json_text(d->ended_by));
    json_object_set_new(one, "seconds", performance_json_seconds(disabled_us(p, d)));
    return one;
}

static json_t *kind_of_disabled(const struct performance *p, enum disabled_kind kind)
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
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", hold_names[kind], "count",
                     performance_json_count(n), "still", performance_json_count(still), "seconds",
                     performance_json_seconds(total_us), "longest",
                     longest != NULL ? one_disabled(p, longest) : json_null());
}

/* Suppression by design is the plant's doing: nobody is named there. */
static json_t *disabled(const struct performance *p)
{
    json_t *kinds = json_array(), *list = json_array();
    uint64_t n = 0, unsigned_ones = 0;
    for (unsigned k = 0; k < DISABLED_KINDS; k++)
        json_array_append_new(kinds, kind_of_disabled(p, k));
    for (size_t i = p->n_disabled; i-- > 0;) { /* newest first */
        const struct disabled *d = &p->disabled[i];
        if (!in_range(p, d))
            continue;
        unsigned_ones += d->kind != DISABLED_SUPPRESSED && (d->by[0] == '\0' || d->why[0] == '\0');
        if (n++ < 10 * PERFORMANCE_LIST)
            json_array_append_new(list, one_disabled(p, d));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "count", performance_json_count(n), "without_person_or_reason",
                     performance_json_count(unsigned_ones), "kinds", kinds, "list", list);
}

/* ---------------------------------------------------------------- calls and drills */

static void set_counts(json_t *to, const struct call_counts *c)
{
    json_object_set_new(to, "attempts", performance_json_count(c->attempts));
    json_object_set_new(to, "sent", performance_json_count(c->sent));
    json_object_set_new(to, "failed", performance_json_count(c->failed));
    json_object_set_new(to, "confirmed", performance_json_count(c->confirmed));
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
    json_object_set_new(ret, "not_recorded", performance_json_count(p->calls_left_out));
    json_object_set_new(ret, "alarms_called", performance_json_count(called));
    json_object_set_new(ret, "failed_share",
                        performance_json_ratio((double)p->calls.failed, (double)p->calls.attempts));
    json_object_set_new(ret, "to_first_call", spread(p, CALL, 0, 0, spans));
    json_object_set_new(ret, "from_call_to_acknowledgement", spread(p, ANSWER, 0, 0, spans));
    json_object_set_new(ret, "channels", counts_of(&p->channels, p->by_channel, "channel"));
    json_object_set_new(ret, "people", counts_of(&p->called, p->by_person, "person"));
    return ret;
}

static json_t *drills(const struct performance *p)
{
    return json_pack("{s:o, s:o, s:o, s:b, s:o}", "held", performance_json_count(p->drills_held), "confirmed",
                     performance_json_count(p->drills_confirmed), "missed",
                     performance_json_count(p->drills_missed), "waiting", p->drill_us > 0, "to_confirmation",
                     spread_of(p->drill_times, p->n_drill_times));
}

/* ---------------------------------------------------------------- the whole */

static json_t *observed(const struct performance *p)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "seconds", performance_json_seconds(p->observed_us), "share",
        performance_json_ratio((double)p->observed_us, (double)(p->to_us - p->from_us)), "starts",
        performance_json_count(p->starts), "ended_without_a_word", performance_json_count(p->crashes),
        "suspended_seconds", performance_json_seconds(p->suspended_us), "clock_steps",
        performance_json_count(p->clock_steps), "known_from_the_beginning", p->known_before);
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
    json_object_set_new(f, "asset", performance_json_text(p->asset));
    json_object_set_new(f, "range",
                        json_pack("{s:o, s:o}", "from", performance_json_time(p->from_us), "to",
                                  performance_json_time(p->to_us)));
    json_object_set_new(f, "observed", observed(p));
    performance_lists(p, f);
    json_object_set_new(f, "acknowledge", spread(p, ACKNOWLEDGE, 0, 0, spans));
    json_object_set_new(f, "resolve", spread(p, RESOLVE, 0, 0, spans));
    json_object_set_new(f, "resolve_came_again", spread(p, RESOLVE_AGAIN, 0, 0, spans));
    json_object_set_new(f, "in_time", in_time(p));
    json_object_set_new(f, "different_assets", performance_json_count(p->assets.n));
    json_object_set_new(f, "assets", by_asset(p, spans));
    json_object_set_new(f, "people", by_person(p, spans));
    json_object_set_new(f, "never_acknowledged", waiting(p, OCCURRENCE_UNACKNOWLEDGED));
    json_object_set_new(f, "unresolved", waiting(p, OCCURRENCE_UNRESOLVED));
    json_object_set_new(f, "disabled", disabled(p));
    json_object_set_new(f, "calls", calls(p, spans));
    json_object_set_new(f, "drills", drills(p));
    json_object_set_new(f, "left_out", performance_json_count(p->left_out));
    json_object_set_new(f, "targets", performance_targets(p, f));
    free(spans);
    return f;
}
