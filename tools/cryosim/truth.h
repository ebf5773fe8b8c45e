/*
 * truth.h - what the registers truly held when a read was answered, whatever then happened to the answer.
 *
 * One JSON object a line: {"t":<CLOCK_MONOTONIC, us>,"utc":<us>,"device":"tank-1","function":4,"address":0,
 * "count":2,"values":[63634,182],"fault":"late"}; bits are 0 and 1; "fault" only when one was applied. A test
 * that compares this with what a daemon published proves that it never believed a spoilt reply.
 */
#ifndef CRYOSIM_TRUTH_H
#define CRYOSIM_TRUTH_H

#include "device.h"
#include "wire.h"

struct truth;

int truth_open(const char *path, struct truth **ret); /* appends; 0 or -errno */
void truth_close(struct truth *truth);

/* truth NULL: nothing. */
void truth_write(struct truth *truth, const struct device *device, const struct request *request,
                 int64_t now_us, enum fault_kind fault);

/* Makes lines visible to readers, at most a few times a second. */
void truth_tick(struct truth *truth, int64_t now_us);

#endif
