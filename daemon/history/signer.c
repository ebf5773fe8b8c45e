/* signer.c - see signer.h. */
#include "signer.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(SIGNER_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "the key is Ed25519");
_Static_assert(SIGNER_SIGNATURE_SIZE == crypto_sign_BYTES, "the signature is Ed25519");

#define SEED_SIZE     crypto_sign_SEEDBYTES
#define BASE64        sodium_base64_VARIANT_ORIGINAL
#define KEY_FILE      "signing.key"
#define KEY_NEW       "signing.key.new"
#define PUBLIC_FILE   "signing.pub"
#define PUBLIC_NEW    "signing.pub.new"
#define CREDENTIAL    "signing-key"
#define SECRET_PREFIX "cryomon-signing-key-1 "
#define PUBLIC_PREFIX "cryomon-public-key-1 "
#define WHITE         " \t\r\n"

struct signer { /* in guarded memory */
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    unsigned char public_key[SIGNER_KEY_SIZE];
};

/* ---------------------------------------------------------------- keys and their texts */

int signer_from_seed(const unsigned char seed[SEED_SIZE], struct signer **ret)
{
    if (sodium_init() < 0)
        return -EIO;
    struct signer *signer = sodium_malloc(sizeof *signer);
    if (!signer)
        return -ENOMEM;
    crypto_sign_seed_keypair(signer->public_key, signer->secret, seed);
    sodium_mprotect_readonly(signer);
    *ret = signer;
    return 0;
}

void signer_free(struct signer *signer)
{
    sodium_free(signer); /* wipes; NULL-safe */
}

const unsigned char *signer_public(const struct signer *signer)
{
    return signer->public_key;
}

void signer_sign(const struct signer *signer, const void *message, size_t len,
                 unsigned char ret[SIGNER_SIGNATURE_SIZE])
{
    crypto_sign_detached(ret, NULL, message, len, signer->secret);
}

bool signer_verify(const unsigned char key[SIGNER_KEY_SIZE], const void *message, size_t len,
                   const unsigned char signature[SIGNER_SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, message, len, key) == 0;
}

static bool parse_line(const char *text, const char *prefix, unsigned char ret[32])
{
    unsigned char bytes[32];
    size_t n = 0, prefix_len = strlen(prefix);
    text += strspn(text, WHITE);
    if (strncmp(text, prefix, prefix_len) != 0)
        return false;
    text += prefix_len;
    size_t len = strcspn(text, WHITE);
    bool sound = text[len + strspn(text + len, WHITE)] == '\0' &&
                 sodium_base642bin(bytes, sizeof bytes, text, len, NULL, &n, NULL, BASE64) == 0 &&
                 n == sizeof bytes;
    if (sound)
        memcpy(ret, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
    return sound;
}

bool signer_parse(const char *text, unsigned char ret[SIGNER_KEY_SIZE])
{
    return parse_line(text, PUBLIC_PREFIX, ret);
}

static void print_line(const unsigned char bytes[32], const char *prefix, char text[SIGNER_TEXT_MAX])
{
    size_t prefix_len = strlen(prefix);
    memcpy(text, prefix, prefix_len);
    sodium_bin2base64(text + prefix_len, SIGNER_TEXT_MAX - prefix_len, bytes, 32, BASE64);
}

void signer_print(const unsigned char key[SIGNER_KEY_SIZE], char text[SIGNER_TEXT_MAX])
{
    print_line(key, PUBLIC_PREFIX, text);
}

void signer_fingerprint(const unsigned char key[SIGNER_KEY_SIZE], char text[SIGNER_FINGERPRINT_MAX])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, key, SIGNER_KEY_SIZE);
    for (unsigned i = 0; i < 8; i++)
        snprintf(text + 5 * i, 6, "%02x%02x%s", hash[2 * i], hash[2 * i + 1], i < 7 ? " " : "");
}

/* ---------------------------------------------------------------- files */

static int failed(int error, const char *dir, const char *name, char *detail, size_t cap)
{
    snprintf(detail, cap, "%s/%s: %s", dir, name, strerrordesc_np(error));
    return -error;
}

/* Reads a small regular file whole, NUL-terminated. private_mode: nobody but its owner may be allowed to read
 * it. Returns 0 or -errno with detail (-ENOENT: not there). */
static int read_small(int at, const char *dir, const char *name, bool private_mode, char *text,
                      size_t text_cap, char *detail, size_t cap)
{
    struct stat st;
    int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP) {
        snprintf(detail, cap, "%s/%s: a symbolic link is not followed here", dir, name);
        return -ELOOP;
    }
    if (fd < 0)
        return failed(errno, dir, name, detail, cap);
    ssize_t n = -1;
    int error = 0;
    if (fstat(fd, &st) < 0) {
        error = failed(errno, dir, name, detail, cap);
    } else if (!S_ISREG(st.st_mode)) {
        error = -EINVAL;
        snprintf(detail, cap, "%s/%s: not a regular file", dir, name);
    } else if (private_mode && (st.st_mode & 077) != 0) {
        error = -EPERM;
        snprintf(detail, cap,
                 "%s/%s: others may read or write the secret key (mode %04o): run \"chmod 600 %s/%s\"; if "
                 "somebody may have copied it, move it away, and a new one is made",
                 dir, name, st.st_mode & 07777U, dir, name);
    } else if ((n = read(fd, text, text_cap - 1)) < 0) {
        error = failed(errno, dir, name, detail, cap);
    }
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return error;
}

