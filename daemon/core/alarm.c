/* alarm.c - see alarm.h. */
#include "alarm.h"

#include <errno.h>

#define STATE_COUNT (ALARM_OUT_OF_SERVICE + 1)

/* ---------------------------------------------------------------- what is shown */

bool alarm_is_active(const struct alarm_status *status)
{
    return alarm_state_is_active(status->base) && !status->latched;
}

bool alarm_is_covered(const struct alarm_model *model, const struct alarm_status *status)
{
    return !model->protected && (status->is_held[HOLD_SHELVED] || status->is_held[HOLD_SUPPRESSED] ||
                                 status->is_held[HOLD_OUT_OF_SERVICE]);
}

enum alarm_state alarm_shown(const struct alarm_model *model, const struct alarm_status *status)
{
    if (!alarm_is_covered(model, status))
        return status->base;
    if (status->is_held[HOLD_OUT_OF_SERVICE])
        return ALARM_OUT_OF_SERVICE;
    return status->is_held[HOLD_SUPPRESSED] ? ALARM_SUPPRESSED : ALARM_SHELVED;
}

/* ---------------------------------------------------------------- steps of the base */

static int raise_it(struct alarm_status *status)
{
    if (alarm_is_active(status))
        return -EALREADY;
    status->base = ALARM_UNACKNOWLEDGED;
    status->latched = false;
    return 0;
}

static int return_it(const struct alarm_model *model, struct alarm_status *status)
{
    if (!alarm_is_active(status))
        return -EALREADY;
    if (model->latching)
        status->latched = true;
    else
        status->base = status->base == ALARM_ACKNOWLEDGED ? ALARM_NORMAL : ALARM_RETURNED_UNACKNOWLEDGED;
    return 0;
}

static int acknowledge(struct alarm_status *status)
{
    if (status->base != ALARM_UNACKNOWLEDGED && status->base != ALARM_RETURNED_UNACKNOWLEDGED)
        return -EALREADY;
    status->base = status->base == ALARM_UNACKNOWLEDGED ? ALARM_ACKNOWLEDGED : ALARM_NORMAL;
    return 0;
}

static int realarm(struct alarm_status *status)
{
    if (status->base != ALARM_ACKNOWLEDGED || status->latched)
        return -EALREADY;
    status->base = ALARM_UNACKNOWLEDGED;
    return 0;
}

static int reset(struct alarm_status *status)
{
    if (status->base != ALARM_ACKNOWLEDGED || !status->latched)
        return -EALREADY;
    status->base = ALARM_NORMAL;
    status->latched = false;
    return 0;
}

/* ---------------------------------------------------------------- holds */

static bool is_unacknowledged(const struct alarm_status *status)
{
    return status->base == ALARM_UNACKNOWLEDGED || status->base == ALARM_RETURNED_UNACKNOWLEDGED;
}

static int begin_hold(const struct alarm_model *model, struct alarm_status *status, enum hold hold)
{
    const bool was_covered = alarm_is_covered(model, status);

    if (model->protected && hold != HOLD_OUT_OF_SERVICE)
        return -EPERM;
    if (status->is_held[hold])
        return -EALREADY;
    status->is_held[hold] = true;
    if (!was_covered)
        status->unseen = alarm_is_covered(model, status) && is_unacknowledged(status);
    return 0;
}

static int end_hold(const struct alarm_model *model, struct alarm_status *status, enum hold hold,
                    enum transition_why why)
{
    if (!status->is_held[hold])
        return -EALREADY;
    status->is_held[hold] = false;
    if (model->protected && hold == HOLD_OUT_OF_SERVICE)
        return 0;
    if (alarm_state_is_active(status->base))
        status->base = hold == HOLD_SHELVED && why == WHY_PERSON ? ALARM_ACKNOWLEDGED : ALARM_UNACKNOWLEDGED;
    else if (why == WHY_PERSON || why == WHY_ONE_SHOT || !status->unseen)
        status->base = ALARM_NORMAL;
    status->unseen = status->unseen && alarm_is_covered(model, status) && is_unacknowledged(status);
    return 0;
}

int alarm_step(const struct alarm_model *model, struct alarm_status *status, enum transition_kind kind,
               enum transition_why why)
{
    const bool covered = alarm_is_covered(model, status);

