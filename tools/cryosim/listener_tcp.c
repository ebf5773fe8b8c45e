#include "listener.h"

#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINKS_MAX 1024

static void accept_ready(struct source *source, uint32_t events)
{
    (void)events;
    struct listener *listener = (struct listener *)source;
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* drip must drip */
    struct link *link;
    if (listener->n_links >= LINKS_MAX)
        close(fd);
    else if (link_open(listener, false, fd, &link) == 0)
        listener_add_link(listener, link);
}

static int bind_listen(int fd, const struct addrinfo *where)
{
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, where->ai_addr, where->ai_addrlen) < 0 || listen(fd, 128) < 0)
        return -errno;
    return 0;
}

static int bound_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } name = {.room = {0}};
    socklen_t len = sizeof name;
    if (getsockname(fd, &name.any, &len) < 0)
        return -errno;
    return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

int listener_open_tcp(struct listener *listener)
{
    char port[8];
    snprintf(port, sizeof port, "%d", listener->port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *where = NULL;
    if (getaddrinfo(listener->address, port, &hints, &where) != 0)
        return -EINVAL;
    int r;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        r = -errno;
        goto fail;
    }
    r = bind_listen(fd, where);
    if (r < 0)
        goto fail;
    r = bound_port(fd);
    if (r < 0)
        goto fail;
    int actual = r;
    listener->accept = (struct source){.fd = fd, .ready = accept_ready};
    r = loop_watch(&listener->world->loop, &listener->accept, EPOLLIN);
    if (r < 0) {
        listener->accept.fd = -1;
        goto fail;
    }
    listener->port = actual;
    freeaddrinfo(where);
    return 0;
fail:
    if (fd >= 0)
        close(fd);
    freeaddrinfo(where);
    return r;
}
