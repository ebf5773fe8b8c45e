#include <stdio.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

#define CLOCK_STEP_US (500 * MS_US) /* NTP slews at most 0.5 ms/s: more than this in a second is a step */
#define SUSPEND_US    (500 * MS_US) /* the two clocks don't drift apart: this is a suspend, not a slow look */

/* Nobody has watched for a while: readings are missing, and what they would have shown is not known. What is
 * due has been decided before, since BOOTTIME counts while the machine sleeps. */
static void watch_suspend(struct monitor *m)
{
    int64_t asleep_us = clock_asleep_us(), slept_us = asleep_us - m->asleep_us;
    m->asleep_us = asleep_us;
    if (slept_us < SUSPEND_US)
        return;
    struct stamp now = clock_now();
    char from[RFC3339_MAX], to[RFC3339_MAX];
    clock_print_utc(from, now.utc_us - slept_us);
    clock_print_utc(to, now.utc_us);
    log_line(LOG_WARNING, MID_SUSPEND, "the machine was suspended for %.1f s: nothing was read meanwhile",
             (double)slept_us / 1e6);
    const struct announce_member members[] = {{.key = "suspended_us", .number = slept_us},
                                              {.key = "from", .text = from},
                                              {.key = "to", .text = to}};
    monitor_event(m, now, "suspend", members, 3);
}

static void watch_step(struct monitor *m)
{
    int64_t offset_us = clock_offset_us(), step_us = offset_us - m->clock_offset_us;
    m->clock_offset_us = offset_us;
    if (step_us < CLOCK_STEP_US && step_us > -CLOCK_STEP_US)
        return;
    char detail[NOTE_MAX];
    snprintf(detail, sizeof detail, "stepped by %+.3f s", (double)step_us / 1e6);
    log_line(LOG_WARNING, MID_CLOCK, "the wall clock was %s", detail);
    /* At once: a drill that began in what is the future now would lie in the past after another step. */
    if (step_us < 0)
        monitor_watch_drill(m);
    const struct announce_member members[] = {{.key = "step_us", .number = step_us}};
    monitor_event(m, clock_now(), "clock", members, 1);
    m->disabled_changed = true; /* what is held may have another end */
    char zh[NOTE_MAX];
    snprintf(zh, sizeof zh, "调整了 %+.3f 秒", (double)step_us / 1e6);
    monitor_fault_words(m, FAULT_CLOCK, FROM_MONITOR, true, detail, zh);
    monitor_fault(m, FAULT_CLOCK, FROM_MONITOR, false, ""); /* a step is over at once; it waits to be seen */
}

void monitor_watch_clock(struct monitor *m)
{
    watch_suspend(m);
    watch_step(m);
}
