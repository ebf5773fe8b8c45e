/* sender.c - see internal.h. What people must know goes first; what takes part of the window is bounded, so
 * that the next alarm finds room at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "log.h"

#define HEARTBEAT_US    (10 * SECOND_US)
#define BUFFER_MAX      ((size_t)4 << 20)
#define DEVICE_EXPIRY_S 300 /* five times as long as the core takes to tell them again */
#define KEPT_FREE       2   /* of the window, by events: for status and alarms */

/* An index of one generation of the configuration. */
static uint64_t key_of(const struct publisher *p, uint16_t index)
{
    return (uint64_t)p->mirror->config->generation << 32 | index;
}

static bool index_of(const struct publisher *p, uint64_t key, uint16_t *ret)
{
    *ret = (uint16_t)(key & 0xFFFF);
    return key >> 32 == p->mirror->config->generation;
}

/* Makes the buffer larger after -ENOSPC; false: no more. */
static bool grow(struct publisher *p)
{
    if (p->buffer_size >= BUFFER_MAX)
        return false;
    char *larger = realloc(p->buffer, p->buffer_size * 2);
    if (larger == NULL)
        return false;
    p->buffer = larger;
    p->buffer_size *= 2;
    return true;
}

static int publish(struct publisher *p, enum session_owner owner, uint64_t key, const char *topic,
                   const char *payload, bool retain)
{
    struct session_message message = {.topic = topic,
                                      .payload = payload,
                                      .length = strlen(payload),
                                      .retain = retain,
                                      .owner = owner,
                                      .key = key};
    return session_publish(p->session, &message);
}

/* Each send_... returns 1: sent; 0: nothing to send; < 0: not now, for anybody. */

static int send_alarm(struct publisher *p)
{
    char topic[TOPIC_MAX];
    uint16_t alarm;
    if (!dirty_take(&p->mirror->alarms_due, &alarm))
        return 0;
    const char *body = p->mirror->alarms[alarm].body;
    int error = publish(p, OWNER_ALARM, key_of(p, alarm),
                        payload_topic_alarm(topic, p->mirror->config, alarm), body != NULL ? body : "", true);
    if (error < 0)
        dirty_add(&p->mirror->alarms_due, alarm);
    return error < 0 ? error : 1;
}

static int send_answer(struct publisher *p, int64_t now_us)
{
    struct commands_answer *answer = commands_next(&p->commands, now_us);
    if (answer == NULL)
        return 0;
    struct session_message message = {.topic = answer->topic,
                                      .payload = answer->text,
                                      .length = strlen(answer->text),
                                      .correlation = answer->correlation,
                                      .correlation_length = answer->correlation_length,
                                      .owner = OWNER_ANSWER};
    int error = session_publish(p->session, &message);
    if (error == 0 || error == -EIO)
        answer->ticket = 0;
    return error < 0 ? error : 1;
}

static int send_event(struct publisher *p, int64_t now_us)
{
    char topic[TOPIC_MAX], late[BODY_MAX + sizeof HISTORICAL];
    unsigned window = session_window(p->session);
    if (window > 2 * KEPT_FREE && session_under_way(p->session, OWNER_EVENT) >= window - KEPT_FREE)
        return 0;
    struct outbox_slot *slot = outbox_next(p->outbox, now_us);
    if (slot == NULL)
        return 0;
    const char *body = slot->body;
    if (slot->raised_boot_us < p->connected_us && payload_late(late, sizeof late, slot->body) > 0)
        body = late;
    int error =
        publish(p, OWNER_EVENT, slot->seq, payload_topic(topic, p->mirror->config, "events"), body, false);
    if (error < 0)
        return error;
    outbox_sent(slot);
    return 1;
}

static int send_status(struct publisher *p, int64_t now_us)
{
    char text[STATUS_MAX];
    bool leaving = p->phase == PHASE_FAREWELL;
    if (!p->status_due || now_us < p->status_retry_us)
        return 0;
    (void)payload_status(text, sizeof text, !leaving, p->run, clock_now().utc_us,
                         leaving ? p->farewell : NULL);
    int error = publish(p, OWNER_STATUS, 0, p->status_topic, text, true);
    if (error < 0)
        return error;
    p->status_due = false;
    return 1;
}

