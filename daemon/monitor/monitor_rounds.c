/* monitor_rounds.c - manual readings: while a device is bypassed or dead, people look, and on time. They
 * stand in the chain, beside the readings of the devices, never among them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"
#include "log.h"
#include "monitor_internal.h"

#define MORE_MAX 32 /* bytes for how many more there are */

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

static void refuse_range(const struct point_config *point, struct command_result *result)
{
    char low[MICRO_TEXT_MAX], high[MICRO_TEXT_MAX], en[WHY_MAX], zh[WHY_MAX];
    micro_print(low, sizeof low, point->format.plausible_min, point->format.decimals);
    micro_print(high, sizeof high, point->format.plausible_max, point->format.decimals);
    snprintf(en, sizeof en, "the value is not plausible: this point has %s to %s %s", low, high, point->unit);
    snprintf(zh, sizeof zh, "数值不合理：该测点的范围为 %s 至 %s %s", low, high, point->unit);
    monitor_refuse(result, -ERANGE, en, zh);
}

static bool check(const struct monitor *m, const struct command_request *request,
                  const struct manual_reading *reading, struct command_result *result)
{
    const struct reg_format *format = &m->config->points[reading->point].format;
    int error = rounds_check(m->rounds, reading->point, clock_now(), m->drill.first_utc_us,
                             request->measured_utc_us, &result->is_late);
    if (error == -ERANGE)
        monitor_refuse(result, error, "it can't have been measured in the future", "测量时间不能在将来");
    else if (error < 0)
        monitor_refuse(result, error, "it was measured before the record begins", "测量时间早于记录的开始");
    else if (request->second[0] != '\0' && strcmp(request->second, request->who) == 0)
        monitor_refuse(result, -EINVAL, "the second person must be another one", "复核人必须是另一人");
    else if (format->has_range && format->n_states == 0 &&
             (reading->value < format->plausible_min || reading->value > format->plausible_max))
        refuse_range(&m->config->points[reading->point], result);
    return result->error == 0;
}

static void record(struct monitor *m, const struct command_request *request,
                   const struct manual_reading *reading, struct command_result *result)
{
    const struct point_config *point = &m->config->points[reading->point];
    struct store_message message;
    struct stamp now = clock_now();
    struct event_record *event = monitor_begin_event(m, &message, "reading", now);
    snprintf(event->asset, sizeof event->asset, "%s", m->config->assets[point->asset].id);
    announce_reading(m->config, m->parts.run_id, event->seq, now, reading, event->body);
    result->seq = event->seq;
    monitor_send_event(m, &message);
    if (rounds_read(m->rounds, reading->point, now, request->measured_utc_us))
        monitor_beyond_read(m, reading->point, reading->value, request->measured_utc_us);
    log_line(LOG_NOTICE, MID_CONTROL, "%s has read %s/%s by eye: %s%s%s", request->who, request->asset,
             request->point, request->value, result->beyond[0] != '\0' ? ", beyond the limit of " : "",
             result->beyond);
    monitor_watch_beyond(m);
    monitor_watch_rounds(m);
}

void monitor_reading(struct monitor *m, const struct command_request *request, struct command_result *result)
{
    int index = config_find_point(m->config, request->asset, request->point);
    if (index < 0) {
        result->error = -ENOENT;
        return;
    }
    if (config_is_derived(m->config, (uint16_t)index)) {
        monitor_refuse(result, -EINVAL, "cryomon derives this value from others: nobody can read it by eye",
                       "该数值由 cryomon 推算得出，不能人工读取");
        return;
    }
    struct manual_reading reading = {.point = (uint16_t)index,
                                     .measured_utc_us = request->measured_utc_us,
                                     .who = request->who,
                                     .via = request->via,
                                     .second = request->second,
                                     .note = request->note};
    if (!parse_value(&m->config->points[index], request->value, &reading.value)) {
        monitor_refuse(result, -EINVAL, "the value is neither a number nor a state of this point",
                       "数值既不是数字，也不是该测点的状态");
        return;
    }
    if (!check(m, request, &reading, result))
        return;
    (void)monitor_beyond_of(m, reading.point, reading.value, result->beyond);
    reading.beyond = result->beyond;
    reading.is_late = result->is_late;
    record(m, request, &reading, result);
}

