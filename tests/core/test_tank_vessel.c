/* What is configured of a vessel: litres below a height, and what is no vessel. */
#include "tank_stage.h"

#include <errno.h>

static void litres_by_the_table(void **state)
{
    (void)state;
    struct tank_vessel model;
    micro_t litres = 0;
    tank_vessel_init(&model);
    assert_false(tank_vessel_litres(&model, N(10), &litres));
    model.n_shape = 3;
    model.shape[0] = (struct tank_height){0, N(9)}; /* the probe's zero is above the bottom */
    model.shape[1] = (struct tank_height){N(10), N(50)};
    model.shape[2] = (struct tank_height){N(60), N(350)};
    static const struct {
        double cm, litres;
    } table[] = {{0, 9}, {5, 29.5}, {10, 50}, {11, 56}, {60, 350}, {61, 356}, {-1, 4.9}, {-10, 0}};
    assert_int_equal(tank_vessel_check(&model), 0);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        assert_true(tank_vessel_litres(&model, N(table[i].cm), &litres));
        assert_between(AS_NUM(litres), table[i].litres - 0.001, table[i].litres + 0.001);
    }
}

static void what_is_no_vessel(void **state)
{
    (void)state;
    struct tank_vessel good, model;
    struct tank tank;
    stage_model(&good);
    assert_int_equal(tank_vessel_check(&good), 0);
#define REFUSED(change)                                                                                      \
    model = good;                                                                                            \
    change;                                                                                                  \
    assert_int_equal(tank_init(&tank, &model), -EINVAL)
    REFUSED(model.n_shape = 1);
    REFUSED(model.n_shape = TANK_SHAPE_MAX + 1);
    REFUSED(model.shape[1].cm = 0);
    REFUSED(model.shape[1].litres = 0);
    REFUSED(model.fill_start_cm = N(20));
    REFUSED(model.low_cm = N(-1));
    REFUSED(model.heat_capacity_j_k = 0);
    REFUSED(model.top = TANK_TEMPS);
    REFUSED(model.twin[1] = 2);
    REFUSED(model.twin[1] = TANK_TEMPS + 1);
    assert_int_equal(tank_init(&tank, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(litres_by_the_table),
                                       cmocka_unit_test(what_is_no_vessel)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
