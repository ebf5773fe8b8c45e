/* What truly happens to a batch in the freezer: ice, probes, LN2 and mains. */
#include "stage.h"

#include "freezer.h"

#include <math.h>
#include <string.h>

#define assert_between(value, low, high)                                                                     \
    do {                                                                                                     \
        double between_ = (value);                                                                           \
        if (!(between_ >= (low) && between_ <= (high)))                                                      \
            fail_msg("%s is %.6g, not in %g ... %g", #value, between_, (double)(low), (double)(high));       \
    } while (0)

/* Three minutes at 4 degrees, one degree a minute to -45, ten to -90. */
static void open_freezer(struct stage *stage, struct freezer *f, uint64_t seed, const char *const *settings)
{
    memset(f, 0, sizeof *f);
    stage_open(stage, &model_freezer, f, seed, settings);
    f->segments[0] = (struct freezer_segment){0, 4, 180};
    f->segments[1] = (struct freezer_segment){1, -45, 0};
    f->segments[2] = (struct freezer_segment){10, -90, 0};
    f->n_segments = 3;
    stage_set(stage, "start", "");
}

static void the_batch_is_on_record(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, 1, (const char *[]){"nucleation", "-9 °C", "freezing", "-4 °C", NULL});
    stage_run(&stage, 2 * 3600);
    const struct freezer_batch *b = &f.batch;
    assert_int_equal(f.status, FREEZER_COMPLETE);
    assert_true(b->nucleated && !b->seeded);
    assert_between(b->onset_c, -9.05, -9);
    assert_between(b->supercooling_k, 5, 5.05);
    assert_between(b->peak_c, -5, -4);
    assert_between(b->peak_s - b->onset_s, 3, 120);
    assert_between(b->onset_s, 180 + 13 * 60, 180 + 13 * 60 + 3 * 150); /* -9 C, and the sample's lag */
    assert_between(b->plateau_s, 4 * 60, 30 * 60);
    assert_true(b->zero_s > 0 && b->zero_s < b->onset_s && b->minus40_s > b->onset_s + b->plateau_s);
    assert_between(b->worst_k, 0.1, 3.5); /* 10 degrees a minute with a lag of 15 s */
    assert_true(b->open_s == 0 && b->dry_s == 0 && b->dark_s == 0);
    stage_set(&stage, "load", "");
    assert_true(!f.batch.nucleated && f.batch.plateau_s == 0);
}

/* All the latent heat goes out through the chamber: with it the run takes that much longer. */
static void the_latent_heat_must_go(void **state)
{
    (void)state;
    double kelvin_s[2]; /* what the chamber drew, in K times s: heat over capacity, times the sample's lag */
    static const char *const latent[] = {"20 K", "60 K"};
    for (int i = 0; i < 2; i++) {
        struct freezer f;
        struct stage stage;
        open_freezer(&stage, &f, 1, (const char *[]){"latent", latent[i], NULL});
        kelvin_s[i] = 0;
        for (int k = 0; k < 4 * 3600; k++) {
            stage_run(&stage, 1);
            kelvin_s[i] += f.sample_c - f.chamber_c;
        }
        assert_true(f.frozen > 0.999);
    }
    assert_between((kelvin_s[1] - kelvin_s[0]) / 150, 38, 42); /* 40 K of latent heat more */
}

static void each_batch_nucleates_elsewhere(void **state)
{
    (void)state;
    double sum = 0, squares = 0, first = 0;
    int n = 60;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, 4, (const char *[]){"nucleation", "-10 °C", "nucleation_spread", "1.5 K", NULL});
    for (int i = 0; i < n; i++) {
        stage_set(&stage, "reset", "");
        stage_set(&stage, "load", "");
        stage_set(&stage, "start", "");
        stage_run(&stage, 3000);
        assert_true(f.batch.nucleated && f.batch.onset_c <= -4);
        sum += f.batch.onset_c;
        squares += f.batch.onset_c * f.batch.onset_c;
        if (i == 0)
            first = f.batch.onset_c;
    }
    double mean = sum / n;
    assert_between(mean, -10.6, -9.4);
    assert_between(sqrt(squares / n - mean * mean), 1, 2);
    open_freezer(&stage, &f, 4, (const char *[]){"nucleation", "-10 °C", "nucleation_spread", "1.5 K", NULL});
    stage_set(&stage, "reset", "");
    stage_set(&stage, "load", "");
    stage_set(&stage, "start", "");
    stage_run(&stage, 3000);
    assert_true(fabs(f.batch.onset_c - first) < 0.1); /* the same seed, the same batch */
}

