#include "listener.h"

#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define RETRY_US 1000000

int listener_new(const char *id, struct listener **ret)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return -ENOMEM;
    snprintf(listener->id, sizeof listener->id, "%s", id);
    listener->accept.fd = -1;
    listener->pty_slave = -1;
    listener->serial = (struct serial){.baud = 9600, .parity = 'N', .data_bits = 8, .stop_bits = 1};
    *ret = listener;
    return 0;
}

void listener_add_link(struct listener *listener, struct link *link)
{
    link->next = listener->links;
    listener->links = link;
    listener->n_links++;
}

static void sweep(struct listener *listener)
{
    struct link **place = &listener->links;
    while (*place != NULL) {
        struct link *link = *place;
        if (link->source.fd >= 0) {
            place = &link->next;
            continue;
        }
        *place = link->next;
        listener->n_links--;
        link_free(link);
    }
}

void listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    listener_close(listener);
    sweep(listener);
    free(listener);
}

int listener_open(struct listener *listener)
{
    int r = listener->rtu ? listener_open_rtu(listener) : listener_open_tcp(listener);
    if (r < 0)
        return r;
    listener->open = true;
    return 0;
}

static void hang_up_all(struct listener *listener)
{
    for (struct link *link = listener->links; link != NULL; link = link->next) {
        if (link->source.fd >= 0)
            link_hang_up(link, true);
    }
}

void listener_close(struct listener *listener)
{
    if (!listener->open)
        return;
    listener->open = false;
    if (listener->rtu)
        listener_close_rtu(listener); /* before the hang-up, so that nobody reopens the old pty */
    else
        loop_drop(&listener->world->loop, &listener->accept);
    hang_up_all(listener);
}

void listener_drop(struct listener *listener)
{
    if (!listener->rtu) {
        hang_up_all(listener);
        return;
    }
    listener_close(listener);
    listener->retry_us = 0; /* the next tick reopens it */
}

void listener_tick(struct listener *listener, int64_t now_us)
{
    for (struct link *link = listener->links; link != NULL; link = link->next)
        link_tick(link, now_us);
    sweep(listener);
    bool refusing = listener->fault.kind == FAULT_REFUSE;
    if (refusing && listener->open) {
        listener_close(listener);
    } else if (listener->open && listener->rtu && listener->links == NULL) {
        listener_close(listener); /* the tty went away under us */
        listener->retry_us = now_us + RETRY_US;
    } else if (!refusing && !listener->open && now_us >= listener->retry_us) {
        if (listener_open(listener) < 0)
            listener->retry_us = now_us + RETRY_US;
    }
}

int64_t listener_deadline(const struct listener *listener)
{
    int64_t deadline = INT64_MAX;
    for (const struct link *link = listener->links; link != NULL; link = link->next) {
        int64_t one = link_deadline(link);
        if (one < deadline)
            deadline = one;
    }
    return deadline;
}
