/* caller_letters.c - what the broker brings: events, alarm states, signs of life. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "clock.h"
#include "log.h"

#define LATE_US   (120 * SECOND_US)
#define CLEAR_US  (2 * SECOND_US)  /* an alarm's cleared state waits so long for the event that tells of it */
#define ABSENT_US (10 * SECOND_US) /* after the daemon was heard: by then it has told all its states anew */

static const char *text_of(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text != NULL ? text : "";
}

static int64_t time_of(const json_t *root, const char *key)
{
    int64_t utc_us = 0;
    return clock_parse_utc(text_of(root, key), &utc_us) == 0 ? utc_us : 0;
}

static bool read_state(const char *name, enum call_state *ret)
{
    static const char *const names[] = {
        "normal",  "unacknowledged", "acknowledged",  "returned-unacknowledged",
        "shelved", "suppressed",     "out-of-service"};
    for (unsigned i = 0; i < 7; i++)
        if (strcmp(names[i], name) == 0) {
            *ret = (enum call_state)i;
            return true;
        }
    return false;
}

static enum call_priority read_priority(const char *name)
{
    static const char *const names[] = {"low", "medium", "high", "critical"};
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0)
            return (enum call_priority)i;
    return CALL_CRITICAL; /* not known: rather too loud */
}

static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211); /* FNV-1a */
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

/* Who, what, until which minute, why and for which order: what agrees in these was one order, for however
 * many alarms. What the plant holds by its design has a time for each alarm. */
uint64_t caller_hold(const json_t *root)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    const char *by = text_of(root, "by");
    char until[17];
    snprintf(until, sizeof until, "%.16s", by[0] != '\0' ? text_of(root, "until") : "");
    enum call_state state;
    if (read_state(text_of(root, "state"), &state) &&
        state >= CALL_STATE_SHELVED) /* what has ended may be any */
        hash = mix(hash, text_of(root, "state"));
    hash = mix(mix(hash, by), until);
    hash = mix(mix(mix(hash, text_of(root, "note")), text_of(root, "order")), text_of(root, "why"));
    return hash != 0 ? hash : 1;
}

/* An alarm's event or state as a fact. False: it can't be understood. */
static bool read_fact(struct caller *c, const json_t *root, struct call_fact *ret)
{
    struct call_fact f = {.by = CALL_NOBODY};
    const char *asset = text_of(root, "asset"), *alarm = text_of(root, "alarm"), *id = text_of(root, "id");
    const json_t *active = json_object_get(root, "active");
    if (asset[0] == '\0' || alarm[0] == '\0' || !read_state(text_of(root, "state"), &f.state))
        return false;
    int n = snprintf(f.key, sizeof f.key, "%s/%s", asset, alarm);
    if (n < 0 || (size_t)n >= sizeof f.key || strlen(id) >= sizeof f.occurrence)
        return false;
    if (strchr(id, '@') != NULL || time_of(root, "raised") == 0)
        snprintf(f.occurrence, sizeof f.occurrence, "%s", id[0] != '\0' ? id : f.key);
    else
        snprintf(f.occurrence, sizeof f.occurrence, "%.140s@%lld", f.key,
                 (long long)(time_of(root, "raised") / 1000));
    snprintf(f.group, sizeof f.group, "%.135s", text_of(root, "group"));
    f.priority = read_priority(text_of(root, "priority"));
    f.active = active != NULL ? json_is_true(active)
                              : f.state == CALL_STATE_UNACKNOWLEDGED || f.state == CALL_STATE_ACKNOWLEDGED;
    f.life_safety = json_is_true(json_object_get(root, "life_safety"));
    f.drill = json_is_true(json_object_get(root, "drill")) || strcmp(f.key, "system/drill") == 0;
    f.realarmed = strcmp(text_of(root, "transition"), "realarmed") == 0;
    f.by =
        notify_config_person(c->config, text_of(root, json_object_get(root, "held_by") ? "held_by" : "by"));
    f.hold = caller_hold(root);
    *ret = f;
    return true;
}

void caller_keep_body(struct caller *c, const char *key, const char *body, const char *run, int64_t seq,
                      int64_t time_us)
{
    uint32_t slot = call_find(c->call, key);
    if (slot == UINT32_MAX)
        return;
    struct caller_slot *s = &c->slots[slot];
    char *copy = strdup(body);
    if (copy != NULL) {
        free(s->body);
        s->body = copy;
    } else if (strcmp(s->key, key) != 0) {
        free(s->body); /* of another alarm */
        s->body = NULL;
    }
    snprintf(s->key, sizeof s->key, "%s", key);
    snprintf(s->run, sizeof s->run, "%s", run);
    s->seq = seq;
    s->time_us = time_us;
    s->seen = c->sync;
    s->heard_us = clock_boot_us();
    s->clear_us = 0;
    call_touch(c->call, slot);
}

