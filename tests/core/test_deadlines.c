/* test_deadlines.c - the heap against looking at every item. */
#include <stdlib.h>

#include "deadlines.h"
#include "test.h"

#define ITEMS 97

static struct deadlines make(int64_t *at, uint32_t *place, uint32_t *heap)
{
    struct deadlines deadlines = {.at = at, .place = place, .heap = heap};

    deadlines_init(&deadlines, ITEMS);
    return deadlines;
}

static void the_first_is_the_earliest_and_then_the_lowest(void **state)
{
    int64_t at[ITEMS], plain[ITEMS];
    uint32_t place[ITEMS], heap[ITEMS];
    struct deadlines deadlines = make(at, place, heap);
    unsigned seed = 7;

    (void)state;
    for (int i = 0; i < ITEMS; i++)
        plain[i] = INT64_MAX;
    for (int round = 0; round < 50000; round++) {
        const uint32_t item = (uint32_t)rand_r(&seed) % ITEMS;
        /* Few different times, so that many are equal; and times when the heap runs empty. */
        const int64_t time =
            rand_r(&seed) % 100 < (round % 5000 < 2500 ? 20 : 95) ? INT64_MAX : rand_r(&seed) % 40 - 20;
        uint32_t best = ITEMS, got = 12345;
        int64_t got_at = 12345;

        deadlines_set(&deadlines, item, time);
        plain[item] = time;
        for (uint32_t i = 0; i < ITEMS; i++)
            if (plain[i] != INT64_MAX && (best == ITEMS || plain[i] < plain[best]))
                best = i;
        assert_int_equal(deadlines_first(&deadlines, &got, &got_at), best != ITEMS);
        assert_int_equal(got, best == ITEMS ? 12345 : best);
        assert_int_equal(got_at, best == ITEMS ? 12345 : plain[best]);
    }
}

static void they_come_out_in_order(void **state)
{
    int64_t at[ITEMS], last = INT64_MIN, now;
    uint32_t place[ITEMS], heap[ITEMS], item, n = 0;
    struct deadlines deadlines = make(at, place, heap);
    unsigned seed = 3;

    (void)state;
    for (uint32_t i = 0; i < ITEMS; i++)
        deadlines_set(&deadlines, i, rand_r(&seed));
    for (; deadlines_first(&deadlines, &item, &now); n++) {
        assert_true(now >= last);
        last = now;
        deadlines_set(&deadlines, item, INT64_MAX);
    }
    assert_int_equal(n, ITEMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_earliest_and_then_the_lowest),
        cmocka_unit_test(they_come_out_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
