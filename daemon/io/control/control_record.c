/* control_record.c - Record and Review: what tools did and what people signed, as members of an event. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_private.h"

#define DETAIL_MEMBERS_MAX 16
#define DETAIL_KEY_MAX     32
#define DETAIL_TEXT_MAX    255
#define DETAIL_MAX         1000 /* of all, as JSON text */
#define SUMMARY_MAX        200
#define NAME_TEXT_MAX      128
#define MEANING_MAX        128
#define SHA256_HEX         64

/* What tools may record. People's own acts have methods of their own. */
static const char *const kinds[] = {
    "backup", "restore", "restore-test", "chain-check", "export", "report",
};

/* ---------------------------------------------------------------- handing over */

/* The members as text without braces, into the request. False: they do not fit. */
bool control_record_put(struct record_request *request, const json_t *members)
{
    char *text = json_dumps(members, CONTROL_JSON_FLAGS);
    size_t len = text != NULL ? strlen(text) : 0;
    bool fits = len > 2 && len - 2 < sizeof request->members;
    if (fits) {
        memcpy(request->members, text + 1, len - 2);
        request->members[len - 2] = '\0';
    }
    free(text);
    return fits;
}

/* Takes the request. */
void control_record_hand_over(struct control *c, struct control_client *client,
                              struct record_request *request)
{
    struct core_message m = {.kind = CORE_RECORD, .generation = c->config->generation};
    m.record.request = request;
    m.record.ticket = control_ticket(c);
    if (!control_post_command(c, client, &m, m.record.ticket, CONTROL_WAIT_RECORD, c->limits.command_ms))
        free(request);
}

/* ---------------------------------------------------------------- Record */

static bool plain_key(const char *key)
{
    size_t n = 0;
    for (; key[n] != '\0'; n++)
        if (!islower((unsigned char)key[n]) && !isdigit((unsigned char)key[n]) && key[n] != '_')
            return false;
    return n > 0 && n <= DETAIL_KEY_MAX;
}

static bool plain_text(const json_t *value)
{
    const char *text = json_string_value(value);
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return false;
    return strlen(text) <= DETAIL_TEXT_MAX;
}

static bool plain_value(const json_t *value)
{
    if (json_is_string(value))
        return plain_text(value);
    if (json_is_real(value))
        return isfinite(json_real_value(value)) != 0;
    return json_is_integer(value) || json_is_boolean(value);
}

/* An object of few members, each a text, a number or a flag. */
static bool plain_object(json_t *detail)
{
    const char *key;
    json_t *value;
    if (!json_is_object(detail) || json_object_size(detail) > DETAIL_MEMBERS_MAX)
        return false;
    json_object_foreach(detail, key, value) if (!plain_key(key) || !plain_value(value)) return false;
    char *text = json_dumps(detail, CONTROL_JSON_FLAGS);
    bool fits = text != NULL && strlen(text) <= DETAIL_MAX;
    free(text);
    return fits;
}

/* "file: /backup/a, bytes: 12": for lists of events. Members that find no room are left to the detail. */
static void summarize(json_t *detail, char text[SUMMARY_MAX])
{
    const char *key;
    json_t *value;
    size_t n = 0;
    text[0] = '\0';
    json_object_foreach(detail, key, value)
    {
        char *printed = json_is_string(value) ? strdup(json_string_value(value))
                                              : json_dumps(value, CONTROL_JSON_FLAGS | JSON_ENCODE_ANY);
        if (printed != NULL && n + strlen(key) + strlen(printed) + 5 < SUMMARY_MAX)
            n += (size_t)snprintf(text + n, SUMMARY_MAX - n, "%s%s: %s", n > 0 ? ", " : "", key, printed);
        free(printed);
    }
}

static size_t find_kind(const char *kind)
{
    size_t i = 0;
    while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i], kind) != 0)
        i++;
    return i;
}

void control_record_record(struct control *c, struct control_client *client, const struct control_call *call)
{
    char kind[EVENT_KIND_MAX], summary[SUMMARY_MAX], who[WHO_MAX];
    json_t *detail = json_object_get(call->parameters, "detail");
    if (!control_take_text(client, call, "kind", false, kind, sizeof kind))
        return;
    size_t i = find_kind(kind);
    if (i == sizeof kinds / sizeof *kinds || !plain_object(detail)) {
        control_answer_parameter(client, i == sizeof kinds / sizeof *kinds ? "kind" : "detail");
        return;
    }
    control_caller_name(c, client, who);
    summarize(detail, summary);
    struct record_request *request = calloc(1, sizeof *request);
    json_t *members = json_pack("{s:s, s:O, s:{s:s, s:s}}", "by", who, "detail", detail, "text", "en",
                                summary, "zh", summary);
    if (request != NULL && members != NULL && control_record_put(request, members)) {
        memcpy(request->kind, kind, sizeof kind);
        memcpy(request->who, who, sizeof who);
        control_record_hand_over(c, client, request);
    } else {
        free(request);
        control_answer_parameter(client, "detail");
    }
    json_decref(members);
}

