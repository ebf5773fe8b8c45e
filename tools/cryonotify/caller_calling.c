/* caller_calling.c - who is called when: what the record keeps of notify.yaml.
 *
 * Whoever asks later who was to be called needs names and times, and nobody needs addresses, numbers or
 * secrets in a record that goes everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "caller.h"

#define KEPT_NAMES 8 /* of a level, when nothing else helps */

/* ---------------------------------------------------------------- all of it */

static json_t *ids_json(const struct notify_config *config, uint64_t people)
{
    json_t *ids = json_array();
    for (unsigned i = 0; i < config->n_people; i++)
        if ((people >> i & 1U) != 0)
            (void)json_array_append_new(ids, json_string(config->people[i].id));
    return ids;
}

/* "mon-fri 08:00-20:00", "sat,sun,holiday 08:00-08:00", "daily ..." */
static void print_when(char *text, size_t cap, uint8_t days, uint16_t from_min, uint16_t to_min)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"};
    char list[64] = "daily";
    const unsigned bits = days;
    size_t len = 0;
    for (int i = 0; i < 8 && days != NOTIFY_EVERY_DAY; i++) {
        int last = i;
        if ((bits >> i & 1U) == 0)
            continue;
        while (last < 6 && i < 7 && (bits >> (last + 1) & 1U) != 0)
            last++;
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? "," : "", names[i]);
        if (last > i)
            len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", last > i + 1 ? "-" : ",",
                                    names[last]);
        i = last;
    }
    snprintf(text, cap, "%s %02u:%02u-%02u:%02u", list, from_min / 60U, from_min % 60U, to_min / 60U,
             to_min % 60U);
}

static void print_day(char text[16], int32_t day)
{
    struct tm tm;
    const time_t t = (time_t)day * 86400;
    text[0] = '\0';
    if (gmtime_r(&t, &tm) != NULL)
        (void)strftime(text, 16, "%Y-%m-%d", &tm);
}

static void append_when(json_t *list, const char *when, json_t *people)
{
    (void)json_array_append_new(list, json_pack("{s:s, s:o}", "when", when, "people", people));
}

static json_t *dates_json(const struct notify_config *config, const struct notify_level *level)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < level->n_dates; i++) {
        const struct notify_dates *d = &level->dates[i];
        char first[16], last[16], when[64];
        print_day(first, d->first);
        print_day(last, d->last);
        snprintf(when, sizeof when, "%s..%s %02u:%02u-%02u:%02u", first, last, d->from_min / 60U,
                 d->from_min % 60U, d->to_min / 60U, d->to_min % 60U);
        append_when(list, when, ids_json(config, d->people));
    }
    return list;
}

static json_t *level_json(const struct notify_config *config, const struct notify_level *level)
{
    json_t *made = json_object(), *shifts = json_array();
    if (level->name.text[LANGUAGE_EN][0] != '\0' || level->name.text[LANGUAGE_ZH][0] != '\0')
        (void)json_object_set_new(made, "name",
                                  json_pack("{s:s, s:s}", "en", level->name.text[LANGUAGE_EN], "zh",
                                            level->name.text[LANGUAGE_ZH]));
    (void)json_object_set_new(made, "people", ids_json(config, level->people));
    for (unsigned i = 0; i < level->n_shifts; i++) {
        const struct notify_shift *s = &level->shifts[i];
        char when[96];
        print_when(when, sizeof when, s->days, s->from_min, s->to_min);
        append_when(shifts, when, ids_json(config, s->people));
    }
    if (level->n_shifts > 0)
        (void)json_object_set(made, "shifts", shifts);
    json_decref(shifts);
    if (level->n_dates > 0)
        (void)json_object_set_new(made, "dates", dates_json(config, level));
    return made;
}

static json_t *person_json(const struct notify_config *config, const struct notify_person *person)
{
    static const char *const priorities[] = {"low", "medium", "high"};
    json_t *channels = json_array(), *quiet = json_array();
    for (unsigned i = 0; i < person->n_channels; i++)
        (void)json_array_append_new(channels,
                                    json_string(config->channels[person->channels[i].channel].name));
    for (unsigned i = 0; i < person->n_quiet; i++) {
        const struct notify_quiet *q = &person->quiet[i];
        char text[128];
        print_when(text, sizeof text, q->days, q->from_min, q->to_min);
        for (unsigned k = 0; k < sizeof priorities / sizeof *priorities; k++)
            if ((q->priorities >> k & 1U) != 0)
                snprintf(text + strlen(text), sizeof text - strlen(text), " %s", priorities[k]);
        (void)json_array_append_new(quiet, json_string(text));
    }
    json_t *made = json_pack("{s:s, s:o}", "name", person->name, "channels", channels);
    if (person->n_quiet > 0)
        (void)json_object_set(made, "quiet", quiet);
    json_decref(quiet);
    return made;
}

/* "mail", "command", "webhook wecom" */
static json_t *channel_json(const struct channel_config *channel)
{
    char text[2 * ID_MAX];
    const bool named = channel->kind == CHANNEL_WEBHOOK && channel->webhook.template_name[0] != '\0';
    snprintf(text, sizeof text, "%s%s%s", channel_kind_name(channel->kind), named ? " " : "",
             named ? channel->webhook.template_name : "");
    return json_string(text);
}

static json_t *delay_json(uint32_t ms)
{
    return ms > 0 ? json_integer(ms) : json_null(); /* null: never */
}

