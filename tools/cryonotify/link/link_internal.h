/* link_internal.h - between the files of link/. */
#ifndef CRYOMON_LINK_INTERNAL_H
#define CRYOMON_LINK_INTERNAL_H

#include "link.h"

#define LINK_TOKEN_ID_MAX 33

/* link_check, and the token's id (32 hex digits; not for one that is not ours). */
int link_token_open(const struct link_key *key, const char *token, int64_t now_utc_us, struct link_claim *ret,
                    char id[LINK_TOKEN_ID_MAX]);

#endif
