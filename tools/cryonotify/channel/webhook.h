/* webhook.h - sends a notice by HTTP, as its template says. */
#ifndef CRYOMON_WEBHOOK_H
#define CRYOMON_WEBHOOK_H

#include "transfer.h"

/* Fills outcome, maybe_sent, permanent, retry_after_ms, error and detail of result. */
void webhook_send(struct transfer *transfer, const struct channel_config *config, const struct notice *notice,
                  struct channel_result *result);

#endif
