#include "json_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

static void put(struct json_text *j, const char *text, size_t len)
{
    if (j->overflow || len >= j->cap - j->len) {
        j->overflow = true;
        return;
    }
    memcpy(j->text + j->len, text, len);
    j->len += len;
}

static void put_text(struct json_text *j, const char *text)
{
    put(j, text, strlen(text));
}

/* Length of the valid UTF-8 sequence at s (RFC 3629), 0 when it is not valid. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
               : (s[0] & 0xF0) == 0xE0        ? 3
               : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                              : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

static void put_quoted(struct json_text *j, const char *value)
{
    put(j, "\"", 1);
    for (const unsigned char *s = (const unsigned char *)value; *s != '\0';) {
        size_t n = utf8_length(s);
        if (n == 0) {
            put_text(j, "\xEF\xBF\xBD");
            s++;
        } else if (*s == '"' || *s == '\\') {
            char escaped[2] = {'\\', (char)*s++};
            put(j, escaped, 2);
        } else if (*s < 0x20 || *s == 0x7F) {
            char escaped[8];
            snprintf(escaped, sizeof escaped, "\\u%04x", *s++);
            put(j, escaped, 6);
        } else {
            put(j, (const char *)s, n);
            s += n;
        }
    }
    put(j, "\"", 1);
}

/* A comma where one is due, and the key. */
static void lead(struct json_text *j, const char *key)
{
    if (j->comma[j->depth])
        put(j, ",", 1);
    j->comma[j->depth] = true;
    if (key != NULL) {
        put_quoted(j, key);
        put(j, ":", 1);
    }
}

void json_text_begin(struct json_text *j, char *buffer, size_t cap)
{
    *j = (struct json_text){.text = buffer, .cap = cap, .overflow = cap == 0};
}

static void open_level(struct json_text *j, const char *key, char opening, char closing)
{
    lead(j, key);
    if (j->depth + 1 >= JSON_DEPTH_MAX) {
        j->overflow = true;
        return;
    }
    put(j, &opening, 1);
    j->depth++;
    j->comma[j->depth] = false;
    j->close[j->depth] = closing;
}

void json_text_object(struct json_text *j, const char *key)
{
    open_level(j, key, '{', '}');
}

void json_text_array(struct json_text *j, const char *key)
{
    open_level(j, key, '[', ']');
}

void json_text_end(struct json_text *j)
{
    if (j->depth == 0) {
        j->overflow = true;
        return;
    }
    put(j, &j->close[j->depth], 1);
    j->depth--;
}

void json_text_string(struct json_text *j, const char *key, const char *value)
{
    if (value == NULL) {
        json_text_null(j, key);
        return;
    }
    lead(j, key);
    put_quoted(j, value);
}

void json_text_integer(struct json_text *j, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    json_text_raw(j, key, text);
}

void json_text_bool(struct json_text *j, const char *key, bool value)
{
    json_text_raw(j, key, value ? "true" : "false");
}

void json_text_null(struct json_text *j, const char *key)
{
    json_text_raw(j, key, "null");
}

void json_text_micro(struct json_text *j, const char *key, micro_t value, unsigned decimals)
{
    char text[MICRO_TEXT_MAX];
    micro_print(text, sizeof text, value, decimals);
    json_text_raw(j, key, text);
}

void json_text_time(struct json_text *j, const char *key, int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    json_text_string(j, key, text);
}

void json_text_raw(struct json_text *j, const char *key, const char *json)
{
    lead(j, key);
    put_text(j, json);
}

int json_text_finish(struct json_text *j)
{
    if (j->overflow || j->depth != 0) {
        if (j->cap > 0)
            j->text[0] = '\0';
        return -ENOSPC;
    }
    j->text[j->len] = '\0';
    return (int)j->len;
}
