/* Ice in a sample: where it began, what is no ice, and what is not known. */
#include "freezer_ice.h"

#include "freezer_program.h"
#include "test.h"

#define K MICRO_PER_UNIT
#define S INT64_C(1000000)

/* A probe's curve: cools by 1 °C/min; at onset_us it warms to -4 within 10 s, stays, and cools on. */
struct curve {
    int64_t onset_us, plateau_us;
    micro_t top, noise;
    uint64_t random;
};

static micro_t at(struct curve *c, int64_t us)
{
    const micro_t cooled = -(us * K / (60 * S));
    const micro_t onset = -(c->onset_us * K / (60 * S));
    const int64_t since_us = us - c->onset_us;
    micro_t value = cooled;

    if (c->onset_us > 0 && since_us > 0 && since_us < 10 * S)
        value = onset + (c->top - onset) * (since_us / 1000) / 10000;
    else if (c->onset_us > 0 && since_us >= 10 * S && since_us < c->plateau_us)
        value = c->top;
    else if (c->onset_us > 0 && since_us >= c->plateau_us)
        value = c->top - (since_us - c->plateau_us) * 2 * K / (60 * S);
    c->random = c->random * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return value + (micro_t)((int64_t)(c->random >> 40 & 0xffff) - 32768) * c->noise / 32768;
}

static void give(struct freezer_ice *ice, int64_t us, micro_t value, micro_t chamber, bool uncertain)
{
    freezer_ice_take(ice, (struct stamp){us, us + INT64_C(1795510000000000)}, value, chamber, uncertain);
}

static void feed(struct freezer_ice *ice, struct curve *c, int64_t from_us, int64_t to_us, micro_t colder)
{
    for (int64_t us = from_us; us < to_us; us += 2 * S) {
        const micro_t value = at(c, us);
        give(ice, us, value, colder == FREEZER_NONE ? FREEZER_NONE : -(us * K / (60 * S)) - colder, false);
    }
}

static void onset_peak_and_plateau_are_found(void **state)
{
    struct curve c = {
        .onset_us = 541 * S, .plateau_us = 300 * S, .top = -4 * K, .noise = K / 20, .random = 1};
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &c, 0, 560 * S, 3 * K);
    assert_int_equal(ice.state, ICE_RISING);
    feed(&ice, &c, 560 * S, 1500 * S, 3 * K);
    assert_int_equal(ice.state, ICE_MELTED);
    assert_in_range(ice.onset_us, 538 * S, 544 * S);
    assert_in_range(-ice.onset, 8900000, 9100000);
    assert_in_range(-ice.peak, 3900000, 4050000);
    assert_in_range(freezer_ice_supercooling(&ice), 4900000, 5150000);
    /* -9.02 again: 5.02 K at 2 K/min after the plateau */
    assert_in_range(ice.plateau_us, 440 * S, 462 * S);
    assert_in_range(ice.noise, K / 60, K / 20);
    assert_false(ice.uncertain || ice.gap || ice.flat);
}

static void a_sample_that_only_cools_has_no_ice(void **state)
{
    struct curve c = {.noise = K / 10, .random = 2};
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &c, 0, 3600 * S, 3 * K);
    assert_int_equal(ice.state, ICE_NOT_SEEN);
    assert_false(ice.flat);
    assert_true(freezer_ice_supercooling(&ice) == FREEZER_NONE);
}

static void a_chamber_that_warms_it_is_no_ice(void **state)
{
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    for (int i = 0; i < 300; i++) /* the door stands open: both warm, the chamber ahead */
        give(&ice, i * 2 * S, i < 100 ? -i * K / 10 : -10 * K + (i - 100) * K / 10,
             i < 100 ? -i * K / 10 - 3 * K : -7 * K + (i - 100) * K / 10, false);
    assert_int_equal(ice.state, ICE_NOT_SEEN);
}