/* ---------------------------------------------------------------- Review */

struct review_texts {
    char who[WHO_MAX], name[NAME_TEXT_MAX], meaning[MEANING_MAX], comment[NOTE_MAX], asset[ID_MAX];
    char from[RFC3339_MAX], to[RFC3339_MAX], until[RFC3339_MAX];
    int64_t from_utc_us, to_utc_us, until_utc_us;
};

static bool take_time(struct control_client *client, const struct control_call *call, const char *key,
                      char text[RFC3339_MAX], int64_t *ret_utc_us)
{
    if (!control_take_text(client, call, key, false, text, RFC3339_MAX))
        return false;
    if (clock_parse_utc(text, ret_utc_us) < 0) {
        control_answer_parameter(client, key);
        return false;
    }
    clock_print_utc(text, *ret_utc_us); /* in one form, whatever form it came in */
    return true;
}

static bool take_review(struct control_client *client, const struct control_call *call,
                        struct review_texts *ret)
{
    if (!control_take_text(client, call, "who", false, ret->who, WHO_MAX) ||
        !control_take_text(client, call, "name", false, ret->name, NAME_TEXT_MAX) ||
        !control_take_text(client, call, "meaning", false, ret->meaning, MEANING_MAX) ||
        !control_take_text(client, call, "comment", true, ret->comment, NOTE_MAX) ||
        !control_take_text(client, call, "asset", true, ret->asset, ID_MAX) ||
        !take_time(client, call, "from", ret->from, &ret->from_utc_us) ||
        !take_time(client, call, "to", ret->to, &ret->to_utc_us) ||
        !take_time(client, call, "reviewed_until", ret->until, &ret->until_utc_us))
        return false;
    if (ret->to_utc_us > ret->from_utc_us && ret->to_utc_us <= clock_now().utc_us)
        return true;
    control_answer_parameter(client, "to");
    return false;
}

/* {"count":..,"from":..,"to":..,"head":..}: what was covered, by number. */
static bool is_run(const json_t *run)
{
    static const char *const keys[] = {"count", "from", "to", "head"};
    for (size_t i = 0; i < 4; i++)
        if (!json_is_integer(json_object_get(run, keys[i])))
            return false;
    return json_object_size(run) == 4;
}

static bool is_cover(const json_t *cover)
{
    const char *hash = json_string_value(json_object_get(cover, "sha256"));
    return hash != NULL && strlen(hash) == SHA256_HEX && strspn(hash, "0123456789abcdef") == SHA256_HEX &&
           is_run(json_object_get(cover, "events")) && is_run(json_object_get(cover, "seals")) &&
           json_object_size(cover) == 3;
}

static json_t *review_members(const struct review_texts *t, json_t *cover)
{
    char en[256], zh[256];
    snprintf(en, sizeof en, "the record from %s to %s: %s", t->from, t->to, t->meaning);
    snprintf(zh, sizeof zh, "%s 至 %s 的记录：%s", t->from, t->to, t->meaning);
    json_t *members = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:O, s:{s:s, s:s}}", "by", t->who, "name",
                                t->name, "meaning", t->meaning, "from", t->from, "to", t->to,
                                "reviewed_until", t->until, "covers", cover, "text", "en", en, "zh", zh);
    if (members != NULL && t->asset[0] != '\0')
        json_object_set_new(members, "asset", json_string(t->asset));
    if (members != NULL && t->comment[0] != '\0')
        json_object_set_new(members, "comment", json_string(t->comment));
    return members;
}

void control_record_review(struct control *c, struct control_client *client, const struct control_call *call)
{
    struct review_texts texts = {0};
    json_t *cover = json_object_get(call->parameters, "covers");
    if (!take_review(client, call, &texts))
        return;
    if (!is_cover(cover)) {
        control_answer_parameter(client, "covers");
        return;
    }
    struct record_request *request = calloc(1, sizeof *request);
    json_t *members = review_members(&texts, cover);
    if (request != NULL && members != NULL && control_record_put(request, members)) {
        snprintf(request->kind, sizeof request->kind, "review");
        memcpy(request->who, texts.who, sizeof request->who);
        memcpy(request->asset, texts.asset, sizeof request->asset);
        request->reviewed_until_utc_us = texts.until_utc_us;
        control_record_hand_over(c, client, request);
    } else {
        free(request);
        control_answer_parameter(client, "comment"); /* the one that can be shortened */
    }
    json_decref(members);
}
