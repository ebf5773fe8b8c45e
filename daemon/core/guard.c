/* guard.c - see guard.h. */
#include "guard.h"

static const struct guard_value *find(const struct guard_rule *rule, micro_t value)
{
    for (unsigned i = 0; i < rule->n_values && i < GUARD_VALUES_MAX; i++)
        if (rule->values[i].value == value)
            return &rule->values[i];
    return NULL;
}

/* Not read at all, as opposed to read and strange. */
static bool unread(const struct reading *reading)
{
    return reading->quality == QUALITY_BAD && reason_is_no_data(reading->reason);
}

static enum reason judge_status(const struct guard_rule *rule, const struct reading *reading)
{
    if (reading->quality == QUALITY_BAD) /* an unlisted state, when others have a meaning, is "other" too */
        return reading->reason == REASON_UNKNOWN_STATE && rule->other != REASON_NONE ? rule->other
                                                                                     : REASON_STATUS_UNKNOWN;
    const struct guard_value *value = find(rule, reading->value);
    return value != NULL ? value->reason : rule->other;
}

static enum reason judge_heartbeat(const struct guard_rule *rule, struct guard_memory *memory,
                                   const struct reading *reading, int64_t now_us)
{
    if (reading->quality == QUALITY_BAD)
        return REASON_STATUS_UNKNOWN;
    int64_t within_us = (int64_t)rule->within_ms * 1000;
    bool frozen = memory->read_us - memory->changed_us > within_us;
    if (!memory->seen || memory->raw != reading->raw || (!frozen && now_us - memory->read_us > within_us))
        *memory = (struct guard_memory){.seen = true, .raw = reading->raw, .changed_us = now_us};
    memory->read_us = now_us;
    return now_us - memory->changed_us > within_us ? REASON_FROZEN : REASON_NONE;
}

enum reason guard_judge(const struct guard_rule *rule, struct guard_memory *memory,
                        const struct reading *reading, int64_t now_us)
{
    bool right = reading->quality != QUALITY_BAD && find(rule, reading->value) != NULL;

    switch (rule->kind) {
    case GUARD_IDENTITY:
        return right ? REASON_NONE : REASON_WRONG_DEVICE;
    case GUARD_SETTING:
        return right ? REASON_NONE : unread(reading) ? REASON_STATUS_UNKNOWN : REASON_WRONG_SETTING;
    case GUARD_STATUS:
        return judge_status(rule, reading);
    case GUARD_HEARTBEAT:
        return judge_heartbeat(rule, memory, reading, now_us);
    }
    return REASON_STATUS_UNKNOWN;
}

void guard_apply(struct reading *reading, enum reason reason)
{
    enum quality quality = reason_quality(reason);

    if (reason == REASON_NONE || reading->quality >= quality)
        return;
    reading->quality = quality;
    reading->reason = reason;
    if (quality == QUALITY_BAD)
        reading->value = 0;
}

bool guard_same(const struct guard_rule *a, const struct guard_rule *b)
{
    bool same = a->kind == b->kind && a->n_values == b->n_values && a->other == b->other &&
                a->within_ms == b->within_ms;

    for (unsigned i = 0; same && i < a->n_values; i++)
        same = a->values[i].value == b->values[i].value && a->values[i].reason == b->values[i].reason;
    return same;
}
