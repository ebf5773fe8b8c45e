#include "call_fixture.h"

#include <stdio.h>
#include <string.h>

void world_rules(struct call_rules *rules)
{
    *rules = (struct call_rules){.n_people = PEOPLE,
                                 .needed = 1,
                                 .collect_ms = 10000,
                                 .flood_count = 10,
                                 .flood_window_ms = 600000,
                                 .flood_every_ms = 120000,
                                 .attempt_ms = 60000,
                                 .next_channel_ms = 10000,
                                 .retry_ms = 30000,
                                 .drill_turns = true,
                                 .n_alarms = 64};
    for (unsigned i = 0; i < PEOPLE; i++)
        rules->person[i].n_channels = 2;
    rules->pace[CALL_CRITICAL] =
        (struct call_pace){.level_ms = {300000, 600000}, .repeat_ms = 300000, .unresolved_ms = 1800000};
    rules->pace[CALL_HIGH] = (struct call_pace){.level_ms = {600000, 1200000}, .repeat_ms = 600000};
    rules->pace[CALL_MEDIUM] = (struct call_pace){.level_ms = {0, 0}, .repeat_ms = 3600000};
    rules->pace[CALL_LOW] = (struct call_pace){.level_ms = {0, 0}, .repeat_ms = 28800000};
    rules->drill = (struct call_pace){.level_ms = {900000, 900000}, .repeat_ms = 3600000};
}

void world_duty(struct world *w)
{
    struct call_span spans[3];
    for (unsigned i = 0; i < 3; i++)
        spans[i] =
            (struct call_span){.to_utc_us = INT64_MAX, .level = (uint8_t)i, .people = UINT64_C(1) << i};
    assert_int_equal(call_set_duty(w->call, spans, 3), 0);
}

void world_begin(struct world *w, const struct call_rules *rules)
{
    memset(w, 0, sizeof *w);
    w->rules = *rules;
    w->now = (struct stamp){.boot_us = 1000 * SECOND, .utc_us = INT64_C(1764000000) * SECOND};
    assert_int_equal(call_create(rules, &w->call), 0);
    world_duty(w);
}

void world_end(struct world *w)
{
    call_free(w->call);
}

void world_usual(struct world *w)
{
    struct call_rules rules;
    world_rules(&rules);
    world_begin(w, &rules);
}

int world_setup(void **state)
{
    world_usual(*state);
    return 0;
}

int world_teardown(void **state)
{
    world_end(*state);
    return 0;
}

static void answer(struct world *w, const struct call_order *order)
{
    bool ok = !w->broken[order->person][order->channel];
    struct call_view view;
    assert_true(w->n_made < MADE_MAX);
    struct made *m = &w->made[w->n_made++];
    *m = (struct made){.order = *order, .at_us = w->now.boot_us, .ok = ok};
    if (order->slot != UINT32_MAX && call_view(w->call, order->slot, &view))
        snprintf(m->key, sizeof m->key, "%s", view.key);
    if (!w->silent[order->person][order->channel])
        call_feed(w->call, w->now,
                  &(struct call_event){.kind = CALL_RESULT, .attempt = order->attempt, .ok = ok});
}

void world_step(struct world *w)
{
    struct call_order order;
    while (call_take(w->call, w->now, &order))
        answer(w, &order);
}

void world_pass(struct world *w, int64_t us)
{
    int64_t end = w->now.boot_us + us;
    world_step(w);
    for (unsigned turns = 0;; turns++) {
        int64_t next = call_next(w->call);
        assert_true(turns < 100000); /* a deadline that never moves on */
        if (next <= w->now.boot_us)  /* it waits for room */
            next = w->now.boot_us + SECOND;
        if (next > end)
            break;
        w->now.utc_us += next - w->now.boot_us;
        w->now.boot_us = next;
        world_step(w);
    }
    w->now.utc_us += end - w->now.boot_us;
    w->now.boot_us = end;
}

struct call_fact world_fact(const char *key, enum call_priority priority, enum call_state state)
{
    struct call_fact fact = {.priority = priority, .state = state, .by = CALL_NOBODY};
    snprintf(fact.key, sizeof fact.key, "%s", key);
    snprintf(fact.occurrence, sizeof fact.occurrence, "%s@1", key);
    fact.active = state == CALL_STATE_UNACKNOWLEDGED || state == CALL_STATE_ACKNOWLEDGED;
    return fact;
}

void world_feed(struct world *w, const struct call_fact *fact)
{
    call_feed(w->call, w->now, &(struct call_event){.kind = CALL_ALARM, .fact = *fact});
    world_step(w);
}

void world_alarm(struct world *w, const char *key, enum call_priority priority, enum call_state state)
{
    struct call_fact fact = world_fact(key, priority, state);
    world_feed(w, &fact);
}

const struct made *world_expect(struct world *w, enum call_purpose purpose, unsigned person, const char *key)
{
    if (w->seen >= w->n_made)
        fail_msg("no order, and purpose %d for person %u was expected", (int)purpose, person);
    const struct made *m = &w->made[w->seen++];
    if (m->order.purpose != purpose || m->order.person != person || (key != NULL && strcmp(m->key, key) != 0))
        fail_msg("order %u is purpose %d for person %u about \"%s\", and not %d for %u about \"%s\"",
                 w->seen - 1, (int)m->order.purpose, m->order.person, m->key, (int)purpose, person,
                 key != NULL ? key : "");
    return m;
}

void world_quiet(struct world *w)
{
    if (w->seen < w->n_made)
        fail_msg("order %u was not expected: purpose %d for person %u about \"%s\"", w->seen,
                 (int)w->made[w->seen].order.purpose, w->made[w->seen].order.person, w->made[w->seen].key);
}

unsigned world_count(const struct world *w, enum call_purpose purpose, int person, const char *key)
{
    unsigned n = 0;
    for (unsigned i = 0; i < w->n_made; i++)
        n += w->made[i].order.purpose == purpose && (person < 0 || w->made[i].order.person == person) &&
             (key == NULL || strcmp(w->made[i].key, key) == 0);
    return n;
}
