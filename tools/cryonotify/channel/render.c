#include "render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64

bool render_find(const char *text, const char **ret_name, size_t *ret_len)
{
    const char *begin = strstr(text, "${");
    const char *end = begin != NULL ? strchr(begin, '}') : NULL;

    if (begin == NULL)
        return false;
    *ret_name = begin + 2;
    *ret_len = end != NULL ? (size_t)(end - begin - 2) : 0;
    return true;
}

static const json_t *find(const json_t *values, const char *name, size_t len)
{
    char path[NAME_MAX_LEN];
    char *rest = path;

    if (len == 0 || len >= sizeof path)
        return NULL;
    memcpy(path, name, len);
    path[len] = '\0';
    if (strcmp(path, "notice") == 0)
        return values;
    for (char *part = strsep(&rest, "."); part != NULL && values != NULL; part = strsep(&rest, "."))
        values = json_object_get(values, part);
    return values;
}

bool render_knows(const json_t *values, const char *name, size_t len)
{
    return find(values, name, len) != NULL || (len == 5 && strncmp(name, "token", 5) == 0);
}

/* ---------------------------------------------------------------- escaping */

static char *escaped(const char *text, enum render_escape escape)
{
    char *out = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&out, &len);

    if (stream == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        if (escape == RENDER_ENTITIES && *text == '&')
            fputs("&amp;", stream);
        else if (escape != RENDER_AS_IS && *text == '<')
            fputs(escape == RENDER_ENTITIES ? "&lt;" : "‹", stream);
        else if (escape != RENDER_AS_IS && *text == '>')
            fputs(escape == RENDER_ENTITIES ? "&gt;" : "›", stream);
        else
            fputc(*text, stream);
    }
    return fclose(stream) == 0 ? out : NULL;
}

static void put_url(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                     *p == '-' || *p == '_' || *p == '.' || *p == '~';
        if (plain)
            fputc(*p, out);
        else
            fprintf(out, "%%%02X", *p);
    }
}

static void put_header(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++)
        fputc(*p < 0x20 || *p == 0x7F ? ' ' : *p, out);
}

/* As the inside of a JSON string. */
static int put_json(FILE *out, const char *text)
{
    json_t *string = json_string(text);
    char *json = string != NULL ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

    json_decref(string);
    if (json == NULL)
        return -ENOMEM;
    fwrite(json + 1, 1, strlen(json) - 2, out);
    free(json);
    return 0;
}

static int put_words(FILE *out, enum render_place place, const char *text)
{
    switch (place) {
    case RENDER_JSON:
        return put_json(out, text);
    case RENDER_URL:
        put_url(out, text);
        return 0;
    case RENDER_HEADER:
        put_header(out, text);
        return 0;
    case RENDER_TEXT:
        break;
    }
    fputs(text, out);
    return 0;
}

/* The value as words: "" for null. Malloced. */
static char *words_of(const struct render *render, const json_t *value)
{
    if (json_is_null(value))
        return strdup("");
    if (json_is_string(value))
        return escaped(json_string_value(value), render->escape);
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
}

static int put_value(FILE *out, const struct render *render, enum render_place place, bool in_string,
                     const json_t *value)
{
    char *text = NULL;
    int error = 0;

    if (place == RENDER_JSON && !in_string) {
        text = json_is_string(value) ? words_of(render, value) : NULL;
        if (text != NULL) {
            fputc('"', out);
            error = put_json(out, text);
            fputc('"', out);
        } else if ((text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15))) !=
                   NULL) {
            fputs(text, out);
        } else {
            error = -ENOMEM;
        }
    } else {
        text = words_of(render, value);
        error = text != NULL ? put_words(out, place, text) : -ENOMEM;
    }
    free(text);
    return error;
}

static int put_placeholder(FILE *out, const struct render *render, enum render_place place, bool in_string,
                           const char *name, size_t len)
{
    const json_t *value = find(render->values, name, len);
    const char *token = render->token != NULL ? render->token : "";

    if (len == 0)
        return -EINVAL;
    if (value != NULL)
        return put_value(out, render, place, in_string, value);
    if (len != 5 || strncmp(name, "token", 5) != 0)
        return -ENOENT;
    if (place == RENDER_JSON && !in_string)
        return -ENOENT; /* a secret is a string */
    return put_words(out, place, token);
}

/* Copies the pattern's own text up to end, and keeps track of JSON strings. */
static void copy_own(FILE *out, const char *text, const char *end, bool *in_string)
{
    for (; text < end; text++) {
        fputc(*text, out);
        if (*in_string && *text == '\\' && text + 1 < end)
            fputc(*++text, out);
        else if (*text == '"')
            *in_string = !*in_string;
    }
}

int render_text(const struct render *render, enum render_place place, const char *pattern, char **ret)
{
    char *text = NULL;
    size_t size = 0, len = 0;
    const char *name = NULL;
    bool in_string = false;
    int error = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return -ENOMEM;
    while (error == 0 && render_find(pattern, &name, &len)) {
        copy_own(out, pattern, name - 2, &in_string);
        error = put_placeholder(out, render, place, in_string, name, len);
        pattern = name + len + 1;
        if (len == 0)
            break;
    }
    if (error == 0)
        copy_own(out, pattern, pattern + strlen(pattern), &in_string);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        error = -ENOMEM;
    if (error < 0) {
        free(text);
        return error;
    }
    *ret = text;
    return 0;
}
