#include "rate.h"

#include <string.h>

#define MINUTE_US INT64_C(60000000)

static void key_of(const struct sockaddr *address, unsigned char key[16])
{
    memset(key, 0, 16);
    if (address->sa_family == AF_INET) {
        memcpy(key + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bool v4 = IN6_IS_ADDR_V4MAPPED(v6);
        memcpy(key + (v4 ? 12 : 0), v6->s6_addr + (v4 ? 12 : 0), v4 ? 4 : 8);
    }
}

bool rate_allow(struct rate *rate, const struct sockaddr *address, uint32_t per_minute, int64_t now_boot_us)
{
    unsigned char key[16];
    size_t oldest = 0;

    key_of(address, key);
    for (size_t i = 0; i < RATE_SLOTS; i++) {
        if (rate->slots[i].since_boot_us != 0 && memcmp(rate->slots[i].address, key, sizeof key) == 0) {
            if (now_boot_us - rate->slots[i].since_boot_us >= MINUTE_US) {
                rate->slots[i].since_boot_us = now_boot_us;
                rate->slots[i].n = 0;
            }
            if (rate->slots[i].n >= per_minute)
                return false;
            rate->slots[i].n++;
            return true;
        }
        if (rate->slots[i].since_boot_us < rate->slots[oldest].since_boot_us)
            oldest = i;
    }
    memcpy(rate->slots[oldest].address, key, sizeof key);
    rate->slots[oldest].since_boot_us = now_boot_us;
    rate->slots[oldest].n = 1;
    return per_minute > 0;
}
