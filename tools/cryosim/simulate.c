#include "simulate.h"

#include "sheet.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Whether a line at time_s belongs to each interval_s. */
static bool is_turn(double time_s, double interval_s)
{
    double turns = time_s / interval_s;
    return interval_s <= 0 || fabs(turns - round(turns)) * interval_s < 1e-6;
}

static void go(struct world *world, const struct simulate *simulate, double every_s, FILE *out)
{
    double time_s = 0;
    sheet_header(world, out);
    sheet_row(world, 0, true, out);
    for (long i = 1; time_s < simulate->until_s && !ferror(out) && !world->quit; i++) {
        double next_s = fmin(simulate->until_s, (double)i * every_s);
        world_advance(world, next_s - time_s);
        time_s = next_s;
        sheet_row(world, time_s, is_turn(time_s, simulate->ahead_s), out);
    }
}

int simulate_run(struct world *world, const struct simulate *simulate, char *error, size_t error_size)
{
    world->speed = 1;
    world->by_simulated = world->fast = true;
    if (simulate->step_s > 0)
        world->step_s = simulate->step_s;
    double every_s = simulate->every_s > 0 ? simulate->every_s : world->step_s;
    if (every_s < world->step_s) {
        snprintf(error, error_size, "--every must not be shorter than a step (%g s)", world->step_s);
        return -EINVAL;
    }
    for (size_t i = 0; i < world->n_devices; i++)
        world->devices[i]->speed = 0;
    int r = world_start_devices(world, error, error_size);
    if (r < 0)
        return r;
    bool to_stdout = strcmp(simulate->csv, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(simulate->csv, "we");
    if (out == NULL) {
        r = -errno;
        snprintf(error, error_size, "%s: %s", simulate->csv, strerror(-r));
        return r;
    }
    go(world, simulate, every_s, out);
    bool failed = ferror(out) != 0;
    if (to_stdout)
        failed = fflush(out) != 0 || failed;
    else
        failed = fclose(out) != 0 || failed;
    if (failed)
        snprintf(error, error_size, "%s: not all could be written", simulate->csv);
    return failed ? -EIO : 0;
}
