/*
 * sign.h - how services want a message signed.
 */
#ifndef CRYOMON_SIGN_H
#define CRYOMON_SIGN_H

#include <stddef.h>
#include <stdint.h>

enum sign_scheme {
    SIGN_NONE,
    SIGN_DINGTALK, /* base64(HMAC-SHA256(key = secret, milliseconds + "\n" + secret)) */
    SIGN_FEISHU,   /* base64(HMAC-SHA256(key = seconds + "\n" + secret, "")) */
    SIGN_BODY,     /* hex(HMAC-SHA256(key = secret, seconds + "." + body)) */
};

#define SIGN_TEXT_MAX 80

/* utc_us is the moment of sending; body (SIGN_BODY) may be NULL otherwise. */
void sign_make(enum sign_scheme scheme, const char *secret, int64_t utc_us, const char *body,
               char ret[SIGN_TEXT_MAX]);

#endif
