/* freezer_program.c - see freezer_program.h. */
#include "freezer_program.h"

__extension__ typedef __int128 wide_t;

#define HOUR_US INT64_C(3600000000)

void freezer_program_init(struct freezer_program *program)
{
    const struct freezer_range open = {FREEZER_NONE, FREEZER_NONE};

    *program = (struct freezer_program){.limits = {.deviation = FREEZER_NONE,
                                                   .rms = FREEZER_NONE,
                                                   .overshoot = FREEZER_NONE,
                                                   .outside_us = FREEZER_NONE,
                                                   .gap_us = FREEZER_NONE,
                                                   .onset = open,
                                                   .supercooling = FREEZER_NONE,
                                                   .plateau_us = open,
                                                   .zero_to_40_us = open,
                                                   .end = FREEZER_NONE,
                                                   .lid_us = FREEZER_NONE,
                                                   .power_us = FREEZER_NONE},
                                        .exotherm_by = FREEZER_NONE};
}

micro_t freezer_program_from(const struct freezer_program *program, unsigned step)
{
    return program->steps[step > 0 ? step - 1 : 0].target;
}

bool freezer_program_takes(const struct freezer_program *program, unsigned step, int64_t *ret_us)
{
    const struct freezer_step *s = &program->steps[step];
    micro_t way;

    if (s->kind == FREEZER_STEP_PLUNGE || (s->kind != FREEZER_STEP_RAMP && s->for_ms == 0))
        return false;
    if (s->kind != FREEZER_STEP_RAMP) {
        *ret_us = (int64_t)s->for_ms * 1000;
        return true;
    }
    way = s->target - freezer_program_from(program, step);
    *ret_us = (int64_t)((wide_t)(way < 0 ? -way : way) * HOUR_US / s->per_hour);
    return true;
}

micro_t freezer_program_planned(const struct freezer_program *program, unsigned step, int64_t after_us)
{
    const struct freezer_step *s = &program->steps[step];
    const micro_t from = freezer_program_from(program, step);
    int64_t takes_us;
    micro_t moved;

    if (s->kind != FREEZER_STEP_RAMP || !freezer_program_takes(program, step, &takes_us) ||
        after_us >= takes_us)
        return s->target;
    moved = (micro_t)((wide_t)s->per_hour * (after_us < 0 ? 0 : after_us) / HOUR_US);
    return s->target < from ? from - moved : from + moved;
}

int freezer_program_segment(const struct freezer_program *program, unsigned segment)
{
    for (unsigned i = 0; i < program->n_steps; i++)
        if (program->steps[i].segment == segment)
            return (int)i;
    return -1;
}

const char *freezer_program_kind_name(enum freezer_step_kind kind)
{
    static const char *const names[FREEZER_STEP_KINDS] = {"hold", "ramp", "seed", "plunge"};

    return (unsigned)kind < FREEZER_STEP_KINDS ? names[kind] : "?";
}
