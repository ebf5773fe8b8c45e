/* monitor_bypass.c - devices that are not to be believed: their alarms are out of service, people read by
 * eye.
 *
 * The bypass of a device is a record of its own, with an end; what it does to the device's alarms is what any
 * out-of-service does. What is derived from its readings (tanks, supplies, freezers) is the device's, too.
 * Readings go on being stored and shown.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

#define DAY_MS UINT64_C(86400000)

static int find_device(const struct config *config, const char *id)
{
    for (uint16_t i = 0; i < config->n_devices; i++)
        if (strcmp(config->devices[i].id, id) == 0)
            return i;
    return -1;
}

static struct bypass_record *find_record(struct monitor *m, const char *device)
{
    for (unsigned i = 0; i < m->n_bypasses; i++)
        if (strcmp(m->bypasses[i].device, device) == 0)
            return &m->bypasses[i];
    return NULL;
}

bool monitor_is_bypassed(const struct monitor *m, const char *device)
{
    for (unsigned i = 0; i < m->n_bypasses; i++)
        if (strcmp(m->bypasses[i].device, device) == 0)
            return m->bypasses[i].bypass.until_utc_us != 0;
    return false;
}

int64_t monitor_bypassed_since(const struct monitor *m, const char *device)
{
    for (unsigned i = 0; i < m->n_bypasses; i++)
        if (strcmp(m->bypasses[i].device, device) == 0)
            return m->bypasses[i].bypass.until_utc_us != 0 ? m->bypasses[i].bypass.note.since_utc_us : 0;
    return 0;
}

static bool reads(const struct config *config, const struct role *role, int device)
{
    return role->point >= 0 && config->points[role->point].device == device;
}

static bool has_alarm(const int *alarms, unsigned n, uint16_t alarm, unsigned *ret_which)
{
    for (unsigned i = 0; i < n; i++)
        if (alarms[i] == alarm) {
            *ret_which = i;
            return true;
        }
    return false;
}

/* By what it is judged: a second thermometer that is repaired must not silence what the level tells. The
 * room's temperature is none of it: it only explains. */
static bool is_of_vessel(const struct config *config, const struct vessel_config *v, unsigned which,
                         int device)
{
    const uint32_t flag = which < TANK_FLAGS ? 1u << which : 0;
    const bool by_temps = (flag & (TANK_TEMP_TOO_WARM | TANK_TEMP_TOO_COLD | TANK_TEMPS_DIFFER)) != 0;
    const bool by_level =
        flag != TANK_TEMPS_DIFFER; /* a level of nothing under a cold top is too cold, too */
    const bool by_valve = by_level && flag != TANK_TEMP_TOO_COLD;
    bool is =
        (by_level && reads(config, &v->level, device)) || (by_valve && reads(config, &v->valve, device));
    for (unsigned i = 0; by_temps && i < TANK_TEMPS; i++)
        is = is || reads(config, &v->temps[i], device);
    return is || (flag == TANK_FILL_BLOCKED && reads(config, &v->lid, device));
}

/* Of its controller and probes: lid, power and nitrogen (a UPS, say) only explain. */
static bool is_of_freezer(const struct config *config, const struct freezer_config *f, int device)
{
    for (unsigned i = 0; i < FREEZER_INPUT_LID; i++)
        if (reads(config, &f->inputs[i], device))
            return true;
    return false;
}

static bool is_derived_of(const struct config *config, uint16_t alarm, int device)
{
    unsigned which;
    for (uint16_t i = 0; i < config->n_vessels; i++)
        if (has_alarm(config->vessels[i].alarms, TANK_ALARM_COUNT, alarm, &which))
            return is_of_vessel(config, &config->vessels[i], which, device);
    for (uint16_t i = 0; i < config->n_supplies; i++) {
        const struct supply_config *s = &config->supplies[i];
        if (has_alarm(s->alarms, SUPPLY_ALARM_COUNT, alarm, &which)) /* no-tank-filled is of its tanks */
            return which == SUPPLY_ALARM_SHORT && reads(config, &s->stock, device);
    }
    for (uint16_t i = 0; i < config->n_freezers; i++)
        if (has_alarm(config->freezers[i].alarms, FREEZER_ALARM_COUNT, alarm, &which))
            return is_of_freezer(config, &config->freezers[i], device);
    return false;
}

