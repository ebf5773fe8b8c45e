/*
 * Connecting while the name server hangs: it delays neither another bus nor the stop, and is not asked twice.
 * The resolver is replaced: it answers when the test lets it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus.h"
#include "clock.h"
#include "tcp_open.h"

#define TIMEOUT_MS 200

static sem_t may_answer, answered;
static atomic_int asked;

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret);

static int address(const char *host, const char *port, struct addrinfo **ret)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    return __real_getaddrinfo(host, port, &hints, ret);
}

/* slow: when the test says so. two: a black hole first, at 127.0.0.2, then the device. none: no such name. */
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return __real_getaddrinfo(host, port, hints, ret);
    atomic_fetch_add(&asked, 1);
    if (strcmp(host, "none") == 0)
        return EAI_NONAME;
    int result = address("127.0.0.1", port, ret);
    if (strcmp(host, "slow") == 0) {
        while (sem_wait(&may_answer) < 0)
            ;
        sem_post(&answered);
    }
    if (strcmp(host, "two") == 0) {
        struct addrinfo *second = *ret;
        result = address("127.0.0.2", port, ret);
        (*ret)->ai_next = second;
    }
    return result;
}

struct world {
    struct bus_config config;
    int listener, hole, fillers[4], stop_fd;
    struct lookup *lookup;
    char error[128];
};

static int listen_at(const char *where, uint16_t *port, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(inet_pton(AF_INET, where, &address.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->listener = listen_at("127.0.0.1", &w->config.port, 8);
    w->config.kind = BUS_TCP;
    w->config.connect_timeout_ms = TIMEOUT_MS;
    w->stop_fd = eventfd(0, EFD_CLOEXEC);
    w->hole = -1;
    atomic_store(&asked, 0);
    sem_init(&may_answer, 0, 0);
    sem_init(&answered, 0, 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    lookup_free(w->lookup);
    close(w->listener);
    close(w->stop_fd);
    for (size_t i = 0; w->hole >= 0 && i < 4; i++)
        close(w->fillers[i]);
    if (w->hole >= 0)
        close(w->hole);
    free(w);
    return 0;
}

static int open_it(struct world *w, const char *host)
{
    (void)snprintf(w->config.host, sizeof w->config.host, "%s", host);
    return tcp_open(&w->config, w->stop_fd, &w->lookup, w->error, sizeof w->error);
}

static void test_name_server_that_hangs(void **state)
{
    struct world *w = *state;
    int64_t begin_us = clock_boot_us();
    assert_int_equal(open_it(w, "slow"), -ETIMEDOUT);
    assert_true(clock_boot_us() - begin_us < 20 * TIMEOUT_MS * MS_US);
    assert_non_null(strstr(w->error, "\"slow\""));
    assert_int_equal(open_it(w, "slow"), -ETIMEDOUT);
    assert_int_equal(atomic_load(&asked), 1); /* once is enough */
    sem_post(&may_answer);
    sem_wait(&answered);
    w->config.connect_timeout_ms = 10000; /* now it comes: for a slow machine */
    int fd = open_it(w, "slow");
    assert_true(fd >= 0);
    assert_null(w->lookup);
    assert_int_equal(atomic_load(&asked), 1);
    close(fd);
}

static void test_stop_while_it_hangs(void **state)
{
    struct world *w = *state;
    w->config.connect_timeout_ms = 30000;
    assert_int_equal(eventfd_write(w->stop_fd, 1), 0);
    int64_t begin_us = clock_boot_us();
    assert_int_equal(open_it(w, "slow"), -ECANCELED);
    assert_true(clock_boot_us() - begin_us < 10 * SECOND_US);
    lookup_free(w->lookup); /* while the resolver is at it: what it still writes is its own */
    w->lookup = NULL;
    sem_post(&may_answer);
    sem_wait(&answered);
}

static void test_unknown_name(void **state)
{
    struct world *w = *state;
    w->config.connect_timeout_ms = 10000;
    assert_int_equal(open_it(w, "none"), -ENOENT);
    assert_non_null(strstr(w->error, "cannot resolve \"none\""));
    assert_null(w->lookup);
}

static void test_address_needs_no_resolver(void **state)
{
    struct world *w = *state;
    int fd = open_it(w, "127.0.0.1");
    assert_true(fd >= 0);
    close(fd);
    fd = open_it(w, "fe80::1%lo"); /* link-local: nobody is there, but it is an address */
    assert_true(fd < 0);
    assert_null(strstr(w->error, "resolve"));
    assert_int_equal(atomic_load(&asked), 0);
}

/* The first address swallows everything: it has half of the time, and the second one the rest. */
static void test_second_address_is_tried(void **state)
{
    struct world *w = *state;
    w->hole = listen_at("127.0.0.2", &w->config.port, 0);
    struct sockaddr_in hole = {.sin_family = AF_INET, .sin_port = htons(w->config.port)};
    assert_int_equal(inet_pton(AF_INET, "127.0.0.2", &hole.sin_addr), 1);
    for (size_t i = 0; i < 4; i++) {
        w->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(w->fillers[i], (struct sockaddr *)&hole, sizeof hole);
    }
    w->config.connect_timeout_ms = 2000;
    int fd = open_it(w, "two");
    assert_true(fd >= 0);
    close(fd);
}

/* A whole bus whose name server hangs for ever ends at once. */
static void test_bus_stops_in_a_look_up(void **state)
{
    struct world *w = *state;
    struct device_config device = {.unit = 1, .interval_ms = 100, .timeout_ms = 100, .max_registers = 125};
    struct point_config point = {.table = TABLE_HOLDING,
                                 .format = {.type = REG_U16, .scale_num = 1, .scale_den = 1}};
    struct config config = {.generation = 1,
                            .n_buses = 1,
                            .n_devices = 1,
                            .n_points = 1,
                            .buses = &w->config,
                            .devices = &device,
                            .points = &point};
    struct mailbox *core;
    struct heartbeats *heartbeats;
    struct bus *bus;
    atomic_init(&config.references, 100); /* it lives on this stack: never freed */
    (void)snprintf(w->config.host, sizeof w->config.host, "slow");
    w->config.connect_timeout_ms = 30000;
    assert_int_equal(mailbox_create(sizeof(struct core_message), 4096, 16, &core), 0);
    assert_int_equal(heartbeats_create(&heartbeats), 0);
    assert_int_equal(bus_create(&config, 0, core, heartbeats, &(struct bus_shared){0}, w->stop_fd, &bus), 0);
    while (atomic_load(&asked) == 0)
        usleep(1000);
    int64_t begin_us = clock_boot_us();
    assert_int_equal(eventfd_write(w->stop_fd, 1), 0);
    bus_free(bus);
    assert_true(clock_boot_us() - begin_us < 2 * SECOND_US);
    sem_post(&may_answer);
    sem_wait(&answered);
    mailbox_free(core);
    heartbeats_free(heartbeats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_name_server_that_hangs, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_stop_while_it_hangs, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_unknown_name, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_address_needs_no_resolver, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_second_address_is_tried, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_bus_stops_in_a_look_up, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
