#include "meter.h"

#include <unistd.h>

#include "clock.h"

#define EVERY_US (SECOND_US / 5)

void meter_begin(struct meter *meter, const char *label)
{
    *meter = (struct meter){.label = isatty(STDERR_FILENO) ? label : NULL};
}

void meter_show(struct meter *meter, double done)
{
    if (meter->label == NULL || clock_boot_us() < meter->next_boot_us)
        return;
    meter->next_boot_us = clock_boot_us() + EVERY_US;
    meter->shown = true;
    fprintf(stderr, "\r%s %3.0f %%\033[K", meter->label, 100 * (done < 0 ? 0 : done > 1 ? 1 : done));
    fflush(stderr);
}

void meter_end(struct meter *meter)
{
    if (meter->shown)
        fputs("\r\033[K", stderr);
    meter->shown = false;
}
