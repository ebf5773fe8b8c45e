/* derive_tank_alarms.c - what is known of a tank's alarms: that one holds, that it is over, or neither. */
#include "derive_internal.h"

#include <assert.h>

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

static enum derive_known judge(const struct derive *d, struct derive_vessel *v, unsigned alarm)
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
        return derive_tank_rung(v, alarm - TANK_ALARM_TIME_MEDIUM);
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
