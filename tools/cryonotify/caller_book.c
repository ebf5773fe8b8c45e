/*
 * caller_book.c - what must outlive us goes into the book, as pages: one transaction for what a turn has
 * changed, before anything goes out.
 *
 * A page that is not on disk in time (the disk hangs) stays with the writer; what changes meanwhile is in
 * memory and goes into the next page. What a page holds is marked (written, in_page), and becomes clean or
 * dirty again when it is known what became of the page.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "log.h"

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

static int write_deliveries(struct caller *c)
{
    int result = 0;
    for (unsigned i = 0; i < CALLER_DELIVERIES && result == 0; i++) {
        struct caller_delivery *d = &c->deliveries[i];
        if (d->id == 0 || !d->unwritten)
            continue;
        result = write_delivery(c, d);
        d->unwritten = false;
        d->in_page = true;
    }
    return result;
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

static int write_alarms(struct caller *c, struct stamp now)
{
    struct caller_page *p = &c->page;
    struct call_saved saved;
    uint32_t slot;
    bool is_free;
    int result = 0;
    while (result == 0 && p->n_slots < CALLER_PAGE &&
           call_take_dirty(c->call, now, &slot, &is_free, &saved)) {
        struct caller_written *w = &p->slots[p->n_slots++];
        *w = (struct caller_written){.slot = slot, .is_free = is_free};
        snprintf(w->key, CALL_KEY, "%s", is_free ? "" : saved.fact.key);
        result = write_alarm(c, slot, is_free, &saved);
    }
    return result;
}

static int write_facts(struct caller *c)
{
    char text[CALLER_RUN + 32];
    snprintf(text, sizeof text, "%lld %s", (long long)c->kept.seq, c->kept.run);
    int result = book_fact_put(c->book, "last", text);
    if (result == 0)
        result = caller_people_write(c);
    snprintf(text, sizeof text, "%u", call_drill_turn(c->call));
    return result == 0 ? book_fact_put(c->book, "drill_turn", text) : result;
}

/* Letters are filed in the page that holds the last of what they have changed. */
static int write_letters(struct caller *c)
{
    int result = 0;
    unsigned n = c->n_done < CALLER_PAGE ? c->n_done : CALLER_PAGE;
    for (c->page.n_done = 0; c->page.n_done < n && result == 0; c->page.n_done++)
        result = book_inbox_file(c->book, c->done[c->page.n_done]);
    if (result == 0 && c->facts_dirty) {
        c->facts_dirty = false;
        c->page.facts = true;
        result = write_facts(c);
    }
    return result;
}

static int write_all(struct caller *c, struct stamp now)
{
    int result = 0;
    for (c->page.n_published = 0; c->page.n_published < c->n_published && result == 0; c->page.n_published++)
        result = book_attempt_published(c->book, c->published[c->page.n_published]);
    if (result == 0)
        result = write_alarms(c, now);
    if (result == 0)
        result = write_deliveries(c);
    if (result == 0)
        result = caller_health_write(c);
    if (result == 0)
        result = caller_acks_write(c);
    c->page.ends_off = c->off_unsure[0] != '\0';
    if (result == 0 && c->page.ends_off)
        result = book_off_end(c->book, c->off_unsure, "cryonotify: it was not recorded in time", now.utc_us);
    return result == 0 && c->page.n_slots < CALLER_PAGE ? write_letters(c) : result;
}

static void settle_deliveries(struct caller *c, bool ok)
{
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++) {
        struct caller_delivery *d = &c->deliveries[i];
        if (d->id == 0 || !d->in_page)
            continue;
        d->in_page = false;
        d->unwritten |= !ok;
        c->calls_due |= d->outcome != NULL;
        if (!d->unwritten && d->outcome != NULL && d->attempt == 0) {
            notice_free(d->notice);
            *d = (struct caller_delivery){.id = 0};
        }
    }
}