/* Supercooled under a chamber that is being warmed: only beyond the chamber is it ice. */
static void ice_under_a_warmer_chamber_is_found(void **state)
{
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    for (int i = 0; i < 200; i++) {
        const micro_t value = i < 100 ? -i * K / 10 : i < 140 ? -10 * K + (i - 100) * K / 100 : -4 * K;
        give(&ice, i * 2 * S, value, i < 100 ? value - 3 * K : -9 * K, false);
        if (i == 139)
            assert_int_equal(ice.state, ICE_NOT_SEEN);
    }
    assert_int_equal(ice.state, ICE_RISING);
    assert_in_range(ice.onset_us, 276 * S, 281 * S);
    assert_in_range(-ice.onset, 9400000, 9800000);
}

static void a_spike_is_no_ice(void **state)
{
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    for (int i = 0; i < 200; i++)
        give(&ice, i * 2 * S, -i * K / 20 + (i % 50 < 2 ? 4 * K : 0), -i * K / 20 - 3 * K, false);
    assert_int_equal(ice.state, ICE_NOT_SEEN);
}

static void nothing_freezes_in_the_warm(void **state)
{
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    for (int i = 0; i < 200; i++) /* warm samples are put in */
        give(&ice, i * 2 * S, i < 100 ? 4 * K : 15 * K, 3 * K, false);
    assert_int_equal(ice.state, ICE_NOT_SEEN);
}

static void without_the_chamber_it_is_uncertain(void **state)
{
    struct curve c = {.onset_us = 541 * S, .plateau_us = 300 * S, .top = -4 * K, .noise = 0, .random = 1};
    struct curve small = {.onset_us = 541 * S, .plateau_us = 300 * S, .top = -8 * K, .noise = 0, .random = 1};
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &c, 0, 700 * S, FREEZER_NONE);
    assert_int_equal(ice.state, ICE_RISING);
    assert_true(ice.uncertain);
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &small, 0, 700 * S, FREEZER_NONE); /* 1 K could be anything */
    assert_int_equal(ice.state, ICE_NOT_SEEN);
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &small, 0, 700 * S, 3 * K);
    assert_int_equal(ice.state, ICE_RISING);
}

static void a_gap_is_not_bridged(void **state)
{
    struct curve c = {.onset_us = 541 * S, .plateau_us = 300 * S, .top = -4 * K, .noise = 0, .random = 1};
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &c, 0, 520 * S, 3 * K);
    feed(&ice, &c, 560 * S, 1500 * S, 3 * K); /* it came in between */
    assert_int_equal(ice.state, ICE_NOT_SEEN);
    assert_true(ice.onset_us == FREEZER_NONE && ice.onset == FREEZER_NONE);
    assert_true(ice.flat);
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &c, 0, 600 * S, 3 * K);
    feed(&ice, &c, 700 * S, 1500 * S, 3 * K);
    assert_int_equal(ice.state, ICE_MELTED);
    assert_true(ice.gap);
}

static void a_known_lag_is_corrected(void **state)
{
    struct curve c = {.onset_us = 541 * S, .plateau_us = 300 * S, .top = -4 * K, .noise = 0, .random = 1};
    struct freezer_ice plain, lag;

    (void)state;
    freezer_ice_init(&plain, 0, 30 * S);
    freezer_ice_init(&lag, 12 * S, 30 * S);
    feed(&plain, &c, 0, 700 * S, 3 * K);
    feed(&lag, &c, 0, 700 * S, 3 * K);
    assert_true(plain.onset_us == lag.onset_us);
    assert_in_range(plain.onset - lag.onset, 190000, 210000); /* 12 s at 1 °C/min */
}

static void no_rise_but_a_plateau_is_not_no_ice(void **state)
{
    struct curve c = {
        .onset_us = 240 * S, .plateau_us = 600 * S, .top = -4 * K, .noise = K / 50, .random = 1};
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    feed(&ice, &c, 0, 840 * S, 3 * K);
    assert_int_equal(ice.state, ICE_NOT_SEEN);
    assert_true(ice.flat);
}

