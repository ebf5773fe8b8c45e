/* condition.c - see condition.h. */
#include "condition.h"

/* Limits come from a configuration: what does not fit is as far away as it can be. */
static micro_t sum(micro_t a, micro_t b)
{
    micro_t result;

    if (__builtin_add_overflow(a, b, &result))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return result;
}

static micro_t difference(micro_t a, micro_t b)
{
    micro_t result;

    if (__builtin_sub_overflow(a, b, &result))
        return b > 0 ? INT64_MIN : INT64_MAX;
    return result;
}

static bool is_one_of(const struct alarm_model *model, micro_t value)
{
    for (unsigned i = 0; i < model->n_states; i++)
        if (model->states[i] == value)
            return true;
    return false;
}

/* A usable value against a limit or a list of states. */
static enum verdict judge_value(const struct alarm_model *model, micro_t value)
{
    bool holds, over;

    if (model->kind == CONDITION_HIGH) {
        holds = value > model->limit;
        over = value <= difference(model->limit, model->deadband);
    } else if (model->kind == CONDITION_LOW) {
        holds = value < model->limit;
        over = value >= sum(model->limit, model->deadband);
    } else {
        holds = is_one_of(model, value);
        over = !holds;
    }
    if (holds)
        return VERDICT_HOLDS;
    return over ? VERDICT_OVER : VERDICT_BETWEEN;
}

bool condition_is_measured(const struct reading *reading)
{
    return !reason_is_no_data(reading->reason);
}

enum verdict condition_judge(const struct alarm_model *model, const struct reading *reading)
{
    enum verdict verdict;

    switch (model->kind) {
    case CONDITION_NO_DATA:
        return condition_is_measured(reading) ? VERDICT_OVER : VERDICT_UNKNOWN;
    case CONDITION_BAD:
        if (!condition_is_measured(reading))
            return VERDICT_UNKNOWN;
        return reading->quality == QUALITY_BAD ? VERDICT_HOLDS : VERDICT_OVER;
    case CONDITION_FLATLINE: /* one reading can't tell */
    case CONDITION_DATE:
    case CONDITION_FAULT:
    case CONDITION_CHATTER:
    case CONDITION_GROUP:
    case CONDITION_FED:
    case CONDITION_RATE: /* judged by their measure */
    case CONDITION_DEVIATION:
    case CONDITION_DISAGREE:
        return VERDICT_UNKNOWN;
    default:
        if (reading->quality == QUALITY_BAD)
            return VERDICT_UNKNOWN;
        verdict = judge_value(model, reading->value);
        /* A device that says it may lie can alarm us, but not calm us. */
        if (reading->quality != QUALITY_GOOD && verdict != VERDICT_HOLDS)
            return VERDICT_UNKNOWN;
        return verdict;
    }
}

bool condition_in_dates(const struct alarm_model *model, int64_t utc_us, int64_t *ret_change)
{
    *ret_change = INT64_MAX;
    for (unsigned i = 0; i < model->n_dates; i++) {
        if (utc_us < model->dates[i].from_utc_us) {
            *ret_change = model->dates[i].from_utc_us;
            return false;
        }
        if (utc_us < model->dates[i].to_utc_us) {
            *ret_change = model->dates[i].to_utc_us;
            return true;
        }
    }
    return false;
}

void condition_tell(struct condition *condition, enum verdict verdict, int64_t boot_us)
{
    const enum phase phase = condition->phase;

    if (phase == PHASE_QUIET && verdict == VERDICT_HOLDS)
        *condition = (struct condition){PHASE_PENDING, boot_us};
    else if (phase == PHASE_PENDING && verdict == VERDICT_OVER)
        *condition = (struct condition){PHASE_QUIET, 0};
    else if (phase == PHASE_ACTIVE && verdict == VERDICT_OVER)
        *condition = (struct condition){PHASE_LEAVING, boot_us};
    else if (phase == PHASE_LEAVING && (verdict == VERDICT_HOLDS || verdict == VERDICT_UNKNOWN))
        *condition = (struct condition){PHASE_ACTIVE, 0};
}

int64_t condition_deadline(const struct condition *condition, const struct alarm_model *model)
{
    if (condition->phase == PHASE_PENDING)
        return condition_later(condition->since, model->on_delay_ms);
    if (condition->phase == PHASE_LEAVING)
        return condition_later(condition->since, model->off_delay_ms);
    return INT64_MAX;
}

void condition_expire(struct condition *condition)
{
    if (condition->phase == PHASE_PENDING)
        *condition = (struct condition){PHASE_ACTIVE, 0};
    else if (condition->phase == PHASE_LEAVING)
        *condition = (struct condition){PHASE_QUIET, 0};
}

int64_t condition_later(int64_t boot_us, uint32_t ms)
{
    const int64_t delay = (int64_t)ms * 1000;

    return boot_us > INT64_MAX - delay ? INT64_MAX : boot_us + delay;
}
