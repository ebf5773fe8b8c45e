/* engine_alarm.c - one alarm: what is told of its condition, its delays, its transitions. See engine_state.h.
 */
#include <assert.h>

#include "engine_state.h"

/* ---------------------------------------------------------------- transitions */

static void set_acknowledged(struct engine *e, struct alarm *alarm)
{
    alarm->acked = e->now;
    alarm->has_acked_measure = alarm->has_measure;
    alarm->acked_measure = alarm->measure;
}

bool engine_alarm_is_measured(const struct alarm_model *model)
{
    return model->kind == CONDITION_RATE || model->kind == CONDITION_DEVIATION ||
           model->kind == CONDITION_DISAGREE;
}

/* Which hold began. */
static enum hold hold_of(enum transition_kind kind)
{
    if (kind == TRANSITION_SHELVED)
        return HOLD_SHELVED;
    return kind == TRANSITION_SUPPRESSED ? HOLD_SUPPRESSED : HOLD_OUT_OF_SERVICE;
}

static bool begins_hold(enum transition_kind kind)
{
    return kind == TRANSITION_SHELVED || kind == TRANSITION_SUPPRESSED || kind == TRANSITION_OUT_OF_SERVICE;
}

int engine_alarm_change(struct engine *engine, uint16_t alarm, const struct change *change)
{
    const struct alarm_model *model = &engine->alarm_models[alarm];
    struct alarm *a = &engine->alarms[alarm];
    const enum alarm_state from = alarm_shown(model, &a->status);
    struct transition *transition;
    const int rc = alarm_step(model, &a->status, change->kind, change->why);

    if (rc < 0)
        return rc;
    if (change->kind == TRANSITION_ACKNOWLEDGED ||
        (change->kind == TRANSITION_UNSHELVED && change->why == WHY_PERSON))
        set_acknowledged(engine, a);
    assert(engine->queue_count < ENGINE_QUEUE_SIZE(engine->n_alarms, engine->n_members));
    transition = &engine->queue[engine->queue_count++];
    *transition = (struct transition){
        .alarm = alarm,
        .kind = change->kind,
        .why = change->why,
        .from = from,
        .to = alarm_shown(model, &a->status),
        .active = alarm_is_active(&a->status),
        .latched = a->status.latched,
        .at = engine->now,
        .since_boot_us = change->since_us,
        .has_measure = engine_alarm_is_measured(model) && a->has_measure && !a->is_measure_lost,
        .command = change->command,
    };
    if (transition->has_measure)
        transition->measure = a->measure;
    if (begins_hold(change->kind)) {
        transition->until_utc_us = a->until_utc_us[hold_of(change->kind)];
        transition->one_shot = change->kind == TRANSITION_SHELVED && a->one_shot;
        if (a->n_holds[hold_of(change->kind)] < UINT32_MAX)
            a->n_holds[hold_of(change->kind)]++;
    }
    transition->reading = engine_kind_has_reading(model->kind) ? engine->points[model->point].view.reading
                                                               : ENGINE_NEVER_READ.reading;
    engine_hold_arm(engine, alarm);
    return 0;
}

/* ---------------------------------------------------------------- delays */

/* When time alone changes the condition. A flat line is only ever proven by a sample. */
static int64_t timer_of(const struct engine *e, uint16_t index)
{
    const struct alarm_model *model = &e->alarm_models[index];
    const struct alarm *alarm = &e->alarms[index];
    int64_t at = condition_deadline(&alarm->condition, model);

    if (model->kind == CONDITION_FLATLINE && alarm->condition.phase == PHASE_PENDING)
        return INT64_MAX;
    if (model->kind == CONDITION_CHATTER && alarm->chattering_us < at)
        return alarm->chattering_us;
    return at;
}

void engine_alarm_arm(struct engine *engine, uint16_t alarm)
{
    deadlines_set(&engine->pending, engine_condition_item(engine, alarm), timer_of(engine, alarm));
}

/* Ends the alarm's delay if it is over at t, and sets its timer. */
static void settle(struct engine *e, uint16_t index, int64_t t)
{
    struct condition *condition = &e->alarms[index].condition;
    const struct condition before = *condition;
    const bool is_delayed = before.phase == PHASE_PENDING || before.phase == PHASE_LEAVING;

    if (is_delayed && condition_deadline(condition, &e->alarm_models[index]) <= t) {
        const bool raised = before.phase == PHASE_PENDING;

        condition_expire(condition);
        (void)engine_alarm_change(e, index,
                                  &(struct change){.kind = raised ? TRANSITION_RAISED : TRANSITION_RETURNED,
                                                   .since_us = before.since});
        if (!raised)
            engine_hold_returned(e, index);
    }
    engine_alarm_arm(e, index);
}

void engine_alarm_tell_alone(struct engine *engine, uint16_t alarm, enum verdict verdict, int64_t t)
{
    condition_tell(&engine->alarms[alarm].condition, verdict, t);
    settle(engine, alarm, t);
}

void engine_alarm_tell(struct engine *engine, uint16_t alarm, enum verdict verdict, int64_t t)
{
    const bool was_active = alarm_is_active(&engine->alarms[alarm].status);

    if (engine->alarm_models[alarm].kind == CONDITION_FLATLINE && verdict == VERDICT_UNKNOWN)
        return; /* only a good value says anything, and only a good value's time counts */
    engine_alarm_tell_alone(engine, alarm, verdict, t);
    engine_group_spread(engine, alarm, was_active, t);
}

