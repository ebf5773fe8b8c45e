#include "notifier.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

char *notifier_filter(char *topic, const struct config *config)
{
    return payload_topic(topic, config, "notify/+");
}

/* Cuts to len bytes, not inside a character; control characters become spaces. */
static void copy(char *to, size_t cap, const char *text)
{
    size_t len = strlen(text);
    if (len >= cap) {
        len = cap - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    for (size_t i = 0; i < len; i++)
        to[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
    to[len] = '\0';
}

static void copy_member(char *to, size_t cap, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    copy(to, cap, text != NULL ? text : "");
}

/* Appends a problem's words, after "; ". What has no Chinese is said in English. */
static void append(char to[LANGUAGES][NOTE_MAX], const json_t *problem)
{
    const json_t *text = json_object_get(problem, "text");
    for (int i = 0; i < LANGUAGES; i++) {
        const char *words = json_string_value(json_object_get(text, i == LANGUAGE_ZH ? "zh" : "en"));
        size_t len = strlen(to[i]);
        if (words == NULL)
            words = json_string_value(json_is_object(text) ? json_object_get(text, "en") : text);
        if (words == NULL || words[0] == '\0' || len + 8 >= NOTE_MAX)
            continue;
        if (len > 0)
            len += (size_t)snprintf(to[i] + len, NOTE_MAX - len, "%s", i == LANGUAGE_ZH ? "；" : "; ");
        copy(to[i] + len, NOTE_MAX - len, words);
    }
}

/* key: by which it is known again, whatever the language. en begins with it. */
static void add_trouble(struct notify_troubles *set, const char *key, const char *en, const char *zh)
{
    char name[sizeof set->list[0].key];
    copy(name, sizeof name, key);
    for (unsigned i = 0; i < set->n; i++)
        if (strcmp(set->list[i].key, name) == 0)
            return;
    if (set->n == NOTIFY_TROUBLES_MAX) {
        set->n_more++;
        return;
    }
    struct notify_trouble *trouble = &set->list[set->n++];
    memcpy(trouble->key, name, sizeof name);
    copy(trouble->text[LANGUAGE_EN], sizeof trouble->text[0], en);
    copy(trouble->text[LANGUAGE_ZH], sizeof trouble->text[0], zh);
}

/* A name, and what a server or a person says of it: the same in every language. */
static void add_named(struct notify_troubles *set, const char *name, const char *words)
{
    char en[512], zh[512];
    const bool more = words[0] != '\0';
    snprintf(en, sizeof en, "%.200s%s%.256s", name, more ? ": " : "", words);
    snprintf(zh, sizeof zh, "%.200s%s%.256s", name, more ? "：" : "", words);
    add_trouble(set, name, en, zh);
}

/* A problem in words: the English ones are its name, unless its kind is. */
static void add_words(struct notify_troubles *set, const char *kind, bool by_kind,
                      char words[LANGUAGES][NOTE_MAX])
{
    char en[NOTE_MAX + 208];
    const bool said = words[LANGUAGE_EN][0] != '\0';
    if (!by_kind || !said) {
        add_trouble(set, said ? words[LANGUAGE_EN] : kind, said ? words[LANGUAGE_EN] : kind,
                    said ? words[LANGUAGE_ZH] : kind);
        return;
    }
    snprintf(en, sizeof en, "%.200s: %.*s", kind, NOTE_MAX - 1, words[LANGUAGE_EN]);
    add_trouble(set, kind, en, words[LANGUAGE_ZH]);
}

/* Channels that are not ok; of one that was not tried, cryonotify says neither. False: none has failed. */
static bool read_channels(const json_t *list, struct notify_report *ret)
{
    size_t i;
    const json_t *channel;
    json_array_foreach(list, i, channel)
    {
        char person[WHO_MAX], name[ID_MAX], error[96], key[WHO_MAX + ID_MAX];
        const json_t *ok = json_object_get(channel, "ok");
        if (json_is_true(ok))
            continue;
        copy_member(person, sizeof person, channel, "person");
        copy_member(name, sizeof name, channel, "channel");
        copy_member(error, sizeof error, channel, "error");
        snprintf(key, sizeof key, "%s/%s", person, name);
        add_named(json_is_false(ok) ? &ret->failed : &ret->unknown, key, error);
    }
    return ret->failed.n > 0;
}

/* Is this problem about something that stands in the list of what is off? */
static bool is_listed_off(const char *words, const struct notify_report *report)
{
    for (unsigned i = 0; i < report->n_offs; i++)
        if (strncmp(words, report->offs[i].what, strlen(report->offs[i].what)) == 0)
            return true;
    return false;
}

/* After read_channels and read_offs, which know more of theirs. */
static void read_problems(const json_t *list, bool has_channels, struct notify_report *ret)
{
    size_t i;
    const json_t *problem;
    json_array_foreach(list, i, problem)
    {
        const char *kind = json_string_value(json_object_get(problem, "kind"));
        char words[LANGUAGES][NOTE_MAX] = {"", ""};
        if (kind == NULL)
            continue;
        append(words, problem);
        if (strcmp(kind, "nobody") == 0) {
            append(ret->text, problem);
        } else if (strcmp(kind, "people") == 0) {
            ret->people = true;
            append(ret->persons, problem);
        } else if (strcmp(kind, "off") == 0) { /* also: nobody is on duty */
            if (!is_listed_off(words[LANGUAGE_EN], ret))
                add_words(&ret->off, kind, false, words);
        } else if (strcmp(kind, "channel") == 0) {
            if (!has_channels)
                add_words(&ret->failed, kind, false, words);
        } else if (strcmp(kind, "configuration") == 0) { /* every way to people is as good as before */
            ret->refused = true;
            append(ret->refusal.text, problem);
        } else { /* listener, and what we do not know: something is not as it should be */
            add_words(&ret->failed, kind, true, words);
        }
    }
}

static void read_offs(const json_t *list, struct notify_report *ret)
{
    size_t i;
    const json_t *off;
    json_array_foreach(list, i, off)
    {
        char until[RFC3339_MAX], from[RFC3339_MAX];
        if (ret->n_offs == NOTIFY_OFFS_MAX)
            return;
        struct notify_off *to = &ret->offs[ret->n_offs++];
        copy_member(to->what, sizeof to->what, off, "what");
        copy_member(to->by, sizeof to->by, off, "by");
        copy_member(to->why, sizeof to->why, off, "why");
        copy_member(until, sizeof until, off, "until");
        copy_member(from, sizeof from, off, "from");
        to->count = json_integer_value(json_object_get(off, "count"));
        if (clock_parse_utc(from, &to->from_utc_us) < 0)
            to->from_utc_us = 0;
        if (clock_parse_utc(until, &to->until_utc_us) < 0)
            to->until_utc_us = 0;
        char key[sizeof ret->off.list[0].key];
        if (to->until_utc_us != 0)
            snprintf(key, sizeof key, "%.60s (%.60s, -> %.10s %.5s UTC)", to->what, to->by, until,
                     until + 11);
        else
            snprintf(key, sizeof key, "%.60s (%.60s)", to->what, to->by);
        add_named(&ret->off, key, to->why);
    }
}

static int64_t read_time(const json_t *object, const char *key)
{
    char text[RFC3339_MAX];
    int64_t utc_us;
    copy_member(text, sizeof text, object, key);
    return clock_parse_utc(text, &utc_us) == 0 ? utc_us : 0;
}

/* "" when it is none. */
static void read_hash(const json_t *object, char ret[NOTIFY_HASH])
{
    const char *hash = json_string_value(json_object_get(object, "sha256"));
    if (hash != NULL && strlen(hash) == NOTIFY_HASH - 1 &&
        strspn(hash, "0123456789abcdef") == NOTIFY_HASH - 1)
        copy(ret, NOTIFY_HASH, hash);
}

/* Into the record as it came; what is too long for it says so. */
static void read_calling(const json_t *calling, char ret[NOTIFY_CALLING_MAX])
{
    char *text = json_is_object(calling) ? json_dumps(calling, JSON_COMPACT) : NULL;
    if (text != NULL && strlen(text) < NOTIFY_CALLING_MAX)
        memcpy(ret, text, strlen(text) + 1);
    else if (text != NULL)
        copy(ret, NOTIFY_CALLING_MAX, "{\"left_out\":[\"all\"]}");
    free(text);
}

static void read_refusal(const json_t *object, struct notify_refusal *ret)
{
    if (!json_is_object(object))
        return;
    ret->utc_us = read_time(object, "time");
    ret->modified_utc_us = read_time(object, "modified");
    ret->n = json_integer_value(json_object_get(object, "mistakes"));
    copy_member(ret->by, sizeof ret->by, object, "by");
    copy_member(ret->first, sizeof ret->first, object, "first");
    read_hash(object, ret->sha256);
}

static void read_configuration(const json_t *object, struct notify_report *ret)
{
    read_hash(object, ret->configuration);
    ret->loaded_utc_us = read_time(object, "loaded");
    ret->modified_utc_us = read_time(object, "modified");
    copy_member(ret->by, sizeof ret->by, object, "by");
    read_calling(json_object_get(object, "calling"), ret->calling);
    read_refusal(json_object_get(object, "refusal"), &ret->refusal);
}

static bool post_status(struct mailbox *core, const struct config *config, const json_t *root)
{
    struct core_message message = {.kind = CORE_NOTIFY, .generation = config->generation};
    struct notify_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return false;
    const char *state = json_string_value(json_object_get(root, "state"));
    report->online = state != NULL && strcmp(state, "online") == 0;
    report->would_be_told = json_is_true(json_object_get(root, "would_be_told"));
    copy_member(report->run, sizeof report->run, root, "run");
    read_configuration(json_object_get(root, "configuration"), report);
    read_offs(json_object_get(root, "off"), report);
    bool has_channels = read_channels(json_object_get(root, "channels"), report);
    read_problems(json_object_get(root, "problems"), has_channels, report);
    message.notify.report = report;
    memcpy(message.notify.run, report->run, sizeof message.notify.run);
    if (mailbox_post(core, MAILBOX_RESERVED, &message) == 0)
        return true;
    free(report);
    return false;
}

/* What can't be understood is not passed over: it may say that nobody can be reached. */
static void post_unreadable(struct mailbox *core, const struct config *config)
{
    struct core_message message = {.kind = CORE_NOTIFY, .generation = config->generation};
    struct notify_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return;
    report->online = report->unreadable = true;
    message.notify.report = report;
    if (mailbox_post(core, MAILBOX_RESERVED, &message) < 0)
        free(report);
}

static void post_beat(struct mailbox *core, const struct config *config, const json_t *root)
{
    struct core_message message = {.kind = CORE_NOTIFY, .generation = config->generation};
    copy_member(message.notify.run, sizeof message.notify.run, root, "run");
    message.notify.nobody = json_is_false(json_object_get(root, "would_be_told"));
    (void)mailbox_post(core, MAILBOX_ORDINARY, &message); /* the next one comes soon */
}

static void post_call(struct mailbox *core, const struct config *config, const json_t *root)
{
    struct core_message message = {.kind = CORE_CALLED, .generation = config->generation};
    struct notify_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return;
    const json_t *id = json_object_get(root, "id");
    const char *time = json_string_value(json_object_get(root, "time"));
    copy_member(call->id, sizeof call->id, root, "id");
    if (json_is_integer(id))
        snprintf(call->id, sizeof call->id, "%lld", (long long)json_integer_value(id));
    copy_member(call->alarm_id, sizeof call->alarm_id, root, "alarm_id");
    copy_member(call->person, sizeof call->person, root, "person");
    copy_member(call->channel, sizeof call->channel, root, "channel");
    copy_member(call->outcome, sizeof call->outcome, root, "outcome");
    copy_member(call->error, sizeof call->error, root, "error");
    call->level = json_integer_value(json_object_get(root, "level"));
    call->attempt = json_integer_value(json_object_get(root, "attempt"));
    if (time == NULL || clock_parse_utc(time, &call->utc_us) < 0)
        call->utc_us = 0;
    message.called = call;
    if (call->id[0] == '\0' || mailbox_post(core, MAILBOX_ORDINARY, &message) < 0)
        free(call);
}

bool notifier_take(struct mailbox *core, const struct config *config, const struct arrival *arrival)
{
    char prefix[TOPIC_MAX];
    size_t length = strlen(payload_topic(prefix, config, "notify/"));
    if (strncmp(arrival->topic, prefix, length) != 0)
        return false;
    const char *what = arrival->topic + length;
    json_t *root = arrival->too_long
                       ? NULL
                       : json_loadb(arrival->payload, arrival->length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root)) {
        if (strcmp(what, "status") == 0)
            (void)post_status(core, config, root);
        else if (strcmp(what, "heartbeat") == 0 && !arrival->retained) /* a retained one is no sign of life */
            post_beat(core, config, root);
        else if (strcmp(what, "calls") == 0 && !arrival->retained)
            post_call(core, config, root);
    } else if (strcmp(what, "status") == 0 &&
               (arrival->length > 0 || arrival->too_long)) /* empty: cleared, as an operator may do */
        post_unreadable(core, config);
    json_decref(root);
    return true;
}
