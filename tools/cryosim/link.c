#include "link.h"

#include "listener.h"
#include "serve.h"
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUEUE_MAX  262144
#define SILENCE_US 20000 /* on RTU, a gap this long ends a frame; more than t3.5 at 2400 baud */

static void drop_queue(struct link *link)
{
    while (link->out != NULL) {
        struct chunk *next = link->out->next;
        free(link->out);
        link->out = next;
    }
    link->n_out = 0;
}

void link_free(struct link *link)
{
    if (link == NULL)
        return;
    drop_queue(link);
    free(link);
}

void link_hang_up(struct link *link, bool reset)
{
    if (reset && !link->rtu) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(link->source.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    loop_drop(&link->listener->world->loop, &link->source);
    drop_queue(link);
}

static void flush(struct link *link, int64_t now_us)
{
    while (link->source.fd >= 0 && link->writable && link->out != NULL && link->out->due_us <= now_us) {
        struct chunk *chunk = link->out;
        ssize_t n = write(link->source.fd, chunk->bytes + chunk->sent, chunk->len - chunk->sent);
        if (n < 0 && errno == EAGAIN) {
            link->writable = false;
            loop_change(&link->listener->world->loop, &link->source, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0) {
            if (errno != EINTR)
                link_hang_up(link, false);
            continue;
        }
        chunk->sent += (size_t)n;
        if (chunk->sent == chunk->len) {
            link->out = chunk->next;
            link->n_out -= chunk->len;
            free(chunk);
        }
    }
}

void link_send(struct link *link, const uint8_t *bytes, size_t len, int64_t due_us)
{
    if (link->source.fd < 0 || len == 0)
        return;
    if (link->n_out + len > QUEUE_MAX) { /* nobody reads */
        if (link->rtu)
            drop_queue(link);
        else
            link_hang_up(link, true);
        return;
    }
    struct chunk *chunk = malloc(sizeof *chunk + len);
    if (chunk == NULL)
        return; /* a lost reply is what masters must live with */
    *chunk = (struct chunk){.due_us = due_us, .len = len};
    memcpy(chunk->bytes, bytes, len);
    struct chunk **place = &link->out;
    while (*place != NULL && ((*place)->due_us <= due_us || (*place)->sent > 0))
        place = &(*place)->next;
    chunk->next = *place;
    *place = chunk;
    link->n_out += len;
    flush(link, world_now_us());
}

/* Serves each whole request in the buffer. */
static void take_requests(struct link *link)
{
    while (link->source.fd >= 0 && link->n_in > 0) {
        struct request request;
        size_t used = 0;
        int r = link->rtu ? wire_parse_rtu(link->in, link->n_in, &request, &used)
                          : wire_parse_tcp(link->in, link->n_in, &request, &used);
        if (r == 0)
            return;
        if (r < 0) {
            if (!link->rtu)
                link_hang_up(link, false);
            return; /* RTU: link_tick forgets it after silence */
        }
        link->n_in -= used;
        memmove(link->in, link->in + used, link->n_in);
        serve_request(link, &request);
    }
}

static void link_ready(struct source *source, uint32_t events)
{
    struct link *link = (struct link *)source;
    struct world *world = link->listener->world;
    if ((events & EPOLLOUT) != 0) {
        link->writable = true;
        loop_change(&world->loop, source, EPOLLIN);
        flush(link, world_now_us());
    }
    if (source->fd < 0 || (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
        return;
    if (link->n_in == sizeof link->in)
        link->n_in = 0; /* only garbage fills it */
    ssize_t n = read(source->fd, link->in + link->n_in, sizeof link->in - link->n_in);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            link_hang_up(link, false);
        return;
    }
    link->n_in += (size_t)n;
    link->heard_us = world_now_us();
    take_requests(link);
}

void link_tick(struct link *link, int64_t now_us)
{
    flush(link, now_us);
    if (link->rtu && link->n_in > 0 && now_us - link->heard_us >= SILENCE_US)
        link->n_in = 0;
}

int64_t link_deadline(const struct link *link)
{
    int64_t deadline = INT64_MAX;
    if (link->source.fd < 0)
        return deadline;
    if (link->out != NULL && link->writable)
        deadline = link->out->due_us;
    if (link->rtu && link->n_in > 0 && link->heard_us + SILENCE_US < deadline)
        deadline = link->heard_us + SILENCE_US;
    return deadline;
}

int link_open(struct listener *listener, bool rtu, int fd, struct link **ret)
{
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        close(fd);
        return -ENOMEM;
    }
    link->source = (struct source){.fd = fd, .ready = link_ready};
    link->listener = listener;
    link->rtu = rtu;
    link->writable = true;
    int r = loop_watch(&listener->world->loop, &link->source, EPOLLIN);
    if (r < 0) {
        close(fd);
        free(link);
        return r;
    }
    *ret = link;
    return 0;
}
