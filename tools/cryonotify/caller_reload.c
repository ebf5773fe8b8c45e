/*
 * caller_reload.c - SIGHUP: notify.yaml is read anew.
 *
 * A file with mistakes is refused, and said to be. A good one takes over as a start would: what is open is in
 * the book, and goes on from there, with the people, channels and delays of the new one. So first what is
 * under way is waited for (it would be called again), and everything is written down; while the book can't be
 * written, the new one waits, and calling goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "log.h"
#include "service.h"

#define DRAIN_US (5 * SECOND_US) /* so long no new call is begun; what hangs longer is called again */

static void forget_refused(struct caller *c)
{
    for (unsigned i = 0; i < c->n_refused && i < CALLER_REFUSED; i++)
        free(c->refused[i]);
    c->n_refused = 0;
}

static void refuse(struct caller *c, const struct problems *problems)
{
    forget_refused(c);
    for (size_t i = 0; i < problems->n && i < PROBLEMS_MAX; i++)
        log_line(LOG_ERR, MID_START, "%s", problems->lines[i]);
    for (size_t i = 0; i < problems->n && i < CALLER_REFUSED; i++) {
        c->refused[i] = strdup(problems->lines[i]);
        if (c->refused[i] == NULL)
            break;
        c->n_refused++;
    }
    log_line(LOG_ERR, MID_START, "%s is refused: %zu mistake%s; the configuration read before stays in force",
             c->setup.path, problems->n, problems->n == 1 ? "" : "s");
}

/* What can't be another one while we run: the state that goes on is there. */
static void check_same(const struct caller *c, const struct notify_config *next, struct problems *problems)
{
    if (strcmp(next->state, c->config->state) != 0)
        problems_add(problems, c->setup.path, 0, 0, "'state' is another directory: that needs a restart");
    if (strcmp(next->site, c->config->site) != 0)
        problems_add(problems, c->setup.path, 0, 0, "'site.id' is another site: that needs a restart");
}

void caller_reload(struct caller *c, struct stamp now)
{
    struct problems problems = {0}, warnings = {0};
    struct notify_config *next = NULL;
    service_reloading();
    (void)notify_config_load(c->setup.path, c->setup.templates, &problems, &warnings, &next);
    for (size_t i = 0; i < warnings.n && i < PROBLEMS_MAX; i++)
        log_line(LOG_WARNING, MID_START, "%s", warnings.lines[i]);
    if (next != NULL)
        check_same(c, next, &problems);
    notify_config_free(c->next);
    c->next = NULL;
    if (next == NULL || problems.n > 0) {
        refuse(c, &problems);
        notify_config_free(next);
        if (c->book != NULL)
            service_ready("calling people");
    } else {
        forget_refused(c);
        c->next = next;
        c->drain_us = now.boot_us + DRAIN_US;
        log_line(LOG_NOTICE, MID_START, "%s is read anew, and takes over", c->setup.path);
    }
    problems_free(&problems);
    problems_free(&warnings);
}

static bool is_under_way(const struct caller *c)
{
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++)
        if (c->deliveries[i].id != 0 && c->deliveries[i].attempt != 0)
            return true;
    return false;
}

bool caller_is_draining(const struct caller *c, struct stamp now)
{
    return c->next != NULL && c->book != NULL && !c->book_late && now.boot_us < c->drain_us;
}

/* At the end of a turn: now the new one can take over. */
void caller_hand_over(struct caller *c, struct stamp now)
{
    if (c->next == NULL || (now.boot_us < c->drain_us && is_under_way(c)))
        return;
    if (c->book == NULL || c->page.under_way || c->book_trouble[0] != '\0') {
        if (!c->waiting_told)
            log_line(LOG_WARNING, MID_START, "the new configuration waits until notify.db can be written");
        c->waiting_told = true;
        return;
    }
    c->stopping = true;
}

struct notify_config *caller_take_next(struct caller *c)
{
    struct notify_config *next = c->stopping && !c->ended && !c->failed ? c->next : NULL;
    if (next != NULL)
        c->next = NULL;
    return next;
}

json_t *caller_configuration_json(const struct caller *c)
{
    char loaded[RFC3339_MAX];
    clock_print_utc(loaded, c->loaded_utc_us);
    json_t *made = json_pack("{s:s, s:s}", "sha256", c->config->sha256, "loaded", loaded);
    json_t *refused = c->n_refused > 0 ? json_array() : NULL;
    for (unsigned i = 0; i < c->n_refused; i++) {
        json_t *line = json_string(c->refused[i]);
        if (line != NULL)
            (void)json_array_append_new(refused, line);
    }
    if (refused != NULL)
        json_object_set_new(made, "refused", refused);
    return made;
}

void caller_reload_free(struct caller *c)
{
    forget_refused(c);
    notify_config_free(c->next);
    c->next = NULL;
}
