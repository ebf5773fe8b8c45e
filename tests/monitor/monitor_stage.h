/*
 * monitor_stage.h - a monitor of a real configuration, without threads: the test moves its clock, gives it
 * samples and takes what it sends to store and publisher.
 *
 * The clocks and the mailboxes of store and publisher are ours (linked with --wrap, see CMakeLists.txt).
 */
#ifndef CRYOMON_MONITOR_STAGE_H
#define CRYOMON_MONITOR_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "monitor_internal.h"

struct stage_answer {
    enum command_origin origin;
    uint32_t ticket;
    struct command_result result;
};

struct stage {
    struct config *config;
    struct monitor *m;
    /* Of what was taken so far: */
    char *shown;       /* the last state of each alarm that the publisher was given, BODY_MAX each */
    unsigned *n_shown; /* how many */
    unsigned n_events; /* to the store */
    uint64_t last_seq;
    char last_event[BODY_MAX];
    unsigned n_answers; /* to people */
    struct stage_answer answers[64];
};

/* A device with a temperature t, a level l, a program's status p, a valve v and a stock s. */
extern const char stage_profile[];

/* text: cryomon.yaml; profile: devices/p.yaml. */
void stage_open(struct stage *stage, const char *text, const char *profile);
void stage_close(struct stage *stage);

/* Time passes, in steps of a second; after each of them the engine is told, and turn is called. */
void stage_pass(struct stage *stage, int64_t seconds, void (*turn)(struct stage *stage));

/* Somebody sets the wall clock. */
void stage_set_clock(int64_t by_us);

uint16_t stage_point(const struct stage *stage, const char *asset, const char *id);
uint16_t stage_alarm(const struct stage *stage, const char *asset, const char *id);
enum alarm_state stage_state(const struct stage *stage, uint16_t alarm);

/* A sample of now, as a bus posts it. value: as the engine has it, with no decimals lost. */
void stage_sample(struct stage *stage, uint16_t point, micro_t value, enum quality quality,
                  enum reason reason);

/* Takes what waits for store and publisher. */
void stage_take(struct stage *stage);

/* The publisher takes no ordinary messages; or it does again. */
void stage_fill_publisher(struct stage *stage, bool full);

#endif
