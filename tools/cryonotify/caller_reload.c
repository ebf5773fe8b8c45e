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

/* Could it be an address, a number or a secret? Names of keys, people and channels are not. */
static bool is_telling(const char *text, size_t len)
{
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        const char t = text[i];
        digits += t >= '0' && t <= '9';
        if (!(t >= 'a' && t <= 'z') && !(t >= '0' && t <= '9') && strchr("._-", t) == NULL)
            return true;
    }
    return len > 40 || digits > 3;
}

/* The mistake without what the file says in its place: it goes into the record, and to everybody who listens.
 * "'x@y' is no address" becomes "'...' is no address". */
static char *without_values(const char *line)
{
    size_t n = 0;
    char *text = malloc(4 * strlen(line) + 1);
    for (const char *p = line; text != NULL && *p != '\0';) {
        const bool opens = *p == '\'' && (p == line || strchr(" ([{:,", p[-1]) != NULL);
        const char *end = opens ? strchr(p + 1, '\'') : NULL;
        const size_t word = strcspn(p, " ");
        if (end != NULL && is_telling(p + 1, (size_t)(end - p - 1))) {
            n += (size_t)sprintf(text + n, "'...'");
            p = end + 1;
        } else if (end == NULL && (p == line || p[-1] == ' ') &&
                   (memchr(p, '@', word) != NULL || memmem(p, word, "://", 3) != NULL)) {
            n += (size_t)sprintf(text + n, "...");
            p += word;
        } else {
            text[n++] = *p++;
        }
    }
    if (text != NULL)
        text[n] = '\0';
    return text;
}

static void refuse(struct caller *c, const struct problems *problems, const struct caller_refusal *refusal)
{
    forget_refused(c);
    c->refusal = *refusal;
    c->refusal.n = problems->n;
    for (size_t i = 0; i < problems->n && i < PROBLEMS_MAX; i++)
        log_line(LOG_ERR, MID_START, "%s", problems->lines[i]);
    for (size_t i = 0; i < problems->n && i < CALLER_REFUSED; i++) {
        c->refused[i] = without_values(problems->lines[i]);
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

void caller_reload(struct caller *c, struct stamp now, unsigned uid)
{
    struct caller_refusal asked = {.utc_us = now.utc_us};
    struct problems problems = {0}, warnings = {0};
    struct notify_config *next = NULL;
    service_reloading();
    snprintf(asked.by, sizeof asked.by, "SIGHUP, uid %u", uid);
    notify_file_look(c->setup.path, &asked.file);
    (void)notify_config_load(c->setup.path, c->setup.templates, &problems, &warnings, &next);
    for (size_t i = 0; i < warnings.n && i < PROBLEMS_MAX; i++)
        log_line(LOG_WARNING, MID_START, "%s", warnings.lines[i]);
    if (next != NULL)
        check_same(c, next, &problems);
    notify_config_free(c->next);
    c->next = NULL;
    if (next == NULL || problems.n > 0) {
        refuse(c, &problems, &asked);
        notify_config_free(next);
        if (c->book != NULL)
            service_ready("calling people");
    } else {
        forget_refused(c);
        memcpy(next->by, asked.by, sizeof next->by);
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

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        (void)json_object_set_new(object, key, json_string(text));
}

static void set_time(json_t *object, const char *key, int64_t utc_us)
{
    char text[RFC3339_MAX] = "";
    if (utc_us != 0)
        clock_print_utc(text, utc_us);
    set_text(object, key, text);
}

static json_t *refusal_json(const struct caller *c)
{
    json_t *made = json_pack("{s:s, s:I}", "by", c->refusal.by, "mistakes", (json_int_t)c->refusal.n);
    set_time(made, "time", c->refusal.utc_us);
    set_text(made, "sha256", c->refusal.file.sha256);
    set_time(made, "modified", c->refusal.file.modified_utc_us);
    set_text(made, "first", c->refused[0]);
    return made;
}

json_t *caller_configuration_json(struct caller *c)
{
    json_t *made = json_pack("{s:s, s:s}", "sha256", c->config->sha256, "by", c->config->by);
    json_t *refused = c->n_refused > 0 ? json_array() : NULL;
    set_time(made, "loaded", c->loaded_utc_us);
    set_time(made, "modified", c->config->modified_utc_us);
    if (c->calling == NULL)
        c->calling = caller_calling_json(c->config);
    if (c->calling != NULL)
        (void)json_object_set(made, "calling", c->calling);
    for (unsigned i = 0; i < c->n_refused; i++) {
        json_t *line = json_string(c->refused[i]);
        if (line != NULL)
            (void)json_array_append_new(refused, line);
    }
    if (refused != NULL) {
        (void)json_object_set_new(made, "refused", refused);
        (void)json_object_set_new(made, "refusal", refusal_json(c));
    }
    return made;
}

void caller_reload_free(struct caller *c)
{
    forget_refused(c);
    json_decref(c->calling);
    c->calling = NULL;
    notify_config_free(c->next);
    c->next = NULL;
}
