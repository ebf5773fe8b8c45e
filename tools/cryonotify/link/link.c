/* link.c - the listener: its sockets, its thread, its end. What visitors ask is in link_visit.c. */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "link_visit.h"

#define IDLE_S           15u             /* a connection that says nothing */
#define MEMORY_PER_VISIT ((size_t)16384) /* request line and headers must fit in it */
#define PEM_MAX          65536
#define ANSWERS          64

static void on_log(void *user, const char *format, va_list args)
{
    (void)user; /* what a stranger sends is no line of our log */
    (void)format;
    (void)args;
}

/* ---------------------------------------------------------------- the thread */

static void *work(void *argument)
{
    struct link *link = argument;

    for (;;) {
        struct pollfd fds[] = {
            {link->epoll_fd, POLLIN, 0}, {mailbox_fd(link->answers), POLLIN, 0}, {link->stop_fd, POLLIN, 0}};
        (void)poll(fds, 3, link_visit_idle_ms(link));
        if ((fds[2].revents & POLLIN) != 0)
            break;
        link_visit_answers(link);
        link_visit_give_up(link, clock_boot_us(), false);
        (void)MHD_run(link->daemon); /* also goes on with those that were just answered */
    }
    link_visit_answers(link); /* those that were given before the end */
    link_visit_give_up(link, 0, true);
    (void)MHD_run(link->daemon);
    return NULL;
}

static int start_thread(struct link *link)
{
    sigset_t all, old;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old); /* SIGPIPE too */
    int error = pthread_create(&link->thread, NULL, work, link);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    link->has_thread = error == 0;
    return -error;
}

/* ---------------------------------------------------------------- opening */

static int bind_socket(struct link *link, int *ret_fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    bool v6 = strchr(link->config.address, ':') != NULL;
    socklen_t len = v6 ? sizeof address.v6 : sizeof address.v4;
    int on = 1, result = 0;

    address.any.sa_family = v6 ? AF_INET6 : AF_INET;
    *(v6 ? &address.v6.sin6_port : &address.v4.sin_port) = htons(link->config.port);
    if (inet_pton(address.any.sa_family, link->config.address,
                  v6 ? (void *)&address.v6.sin6_addr : (void *)&address.v4.sin_addr) != 1)
        return -EINVAL;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 || bind(fd, &address.any, len) < 0 ||
        listen(fd, 64) < 0 || getsockname(fd, &address.any, &len) < 0)
        result = -errno;
    if (result < 0) {
        close(fd);
        return result;
    }
    link->port = ntohs(v6 ? address.v6.sin6_port : address.v4.sin_port);
    *ret_fd = fd;
    return 0;
}

static int read_pem(const char *path, char **ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = fd >= 0 ? calloc(1, PEM_MAX + 1) : NULL;
    ssize_t n = text != NULL ? read(fd, text, PEM_MAX) : -1;
    int result = n < 0 ? -errno : n == 0 || n == PEM_MAX ? -EINVAL : 0;

    if (fd >= 0)
        close(fd);
    if (result < 0) {
        free(text);
        return result;
    }
    *ret = text;
    return 0;
}

static int start_daemon(struct link *link, int fd)
{
    const struct link_config *config = &link->config;
    bool tls = link->certificate != NULL;
    char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct MHD_OptionItem tls_options[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, link->certificate},
                                           {MHD_OPTION_HTTPS_MEM_KEY, 0, link->private_key},
                                           {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
                                           {MHD_OPTION_END, 0, NULL}};

    /* No internal thread: ours waits for answers too. MHD_USE_ERROR_LOG with a logger that says nothing,
     * because without one it writes to stderr. */
    link->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0U), 0, NULL,
        NULL, link_visit_request, link, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->connections, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_PER_VISIT, MHD_OPTION_NOTIFY_COMPLETED, link_visit_end,
        link, MHD_OPTION_ARRAY, tls ? tls_options : tls_options + 3, MHD_OPTION_END);
    if (link->daemon == NULL)
        return -EPROTO;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(link->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return -EPROTO;
    link->epoll_fd = info->epoll_fd;
    return 0;
}

static int open_all(struct link *link, const char **ret_what)
{
    int fd = -1;

    *ret_what = "no memory";
    int error = mailbox_create(sizeof(struct link_reply), ANSWERS, 0, &link->answers);
    if (error < 0)
        return error;
    link->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->stop_fd < 0)
        return -errno;
    *ret_what = link->config.certificate_file;
    if (link->config.certificate_file[0] != '\0')
        error = read_pem(link->config.certificate_file, &link->certificate);
    if (error < 0)
        return error;
    *ret_what = link->config.key_file;
    if (link->config.key_file[0] != '\0')
        error = read_pem(link->config.key_file, &link->private_key);
    if (error < 0)
        return error;
    *ret_what = link->config.address;
    error = bind_socket(link, &fd);
    if (error < 0)
        return error;
    *ret_what = link->certificate != NULL
                    ? "the web server does not start: do certificate and key belong together?"
                    : "the web server does not start";
    error = start_daemon(link, fd);
    if (error < 0) {
        if (link->daemon == NULL)
            close(fd);
        return error;
    }
    *ret_what = "no thread";
    return start_thread(link);
}

int link_open(const struct link_config *config, const struct link_key *key, struct mailbox *asks,
              struct link **ret, char *error, size_t cap)
{
    const char *what = "no memory";
    struct link *link = calloc(1, sizeof *link);

    if (link == NULL) {
        (void)snprintf(error, cap, "%s", what);
        return -ENOMEM;
    }
    link->config = *config;
    link->key = key;
    link->asks = asks;
    link->stop_fd = link->epoll_fd = -1;
    int result = open_all(link, &what);
    if (result < 0) {
        (void)snprintf(error, cap, "%.200s: %s", what, strerrordesc_np(-result));
        link_free(link);
        return result;
    }
    *ret = link;
    return 0;
}

int link_answer(struct link *link, const struct link_reply *reply)
{
    return mailbox_post(link->answers, MAILBOX_ORDINARY, reply);
}

uint16_t link_port(const struct link *link)
{
    return link->port;
}

void link_free(struct link *link)
{
    uint64_t one = 1;

    if (link == NULL)
        return;
    if (link->has_thread) {
        ssize_t n = write(link->stop_fd, &one, sizeof one);
        (void)n; /* an eventfd that is full is readable already */
        (void)pthread_join(link->thread, NULL);
    }
    if (link->daemon != NULL)
        MHD_stop_daemon(link->daemon); /* closes the socket too */
    if (link->stop_fd >= 0)
        close(link->stop_fd);
    if (link->private_key != NULL)
        sodium_memzero(link->private_key, strlen(link->private_key));
    free(link->certificate);
    free(link->private_key);
    mailbox_free(link->answers);
    free(link);
}
