/* kill -9 at random moments, again and again: what was called durable is there, and nothing is there twice.
 */
#include "store.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "head.h"
#include "store_fixture.h"
#include "test.h"

#define ROUNDS           30
#define POINTS           8
#define VALUES_PER_ROUND 10000000 /* the readings of round n have the values from n times this on */

/* What the child says on its standard output. */
struct record {
    enum { RECORD_OPEN, RECORD_DURABLE, RECORD_HEAD } kind;
    bool clean;
    uint64_t seq; /* last_seq, durable, or the last event that a signed head names */
};

/* ---------------------------------------------------------------- the child: a core that never stops talking
 */

static void say(struct record record)
{
    if (write(STDOUT_FILENO, &record, sizeof record) != sizeof record)
        _exit(1);
}

static uint64_t open_store(struct store_fixture *fixture)
{
    store_fixture_start(fixture);
    struct core_message open = store_fixture_wait(fixture, CORE_STORE_OPEN);
    say((struct record){RECORD_OPEN, open.store_open.clean, open.store_open.last_seq});
    return open.store_open.last_seq + 1;
}

/* What the publisher may publish: an event that is durable, or a head that names one. */
static void say_published(const struct publisher_message *message)
{
    struct head head;
    char text[256];
    if (message->kind == PUBLISHER_DURABLE)
        say((struct record){RECORD_DURABLE, false, message->durable_seq});
    else if (message->kind == PUBLISHER_HEAD && head_read(message->head, &head, text, sizeof text) == 0)
        say((struct record){RECORD_HEAD, false, (uint64_t)head.event_seq});
    else
        _exit(1);
}

static _Noreturn void child(const char *dir, int round)
{
    static struct store_fixture fixture;
    struct publisher_message message;
    store_fixture_make(&fixture);
    (void)rmdir(fixture.base);
    snprintf(fixture.dir, sizeof fixture.dir, "%s", dir);
    snprintf(fixture.config->storage.directory, sizeof fixture.config->storage.directory, "%s", dir);
    fixture.config->storage.commit_interval_ms = 5;
    int64_t value = (int64_t)round * VALUES_PER_ROUND;
    uint64_t seq = open_store(&fixture);
    for (;;) {
        for (int i = 0; i < 20; i++, value++)
            store_fixture_post_reading(&fixture, (uint16_t)(value % POINTS), value, value);
        store_fixture_post_event(&fixture, seq, "high", seq % 2 ? ALARM_UNACKNOWLEDGED : ALARM_NORMAL);
        struct store_message sent = {.kind = STORE_SENT, .sent_seq = seq > 10 ? seq - 10 : 0};
        store_fixture_post(&fixture, &sent);
        seq++;
        (void)mailbox_wait(fixture.publisher, -1, clock_boot_us() + 2000);
        while (mailbox_take(fixture.publisher, &message))
            say_published(&message);
    }
}

/* ---------------------------------------------------------------- the parent */

struct seen {
    uint64_t durable; /* the last event that was called so */
    uint64_t signed_seq;
    bool opened;
};

static pid_t spawn(const char *dir, int round, int *ret_fd)
{
    int channel[2];
    char number[16];
    snprintf(number, sizeof number, "%d", round);
    assert_int_equal(pipe(channel), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(channel[1], STDOUT_FILENO);
        close(channel[0]);
        close(channel[1]);
        execl("/proc/self/exe", "test_store_kill", "child", dir, number, (char *)NULL);
        _exit(127);
    }
    close(channel[1]);
    *ret_fd = channel[0];
    return pid;
}

static void read_records(int fd, struct seen *seen, bool must_be_clean)
{
    struct record record;
    while (read(fd, &record, sizeof record) == sizeof record) {
        if (record.kind == RECORD_OPEN) {
            assert_true(record.seq >= seen->durable); /* nothing durable was lost */
            assert_true(record.seq >= seen->signed_seq);
            assert_int_equal(record.clean, must_be_clean);
            seen->opened = true;
        } else if (record.kind == RECORD_HEAD) {
            assert_true(record.seq >= seen->signed_seq);
            seen->signed_seq = record.seq;
        } else {
            assert_true(record.seq > seen->durable);
            seen->durable = record.seq;
        }
    }
}