static bool is_of_device(const struct config *config, uint16_t alarm, int device)
{
    const struct alarm_model *model = &config->alarm_models[alarm];
    bool of_point = engine_kind_has_reading(model->kind) || model->kind == CONDITION_DATE;
    return (of_point && config->points[model->point].device == device) ||
           is_derived_of(config, alarm, device);
}

/* ---------------------------------------------------------------- its event */

static void tell(struct monitor *m, const struct bypass_record *record, const char *transition,
                 const char *why, const struct command_request *request, unsigned n_alarms)
{
    const struct bypass *bypass = &record->bypass;
    struct store_message message;
    struct stamp now = clock_now();
    char until[RFC3339_MAX];
    clock_print_utc(until, bypass->until_utc_us);
    const struct announce_member members[] = {
        {.key = "transition", .text = transition},
        {.key = "device", .text = record->device},
        {.key = "by", .text = request != NULL ? request->who : ""},
        {.key = "via", .text = request != NULL ? request->via : ""},
        {.key = "order", .text = bypass->note.order},
        {.key = "note", .text = request != NULL ? request->note : ""},
        {.key = "why", .text = why},
        {.key = "until", .text = bypass->until_utc_us != 0 ? until : ""},
        {.key = "alarms", .number = n_alarms},
        {.key = "count", .number = bypass->count},
    };
    struct event_record *event = monitor_begin_event(m, &message, "device", now);
    announce_event(m->config, m->parts.run_id, event->seq, now, "device", members,
                   sizeof members / sizeof *members, event->body);
    event->has_bypass = true;
    memcpy(event->device, record->device, sizeof event->device);
    event->bypass = *bypass;
    monitor_send_event(m, &message);
    m->disabled_changed = true;
    log_line(LOG_WARNING, MID_CONTROL, "device %s: %s%s%s", record->device, transition,
             request != NULL ? " by " : "", request != NULL ? request->who : "");
}

/* ---------------------------------------------------------------- its alarms */

static void hold_alarms(struct monitor *m, const struct bypass_record *record, struct command_result *result)
{
    const struct hold_note *note = &record->bypass.note;
    const struct command command = {
        .who = note->by, .note = note->note, .order = note->order, .since_utc_us = note->since_utc_us};
    int device = find_device(m->config, record->device);
    for (uint16_t i = 0; device >= 0 && i < m->config->n_alarms; i++) {
        const struct alarm_view view = engine_hold(m->engine, i);
        if (!is_of_device(m->config, i, device) || view.is_held[HOLD_OUT_OF_SERVICE])
            continue;
        struct event event = {.kind = EVENT_OUT_OF_SERVICE};
        event.order.alarm = i;
        event.order.command = 1;
        event.order.until_utc_us = record->bypass.until_utc_us;
        if (monitor_feed(m, &event, &command) < 0)
            continue;
        result->n++;
        if (engine_alarm_state(m->engine, i) != ALARM_OUT_OF_SERVICE)
            result->n_marked++;
    }
}

/* Those that the bypass has put there: others were out of service on their own order. */
static uint16_t release_alarms(struct monitor *m, const struct bypass_record *record,
                               const struct command_request *request)
{
    const struct command command = {.who = request->who, .note = request->note, .via = request->via};
    int device = find_device(m->config, record->device);
    uint16_t n = 0;
    for (uint16_t i = 0; device >= 0 && i < m->config->n_alarms; i++) {
        if (!is_of_device(m->config, i, device) ||
            m->alarms[i].service.since_utc_us != record->bypass.note.since_utc_us)
            continue;
        struct event event = {.kind = EVENT_IN_SERVICE};
        event.order.alarm = i;
        event.order.command = 1;
        if (monitor_feed(m, &event, &command) == 0)
            n++;
    }
    return n;
}

/* ---------------------------------------------------------------- begin and end */

/* The record of a device: its own from earlier, or a free one. */
static struct bypass_record *take_record(struct monitor *m, const char *device)
{
    struct bypass_record *record = find_record(m, device);
    if (record != NULL || m->n_bypasses == BYPASSES_MAX)
        return record;
    record = &m->bypasses[m->n_bypasses++];
    *record = (struct bypass_record){0};
    snprintf(record->device, sizeof record->device, "%s", device);
    return record;
}