static struct caller_slot *slot_of(struct caller *c, const char *key)
{
    uint32_t slot = call_find(c->call, key);
    return slot != UINT32_MAX && strcmp(c->slots[slot].key, key) == 0 ? &c->slots[slot] : NULL;
}

/* It is known already, or overtaken by what is known. */
static bool is_old(const struct caller_slot *s, const char *run, int64_t seq, int64_t time_us, bool late)
{
    if (s == NULL)
        return false;
    if (strcmp(s->run, run) == 0)
        return seq <= s->seq;
    return late && time_us < s->time_us;
}

/* Those that were raised before their group was can't know of it: it names them. */
static void join_members(struct caller *c, const struct call_fact *fact, const json_t *root)
{
    const json_t *members = json_object_get(root, "members");
    if (!fact->active)
        return;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *key = json_string_value(json_array_get(members, i));
        if (key != NULL)
            call_join(c->call, key, fact->key);
    }
}

/* The state that is known, told anew with the reading of now: no news, but what the next message says. */
static bool is_refreshed(const struct caller_slot *s, const json_t *root)
{
    return s != NULL && s->key[0] != '\0' && strcmp(s->run, text_of(root, "run")) == 0 &&
           json_integer_value(json_object_get(root, "seq")) == s->seq;
}

static void feed(struct caller *c, struct stamp now, const struct call_fact *fact, const json_t *root,
                 const char *body)
{
    struct call_event event = {.kind = CALL_ALARM, .fact = *fact};
    uint32_t slot = call_find(c->call, fact->key);
    const char *run = text_of(root, "run");
    int64_t seq = json_integer_value(json_object_get(root, "seq"));
    /* Before, because a message about its end may be made while the core takes it in; after, because it may
     * be new.
     */
    if (slot != UINT32_MAX)
        caller_keep_body(c, fact->key, body, run, seq, time_of(root, "time"));
    if (slot != UINT32_MAX && fact->state == CALL_STATE_NORMAL)
        caller_group_ends(c, slot);
    call_feed(c->call, now, &event);
    if (slot == UINT32_MAX)
        caller_keep_body(c, fact->key, body, run, seq, time_of(root, "time"));
    join_members(c, fact, root);
}

static void take_event(struct caller *c, struct stamp now, const struct inbox_letter *letter,
                       const json_t *root)
{
    struct call_fact fact;
    const char *run = text_of(root, "run"), *transition = text_of(root, "transition");
    int64_t seq = json_integer_value(json_object_get(root, "seq")), time_us = time_of(root, "time");
    enum caller_place place = caller_sequence(c, run, seq, letter->beside);
    if (place == CALLER_OLD)
        return; /* the broker sends again what was not confirmed */
    bool late = place == CALLER_LATE || json_is_true(json_object_get(root, "historical")) ||
                (!letter->synced && now.utc_us - time_us > LATE_US);
    if (strcmp(text_of(root, "kind"), "alarm") != 0)
        return;
    if (!read_fact(c, root, &fact)) {
        log_line(LOG_ERR, MID_BROKER, "event %lld can't be understood: %.200s", (long long)seq, letter->body);
        return;
    }
    struct caller_slot *s = slot_of(c, fact.key);
    if (is_old(s, run, seq, time_us, late))
        return;
    fact.late = late;
    if (late && s == NULL && strcmp(transition, "raised") == 0)
        caller_missed(c, fact.occurrence);
    feed(c, now, &fact, root, letter->body);
}

static void take_state(struct caller *c, struct stamp now, const struct inbox_letter *letter, const char *key,
                       const json_t *root)
{
    struct call_fact fact;
    struct caller_slot *s = slot_of(c, key);
    bool truth = letter->retained || letter->synced;
    if (letter->length == 0) {
        if (truth && s != NULL)
            s->clear_us = now.boot_us;
        return;
    }
    if (root == NULL || !read_fact(c, root, &fact) || strcmp(fact.key, key) != 0) {
        log_line(LOG_ERR, MID_BROKER, "the state of %.135s can't be understood: %.200s", key, letter->body);
        return;
    }
    if (s != NULL) {
        s->seen = c->sync;
        s->clear_us = 0;
    }
    fact.late = !truth;
    if (truth && is_refreshed(s, root)) /* it may have become a member of a group */
        fact.realarmed = false;
    else if (is_old(s, text_of(root, "run"), json_integer_value(json_object_get(root, "seq")),
                    time_of(root, "time"), false))
        return;
    feed(c, now, &fact, root, letter->body);
}

/* "cryomon/SITE/REST": the rest, or NULL. */
static const char *below_site(const char *topic, char site[ID_MAX])
{
    const char *at = topic + 8, *slash = strchr(at, '/');
    if (strncmp(topic, "cryomon/", 8) != 0 || slash == NULL || slash - at >= ID_MAX)
        return NULL;
    snprintf(site, ID_MAX, "%.*s", (int)(slash - at), at);
    return slash + 1;
}

