/* notify_people.c - channels and people. */
#include <string.h>

#include "notify_internal.h"
#include "scalar.h"

void notify_read_channels(struct reader *r, const struct yaml_node *node)
{
    if (!fields_is_mapping(r->problems, node, "'channels'"))
        return;
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        if (r->config->n_channels >= NOTIFY_CHANNELS) {
            problems_at_key(r->problems, n, "too many channels: at most %d", NOTIFY_CHANNELS);
            return;
        }
        if (channel_read(r->problems, r->warnings, n, r->templates_dir,
                         &r->config->channels[r->config->n_channels]))
            r->config->n_channels++;
    }
}

/* As an id, and '.' too: people are often called like their mail address. */
static bool read_person_id(struct reader *r, const struct yaml_node *at_key, const char *text,
                           char id[ID_MAX])
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(text);
    if (length == 0 || length >= ID_MAX || strspn(text, allowed) != length ||
        strchr("._-", text[0]) != NULL) {
        problems_at_key(r->problems, at_key,
                        "'%.64s' can't be a person's id: small letters, digits, '.', '_' and '-', up to %d",
                        text, ID_MAX - 1);
        return false;
    }
    memcpy(id, text, length + 1);
    return true;
}

static int find_channel(struct reader *r, const struct yaml_node *n)
{
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];
    suggest_begin(&s, n->key);
    for (unsigned i = 0; i < r->config->n_channels; i++) {
        if (strcmp(r->config->channels[i].name, n->key) == 0)
            return (int)i;
        suggest_try(&s, r->config->channels[i].name);
    }
    problems_at_key(r->problems, n, "there is no channel '%.64s'%s", n->key, suggest_text(&s, hint));
    return -1;
}

static void read_addresses(struct reader *r, const struct yaml_node *node, struct notify_person *person)
{
    if (!fields_is_mapping(r->problems, node, "'channels' of a person"))
        return;
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        int channel = find_channel(r, n);
        struct notify_address address = {.channel = (uint8_t)channel};
        bool given = n->kind != YAML_SCALAR || n->text[0] != '\0';
        if (channel < 0)
            continue;
        const struct channel_config *config = &r->config->channels[channel];
        if (given && !scalar_text(r->problems, n, address.address, sizeof address.address))
            continue;
        if (!given && config->needs_address) {
            problems_at_key(r->problems, n, "an address on the channel '%s' is missing", n->key);
            continue;
        }
        const char *why = given ? channel_check_address(config, address.address) : NULL;
        if (why != NULL)
            problems_at(r->problems, n, "'%.80s' %s", address.address, why);
        else if (person->n_channels >= CALL_CHANNELS)
            problems_at_key(r->problems, n, "too many channels of one person: at most %d", CALL_CHANNELS);
        else
            person->channels[person->n_channels++] = address;
    }
    if (node->first == NULL)
        problems_at_key(r->problems, node, "a person needs a channel");
}

struct quiet_section {
    const struct yaml_node *from, *to, *days, *priorities;
};

static const struct field quiet_fields[] = {
    {"from", FIELD_NODE, NODE_OF(struct quiet_section, from), .flags = FIELD_REQUIRED},
    {"to", FIELD_NODE, NODE_OF(struct quiet_section, to), .flags = FIELD_REQUIRED},
    {"days", FIELD_NODE, NODE_OF(struct quiet_section, days)},
    {"priorities", FIELD_NODE, NODE_OF(struct quiet_section, priorities)},
};

static bool read_quiet_priorities(struct reader *r, const struct yaml_node *node, uint8_t *ret)
{
    static const struct choice names[] = {
        {"low", CALL_LOW}, {"medium", CALL_MEDIUM}, {"high", CALL_HIGH}, {NULL, 0}};
    uint8_t bits = 0;
    if (node->kind != YAML_SEQUENCE) {
        problems_at(r->problems, node, "a list of priorities is wanted here: [low, medium]");
        return false;
    }
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        int priority;
        if (n->kind == YAML_SCALAR && strcmp(n->text, "critical") == 0) {
            problems_at(r->problems, n, "a critical alarm knows no quiet hours");
            return false;
        }
        if (!fields_choice(r->problems, n, names, &priority))
            return false;
        bits |= (uint8_t)(1U << priority);
    }
    *ret = bits;
    return true;
}

