/* The last resort: a command is started, ended in time and told; nobody waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fallback.h"

#define WAIT_US (20 * SECOND_US)

static struct mailbox *core;
static struct fallback *fallback;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(mailbox_create(sizeof(struct core_message), 16, 4, &core), 0);
    assert_int_equal(fallback_create(core, &fallback), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(fallback_stop(fallback, 5000), 0);
    fallback_free(fallback);
    mailbox_free(core);
    return 0;
}

static struct core_message next(void)
{
    struct core_message message = {0};
    int64_t until_us = clock_boot_us() + WAIT_US;
    while (clock_boot_us() < until_us && !mailbox_take(core, &message))
        (void)mailbox_wait(core, -1, until_us);
    assert_int_equal(message.kind, CORE_FALLBACK);
    return message;
}

static struct fallback_call *make_call(const char *script, uint32_t timeout_ms)
{
    struct fallback_call *call = calloc(1, sizeof *call);
    assert_non_null(call);
    call->settings.n_arguments = 4;
    call->settings.timeout_ms = timeout_ms;
    snprintf(call->settings.arguments[0], 256, "/bin/sh");
    snprintf(call->settings.arguments[1], 256, "-c");
    snprintf(call->settings.arguments[2], 256, "%s", script);
    snprintf(call->settings.arguments[3], 256, "name; $(reboot)");
    snprintf(call->asset, sizeof call->asset, "tank-1");
    snprintf(call->occurrence, sizeof call->occurrence, "tank-1/warm@5");
    call->count = 3;
    snprintf(call->text, sizeof call->text, "Tank 1: too warm\nand two more\n");
    return call;
}

static struct core_message run(const char *script, uint32_t timeout_ms)
{
    assert_int_equal(fallback_run(fallback, make_call(script, timeout_ms)), 0);
    return next();
}

static void test_it_is_told_the_alarm(void **state)
{
    (void)state;
    struct core_message m =
        run("read line; echo \"$line/$CRYOMON_ASSET/$CRYOMON_COUNT/$CRYOMON_OCCURRENCE/$0/$HOME\"", 10000);
    assert_int_equal(m.fallback.error, 0);
    assert_int_equal(m.fallback.status, 0);
    assert_string_equal(m.fallback.occurrence, "tank-1/warm@5");
    assert_string_equal(m.fallback.detail, "Tank 1: too warm/tank-1/3/tank-1/warm@5/name; $(reboot)/ ");
}

static void test_nothing_of_ours_is_left_open(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* as a library would that does not close on exec */
    struct core_message m = run("ls /proc/self/fd | wc -l; grep -E 'SigBlk|SigIgn' /proc/self/status", 10000);
    close(fd);
    assert_non_null(strstr(m.fallback.detail, "SigBlk: 0000000000000000"));
    assert_true(strtol(m.fallback.detail, NULL, 10) <= 4); /* three, and the directory that ls reads */
}

static void test_it_fails(void **state)
{
    (void)state;
    struct core_message m = run("echo no carrier; exit 3", 10000);
    assert_int_equal(m.fallback.status, 3);
    assert_non_null(strstr(m.fallback.detail, "no carrier"));
    m = run("kill -9 $$", 10000);
    assert_int_equal(m.fallback.status, 128 + SIGKILL);
    struct fallback_call *call = make_call("", 1000);
    snprintf(call->settings.arguments[0], 256, "/no/such/program");
    assert_int_equal(fallback_run(fallback, call), 0);
    assert_int_equal(next().fallback.error, -ENOENT);
}

/* It ignores TERM, floods us, and has a child that holds its output open. */
static void test_it_hangs(void **state)
{
    (void)state;
    struct core_message m =
        run("trap '' TERM; sleep 1000 & while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", 200);
    assert_int_equal(m.fallback.error, -ETIMEDOUT);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(fallback_run(fallback, make_call("sleep 0.3", 10000)), 0);
    assert_int_equal(fallback_run(fallback, make_call("true", 10000)), -EBUSY);
    assert_int_equal(next().fallback.status, 0);
    assert_int_equal(run("true", 10000).fallback.status, 0);
}

