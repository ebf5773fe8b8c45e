#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>

uint64_t service_watchdog_us(void)
{
    uint64_t usec = 0;
    return sd_watchdog_enabled(0, &usec) > 0 ? usec : 0;
}

void service_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void service_status(const char *status)
{
    (void)sd_notifyf(0, "STATUS=%s", status);
}

void service_reloading(void)
{
    /* systemd wants CLOCK_MONOTONIC here: it tells this reload from an older one. */
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                     (long long)t.tv_sec * 1000000LL + (long long)(t.tv_nsec / 1000));
}

void service_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=stopping");
}

void service_watchdog(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}
