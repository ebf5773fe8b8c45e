/* notify_advice.c - what is allowed, and would one day leave somebody untold: warnings. */
#include <string.h>

#include "notify_internal.h"

static uint64_t people_of(const struct notify_level *level)
{
    uint64_t people = level->people;
    for (unsigned i = 0; i < level->n_shifts; i++)
        people |= level->shifts[i].people;
    for (unsigned i = 0; i < level->n_dates; i++)
        people |= level->dates[i].people;
    return people;
}

/* What a channel rests upon: the host of its server, or the channel itself. */
static void print_service(const struct channel_config *channel, char *text, size_t cap)
{
    const char *host = "";
    if (channel->kind == CHANNEL_MAIL)
        host = channel->mail.host;
    else if (channel->kind == CHANNEL_WEBHOOK && strstr(channel->webhook.url, "://") != NULL)
        host = strstr(channel->webhook.url, "://") + 3;
    const int len = (int)strcspn(host, "/?#");
    if (len > 0 && memchr(host, '@', (size_t)len) == NULL) /* before an @ stands a password */
        snprintf(text, cap, "%.*s", len, host);
    else
        snprintf(text, cap, "channel '%s'", channel->name);
}

/* Is there one thing without which nobody at all is told? Then it is named, and true. */
static bool warn_one_service(struct reader *r, const struct yaml_node *root, uint64_t used)
{
    const struct notify_config *config = r->config;
    char all[300] = "", one[300];
    for (unsigned i = 0; i < config->n_people; i++)
        for (unsigned k = 0; k < config->people[i].n_channels && (used >> i & 1U) != 0; k++) {
            print_service(&config->channels[config->people[i].channels[k].channel], one, sizeof one);
            if (all[0] != '\0' && strcmp(all, one) != 0)
                return false;
            memcpy(all, one, sizeof all);
        }
    if (all[0] == '\0')
        return false;
    problems_at_key(
        r->warnings, yaml_get(root, "channels"),
        "every message to everybody goes through %.200s: when that fails, nobody is told; give people "
        "a channel of another service (a messenger, SMS, a modem)",
        all);
    return true;
}

static void warn_one_channel(struct reader *r, const struct yaml_node *root, uint64_t used)
{
    const struct notify_config *config = r->config;
    const struct yaml_node *people = yaml_get(root, "people");
    for (unsigned i = 0; i < config->n_people; i++)
        if ((used >> i & 1U) != 0 && config->people[i].n_channels == 1)
            problems_at_key(
                r->warnings, yaml_get(people, config->people[i].id),
                "'%s' has only one channel, '%s': while it fails, this person is not reached; give "
                "another one, behind it",
                config->people[i].id, config->channels[config->people[i].channels[0].channel].name);
}

static void warn_rota(struct reader *r, const struct yaml_node *rota, uint64_t used)
{
    const struct notify_config *config = r->config;
    uint64_t above = 0;
    for (unsigned i = 1; i < CALL_LEVELS; i++)
        above |= people_of(&config->levels[i]);
    if (__builtin_popcountll(used) == 1)
        problems_at_key(
            r->warnings, rota,
            "'%s' is the only person on the rota: when this one does not hear it, nobody comes; put "
            "somebody else on a level above",
            config->people[__builtin_ctzll(used)].id);
    else if (above == 0)
        problems_at_key(
            r->warnings, rota,
            "there is nobody on a level above the first: an alarm that nobody acknowledges goes no "
            "further; add a second level");
}

void notify_advise(struct reader *r, const struct yaml_node *root)
{
    const struct notify_config *config = r->config;
    const struct yaml_node *rota = yaml_get(root, "rota");
    uint64_t used = 0;
    for (unsigned i = 0; i < CALL_LEVELS; i++)
        used |= people_of(&config->levels[i]);
    if (rota == NULL || used == 0)
        return; /* reported */
    warn_rota(r, rota, used);
    if (!warn_one_service(r, root, used))
        warn_one_channel(r, root, used);
    if (!config->link.enabled)
        problems_at_key(r->warnings, rota,
                        "there is no 'link': nobody can acknowledge from a message, only with cryoctl (or a "
                        "dashboard that sends MQTT commands); until then people are called again and again");
}
