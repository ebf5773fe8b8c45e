/* mail.h - sends a notice by SMTP. */
#ifndef CRYOMON_MAIL_H
#define CRYOMON_MAIL_H

#include "transfer.h"

/* Fills outcome, maybe_sent, permanent, error and detail of result. */
void mail_send(struct transfer *transfer, const struct channel_config *config, const struct notice *notice,
               struct channel_result *result);

#endif