static json_t *pace_json(const struct call_pace *pace)
{
    json_t *levels = json_array();
    for (unsigned i = 0; i < CALL_LEVELS - 1; i++)
        (void)json_array_append_new(levels, delay_json(pace->level_ms[i]));
    json_t *made = json_pack("{s:o, s:o}", "levels_ms", levels, "repeat_ms", delay_json(pace->repeat_ms));
    (void)json_object_set_new(made, "unresolved_ms", delay_json(pace->unresolved_ms));
    if (pace->every_channel)
        (void)json_object_set_new(made, "every_channel", json_true());
    return made;
}

static void set_paces(json_t *made, const struct call_rules *rules)
{
    static const struct {
        enum call_priority priority;
        const char *name;
    } all[] = {{CALL_CRITICAL, "critical"}, {CALL_HIGH, "high"}, {CALL_MEDIUM, "medium"}, {CALL_LOW, "low"}};
    json_t *priorities = json_object(), *drill = pace_json(&rules->drill);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)json_object_set_new(priorities, all[i].name, pace_json(&rules->pace[all[i].priority]));
    (void)json_object_set_new(drill, "turns", json_boolean(rules->drill_turns));
    (void)json_object_set_new(made, "priorities", priorities);
    (void)json_object_set_new(made, "drill", drill);
}

static json_t *whole(const struct notify_config *config)
{
    json_t *levels = json_array(), *people = json_object(), *channels = json_object(), *days = json_array();
    unsigned n = CALL_LEVELS;
    while (n > 0 && config->levels[n - 1].people == 0 && config->levels[n - 1].n_shifts == 0 &&
           config->levels[n - 1].n_dates == 0)
        n--; /* those that are not there */
    for (unsigned i = 0; i < n; i++)
        (void)json_array_append_new(levels, level_json(config, &config->levels[i]));
    for (unsigned i = 0; i < config->n_people; i++)
        (void)json_object_set_new(people, config->people[i].id, person_json(config, &config->people[i]));
    for (unsigned i = 0; i < config->n_channels; i++)
        (void)json_object_set_new(channels, config->channels[i].name, channel_json(&config->channels[i]));
    for (unsigned i = 0; i < config->n_holidays; i++) {
        char day[16];
        print_day(day, config->holidays[i]);
        (void)json_array_append_new(days, json_string(day));
    }
    json_t *made = json_pack("{s:o, s:o, s:o}", "levels", levels, "people", people, "channels", channels);
    if (made != NULL) {
        set_paces(made, &config->rules);
        (void)json_object_set_new(made, "needed", json_integer(config->rules.needed));
        (void)json_object_set_new(made, "time_zone", json_string(config->time_zone));
        (void)json_object_set_new(made, "links", json_boolean(config->link.enabled));
        if (config->n_holidays > 0)
            (void)json_object_set(made, "holidays", days);
    }
    json_decref(days);
    return made;
}

/* ---------------------------------------------------------------- what there is no room for */

static void each_del(json_t *made, const char *list, const char *key)
{
    json_t *all = json_object_get(made, list), *one;
    const char *id;
    size_t i;
    json_array_foreach(all, i, one)(void) json_object_del(one, key);
    json_object_foreach(all, id, one)(void) json_object_del(one, key);
}

static bool has_id(const json_t *ids, const char *id)
{
    size_t i;
    const json_t *one;
    json_array_foreach(ids, i, one)
    {
        if (strcmp(json_string_value(one), id) == 0)
            return true;
    }
    return false;
}

/* Who is on the level, whenever that is. */
static void fold_shifts(json_t *made)
{
    size_t i, k, n;
    json_t *level, *shift, *id;
    json_array_foreach(json_object_get(made, "levels"), i, level)
    {
        json_t *ids = json_object_get(level, "people");
        json_array_foreach(json_object_get(level, "shifts"), k,
                           shift){json_array_foreach(json_object_get(shift, "people"), n, id){
            if (!has_id(ids, json_string_value(id)))(void) json_array_append(ids, id);
    }
}
(void)json_object_del(level, "shifts");
}
}

static void cut_levels(json_t *made)
{
    size_t i;
    json_t *level;
    json_array_foreach(json_object_get(made, "levels"), i, level)
    {
        json_t *ids = json_object_get(level, "people");
        (void)json_object_set_new(level, "n", json_integer((json_int_t)json_array_size(ids)));
        while (json_array_size(ids) > KEPT_NAMES)
            (void)json_array_remove(ids, json_array_size(ids) - 1);
    }
}

/* From what matters least to what matters most. */
static const char *const steps[] = {"holidays", "quiet",  "names",      "level-names", "dates",
                                    "people",   "shifts", "priorities", "channels",    "levels"};

static void leave_out(json_t *made, const char *step)
{
    if (strcmp(step, "quiet") == 0 || strcmp(step, "names") == 0)
        each_del(made, "people", strcmp(step, "names") == 0 ? "name" : step);
    else if (strcmp(step, "level-names") == 0 || strcmp(step, "dates") == 0)
        each_del(made, "levels", strcmp(step, "dates") == 0 ? step : "name");
    else if (strcmp(step, "shifts") == 0)
        fold_shifts(made);
    else if (strcmp(step, "levels") == 0)
        cut_levels(made);
    else
        (void)json_object_del(made, step);
}

json_t *caller_calling_json(const struct notify_config *config)
{
    json_t *made = whole(config), *left_out = json_array();
    for (size_t i = 0; made != NULL; i++) {
        char *text = json_dumps(made, JSON_COMPACT);
        const bool fits = text != NULL && strlen(text) <= CALLER_CALLING;
        free(text);
        if (fits || i == sizeof steps / sizeof *steps)
            break;
        leave_out(made, steps[i]);
        (void)json_array_append_new(left_out, json_string(steps[i]));
        (void)json_object_set(made, "left_out", left_out);
    }
    json_decref(left_out);
    return made;
}
