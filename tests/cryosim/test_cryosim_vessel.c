/* Heat, liquid and temperature against physics and the published figures. */
#include "vessel_stage.h"

#define LATENT_J_L 160593.0

static struct random_source random_of(uint64_t seed)
{
    struct random_source random;
    random_seed(&random, seed, "test");
    return random;
}

static void start(struct vessel *v, enum vessel_preset preset, struct random_source *random)
{
    *random = random_of(1);
    vessel_defaults(v, preset);
    v->p.autofill = 0;
    assert_int_equal(vessel_start(v, ROOM_C, random), 0);
}

static double lost(const struct vessel_truth *t)
{
    return -t->litres;
}

static double warmest(const struct vessel_truth *t)
{
    return t->warmest_c;
}

static double middle(const struct vessel_truth *t)
{
    return t->vapour_c[VESSEL_MIDDLE];
}

static void one_watt_boils_054_litres_a_day(void **state)
{
    (void)state;
    static const double watts[] = {1, 10, 100};
    for (int i = 0; i < 3; i++) {
        struct random_source random = random_of(1);
        struct vessel v;
        vessel_defaults(&v, VESSEL_STANDARD);
        v.p.autofill = 0;
        v.p.wall_w = v.p.lid_w = 0;
        v.p.base_w = watts[i];
        v.s.litres = 400;
        assert_int_equal(vessel_start(&v, ROOM_C, &random), 0);
        vessel_stage_run(&v, DAY_S, 60, &random);
        assert_between((400 - v.s.litres) / watts[i], 0.537, 0.541);
    }
}

/* Whatever happens: what came in is in the liquid's vapour, in the gas that left, or still there. */
static void no_heat_is_lost(void **state)
{
    (void)state;
    static const double steps[] = {1, 60, 600};
    for (int k = 0; k < 3; k++) {
        struct random_source random;
        struct vessel v;
        start(&v, VESSEL_STANDARD, &random);
        v.p.autofill = 1;
        double before_j = 0, after_j = 0;
        for (int i = 0; i < VESSEL_SLICES; i++)
            before_j += v.s.column_c[i] * v.p.heat_capacity_j_k / VESSEL_SLICES;
        double first_l = v.s.litres;
        v.p.lid = 1;
        vessel_stage_run(&v, DAY_S, steps[k], &random);
        v.p.lid = 0;
        vessel_load(&v, 2e6);
        v.p.vacuum_leak_pa_day = 50;
        vessel_stage_run(&v, 3 * DAY_S, steps[k], &random);
        assert_true(v.s.fills > 0);
        v.p.supply = 0;
        v.s.vacuum_pa = 1e5;
        vessel_stage_run(&v, 5 * DAY_S, steps[k], &random);
        assert_true(v.s.litres == 0);
        for (int i = 0; i < VESSEL_SLICES; i++)
            after_j += v.s.column_c[i] * v.p.heat_capacity_j_k / VESSEL_SLICES;
        double out_j = v.s.boiled_l * LATENT_J_L + v.s.heat_gas_j + after_j - before_j;
        assert_between(out_j / v.s.heat_in_j, 1 - 1e-6, 1 + 1e-6);
        assert_between(first_l + v.s.filled_l - v.s.boiled_l - v.s.litres, -1e-6, 1e-6);
    }
}

/* 10 % lost in 4 to 5 days, empty after some 37 (a constant leak that loses a tenth in 4 days needs 40). */
static void intact_small_dewar(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_SMALL, &random);
    double full_l = v.s.litres;
    double tenth_h = vessel_stage_until(&v, lost, -0.9 * full_l, 60, 200, &random);
    assert_between(tenth_h / 24, 3.9, 5);
    assert_between(tenth_h / 24 + vessel_stage_until(&v, lost, 0, 60, 1200, &random) / 24, 35, 43);
}

