#include "publisher_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void name(struct bilingual *text, const char *en, const char *zh)
{
    snprintf(text->text[LANGUAGE_EN], TEXT_MAX, "%s", en);
    snprintf(text->text[LANGUAGE_ZH], TEXT_MAX, "%s", zh);
}

static void add_point(struct config *c, const char *id, const char *unit, uint8_t decimals)
{
    uint16_t i = c->n_points++;
    struct point_config *point = &c->points[i];
    struct asset_config *asset = &c->assets[c->n_assets - 1];
    snprintf(point->id, sizeof point->id, "%s", id);
    snprintf(point->unit, sizeof point->unit, "%s", unit);
    point->asset = (uint16_t)(c->n_assets - 1);
    point->format.decimals = decimals;
    c->point_models[i].stale_after_ms = 15500;
    if (asset->n_points++ == 0)
        asset->first_point = i;
}

static void add_alarm(struct config *c, const char *id)
{
    uint16_t i = c->n_alarms++;
    struct asset_config *asset = &c->assets[c->n_assets - 1];
    snprintf(c->alarms[i].id, ID_MAX, "%s", id);
    c->alarms[i].asset = (uint16_t)(c->n_assets - 1);
    if (asset->n_alarms++ == 0)
        asset->first_alarm = i;
}

static void add_asset(struct config *c, const char *id, enum asset_kind kind, const char *en, const char *zh)
{
    struct asset_config *asset = &c->assets[c->n_assets++];
    snprintf(asset->id, sizeof asset->id, "%s", id);
    asset->kind = kind;
    name(&asset->name, en, zh);
}

static void set(struct config *c, const char *word, bool *small)
{
    char key[32] = "";
    const char *value = strchr(word, '=');
    if (value == NULL)
        return;
    snprintf(key, sizeof key, "%.*s", (int)(value++ - word), word);
    struct {
        const char *key;
        char *text;
        size_t cap;
    } texts[] = {{"uri", c->mqtt.uri, sizeof c->mqtt.uri},
                 {"user", c->mqtt.username, sizeof c->mqtt.username},
                 {"password_file", c->mqtt.password_file, sizeof c->mqtt.password_file},
                 {"credential", c->mqtt.password_credential, sizeof c->mqtt.password_credential},
                 {"ca", c->mqtt.ca_file, sizeof c->mqtt.ca_file},
                 {"cert", c->mqtt.certificate_file, sizeof c->mqtt.certificate_file},
                 {"key", c->mqtt.key_file, sizeof c->mqtt.key_file},
                 {"site", c->site_id, sizeof c->site_id}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(key, texts[i].key) == 0)
            snprintf(texts[i].text, texts[i].cap, "%s", value);
    if (strcmp(key, "uri") == 0)
        c->mqtt.enabled = value[0] != '\0';
    if (strcmp(key, "ha") == 0)
        c->mqtt.home_assistant = value[0] == '1';
    if (strcmp(key, "commands") == 0)
        c->mqtt.commands = value[0] == '1';
    if (strcmp(key, "small") == 0)
        *small = value[0] == '1';
}

struct config *fixture_config(char **words, int n_words, const char *directory, uint32_t generation)
{
    bool small = false;
    struct config *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    atomic_init(&c->references, 1);
    c->generation = generation;
    strcpy(c->site_id, "demo");
    name(&c->site_name, "Demo cell bank", "示范细胞库");
    snprintf(c->storage.directory, sizeof c->storage.directory, "%s", directory);
    c->mqtt.keep_alive_s = 30;
    for (int i = 0; i < n_words; i++)
        set(c, words[i], &small);
    snprintf(c->mqtt.client_id, sizeof c->mqtt.client_id, "cryomon-%.40s", c->site_id);
    c->assets = calloc(4, sizeof *c->assets);
    c->points = calloc(8, sizeof *c->points);
    c->alarms = calloc(8, sizeof *c->alarms);
    c->point_models = calloc(8, sizeof *c->point_models);
    c->alarm_models = calloc(8, sizeof *c->alarm_models);
    add_asset(c, "system", ASSET_SYSTEM, "System", "系统");
    add_alarm(c, "broker");
    add_asset(c, "tank-1", ASSET_TANK, "Tank 1", "1号罐");
    add_point(c, "temperature", "°C", 1);
    add_point(c, "level", "cm", 0);
    add_point(c, "lid", "", 0);
    struct reg_format *lid = &c->points[2].format;
    *lid =
        (struct reg_format){.type = REG_BIT, .n_states = 2, .states = {{0, "closed", ""}, {1, "open", ""}}};
    add_alarm(c, "temperature-critical");
    if (!small) {
        add_alarm(c, "lid-open");
        add_asset(c, "room-1", ASSET_ROOM, "Room 1", "1号室");
        add_point(c, "o2", "%", 1);
        add_alarm(c, "o2-low");
    }
    return c;
}
