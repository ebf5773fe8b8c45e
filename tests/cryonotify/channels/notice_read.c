#include "notice_read.h"

#include <stdlib.h>
#include <string.h>

static const char *string(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static struct words words(const json_t *o, const char *key)
{
    const json_t *w = json_object_get(o, key);
    struct words words = {string(w, "en"), string(w, "zh")};

    return words;
}

static bool flag(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

static int64_t integer(const json_t *o, const char *key, int64_t absent)
{
    const json_t *value = json_object_get(o, key);

    return value != NULL ? (int64_t)json_integer_value(value) : absent;
}

/* A number as text, so that nothing is lost. */
static micro_t micro(const json_t *o, const char *key, bool *ret_known)
{
    micro_t value = 0;

    *ret_known = string(o, key) != NULL && micro_parse(string(o, key), &value);
    return value;
}

static enum notice_purpose purpose_of(const json_t *o)
{
    for (int p = NOTICE_CALL; p <= NOTICE_PROBLEM; p++)
        if (string(o, "purpose") != NULL &&
            strcmp(string(o, "purpose"), notice_purpose_name((enum notice_purpose)p)) == 0)
            return (enum notice_purpose)p;
    return NOTICE_CALL;
}

static enum priority priority_of(const json_t *o)
{
    for (int p = PRIORITY_LOW; p <= PRIORITY_CRITICAL; p++)
        if (string(o, "priority") != NULL &&
            strcmp(string(o, "priority"), priority_name((enum priority)p)) == 0)
            return (enum priority)p;
    return PRIORITY_LOW;
}

static void read_value(const json_t *o, struct notice *n)
{
    const json_t *v = json_object_get(o, "value");

    n->value = (struct notice_value){.unit = string(v, "unit"),
                                     .state = string(v, "state"),
                                     .quality = string(v, "quality"),
                                     .reason = string(v, "reason"),
                                     .utc_us = integer(v, "utc_us", 0)};
    n->value.value = micro(v, "value", &n->value.known);
    n->limit = micro(o, "limit", &n->has_limit);
    n->trend_per_hour = micro(o, "trend_per_hour", &n->has_trend);
}

static void read_members(const json_t *o, struct notice *n)
{
    const json_t *members = json_object_get(o, "members"), *group = json_object_get(o, "group_members");
    struct notice_member *m = calloc(json_array_size(members) + 1, sizeof *m);
    const char **g = calloc(json_array_size(group) + 1, sizeof *g);

    if (m == NULL || g == NULL)
        exit(2);
    n->n_members = json_array_size(members);
    n->n_group_members = json_array_size(group);
    for (size_t i = 0; i < n->n_members; i++) {
        const json_t *member = json_array_get(members, i);
        m[i] = (struct notice_member){.asset = string(member, "asset"),
                                      .alarm = string(member, "alarm"),
                                      .asset_name = words(member, "asset_name"),
                                      .alarm_name = words(member, "alarm_name"),
                                      .text = words(member, "text"),
                                      .response = words(member, "response"),
                                      .priority = priority_of(member),
                                      .state = string(member, "state"),
                                      .quality = string(member, "quality"),
                                      .raised_utc_us = integer(member, "raised_utc_us", 0),
                                      .event_utc_us = integer(member, "event_utc_us", 0),
                                      .value_utc_us = integer(member, "value_utc_us", 0),
                                      .time_left_s = integer(member, "time_left_s", -1),
                                      .link = string(member, "link"),
                                      .is_news = flag(member, "is_news"),
                                      .until_utc_us = integer(member, "until_utc_us", 0)};
    }
    for (size_t i = 0; i < n->n_group_members; i++)
        g[i] = json_string_value(json_array_get(group, i));
    n->members = m;
    n->group_members = g;
    n->n_group_total = (size_t)integer(o, "group_total", 0);
}

static void read_strings(const json_t *o, struct notice *n)
{
    n->person = string(o, "person");
    n->person_name = string(o, "person_name");
    n->address = string(o, "address");
    n->site = string(o, "site");
    n->site_name = words(o, "site_name");
    n->asset = string(o, "asset");
    n->asset_name = words(o, "asset_name");
    n->alarm = string(o, "alarm");
    n->alarm_name = words(o, "alarm_name");
    n->occurrence = string(o, "occurrence");
    n->state = string(o, "state");
    n->transition = string(o, "transition");
    n->point = string(o, "point");
    n->text = words(o, "text");
    n->response = words(o, "response");
    n->consequence = words(o, "consequence");
    n->by = string(o, "by");
    n->note = string(o, "note");
    n->order = string(o, "order");
    n->maintenance_by = string(o, "maintenance_by");
    n->maintenance_order = string(o, "maintenance_order");
    n->group = string(o, "group");
    n->link = string(o, "link");
    n->hint = string(o, "hint");
}

void notice_read(const json_t *o, struct notice *n)
{
    *n = (struct notice){.purpose = purpose_of(o), .priority = priority_of(o)};
    n->id = (uint64_t)integer(o, "id", 1);
    n->attempt = (unsigned)integer(o, "attempt", 0);
    n->level = (unsigned)integer(o, "level", 0);
    n->language =
        string(o, "language") != NULL && strcmp(string(o, "language"), "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    read_strings(o, n);
    read_value(o, n);
    read_members(o, n);
    n->is_probe = flag(o, "is_probe");
    n->active = flag(o, "active");
    n->latched = flag(o, "latched");
    n->is_protected = flag(o, "protected");
    n->life_safety = flag(o, "life_safety");
    n->historical = flag(o, "historical");
    n->maintenance = flag(o, "maintenance");
    n->has_time_left_kind = flag(o, "has_time_left_kind");
    n->time_left_s = integer(o, "time_left_s", -1);
    n->trend_over_s = integer(o, "trend_over_s", 0);
    n->response_time_s = integer(o, "response_time_s", 0);
    n->raised_utc_us = integer(o, "raised_utc_us", 0);
    n->event_utc_us = integer(o, "event_utc_us", 0);
    n->sent_utc_us = integer(o, "sent_utc_us", 0);
    n->acked_utc_us = integer(o, "acked_utc_us", 0);
    n->until_utc_us = integer(o, "until_utc_us", 0);
    n->maintenance_until_utc_us = integer(o, "maintenance_until_utc_us", 0);
    n->n_others = (unsigned)integer(o, "n_others", 0);
}

void notice_read_free(struct notice *n)
{
    free((void *)(uintptr_t)n->members);
    free((void *)(uintptr_t)n->group_members);
}
