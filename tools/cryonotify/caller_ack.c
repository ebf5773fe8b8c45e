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
#define NEWS_US    (10 * SECOND_US)   /* as long as the news of an acknowledgement may be on its way */
#define UNBOOKED   (INT64_C(1) << 40) /* numbers of acknowledgements without a book */

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

static void send_ack(struct caller *c, struct stamp now, struct caller_ack *a)
{
    char topic[INBOX_TOPIC], response[INBOX_TOPIC], rest[INBOX_TOPIC], text[1024], key[CALL_KEY];
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
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", key);
    json_text_string(&j, "alarm", slash + 1);
    if (a->ack.note[0] != '\0')
        json_text_string(&j, "note", a->ack.note);
    json_text_string(&j, "person", a->ack.person);
    if (strchr(a->ack.occurrence, '@') != NULL)
        json_text_string(&j, "occurrence", a->ack.occurrence);
    json_text_end(&j);
    if (json_text_finish(&j) < 0)
        return;
    a->sent_us = now.boot_us;
    a->tries++;
    (void)inbox_send(c->inbox, topic, text, false, response, 'a', a->ack.id);
}

/* It has its answer. The book forgets it in the page that says that the link is used up: whoever is killed
 * before asks the daemon once more, which tells the same occurrence apart from another. */
static void end(struct caller *c, struct stamp now, struct caller_ack *a, bool used)
{
    if (c->book == NULL && !(used && a->ack.token[0] != '\0')) {
        *a = (struct caller_ack){.sent_us = 0};
        return;
    }
    a->ended = a->unwritten = true;
    a->used = used && a->ack.token[0] != '\0';
    a->ask = 0;
    a->used_utc_us = now.utc_us;
}

static int write_one(struct caller *c, const struct caller_ack *a)
{
    int result = 0;
    if (!a->ended)
        return book_ack_put(c->book, &a->ack);
    if (a->used)
        result = book_link_use(c->book, a->ack.token, a->ack.occurrence, a->ack.person, a->ack.peer,
                               a->used_utc_us);
    return result == 0 ? book_ack_remove(c->book, a->ack.id) : result;
}

int caller_acks_write(struct caller *c)
{
    int result = 0;
    for (unsigned i = 0; i < CALLER_ACKS && result == 0; i++) {
        struct caller_ack *a = &c->acks[i];
        if (a->ack.id == 0 || !a->unwritten)
            continue;
        result = write_one(c, a);
        a->unwritten = false;
        a->in_page = true;
    }
    return result;
}

void caller_acks_written(struct caller *c, bool ok)
{
    for (unsigned i = 0; i < CALLER_ACKS; i++) {
        struct caller_ack *a = &c->acks[i];
        if (a->ack.id == 0 || !a->in_page)
            continue;
        a->in_page = false;
        a->unwritten |= !ok;
        if (a->ended && !a->unwritten)
            *a = (struct caller_ack){.sent_us = 0};
    }
}

bool caller_acks_are_unwritten(const struct caller *c)
{
    for (unsigned i = 0; i < CALLER_ACKS; i++)
        if (c->acks[i].ack.id != 0 && c->acks[i].unwritten)
            return true;
    return false;
}

/* A free place; when the book can't be written, that of the one that ended first: a link could be used again
 * then, for an occurrence that is acknowledged already. */
static struct caller_ack *open_ack(struct caller *c, struct stamp now)
{
    struct caller_ack *place = NULL;
    for (unsigned i = 0; i < CALLER_ACKS; i++) {
        struct caller_ack *a = &c->acks[i];
        if (a->ack.id == 0) {
            place = a;
            break;
        }
        if (a->ended && (place == NULL || a->used_utc_us < place->used_utc_us))
            place = a;
    }
    if (place == NULL)
        return NULL;
    *place = (struct caller_ack){.asked_us = now.boot_us, .unwritten = true, .ack = {.utc_us = now.utc_us}};
    place->ack.id = c->book != NULL ? book_ack_number(c->book) : UNBOOKED + ++c->last_ack;
    return place;
}

