/*
 * rota.h - the tables of the next days out of weekly shifts, dates and holidays, in the time zone of the
 * process (TZ, set by main from the configuration): so a shift that spans a change to summer time is as long
 * as it is.
 */
#ifndef CRYONOTIFY_ROTA_H
#define CRYONOTIFY_ROTA_H

#include "notify_config.h"

#define ROTA_DAYS 8

/* The shifts of yesterday to ROTA_DAYS from now. ret holds CALL_SPANS. Returns how many. */
size_t rota_spans(const struct notify_config *config, int64_t now_utc_us, struct call_span *ret);
/* Quiet hours from yesterday to tomorrow. */
size_t rota_quiet(const struct notify_config *config, int64_t now_utc_us, struct call_quiet *ret);

#endif
