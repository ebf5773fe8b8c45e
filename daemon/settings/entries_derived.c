/* entries_derived.c - what the files say of vessels, supplies and freezers. */
#include <inttypes.h>
#include <stdio.h>

#include "draft.h"
#include "entries.h"
#include "program.h"

#define LIST_MAX 1024

static void put(char text[LIST_MAX], size_t *used, const char *item)
{
    if (*used >= LIST_MAX)
        return;
    const int n = snprintf(text + *used, LIST_MAX - *used, "%s%s", *used > 0 ? ", " : "", item);
    *used += n > 0 ? (size_t)n : 0;
}

static const char *point_name(char text[2 * ID_MAX], const struct config *c, uint16_t asset, int point)
{
    const struct point_config *p = &c->points[point];

    if (p->asset == asset)
        (void)snprintf(text, 2 * ID_MAX, "%s", p->id);
    else
        (void)snprintf(text, 2 * ID_MAX, "%s/%s", c->assets[p->asset].id, p->id);
    return text;
}

/* "POINT", "POINT x 9/5", "POINT: open, ajar; unknown: fault". */
static void add_role(struct entries *e, const char *key, const struct config *c, uint16_t asset,
                     const struct role *role)
{
    char name[2 * ID_MAX];
    char states[LIST_MAX] = "", unknown[LIST_MAX] = "";
    size_t used = 0, used_unknown = 0;

    if (role->point < 0)
        return;
    (void)point_name(name, c, asset, role->point);
    const struct reg_format *format = &c->points[role->point].format;
    for (unsigned k = 0; k < format->n_states; k++) { /* in their own order, however they are written */
        for (unsigned i = 0; i < role->n_states; i++) {
            if (role->states[i] == format->states[k].value)
                put(states, &used, format->states[k].name);
        }
    }
    for (unsigned k = 0; k < format->n_states && role->n_off > 0; k++) {
        if (role_state(role, format->states[k].value * MICRO_PER_UNIT) < 0)
            put(unknown, &used_unknown, format->states[k].name);
    }
    if (role->n_states > 0)
        entries_add(e, key, "%s: %s%s%s", name, states, used_unknown > 0 ? "; unknown: " : "", unknown);
    else if (role->num != role->den)
        entries_add(e, key, "%s x %" PRId64 "/%" PRId64, name, role->num, role->den);
    else
        entries_text(e, key, name);
}

static void add_height(struct entries *e, const char *key, micro_t cm)
{
    if (cm != TANK_UNKNOWN)
        entries_value(e, key, cm, "cm");
}

static void add_seconds(struct entries *e, const char *key, uint32_t s)
{
    if (s > 0)
        entries_duration(e, key, s * UINT32_C(1000));
}

/* ---------------------------------------------------------------- vessels */

static void add_shape(struct entries *e, const struct tank_vessel *m)
{
    char text[LIST_MAX] = "";
    size_t used = 0;

    for (unsigned i = 0; i < m->n_shape; i++) {
        char cm[MICRO_TEXT_MAX], litres[MICRO_TEXT_MAX], pair[2 * MICRO_TEXT_MAX + 16];
        (void)micro_print(cm, sizeof cm, m->shape[i].cm, 2);
        (void)micro_print(litres, sizeof litres, m->shape[i].litres, 2);
        (void)snprintf(pair, sizeof pair, "%s cm: %s L", cm, litres);
        put(text, &used, pair);
    }
    entries_text(e, "shape", text);
}

static void add_temperatures(struct entries *e, const struct config *c, const struct vessel_config *v)
{
    for (unsigned i = 0; i < TANK_TEMPS; i++) {
        char key[3 * ID_MAX], name[2 * ID_MAX];
        if (v->temps[i].point < 0)
            continue;
        (void)snprintf(key, sizeof key, "temperatures.%u", i + 1);
        add_role(e, key, c, v->asset, &v->temps[i]);
        (void)snprintf(key, sizeof key, "probe_heights.%s", point_name(name, c, v->asset, v->temps[i].point));
        add_height(e, key, v->model.probe_cm[i]);
        (void)snprintf(key, sizeof key, "redundant.%s", name);
        const int twin = v->model.twin[i] - 1;
        if (twin >= 0 && v->temps[twin].point >= 0)
            entries_text(e, key, point_name(name, c, v->asset, v->temps[twin].point));
    }
    if (v->model.twin_k != TANK_UNKNOWN)
        entries_value(e, "differ_at_most", v->model.twin_k, "K");
}

static void add_vessel(struct entries *e, const struct config *c, const struct vessel_config *v)
{
    const struct tank_vessel *m = &v->model;

    entries_prefix(e, "assets.%s.vessel.", c->assets[v->asset].id);
    add_role(e, "level", c, v->asset, &v->level);
    add_temperatures(e, c, v);
    add_role(e, "lid", c, v->asset, &v->lid);
    add_role(e, "valve", c, v->asset, &v->valve);
    add_role(e, "room", c, v->asset, &v->room);
    if (v->supply >= 0)
        entries_text(e, "supply", c->assets[c->supplies[v->supply].asset].id);
    add_shape(e, m);
    add_height(e, "low_level", m->low_cm);
    add_height(e, "high_level", m->high_cm);
    add_height(e, "fill_start", m->fill_start_cm);
    add_height(e, "fill_stop", m->fill_stop_cm);
    add_seconds(e, "fill_takes_at_most", m->fill_max_s);
    add_seconds(e, "fill_every", m->fill_every_s);
    add_seconds(e, "settles_for", m->settle_s);
    if (m->heat_capacity_j_k != TANK_UNKNOWN)
        entries_value(e, "heat_capacity", m->heat_capacity_j_k, "J/K");
    entries_duration(e, "travel_time", v->travel_ms);
    entries_duration(e, "time_left.medium", v->time_left_ms[0]);
    entries_duration(e, "time_left.high", v->time_left_ms[1]);
    entries_duration(e, "time_left.critical", v->time_left_ms[2]);
}

