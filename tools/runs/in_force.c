#include "in_force.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader_config.h"
#include "settings.h"

/* ---------------------------------------------------------------- which */

void in_force_hash(const struct history_event *event, char ret[65])
{
    bool start = strcmp(event->kind, "start") == 0;
    ret[0] = '\0';
    if (!start && strcmp(event->kind, "configuration") != 0)
        return;
    json_t *body = json_loads(event->body, 0, NULL);
    const char *text = json_string_value(json_object_get(body, start ? "configuration" : "sha256"));
    if (text != NULL && strlen(text) == 64)
        memcpy(ret, text, 65);
    json_decref(body);
}

static bool take_last(void *context, const struct history_event *event)
{
    struct in_force *last = context;
    last->seq = event->seq;
    last->since_us = event->utc_us;
    in_force_hash(event, last->sha256);
    return false;
}

int in_force_before(struct history_reader *reader, int64_t before_us, struct in_force *ret)
{
    struct in_force start = {0}, load = {0};
    int result = history_event_before(reader, "start", before_us, take_last, &start);
    if (result >= 0)
        result = history_event_before(reader, "configuration", before_us, take_last, &load);
    if (result < 0)
        return result;
    const struct in_force *last = load.seq > start.seq ? &load : &start;
    if (last->sha256[0] == '\0')
        return 0;
    *ret = *last;
    return 1;
}

/* ---------------------------------------------------------------- from text to configuration */

struct config *in_force_load(struct history_reader *reader, const char *sha256)
{
    unsigned char hash[32];
    char *text = NULL;
    size_t len = 0;
    int64_t utc_us;
    for (unsigned i = 0; i < sizeof hash; i++) {
        unsigned byte = 0;
        if (sscanf(sha256 + 2 * (size_t)i, "%2x", &byte) != 1)
            return NULL;
        hash[i] = (unsigned char)byte;
    }
    if (reader_config_text(reader, hash, &text, &len, &utc_us) < 0)
        return NULL;
    struct config *config = NULL;
    struct problems problems = {0}, warnings = {0};
    if (settings_load_source(text, len, &problems, &warnings, &config) < 0)
        config = NULL;
    problems_free(&problems);
    problems_free(&warnings);
    free(text);
    return config;
}
