/* monitor_rounds.c - manual readings: while a device is bypassed or dead, people look, and on time. They
 * stand in the chain, beside the readings of the devices, never among them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"
#include "log.h"
#include "monitor_internal.h"

/* ---------------------------------------------------------------- a reading */

static bool parse_value(const struct point_config *point, const char *text, micro_t *ret)
{
    if (point->format.n_states == 0)
        return micro_parse(text, ret);
    for (unsigned i = 0; i < point->format.n_states; i++) {
        if (strcmp(point->format.states[i].name, text) == 0 ||
            strcmp(point->format.states[i].zh, text) == 0) {
            *ret = point->format.states[i].value * MICRO_PER_UNIT;
            return true;
        }
    }
    return false;
}

static bool check(const struct command_request *request, struct command_result *result)
{
    if (rounds_is_future(clock_now(), request->measured_utc_us))
        monitor_refuse(result, -ERANGE, "it can't have been measured in the future", "测量时间不能在将来");
    else if (request->second[0] != '\0' && strcmp(request->second, request->who) == 0)
        monitor_refuse(result, -EINVAL, "the second person must be another one", "复核人必须是另一人");
    return result->error == 0;
}

void monitor_reading(struct monitor *m, const struct command_request *request, struct command_result *result)
{
    int index = config_find_point(m->config, request->asset, request->point);
    if (index < 0) {
        result->error = -ENOENT;
        return;
    }
    const struct point_config *point = &m->config->points[index];
    struct manual_reading reading = {.point = (uint16_t)index,
                                     .measured_utc_us = request->measured_utc_us,
                                     .who = request->who,
                                     .via = request->via,
                                     .second = request->second,
                                     .note = request->note};
    if (!parse_value(point, request->value, &reading.value)) {
        monitor_refuse(result, -EINVAL, "the value is neither a number nor a state of this point",
                       "数值既不是数字，也不是该测点的状态");
        return;
    }
    if (!check(request, result))
        return;
    struct store_message message;
    struct stamp now = clock_now();
    struct event_record *event = monitor_begin_event(m, &message, "reading", now);
    snprintf(event->asset, sizeof event->asset, "%s", m->config->assets[point->asset].id);
    announce_reading(m->config, m->parts.run_id, event->seq, now, &reading, event->body);
    result->seq = event->seq;
    monitor_send_event(m, &message);
    rounds_read(m->rounds, point->asset, now, request->measured_utc_us);
    log_line(LOG_NOTICE, MID_CONTROL, "%s has read %s/%s by eye: %s", request->who, request->asset,
             request->point, request->value);
    monitor_watch_rounds(m);
}

void monitor_restore_round(struct monitor *m, const struct core_message *message)
{
    int asset = config_find_asset(m->config, message->round.asset);
    if (asset >= 0)
        rounds_read(m->rounds, (uint16_t)asset, clock_now(), message->round.measured_utc_us);
}

/* ---------------------------------------------------------------- watching */

/* The last time that the device gave anything for the asset. */
static int64_t last_data(const struct monitor *m, const struct asset_config *asset, uint16_t device)
{
    int64_t last_us = INT64_MIN;
    for (uint32_t i = asset->first_point; i < (uint32_t)asset->first_point + asset->n_points; i++) {
        const int64_t us = engine_point(m->engine, (uint16_t)i).last_data_boot_us;
        if (m->config->points[i].device == device && us > last_us)
            last_us = us;
    }
    return last_us;
}

/* Since when it can't be believed or read, also in an earlier run; 0: not known. */
static int64_t known_since(const struct monitor *m, const struct asset_config *asset)
{
    int64_t since_us = 0;
    for (uint32_t i = asset->first_point; i < (uint32_t)asset->first_point + asset->n_points; i++) {
        const int64_t us = monitor_bypassed_since(m, m->config->devices[m->config->points[i].device].id);
        if (us != 0 && (since_us == 0 || us < since_us))
            since_us = us;
    }
    for (uint32_t i = asset->first_alarm; i < (uint32_t)asset->first_alarm + asset->n_alarms; i++) {
        const int64_t us = m->alarms[i].raised_utc_us;
        if (m->config->alarm_models[i].kind == CONDITION_NO_DATA &&
            engine_hold(m->engine, (uint16_t)i).active && us != 0 && (since_us == 0 || us < since_us))
            since_us = us;
    }
    return since_us;
}

/* The worst of its devices. */
static void observe(struct monitor *m, uint16_t index, struct stamp now)
{
    const struct asset_config *asset = &m->config->assets[index];
    int64_t worst_us = INT64_MAX;
    bool bypassed = false;
    for (uint32_t i = asset->first_point; i < (uint32_t)asset->first_point + asset->n_points; i++) {
        const uint16_t device = m->config->points[i].device;
        if (i > asset->first_point && m->config->points[i - 1].device == device)
            continue; /* seen just now */
        const int64_t us = last_data(m, asset, device);
        worst_us = us < worst_us ? us : worst_us;
        bypassed |= m->n_bypasses > 0 && monitor_is_bypassed(m, m->config->devices[device].id);
    }
    rounds_observe(m->rounds, index, now, bypassed, worst_us == INT64_MAX ? now.boot_us : worst_us);
}

void monitor_watch_rounds(struct monitor *m)
{
    const struct stamp now = clock_now();
    for (uint16_t i = 0; i < m->config->n_assets; i++) {
        const int alarm = m->config->assets[i].rounds_alarm;
        if (alarm < 0)
            continue;
        observe(m, i, now);
        if (rounds_view(m->rounds, i, now).is_unattended)
            rounds_since(m->rounds, i, now, known_since(m, &m->config->assets[i]));
        struct event event = {.kind = EVENT_CONDITION};
        event.condition.alarm = (uint16_t)alarm;
        event.condition.holds = rounds_view(m->rounds, i, now).is_overdue;
        if (event.condition.holds != engine_hold(m->engine, (uint16_t)alarm).active)
            (void)monitor_feed(m, &event, NULL);
    }
}

/* ---------------------------------------------------------------- status */

static void round_text(const struct monitor *m, uint16_t asset, const struct rounds_view *view,
                       char text[DEVICE_BODY_MAX])
{
    struct json_text j;
    json_text_begin(&j, text, DEVICE_BODY_MAX);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", m->config->assets[asset].id);
    json_text_time(&j, "since", view->since_utc_us);
    json_text_time(&j, "due", view->due_utc_us);
    json_text_bool(&j, "overdue", view->is_overdue);
    if (view->last_utc_us != 0)
        json_text_time(&j, "last", view->last_utc_us);
    json_text_end(&j);
    (void)json_text_finish(&j);
}

uint16_t monitor_rounds_page(const struct monitor *m, uint16_t first, uint16_t cap,
                             char texts[][DEVICE_BODY_MAX])
{
    const struct stamp now = clock_now();
    uint16_t n = 0;
    for (uint16_t i = 0; i < m->config->n_assets && n < cap; i++) {
        const struct rounds_view view = rounds_view(m->rounds, i, now);
        if (m->config->assets[i].rounds_alarm < 0 || !view.is_unattended)
            continue;
        if (first > 0)
            first--;
        else
            round_text(m, i, &view, texts[n++]);
    }
    return n;
}
