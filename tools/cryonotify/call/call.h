/*
 * call.h - who is called, when, through which channel, and for how long.
 *
 * PURE: no I/O, clock, log or thread, and no malloc after call_create. Time is an argument: BOOTTIME decides
 * all delays, UTC is compared with the tables of who is on duty. Pull, no callbacks:
 *
 *     call_feed(c, now, &event);
 *     while (call_take(c, now, &order)) ...
 *     deadline_boot_us = call_next(c);        then feed CALL_TICK
 *
 * An alarm that is unacknowledged is called after the collect window (none for life safety), again every
 * `repeat`, and after `level` by one level more (on duty, technical head, director) until it is acknowledged;
 * acknowledged, it is told again every `unresolved` until it is over. Shelved, suppressed and out of service
 * alarms (and the ends of that) are told once, after the collect window, and what was held together is told
 * together. A message that a channel refuses goes to the person's next channel at once; a critical call that
 * has no answer after `next_channel` goes through the next one as well, and a repeat of what a channel still
 * has under way goes another way. If nobody of those called was reached, the next level is called at once.
 *
 * Bounds, none of them silent:
 * - alarms (rules.n_alarms): an alarm that finds no slot takes that of the least important one, or is
 * counted; the count is an alarm of its own (CALL_TOO_MANY), which is called like the worst of those, and
 * ends when the states have been read anew (call_wants_resync).
 * - attempts and batches under way: what finds no room stays due and goes as soon as there is room.
 * - orders: they are made when they are taken, one by one.
 */
#ifndef CRYONOTIFY_CALL_H
#define CRYONOTIFY_CALL_H

#include "value.h"

#define CALL_PEOPLE       64
#define CALL_CHANNELS     8 /* of one person */
#define CALL_LEVELS       3
#define CALL_SPANS        2048
#define CALL_ATTEMPTS     512
#define CALL_BATCHES      256
#define CALL_FLOOD        256
#define CALL_KEY          136 /* "ASSET/ALARM" */
#define CALL_OCCURRENCE   168 /* "ASSET/ALARM@MS" */
#define CALL_NOBODY       UINT16_MAX
#define CALL_NEVER        INT64_MAX
#define CALL_TOO_MANY     "cryonotify/too-many"
#define CALL_OFF_MAX_US   (INT64_C(7) * 24 * 3600 * 1000000)
#define CALL_ALL_CHANNELS UINT8_MAX

enum call_priority { CALL_LOW, CALL_MEDIUM, CALL_HIGH, CALL_CRITICAL, CALL_PRIORITIES };

/* The alarm's state as its owner tells it; the numbers are those of the daemon (engine.h). */
enum call_state {
    CALL_STATE_NORMAL,
    CALL_STATE_UNACKNOWLEDGED,
    CALL_STATE_ACKNOWLEDGED,
    CALL_STATE_RETURNED,
    CALL_STATE_SHELVED,
    CALL_STATE_SUPPRESSED,
    CALL_STATE_OUT_OF_SERVICE,
};

/* Milliseconds; 0: never. */
struct call_pace {
    uint32_t level_ms[CALL_LEVELS - 1]; /* unacknowledged for so long at level n: level n + 1 is called */
    uint32_t repeat_ms;                 /* until acknowledged */
    uint32_t unresolved_ms;             /* acknowledged: until it is over */
    bool every_channel;                 /* through all channels of a person at once */
};

struct call_person {
    uint8_t n_channels; /* in the order in which they are tried */
};

struct call_rules {
    unsigned n_people;
    struct call_person person[CALL_PEOPLE];
    struct call_pace pace[CALL_PRIORITIES];
    struct call_pace drill;
    bool drill_turns;         /* a drill goes to one person, each time to the next; else to the level */
    unsigned needed;          /* reachable people */
    uint32_t collect_ms;      /* a group and its members become one message */
    uint32_t flood_count;     /* more new alarms than this ... */
    uint32_t flood_window_ms; /* ... within this are a flood; flood_count 0: never */
    uint32_t flood_every_ms;  /* in a flood, a summary so often */
    uint32_t attempt_ms;      /* without a result for so long, an attempt has failed */
    uint32_t next_channel_ms; /* a critical call without a result for so long goes through the person's next
                                 channel too; 0: never */
    uint32_t retry_ms;        /* nobody was reached: all again after this */
    uint32_t probe_ms;        /* a failed channel is tried again after this, then after twice as long ... */
    uint32_t probe_max_ms;    /* ... up to this */
    unsigned n_alarms;        /* slots, 8 to 16384 */
};

