#include "pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automatic.h"
#include "scalar.h"

/* '*' stands for any characters, also none. Takes time of the product of both lengths at most. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL; /* the last one, and what it stood for so far ends at */
    const char *from = NULL;

    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool has_good_characters(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_*")] == '\0';
}

void pattern_choose_assets(struct draft *d, const struct yaml_node *node)
{
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];
    size_t n = 0;

    if (!scalar_is_value(d->problems, node, "the id of an asset"))
        return;
    for (size_t i = 0; i < d->n_assets; i++) {
        if (!matches(node->text, d->assets[i].node->key))
            continue;
        d->assets[i].rounds = true;
        n++;
    }
    if (n > 0 || d->incomplete || d->lost[NAMES_ASSET] || d->full[NAMES_ASSET])
        return;
    suggest_begin(&s, node->text);
    names_suggest(&d->names, NAMES_ASSET, 0, &s);
    problems_at(d->problems, node, "there is no asset '%.64s'%s", node->text, suggest_text(&s, hint));
}

/* ---------------------------------------------------------------- members */

static bool read_one(struct problems *problems, const struct yaml_node *node, struct member_pattern *ret)
{
    const char *slash = node->kind == YAML_SCALAR ? strchr(node->text, '/') : NULL;

    ret->node = node;
    if (problems != NULL && !scalar_is_value(problems, node, "ASSET/ALARM"))
        return false;
    if (slash != NULL && (size_t)(slash - node->text) < sizeof ret->asset &&
        strlen(slash + 1) < sizeof ret->alarm) {
        (void)snprintf(ret->asset, sizeof ret->asset, "%.*s", (int)(slash - node->text), node->text);
        (void)snprintf(ret->alarm, sizeof ret->alarm, "%s", slash + 1);
        if (has_good_characters(ret->asset) && has_good_characters(ret->alarm))
            return true;
    }
    if (problems != NULL)
        problems_at(problems, node, "'%.80s': write ASSET/ALARM, such as tank-*/level-low", node->text);
    return false;
}

bool patterns_read(struct problems *problems, const struct yaml_node *node, struct patterns *ret)
{
    const bool list = node->kind == YAML_SEQUENCE;
    bool ok = true;

    ret->n = 0;
    if (node->kind == YAML_MAPPING || (list && (node->n_children == 0 || node->n_children > PATTERNS_MAX))) {
        if (problems != NULL)
            problems_at(problems, node, "a list of 1 to %d alarms is wanted here: [tank-*/level-low]",
                        PATTERNS_MAX);
        return false;
    }
    for (const struct yaml_node *child = list ? node->first : node; child != NULL;
         child = list ? child->next : NULL) {
        ret->items[ret->n] = (struct member_pattern){.node = child};
        if (read_one(problems, child, &ret->items[ret->n]))
            ret->n++;
        else
            ok = false;
    }
    return ok;
}

bool patterns_match_asset(const struct patterns *patterns, const char *asset)
{
    bool any = false;

    for (size_t i = 0; i < patterns->n && !any; i++)
        any = matches(patterns->items[i].asset, asset);
    return any;
}

bool patterns_match(struct patterns *patterns, const char *asset, const char *alarm)
{
    bool any = false;

    for (size_t i = 0; i < patterns->n; i++) {
        struct member_pattern *pattern = &patterns->items[i];
        if (!matches(pattern->asset, asset) || !matches(pattern->alarm, alarm))
            continue;
        pattern->n_found++;
        any = true;
    }
    return any;
}

char *patterns_text(const struct patterns *patterns)
{
    size_t size = 1;

    for (size_t i = 0; i < patterns->n; i++)
        size += strlen(patterns->items[i].asset) + strlen(patterns->items[i].alarm) + 2;
    char *text = calloc(1, size);
    char *p = text;
    for (size_t i = 0; i < patterns->n && text != NULL; i++)
        p += sprintf(p, "%s/%s", patterns->items[i].asset, patterns->items[i].alarm) + 1;
    return text;
}

/* ---------------------------------------------------------------- counting */

/* Asset -1 is the system. */
static const char *asset_name(const struct draft *d, int asset)
{
    return asset < 0 ? "system" : d->assets[asset].node->key;
}

struct count {
    struct patterns *patterns;
    const char *asset;
    size_t n;
};

static void count_one(void *context, const char *id)
{
    struct count *count = context;

    count->n += patterns_match(count->patterns, count->asset, id);
}

static void suggest_one(void *context, const char *id)
{
    suggest_try(context, id);
}

static void report_none(struct draft *d, const struct member_pattern *pattern)
{
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];
    size_t n_assets = 0;

    suggest_begin(&s, pattern->alarm);
    for (int i = -1; i < (int)d->n_assets; i++) {
        if (!matches(pattern->asset, asset_name(d, i)))
            continue;
        n_assets++;
        automatic_each_alarm(d, i, suggest_one, &s);
    }
    if (n_assets > 0) {
        problems_at(d->problems, pattern->node, "no alarm matches: '%.64s' has no alarm '%.64s'%s",
                    pattern->asset, pattern->alarm, suggest_text(&s, hint));
        return;
    }
    suggest_begin(&s, pattern->asset);
    suggest_try(&s, "system");
    names_suggest(&d->names, NAMES_ASSET, 0, &s);
    problems_at(d->problems, pattern->node, "no alarm matches: there is no asset '%.64s'%s", pattern->asset,
                suggest_text(&s, hint));
}

size_t patterns_count(struct draft *d, struct patterns *patterns)
{
    const bool all_there =
        !d->incomplete && !d->lost[NAMES_ASSET] && !d->full[NAMES_ASSET] && !d->full[NAMES_ALARM];
    struct count count = {patterns, NULL, 0};

    for (int i = -1; i < (int)d->n_assets; i++) {
        count.asset = asset_name(d, i);
        if (patterns_match_asset(patterns, count.asset))
            automatic_each_alarm(d, i, count_one, &count);
    }
    for (size_t i = 0; i < patterns->n && all_there && d->problems->n < PROBLEMS_MAX; i++)
        if (patterns->items[i].n_found == 0)
            report_none(d, &patterns->items[i]);
    return count.n;
}
