/* connection.c - see internal.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"
#include "log.h"
#include "notifier.h"

#define BACKOFF_MIN_US  (1 * SECOND_US)
#define BACKOFF_MAX_US  (30 * SECOND_US)
#define CONNECT_BUSY_MS 60000
#define SLOW_US         (15 * SECOND_US) /* no outcome for so long is a failure */
#define CLOSING_US      (5 * SECOND_US)
#define LEARN_US        (5 * SECOND_US)
#define SWEEP_DELAY_US  (10 * SECOND_US) /* the core has told of restored alarms by then */
#define REFUSED_US      (15 * SECOND_US) /* the fault lasts so long after the last refusal */
#define HOLDS_US        (10 * SECOND_US) /* a connection that breaks sooner was none */
#define FAREWELL_US     (1 * SECOND_US)
#define COMMANDS_FILTER LEFTOVERS_FILTERS
#define NOTIFIER_FILTER (COMMANDS_FILTER + 1)

/* Posts a change of state; when the core's mailbox is full, the next turn does. */
static void tell(struct publisher *p, bool failed, const char *detail)
{
    struct core_message message = {.kind = CORE_FAULT, .generation = p->mirror->config->generation};
    enum fault_state wanted = failed ? FAULT_FAILED : FAULT_WELL;
    if (p->fault == wanted)
        return;
    message.fault.fault = FAULT_BROKER;
    message.fault.failed = failed;
    snprintf(message.fault.detail, sizeof message.fault.detail, "%s", detail);
    if (mailbox_try(p->core, MAILBOX_RESERVED, &message) == 0)
        p->fault = wanted;
}

static void tell_state(struct publisher *p, int64_t now_us)
{
    const struct mqtt_config *mqtt = &p->mirror->config->mqtt;
    char slow[SESSION_TROUBLE];
    if (p->phase != PHASE_RUN)
        return;
    if (!mqtt->enabled) {
        tell(p, true, "no broker is configured");
    } else if (session_state(p->session) == SESSION_UP) {
        if (p->refused_us != 0 && now_us - p->refused_us < REFUSED_US)
            tell(p, true, p->refused);
        else if (p->confirmed && (!p->short_lived || now_us - p->connected_us >= HOLDS_US))
            tell(p, false, "");
    } else if (session_state(p->session) == SESSION_CONNECTING) {
        snprintf(slow, sizeof slow, "no connection to %.200s yet", mqtt->uri);
        if (now_us - p->connecting_us > SLOW_US)
            tell(p, true, slow);
    } else if (p->attempts > 0) {
        tell(p, true, session_trouble(p->session));
    }
}

/* Half of the delay at least, so that a hall full of daemons does not come back at the same moment. */
static int64_t backoff_us(unsigned attempts)
{
    uint32_t random = 0;
    int64_t delay = BACKOFF_MIN_US << (attempts > 6 ? 5 : attempts > 0 ? attempts - 1 : 0);
    if (delay > BACKOFF_MAX_US)
        delay = BACKOFF_MAX_US;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = (uint32_t)clock_boot_us();
    return delay / 2 + (int64_t)(random % 1000) * (delay / 2) / 1000;
}

static void went_down(struct publisher *p, int64_t now_us)
{
    const char *trouble = session_trouble(p->session);
    if (p->connected_us != 0)
        p->short_lived = now_us - p->connected_us < HOLDS_US;
    p->connected_us = 0;
    p->confirmed = p->status_due = false;
    p->closing_us = p->refused_us = 0;
    p->connecting_us = now_us;
    outbox_disconnected(p->outbox);
    leftovers_clear(&p->leftovers);
    p->attempts++;
    p->retry_us = now_us + backoff_us(p->attempts);
    if (strcmp(p->logged, trouble) == 0)
        return; /* once is enough, until it is another trouble */
    snprintf(p->logged, sizeof p->logged, "%s", trouble);
    log_line(LOG_WARNING, MID_BROKER, "MQTT: %s", trouble);
}

