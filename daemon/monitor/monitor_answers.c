/* monitor_answers.c - answers to people: each waits until what it tells of is on disk, so that nobody is told
 * "done" of what a crash then takes away. Nothing here waits or allocates: a bounded list is looked through
 * when the store has written something, and when a time is over. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "monitor_internal.h"

struct answer monitor_answer_begin(const struct monitor *m, enum command_origin origin, uint32_t ticket)
{
    return (struct answer){
        .origin = origin, .ticket = ticket, .generation = m->config->generation, .first_seq = m->next_seq};
}

/* ---------------------------------------------------------------- on its way */

static void send_control(struct monitor *m, const struct answer *answer)
{
    struct control_message message = {.kind = CONTROL_ANSWER, .generation = answer->generation};
    message.answer.ticket = answer->ticket;
    message.answer.error = answer->result.error;
    message.answer.seq = answer->seq;
    message.answer.result = answer->result;
    message.answer.verification = answer->verification;
    snprintf(message.answer.detail, sizeof message.answer.detail, "%s",
             answer->detail != NULL ? answer->detail : "");
    (void)mailbox_post(control_mailbox(m->parts.control), MAILBOX_RESERVED, &message);
}

static void send(struct monitor *m, const struct answer *answer)
{
    if (answer->origin == ORIGIN_CONTROL) {
        send_control(m, answer);
        return;
    }
    struct publisher_message message = {.kind = PUBLISHER_ANSWER, .generation = answer->generation};
    message.answer.ticket = answer->ticket;
    message.answer.result = answer->result;
    (void)mailbox_post(publisher_mailbox(m->parts.publisher), MAILBOX_RESERVED, &message);
}

/* ---------------------------------------------------------------- is it on disk? */

static bool is_among_lost(const struct monitor *m, uint64_t first_seq, uint64_t last_seq)
{
    return first_seq <= m->answers.lost_to && last_seq >= m->answers.lost_from && m->answers.lost_to != 0;
}

bool monitor_is_recorded(const struct monitor *m, uint64_t seq)
{
    return seq <= m->answers.durable_seq && !(seq != 0 && is_among_lost(m, seq, seq));
}

static void not_yet(struct record_note *record, const char *en, const char *zh, const char *why_en,
                    const char *why_zh)
{
    char whole[WHY_MAX + NOTE_MAX];
    record->state = RECORD_NOT_YET;
    snprintf(whole, sizeof whole, "%s, but not yet on disk: %s", en, why_en);
    announce_cut(whole, WHY_MAX - 1);
    strcpy(record->why[LANGUAGE_EN], whole);
    snprintf(whole, sizeof whole, "%s，但尚未写入磁盘：%s", zh, why_zh);
    announce_cut(whole, WHY_MAX - 1);
    strcpy(record->why[LANGUAGE_ZH], whole);
}

void monitor_say_unrecorded(const struct monitor *m, struct record_note *record, const char *en,
                            const char *zh)
{
    const struct fault_record *fault = &m->faults[FAULT_STATE_DB];
    if (fault->sources != 0)
        not_yet(record, en, zh, fault->detail[LANGUAGE_EN], fault->detail[LANGUAGE_ZH]);
    else
        not_yet(record, en, zh, "the disk has not answered so far; look for it in the events later",
                "磁盘尚未应答；请稍后在事件记录中核对");
}

static void say_lost(struct record_note *record)
{
    record->state = RECORD_NOT_YET;
    snprintf(record->why[LANGUAGE_EN], WHY_MAX, "done, but NOT on record: the event could not be stored");
    snprintf(record->why[LANGUAGE_ZH], WHY_MAX, "已执行，但未写入记录：事件无法保存");
}

/* ---------------------------------------------------------------- holding */

/* Is an earlier one of the same caller among the first n? */
static bool is_behind(const struct answers *all, unsigned n, const struct answer *answer)
{
    for (unsigned i = 0; i < n && answer->caller[0] != '\0'; i++)
        if (strcmp(all->held[i].answer.caller, answer->caller) == 0)
            return true;
    return false;
}