/* Asked for before a restart or a reload. A command (without a token) is somebody's on this machine, who need
 * not be in the configuration. */
void caller_ack_take(struct caller *c, struct stamp now, const struct book_ack *ack)
{
    struct caller_ack *a = NULL;
    for (unsigned i = 0; i < CALLER_ACKS && a == NULL; i++)
        if (c->acks[i].ack.id == 0)
            a = &c->acks[i];
    if (a == NULL)
        return;
    *a = (struct caller_ack){.ack = *ack};
    if (ack->token[0] == '\0' || notify_config_person(c->config, ack->person) != CALL_NOBODY)
        return;
    log_line(LOG_WARNING, MID_ALARM,
             "the acknowledgement of %s by the link of %s is given up: nobody of that name is in %s any more",
             ack->occurrence, ack->person, c->setup.path);
    end(c, now, a, false);
}

/* Each turn: sends what was not answered, and tells pages that wait. */
void caller_acks(struct caller *c, struct stamp now)
{
    for (unsigned i = 0; i < CALLER_ACKS; i++) {
        struct caller_ack *a = &c->acks[i];
        if (a->ack.id == 0 || a->ended)
            continue;
        if (a->ask != 0 && now.boot_us - a->asked_us > PAGE_US) {
            answer_page(c, now, a->ask, LINK_PENDING, a->ack.person, a->ack.occurrence, NULL);
            a->ask = 0;
        }
        if (now.utc_us - a->ack.utc_us > GIVE_UP_US || a->tries > TRIES_MAX) {
            log_line(LOG_ERR, MID_ALARM, "the acknowledgement of %s by %s was never %s", a->ack.occurrence,
                     a->ack.person, a->unrecorded ? "on the daemon's disk" : "answered");
            end(c, now, a, false);
        } else if (a->sent_us == 0 || now.boot_us - a->sent_us > AGAIN_US) {
            send_ack(c, now, a);
        }
    }
}

/* Of somebody who is not there any more nothing is sent again: that page learns that it is not known. */
void caller_acks_leave(struct caller *c, struct stamp now)
{
    const struct notify_config *next = c->next != NULL && !c->ended ? c->next : c->config;
    for (unsigned i = 0; i < CALLER_ACKS && c->book != NULL; i++) {
        struct caller_ack *a = &c->acks[i];
        if (a->ack.id == 0 || a->ended || a->unwritten || a->in_page ||
            notify_config_person(next, a->ack.person) == CALL_NOBODY)
            continue;
        answer_page(c, now, a->ask, LINK_PENDING, a->ack.person, a->ack.occurrence, NULL);
        a->ask = 0;
    }
}

/* By the answer's "code", see cryomon-mqtt(7). */
static enum link_state refused_state(const char *code)
{
    if (strcmp(code, "other-occurrence") == 0 || strcmp(code, "unknown") == 0)
        return LINK_GONE;
    return strcmp(code, "nothing-to-do") == 0 ? LINK_ALREADY : LINK_FAILED;
}

/* Done, says the daemon, but its disk does not have it yet: were it to end now, nobody would know of it. So
 * it is asked again, as after an answer that is lost, until it has it on disk: what it has forgotten is then
 * acknowledged anew, by the same person. */
static void take_unrecorded(struct caller *c, struct stamp now, struct caller_ack *a)
{
    answer_page(c, now, a->ask, LINK_UNRECORDED, a->ack.person, a->ack.occurrence, NULL);
    a->ask = 0;
    if (a->unrecorded)
        return;
    a->unrecorded = true;
    log_line(LOG_WARNING, MID_ALARM, "%s has acknowledged %s, and cryomond does not have it on disk yet",
             a->ack.person, a->ack.occurrence);
    caller_confirmed(c, now, a->ack.occurrence, a->ack.person);
}

