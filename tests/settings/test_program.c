/* Freezer programs: what a file says is in the struct, every mistake is at its place, the shipped ones load.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"

#define HEAD         "name: n\nstatus: example\nsource: s\n" /* lines 1 to 3 */
#define STEPS(...)   HEAD "steps:\n" __VA_ARGS__             /* from line 5 */
#define HOLD         "  - {hold: 4 °C}\n"
#define RAMP         "  - {ramp: -45 °C, rate: 1 °C/min, tolerance: 2 °C}\n"
#define LIMITS(l)    STEPS(HOLD RAMP) "limits:\n  " l "\n" /* line 8, from column 3 */
#define K            MICRO_PER_UNIT
#define EXPECTED_MAX 6

static struct program *parse(const char *text)
{
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct program *program = NULL;

    const int r = program_parse(text, strlen(text), "programs/p.yaml", &problems, &warnings, &program);
    problems_print(&problems, stderr);
    assert_int_equal(r, 0);
    problems_free(&warnings);
    return program;
}

static void what_the_file_says_is_in_the_program(void **state)
{
    struct program *p = parse(
        "name: {en: Slow, zh: 慢速}\nstatus: validated\nvalidated: 'Li, 2026-01-15, VAL-7'\nsource: SOP 12\n"
        "cord_blood: true\nsettle: 2 min\nstall: 5 min\ncollect_within: 30 min\nexotherm_by: -25 °C\n"
        "steps:\n  - {hold: 4 °C}\n  - {ramp: -5 °C, rate: 1 °C/min, of: sample, tolerance: 2.5 °C, "
        "rate_tolerance: 0.2 °C/min, segment: 3}\n  - {seed: -5 °C, for: 10 min}\n"
        "  - {ramp: -80, rate: 10 °C/min, exotherm: true}\n  - {plunge: -196 °C}\n"
        "limits: {deviation: 5 °C, rms_deviation: 1, overshoot: 3, outside_tolerance: 2 min, gap: 30 s,\n"
        "  onset: [-15 °C, -5 °C], supercooling: 9, plateau: [1 min, 8 min], zero_to_minus_40: [20 min, 1 "
        "h],\n"
        "  end: -70 °C, lid_open: 0 s, power_off: 10 s}\n");
    const struct freezer_program *f = &p->steps;

    (void)state;
    assert_string_equal(p->id, "p");
    assert_string_equal(p->name.text[LANGUAGE_ZH], "慢速");
    assert_string_equal(p->validated, "Li, 2026-01-15, VAL-7");
    assert_string_equal(program_status_name(p->status), "validated");
    assert_true(f->cord_blood && f->settle_ms == 120000 && f->stall_ms == 300000);
    assert_int_equal(f->collect_within_ms, 1800000);
    assert_true(f->exotherm_by == -25 * K);
    assert_int_equal(f->n_steps, 5);
    assert_true(f->steps[0].kind == FREEZER_STEP_HOLD && f->steps[0].for_ms == 0 && f->steps[0].segment == 1);
    assert_true(f->steps[0].tolerance == FREEZER_NONE);
    assert_true(f->steps[1].of_sample && f->steps[1].per_hour == 60 * K && f->steps[1].segment == 3);
    assert_true(f->steps[1].tolerance == 2500000 && f->steps[1].rate_tolerance == 12 * K);
    assert_true(f->steps[2].kind == FREEZER_STEP_SEED && f->steps[2].exotherm &&
                f->steps[2].for_ms == 600000);
    assert_int_equal(f->steps[2].segment, 4); /* counts on from the one before */
    assert_true(f->steps[3].exotherm && f->steps[4].kind == FREEZER_STEP_PLUNGE);
    assert_true(f->limits.deviation == 5 * K && f->limits.rms == K && f->limits.overshoot == 3 * K);
    assert_true(f->limits.outside_us == 120 * K && f->limits.gap_us == 30 * K);
    assert_true(f->limits.onset.low == -15 * K && f->limits.onset.high == -5 * K);
    assert_true(f->limits.supercooling == 9 * K && f->limits.plateau_us.high == 480 * K);
    assert_true(f->limits.zero_to_40_us.low == 1200 * K && f->limits.end == -70 * K);
    assert_true(f->limits.lid_us == 0 && f->limits.power_us == 10 * K);
    program_free(p);
}

static void what_is_not_said_is_not_judged(void **state)
{
    struct program *p = parse(STEPS(HOLD RAMP));
    const struct freezer_limits *l = &p->steps.limits;

    (void)state;
    assert_true(l->deviation == FREEZER_NONE && l->rms == FREEZER_NONE && l->gap_us == FREEZER_NONE);
    assert_true(l->onset.low == FREEZER_NONE && l->end == FREEZER_NONE && l->lid_us == FREEZER_NONE);
    assert_true(p->steps.exotherm_by == FREEZER_NONE && !p->steps.cord_blood);
    program_free(p);
}

