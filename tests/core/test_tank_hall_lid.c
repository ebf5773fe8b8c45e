/* Lids that open, and the temperature probes on which that is seen. */
#include "tank_stage.h"

#include "tank_hall_lid.h"

#define TANKS 3

struct room {
    struct stage stages[TANKS];
    struct hall_lid lids;
    int probe_of[TANKS]; /* whose top each tank's probe shows */
    double warms_k;
    bool lost[TANKS]; /* the top of this tank is not read */
};

static void open_room(struct room *r)
{
    struct tank_vessel model;
    stage_model(&model);
    memset(r, 0, sizeof *r);
    hall_lid_init(&r->lids, TANKS);
    r->warms_k = 6;
    for (int i = 0; i < TANKS; i++) {
        stage_open(&r->stages[i], &model);
        r->stages[i].start_cm = 0; /* no fills, unless a test says so */
        r->stages[i].random = (uint64_t)i + 1;
        r->probe_of[i] = i;
    }
}

static void minutes(struct room *r, int n)
{
    for (; n > 0; n--) {
        for (int i = 0; i < TANKS; i++) {
            struct stage *s = &r->stages[i];
            double target = -186 + (s->lid ? r->warms_k : 0);
            s->top_c += (target - s->top_c) * 0.2;
            stage_step(s);
        }
        for (int i = 0; i < TANKS; i++) {
            struct stage *s = &r->stages[i];
            struct tank_input input = s->input;
            input.temps[0] = r->stages[r->probe_of[i]].input.temps[0];
            if (r->lost[i])
                input.temps[0] = BAD;
            tank_feed(&s->tank, s->now_us, &input);
            hall_lid_tank(&r->lids, s->now_us, (unsigned)i, &s->tank);
        }
    }
}

static void lid(struct room *r, int tank, int open_min)
{
    r->stages[tank].lid = true;
    minutes(r, open_min);
    r->stages[tank].lid = false;
    minutes(r, 120);
}

static void swap(struct room *r)
{
    r->probe_of[0] = 1;
    r->probe_of[1] = 0;
}

static void a_lid_that_warms_another_probe(void **state)
{
    (void)state;
    struct room r;
    open_room(&r);
    minutes(&r, 120);
    assert_false(hall_lid_is_right(&r.lids, 0)); /* nothing has shown it */
    lid(&r, 0, 5);
    assert_true(hall_lid_is_right(&r.lids, 0));
    swap(&r);
    minutes(&r, 120);
    lid(&r, 0, 5);
    assert_int_equal(hall_lid_elsewhere(&r.lids, 0), -1); /* once may be chance */
    lid(&r, 0, 5);
    assert_int_equal(hall_lid_elsewhere(&r.lids, 0), 1);
    assert_int_equal(hall_lid_elsewhere(&r.lids, 1), -1);
    r.probe_of[0] = 0;
    r.probe_of[1] = 1;
    minutes(&r, 600);
    assert_int_equal(hall_lid_elsewhere(&r.lids, 0), 1); /* time proves nothing */
    lid(&r, 0, 5);
    assert_true(hall_lid_is_right(&r.lids, 0));
}

/* What can't be told from a swap that is none: nothing is said, however often. */
static void what_says_nothing(void **state)
{
    (void)state;
    struct room r;
    for (int how = 0; how < 6; how++) {
        open_room(&r);
        if (how != 2)
            swap(&r);
        minutes(&r, 120);
        for (int times = 0; times < 4; times++) {
            r.lost[0] = how == 3;
            r.warms_k = how == 2 ? 0.1 : 6; /* 2: a tank that hardly warms */
            if (how == 1)
                r.stages[2].lid = true; /* two at once */
            if (how == 4) {             /* another was opened shortly before */
                r.stages[2].lid = true;
                minutes(&r, 5);
                r.stages[2].lid = false;
                minutes(&r, 10);
            }
            r.stages[2].start_cm = how == 5 ? 25 : 0; /* one is filled */
            r.stages[2].stop_cm = 90;
            r.stages[2].level_cm = 20;
            if (how == 5)
                minutes(&r, 5);
            lid(&r, 0, how == 0 ? 1 : 5);
            r.stages[2].lid = false;
            minutes(&r, 120);
        }
        if (hall_lid_elsewhere(&r.lids, 0) != -1 || hall_lid_is_right(&r.lids, 0))
            fail_msg("case %d", how);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_lid_that_warms_another_probe),
                                       cmocka_unit_test(what_says_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
