/* gaps_clock.c - wall time that never passed, since the clock was set forward: nothing was due in it. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "clock.h"
#include "gaps_internal.h"

#define SEEN_US (2 * SECOND_US) /* the daemon looks each second: by then a reading may have come */

static bool take_clock(void *context, const struct history_event *event)
{
    struct gaps_skips *skips = context;
    json_t *body = json_loads(event->body, 0, NULL);
    int64_t step_us = (int64_t)json_integer_value(json_object_get(body, "step_us"));
    json_decref(body);
    if (step_us <= 0)
        return true;
    if (skips->n == skips->cap) {
        size_t cap = skips->cap == 0 ? 16 : 2 * skips->cap;
        struct gaps_skip *grown = realloc(skips->items, cap * sizeof *grown);
        skips->no_memory |= grown == NULL;
        if (grown == NULL)
            return false;
        skips->items = grown;
        skips->cap = cap;
    }
    /* The event has the time of the new clock. */
    skips->items[skips->n++] = (struct gaps_skip){event->utc_us - step_us, event->utc_us};
    return true;
}

int gaps_skips_load(struct history_reader *reader, int64_t from_us, struct gaps_skips *ret)
{
    const struct history_filter filter = {.kind = "clock"};
    *ret = (struct gaps_skips){0};
    /* One behind the range may reach into it. What can't be read is said by others. */
    (void)history_events_where(reader, &filter, from_us, INT64_MAX, take_clock, ret);
    if (!ret->no_memory)
        return 0;
    gaps_skips_free(ret);
    return -ENOMEM;
}

void gaps_skips_free(struct gaps_skips *skips)
{
    free(skips->items);
    *skips = (struct gaps_skips){0};
}

int64_t gaps_skips_within(const struct gaps_skips *skips, int64_t from_us, int64_t to_us,
                          int64_t part_from_us, int64_t part_to_us)
{
    int64_t sum_us = 0;
    for (size_t i = 0; i < skips->n; i++) {
        struct gaps_skip s = skips->items[i];
        if (s.from_us < to_us && s.to_us > to_us && s.to_us - to_us <= SEEN_US) {
            s.from_us -= s.to_us - to_us;
            s.to_us = to_us;
        }
        s.from_us = s.from_us > from_us ? s.from_us : from_us;
        s.from_us = s.from_us > part_from_us ? s.from_us : part_from_us;
        s.to_us = s.to_us < to_us ? s.to_us : to_us;
        s.to_us = s.to_us < part_to_us ? s.to_us : part_to_us;
        sum_us += s.to_us > s.from_us ? s.to_us - s.from_us : 0;
    }
    return sum_us < part_to_us - part_from_us ? sum_us : part_to_us - part_from_us;
}
