/* caller_ack.c - an acknowledgement from a link or a command, on its way to the daemon. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "json_text.h"
#include "log.h"

#define AGAIN_US   (10 * SECOND_US) /* no answer: asked again */
#define PAGE_US    (8 * SECOND_US)  /* the page is told before its own patience ends */
#define TRIES_MAX  2000
#define GIVE_UP_US (INT64_C(24) * 3600 * SECOND_US)

static const char *user_of(const struct caller *c)
{
    return c->config->mqtt.username[0] != '\0' ? c->config->mqtt.username : "cryonotify";
}

static void key_of(const char *occurrence, char key[CALL_KEY])
{
    snprintf(key, CALL_KEY, "%.*s", (int)strcspn(occurrence, "@"), occurrence);
}

static void answer_page(struct caller *c, struct stamp now, uint64_t ask, enum link_state state,
                        const char *person, const char *occurrence, const char *words)
{
    struct link_reply reply = {.ask = ask, .state = state, .utc_us = state == LINK_DONE ? now.utc_us : 0};
    char key[CALL_KEY];
    struct call_view view;
    uint16_t who = notify_config_person(c->config, person);
    if (ask == 0 || c->link == NULL)
        return;
    if (who != CALL_NOBODY) {
        reply.language = c->config->people[who].language;
        snprintf(reply.person, sizeof reply.person, "%s", c->config->people[who].name);
    }
    key_of(occurrence, key);
    uint32_t slot = call_find(c->call, key);
    if (slot != UINT32_MAX && call_view(c->call, slot, &view)) {
        json_error_t where;
        json_t *root = c->slots[slot].body != NULL ? json_loads(c->slots[slot].body, 0, &where) : NULL;
        const char *text = json_string_value(
            json_object_get(json_object_get(root, "text"), reply.language == LANGUAGE_ZH ? "zh" : "en"));
        const char *by = json_string_value(json_object_get(root, "acknowledged_by"));
        static const enum priority own[] = {PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH, PRIORITY_CRITICAL};
        reply.priority = own[view.priority];
        reply.drill = view.drill;
        snprintf(reply.text, sizeof reply.text, "%s", text != NULL ? text : key);
        if (state == LINK_ALREADY)
            snprintf(reply.by, sizeof reply.by, "%.127s", by != NULL ? by : "");
        json_decref(root);
    }
    if (words != NULL)
        snprintf(reply.text, sizeof reply.text, "%s", words);
    (void)link_answer(c->link, &reply);
}

/* How an occurrence stands, for a page that only looks. */
static enum link_state shown_state(const struct caller *c, const char *occurrence)
{
    char key[CALL_KEY];
    struct call_view view;
    key_of(occurrence, key);
    uint32_t slot = call_find(c->call, key);
    if (slot == UINT32_MAX || !call_view(c->call, slot, &view) || strcmp(view.occurrence, occurrence) != 0)
        return LINK_GONE;
    return view.state == CALL_STATE_UNACKNOWLEDGED || view.state == CALL_STATE_RETURNED ? LINK_OPEN
                                                                                        : LINK_ALREADY;
}

static bool is_open(const struct caller *c, const char *occurrence)
{
    return shown_state(c, occurrence) == LINK_OPEN;
}

static void send_ack(struct caller *c, struct stamp now, struct caller_ack *a)
{
    char topic[INBOX_TOPIC], response[INBOX_TOPIC], rest[INBOX_TOPIC], text[1024], note[BOOK_WHY + 96],
        key[CALL_KEY];
    struct json_text j;
    key_of(a->ack.occurrence, key);
    char *slash = strchr(key, '/');
    if (slash == NULL || c->inbox == NULL || !c->watch.connected)
        return;
    *slash = '\0';
    snprintf(rest, sizeof rest, "cmd/%s/acknowledge", user_of(c));
    caller_topic(c, rest, topic);
    snprintf(rest, sizeof rest, "cmd/%s/answer", user_of(c));
    caller_topic(c, rest, response);
    if (a->plain)
        snprintf(note, sizeof note, "%s%s%s", a->ack.person, a->ack.note[0] != '\0' ? ": " : "", a->ack.note);
    else
        snprintf(note, sizeof note, "%s", a->ack.note);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", key);
    json_text_string(&j, "alarm", slash + 1);
    if (note[0] != '\0')
        json_text_string(&j, "note", note);
    if (!a->plain) {
        json_text_string(&j, "person", a->ack.person);
        if (strchr(a->ack.occurrence, '@') != NULL)
            json_text_string(&j, "occurrence", a->ack.occurrence);
    }
    json_text_end(&j);
    if (json_text_finish(&j) < 0)
        return;
    a->sent_us = now.boot_us;
    a->tries++;
    (void)inbox_send(c->inbox, topic, text, false, response, 'a', a->ack.id);
}

