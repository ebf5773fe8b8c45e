#include "control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int control_client_open(struct control_client *c, int fd, const struct control_peer *peer, int64_t now_us)
{
    char *in = malloc(CONTROL_CALL_MAX);
    if (in == NULL) {
        close(fd);
        return -ENOMEM;
    }
    *c = (struct control_client){.fd = fd, .peer = *peer, .in = in, .active_us = now_us};
    return 0;
}

void control_client_close(struct control_client *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    free(c->in);
    control_reply_unref(c->out);
    *c = (struct control_client){.fd = -1};
}

bool control_client_read(struct control_client *c, int64_t now_us)
{
    if (c->eof || c->in_len == CONTROL_CALL_MAX)
        return true;
    ssize_t n = recv(c->fd, c->in + c->in_len, CONTROL_CALL_MAX - c->in_len, MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
        c->eof = true;
        return true;
    }
    if (c->in_len == 0)
        c->in_since_us = now_us;
    c->in_len += (size_t)n;
    c->active_us = now_us;
    return true;
}

const char *control_client_message(const struct control_client *c, size_t *ret_len)
{
    const char *end = memchr(c->in, '\0', c->in_len);
    if (end == NULL)
        return NULL;
    *ret_len = (size_t)(end - c->in);
    return c->in;
}

void control_client_consume(struct control_client *c, int64_t now_us)
{
    size_t len;
    if (control_client_message(c, &len) == NULL)
        return;
    c->in_len -= len + 1;
    memmove(c->in, c->in + len + 1, c->in_len);
    c->in_since_us = now_us;
}

bool control_client_too_long(const struct control_client *c)
{
    return c->in_len == CONTROL_CALL_MAX && memchr(c->in, '\0', c->in_len) == NULL;
}

void control_client_reply(struct control_client *c, struct control_reply *reply, int64_t now_us)
{
    if (reply == NULL || c->out != NULL) { /* the second can't be: a call begins only when out is NULL */
        control_reply_unref(reply);
        control_client_close(c);
        return;
    }
    c->out = reply;
    c->out_sent = 0;
    c->out_since_us = now_us;
    control_client_flush(c, now_us);
}

void control_client_flush(struct control_client *c, int64_t now_us)
{
    while (c->out != NULL) {
        ssize_t n =
            send(c->fd, c->out->text + c->out_sent, c->out->len - c->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            control_client_close(c);
            return;
        }
        c->active_us = now_us;
        c->out_sent += (size_t)n;
        if (c->out_sent == c->out->len) {
            control_reply_unref(c->out);
            c->out = NULL;
        }
    }
    if (c->closing)
        control_client_close(c);
}

bool control_client_idle(const struct control_client *c)
{
    return c->wait == CONTROL_WAIT_NOTHING && c->out == NULL && c->in_len == 0;
}