static void settle_slots(struct caller *c, bool ok)
{
    for (unsigned i = 0; i < c->page.n_slots; i++) {
        const struct caller_written *w = &c->page.slots[i];
        struct caller_slot *s = &c->slots[w->slot];
        struct call_view view;
        if (!ok) {
            call_touch(c->call, w->slot);
            continue;
        }
        snprintf(s->written, sizeof s->written, "%s", w->key);
        if (w->is_free && !call_view(c->call, w->slot, &view)) {
            free(s->body);
            *s = (struct caller_slot){.key = ""};
        }
    }
}

/* What became of the page. */
static void settle(struct caller *c, bool ok)
{
    struct caller_page *p = &c->page;
    settle_slots(c, ok);
    settle_deliveries(c, ok);
    caller_health_written(c, ok);
    caller_acks_written(c, ok);
    if (ok) {
        c->n_published -= p->n_published;
        memmove(c->published, c->published + p->n_published, c->n_published * sizeof c->published[0]);
        c->n_done -= p->n_done;
        memmove(c->done, c->done + p->n_done, c->n_done * sizeof c->done[0]);
        if (p->ends_off)
            c->off_unsure[0] = '\0';
    } else {
        c->facts_dirty |= p->facts;
    }
    p->n_slots = p->n_done = p->n_published = 0;
    p->facts = p->ends_off = p->under_way = false;
}

void caller_say_book(struct caller *c, int error)
{
    const char *words = error == 0            ? ""
                        : error == -ETIMEDOUT ? "the disk does not answer"
                                              : strerrordesc_np(-error);
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
    struct call_saved saved;
    uint32_t slot;
    bool is_free;
    if (c->n_done > 0 || c->n_published > 0 || c->facts_dirty || c->off_unsure[0] != '\0' ||
        caller_health_is_unwritten(c) || caller_acks_are_unwritten(c))
        return true;
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++)
        if (c->deliveries[i].id != 0 && c->deliveries[i].unwritten)
            return true;
    /* A look that costs no transaction. */
    bool dirty = call_take_dirty(c->call, clock_now(), &slot, &is_free, &saved);
    if (dirty)
        call_touch(c->call, slot);
    return dirty;
}

/* Returns what became of the page that was under way: 0 (none is), -EINPROGRESS, or an error. */
static int look_after(struct caller *c)
{
    int result = c->page.under_way ? book_settled(c->book) : 0;
    if (result != -EINPROGRESS && c->page.under_way) {
        settle(c, result == 0);
        caller_say_book(c, result);
    }
    return result;
}

static int write_page(struct caller *c, struct stamp now)
{
    int result = book_begin(c->book);
    if (result < 0)
        return result;
    c->page.under_way = true;
    result = write_all(c, now);
    if (result == 0)
        result = book_commit(c->book);
    else
        book_rollback(c->book);
    if (result != -EINPROGRESS)
        settle(c, result == 0);
    return result;
}

void caller_write(struct caller *c, struct stamp now)
{
    if (c->book == NULL)
        return;
    bool late = book_is_late(c->book), more = true;
    if (late)
        caller_say_book(c, -ETIMEDOUT);
    else if (c->book_late && !c->page.under_way)
        caller_say_book(c, 0);
    c->book_late = late;
    if (look_after(c) != 0 || late)
        return;
    while (more && something_to_write(c)) {
        more = false;
        int result = write_page(c, now);
        if (result == -EINPROGRESS) {
            c->book_late = true;
            result = -ETIMEDOUT;
        }
        more = result == 0;
        caller_say_book(c, result);
    }
}

/* --- once it can be opened */

/* Everything begins anew with it: the service manager starts us again. The inbox has the hung one too, so it
 * is closed at the end only. */
void caller_try_book(struct caller *c)
{
    if (c->hung_book != NULL && book_is_late(c->hung_book))
        return;
    if (c->hung_book == NULL || book_opened(c->hung_book) != 0) {
        struct book *book = NULL;
        int result = book_open(c->config->state, NULL, &book, c->book_trouble, sizeof c->book_trouble);
        if (result == -ETIMEDOUT && c->hung_book == NULL) {
            c->hung_book = book;
            return;
        }
        (void)book_close(book);
        if (result < 0)
            return;
    }
    log_line(LOG_NOTICE, MID_STORE, "notify.db can be opened now: starting anew");
    c->stopping = c->failed = true;
}
