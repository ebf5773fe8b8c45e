/* rate.h - how many requests an address has made within the minute. PURE. */
#ifndef CRYOMON_RATE_H
#define CRYOMON_RATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define RATE_SLOTS 512 /* addresses that are remembered; the oldest gives way */

struct rate {
    struct {
        unsigned char address[16]; /* an IPv6 address counts by its /64: a host has them all */
        int64_t since_boot_us;     /* 0: the slot is free */
        uint32_t n;
    } slots[RATE_SLOTS];
};

/* Counts a request; false when it is one too many. */
bool rate_allow(struct rate *rate, const struct sockaddr *address, uint32_t per_minute, int64_t now_boot_us);

#endif
