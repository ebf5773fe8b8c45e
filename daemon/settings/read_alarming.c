/* Alarm management for the whole site: the section alarms. */
#include "draft.h"
#include "scalar.h"

#define SHELVE_MAX_MS   (7U * DAY_MS)
#define RESPONSE_MAX_MS (7U * DAY_MS)

struct alarming_parts {
    const struct yaml_node *priorities[PRIORITIES];
    const struct yaml_node *chattering;
    uint32_t out_of_service_days;
};

static const struct field alarming_fields[] = {
    {"critical", FIELD_NODE, NODE_OF(struct alarming_parts, priorities[PRIORITY_CRITICAL])},
    {"high", FIELD_NODE, NODE_OF(struct alarming_parts, priorities[PRIORITY_HIGH])},
    {"medium", FIELD_NODE, NODE_OF(struct alarming_parts, priorities[PRIORITY_MEDIUM])},
    {"low", FIELD_NODE, NODE_OF(struct alarming_parts, priorities[PRIORITY_LOW])},
    {"out_of_service_at_most", FIELD_DAYS, FIELD_OF(struct alarming_parts, out_of_service_days), .min = 1,
     .max = 49},
    {"chattering", FIELD_NODE, NODE_OF(struct alarming_parts, chattering)},
};

static const struct field priority_fields[] = {
    {"response_time", FIELD_DURATION, FIELD_OF(struct priority_config, response_time_ms), .min = MINUTE_MS,
     .max = RESPONSE_MAX_MS},
    {"shelve_at_most", FIELD_DURATION, FIELD_OF(struct priority_config, shelve_at_most_ms), .min = MINUTE_MS,
     .max = SHELVE_MAX_MS},
    {"realarm_after", FIELD_REPEAT, FIELD_OF(struct priority_config, realarm_after_ms), .min = MINUTE_MS,
     .max = 7U * DAY_MS},
};

/* What is critical is neither put aside nor let rest. */
static const struct field critical_fields[] = {
    {"response_time", FIELD_DURATION, FIELD_OF(struct priority_config, response_time_ms), .min = MINUTE_MS,
     .max = RESPONSE_MAX_MS},
    {"shelve_at_most", FIELD_REFUSED,
     .hint = "a critical alarm is never shelved: samples or people are at risk now"},
    {"realarm_after", FIELD_DURATION, FIELD_OF(struct priority_config, realarm_after_ms), .min = MINUTE_MS,
     .max = DAY_MS},
};

static const struct field chattering_fields[] = {
    {"count", FIELD_UINT, FIELD_OF(struct alarms_config, chatter_count), .flags = FIELD_REQUIRED, .min = 2,
     .max = ALARM_RAISINGS_MAX},
    {"within", FIELD_DURATION, FIELD_OF(struct alarms_config, chatter_within_ms), .flags = FIELD_REQUIRED,
     .min = MINUTE_MS, .max = DAY_MS},
};

void alarming_defaults(struct alarms_config *ret)
{
    *ret = (struct alarms_config){
        .priorities = {[PRIORITY_LOW] = {DAY_MS, DAY_MS, 0},
                       [PRIORITY_MEDIUM] = {4 * HOUR_MS, 8 * HOUR_MS, 8 * HOUR_MS},
                       [PRIORITY_HIGH] = {30 * MINUTE_MS, 2 * HOUR_MS, 2 * HOUR_MS},
                       [PRIORITY_CRITICAL] = {10 * MINUTE_MS, 0, 30 * MINUTE_MS}},
        .out_of_service_at_most_days = 30,
        .chatter_count = 3,
        .chatter_within_ms = 10 * MINUTE_MS,
    };
}

void read_alarming(struct draft *d, const struct yaml_node *section)
{
    struct alarming_parts parts = {.out_of_service_days = d->alarming.out_of_service_at_most_days};

    (void)fields_walk(d->problems, section, "'alarms'", alarming_fields, COUNT_OF(alarming_fields), &parts);
    read_repeated(d, "alarms", section, alarming_fields, COUNT_OF(alarming_fields));
    d->alarming.out_of_service_at_most_days = parts.out_of_service_days;
    for (int i = 0; i < PRIORITIES; i++) {
        const bool critical = i == PRIORITY_CRITICAL;
        char what[32];
        if (parts.priorities[i] == NULL)
            continue;
        (void)snprintf(what, sizeof what, "'%s'", fields_choice_name(draft_priorities, i));
        (void)fields_walk(d->problems, parts.priorities[i], what,
                          critical ? critical_fields : priority_fields, COUNT_OF(priority_fields),
                          &d->alarming.priorities[i]);
    }
    if (parts.chattering != NULL)
        (void)fields_walk(d->problems, parts.chattering, "'chattering'", chattering_fields,
                          COUNT_OF(chattering_fields), &d->alarming);
}

/* The more urgent an alarm is, the sooner somebody has to act. */
void check_alarming(struct draft *d)
{
    char one[DURATION_TEXT_MAX];
    char other[DURATION_TEXT_MAX];

    for (int i = PRIORITY_CRITICAL; i > PRIORITY_LOW; i--) {
        const struct priority_config *urgent = &d->alarming.priorities[i];
        const struct priority_config *less = &d->alarming.priorities[i - 1];
        const struct yaml_node *node = NULL;
        for (int k = i; k >= i - 1 && node == NULL; k--) {
            const char *name = fields_choice_name(draft_priorities, k);
            node = draft_setting(d, "alarms", name);
            if (node != NULL)
                node = yaml_get(node, "response_time");
        }
        if (node == NULL || d->incomplete || urgent->response_time_ms <= less->response_time_ms)
            continue;
        problems_at(d->problems, node, "the response time of %s (%s) is longer than that of %s (%s)",
                    fields_choice_name(draft_priorities, i),
                    scalar_print_duration(one, urgent->response_time_ms),
                    fields_choice_name(draft_priorities, i - 1),
                    scalar_print_duration(other, less->response_time_ms));
    }
}
