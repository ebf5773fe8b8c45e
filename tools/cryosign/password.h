/*
 * password.h - is this the person's password, and may the person still log in? PAM says.
 */
#ifndef CRYOMON_CRYOSIGN_PASSWORD_H
#define CRYOMON_CRYOSIGN_PASSWORD_H

#include <stddef.h>

#define PASSWORD_SERVICE "cryomon" /* pam.d/cryomon */

enum password_verdict {
    PASSWORD_RIGHT,
    PASSWORD_WRONG,   /* or no such user: PAM does not tell which, and neither do we */
    PASSWORD_INVALID, /* right, but the account is expired or locked, or the password must be changed first */
    PASSWORD_FAILED,  /* PAM can't say */
};

/* Takes its time when the answer is no. The password is copied for PAM only, and wiped there; message says
 * what PAM says, never the password. confdir: of the PAM service, NULL: the system's. */
enum password_verdict password_check(const char *user, const char *password, const char *confdir,
                                     char *message, size_t cap);

#endif
