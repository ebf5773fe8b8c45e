/* facts_tank.c - what was derived of a tank: its fills, the nitrogen and its price, and when its vacuum was
 * doubted. A derived point is no sensor: what is not known of it is counted as such. */
#include <string.h>

#include "facts_internal.h"

/* Values of the point "vacuum" (enum tank_vacuum, derived_points.c). */
#define WATCH   (2 * MICRO_PER_UNIT)
#define FAILING (3 * MICRO_PER_UNIT)

static bool has_vessel(const struct gather *g)
{
    int asset = -1;
    const struct config *config = facts_config_of(g, &asset);
    for (unsigned i = 0; config != NULL && i < config->n_vessels; i++)
        if (config->vessels[i].asset == asset)
            return true;
    return false;
}

/* ---------------------------------------------------------------- vacuum */

static void end_span(struct gather *g, struct facts_vacuum *v, int64_t at_us)
{
    json_t *one = json_object();
    facts_set(g, one, "state", json_string(v->state == FAILING ? "failing" : "watch"));
    facts_set(g, one, "from", facts_time(v->from_us));
    facts_set(g, one, "to", facts_time(at_us));
    facts_set(g, one, "seconds", facts_seconds(at_us - v->from_us));
    facts_append(g, g->vacuum, one);
    v->state = 0;
}

/* A reading that does not come, or is bad, tells nothing: the span ends where it was last told. */
void facts_vacuum_take(struct gather *g, struct facts_vacuum *v, const struct walk_reading *r)
{
    bool doubted = r->quality != QUALITY_BAD && (r->value == WATCH || r->value == FAILING);
    if (v->state != 0 && (!doubted || r->value != v->state || r->slot_us > v->until_us))
        end_span(g, v, r->slot_us < v->until_us ? r->slot_us : v->until_us);
    if (doubted && v->state == 0) {
        v->state = r->value;
        v->from_us = r->slot_us;
    }
    int64_t usual_us = r->usual_us > 0 ? r->usual_us : 60 * SECOND_US;
    v->until_us = r->slot_us + EXPOSURE_HOLD * usual_us;
}

void facts_vacuum_end(struct gather *g, struct facts_vacuum *v)
{
    if (v->state != 0)
        end_span(g, v, v->until_us < g->request->to_us ? v->until_us : g->request->to_us);
}

/* ---------------------------------------------------------------- points */

/* ID-least and ID-most belong to the point ID. */
static const char *bound_of(const char *id, size_t *ret_len)
{
    static const char *const ends[] = {"least", "most"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(id), end = strlen(ends[i]);
        if (len > end + 1 && id[len - end - 1] == '-' && strcmp(id + len - end, ends[i]) == 0) {
            *ret_len = len - end - 1;
            return ends[i];
        }
    }
    return NULL;
}

void facts_mark_derived(struct gather *g, json_t *object, const char *id)
{
    size_t len;
    const char *bound = bound_of(id, &len);
    facts_set(g, object, "derived", json_true());
    if (bound != NULL) {
        facts_set(g, object, "bound", json_string(bound));
        facts_set(g, object, "bound_of", json_stringn(id, len));
    }
}

/* ---------------------------------------------------------------- fills */

static void add_filled(struct gather *g, json_t *tank, const struct config *config)
{
    double litres = 0;
    size_t i, unknown = 0;
    const json_t *fill;
    json_array_foreach(g->fills, i, fill)
    {
        const json_t *one = json_object_get(fill, "litres");
        if (json_is_number(one))
            litres += json_number_value(one);
        else
            unknown++;
    }
    /* No fill at all is no zero: who did not watch has seen none either. */
    const bool knows = unknown < json_array_size(g->fills);
    facts_set(g, tank, "filled_litres", knows ? json_real(litres) : json_null());
    facts_set(g, tank, "fills_of_unknown_litres", json_integer((json_int_t)unknown));
    if (config->nitrogen.price_per_l > 0) {
        facts_set(g, tank, "price_per_litre", facts_number(config->nitrogen.price_per_l));
        facts_set(g, tank, "currency", json_string(config->nitrogen.currency));
        facts_set(g, tank, "cost",
                  knows ? json_real(litres * (double)config->nitrogen.price_per_l / (double)MICRO_PER_UNIT)
                        : json_null());
    }
}

void facts_tank(struct gather *g)
{
    if (!has_vessel(g) && json_array_size(g->fills) == 0)
        return;
    json_t *tank = json_object();
    facts_set(g, tank, "fills", json_incref(g->fills));
    facts_set(g, tank, "vacuum", json_incref(g->vacuum));
    facts_set(g, tank, "relearned", json_incref(g->relearned));
    int asset = -1;
    const struct config *config = facts_config_of(g, &asset);
    if (config != NULL)
        add_filled(g, tank, config);
    facts_set(g, g->facts, "tank", tank);
}
