#include "run_book.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define MS_PER_US 1000

/* ---------------------------------------------------------------- ids */

void run_book_id(char ret[RUN_ID_MAX], const char *asset, int64_t begin_us)
{
    (void)snprintf(ret, RUN_ID_MAX, "%s@%" PRId64, asset, begin_us / MS_PER_US);
}

bool run_book_begin(const char *id, const char *asset, int64_t *ret_us)
{
    const char *at = strchr(id, '@');
    const char *digits = at != NULL ? at + 1 : id;
    char *end;

    if (at != NULL && asset != NULL &&
        (strlen(asset) != (size_t)(at - id) || strncmp(id, asset, (size_t)(at - id)) != 0))
        return false;
    if (digits[0] < '0' || digits[0] > '9' || strlen(digits) > 15)
        return false;
    const long long ms = strtoll(digits, &end, 10);
    if (*end != '\0' || (at == NULL && strlen(digits) < 9)) /* "2026" is a year */
        return false;
    *ret_us = ms * MS_PER_US;
    return true;
}

/* ---------------------------------------------------------------- reading events */

struct gathering {
    struct run_book *book;
    const char *asset;
    bool no_memory;
};

static const char *text_of(const json_t *body, const char *key)
{
    const char *text = json_string_value(json_object_get(body, key));

    return text != NULL ? text : "";
}

static void keep(char *field, size_t cap, const json_t *body, const char *key)
{
    if (text_of(body, key)[0] != '\0')
        (void)snprintf(field, cap, "%s", text_of(body, key));
}

/* "run" is the daemon's own run, as in every event. */
static const char *id_of(const json_t *body)
{
    const char *id = text_of(body, "freezer_run");

    return strchr(id, '@') != NULL ? id : "";
}

static bool time_of(const json_t *body, const char *key, int64_t *ret_us)
{
    return clock_parse_utc(text_of(body, key), ret_us) == 0;
}

static struct run_entry *entry_of(struct gathering *r, const char *id)
{
    struct run_book *book = r->book;
    int64_t begin_us;

    for (size_t i = book->n; i > 0; i--)
        if (strcmp(book->entries[i - 1].id, id) == 0)
            return &book->entries[i - 1];
    if (!run_book_begin(id, r->asset, &begin_us))
        return NULL;
    struct run_entry *grown = reallocarray(book->entries, book->n + 1, sizeof *grown);
    if (grown == NULL) {
        r->no_memory = true;
        return NULL;
    }
    book->entries = grown;
    struct run_entry *entry = &grown[book->n++];
    *entry = (struct run_entry){.begin_us = begin_us, .end_us = FREEZER_NONE};
    (void)snprintf(entry->id, sizeof entry->id, "%s", id);
    entry->lots = json_array();
    entry->notes = json_array();
    entry->events = json_array();
    r->no_memory |= entry->lots == NULL || entry->notes == NULL || entry->events == NULL;
    return entry;
}

static void note(struct run_entry *entry, const struct history_event *event, const json_t *body)
{
    char time[RFC3339_MAX];

    if (text_of(body, "note")[0] == '\0')
        return;
    clock_print_utc(time, event->utc_us);
    json_array_append_new(entry->notes, json_pack("{s:s, s:s, s:s}", "time", time, "who", text_of(body, "by"),
                                                  "note", text_of(body, "note")));
}

static void decide(struct run_entry *entry, const struct history_event *event, const json_t *body,
                   enum run_decision decision)
{
    entry->decision = decision;
    entry->decided_us = event->utc_us;
    entry->decided_seq = event->seq;
    (void)snprintf(entry->decided_by, sizeof entry->decided_by, "%s", text_of(body, "by"));
    (void)snprintf(entry->decided_why, sizeof entry->decided_why, "%s", text_of(body, "note"));
    entry->decided_by_operator = json_is_true(json_object_get(body, "by_operator"));
}

