/* replay_compare.c - what both sides told, alarm by alarm, and the excursions; as JSON. Format:
 * cryoctl(1). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay_internal.h"

static json_t *time_of(int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    return json_string(text);
}

static json_t *time_or_null(int64_t utc_us)
{
    return utc_us != 0 ? time_of(utc_us) : json_null();
}

static json_t *seconds(int64_t us)
{
    return json_real((double)(us / MS_US) / 1000.0);
}

static json_t *value_of(micro_t value)
{
    return json_real((double)value / (double)MICRO_PER_UNIT);
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static void append(json_t *list, json_t *item)
{
    if (json_array_size(list) < REPLAY_LIST)
        json_array_append_new(list, item);
    else
        json_decref(item);
}

/* "asset/alarm" as two members. */
static void set_name(json_t *object, const char *name)
{
    const char *slash = strchr(name, '/');
    json_object_set_new(object, "asset", json_stringn(name, slash != NULL ? (size_t)(slash - name) : 0));
    json_object_set_new(object, "alarm", json_string(slash != NULL ? slash + 1 : name));
}

/* ---------------------------------------------------------------- pairs */

static int by_alarm(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return x->alarm != y->alarm ? (x->alarm < y->alarm ? -1 : 1)
                                : (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

static int64_t end_of(const struct told *t)
{
    return t->to_us != 0 ? t->to_us : INT64_MAX;
}

static bool overlap(const struct told *a, const struct told *b)
{
    return a->alarm == b->alarm && a->from_us <= end_of(b) && b->from_us <= end_of(a);
}

/* What is about a point without readings says nothing; nor does what was over before the range. */
static void sift(struct replay *r, struct side *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct told *t = &s->told[i];
        t->not_known = t->not_known || (t->point > 0 && !s->fed[t->point]);
        if (!t->not_known && end_of(t) > r->from_us && t->from_us < r->to_us)
            s->told[n++] = *t;
    }
    s->n = n;
    if (n > 0)
        qsort(s->told, n, sizeof *s->told, by_alarm);
}

/* Each with the first of the other side that overlaps it. Both are sorted. */
static void pair_up(struct side *a, struct side *b)
{
    size_t k = 0;
    for (size_t i = 0; i < a->n; i++) {
        struct told *t = &a->told[i];
        while (k < b->n && (b->told[k].alarm < t->alarm ||
                            (b->told[k].alarm == t->alarm && end_of(&b->told[k]) < t->from_us)))
            k++;
        t->match = k < b->n && overlap(t, &b->told[k]) ? (uint32_t)k + 1 : 0;
    }
}

/* ---------------------------------------------------------------- excursions */

static int by_place(const void *a, const void *b)
{
    const struct excursion *x = a, *y = b;
    if (x->point != y->point)
        return x->point < y->point ? -1 : 1;
    if (x->high != y->high)
        return x->high ? -1 : 1;
    return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

static int by_begin(const void *a, const void *b)
{
    const struct excursion *x = a, *y = b;
    return x->from_us != y->from_us ? (x->from_us < y->from_us ? -1 : 1) : by_place(a, b);
}

static int64_t excursion_end(const struct excursion *e)
{
    return e->to_us != 0 ? e->to_us : INT64_MAX;
}

/* Above a threshold and above a critical limit at the same time is one. */
static void join(struct replay *r)
{
    size_t n = 0;
    if (r->n_excursions == 0)
        return;
    qsort(r->excursions, r->n_excursions, sizeof *r->excursions, by_place);
    for (size_t i = 0; i < r->n_excursions; i++) {
        const struct excursion *e = &r->excursions[i];
        struct excursion *last = n > 0 ? &r->excursions[n - 1] : NULL;
        if (last == NULL || last->point != e->point || last->high != e->high ||
            e->from_us > excursion_end(last)) {
            r->excursions[n++] = *e;
            continue;
        }
        if (excursion_end(e) > excursion_end(last))
            last->to_us = e->to_us;
        if (e->high ? e->peak > last->peak : e->peak < last->peak) {
            last->peak = e->peak;
            last->peak_us = e->peak_us;
        }
        last->alarm = last->alarm != 0 ? last->alarm : e->alarm;
    }
    r->n_excursions = n;
    qsort(r->excursions, n, sizeof *r->excursions, by_begin);
}

static bool is_about(const struct told *t, uint32_t point)
{
    bool about = point > 0 && t->point == point;
    for (unsigned i = 0; i < t->n_more; i++)
        about = about || t->more[i] == point;
    return about;
}

/* The first alarm of a side that tells of it. */
static const struct told *teller(const struct side *s, const struct excursion *e)
{
    const struct told *first = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct told *t = &s->told[i];
        if (is_about(t, e->point) && (t->speaks_for & (e->high ? ABOVE : BELOW)) != 0 &&
            t->from_us <= excursion_end(e) && end_of(t) >= e->from_us &&
            (first == NULL || t->from_us < first->from_us))
            first = t;
    }
    return first;
}

static json_t *told_by(const struct replay *r, const struct excursion *e, const struct told *t)
{
    if (t == NULL)
        return json_null();
    json_t *ret = json_object();
    set_name(ret, r->names.items[t->alarm - 1]);
    json_object_set_new(ret, "time", time_of(t->from_us));
    json_object_set_new(ret, "after_seconds", seconds(t->from_us - e->from_us));
    return ret;
}

static json_t *excursion(const struct replay *r, const struct excursion *e, const struct told *today,
                         const struct told *then)
{
    int64_t to_us = e->to_us != 0 ? e->to_us : r->last_us;
    json_t *ret = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "asset", r->point_asset[e->point], "point",
        r->point_id[e->point], "unit", r->units[e->point], "side", e->high ? "high" : "low", "limit",
        value_of(e->limit), "peak", value_of(e->peak), "peak_time", time_of(e->peak_us), "from",
        time_of(e->from_us), "to", time_or_null(e->to_us), "seconds", seconds(to_us - e->from_us));
    json_object_set_new(ret, "in_force", told_by(r, e, today));
    json_object_set_new(ret, "candidate", told_by(r, e, then));
    return ret;
}

