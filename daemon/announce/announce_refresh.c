/* announce_refresh.c - an alarm's state, told anew without an event: see announce_refresh in announce.h. */
#include <stdio.h>
#include <string.h>

#include "announce_internal.h"
#include "json_text.h"

/* ---------------------------------------------------------------- members of a body */

struct member {
    const char *key, *value; /* key: without its quotes */
    size_t key_len, value_len;
};

/* Behind the string that begins at text (with its quote); NULL: it does not end. */
static const char *skip_string(const char *text)
{
    for (text++; *text != '\0' && *text != '"'; text++)
        if (*text == '\\' && text[1] != '\0')
            text++;
    return *text == '"' ? text + 1 : NULL;
}

/* Behind the value that begins at text: where a comma or a brace of the object around it stands. */
static const char *skip_value(const char *text)
{
    unsigned depth = 0;
    while (text != NULL && *text != '\0') {
        if (depth == 0 && (*text == ',' || *text == '}'))
            return text;
        depth += *text == '{' || *text == '[';
        depth -= *text == '}' || *text == ']';
        text = *text == '"' ? skip_string(text) : text + 1;
    }
    return NULL;
}

/* The member at *at, which then stands behind it. False: there is none. */
static bool next_member(const char **at, struct member *ret)
{
    const char *text = *at;
    if (*text != '{' && *text != ',')
        return false;
    if (*++text != '"')
        return false;
    const char *end = skip_string(text);
    if (end == NULL || *end != ':')
        return false;
    *ret = (struct member){.key = text + 1, .key_len = (size_t)(end - text) - 2, .value = end + 1};
    end = skip_value(ret->value);
    if (end == NULL)
        return false;
    ret->value_len = (size_t)(end - ret->value);
    *at = end;
    return true;
}

static bool is_named(const struct member *member, const char *name)
{
    return strlen(name) == member->key_len && memcmp(name, member->key, member->key_len) == 0;
}

/* A text without escapes, as names are. */
static void copy_text(const struct member *member, char *text, size_t cap)
{
    size_t len = member->value_len;
    if (len >= 2 && len - 2 < cap) {
        memcpy(text, member->value + 1, len - 2);
        text[len - 2] = '\0';
    }
}

/* ---------------------------------------------------------------- what is of now */

static bool has_point(const struct alarm_news *news)
{
    const enum condition_kind kind = news->config->alarm_models[news->alarm].kind;
    return kind != CONDITION_DATE && engine_kind_has_reading(kind);
}

static bool is_of_now(const struct alarm_news *news, const struct member *member)
{
    static const char *const always[] = {
        "text",         "trend", "time_left_s", "time_left_from", "time_left_at_least",
        "time_left_at", "group", "members",     "n_members"};
    static const char *const points[] = {"point",  "value", "value_state", "unit",      "quality",
                                         "reason", "limit", "measure",     "value_time"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (is_named(member, always[i]))
            return true;
    for (size_t i = 0; has_point(news) && i < sizeof points / sizeof *points; i++)
        if (is_named(member, points[i]))
            return true;
    return false;
}

/* What stays, as one text; and what the transition was, for the sentence. False: this is not a body. */
static bool keep(const struct alarm_news *news, const char *old, char kept[BODY_MAX], char transition[32],
                 char why[32])
{
    struct member member;
    size_t len = 0;
    while (next_member(&old, &member)) {
        const size_t size = member.key_len + 3 + member.value_len;
        if (is_named(&member, "transition"))
            copy_text(&member, transition, 32);
        if (is_named(&member, "why"))
            copy_text(&member, why, 32);
        if (is_of_now(news, &member))
            continue;
        if (len + size + 2 > BODY_MAX)
            return false;
        if (len > 0)
            kept[len++] = ',';
        memcpy(kept + len, member.key - 1, size);
        len += size;
    }
    kept[len] = '\0';
    return len > 0 && old[0] == '}' && old[1] == '\0' && transition[0] != '\0';
}

static bool write(const struct alarm_news *news, int64_t value_utc_us, const char *kept, size_t text_cap,
                  unsigned members_max, char ret[BODY_MAX])
{
    struct json_text j;
    char sentence[SENTENCE_MAX];
    json_text_begin(&j, ret, BODY_MAX);
    json_text_object(&j, NULL);
    json_text_raw(&j, NULL, kept);
    if (has_point(news)) {
        announce_point_members(&j, news);
        if (value_utc_us != 0)
            json_text_time(&j, "value_time", value_utc_us);
    }
    announce_now_members(&j, news, members_max);
    json_text_object(&j, "text");
    announce_sentence(news, LANGUAGE_EN, sentence, text_cap);
    json_text_string(&j, "en", sentence);
    announce_sentence(news, LANGUAGE_ZH, sentence, text_cap);
    json_text_string(&j, "zh", sentence);
    json_text_end(&j);
    json_text_end(&j);
    return json_text_finish(&j) >= 0;
}

bool announce_refresh(const struct alarm_news *news, int64_t value_utc_us, const char *old,
                      char ret[BODY_MAX])
{
    static const struct {
        size_t cap;
        unsigned members;
    } tries[] = {{SENTENCE_MAX, ANNOUNCE_MEMBERS_MAX}, {TEXT_MAX, 12}, {TEXT_MAX / 2, 4}, {32, 1}};
    struct alarm_news now = *news;
    char kept[BODY_MAX], transition[32] = "", why[32] = "";
    ret[0] = '\0';
    if (!keep(news, old, kept, transition, why))
        return false;
    now.transition = transition;
    now.why = why;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        if (write(&now, value_utc_us, kept, tries[i].cap, tries[i].members, ret))
            return true;
    return false;
}
