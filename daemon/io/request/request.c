#include "request.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

#define DAY_MS       (UINT64_C(86400) * 1000)
#define DURATION_MAX (49 * DAY_MS) /* what a uint32_t can hold of milliseconds; no hold may last so long */

enum member { TEXT, LIST, FLAG, DURATION, MOMENT };

static const struct field {
    const char *key;
    enum member kind;
    size_t offset, cap;
} fields[] = {
#define TEXT_FIELD(name)                                                                                     \
#name, TEXT, offsetof(struct command_request, name), sizeof((struct command_request *)0)->name
    {TEXT_FIELD(asset)},
    {TEXT_FIELD(alarm)},
    {TEXT_FIELD(device)},
    {TEXT_FIELD(point)},
    {TEXT_FIELD(occurrence)},
    {TEXT_FIELD(note)},
    {TEXT_FIELD(order)},
    {TEXT_FIELD(second)},
    {TEXT_FIELD(value)},
    {TEXT_FIELD(run)},
    {TEXT_FIELD(program)},
    {TEXT_FIELD(operator)},
#undef TEXT_FIELD
    {"lots", LIST, offsetof(struct command_request, lots), LOTS_MAX},
    {"for", DURATION, offsetof(struct command_request, for_ms), 0},
    {"until", MOMENT, offsetof(struct command_request, until_utc_us), 0},
    {"measured", MOMENT, offsetof(struct command_request, measured_utc_us), 0},
    {"one_shot", FLAG, offsetof(struct command_request, one_shot), 0},
};

/* needs: how many of the keys, from the first on, must be there. ends: so must one of for and until. */
static const struct verb {
    const char *name;
    const char *keys[REQUEST_KEYS_MAX];
    unsigned needs;
    bool ends;
} verbs[COMMAND_VERBS] = {
    [COMMAND_ACKNOWLEDGE] = {"acknowledge", {"asset", "alarm", "note", "occurrence"}, 2, false},
    [COMMAND_SHELVE] = {"shelve",
                        {"asset", "alarm", "note", "for", "until", "one_shot", "occurrence"},
                        3,
                        true},
    [COMMAND_UNSHELVE] = {"unshelve", {"asset", "alarm", "note"}, 2, false},
    [COMMAND_OUT_OF_SERVICE] = {"out-of-service",
                                {"asset", "order", "note", "alarm", "for", "until"},
                                3,
                                true},
    [COMMAND_IN_SERVICE] = {"in-service", {"asset", "alarm", "note"}, 1, false},
    [COMMAND_RESET] = {"reset", {"asset", "alarm", "note"}, 2, false},
    [COMMAND_BYPASS] = {"bypass", {"device", "note", "order", "for", "until"}, 2, true},
    [COMMAND_UNBYPASS] = {"unbypass", {"device", "note"}, 1, false},
    [COMMAND_READING] = {"reading", {"asset", "point", "value", "measured", "second", "note"}, 4, false},
    [COMMAND_DRILL] = {"drill", {"note"}, 0, false},
    [COMMAND_RUN_PREPARE] = {"run-prepare", {"asset", "program", "operator", "lots", "note"}, 1, false},
    [COMMAND_RUN_NOTE] = {"run-note", {"asset", "run", "note", "operator", "lots"}, 2, false},
    [COMMAND_RUN_ACCEPT] = {"run-accept", {"asset", "run", "note"}, 2, false},
    [COMMAND_RUN_REJECT] = {"run-reject", {"asset", "run", "note"}, 3, false},
    [COMMAND_VESSEL_RELEARN] = {"vessel-relearn", {"asset", "note"}, 2, false},
};

const char *request_verb_name(enum command_verb verb)
{
    return (unsigned)verb < COMMAND_VERBS ? verbs[verb].name : "?";
}

bool request_find_verb(const char *name, enum command_verb *ret)
{
    for (unsigned i = 0; i < COMMAND_VERBS; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            *ret = (enum command_verb)i;
            return true;
        }
    }
    return false;
}

const char *const *request_keys(enum command_verb verb)
{
    return verbs[verb].keys;
}

int request_parse_duration(const char *text, uint32_t *ret_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", DAY_MS}};
    uint64_t n = 0;
    const char *p = text;
    if (*p < '1' || *p > '9')
        return -EINVAL;
    for (; *p >= '0' && *p <= '9'; p++)
        if ((n = n * 10 + (uint64_t)(*p - '0')) > DURATION_MAX)
            return -EINVAL;
    p += *p == ' ';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(p, units[i].name) == 0 && n * units[i].ms <= DURATION_MAX) {
            *ret_ms = (uint32_t)(n * units[i].ms);
            return 0;
        }
    }
    return -EINVAL;
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    return true;
}

