/* When a point's calibration is due, as spans of time for its alarms. */
#include "draft.h"

#define DAY_US INT64_C(86400000000)

const struct due_step draft_due_steps[DUE_STEPS] = {{"calibration-due-90", 90, PRIORITY_LOW},
                                                    {"calibration-due-30", 30, PRIORITY_MEDIUM},
                                                    {"calibration-overdue", 0, PRIORITY_HIGH}};

/* Takes the span; of more than there is room for, the last ones. One that begins where the last one ends goes
 * on with it. */
static void add_span(struct alarm_model *model, int64_t from_us, int64_t to_us)
{
    if (model->n_dates > 0 && model->dates[model->n_dates - 1].to_utc_us == from_us) {
        model->dates[model->n_dates - 1].to_utc_us = to_us;
        return;
    }
    if (model->n_dates == ALARM_DATES_MAX) {
        for (unsigned i = 1; i < ALARM_DATES_MAX; i++)
            model->dates[i - 1] = model->dates[i];
        model->n_dates--;
    }
    model->dates[model->n_dates++] = (struct alarm_date){from_us, to_us};
}

void flatten_due_dates(const struct config *config, uint16_t point, const struct due_step *step,
                       struct alarm_model *model)
{
    const struct point_config *p = &config->points[point];
    const struct calibration_config *c = &config->calibrations[p->first_calibration];

    for (unsigned i = 0; i < p->n_calibrations; i++) {
        const int64_t begin_us = c[i].due_utc_us - step->before_days * DAY_US;
        const int64_t from_us = begin_us > c[i].from_utc_us ? begin_us : c[i].from_utc_us;
        const int64_t to_us = i + 1U < p->n_calibrations ? c[i + 1].from_utc_us : INT64_MAX;
        if (c[i].due_utc_us != 0 && from_us < to_us)
            add_span(model, from_us, to_us);
    }
}
