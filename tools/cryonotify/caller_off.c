/* caller_off.c - what somebody has switched off, and the tables of the rota. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "log.h"
#include "rota.h"

#define ROTA_EVERY_US (600 * SECOND_US)
#define CLOCK_SET_US  (60 * SECOND_US)

static void feed_off(struct caller *c, struct stamp now, const char *what, int64_t until_utc_us)
{
    struct call_event event = {.kind = CALL_OFF, .until_utc_us = until_utc_us};
    if (notify_config_what(c->config, what, &event.person, &event.channel) == 0)
        call_feed(c->call, now, &event);
}

/* Switching on a person must not switch on a channel that somebody has switched off, and so on. */
static void feed_all(struct caller *c, struct stamp now)
{
    for (unsigned person = 0; person < c->config->n_people; person++)
        feed_off(c, now, c->config->people[person].id, 0);
    for (unsigned i = 0; i < c->n_offs; i++) {
        struct call_event event = {.kind = CALL_OFF, .until_utc_us = c->offs[i].until_utc_us};
        if (notify_config_what(c->config, c->offs[i].what, &event.person, &event.channel) != 0)
            continue;
        call_feed(c->call, now, &event);
    }
}

static void remove_off(struct caller *c, unsigned i)
{
    memmove(&c->offs[i], &c->offs[i + 1], (c->n_offs - i - 1) * sizeof c->offs[0]);
    c->n_offs--;
}

int caller_off(struct caller *c, struct stamp now, const struct book_off *off)
{
    struct book_off kept = *off;
    if (c->n_offs >= CALLER_OFFS)
        return -ENOSPC;
    if (c->book == NULL)
        return -EROFS; /* what can't be recorded is not switched off */
    if (c->page.under_way || book_is_late(c->book))
        return -ETIMEDOUT;
    int result = book_begin(c->book);
    if (result < 0)
        return result;
    result = book_off_put(c->book, off, &kept.count);
    if (result == 0)
        result = book_commit(c->book);
    else
        book_rollback(c->book);
    if (result == -EINPROGRESS) { /* it may be written yet: then a restart must not take it for true */
        snprintf(c->off_unsure, sizeof c->off_unsure, "%s", off->what);
        c->page.under_way = true;
        return -ETIMEDOUT;
    }
    if (result < 0)
        return result;
    for (unsigned i = 0; i < c->n_offs; i++)
        if (strcmp(c->offs[i].what, off->what) == 0) {
            remove_off(c, i);
            break;
        }
    c->offs[c->n_offs++] = kept;
    feed_all(c, now);
    log_line(LOG_WARNING, MID_ALARM, "%s is switched off by %s: %s", off->what, off->by, off->why);
    return 0;
}

int caller_on(struct caller *c, struct stamp now, const char *what, const char *by)
{
    for (unsigned i = 0; i < c->n_offs; i++) {
        if (strcmp(c->offs[i].what, what) != 0)
            continue;
        /* It ends all the same: to call somebody too many is better. After a restart it would
         * be off again. */
        int result = c->book != NULL ? book_off_end(c->book, what, by, now.utc_us) : -EROFS;
        if (result < 0)
            log_line(LOG_ERR, MID_STORE, "that %s is switched on again by %s can't be recorded: %s", what, by,
                     strerrordesc_np(-result));
        remove_off(c, i);
        feed_all(c, now);
        log_line(LOG_NOTICE, MID_ALARM, "%s is switched on again by %s", what, by);
        return result < 0 ? -EROFS : 0;
    }
    return -ENOENT;
}

void caller_offs_expire(struct caller *c, struct stamp now)
{
    for (unsigned i = 0; i < c->n_offs;) {
        if (c->offs[i].until_utc_us > now.utc_us) {
            i++;
            continue;
        }
        char what[sizeof c->offs[0].what];
        memcpy(what, c->offs[i].what, sizeof what);
        (void)caller_on(c, now, what, "its time");
    }
}

static void take_off(void *context, const struct book_off *off)
{
    struct caller *c = context;
    if (c->n_offs < CALLER_OFFS)
        c->offs[c->n_offs++] = *off;
}

void caller_offs_load(struct caller *c, struct stamp now)
{
    if (c->book != NULL)
        (void)book_off_load(c->book, take_off, c);
    feed_all(c, now);
}

void caller_rota(struct caller *c, struct stamp now)
{
    static _Thread_local struct call_span spans[CALL_SPANS];
    static _Thread_local struct call_quiet quiet[CALL_SPANS];
    /* The shifts are laid out for some days: a clock that was set may be beyond them, and nobody on duty. */
    const int64_t offset_us = now.utc_us - now.boot_us, set_us = offset_us - c->rota_offset_us;
    if (now.boot_us < c->rota_us && set_us > -CLOCK_SET_US && set_us < CLOCK_SET_US)
        return;
    c->rota_offset_us = offset_us;
    c->rota_us = now.boot_us + ROTA_EVERY_US;
    (void)call_set_duty(c->call, spans, rota_spans(c->config, now.utc_us, spans));
    (void)call_set_quiet(c->call, quiet, rota_quiet(c->config, now.utc_us, quiet));
}
