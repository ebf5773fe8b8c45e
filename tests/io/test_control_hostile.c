/* Callers that mean no good, or are broken, cost themselves only; and those who may not, can't. */
#include "control_fixture.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define STATUS   "{\"method\":\"io.cryomon.Monitor.Status\"}"
#define GET_INFO "{\"method\":\"org.varlink.service.GetInfo\"}"

#define NOBODY 65534

/* An ordinary caller is served as if nothing were wrong. */
static void assert_serves(const struct fixture *f)
{
    json_t *reply = caller_call(f, STATUS);
    assert_non_null(reply);
    assert_string_equal(reply_error(reply), "");
    json_decref(reply);
}

static void test_garbage(void **state)
{
    (void)state;
    static const char *const garbage[] = {"",
                                          "hello",
                                          "[1,2]",
                                          "{}",
                                          "{\"method\":7}",
                                          "{\"method\":\"\"}",
                                          "{\"method\":\"a.b\",\"parameters\":[]}",
                                          "{\"method\":\"a.b\",\"oneway\":1}",
                                          "{\"method\":\"a.b\",\"method\":\"c.d\"}",
                                          "{\"method\":\"a.b\"",
                                          "{\"method\":\"a.\xff\xfe\"}",
                                          "\x01\x02\x03\x04",
                                          "GET / HTTP/1.1\r\n\r\n"};
    struct fixture f;
    fixture_open(&f, 1, NULL);
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        int fd = caller_connect(&f);
        caller_send(fd, garbage[i]);
        json_t *reply = caller_receive(fd, NULL, 0);
        assert_string_equal(reply_error(reply), "org.varlink.service.InvalidParameter");
        json_decref(reply);
        assert_true(caller_sees_end(fd));
        close(fd);
    }
    assert_serves(&f);
    fixture_close(&f);
}

static void test_deep_nesting(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    char *text = malloc(CONTROL_CALL_MAX);
    memset(text, '[', CONTROL_CALL_MAX - 1);
    text[CONTROL_CALL_MAX - 1] = '\0';
    json_t *reply = caller_call(&f, text);
    assert_string_equal(reply_error(reply), "org.varlink.service.InvalidParameter");
    json_decref(reply);
    free(text);
    assert_serves(&f);
    fixture_close(&f);
}

/* A call of exactly CONTROL_CALL_MAX bytes with its NUL is taken; one byte more is not. */
static void test_message_size(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    for (size_t extra = 0; extra < 2; extra++) {
        size_t len = CONTROL_CALL_MAX + extra;
        char *text = malloc(len);
        memset(text, ' ', len);
        memcpy(text, GET_INFO, sizeof GET_INFO - 1);
        text[len - 1] = '\0';
        int fd = caller_connect(&f);
        caller_send_bytes(fd, text, len);
        json_t *reply = caller_receive(fd, NULL, 0);
        assert_string_equal(reply_error(reply), extra == 0 ? "" : "org.varlink.service.InvalidParameter");
        json_decref(reply);
        if (extra > 0)
            assert_true(caller_sees_end(fd));
        close(fd);
        free(text);
    }
    assert_serves(&f);
    fixture_close(&f);
}

static void test_half_messages(void **state)
{
    (void)state;
    struct fixture f;
    struct control_limits limits = control_limits_default;
    limits.message_ms = 100;
    fixture_open(&f, 1, &limits);
    int half = caller_connect(&f);
    caller_send_bytes(half, STATUS, 10);
    int gone = caller_connect(&f);
    caller_send_bytes(gone, STATUS, 10);
    close(gone);
    assert_serves(&f);
    assert_true(caller_sees_end(half)); /* dropped after message_ms */
    close(half);
    /* A whole call sent long after connecting is nothing of the kind. */
    int late = caller_connect(&f);
    struct pollfd never = {.fd = late, .events = POLLIN};
    assert_int_equal(poll(&never, 1, 300), 0);
    caller_send(late, GET_INFO);
    json_t *reply = caller_receive(late, NULL, 0);
    assert_string_equal(reply_error(reply), "");
    json_decref(reply);
    close(late);
    fixture_close(&f);
}

static void test_forty_connections(void **state)
{
    (void)state;
    struct fixture f;
    struct control_limits limits = control_limits_default;
    limits.idle_ms = 600000;
    fixture_open(&f, 1, &limits);
    int fds[40];
    unsigned served = 0, refused = 0;
    for (int i = 0; i < 40; i++)
        fds[i] = caller_connect(&f);
    for (int i = 0; i < 40; i++) {
        caller_send(fds[i], GET_INFO);
        json_t *reply = caller_receive(fds[i], NULL, 0);
        assert_non_null(reply);
        if (reply_error(reply)[0] == '\0') {
            served++;
        } else {
            assert_string_equal(reply_error(reply), "io.cryomon.Monitor.Busy");
            refused++;
        }
        json_decref(reply);
    }
    assert_int_equal(served, CONTROL_CLIENTS_MAX);
    assert_int_equal(refused, 40 - CONTROL_CLIENTS_MAX);
    for (int i = 0; i < 40; i++)
        close(fds[i]);
    assert_serves(&f);
    fixture_close(&f);
}