/* Vacuum lost: 10 % in 0.8 h, the canisters at -185 after some 4 h. */
static void small_dewar_with_a_medium_leak(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_SMALL, &random);
    double full_l = v.s.litres;
    v.s.vacuum_pa = 1e5;
    double tenth_h = vessel_stage_until(&v, lost, -0.9 * full_l, 10, 10, &random);
    assert_between(tenth_h, 0.7, 0.9);
    assert_between(tenth_h + vessel_stage_until(&v, middle, -185, 10, 10, &random), 3.5, 4.8);
}

/* A crack: empty in minutes, then 44 to 52 K/h. */
static void small_dewar_with_a_fast_leak(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_SMALL, &random);
    v.p.crack_l_min = 4;
    assert_between(vessel_stage_until(&v, lost, 0, 10, 2, &random) * 60, 5, 20);
    double from_c = vessel_stage_truth(&v).vapour_c[VESSEL_MIDDLE];
    double hours = vessel_stage_until(&v, middle, from_c + 40, 10, 10, &random);
    assert_between(40 / hours, 44, 52);
}

/* A large tank with its lid open: -170 to -150 in 3 to 5 days. */
static void large_tank_with_the_lid_open(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_LARGE, &random);
    v.p.lid = 1;
    vessel_stage_until(&v, warmest, -170, 60, 200, &random);
    assert_between(vessel_stage_until(&v, warmest, -150, 60, 300, &random) / 24, 3, 5);
}

/* Without supply, from where a fill was due: about 4 days of liquid; it stays cold for some days more. */
static void large_tank_without_supply(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_LARGE, &random);
    v.s.litres = shape_litres(&v.shape, v.p.fill_start_cm);
    v.p.supply = 0;
    double dry_h = vessel_stage_until(&v, lost, 0, 60, 300, &random);
    assert_between(dry_h / 24, 3.5, 5);
    assert_true(vessel_stage_truth(&v).warmest_c < -170);
    assert_true(vessel_stage_until(&v, warmest, -150, 60, 600, &random) > 48);
}

static void vapour_is_warmer_above_and_with_less_liquid(void **state)
{
    (void)state;
    double top[2];
    for (int i = 0; i < 2; i++) {
        struct random_source random = random_of(1);
        struct vessel v;
        vessel_defaults(&v, VESSEL_STANDARD);
        v.s.litres = i == 0 ? 60 : 250;
        assert_int_equal(vessel_start(&v, ROOM_C, &random), 0);
        struct vessel_truth t = vessel_stage_truth(&v);
        assert_true(t.vapour_c[VESSEL_BOTTOM] < t.vapour_c[VESSEL_MIDDLE]);
        assert_true(t.vapour_c[VESSEL_MIDDLE] < t.vapour_c[VESSEL_TOP]);
        assert_true(t.vapour_c[VESSEL_TOP] < t.lid_c && t.lid_c < ROOM_C);
        top[i] = t.vapour_c[VESSEL_TOP];
    }
    assert_true(top[1] < top[0] - 2);
    assert_between(top[0], -190, -130);
}

static void open_lid_warms_the_vapour_soon_and_ice_grows(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_STANDARD, &random);
    struct vessel_truth closed = vessel_stage_truth(&v);
    v.p.lid = 1;
    vessel_stage_run(&v, 600, 10, &random);
    struct vessel_truth open = vessel_stage_truth(&v);
    assert_true(open.vapour_c[VESSEL_TOP] > closed.vapour_c[VESSEL_TOP] + 3);
    assert_true(open.lid_c > closed.lid_c + 50);
    assert_true(open.warmest_c < closed.warmest_c + 3); /* the samples lag behind the vapour */
    v.p.lid = 0;
    vessel_stage_run(&v, DAY_S, 60, &random);
    struct vessel_truth again = vessel_stage_truth(&v);
    assert_between(again.vapour_c[VESSEL_TOP] - closed.vapour_c[VESSEL_TOP], -1, 2);
    v.s.ice = 3;
    vessel_stage_run(&v, 3 * DAY_S, 60, &random);
    struct vessel_truth icy = vessel_stage_truth(&v);
    assert_true(icy.vapour_c[VESSEL_TOP] > again.vapour_c[VESSEL_TOP] + 10);
    assert_true(icy.boil_l_day > again.boil_l_day * 1.1);
    assert_true((icy.faults & VESSEL_FAULT_ICE) != 0 && (icy.faults & VESSEL_FAULT_VACUUM) == 0);
}

