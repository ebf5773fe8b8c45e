/* section_fixture.h - readings of many kinds, for the tests of sections and chunks. */
#ifndef CRYOMON_SECTION_FIXTURE_H
#define CRYOMON_SECTION_FIXTURE_H

#include "section.h"

#define FIXTURE_START_MS INT64_C(1699999200000) /* an hour's begin */

uint64_t fixture_random(uint64_t *state);
/* One of n. */
unsigned fixture_one_of(uint64_t *state, unsigned n);

/* Every 10 s: a temperature in 0.1 degrees around -195.8, two thirds of the readings changing by a step;
 * raw is the signed 16-bit register. */
void fixture_walk(struct frame_entry *entries, size_t n, int64_t start_ms, uint64_t *state);

/* Fields of any size, also those that no device makes. kind varies how wild they are. */
void fixture_wild(struct frame_entry *entries, size_t n, unsigned kind, uint64_t *state);

/* Fails the test unless all entries come back; returns the bytes of head and values. */
size_t fixture_round_trip(const struct frame_entry *entries, size_t n);

#endif
