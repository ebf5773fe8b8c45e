#include "commands.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"

char *commands_filter(char *topic, const struct config *config)
{
    return payload_topic(topic, config, "cmd/+/acknowledge");
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    return true;
}

/* cryomon/SITE/cmd/USER/acknowledge */
static int read_user(const struct config *config, const char *topic, char who[WHO_MAX])
{
    char prefix[TOPIC_MAX];
    payload_topic(prefix, config, "cmd/");
    size_t length = strlen(prefix);
    if (strncmp(topic, prefix, length) != 0)
        return -ENOMSG;
    const char *user = topic + length, *end = strchr(user, '/');
    if (end == NULL || strcmp(end, "/acknowledge") != 0)
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

static void make_answer(struct commands_answer *slot, const char *error)
{
    struct json_text j;
    json_text_begin(&j, slot->text, sizeof slot->text);
    json_text_object(&j, NULL);
    json_text_bool(&j, "ok", error == NULL);
    if (error != NULL)
        json_text_string(&j, "error", error);
    json_text_end(&j);
    (void)json_text_finish(&j);
    slot->ready = true;
}

static const char *take_string(const json_t *root, const char *key, char *text, size_t cap, bool required)
{
    const json_t *value = json_object_get(root, key);
    if (value == NULL)
        return required ? "asset and alarm are required" : NULL;
    const char *string = json_string_value(value);
    if (string == NULL)
        return "asset, alarm and note are strings";
    if (strlen(string) >= cap || json_string_length(value) != strlen(string))
        return "a text is too long";
    if (!is_printable(string))
        return "control characters are not allowed";
    snprintf(text, cap, "%s", string);
    return NULL;
}

static const char *read_body(const struct arrival *arrival, struct core_message *message)
{
    json_error_t where;
    if (arrival->length > COMMANDS_BODY_MAX)
        return "the command is too long";
    json_t *root = json_loadb(arrival->payload, arrival->length, JSON_REJECT_DUPLICATES, &where);
    const char *error = NULL;
    if (!json_is_object(root)) {
        error = "the command is not a JSON object";
    } else {
        error = take_string(root, "asset", message->acknowledge.asset, ID_MAX, true);
        if (error == NULL)
            error = take_string(root, "alarm", message->acknowledge.alarm, ID_MAX, true);
        if (error == NULL)
            error = take_string(root, "note", message->acknowledge.note, NOTE_MAX, false);
        size_t known = 2 + (json_object_get(root, "note") != NULL);
        if (error == NULL && json_object_size(root) != known)
            error = "only asset, alarm and note are understood";
    }
    json_decref(root);
    return error;
}

int commands_read(struct commands *c, const struct config *config, const struct arrival *arrival,
                  int64_t now_us, struct core_message *ret, char *ret_error, size_t cap)
{
    struct core_message message = {.kind = CORE_ACKNOWLEDGE, .generation = config->generation};
    int result = read_user(config, arrival->topic, message.acknowledge.who);
    if (result == -ENOMSG)
        return -ENOMSG;
    /* A retained command is one that somebody gave some time ago. */
    const char *error = result < 0          ? "the user's name can't be used"
                        : arrival->retained ? "a retained command is never obeyed"
                                            : read_body(arrival, &message);
    if (++c->last_ticket == 0)
        c->last_ticket = 1;
    struct commands_answer *slot = arrival->retained || result < 0
                                       ? NULL
                                       : take_slot(c, config, message.acknowledge.who, arrival, now_us);
    if (error != NULL) {
        snprintf(ret_error, cap, "%s: %s", message.acknowledge.who, error);
        if (slot != NULL)
            make_answer(slot, error);
        return 0;
    }
    message.acknowledge.ticket = c->last_ticket;
    message.acknowledge.origin = ORIGIN_MQTT;
    *ret = message;
    return 1;
}

static const char *error_words(int error)
{
    switch (error) {
    case 0:
        return NULL;
    case -ENOENT:
        return "no such alarm";
    case -EALREADY:
        return "nothing to acknowledge";
    case -EBUSY:
    case -ENOSPC:
        return "busy, try again";
    case -EACCES:
    case -EPERM:
        return "permission denied";
    default:
        return strerrordesc_np(-error);
    }
}

void commands_answered(struct commands *c, uint32_t ticket, int error)
{
    for (unsigned i = 0; i < COMMANDS_MAX && ticket != 0; i++)
        if (c->answers[i].ticket == ticket)
            make_answer(&c->answers[i], error_words(error));
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
