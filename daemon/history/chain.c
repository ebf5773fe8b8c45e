/* chain.c - see chain.h. */
#include "chain.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

_Static_assert(CHAIN_HASH_SIZE == crypto_hash_sha256_BYTES, "the hash is SHA-256");

int chain_init(void)
{
    return sodium_init() < 0 ? -EIO : 0;
}

static void add_integer(crypto_hash_sha256_state *state, uint64_t value)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (56 - 8 * i));
    crypto_hash_sha256_update(state, bytes, sizeof bytes);
}

static void add_bytes(crypto_hash_sha256_state *state, const void *bytes, size_t len)
{
    if (len > 0)
        crypto_hash_sha256_update(state, bytes, len);
}

static void add_text(crypto_hash_sha256_state *state, const char *text)
{
    size_t len = strlen(text);
    add_integer(state, len);
    add_bytes(state, text, len);
}

void chain_event_hash(const unsigned char previous[CHAIN_HASH_SIZE], const struct chain_event *event,
                      unsigned char ret[CHAIN_HASH_SIZE])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    add_bytes(&state, "cryomon event 1", 15);
    add_bytes(&state, previous, CHAIN_HASH_SIZE);
    add_integer(&state, event->seq);
    add_integer(&state, (uint64_t)event->utc_us);
    add_integer(&state, (uint64_t)event->boot_us);
    add_text(&state, event->boot_id);
    add_text(&state, event->kind);
    add_text(&state, event->asset);
    add_text(&state, event->alarm);
    add_text(&state, event->body);
    crypto_hash_sha256_final(&state, ret);
}

static unsigned char version_of(const struct chain_frame *frame)
{
    return frame->len > 0 ? *(const unsigned char *)frame->body : 0;
}

void chain_frame_hash(const unsigned char previous[CHAIN_HASH_SIZE], const struct chain_frame *frame,
                      unsigned char ret[CHAIN_HASH_SIZE])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    if (version_of(frame) == 1) {
        add_bytes(&state, "cryomon frame 1", 15);
    } else {
        add_bytes(&state, "cryomon frame 2", 15);
        add_bytes(&state, previous, CHAIN_HASH_SIZE);
    }
    add_integer(&state, (uint64_t)frame->id);
    add_integer(&state, (uint64_t)frame->first_utc_us);
    add_integer(&state, (uint64_t)frame->last_utc_us);
    add_integer(&state, (uint64_t)frame->count);
    add_bytes(&state, frame->body, frame->len);
    crypto_hash_sha256_final(&state, ret);
}

void chain_frames_begin(struct chain_frames *frames, const unsigned char *head)
{
    *frames = (struct chain_frames){.version = 0};
    if (!head)
        return;
    memcpy(frames->stored, head, CHAIN_HASH_SIZE);
    memcpy(frames->computed, head, CHAIN_HASH_SIZE);
    memcpy(frames->head, head, CHAIN_HASH_SIZE);
}

bool chain_frames_next(struct chain_frames *frames, const struct chain_frame *frame, const void *hash,
                       size_t len)
{
    unsigned char stored[CHAIN_HASH_SIZE] = {0}, computed[CHAIN_HASH_SIZE];
    const unsigned char *previous = frames->stored;
    bool sound = hash && len == CHAIN_HASH_SIZE;
    if (sound)
        memcpy(stored, hash, CHAIN_HASH_SIZE);
    chain_frame_hash(previous, frame, computed);
    if (sound && memcmp(computed, stored, CHAIN_HASH_SIZE) != 0) {
        unsigned char other[CHAIN_HASH_SIZE];
        chain_frame_hash(frames->computed, frame, other);
        if (memcmp(other, stored, CHAIN_HASH_SIZE) == 0) {
            previous = frames->computed;
            memcpy(computed, other, CHAIN_HASH_SIZE);
        }
    }
    sound = sound && memcmp(computed, stored, CHAIN_HASH_SIZE) == 0;
    sound = sound && !(version_of(frame) == 1 && frames->version > 1);
    if (sound)
        memcpy(frames->head, previous, CHAIN_HASH_SIZE);
    memcpy(frames->stored, stored, CHAIN_HASH_SIZE);
    memcpy(frames->computed, computed, CHAIN_HASH_SIZE);
    frames->version = version_of(frame) > frames->version ? version_of(frame) : frames->version;
    return sound;
}
