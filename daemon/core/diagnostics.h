/*
 * diagnostics.h - how a device has answered: counters, latency, the last good reply.
 *
 * PURE. Kept by the bus thread of the device, copied to the core thread with CORE_DIAGNOSTICS; shown on MQTT,
 * by cryoctl and as Prometheus text. Counters start at zero with the configuration and only grow.
 */
#ifndef CRYOMON_DIAGNOSTICS_H
#define CRYOMON_DIAGNOSTICS_H

#include "modbus_reply.h"
#include "value.h"

/* Replies by latency: bucket b ends at 2^(b/4) ms, the last has no end. 4 buckets an octave: percentiles are
 * right to 19 %, from 1 ms to 27 s. */
#define DIAGNOSTICS_BUCKETS   60
#define DIAGNOSTICS_FAULT_MAX 48

struct diagnostics {
    uint64_t requests;     /* sent, retries included */
    uint64_t replies;      /* that fit the request: values, or a refusal */
    uint64_t timeouts;     /* no reply in time; also exceptions 10 and 11, a gateway's word for it */
    uint64_t bad_replies;  /* something came that did not fit */
    uint64_t refused;      /* exceptions other than 5, 6, 10 and 11 */
    uint64_t busy;         /* exceptions 5 and 6 */
    uint64_t link_faults;  /* the connection was lost under a request */
    uint64_t unasked;      /* times that bytes came which nobody had asked for */
    uint64_t wrong_device; /* polls in which the identity did not fit */
    uint32_t latency[DIAGNOSTICS_BUCKETS];
    int64_t last_good_utc_us; /* the last reply with values, 0: none yet */
    int64_t last_fault_utc_us;
    uint32_t
        backoff_ms;    /* until the next attempt of a device that does not answer; 0: polled as configured */
    uint32_t failures; /* polls in a row without an answer */
    enum reason state; /* of the last poll; REASON_NONE: it answers */
    char fault[DIAGNOSTICS_FAULT_MAX]; /* the last fault in words, "" for none yet */
};

/* Counts one request and what came of it. latency_us: from the request to the reply. */
void diagnostics_count(struct diagnostics *diagnostics, const struct modbus_reply *reply, int64_t latency_us,
                       int64_t utc_us);

/* The latency below which percent of the replies came, as the end of its bucket in us; 0 without replies. */
int64_t diagnostics_percentile_us(const struct diagnostics *diagnostics, unsigned percent);

#endif
