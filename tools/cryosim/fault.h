/*
 * fault.h - what goes wrong with a reply, when, and how often.
 */
#ifndef CRYOSIM_FAULT_H
#define CRYOSIM_FAULT_H

#include "random.h"

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_SILENT,
    FAULT_LATE,
    FAULT_WRONG_UNIT,
    FAULT_WRONG_LENGTH,
    FAULT_TRUNCATED,
    FAULT_WRONG_PROTOCOL,
    FAULT_WRONG_TRANSACTION,
    FAULT_WRONG_FUNCTION,
    FAULT_WRONG_COUNT,
    FAULT_FOREIGN,
    FAULT_HALF,
    FAULT_DRIP,
    FAULT_TRAILING,
    FAULT_DUPLICATE,
    FAULT_CRC,
    FAULT_EXCEPTION,
    FAULT_DROP,
    FAULT_REFUSE,
    FAULT_ECHO,
    FAULT_GARBAGE,
    FAULT_MIX,
    N_FAULTS
};

struct fault {
    enum fault_kind kind;
    int64_t delay_us;   /* late, drip (between bytes), mix (the longest late) */
    uint8_t code;       /* exception */
    uint64_t count;     /* requests left; 0: no limit */
    int64_t for_us;     /* real time from when it is set; 0: no limit */
    int64_t until_us;   /* set by fault_begin; 0: no limit */
    double probability; /* of each request */
};

#define FAULT_ERROR_MAX 160
#define FAULT_TEXT_MAX  120

/* Parses "KIND [ARGUMENT] [count=N] [for=DURATION] [probability=P]". Returns 0 or -EINVAL with a message. */
int fault_parse(const char *text, struct fault *ret, char error[FAULT_ERROR_MAX]);

/* NULL when this kind of fault can happen on such a link, else why not. on_listener: set on a whole listener.
 */
const char *fault_unfit(const struct fault *fault, bool rtu, bool on_listener);

/* Starts the clock of for=. */
void fault_begin(struct fault *fault, int64_t now_us);

/* Ends a fault whose time is over. */
void fault_expire(struct fault *fault, int64_t now_us);

/* Decides whether this request is hit, and by what: *ret is the fault to apply, never MIX. Counts down. */
bool fault_take(struct fault *fault, bool rtu, int64_t now_us, struct random_source *random,
                struct fault *ret);

const char *fault_name(enum fault_kind kind);
/* The fault as it would be typed. */
void fault_print(const struct fault *fault, char text[FAULT_TEXT_MAX]);

#endif
