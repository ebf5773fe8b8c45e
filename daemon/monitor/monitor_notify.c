/* monitor_notify.c - is there somebody who calls people? and whom has he called.
 *
 * A status may be retained, and its sender dead: cryonotify's heartbeat must be heard. The first one has its
 * time from the start (or from the connection to the broker, without which nothing can be heard: then the
 * broker is what is wrong, and both are true).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

#define GRACE_US      (30 * SECOND_US) /* more, at the start: it starts too */
#define RESTART_US    (15 * SECOND_US) /* who is offline for no longer was only started anew */
#define WINDOW_US     (60 * SECOND_US)
#define WORD_AGAIN_US (10 * SECOND_US) /* for how long it is silent goes on */
#define CALLS_MAX     120              /* events of kind "call" in a window */

/* ---------------------------------------------------------------- what it says */

static bool has_off(const struct notify_report *report, const struct notify_off *off)
{
    for (unsigned i = 0; report != NULL && i < report->n_offs; i++)
        if (strcmp(report->offs[i].what, off->what) == 0 && strcmp(report->offs[i].by, off->by) == 0 &&
            report->offs[i].until_utc_us == off->until_utc_us)
            return true;
    return false;
}

static void tell_off(struct monitor *m, const char *kind, const struct notify_off *off)
{
    char until[RFC3339_MAX] = "";
    if (off->until_utc_us != 0)
        clock_print_utc(until, off->until_utc_us);
    const struct announce_member members[] = {
        {.key = "what", .text = off->what},
        {.key = "by", .text = off->by},
        {.key = "until", .text = until},
        {.key = "why", .text = off->why},
    };
    monitor_event(m, clock_now(), kind, members, sizeof members / sizeof *members);
    m->disabled_changed = true;
}

/* What was switched off or on again since the last status; before the first one, since an earlier run. */
static void tell_offs(struct monitor *m, const struct notify_report *before, const struct notify_report *now)
{
    for (unsigned i = 0; i < now->n_offs; i++)
        if (!has_off(before, &now->offs[i]))
            tell_off(m, "notify-off", &now->offs[i]);
    for (unsigned i = 0; before != NULL && i < before->n_offs; i++)
        if (!has_off(now, &before->offs[i]))
            tell_off(m, "notify-on", &before->offs[i]);
}

/* "" when it was not said. */
static const char *print_time(char text[RFC3339_MAX], int64_t utc_us)
{
    text[0] = '\0';
    if (utc_us != 0)
        clock_print_utc(text, utc_us);
    return text;
}

/* Texts that are "" are left out. */
static void tell_some(struct monitor *m, const char *kind, const struct announce_member *all, size_t n_all)
{
    struct announce_member members[8];
    size_t n = 0;
    for (size_t i = 0; i < n_all && n < sizeof members / sizeof *members; i++)
        if (all[i].text == NULL || all[i].text[0] != '\0')
            members[n++] = all[i];
    monitor_event(m, clock_now(), kind, members, n);
}

/* Who is called, and when, stands in its configuration: that it is another one, and who is called now, is for
 * the record. */
static void tell_configuration(struct monitor *m, const struct notify_report *now)
{
    struct notify_watch *w = &m->notify;
    char loaded[RFC3339_MAX], modified[RFC3339_MAX];
    const bool same = strcmp(now->configuration, w->configuration) == 0;
    if (now->configuration[0] == '\0' || (same && (w->calling_known || now->calling[0] == '\0')))
        return;
    const struct announce_member members[] = {
        {.key = "sha256", .text = now->configuration},
        {.key = "loaded", .text = print_time(loaded, now->loaded_utc_us)},
        {.key = "by", .text = now->by},
        {.key = "modified", .text = print_time(modified, now->modified_utc_us)},
        {.key = "before", .text = same ? "" : w->configuration}, /* not in the first one */
        {.key = "calling",
         .text = now->calling[0] != '\0' ? NULL : "",
         .raw = now->calling[0] != '\0' ? now->calling : NULL},
    };
    tell_some(m, "notify-configuration", members, sizeof members / sizeof *members);
    memcpy(w->configuration, now->configuration, sizeof w->configuration);
    w->calling_known = now->calling[0] != '\0';
}

/* Somebody wanted another one, which has mistakes: once, whoever is restarted meanwhile. */
static void tell_refusal(struct monitor *m, const struct notify_report *now)
{
    struct notify_watch *w = &m->notify;
    const struct notify_refusal *r = &now->refusal;
    char time[RFC3339_MAX], modified[RFC3339_MAX];
    if (r->utc_us == 0 || r->utc_us == w->refused_utc_us)
        return;
    const struct announce_member members[] = {
        {.key = "refused", .text = print_time(time, r->utc_us)},
        {.key = "by", .text = r->by},
        {.key = "sha256", .text = r->sha256},
        {.key = "modified", .text = print_time(modified, r->modified_utc_us)},
        {.key = "mistakes", .number = r->n},
        {.key = "first", .text = r->first},
        {.key = "in_force", .text = now->configuration},
    };
    tell_some(m, "notify-refused", members, sizeof members / sizeof *members);
    w->refused_utc_us = r->utc_us;
    w->refused_grew = true;
}