/* All; apart from them those that are told today and would not be by the candidate, and those that neither
 * tells.
 */
static void excursions(struct replay *r, json_t *facts)
{
    json_t *all = json_array(), *lost = json_array(), *untold = json_array();
    uint64_t n_lost = 0, n_untold = 0;
    join(r);
    for (size_t i = 0; i < r->n_excursions; i++) {
        const struct excursion *e = &r->excursions[i];
        const struct told *today = teller(&r->sides[IN_FORCE], e), *then = teller(&r->sides[CANDIDATE], e);
        const bool is_lost = then == NULL && today != NULL;
        n_lost += is_lost;
        n_untold += then == NULL && !is_lost;
        if (then == NULL)
            append(is_lost ? lost : untold, excursion(r, e, today, then));
        append(all, excursion(r, e, today, then));
    }
    json_object_set_new(facts, "n_excursions", count(r->n_excursions));
    json_object_set_new(facts, "n_excursions_lost", count(n_lost));
    json_object_set_new(facts, "excursions_lost", lost);
    json_object_set_new(facts, "n_excursions_untold", count(n_untold));
    json_object_set_new(facts, "excursions_untold", untold);
    json_object_set_new(facts, "excursions", all);
}

/* ---------------------------------------------------------------- alarms */

static json_t *one_told(const struct replay *r, const struct told *t)
{
    json_t *ret = json_object();
    set_name(ret, r->names.items[t->alarm - 1]);
    json_object_set_new(ret, "priority", json_string(priority_name((enum priority)t->priority)));
    json_object_set_new(ret, "from", time_of(t->from_us));
    json_object_set_new(ret, "to", time_or_null(t->to_us));
    json_object_set_new(ret, "seconds", seconds((t->to_us != 0 ? t->to_us : r->last_us) - t->from_us));
    return ret;
}

static bool shares_point(const struct told *t, const struct told *lost)
{
    bool shares = is_about(t, lost->point);
    for (unsigned i = 0; i < lost->n_more; i++)
        shares = shares || is_about(t, lost->more[i]);
    return shares;
}

/* Another alarm of the other side about the same point, on the same side of it, at that time. */
static json_t *still_told(const struct replay *r, const struct side *s, const struct told *lost)
{
    for (size_t i = 0; i < s->n && lost->speaks_for != 0; i++) {
        const struct told *t = &s->told[i];
        if (shares_point(t, lost) && (t->speaks_for & lost->speaks_for) != 0 && t->from_us <= end_of(lost) &&
            end_of(t) >= lost->from_us)
            return json_string(r->names.items[t->alarm - 1]);
    }
    return json_null();
}

