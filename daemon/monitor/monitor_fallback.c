/* monitor_fallback.c - the daemon's own last resort: when the way to people is broken and an alarm waits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

#define LISTED_MAX 20 /* alarms in one call */
#define STUCK_US   (30 * SECOND_US)
#define HOLD_US    (5 * SECOND_US) /* a broker that is only started anew wakes nobody */
#define SENTENCE   900

/* Why people would not be told by the usual way; NULL: they would. */
static const char *broken(struct monitor *m, int64_t now_us)
{
    int64_t *since_us = &m->fallback.broker_since_us;
    if (!monitor_broker_failed(m))
        *since_us = 0;
    else if (*since_us == 0)
        *since_us = now_us;
    if (m->config->notify.expected && m->faults[FAULT_NOTIFIER].sources != 0)
        return "notifier";
    return *since_us != 0 && now_us - *since_us >= HOLD_US ? "broker" : NULL;
}

struct wanted {
    unsigned count; /* alarms that wait for somebody */
    unsigned n_listed;
    uint16_t listed[LISTED_MAX]; /* the most urgent first */
    bool news, repeat;           /* one of them was not told yet; one still waits */
};

static bool before(const struct monitor *m, uint16_t a, uint16_t b)
{
    bool new_a = m->fallback_told[a] != m->alarms[a].raised_utc_us,
         new_b = m->fallback_told[b] != m->alarms[b].raised_utc_us;
    if (new_a != new_b)
        return new_a;
    return m->config->alarm_models[a].priority > m->config->alarm_models[b].priority;
}

static void list(const struct monitor *m, struct wanted *w, uint16_t alarm)
{
    unsigned at = w->n_listed;
    if (at == LISTED_MAX && !before(m, alarm, w->listed[at - 1]))
        return;
    if (at == LISTED_MAX)
        at--;
    else
        w->n_listed++;
    for (; at > 0 && before(m, alarm, w->listed[at - 1]); at--)
        w->listed[at] = w->listed[at - 1];
    w->listed[at] = alarm;
}

static struct wanted look(const struct monitor *m)
{
    struct wanted w = {0};
    const enum priority least = m->config->notify.fallback.priority;
    for (uint16_t i = 0; i < m->config->n_alarms; i++) {
        const enum alarm_state state = m->alarms[i].state;
        bool told = m->fallback_told[i] == m->alarms[i].raised_utc_us;
        if (m->config->alarm_models[i].priority < least || m->alarms[i].raised_utc_us == 0)
            continue;
        if (state != ALARM_UNACKNOWLEDGED && !(state == ALARM_RETURNED_UNACKNOWLEDGED && !told))
            continue;
        w.count++;
        w.news |= !told;
        w.repeat |= state == ALARM_UNACKNOWLEDGED;
        list(m, &w, i);
    }
    return w;
}

/* ---------------------------------------------------------------- the command */

static void write_text(const struct monitor *m, const struct wanted *w, const char *reason,
                       char text[FALLBACK_TEXT_MAX])
{
    const bool zh = m->config->language == LANGUAGE_ZH;
    size_t len = 0;
    for (unsigned i = 0; i < w->n_listed && len + SENTENCE + 256 < FALLBACK_TEXT_MAX; i++) {
        char sentence[SENTENCE];
        monitor_sentence(m, w->listed[i], m->config->language, sentence, sizeof sentence);
        len += (size_t)snprintf(
            text + len, FALLBACK_TEXT_MAX - len, "%s%s[%s] %s\n",
            i == 0 ? bilingual_get(&m->config->site_name, m->config->language, m->config->site_id) : "",
            i == 0 ? (zh ? "：" : ": ") : "", priority_name(m->config->alarm_models[w->listed[i]].priority),
            sentence);
    }
    if (w->count > w->n_listed)
        len += (size_t)snprintf(text + len, FALLBACK_TEXT_MAX - len,
                                zh ? "还有 %u 个报警未确认\n" : "and %u more alarms are not acknowledged\n",
                                w->count - w->n_listed);
    snprintf(text + len, FALLBACK_TEXT_MAX - len,
             zh ? "（备用通知：%s 不可用）\n" : "(fallback: %s is not available)\n",
             strcmp(reason, "broker") == 0 ? (zh ? "MQTT 服务器" : "the MQTT broker") : "cryonotify");
}

static void call(struct monitor *m, const struct wanted *w, const char *reason, int64_t now_us)
{
    const uint16_t first = w->listed[0];
    const struct alarm_config *alarm = &m->config->alarms[first];
    struct fallback_call *c = calloc(1, sizeof *c);
    if (c == NULL)
        return; /* again in a second */
    c->settings = m->config->notify.fallback;
    c->count = w->count;
    memcpy(c->site, m->config->site_id, sizeof c->site);
    memcpy(c->asset, m->config->assets[alarm->asset].id, sizeof c->asset);
    memcpy(c->alarm, alarm->id, sizeof c->alarm);
    announce_occurrence(c->occurrence, m->config, first, m->alarms[first].raised_utc_us);
    snprintf(c->priority, sizeof c->priority, "%s", priority_name(m->config->alarm_models[first].priority));
    snprintf(c->reason, sizeof c->reason, "%s", reason);
    write_text(m, w, reason, c->text);
    if (fallback_run(m->parts.fallback, c) < 0) /* takes the call */
        return;
    m->fallback.running = true;
    m->fallback.started_us = now_us;
    m->fallback.due_us = now_us + m->config->notify.fallback.repeat_ms * MS_US;
    for (unsigned i = 0; i < w->n_listed; i++)
        m->fallback_told[w->listed[i]] = m->alarms[w->listed[i]].raised_utc_us;
}