/* Connections that sleep don't lock an operator out. */
static void test_sleepers_give_way(void **state)
{
    (void)state;
    struct fixture f;
    struct control_limits limits = control_limits_default;
    limits.idle_ms = 0;
    fixture_open(&f, 1, &limits);
    int fds[CONTROL_CLIENTS_MAX];
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        fds[i] = caller_connect(&f);
    assert_serves(&f);
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        close(fds[i]);
    fixture_close(&f);
}

/* Asks again and again and reads nothing: it is not given more than one reply's memory, and then dropped. */
static void test_slow_reader(void **state)
{
    (void)state;
    struct fixture f;
    struct control_limits limits = control_limits_default;
    limits.reply_ms = 300;
    fixture_open(&f, 1000, &limits); /* a Status of some 900 KB: more than the socket's buffer */
    int fd = caller_connect(&f);
    for (int i = 0; i < 20; i++)
        caller_send(fd, STATUS);
    assert_serves(&f);
    struct pollfd hangup = {.fd = fd, .events = POLLRDHUP};
    assert_int_equal(poll(&hangup, 1, 10000), 1);
    assert_true((hangup.revents & (POLLRDHUP | POLLHUP)) != 0);
    size_t got = 0;
    char buffer[4096];
    for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;)
        got += (size_t)n;
    assert_true(got < 1000000);
    close(fd);
    assert_serves(&f);
    fixture_close(&f);
}

/* More commands than the core thread is given at once: the others wait, and all are answered. */
static void test_many_commands(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    atomic_store(&f.core.answer_error, -EALREADY);
    int fds[CONTROL_CLIENTS_MAX];
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        fds[i] = caller_connect(&f);
        for (int k = 0; k < 10; k++)
            caller_send(fds[i], "{\"method\":\"io.cryomon.Monitor.Acknowledge\","
                                "\"parameters\":{\"asset\":\"a\",\"alarm\":\"b\"}}");
    }
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        for (int k = 0; k < 10; k++) {
            json_t *reply = caller_receive(fds[i], NULL, 0);
            assert_string_equal(reply_error(reply), "io.cryomon.Monitor.NothingToAcknowledge");
            json_decref(reply);
        }
        close(fds[i]);
    }
    fixture_close(&f);
}

/* ---------------------------------------------------------------- who may */

/* The error of a call by somebody with other rights, as an exit status into codes[]. */
static const char *const codes[] = {"", "io.cryomon.Monitor.PermissionDenied",
                                    "org.varlink.service.PermissionDenied",
                                    "io.cryomon.Monitor.NothingToAcknowledge"};

struct stranger_order {
    char path[sizeof((struct fixture *)0)->path];
    char text[128];
    uid_t uid;
    gid_t gid, groups[2];
    size_t n_groups;
};

/* A process of one thread that forks the strangers: a fork of this one would carry what the threads of
 * control had locked at that moment (malloc under ASan), and might wait for it for ever. */
static int stranger_orders = -1, stranger_answers = -1;

static void be_stranger(const struct stranger_order *order)
{
    struct fixture f = {0};
    memcpy(f.path, order->path, sizeof f.path);
    if (setgroups(order->n_groups, order->groups) < 0 || setgid(order->gid) < 0 || setuid(order->uid) < 0)
        _exit(100);
    json_t *reply = caller_call(&f, order->text);
    for (int i = 0; i < 4; i++)
        if (reply != NULL && strcmp(reply_error(reply), codes[i]) == 0)
            _exit(i);
    _exit(101);
}

/* Before there is any thread. It ends when this process does. */
static void fork_strangers(void)
{
    int orders[2], answers[2];
    if (pipe(orders) < 0 || pipe(answers) < 0 || fflush(NULL) != 0)
        abort();
    pid_t forker = fork();
    if (forker < 0)
        abort();
    stranger_orders = orders[1];
    stranger_answers = answers[0];
    if (forker > 0) {
        close(orders[0]);
        close(answers[1]);
        return;
    }
    close(orders[1]);
    struct stranger_order order;
    while (read(orders[0], &order, sizeof order) == sizeof order) {
        pid_t child = fork();
        if (child == 0)
            be_stranger(&order);
        int status = -1;
        if (child < 0 || waitpid(child, &status, 0) != child ||
            write(answers[1], &status, sizeof status) != sizeof status)
            break;
    }
    _exit(0);
}

