/* monitor_refresh.c - the value of now in the states of alarms.
 *
 * An alarm's event says what was so at that moment. Its state, which the broker retains and Status shows, is
 * looked at much later: by whom it is told again, or told for the first time. So it is told anew about once a
 * minute, with the reading of now and its time. That is no event: it is not stored, and nobody is called.
 */
#include <string.h>

#include "clock.h"
#include "monitor_internal.h"

#define AGAIN_US (60 * SECOND_US)
#define PER_TURN 32 /* a turn is a second: a site that is in alarm as a whole floods nobody */

/* ret is "" when there is nothing to say of it. */
static void make(const struct monitor *m, uint16_t alarm, struct point_view *view, char ret[BODY_MAX])
{
    const struct alarm_news news = monitor_news_now(m, alarm, view);
    const enum condition_kind kind = m->config->alarm_models[alarm].kind;
    /* Of a fault that an earlier run has found, and of what was derived before the past is recalled, what its
     * event said is all that is known. */
    const bool is_bare = (kind == CONDITION_FAULT && news.detail[LANGUAGE_EN][0] == '\0') ||
                         ((kind == CONDITION_FED || kind == CONDITION_CHATTER) && news.active &&
                          news.words[LANGUAGE_EN][0] == '\0');
    const bool was_read = news.reading != NULL && news.reading->reason != REASON_NEVER_READ;
    if (is_bare || !announce_refresh(&news, was_read ? view->at.utc_us : 0, m->alarms[alarm].body, ret))
        memcpy(ret, m->alarms[alarm].body, BODY_MAX);
}

void monitor_body_now(const struct monitor *m, uint16_t alarm, char ret[BODY_MAX])
{
    struct point_view view;
    if (m->alarms[alarm].body[0] == '\0')
        ret[0] = '\0';
    else
        make(m, alarm, &view, ret);
}

/* Of what is only kept quiet, and not so, the value is no matter. */
static bool is_wanted(const struct monitor *m, uint16_t alarm)
{
    const enum alarm_state state = m->alarms[alarm].state;
    if (state == ALARM_NORMAL || m->alarms[alarm].body[0] == '\0')
        return false;
    return !alarm_state_is_held(state) || engine_hold(m->engine, alarm).active;
}

void monitor_refresh_members(struct monitor *m, const struct alarm_news *news)
{
    if (m->config->alarm_models[news->alarm].kind != CONDITION_GROUP)
        return;
    for (unsigned i = 0; i < news->n_listed; i++)
        m->alarms[news->members[i]].refreshed_us = 0;
}

/* False: the publisher has no room. */
static bool refresh(struct monitor *m, uint16_t alarm, int64_t now_us)
{
    struct publisher_message message = {.kind = PUBLISHER_ALARM, .generation = m->config->generation};
    struct alarm_record *record = &m->alarms[alarm];
    struct point_view view = {.reading.reason = REASON_NONE};
    message.alarm.alarm = alarm;
    make(m, alarm, &view, message.alarm.body);
    if (view.reading.reason == REASON_NEVER_READ)
        return true; /* after a start: what it was says more, until it is read or known to be lost */
    if (strcmp(message.alarm.body, record->body) != 0) {
        if (mailbox_try(publisher_mailbox(m->parts.publisher), MAILBOX_ORDINARY, &message) < 0)
            return false;
        memcpy(record->body, message.alarm.body, sizeof record->body);
    }
    record->refreshed_us = now_us;
    return true;
}

void monitor_watch_refresh(struct monitor *m, int64_t now_us)
{
    unsigned done = 0;
    for (uint32_t i = 0; i < m->config->n_alarms && done < PER_TURN; i++) {
        const uint16_t alarm = m->refresh_next < m->config->n_alarms ? m->refresh_next : 0;
        const int64_t at_us = m->alarms[alarm].refreshed_us;
        if (is_wanted(m, alarm) && (at_us == 0 || now_us - at_us >= AGAIN_US)) {
            if (!refresh(m, alarm, now_us))
                return;
            done++;
        }
        m->refresh_next = (uint16_t)(alarm + 1U);
    }
}
