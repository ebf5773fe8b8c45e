#include "sign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void update(crypto_auth_hmacsha256_state *state, const char *text)
{
    crypto_auth_hmacsha256_update(state, (const unsigned char *)text, strlen(text));
}

void sign_make(enum sign_scheme scheme, const char *secret, int64_t utc_us, const char *body,
               char ret[SIGN_TEXT_MAX])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char key[1200], stamp[32];

    ret[0] = '\0';
    if (scheme == SIGN_NONE)
        return;
    (void)snprintf(stamp, sizeof stamp, "%lld",
                   (long long)(scheme == SIGN_DINGTALK ? utc_us / 1000 : utc_us / 1000000));
    if (scheme == SIGN_FEISHU)
        (void)snprintf(key, sizeof key, "%s\n%s", stamp, secret);
    else
        (void)snprintf(key, sizeof key, "%s", secret);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, strlen(key));
    if (scheme == SIGN_DINGTALK) {
        update(&state, stamp);
        update(&state, "\n");
        update(&state, secret);
    } else if (scheme == SIGN_BODY) {
        update(&state, stamp);
        update(&state, ".");
        update(&state, body != NULL ? body : "");
    }
    crypto_auth_hmacsha256_final(&state, mac);
    explicit_bzero(key, sizeof key);
    if (scheme == SIGN_BODY)
        sodium_bin2hex(ret, SIGN_TEXT_MAX, mac, sizeof mac);
    else
        sodium_bin2base64(ret, SIGN_TEXT_MAX, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
}