/* Nothing but spaces, also the wide one of Chinese keyboards and the one that does not break. */
static bool is_blank(const char *text)
{
    static const char *const spaces[] = {" ", "\xC2\xA0", "\xE3\x80\x80"};
    size_t i = 0;
    while (*text != '\0' && i < sizeof spaces / sizeof *spaces) {
        const size_t length = strlen(spaces[i]);
        const bool is_space = strncmp(text, spaces[i], length) == 0;
        text += is_space ? length : 0;
        i = is_space ? 0 : i + 1;
    }
    return *text == '\0';
}

static int wrong(char *error, const char *key, const char *what)
{
    snprintf(error, REQUEST_ERROR_MAX, "%s: %s", key, what);
    return -EINVAL;
}

static int too_long(char *error, const struct field *field, size_t *ret_limit)
{
    *ret_limit = field->cap - 1;
    snprintf(error, REQUEST_ERROR_MAX, "%s: longer than %zu bytes", field->key, field->cap - 1);
    return -E2BIG;
}

/* Texts one behind the other, with a line feed between two. One text alone is a list of one. */
static int take_list(const struct field *field, const json_t *value, char *list, size_t *ret_limit,
                     char *error)
{
    const size_t n = json_is_array(value) ? json_array_size(value) : 1;
    size_t len = 0;
    list[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;
        const char *text = json_string_value(item);
        if (text == NULL || text[0] == '\0' || json_string_length(item) != strlen(text))
            return wrong(error, field->key, "a list of texts is wanted, none of them empty");
        if (!is_printable(text))
            return wrong(error, field->key, "control characters are not allowed");
        if (len + strlen(text) + 2 > field->cap)
            return too_long(error, field, ret_limit);
        len += (size_t)snprintf(list + len, field->cap - len, "%s%s", i > 0 ? "\n" : "", text);
    }
    return 0;
}

static int take(const struct field *field, const json_t *value, struct command_request *request,
                size_t *ret_limit, char *error)
{
    char *at = (char *)request + field->offset;
    if (field->kind == FLAG) {
        if (!json_is_boolean(value))
            return wrong(error, field->key, "true or false");
        *(bool *)at = json_is_true(value);
        return 0;
    }
    if (field->kind == LIST)
        return take_list(field, value, at, ret_limit, error);
    const char *text = json_string_value(value);
    if (text == NULL || json_string_length(value) != strlen(text))
        return wrong(error, field->key, "a text is wanted");
    if (!is_printable(text))
        return wrong(error, field->key, "control characters are not allowed");
    if (field->kind == DURATION)
        return request_parse_duration(text, (uint32_t *)(void *)at) == 0
                   ? 0
                   : wrong(error, field->key, "a time such as 30 min, 2 h, 3 d");
    if (field->kind == MOMENT)
        return clock_parse_utc(text, (int64_t *)(void *)at) == 0
                   ? 0
                   : wrong(error, field->key, "a time such as 2026-01-15T08:30:00Z");
    if (is_blank(text)) /* no reason, no work order, no person */
        return wrong(error, field->key, "nothing but blanks");
    if (strlen(text) >= field->cap)
        return too_long(error, field, ret_limit);
    memcpy(at, text, strlen(text) + 1);
    return 0;
}

static const struct field *find_field(const char *key)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

static bool is_given(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value != NULL && !json_is_null(value) &&
           !(json_is_string(value) && json_string_length(value) == 0);
}

/* What must be there, and is not; NULL: all is. */
static const char *missing(const struct verb *verb, const json_t *object)
{
    for (unsigned i = 0; i < verb->needs; i++)
        if (!is_given(object, verb->keys[i]))
            return verb->keys[i];
    return verb->ends && !is_given(object, "for") && !is_given(object, "until") ? "for" : NULL;
}

static const char *unknown(const struct verb *verb, const json_t *object)
{
    for (void *i = json_object_iter((json_t *)(uintptr_t)object); i != NULL;
         i = json_object_iter_next((json_t *)(uintptr_t)object, i)) {
        const char *key = json_object_iter_key(i);
        const char *const *known = verb->keys;
        while (*known != NULL && strcmp(*known, key) != 0)
            known++;
        if (*known == NULL)
            return key;
    }
    return NULL;
}

int request_read(const json_t *object, struct command_request *request, const char **ret_key,
                 size_t *ret_limit, char *ret_error)
{
    const struct verb *verb = &verbs[request->verb];
    *ret_key = unknown(verb, object);
    if (*ret_key != NULL)
        return wrong(ret_error, *ret_key, "is not understood");
    for (const char *const *key = verb->keys; *key != NULL; key++) {
        *ret_key = *key;
        if (!is_given(object, *key))
            continue;
        int error = take(find_field(*key), json_object_get(object, *key), request, ret_limit, ret_error);
        if (error < 0)
            return error;
    }
    *ret_key = missing(verb, object);
    if (*ret_key != NULL)
        return wrong(ret_error, *ret_key, "is missing");
    if (request->for_ms != 0 && request->until_utc_us != 0) {
        *ret_key = "until";
        return wrong(ret_error, *ret_key, "for or until, not both");
    }
    return 0;
}
