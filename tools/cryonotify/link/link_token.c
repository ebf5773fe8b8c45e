#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link.h"
#include "link_internal.h"

/* version, expiry, length of the person, person, occurrence, MAC */
#define VERSION   1
#define FIXED     10
#define BYTES_MAX (FIXED + LINK_PERSON_MAX + LINK_OCCURRENCE_MAX + crypto_auth_BYTES)
#define SECOND    INT64_C(1000000)

static_assert(LINK_KEY_BYTES == crypto_auth_KEYBYTES, "the key is one of crypto_auth");
static_assert(sodium_base64_ENCODED_LEN(BYTES_MAX, sodium_base64_VARIANT_URLSAFE_NO_PADDING) <=
                  LINK_TOKEN_MAX,
              "a token fits");

/* ---------------------------------------------------------------- the key's file */

static int say(char *error, size_t cap, int code, const char *path, const char *what)
{
    (void)snprintf(error, cap, "%.200s: %s", path, what != NULL ? what : strerrordesc_np(-code));
    return code;
}

static int read_key(int fd, const char *path, struct link_key *ret, char *error, size_t cap)
{
    struct stat st;
    struct link_key key;
    char more = 0;

    if (fstat(fd, &st) < 0)
        return say(error, cap, -errno, path, NULL);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
        return say(error, cap, -EPERM, path,
                   "others may read this key: chmod 600, or remove it to get a new one");
    if (read(fd, key.bytes, sizeof key.bytes) != (ssize_t)sizeof key.bytes || read(fd, &more, 1) != 0)
        return say(error, cap, -EINVAL, path, "this is no key of ours (32 bytes)");
    *ret = key;
    sodium_memzero(&key, sizeof key);
    return 0;
}

static int sync_directory(const char *path)
{
    char copy[PATH_MAX];

    (void)snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int result = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return result;
}

/* Written whole under another name first: a crash never leaves half a key. */
static int make_key(const char *path)
{
    char temporary[PATH_MAX];
    struct link_key key;
    int result = 0;

    if (snprintf(temporary, sizeof temporary, "%s.new-XXXXXX", path) >= (int)sizeof temporary)
        return -ENAMETOOLONG;
    int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return -errno;
    randombytes_buf(key.bytes, sizeof key.bytes);
    if (write(fd, key.bytes, sizeof key.bytes) != (ssize_t)sizeof key.bytes || fsync(fd) < 0)
        result = errno != 0 ? -errno : -EIO;
    sodium_memzero(&key, sizeof key);
    close(fd);
    if (result == 0 && link(temporary, path) < 0 && errno != EEXIST)
        result = -errno;
    (void)unlink(temporary);
    return result < 0 ? result : sync_directory(path);
}

int link_key_load(const char *path, struct link_key *ret, char *error, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT) {
        int result = make_key(path);
        if (result < 0)
            return say(error, cap, result, path, NULL);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    if (fd < 0)
        return say(error, cap, -errno, path, NULL);
    int result = read_key(fd, path, ret, error, cap);
    close(fd);
    return result;
}

/* ---------------------------------------------------------------- tokens */

int link_make(const struct link_key *key, const struct link_claim *claim, char token[LINK_TOKEN_MAX])
{
    unsigned char bytes[BYTES_MAX];
    size_t person = strnlen(claim->person, sizeof claim->person);
    size_t occurrence = strnlen(claim->occurrence, sizeof claim->occurrence);
    size_t len = FIXED + person + occurrence;

    if (person == 0 || person >= LINK_PERSON_MAX || occurrence == 0 || occurrence >= LINK_OCCURRENCE_MAX ||
        claim->expires_utc_us <= 0)
        return -EINVAL;
    uint64_t expires_s = (uint64_t)(claim->expires_utc_us / SECOND);
    bytes[0] = VERSION;
    for (int i = 0; i < 8; i++)
        bytes[1 + i] = (unsigned char)(expires_s >> (56 - 8 * i));
    bytes[9] = (unsigned char)person;
    memcpy(bytes + FIXED, claim->person, person);
    memcpy(bytes + FIXED + person, claim->occurrence, occurrence);
    crypto_auth(bytes + len, bytes, len, key->bytes);
    sodium_bin2base64(token, LINK_TOKEN_MAX, bytes, len + crypto_auth_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return 0;
}

/* What is proven to be ours, into ret. */
static int unpack(const unsigned char *bytes, size_t len, struct link_claim *ret)
{
    size_t person = bytes[9];
    size_t occurrence = 0;
    uint64_t expires_s = 0;

    if (bytes[0] != VERSION || person == 0 || person >= LINK_PERSON_MAX || FIXED + person >= len)
        return -EBADMSG;
    occurrence = len - FIXED - person;
    if (occurrence >= LINK_OCCURRENCE_MAX)
        return -EBADMSG;
    for (int i = 0; i < 8; i++)
        expires_s = expires_s << 8 | bytes[1 + i];
    *ret = (struct link_claim){.expires_utc_us = (int64_t)expires_s * SECOND};
    memcpy(ret->person, bytes + FIXED, person);
    memcpy(ret->occurrence, bytes + FIXED + person, occurrence);
    return 0;
}

int link_token_open(const struct link_key *key, const char *token, int64_t now_utc_us, struct link_claim *ret,
                    char id[LINK_TOKEN_ID_MAX])
{
    unsigned char bytes[BYTES_MAX], hash[16];
    size_t len = 0;
    struct link_claim claim;

    if (sodium_base642bin(bytes, sizeof bytes, token, strlen(token), NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        len <= FIXED + crypto_auth_BYTES)
        return -EBADMSG;
    len -= crypto_auth_BYTES;
    if (crypto_auth_verify(bytes + len, bytes, len, key->bytes) != 0 || unpack(bytes, len, &claim) < 0)
        return -EBADMSG;
    *ret = claim;
    crypto_generichash(hash, sizeof hash, bytes, len, NULL, 0);
    sodium_bin2hex(id, LINK_TOKEN_ID_MAX, hash, sizeof hash);
    return now_utc_us >= claim.expires_utc_us ? -ESTALE : 0;
}

int link_check(const struct link_key *key, const char *token, int64_t now_utc_us, struct link_claim *ret)
{
    char id[LINK_TOKEN_ID_MAX];

    return link_token_open(key, token, now_utc_us, ret, id);
}
