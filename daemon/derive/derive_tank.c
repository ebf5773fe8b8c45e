/* derive_tank.c - tanks: readings in their roles to the estimator.
 *
 * The estimator is fed with each reading of the level and each move of lid and valve, and every ten seconds
 * where neither comes: time passes, and what is too old is not believed any more. */
#include "derive_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_US     INT64_C(10000000)
#define RECALLED_US (30 * 60 * INT64_C(1000000)) /* the estimators' gap: TANK_GAP_US */
#define FULL_TENTHS (10 * TANK_FULL_PERCENT)     /* of a hundredth: more than full is no level */

__extension__ typedef __int128 wide_t;

static bool is_state(unsigned which)
{
    return which == VESSEL_LID || which == VESSEL_VALVE;
}

static void open_inputs(struct derive *d, struct derive_vessel *v)
{
    const struct vessel_config *c = v->config;
    derive_tank_input(&v->inputs[VESSEL_LEVEL], d->config, &c->level);
    for (unsigned i = 0; i < TANK_TEMPS; i++)
        derive_tank_input(&v->inputs[VESSEL_TEMPS + i], d->config, &c->temps[i]);
    derive_tank_input(&v->inputs[VESSEL_LID], d->config, &c->lid);
    derive_tank_input(&v->inputs[VESSEL_VALVE], d->config, &c->valve);
    derive_tank_input(&v->inputs[VESSEL_ROOM], d->config, &c->room);
}

int derive_tank_create(struct derive *d)
{
    const struct config *config = d->config;
    d->vessels = calloc(config->n_vessels + 1u, sizeof *d->vessels);
    if (d->vessels == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < config->n_vessels; i++) {
        struct derive_vessel *v = &d->vessels[i];
        v->config = &config->vessels[i];
        int r = tank_init(&v->tank, &v->config->model);
        if (r < 0)
            return r;
        open_inputs(d, v);
    }
    return 0;
}

/* --- a reading in its role */

/* The estimators know by REASON_NEVER_READ that there is no such reading. One that there is, and that has not
 * come yet, must look otherwise. */
void derive_tank_input(struct derive_input *input, const struct config *config, const struct role *role)
{
    bool is = role->point >= 0 && role->point < config->n_points;
    *input = (struct derive_input){
        .role = role, .reading = {.quality = QUALITY_BAD, .reason = is ? REASON_STALE : REASON_NEVER_READ}};
    if (is && config->point_models != NULL)
        input->stale_us = (int64_t)config->point_models[role->point].stale_after_ms * 1000;
}

static micro_t in_unit(const struct role *role, micro_t value)
{
    if (role->den == 0 || role->num == role->den)
        return value;
    wide_t product = (wide_t)value * role->num, half = role->den < 0 ? -role->den : role->den;
    product = 2 * product * (role->den < 0 ? -1 : 1) + (product < 0 ? -half : half);
    wide_t result = product / (2 * half);
    return result > MICRO_MAX ? MICRO_MAX : result < -MICRO_MAX ? -MICRO_MAX : (micro_t)result;
}

micro_t derive_tank_own_unit(const struct role *role, micro_t value)
{
    if (role->num == 0)
        return value;
    const struct role back = {.num = role->num < 0 ? -role->den : role->den,
                              .den = role->num < 0 ? -role->num : role->num};
    return in_unit(&back, value);
}

/* A state that is neither (a fault of the switch) is no reading of it. */
static struct reading as_state(const struct role *role, const struct reading *reading)
{
    const int state = role_state(role, reading->value);
    struct reading ret = *reading;

    if (state < 0)
        return (struct reading){.quality = QUALITY_BAD, .reason = REASON_UNKNOWN_STATE};
    ret.value = state * MICRO_PER_UNIT;
    return ret;
}

void derive_tank_input_take(const struct derive *d, struct derive_input *input, bool state,
                            const struct reading *reading)
{
    input->reading = *reading;
    input->us = derive_tank_time(d);
    if (reading->quality != QUALITY_BAD)
        input->good_us = input->us;
    if (reading->quality == QUALITY_BAD) {
        input->reading.value = 0;
        if (reading->reason == REASON_NEVER_READ)
            input->reading.reason = REASON_STALE;
    } else if (state) {
        input->reading = as_state(input->role, reading);
    } else if (strcmp(d->config->points[input->role->point].unit, "%") == 0 &&
               reading->value > MICRO_PER_UNIT / 10 * FULL_TENTHS) { /* of what is full */
        input->reading = (struct reading){.quality = QUALITY_BAD, .reason = REASON_OVER_RANGE};
    } else {
        input->reading.value = in_unit(input->role, reading->value);
    }
}

/* In the record a reading lives until the next one of its point, up to the estimators' gap: how often it came
 * then is not what the file says now. */