/* An offline one lists nothing: what is off or has failed stays so. */
static void carry(const struct notify_report *before, struct notify_report *now)
{
    now->n_offs = before->n_offs;
    memcpy(now->offs, before->offs, sizeof now->offs);
    now->failed = before->failed;
    now->off = before->off;
}

static void compare(struct monitor *m, struct notify_report *now)
{
    struct notify_watch *w = &m->notify;
    if (m->started && m->config->notify.expected) {
        tell_configuration(m, now);
        tell_refusal(m, now);
        tell_offs(m, w->report != NULL ? w->report : w->restored, now);
        free(w->restored);
        w->restored = NULL;
    }
    if (w->report != NULL)
        monitor_troubles_keep(&now->failed, &w->report->failed, &now->unknown);
    w->failed_seen |= now->failed.n > 0;
    w->failed_grew |= monitor_troubles_grew(m, FAULT_NOTIFY_CHANNEL,
                                            w->report != NULL ? &w->report->failed : NULL, &now->failed);
    w->off_grew |=
        monitor_troubles_grew(m, FAULT_NOTIFY_OFF, w->report != NULL ? &w->report->off : NULL, &now->off);
}

void monitor_notify(struct monitor *m, struct core_message *message)
{
    struct notify_watch *w = &m->notify;
    if (message->notify.report == NULL) {
        w->beat_us = clock_boot_us();
        w->nobody = message->notify.nobody;
        memcpy(w->run, message->notify.run, sizeof w->run);
        return;
    }
    if (!message->notify.report->online && (w->report == NULL || w->report->online))
        w->offline_us = clock_boot_us();
    if (message->notify.report->online && !message->notify.report->unreadable)
        compare(m, message->notify.report);
    else if (w->report != NULL)
        carry(w->report, message->notify.report);
    free(w->report);
    w->report = message->notify.report;
    message->notify.report = NULL;
    monitor_watch_notify(m, clock_boot_us());
}

void monitor_restore_offs(struct monitor *m, struct core_message *message)
{
    free(m->notify.restored);
    m->notify.restored = NULL;
    const struct notify_report *known = message->notify.report;
    if (m->notify.configuration[0] == '\0' && known != NULL) {
        memcpy(m->notify.configuration, known->configuration, sizeof m->notify.configuration);
        m->notify.calling_known = known->calling[0] != '\0';
    }
    if (m->notify.refused_utc_us == 0 && known != NULL)
        m->notify.refused_utc_us = known->refusal.utc_us;
    if (m->notify.report == NULL) /* else we know better */
        m->notify.restored = message->notify.report;
    else
        free(message->notify.report);
    message->notify.report = NULL;
}

/* ---------------------------------------------------------------- is it there */

static void say(char detail[LANGUAGES][NOTE_MAX], const char *en, const char *zh)
{
    snprintf(detail[LANGUAGE_EN], NOTE_MAX, "%s", en);
    snprintf(detail[LANGUAGE_ZH], NOTE_MAX, "%s", zh);
}

static void say_nobody(const struct notify_report *report, char detail[LANGUAGES][NOTE_MAX])
{
    if (report != NULL && report->text[LANGUAGE_EN][0] != '\0')
        say(detail, report->text[LANGUAGE_EN], report->text[LANGUAGE_ZH]);
    else
        say(detail, "it would reach nobody", "无法联系到任何人");
}

/* Is its heartbeat there? */
static void judge_beat(const struct notify_watch *w, int64_t now_us, int64_t silent_us, bool early,
                       char detail[LANGUAGES][NOTE_MAX])
{
    const long long silent_s = (long long)((now_us - w->beat_us) / SECOND_US);
    if (w->beat_us == 0 && !early) { /* not heard so far */
        say(detail, "it was not heard since the start", "启动以来未收到其任何消息");
    } else if (w->beat_us != 0 && now_us - w->beat_us >= silent_us) {
        snprintf(detail[LANGUAGE_EN], NOTE_MAX, "no heartbeat for %lld s", silent_s);
        snprintf(detail[LANGUAGE_ZH], NOTE_MAX, "已 %lld 秒没有心跳", silent_s);
    }
}

