/* caller_send.c - orders become deliveries, deliveries are written down and go out, and what became of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "json_text.h"
#include "log.h"

static struct caller_delivery *find(struct caller *c, uint32_t attempt)
{
    for (unsigned i = 0; i < CALLER_DELIVERIES && attempt != 0; i++)
        if (c->deliveries[i].id != 0 && c->deliveries[i].attempt == attempt)
            return &c->deliveries[i];
    return NULL;
}

static struct caller_delivery *open_delivery(struct caller *c)
{
    struct caller_delivery *oldest = NULL;
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++) {
        struct caller_delivery *d = &c->deliveries[i];
        if (d->id == 0)
            return d;
        /* Done, and only its row could not be written yet: the record loses it, and says so. */
        if (d->attempt == 0 && d->outcome != NULL && (oldest == NULL || d->id < oldest->id))
            oldest = d;
    }
    if (oldest != NULL) {
        c->undelivered++;
        log_line(LOG_ERR, MID_STORE, "the record of call %lld could not be kept", (long long)oldest->id);
        notice_free(oldest->notice);
        *oldest = (struct caller_delivery){.id = 0};
    }
    return oldest;
}

/* The person's channel: address, name, language. The strings belong to the configuration. */
static void address_to(const struct caller *c, struct notice *notice, uint16_t person, uint8_t channel)
{
    const struct notify_person *p = &c->config->people[person];
    notice->person = p->id;
    notice->person_name = p->name;
    notice->language = p->language;
    notice->address = channel < p->n_channels ? p->channels[channel].address : NULL;
}

static int make(struct caller *c, struct stamp now, const struct call_order *order, struct caller_delivery *d)
{
    struct caller_paper *paper;
    const struct caller_delivery *of = order->kind == CALL_AGAIN_BY ? find(c, order->of) : NULL;
    if (of == NULL && order->kind == CALL_AGAIN_BY && order->slot == UINT32_MAX)
        return -ENOENT;
    if (of != NULL) {
        struct notice copy = *of->notice;
        copy.id = (uint64_t)d->id;
        address_to(c, &copy, order->person, order->channel);
        snprintf(d->occurrence, sizeof d->occurrence, "%s", of->occurrence);
        return notice_copy(&copy, &d->notice);
    }
    paper = calloc(1, sizeof *paper);
    if (paper == NULL)
        return -ENOMEM;
    address_to(c, &paper->notice, order->person, order->channel);
    paper->notice.id = (uint64_t)d->id;
    int result = caller_paper(c, now, order, paper);
    if (result == 0) {
        snprintf(d->occurrence, sizeof d->occurrence, "%s", paper->occurrence);
        result = notice_copy(&paper->notice, &d->notice);
    }
    caller_paper_free(paper);
    free(paper);
    return result;
}

static void take_order(struct caller *c, struct stamp now, const struct call_order *order)
{
    struct caller_delivery *d = open_delivery(c);
    if (d == NULL) { /* the core has fewer attempts than there are deliveries */
        c->undelivered++;
        call_feed(c->call, now, &(struct call_event){.kind = CALL_RESULT, .attempt = order->attempt});
        return;
    }
    *d = (struct caller_delivery){.id = ++c->last_id,
                                  .person = order->person,
                                  .channel = order->channel,
                                  .level = order->level,
                                  .round = order->nth,
                                  .purpose = caller_purpose(order->purpose),
                                  .utc_us = now.utc_us,
                                  .to_send = true,
                                  .unwritten = true};
    int result = make(c, now, order, d);
    d->attempt = order->attempt; /* after make: `of` may have had the same number never */
    if (result < 0) {
        d->to_send = false;
        d->outcome = "failed";
        d->ended_utc_us = now.utc_us;
        snprintf(d->error, sizeof d->error, "the message could not be made: %s", strerrordesc_np(-result));
        d->attempt = 0;
        call_feed(c->call, now, &(struct call_event){.kind = CALL_RESULT, .attempt = order->attempt});
    }
}

void caller_orders(struct caller *c, struct stamp now)
{
    struct call_order order;
    while (call_take(c->call, now, &order))
        take_order(c, now, &order);
}

