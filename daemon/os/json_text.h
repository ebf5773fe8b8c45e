/*
 * json_text.h - writes JSON into a buffer of fixed size, without malloc.
 *
 * Alarm texts are made on the core thread, where nothing may allocate; a JSON library would. Only writing:
 * reading is jansson's. Output is UTF-8; invalid UTF-8 in strings becomes U+FFFD.
 *
 *     struct json_text j;
 *     json_text_begin(&j, buffer, sizeof buffer);
 *     json_text_object(&j, NULL);
 *     json_text_string(&j, "asset", "tank-1");
 *     json_text_micro(&j, "value", -195800000, 1);      "value":-195.8
 *     json_text_end(&j);                                closes the object
 *     if (json_text_finish(&j) < 0) ...                 did not fit
 */
#ifndef CRYOMON_JSON_TEXT_H
#define CRYOMON_JSON_TEXT_H

#include "value.h"

#define JSON_DEPTH_MAX 16

struct json_text {
    char *text;
    size_t cap, len;
    unsigned depth;
    bool overflow;
    bool comma[JSON_DEPTH_MAX];
    char close[JSON_DEPTH_MAX];
};

void json_text_begin(struct json_text *j, char *buffer, size_t cap);
/* key is NULL inside an array and at the top. */
void json_text_object(struct json_text *j, const char *key);
void json_text_array(struct json_text *j, const char *key);
void json_text_end(struct json_text *j); /* closes the innermost object or array */
void json_text_string(struct json_text *j, const char *key, const char *value); /* NULL value: null */
void json_text_integer(struct json_text *j, const char *key, int64_t value);
void json_text_bool(struct json_text *j, const char *key, bool value);
void json_text_null(struct json_text *j, const char *key);
void json_text_micro(struct json_text *j, const char *key, micro_t value, unsigned decimals);
void json_text_time(struct json_text *j, const char *key, int64_t utc_us); /* RFC 3339 */
/* A value that is already JSON text. */
void json_text_raw(struct json_text *j, const char *key, const char *json);
/* Returns the length, the text NUL-terminated, or -ENOSPC when it did not fit (the text is then ""). */
int json_text_finish(struct json_text *j);

#endif