static bool has_room(const struct answers *all, const struct answer *answer)
{
    unsigned n = 0;
    for (unsigned i = 0; i < all->n; i++)
        n += all->held[i].answer.origin == ORIGIN_MQTT;
    return all->n < ANSWERS_HELD_MAX && (answer->origin != ORIGIN_MQTT || n < ANSWERS_BY_MQTT);
}

/* Decides whether what it tells of is on record; false: that is not known yet. */
static bool settle(const struct monitor *m, struct held_answer *held, int64_t now_us)
{
    struct record_note *record = &held->answer.result.record;
    if (held->last_seq == 0)
        return true;
    if (held->is_lost)
        say_lost(record);
    else if (held->last_seq <= m->answers.durable_seq)
        record->state = RECORD_STORED;
    else if (m->faults[FAULT_STATE_DB].sources != 0 || now_us >= held->until_us)
        monitor_say_unrecorded(m, record, "done", "已执行");
    else
        return false;
    return true;
}

static void release(struct monitor *m, int64_t now_us)
{
    struct answers *all = &m->answers;
    unsigned n = 0;
    for (unsigned i = 0; i < all->n; i++) {
        struct held_answer *held = &all->held[i];
        if (!is_behind(all, n, &held->answer) && settle(m, held, now_us)) {
            send(m, &held->answer);
            continue;
        }
        if (n != i)
            all->held[n] = *held;
        n++;
    }
    all->n = n;
}

void monitor_answer(struct monitor *m, const struct answer *answer)
{
    struct answers *all = &m->answers;
    const uint64_t last_seq =
        answer->result.error == 0 && m->next_seq > answer->first_seq ? m->next_seq - 1 : 0;
    const int64_t now_us = clock_boot_us();
    struct held_answer held = {
        .answer = *answer, .last_seq = last_seq, .until_us = now_us + ANSWER_HOLD_MS * MS_US};
    held.is_lost = last_seq != 0 && is_among_lost(m, answer->first_seq, last_seq);
    if (answer->ticket == 0 || (answer->origin == ORIGIN_CONTROL && m->parts.control == NULL))
        return;
    if (!is_behind(all, all->n, answer) && settle(m, &held, now_us)) {
        send(m, &held.answer);
        return;
    }
    if (has_room(all, answer)) {
        held.answer.detail = NULL; /* its text is the caller's; only an error has one, and goes at once */
        all->held[all->n++] = held;
        return;
    }
    if (last_seq != 0)
        not_yet(&held.answer.result.record, "done", "已执行", "too many others wait for the disk",
                "等待写入磁盘的操作过多");
    send(m, &held.answer);
}

void monitor_answers_lost(struct monitor *m, uint64_t from_seq, uint64_t to_seq)
{
    struct answers *all = &m->answers;
    const bool goes_on = all->lost_to != 0 && from_seq <= all->lost_to + 1;
    all->lost_from = goes_on && all->lost_from < from_seq ? all->lost_from : from_seq;
    all->lost_to = goes_on && all->lost_to > to_seq ? all->lost_to : to_seq;
    for (unsigned i = 0; i < all->n; i++)
        all->held[i].is_lost |= all->held[i].last_seq != 0 &&
                                is_among_lost(m, all->held[i].answer.first_seq, all->held[i].last_seq);
}

void monitor_answers_durable(struct monitor *m, const struct core_message *message)
{
    if (message->durable.lost_to != 0)
        monitor_answers_lost(m, message->durable.lost_from, message->durable.lost_to);
    if (message->durable.seq > m->answers.durable_seq)
        m->answers.durable_seq = message->durable.seq;
    release(m, clock_boot_us());
}

void monitor_answers_tick(struct monitor *m, int64_t now_us)
{
    if (m->answers.n > 0)
        release(m, now_us);
}

int64_t monitor_answers_deadline(const struct monitor *m)
{
    return m->answers.n > 0 ? m->answers.held[0].until_us : INT64_MAX;
}

void monitor_answers_finish(struct monitor *m)
{
    release(m, INT64_MAX);
}