struct reading derive_tank_input_now(const struct derive *d, const struct derive_input *input)
{
    int64_t stale_us = d->ready || input->stale_us > RECALLED_US ? input->stale_us : RECALLED_US;
    bool old = input->stale_us > 0 && derive_tank_time(d) - input->us > stale_us;
    if (!old || input->reading.quality == QUALITY_BAD)
        return input->reading;
    return (struct reading){.quality = QUALITY_BAD, .reason = REASON_STALE};
}

bool derive_tank_input_lost(const struct derive *d, const struct derive_input *input)
{
    return input->good_us != 0 && derive_tank_input_now(d, input).quality == QUALITY_BAD &&
           derive_tank_time(d) - input->good_us > input->stale_us;
}

/* --- feeding */

static void feed(struct derive *d, struct derive_vessel *v, bool level_is_new)
{
    static const struct reading absent = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ};
    int64_t now_us = derive_tank_time(d);
    struct tank_input in = {.level = derive_tank_input_now(d, &v->inputs[VESSEL_LEVEL]),
                            .level_is_old = !level_is_new,
                            .lid = derive_tank_input_now(d, &v->inputs[VESSEL_LID]),
                            .valve = derive_tank_input_now(d, &v->inputs[VESSEL_VALVE]),
                            .room = derive_tank_input_now(d, &v->inputs[VESSEL_ROOM]),
                            .supply_bar = absent,
                            .supply_l = absent};
    for (unsigned i = 0; i < TANK_TEMPS; i++)
        in.temps[i] = derive_tank_input_now(d, &v->inputs[VESSEL_TEMPS + i]);
    if (v->config->supply >= 0) {
        const struct derive_supply *s = &d->supplies[v->config->supply];
        in.supply_bar = derive_tank_input_now(d, &s->bar);
        in.supply_l = derive_tank_input_now(d, &s->stock);
    }
    tank_feed(&v->tank, now_us, &in);
    v->fed_us = now_us;
}

/* A level above the vessel's upper end lies. */
static void above_full(const struct derive_vessel *v, struct derive_input *level)
{
    const struct tank_vessel *model = &v->config->model;
    if (model->n_shape > 0 && level->reading.quality != QUALITY_BAD &&
        level->reading.value > model->shape[model->n_shape - 1].cm / 1000 * FULL_TENTHS)
        level->reading = (struct reading){.quality = QUALITY_BAD, .reason = REASON_OVER_RANGE};
}

void derive_tank_take(struct derive *d, uint16_t vessel, unsigned which, const struct reading *reading)
{
    struct derive_vessel *v = &d->vessels[vessel];
    struct derive_input *input = &v->inputs[which];
    struct reading before = input->reading;
    derive_tank_input_take(d, input, is_state(which), reading);
    if (which == VESSEL_LEVEL)
        above_full(v, input);
    bool moved =
        is_state(which) && (input->reading.quality != before.quality || input->reading.value != before.value);
    if (which != VESSEL_LEVEL && !moved)
        return;
    feed(d, v, which == VESSEL_LEVEL);
    if (moved && which == VESSEL_VALVE)
        derive_hall_fed(d, vessel);
    derive_tank_news(d, vessel, false);
}

void derive_tank_tick(struct derive *d)
{
    int64_t now_us = derive_tank_time(d);
    for (unsigned i = 0; i < d->config->n_vessels; i++) {
        struct derive_vessel *v = &d->vessels[i];
        if (now_us - v->fed_us < WAIT_US)
            continue;
        feed(d, v, false);
        derive_tank_news(d, (uint16_t)i, false);
    }
}

/* --- what others ask */

void derive_tank(const struct derive *d, uint16_t vessel, struct tank_view *ret)
{
    if (d->vessels[vessel].fed_us != 0)
        tank_view(&d->vessels[vessel].tank, ret);
    else
        *ret = (struct tank_view){0};
}

void derive_relearn(struct derive *d, uint16_t vessel)
{
    struct derive_vessel *v = &d->vessels[vessel];
    tank_relearn(&v->tank);
    v->was_failing = true; /* a person has said so: what is learned now may end the alarm */
    v->due_us = 0;
}

bool derive_tank_left(const struct tank_view *view, bool *ret_to_empty, struct tank_quantity *ret)
{
    bool warm = view->left_150_h.known || view->left_150_h.at_least;
    const struct tank_quantity *left = warm ? &view->left_150_h : &view->left_empty_h;
    *ret_to_empty = !warm;
    *ret = *left;
    return left->known || left->at_least;
}

int derive_tank_of(const struct derive *d, uint16_t asset)
{
    for (unsigned i = 0; i < d->config->n_vessels; i++) {
        if (d->config->vessels[i].asset == asset)
            return (int)i;
    }
    return -1;
}

bool derive_time_left(const struct derive *d, uint16_t asset, struct tank_quantity *ret)
{
    struct tank_view view;
    struct tank_quantity left;
    bool to_empty;
    int vessel = derive_tank_of(d, asset);
    if (vessel < 0)
        return false;
    derive_tank(d, (uint16_t)vessel, &view);
    if (!derive_tank_left(&view, &to_empty, &left))
        return false;
    *ret = left;
    return true;
}