static void came_up(struct publisher *p, int64_t now_us)
{
    const struct config *config = p->mirror->config;
    char topic[TOPIC_MAX];
    p->connected_us = now_us;
    p->closing_us = p->refused_us = 0;
    p->confirmed = false;
    p->status_due = true;
    p->head_due = p->head[0] != '\0';
    p->disabled_due = p->disabled != NULL;
    p->status_retry_us = p->heartbeat_us = now_us;
    p->learn_until_us = now_us + LEARN_US;
    p->sweep_us = now_us + SWEEP_DELAY_US;
    mirror_all_due(p->mirror);
    for (unsigned i = 0; i < LEFTOVERS_FILTERS; i++)
        (void)session_subscribe(p->session, (int)i, leftovers_filter(topic, config, i), true);
    if (config->mqtt.commands)
        (void)session_subscribe(p->session, COMMANDS_FILTER, commands_filter(topic, config), false);
    if (config->notify.expected)
        (void)session_subscribe(p->session, NOTIFIER_FILTER, notifier_filter(topic, config), true);
}

static void subscribed(const struct session_ack *ack)
{
    if (ack->code < 0x80)
        return;
    if (ack->filter == COMMANDS_FILTER)
        log_line(LOG_WARNING, MID_BROKER, "MQTT: the broker does not let us hear commands: %s", ack->text);
    else if (ack->filter == NOTIFIER_FILTER)
        log_line(LOG_WARNING, MID_BROKER, "MQTT: the broker does not let us hear cryonotify: %s", ack->text);
    else
        log_line(LOG_INFO, MID_BROKER, "MQTT: the broker does not let us look for leftovers (%s): %s",
                 ack->filter == 0   ? "alarms"
                 : ack->filter == 1 ? "readings"
                                    : "Home Assistant",
                 ack->text);
}

static void hand_over(struct publisher *p, struct core_message *message)
{
    static const struct command_result busy = {.error = -ENOSPC};
    if (mailbox_post(p->core, MAILBOX_ORDINARY, message) == 0)
        return;
    commands_answered(&p->commands, message->command->ticket, &busy);
    free(message->command);
}

static void arrived(struct publisher *p, const struct arrival *arrival, int64_t now_us)
{
    const struct config *config = p->mirror->config;
    struct core_message message;
    char error[128];
    int result = notifier_take(p->core, config, arrival) || arrival->too_long ? 2 : -ENOMSG;
    if (result == -ENOMSG && config->mqtt.commands)
        result = commands_read(&p->commands, config, arrival, now_us, &message, error, sizeof error);
    if (result == 1) {
        hand_over(p, &message);
    } else if (result == 0 && now_us >= p->quiet_until_us) {
        p->quiet_until_us = now_us + SECOND_US;
        log_line(LOG_WARNING, MID_BROKER, "MQTT: command refused: %s", error);
    } else if (result == -ENOMSG && leftovers_is(config, arrival)) {
        leftovers_add(&p->leftovers, arrival->topic);
    }
}

void connection_note(struct publisher *p, const struct note *note, int64_t now_us)
{
    struct session_ack ack;
    switch (session_note(p->session, note, &ack)) {
    case SESSION_NOTHING:
        break;
    case SESSION_CAME_UP:
        came_up(p, now_us);
        break;
    case SESSION_WENT_DOWN:
        went_down(p, now_us);
        break;
    case SESSION_ACKED:
        if (ack.owner == OWNER_STATUS && ack.code < 0x80 && p->phase != PHASE_FAREWELL) {
            if (!p->confirmed)
                log_line(LOG_NOTICE, MID_BROKER, "MQTT: connected to %s", p->mirror->config->mqtt.uri);
            p->confirmed = true;
            p->attempts = 0;
            p->logged[0] = '\0';
        }
        sender_acked(p, &ack, now_us);
        break;
    case SESSION_SUBACKED:
        subscribed(&ack);
        break;
    case SESSION_ARRIVED:
        arrived(p, note->arrival, now_us);
        break;
    }
}

void connection_refused(struct publisher *p, const char *what, const char *why, int64_t now_us)
{
    if (p->refused_us == 0)
        log_line(LOG_WARNING, MID_BROKER, "MQTT: the broker refuses %s: %s", what, why);
    p->refused_us = now_us;
    snprintf(p->refused, sizeof p->refused, "the broker refuses %s: %s", what, why);
}

static void try_to_connect(struct publisher *p, int64_t now_us)
{
    const struct config *config = p->mirror->config;
    char will[STATUS_MAX];
    if (p->attempts == 0)
        p->connecting_us = now_us;
    payload_topic(p->status_topic, config, "status");
    (void)payload_status(will, sizeof will, false, p->run, clock_now().utc_us, "connection lost");
    heartbeat_busy(p->heartbeats, p->slot, CONNECT_BUSY_MS);
    int error = session_connect(p->session, &config->mqtt, p->status_topic, will);
    heartbeat_beat(p->heartbeats, p->slot);
    if (error < 0)
        went_down(p, now_us);
}

