/* facts_periods.c - the configurations that were in force, from their texts in the record. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts_internal.h"
#include "reader_config.h"
#include "settings.h"

#define FILES_MAX 512

bool facts_add_period(struct gather *g, int64_t from_us, uint64_t seq, const char *sha256)
{
    if (g->n_periods == g->cap_periods) {
        size_t cap = g->cap_periods > 0 ? 2 * g->cap_periods : 16;
        struct facts_period *grown = realloc(g->periods, cap * sizeof *grown);
        if (grown == NULL) {
            g->failed = true;
            return false;
        }
        g->periods = grown;
        g->cap_periods = cap;
    }
    struct facts_period *p = &g->periods[g->n_periods++];
    *p = (struct facts_period){.from_us = from_us, .seq = seq};
    snprintf(p->sha256, sizeof p->sha256, "%s", sha256);
    return true;
}

/* The hash that an event of kind start or configuration names; "" if it is another. */
static void hash_of(const struct history_event *event, char ret[65])
{
    bool start = strcmp(event->kind, "start") == 0;
    ret[0] = '\0';
    if (!start && strcmp(event->kind, "configuration") != 0)
        return;
    json_t *body = json_loads(event->body, 0, NULL);
    const char *text = facts_text_of(body, start ? "configuration" : "sha256");
    if (strlen(text) == 64)
        snprintf(ret, 65, "%s", text);
    json_decref(body);
}

struct last {
    uint64_t seq;
    int64_t utc_us;
    char sha256[65];
};

static bool take_last(void *context, const struct history_event *event)
{
    struct last *last = context;
    last->seq = event->seq;
    last->utc_us = event->utc_us;
    hash_of(event, last->sha256);
    return false;
}

int facts_find_periods(struct gather *g)
{
    struct last start = {0}, load = {0};
    int64_t before_us = g->request->from_us;
    int result = history_event_before(g->reader, "start", before_us, take_last, &start);
    if (result >= 0)
        result = history_event_before(g->reader, "configuration", before_us, take_last, &load);
    if (result < 0)
        return result;
    const struct last *last = load.seq > start.seq ? &load : &start;
    if (last->sha256[0] != '\0')
        facts_add_period(g, last->utc_us, last->seq, last->sha256);
    return 0;
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

static struct config *load(struct gather *g, const char *sha256)
{
    unsigned char hash[32];
    char *text = NULL;
    size_t len = 0;
    int64_t utc_us;
    struct config *config = NULL;
    for (unsigned i = 0; i < sizeof hash; i++) {
        unsigned byte = 0;
        if (sscanf(sha256 + 2 * (size_t)i, "%2x", &byte) != 1)
            return NULL;
        hash[i] = (unsigned char)byte;
    }
    if (reader_config_text(g->reader, hash, &text, &len, &utc_us) < 0)
        return NULL;
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
    free(text);
    return config;
}

void facts_load_periods(struct gather *g)
{
    for (size_t i = 0; i < g->n_periods; i++) {
        struct facts_period *p = &g->periods[i];
        for (size_t k = 0; k < i && p->config == NULL; k++)
            if (strcmp(g->periods[k].sha256, p->sha256) == 0 && g->periods[k].config != NULL)
                p->config = config_ref(g->periods[k].config);
        if (p->config == NULL)
            p->config = load(g, p->sha256);
    }
}

void facts_free_periods(struct gather *g)
{
    for (size_t i = 0; i < g->n_periods; i++)
        config_unref(g->periods[i].config);
    free(g->periods);
}

const struct config *facts_config_of(const struct gather *g, int *ret_asset)
{
    for (size_t i = g->n_periods; i-- > 0;) {
        const struct config *config = g->periods[i].config;
        int asset = config != NULL ? config_find_asset(config, g->request->asset) : -1;
        if (asset >= 0) {
            *ret_asset = asset;
            return config;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- what is said of them */

/* Who brought it: the event that made it the one in force. */
struct origin {
    struct gather *g;
    uint64_t seq;
    json_t *ret;
};

static bool take_origin(void *context, const struct history_event *event)
{
    struct origin *o = context;
    if (event->seq != o->seq)
        return true;
    json_t *body = json_loads(event->body, 0, NULL);
    facts_set(o->g, o->ret, "event", json_string(event->kind));
    facts_set(o->g, o->ret, "by", json_incref(json_object_get(body, "by")));
    json_decref(body);
    return false;
}

json_t *facts_configuration(struct gather *g)
{
    json_t *ret = json_object();
    facts_set(g, ret, "changes", json_incref(g->changes));
    facts_set(g, ret, "known", json_boolean(g->n_periods > 0));
    if (g->n_periods == 0)
        return ret;
    const struct facts_period *first = &g->periods[0], *last = &g->periods[g->n_periods - 1];
    struct origin origin = {.g = g, .seq = last->seq, .ret = ret};
    facts_set(g, ret, "sha256", json_string(last->sha256));
    facts_set(g, ret, "sha256_at_start",
              first->from_us <= g->request->from_us ? json_string(first->sha256) : NULL);
    facts_set(g, ret, "since", facts_time(last->from_us));
    facts_set(g, ret, "readable", json_boolean(last->config != NULL));
    (void)history_events(g->reader, last->seq - 1, last->from_us, last->from_us + 1, take_origin, &origin);
    return ret;
}
