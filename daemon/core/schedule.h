/*
 * schedule.h - what a bus does next: which device is polled, which slot passes without a poll.
 *
 * PURE. A device has slots on a fixed grid (its interval), so that history has a regular schedule and a late
 * poll does not shift the next one. Each slot leaves a trace: a poll, or a skip with the reason.
 *
 * The bus goes to the device that would first be two intervals behind its last poll. A device that does not
 * answer must not delay the others: its retries back off (doubling, jittered, capped so that a device that
 * returns is asked again within SCHEDULE_RETURN_US), and each waits for its place:
 *   - a pause in which it is over before the next device's slot. It delays nobody. If none comes soon:
 *   - a moment at which nobody's next poll will begin later than two intervals after the last one. Slots are
 *     served late then, but all of them are. Only if there is none, because the device takes too long:
 *   - any moment when nobody's slot has come.
 * What a retry will take is what the device's last ones took (at first: all of its timeout), and of the bus'
 * time the retries of all devices together get at most a half, a quarter, and one part in
 * SCHEDULE_RETRY_SHARE, in this order. A single device gets its turn whatever it takes, if it delays nobody
 * beyond two intervals. What a device costs that answers now and then is counted as well. Where nobody
 * answers, nobody is delayed, and only the back-off counts.
 *
 * A device may be asked faster than usual for a time. What it gets then is what the others leave: among the
 * devices whose slots have come it stands where it would with its usual interval.
 */
#ifndef CRYOMON_SCHEDULE_H
#define CRYOMON_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_RETURN_US    INT64_C(10000000)
#define SCHEDULE_RETRY_CAP_US INT64_C(5500000) /* from retry to retry; then it may wait for its place */
#define SCHEDULE_RETRY_SHARE  8
#define SCHEDULE_SKIPS_MAX    8 /* skipped slots told one by one; a longer pause is one jump */

struct schedule_device {
    int64_t interval_us; /* between slots, as it is now */
    int64_t usual_us;    /* as it was at first */
    int64_t cost_us;     /* what a poll takes at most that is not answered */
    int64_t grid_us;     /* the first slot: all of them are a number of intervals behind it */
    int64_t slot_us;     /* the next slot, BOOTTIME */
    int64_t served_us;   /* the last slot that was consumed; at first, when it began */
    int64_t retry_us;    /* not answering: the next attempt */
    int64_t begun_us;    /* the start of the last poll */
    int64_t answer_us;   /* what a poll takes that is answered: the most of the last ones */
    int64_t silent_us;   /* what one took that was not answered; 0: not known, then cost_us */
    uint32_t failures;
    uint8_t lost; /* the last eight polls, a bit each: 1 was not answered */
};

struct schedule {
    struct schedule_device *devices;
    size_t n;
    int64_t credit_us;   /* bus time that retries may still use; negative: overdrawn */
    int64_t credited_us; /* up to when credit was given */
    int64_t funded_us;   /* when it was last seen overdrawn */
    int64_t retry_part;  /* of the retry under way: one part in this of what it takes is charged */
    uint32_t random;     /* state of the jitter */
};

enum schedule_action {
    SCHEDULE_WAIT, /* nothing to do before ret->until_us */
    SCHEDULE_POLL, /* poll the device for the slot */
    SCHEDULE_SKIP, /* the slot passes without a poll: the device is in back-off, or the bus was late */
};

struct schedule_step {
    enum schedule_action action;
    size_t device;
    int64_t slot_us;
    int64_t until_us;
    bool late; /* SKIP: the bus had no time for it (otherwise: back-off) */
};

/* devices: caller's memory, interval_us and cost_us set, everything else is set here. The first slots are
 * spread over the first second (or half the interval, if shorter): a bus does not start with a burst, and
 * there is a pause in which retries disturb nobody. */
void schedule_init(struct schedule *schedule, struct schedule_device *devices, size_t n, int64_t now_us,
                   uint32_t seed);

/* The device has slots at another interval from now on (no longer than the first one was, else nothing
 * changes), on a grid with the same first slot: so back at its first interval its slots are where they were.
 * A slot that has come stays due. One of the new grid that has passed since the last poll is due at once. */
void schedule_set_interval(struct schedule *schedule, size_t device, int64_t interval_us, int64_t now_us);

/* The next step. A returned slot is consumed: the device's next slot follows. (A retry between two slots has
 * slot_us = now_us and consumes none.) */
struct schedule_step schedule_next(struct schedule *schedule, int64_t now_us);

/* The poll of that step was not possible now: its slot is due again. Call it before the next step. */
void schedule_return(struct schedule *schedule, const struct schedule_step *step);

/* The outcome of a SCHEDULE_POLL that took cost_us of bus time (without what the machine slept meanwhile: it
 * would be paid back for hours). NOT_ASKED: the link itself is down, which says nothing about the device. */
enum schedule_result { SCHEDULE_ANSWERED, SCHEDULE_SILENT, SCHEDULE_NOT_ASKED };
void schedule_done(struct schedule *schedule, size_t device, int64_t now_us, int64_t cost_us,
                   enum schedule_result result);

/* The next delay of an exponential back-off: base doubled per failure after the first, capped, +-25 % jitter.
 * Never above the cap. */
int64_t schedule_backoff_us(uint32_t *random, uint32_t failures, int64_t base_us, int64_t cap_us);

#endif