static void a_program_may_seed(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, 1, (const char *[]){"nucleation", "-15 °C", NULL});
    f.segments[0] = (struct freezer_segment){2, -7, 0};
    f.segments[1] = (struct freezer_segment){0, -7, 1200};
    f.seeds[1] = true;
    stage_run(&stage, 330 + 590);
    assert_false(f.batch.nucleated);
    stage_run(&stage, 60);
    assert_true(f.batch.nucleated && f.batch.seeded);
    assert_between(f.batch.onset_c, -7.1, -6.5);
    assert_between(f.batch.supercooling_k, 2.5, 3.1);
}

static void the_probe_lags_behind_the_sample(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, 1,
                 (const char *[]){"probe_lag", "30 s", "sample_noise", "0 K", "nucleation", "-40 °C", NULL});
    stage_run(&stage, 180 + 20 * 60);
    assert_between(f.sample_sensor.reading - f.sample_c, 0.45, 0.55); /* 1 degree a minute */
}

static void ln2_that_does_not_come(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, 1, (const char *[]){NULL});
    stage_run(&stage, 1500);
    double before_k = f.batch.worst_k;
    stage_set(&stage, "supply", "off");
    stage_run(&stage, 600);
    assert_true(f.batch.worst_k > before_k + 8);
    assert_between(f.batch.dry_s, 590, 601);
    stage_set(&stage, "supply", "on");
    stage_run(&stage, 600);
    assert_true(fabs(f.chamber_c - f.setpoint_c) < 1);
}

static void mains_that_fail(void **state)
{
    (void)state;
    static const char *const restart[] = {"resume", "hold", "reset"};
    static const int status[] = {FREEZER_RUN, FREEZER_HOLD, FREEZER_RESET};
    for (int i = 0; i < 3; i++) {
        struct freezer f;
        struct stage stage;
        open_freezer(&stage, &f, 1, (const char *[]){"restart", restart[i], NULL});
        stage_run(&stage, 1500);
        double setpoint = f.setpoint_c, chamber = f.chamber_c;
        stage_set(&stage, "mains", "off");
        stage_run(&stage, 300);
        assert_true(f.setpoint_c == setpoint && f.chamber_c > chamber + 2 && !f.valve);
        assert_between(f.batch.dark_s, 299, 301);
        stage_set(&stage, "mains", "on");
        stage_run(&stage, 1);
        assert_int_equal(f.status, status[i]);
    }
}

static void a_large_batch_holds_the_chamber_back(void **state)
{
    (void)state;
    double worst[2];
    for (int i = 0; i < 2; i++) {
        struct freezer f;
        struct stage stage;
        open_freezer(&stage, &f, 1, (const char *[]){"batch_load", i == 0 ? "0" : "0.5", NULL});
        while (!f.batch.nucleated)
            stage_run(&stage, 1);
        f.batch.worst_k = 0;
        stage_run(&stage, 60);
        worst[i] = f.batch.worst_k;
    }
    assert_true(worst[1] > worst[0] + 0.2); /* the exotherm shows in the chamber */
}

static void the_step_does_not_matter(void **state)
{
    (void)state;
    static const double steps[] = {0.5, 5, 10};
    struct freezer_batch batch[3];
    for (int i = 0; i < 3; i++) {
        struct freezer f;
        struct stage stage;
        open_freezer(&stage, &f, 1, (const char *[]){NULL});
        for (double t = 0; t < 2 * 3600; t += steps[i])
            model_freezer.step(&f, steps[i], &stage.random);
        batch[i] = f.batch;
    }
    for (int i = 1; i < 3; i++) {
        assert_between(batch[i].onset_s - batch[0].onset_s, -2, 2);
        assert_between(batch[i].onset_c - batch[0].onset_c, -0.05, 0.05);
        assert_between(batch[i].plateau_s - batch[0].plateau_s, -10, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_batch_is_on_record),
        cmocka_unit_test(the_latent_heat_must_go),
        cmocka_unit_test(each_batch_nucleates_elsewhere),
        cmocka_unit_test(a_program_may_seed),
        cmocka_unit_test(the_probe_lags_behind_the_sample),
        cmocka_unit_test(ln2_that_does_not_come),
        cmocka_unit_test(mains_that_fail),
        cmocka_unit_test(a_large_batch_holds_the_chamber_back),
        cmocka_unit_test(the_step_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