static void take(struct run_entry *entry, const struct history_event *event, json_t *body)
{
    const char *transition = text_of(body, "transition");
    const json_t *lots = json_object_get(body, "lots");
    char time[RFC3339_MAX];

    clock_print_utc(time, event->utc_us);
    json_array_append_new(entry->events, json_pack("{s:I, s:s, s:s, s:O}", "seq", (json_int_t)event->seq,
                                                   "time", time, "transition", transition, "body", body));
    keep(entry->program, sizeof entry->program, body, "program");
    keep(entry->program_sha256, sizeof entry->program_sha256, body, "program_sha256");
    keep(entry->program_status, sizeof entry->program_status, body, "program_status");
    keep(entry->operator_name, sizeof entry->operator_name, body, "operator");
    if (json_array_size(lots) > 0) {
        json_array_clear(entry->lots);
        json_array_extend(entry->lots, (json_t *)lots);
    }
    if (strcmp(transition, "ended") == 0) {
        keep(entry->how, sizeof entry->how, body, "how");
        keep(entry->verdict, sizeof entry->verdict, body, "verdict");
        (void)time_of(body, "end", &entry->end_us);
        entry->ended_us = event->utc_us;
    } else if (strcmp(transition, "noted") == 0) {
        note(entry, event, body);
    } else if (strcmp(transition, "accepted") == 0) {
        decide(entry, event, body, RUN_ACCEPTED);
    } else if (strcmp(transition, "rejected") == 0) {
        decide(entry, event, body, RUN_REJECTED);
    }
}

static bool read_event(void *context, const struct history_event *event)
{
    struct gathering *r = context;
    json_t *body = json_loads(event->body, 0, NULL);
    const char *id = id_of(body);
    struct run_entry *entry = id[0] != '\0' ? entry_of(r, id) : NULL;

    if (entry != NULL && !r->no_memory)
        take(entry, event, body);
    json_decref(body);
    return !r->no_memory;
}

static int by_begin(const void *a, const void *b)
{
    const struct run_entry *x = a, *y = b;

    return (x->begin_us > y->begin_us) - (x->begin_us < y->begin_us);
}

int run_book_read(struct history_reader *reader, const char *asset, struct run_book *ret)
{
    const struct history_filter filter = {.kind = "run"};
    struct gathering r = {.book = ret, .asset = asset};

    *ret = (struct run_book){.n = 0};
    const int64_t n = history_events_where(reader, &filter, INT64_MIN, INT64_MAX, read_event, &r);
    if (n < 0 || r.no_memory) {
        run_book_free(ret);
        *ret = (struct run_book){.n = 0};
        return n < 0 ? (int)n : -ENOMEM;
    }
    if (ret->n > 0)
        qsort(ret->entries, ret->n, sizeof *ret->entries, by_begin);
    return 0;
}

void run_book_free(struct run_book *book)
{
    for (size_t i = 0; book != NULL && i < book->n; i++) {
        json_decref(book->entries[i].lots);
        json_decref(book->entries[i].notes);
        json_decref(book->entries[i].events);
    }
    if (book != NULL)
        free(book->entries);
}

/* ---------------------------------------------------------------- finding */

const struct run_entry *run_book_find(const struct run_book *book, const char *id)
{
    int64_t begin_us;

    for (size_t i = 0; i < book->n; i++)
        if (strcmp(book->entries[i].id, id) == 0)
            return &book->entries[i];
    if (strchr(id, '@') != NULL || !run_book_begin(id, NULL, &begin_us))
        return NULL;
    for (size_t i = 0; i < book->n; i++)
        if (book->entries[i].begin_us == begin_us)
            return &book->entries[i];
    return NULL;
}

const struct run_entry *run_book_near(const struct run_book *book, int64_t begin_us)
{
    const struct run_entry *nearest = NULL;
    int64_t nearest_us = INT64_MAX;

    for (size_t i = 0; i < book->n; i++) {
        const struct run_entry *entry = &book->entries[i];
        const int64_t off_us = freezer_match(entry->begin_us, entry->end_us, begin_us);
        if (off_us < 0 || off_us >= nearest_us)
            continue;
        nearest = entry;
        nearest_us = off_us;
    }
    return nearest;
}

const char *run_book_decision_name(enum run_decision decision)
{
    static const char *const names[] = {"none", "accepted", "rejected"};

    return (unsigned)decision < sizeof names / sizeof *names ? names[decision] : "?";
}
