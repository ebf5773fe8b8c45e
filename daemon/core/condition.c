/* condition.c - see condition.h. */
#include "condition.h"

/* Limits come from a configuration and times from clocks: what does not fit is as far away as it can be. */
int64_t condition_plus(int64_t a, int64_t b)
{
    int64_t result;

    if (__builtin_add_overflow(a, b, &result))
        return b > 0 ? INT64_MAX : INT64_MIN;
    return result;
}

int64_t condition_minus(int64_t a, int64_t b)
{
    int64_t result;

    if (__builtin_sub_overflow(a, b, &result))
        return b > 0 ? INT64_MIN : INT64_MAX;
    return result;
}

static bool is_one_of(const micro_t *states, unsigned n, micro_t value)
{
    for (unsigned i = 0; i < n; i++)
        if (states[i] == value)
            return true;
    return false;
}

static enum verdict verdict_of(bool holds, bool over)
{
    if (holds)
        return VERDICT_HOLDS;
    return over ? VERDICT_OVER : VERDICT_BETWEEN;
}

static enum verdict judge_above(micro_t value, micro_t limit, micro_t deadband)
{
    return verdict_of(value > limit, value <= condition_minus(limit, deadband));
}

static enum verdict judge_below(micro_t value, micro_t limit, micro_t deadband)
{
    return verdict_of(value < limit, value >= condition_plus(limit, deadband));
}

/* A usable value against a limit or a list of states. */
static enum verdict judge_value(const struct alarm_model *model, micro_t value)
{
    bool holds;

    if (model->kind == CONDITION_HIGH)
        return judge_above(value, model->limit, model->deadband);
    if (model->kind == CONDITION_LOW)
        return judge_below(value, model->limit, model->deadband);
    holds = is_one_of(model->states, model->n_states, value);
    return verdict_of(holds, !holds);
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

/* ---------------------------------------------------------------- several readings */

struct measure condition_deviation(const struct alarm_model *model, const struct reading *value,
                                   const struct reading *setpoint)
{
    struct measure measure = {.known = value->quality != QUALITY_BAD, .good = value->quality == QUALITY_GOOD};

    if (setpoint != NULL) {
        measure.known &= setpoint->quality != QUALITY_BAD;
        measure.good &= setpoint->quality == QUALITY_GOOD;
    }
    if (measure.known)
        measure.value = condition_minus(value->value, setpoint != NULL ? setpoint->value : model->setpoint);
    return measure;
}

struct measure condition_spread(const struct reading *const *readings, unsigned n)
{
    struct measure measure = {.good = true};
    micro_t least = INT64_MAX, greatest = INT64_MIN;
    unsigned usable = 0;

    for (unsigned i = 0; i < n; i++) {
        measure.good &= readings[i]->quality == QUALITY_GOOD;
        if (readings[i]->quality == QUALITY_BAD)
            continue;
        usable++;
        least = readings[i]->value < least ? readings[i]->value : least;
        greatest = readings[i]->value > greatest ? readings[i]->value : greatest;
    }
    measure.known = usable >= 2;
    if (measure.known)
        measure.value = condition_minus(greatest, least);
    return measure;
}

/* How bad it is: more is worse, whatever the kind. */
static micro_t level(const struct alarm_model *model, micro_t value)
{
    if (model->kind == CONDITION_LOW ||
        (model->kind == CONDITION_RATE && model->direction == DIRECTION_FALLING) ||
        (model->kind == CONDITION_DEVIATION && value < 0))
        return condition_minus(0, value);
    return value;
}

enum verdict condition_judge_measure(const struct alarm_model *model, const struct measure *measure)
{
    enum verdict verdict;

    if (!measure->known)
        return VERDICT_UNKNOWN;
    verdict = judge_above(level(model, measure->value), model->limit, model->deadband);
    return verdict == VERDICT_HOLDS || measure->good ? verdict : VERDICT_UNKNOWN;
}

bool condition_is_worse(const struct alarm_model *model, micro_t now, const micro_t *acked)
{
    micro_t from;

    switch (model->kind) {
    case CONDITION_HIGH:
    case CONDITION_LOW:
    case CONDITION_RATE:
    case CONDITION_DEVIATION:
    case CONDITION_DISAGREE:
        break;
    default:
        return false;
    }
    if (model->realarm_step <= 0)
        return false;
    from = model->kind == CONDITION_LOW ? condition_minus(0, model->limit) : model->limit;
    if (acked != NULL && level(model, *acked) > from)
        from = level(model, *acked);
    return level(model, now) >= condition_plus(from, model->realarm_step);
}

enum verdict condition_judge_plant(const struct suppression *suppression, const struct reading *reading)
{
    bool holds;

    if (reading->quality != QUALITY_GOOD)
        return VERDICT_UNKNOWN;
    switch (suppression->when) {
    case SUPPRESS_ABOVE:
        return judge_above(reading->value, suppression->limit, suppression->deadband);
    case SUPPRESS_BELOW:
        return judge_below(reading->value, suppression->limit, suppression->deadband);
    case SUPPRESS_STATES:
        holds = is_one_of(suppression->states, suppression->n_states, reading->value);
        return verdict_of(holds, !holds);
    case SUPPRESS_NEVER:
        break;
    }
    return VERDICT_OVER;
}

/* ---------------------------------------------------------------- time */

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
