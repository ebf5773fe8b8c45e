#include "control_call.h"

#include <errno.h>
#include <string.h>

/* An absent or null flag is false; anything but a boolean is a mistake. */
static bool read_flag(const json_t *message, const char *key, bool *ret)
{
    const json_t *value = json_object_get(message, key);
    *ret = json_is_true(value);
    return value == NULL || json_is_null(value) || json_is_boolean(value);
}

static const char *find_wrong(struct control_call *call)
{
    if (!json_is_object(call->message))
        return "message";
    const json_t *method = json_object_get(call->message, "method");
    if (!json_is_string(method) || json_string_length(method) == 0)
        return "method";
    call->method = json_string_value(method);
    json_t *parameters = json_object_get(call->message, "parameters");
    if (parameters != NULL && !json_is_null(parameters)) {
        if (!json_is_object(parameters))
            return "parameters";
        call->parameters = parameters;
    }
    if (!read_flag(call->message, "oneway", &call->oneway))
        return "oneway";
    if (!read_flag(call->message, "more", &call->more))
        return "more";
    if (!read_flag(call->message, "upgrade", &call->upgrade))
        return "upgrade";
    return NULL;
}

int control_call_parse(const char *text, size_t len, struct control_call *ret, const char **ret_wrong)
{
    struct control_call call = {.message = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL)};
    const char *wrong = find_wrong(&call);
    if (wrong != NULL) {
        json_decref(call.message);
        *ret_wrong = wrong;
        return -EBADMSG;
    }
    *ret = call;
    return 0;
}

void control_call_free(struct control_call *call)
{
    json_decref(call->message);
    *call = (struct control_call){0};
}

const char *control_call_unknown(const struct control_call *call, const char *const *known)
{
    for (void *i = json_object_iter(call->parameters); i != NULL;
         i = json_object_iter_next(call->parameters, i)) {
        const char *key = json_object_iter_key(i);
        const char *const *name = known;
        while (*name != NULL && strcmp(*name, key) != 0)
            name++;
        if (*name == NULL)
            return key;
    }
    return NULL;
}
