#include "control.h"

#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS_MAX 16
#define SEND_WAIT_S 1 /* a client that does not read its answer is left */

struct client {
    struct source source; /* first */
    struct control *control;
    char line[COMMAND_MAX];
    size_t len;
};

struct control {
    struct source accept; /* first */
    struct world *world;
    struct sockaddr_un address;
    struct client *clients[CLIENTS_MAX];
};

static void hang_up(struct client *client)
{
    loop_drop(&client->control->world->loop, &client->source);
}

static bool send_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static bool answer(const struct client *client)
{
    char *text = NULL, *reply = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return false;
    int r = command_run(client->control->world, client->line, COMMAND_CONTROL, out);
    bool sent = false;
    if (fclose(out) == 0) {
        const char *status = r < 0 ? "error: " : len > 0 ? "ok " : "ok";
        int n = asprintf(&reply, "%s%s\n", status, text);
        sent = n > 0 && send_all(client->source.fd, reply, (size_t)n);
        if (n > 0)
            free(reply);
    }
    free(text);
    return sent;
}

static void client_ready(struct source *source, uint32_t events)
{
    (void)events;
    struct client *client = (struct client *)source;
    ssize_t n = recv(source->fd, client->line + client->len, sizeof client->line - client->len, MSG_DONTWAIT);
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            hang_up(client);
        return;
    }
    client->len += (size_t)n;
    char *end;
    while ((end = memchr(client->line, '\n', client->len)) != NULL) {
        *end = '\0';
        if (!answer(client)) {
            hang_up(client);
            return;
        }
        client->len -= (size_t)(end + 1 - client->line);
        memmove(client->line, end + 1, client->len);
    }
    if (client->len == sizeof client->line)
        hang_up(client); /* no command is that long */
}

static void accept_ready(struct source *source, uint32_t events)
{
    (void)events;
    struct control *control = (struct control *)source;
    /* Blocking, with a limit: answers are short and go to local programs. */
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct timeval limit = {.tv_sec = SEND_WAIT_S};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (control->clients[i] != NULL)
            continue;
        struct client *client = calloc(1, sizeof *client);
        if (client == NULL)
            break;
        client->source = (struct source){.fd = fd, .ready = client_ready};
        client->control = control;
        if (loop_watch(&control->world->loop, &client->source, EPOLLIN) < 0) {
            free(client);
            break;
        }
        control->clients[i] = client;
        return;
    }
    close(fd);
}

void control_tick(struct control *control)
{
    for (size_t i = 0; control != NULL && i < CLIENTS_MAX; i++) {
        if (control->clients[i] != NULL && control->clients[i]->source.fd < 0) {
            free(control->clients[i]);
            control->clients[i] = NULL;
        }
    }
}

static int claim(const struct sockaddr_un *address)
{
    struct stat there;
    if (lstat(address->sun_path, &there) < 0)
        return 0;
    if (!S_ISSOCK(there.st_mode))
        return -EEXIST;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    bool alive = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    close(fd);
    if (alive)
        return -EADDRINUSE;
    return unlink(address->sun_path) < 0 ? -errno : 0;
}

int control_open(struct world *world, const char *path, struct control **ret)
{
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL)
        return -ENOMEM;
    int r = -ENAMETOOLONG;
    int fd = -1;
    control->world = world;
    control->address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof control->address.sun_path)
        goto fail;
    memcpy(control->address.sun_path, path, strlen(path) + 1);
    r = claim(&control->address);
    if (r < 0)
        goto fail;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool bound =
        fd >= 0 && bind(fd, (const struct sockaddr *)&control->address, sizeof control->address) == 0;
    r = bound ? 0 : -errno;
    umask(mask);
    if (r == 0 && listen(fd, CLIENTS_MAX) < 0)
        r = -errno;
    control->accept = (struct source){.fd = fd, .ready = accept_ready};
    if (r == 0)
        r = loop_watch(&world->loop, &control->accept, EPOLLIN);
    if (r < 0) {
        if (bound)
            unlink(path);
        goto fail;
    }
    *ret = control;
    return 0;
fail:
    if (fd >= 0)
        close(fd);
    free(control);
    return r;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (control->clients[i] != NULL)
            hang_up(control->clients[i]);
    }
    control_tick(control);
    loop_drop(&control->world->loop, &control->accept);
    unlink(control->address.sun_path);
    free(control);
}
