/* test_call_random.c - whatever happens in whatever order: in the end everybody who should know knows, and
 * nobody is called about what is over. */
#include "call_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORIES 400
#define STEPS   120
#define KEYS    24

static struct world w;
static struct call_fact known[KEYS]; /* as told last */

static unsigned pick(unsigned n)
{
    return (unsigned)rand() % n;
}

static void random_fact(void)
{
    unsigned i = pick(KEYS);
    char key[CALL_KEY];
    snprintf(key, sizeof key, i < 2 ? "hall/group-%u" : "tank-%u/level", i);
    struct call_fact fact =
        world_fact(key, (enum call_priority)pick(CALL_PRIORITIES), (enum call_state)pick(7));
    snprintf(fact.occurrence, sizeof fact.occurrence, "%.100s@%u", key, pick(3));
    if (i >= 2 && pick(3) == 0)
        snprintf(fact.group, sizeof fact.group, "hall/group-%u", pick(2));
    fact.life_safety = pick(12) == 0;
    fact.realarmed = pick(10) == 0;
    fact.drill = i == 2;
    if (pick(8) == 0)
        fact.by = (uint16_t)pick(PEOPLE);
    known[i] = fact;
    world_feed(&w, &fact);
}

static void random_step(void)
{
    struct call_event off = {.kind = CALL_OFF, .person = (uint16_t)pick(PEOPLE), .channel = (uint8_t)pick(3)};
    switch (pick(8)) {
    case 0:
        w.broken[pick(PEOPLE)][pick(2)] = pick(2) == 0;
        break;
    case 1:
        w.silent[pick(PEOPLE)][pick(2)] = pick(2) == 0;
        break;
    case 2:
        off.channel = off.channel == 2 ? CALL_ALL_CHANNELS : off.channel;
        off.until_utc_us = pick(2) == 0 ? 0 : w.now.utc_us + (int64_t)pick(7200) * SECOND;
        call_feed(w.call, w.now, &off);
        break;
    case 3:
        w.now.utc_us += ((int64_t)pick(7200) - 3600) * SECOND; /* somebody sets the clock */
        break;
    case 4:
        world_pass(&w, (int64_t)pick(1200) * SECOND);
        break;
    default:
        random_fact();
    }
    world_step(&w);
    if (w.n_made > MADE_MAX / 2)
        w.n_made = w.seen = 0;
}

/* All is well again; a day later everybody knows, and a further day brings only what is still to be told. */
static void check_end(unsigned story)
{
    memset(w.broken, 0, sizeof w.broken);
    memset(w.silent, 0, sizeof w.silent);
    for (unsigned i = 0; i < PEOPLE; i++)
        call_feed(
            w.call, w.now,
            &(struct call_event){.kind = CALL_OFF, .person = (uint16_t)i, .channel = CALL_ALL_CHANNELS});
    for (unsigned n = 0; n < 24; n++) {
        w.n_made = w.seen = 0;
        world_pass(&w, 60 * MINUTE);
    }
    for (unsigned i = 0; i < KEYS; i++) {
        struct call_view view;
        uint32_t slot = call_find(w.call, known[i].key);
        bool wanted = known[i].key[0] != '\0' &&
                      (known[i].state == CALL_STATE_UNACKNOWLEDGED || known[i].state == CALL_STATE_RETURNED);
        if (known[i].key[0] != '\0' && known[i].state == CALL_STATE_NORMAL && slot != UINT32_MAX)
            fail_msg("story %u: %s is normal and still known", story, known[i].key);
        if (!wanted)
            continue;
        if (slot == UINT32_MAX || !call_view(w.call, slot, &view))
            fail_msg("story %u: %s is lost", story, known[i].key);
        if (view.told == 0)
            fail_msg("story %u: nobody was told of %s", story, known[i].key);
        if (!view.folded && known[i].priority == CALL_CRITICAL && !known[i].drill &&
            world_count(&w, CALL_AGAIN, 0, known[i].key) == 0)
            fail_msg("story %u: %s is not told again", story, known[i].key);
        if (view.folded && call_find(w.call, view.group) == UINT32_MAX)
            fail_msg("story %u: %s is folded into a group that is not there", story, known[i].key);
    }
}

static void stories(void **state)
{
    struct call_rules rules;
    (void)state;
    for (unsigned story = 1; story <= STORIES; story++) {
        srand(story);
        world_rules(&rules);
        rules.probe_ms = pick(2) * 60000;
        rules.probe_max_ms = 600000;
        rules.flood_count = pick(3) == 0 ? 0 : 5;
        rules.drill_turns = pick(2) == 0;
        rules.pace[CALL_CRITICAL].every_channel = pick(2) == 0;
        world_begin(&w, &rules);
        memset(known, 0, sizeof known);
        for (unsigned step = 0; step < STEPS; step++)
            random_step();
        check_end(story);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stories)};
    return cmocka_run_group_tests_name("call_random", tests, NULL, NULL);
}