/* Who is on duty, from when until when; spans may overlap. person: a bit for each. */
struct call_span {
    int64_t from_utc_us, to_utc_us;
    uint8_t level;
    uint64_t people;
};

/* A person is not to be called for these priorities (a bit each); critical and life safety ignore it. */
struct call_quiet {
    int64_t from_utc_us, to_utc_us;
    uint16_t person;
    uint8_t priorities;
};

/* What is known of an alarm. */
struct call_fact {
    char key[CALL_KEY];
    char occurrence[CALL_OCCURRENCE];
    char group[CALL_KEY]; /* the group alarm that is active and has this as a member; "" none */
    enum call_priority priority;
    enum call_state state;
    bool active;      /* the condition */
    bool life_safety; /* no collect window, always by itself */
    bool drill;
    bool realarmed; /* it is worse, or was not resolved: call anew */
    bool late;      /* it happened a while ago; the alarm's state will say what is true now */
    bool local;     /* ours (the daemon is silent), not the daemon's */
    uint16_t by;    /* who has acknowledged it, or CALL_NOBODY */
    uint64_t
        hold; /* shelved, suppressed, out of service, or not any more: those of one order have the same one */
};

enum call_event_kind {
    CALL_TICK,
    CALL_ALARM,  /* fact */
    CALL_RESULT, /* attempt, ok */
    CALL_OFF,    /* person, channel or CALL_ALL_CHANNELS; until_utc_us (the longest counts), 0: on again */
    CALL_TEST,   /* a message through all channels of the person */
    CALL_ACK,    /* fact.key, fact.by: a local alarm is acknowledged */
    CALL_WENT,   /* n alarms came and went while nobody could be told */
    CALL_KNOWN,  /* person, channel, ok: what became of the last attempt, of a run before or of a probe */
};

struct call_event {
    enum call_event_kind kind;
    struct call_fact fact;
    uint32_t attempt;
    bool ok;
    uint16_t person;
    uint8_t channel;
    int64_t until_utc_us;
    unsigned n;
};

enum call_purpose {
    CALL_FIRST,
    CALL_AGAIN,
    CALL_ESCALATED,
    CALL_WORSE,      /* realarmed */
    CALL_UNRESOLVED, /* acknowledged and not over */
    CALL_SUMMARY,    /* a flood: the alarms of the batch */
    CALL_RETURNED,
    CALL_ACKNOWLEDGED,
    CALL_HELD,   /* shelved, suppressed or out of service: the alarms of the batch */
    CALL_MISSED, /* n_alarms came and went while nobody could be told */
    CALL_DRILL,
    CALL_HOLD_ENDED, /* and is not unacknowledged now: then it would be called. The alarms of the batch */
    CALL_TESTED,     /* CALL_TEST, or a channel that failed is tried again */
};

enum call_order_kind {
    CALL_SEND,     /* send this */
    CALL_AGAIN_BY, /* what attempt `of` was to say goes through this channel instead, or as well */
};

struct call_order {
    enum call_order_kind kind;
    enum call_purpose purpose;
    uint32_t attempt, of;
    uint16_t person;
    uint8_t channel;
    uint8_t level;  /* 0: on duty */
    uint16_t round; /* the how manieth call of this alarm, from 1 */
    uint16_t nth;   /* the how manieth call of this person about this alarm, from 1; 0: no call */
    uint32_t slot;  /* the alarm that leads the message; TESTED, MISSED: none (UINT32_MAX) */
    uint32_t batch; /* its alarms: call_batch_next */
    unsigned n_alarms;
};

