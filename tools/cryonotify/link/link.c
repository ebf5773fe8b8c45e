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
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "link_internal.h"
#include "page.h"
#include "rate.h"

#define ANSWER_US        (10 * SECOND_US) /* for the caller */
#define IDLE_S           15u              /* a connection that says nothing */
#define MEMORY_PER_VISIT ((size_t)16384)  /* request line and headers must fit in it */
#define BODY_MAX         4096             /* our form sends none */
#define PEM_MAX          65536
#define ANSWERS          64
#define POLL_MAX_MS      1000

/* One request. Lives from its first line to its end. */
struct visit {
    struct visit *next; /* in link.waiting */
    struct MHD_Connection *connection;
    uint64_t ask; /* 0: nothing was asked yet */
    int64_t deadline_boot_us;
    size_t body;
    bool too_many, waiting, answered;
    enum page_kind kind; /* once answered */
    struct link_reply reply;
};

struct link {
    struct link_config config;
    const struct link_key *key;
    struct mailbox *asks, *answers;
    struct MHD_Daemon *daemon;
    char *certificate, *private_key;
    uint16_t port;
    int epoll_fd, stop_fd;
    pthread_t thread;
    bool has_thread;
    /* of the thread */
    struct visit *waiting;
    uint64_t last_ask;
    struct rate rate;
};

/* ---------------------------------------------------------------- answering */

static const struct sockaddr *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info != NULL ? info->client_addr : NULL;
}

static void print_peer(struct MHD_Connection *connection, char *text, size_t cap)
{
    const struct sockaddr *peer = peer_of(connection);
    const void *address = NULL;

    text[0] = '\0';
    if (peer == NULL)
        return;
    if (peer->sa_family == AF_INET)
        address = &((const struct sockaddr_in *)(const void *)peer)->sin_addr;
    else
        address = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    (void)inet_ntop(peer->sa_family, address, text, (socklen_t)cap);
}