/* Why nobody would be called; "": somebody would. */
static void judge(const struct monitor *m, int64_t now_us, char detail[LANGUAGES][NOTE_MAX],
                  bool *ret_waiting)
{
    const struct notify_watch *w = &m->notify;
    const int64_t silent_us = m->config->notify.silent_after_ms * MS_US;
    const bool early = now_us - w->since_us < silent_us + GRACE_US;
    say(detail, "", "");
    *ret_waiting = w->beat_us == 0 && early;
    judge_beat(w, now_us, silent_us, early, detail);
    if (detail[LANGUAGE_EN][0] == '\0' && w->nobody)
        say_nobody(w->report, detail);
    if (detail[LANGUAGE_EN][0] != '\0' || w->report == NULL)
        return;
    if (w->report->unreadable)
        say(detail, "what it says of itself can't be understood", "其状态消息无法解析");
    else if (!w->report->online && (w->beat_us != 0 || !early) && now_us - w->offline_us >= RESTART_US)
        say(detail, "it says that it is offline", "其报告已离线");
    else if (w->report->online && !w->report->would_be_told && w->beat_us != 0)
        say_nobody(w->report, detail);
}

/* Tells it when it is news; the detail stays that of the beginning. */
static void set(struct monitor *m, enum system_fault fault, bool failed, const char *en, const char *zh)
{
    bool was = (m->faults[fault].sources & FROM_OWNER) != 0;
    if (was != failed)
        monitor_fault_words(m, fault, FROM_OWNER, failed, en, zh);
}

/* The mistake itself is English, as cryonotify check says it. */
static void tell_refused(struct monitor *m)
{
    const struct notify_report *report = m->notify.report;
    const struct notify_refusal *r = &report->refusal;
    char detail[LANGUAGES][NOTE_MAX];
    say(detail, r->text[LANGUAGE_EN], r->text[LANGUAGE_ZH]);
    if (r->first[0] != '\0')
        say(detail, r->first, r->first);
    if (r->first[0] != '\0' && r->n > 1) {
        snprintf(detail[LANGUAGE_EN], NOTE_MAX, "%s (and %lld more)", r->first, (long long)(r->n - 1));
        snprintf(detail[LANGUAGE_ZH], NOTE_MAX, "%s（另有 %lld 处）", r->first, (long long)(r->n - 1));
    }
    monitor_troubles_tell(m, FAULT_NOTIFY_CONFIG, FROM_OWNER, report->refused, m->notify.refused_grew,
                          detail[LANGUAGE_EN], detail[LANGUAGE_ZH]);
    m->notify.refused_grew = false;
}

static void tell_troubles(struct monitor *m)
{
    struct notify_watch *w = &m->notify;
    const struct notify_report *report = w->report;
    char detail[LANGUAGES][NOTE_MAX];
    monitor_channel_words(m, detail);
    /* Not tried is not repaired; that others were not tried either says nothing of the one that was. */
    if (report->failed.n > 0 || report->unknown.n == 0 ||
        (w->failed_seen && !monitor_troubles_named(m, FAULT_NOTIFY_CHANNEL, &report->unknown)))
        monitor_troubles_tell(m, FAULT_NOTIFY_CHANNEL, FROM_OWNER, report->failed.n > 0, w->failed_grew,
                              detail[LANGUAGE_EN], detail[LANGUAGE_ZH]);
    for (int i = 0; i < LANGUAGES; i++)
        monitor_troubles_words(&report->off, (enum language)i, detail[i]);
    monitor_troubles_tell(m, FAULT_NOTIFY_OFF, FROM_OWNER, report->off.n > 0, w->off_grew,
                          detail[LANGUAGE_EN], detail[LANGUAGE_ZH]);
    w->failed_grew = w->off_grew = false;
    monitor_troubles_tell(m, FAULT_NOTIFY_PEOPLE, FROM_OWNER, report->people, false,
                          report->persons[LANGUAGE_EN], report->persons[LANGUAGE_ZH]);
    tell_refused(m);
}

/* What is so now, and why. An alarm of an earlier run stands until cryonotify was heard, so it is said, too:
 * else a daemon that is started again and again would never say it. */
static struct notifier_word word_of(const struct monitor *m, int64_t now_us)
{
    struct notifier_word word = {.state = NOTIFIER_NONE, .since_utc_us = m->notify.word.since_utc_us};
    const struct fault_record *fault = &m->faults[FAULT_NOTIFIER];
    bool waiting;
    if (!m->config->notify.expected)
        return word;
    judge(m, now_us, word.detail, &waiting);
    word.state = waiting                               ? NOTIFIER_WAITING
                 : word.detail[LANGUAGE_EN][0] != '\0' ? NOTIFIER_FAILED
                                                       : NOTIFIER_OK;
    if (waiting && (fault->sources & FROM_OWNER) != 0) {
        word.state = NOTIFIER_FAILED;
        say(word.detail, fault->detail[LANGUAGE_EN], fault->detail[LANGUAGE_ZH]);
    }
    return word;
}

