#include "password.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAIL_DELAY_US 2000000

/* Answers the one question for a password; whatever else PAM wants to know (a code, a new password), there is
 * nobody to ask. */
static int converse(int n, const struct pam_message **messages, struct pam_response **ret, void *context)
{
    const char **password = context;
    struct pam_response *responses = n > 0 ? calloc((size_t)n, sizeof *responses) : NULL;
    if (responses == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < n; i++) {
        int style = messages[i]->msg_style;
        if (style == PAM_TEXT_INFO || style == PAM_ERROR_MSG)
            continue;
        if (style == PAM_PROMPT_ECHO_OFF && *password != NULL)
            responses[i].resp = strdup(*password); /* PAM wipes and frees it */
        if (responses[i].resp == NULL) {
            for (int j = 0; j < i; j++) {
                if (responses[j].resp != NULL)
                    explicit_bzero(responses[j].resp, strlen(responses[j].resp));
                free(responses[j].resp);
            }
            free(responses);
            return PAM_CONV_ERR;
        }
        *password = NULL; /* once */
    }
    *ret = responses;
    return PAM_SUCCESS;
}

static enum password_verdict verdict_of(int auth, int account)
{
    if (auth == PAM_SUCCESS)
        return account == PAM_SUCCESS ? PASSWORD_RIGHT : PASSWORD_INVALID;
    switch (auth) {
    case PAM_AUTH_ERR:
    case PAM_USER_UNKNOWN:
    case PAM_MAXTRIES:
    case PAM_PERM_DENIED:
    case PAM_ACCT_EXPIRED:
    case PAM_CRED_INSUFFICIENT:
        return PASSWORD_WRONG;
    default:
        return PASSWORD_FAILED;
    }
}

enum password_verdict password_check(const char *user, const char *password, const char *confdir,
                                     char *message, size_t cap)
{
    const char *answer = password;
    struct pam_conv conversation = {.conv = converse, .appdata_ptr = (void *)&answer};
    pam_handle_t *pam = NULL;
    int account = PAM_SUCCESS;
    int auth = pam_start_confdir(PASSWORD_SERVICE, user, &conversation, confdir, &pam);
    if (auth == PAM_SUCCESS)
        auth = pam_set_item(pam, PAM_RUSER, user);
    if (auth == PAM_SUCCESS)
        auth = pam_fail_delay(pam, FAIL_DELAY_US);
    if (auth == PAM_SUCCESS)
        auth = pam_authenticate(pam, PAM_DISALLOW_NULL_AUTHTOK | PAM_SILENT);
    if (auth == PAM_SUCCESS)
        account = pam_acct_mgmt(pam, PAM_DISALLOW_NULL_AUTHTOK | PAM_SILENT);
    snprintf(message, cap, "%s", pam_strerror(pam, auth != PAM_SUCCESS ? auth : account));
    if (pam != NULL)
        pam_end(pam, auth != PAM_SUCCESS ? auth : account);
    return verdict_of(auth, account);
}