static int send_heartbeat(struct publisher *p, int64_t now_us)
{
    char topic[TOPIC_MAX], text[HEARTBEAT_MAX];
    if (now_us < p->heartbeat_us || session_under_way(p->session, OWNER_HEARTBEAT) > 0)
        return 0;
    (void)payload_heartbeat(text, sizeof text, p->run, clock_now().utc_us, p->heartbeat_sequence + 1,
                            outbox_waiting(p->outbox), outbox_last_seq(p->outbox),
                            p->notifier_known ? &p->notifier : NULL);
    int error =
        publish(p, OWNER_HEARTBEAT, 0, payload_topic(topic, p->mirror->config, "heartbeat"), text, false);
    if (error < 0)
        return error;
    p->heartbeat_sequence++;
    p->heartbeat_us = now_us + HEARTBEAT_US;
    return 1;
}

static int send_head(struct publisher *p)
{
    char topic[TOPIC_MAX];
    if (!p->head_due || session_under_way(p->session, OWNER_HEAD) > 0)
        return 0;
    int error = publish(p, OWNER_HEAD, 0, payload_topic(topic, p->mirror->config, "head"), p->head, true);
    if (error < 0)
        return error;
    p->head_due = false;
    return 1;
}

static int send_disabled(struct publisher *p)
{
    char topic[TOPIC_MAX];
    if (!p->disabled_due || p->disabled == NULL || session_under_way(p->session, OWNER_DISABLED) > 0)
        return 0;
    int error =
        publish(p, OWNER_DISABLED, 0, payload_topic(topic, p->mirror->config, "disabled"), p->disabled, true);
    if (error < 0)
        return error;
    p->disabled_due = false;
    return 1;
}

/* Only half of the window is for what can wait. */
static bool has_room_for(const struct publisher *p, enum session_owner owner)
{
    unsigned half = session_window(p->session) / 2;
    return session_under_way(p->session, owner) < (half > 0 ? half : 1);
}

static int send_readings(struct publisher *p)
{
    char topic[TOPIC_MAX];
    const struct config *config = p->mirror->config;
    uint16_t asset;
    int length;
    if (!has_room_for(p, OWNER_READINGS) || !dirty_take(&p->mirror->readings_due, &asset))
        return 0;
    do
        length = payload_readings(p->buffer, p->buffer_size, p->mirror, asset, p->run,
                                  p->readings_sequence + 1, clock_now().utc_us);
    while (length < 0 && grow(p));
    if (length < 0) {
        connection_refused(p, "readings", "too many points for one message", clock_boot_us());
        return 1;
    }
    struct session_message message = {.topic = payload_topic_readings(topic, config, asset),
                                      .payload = p->buffer,
                                      .length = (size_t)length,
                                      .retain = true,
                                      .expiry_s = payload_expiry(config, asset),
                                      .owner = OWNER_READINGS,
                                      .key = key_of(p, asset)};
    int error = session_publish(p->session, &message);
    if (error < 0) {
        dirty_add(&p->mirror->readings_due, asset);
        return error;
    }
    p->readings_sequence++;
    return 1;
}

static int send_leftover(struct publisher *p)
{
    const char *topic = leftovers_peek(&p->leftovers);
    for (; topic != NULL && leftovers_is_in_use(p->mirror->config, topic);
         topic = leftovers_peek(&p->leftovers))
        leftovers_pop(&p->leftovers);
    if (topic == NULL || !has_room_for(p, OWNER_CLEAR))
        return 0;
    int error = publish(p, OWNER_CLEAR, 0, topic, "", true);
    if (error < 0)
        return error;
    leftovers_pop(&p->leftovers);
    return 1;
}

static int send_discovery(struct publisher *p)
{
    char topic[TOPIC_MAX];
    const struct config *config = p->mirror->config;
    uint16_t asset;
    int length;
    if (!has_room_for(p, OWNER_DISCOVERY) || !dirty_take(&p->mirror->discovery_due, &asset))
        return 0;
    do
        length = payload_discovery(p->buffer, p->buffer_size, config, asset);
    while (length < 0 && grow(p));
    if (length < 0)
        return 1;
    int error = publish(p, OWNER_DISCOVERY, key_of(p, asset), payload_topic_discovery(topic, config, asset),
                        p->buffer, true);
    if (error < 0)
        dirty_add(&p->mirror->discovery_due, asset);
    return error < 0 ? error : 1;
}

