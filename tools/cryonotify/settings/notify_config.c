/* notify_config.c - the file as a whole. */
#include "notify_config.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "notify_internal.h"
#include "scalar.h"

#ifndef CRYONOTIFY_TEMPLATES_DIR
#define CRYONOTIFY_TEMPLATES_DIR "/usr/share/cryomon/notify"
#endif

static const struct field top_fields[] = {
    {"site", FIELD_NODE, NODE_OF(struct sections, site), .flags = FIELD_REQUIRED},
    {"mqtt", FIELD_NODE, NODE_OF(struct sections, mqtt), .flags = FIELD_REQUIRED},
    {"channels", FIELD_NODE, NODE_OF(struct sections, channels), .flags = FIELD_REQUIRED},
    {"people", FIELD_NODE, NODE_OF(struct sections, people), .flags = FIELD_REQUIRED},
    {"rota", FIELD_NODE, NODE_OF(struct sections, rota), .flags = FIELD_REQUIRED},
    {"holidays", FIELD_NODE, NODE_OF(struct sections, holidays)},
    {"priorities", FIELD_NODE, NODE_OF(struct sections, priorities)},
    {"drill", FIELD_NODE, NODE_OF(struct sections, drill)},
    {"flood", FIELD_NODE, NODE_OF(struct sections, flood)},
    {"link", FIELD_NODE, NODE_OF(struct sections, link)},
    {"watch", FIELD_NODE, NODE_OF(struct sections, watch)},
    {"state", FIELD_PATH, FIELD_OF(struct sections, state), .flags = FIELD_DIRECTORY},
    {"socket", FIELD_PATH, FIELD_OF(struct sections, socket)},
    {"needed_people", FIELD_UINT, FIELD_OF(struct sections, needed), .min = 1, .max = CALL_PEOPLE},
    {"collect", FIELD_DURATION, FIELD_OF(struct sections, collect_ms), .min = 0, .max = 5 * MINUTE_MS},
    {"silent_after", FIELD_DURATION, FIELD_OF(struct sections, silent_ms), .min = 1000, .max = HOUR_MS},
    {"nobody_after", FIELD_DURATION, FIELD_OF(struct sections, nobody_ms), .min = 1000, .max = HOUR_MS},
    {"broker_after", FIELD_DURATION, FIELD_OF(struct sections, broker_ms), .min = 1000, .max = HOUR_MS},
    {"attempt", FIELD_DURATION, FIELD_OF(struct sections, attempt_ms), .min = 1000, .max = 10 * MINUTE_MS},
    {"next_channel", FIELD_DURATION, FIELD_OF(struct sections, next_channel_ms), .min = 1000,
     .max = MINUTE_MS},
    {"retry", FIELD_DURATION, FIELD_OF(struct sections, retry_ms), .min = 100, .max = 10 * MINUTE_MS},
    {"probe", FIELD_DURATION, FIELD_OF(struct sections, probe_ms), .min = 100, .max = HOUR_MS},
};

struct site_section {
    char id[ID_MAX], time_zone[64];
    struct bilingual name;
};

static const struct field site_fields[] = {
    {"id", FIELD_ID, FIELD_OF(struct site_section, id), .flags = FIELD_REQUIRED},
    {"name", FIELD_BILINGUAL, FIELD_OF(struct site_section, name), .max = NAME_MAX_BYTES},
    {"time_zone", FIELD_TEXT, FIELD_OF(struct site_section, time_zone)},
};

static void read_site_section(struct reader *r, const struct yaml_node *node)
{
    struct site_section site = {.id = ""};
    if (!fields_walk(r->problems, node, "'site'", site_fields, COUNT_OF(site_fields), &site))
        return;
    struct notify_config *config = r->config;
    snprintf(config->site, sizeof config->site, "%s", site.id);
    snprintf(config->time_zone, sizeof config->time_zone, "%s", site.time_zone);
    config->site_name = site.name;
    for (int i = 0; i < LANGUAGES; i++) {
        if (config->site_name.text[i][0] == '\0')
            snprintf(config->site_name.text[i], TEXT_MAX, "%s", site.id);
        snprintf(config->link.site_name[i], NAME_MAX_BYTES, "%.127s", config->site_name.text[i]);
    }
    char path[128];
    FILE *zone = NULL;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", site.time_zone);
    if (site.time_zone[0] == '\0')
        return;
    if (strstr(site.time_zone, "..") == NULL && site.time_zone[0] != '/')
        zone = fopen(path, "re");
    if (zone == NULL)
        problems_at(r->problems, yaml_get(node, "time_zone"),
                    "there is no time zone '%s' on this system; it is written like Asia/Shanghai",
                    site.time_zone);
    else
        (void)fclose(zone);
}

