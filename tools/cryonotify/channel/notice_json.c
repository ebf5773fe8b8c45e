#include "notice_json.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

static json_t *string(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *words(const struct words *words)
{
    return json_pack("{s:o,s:o}", "en", string(notice_words(words, LANGUAGE_EN, NULL)), "zh",
                     string(notice_words(words, LANGUAGE_ZH, NULL)));
}

static json_t *number(bool known, micro_t value)
{
    if (!known)
        return json_null();
    if (value % MICRO_PER_UNIT == 0)
        return json_integer(value / MICRO_PER_UNIT);
    return json_real((double)value / (double)MICRO_PER_UNIT);
}

static json_t *moment(int64_t utc_us)
{
    char text[RFC3339_MAX];

    if (utc_us == 0)
        return json_null();
    clock_print_utc(text, utc_us);
    return json_string(text);
}

static json_t *seconds(int64_t s, bool known)
{
    return known ? json_integer(s) : json_null();
}

static int set(json_t *to, const char *key, json_t *value)
{
    return json_object_set_new(to, key, value);
}

static int set_who(json_t *o, const struct notice *n)
{
    bool zh = n->language == LANGUAGE_ZH;
    json_t *addresses = json_array();
    int bad = 0;

    if (n->address != NULL && n->address[0] != '\0')
        bad |= json_array_append_new(addresses, json_string(n->address));
    bad |= set(o, "id", json_integer((json_int_t)n->id));
    bad |= set(o, "purpose", json_string(notice_purpose_name(n->purpose)));
    bad |= set(o, "attempt", json_integer(n->attempt));
    bad |= set(o, "level", json_integer(n->level));
    bad |= set(o, "person", string(n->person));
    bad |= set(o, "person_name", string(n->person_name));
    bad |= set(o, "address", string(n->address));
    bad |= set(o, "addresses", addresses);
    bad |= set(o, "language", json_string(zh ? "zh" : "en"));
    bad |= set(o, "site", string(n->site));
    bad |= set(o, "site_name", string(notice_words(&n->site_name, n->language, n->site)));
    bad |= set(o, "site_names", words(&n->site_name));
    bad |= set(o, "asset", string(n->asset));
    bad |= set(o, "asset_name", string(notice_words(&n->asset_name, n->language, n->asset)));
    bad |= set(o, "asset_names", words(&n->asset_name));
    return bad;
}

static int set_what(json_t *o, const struct notice *n)
{
    int bad = 0;

    bad |= set(o, "alarm", string(n->alarm));
    bad |= set(o, "occurrence", string(n->occurrence));
    bad |= set(o, "priority", json_string(priority_name(n->priority)));
    bad |= set(o, "urgency", json_integer(2 + (int)n->priority)); /* 2 low ... 5 critical, as ntfy counts */
    bad |= set(o, "state", string(n->state));
    bad |= set(o, "transition", string(n->transition));
    bad |= set(o, "point", string(n->point));
    bad |= set(o, "description", string(notice_words(&n->text, n->language, NULL)));
    bad |= set(o, "descriptions", words(&n->text));
    bad |= set(o, "response", string(notice_words(&n->response, n->language, NULL)));
    bad |= set(o, "responses", words(&n->response));
    bad |= set(o, "consequence", string(notice_words(&n->consequence, n->language, NULL)));
    bad |= set(o, "consequences", words(&n->consequence));
    bad |= set(o, "active", json_boolean(n->active));
    bad |= set(o, "latched", json_boolean(n->latched));
    bad |= set(o, "protected", json_boolean(n->is_protected));
    bad |= set(o, "life_safety", json_boolean(n->life_safety));
    bad |= set(o, "historical", json_boolean(n->historical));
    bad |= set(o, "drill", json_boolean(n->purpose == NOTICE_DRILL));
    bad |= set(o, "others", json_integer(n->n_others));
    bad |= set(o, "group", string(n->group));
    return bad;
}

static int set_value(json_t *o, const struct notice *n)
{
    const struct notice_value *v = &n->value;
    int bad = 0;

    bad |= set(o, "value", number(v->known, v->value));
    bad |= set(o, "value_state", string(v->state));
    bad |= set(o, "unit", string(v->unit));
    bad |=
        set(o, "quality", json_string(v->quality != NULL && v->quality[0] != '\0' ? v->quality : "unknown"));
    bad |= set(o, "reason", string(v->reason));
    bad |= set(o, "value_time", moment(v->utc_us));
    bad |= set(o, "limit", number(n->has_limit, n->limit));
    bad |= set(o, "trend_per_hour", number(n->has_trend, n->trend_per_hour));
    bad |= set(o, "trend_over_s", seconds(n->trend_over_s, n->has_trend));
    int64_t left_s = notice_time_left(n);
    bad |=
        set(o, "time_left_s", seconds(left_s, left_s >= 0 && (n->has_time_left_kind || n->time_left_s > 0)));
    bad |= set(o, "response_time_s", seconds(n->response_time_s, n->response_time_s > 0));
    return bad;
}

/* A button, in the way of ntfy; an empty list when there is no link. */
static json_t *actions(const struct notice *n)
{
    bool drill = n->purpose == NOTICE_DRILL;
    const char *label =
        n->language == LANGUAGE_ZH ? (drill ? "确认收到" : "确认报警") : (drill ? "Confirm" : "Acknowledge");

    if (n->link == NULL || n->link[0] == '\0')
        return json_array();
    return json_pack("[{s:s,s:s,s:s}]", "action", "view", "label", label, "url", n->link);
}

static int set_when(json_t *o, const struct notice *n)
{
    int bad = 0;

    bad |= set(o, "raised", moment(n->raised_utc_us));
    bad |= set(o, "time", moment(n->event_utc_us));
    bad |= set(o, "sent", moment(n->sent_utc_us));
    bad |= set(o, "acknowledged", moment(n->acked_utc_us));
    bad |= set(o, "until", moment(n->until_utc_us));
    bad |= set(o, "by", string(n->by));
    bad |= set(o, "note", string(n->note));
    bad |= set(o, "order", string(n->order));
    bad |= set(o, "maintenance", json_boolean(n->maintenance));
    bad |= set(o, "maintenance_by", string(n->maintenance_by));
    bad |= set(o, "maintenance_order", string(n->maintenance_order));
    bad |= set(o, "maintenance_until", moment(n->maintenance_until_utc_us));
    bad |= set(o, "link", string(n->link));
    bad |= set(o, "actions", actions(n));
    bad |= set(o, "hint", string(n->hint));
    return bad;
}

static int set_members(json_t *o, const struct notice *n)
{
    json_t *members = json_array(), *group = json_array();
    int bad = 0;

    for (size_t i = 0; i < n->n_members; i++) {
        const struct notice_member *m = &n->members[i];
        json_t *member = json_pack(
            "{s:o,s:o,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o}", "asset", string(m->asset),
            "asset_names", words(&m->asset_name), "alarm", string(m->alarm), "descriptions", words(&m->text),
            "responses", words(&m->response), "priority", priority_name(m->priority), "state",
            string(m->state), "raised", moment(m->raised_utc_us), "time_left_s",
            seconds(notice_time_left_of(n, m), notice_time_left_of(n, m) >= 0), "link", string(m->link),
            "for_information", m->is_news, "quality", string(m->quality), "value_time",
            moment(m->value_utc_us), "until", moment(m->until_utc_us));
        bad |= json_array_append_new(members, member);
    }
    for (size_t i = 0; i < n->n_group_members; i++)
        bad |= json_array_append_new(group, string(n->group_members[i]));
    bad |= set(o, "members", members);
    bad |= set(o, "group_members", group);
    bad |= set(o, "group_total", json_integer((json_int_t)n->n_group_total));
    return bad;
}

static int set_text(json_t *o, const struct text *text, const char *message)
{
    int bad = 0;

    bad |= set(o, "text", json_string(message));
    bad |= set(o, "title", json_string(text->title));
    bad |= set(o, "first", json_string(text->first));
    bad |= set(o, "details", json_string(text->details));
    bad |= set(o, "answer", json_string(text->answer));
    return bad;
}

int notice_json_make(const struct notice *notice, const struct text *text, const char *message, json_t **ret)
{
    json_t *o = json_object();

    if (o == NULL)
        return -ENOMEM;
    if (set_who(o, notice) != 0 || set_what(o, notice) != 0 || set_value(o, notice) != 0 ||
        set_when(o, notice) != 0 || set_members(o, notice) != 0 || set_text(o, text, message) != 0) {
        json_decref(o);
        return -ENOMEM;
    }
    *ret = o;
    return 0;
}

#define NASTY "a\"b\\c'd${text}%s&<b>{}[],:/?#\xE2\x80\xAE\xF0\x9F\x92\xA7\xE6\xB6\xB2\xE6\xB0\xAE"

static const struct notice_member sample_member = {.asset = "tank-1",
                                                   .alarm = NASTY,
                                                   .asset_name = {NASTY, NASTY},
                                                   .text = {NASTY, NASTY},
                                                   .response = {NASTY, NASTY},
                                                   .priority = PRIORITY_HIGH,
                                                   .state = "unacknowledged",
                                                   .raised_utc_us = 1,
                                                   .time_left_s = 60};

static void fill_sample(struct notice *n)
{
    n->person = n->person_name = n->address = n->site = n->asset = n->alarm = n->occurrence = NASTY;
    n->state = n->transition = n->point = n->by = n->note = n->order = n->group = n->link = n->hint = NASTY;
    n->maintenance_by = n->maintenance_order = n->value.unit = n->value.state = n->value.reason = NASTY;
    n->value.quality = "good";
    n->site_name = n->asset_name = n->text = n->response = n->consequence = n->group_since = n->group_over =
        n->alarm_name = (struct words){NASTY, NASTY};
    n->value.known = n->has_limit = n->has_trend = n->maintenance = n->has_time_left_kind = n->active = true;
    n->value.value = n->limit = n->trend_per_hour = -149200000;
    n->priority = PRIORITY_CRITICAL;
    n->time_left_s = n->response_time_s = n->trend_over_s = 3600;
    n->raised_utc_us = n->event_utc_us = n->acked_utc_us = n->until_utc_us = n->maintenance_until_utc_us = 1;
    n->members = &sample_member;
    n->n_members = 1;
}

int notice_json_make_sample(bool full, json_t **ret)
{
    struct notice n = {.purpose = NOTICE_CALL, .time_left_s = -1, .sent_utc_us = SECOND_US};
    struct text text = {0};

    if (full)
        fill_sample(&n);
    int error = text_make(&n, &text);
    if (error < 0)
        return error;
    error = notice_json_make(&n, &text, full ? "one \"line\"\nand\\another" : "", ret);
    text_free(&text);
    return error;
}