static void take_answer(struct caller *c, struct stamp now, struct caller_ack *a, const json_t *root)
{
    const char *error = json_string_value(json_object_get(root, "error")),
               *code = json_string_value(json_object_get(root, "code"));
    const bool ok = json_is_true(json_object_get(root, "ok")),
               already = code != NULL && strcmp(code, "nothing-to-do") == 0;
    if (json_is_false(json_object_get(root, "recorded")) && (ok || (already && a->unrecorded))) {
        take_unrecorded(c, now, a);
    } else if (ok) {
        answer_page(c, now, a->ask, LINK_DONE, a->ack.person, a->ack.occurrence, NULL);
        if (!a->unrecorded)
            caller_confirmed(c, now, a->ack.occurrence, a->ack.person);
        end(c, now, a, true);
    } else if (already && a->unrecorded) { /* it has it on disk now */
        answer_page(c, now, a->ask, LINK_ALREADY, a->ack.person, a->ack.occurrence, NULL);
        end(c, now, a, true);
    } else if (error != NULL && (code == NULL || strcmp(code, "busy") != 0)) {
        enum link_state state = refused_state(code != NULL ? code : "");
        log_line(LOG_WARNING, MID_ALARM, "cryomond refuses that %s acknowledges %s: %s", a->ack.person,
                 a->ack.occurrence, error);
        answer_page(c, now, a->ask, state, a->ack.person, a->ack.occurrence,
                    state == LINK_FAILED ? error : NULL);
        end(c, now, a, state == LINK_ALREADY);
    } /* busy: it is asked again */
}

void caller_answer(struct caller *c, struct stamp now, const struct inbox_letter *letter)
{
    json_error_t where;
    json_t *root = json_loadb(letter->body, letter->length, 0, &where);
    for (unsigned i = 0; i < CALLER_ACKS && letter->correlation != 0; i++)
        if (c->acks[i].ack.id == letter->correlation && !c->acks[i].ended)
            take_answer(c, now, &c->acks[i], root);
    json_decref(root);
}

/* An alarm of our own. */
static void acknowledge_local(struct caller *c, struct stamp now, const char *key, const char *occurrence,
                              const char *person)
{
    struct call_event event = {.kind = CALL_ACK, .fact = {.by = notify_config_person(c->config, person)}};
    snprintf(event.fact.key, CALL_KEY, "%s", key);
    call_feed(c->call, now, &event);
    log_line(LOG_NOTICE, MID_ALARM, "%s is acknowledged by %s", key, person);
    caller_confirmed(c, now, occurrence, person);
}

/* The link's use is written down with the acknowledgement, before it is sent: NULL for a command. */
static int acknowledge(struct caller *c, struct stamp now, const char *occurrence, const char *person,
                       const char *note, const struct link_ask *ask)
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
    struct caller_ack *a = view.local && ask == NULL ? NULL : open_ack(c, now);
    if (a == NULL && !view.local)
        return -EBUSY;
    if (a != NULL) {
        snprintf(a->ack.occurrence, sizeof a->ack.occurrence, "%s", view.occurrence);
        snprintf(a->ack.person, sizeof a->ack.person, "%s", person);
        snprintf(a->ack.note, sizeof a->ack.note, "%s", note);
    }
    if (a != NULL && ask != NULL) {
        a->ask = ask->id;
        snprintf(a->ack.token, sizeof a->ack.token, "%s", ask->token_id);
        snprintf(a->ack.peer, sizeof a->ack.peer, "%s", ask->from);
    }
    if (view.local) {
        acknowledge_local(c, now, key, view.occurrence, person);
        if (ask != NULL)
            answer_page(c, now, ask->id, LINK_DONE, person, occurrence, NULL);
        if (a != NULL)
            end(c, now, a, true);
    }
    return 0; /* caller_acks sends it, when it is written down */
}

int caller_acknowledge(struct caller *c, struct stamp now, const char *occurrence, const char *person,
                       const char *note)
{
    return acknowledge(c, now, occurrence, person, note, NULL);
}

