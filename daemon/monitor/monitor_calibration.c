/* monitor_calibration.c - a calibration that was used for the first time, as an event of the chain. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

void monitor_calibration(struct monitor *m, struct calibration_row *row)
{
    struct store_message message;
    struct stamp now = clock_now();
    char from[RFC3339_MAX];
    clock_print_utc(from, row->from_utc_us);
    const struct announce_member members[] = {
        {.key = "calibration", .number = row->id},
        {.key = "asset", .text = row->asset},
        {.key = "point", .text = row->point},
        {.key = "unit", .text = row->unit},
        {.key = "utc_us", .number = row->utc_us},
        {.key = "from_utc_us", .number = row->from_utc_us},
        {.key = "from", .text = from},
        {.key = "text", .text = row->text},
        {.key = "certificate", .text = row->certificate},
        {.key = "date", .text = row->date},
        {.key = "due", .text = row->due},
        {.key = "reference", .text = row->reference},
    };
    struct event_record *event = monitor_begin_event(m, &message, "calibration", now);
    announce_event(m->config, m->parts.run_id, event->seq, now, "calibration", members,
                   sizeof members / sizeof *members, event->body);
    memcpy(event->asset, row->asset, sizeof event->asset);
    monitor_send_event(m, &message);
    log_line(LOG_NOTICE, MID_CONFIG, "calibration of %s/%s from %.10s is in use: %s; certificate %s",
             row->asset, row->point, from, row->text,
             row->certificate[0] != '\0' ? row->certificate : "none");
    free(row);
}