struct tally {
    uint64_t today, then, lost, gained, later, earlier;
    int64_t latest_us, earliest_us;
};

static void look_at_today(struct replay *r, struct tally *tallies, json_t *lost, json_t *later,
                          json_t *earlier)
{
    const struct side *today = &r->sides[IN_FORCE], *then = &r->sides[CANDIDATE];
    uint32_t last = 0;
    for (size_t i = 0; i < today->n; i++) {
        const struct told *t = &today->told[i];
        struct tally *tally = &tallies[t->alarm];
        tally->today++;
        if (t->match == 0) {
            json_t *one = one_told(r, t);
            json_object_set_new(one, "still_told_by", still_told(r, then, t));
            append(lost, one);
            tally->lost++;
            continue;
        }
        int64_t by_us = then->told[t->match - 1].from_us - t->from_us;
        bool again = t->match == last; /* what is one alarm there is late or early once */
        last = t->match;
        if (by_us == 0 || again)
            continue;
        json_t *one = one_told(r, t);
        json_object_set_new(one, "candidate_from", time_of(then->told[t->match - 1].from_us));
        json_object_set_new(one, "by_seconds", seconds(by_us > 0 ? by_us : -by_us));
        append(by_us > 0 ? later : earlier, one);
        tally->later += by_us > 0;
        tally->earlier += by_us < 0;
        tally->latest_us = by_us > tally->latest_us ? by_us : tally->latest_us;
        tally->earliest_us = by_us < tally->earliest_us ? by_us : tally->earliest_us;
    }
}

static bool known_then(const struct replay *r, int64_t utc_us)
{
    bool known = false;
    for (size_t i = 0; i < r->n_periods && r->periods[i].from_us <= utc_us; i++)
        known = r->periods[i].readable;
    return known;
}

static void look_at_candidate(struct replay *r, struct tally *tallies, json_t *gained)
{
    const struct side *then = &r->sides[CANDIDATE];
    for (size_t i = 0; i < then->n; i++) {
        const struct told *t = &then->told[i];
        tallies[t->alarm].then++;
        if (t->match != 0 || !known_then(r, t->from_us))
            continue;
        tallies[t->alarm].gained++;
        append(gained, one_told(r, t));
    }
}

static json_t *tally_list(const struct replay *r, const struct tally *tallies)
{
    json_t *list = json_array();
    for (uint32_t i = 1; i <= r->names.n; i++) {
        const struct tally *t = &tallies[i];
        if (t->today == 0 && t->then == 0)
            continue;
        json_t *one = json_object();
        set_name(one, r->names.items[i - 1]);
        json_object_set_new(one, "in_force", count(t->today));
        json_object_set_new(one, "candidate", count(t->then));
        json_object_set_new(one, "lost", count(t->lost));
        json_object_set_new(one, "gained", count(t->gained));
        json_object_set_new(one, "later", count(t->later));
        json_object_set_new(one, "earlier", count(t->earlier));
        json_object_set_new(one, "later_by_up_to_seconds", seconds(t->latest_us));
        json_object_set_new(one, "earlier_by_up_to_seconds", seconds(-t->earliest_us));
        append(list, one);
    }
    return list;
}

static void alarms(struct replay *r, json_t *facts)
{
    json_t *lost = json_array(), *gained = json_array(), *later = json_array(), *earlier = json_array();
    struct tally *tallies = calloc(r->names.n + 1U, sizeof *tallies), sum = {0};
    if (tallies == NULL) {
        r->failed = true;
        tallies = &sum;
    } else {
        look_at_today(r, tallies, lost, later, earlier);
        look_at_candidate(r, tallies, gained);
        for (uint32_t i = 1; i <= r->names.n; i++) {
            sum.lost += tallies[i].lost;
            sum.gained += tallies[i].gained;
            sum.later += tallies[i].later;
            sum.earlier += tallies[i].earlier;
        }
        json_object_set_new(facts, "alarms", tally_list(r, tallies));
        free(tallies);
    }
    json_object_set_new(facts, "n_in_force", count(r->sides[IN_FORCE].n));
    json_object_set_new(facts, "n_candidate", count(r->sides[CANDIDATE].n));
    json_object_set_new(facts, "n_lost", count(sum.lost));
    json_object_set_new(facts, "n_gained", count(sum.gained));
    json_object_set_new(facts, "n_later", count(sum.later));
    json_object_set_new(facts, "n_earlier", count(sum.earlier));
    json_object_set_new(facts, "lost", lost);
    json_object_set_new(facts, "gained", gained);
    json_object_set_new(facts, "later", later);
    json_object_set_new(facts, "earlier", earlier);
}

