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

static const char *channel_name(const struct caller *c, uint16_t person, uint8_t channel)
{
    const struct notify_person *p = &c->config->people[person];
    return channel < p->n_channels ? c->config->channels[p->channels[channel].channel].name : "link";
}

static int write_delivery(struct caller *c, const struct caller_delivery *d)
{
    struct book_attempt row = {.id = d->id,
                               .utc_us = d->utc_us,
                               .ended_utc_us = d->ended_utc_us,
                               .occurrence = d->occurrence,
                               .person = c->config->people[d->person].id,
                               .channel = channel_name(c, d->person, d->channel),
                               .purpose = d->purpose,
                               .outcome = d->outcome,
                               .error = d->error,
                               .detail = d->detail,
                               .level = d->level + 1,
                               .round = d->round};
    return book_attempt_put(c->book, &row);
}

static int write_alarm(struct caller *c, uint32_t slot, bool is_free, const struct call_saved *saved)
{
    struct caller_slot *s = &c->slots[slot];
    int result = 0;
    if (s->written[0] != '\0' && (is_free || strcmp(s->written, saved->fact.key) != 0))
        result = book_alarm_remove(c->book, s->written);
    if (!is_free && result == 0)
        result = book_alarm_put(c->book, saved, s->body != NULL ? s->body : "", s->seq, s->run);
    return result;
}

static int write_facts(struct caller *c)
{
    char text[CALLER_RUN + 32];
    snprintf(text, sizeof text, "%lld %s", (long long)c->last_seq, c->last_run);
    int result = book_fact_put(c->book, "last", text);
    if (result == 0)
        result = caller_people_write(c);
    snprintf(text, sizeof text, "%u", call_drill_turn(c->call));
    return result == 0 ? book_fact_put(c->book, "drill_turn", text) : result;
}

/* Slots written in this turn; on failure they are dirty again. */
struct written {
    uint32_t slot;
    bool is_free;
    char key[CALL_KEY];
};
#define WRITTEN_MAX 512 /* in one transaction */

/* Letters are filed in the transaction that holds the last of what they have changed. */
static int write_letters(struct caller *c)
{
    int result = 0;
    for (unsigned i = 0; i < c->n_done && result == 0; i++)
        result = book_inbox_file(c->book, c->done[i]);
    return result == 0 && c->facts_dirty ? write_facts(c) : result;
}

static int write_all(struct caller *c, struct stamp now, struct written *done, unsigned *n)
{
    struct call_saved saved;
    uint32_t slot;
    bool is_free;
    int result = 0;
    for (unsigned i = 0; i < c->n_published && result == 0; i++)
        result = book_attempt_published(c->book, c->published[i]);
    while (result == 0 && *n < WRITTEN_MAX && call_take_dirty(c->call, now, &slot, &is_free, &saved)) {
        done[*n] = (struct written){.slot = slot, .is_free = is_free};
        snprintf(done[*n].key, CALL_KEY, "%s", is_free ? "" : saved.fact.key);
        ++*n;
        result = write_alarm(c, slot, is_free, &saved);
    }
    for (unsigned i = 0; i < CALLER_DELIVERIES && result == 0; i++)
        if (c->deliveries[i].id != 0 && c->deliveries[i].unwritten)
            result = write_delivery(c, &c->deliveries[i]);
    if (result == 0)
        result = caller_health_write(c);
    return result == 0 && *n < WRITTEN_MAX ? write_letters(c) : result;
}

static void forget_done(struct caller *c, const struct written *done, unsigned n)
{
    c->n_published = 0;
    caller_health_written(c);
    if (n < WRITTEN_MAX) {
        c->n_done = 0;
        c->facts_dirty = false;
    }
    for (unsigned i = 0; i < n; i++) {
        struct caller_slot *s = &c->slots[done[i].slot];
        snprintf(s->written, sizeof s->written, "%s", done[i].key);
        struct call_view view;
        if (done[i].is_free && !call_view(c->call, done[i].slot, &view)) {
            free(s->body);
            *s = (struct caller_slot){.key = ""};
        }
    }
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++) {
        struct caller_delivery *d = &c->deliveries[i];
        d->unwritten = false;
        c->calls_due |= d->id != 0 && d->outcome != NULL;
        if (d->id != 0 && d->outcome != NULL && d->attempt == 0) {
            notice_free(d->notice);
            *d = (struct caller_delivery){.id = 0};
        }
    }
}

static void say_book(struct caller *c, int error)
{
    const char *words = error == 0 ? "" : strerrordesc_np(-error);
    if (strcmp(words, c->book_trouble) == 0)
        return;
    if (error != 0)
        log_line(LOG_CRIT, MID_STORE, "notify.db can't be written: %s; calling goes on from memory", words);
    else
        log_line(LOG_NOTICE, MID_STORE, "notify.db can be written again");
    snprintf(c->book_trouble, sizeof c->book_trouble, "%s", words);
}

static bool something_to_write(const struct caller *c)
{
    if (c->n_done > 0 || c->n_published > 0 || c->facts_dirty || caller_health_is_unwritten(c))
        return true;
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++)
        if (c->deliveries[i].id != 0 && c->deliveries[i].unwritten)
            return true;
    return false;
}

/* One transaction for what this turn has changed, before anything goes out. */
void caller_write(struct caller *c, struct stamp now)
{
    static _Thread_local struct written done[WRITTEN_MAX];
    for (unsigned n = WRITTEN_MAX; n == WRITTEN_MAX;) {
        struct call_saved saved;
        uint32_t slot;
        bool is_free;
        if (c->book == NULL)
            return;
        if (!something_to_write(c)) { /* a look that costs no transaction */
            if (!call_take_dirty(c->call, now, &slot, &is_free, &saved))
                return;
            call_touch(c->call, slot);
        }
        n = 0;
        int result = book_begin(c->book);
        if (result == 0) {
            result = write_all(c, now, done, &n);
            if (result == 0)
                result = book_commit(c->book);
            else
                book_rollback(c->book);
        }
        say_book(c, result);
        if (result == 0) {
            forget_done(c, done, n);
            continue;
        }
        for (unsigned i = 0; i < n; i++)
            call_touch(c->call, done[i].slot);
        return;
    }
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
