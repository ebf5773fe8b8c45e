/*
 * caller_group.c - who is in a group now, for its messages.
 *
 * The group's body is made when it is raised, and told anew once a minute; its members' own events come in
 * between. Whoever has joined since is named behind the sentence, and so is whoever is over by now: the later
 * news count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "clock.h"

/* "Tank 4, Tank 5", in both languages, each tank once. */
struct list {
    char (*text)[CALLER_WORDS];
    char last[CALL_KEY];
};

static void add_name(struct list *list, const char *key, const char *const names[LANGUAGES])
{
    static const char *const between[] = {", ", "、"}, *const more[] = {" ...", "…"};
    char asset[CALL_KEY];
    snprintf(asset, sizeof asset, "%.*s", (int)strcspn(key, "/"), key);
    if (strcmp(asset, list->last) == 0)
        return;
    memcpy(list->last, asset, sizeof asset);
    for (int i = 0; i < LANGUAGES; i++) {
        char *to = list->text[i];
        size_t used = strlen(to);
        const char *name = names[i] != NULL && names[i][0] != '\0' ? names[i] : asset;
        if (used + strlen(name) + 16 < CALLER_WORDS / 2)
            snprintf(to + used, CALLER_WORDS - used, "%s%s", used > 0 ? between[i] : "", name);
        else if (used > 0 && strcmp(to + used - strlen(more[i]), more[i]) != 0)
            snprintf(to + used, CALLER_WORDS - used, "%s", more[i]);
    }
}

/* The asset's names, as the body of the alarm has them; they are root's. */
static void names_of(const json_t *root, const char *names[LANGUAGES])
{
    const json_t *both = json_object_get(root, "asset_name");
    names[LANGUAGE_EN] = json_string_value(json_object_get(both, "en"));
    names[LANGUAGE_ZH] = json_string_value(json_object_get(both, "zh"));
}

static void add_slot(struct caller *c, struct list *list, uint32_t slot, const char *key)
{
    const char *names[LANGUAGES];
    json_t *root = caller_body_of(c, slot);
    names_of(root, names);
    add_name(list, key, names);
    json_decref(root);
}

void caller_group_ends(struct caller *c, uint32_t slot)
{
    struct call_view view;
    const char *names[LANGUAGES];
    if (!call_view(c->call, slot, &view) || view.group[0] == '\0')
        return;
    struct caller_ended *e = &c->ended_members[c->n_ended_members++ % CALLER_ENDED];
    *e = (struct caller_ended){.heard_us = clock_boot_us()};
    snprintf(e->key, sizeof e->key, "%s", view.key);
    json_t *root = caller_body_of(c, slot);
    names_of(root, names);
    for (int i = 0; i < LANGUAGES; i++)
        snprintf(e->names[i], NAME_MAX_BYTES, "%s", names[i] != NULL ? names[i] : "");
    json_decref(root);
}

static const struct caller_ended *ended_of(const struct caller *c, const char *key)
{
    unsigned n = c->n_ended_members < CALLER_ENDED ? c->n_ended_members : CALLER_ENDED;
    for (unsigned i = 1; i <= n; i++) {
        const struct caller_ended *e = &c->ended_members[(c->n_ended_members - i) % CALLER_ENDED];
        if (strcmp(e->key, key) == 0)
            return e;
    }
    return NULL;
}

/* Is a member that the group's body lists known to be over since? Then its name is put down. */
static bool is_over(struct caller *c, uint32_t lead, const char *key, struct list *gone)
{
    int64_t told_us = c->slots[lead].heard_us;
    uint32_t slot = call_find(c->call, key);
    struct call_view view;
    if (slot != UINT32_MAX && call_view(c->call, slot, &view)) {
        if (view.active || c->slots[slot].heard_us <= told_us)
            return false;
        add_slot(c, gone, slot, key);
        return true;
    }
    const struct caller_ended *e = ended_of(c, key);
    if (e == NULL || e->heard_us <= told_us)
        return false;
    add_name(gone, key, (const char *const[LANGUAGES]){e->names[LANGUAGE_EN], e->names[LANGUAGE_ZH]});
    return true;
}

static bool is_listed(const json_t *members, const char *key)
{
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *one = json_string_value(json_array_get(members, i));
        if (one != NULL && strcmp(one, key) == 0)
            return true;
    }
    return false;
}

/* Those that the body does not list. Returns how many. */
static size_t add_others(struct caller *c, uint32_t lead, struct caller_paper *p, bool to_name, size_t *n,
                         size_t cap)
{
    const json_t *members = json_object_get(p->root, "members");
    struct list since = {.text = p->since};
    size_t others = 0;
    for (uint32_t slot = 0; slot < c->config->rules.n_alarms; slot++) {
        struct call_view view;
        if (!call_speaks_for(c->call, lead, slot) || !call_view(c->call, slot, &view) || !view.active ||
            is_listed(members, view.key))
            continue;
        others++;
        if (to_name)
            add_slot(c, &since, slot, view.key);
        if (*n < cap)
            p->group_members[(*n)++] = view.key;
    }
    return others;
}

int caller_group_fill(struct caller *c, uint32_t lead, struct caller_paper *p)
{
    const json_t *members = json_object_get(p->root, "members"),
                 *count = json_object_get(p->root, "n_members");
    size_t listed = json_array_size(members), n = 0, cap = listed + NOTICE_MEMBERS_MAX, over = 0;
    struct list gone = {.text = p->gone};
    p->group_members = calloc(cap + 1, sizeof *p->group_members);
    if (p->group_members == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < listed; i++) {
        const char *key = json_string_value(json_array_get(members, i));
        if (key != NULL && is_over(c, lead, key, &gone))
            over++;
        else if (key != NULL)
            p->group_members[n++] = key;
    }
    size_t said = json_is_integer(count) && json_integer_value(count) > (json_int_t)listed
                      ? (size_t)json_integer_value(count)
                      : listed;
    /* More than it lists: whoever is not listed may be one of those that found no room. */
    size_t others = add_others(c, lead, p, said <= listed, &n, cap);
    p->notice.group_members = p->group_members;
    p->notice.n_group_members = n < NOTICE_MEMBERS_MAX ? n : NOTICE_MEMBERS_MAX;
    p->notice.n_group_total = (said > listed + others ? said : listed + others) - over;
    if (p->since[0][0] != '\0')
        p->notice.group_since = (struct words){.en = p->since[LANGUAGE_EN], .zh = p->since[LANGUAGE_ZH]};
    if (p->gone[0][0] != '\0')
        p->notice.group_over = (struct words){.en = p->gone[LANGUAGE_EN], .zh = p->gone[LANGUAGE_ZH]};
    return 0;
}
