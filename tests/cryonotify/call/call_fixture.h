/* call_fixture.h - the core of calling in simulated time, with channels that work or fail as told. */
#ifndef CRYONOTIFY_CALL_FIXTURE_H
#define CRYONOTIFY_CALL_FIXTURE_H

#include "test.h"

#include "call.h"

#define SECOND   INT64_C(1000000)
#define MINUTE   (60 * SECOND)
#define MADE_MAX 8192
#define PEOPLE   4 /* 0 on duty, 1 technical head, 2 director, 3 nobody's duty; two channels each */

struct made {
    struct call_order order;
    int64_t at_us;
    char key[CALL_KEY]; /* of the alarm that leads it */
    bool ok;
};

struct world {
    struct call_rules rules;
    struct call *call;
    struct stamp now;
    bool broken[CALL_PEOPLE][CALL_CHANNELS]; /* this channel fails */
    bool silent[CALL_PEOPLE][CALL_CHANNELS]; /* this channel gives no result */
    struct made made[MADE_MAX];
    unsigned n_made, seen;
};

void world_rules(
    struct call_rules *rules); /* critical: levels 5 and 10 min, repeat 5 min, unresolved 30 min */
void world_begin(struct world *w, const struct call_rules *rules);
void world_usual(struct world *w); /* with world_rules */
void world_end(struct world *w);
/* Takes what is due, answers it, and goes on in time. */
void world_step(struct world *w);
void world_pass(struct world *w, int64_t us);
struct call_fact world_fact(const char *key, enum call_priority priority, enum call_state state);
void world_feed(struct world *w, const struct call_fact *fact);
void world_alarm(struct world *w, const char *key, enum call_priority priority, enum call_state state);
/* The next order since the last one that was expected; fails when it is another. key NULL: none leads it. */
const struct made *world_expect(struct world *w, enum call_purpose purpose, unsigned person, const char *key);
void world_quiet(struct world *w); /* no order since the last one that was expected */
unsigned world_count(const struct world *w, enum call_purpose purpose, int person, const char *key);
void world_duty(struct world *w);

/* A test in a world of its own, with the usual rules. */
#define WORLD_TEST(test, world)                                                                              \
    cmocka_unit_test_prestate_setup_teardown(test, world_setup, world_teardown, world)
int world_setup(void **state); /* *state: the world */
int world_teardown(void **state);

#endif
