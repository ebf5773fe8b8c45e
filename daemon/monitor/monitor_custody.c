/* monitor_custody.c - what happened to the record itself: its events. */
#include <stdio.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

static void log_custody(const struct core_message *message)
{
    switch (message->custody.kind) {
    case CUSTODY_KEY:
        break; /* the store has logged it */
    case CUSTODY_DAMAGE:
        log_line(LOG_ERR, MID_STORE, "history: %llu damaged: %s%s%s%s%s",
                 (unsigned long long)message->custody.count, message->custody.detail,
                 message->custody.asset[0] != '\0' ? ": " : "", message->custody.asset,
                 message->custody.point[0] != '\0' ? "/" : "", message->custody.point);
        break;
    case CUSTODY_REMOVED:
        log_line(LOG_NOTICE, MID_STORE, "history: %llu readings removed: %s",
                 (unsigned long long)message->custody.count, message->custody.detail);
        break;
    }
}

/* It has happened, and is over at once: the alarm waits to be seen. */
static void alarm_once(struct monitor *m, const char *en, const char *zh, const char *which)
{
    char detail[LANGUAGES][2 * NOTE_MAX];
    snprintf(detail[LANGUAGE_EN], sizeof detail[0], "%s: %s", en, which);
    snprintf(detail[LANGUAGE_ZH], sizeof detail[0], "%s：%s", zh, which);
    monitor_fault_words(m, FAULT_RECORD, FROM_MONITOR, true, detail[LANGUAGE_EN], detail[LANGUAGE_ZH]);
    monitor_fault(m, FAULT_RECORD, FROM_MONITOR, false, "");
}

void monitor_custody(struct monitor *m, const struct core_message *message)
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    const int64_t count = (int64_t)message->custody.count;
    clock_print_utc(from, message->custody.from_utc_us);
    clock_print_utc(to, message->custody.to_utc_us);
    const struct announce_member key[] = {
        {.key = "public_key", .text = message->custody.detail},
        {.key = "utc_us", .number = message->custody.from_utc_us},
    };
    const struct announce_member damage[] = {
        {.key = "count", .number = count},
        {.key = "from", .text = from},
        {.key = "asset", .text = message->custody.asset},
        {.key = "point", .text = message->custody.point},
        {.key = "seal", .number = message->custody.seal},
        {.key = "reason", .text = message->custody.detail},
    };
    const struct announce_member removed[] = {
        {.key = "count", .number = count},
        {.key = "from", .text = from},
        {.key = "to", .text = to},
        {.key = "seal", .number = message->custody.seal},
        {.key = "reason", .text = message->custody.detail},
    };
    log_custody(message);
    switch (message->custody.kind) {
    case CUSTODY_KEY:
        monitor_event(m, clock_now(), "key", key, sizeof key / sizeof *key);
        if (count > 0)
            alarm_once(m, "from now on another key signs", "自此由另一密钥签名", message->custody.detail);
        break;
    case CUSTODY_DAMAGE:
        monitor_event(m, clock_now(), "damage", damage, sizeof damage / sizeof *damage);
        alarm_once(m, message->custody.detail, message->custody.detail, from);
        break;
    case CUSTODY_REMOVED:
        monitor_event(m, clock_now(), "retention", removed, sizeof removed / sizeof *removed);
        break;
    }
}