/* The daemon's own reader, so that one section means the same in both files. */
static void read_mqtt_section(struct reader *r, struct yamldoc *doc)
{
    struct yamldoc *docs[1] = {doc};
    struct draft d = {.dir = "",
                      .main_name = yamldoc_root(doc)->file,
                      .docs = docs,
                      .n_docs = 1,
                      .n_roots = 1,
                      .problems = r->problems,
                      .warnings = r->warnings,
                      .mqtt = {.keep_alive_ms = 30000}};
    const struct yaml_node *section = draft_setting(&d, "mqtt", NULL);
    if (section == NULL)
        return; /* reported */
    read_mqtt(&d, section);
    read_mqtt_finish(&d);
    names_free(&d.names);
    r->config->mqtt = d.mqtt.config;
    if (yaml_get(section, "client_id") == NULL)
        snprintf(r->config->mqtt.client_id, ID_MAX, "cryonotify-%.52s", r->config->site);
}

static void read_watch(struct reader *r, const struct yaml_node *node)
{
    if (node->kind != YAML_SEQUENCE) {
        problems_at(r->problems, node, "a list of site ids is wanted here");
        return;
    }
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        if (r->config->n_sites >= NOTIFY_SITES) {
            problems_at(r->problems, n, "too many sites: at most %d", NOTIFY_SITES);
            return;
        }
        if (scalar_id(r->problems, n, r->config->sites[r->config->n_sites], ID_MAX))
            r->config->n_sites++;
    }
}

static void check_whole(struct reader *r, const struct yaml_node *root)
{
    struct notify_config *config = r->config;
    uint64_t used = 0;
    for (unsigned i = 0; i < CALL_LEVELS; i++) {
        used |= config->levels[i].people;
        for (unsigned k = 0; k < config->levels[i].n_shifts; k++)
            used |= config->levels[i].shifts[k].people;
        for (unsigned k = 0; k < config->levels[i].n_dates; k++)
            used |= config->levels[i].dates[k].people;
    }
    for (unsigned i = 0; i < config->n_people; i++)
        if ((used >> i & 1U) == 0)
            problems_at(r->warnings, yaml_get(root, "people"), "'%s' is on no rota and is never called",
                        config->people[i].id);
    if (config->rules.needed > (unsigned)__builtin_popcountll(used) && yaml_get(root, "rota") != NULL)
        problems_at_key(r->problems, yaml_get(root, "rota"),
                        "%d people are on the rota, and needed_people is %u: they can never be reached",
                        __builtin_popcountll(used), config->rules.needed);
}

static void read_all(struct reader *r, struct yamldoc *doc)
{
    struct notify_config *config = r->config;
    const struct yaml_node *root = yamldoc_root(doc);
    const size_t before = r->problems->n;
    struct sections s = {.state = "/var/lib/cryonotify",
                         .socket = "/run/cryonotify/control",
                         .collect_ms = 10000,
                         .needed = 1,
                         .silent_ms = 60000,
                         .nobody_ms = 60000,
                         .broker_ms = 60000,
                         .attempt_ms = 120000,
                         .next_channel_ms = 10000,
                         .retry_ms = 30000,
                         .probe_ms = 60000};
    (void)fields_walk(r->problems, root, "the configuration", top_fields, COUNT_OF(top_fields), &s);
    notify_default_rules(&config->rules);
    if (s.site != NULL)
        read_site_section(r, s.site);
    read_mqtt_section(r, doc);
    snprintf(config->state, sizeof config->state, "%s", s.state);
    snprintf(config->socket, sizeof config->socket, "%s", s.socket);
    config->silent_ms = s.silent_ms;
    config->nobody_ms = s.nobody_ms;
    config->broker_ms = s.broker_ms;
    config->rules.collect_ms = s.collect_ms;
    config->rules.needed = s.needed;
    config->rules.attempt_ms = s.attempt_ms;
    config->rules.next_channel_ms = s.next_channel_ms;
    config->rules.retry_ms = s.retry_ms;
    config->rules.probe_ms = s.probe_ms;
    if (s.channels != NULL)
        notify_read_channels(r, s.channels);
    if (s.people != NULL)
        notify_read_people(r, s.people);
    if (s.rota != NULL)
        notify_read_rota(r, s.rota);
    if (s.holidays != NULL)
        notify_read_holidays(r, s.holidays);
    if (s.priorities != NULL)
        notify_read_priorities(r, s.priorities);
    if (s.drill != NULL)
        notify_read_drill(r, s.drill);
    if (s.flood != NULL)
        notify_read_flood(r, s.flood);
    (void)link_read(r->problems, r->warnings, s.link, &config->link);
    if (s.watch != NULL)
        read_watch(r, s.watch);
    if (config->n_sites == 0)
        snprintf(config->sites[config->n_sites++], ID_MAX, "%s", config->site);
    check_whole(r, root);
    if (r->problems->n == before)
        notify_advise(r, root);
}

