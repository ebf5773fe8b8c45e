/*
 * transfer.h - one libcurl transfer with a deadline, that another thread can end at once.
 */
#ifndef CRYOMON_TRANSFER_H
#define CRYOMON_TRANSFER_H

#include <curl/curl.h>
#include <stdatomic.h>

#include "channel.h"

#define TRANSFER_BODY_MAX 65536 /* of a reply; what is longer is no answer that we know */

/* Of a worker; transfer_stop may be called by any thread. */
struct transfer {
    CURLM *multi;
    atomic_bool stop;
};

int transfer_open(struct transfer *transfer); /* 0 or -ENOMEM */
void transfer_close(struct transfer *transfer);
void transfer_stop(struct transfer *transfer); /* the one that runs, and all later ones, end at once */

struct transfer_reply {
    struct transfer *transfer;
    int64_t deadline_boot_us;
    CURLcode code;
    long status; /* HTTP status, or the last SMTP reply's code; 0: none came */
    bool stopped;
    bool began; /* the request (HTTP) or the talk (SMTP) had begun */
    uint32_t retry_after_ms;
    char error[CURL_ERROR_SIZE];
    char last_line[CHANNEL_DETAIL_MAX]; /* of what curl calls headers: SMTP replies */
    size_t len;
    char body[TRANSFER_BODY_MAX + 1]; /* ended by a NUL */
};

/* Sets what all transfers have in common: timeouts, TLS checked, no redirects, no signals, no environment's
 * proxy or netrc; protocols is such as "https,http". */
void transfer_prepare(struct transfer *transfer, CURL *easy, const struct channel_config *config,
                      const char *protocols, const char *ca_file, struct transfer_reply *reply);

/* Runs it. */
void transfer_run(struct transfer *transfer, CURL *easy, struct transfer_reply *reply);

#endif
