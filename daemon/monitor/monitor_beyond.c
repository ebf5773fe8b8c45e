/* monitor_beyond.c - what a person has read is beyond a limit: nobody else knows it, so it calls as an alarm
 * of that priority would, until somebody reads a value within the limits, or the device gives good ones
 * again. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "condition.h"
#include "monitor_internal.h"

/* So long after an entry the device's own good values count: first the people come who were told. */
#define STANDS_US (60 * SECOND_US)

static enum verdict judge(const struct monitor *m, uint16_t alarm, uint16_t point,
                          const struct reading *reading)
{
    const struct alarm_model *model = &m->config->alarm_models[alarm];
    if (model->point != point || !config_is_about_value(m->config, alarm) || !config_is_judged_by_eye(model))
        return VERDICT_UNKNOWN;
    return condition_judge(model, reading);
}

/* The priorities of the point's alarms about which a reading says so. */
static unsigned which(const struct monitor *m, uint16_t point, const struct reading *reading,
                      enum verdict verdict, char ids[NOTE_MAX])
{
    const struct asset_config *asset = &m->config->assets[m->config->points[point].asset];
    unsigned mask = 0;
    size_t len = 0;
    for (uint32_t i = asset->first_alarm; i < (uint32_t)asset->first_alarm + asset->n_alarms; i++) {
        if (judge(m, (uint16_t)i, point, reading) != verdict)
            continue;
        mask |= 1U << m->config->alarm_models[i].priority;
        if (ids != NULL && len + strlen(m->config->alarms[i].id) + 2 < NOTE_MAX)
            len += (size_t)snprintf(ids + len, NOTE_MAX - len, "%s%s", len > 0 ? " " : "",
                                    m->config->alarms[i].id);
    }
    return mask;
}

unsigned monitor_beyond_of(const struct monitor *m, uint16_t point, micro_t value, char ids[NOTE_MAX])
{
    const struct reading reading = {.value = value};
    ids[0] = '\0';
    return which(m, point, &reading, VERDICT_HOLDS, ids);
}

void monitor_beyond_read(struct monitor *m, uint16_t point, micro_t value, int64_t measured_utc_us)
{
    struct by_eye *e = &m->by_eye[point];
    const struct reading reading = {.value = value};
    const unsigned kept = e->beyond & which(m, point, &reading, VERDICT_BETWEEN, NULL);
    *e = (struct by_eye){.is_known = true,
                         .beyond = kept | which(m, point, &reading, VERDICT_HOLDS, NULL),
                         .value = value,
                         .measured_utc_us = measured_utc_us,
                         .entered_boot_us = clock_boot_us()};
}

void monitor_beyond_restore(struct monitor *m, uint16_t point, const struct core_message *message)
{
    if (m->by_eye[point].is_known || !message->round.has_value)
        return;
    monitor_beyond_read(m, point, message->round.value, message->round.measured_utc_us);
    m->by_eye[point].is_restored = true;
}

/* ---------------------------------------------------------------- watching */

static bool is_active(const struct monitor *m, uint16_t asset, unsigned priority)
{
    const int alarm = m->config->assets[asset].beyond_alarms[priority];
    return alarm >= 0 && engine_hold(m->engine, (uint16_t)alarm).active;
}

/* Of an earlier run: what was over then is not begun anew. */
static void settle(struct monitor *m, uint16_t point)
{
    struct by_eye *e = &m->by_eye[point];
    for (unsigned priority = 0; priority < PRIORITIES; priority++)
        if (!is_active(m, m->config->points[point].asset, priority))
            e->beyond &= ~(1U << priority);
    e->is_restored = false;
}

/* Good values of a device that is to be believed, read after what the person has read, prove that it is over.
 */