/* ---------------------------------------------------------------- DATE */

/* The last change of the model's dates after one time and not after another; INT64_MIN: none. */
static int64_t last_change(const struct alarm_model *model, int64_t after_utc_us, int64_t until_utc_us)
{
    int64_t last = INT64_MIN;
    int64_t change;

    while (condition_in_dates(model, after_utc_us, &change), change <= until_utc_us && change != INT64_MAX)
        last = after_utc_us = change;
    return last;
}

/* Compares the wall clock with the dates at t, a time that has come, and arms the next look. When more than
 * one change was slept through, only the last one counts: so it is looked at twice at most. */
static void settle_date(struct engine *e, uint16_t index, int64_t t)
{
    const struct alarm_model *model = &e->alarm_models[index];
    const int64_t utc_us = engine_utc_at(e, t);
    const int64_t late = last_change(model, utc_us, e->now.utc_us);
    int64_t change;

    engine_alarm_tell(e, index, condition_in_dates(model, utc_us, &change) ? VERDICT_HOLDS : VERDICT_OVER, t);
    if (late != INT64_MIN) {
        deadlines_set(&e->pending, engine_condition_item(e, index),
                      condition_minus(e->now.boot_us, condition_minus(e->now.utc_us, late)));
        return;
    }
    change = condition_minus(change, e->now.utc_us);
    change = change < ENGINE_LOOK_US ? change : ENGINE_LOOK_US;
    deadlines_set(&e->pending, engine_condition_item(e, index), condition_plus(e->now.boot_us, change));
}

void engine_alarm_expire(struct engine *engine, uint16_t alarm, int64_t t)
{
    const enum condition_kind kind = engine->alarm_models[alarm].kind;

    if (kind == CONDITION_DATE) {
        settle_date(engine, alarm, t);
    } else if (kind == CONDITION_GROUP || kind == CONDITION_CHATTER) {
        engine_group_expire(engine, alarm, t);
    } else {
        const bool was_active = alarm_is_active(&engine->alarms[alarm].status);

        settle(engine, alarm, t);
        engine_group_spread(engine, alarm, was_active, t);
    }
}

/* ---------------------------------------------------------------- judging */

static const struct reading *reading_of(const struct engine *e, uint16_t point)
{
    return &e->points[point].view.reading;
}

static struct measure rate(struct engine *e, uint16_t index)
{
    const struct reading *reading = reading_of(e, e->alarm_models[index].point);
    struct trend *trend = &e->trends[e->alarms[index].rate];
    struct trend_line slope;

    if (reading->quality == QUALITY_BAD)
        return (struct measure){0};
    trend_add(trend, e->now.boot_us, reading->value, reading->quality != QUALITY_GOOD);
    if (!trend_slope(trend, e->now.boot_us, &slope))
        return (struct measure){0};
    return (struct measure){.known = true, .good = !slope.uncertain, .value = slope.per_hour};
}

static struct measure spread(const struct engine *e, uint16_t index)
{
    const struct alarm_model *model = &e->alarm_models[index];
    const struct reading *readings[1 + ALARM_OTHERS_MAX] = {reading_of(e, model->point)};

    for (unsigned i = 0; i < model->n_others; i++)
        readings[1 + i] = reading_of(e, model->others[i]);
    return condition_spread(readings, 1U + model->n_others);
}

/* The value or measure of a kind with a limit. */
static struct measure measure_of(struct engine *e, uint16_t index)
{
    const struct alarm_model *model = &e->alarm_models[index];
    const struct reading *reading = reading_of(e, model->point);

    switch (model->kind) {
    case CONDITION_RATE:
        return rate(e, index);
    case CONDITION_DEVIATION:
        return condition_deviation(model, reading,
                                   model->n_others > 0 ? reading_of(e, model->others[0]) : NULL);
    case CONDITION_DISAGREE:
        return spread(e, index);
    case CONDITION_HIGH:
    case CONDITION_LOW:
        return (struct measure){.known = reading->quality != QUALITY_BAD,
                                .good = reading->quality == QUALITY_GOOD,
                                .value = reading->value};
    default:
        return (struct measure){0};
    }
}

/* A good value that differs from the one before ends a flat line, and may be the first of the next. */
static void judge_flat(struct engine *e, uint16_t index, bool moved)
{
    if (reading_of(e, e->alarm_models[index].point)->quality != QUALITY_GOOD)
        return;
    if (moved)
        engine_alarm_tell(e, index, VERDICT_OVER, e->now.boot_us);
    engine_alarm_tell(e, index, VERDICT_HOLDS, e->now.boot_us);
}

void engine_alarm_judge(struct engine *engine, uint16_t alarm, bool moved)
{
    const struct alarm_model *model = &engine->alarm_models[alarm];
    struct alarm *a = &engine->alarms[alarm];
    struct measure measure;

    if (model->kind == CONDITION_FLATLINE) {
        judge_flat(engine, alarm, moved);
        return;
    }
    measure = measure_of(engine, alarm);
    a->is_measure_lost = !measure.known;
    if (measure.known) {
        a->has_measure = true;
        a->measure = measure.value;
    }
    engine_alarm_tell(engine, alarm,
                      engine_alarm_is_measured(model)
                          ? condition_judge_measure(model, &measure)
                          : condition_judge(model, reading_of(engine, model->point)),
                      engine->now.boot_us);
    if (measure.known)
        engine_hold_worse(engine, alarm);
}