/* The same person has asked for the same already, and the daemon has not answered yet. */
static struct caller_ack *under_way(struct caller *c, const struct link_claim *claim)
{
    for (unsigned i = 0; i < CALLER_ACKS; i++)
        if (c->acks[i].ack.id != 0 && !c->acks[i].ended &&
            strcmp(c->acks[i].ack.occurrence, claim->occurrence) == 0 &&
            strcmp(c->acks[i].ack.person, claim->person) == 0)
            return &c->acks[i];
    return NULL;
}

/* When the link was used up; 0: it was not. */
static int64_t used_utc_us(const struct caller *c, const char *token)
{
    int64_t utc_us = 0;
    for (unsigned i = 0; i < CALLER_ACKS; i++)
        if (c->acks[i].ack.id != 0 && c->acks[i].used && strcmp(c->acks[i].ack.token, token) == 0)
            return c->acks[i].used_utc_us;
    return c->book != NULL && book_link_used(c->book, token, &utc_us) == 0 ? utc_us : 0;
}

/* How an occurrence stands for whoever has a link that is used up. Open: the news of the acknowledgement is
 * on its way, or the alarm is open anew, and calls again, with another link. */
static enum link_state spent_state(const struct caller *c, struct stamp now, const char *occurrence,
                                   int64_t used_us)
{
    char key[CALL_KEY];
    enum link_state state = shown_state(c, occurrence);
    if (state != LINK_OPEN)
        return state;
    key_of(occurrence, key);
    uint32_t slot = call_find(c->call, key);
    bool told_since = slot != UINT32_MAX && c->slots[slot].time_us > used_us;
    return told_since || now.utc_us - used_us > NEWS_US ? LINK_ANEW : LINK_PENDING;
}

/* A link is used up when the alarm is acknowledged by it, and not before: what was refused or has no answer
 * yet can be asked again. A link that is used up says how the alarm stands; it acknowledges nothing. */
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
    int result = acknowledge(c, now, claim->occurrence, claim->person, "by link", ask);
    if (result == -ENOENT || result == -ESTALE)
        answer_page(c, now, ask->id, LINK_GONE, claim->person, claim->occurrence, NULL);
    else if (result == -EALREADY)
        answer_page(c, now, ask->id, LINK_ALREADY, claim->person, claim->occurrence, NULL);
    else if (result < 0)
        answer_page(c, now, ask->id, LINK_FAILED, claim->person, claim->occurrence, "too many at once");
}

/* A link outlives the one it was sent to: whoever is not in the configuration in force
 * acknowledges nothing. */
static void refuse_removed(struct caller *c, const struct link_ask *ask)
{
    struct link_reply reply = {.ask = ask->id, .state = LINK_REMOVED};
    if (ask->question == LINK_CONFIRM)
        log_line(
            LOG_WARNING, MID_ALARM,
            "%s is not acknowledged by the link of %s, pressed from %s: nobody of that name is in %s any "
            "more",
            ask->claim.occurrence, ask->claim.person, ask->from, c->setup.path);
    if (c->link != NULL)
        (void)link_answer(c->link, &reply);
}

void caller_ask(struct caller *c, struct stamp now, const struct link_ask *ask)
{
    const struct link_claim *claim = &ask->claim;
    if (notify_config_person(c->config, claim->person) == CALL_NOBODY) {
        refuse_removed(c, ask);
        return;
    }
    int64_t used_us = used_utc_us(c, ask->token_id);
    if (used_us != 0)
        answer_page(c, now, ask->id, spent_state(c, now, claim->occurrence, used_us), claim->person,
                    claim->occurrence, NULL);
    else if (ask->question == LINK_CONFIRM)
        confirm(c, now, ask);
    else
        answer_page(c, now, ask->id, shown_state(c, claim->occurrence), claim->person, claim->occurrence,
                    NULL);
}
