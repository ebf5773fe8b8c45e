/* Thousands of buses, simulated: random intervals, answer times and dead devices. What is promised holds in
 * each of them. Times are microseconds of the simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "schedule.h"

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)
#define MAX    40
#define CASES  1000

struct unit {
    int64_t answer_us; /* of one poll; half of it more or less each time */
    int64_t silent_us; /* what one takes that is not answered */
    bool dead;
    int polls, skips;
    int64_t begun_us, widest_us; /* from the start of a poll to the start of the next */
};

struct bus {
    struct schedule schedule;
    struct schedule_device devices[MAX];
    struct unit units[MAX];
    size_t n;
    int64_t now_us, retries_us;
    uint64_t random;
};

static int64_t pick(struct bus *b, int64_t low, int64_t high)
{
    b->random = b->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (int64_t)((b->random >> 33) % (uint64_t)(high - low + 1));
}

static void begin(struct bus *b, uint64_t seed)
{
    *b = (struct bus){.now_us = 1000 * SECOND, .random = seed};
    (void)pick(b, 0, 1);
}

static void add(struct bus *b, int64_t interval_us, int64_t answer_us, int64_t silent_us, bool dead)
{
    b->devices[b->n].interval_us = interval_us;
    b->devices[b->n].cost_us = silent_us * pick(b, 100, 200) / 100; /* the timeout: often far more */
    b->units[b->n++] = (struct unit){.answer_us = answer_us, .silent_us = silent_us, .dead = dead};
}

static void measure_from_now(struct bus *b)
{
    b->retries_us = 0;
    for (size_t i = 0; i < b->n; i++)
        b->units[i].polls = b->units[i].skips = 0, b->units[i].widest_us = 0;
}

static void poll(struct bus *b, size_t i)
{
    struct unit *u = &b->units[i];
    int64_t takes_us = u->dead ? u->silent_us : u->answer_us * pick(b, 50, 150) / 100;
    int64_t gap_us = b->now_us - u->begun_us;
    if (u->polls++ > 0 && gap_us > u->widest_us)
        u->widest_us = gap_us;
    u->begun_us = b->now_us;
    b->now_us += takes_us;
    b->retries_us += u->dead ? takes_us : 0;
    schedule_done(&b->schedule, i, b->now_us, takes_us, u->dead ? SCHEDULE_SILENT : SCHEDULE_ANSWERED);
}

static void run(struct bus *b, int64_t for_us)
{
    int64_t until_us = b->now_us + for_us;
    for (int turns = 0; b->now_us < until_us; turns++) {
        assert_true(turns < 1000000);
        struct schedule_step step = schedule_next(&b->schedule, b->now_us);
        if (step.action == SCHEDULE_POLL) {
            poll(b, step.device);
        } else if (step.action == SCHEDULE_SKIP) {
            b->units[step.device].skips++;
        } else {
            assert_true(step.until_us > b->now_us);
            b->now_us = step.until_us < until_us ? step.until_us : until_us;
        }
    }
}

static void start(struct bus *b)
{
    schedule_init(&b->schedule, b->devices, b->n, b->now_us, (uint32_t)pick(b, 1, INT32_MAX));
}

static void check_living(const struct bus *b, uint64_t seed, int64_t for_us)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct unit *u = &b->units[i];
        int64_t interval_us = b->devices[i].interval_us, due = for_us / interval_us;
        if (u->dead)
            continue;
        if (u->skips == 0 && u->polls >= due - 1 && u->polls <= due + 1 && u->widest_us <= 2 * interval_us)
            continue;
        fail_msg("case %llu: device %zu of %zu, each %lld ms: %d polls of %lld, %d skips, a gap of %lld ms",
                 (unsigned long long)seed, i, b->n, (long long)(interval_us / MS), u->polls, (long long)due,
                 u->skips, (long long)(u->widest_us / MS));
    }
}

static void check_dead(const struct bus *b, uint64_t seed)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->units[i].dead && (b->units[i].widest_us > SCHEDULE_RETURN_US || b->units[i].polls < 2))
            fail_msg("case %llu: dead device %zu of %zu (%lld ms): asked %d times, a gap of %lld ms",
                     (unsigned long long)seed, i, b->n, (long long)(b->units[i].silent_us / MS),
                     b->units[i].polls, (long long)(b->units[i].widest_us / MS));
}

