/* derive_site.c - see derive_site.h. */
#include "derive_site.h"

#include <math.h>
#include <stdio.h>

static struct role no_role(void)
{
    return (struct role){.point = ROLE_NONE, .num = 1, .den = 1};
}

static struct role number(int point)
{
    return (struct role){.point = point, .num = 1, .den = 1};
}

static struct role state(int point)
{
    return (struct role){.point = point, .num = 1, .den = 1, .n_states = 1, .states = {1}};
}

static int add_point(struct site *s, enum derived_of of, unsigned which, uint16_t asset, int bound)
{
    static const char *const ends[BOUNDS] = {"", "-least", "-most"};
    const struct derived_point *d = derived_point(of, which);
    if (bound != BOUND_VALUE && !d->has_interval)
        return -1;
    int i = s->config.n_points++;
    assert_true(i < SITE_POINTS);
    (void)snprintf(s->points[i].id, ID_MAX, "%s%s", d->id, ends[bound]);
    s->points[i].asset = asset;
    s->points[i].device = POINT_DERIVED;
    s->points[i].format =
        (struct reg_format){.type = REG_S32, .scale_num = 1, .scale_den = 1, .decimals = d->decimals};
    return i;
}

static void add_all(struct site *s, enum derived_of of, unsigned n, uint16_t asset, int (*points)[BOUNDS])
{
    for (unsigned i = 0; i < n; i++) {
        for (int b = 0; b < BOUNDS; b++)
            points[i][b] = add_point(s, of, i, asset, b);
    }
}

static void add_alarms(struct site *s, unsigned n, uint16_t asset, int *alarms)
{
    for (unsigned i = 0; i < n; i++) {
        alarms[i] = s->config.n_alarms++;
        assert_true(alarms[i] < SITE_ALARMS);
        s->alarms[alarms[i]].asset = asset;
    }
}

static void open_model(struct tank_vessel *model, const struct world_vessel *v)
{
    tank_vessel_init(model);
    model->n_shape = WORLD_SHAPE;
    for (unsigned k = 0; k < WORLD_SHAPE; k++)
        model->shape[k] = (struct tank_height){N(v->cm[k]), N(v->litres[k])};
    model->low_cm = N(v->low_cm);
    model->high_cm = N(v->high_cm);
    if (v->automatic) {
        model->fill_start_cm = N(v->start_cm);
        model->fill_stop_cm = N(v->stop_cm);
    }
    model->resolution_cm = N(v->resolution_cm);
    if (v->heat_capacity_j_k > 0)
        model->heat_capacity_j_k = N(v->heat_capacity_j_k);
}

static void open_vessel(struct site *s, unsigned i)
{
    struct vessel_config *c = &s->vessels[i];
    struct world_vessel v;
    int first = (int)i * SITE_INPUTS;
    world_vessel(s->world, i, &v);
    c->asset = (uint16_t)(i + 1);
    open_model(&c->model, &v);
    c->level = number(first + SITE_LEVEL);
    for (int k = 0; k < 3; k++)
        c->temps[k] = number(first + SITE_TOP + k);
    c->temps[3] = no_role();
    c->lid = state(first + SITE_LID);
    c->valve = v.automatic ? state(first + SITE_VALVE) : no_role();
    c->room = number(SITE_ROOM);
    c->supply = 0;
    c->travel_ms = 3600 * 1000;
    c->time_left_ms[0] = 3 * 86400 * 1000;
    c->time_left_ms[1] = 12 * 3600 * 1000;
    c->time_left_ms[2] = 2 * 3600 * 1000;
    add_all(s, DERIVED_OF_TANK, TANK_POINT_COUNT, c->asset, c->points);
    add_alarms(s, TANK_ALARM_COUNT, c->asset, c->alarms);
    (void)snprintf(s->assets[c->asset].id, ID_MAX, "tank-%u", i + 1);
    (void)snprintf(s->assets[c->asset].name.text[LANGUAGE_EN], TEXT_MAX, "Tank %u", i + 1);
    (void)snprintf(s->assets[c->asset].name.text[LANGUAGE_ZH], TEXT_MAX, "罐 %u", i + 1);
}

static void set_unit(struct site *s, unsigned point, const char *unit, uint8_t decimals)
{
    (void)snprintf(s->points[point].unit, sizeof s->points[point].unit, "%s", unit);
    s->points[point].format.decimals = decimals;
}

void site_open(struct site *s, uint64_t world)
{
    memset(s, 0, sizeof *s);
    s->world = world_new(world);
    assert_non_null(s->world);
    s->start_us = 1000 * DAY;
    s->utc_less_boot_us = INT64_C(1790000000) * SECOND - s->start_us;
    s->config.points = s->points;
    s->config.point_models = s->models;
    s->config.assets = s->assets;
    s->config.alarms = s->alarms;
    s->config.vessels = s->vessels;
    s->config.supplies = &s->supply;
    s->config.n_points = SITE_MEASURED;
    for (unsigned i = 0; i < SITE_MEASURED; i++)
        s->models[i].stale_after_ms = 10 * 60 * 1000;
    for (unsigned i = 0; i < SITE_TANKS; i++)
        set_unit(s, i * SITE_INPUTS + SITE_LEVEL, "cm", 1);
    set_unit(s, SITE_STOCK, "L", 0);
    s->config.n_assets = SITE_TANKS + 2;
    s->config.n_vessels = SITE_TANKS;
    s->config.n_supplies = 1;
    for (unsigned i = 0; i < SITE_TANKS; i++) {
        s->probe_of[i] = (int)i;
        open_vessel(s, i);
    }
    s->supply.asset = SITE_TANKS + 1;
    s->supply.stock = number(SITE_STOCK);
    s->supply.pressure = number(SITE_BAR);
    s->supply.reserve_l = N(200);
    s->supply.days_at_least = 3;
    add_all(s, DERIVED_OF_SUPPLY, SUPPLY_POINT_COUNT, s->supply.asset, s->supply.points);
    add_alarms(s, SUPPLY_ALARM_COUNT, s->supply.asset, s->supply.alarms);
}