static void run_round(struct store_fixture *fixture, int round, struct seen *seen, bool must_be_clean)
{
    int fd, status;
    pid_t pid = spawn(fixture->dir, round, &fd);
    struct pollfd first = {.fd = fd, .events = POLLIN};
    /* Each third is killed while it is still starting. */
    if (round % 3 > 0)
        (void)poll(&first, 1, STORE_WAIT_MS);
    usleep((unsigned)(random() % (round % 3 > 0 ? 150000 : 30000)));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* it did not end by itself */
    read_records(fd, seen, must_be_clean);
    close(fd);
}

struct history {
    int64_t last[POINTS]; /* value */
    struct {
        int64_t n, last;
    } rounds[ROUNDS];
};

/* Readings of one point come in order, and each once. */
static bool follows(void *context, const struct history_row *row)
{
    struct history *history = context;
    int64_t value = row->reading.value;
    char point[16];
    snprintf(point, sizeof point, "p%d", (int)(value % POINTS));
    assert_string_equal(row->point, point);
    assert_true(value > history->last[value % POINTS]);
    history->last[value % POINTS] = value;
    int64_t round = value / VALUES_PER_ROUND;
    assert_in_range(round, 0, ROUNDS - 1);
    history->rounds[round].n++;
    if (value > history->rounds[round].last)
        history->rounds[round].last = value;
    return true;
}

/* Each round without a hole from its first value on. */
static int64_t check_readings(struct store_fixture *fixture)
{
    struct history_reader *reader = NULL;
    struct history history = {.rounds = {{0}}};
    char text[256];
    int64_t rows = 0;
    for (int i = 0; i < POINTS; i++)
        history.last[i] = -1;
    assert_int_equal(history_open(fixture->dir, &reader, text, sizeof text), 0);
    int64_t told = history_each(reader, NULL, NULL, INT64_MIN, INT64_MAX, follows, &history);
    for (int64_t i = 0; i < ROUNDS; i++) {
        if (history.rounds[i].n > 0)
            assert_int_equal(history.rounds[i].last, i * VALUES_PER_ROUND + history.rounds[i].n - 1);
        rows += history.rounds[i].n;
    }
    assert_int_equal(told, rows);
    assert_int_equal(history_damaged(reader), 0);
    history_close(reader);
    return rows;
}

/* How many readings there are. */
static int64_t check(struct store_fixture *fixture, const struct seen *seen)
{
    char query[128];
    store_fixture_assert_sound(fixture);
    snprintf(query, sizeof query, "SELECT count(*) FROM event WHERE seq <= %llu",
             (unsigned long long)seen->durable);
    assert_int_equal(store_fixture_sql(fixture, "state.db", query), (int64_t)seen->durable);
    int64_t last = store_fixture_sql(fixture, "state.db", "SELECT coalesce(max(seq), 0) FROM event");
    assert_true(last >= (int64_t)seen->signed_seq);
    if (last > 0)
        assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT state FROM alarm"), last % 2);
    return check_readings(fixture);
}

static void test_kill_at_random_moments(void **state)
{
    static struct store_fixture fixture;
    struct seen seen = {.durable = 0};
    int64_t rows = 0;
    unsigned seed = (unsigned)time(NULL);
    (void)state;
    print_message("seed %u\n", seed);
    srandom(seed);
    store_fixture_make(&fixture);
    for (int round = 0; round < ROUNDS; round++) {
        /* A run that was killed before it could write its row leaves no trace of itself. */
        bool no_run =
            !seen.opened && store_fixture_sql(&fixture, "state.db", "SELECT count(*) FROM run") <= 0;
        run_round(&fixture, round, &seen, no_run);
        if (seen.opened && store_fixture_sql(&fixture, "history.db", "SELECT count(*) FROM frame") >= 0)
            rows = check(&fixture, &seen);
    }
    assert_true(seen.durable > 100);
    print_message("%llu events durable, %lld readings stored\n", (unsigned long long)seen.durable,
                  (long long)rows);
    store_fixture_free(&fixture);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "child") == 0)
        child(argv[2], atoi(argv[3])); /* NOLINT(cert-err34-c): our own number */
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_at_random_moments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