static void ended(struct caller *c, struct stamp now, struct caller_delivery *d, bool ok, const char *error,
                  const char *detail)
{
    uint32_t attempt = d->attempt;
    d->outcome = ok ? "sent" : "failed";
    d->ended_utc_us = now.utc_us;
    snprintf(d->error, sizeof d->error, "%s", error);
    snprintf(d->detail, sizeof d->detail, "%s", detail);
    d->unwritten = true;
    caller_health_note(c, now, d->person, d->channel, ok, error, false);
    call_feed(c->call, now, &(struct call_event){.kind = CALL_RESULT, .attempt = attempt, .ok = ok});
    /* While the core makes the next attempt out of this one, it must be found by its number. */
    caller_orders(c, now);
    d->attempt = 0;
}

void caller_send(struct caller *c, struct stamp now)
{
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++) {
        struct caller_delivery *d = &c->deliveries[i];
        if (d->id == 0 || !d->to_send)
            continue;
        d->to_send = false;
        struct channel *channel = c->channels[c->config->people[d->person].channels[d->channel].channel];
        if (channel == NULL) {
            ended(c, now, d, false, "the channel is switched off in the configuration", "");
            continue;
        }
        int result = channel_send(channel, d->notice);
        if (result < 0)
            ended(c, now, d, false,
                  result == -EAGAIN ? "too many messages wait for this channel" : strerrordesc_np(-result),
                  "");
    }
}

void caller_result(struct caller *c, struct stamp now, const struct channel_result *result)
{
    if (caller_probe_result(c, now, result))
        return;
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++) {
        struct caller_delivery *d = &c->deliveries[i];
        if (d->id == 0 || (uint64_t)d->id != result->id || d->attempt == 0)
            continue;
        if (result->outcome != CHANNEL_STOPPED)
            ended(c, now, d, result->outcome == CHANNEL_SENT, result->error, result->detail);
        return;
    }
}

/* --- what became of calls, for the daemon's record */

static bool is_flying(const struct caller *c, int64_t id)
{
    for (unsigned i = 0; i < CALLER_FLYING; i++)
        if (c->flying[i] == id || (i < c->n_published && c->published[i] == id))
            return true;
    return false;
}

static void publish_call(void *context, const struct book_attempt *a)
{
    struct caller *c = context;
    char topic[INBOX_TOPIC], text[2048];
    struct json_text j;
    unsigned slot = 0;
    while (slot < CALLER_FLYING && c->flying[slot] != 0)
        slot++;
    if (slot == CALLER_FLYING || is_flying(c, a->id))
        return;
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_integer(&j, "id", a->id);
    json_text_time(&j, "time", a->ended_utc_us);
    json_text_string(&j, "alarm_id", a->occurrence);
    json_text_string(&j, "person", a->person);
    json_text_string(&j, "channel", a->channel);
    json_text_string(&j, "purpose", a->purpose);
    json_text_integer(&j, "level", a->level);
    json_text_integer(&j, "attempt", a->round);
    json_text_string(&j, "outcome", a->outcome);
    if (a->error != NULL && a->error[0] != '\0')
        json_text_string(&j, "error", a->error);
    json_text_end(&j);
    caller_topic(c, "notify/calls", topic);
    if (json_text_finish(&j) > 0 && inbox_send(c->inbox, topic, text, false, NULL, 'c', a->id) == 0)
        c->flying[slot] = a->id;
}

void caller_publish_calls(struct caller *c)
{
    if (!c->calls_due || c->book == NULL || !c->watch.connected || c->watch_only)
        return;
    c->calls_due = false;
    (void)book_attempt_load(c->book, true, CALLER_FLYING, publish_call, c);
}

void caller_call_sent(struct caller *c, int64_t id, bool ok)
{
    for (unsigned i = 0; i < CALLER_FLYING; i++)
        if (c->flying[i] == id)
            c->flying[i] = 0;
    if (ok && c->n_published < CALLER_FLYING)
        c->published[c->n_published++] = id;
    c->calls_due = c->watch.connected; /* there may be more */
}

void caller_confirmed(struct caller *c, struct stamp now, const char *occurrence, const char *person)
{
    uint16_t who = notify_config_person(c->config, person);
    struct caller_delivery *d = who != CALL_NOBODY ? open_delivery(c) : NULL;
    if (d == NULL)
        return;
    *d = (struct caller_delivery){.id = ++c->last_id,
                                  .person = who,
                                  .channel = CALL_ALL_CHANNELS,
                                  .purpose = "acknowledged",
                                  .outcome = "confirmed",
                                  .utc_us = now.utc_us,
                                  .ended_utc_us = now.utc_us,
                                  .unwritten = true};
    snprintf(d->occurrence, sizeof d->occurrence, "%s", occurrence);
}
