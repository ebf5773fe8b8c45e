/*
 * link.h - one TCP connection or one RTU line: bytes in, framed into requests; bytes out, each at its time.
 */
#ifndef CRYOSIM_LINK_H
#define CRYOSIM_LINK_H

#include "loop.h"
#include "wire.h"

#include <stdbool.h>

struct listener;

struct chunk {
    struct chunk *next;
    int64_t due_us;
    size_t len, sent;
    uint8_t bytes[];
};

struct link {
    struct source source; /* first: a source is its link */
    struct link *next;
    struct listener *listener;
    bool rtu;
    bool writable;    /* false after EAGAIN until EPOLLOUT */
    int64_t busy_us;  /* TCP: replies leave in order, none before this */
    int64_t heard_us; /* when the last byte came */
    uint8_t in[640];
    size_t n_in;
    struct chunk *out; /* by due_us */
    size_t n_out;      /* bytes queued */
};

/* Takes over fd and watches it. Returns 0 or -errno (fd is then closed). */
int link_open(struct listener *listener, bool rtu, int fd, struct link **ret);
void link_free(struct link *link);

/* Closes it; the link itself is freed by its listener later. reset: TCP answers with RST. */
void link_hang_up(struct link *link, bool reset);

/* Sends bytes when due_us has come. A peer that does not read loses the connection (TCP) or the bytes (RTU).
 */
void link_send(struct link *link, const uint8_t *bytes, size_t len, int64_t due_us);

/* Sends what is due, and forgets a torso of a request after silence (RTU). */
void link_tick(struct link *link, int64_t now_us);

/* When link_tick has something to do; INT64_MAX: nothing. */
int64_t link_deadline(const struct link *link);

#endif
