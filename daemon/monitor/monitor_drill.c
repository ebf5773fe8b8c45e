/* monitor_drill.c - drills: the alarm system/drill takes the whole way to a person, who confirms it by
 * acknowledging it. When the last one began stands in the chain, and is read at the start. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

#define DAY_US    (INT64_C(86400) * SECOND_US)
#define FUTURE_US (INT64_C(3600) * SECOND_US) /* a clock that is corrected by less makes no drill */

static bool is_waiting(const struct monitor *m)
{
    return m->faults[FAULT_DRILL].sources != 0;
}

void monitor_drill_restore(struct monitor *m, const struct core_message *message)
{
    struct drill_watch *w = &m->drill;
    w->began_utc_us = message->drilled.began_utc_us;
    w->first_utc_us = message->drilled.first_utc_us != 0 ? message->drilled.first_utc_us : clock_now().utc_us;
}

/* The time of day at which drills are held, so many days after a time; local time. */
static int64_t next_due(const struct drill_config *drill, int64_t after_utc_us)
{
    struct tm day;
    time_t seconds = (time_t)(after_utc_us / SECOND_US);
    if (localtime_r(&seconds, &day) == NULL)
        return INT64_MAX;
    day.tm_mday += (int)drill->every_days;
    day.tm_hour = drill->at_minute / 60;
    day.tm_min = drill->at_minute % 60;
    day.tm_sec = 0;
    day.tm_isdst = -1;
    seconds = mktime(&day);
    return seconds == (time_t)-1 ? INT64_MAX : (int64_t)seconds * SECOND_US;
}

static void begin(struct monitor *m, const char *detail)
{
    m->drill.began_utc_us = clock_now().utc_us;
    monitor_fault(m, FAULT_DRILL, FROM_OWNER, true, detail);
}

void monitor_drill_start(struct monitor *m, const struct command_request *request,
                         struct command_result *result)
{
    char detail[NOTE_MAX];
    if (is_waiting(m)) {
        monitor_refuse(result, -EALREADY, "a drill waits for its confirmation already", "已有演练等待确认");
        return;
    }
    snprintf(detail, sizeof detail, "%.60s%s%.180s", request->who, request->note[0] != '\0' ? ": " : "",
             request->note);
    begin(m, detail);
    log_line(LOG_NOTICE, MID_CONTROL, "%s has started a drill", request->who);
}

/* Somebody has acknowledged it: looked up rather than told, since the daemon may have been killed between
 * this and the drill's end. */
static bool is_confirmed(const struct monitor *m)
{
    const uint32_t alarm = (uint32_t)m->config->assets[0].first_alarm + FAULT_DRILL; /* faults come first */
    return is_waiting(m) && engine_alarm_state(m->engine, (uint16_t)alarm) == ALARM_ACKNOWLEDGED;
}

/* The clock was ahead when it began, and has been set back: counted from there, it would be neither overdue
 * nor followed by another one for as long as that. When it was held is not known then: the next one is
 * tomorrow. */
static void leave_the_future(struct monitor *m, int64_t now_us)
{
    struct drill_watch *w = &m->drill;
    const uint32_t days = m->config->drill.every_days;
    if (w->first_utc_us > now_us)
        w->first_utc_us = now_us;
    if (w->began_utc_us <= now_us + FUTURE_US)
        return;
    w->began_utc_us = now_us - (is_waiting(m) || days == 0 ? 0 : (int64_t)(days - 1) * DAY_US);
}

static void set_overdue(struct monitor *m, bool overdue, const char *en, const char *zh)
{
    bool was = m->faults[FAULT_DRILL_OVERDUE].sources != 0;
    if (was != overdue)
        monitor_fault_words(m, FAULT_DRILL_OVERDUE, FROM_OWNER, overdue, en, zh);
}

void monitor_watch_drill(struct monitor *m)
{
    struct drill_watch *w = &m->drill;
    const struct drill_config *drill = &m->config->drill;
    const int64_t now_us = clock_now().utc_us, within_us = drill->confirm_within_ms * MS_US;
    char detail[NOTE_MAX] = "", zh[NOTE_MAX] = "", since[RFC3339_MAX];
    if (is_confirmed(m)) {
        monitor_fault(m, FAULT_DRILL, FROM_OWNER, false, "");
        set_overdue(m, false, "", "");
    }
    if (w->first_utc_us == 0)
        w->first_utc_us = now_us;
    leave_the_future(m, now_us);
    const int64_t base_us = w->began_utc_us != 0 ? w->began_utc_us : w->first_utc_us;
    const int64_t due_us = drill->every_days > 0 ? next_due(drill, base_us) : INT64_MAX;
    if (!is_waiting(m) && now_us >= due_us) {
        if (now_us - due_us > within_us) { /* nobody was there to start it */
            clock_print_utc(since, due_us);
            snprintf(detail, sizeof detail, "it was due on %.10s", since);
            snprintf(zh, sizeof zh, "应于 %.10s 进行", since);
            set_overdue(m, true, detail, zh);
        }
        begin(m, "");
        return;
    }
    if (is_waiting(m) && within_us > 0 && now_us - w->began_utc_us > within_us) {
        clock_print_utc(since, w->began_utc_us);
        snprintf(detail, sizeof detail, "it began at %.10s %.5s UTC", since, since + 11);
        snprintf(zh, sizeof zh, "开始于 %.10s %.5s UTC", since, since + 11);
        set_overdue(m, true, detail, zh);
    } else if (!is_waiting(m) && drill->every_days == 0) {
        set_overdue(m, false, "", ""); /* nobody wants drills any more */
    }
}
