/* hash.h - the pieces that this folder's hashes are made of: SHA-256 over integers, texts and blobs as
 * chain.h describes them. Not for others.
 *
 * By libcrypto, which uses the processor's own instructions where there are any (four times as fast as
 * portable code, and verification is mostly this). Its interface without allocation is the older one: OpenSSL
 * 3 still has it and calls it deprecated, so that people ask for algorithms by name; here the algorithm is
 * part of the format.
 */
#ifndef CRYOMON_HASH_H
#define CRYOMON_HASH_H

#define OPENSSL_API_COMPAT 0x10101000L
#include <openssl/sha.h>
#include <stdint.h>
#include <string.h>

#define HASH_SIZE SHA256_DIGEST_LENGTH

struct hash {
    SHA256_CTX state;
};

static inline void hash_bytes(struct hash *hash, const void *bytes, size_t len)
{
    if (len > 0)
        (void)SHA256_Update(&hash->state, bytes, len);
}

/* Begins a hash with its label: "cryomon seal 1" and so on, without NUL. */
static inline void hash_begin(struct hash *hash, const char *label)
{
    (void)SHA256_Init(&hash->state);
    hash_bytes(hash, label, strlen(label));
}

static inline void hash_end(struct hash *hash, unsigned char ret[HASH_SIZE])
{
    (void)SHA256_Final(ret, &hash->state);
}

/* 8 bytes, big-endian, two's complement. */
static inline void hash_integer(struct hash *hash, int64_t value)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (56 - 8 * i));
    hash_bytes(hash, bytes, sizeof bytes);
}

static inline void hash_blob(struct hash *hash, const void *bytes, size_t len)
{
    hash_integer(hash, (int64_t)len);
    hash_bytes(hash, bytes, len);
}

static inline void hash_text(struct hash *hash, const char *text)
{
    hash_blob(hash, text, strlen(text));
}

#endif
