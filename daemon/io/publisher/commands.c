#include "commands.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"
#include "request.h"

char *commands_filter(char *topic, const struct config *config)
{
    return payload_topic(topic, config, "cmd/+/+");
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    return true;
}

/* cryomon/SITE/cmd/USER/VERB. What is no verb of ours is nothing to us: answers lie there too. */
static int read_user(const struct config *config, const char *topic, char who[WHO_MAX],
                     enum command_verb *ret_verb)
{
    char prefix[TOPIC_MAX];
    payload_topic(prefix, config, "cmd/");
    size_t length = strlen(prefix);
    if (strncmp(topic, prefix, length) != 0)
        return -ENOMSG;
    const char *user = topic + length, *end = strchr(user, '/');
    if (end == NULL || !request_find_verb(end + 1, ret_verb))
        return -ENOMSG;
    size_t n = (size_t)(end - user);
    if (n == 0 || n >= WHO_MAX)
        return -EINVAL;
    memcpy(who, user, n);
    who[n] = '\0';
    return is_printable(who) ? 0 : -EINVAL;
}

/* An answer goes where the asker may write himself, or outside of our topics: nobody may have us write over
 * an alarm's state for him. */
static bool may_answer_to(const struct config *config, const char *who, const char *topic)
{
    char own[TOPIC_MAX + WHO_MAX];
    size_t length = strlen(topic);
    if (length == 0 || length >= TOPIC_MAX || strpbrk(topic, "+#") != NULL || topic[0] == '$' ||
        !is_printable(topic))
        return false;
    int n = snprintf(own, sizeof own, "cryomon/%s/cmd/%s/", config->site_id, who);
    if (strncmp(topic, own, (size_t)n) == 0)
        return true;
    return strncmp(topic, "cryomon/", 8) != 0 && strncmp(topic, "homeassistant/", 14) != 0;
}

static struct commands_answer *take_slot(struct commands *c, const struct config *config, const char *who,
                                         const struct arrival *arrival, int64_t now_us)
{
    if (arrival->response_topic == NULL || !may_answer_to(config, who, arrival->response_topic) ||
        arrival->correlation_length > COMMANDS_CORRELATION)
        return NULL;
    for (unsigned i = 0; i < COMMANDS_MAX; i++) {
        struct commands_answer *slot = &c->answers[i];
        if (slot->ticket != 0)
            continue;
        *slot = (struct commands_answer){.ticket = c->last_ticket,
                                         .expires_us = now_us + COMMANDS_TIMEOUT_S * SECOND_US,
                                         .correlation_length = arrival->correlation_length};
        snprintf(slot->topic, sizeof slot->topic, "%s", arrival->response_topic);
        if (arrival->correlation_length > 0)
            memcpy(slot->correlation, arrival->correlation, arrival->correlation_length);
        return slot;
    }
    return NULL;
}

static void put_record(struct json_text *j, const struct record_note *record)
{
    if (record->state == RECORD_NONE)
        return;
    json_text_bool(j, "recorded", record->state == RECORD_STORED);
    if (record->state == RECORD_STORED)
        return;
    json_text_string(j, "warning", record->why[LANGUAGE_EN]);
    json_text_string(j, "warning_zh", record->why[LANGUAGE_ZH]);
}

/* record: NULL when it is about nothing that was done. */
static void make_error(struct commands_answer *slot, const char *code, const char *en, const char *zh,
                       const struct record_note *record)
{
    struct json_text j;
    json_text_begin(&j, slot->text, sizeof slot->text);
    json_text_object(&j, NULL);
    json_text_bool(&j, "ok", false);
    json_text_string(&j, "code", code);
    json_text_string(&j, "error", en);
    if (zh != NULL)
        json_text_string(&j, "error_zh", zh);
    if (record != NULL)
        put_record(&j, record);
    json_text_end(&j);
    (void)json_text_finish(&j);
    slot->ready = true;
}

static void make_success(struct commands_answer *slot, const struct command_result *result)
{
    struct json_text j;
    json_text_begin(&j, slot->text, sizeof slot->text);
    json_text_object(&j, NULL);
    json_text_bool(&j, "ok", true);
    json_text_string(&j, "code", "done");
    if (result->until_utc_us != 0)
        json_text_time(&j, "until", result->until_utc_us);
    if (result->n > 0)
        json_text_integer(&j, "alarms", result->n);
    if (result->n_marked > 0)
        json_text_integer(&j, "marked", result->n_marked);
    if (result->seq > 0)
        json_text_integer(&j, "seq", (int64_t)result->seq);
    if (result->is_late)
        json_text_bool(&j, "late", true);
    if (result->beyond[0] != '\0')
        json_text_string(&j, "beyond", result->beyond);
    put_record(&j, &result->record);
    json_text_end(&j);
    (void)json_text_finish(&j);
    slot->ready = true;
}

static bool is_agent(const struct config *config, const char *user)
{
    for (unsigned i = 0; i < config->mqtt.n_agents; i++)
        if (strcmp(config->mqtt.agents[i], user) == 0)
            return true;
    return false;
}

static const char not_an_agent[] = "person: only a user who is listed in mqtt.agents may speak for another";

/* Takes "person" out of the object: an agent speaks for somebody. NULL, or what is wrong. */
static const char *take_person(const struct config *config, json_t *root, struct command_request *request)
{
    const json_t *value = json_object_get(root, "person");
    const char *person = json_string_value(value);
    if (value == NULL)
        return NULL;
    if (!is_agent(config, request->who))
        return not_an_agent;
    if (person == NULL || person[0] == '\0' || strlen(person) >= WHO_MAX ||
        json_string_length(value) != strlen(person) || !is_printable(person))
        return "person: a name is wanted";
    memcpy(request->via, request->who, WHO_MAX);
    memcpy(request->who, person, strlen(person) + 1);
    (void)json_object_del(root, "person");
    return NULL;
}

