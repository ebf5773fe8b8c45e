/* caller_health.c - which channels work.
 *
 * What became of a channel's last message is kept in the book: a restart repairs nothing, and must not end
 * the alarm that says that somebody can't be told. A channel that never had a message is "not tried". Mail
 * servers can be asked without disturbing anybody: at the start and once a day.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "json_text.h"
#include "log.h"
#include "utf8.h"

#define PROBE_US   (INT64_C(86400) * SECOND_US)
#define PROBE_ID   (UINT64_C(1) << 63) /* no delivery has such a number; the channel's is added */
#define NAME_BYTES 512
#define TEXT_BYTES 1024

/* An address that was changed is another way. */
static void name_of(const struct caller *c, unsigned person, unsigned channel, char name[NAME_BYTES])
{
    const struct notify_person *p = &c->config->people[person];
    snprintf(name, NAME_BYTES, "channel %s/%s %s", p->id,
             c->config->channels[p->channels[channel].channel].name, p->channels[channel].address);
}

static void load_one(struct caller *c, struct stamp now, unsigned person, unsigned channel)
{
    char name[NAME_BYTES], text[TEXT_BYTES];
    struct caller_health *h = &c->health[person][channel];
    struct call_event known = {.kind = CALL_KNOWN, .person = (uint16_t)person, .channel = (uint8_t)channel};
    json_error_t where;
    name_of(c, person, channel, name);
    if (book_fact_get(c->book, name, text, sizeof text) != 0)
        return;
    json_t *root = json_loads(text, 0, &where);
    const char *since = json_string_value(json_object_get(root, "since")),
               *error = json_string_value(json_object_get(root, "error"));
    if (root != NULL && since != NULL && error != NULL) {
        snprintf(h->since, sizeof h->since, "%s", since);
        snprintf(h->error, sizeof h->error, "%s", error);
        h->probed = json_is_true(json_object_get(root, "probed"));
        known.ok = json_is_true(json_object_get(root, "ok"));
        call_feed(c->call, now, &known);
    }
    json_decref(root);
}

void caller_health_load(struct caller *c, struct stamp now)
{
    for (unsigned person = 0; person < c->config->n_people && c->book != NULL; person++)
        for (unsigned i = 0; i < c->config->people[person].n_channels; i++)
            load_one(c, now, person, i);
}

static int write_one(struct caller *c, unsigned person, unsigned channel)
{
    const struct caller_health *h = &c->health[person][channel];
    char name[NAME_BYTES], text[TEXT_BYTES];
    struct json_text j;
    name_of(c, person, channel, name);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_bool(&j, "ok", call_channel_state(c->call, (uint16_t)person, (uint8_t)channel) == CALL_WORKS);
    json_text_bool(&j, "probed", h->probed);
    json_text_string(&j, "since", h->since);
    json_text_string(&j, "error", h->error);
    json_text_end(&j);
    return json_text_finish(&j) > 0 ? book_fact_put(c->book, name, text) : 0;
}

bool caller_health_is_unwritten(const struct caller *c)
{
    for (unsigned person = 0; person < c->config->n_people; person++)
        for (unsigned i = 0; i < c->config->people[person].n_channels; i++)
            if (c->health[person][i].unwritten)
                return true;
    return false;
}

int caller_health_write(struct caller *c)
{
    int result = 0;
    for (unsigned person = 0; person < c->config->n_people; person++)
        for (unsigned i = 0; i < c->config->people[person].n_channels && result == 0; i++)
            if (c->health[person][i].unwritten) {
                result = write_one(c, person, i);
                c->health[person][i].unwritten = false;
                c->health[person][i].in_page = true;
            }
    return result;
}

void caller_health_written(struct caller *c, bool ok)
{
    for (unsigned person = 0; person < c->config->n_people; person++)
        for (unsigned i = 0; i < c->config->people[person].n_channels; i++) {
            struct caller_health *h = &c->health[person][i];
            h->unwritten |= h->in_page && !ok;
            h->in_page = false;
        }
}