/* A warm rack: it warms the others, and boils what its heat is worth. */
static void a_warm_load_boils_what_it_brings(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v, other;
    start(&v, VESSEL_STANDARD, &random);
    v.s.litres = 250;
    vessel_stage_run(&v, 3 * DAY_S, 60, &random);
    other = v;
    double before_c = vessel_stage_truth(&v).warmest_c;
    vessel_load(&v, 1e6);
    vessel_stage_run(&v, 60, 60, &random);
    assert_true(vessel_stage_truth(&v).warmest_c > before_c + 4);
    vessel_stage_run(&v, 3 * DAY_S, 60, &random);
    vessel_stage_run(&other, 3 * DAY_S + 60, 60, &random);
    double more_l = v.s.boiled_l - other.s.boiled_l;
    assert_between(more_l, 0.8 * 1e6 / LATENT_J_L, 1e6 / LATENT_J_L); /* the gas carries some of it off */
    vessel_withdraw(&v, 20);
    assert_between(other.s.litres - v.s.litres - more_l, 19.9, 20.1);
}

/* Slow decay: the boil-off tells it days before it gets warm. */
static void slow_vacuum_decay_shows_in_the_boil_off_first(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_STANDARD, &random);
    double good = vessel_stage_truth(&v).boil_l_day;
    v.p.autofill = 1;
    v.p.vacuum_leak_pa_day = 0.5;
    double half_more_h = NAN, warm_h = NAN;
    for (double h = 0; isnan(warm_h) && h < 24 * 60; h++) {
        vessel_stage_run(&v, HOUR_S, 60, &random);
        struct vessel_truth t = vessel_stage_truth(&v);
        if (isnan(half_more_h) && t.boil_l_day > 1.5 * good)
            half_more_h = h;
        if (t.warmest_c > -150)
            warm_h = h;
    }
    assert_between(half_more_h, 6, 72);
    assert_true(isnan(warm_h) || warm_h > half_more_h + 48);
    vessel_repair(&v);
    vessel_stage_run(&v, 4 * DAY_S, 60, &random);
    assert_between(vessel_stage_truth(&v).boil_l_day / good, 0.9, 1.1);
}

static void wall_factor_follows_the_pressure(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_STANDARD, &random);
    assert_between(vessel_stage_truth(&v).wall_factor, 1, 1);
    v.s.vacuum_pa = v.p.vacuum_half_pa;
    assert_between(vessel_stage_truth(&v).wall_factor, v.p.wall_worst / 2 * 0.95, v.p.wall_worst / 2 * 1.05);
    v.s.vacuum_pa = 1e5;
    assert_between(vessel_stage_truth(&v).wall_factor, v.p.wall_worst * 0.95, v.p.wall_worst);
}

static void a_warmer_room_boils_more(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_STANDARD, &random);
    double cool = vessel_stage_truth(&v).boil_l_day;
    for (int i = 0; i < 5 * 1440; i++)
        vessel_step(&v, 60, ROOM_C + 10, NULL, &random);
    assert_between(vessel_stage_truth(&v).boil_l_day / cool, 1.0,
                   1.08); /* 10 K on 217 K, and a lower level */
}

