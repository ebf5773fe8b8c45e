/*
 * clock.h - the two clocks. BOOTTIME decides (it counts while the machine sleeps and nobody can set it),
 * REALTIME is recorded. All in microseconds.
 */
#ifndef CRYOMON_CLOCK_H
#define CRYOMON_CLOCK_H

#include "value.h"

#define MS_US     INT64_C(1000)
#define SECOND_US INT64_C(1000000)

int64_t clock_boot_us(void);
struct stamp clock_now(void);

/* REALTIME - BOOTTIME; it changes only when somebody sets the clock (or NTP slews it, slowly). */
int64_t clock_offset_us(void);

/* BOOTTIME - MONOTONIC: how long the machine has slept since it was booted. It grows only by a suspend. */
int64_t clock_asleep_us(void);

/* MONOTONIC: time in which the machine ran. Only for what a thread must get done in it. */
int64_t clock_running_us(void);

/* The offset that slots keep: kept_us, until the true one is more than CLOCK_SLOT_TOLERANCE_US away from it,
 * and then that. So what is due at regular times is recorded at regular times, although a clock that is
 * slewed never keeps exactly to its offset. Begin with INT64_MIN. */
#define CLOCK_SLOT_TOLERANCE_US (50 * MS_US)
int64_t clock_keep_offset(int64_t kept_us, int64_t true_us);

/* True when the kernel says that the clock is synchronised (adjtimex reads only). */
bool clock_synchronised(void);

/* RFC 3339 UTC with milliseconds: "2026-11-22T01:02:03.456Z". */
#define RFC3339_MAX 32
void clock_print_utc(char text[RFC3339_MAX], int64_t utc_us);

/* Parses RFC 3339 (with Z or an offset, fraction optional) or "YYYY-MM-DD[ HH:MM[:SS]]" as UTC.
 * Returns 0 or -EINVAL. */
int clock_parse_utc(const char *text, int64_t *ret_utc_us);

/* This boot's id (32 hex digits), from /proc/sys/kernel/random/boot_id; zeros when unreadable. */
#define BOOT_ID_MAX 33
void clock_boot_id(char text[BOOT_ID_MAX]);

#endif
