/* inbox.c - see internal.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "log.h"

#define BATCH      512
#define CARRIED_US (5 * SECOND_US) /* the core has told of all alarms of a new configuration by then */

static bool same_broker(const struct config *a, const struct config *b)
{
    const struct mqtt_config *x = &a->mqtt, *y = &b->mqtt;
    return x->enabled == y->enabled && x->keep_alive_s == y->keep_alive_s && x->commands == y->commands &&
           a->notify.expected == b->notify.expected && strcmp(a->site_id, b->site_id) == 0 &&
           strcmp(x->uri, y->uri) == 0 && strcmp(x->client_id, y->client_id) == 0 &&
           strcmp(x->username, y->username) == 0 && strcmp(x->password_file, y->password_file) == 0 &&
           strcmp(x->password_credential, y->password_credential) == 0 &&
           strcmp(x->ca_file, y->ca_file) == 0 && strcmp(x->certificate_file, y->certificate_file) == 0 &&
           strcmp(x->key_file, y->key_file) == 0;
}

static void reload(struct publisher *p, struct config *config, int64_t now_us)
{
    struct mirror *old = p->mirror, *mirror = NULL;
    if (mirror_reload(old, config, &mirror) < 0) {
        log_line(LOG_ERR, MID_BROKER, "MQTT: no memory for the new configuration");
        config_unref(config);
        return;
    }
    p->mirror = mirror;
    p->carried_until_us = now_us + CARRIED_US;
    leftovers_compare(&p->leftovers, old->config, config);
    if (!old->config->mqtt.enabled && config->mqtt.enabled)
        outbox_look_back(p->outbox);
    if (!same_broker(old->config, config))
        connection_change(p, now_us);
    else if (config->mqtt.home_assistant)
        for (int i = 0; i < config->n_assets; i++)
            if (mirror_has_readings(config, i))
                dirty_add(&mirror->discovery_due, (uint16_t)i);
    mirror_free(old);
    config_unref(config); /* the mirror has its own reference */
}

static void set_alarm(struct publisher *p, const struct publisher_message *message)
{
    if (mirror_set_alarm(p->mirror, message->alarm.alarm, message->alarm.body) < 0)
        log_line(LOG_ERR, MID_BROKER, "MQTT: no memory for the state of an alarm");
}

static void take(struct publisher *p, struct publisher_message *message, int64_t now_us)
{
    bool current = message->generation == p->mirror->config->generation;
    switch (message->kind) {
    case PUBLISHER_POINT:
        if (current)
            mirror_set_point(p->mirror, message->point.point, &message->point.reading,
                             message->point.calibrated, message->point.taken);
        break;
    case PUBLISHER_ASSET:
        if (current)
            dirty_add(&p->mirror->readings_due, message->asset);
        break;
    case PUBLISHER_ALARM:
        if (current)
            set_alarm(p, message);
        break;
    case PUBLISHER_HEAD:
        memcpy(p->head, message->head, sizeof p->head);
        p->head_due = true;
        break;
    case PUBLISHER_DISABLED:
        free(p->disabled);
        p->disabled = message->disabled;
        p->disabled_due = true;
        break;
    case PUBLISHER_NOTIFIER:
        p->notifier = message->notifier;
        p->notifier_known = true;
        break;
    case PUBLISHER_SETTLED:
        p->settled = true;
        break;
    case PUBLISHER_DEVICE:
        if (current) /* without memory the old ones stand until they expire */
            (void)mirror_set_device(p->mirror, message->device.device, message->device.body);
        break;
    case PUBLISHER_EVENT:
        outbox_add(p->outbox, &message->event, now_us);
        break;
    case PUBLISHER_DURABLE:
        outbox_durable(p->outbox, message->durable_seq);
        break;
    case PUBLISHER_ANSWER:
        commands_answered(&p->commands, message->answer.ticket, &message->answer.result);
        break;
    case PUBLISHER_CONFIG:
        reload(p, message->config, now_us);
        break;
    }
}

void inbox_take(struct publisher *p, int64_t now_us)
{
    struct publisher_message message;
    p->inbox_empty = false;
    for (unsigned i = 0; i < BATCH; i++) {
        if (!mailbox_take(p->inbox, &message)) {
            p->inbox_empty = true;
            break;
        }
        take(p, &message, now_us);
    }
    uint64_t dropped = mailbox_take_dropped(p->inbox);
    if (dropped > 0)
        log_line(LOG_WARNING, MID_BROKER, "MQTT: %" PRIu64 " messages did not fit in the mailbox", dropped);
}
