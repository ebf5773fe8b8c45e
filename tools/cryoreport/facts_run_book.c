/* facts_run_book.c - what people said of a run, how it was decided on, and the accepted ones before it. */
#include <string.h>

#include "facts_run.h"

/* ---------------------------------------------------------------- notes and decisions */

static const char *either(const json_t *body, const char *key, const char *other)
{
    const char *text = facts_text_of(body, key);
    return text[0] != '\0' ? text : facts_text_of(body, other);
}

static void add_decisions(struct gather *g, const struct run_entry *e)
{
    json_t *all = json_array();
    size_t i;
    const json_t *event;
    json_array_foreach(e->events, i, event)
    {
        const char *transition = facts_text_of(event, "transition");
        const json_t *body = json_object_get(event, "body");
        if (strcmp(transition, "accepted") != 0 && strcmp(transition, "rejected") != 0)
            continue;
        json_t *one = json_object();
        facts_set(g, one, "decision", json_string(transition));
        facts_set(g, one, "event", json_incref(json_object_get(event, "seq")));
        facts_set(g, one, "time", json_incref(json_object_get(event, "time")));
        facts_set(g, one, "by", json_string(either(body, "by", "who")));
        facts_set(g, one, "by_operator", json_incref(json_object_get(body, "by_operator")));
        facts_set(g, one, "reason", json_string(either(body, "reason", "note")));
        facts_append(g, all, one);
    }
    if (json_array_size(all) > 0) /* the last one counts */
        facts_set(g, g->facts, "decision", json_incref(json_array_get(all, json_array_size(all) - 1)));
    facts_set(g, g->facts, "decisions", all);
}

/* ---------------------------------------------------------------- earlier runs */

static json_t *coarse(struct gather *g, const struct freezer_trace *trace, bool sample)
{
    json_t *ret = json_array();
    bool broken = true;
    for (unsigned i = 0; i < FREEZER_TRACE_SLOTS; i++) {
        const struct freezer_trace_slot *s = &trace->slots[i];
        uint32_t n = sample ? s->n_sample : s->n_chamber;
        json_t *at = facts_seconds(trace->slot_us * i + trace->slot_us / 2);
        if (n > 0)
            facts_append(g, ret,
                         json_pack("[o, o]", at, facts_run_degrees((sample ? s->sample : s->chamber) / n)));
        else if (!broken)
            facts_append(g, ret, json_pack("[o, n]", at));
        else
            json_decref(at);
        broken = n == 0;
    }
    return ret;
}

static json_t *distance_facts(struct gather *g, const struct freezer_distance *d)
{
    json_t *ret = json_object();
    facts_set(g, ret, "of", json_string(d->of_sample ? "sample" : "chamber"));
    facts_set(g, ret, "rms", facts_run_degrees(d->rms));
    facts_set(g, ret, "most", facts_run_degrees(d->most));
    facts_set(g, ret, "most_at_seconds", facts_seconds(d->most_at_us));
    facts_set(g, ret, "percent", json_real(d->per_mille / 10.0));
    return ret;
}

static json_t *earlier_facts(struct gather *g, const struct run_file *run, const struct run_earlier *e)
{
    const struct run_entry *entry = run_book_find(&run->book, e->id);
    json_t *ret = json_object();
    facts_set(g, ret, "run", json_string(e->id));
    facts_set(g, ret, "begin", facts_time(e->begin_us));
    if (entry != NULL) {
        facts_set(g, ret, "accepted_by", json_string(entry->decided_by));
        facts_set(g, ret, "seconds",
                  entry->end_us != FREEZER_NONE ? facts_seconds(entry->end_us - e->begin_us) : NULL);
    }
    if (e->is_known) {
        facts_set(g, ret, "distance", distance_facts(g, &e->distance));
        facts_set(g, ret, "sample", coarse(g, &e->trace, true));
        facts_set(g, ret, "chamber", coarse(g, &e->trace, false));
    }
    return ret;
}

void facts_run_book(struct gather *g, const struct run_file *run)
{
    json_t *earlier = json_array();
    if (run->entry != NULL) {
        facts_set(g, g->facts, "notes", json_incref(run->entry->notes));
        add_decisions(g, run->entry);
    }
    for (size_t i = 0; i < run->n_earlier; i++)
        facts_append(g, earlier, earlier_facts(g, run, &run->earlier[i]));
    facts_set(g, g->facts, "earlier", earlier);
}