static void farewell(struct publisher *p, const char *reason, int64_t until_us)
{
    p->phase = PHASE_FAREWELL;
    p->farewell = reason;
    p->phase_until_us = until_us;
    p->status_due = session_state(p->session) == SESSION_UP;
    p->status_retry_us = 0;
}

void connection_change(struct publisher *p, int64_t now_us)
{
    if (p->phase != PHASE_RUN)
        return;
    p->attempts = 0;
    p->retry_us = now_us;
    if (session_state(p->session) != SESSION_IDLE)
        farewell(p, "the configuration has changed", now_us + FAREWELL_US);
}

/* Ends when the broker has our "offline", or there is nobody to tell. */
static void farewell_step(struct publisher *p, int64_t now_us)
{
    bool told = !p->status_due && session_under_way(p->session, OWNER_STATUS) == 0;
    if (session_state(p->session) == SESSION_UP && !told && now_us < p->phase_until_us)
        return;
    session_drop(p->session, p->farewell);
    outbox_disconnected(p->outbox);
    p->confirmed = p->status_due = false;
    p->retry_us = now_us;
    p->phase = p->stopping ? PHASE_END : PHASE_RUN;
}

/* Everything that has to go is gone, or patience is at its end. */
static void flush_step(struct publisher *p, int64_t now_us)
{
    bool done = p->inbox_empty && outbox_is_empty(p->outbox) && p->mirror->alarms_due.used == 0 &&
                session_under_way(p->session, OWNER_ALARM) == 0 && p->settled && !p->head_due &&
                session_under_way(p->session, OWNER_HEAD) == 0;
    if (session_state(p->session) != SESSION_UP || done || now_us >= p->phase_until_us)
        farewell(p, "stopped", now_us + (p->stop_us - now_us) / 2);
}

static void watch(struct publisher *p, int64_t now_us)
{
    const char *why = NULL;
    if (!session_is_closing(p->session))
        p->closing_us = 0;
    else if (p->closing_us == 0)
        p->closing_us = now_us;
    if (session_is_overdue(p->session, now_us))
        why = "the broker has not confirmed a message for 20 s";
    else if (p->closing_us != 0 && now_us - p->closing_us > CLOSING_US)
        why = "the connection broke";
    if (why != NULL) {
        session_drop(p->session, why);
        went_down(p, now_us);
    }
}

static void housekeeping(struct publisher *p, int64_t now_us)
{
    char topic[TOPIC_MAX];
    if (p->learn_until_us != 0 && now_us >= p->learn_until_us) {
        p->learn_until_us = 0;
        for (unsigned i = 0; i < LEFTOVERS_FILTERS; i++)
            session_unsubscribe(p->session, leftovers_filter(topic, p->mirror->config, i));
    }
    if (now_us >= p->refused_retry_us) {
        p->refused_retry_us = now_us + OUTBOX_RETRY_MS * MS_US;
        mirror_retry_refused(p->mirror);
    }
}

void connection_step(struct publisher *p, int64_t now_us)
{
    const struct mqtt_config *mqtt = &p->mirror->config->mqtt;
    if (p->phase == PHASE_FLUSH)
        flush_step(p, now_us);
    if (p->phase == PHASE_FAREWELL)
        farewell_step(p, now_us);
    if (p->carried_until_us != 0 && now_us >= p->carried_until_us) {
        p->carried_until_us = 0;
        mirror_drop_carried(p->mirror);
    }
    if (session_state(p->session) == SESSION_UP) {
        watch(p, now_us);
        housekeeping(p, now_us);
    }
    if (mqtt->enabled && p->phase == PHASE_RUN && session_state(p->session) == SESSION_IDLE &&
        now_us >= p->retry_us)
        try_to_connect(p, now_us);
    tell_state(p, now_us);
}

int64_t connection_deadline(const struct publisher *p)
{
    int64_t deadline = INT64_MAX;
    if (p->phase != PHASE_RUN)
        deadline = p->phase_until_us;
    if (session_state(p->session) == SESSION_UP) {
        if (p->heartbeat_us < deadline)
            deadline = p->heartbeat_us;
    } else if (session_state(p->session) == SESSION_IDLE && p->mirror->config->mqtt.enabled &&
               p->retry_us < deadline) {
        deadline = p->retry_us;
    }
    return deadline;
}