/* ---------------------------------------------------------------- the relay */

static int listen_at(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void serve(int fd, unsigned char request[12], int lie)
{
    int peer = accept(fd, NULL, NULL);
    assert_int_equal(recv(peer, request, 12, MSG_WAITALL), 12);
    unsigned char reply[12];
    memcpy(reply, request, 12);
    if (lie >= 0)
        reply[lie] ^= 1;
    assert_int_equal(send(peer, reply, 12, 0), 12);
    close(peer);
}

static void test_only_the_echo_counts(void **state)
{
    (void)state;
    struct fallback_relay relay;
    unsigned char request[12];
    memset(&relay, 0, sizeof relay);
    int fd = listen_at(&relay.port);
    snprintf(relay.host, sizeof relay.host, "127.0.0.1");
    relay.enabled = relay.on = relay.coil = true;
    relay.unit = 7;
    relay.address = 0x0102;
    relay.value = 1;
    assert_int_equal(fallback_set_relay(fallback, &relay), 0);
    serve(fd, request, 1); /* another transaction: not for us */
    struct core_message m = next();
    assert_int_equal(m.fallback.part, FALLBACK_RELAY);
    assert_int_equal(m.fallback.error, -EBADMSG);
    serve(fd, request, -1); /* it tries again by itself */
    const unsigned char wanted[] = {0, 0, 0, 6, 7, 5, 1, 2, 0xFF, 0};
    assert_memory_equal(request + 2, wanted, sizeof wanted);
    m = next();
    assert_int_equal(m.fallback.error, 0);
    assert_true(m.fallback.on);
    relay.on = relay.coil = false;
    relay.value = 0x1234;
    assert_int_equal(fallback_set_relay(fallback, &relay), 0);
    serve(fd, request, -1);
    assert_int_equal(request[7], 6);
    assert_int_equal(request[10], 0x12);
    assert_false(next().fallback.on);
    close(fd);
}

/* The bus thread of the line, which is the test: what it is asked for, and what it says. */
static void serve_line(struct errand_write *ret, int error, const char *detail)
{
    int64_t until_us = clock_boot_us() + WAIT_US;
    while (!errand_take(fallback_errand(fallback), "/dev/ttyS9", ret)) {
        struct pollfd fd = {.fd = errand_fd(fallback_errand(fallback)), .events = POLLIN};
        assert_true(clock_boot_us() < until_us);
        (void)poll(&fd, 1, 100);
    }
    errand_done(fallback_errand(fallback), error, detail);
}

/* The line's only master is asked, again while that fails, and it is told what it said. */
static void test_relay_on_a_serial_line(void **state)
{
    (void)state;
    struct fallback_relay relay;
    struct errand_write write;
    memset(&relay, 0, sizeof relay);
    snprintf(relay.host, sizeof relay.host, "/dev/ttyS9");
    relay.enabled = relay.on = relay.coil = relay.serial = true;
    relay.unit = 7;
    relay.address = 5;
    relay.value = 1;
    assert_int_equal(fallback_set_relay(fallback, &relay), 0);
    serve_line(&write, -ECANCELED, ""); /* the bus is made anew: no failure */
    serve_line(&write, -ETIMEDOUT, "no reply when it was set");
    struct core_message m = next();
    assert_int_equal(m.fallback.part, FALLBACK_RELAY);
    assert_int_equal(m.fallback.error, -ETIMEDOUT);
    assert_string_equal(m.fallback.detail, "no reply when it was set");
    serve_line(&write, 0, "");
    assert_true(write.unit == 7 && write.coil && write.address == 5 && write.value == 1);
    assert_int_equal(next().fallback.error, 0);
    relay.on = relay.coil = false;
    relay.value = 0x1234;
    assert_int_equal(fallback_set_relay(fallback, &relay), 0);
    serve_line(&write, 0, "");
    assert_true(!write.coil && write.value == 0x1234);
    assert_false(next().fallback.on);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* as the daemon does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_told_the_alarm, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_of_ours_is_left_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_the_echo_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_relay_on_a_serial_line, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