/* What is foretold happens, when nobody does anything. */
static void hours_that_are_left(void **state)
{
    (void)state;
    struct random_source random;
    struct vessel v;
    start(&v, VESSEL_STANDARD, &random);
    v.s.vacuum_pa = 1;
    struct vessel_left left = vessel_hours_left(&v, -150, 2000);
    double dry_h = left.dry_h, warm_h = left.warm_h;
    v.p.autofill = 0;
    assert_true(dry_h < warm_h);
    struct vessel copy = v;
    assert_between(vessel_stage_until(&copy, lost, 0, 60, 2000, &random) / dry_h, 0.98, 1.02);
    copy = v;
    assert_between(vessel_stage_until(&copy, warmest, -150, 60, 2000, &random) / warm_h, 0.98, 1.02);
    left = vessel_hours_left(&v, -150, warm_h - 10);
    assert_true(isinf(left.warm_h) && left.dry_h == dry_h);
    assert_true(vessel_hours_left(&v, -194, 2000).warm_h == 0);
    v.p.autofill = 1; /* it is not counted on, not even when it has begun */
    assert_between(vessel_hours_left(&v, -150, 2000).dry_h, dry_h, dry_h);
    v.s.litres = shape_litres(&v.shape, 14);
    vessel_stage_run(&v, 120, 10, &random);
    assert_true(v.s.filling);
    assert_between(vessel_hours_left(&v, -150, 2000).dry_h, 1, dry_h);
}

/* Once it is dry, all that comes in warms the column by its heat capacity. */
static void a_dry_vessel_warms_by_its_heat_capacity(void **state)
{
    (void)state;
    struct random_source random = random_of(1);
    struct vessel v;
    vessel_defaults(&v, VESSEL_STANDARD);
    v.p.autofill = 0;
    v.s.litres = 0;
    for (int i = 0; i < VESSEL_SLICES; i++)
        v.s.column_c[i] = -150;
    assert_int_equal(vessel_start(&v, ROOM_C, &random), 0);
    vessel_stage_run(&v, 6 * HOUR_S, 60, &random);
    double mean_c = 0;
    for (int i = 0; i < VESSEL_SLICES; i++)
        mean_c += v.s.column_c[i] / VESSEL_SLICES;
    double watts = (v.p.wall_w + v.p.base_w + v.p.lid_w) * (ROOM_C + 149) / (ROOM_C - VESSEL_LN2_C);
    assert_between((mean_c + 150) / (watts * 6 * HOUR_S / v.p.heat_capacity_j_k), 0.97, 1.03);
    assert_between(vessel_stage_truth(&v).boil_l_day, 0, 0);
}

static void the_step_does_not_matter(void **state)
{
    (void)state;
    static const double steps[] = {1, 10, 60, 300};
    double boiled[4], top[4];
    for (int i = 0; i < 4; i++) {
        struct random_source random;
        struct vessel v;
        start(&v, VESSEL_STANDARD, &random);
        v.p.vacuum_leak_pa_day = 10;
        vessel_stage_run(&v, 2 * DAY_S, steps[i], &random);
        boiled[i] = v.s.boiled_l;
        top[i] = vessel_stage_truth(&v).vapour_c[VESSEL_TOP];
    }
    for (int i = 1; i < 4; i++) {
        assert_between(boiled[i] / boiled[0], 0.998, 1.002);
        assert_between(top[i] - top[0], -0.1, 0.1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_watt_boils_054_litres_a_day),
        cmocka_unit_test(no_heat_is_lost),
        cmocka_unit_test(intact_small_dewar),
        cmocka_unit_test(small_dewar_with_a_medium_leak),
        cmocka_unit_test(small_dewar_with_a_fast_leak),
        cmocka_unit_test(large_tank_with_the_lid_open),
        cmocka_unit_test(large_tank_without_supply),
        cmocka_unit_test(vapour_is_warmer_above_and_with_less_liquid),
        cmocka_unit_test(open_lid_warms_the_vapour_soon_and_ice_grows),
        cmocka_unit_test(a_warm_load_boils_what_it_brings),
        cmocka_unit_test(slow_vacuum_decay_shows_in_the_boil_off_first),
        cmocka_unit_test(wall_factor_follows_the_pressure),
        cmocka_unit_test(a_warmer_room_boils_more),
        cmocka_unit_test(hours_that_are_left),
        cmocka_unit_test(a_dry_vessel_warms_by_its_heat_capacity),
        cmocka_unit_test(the_step_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
