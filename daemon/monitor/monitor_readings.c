/* monitor_readings.c - readings: from a bus to engine, store and publisher, and to what is derived. */
#include "clock.h"
#include "monitor_internal.h"

void monitor_publish_point(struct monitor *m, uint16_t point, const struct point_view *view)
{
    struct publisher_message message = {.kind = PUBLISHER_POINT, .generation = m->config->generation};
    message.point.point = point;
    message.point.reading = view->reading;
    message.point.calibrated = m->calibrated[point];
    message.point.taken = view->at;
    if (mailbox_post(publisher_mailbox(m->parts.publisher), MAILBOX_ORDINARY, &message) < 0)
        m->points_missed = true; /* the broker must not keep an older one */
    m->dirty_assets[m->config->points[point].asset] = true;
    m->any_dirty = true;
}

void monitor_publish_dirty(struct monitor *m)
{
    if (!m->any_dirty)
        return;
    m->any_dirty = false;
    for (uint16_t i = 0; i < m->config->n_assets; i++) {
        if (!m->dirty_assets[i])
            continue;
        m->dirty_assets[i] = false;
        struct publisher_message message = {.kind = PUBLISHER_ASSET, .generation = m->config->generation};
        message.asset = i;
        if (mailbox_post(publisher_mailbox(m->parts.publisher), MAILBOX_ORDINARY, &message) < 0)
            m->points_missed = true;
    }
}

/* The store keeps what was read; everybody else sees what it means. */
static void store_sample(struct monitor *m, uint16_t point, const struct reading *reading, struct stamp slot,
                         struct stamp taken)
{
    struct store_message message = {.kind = STORE_SAMPLE, .generation = m->config->generation};
    message.sample.point = point;
    message.sample.reading = *reading;
    message.sample.calibration = m->calibrated[point].calibration;
    message.sample.slot = slot;
    message.sample.taken = taken;
    (void)mailbox_post(store_mailbox(m->parts.store), MAILBOX_ORDINARY, &message);
}

/* A sample that has waited here for longer than its point stays fresh, since the machine was suspended or
 * starved, says nothing about now. It belongs to the record, and its alarms hear of it as of its own time,
 * unless they are far beyond that; the point is stale, and the tick that follows finds that. */
static bool take_old(struct monitor *m, const struct event *event, struct stamp taken)
{
    int64_t fresh_us = m->config->point_models[event->sample.point].stale_after_ms * MS_US;
    if (fresh_us == 0 || clock_boot_us() - taken.boot_us < fresh_us)
        return false;
    if (m->fed_us - taken.boot_us < fresh_us)
        (void)monitor_feed_at(m, taken, event, NULL);
    return true;
}

void monitor_sample(struct monitor *m, const struct core_message *message)
{
    if (message->generation != m->config->generation || message->sample.point >= m->config->n_points)
        return;
    struct event event = {.kind = EVENT_SAMPLE};
    struct point_view view = {.reading = message->sample.reading, .at = message->sample.taken};
    m->calibrated[message->sample.point] =
        config_calibrate(m->config, message->sample.point, message->sample.slot.utc_us, &view.reading);
    event.sample.point = message->sample.point;
    event.sample.reading = view.reading;
    bool old = take_old(m, &event, message->sample.taken);
    if (!old)
        (void)monitor_feed(m, &event, NULL);
    store_sample(m, message->sample.point, &message->sample.reading, message->sample.slot,
                 message->sample.taken);
    if (old)
        return; /* what is derived hears of it as of a reading that did not come */
    monitor_publish_point(m, message->sample.point, &view);
    monitor_derive_take(m, message->sample.point, &view);
}

void monitor_stale_points(struct monitor *m)
{
    uint16_t point;
    while (engine_take_stale(m->engine, &point)) {
        struct point_view view = engine_point(m->engine, point);
        struct stamp now = clock_now();
        m->calibrated[point] = (struct calibrated){0};
        store_sample(m, point, &view.reading, now, now);
        view.at = now;
        monitor_publish_point(m, point, &view);
        monitor_derive_take(m, point, &view);
    }
}