struct call;

/* Returns 0, -EINVAL (a rule is out of its bounds) or -ENOMEM. The rules are copied. */
int call_create(const struct call_rules *rules, struct call **ret);
void call_free(struct call *c); /* NULL is a no-op */

/* The tables for the next days; whoever keeps them gives new ones before the old ones end. Without a span for
 * a moment nobody is on duty then. More than CALL_SPANS: -ENOSPC, and the tables stay as they were. */
int call_set_duty(struct call *c, const struct call_span *spans, size_t n);
int call_set_quiet(struct call *c, const struct call_quiet *quiet, size_t n);

void call_feed(struct call *c, struct stamp now, const struct call_event *event);
bool call_take(struct call *c, struct stamp now, struct call_order *ret);
/* BOOTTIME in microseconds at which call_take may have something to do, CALL_NEVER: nothing is due. */
int64_t call_next(const struct call *c);

/* The alarm is a member of that group, although it does not say so itself: it was raised before the group
 * was. */
void call_join(struct call *c, const char *key, const char *group);

/* The alarms of a message, from *cursor = 0: true and a slot. The message's leading alarm comes first. */
bool call_batch_next(const struct call *c, const struct call_order *order, uint32_t *cursor,
                     uint32_t *ret_slot);
/* The slot of an alarm that is known, or UINT32_MAX. */
uint32_t call_find(const struct call *c, const char *key);

/* An alarm, to be shown. */
struct call_view {
    const char *key, *occurrence, *group;
    enum call_priority priority;
    enum call_state state;
    bool active, local, drill;
    bool folded; /* told in its group's message */
    uint8_t level;
    uint16_t rounds;
    uint64_t told; /* who has got a message of it */
};
bool call_view(const struct call *c, uint32_t slot, struct call_view *ret);
/* The alarm is a member of that group alarm, and is told in its messages. */
bool call_speaks_for(const struct call *c, uint32_t group, uint32_t slot);

/* What is in force now. */
struct call_health {
    bool would_be_told;        /* somebody on a rota now has a channel that is on and has not failed */
    unsigned reachable;        /* people of the rota now, so */
    unsigned proven;           /* of them those with a channel that is known to have worked last */
    uint64_t on_duty;          /* level 0 now */
    bool hole;                 /* nobody is on duty at level 0 now */
    int64_t hole_until_utc_us; /* until then, CALL_NEVER: not known */
    unsigned open;             /* alarms that are being called */
    bool flood;
    unsigned uncounted; /* alarms beyond the bound */
};
void call_health(const struct call *c, struct stamp now, struct call_health *ret);
enum call_channel_state { CALL_UNTRIED, CALL_WORKS, CALL_FAILED };
enum call_channel_state call_channel_state(const struct call *c, uint16_t person, uint8_t channel);
/* True once after alarms had to be left out and there is room again: the states are to be fed anew. */
bool call_wants_resync(struct call *c);

/* --- what a restart needs. Times are UTC, because BOOTTIME begins anew. */
struct call_saved {
    struct call_fact fact;
    uint8_t phase, level;
    uint16_t rounds;
    bool folded, summarised, pending; /* pending: a call was under way, or a hold was not told yet */
    uint64_t told;
    uint8_t calls[CALL_PEOPLE];          /* how often each person was called */
    int64_t repeat_utc_us, level_utc_us; /* 0: none */
};
/* A slot that has changed since it was last given here; false: none. The slot may be free: then
 * -> ret_free. */
bool call_take_dirty(struct call *c, struct stamp now, uint32_t *ret_slot, bool *ret_free,
                     struct call_saved *ret);
void call_touch(struct call *c, uint32_t slot); /* it could not be written: it is dirty again */
/* Puts an alarm back. What was never told, or was under way, is called at once. Returns 0, -EINVAL or
 * -ENOSPC. */
int call_restore(struct call *c, struct stamp now, const struct call_saved *saved);
unsigned call_drill_turn(const struct call *c);
void call_set_drill_turn(struct call *c, unsigned turn);

#endif
