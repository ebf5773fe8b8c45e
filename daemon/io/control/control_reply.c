#include "control_reply.h"

#include <stdlib.h>
#include <string.h>

void control_text_add(struct control_text *t, const char *text, size_t len)
{
    if (len == 0)
        return;
    if (t->failed || len > CONTROL_REPLY_MAX - t->len) {
        t->failed = true;
        return;
    }
    if (t->cap - t->len < len) {
        size_t cap = t->cap == 0 ? 4096 : t->cap * 2;
        while (cap < t->len + len)
            cap *= 2;
        char *grown = realloc(t->text, cap);
        if (grown == NULL) {
            t->failed = true;
            return;
        }
        t->text = grown;
        t->cap = cap;
    }
    memcpy(t->text + t->len, text, len);
    t->len += len;
}

void control_text_free(struct control_text *t)
{
    free(t->text);
    *t = (struct control_text){0};
}

static struct control_reply *reply_new(const char *text, size_t len)
{
    struct control_reply *reply = malloc(sizeof *reply + len + 1);
    if (reply == NULL)
        return NULL;
    reply->references = 1;
    reply->len = len + 1;
    memcpy(reply->text, text, len);
    reply->text[len] = '\0';
    return reply;
}

struct control_reply *control_reply_text(const struct control_text *t)
{
    return t->failed || t->text == NULL ? NULL : reply_new(t->text, t->len);
}

struct control_reply *control_reply_json(const char *error, json_t *parameters)
{
    struct control_reply *reply = NULL;
    json_t *message = json_object();
    if (parameters == NULL)
        parameters = json_object();
    if ((error == NULL || json_object_set_new(message, "error", json_string(error)) == 0) &&
        json_object_set(message, "parameters", parameters) == 0) {
        char *text = json_dumps(message, CONTROL_JSON_FLAGS);
        if (text != NULL)
            reply = reply_new(text, strlen(text));
        free(text);
    }
    json_decref(message);
    json_decref(parameters);
    return reply;
}

struct control_reply *control_reply_ref(struct control_reply *reply)
{
    reply->references++;
    return reply;
}

void control_reply_unref(struct control_reply *reply)
{
    if (reply != NULL && --reply->references == 0)
        free(reply);
}