void monitor_bypass(struct monitor *m, const struct command_request *request, struct command_result *result)
{
    int64_t until_utc_us;
    const uint64_t max_ms = m->config->alarming.out_of_service_at_most_days * DAY_MS;
    if (find_device(m->config, request->device) < 0) {
        monitor_refuse(result, -ENOENT, "no such device", "没有该设备");
        return;
    }
    if (monitor_is_bypassed(m, request->device)) {
        monitor_refuse(result, -EALREADY, "it is bypassed already", "该设备已被旁路");
        return;
    }
    if (!monitor_hold_end(request, max_ms, result, &until_utc_us))
        return;
    struct bypass_record *record = take_record(m, request->device);
    if (record == NULL) {
        monitor_refuse(result, -ENOSPC, "too many devices are or were bypassed", "被旁路的设备过多");
        return;
    }
    const struct stamp now = clock_now();
    record->bypass.note = (struct hold_note){.since_utc_us = now.utc_us};
    memcpy(record->bypass.note.by, request->who, WHO_MAX);
    memcpy(record->bypass.note.note, request->note, NOTE_MAX);
    memcpy(record->bypass.note.order, request->order, ORDER_MAX);
    record->bypass.until_utc_us = result->until_utc_us = until_utc_us;
    record->until_boot_us = now.boot_us + (until_utc_us - now.utc_us);
    record->bypass.count++;
    tell(m, record, "bypassed", "", request, 0);
    hold_alarms(m, record, result);
}

static void end_bypass(struct monitor *m, struct bypass_record *record, const char *why,
                       const struct command_request *request, uint16_t n_alarms)
{
    record->bypass.until_utc_us = 0;
    tell(m, record, "in-service", why, request, n_alarms);
    record->bypass.note = (struct hold_note){0};
}

void monitor_unbypass(struct monitor *m, const struct command_request *request, struct command_result *result)
{
    struct bypass_record *record = find_record(m, request->device);
    if (record == NULL || record->bypass.until_utc_us == 0) {
        if (find_device(m->config, request->device) < 0)
            monitor_refuse(result, -ENOENT, "no such device", "没有该设备");
        else
            monitor_refuse(result, -EALREADY, "it is not bypassed", "该设备未被旁路");
        return;
    }
    result->n = release_alarms(m, record, request);
    end_bypass(m, record, "person", request, result->n);
    monitor_carry_bypasses(m); /* what is derived may be of another one that is still bypassed */
}

static bool is_over(const struct bypass_record *record, struct stamp now)
{
    return now.utc_us >= record->bypass.until_utc_us || now.boot_us >= record->until_boot_us;
}

/* Its alarms end by the same time, by the engine. Those that are of another bypassed device, too, are held
 * again at once. */
void monitor_watch_bypasses(struct monitor *m)
{
    const struct stamp now = clock_now();
    for (unsigned i = 0; i < m->n_bypasses; i++) {
        struct bypass_record *record = &m->bypasses[i];
        if (record->bypass.until_utc_us != 0 && is_over(record, now))
            end_bypass(m, record, "time", NULL, 0);
    }
    if (m->service_ended) {
        m->service_ended = false;
        monitor_carry_bypasses(m);
    }
}

void monitor_restore_bypass(struct monitor *m, const struct core_message *message)
{
    struct bypass_record *record = take_record(m, message->bypassed.device);
    if (record == NULL || record->bypass.until_utc_us != 0)
        return;
    record->bypass = message->bypassed.bypass;
    record->until_boot_us = INT64_MAX;
    m->disabled_changed = true;
}

void monitor_carry_bypasses(struct monitor *m)
{
    struct command_result ignored = {0};
    for (unsigned i = 0; i < m->n_bypasses; i++) {
        struct bypass_record *record = &m->bypasses[i];
        if (record->bypass.until_utc_us == 0)
            continue;
        if (find_device(m->config, record->device) < 0)
            end_bypass(m, record, "removed", NULL, 0);
        else if (!is_over(record, clock_now()))
            hold_alarms(m, record, &ignored);
    }
}