/* A whole device is bypassed with the words for an alarm, too. */
static void turn_to_device(const json_t *root, struct command_request *request)
{
    if (json_object_get(root, "device") == NULL)
        return;
    if (request->verb == COMMAND_OUT_OF_SERVICE)
        request->verb = COMMAND_BYPASS;
    else if (request->verb == COMMAND_IN_SERVICE)
        request->verb = COMMAND_UNBYPASS;
}

/* False, with what is wrong: code and words. */
static bool read_body(const struct config *config, const struct arrival *arrival,
                      struct command_request *request, const char **ret_code, char error[REQUEST_ERROR_MAX])
{
    json_error_t where;
    const char *key, *wrong = NULL;
    size_t limit = 0;
    int result = 0;
    json_t *root = arrival->length > COMMANDS_BODY_MAX
                       ? NULL
                       : json_loadb(arrival->payload, arrival->length, JSON_REJECT_DUPLICATES, &where);
    if (arrival->length > COMMANDS_BODY_MAX)
        wrong = "the command is too long";
    else if (!json_is_object(root))
        wrong = "the command is not a JSON object";
    else if ((wrong = take_person(config, root, request)) == NULL) {
        turn_to_device(root, request);
        result = request_read(root, request, &key, &limit, error);
    }
    json_decref(root);
    *ret_code = wrong == not_an_agent ? "not-allowed" : "bad-request";
    if (wrong != NULL)
        snprintf(error, REQUEST_ERROR_MAX, "%s", wrong);
    return wrong == NULL && result == 0;
}

int commands_read(struct commands *c, const struct config *config, const struct arrival *arrival,
                  int64_t now_us, struct core_message *ret, char *ret_error, size_t cap)
{
    char user[WHO_MAX] = "", error[REQUEST_ERROR_MAX] = "";
    const char *code = "bad-request";
    enum command_verb verb;
    int result = read_user(config, arrival->topic, user, &verb);
    if (result == -ENOMSG)
        return -ENOMSG;
    struct command_request *request = calloc(1, sizeof *request);
    bool good = false;
    if (result < 0) {
        snprintf(error, sizeof error, "the user's name can't be used");
    } else if (arrival->retained) { /* a retained command is one that somebody gave some time ago */
        snprintf(error, sizeof error, "a retained command is never obeyed");
    } else if (request == NULL) {
        code = "busy";
        snprintf(error, sizeof error, "busy, try again");
    } else {
        request->verb = verb;
        memcpy(request->who, user, sizeof request->who);
        good = read_body(config, arrival, request, &code, error);
    }
    if (++c->last_ticket == 0)
        c->last_ticket = 1;
    struct commands_answer *slot =
        arrival->retained || result < 0 ? NULL : take_slot(c, config, user, arrival, now_us);
    if (!good) {
        free(request);
        snprintf(ret_error, cap, "%s: %s", user, error);
        if (slot != NULL)
            make_error(slot, code, error, NULL, NULL);
        return 0;
    }
    request->ticket = c->last_ticket;
    request->origin = ORIGIN_MQTT;
    *ret = (struct core_message){.kind = CORE_COMMAND, .generation = config->generation};
    ret->command = request;
    return 1;
}

static void error_words(int error, const char **ret_en, const char **ret_zh)
{
    static const struct {
        int error;
        const char *en, *zh;
    } table[] = {
        {-ENOENT, "no such alarm", "没有该报警"},
        {-EALREADY, "nothing to acknowledge", "没有需要确认的报警"},
        {-EBUSY, "busy, try again", "系统忙，请重试"},
        {-ENOSPC, "busy, try again", "系统忙，请重试"},
    };
    *ret_en = strerrordesc_np(-error);
    *ret_zh = NULL;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].error == error) {
            *ret_en = table[i].en;
            *ret_zh = table[i].zh;
        }
    }
}

/* The names are for programs, and do not change: cryomon-mqtt(7). */
static const char *code_of(int error)
{
    static const struct {
        int error;
        const char *code;
    } table[] = {{-ENOENT, "unknown"},
                 {-EALREADY, "nothing-to-do"},
                 {-ESTALE, "other-occurrence"},
                 {-EPERM, "not-allowed"},
                 {-EBUSY, "busy"},
                 {-ENOSPC, "busy"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].error == error)
            return table[i].code;
    return "refused";
}

void commands_answered(struct commands *c, uint32_t ticket, const struct command_result *result)
{
    const char *en = result->why[LANGUAGE_EN], *zh = result->why[LANGUAGE_ZH];
    if (result->error < 0 && en[0] == '\0')
        error_words(result->error, &en, &zh);
    for (unsigned i = 0; i < COMMANDS_MAX && ticket != 0; i++) {
        if (c->answers[i].ticket != ticket)
            continue;
        if (result->error < 0)
            make_error(&c->answers[i], code_of(result->error), en, zh, &result->record);
        else
            make_success(&c->answers[i], result);
    }
}

struct commands_answer *commands_next(struct commands *c, int64_t now_us)
{
    struct commands_answer *ready = NULL;
    for (unsigned i = 0; i < COMMANDS_MAX; i++) {
        struct commands_answer *slot = &c->answers[i];
        if (slot->ticket != 0 && slot->expires_us < now_us)
            slot->ticket = 0;
        if (slot->ticket != 0 && slot->ready && ready == NULL)
            ready = slot;
    }
    return ready;
}
