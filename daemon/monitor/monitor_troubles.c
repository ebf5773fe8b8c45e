/* monitor_troubles.c - what has failed, or is switched off, of the ways to people: is it more than before?
 *
 * One alarm stands for all of it. Who acknowledged that the mail fails has not seen that the SMS fails too:
 * so what is new calls again.
 */
#include <stdio.h>
#include <string.h>

#include "monitor_internal.h"

static bool has(const struct notify_troubles *set, const char *key)
{
    for (unsigned i = 0; i < set->n; i++)
        if (strcmp(set->list[i].key, key) == 0)
            return true;
    return false;
}

static uint16_t alarm_of(const struct monitor *m, enum system_fault fault)
{
    return (uint16_t)(m->config->assets[0].first_alarm + fault); /* system's alarms begin with the faults */
}

bool monitor_troubles_named(const struct monitor *m, enum system_fault fault,
                            const struct notify_troubles *set)
{
    for (unsigned i = 0; i < set->n; i++)
        if (strstr(m->alarms[alarm_of(m, fault)].body, set->list[i].key) != NULL)
            return true;
    return false;
}

bool monitor_troubles_grew(const struct monitor *m, enum system_fault fault,
                           const struct notify_troubles *before, const struct notify_troubles *now)
{
    const char *body = m->alarms[alarm_of(m, fault)].body;
    for (unsigned i = 0; i < now->n; i++)
        if (before != NULL ? !has(before, now->list[i].key) : strstr(body, now->list[i].key) == NULL)
            return true;
    return now->n_more > (before != NULL ? before->n_more : 0);
}

void monitor_troubles_keep(struct notify_troubles *now, const struct notify_troubles *before,
                           const struct notify_troubles *unknown)
{
    for (unsigned i = 0; i < before->n; i++)
        if (has(unknown, before->list[i].key) && !has(now, before->list[i].key) &&
            now->n < NOTIFY_TROUBLES_MAX)
            now->list[now->n++] = before->list[i];
}

void monitor_troubles_words(const struct notify_troubles *set, enum language language, char text[NOTE_MAX])
{
    const bool zh = language == LANGUAGE_ZH;
    size_t len = 0;
    unsigned i;
    text[0] = '\0';
    for (i = 0; i < set->n; i++) {
        const struct notify_trouble *t = &set->list[i];
        const size_t room = NOTE_MAX - 24 - len; /* behind it: how many more */
        const char *lead = len == 0 ? "" : zh ? "；" : "; ";
        int n = snprintf(text + len, room, "%s%s", lead, t->text[language]);
        if ((size_t)n >= room) /* its name says more than nothing */
            n = snprintf(text + len, room, "%s%s", lead, t->key);
        if ((size_t)n >= room)
            break;
        len += (size_t)n;
    }
    text[len] = '\0';
    if (set->n - i + set->n_more > 0)
        snprintf(text + len, NOTE_MAX - len, zh ? "；另有 %u 项" : "; %u more", set->n - i + set->n_more);
}

/* The daemon's own last resort, as one more trouble. */
static void write_fallback(const struct fallback_watch *f, struct notify_trouble *ret)
{
    const bool command = f->command_failed;
    const char(*detail)[NOTE_MAX] = command ? f->command_detail : f->relay_detail;
    const char *name = command ? "the fallback command failed" : "the local relay failed";
    const char *name_zh = command ? "备用通知命令失败" : "本地继电器失败";
    snprintf(ret->key, sizeof ret->key, "%s", name);
    snprintf(ret->text[LANGUAGE_EN], sizeof ret->text[0], "%s%s%.95s", name,
             detail[LANGUAGE_EN][0] != '\0' ? ": " : "", detail[LANGUAGE_EN]);
    snprintf(ret->text[LANGUAGE_ZH], sizeof ret->text[0], "%s%s%.95s", name_zh,
             detail[LANGUAGE_ZH][0] != '\0' ? "：" : "", detail[LANGUAGE_ZH]);
}

void monitor_channel_words(const struct monitor *m, char text[LANGUAGES][NOTE_MAX])
{
    const struct fallback_watch *f = &m->fallback;
    struct notify_troubles all = {0};
    if (m->config->notify.expected && m->notify.report != NULL)
        all = m->notify.report->failed;
    if (all.n == NOTIFY_TROUBLES_MAX)
        all.n_more++, all.n--;
    if (f->command_failed || f->relay_failed) { /* the first of all: there is nothing behind it */
        memmove(&all.list[1], &all.list[0], all.n * sizeof all.list[0]);
        all.n++;
        write_fallback(f, &all.list[0]);
    }
    for (int i = 0; i < LANGUAGES; i++)
        monitor_troubles_words(&all, (enum language)i, text[i]);
}

void monitor_troubles_tell(struct monitor *m, enum system_fault fault, enum fault_source source, bool failed,
                           bool grew, const char *en, const char *zh)
{
    struct fault_record *record = &m->faults[fault];
    const bool was = (record->sources & source) != 0, was_any = record->sources != 0;
    if (was != failed)
        monitor_fault_words(m, fault, source, failed, en, zh);
    if (!failed)
        return;
    const struct fault_record before = *record;
    monitor_fault_detail(record, en, zh);
    if (memcmp(before.detail, record->detail, sizeof before.detail) != 0)
        m->alarms[alarm_of(m, fault)].refreshed_us = 0; /* with the next turn */
    if (!was_any || !(grew || !was))
        return;
    struct event event = {.kind = EVENT_WORSE};
    event.fault.fault = fault;
    (void)monitor_feed(m, &event, NULL);
}