static int send_device(struct publisher *p)
{
    char topic[TOPIC_MAX];
    uint16_t device;
    if (!has_room_for(p, OWNER_DEVICE) || !dirty_take(&p->mirror->devices_due, &device))
        return 0;
    const char *body = p->mirror->devices[device];
    struct session_message message = {.topic = payload_topic_device(topic, p->mirror->config, device),
                                      .payload = body,
                                      .length = strlen(body),
                                      .retain = true,
                                      .expiry_s = DEVICE_EXPIRY_S,
                                      .owner = OWNER_DEVICE,
                                      .key = key_of(p, device)};
    int error = session_publish(p->session, &message);
    if (error < 0)
        dirty_add(&p->mirror->devices_due, device);
    return error < 0 ? error : 1;
}

/* Alarms that are normal, and of which the broker may still think otherwise. */
static int send_sweep(struct publisher *p, int64_t now_us)
{
    char topic[TOPIC_MAX];
    uint16_t alarm;
    if (now_us < p->sweep_us || !has_room_for(p, OWNER_CLEAR) || !mirror_sweep(p->mirror, &alarm))
        return 0;
    int error = publish(p, OWNER_CLEAR, 0, payload_topic_alarm(topic, p->mirror->config, alarm), "", true);
    if (error < 0)
        p->mirror->sweep = alarm;
    return error < 0 ? error : 1;
}

static int send_one(struct publisher *p, int64_t now_us)
{
    if (p->phase == PHASE_FAREWELL)
        return send_status(p, now_us);
    int sent = send_alarm(p);
    if (sent == 0)
        sent = send_answer(p, now_us);
    if (sent == 0)
        sent = send_event(p, now_us);
    if (sent == 0)
        sent = send_status(p, now_us);
    if (sent == 0)
        sent = send_heartbeat(p, now_us);
    if (sent == 0)
        sent = send_head(p);
    if (sent == 0)
        sent = send_disabled(p);
    if (sent == 0)
        sent = send_readings(p);
    if (sent == 0)
        sent = send_leftover(p);
    if (sent == 0)
        sent = send_discovery(p);
    if (sent == 0)
        sent = send_device(p);
    if (sent == 0)
        sent = send_sweep(p, now_us);
    return sent;
}

void sender_run(struct publisher *p, int64_t now_us)
{
    while (session_state(p->session) == SESSION_UP && p->closing_us == 0 && send_one(p, now_us) > 0)
        ;
}

static const char *owner_name(enum session_owner owner)
{
    static const char *const names[OWNERS] = {
        [OWNER_STATUS] = "the status",
        [OWNER_HEARTBEAT] = "the heartbeat",
        [OWNER_ALARM] = "alarm states",
        [OWNER_EVENT] = "events",
        [OWNER_READINGS] = "readings",
        [OWNER_DISCOVERY] = "Home Assistant discovery",
        [OWNER_CLEAR] = "clearing",
        [OWNER_ANSWER] = "an answer to a command",
        [OWNER_DEVICE] = "diagnostics",
        [OWNER_HEAD] = "the head of the record",
        [OWNER_DISABLED] = "what is disabled",
    };
    return names[owner];
}

/* The broker says no: to some of it people must be told, and it is tried again. */
static void say_refused(struct publisher *p, const struct session_ack *ack, int64_t now_us)
{
    uint16_t index;
    if (ack->owner == OWNER_STATUS) {
        p->status_due = true;
        p->status_retry_us = now_us + OUTBOX_RETRY_MS * MS_US;
    } else if (ack->owner == OWNER_ALARM && index_of(p, ack->key, &index)) {
        dirty_add(&p->mirror->alarms_refused, index);
    } else if (ack->owner != OWNER_EVENT && ack->owner != OWNER_READINGS) {
        if (now_us >= p->quiet_until_us) /* there may be thousands of them */
            log_line(LOG_INFO, MID_BROKER, "MQTT: the broker refuses %s: %s", owner_name(ack->owner),
                     ack->text);
        p->quiet_until_us = now_us + SECOND_US;
        return;
    }
    connection_refused(p, owner_name(ack->owner), ack->text, now_us);
}

void sender_acked(struct publisher *p, const struct session_ack *ack, int64_t now_us)
{
    bool accepted = ack->code < 0x80;
    if (ack->owner == OWNER_EVENT)
        outbox_answer(p->outbox, ack->key, accepted, now_us);
    if (!accepted && p->phase != PHASE_FAREWELL)
        say_refused(p, ack, now_us);
}
