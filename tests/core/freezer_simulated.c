#include "freezer_simulated.h"

#include "freezer_run.h"

void freezer_simulated_program(struct freezer_program *program, const struct freezer_segment segments[4])
{
    freezer_program_init(program);
    program->n_steps = 4;
    for (int i = 0; i < 4; i++)
        program->steps[i] =
            (struct freezer_step){.kind = i % 3 ? FREEZER_STEP_RAMP : FREEZER_STEP_HOLD,
                                  .target = (micro_t)(segments[i].target_c * 1e6),
                                  .per_hour = (micro_t)(segments[i].rate_c_min * 60e6),
                                  .for_ms = (uint32_t)(segments[i].hold_s * 1000),
                                  .tolerance = 4 * MICRO_PER_UNIT,
                                  .rate_tolerance = i == 1 ? 6 * MICRO_PER_UNIT : FREEZER_NONE,
                                  .exotherm = i == 1,
                                  .segment = (uint16_t)(i + 1)};
}

int freezer_simulated_status(const struct freezer *freezer)
{
    return freezer->status == FREEZER_RUN        ? FREEZER_STATUS_RUNNING
           : freezer_running(freezer)            ? FREEZER_STATUS_HELD
           : freezer->status == FREEZER_COMPLETE ? FREEZER_STATUS_COMPLETE
                                                 : FREEZER_STATUS_IDLE;
}
