#include <string.h>

#include "clock.h"
#include "monitor_internal.h"

#define RETELL_US (60 * SECOND_US) /* diagnostics that say nothing new are published so often */

/* ---------------------------------------------------------------- pages for the control thread */

static void fill_alarm(const struct monitor *m, uint16_t alarm, struct snapshot_alarm *ret)
{
    const struct alarm_record *record = &m->alarms[alarm];
    ret->state = record->state;
    ret->raised_utc_us = record->raised_utc_us;
    ret->acked_utc_us = record->acked_utc_us;
    memcpy(ret->who, record->who, sizeof ret->who);
    monitor_body_now(m, alarm, ret->body);
}

static uint16_t entries(const struct monitor *m, enum snapshot_table table)
{
    switch (table) {
    case SNAPSHOT_POINTS:
        return m->config->n_points;
    case SNAPSHOT_ALARMS:
        return m->config->n_alarms;
    case SNAPSHOT_DEVICES:
        return m->config->n_devices;
    case SNAPSHOT_DISABLED:
    case SNAPSHOT_ROUNDS:
        break; /* as many as there are */
    }
    return 0;
}

static void fill_page(const struct monitor *m, enum snapshot_table table, uint16_t first,
                      struct control_message *ret)
{
    for (uint16_t i = 0; i < ret->page.count; i++) {
        uint16_t index = (uint16_t)(first + i);
        if (table == SNAPSHOT_POINTS) {
            ret->page.points[i] = engine_point(m->engine, index);
            ret->page.calibrated[i] = m->calibrated[index];
        } else if (table == SNAPSHOT_ALARMS) {
            fill_alarm(m, index, &ret->page.alarms[i]);
        } else {
            announce_device(m->config, m->parts.run_id, m->devices[index].at, index,
                            &m->devices[index].counts, ret->page.devices[i]);
        }
    }
}

void monitor_send_page(struct monitor *m, const struct core_message *request)
{
    if (m->parts.control == NULL)
        return;
    enum snapshot_table table = request->snapshot.table;
    uint16_t total = entries(m, table), first = request->snapshot.first;
    uint16_t left = first < total ? (uint16_t)(total - first) : 0;
    struct control_message message = {.kind = CONTROL_PAGE, .generation = m->config->generation};
    message.page.ticket = request->snapshot.ticket;
    message.page.table = table;
    message.page.first = first;
    message.page.count = left < SNAPSHOT_PAGE ? left : SNAPSHOT_PAGE;
    message.page.now = clock_now();
    message.page.broker_failed = monitor_broker_failed(m);
    message.page.disk_failed = monitor_disk_failed(m);
    message.page.notifier = monitor_notifier_state(m);
    if (table == SNAPSHOT_DISABLED)
        message.page.count = monitor_disabled_page(m, first, SNAPSHOT_PAGE, message.page.devices);
    else if (table == SNAPSHOT_ROUNDS)
        message.page.count = monitor_rounds_page(m, first, SNAPSHOT_PAGE, message.page.devices);
    else
        fill_page(m, table, first, &message);
    (void)mailbox_post(control_mailbox(m->parts.control), MAILBOX_RESERVED, &message);
}

/* ---------------------------------------------------------------- diagnostics */

void monitor_diagnostics(struct monitor *m, const struct core_message *message)
{
    uint16_t device = message->diagnostics.device;
    if (message->generation != m->config->generation || device >= m->config->n_devices)
        return;
    struct device_record *record = &m->devices[device];
    record->counts = message->diagnostics.counts;
    record->at = clock_now();
    bool news = record->told_us == 0 || record->told != record->counts.state;
    if (!news && record->at.boot_us - record->told_us < RETELL_US)
        return;
    record->told_us = record->at.boot_us;
    record->told = record->counts.state;
    struct publisher_message out = {.kind = PUBLISHER_DEVICE, .generation = m->config->generation};
    out.device.device = device;
    announce_device(m->config, m->parts.run_id, record->at, device, &record->counts, out.device.body);
    (void)mailbox_post(publisher_mailbox(m->parts.publisher), MAILBOX_ORDINARY, &out);
}
