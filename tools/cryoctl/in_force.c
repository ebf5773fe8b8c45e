#include "in_force.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader_config.h"
#include "settings.h"

#define FILES_MAX 512

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

/* "/etc/cryomon/conf.d/10.yaml" is "conf.d/10.yaml"; profiles of the system are as good as the site's own. */
static const char *relative(const char *path, bool first)
{
    static const char *const folders[] = {"/conf.d/", "/devices/"};
    if (first)
        return "cryomon.yaml";
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *found = NULL;
        for (const char *at = path; (at = strstr(at, folders[i])) != NULL; at++)
            found = at;
        if (found != NULL)
            return found + 1;
    }
    return path;
}

/* Cuts the text at its lines "--- path". Changes it. */
static size_t split(char *text, struct settings_file files[FILES_MAX])
{
    size_t n = 0;
    for (char *line = text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (strncmp(line, "--- ", 4) == 0 && end != NULL && n < FILES_MAX) {
            if (n > 0)
                files[n - 1].len = (size_t)(line - files[n - 1].text);
            *end = '\0';
            files[n] = (struct settings_file){.path = relative(line + 4, n == 0), .text = end + 1};
            n++;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    if (n > 0)
        files[n - 1].len = strlen(files[n - 1].text);
    return n;
}

static struct config *from_text(char *text)
{
    struct config *config = NULL;
    struct settings_file *files = calloc(FILES_MAX, sizeof *files);
    struct problems *problems = calloc(2, sizeof *problems);
    size_t n = files != NULL && problems != NULL ? split(text, files) : 0;
    if (n > 0 && settings_load_memory(files, n, 1, &problems[0], &problems[1], &config) < 0)
        config = NULL;
    if (problems != NULL) {
        problems_free(&problems[0]);
        problems_free(&problems[1]);
    }
    free(problems);
    free(files);
    return config;
}

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
    struct config *config = from_text(text);
    free(text);
    return config;
}
