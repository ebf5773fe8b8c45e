/* publisher_fixture.h - a small configuration made by hand. */
#ifndef PUBLISHER_FIXTURE_H
#define PUBLISHER_FIXTURE_H

#include "config.h"

/*
 * assets: 0 system, 1 tank-1, 2 room-1 (not with small=1); points: 0 temperature, 1 level, 2 lid of tank-1, 3
 * o2; alarms: 0 broker, 1 temperature-critical, 2 lid-open of tank-1, 3 o2-low of room-1. Not with small=1: 2
 * and 3. words: KEY=VALUE, see publisher_driver.c.
 */
struct config *fixture_config(char **words, int n_words, const char *directory, uint32_t generation);

#endif
