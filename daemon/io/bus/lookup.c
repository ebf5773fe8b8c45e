#include "lookup.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)512 * 1024) /* the resolver's modules are not ours */

struct lookup {
    atomic_int references; /* the asker and the thread */
    int fd;
    char host[256];
    char port[8];
    atomic_bool done; /* the thread has written what follows, and won't touch it again */
    int error;
    struct addrinfo *addresses;
};

void lookup_free(struct lookup *lookup)
{
    if (lookup == NULL || atomic_fetch_sub(&lookup->references, 1) > 1)
        return;
    if (lookup->addresses != NULL)
        freeaddrinfo(lookup->addresses);
    close(lookup->fd);
    free(lookup);
}

static void *run(void *argument)
{
    struct lookup *lookup = argument;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
    lookup->error = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->addresses);
    atomic_store(&lookup->done, true);
    (void)eventfd_write(lookup->fd, 1);
    lookup_free(lookup);
    return NULL;
}

int lookup_start(const char *host, uint16_t port, struct lookup **ret)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    pthread_attr_t attributes;
    pthread_t thread;
    if (lookup == NULL)
        return -ENOMEM;
    atomic_init(&lookup->references, 2);
    (void)snprintf(lookup->host, sizeof lookup->host, "%s", host);
    (void)snprintf(lookup->port, sizeof lookup->port, "%u", port);
    lookup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lookup->fd < 0) {
        free(lookup);
        return -errno;
    }
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&thread, &attributes, run, lookup);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        close(lookup->fd);
        free(lookup);
        return -error;
    }
    *ret = lookup;
    return 0;
}

int lookup_fd(const struct lookup *lookup)
{
    return lookup->fd;
}

int lookup_take(struct lookup *lookup, struct addrinfo **ret)
{
    if (!atomic_load(&lookup->done))
        return EAI_AGAIN;
    if (lookup->error == 0) {
        *ret = lookup->addresses;
        lookup->addresses = NULL;
    }
    return lookup->error;
}
