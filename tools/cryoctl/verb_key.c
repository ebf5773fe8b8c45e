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

#define KEYS_MAX 64

/* What is to be shown: the key of signing.pub, or else the one that signed last, and all others that have. */
struct shown {
    unsigned char key[SIGNER_KEY_SIZE];
    struct verify_key known[KEYS_MAX];
    size_t n; /* of known; there may be more */
    size_t all;
};

static bool is_shown(const struct shown *s, size_t i)
{
    return memcmp(s->key, s->known[i].key, SIGNER_KEY_SIZE) == 0;
}

static void print_json(const struct shown *s)
{
    char text[SIGNER_TEXT_MAX], fingerprint[SIGNER_FINGERPRINT_MAX], since[RFC3339_MAX], until[RFC3339_MAX];
    signer_print(s->key, text);
    signer_fingerprint(s->key, fingerprint);
    json_t *object = json_pack("{s:s, s:s}", "public_key", text, "fingerprint", fingerprint);
    json_t *earlier = json_array();
    for (size_t i = 0; i < s->n; i++) {
        clock_print_utc(since, s->known[i].since_utc_us);
        clock_print_utc(until, s->known[i].last_utc_us);
        signer_print(s->known[i].key, text);
        signer_fingerprint(s->known[i].key, fingerprint);
        if (is_shown(s, i))
            json_object_set_new(object, "since", json_string(since));
        else
            json_array_append_new(earlier,
                                  json_pack("{s:s, s:s, s:s, s:s}", "public_key", text, "fingerprint",
                                            fingerprint, "since", since, "last", until));
    }
    json_object_set_new(object, "earlier", earlier);
    json_dumpf(object, stdout, CTL_JSON);
    putchar('\n');
    json_decref(object);
}

static void print_key(const struct ctl *ctl, const unsigned char key[SIGNER_KEY_SIZE])
{
    char text[SIGNER_TEXT_MAX], fingerprint[SIGNER_FINGERPRINT_MAX];
    signer_print(key, text);
    signer_fingerprint(key, fingerprint);
    printf("%s\n%s %s\n", text, tr(ctl, "fingerprint", "指纹"), fingerprint);
}

static void print_text(const struct ctl *ctl, const struct shown *s)
{
    char since[WHEN_MAX], until[WHEN_MAX];
    print_key(ctl, s->key);
    for (size_t i = 0; i < s->n; i++)
        if (is_shown(s, i))
            printf(tr(ctl, "signs since %s\n", "自 %s 起签名\n"),
                   when_print(ctl, since, s->known[i].since_utc_us, false));
    for (size_t i = 0; i < s->n; i++) {
        if (is_shown(s, i))
            continue;
        printf("\n%s\n", tr(ctl, "another key that has signed:", "曾用于签名的其他密钥："));
        print_key(ctl, s->known[i].key);
        printf(tr(ctl, "signed since %s, last %s\n", "自 %s 起签名，最后一次 %s\n"),
               when_print(ctl, since, s->known[i].since_utc_us, false),
               when_print(ctl, until, s->known[i].last_utc_us, false));
    }
    if (s->all > s->n)
        printf(tr(ctl, "\nand %zu more keys\n", "\n另有 %zu 个密钥\n"), s->all - s->n);
}

int verb_key(struct ctl *ctl, int argc, char **argv)
{
    char dir[4096];
    struct shown shown = {.n = 0};
    (void)argc;
    (void)argv;
    if (!places_history(ctl, dir, sizeof dir))
        return CTL_NEGATIVE;
    int error = read_key(dir, shown.key);
    if (verify_keys(dir, shown.known, KEYS_MAX, &shown.all) == 0)
        shown.n = shown.all < KEYS_MAX ? shown.all : KEYS_MAX;
    if (error != 0 && shown.n > 0) {
        memcpy(shown.key, shown.known[0].key, SIGNER_KEY_SIZE);
        error = 0;
    }
    if (error != 0) {
        ctl_complain(tr(ctl, "there is no public key in %s: %s", "%s 中没有公钥：%s"), dir,
                     words_error(ctl, error));
        return error == EACCES || error == EPERM ? CTL_DENIED : CTL_NEGATIVE;
    }
    if (ctl->json)
        print_json(&shown);
    else
        print_text(ctl, &shown);
    return CTL_OK;
}
