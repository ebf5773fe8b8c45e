/*
 * lookup.h - the addresses of a host name, asked for without waiting.
 *
 * getaddrinfo() can't be broken off, and a resolver may keep it for minutes. It therefore runs on a thread
 * that nobody waits for: its memory is its own, and the last of the two, asker or thread, frees it.
 */
#ifndef CRYOMON_LOOKUP_H
#define CRYOMON_LOOKUP_H

#include <netdb.h>
#include <stdint.h>

struct lookup;

/* Returns 0 or -errno. */
int lookup_start(const char *host, uint16_t port, struct lookup **ret);

/* Becomes readable with the answer. */
int lookup_fd(const struct lookup *lookup);

/* The answer: 0 with the addresses (freeaddrinfo frees them), or an EAI_ code; EAI_AGAIN when it has not come
 * yet. */
int lookup_take(struct lookup *lookup, struct addrinfo **ret);

/* Forgets it, finished or not. lookup_free(NULL) is a no-op. */
void lookup_free(struct lookup *lookup);

#endif
