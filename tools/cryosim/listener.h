/*
 * listener.h - where masters reach the devices: a TCP port, or a serial line that is a pty or a real tty.
 */
#ifndef CRYOSIM_LISTENER_H
#define CRYOSIM_LISTENER_H

#include "device.h"
#include "link.h"

#include <limits.h>

struct world;

struct serial {
    int baud;
    char parity; /* N, E, O */
    int data_bits, stop_bits;
};

struct listener {
    struct source accept; /* first: a source is its listener; TCP only */
    struct world *world;
    char id[ID_MAX];
    bool rtu;
    char address[64];       /* TCP: numeric */
    int port;               /* 0: any; the real one once open */
    char device[PATH_MAX];  /* RTU: a tty; "": make a pty */
    char symlink[PATH_MAX]; /* RTU: the stable name of the pty */
    char pty[64];           /* its real name */
    int pty_slave;          /* held open, so that the line lives while no master is there */
    struct serial serial;
    int64_t delay_us; /* each reply takes this long */
    int64_t retry_us; /* a tty that went away is tried again then */
    bool open;
    struct fault fault;
    struct link *links; /* TCP: one a connection; RTU: one */
    size_t n_links;
    struct device *units[256];
};

int listener_new(const char *id, struct listener **ret); /* 0 or -ENOMEM */
void listener_free(struct listener *listener);           /* closes too */

int listener_open(struct listener *listener); /* 0 or -errno */
/* Hangs up on everybody and stops listening; a pty disappears with its symlink. */
void listener_close(struct listener *listener);
/* Hangs up on everybody. An RTU line goes away and comes back at once, like a replugged USB adapter. */
void listener_drop(struct listener *listener);

/* Sends what is due, frees what was closed, reopens what was refused for a time or unplugged. */
void listener_tick(struct listener *listener, int64_t now_us);
int64_t listener_deadline(const struct listener *listener);

/* For listener_rtu.c and listener_tcp.c. */
int listener_open_tcp(struct listener *listener);
int listener_open_rtu(struct listener *listener);
void listener_close_rtu(struct listener *listener);
void listener_add_link(struct listener *listener, struct link *link);

#endif
