#include <inttypes.h>
#include <stdio.h>

#include "draft.h"
#include "entries.h"

static void add_places(struct entries *e, const struct config *c)
{
    entries_prefix(e, "site.");
    entries_text(e, "id", c->site_id);
    entries_bilingual(e, "name", &c->site_name);
    entries_text(e, "language", c->language == LANGUAGE_ZH ? "zh" : "en");
    entries_prefix(e, "storage.");
    entries_text(e, "directory", c->storage.directory);
    entries_duration(e, "commit_interval", c->storage.commit_interval_ms);
    if (c->storage.keep_days > 0)
        entries_add(e, "keep", "%" PRIu32 " d", c->storage.keep_days);
    else
        entries_text(e, "keep", "forever");
    entries_prefix(e, "review.");
    if (c->review.every_days > 0)
        entries_add(e, "every", "%" PRIu32 " d", c->review.every_days);
    entries_prefix(e, "control.");
    entries_text(e, "socket", c->control_socket);
    if (!c->mqtt.enabled)
        return;
    entries_prefix(e, "mqtt.");
    entries_text(e, "broker", c->mqtt.uri);
    entries_text(e, "client_id", c->mqtt.client_id);
    entries_text(e, "username", c->mqtt.username);
    entries_text(e, "password_file", c->mqtt.password_file);
    entries_text(e, "password_credential", c->mqtt.password_credential);
    entries_text(e, "ca_file", c->mqtt.ca_file);
    entries_text(e, "certificate_file", c->mqtt.certificate_file);
    entries_text(e, "key_file", c->mqtt.key_file);
    entries_duration(e, "keep_alive", c->mqtt.keep_alive_s * UINT32_C(1000));
    entries_bool(e, "home_assistant", c->mqtt.home_assistant);
    entries_bool(e, "commands", c->mqtt.commands);
    for (unsigned i = 0; i < c->mqtt.n_agents; i++) {
        char key[USER_MAX + 8];
        (void)snprintf(key, sizeof key, "agents.%s", c->mqtt.agents[i]);
        entries_text(e, key, "yes");
    }
}

static void add_repeat(struct entries *e, const char *key, uint32_t ms)
{
    if (ms > 0)
        entries_duration(e, key, ms);
    else
        entries_text(e, key, "never");
}

static void add_alarming(struct entries *e, const struct config *c)
{
    for (int i = 0; i < PRIORITIES; i++) {
        const struct priority_config *priority = &c->alarming.priorities[i];
        entries_prefix(e, "alarms.%s.", fields_choice_name(draft_priorities, i));
        entries_duration(e, "response_time", priority->response_time_ms);
        add_repeat(e, "shelve_at_most", priority->shelve_at_most_ms);
        add_repeat(e, "realarm_after", priority->realarm_after_ms);
    }
    entries_prefix(e, "alarms.");
    entries_add(e, "out_of_service_at_most", "%" PRIu32 " d", c->alarming.out_of_service_at_most_days);
    entries_prefix(e, "alarms.chattering.");
    entries_add(e, "count", "%u", c->alarming.chatter_count);
    entries_duration(e, "within", c->alarming.chatter_within_ms);
}

static void add_fallback(struct entries *e, const struct fallback_config *fallback)
{
    entries_prefix(e, "notify.fallback.");
    for (unsigned i = 0; i < fallback->n_arguments; i++) {
        char key[24];
        (void)snprintf(key, sizeof key, "command.%02u", i);
        entries_add(e, key, "%s", fallback->arguments[i]);
    }
    entries_duration(e, "repeat", fallback->repeat_ms);
    entries_duration(e, "timeout", fallback->timeout_ms);
    entries_text(e, "priority", fields_choice_name(draft_priorities, (int)fallback->priority));
}

static void add_notify(struct entries *e, const struct config *c)
{
    const struct notifier_config *notify = &c->notify;

    entries_prefix(e, "notify.");
    entries_bool(e, "expected", notify->expected);
    entries_duration(e, "silent_after", notify->silent_after_ms);
    if (notify->fallback.n_arguments > 0)
        add_fallback(e, &notify->fallback);
    if (!notify->relay.enabled)
        return;
    entries_prefix(e, "notify.relay.");
    entries_text(e, "device", c->devices[notify->relay.device].id);
    entries_add(e, notify->relay.table == TABLE_COIL ? "coil" : "register", "%u", notify->relay.address);
    entries_add(e, "on", "%u", notify->relay.on);
    entries_add(e, "off", "%u", notify->relay.off);
}

static void add_proof(struct entries *e, const struct config *c)
{
    entries_prefix(e, "drill.");
    if (c->drill.every_days > 0) {
        entries_add(e, "every", "%" PRIu32 " d", c->drill.every_days);
        entries_add(e, "at", "%02u:%02u", c->drill.at_minute / 60, c->drill.at_minute % 60);
        entries_duration(e, "confirm_within", c->drill.confirm_within_ms);
    }
    entries_prefix(e, "rounds.");
    entries_duration(e, "every", c->rounds.every_ms);
    entries_duration(e, "grace", c->rounds.grace_ms);
    entries_duration(e, "unattended_after", c->rounds.unattended_after_ms);
}

void entries_site(struct entries *e, const struct config *c)
{
    add_places(e, c);
    add_alarming(e, c);
    add_notify(e, c);
    add_proof(e, c);
}
