/* record_bypass.c - see record_bypass.h. */
#include "record_bypass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct taking {
    const struct record_clock *clock;
    struct record_bypass *spans;
    size_t n, cap;
    bool no_memory;
};

/* The device's bypass that goes on; NULL: none does. */
static struct record_bypass *find_open(struct taking *t, const char *device)
{
    for (size_t i = t->n; i > 0; i--)
        if (t->spans[i - 1].to_us == INT64_MAX && strcmp(t->spans[i - 1].device, device) == 0)
            return &t->spans[i - 1];
    return NULL;
}

static bool knows(const struct taking *t, const char *device)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->spans[i].device, device) == 0)
            return true;
    return false;
}

static bool add(struct taking *t, const char *device, int64_t from_us, int64_t to_us)
{
    if (t->n == RECORD_BYPASSES_MAX)
        memmove(t->spans, t->spans + 1, --t->n * sizeof *t->spans);
    if (t->n == t->cap) {
        struct record_bypass *grown = reallocarray(t->spans, t->cap + 64, sizeof *grown);
        if (grown == NULL) {
            t->no_memory = true;
            return false;
        }
        t->spans = grown;
        t->cap += 64;
    }
    struct record_bypass *span = &t->spans[t->n++];
    *span = (struct record_bypass){.from_us = from_us, .to_us = to_us};
    strcpy(span->device, device);
    return true;
}

static bool take(void *context, const struct history_event *event)
{
    struct taking *t = context;
    json_t *body = json_loads(event->body, 0, NULL);
    const char *transition = json_string_value(json_object_get(body, "transition"));
    const char *device = json_string_value(json_object_get(body, "device"));
    const int64_t at_us = record_clock_place_event(t->clock, event->seq, event->utc_us);
    bool more = true;

    if (transition != NULL && device != NULL && strlen(device) < RECORD_BYPASS_DEVICE_MAX) {
        struct record_bypass *open = find_open(t, device);
        if (strcmp(transition, "bypassed") == 0 && open == NULL)
            more = add(t, device, at_us, INT64_MAX);
        else if (strcmp(transition, "in-service") == 0 && open != NULL)
            open->to_us = at_us;
        else if (strcmp(transition, "in-service") == 0 && !knows(t, device))
            more = add(t, device, INT64_MIN, at_us);
    }
    json_decref(body);
    return more;
}

static int by_device(const void *a, const void *b)
{
    const struct record_bypass *x = a, *y = b;
    const int order = strcmp(x->device, y->device);

    return order != 0 ? order : (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

int record_bypass_read(struct history_reader *reader, const struct record_clock *clock, int64_t from_us,
                       int64_t to_us, struct record_bypass **ret, size_t *ret_n)
{
    const struct history_filter filter = {.kind = "device"};
    struct taking t = {.clock = clock};

    if (from_us > INT64_MIN + RECORD_BYPASS_LONGEST_US)
        from_us -= RECORD_BYPASS_LONGEST_US;
    t.spans = malloc(64 * sizeof *t.spans);
    if (t.spans == NULL)
        return -ENOMEM;
    t.cap = 64;
    const int64_t n = history_events_where(reader, &filter, from_us, to_us, take, &t);
    if (n < 0 || t.no_memory) {
        free(t.spans);
        return n < 0 ? (int)n : -ENOMEM;
    }
    qsort(t.spans, t.n, sizeof *t.spans, by_device);
    *ret = t.spans;
    *ret_n = t.n;
    return 0;
}

bool record_bypass_covers(const struct record_bypass *bypasses, size_t n, const char *device, int64_t at_us)
{
    for (size_t i = 0; i < n; i++)
        if (at_us >= bypasses[i].from_us && at_us < bypasses[i].to_us &&
            strcmp(bypasses[i].device, device) == 0)
            return true;
    return false;
}
