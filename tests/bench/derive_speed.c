/* derive_speed.c - how long the recall of the last weeks takes: TANKS tanks with 8 points each, a reading of
 * each point every SECONDS seconds, for DAYS days.
 *
 *     derive_speed [TANKS [SECONDS [DAYS]]] */
#include "derive.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LEVEL, TOP, MIDDLE, BOTTOM, LID, VALVE, ROOM, BAR, INPUTS };
#define N(value) ((micro_t)((value)*1e6))

static struct role role(unsigned point)
{
    return (struct role){.point = (int)point, .num = 1, .den = 1};
}

static void make_vessel(struct vessel_config *v, unsigned i)
{
    tank_vessel_init(&v->model);
    v->model.n_shape = 2;
    v->model.shape[1] = (struct tank_height){N(80), N(480)};
    v->model.fill_start_cm = N(15);
    v->model.fill_stop_cm = N(20);
    v->level = role(i * INPUTS + LEVEL);
    for (unsigned k = 0; k < 3; k++)
        v->temps[k] = role(i * INPUTS + TOP + k);
    v->temps[3] = (struct role){.point = ROLE_NONE};
    v->lid = role(i * INPUTS + LID);
    v->valve = role(i * INPUTS + VALVE);
    v->room = role(i * INPUTS + ROOM);
    v->supply = -1;
    for (unsigned k = 0; k < TANK_POINT_COUNT; k++)
        v->points[k][0] = v->points[k][1] = v->points[k][2] = -1;
    for (unsigned k = 0; k < TANK_ALARM_COUNT; k++)
        v->alarms[k] = -1;
}

static double level(unsigned tank, unsigned minute, uint64_t *random)
{
    double days = (minute + tank * 311u) % 3600 / 1440.0; /* a fill each 2.5 days */
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return 20 - 2 * days + (double)(*random >> 40) / (double)(1 << 24) * 0.1;
}

int main(int argc, char **argv)
{
    unsigned tanks = argc > 1 ? (unsigned)atoi(argv[1]) : 10,
             step_s = argc > 2 ? (unsigned)atoi(argv[2]) : 10;
    unsigned days = argc > 3 ? (unsigned)atoi(argv[3]) : 28;
    if (tanks < 1 || tanks > VESSELS_MAX || step_s < 1)
        return 2;
    struct config config = {.n_vessels = (uint16_t)tanks, .n_points = (uint16_t)(tanks * INPUTS)};
    config.vessels = calloc(tanks, sizeof *config.vessels);
    config.points = calloc(config.n_points, sizeof *config.points);
    struct derive *derive;
    uint64_t random = 1;
    if (config.vessels == NULL || config.points == NULL)
        return 1;
    for (unsigned i = 0; i < tanks; i++)
        make_vessel(&config.vessels[i], i);
    struct stamp at = {.boot_us = INT64_C(86400) * 1000000, .utc_us = INT64_C(1790000000) * 1000000};
    if (derive_create(&config, at, &derive) < 0)
        return 1;
    clock_t begin = clock();
    for (unsigned s = 0; s < days * 86400; s += step_s) {
        at.boot_us += (int64_t)step_s * 1000000;
        at.utc_us += (int64_t)step_s * 1000000;
        for (unsigned i = 0; i < tanks * INPUTS; i++) {
            static const double values[INPUTS] = {0, -186, -190, -195, 0, 0, 21, 1.5};
            unsigned input = i % INPUTS;
            struct reading r = {.quality = QUALITY_GOOD,
                                .value =
                                    N(input == LEVEL ? level(i / INPUTS, s / 60, &random) : values[input])};
            derive_take(derive, at, (uint16_t)i, &r);
        }
    }
    printf("%u tanks, %u s, %u days: %.2f s; %zu bytes per tank\n", tanks, step_s, days,
           (double)(clock() - begin) / CLOCKS_PER_SEC, sizeof(struct tank));
    derive_free(derive);
    free(config.vessels);
    free(config.points);
    return 0;
}