static void add_headers(struct MHD_Response *response, const char *nonce, const char *language)
{
    char policy[200];
    const char *const headers[][2] = {
        {"Content-Type", "text/html; charset=utf-8"},
        {"Content-Language", language},
        {"Cache-Control", "no-store"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"X-Robots-Tag", "noindex, nofollow"},
        {"Content-Security-Policy", policy},
        {"Connection", "close"},
    };

    (void)snprintf(policy, sizeof policy,
                   "default-src 'none'; style-src 'nonce-%s'; form-action 'self'; frame-ancestors 'none'; "
                   "base-uri 'none'",
                   nonce);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

static enum MHD_Result show(struct link *link, struct MHD_Connection *connection, enum page_kind kind,
                            const struct link_reply *reply)
{
    unsigned char random[16];
    char nonce[sodium_base64_ENCODED_LEN(sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];

    randombytes_buf(random, sizeof random);
    sodium_bin2base64(nonce, sizeof nonce, random, sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *html = page_make(kind, &link->config, reply, nonce);
    if (html == NULL)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(html), html, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(html);
        return MHD_NO;
    }
    add_headers(response, nonce, page_language(kind, reply));
    if (kind == PAGE_REFUSED)
        (void)MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
    if (kind == PAGE_TOO_MANY)
        (void)MHD_add_response_header(response, "Retry-After", "60");
    enum MHD_Result result = MHD_queue_response(connection, page_status(kind), response);
    MHD_destroy_response(response);
    return result;
}

/* ---------------------------------------------------------------- visits that wait for the caller */

static void stop_waiting(struct link *link, struct visit *visit)
{
    for (struct visit **p = &link->waiting; *p != NULL; p = &(*p)->next)
        if (*p == visit) {
            *p = visit->next;
            break;
        }
    visit->waiting = false;
}

static void answer(struct link *link, struct visit *visit, enum page_kind kind,
                   const struct link_reply *reply)
{
    stop_waiting(link, visit);
    visit->answered = true;
    visit->kind = kind;
    if (reply != NULL)
        visit->reply = *reply;
    MHD_resume_connection(visit->connection);
}

static void take_answers(struct link *link)
{
    struct link_reply reply;

    while (mailbox_take(link->answers, &reply))
        for (struct visit *v = link->waiting; v != NULL; v = v->next)
            if (v->ask == reply.ask) { /* else it has gone, or its time was up */
                answer(link, v, PAGE_REPLY, &reply);
                break;
            }
}

/* Answers those that have waited too long, or all. */
static void give_up(struct link *link, int64_t now_boot_us, bool all)
{
    struct visit *next = NULL;

    for (struct visit *v = link->waiting; v != NULL; v = next) {
        next = v->next;
        if (all || v->deadline_boot_us <= now_boot_us)
            answer(link, v, PAGE_UNKNOWN, NULL);
    }
}

/* How long nothing needs to be done. */
static int idle_ms(struct link *link)
{
    MHD_UNSIGNED_LONG_LONG wanted_ms = POLL_MAX_MS;
    int64_t idle_us = POLL_MAX_MS * MS_US;
    int64_t now_us = clock_boot_us();

    if (MHD_get_timeout(link->daemon, &wanted_ms) == MHD_YES && wanted_ms < POLL_MAX_MS)
        idle_us = (int64_t)wanted_ms * MS_US;
    for (const struct visit *v = link->waiting; v != NULL; v = v->next)
        if (v->deadline_boot_us - now_us < idle_us)
            idle_us = v->deadline_boot_us - now_us;
    return idle_us > 0 ? (int)((idle_us + MS_US - 1) / MS_US) : 0;
}

/* Asks the caller, and waits. */
static enum MHD_Result ask(struct link *link, struct visit *visit, bool confirm,
                           const struct link_claim *claim, const char *token_id)
{
    struct link_ask question = {
        .id = link->last_ask + 1, .question = confirm ? LINK_CONFIRM : LINK_SHOW, .claim = *claim};

    (void)snprintf(question.token_id, sizeof question.token_id, "%s", token_id);
    print_peer(visit->connection, question.from, sizeof question.from);
    if (mailbox_post(link->asks, MAILBOX_ORDINARY, &question) < 0)
        return show(link, visit->connection, PAGE_BUSY, NULL);
    visit->ask = ++link->last_ask;
    visit->deadline_boot_us = clock_boot_us() + ANSWER_US;
    visit->waiting = true;
    visit->next = link->waiting;
    link->waiting = visit;
    MHD_suspend_connection(visit->connection);
    return MHD_YES;
}

/* ---------------------------------------------------------------- requests */

/* What stands behind the last "/a/": a proxy may have put a path before it. NULL: nothing. */
static const char *token_of(const char *url)
{
    const char *found = NULL;

    for (const char *p = strstr(url, "/a/"); p != NULL; p = strstr(p + 1, "/a/"))
        found = p + 3;
    return found;
}

static enum MHD_Result serve(struct link *link, struct visit *visit, const char *url, bool confirm)
{
    const char *token = token_of(url);
    struct link_claim claim;
    char id[LINK_TOKEN_ID_MAX];

    if (visit->answered)
        return show(link, visit->connection, visit->kind, &visit->reply);
    if (token == NULL)
        return show(link, visit->connection, PAGE_NOT_FOUND, NULL);
    int error = link_token_open(link->key, token, clock_now().utc_us, &claim, id);
    if (error < 0)
        return show(link, visit->connection, error == -ESTALE ? PAGE_EXPIRED : PAGE_INVALID, NULL);
    return ask(link, visit, confirm, &claim, id);
}

static struct visit *begin(struct link *link, struct MHD_Connection *connection)
{
    const struct sockaddr *peer = peer_of(connection);
    struct visit *visit = calloc(1, sizeof *visit);

    if (visit == NULL)
        return NULL;
    visit->connection = connection;
    visit->too_many =
        peer == NULL || !rate_allow(&link->rate, peer, link->config.per_minute, clock_boot_us());
    return visit;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload, size_t *size,
                                  void **state)
{
    struct link *link = user;
    struct visit *visit = *state;
    bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

    (void)version;
    (void)upload;
    if (visit == NULL) {
        *state = begin(link, connection);
        return *state != NULL ? MHD_YES : MHD_NO;
    }
    if (*size > 0) { /* a body: there is nothing in it that we want */
        visit->body += *size;
        *size = 0;
        return visit->body <= BODY_MAX ? MHD_YES : MHD_NO;
    }
    if (visit->too_many)
        return show(link, connection, PAGE_TOO_MANY, NULL);
    if (!get && !post)
        return show(link, connection, PAGE_REFUSED, NULL);
    return serve(link, visit, url, post);
}

static void on_end(void *user, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode code)
{
    struct visit *visit = *state;

    (void)connection;
    (void)code;
    if (visit != NULL && visit->waiting)
        stop_waiting(user, visit);
    free(visit);
    *state = NULL;
}

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
        (void)poll(fds, 3, idle_ms(link));
        if ((fds[2].revents & POLLIN) != 0)
            break;
        take_answers(link);
        (void)give_up(link, clock_boot_us(), false);
        (void)MHD_run(link->daemon); /* also goes on with those that were just answered */
    }
    (void)give_up(link, 0, true);
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
        NULL, on_request, link, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)config->connections, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_PER_VISIT, MHD_OPTION_NOTIFY_COMPLETED, on_end, link,
        MHD_OPTION_ARRAY, tls ? tls_options : tls_options + 3, MHD_OPTION_END);
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
