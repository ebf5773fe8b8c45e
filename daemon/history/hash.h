/* hash.h - the pieces that this folder's hashes are made of: SHA-256 over integers, texts and blobs as
 * chain.h describes them. Not for others. */
#ifndef CRYOMON_HASH_H
#define CRYOMON_HASH_H

#include <sodium.h>
#include <stdint.h>
#include <string.h>

static inline void hash_bytes(crypto_hash_sha256_state *state, const void *bytes, size_t len)
{
    if (len > 0)
        crypto_hash_sha256_update(state, bytes, len);
}

/* Begins a hash with its label: "cryomon seal 1" and so on, without NUL. */
static inline void hash_begin(crypto_hash_sha256_state *state, const char *label)
{
    crypto_hash_sha256_init(state);
    hash_bytes(state, label, strlen(label));
}

/* 8 bytes, big-endian, two's complement. */
static inline void hash_integer(crypto_hash_sha256_state *state, int64_t value)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (56 - 8 * i));
    crypto_hash_sha256_update(state, bytes, sizeof bytes);
}

static inline void hash_blob(crypto_hash_sha256_state *state, const void *bytes, size_t len)
{
    hash_integer(state, (int64_t)len);
    hash_bytes(state, bytes, len);
}

static inline void hash_text(crypto_hash_sha256_state *state, const char *text)
{
    hash_blob(state, text, strlen(text));
}

#endif
