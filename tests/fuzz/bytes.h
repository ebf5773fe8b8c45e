/* bytes.h - a fuzzer's input as a stream of numbers; zeros after its end. */
#ifndef CRYOMON_BYTES_H
#define CRYOMON_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct bytes {
    const uint8_t *next;
    size_t left;
};

static inline uint64_t bytes_take(struct bytes *bytes, unsigned n)
{
    uint64_t value = 0;

    for (; n > 0 && bytes->left > 0; n--, bytes->left--)
        value = value << 8 | *bytes->next++;
    return value;
}

static inline uint8_t bytes_u8(struct bytes *bytes)
{
    return (uint8_t)bytes_take(bytes, 1);
}

static inline uint16_t bytes_u16(struct bytes *bytes)
{
    return (uint16_t)bytes_take(bytes, 2);
}

/* A number of 1 to 8 bytes: small ones are as likely as the largest. */
static inline int64_t bytes_any(struct bytes *bytes)
{
    return (int64_t)bytes_take(bytes, 1U + bytes_u8(bytes) % 8U);
}

/* Unlike assert, in every build. */
#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition);                       \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#endif
