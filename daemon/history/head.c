/* head.c - see head.h. */
#include "head.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"

#define HEX_MAX       (2 * CHAIN_HASH_SIZE + 1)
#define BASE64        sodium_base64_VARIANT_ORIGINAL
#define SIGNATURE_MAX 96 /* base64 of 64 bytes: 88 and NUL */
#define VERSION       "head 1"

/* A site's name goes into lines: one with a line's end in it could pretend to be others. */
static bool site_is_sound(const char *site)
{
    for (const char *at = site; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return site[0] != '\0' && strlen(site) < HEAD_SITE_MAX;
}

static void print_hash(const unsigned char hash[CHAIN_HASH_SIZE], char text[HEX_MAX])
{
    sodium_bin2hex(text, HEX_MAX, hash, CHAIN_HASH_SIZE);
}

/* The text that is signed; returns its length. */
static size_t make_text(const struct head *head, char text[HEAD_TEXT_MAX])
{
    char time[RFC3339_MAX], event[HEX_MAX], seal[HEX_MAX], frame[HEX_MAX];
    clock_print_utc(time, head->utc_us);
    print_hash(head->event_hash, event);
    print_hash(head->seal_hash, seal);
    print_hash(head->frame_hash, frame);
    int n = snprintf(text, HEAD_TEXT_MAX,
                     "cryomon " VERSION "\nsite %s\ntime %s\nevent %lld %s\nseal %lld %s\nframe %lld %s\n",
                     head->site, time, (long long)head->event_seq, event, (long long)head->seal_id, seal,
                     (long long)head->frame_id, frame);
    return (size_t)n; /* far below HEAD_TEXT_MAX: every part is bounded */
}

static void put_link(struct json_text *j, const char *key, const char *number_key, int64_t number,
                     const unsigned char hash[CHAIN_HASH_SIZE])
{
    char hex[HEX_MAX];
    print_hash(hash, hex);
    json_text_object(j, key);
    json_text_integer(j, number_key, number);
    json_text_string(j, "hash", hex);
    json_text_end(j);
}

int head_write(const struct head *head, const struct signer *signer, char *text, size_t cap)
{
    char signed_text[HEAD_TEXT_MAX], key[SIGNER_TEXT_MAX], base64[SIGNATURE_MAX];
    unsigned char signature[SIGNER_SIGNATURE_SIZE];
    struct json_text j;
    if (!site_is_sound(head->site))
        return -EINVAL;
    signer_sign(signer, signed_text, make_text(head, signed_text), signature);
    signer_print(signer_public(signer), key);
    sodium_bin2base64(base64, sizeof base64, signature, sizeof signature, BASE64);
    json_text_begin(&j, text, cap);
    json_text_object(&j, NULL);
    json_text_string(&j, "cryomon", VERSION);
    json_text_string(&j, "site", head->site);
    json_text_time(&j, "time", head->utc_us);
    put_link(&j, "event", "seq", head->event_seq, head->event_hash);
    put_link(&j, "seal", "id", head->seal_id, head->seal_hash);
    put_link(&j, "frame", "id", head->frame_id, head->frame_hash);
    json_text_string(&j, "public_key", key);
    json_text_string(&j, "signature", base64);
    json_text_end(&j);
    return json_text_finish(&j);
}

static bool get_link(const json_t *root, const char *key, const char *number_key, int64_t *ret_number,
                     unsigned char ret_hash[CHAIN_HASH_SIZE])
{
    const json_t *link = json_object_get(root, key);
    const json_t *number = json_object_get(link, number_key);
    const char *hex = json_string_value(json_object_get(link, "hash"));
    char again[HEX_MAX];
    size_t n = 0;
    if (!json_is_integer(number) || json_integer_value(number) < 0 || !hex || strlen(hex) != HEX_MAX - 1 ||
        sodium_hex2bin(ret_hash, CHAIN_HASH_SIZE, hex, HEX_MAX - 1, NULL, &n, NULL) != 0 ||
        n != CHAIN_HASH_SIZE)
        return false;
    print_hash(ret_hash, again); /* lower case, as it was signed */
    *ret_number = json_integer_value(number);
    return strcmp(hex, again) == 0;
}

static bool get_time(const json_t *root, int64_t *ret)
{
    char again[RFC3339_MAX];
    const char *time = json_string_value(json_object_get(root, "time"));
    if (!time || clock_parse_utc(time, ret) < 0)
        return false;
    clock_print_utc(again, *ret);
    return strcmp(time, again) == 0;
}

static bool get_members(const json_t *root, struct head *head, unsigned char signature[SIGNER_SIGNATURE_SIZE])
{
    const char *version = json_string_value(json_object_get(root, "cryomon"));
    const char *site = json_string_value(json_object_get(root, "site"));
    const char *key = json_string_value(json_object_get(root, "public_key"));
    const char *base64 = json_string_value(json_object_get(root, "signature"));
    size_t n = 0;
    if (!version || strcmp(version, VERSION) != 0 || !site || !site_is_sound(site) || !key || !base64 ||
        !signer_parse(key, head->public_key) || !get_time(root, &head->utc_us) ||
        !get_link(root, "event", "seq", &head->event_seq, head->event_hash) ||
        !get_link(root, "seal", "id", &head->seal_id, head->seal_hash) ||
        !get_link(root, "frame", "id", &head->frame_id, head->frame_hash))
        return false;
    strcpy(head->site, site); /* its length was looked at */
    return sodium_base642bin(signature, SIGNER_SIGNATURE_SIZE, base64, strlen(base64), NULL, &n, NULL,
                             BASE64) == 0 &&
           n == SIGNER_SIGNATURE_SIZE;
}

int head_read(const char *text, struct head *ret, char *message, size_t cap)
{
    char signed_text[HEAD_TEXT_MAX];
    unsigned char signature[SIGNER_SIGNATURE_SIZE];
    struct head head = {0};
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        snprintf(message, cap, "this is no JSON: %s", error.text);
        return -EBADMSG;
    }
    bool sound = get_members(root, &head, signature);
    json_decref(root);
    if (!sound) {
        snprintf(message, cap,
                 "this is JSON, but no signed head of cryomon (\"cryomon\":\"" VERSION "\", ...)");
        return -EBADMSG;
    }
    if (!signer_verify(head.public_key, signed_text, make_text(&head, signed_text), signature)) {
        snprintf(message, cap, "the signature does not fit: this head was altered, or another key signed it");
        return -EKEYREJECTED;
    }
    *ret = head;
    return 0;
}