void monitor_restore_round(struct monitor *m, const struct core_message *message)
{
    int point = config_find_point(m->config, message->round.asset, message->round.point);
    if (point >= 0 && rounds_read(m->rounds, (uint16_t)point, clock_now(), message->round.measured_utc_us))
        monitor_beyond_restore(m, (uint16_t)point, message);
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

/* All alarms of a file about its value are out of service: nobody hears of it. */
static bool is_out_of_service(const struct monitor *m, uint16_t point)
{
    const struct asset_config *asset = &m->config->assets[m->config->points[point].asset];
    bool any = false;
    for (uint32_t i = asset->first_alarm; i < (uint32_t)asset->first_alarm + asset->n_alarms; i++) {
        if (m->config->alarm_models[i].point != point || !config_is_about_value(m->config, (uint16_t)i))
            continue;
        if (engine_alarm_state(m->engine, (uint16_t)i) != ALARM_OUT_OF_SERVICE)
            return false;
        any = true;
    }
    return any;
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us == 0 || (b_us != 0 && b_us < a_us) ? b_us : a_us;
}

/* Since when it can't be believed or read, or nobody hears of it, also in an earlier run; 0: not known. */
static int64_t known_since(const struct monitor *m, uint16_t point)
{
    const struct asset_config *asset = &m->config->assets[m->config->points[point].asset];
    int64_t since_us = monitor_bypassed_since(m, monitor_device_id(m->config, point));
    int64_t last_us = 0; /* of its alarms that went out of service */
    for (uint32_t i = asset->first_alarm; i < (uint32_t)asset->first_alarm + asset->n_alarms; i++) {
        if (m->config->alarm_models[i].point != point)
            continue;
        if (m->config->alarm_models[i].kind == CONDITION_NO_DATA &&
            engine_hold(m->engine, (uint16_t)i).active)
            since_us = earlier(since_us, m->alarms[i].raised_utc_us);
        if (config_is_about_value(m->config, (uint16_t)i) && m->alarms[i].service.since_utc_us > last_us)
            last_us = m->alarms[i].service.since_utc_us;
    }
    return is_out_of_service(m, point) ? earlier(since_us, last_us) : since_us;
}

/* It was dead when an earlier run ended, and nothing has been heard of it since: a restart neither attends to
 * it, nor does it end an alarm that nobody looks. */
static bool was_dead(const struct monitor *m, uint16_t point, struct stamp now)
{
    const struct asset_config *asset = &m->config->assets[m->config->points[point].asset];
    for (uint32_t i = asset->first_alarm; i < (uint32_t)asset->first_alarm + asset->n_alarms; i++)
        if (m->config->alarm_models[i].kind == CONDITION_NO_DATA &&
            m->config->alarm_models[i].point == point && engine_hold(m->engine, (uint16_t)i).active)
            return now.utc_us - m->alarms[i].raised_utc_us >= m->config->rounds.unattended_after_ms * MS_US;
    return false;
}

static void observe(struct monitor *m, uint16_t index, struct stamp now)
{
    const struct asset_config *asset = &m->config->assets[index];
    for (uint32_t i = asset->first_point; i < (uint32_t)asset->first_point + asset->n_points; i++) {
        const struct point_config *point = &m->config->points[i];
        if (!point->is_read_by_eye)
            continue;
        const int64_t data_us = last_data(m, asset, point->device);
        const bool left =
            (m->n_bypasses > 0 && monitor_is_bypassed(m, monitor_device_id(m->config, (uint16_t)i))) ||
            is_out_of_service(m, (uint16_t)i) || (data_us == INT64_MIN && was_dead(m, (uint16_t)i, now));
        rounds_observe(m->rounds, (uint16_t)i, now, left, data_us);
        if (rounds_view(m->rounds, (uint16_t)i, now).is_unattended)
            rounds_since(m->rounds, (uint16_t)i, now, known_since(m, (uint16_t)i));
    }
}

/* A round of an asset: all of its points that must be read. */
struct asset_round {
    struct rounds_view view; /* since the first; due by the earliest; the last reading of any */
    uint16_t first_due;      /* the point that is due first */
};

static struct asset_round round_of(const struct monitor *m, uint16_t index, struct stamp now)
{
    const struct asset_config *asset = &m->config->assets[index];
    struct asset_round round = {.view = {.since_utc_us = INT64_MAX, .due_utc_us = INT64_MAX}};
    struct rounds_view *all = &round.view;
    for (uint32_t i = asset->first_point; i < (uint32_t)asset->first_point + asset->n_points; i++) {
        const struct rounds_view view = rounds_view(m->rounds, (uint16_t)i, now);
        if (view.last_utc_us > all->last_utc_us)
            all->last_utc_us = view.last_utc_us;
        if (!m->config->points[i].is_read_by_eye || !view.is_unattended)
            continue;
        all->is_unattended = true;
        all->is_overdue |= view.is_overdue;
        if (view.since_utc_us < all->since_utc_us)
            all->since_utc_us = view.since_utc_us;
        if (view.due_utc_us >= all->due_utc_us)
            continue;
        all->due_utc_us = view.due_utc_us;
        round.first_due = (uint16_t)i;
    }
    return round;
}

void monitor_watch_rounds(struct monitor *m)
{
    const struct stamp now = clock_now();
    for (uint16_t i = 0; i < m->config->n_assets; i++) {
        const int alarm = m->config->assets[i].rounds_alarm;
        if (alarm < 0)
            continue;
        observe(m, i, now);
        struct event event = {.kind = EVENT_CONDITION};
        event.condition.alarm = (uint16_t)alarm;
        event.condition.holds = round_of(m, i, now).view.is_overdue;
        if (event.condition.holds != engine_hold(m->engine, (uint16_t)alarm).active)
            (void)monitor_feed(m, &event, NULL);
    }
}

/* The one that is overdue longest comes first; what has no room is counted. */
static int next_overdue(const struct monitor *m, const struct asset_config *asset, struct stamp now,
                        int64_t after_utc_us, int after)
{
    int found = -1;
    int64_t found_utc_us = INT64_MAX;
    for (uint32_t i = asset->first_point; i < (uint32_t)asset->first_point + asset->n_points; i++) {
        const struct rounds_view view = rounds_view(m->rounds, (uint16_t)i, now);
        const bool is_later =
            view.due_utc_us > after_utc_us || (view.due_utc_us == after_utc_us && (int)i > after);
        if (!m->config->points[i].is_read_by_eye || !view.is_unattended || !view.is_overdue || !is_later ||
            view.due_utc_us >= found_utc_us)
            continue;
        found = (int)i;
        found_utc_us = view.due_utc_us;
    }
    return found;
}

void monitor_rounds_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX])
{
    const struct asset_config *asset = &m->config->assets[m->config->alarms[alarm].asset];
    const struct stamp now = clock_now();
    int64_t due_utc_us = INT64_MIN;
    unsigned left_out[LANGUAGES] = {0};
    for (int language = 0; language < LANGUAGES; language++)
        text[language][0] = '\0';
    if (asset->rounds_alarm != alarm)
        return;
    for (int i = -1; (i = next_overdue(m, asset, now, due_utc_us, i)) >= 0;) {
        due_utc_us = rounds_view(m->rounds, (uint16_t)i, now).due_utc_us;
        for (int language = 0; language < LANGUAGES; language++)
            if (left_out[language] > 0 ||
                !announce_overdue(m->config, (uint16_t)i, due_utc_us, (enum language)language, text[language],
                                  NOTE_MAX - MORE_MAX))
                left_out[language]++;
    }
    for (int language = 0; language < LANGUAGES; language++) {
        const size_t len = strlen(text[language]);
        if (left_out[language] > 0)
            snprintf(text[language] + len, NOTE_MAX - len,
                     language == LANGUAGE_ZH ? "；另有 %u 个测点" : "; and %u more", left_out[language]);
    }
}