static void drop(struct caller *c, struct caller_ack *a)
{
    if (c->book != NULL && a->ack.id < INT64_C(1) << 40)
        (void)book_ack_remove(c->book, a->ack.id);
    *a = (struct caller_ack){.sent_us = 0};
}

/* Each turn: sends what was not answered, and tells pages that wait. */
void caller_acks(struct caller *c, struct stamp now)
{
    for (unsigned i = 0; i < CALLER_ACKS; i++) {
        struct caller_ack *a = &c->acks[i];
        if (a->ack.id == 0)
            continue;
        if (a->ask != 0 && now.boot_us - a->asked_us > PAGE_US) {
            answer_page(c, now, a->ask, LINK_PENDING, a->ack.person, a->ack.occurrence, NULL);
            a->ask = 0;
        }
        if (now.utc_us - a->ack.utc_us > GIVE_UP_US || a->tries > TRIES_MAX) {
            log_line(LOG_ERR, MID_ALARM, "the acknowledgement of %s by %s was never answered",
                     a->ack.occurrence, a->ack.person);
            drop(c, a);
        } else if (a->sent_us == 0 || now.boot_us - a->sent_us > AGAIN_US) {
            send_ack(c, now, a);
        }
    }
}

void caller_answer(struct caller *c, struct stamp now, const struct inbox_letter *letter)
{
    json_error_t where;
    struct caller_ack *a = NULL;
    for (unsigned i = 0; i < CALLER_ACKS && letter->correlation != 0; i++)
        if (c->acks[i].ack.id == letter->correlation)
            a = &c->acks[i];
    json_t *root = json_loadb(letter->body, letter->length, 0, &where);
    const char *error = json_string_value(json_object_get(root, "error"));
    if (a == NULL) {
        json_decref(root);
        return;
    }
    if (json_is_true(json_object_get(root, "ok"))) {
        answer_page(c, now, a->ask, LINK_DONE, a->ack.person, a->ack.occurrence, NULL);
        caller_confirmed(c, now, a->ack.occurrence, a->ack.person);
        if (a->token_id[0] != '\0' && c->book != NULL)
            (void)book_link_use(c->book, a->token_id, a->ack.occurrence, a->ack.person, a->from, now.utc_us);
        drop(c, a);
    } else if (error != NULL && !a->plain && strstr(error, "understood") != NULL) {
        a->plain = true; /* a daemon that does not know "person" yet: the name goes into the note */
        send_ack(c, now, a);
    } else if (error != NULL && strncmp(error, "busy", 4) != 0) {
        enum link_state state =
            strstr(error, "another occurrence") != NULL || strstr(error, "no such") != NULL ? LINK_GONE
            : strstr(error, "nothing to acknowledge") != NULL                               ? LINK_ALREADY
                                                                                            : LINK_FAILED;
        log_line(LOG_WARNING, MID_ALARM, "cryomond refuses that %s acknowledges %s: %s", a->ack.person,
                 a->ack.occurrence, error);
        answer_page(c, now, a->ask, state, a->ack.person, a->ack.occurrence,
                    state == LINK_FAILED ? error : NULL);
        drop(c, a);
    }
    json_decref(root);
}