static void hash_text(const struct yamldoc *doc, char hex[NOTIFY_SHA256])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    size_t length = 0;
    const char *text = yamldoc_text(doc, &length);
    (void)crypto_hash_sha256(hash, (const unsigned char *)text, length);
    (void)sodium_bin2hex(hex, NOTIFY_SHA256, hash, sizeof hash);
}

static int finish(struct yamldoc *doc, const char *templates_dir, struct problems *problems,
                  struct problems *warnings, struct notify_config **ret)
{
    size_t before = problems->n;
    struct notify_config *config = calloc(1, sizeof *config);
    if (config == NULL)
        return -ENOMEM;
    struct reader r = {.config = config,
                       .problems = problems,
                       .warnings = warnings,
                       .templates_dir = templates_dir != NULL ? templates_dir : CRYONOTIFY_TEMPLATES_DIR};
    hash_text(doc, config->sha256);
    snprintf(config->by, sizeof config->by, "start");
    read_all(&r, doc);
    if (problems->n > before) {
        notify_config_free(config);
        return -EINVAL;
    }
    *ret = config;
    return 0;
}

int notify_config_load(const char *path, const char *templates_dir, struct problems *problems,
                       struct problems *warnings, struct notify_config **ret)
{
    struct yamldoc *doc = NULL;
    struct notify_file file;
    notify_file_look(path, &file);
    int result = yamldoc_load(path, path, problems, &doc);
    if (result == 0)
        result = finish(doc, templates_dir, problems, warnings, ret);
    if (result == 0)
        (*ret)->modified_utc_us = file.modified_utc_us;
    yamldoc_free(doc);
    return result;
}

int notify_config_parse(const char *text, const char *shown_name, const char *templates_dir,
                        struct problems *problems, struct problems *warnings, struct notify_config **ret)
{
    struct yamldoc *doc = NULL;
    int result = yamldoc_parse(text, strlen(text), shown_name, problems, &doc);
    if (result == 0)
        result = finish(doc, templates_dir, problems, warnings, ret);
    yamldoc_free(doc);
    return result;
}

void notify_config_free(struct notify_config *config)
{
    if (config == NULL)
        return;
    for (unsigned i = 0; i < config->n_channels; i++)
        channel_config_free(&config->channels[i]);
    free(config);
}

uint16_t notify_config_person(const struct notify_config *config, const char *id)
{
    for (unsigned i = 0; i < config->n_people; i++)
        if (strcmp(config->people[i].id, id) == 0)
            return (uint16_t)i;
    return CALL_NOBODY;
}

int notify_config_what(const struct notify_config *config, const char *what, uint16_t *ret_person,
                       uint8_t *ret_channel)
{
    char id[ID_MAX];
    const char *slash = strchr(what, '/');
    int length = slash != NULL ? (int)(slash - what) : (int)strlen(what);
    if (length >= ID_MAX)
        return -ENOENT;
    snprintf(id, sizeof id, "%.*s", length, what);
    uint16_t person = notify_config_person(config, id);
    if (person == CALL_NOBODY)
        return -ENOENT;
    *ret_person = person;
    *ret_channel = CALL_ALL_CHANNELS;
    for (unsigned i = 0; slash != NULL && i < config->people[person].n_channels; i++)
        if (strcmp(config->channels[config->people[person].channels[i].channel].name, slash + 1) == 0)
            *ret_channel = (uint8_t)i;
    return slash != NULL && *ret_channel == CALL_ALL_CHANNELS ? -ENOENT : 0;
}