    switch (kind) {
    case TRANSITION_RAISED:
        return raise_it(status);
    case TRANSITION_RETURNED:
        return return_it(model, status);
    case TRANSITION_ACKNOWLEDGED:
        return covered ? -EALREADY : acknowledge(status);
    case TRANSITION_REALARMED:
        return covered ? -EALREADY : realarm(status);
    case TRANSITION_RESET:
        return covered ? -EALREADY : reset(status);
    case TRANSITION_SHELVED:
        return begin_hold(model, status, HOLD_SHELVED);
    case TRANSITION_UNSHELVED:
        return end_hold(model, status, HOLD_SHELVED, why);
    case TRANSITION_SUPPRESSED:
        return begin_hold(model, status, HOLD_SUPPRESSED);
    case TRANSITION_UNSUPPRESSED:
        return end_hold(model, status, HOLD_SUPPRESSED, why);
    case TRANSITION_OUT_OF_SERVICE:
        return begin_hold(model, status, HOLD_OUT_OF_SERVICE);
    case TRANSITION_IN_SERVICE:
        return end_hold(model, status, HOLD_OUT_OF_SERVICE, why);
    }
    return -EALREADY;
}

/* ---------------------------------------------------------------- states and names */

bool alarm_state_is_valid(enum alarm_state state)
{
    return (unsigned)state < STATE_COUNT;
}

bool alarm_state_is_active(enum alarm_state state)
{
    return state == ALARM_UNACKNOWLEDGED || state == ALARM_ACKNOWLEDGED;
}

bool alarm_state_is_held(enum alarm_state state)
{
    return state == ALARM_SHELVED || state == ALARM_SUPPRESSED || state == ALARM_OUT_OF_SERVICE;
}

const char *alarm_state_name(enum alarm_state state)
{
    static const char *const NAMES[STATE_COUNT] = {
        [ALARM_NORMAL] = "normal",
        [ALARM_UNACKNOWLEDGED] = "unacknowledged",
        [ALARM_ACKNOWLEDGED] = "acknowledged",
        [ALARM_RETURNED_UNACKNOWLEDGED] = "returned-unacknowledged",
        [ALARM_SHELVED] = "shelved",
        [ALARM_SUPPRESSED] = "suppressed",
        [ALARM_OUT_OF_SERVICE] = "out-of-service",
    };

    return alarm_state_is_valid(state) ? NAMES[state] : "?";
}

const char *transition_name(enum transition_kind kind)
{
    static const char *const NAMES[TRANSITION_KINDS] = {
        [TRANSITION_RAISED] = "raised",
        [TRANSITION_ACKNOWLEDGED] = "acknowledged",
        [TRANSITION_RETURNED] = "returned",
        [TRANSITION_SHELVED] = "shelved",
        [TRANSITION_UNSHELVED] = "unshelved",
        [TRANSITION_SUPPRESSED] = "suppressed",
        [TRANSITION_UNSUPPRESSED] = "unsuppressed",
        [TRANSITION_OUT_OF_SERVICE] = "out-of-service",
        [TRANSITION_IN_SERVICE] = "in-service",
        [TRANSITION_REALARMED] = "realarmed",
        [TRANSITION_RESET] = "reset",
    };

    return (unsigned)kind < TRANSITION_KINDS ? NAMES[kind] : "?";
}

const char *transition_why_name(enum transition_why why)
{
    static const char *const NAMES[] = {
        [WHY_NONE] = "",
        [WHY_PERSON] = "person",
        [WHY_TIME] = "time",
        [WHY_ONE_SHOT] = "one-shot",
        [WHY_PLANT] = "plant",
        [WHY_WORSE] = "worse",
        [WHY_UNRESOLVED] = "unresolved",
    };

    return (unsigned)why <= WHY_UNRESOLVED ? NAMES[why] : "?";
}

const char *priority_name(enum priority priority)
{
    static const char *const NAMES[] = {
        [PRIORITY_LOW] = "low",
        [PRIORITY_MEDIUM] = "medium",
        [PRIORITY_HIGH] = "high",
        [PRIORITY_CRITICAL] = "critical",
    };

    return (unsigned)priority <= PRIORITY_CRITICAL ? NAMES[priority] : "?";
}