/* What the daemon of a watched site says of who would be called there. */
static void take_calls(struct caller *c, struct stamp now, const char *site, const json_t *root)
{
    const char *state = text_of(root, "notifier");
    const json_t *text = json_object_get(root, "notifier_text");
    const char *const why[LANGUAGES] = {
        [LANGUAGE_EN] = text_of(text, "en"), [LANGUAGE_ZH] = text_of(text, "zh")};
    enum watch_calls calls = strcmp(state, "failing") == 0 ? WATCH_CALLS_NOBODY
                             : strcmp(state, "ok") == 0    ? WATCH_CALLS_OK
                             : strcmp(state, "none") == 0  ? WATCH_CALLS_UNWANTED
                                                           : WATCH_CALLS_NOT_SAID;
    watch_calls(&c->watch, now, site, calls, time_of(root, "notifier_since"), why);
}

static void take_sign_of_life(struct caller *c, struct stamp now, const char *site, const char *rest,
                              const struct inbox_letter *letter, const json_t *root)
{
    if (strcmp(rest, "heartbeat") == 0 && !letter->retained) {
        watch_heartbeat(&c->watch, now, site);
        if (c->watch_only) /* else it is we who call there */
            take_calls(c, now, site, root);
        if (c->synced && c->heard_us == 0 && strcmp(site, c->config->site) == 0)
            c->heard_us = now.boot_us;
    } else if (strcmp(rest, "status") == 0) {
        watch_status(&c->watch, now, site, strcmp(text_of(root, "state"), "online") == 0,
                     text_of(root, "reason"));
    }
}

void caller_letter(struct caller *c, struct stamp now, const struct inbox_letter *letter)
{
    char site[ID_MAX], key[CALL_KEY];
    json_error_t where;
    const char *rest = below_site(letter->topic, site);
    json_t *root = letter->length > 0 ? json_loadb(letter->body, letter->length, 0, &where) : NULL;
    const char *alarms = rest != NULL ? strstr(rest, "/alarms/") : NULL;
    if (rest == NULL) {
        log_line(LOG_WARNING, MID_BROKER, "unexpected topic %.200s", letter->topic);
    } else if (letter->is_answer) {
        caller_answer(c, now, letter);
    } else if (strcmp(rest, "events") == 0) {
        if (root != NULL)
            take_event(c, now, letter, root);
        else
            log_line(LOG_ERR, MID_BROKER, "an event is not JSON: %.200s", letter->body);
    } else if (alarms != NULL) {
        int n = snprintf(key, sizeof key, "%.*s/%s", (int)(alarms - rest), rest, alarms + 8);
        if (n > 0 && (size_t)n < sizeof key)
            take_state(c, now, letter, key, root);
    } else {
        take_sign_of_life(c, now, site, rest, letter, root);
    }
    json_decref(root);
}

void caller_synced(struct caller *c, struct stamp now)
{
    c->synced = true;
    c->synced_us = now.boot_us;
    c->heard_us = 0;
    c->absent_checked = false;
    log_line(LOG_INFO, MID_BROKER, "MQTT: the states of all alarms have been read");
}

/* An alarm that is normal, as nothing else says any more. */
static void end_alarm(struct caller *c, struct stamp now, uint32_t slot)
{
    struct caller_slot *s = &c->slots[slot];
    struct call_view view;
    struct call_event event = {.kind = CALL_ALARM, .fact = {.state = CALL_STATE_NORMAL, .by = CALL_NOBODY}};
    s->clear_us = 0;
    if (!call_view(c->call, slot, &view) || strcmp(view.key, s->key) != 0 || view.local)
        return;
    snprintf(event.fact.key, CALL_KEY, "%s", view.key);
    snprintf(event.fact.occurrence, CALL_OCCURRENCE, "%s", view.occurrence);
    event.fact.priority = view.priority;
    event.fact.drill = view.drill;
    caller_group_ends(c, slot);
    call_feed(c->call, now, &event);
}

void caller_settle(struct caller *c, struct stamp now)
{
    for (uint32_t i = 0; i < c->config->rules.n_alarms; i++)
        if (c->slots[i].clear_us != 0 && now.boot_us - c->slots[i].clear_us >= CLEAR_US)
            end_alarm(c, now, i);
    if (!c->synced || c->absent_checked || now.boot_us - c->synced_us < CLEAR_US)
        return;
    caller_tell_missed(c, now);
    if (c->heard_us == 0 || now.boot_us - c->heard_us < ABSENT_US)
        return;
    /* The daemon is there and has told all its states; what it did not tell is normal. */
    c->absent_checked = true;
    for (uint32_t i = 0; i < c->config->rules.n_alarms; i++)
        if (c->slots[i].key[0] != '\0' && c->slots[i].seen != c->sync)
            end_alarm(c, now, i);
}