int caller_acknowledge(struct caller *c, struct stamp now, const char *occurrence, const char *person,
                       const char *note, uint64_t ask)
{
    char key[CALL_KEY];
    struct call_view view;
    key_of(occurrence, key);
    uint32_t slot = call_find(c->call, key);
    if (slot == UINT32_MAX || !call_view(c->call, slot, &view))
        return -ENOENT;
    if (strchr(occurrence, '@') != NULL && strcmp(view.occurrence, occurrence) != 0)
        return -ESTALE;
    if (view.state != CALL_STATE_UNACKNOWLEDGED && view.state != CALL_STATE_RETURNED)
        return -EALREADY;
    if (view.local) {
        struct call_event event = {.kind = CALL_ACK, .fact = {.by = notify_config_person(c->config, person)}};
        snprintf(event.fact.key, CALL_KEY, "%s", key);
        call_feed(c->call, now, &event);
        log_line(LOG_NOTICE, MID_ALARM, "%s is acknowledged by %s", key, person);
        caller_confirmed(c, now, view.occurrence, person);
        answer_page(c, now, ask, LINK_DONE, person, occurrence, NULL);
        return 0;
    }
    struct caller_ack *a = NULL;
    for (unsigned i = 0; i < CALLER_ACKS && a == NULL; i++)
        if (c->acks[i].ack.id == 0)
            a = &c->acks[i];
    if (a == NULL)
        return -EBUSY;
    *a = (struct caller_ack){.ask = ask, .asked_us = now.boot_us, .ack = {.utc_us = now.utc_us}};
    snprintf(a->ack.occurrence, sizeof a->ack.occurrence, "%s", view.occurrence);
    snprintf(a->ack.person, sizeof a->ack.person, "%s", person);
    snprintf(a->ack.note, sizeof a->ack.note, "%s", note);
    /* A full disk must not keep anybody from acknowledging: then it is in memory only. */
    if (c->book == NULL || book_ack_put(c->book, &a->ack) < 0)
        a->ack.id = (INT64_C(1) << 40) + (int64_t)(a - c->acks);
    send_ack(c, now, a);
    return 0;
}

/* The same person has asked for the same already, and the daemon has not answered yet. */
static struct caller_ack *under_way(struct caller *c, const struct link_claim *claim)
{
    for (unsigned i = 0; i < CALLER_ACKS; i++)
        if (c->acks[i].ack.id != 0 && strcmp(c->acks[i].ack.occurrence, claim->occurrence) == 0 &&
            strcmp(c->acks[i].ack.person, claim->person) == 0)
            return &c->acks[i];
    return NULL;
}

/* A link is used up when the alarm is acknowledged by it, and not before: what was refused or has no answer
 * yet can be asked again. A link that is used up says how the alarm stands; it acknowledges nothing (open:
 * the news of it is on its way, or the alarm holds again, and calls again). */
static void confirm(struct caller *c, struct stamp now, const struct link_ask *ask)
{
    const struct link_claim *claim = &ask->claim;
    struct caller_ack *same = under_way(c, claim);
    if (same != NULL) { /* this page waits now; the one before knows that it is pending */
        answer_page(c, now, same->ask, LINK_PENDING, claim->person, claim->occurrence, NULL);
        same->ask = ask->id;
        same->asked_us = now.boot_us;
        return;
    }
    if (c->book != NULL && book_link_is_used(c->book, ask->token_id)) {
        answer_page(c, now, ask->id,
                    is_open(c, claim->occurrence) ? LINK_PENDING : shown_state(c, claim->occurrence),
                    claim->person, claim->occurrence, NULL);
        return;
    }
    int result = caller_acknowledge(c, now, claim->occurrence, claim->person, "by link", ask->id);
    same = under_way(c, claim);
    if (result == 0 && same != NULL) {
        snprintf(same->token_id, sizeof same->token_id, "%s", ask->token_id);
        snprintf(same->from, sizeof same->from, "%s", ask->from);
    } else if (result == 0 && c->book != NULL) { /* it was a local alarm, and is acknowledged */
        (void)book_link_use(c->book, ask->token_id, claim->occurrence, claim->person, ask->from, now.utc_us);
    }
    if (result == -ENOENT || result == -ESTALE)
        answer_page(c, now, ask->id, LINK_GONE, claim->person, claim->occurrence, NULL);
    else if (result == -EALREADY)
        answer_page(c, now, ask->id, LINK_ALREADY, claim->person, claim->occurrence, NULL);
    else if (result < 0)
        answer_page(c, now, ask->id, LINK_FAILED, claim->person, claim->occurrence, "too many at once");
}

void caller_ask(struct caller *c, struct stamp now, const struct link_ask *ask)
{
    if (ask->question == LINK_CONFIRM)
        confirm(c, now, ask);
    else
        answer_page(c, now, ask->id, shown_state(c, ask->claim.occurrence), ask->claim.person,
                    ask->claim.occurrence, NULL);
}