/* Some devices of a few intervals each, the bus busy for up to a third of its time. */
static int64_t add_living(struct bus *b, size_t n)
{
    static const int64_t intervals_us[] = {1 * SECOND, 1 * SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND};
    int64_t least_us = INT64_MAX, busy_us = 0;
    bool alike = pick(b, 0, 1) == 0;
    int64_t same_us = intervals_us[pick(b, 0, 4)];
    for (size_t i = 0; i < n; i++) {
        int64_t interval_us = alike ? same_us : intervals_us[pick(b, 0, 4)];
        int64_t answer_us = pick(b, 2, 40) * MS;
        busy_us += answer_us * SECOND / interval_us;
        if (busy_us > 250 * MS)
            break;
        least_us = interval_us < least_us ? interval_us : least_us;
        add(b, interval_us, answer_us, 500 * MS, false);
    }
    return least_us;
}

/* What a poll of a dead device may take, so that there is a moment when it delays nobody beyond two
 * intervals. */
static int64_t pick_silent(struct bus *b, int64_t least_us)
{
    int64_t most_us = least_us * 7 / 8;
    return pick(b, 20 * MS, most_us < 2 * SECOND ? most_us : 2 * SECOND);
}

/* One dead device, or some that together take no longer than two seconds. */
static void add_dead(struct bus *b, int64_t least_us)
{
    int64_t n = pick(b, 1, 4), left_us = 2 * SECOND;
    for (int64_t i = 0; i < n && left_us > 50 * MS; i++) {
        int64_t silent_us = pick_silent(b, least_us);
        silent_us = silent_us < left_us ? silent_us : left_us;
        left_us -= silent_us;
        add(b, least_us * pick(b, 1, 3), 20 * MS, silent_us, true);
    }
}

static void test_living_keep_their_rate_and_returning_are_seen(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct bus b;
        begin(&b, seed);
        add_dead(&b, add_living(&b, (size_t)pick(&b, 1, 30)));
        start(&b);
        run(&b, 40 * SECOND); /* the deaths become known */
        measure_from_now(&b);
        run(&b, 200 * SECOND);
        check_living(&b, seed, 200 * SECOND);
        check_dead(&b, seed);
    }
}

/* A device that returns at any moment is polled at its own interval soon after. */
static void test_returned_is_polled_as_before(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct bus b;
        begin(&b, seed);
        int64_t least_us = add_living(&b, (size_t)pick(&b, 1, 30));
        size_t dead = b.n;
        add(&b, least_us, 20 * MS, pick_silent(&b, least_us), true);
        start(&b);
        run(&b, 40 * SECOND + pick(&b, 0, 20 * SECOND));
        b.units[dead].dead = false;
        run(&b, SCHEDULE_RETURN_US);
        measure_from_now(&b);
        run(&b, 100 * SECOND);
        check_living(&b, seed, 100 * SECOND);
    }
}

/* The dead of a whole rack, whatever they take: the living get their share of the bus, and nobody is
 * forgotten. */
static void test_share_of_the_dead_is_bounded(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES / 2; seed++) {
        struct bus b;
        begin(&b, seed);
        int64_t least_us = add_living(&b, (size_t)pick(&b, 1, 20));
        int64_t longest_us = 0, all_us = 0;
        for (int64_t i = pick(&b, 5, 20); i > 0; i--) {
            int64_t silent_us = pick(&b, 100 * MS, 2 * least_us < 3 * SECOND ? 2 * least_us : 3 * SECOND);
            all_us += silent_us;
            longest_us = silent_us > longest_us ? silent_us : longest_us;
            add(&b, least_us, 20 * MS, silent_us, true);
        }
        start(&b);
        run(&b, 60 * SECOND);
        measure_from_now(&b);
        run(&b, 400 * SECOND);
        assert_true(b.retries_us <= 400 * SECOND / 2 + 4 * longest_us);
        for (size_t i = 0; i < b.n; i++) {
            const struct unit *u = &b.units[i];
            if (u->dead)
                assert_true(u->polls >= 300 * SECOND / SCHEDULE_RETRY_SHARE / all_us);
            else
                assert_true(u->skips <=
                            (int)(400 * SECOND / b.devices[i].interval_us / SCHEDULE_RETRY_SHARE));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_living_keep_their_rate_and_returning_are_seen),
        cmocka_unit_test(test_returned_is_polled_as_before),
        cmocka_unit_test(test_share_of_the_dead_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