/* ---------------------------------------------------------------- the relay */

static void set_relay(struct monitor *m, bool on)
{
    const struct relay_config *config = &m->config->notify.relay;
    struct fallback_relay relay;
    memset(&relay, 0, sizeof relay); /* compared byte by byte */
    if (config->enabled) {
        const struct device_config *device = &m->config->devices[config->device];
        const struct bus_config *bus = &m->config->buses[device->bus];
        relay.enabled = true;
        relay.on = on;
        relay.serial = bus->kind == BUS_RTU;
        snprintf(relay.host, sizeof relay.host, "%s", relay.serial ? bus->device : bus->host);
        relay.port = bus->port;
        relay.unit = device->unit;
        relay.coil = config->table == TABLE_COIL;
        relay.address = config->address;
        relay.value = on ? config->on : config->off;
    }
    (void)fallback_set_relay(m->parts.fallback, &relay); /* told again in a second in any case */
}

/* ---------------------------------------------------------------- watching */

/* A last resort that fails is told by the first one. */
static void judge(struct monitor *m)
{
    struct fallback_watch *f = &m->fallback;
    char detail[LANGUAGES][NOTE_MAX];
    const bool grew = (f->command_failed && !f->command_told) || (f->relay_failed && !f->relay_told);
    monitor_channel_words(m, detail);
    monitor_troubles_tell(m, FAULT_NOTIFY_CHANNEL, FROM_FALLBACK, f->command_failed || f->relay_failed, grew,
                          detail[LANGUAGE_EN], detail[LANGUAGE_ZH]);
    f->command_told = f->command_failed;
    f->relay_told = f->relay_failed;
}

void monitor_watch_fallback(struct monitor *m, int64_t now_us)
{
    struct fallback_watch *f = &m->fallback;
    const char *reason = broken(m, now_us);
    struct wanted w = {0};
    if (m->parts.fallback == NULL)
        return;
    if (reason != NULL)
        w = look(m);
    else
        f->due_us = 0;
    set_relay(m, w.repeat);
    if (m->config->notify.fallback.n_arguments == 0) {
        f->command_failed = false;
    } else if (f->running &&
               now_us - f->started_us > m->config->notify.fallback.timeout_ms * MS_US + STUCK_US) {
        f->command_failed = true;
        snprintf(f->command_detail[LANGUAGE_EN], NOTE_MAX, "it can't be ended");
        snprintf(f->command_detail[LANGUAGE_ZH], NOTE_MAX, "无法终止该命令");
    } else if (!f->running && (w.news || (w.repeat && now_us >= f->due_us))) {
        call(m, &w, reason, now_us);
    }
    if (!m->config->notify.relay.enabled)
        f->relay_failed = false;
    judge(m);
}

void monitor_fallback_result(struct monitor *m, const struct core_message *message)
{
    struct fallback_watch *f = &m->fallback;
    const int error = message->fallback.error, status = message->fallback.status;
    const bool is_command = message->fallback.part == FALLBACK_COMMAND, ok = error == 0 && status == 0;
    char why[NOTE_MAX] = "", zh[NOTE_MAX] = "";
    if (error < 0)
        snprintf(why, sizeof why, "%s%s%.180s", strerrordesc_np(-error),
                 message->fallback.detail[0] != '\0' ? ": " : "", message->fallback.detail);
    else if (!ok)
        snprintf(why, sizeof why, "status %d%s%.180s", status,
                 message->fallback.detail[0] != '\0' ? ": " : "", message->fallback.detail);
    if (error < 0 || ok)
        memcpy(zh, why, sizeof zh); /* the system's own words */
    else
        snprintf(zh, sizeof zh, "返回值 %d%s%.180s", status, message->fallback.detail[0] != '\0' ? "：" : "",
                 message->fallback.detail);
    const struct announce_member members[] = {
        {.key = "part", .text = is_command ? "command" : "relay"},
        {.key = "alarm_id", .text = message->fallback.occurrence},
        {.key = "outcome", .text = ok ? "done" : "failed"},
        {.key = "set",
         .text = is_command             ? ""
                 : message->fallback.on ? "on"
                                        : "off"},
        {.key = "error", .text = why},
    };
    if (m->started)
        monitor_event(m, clock_now(), "fallback", members, sizeof members / sizeof *members);
    log_line(ok ? LOG_NOTICE : LOG_ERR, MID_BROKER, "fallback: the %s %s%s%s",
             is_command ? "command" : "relay", ok ? "has done its work" : "has failed", ok ? "" : ": ", why);
    if (is_command) {
        f->running = false;
        f->command_failed = !ok;
        memcpy(f->command_detail[LANGUAGE_EN], why, sizeof why);
        memcpy(f->command_detail[LANGUAGE_ZH], zh, sizeof zh);
    } else {
        f->relay_failed = !ok;
        memcpy(f->relay_detail[LANGUAGE_EN], why, sizeof why);
        memcpy(f->relay_detail[LANGUAGE_ZH], zh, sizeof zh);
    }
    judge(m);
}