void caller_health_note(struct caller *c, struct stamp now, uint16_t person, uint8_t channel, bool ok,
                        const char *error, bool probed)
{
    struct caller_health *h = &c->health[person][channel];
    const struct notify_person *p = &c->config->people[person];
    const char *name = c->config->channels[p->channels[channel].channel].name;
    char clean[sizeof h->error]; /* a server's own words, perhaps cut: nothing else can be told as JSON */
    (void)utf8_clean(clean, sizeof clean, error != NULL ? error : "");
    error = clean;
    bool was_ok = h->error[0] == '\0';
    if (!ok && (was_ok || strcmp(h->error, error) != 0))
        log_line(LOG_ERR, MID_ALARM, "%s %s be told through %s: %s", p->id, probed ? "can not" : "could not",
                 name, error);
    else if (ok && !was_ok)
        log_line(LOG_NOTICE, MID_ALARM, "%s can be told through %s again", p->id, name);
    if (h->since[0] == '\0' || strcmp(h->error, error) != 0)
        clock_print_utc(h->since, now.utc_us);
    snprintf(h->error, sizeof h->error, "%s", ok ? "" : error);
    h->probed = probed;
    h->unwritten = true;
}

/* --- people, and their places */

void caller_people_load(struct caller *c)
{
    char ids[CALL_PEOPLE * (ID_MAX + 1)] = "", *rest = NULL;
    bool known = c->book != NULL && book_fact_get(c->book, "people", ids, sizeof ids) == 0;
    unsigned n = 0;
    for (unsigned i = 0; i < CALL_PEOPLE; i++)
        c->place[i] = known ? CALL_NOBODY : (uint16_t)i;
    for (const char *id = strtok_r(ids, " ", &rest); known && id != NULL && n < CALL_PEOPLE;
         id = strtok_r(NULL, " ", &rest))
        c->place[n++] = notify_config_person(c->config, id);
    c->facts_dirty = true;
}

void caller_people_map(const struct caller *c, struct call_saved *saved)
{
    struct call_saved old = *saved;
    saved->told = 0;
    memset(saved->calls, 0, sizeof saved->calls);
    saved->fact.by = old.fact.by < CALL_PEOPLE ? c->place[old.fact.by] : CALL_NOBODY;
    for (unsigned i = 0; i < CALL_PEOPLE; i++) {
        if (c->place[i] >= c->config->n_people)
            continue;
        saved->told |= (old.told >> i & 1U) << c->place[i];
        saved->calls[c->place[i]] = old.calls[i];
    }
}

int caller_people_write(struct caller *c)
{
    char ids[CALL_PEOPLE * (ID_MAX + 1)] = "";
    size_t used = 0;
    for (unsigned i = 0; i < c->config->n_people; i++)
        used += (size_t)snprintf(ids + used, sizeof ids - used, "%s%s", i > 0 ? " " : "",
                                 c->config->people[i].id);
    return book_fact_put(c->book, "people", ids);
}

/* --- asking servers */

void caller_probe(struct caller *c, struct stamp now)
{
    if (now.boot_us < c->probe_us)
        return;
    c->probe_us = now.boot_us + PROBE_US;
    for (unsigned i = 0; i < c->config->n_channels; i++) {
        struct notice probe = {.id = PROBE_ID | i, .purpose = NOTICE_TEST, .is_probe = true};
        if (c->channels[i] != NULL && c->config->channels[i].kind == CHANNEL_MAIL)
            (void)channel_send(c->channels[i], &probe);
    }
}

/* True: it was the answer to a probe. A message says more than a probe: what has failed for a message stays
 * so. */
bool caller_probe_result(struct caller *c, struct stamp now, const struct channel_result *result)
{
    bool ok = result->outcome == CHANNEL_SENT;
    if ((result->id & PROBE_ID) == 0)
        return false;
    for (uint16_t person = 0; person < c->config->n_people && result->outcome != CHANNEL_STOPPED; person++)
        for (uint8_t i = 0; i < c->config->people[person].n_channels; i++) {
            enum call_channel_state state = call_channel_state(c->call, person, i);
            if (c->config->people[person].channels[i].channel != (result->id & ~PROBE_ID) ||
                state == CALL_FAILED)
                continue;
            if (!ok || state == CALL_UNTRIED)
                caller_health_note(c, now, person, i, ok, result->error, true);
            call_feed(c->call, now,
                      &(struct call_event){.kind = CALL_KNOWN, .person = person, .channel = i, .ok = ok});
        }
    return true;
}