static void a_program_that_was_edited_has_another_hash(void **state)
{
    struct program *a = parse(STEPS(HOLD RAMP));
    struct program *same = parse(STEPS(HOLD RAMP));
    struct program *b = parse(STEPS(HOLD RAMP) "# a remark\n");

    (void)state;
    assert_int_equal(strlen(a->hash), 64);
    assert_string_equal(a->hash, same->hash);
    assert_string_not_equal(a->hash, b->hash);
    program_free(a);
    program_free(same);
    program_free(b);
}

/* ---------------------------------------------------------------- mistakes */

struct mistake {
    const char *text;
    const char *expected[EXPECTED_MAX];
};

static unsigned check(const struct mistake *m, size_t index)
{
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct program *program = NULL;
    unsigned wrong = 0;
    size_t n = 0;

    while (n < EXPECTED_MAX && m->expected[n] != NULL)
        n++;
    const int r = program_parse(m->text, strlen(m->text), "p.yaml", &problems, &warnings, &program);
    wrong += r != (n == 0 ? 0 : -EINVAL);
    for (size_t i = 0; i < n || i < problems.n; i++) {
        const char *expected = i < n ? m->expected[i] : "(nothing)";
        const char *found = i < problems.n ? problems.lines[i] : "(nothing)";
        if (strcmp(expected, found) != 0) {
            print_error("%zu:\n  expected %s\n  found    %s\n", index, expected, found);
            wrong++;
        }
    }
    problems_free(&problems);
    problems_free(&warnings);
    program_free(program);
    return wrong;
}

static const struct mistake steps[] = {
    {STEPS(HOLD RAMP), {NULL}},
    {"name: n\nsource: s\nsteps: [{hold: 4 °C}]\n", {"p.yaml:1:1: 'status' is missing in a freezer program"}},
    {HEAD "steps: []\n",
     {"p.yaml:4:8: a list of steps is wanted here: [{hold: 4 °C}, {ramp: -45 °C, rate: 1 °C/min}]"}},
    {STEPS("  - 4 °C\n"),
     {"p.yaml:5:5: a step is written as a mapping ('key: value'), not as a single value"}},
    {STEPS("  - {for: 5 min}\n"),
     {"p.yaml:5:5: a step is one of 'hold', 'ramp', 'seed' and 'plunge': {hold: 4 °C, for: 5 min}"}},
    {STEPS("  - {hold: 4 °C, ramp: 5 °C}\n"),
     {"p.yaml:5:18: a step is one of 'hold', 'ramp', 'seed' and 'plunge'"}},
    {STEPS("  - {hold: 4 °C, tolerence: 2}\n"),
     {"p.yaml:5:18: unknown key 'tolerence' in a step; did you mean 'tolerance'?"}},
    {STEPS("  - {hold: 4 K}\n"), {"p.yaml:5:12: '4 K': the unit here is °C, not 'K'"}},
    {STEPS("  - {hold: 60 °C}\n"), {"p.yaml:5:12: 60 °C is out of range: -200 to 50 °C"}},
    {STEPS("  - {hold: 4 °C, rate: 1 °C/min}\n"), {"p.yaml:5:18: 'rate' has no meaning for a step 'hold'"}},
    {STEPS("  - {hold: 4 °C, tolerance: 0}\n"),
     {"p.yaml:5:29: 0 can't be kept to: write how far it may be off"}},
    {STEPS("  - {ramp: -45 °C, rate: 1 °C/min}\n"),
     {"p.yaml:5:6: the first step is a 'hold': it says where the program begins"}},
    {STEPS(HOLD "  - {ramp: -45 °C}\n"), {"p.yaml:6:6: 'rate' is missing: {ramp: -45 °C, rate: 1 °C/min}"}},
    {STEPS(HOLD "  - {ramp: -45 °C, rate: -1 °C/min}\n"),
     {"p.yaml:6:26: -1 °C/min is out of range: above 0, to 200 °C/min (whether it cools or warms follows "
      "from "
      "the temperatures)"}},
    {STEPS(HOLD "  - {ramp: -45 °C, rate: 1 °C/min, for: 5 min}\n"),
     {"p.yaml:6:36: 'for' has no meaning for a step 'ramp'"}},
    {STEPS(HOLD "  - {ramp: 4 °C, rate: 1 °C/min}\n"),
     {"p.yaml:6:12: the step before ends at this temperature: there is no way to go"}},
    {STEPS(HOLD RAMP "  - {hold: -50 °C, for: 1 min}\n"),
     {"p.yaml:7:12: the step before ends at another temperature: write a ramp to come here"}},
    {STEPS(HOLD "  - {seed: 4 °C, for: 1 min}\n"),
     {"p.yaml:6:12: nothing freezes above 0 °C: the samples can't be seeded here"}},
    {STEPS(HOLD "  - {plunge: -196 °C}\n" RAMP),
     {"p.yaml:6:6: 'plunge' is the last step: the samples have left the freezer"}},
    {STEPS(HOLD "  - {ramp: -45 °C, rate: 1 °C/min, segment: 1}\n"),
     {"p.yaml:6:45: segment 1 is already that of step 1"}},
    {"name: n\nstatus: validated\nsource: s\nsteps: [{hold: 4}]\n",
     {"p.yaml:2:9: 'validated' is missing: who has validated it, when, and where that is written"}},
    {STEPS(HOLD RAMP) "exotherm_by: 5 °C\n", {"p.yaml:7:14: 5 °C is out of range: -60 to 0 °C"}},
};

