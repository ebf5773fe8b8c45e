/* call_state.h - the state behind call.h, for the files of this folder. */
#ifndef CRYONOTIFY_CALL_STATE_H
#define CRYONOTIFY_CALL_STATE_H

#include "call.h"

#define MS         INT64_C(1000)
#define NO_SLOT    UINT32_MAX
#define PROBES_MAX 12 /* doublings */

enum call_phase {
    PHASE_FREE,
    PHASE_NEW,     /* in the collect window, or waiting for the summary */
    PHASE_CALLING, /* unacknowledged and called at least once (or folded into its group's message) */
    PHASE_HELD,    /* acknowledged */
    PHASE_COVERED, /* shelved, suppressed, out of service */
    PHASE_GONE,    /* normal: what is left to tell is told, then the slot is free */
};

/* What those who were called are still to be told, once: bits. */
enum call_tell {
    TELL_RETURNED = 1,
    TELL_ACKNOWLEDGED = 2,
    TELL_HELD = 4,
    TELL_HOLD_ENDED = 8,
    TELL_HOLDS = TELL_HELD | TELL_HOLD_ENDED,
};

struct call_alarm {
    struct call_fact fact;
    enum call_phase phase;
    uint8_t level, tell;
    uint16_t rounds;
    bool worse;      /* the next call says so */
    bool folded;     /* told in its group's message */
    bool summarised; /* told in summaries */
    bool dirty, freed;
    uint32_t batch; /* its latest call */
    uint64_t told;
    uint8_t calls[CALL_PEOPLE];  /* of this occurrence */
    uint64_t hold;               /* TELL_HELD, TELL_HOLD_ENDED: what they are told together with, */
    int64_t tell_us;             /* when, */
    uint32_t info_batch;         /* and in which round they were */
    int64_t due_us;              /* NEW: when the window ends */
    int64_t level_us, repeat_us; /* CALLING, HELD: CALL_NEVER: not */
};

struct call_attempt {
    uint32_t id; /* 0: free */
    uint32_t batch;
    enum call_purpose purpose;
    uint16_t person;
    uint8_t channel, tried; /* bits */
    uint8_t level;
    uint32_t lead; /* slot of the alarm that is called for; NO_SLOT: it is no call */
    bool again;    /* it failed: the next channel's order is to be made */
    bool urgent;   /* a critical call */
    bool overdue;  /* it has no answer for too long */
    bool passed;   /* so another attempt says the same, and goes on when it fails */
    int64_t until_us, overdue_us;
};

/* One round of calls: one message to several people. */
struct call_batch {
    uint32_t id; /* 0: free */
    enum call_purpose purpose;
    uint32_t lead;   /* slot, NO_SLOT: none */
    uint64_t people; /* still to be given an attempt */
    uint8_t level;
    bool every_channel, info; /* info: not a call, nobody is called anew when it fails */
    uint8_t next_channel;
    uint16_t under_way, round;
    bool reached; /* somebody has got it */
    unsigned n_alarms;
};

struct call_channel {
    bool failed, proven;
    uint8_t probes;
    uint16_t n_overdue; /* critical calls that wait for their answer for too long */
    int64_t probe_us;   /* failed: when to try again */
    int64_t off_us;     /* until then; 0: on */
};

struct call {
    struct call_rules rules;
    unsigned n_slots;
    struct call_alarm *alarms;
    struct call_attempt attempts[CALL_ATTEMPTS];
    struct call_batch batches[CALL_BATCHES];
    struct call_channel channels[CALL_PEOPLE][CALL_CHANNELS];
    struct call_span spans[CALL_SPANS];
    size_t n_spans;
    struct call_quiet quiet[CALL_SPANS];
    size_t n_quiet;
    uint64_t test[CALL_CHANNELS]; /* whoever waits for a test through the nth channel: bits */
    uint32_t last_attempt, last_batch;
    uint64_t flood_ring_n;
    int64_t flood_ring[CALL_FLOOD]; /* when the latest alarms came */
    int64_t summary_us;             /* the earliest next summary */
    unsigned left_out;              /* alarms without a slot */
    enum call_priority left_out_priority;
    bool resync, check_folded;
    unsigned went; /* alarms that came and went, not told yet */
    unsigned drill_turn;
    uint32_t dirty_cursor;
};

/* --- call_people.c */
/* The people at a level to be called now for this priority: on duty and not off; quiet ones left out and
 * given in ret_quiet. */
uint64_t call_level_now(const struct call *c, struct stamp now, unsigned level, const struct call_fact *fact,
                        uint64_t *ret_quiet);
/* tried: bits of channels that are out of the question; -1: there is no other. */
int call_pick_channel(const struct call *c, unsigned person, unsigned tried, int64_t now_us);
int64_t call_quiet_end(const struct call *c, struct stamp now, uint64_t people, enum call_priority priority);
void call_channel_result(struct call *c, struct stamp now, unsigned person, unsigned channel, bool ok);
void call_channel_known(struct call *c, struct stamp now, const struct call_event *event);
void call_set_off(struct call *c, struct stamp now, const struct call_event *event);
uint64_t call_everybody(const struct call *c, struct stamp now);

/* --- call_alarms.c */
void call_alarm_feed(struct call *c, struct stamp now, const struct call_fact *fact);
void call_check_folded(struct call *c, struct stamp now);
void call_ack_local(struct call *c, struct stamp now, const char *key, uint16_t by);
void call_start(struct call *c, struct stamp now, struct call_alarm *a);
struct call_alarm *call_group_of(const struct call *c, const struct call_alarm *a);
bool call_is_flood(const struct call *c, int64_t now_us);
const struct call_pace *call_pace_of(const struct call *c, const struct call_fact *fact);
/* One more is new, since that moment. */
void call_flood_count(struct call *c, int64_t since_us, const struct call_alarm *a);
bool call_is_single(const struct call_fact *fact); /* called by itself even in a flood */
void call_release(struct call *c, struct call_alarm *a);

/* --- call_attempts.c */
struct call_batch *call_batch_open(struct call *c, enum call_purpose purpose, uint32_t lead, uint64_t people,
                                   unsigned level);
bool call_batch_step(struct call *c, struct stamp now, struct call_order *ret);
void call_result(struct call *c, struct stamp now, uint32_t attempt, bool ok);
void call_expire(struct call *c, struct stamp now);
int64_t call_attempts_next(const struct call *c); /* when call_expire has something to do, CALL_NEVER: not */

/* --- call_due.c: opens the batches that are due */
void call_due(struct call *c, struct stamp now);

static inline int64_t call_after(int64_t now_us, uint32_t ms)
{
    return ms == 0 ? CALL_NEVER : now_us + ms * MS;
}

static inline uint32_t call_slot_of(const struct call *c, const struct call_alarm *a)
{
    return (uint32_t)(a - c->alarms);
}

#endif
