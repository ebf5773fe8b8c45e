/* link_visit.h - between the listener (link.c) and its visitors (link_visit.c). */
#ifndef CRYOMON_LINK_VISIT_H
#define CRYOMON_LINK_VISIT_H

#include <microhttpd.h>
#include <pthread.h>

#include "link.h"
#include "rate.h"

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

/* microhttpd's: a request goes on; a request has ended. user is the link. */
enum MHD_Result link_visit_request(void *user, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload, size_t *size,
                                   void **state);
void link_visit_end(void *user, struct MHD_Connection *connection, void **state,
                    enum MHD_RequestTerminationCode code);

/* What the caller has answered goes to whoever waits for it. */
void link_visit_answers(struct link *link);
/* Answers those that have waited too long, or all: it is not known. */
void link_visit_give_up(struct link *link, int64_t now_boot_us, bool all);
/* How long nothing needs to be done. */
int link_visit_idle_ms(struct link *link);

#endif
