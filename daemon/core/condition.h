/*
 * condition.h - when a condition begins to be an alarm, and when it is over.
 *
 * PURE. Two steps: condition_judge() says what one reading tells about the condition, and condition_tell()
 * holds that against the on-delay and off-delay.
 *
 *            reading                   HIGH, LOW, STATE                NO_DATA    BAD
 *     good,  beyond the limit          holds                           over       over
 *     good,  in the deadband           between                         over       over
 *     good,  back to normal            over                            over       over
 *     uncertain, beyond the limit      holds                           over       over
 *     uncertain, otherwise             unknown                         over       over
 *     bad,   measured but unusable     unknown                         over       holds
 *     bad,   nothing measured          unknown                         unknown    unknown
 *
 *                holds            over             between   unknown
 *     quiet      -> pending       .                .         .
 *     pending    .                -> quiet         .         .        and -> active after on_delay
 *     active     .                -> leaving       .         .
 *     leaving    -> active        .                .         -> active, and -> quiet after off_delay
 *
 * FLATLINE: the engine itself compares a good value with the one before (engine_alarm.c); bad and uncertain
 * tell nothing. Its on-delay ends with a sample, never with the time alone: silence proves no flat line.
 *
 * DATE: the engine compares the wall clock with the model's spans (condition_in_dates); readings tell
 * nothing.
 *
 * RATE, DEVIATION, DISAGREE: a measure is taken of several readings, of one point over time or of several
 * points now, and judged like a value (condition_judge_measure): when one of the readings is only uncertain
 * it can begin, never end. DISAGREE can begin with the readings that are usable; to end it all must be good.
 *
 * GROUP counts conditions of other alarms, CHATTER their raisings; both are always known (engine_group.c).
 *
 * So: unknown never begins, ends or hastens anything. It stops a running return, which must then begin
 * anew with a good value back to normal; but it does not stop a pending alarm, which becomes active at its
 * time. An alarm is never lost because the sensor died. In the deadband everything goes on as it was.
 */
#ifndef CRYOMON_CONDITION_H
#define CRYOMON_CONDITION_H

#include "engine.h"

enum verdict {
    VERDICT_HOLDS,   /* the condition is true */
    VERDICT_OVER,    /* the condition is proven to be over */
    VERDICT_BETWEEN, /* good, in the deadband */
    VERDICT_UNKNOWN, /* this reading can't tell */
};

enum phase {
    PHASE_QUIET,   /* no alarm, and none in sight */
    PHASE_PENDING, /* the condition holds since `since`, the on-delay is running */
    PHASE_ACTIVE,  /* an alarm */
    PHASE_LEAVING, /* still an alarm; over since `since`, the off-delay is running */
};

/* A struct of zeros is quiet. */
struct condition {
    enum phase phase;
    int64_t since; /* boot_us; PENDING and LEAVING only */
};

/* True when something came back from the device, usable or not. */
bool condition_is_measured(const struct reading *reading);

/* What the reading says about the model's condition; VERDICT_UNKNOWN for FAULT and DATE. */
enum verdict condition_judge(const struct alarm_model *model, const struct reading *reading);

/* What several readings say together. */
struct measure {
    bool known; /* else the rest means nothing */
    bool good;  /* made of good readings alone, of all that should be there */
    micro_t value;
};

/* value - setpoint; a setpoint of NULL is the model's number. */
struct measure condition_deviation(const struct alarm_model *model, const struct reading *value,
                                   const struct reading *setpoint);

/* The greatest less the least usable one of n readings. */
struct measure condition_spread(const struct reading *const *readings, unsigned n);

/* RATE, DEVIATION and DISAGREE: what the measure says. */
enum verdict condition_judge_measure(const struct alarm_model *model, const struct measure *measure);

/* Has an acknowledged condition grown by the model's realarm_step since? acked: the value or measure at the
 * acknowledgement, NULL when that is not known: then it counts from the limit. False for kinds without one.
 */
bool condition_is_worse(const struct alarm_model *model, micro_t now, const micro_t *acked);

/* Is the plant so that the alarm means nothing? Anything but good is UNKNOWN. */
enum verdict condition_judge_plant(const struct suppression *suppression, const struct reading *reading);

/* DATE: is the time in one of the spans? ret_change: when that changes next, INT64_MAX: never. */
bool condition_in_dates(const struct alarm_model *model, int64_t utc_us, int64_t *ret_change);

/* Tells the condition a verdict that was true at a time. */
void condition_tell(struct condition *condition, enum verdict verdict, int64_t boot_us);

/* When the running delay ends; INT64_MAX when none is running. */
int64_t condition_deadline(const struct condition *condition, const struct alarm_model *model);

/* The running delay is over: pending becomes active, leaving becomes quiet. */
void condition_expire(struct condition *condition);

/* a - b and a + b, as far as int64_t goes. */
int64_t condition_minus(int64_t a, int64_t b);
int64_t condition_plus(int64_t a, int64_t b);

/* boot_us + ms, at most INT64_MAX. */
int64_t condition_later(int64_t boot_us, uint32_t ms);

#endif