static void end_by_data(struct monitor *m, uint16_t point, int64_t now_us)
{
    struct by_eye *e = &m->by_eye[point];
    const struct point_view view = engine_point(m->engine, point);
    if (now_us - e->entered_boot_us < STANDS_US || view.at.boot_us < e->entered_boot_us + STANDS_US ||
        view.reading.quality != QUALITY_GOOD || monitor_is_bypassed(m, monitor_device_id(m->config, point)))
        return;
    e->beyond &= which(m, point, &view.reading, VERDICT_HOLDS, NULL) |
                 which(m, point, &view.reading, VERDICT_BETWEEN, NULL);
}

/* An alarm that holds, and of which nobody knows why any more, waits for each point that could tell. */
static void adopt(struct monitor *m, uint16_t asset, unsigned priority)
{
    const struct asset_config *a = &m->config->assets[asset];
    for (uint32_t i = a->first_alarm; i < (uint32_t)a->first_alarm + a->n_alarms; i++) {
        const struct alarm_model *model = &m->config->alarm_models[i];
        if (!config_is_about_value(m->config, (uint16_t)i) || !config_is_judged_by_eye(model) ||
            (unsigned)model->priority != priority)
            continue;
        m->by_eye[model->point].beyond |= 1U << priority;
        if (m->by_eye[model->point].entered_boot_us == 0)
            m->by_eye[model->point].entered_boot_us = clock_boot_us();
    }
}

static unsigned beyond_of_asset(const struct monitor *m, uint16_t asset)
{
    const struct asset_config *a = &m->config->assets[asset];
    unsigned mask = 0;
    for (uint32_t i = a->first_point; i < (uint32_t)a->first_point + a->n_points; i++)
        mask |= m->by_eye[i].beyond;
    return mask;
}

static void feed(struct monitor *m, uint16_t asset, bool first)
{
    unsigned mask = beyond_of_asset(m, asset);
    for (unsigned priority = 0; priority < PRIORITIES; priority++) {
        const int alarm = m->config->assets[asset].beyond_alarms[priority];
        if (alarm < 0)
            continue;
        if (first && (mask >> priority & 1U) == 0 && is_active(m, asset, priority)) {
            adopt(m, asset, priority);
            mask = beyond_of_asset(m, asset);
        }
        struct event event = {.kind = EVENT_CONDITION};
        event.condition.alarm = (uint16_t)alarm;
        event.condition.holds = (mask >> priority & 1U) != 0;
        if (event.condition.holds != is_active(m, asset, priority))
            (void)monitor_feed(m, &event, NULL);
    }
}

void monitor_watch_beyond(struct monitor *m)
{
    const int64_t now_us = clock_boot_us();
    const bool first = !m->beyond_settled;
    if (!m->started)
        return;
    for (uint16_t i = 0; i < m->config->n_points; i++) {
        if (m->by_eye[i].is_restored)
            settle(m, i);
        if (m->by_eye[i].beyond != 0)
            end_by_data(m, i, now_us);
    }
    for (uint16_t i = 0; i < m->config->n_assets; i++)
        feed(m, i, first);
    m->beyond_settled = true;
}

/* ---------------------------------------------------------------- in words */

void monitor_beyond_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX])
{
    const struct asset_config *asset = &m->config->assets[m->config->alarms[alarm].asset];
    const unsigned priority = m->config->alarm_models[alarm].priority;
    char ids[NOTE_MAX];
    for (int language = 0; language < LANGUAGES; language++)
        text[language][0] = '\0';
    if (asset->beyond_alarms[priority] != alarm)
        return;
    for (uint32_t i = asset->first_point; i < (uint32_t)asset->first_point + asset->n_points; i++) {
        const struct by_eye *e = &m->by_eye[i];
        if (!e->is_known || (e->beyond >> priority & 1U) == 0)
            continue;
        (void)monitor_beyond_of(m, (uint16_t)i, e->value, ids);
        const struct manual_reading reading = {
            .point = (uint16_t)i, .value = e->value, .measured_utc_us = e->measured_utc_us, .beyond = ids};
        for (int language = 0; language < LANGUAGES; language++)
            announce_beyond(m->config, &reading, (enum language)language, text[language], NOTE_MAX);
        return; /* one is enough to go there: the others stand in the record */
    }
}