/* For the daemon's heartbeat: whoever watches from elsewhere learns that nobody here would be called. */
static void tell_word(struct monitor *m, int64_t now_us)
{
    struct notify_watch *w = &m->notify;
    struct publisher_message message = {.kind = PUBLISHER_NOTIFIER, .generation = m->config->generation};
    struct notifier_word word = word_of(m, now_us);
    const bool news = w->word_us == 0 || word.state != w->word.state;
    if (!news && (word.state != NOTIFIER_FAILED || now_us - w->word_us < WORD_AGAIN_US))
        return;
    if (news)
        word.since_utc_us = clock_now().utc_us;
    message.notifier = word;
    if (mailbox_post(publisher_mailbox(m->parts.publisher), MAILBOX_ORDINARY, &message) < 0)
        return; /* the next turn tries again */
    w->word = word;
    w->word_us = now_us;
}

static void watch_it(struct monitor *m, int64_t now_us)
{
    struct notify_watch *w = &m->notify;
    char detail[LANGUAGES][NOTE_MAX];
    bool waiting;
    if (!m->config->notify.expected) {
        static const enum system_fault all[] = {FAULT_NOTIFIER, FAULT_NOTIFY_CHANNEL, FAULT_NOTIFY_OFF,
                                                FAULT_NOTIFY_PEOPLE, FAULT_NOTIFY_CONFIG};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            set(m, all[i], false, "", "");
        w->since_us = now_us;
        return;
    }
    if (w->since_us == 0)
        w->since_us = now_us;
    judge(m, now_us, detail, &waiting);
    if (waiting)
        return; /* what it said in an earlier run is not taken back before it is known */
    set(m, FAULT_NOTIFIER, detail[LANGUAGE_EN][0] != '\0', detail[LANGUAGE_EN], detail[LANGUAGE_ZH]);
    if (w->report != NULL && w->report->online && !w->report->unreadable)
        tell_troubles(m);
}

void monitor_watch_notify(struct monitor *m, int64_t now_us)
{
    watch_it(m, now_us);
    tell_word(m, now_us);
}

enum notifier_state monitor_notifier_state(const struct monitor *m)
{
    char detail[LANGUAGES][NOTE_MAX];
    bool waiting;
    if (!m->config->notify.expected)
        return NOTIFIER_NONE;
    judge(m, clock_boot_us(), detail, &waiting);
    return waiting ? NOTIFIER_WAITING : detail[LANGUAGE_EN][0] != '\0' ? NOTIFIER_FAILED : NOTIFIER_OK;
}

/* ---------------------------------------------------------------- its calls */

static uint64_t hash_of(const struct notify_call *call)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    const char *const texts[] = {call->id, call->outcome, call->person, call->channel};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (const char *p = texts[i];; p++) {
            hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
            if (*p == '\0')
                break;
        }
    return hash != 0 ? hash : 1;
}

/* It may come twice (QoS 1). */
static bool is_known(struct notify_watch *w, uint64_t hash)
{
    for (unsigned i = 0; i < NOTIFY_IDS; i++)
        if (w->told[i] == hash)
            return true;
    w->told[w->next_told++ % NOTIFY_IDS] = hash;
    return false;
}

/* What did not fit is told by number: nobody may fill the chain. */
static bool has_room(struct monitor *m, int64_t now_us)
{
    struct notify_watch *w = &m->notify;
    if (now_us - w->calls_window_us >= WINDOW_US) {
        if (w->calls_left_out > 0) {
            const struct announce_member members[] = {{.key = "left_out", .number = w->calls_left_out}};
            monitor_event(m, clock_now(), "call", members, 1);
        }
        w->calls_window_us = now_us;
        w->calls_in_window = w->calls_left_out = 0;
    }
    if (w->calls_in_window >= CALLS_MAX) {
        w->calls_left_out++;
        return false;
    }
    w->calls_in_window++;
    return true;
}

void monitor_called(struct monitor *m, struct notify_call *call)
{
    char time[RFC3339_MAX] = "";
    if (m->config->notify.expected && m->started && !is_known(&m->notify, hash_of(call)) &&
        has_room(m, clock_boot_us())) {
        if (call->utc_us != 0)
            clock_print_utc(time, call->utc_us);
        const struct announce_member members[] = {
            {.key = "id", .text = call->id},           {.key = "alarm_id", .text = call->alarm_id},
            {.key = "person", .text = call->person},   {.key = "channel", .text = call->channel},
            {.key = "level", .number = call->level},   {.key = "attempt", .number = call->attempt},
            {.key = "outcome", .text = call->outcome}, {.key = "error", .text = call->error},
            {.key = "called", .text = time},
        };
        monitor_event(m, clock_now(), "call", members, sizeof members / sizeof *members);
    }
    free(call);
}