static const char *call_as(const struct fixture *f, uid_t uid, gid_t gid, const gid_t *groups,
                           size_t n_groups, const char *text)
{
    struct stranger_order order = {.uid = uid, .gid = gid, .n_groups = n_groups};
    memcpy(order.path, f->path, sizeof order.path);
    assert_true(n_groups <= 2 && strlen(text) < sizeof order.text);
    strcpy(order.text, text);
    for (size_t i = 0; i < n_groups; i++)
        order.groups[i] = groups[i];
    assert_int_equal(write(stranger_orders, &order, sizeof order), sizeof order);
    int status;
    struct pollfd answer = {.fd = stranger_answers, .events = POLLIN};
    assert_int_equal(poll(&answer, 1, 30000), 1);
    assert_int_equal(read(stranger_answers, &status, sizeof status), sizeof status);
    assert_true(WIFEXITED(status));
    assert_in_range(WEXITSTATUS(status), 0, 3);
    return codes[WEXITSTATUS(status)];
}

static const char acknowledge_call[] = "{\"method\":\"io.cryomon.Monitor.Acknowledge\","
                                       "\"parameters\":{\"asset\":\"a\",\"alarm\":\"b\"}}";

static void test_strangers(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct fixture f;
    fixture_open(&f, 1, NULL);
    assert_int_equal(chmod(f.path, 0666), 0); /* as if the file's mode had been changed by somebody */
    assert_string_equal(call_as(&f, NOBODY, NOBODY, NULL, 0, STATUS), codes[1]);
    assert_string_equal(call_as(&f, NOBODY, NOBODY, NULL, 0, acknowledge_call), codes[1]);
    assert_string_equal(call_as(&f, NOBODY, NOBODY, NULL, 0, GET_INFO), codes[2]);
    assert_int_equal(fixture_last_command(&f).kind, 0); /* and nothing of it reached the core */
    assert_int_equal(atomic_load(&f.core.requests), 0);
    fixture_close(&f);
}

/* Gives this process, and no other, an /etc/group with our groups in it. */
static bool make_groups(void)
{
    char path[] = "/tmp/cryomon-group-XXXXXX", line[1024];
    int fd = mkstemp(path);
    FILE *from = fopen("/etc/group", "r"), *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (from == NULL || to == NULL)
        return false;
    while (fgets(line, sizeof line, from) != NULL)
        if (strncmp(line, "cryomon", 7) != 0)
            fputs(line, to);
    fputs(CONTROL_GROUP_READ ":x:64001:\n" CONTROL_GROUP_COMMAND ":x:64002:\n", to);
    fclose(from);
    bool made = fchmod(fd, 0644) == 0 && fclose(to) == 0 && unshare(CLONE_NEWNS) == 0 &&
                mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                mount(path, "/etc/group", NULL, MS_BIND, NULL) == 0;
    unlink(path);
    return made;
}

/* The last test: it changes what the whole process sees. Skipped where that is not allowed. */
static void test_groups(void **state)
{
    (void)state;
    gid_t readers = 0, operators = 0;
    if (geteuid() != 0 || !make_groups() || !control_peer_group(CONTROL_GROUP_READ, &readers) ||
        !control_peer_group(CONTROL_GROUP_COMMAND, &operators))
        skip();
    struct fixture f;
    struct stat st;
    fixture_open(&f, 1, NULL);
    assert_int_equal(lstat(f.path, &st), 0);
    assert_int_equal(st.st_gid, readers);
    assert_int_equal(st.st_mode & 07777, 0660);
    atomic_store(&f.core.answer_error, -EALREADY);
    gid_t both[2] = {readers, operators};
    assert_string_equal(call_as(&f, NOBODY, NOBODY, both, 1, STATUS), codes[0]);
    assert_string_equal(call_as(&f, NOBODY, NOBODY, both, 1, acknowledge_call), codes[1]);
    assert_string_equal(call_as(&f, NOBODY, readers, NULL, 0, STATUS), codes[0]);
    assert_string_equal(call_as(&f, NOBODY, NOBODY, both, 2, STATUS), codes[0]);
    assert_string_equal(call_as(&f, NOBODY, NOBODY, both, 2, acknowledge_call), codes[3]);
    fixture_close(&f);
}

int main(void)
{
    fork_strangers();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_garbage),           cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_message_size),      cmocka_unit_test(test_half_messages),
        cmocka_unit_test(test_forty_connections), cmocka_unit_test(test_sleepers_give_way),
        cmocka_unit_test(test_slow_reader),       cmocka_unit_test(test_many_commands),
        cmocka_unit_test(test_strangers),         cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests_name("control against hostile callers", tests, NULL, NULL);
}