static void doubted_readings_make_it_uncertain(void **state)
{
    struct curve c = {.onset_us = 541 * S, .plateau_us = 300 * S, .top = -4 * K, .noise = 0, .random = 1};
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    for (int64_t us = 0; us < 700 * S; us += 2 * S)
        give(&ice, us, at(&c, us), -20 * K, us == 530 * S);
    assert_int_equal(ice.state, ICE_RISING);
    assert_true(ice.uncertain);
}

/* Fast down from +20, round a bend (the approach to a hold), slowly on to -7.9, where ice comes within a
 * minute of the bend: the bend is no onset, however sharp it is. */
static void a_bend_of_the_cooling_is_no_onset(void **state)
{
    static const int bends[] = {8, 20, 40, 55}; /* s before the ice */

    (void)state;
    for (unsigned k = 0; k < sizeof bends / sizeof *bends; k++) {
        const int64_t onset_us = 300 * S, bend_us = onset_us - bends[k] * S;
        const micro_t bend = -79 * K / 10 + bends[k] * K / 40;
        struct curve noise = {.noise = K / 50, .random = k + 1};
        struct freezer_ice ice;
        freezer_ice_init(&ice, 0, 30 * S);
        for (int64_t us = 0; us < 600 * S; us += S) {
            const int64_t since = us - onset_us;
            micro_t value = us < bend_us    ? bend + (bend_us - us) / S * K / 3
                            : us < onset_us ? bend - (us - bend_us) / S * K / 40
                                            : -79 * K / 10 + (since < 10 * S ? since / S * K / 2 : 5 * K);
            const micro_t is = at(&noise, 0) + value;
            give(&ice, us, is, value - 30 * K, false);
        }
        assert_int_equal(ice.state, ICE_RISING);
        assert_in_range(-ice.onset, 7700000, 8100000);
        assert_in_range(ice.onset_us, 293 * S, 303 * S);
    }
}

/* What lies nearer together than the memory wants is left out, and which of them must not depend on which
 * came first: else an event and the record of the same run tell two onsets. */
static void the_same_readings_give_the_same_onset(void **state)
{
    struct freezer_ice ice[2];

    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        struct curve c = {
            .onset_us = 541 * S, .plateau_us = 300 * S, .top = -4 * K, .noise = K / 20, .random = 5};
        freezer_ice_init(&ice[k], 0, 30 * S);
        for (int64_t us = 0; us < 700 * S; us += S / 5) {
            const micro_t value = at(&c, us);
            if (us >= k * (S / 5)) /* the second was begun one reading later */
                give(&ice[k], us, value, -20 * K, false);
        }
    }
    assert_int_equal(ice[0].state, ICE_RISING);
    assert_true(ice[0].onset == ice[1].onset && ice[0].onset_us == ice[1].onset_us);
    assert_true(ice[0].peak == ice[1].peak);
}

static void a_lone_cold_reading_is_no_ice(void **state)
{
    struct freezer_ice ice;

    (void)state;
    freezer_ice_init(&ice, 0, 30 * S);
    for (int i = 0; i < 200; i++)
        give(&ice, i * 2 * S, -i * K / 20 - (i % 50 == 49 ? 4 * K : 0), -i * K / 20 - 9 * K, false);
    assert_int_equal(ice.state, ICE_NOT_SEEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(onset_peak_and_plateau_are_found),
        cmocka_unit_test(a_sample_that_only_cools_has_no_ice),
        cmocka_unit_test(a_chamber_that_warms_it_is_no_ice),
        cmocka_unit_test(ice_under_a_warmer_chamber_is_found),
        cmocka_unit_test(a_spike_is_no_ice),
        cmocka_unit_test(nothing_freezes_in_the_warm),
        cmocka_unit_test(without_the_chamber_it_is_uncertain),
        cmocka_unit_test(a_gap_is_not_bridged),
        cmocka_unit_test(a_known_lag_is_corrected),
        cmocka_unit_test(no_rise_but_a_plateau_is_not_no_ice),
        cmocka_unit_test(doubted_readings_make_it_uncertain),
        cmocka_unit_test(a_bend_of_the_cooling_is_no_onset),
        cmocka_unit_test(the_same_readings_give_the_same_onset),
        cmocka_unit_test(a_lone_cold_reading_is_no_ice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