static void read_quiet(struct reader *r, const struct yaml_node *node, struct notify_person *person)
{
    if (node->kind != YAML_SEQUENCE) {
        problems_at(r->problems, node,
                    "a list of quiet hours is wanted here: [{from: \"22:00\", to: \"07:00\"}]");
        return;
    }
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        struct quiet_section s = {.from = NULL};
        struct notify_quiet q = {.days = NOTIFY_EVERY_DAY, .priorities = 1U << CALL_LOW | 1U << CALL_MEDIUM};
        if (!fields_walk(r->problems, n, "quiet hours", quiet_fields, COUNT_OF(quiet_fields), &s))
            continue;
        bool ok =
            notify_read_time(r, s.from, false, &q.from_min) && notify_read_time(r, s.to, true, &q.to_min);
        if (s.days != NULL)
            ok = notify_read_days(r, s.days, &q.days) && ok;
        if (s.priorities != NULL)
            ok = read_quiet_priorities(r, s.priorities, &q.priorities) && ok;
        if (ok && person->n_quiet >= NOTIFY_QUIET)
            problems_at(r->problems, n, "too many quiet hours of one person: at most %d", NOTIFY_QUIET);
        else if (ok)
            person->quiet[person->n_quiet++] = q;
    }
}

struct person_section {
    const struct yaml_node *channels, *quiet;
    char name[NAME_MAX_BYTES];
    enum language language;
};

static const struct choice languages[] = {{"en", LANGUAGE_EN}, {"zh", LANGUAGE_ZH}, {NULL, 0}};

static const struct field person_fields[] = {
    {"name", FIELD_TEXT, FIELD_OF(struct person_section, name)},
    {"language", FIELD_CHOICE, FIELD_OF(struct person_section, language), .choices = languages},
    {"channels", FIELD_NODE, NODE_OF(struct person_section, channels), .flags = FIELD_REQUIRED},
    {"quiet", FIELD_NODE, NODE_OF(struct person_section, quiet)},
};

void notify_read_people(struct reader *r, const struct yaml_node *node)
{
    struct notify_config *config = r->config;
    if (!fields_is_mapping(r->problems, node, "'people'"))
        return;
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        struct person_section s = {.channels = NULL};
        if (config->n_people >= CALL_PEOPLE) {
            problems_at_key(r->problems, n, "too many people: at most %d", CALL_PEOPLE);
            return;
        }
        struct notify_person *person = &config->people[config->n_people];
        if (!read_person_id(r, n, n->key, person->id))
            continue;
        config->n_people++;
        if (!fields_walk(r->problems, n, "a person", person_fields, COUNT_OF(person_fields), &s))
            continue;
        snprintf(person->name, sizeof person->name, "%s", s.name[0] != '\0' ? s.name : person->id);
        person->language = s.language;
        read_addresses(r, s.channels, person);
        if (s.quiet != NULL)
            read_quiet(r, s.quiet, person);
        config->rules.person[config->n_people - 1].n_channels = (uint8_t)person->n_channels;
    }
    config->rules.n_people = config->n_people;
}

static bool add_person(struct reader *r, const struct yaml_node *node, uint64_t *bits)
{
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];
    if (!scalar_is_value(r->problems, node, "a person's id"))
        return false;
    uint16_t person = notify_config_person(r->config, node->text);
    if (person == CALL_NOBODY) {
        suggest_begin(&s, node->text);
        for (unsigned i = 0; i < r->config->n_people; i++)
            suggest_try(&s, r->config->people[i].id);
        problems_at(r->problems, node, "there is no person '%.64s'%s", node->text, suggest_text(&s, hint));
        return false;
    }
    *bits |= UINT64_C(1) << person;
    return true;
}

bool notify_read_who(struct reader *r, const struct yaml_node *node, uint64_t *ret)
{
    uint64_t bits = 0;
    bool ok = true;
    if (node->kind != YAML_SEQUENCE) {
        ok = add_person(r, node, &bits);
    } else {
        for (const struct yaml_node *n = node->first; n != NULL; n = n->next)
            ok = add_person(r, n, &bits) && ok;
    }
    if (ok)
        *ret = bits;
    return ok;
}