/* ---------------------------------------------------------------- what is not known */

static const char *why_unknown(const struct replay *r, const struct side *s, uint16_t point)
{
    const struct config *c = s->config;
    char name[2 * ID_MAX + 2];
    snprintf(name, sizeof name, "%s/%s", c->assets[c->points[point].asset].id, c->points[point].id);
    const json_t *known = json_object_get(r->points.index, name);
    if (config_is_derived(c, point))
        return NULL; /* needs none: its inputs do */
    if (known == NULL)
        return "no-history";
    if (s->point_name[point] == 0)
        return "another-unit";
    return s->fed[s->point_name[point]] ? NULL : "no-readings-then";
}

/* The candidate's points of which the history says nothing, with the alarms that nobody can say anything
 * about. */
static json_t *not_known(const struct replay *r)
{
    const struct side *s = &r->sides[CANDIDATE];
    const struct config *c = s->config;
    json_t *list = json_array();
    for (uint16_t i = 0; i < c->n_points; i++) {
        const char *asset = c->assets[c->points[i].asset].id, *why = why_unknown(r, s, i);
        if (why == NULL || (r->asset != NULL && strcmp(asset, r->asset) != 0))
            continue;
        json_t *ids = json_array();
        const struct asset_config *a = &c->assets[c->points[i].asset];
        for (uint32_t k = a->first_alarm; k < (uint32_t)a->first_alarm + a->n_alarms; k++)
            if (side_has_point(&c->alarm_models[k]) && c->alarm_models[k].point == i)
                json_array_append_new(ids, json_string(c->alarms[k].id));
        replay_derived_of_point(ids, c, i);
        append(list, json_pack("{s:s, s:s, s:s, s:o}", "asset", asset, "point", c->points[i].id, "why", why,
                               "alarms", ids));
    }
    return list;
}

static json_t *in_force(const struct replay *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_periods; i++)
        if (i + 1 == r->n_periods || r->periods[i + 1].from_us > r->from_us)
            append(list, json_pack("{s:o, s:s, s:b}", "from", time_of(r->periods[i].from_us), "sha256",
                                   r->periods[i].sha256, "readable", r->periods[i].readable));
    return list;
}

/* Is there a time of which the record does not tell the configuration? */
static bool all_known(const struct replay *r)
{
    bool known = known_then(r, r->from_us);
    for (size_t i = 0; i < r->n_periods; i++)
        known = known && (r->periods[i].from_us < r->from_us || r->periods[i].readable);
    return known;
}

json_t *replay_facts(struct replay *r)
{
    char hash[65];
    json_t *f = json_object();
    const struct config *candidate = r->sides[CANDIDATE].config;
    for (unsigned i = 0; i < SIDES; i++)
        sift(r, &r->sides[i]);
    pair_up(&r->sides[IN_FORCE], &r->sides[CANDIDATE]);
    pair_up(&r->sides[CANDIDATE], &r->sides[IN_FORCE]);
    for (unsigned i = 0; i < 32; i++)
        snprintf(hash + 2 * (size_t)i, 3, "%02x", candidate->sha256[i]);
    json_object_set_new(f, "cryomon", json_string("replay 1"));
    json_object_set_new(f, "range",
                        json_pack("{s:o, s:o}", "from", time_of(r->from_us), "to", time_of(r->to_us)));
    json_object_set_new(f, "asset", r->asset != NULL ? json_string(r->asset) : json_null());
    json_object_set_new(f, "readings", count(r->readings));
    json_object_set_new(f, "stopped_seconds", seconds(r->stopped_us));
    json_object_set_new(f, "candidate_sha256", json_string(hash));
    json_object_set_new(f, "in_force", in_force(r));
    json_object_set_new(f, "in_force_known", json_boolean(all_known(r)));
    excursions(r, f);
    alarms(r, f);
    json_object_set_new(f, "not_known", not_known(r));
    replay_derived_facts(r, f);
    json_object_set_new(f, "left_out", count(r->sides[IN_FORCE].left_out + r->sides[CANDIDATE].left_out));
    return f;
}
