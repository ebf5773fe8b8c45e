/*
 * service.h - what the daemon tells systemd: READY, STATUS, RELOADING, STOPPING, WATCHDOG.
 *
 * All are no-ops without $NOTIFY_SOCKET.
 */
#ifndef CRYOMON_SERVICE_H
#define CRYOMON_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

/* The watchdog's period in microseconds ($WATCHDOG_USEC), 0 when there is none. */
uint64_t service_watchdog_us(void);

void service_ready(const char *status);
void service_status(const char *status);
void service_reloading(void);
void service_stopping(void);
void service_watchdog(void);

#endif
