/*
 * mail_message.h - a notice as a mail: RFC 5322 and MIME, UTF-8, nothing in it can become a header of its
 * own.
 */
#ifndef CRYOMON_MAIL_MESSAGE_H
#define CRYOMON_MAIL_MESSAGE_H

#include "text.h"

/* Makes the whole message with CRLF. from is an address. All messages of one occurrence refer to one root, so
 * that they stand in one thread. Returns 0 or -ENOMEM; the caller frees *ret. */
int mail_message_make(const struct notice *notice, const struct text *text, const char *from, char **ret);

/* NULL: a mail address that we can write to; else what is wrong with it. */
const char *mail_message_check_address(const char *address);

#endif
