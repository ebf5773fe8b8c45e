#include <errno.h>
#include <string.h>

#include "cryoctl.h"
#include "places.h"
#include "signer.h"
#include "verify.h"
#include "when.h"
#include "words.h"

/* signing.pub beside the databases. 0 or an errno. */
static int read_key(const char *dir, unsigned char key[SIGNER_KEY_SIZE])
{
    char path[4200], text[2 * SIGNER_TEXT_MAX];
    snprintf(path, sizeof path, "%s/signing.pub", dir);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return signer_parse(text, key) ? 0 : EBADMSG;
}

int verb_key(struct ctl *ctl, int argc, char **argv)
{
    char dir[4096], text[SIGNER_TEXT_MAX], fingerprint[SIGNER_FINGERPRINT_MAX], since[WHEN_MAX];
    unsigned char key[SIGNER_KEY_SIZE];
    (void)argc;
    (void)argv;
    if (!places_history(ctl, dir, sizeof dir))
        return CTL_NEGATIVE;
    int64_t since_us = 0;
    unsigned char signs[SIGNER_KEY_SIZE];
    int error = read_key(dir, key);
    bool sealed = verify_last_key(dir, signs, &since_us) == 0;
    if (error != 0 && sealed) {
        memcpy(key, signs, sizeof key);
        error = 0;
    }
    sealed = sealed && memcmp(key, signs, sizeof key) == 0;
    if (error != 0) {
        ctl_complain(tr(ctl, "there is no public key in %s: %s", "%s 中没有公钥：%s"), dir,
                     words_error(ctl, error));
        return error == EACCES || error == EPERM ? CTL_DENIED : CTL_NEGATIVE;
    }
    signer_print(key, text);
    signer_fingerprint(key, fingerprint);
    if (ctl->json) {
        json_t *object = json_pack("{s:s, s:s}", "public_key", text, "fingerprint", fingerprint);
        clock_print_utc(since, since_us);
        if (sealed)
            json_object_set_new(object, "since", json_string(since));
        json_dumpf(object, stdout, CTL_JSON);
        putchar('\n');
        json_decref(object);
    } else {
        printf("%s\n%s %s\n", text, tr(ctl, "fingerprint", "指纹"), fingerprint);
        if (sealed)
            printf(tr(ctl, "signs since %s\n", "自 %s 起签名\n"), when_print(ctl, since, since_us, false));
    }
    return CTL_OK;
}