/* A file that is either all there or not: written under another name first. replace: put it
 * over an old one. */
static int write_small(int at, const char *name, const char *new_name, mode_t mode, bool replace,
                       const char *text)
{
    size_t len = strlen(text);
    if (unlinkat(at, new_name, 0) < 0 && errno != ENOENT)
        return -errno;
    int fd = openat(at, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    int error = 0;
    ssize_t n = 0;
    if (fchmod(fd, mode) < 0 || (n = write(fd, text, len)) < 0 || fsync(fd) < 0)
        error = -errno;
    else if ((size_t)n != len)
        error = -ENOSPC;
    close(fd);
    if (error == 0 && renameat2(at, new_name, at, name, replace ? 0 : RENAME_NOREPLACE) < 0)
        error = -errno;
    if (error == 0 && fsync(at) < 0)
        error = -errno;
    if (error < 0)
        unlinkat(at, new_name, 0);
    return error;
}

static int parse_secret(const char *text, const char *dir, const char *name, struct signer **ret,
                        char *detail, size_t cap)
{
    unsigned char seed[SEED_SIZE];
    int error = -EBADMSG;
    if (!parse_line(text, SECRET_PREFIX, seed)) {
        snprintf(detail, cap,
                 "%s/%s: this is no signing key; it is not replaced, so that no record is signed with a key "
                 "nobody knows: put the right one back, or move it away and a new one is made",
                 dir, name);
    } else {
        error = signer_from_seed(seed, ret);
        if (error < 0)
            snprintf(detail, cap, "the signing key: %s", strerrordesc_np(-error));
    }
    sodium_memzero(seed, sizeof seed);
    return error;
}

/* -ENOENT: there is no such credential. */
static int open_credential(struct signer **ret, char *detail, size_t cap)
{
    char text[SIGNER_TEXT_MAX * 2];
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    if (!dir || dir[0] == '\0')
        return -ENOENT;
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return errno == ENOENT ? -ENOENT : failed(errno, dir, CREDENTIAL, detail, cap);
    int error = read_small(at, dir, CREDENTIAL, false, text, sizeof text, detail, cap);
    close(at);
    if (error == 0)
        error = parse_secret(text, dir, CREDENTIAL, ret, detail, cap);
    sodium_memzero(text, sizeof text);
    return error;
}

static int open_file(int at, const char *dir, struct signer **ret, char *detail, size_t cap)
{
    char text[SIGNER_TEXT_MAX * 2];
    int error = read_small(at, dir, KEY_FILE, true, text, sizeof text, detail, cap);
    if (error == 0)
        error = parse_secret(text, dir, KEY_FILE, ret, detail, cap);
    sodium_memzero(text, sizeof text);
    return error;
}

static int make_file(int at, const char *dir, struct signer **ret, char *detail, size_t cap)
{
    unsigned char seed[SEED_SIZE];
    char text[SIGNER_TEXT_MAX];
    randombytes_buf(seed, sizeof seed);
    print_line(seed, SECRET_PREFIX, text);
    strcat(text, "\n");
    int error = write_small(at, KEY_FILE, KEY_NEW, 0600, false, text);
    if (error < 0)
        failed(-error, dir, KEY_FILE, detail, cap);
    else if ((error = signer_from_seed(seed, ret)) < 0)
        snprintf(detail, cap, "the signing key: %s", strerrordesc_np(-error));
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(text, sizeof text);
    return error;
}

static void publish(int at, const char *dir, const struct signer *signer, char *detail, size_t cap)
{
    char text[SIGNER_TEXT_MAX * 2], line[SIGNER_TEXT_MAX], ignored[64];
    unsigned char key[SIGNER_KEY_SIZE];
    if (read_small(at, dir, PUBLIC_FILE, false, text, sizeof text, ignored, sizeof ignored) == 0 &&
        signer_parse(text, key) && memcmp(key, signer->public_key, sizeof key) == 0)
        return;
    signer_print(signer->public_key, line);
    strcat(line, "\n");
    int error = write_small(at, PUBLIC_FILE, PUBLIC_NEW, 0644, true, line);
    if (error < 0)
        failed(-error, dir, PUBLIC_FILE, detail, cap);
}

int signer_open(const char *dir, struct signer **ret, char *detail, size_t cap)
{
    struct signer *signer = NULL;
    if (cap > 0)
        detail[0] = '\0';
    if (sodium_init() < 0) {
        snprintf(detail, cap, "the cryptographic library can't be used");
        return -EIO;
    }
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return failed(errno, dir, KEY_FILE, detail, cap);
    int error = open_credential(&signer, detail, cap);
    if (error == -ENOENT)
        error = open_file(at, dir, &signer, detail, cap);
    if (error == -ENOENT)
        error = make_file(at, dir, &signer, detail, cap);
    if (error == 0) {
        if (cap > 0)
            detail[0] = '\0';
        publish(at, dir, signer, detail, cap);
        *ret = signer;
    }
    close(at);
    return error;
}