void site_close(struct site *s)
{
    world_free(s->world);
}

struct stamp site_now(const struct site *s)
{
    int64_t boot_us = s->start_us + (int64_t)(world_time_s(s->world) * 1e6);
    return (struct stamp){.boot_us = boot_us, .utc_us = boot_us + s->utc_less_boot_us};
}

static struct reading read_as(double value, bool gap)
{
    if (gap)
        return (struct reading){.quality = QUALITY_BAD, .reason = REASON_TIMEOUT};
    if (isnan(value))
        return (struct reading){.quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    return (struct reading){.value = (micro_t)llround(value * 1e6), .quality = QUALITY_GOOD};
}

void heard_clear(struct heard *h)
{
    memset(h, 0, sizeof *h);
    memset(h->conditions, -1, sizeof h->conditions);
}

void site_hear(struct derive *d, struct heard *h)
{
    struct derived_news news;
    while (derive_next(d, &news)) {
        if (h == NULL)
            continue;
        switch (news.kind) {
        case DERIVED_READING:
            h->readings[news.reading.point] = news.reading.reading;
            h->at_us[news.reading.point] = news.at.boot_us;
            h->n_readings[news.reading.point]++;
            break;
        case DERIVED_CONDITION:
            assert_int_not_equal(h->conditions[news.condition.alarm], news.condition.holds);
            h->conditions[news.condition.alarm] = news.condition.holds;
            h->raised[news.condition.alarm] += news.condition.holds;
            h->told[news.condition.alarm]++;
            break;
        case DERIVED_FILLED:
            h->n_fills[news.filled.vessel]++;
            h->last_fill[news.filled.vessel] = news;
            break;
        default:
            fail_msg("news of a freezer");
        }
    }
}

void site_take(struct derive *d, struct stamp at, int point, double value)
{
    struct reading reading = read_as(value, false);
    derive_take(d, at, (uint16_t)point, &reading);
}

void site_take_bad(struct derive *d, struct stamp at, int point)
{
    struct reading reading = read_as(0, true);
    derive_take(d, at, (uint16_t)point, &reading);
}

static void tell(struct site *s, uint16_t point, double value, bool gap, struct derive *const *derives,
                 unsigned n)
{
    struct reading reading = read_as(value, gap);
    for (unsigned i = 0; i < n; i++)
        derive_take(derives[i], site_now(s), point, &reading);
}

static void tell_tank(struct site *s, unsigned i, struct derive *const *derives, unsigned n)
{
    struct world_reading r, other;
    uint16_t first = (uint16_t)(i * SITE_INPUTS);
    world_read(s->world, i, &r);
    other = r;
    if (s->probe_of[i] != (int)i)
        world_read(s->world, (unsigned)s->probe_of[i], &other);
    tell(s, first + SITE_TOP, r.top_c, r.gap, derives, n);
    tell(s, first + SITE_MIDDLE, r.middle_c, r.gap, derives, n);
    tell(s, first + SITE_BOTTOM, r.bottom_c, r.gap, derives, n);
    tell(s, first + SITE_LID, r.lid, r.gap, derives, n);
    tell(s, first + SITE_VALVE, r.valve, r.gap, derives, n);
    tell(s, first + SITE_LEVEL, other.level_cm, other.gap || s->no_level[i], derives, n);
    if (i > 0)
        return;
    tell(s, SITE_ROOM, r.room_c, r.gap, derives, n);
    tell(s, SITE_STOCK, r.supply_l, r.gap, derives, n);
    tell(s, SITE_BAR, r.supply_bar, r.gap, derives, n);
}

void site_step(struct site *s, struct derive *const *derives, struct heard *heard, unsigned n)
{
    world_step(s->world);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        tell_tank(s, i, derives, n);
    for (unsigned i = 0; i < n; i++) {
        site_hear(derives[i], heard != NULL ? &heard[i] : NULL);
        if (!derive_is_ready(derives[i]))
            continue;
        derive_look(derives[i], site_now(s));
        site_hear(derives[i], heard != NULL ? &heard[i] : NULL);
    }
}

void site_run(struct site *s, double until_days, struct derive *const *derives, struct heard *heard,
              unsigned n)
{
    while (world_time_s(s->world) < until_days * 86400)
        site_step(s, derives, heard, n);
}

int site_point(const struct site *s, unsigned tank, enum tank_point point, int bound)
{
    return s->vessels[tank].points[point][bound];
}

int site_alarm(const struct site *s, unsigned tank, unsigned alarm)
{
    return s->vessels[tank].alarms[alarm];
}