/* ---------------------------------------------------------------- status */

/* Names that have no room are left out: those that are due then come next. */
static void add_points(const struct monitor *m, struct json_text *j, uint16_t asset, struct stamp now)
{
    const struct asset_config *a = &m->config->assets[asset];
    size_t len = 0;
    json_text_array(j, "points");
    for (uint32_t i = a->first_point; i < (uint32_t)a->first_point + a->n_points; i++) {
        const struct point_config *point = &m->config->points[i];
        if (!point->is_read_by_eye || !rounds_view(m->rounds, (uint16_t)i, now).is_unattended)
            continue;
        len += strlen(point->id) + 3;
        if (len < DEVICE_BODY_MAX / 2)
            json_text_string(j, NULL, point->id);
    }
    json_text_end(j);
}

static void round_text(const struct monitor *m, uint16_t asset, const struct asset_round *round,
                       struct stamp now, char text[DEVICE_BODY_MAX])
{
    const struct rounds_view *view = &round->view;
    struct json_text j;
    json_text_begin(&j, text, DEVICE_BODY_MAX);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", m->config->assets[asset].id);
    json_text_time(&j, "since", view->since_utc_us);
    json_text_time(&j, "due", view->due_utc_us);
    json_text_bool(&j, "overdue", view->is_overdue);
    json_text_string(&j, "point", m->config->points[round->first_due].id);
    add_points(m, &j, asset, now);
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
        const struct asset_round round = round_of(m, i, now);
        if (m->config->assets[i].rounds_alarm < 0 || !round.view.is_unattended)
            continue;
        if (first > 0)
            first--;
        else
            round_text(m, i, &round, now, texts[n++]);
    }
    return n;
}
