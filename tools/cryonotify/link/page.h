/*
 * page.h - the pages that the listener shows: small, without scripts, for a phone, in the person's language;
 * in both where that is not known.
 */
#ifndef CRYOMON_PAGE_H
#define CRYOMON_PAGE_H

#include "link.h"

enum page_kind {
    PAGE_REPLY,     /* what reply says */
    PAGE_UNKNOWN,   /* no answer came in time; reply->ask etc. are not known */
    PAGE_EXPIRED,   /* the link was ours, and is too old */
    PAGE_INVALID,   /* it is none of ours */
    PAGE_NOT_FOUND, /* nothing is here */
    PAGE_TOO_MANY,  /* requests */
    PAGE_BUSY,      /* the program can't take questions now */
    PAGE_REFUSED,   /* a method or a size that is not served */
};

/* HTML, malloced; NULL: no memory. reply: for PAGE_REPLY, else may be NULL. nonce goes with the style. */
char *page_make(enum page_kind kind, const struct link_config *config, const struct link_reply *reply,
                const char *nonce);
unsigned page_status(enum page_kind kind); /* of HTTP */
const char *page_language(enum page_kind kind, const struct link_reply *reply);

#endif