static const struct mistake limits[] = {
    {LIMITS("onset: -5 °C"), {"p.yaml:8:10: the lowest and the highest are wanted here: [-15 °C, -5 °C]"}},
    {LIMITS("onset: [-5 °C, -15 °C]"), {"p.yaml:8:10: the lower stands first: -5 °C is above -15 °C"}},
    {LIMITS("plateau: [1, 2 min]"), {"p.yaml:8:13: '1' has no unit; write a unit: ms, s, min, h"}},
    {LIMITS("deviation: -1 °C"), {"p.yaml:8:14: -1 °C is out of range: 0 to 100 °C"}},
    {LIMITS("end: -50 °C"), {"p.yaml:8:8: colder than the program goes: no run could keep to it"}},
    {LIMITS("endd: -50 °C"), {"p.yaml:8:3: unknown key 'endd' in 'limits'; did you mean 'end'?"}},
    {STEPS(HOLD) "limits: {outside_tolerance: 1 min}\n",
     {"p.yaml:6:10: no step has a 'tolerance' to be outside of"}},
};

static void every_mistake_is_told_at_its_place(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        wrong += check(&steps[i], i);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        wrong += check(&limits[i], 100 + i);
    assert_int_equal(wrong, 0);
}

static void too_many_steps_are_refused(void **state)
{
    static char text[4096] = STEPS(HOLD);
    const struct mistake m = {text, {"p.yaml:37:5: too many steps: at most 32"}};

    (void)state;
    for (int i = 0; i < 40; i++)
        strcat(text, i % 2 == 0 ? "  - {ramp: 0, rate: 1 °C/min}\n" : "  - {ramp: 4, rate: 1 °C/min}\n");
    assert_int_equal(check(&m, 0), 0);
}

static void a_bad_file_name_is_told(void **state)
{
    static const char text[] = STEPS(HOLD RAMP);
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct program *program = NULL;

    (void)state;
    assert_int_equal(
        program_parse(text, sizeof text - 1, "programs/My Program.yaml", &problems, &warnings, &program),
        -EINVAL);
    assert_int_equal(problems.n, 1);
    assert_non_null(strstr(problems.lines[0], "a program's file is called NAME.yaml"));
    problems_free(&problems);
    problems_free(&warnings);
}

/* ---------------------------------------------------------------- the shipped ones */

static void the_shipped_programs_are_sound_examples(void **state)
{
    static const char *const names[] = {"cryomed-700", "cryomed-1", "hsc-planer", "ef600", "embryo-slow"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct problems problems = {.n = 0}, warnings = {.n = 0};
        struct program *program = NULL;
        char path[1024];

        (void)snprintf(path, sizeof path, "%s/programs/%s.yaml", CRYOMON_CONFIG_DIR, names[i]);
        const int r = program_load(path, path, &problems, &warnings, &program);
        problems_print(&problems, stderr);
        assert_int_equal(r, 0);
        assert_string_equal(program->id, names[i]);
        assert_int_equal(program->status, PROGRAM_EXAMPLE);
        assert_int_equal(warnings.n, 1); /* that it is one */
        assert_non_null(strstr(program->name.text[LANGUAGE_EN], "to be validated"));
        program_free(program);
        problems_free(&warnings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_file_says_is_in_the_program),
        cmocka_unit_test(what_is_not_said_is_not_judged),
        cmocka_unit_test(a_program_that_was_edited_has_another_hash),
        cmocka_unit_test(every_mistake_is_told_at_its_place),
        cmocka_unit_test(too_many_steps_are_refused),
        cmocka_unit_test(a_bad_file_name_is_told),
        cmocka_unit_test(the_shipped_programs_are_sound_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
