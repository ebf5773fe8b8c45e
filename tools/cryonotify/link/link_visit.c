/* link_visit.c - what visitors ask, and what they are shown. All of it runs on the listener's thread. */
#include "link_visit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "link_internal.h"
#include "page.h"

#define ANSWER_US   (10 * SECOND_US) /* for the caller */
#define BODY_MAX    4096             /* our form sends none */
#define POLL_MAX_MS 1000

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

void link_visit_answers(struct link *link)
{
    struct link_reply reply;

    while (mailbox_take(link->answers, &reply))
        for (struct visit *v = link->waiting; v != NULL; v = v->next)
            if (v->ask == reply.ask) { /* else it has gone, or its time was up */
                answer(link, v, PAGE_REPLY, &reply);
                break;
            }
}

void link_visit_give_up(struct link *link, int64_t now_boot_us, bool all)
{
    struct visit *next = NULL;

    for (struct visit *v = link->waiting; v != NULL; v = next) {
        next = v->next;
        if (all || v->deadline_boot_us <= now_boot_us)
            answer(link, v, PAGE_UNKNOWN, NULL);
    }
}

int link_visit_idle_ms(struct link *link)
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

enum MHD_Result link_visit_request(void *user, struct MHD_Connection *connection, const char *url,
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

void link_visit_end(void *user, struct MHD_Connection *connection, void **state,
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
