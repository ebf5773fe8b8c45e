/* derive_tank_alarms.c - what is known of a tank's alarms: that one holds, that it is over, or neither. */
#include "derive_internal.h"

#include <assert.h>

#define MARGIN_CM  300000 /* so far below its fill start a tank is not where it usually is */
#define OVER_TENTH 11     /* of ten: so much more time than the limit ends a rung */
#define MS_PER_H   INT64_C(3600000)

static_assert(1 << DERIVE_ALARM_OVERDUE == TANK_FILL_OVERDUE &&
                  1 << DERIVE_ALARM_INEFFECTIVE == TANK_FILL_INEFFECTIVE,
              "bits of flags are alarms");

/* Failing for longer than is remembered, it would be learned as the baseline, and then look good: so only
 * what was seen to fail, or what a person had learned anew, can be over. */
static enum derive_known vacuum_failing(const struct derive_vessel *v)
{
    if (v->view.vacuum == TANK_VACUUM_FAILING)
        return DERIVE_HOLDS;
    bool judged = v->view.vacuum != TANK_VACUUM_UNKNOWN && v->tank.base_final;
    return judged && v->was_failing ? DERIVE_OVER : DERIVE_UNKNOWN;
}

/* Failing says more: then it is over. */
static enum derive_known vacuum_watch(const struct derive_vessel *v)
{
    switch (v->view.vacuum) {
    case TANK_VACUUM_WATCH:
        return DERIVE_HOLDS;
    case TANK_VACUUM_FAILING:
        return DERIVE_OVER;
    case TANK_VACUUM_GOOD:
        return v->tank.base_final ? DERIVE_OVER : DERIVE_UNKNOWN;
    default:
        return DERIVE_UNKNOWN;
    }
}

/* Is it where a tank that is filled as usual does not come? A tank on its way to its next fill may have
 * little time left and be well. margin: how far below counts. */
static bool outside_usual(const struct derive_vessel *v, micro_t margin)
{
    const struct tank_vessel *model = &v->config->model;
    micro_t level = v->tank.input.level.value;
    if (v->view.by_warming || v->view.flags & TANK_LEVEL_FLAT) /* where it is the level does not tell */
        return true;
    if (model->fill_start_cm == TANK_UNKNOWN || v->view.vacuum == TANK_VACUUM_FAILING)
        return true;
    if (v->known[DERIVE_ALARM_OVERDUE] == DERIVE_HOLDS)
        return true;
    return level < model->fill_start_cm - margin || (model->low_cm != TANK_UNKNOWN && level < model->low_cm);
}

/* rung: 0 medium, 1 high, 2 critical. */
static enum derive_known time_left(const struct derive_vessel *v, unsigned rung)
{
    struct tank_quantity left;
    bool to_empty, held = v->known[TANK_ALARM_TIME_MEDIUM + rung] == DERIVE_HOLDS;
    const struct vessel_config *c = v->config;
    if (!derive_tank_left(&v->view, &to_empty, &left))
        return DERIVE_UNKNOWN;
    micro_t limit = (2 * (int64_t)c->travel_ms + c->time_left_ms[rung]) * MICRO_PER_UNIT / MS_PER_H;
    if (left.low > (held ? limit / 10 * OVER_TENTH : limit))
        return DERIVE_OVER;
    if (rung < 2 && v->tank.input.level.quality == QUALITY_GOOD && !outside_usual(v, held ? 0 : MARGIN_CM))
        return DERIVE_OVER;
    return DERIVE_HOLDS;
}

static enum derive_known judge(const struct derive *d, const struct derive_vessel *v, unsigned alarm)
{
    int other;
    enum derive_by by;
    switch (alarm) {
    case TANK_ALARM_VACUUM_FAILING:
        return vacuum_failing(v);
    case TANK_ALARM_VACUUM_WATCH:
        return vacuum_watch(v);
    case TANK_ALARM_TIME_MEDIUM:
    case TANK_ALARM_TIME_HIGH:
    case TANK_ALARM_TIME_CRITICAL:
        return time_left(v, alarm - TANK_ALARM_TIME_MEDIUM);
    case TANK_ALARM_MAPPING:
        return derive_hall_mapping(d, v, &other, &by);
    default:
        break;
    }
    if (v->view.flags >> alarm & 1)
        return DERIVE_HOLDS;
    return v->view.over >> alarm & 1 ? DERIVE_OVER : DERIVE_UNKNOWN;
}

void derive_tank_alarms(struct derive *d, uint16_t vessel)
{
    struct derive_vessel *v = &d->vessels[vessel];
    for (unsigned i = 0; i < TANK_ALARM_COUNT; i++) {
        enum derive_known known = judge(d, v, i);
        if (known != DERIVE_UNKNOWN)
            v->known[i] = (uint8_t)known;
        derive_news_condition(d, v->config->alarms[i], known, &v->told[i]);
    }
}