static void add_supply(struct entries *e, const struct config *c, const struct supply_config *s)
{
    entries_prefix(e, "assets.%s.supply.", c->assets[s->asset].id);
    add_role(e, "stock", c, s->asset, &s->stock);
    add_role(e, "pressure", c, s->asset, &s->pressure);
    entries_value(e, "reserve", s->reserve_l, "L");
    if (s->days_at_least > 0)
        entries_add(e, "at_least", "%" PRIu32 " d", s->days_at_least);
}

/* ---------------------------------------------------------------- freezers */

static void add_status(struct entries *e, const struct config *c, const struct freezer_config *f)
{
    static const char *const words[] = {[FREEZER_STATUS_IDLE] = "idle",
                                        [FREEZER_STATUS_RUNNING] = "running",
                                        [FREEZER_STATUS_HELD] = "held",
                                        [FREEZER_STATUS_COMPLETE] = "complete"};
    const struct role *role = &f->inputs[FREEZER_INPUT_STATUS];

    if (role->point < 0)
        return;
    add_role(e, "status.point", c, f->asset, role);
    for (unsigned phase = 0; phase < COUNT_OF(words); phase++) {
        char key[32], text[LIST_MAX] = "";
        size_t used = 0;
        const struct reg_format *format = &c->points[role->point].format;
        for (unsigned k = 0; k < format->n_states; k++) {
            for (unsigned i = 0; i < f->n_phases; i++) {
                if (f->phases[i].value == format->states[k].value &&
                    f->phases[i].phase == (enum freezer_phase)phase)
                    put(text, &used, format->states[k].name);
            }
        }
        (void)snprintf(key, sizeof key, "status.%s", words[phase]);
        entries_text(e, key, text);
    }
}

static void add_expected(struct entries *e, const struct freezer_config *f)
{
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

    for (unsigned i = 0; i < f->n_expected; i++) {
        const struct expected_run *run = &f->expected[i];
        char key[48];
        (void)snprintf(key, sizeof key, "expected.%u %s %02u:%02u", run->day, days[run->day % 7],
                       run->minute / 60, run->minute % 60);
        entries_text(e, key, "yes");
    }
    if (f->n_expected > 0)
        entries_duration(e, "late_after", f->late_after_ms);
}

static void add_freezer(struct entries *e, const struct config *c, const struct freezer_config *f)
{
    static const char *const keys[FREEZER_INPUTS] = {
        [FREEZER_INPUT_CHAMBER] = "chamber",   [FREEZER_INPUT_SAMPLE] = "sample",
        [FREEZER_INPUT_SETPOINT] = "setpoint", [FREEZER_INPUT_SEGMENT] = "segment",
        [FREEZER_INPUT_LID] = "lid",           [FREEZER_INPUT_POWER] = "power",
        [FREEZER_INPUT_LN2] = "ln2",           [FREEZER_INPUT_SAMPLE_2] = "sample 2",
        [FREEZER_INPUT_SAMPLE_3] = "sample 3", [FREEZER_INPUT_SAMPLE_4] = "sample 4"};

    entries_prefix(e, "assets.%s.runs.", c->assets[f->asset].id);
    for (unsigned i = 0; i < FREEZER_INPUTS; i++) {
        if (keys[i] != NULL)
            add_role(e, keys[i], c, f->asset, &f->inputs[i]);
    }
    add_status(e, c, f);
    if (f->program >= 0)
        entries_text(e, "program", c->programs[f->program]->id);
    entries_duration(e, "gap", (uint32_t)(f->setup.gap_us / 1000));
    entries_duration(e, "lost_after", (uint32_t)(f->setup.lost_us / 1000));
    entries_duration(e, "deviation_after", (uint32_t)(f->setup.deviation_after_us / 1000));
    if (f->setup.sample_lag_us > 0)
        entries_duration(e, "sample_lag", (uint32_t)(f->setup.sample_lag_us / 1000));
    if (f->run_interval_ms > 0)
        entries_duration(e, "interval", f->run_interval_ms);
    add_expected(e, f);
}

void entries_derived(struct entries *e, const struct config *c)
{
    for (size_t i = 0; i < c->n_vessels; i++)
        add_vessel(e, c, &c->vessels[i]);
    for (size_t i = 0; i < c->n_supplies; i++)
        add_supply(e, c, &c->supplies[i]);
    for (size_t i = 0; i < c->n_freezers; i++)
        add_freezer(e, c, &c->freezers[i]);
    if (c->nitrogen.currency[0] != '\0') {
        char unit[sizeof c->nitrogen.currency + 4];
        (void)snprintf(unit, sizeof unit, "%s/L", c->nitrogen.currency);
        entries_prefix(e, "nitrogen.");
        entries_value(e, "price", c->nitrogen.price_per_l, unit);
    }
}
