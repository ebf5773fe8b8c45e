/* A disk that is full, hangs or fails: alarms go on, nothing is stored twice, stopping does not hang. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store_fixture.h"
#include "store_internal.h"
#include "test.h"

/* ---------------------------------------------------------------- the disk under SQLite */

enum disk { DISK_WELL, DISK_FAILS, DISK_HANGS };
static atomic_int disk_mode;
static atomic_int disk_calls;
static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t disk_changed = PTHREAD_COND_INITIALIZER;

static void set_disk(enum disk mode)
{
    pthread_mutex_lock(&disk_lock);
    atomic_store(&disk_mode, mode);
    pthread_cond_broadcast(&disk_changed);
    pthread_mutex_unlock(&disk_lock);
}

static int sync_to_disk(int fd, long call)
{
    atomic_fetch_add(&disk_calls, 1);
    pthread_mutex_lock(&disk_lock);
    while (atomic_load(&disk_mode) == DISK_HANGS)
        pthread_cond_wait(&disk_changed, &disk_lock);
    pthread_mutex_unlock(&disk_lock);
    if (atomic_load(&disk_mode) == DISK_FAILS) {
        errno = EIO; /* the bytes may have got there all the same */
        return -1;
    }
    return (int)syscall(call, fd);
}

/* SQLite, in its shared library, finds these before the C library's. */
int fsync(int fd)
{
    return sync_to_disk(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_to_disk(fd, SYS_fdatasync);
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int setup(void **state)
{
    static struct store_fixture fixture;
    set_disk(DISK_WELL);
    store_fixture_make(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    set_disk(DISK_WELL);
    limit_file_size(RLIM_INFINITY);
    struct store_fixture *fixture = *state;
    store_fixture_stop(fixture);
    (void)umount(fixture->base); /* where a failed test left a disk */
    store_fixture_free(fixture);
    return 0;
}

/* Starts, and waits until both files are open and written to. */
static void start(struct store_fixture *fixture)
{
    store_fixture_start(fixture);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_post_reading(fixture, 0, 0, 0);
    store_fixture_wait_durable(fixture, 1);
    store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", 1);
}

/* ---------------------------------------------------------------- fails */

static void test_failed_commit_is_not_stored_twice(void **state)
{
    struct store_fixture *fixture = *state;
    int64_t next = 1;
    uint64_t seq = 1;
    start(fixture);
    for (int round = 0; round < 3; round++) {
        set_disk(DISK_FAILS);
        for (int i = 0; i < 100; i++, next++)
            store_fixture_post_reading(fixture, (uint16_t)(next % 8), next, next);
        for (int i = 0; i < 10; i++)
            store_fixture_post_event(fixture, ++seq, "high", i % 2 ? ALARM_UNACKNOWLEDGED : ALARM_NORMAL);
        /* Both orders are possible. */
        bool told[FAULT_COUNT] = {false};
        while (!told[FAULT_STATE_DB] || !told[FAULT_HISTORY_DB]) {
            struct core_message fault = store_fixture_wait(fixture, CORE_FAULT);
            told[fault.fault.fault] |= fault.fault.failed;
            assert_true(!fault.fault.failed || strstr(fault.fault.detail, "Input/output error"));
        }
        set_disk(DISK_WELL);
        store_fixture_wait_durable(fixture, seq);
        store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", next);
        bool well[FAULT_COUNT] = {false};
        while (!well[FAULT_STATE_DB] || !well[FAULT_HISTORY_DB]) {
            struct core_message fault = store_fixture_wait(fixture, CORE_FAULT);
            well[fault.fault.fault] |= !fault.fault.failed;
        }
    }
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_count_readings(fixture), next);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), (int64_t)seq);
    store_fixture_assert_sound(fixture);
}

/* ---------------------------------------------------------------- hangs */

static void test_hung_disk(void **state)
{
    struct store_fixture *fixture = *state;
    struct store_message reading = {.kind = STORE_SAMPLE, .generation = 1};
    char late[HEARTBEAT_NAME];
    bool blocked;
    uint64_t refused = 0;
    start(fixture);
    int calls = atomic_load(&disk_calls);
    set_disk(DISK_HANGS);
    store_fixture_post_event(fixture, 2, "high", ALARM_NORMAL);
    while (atomic_load(&disk_calls) == calls)
        usleep(1000);
    assert_false(heartbeat_find_late(fixture->heartbeats, late, "store", &blocked));
    /* What does not fit into the queue is refused, counted and told; events have room kept for them. */
    for (int i = 0; i < 20000; i++)
        refused += mailbox_post(store_mailbox(fixture->store), MAILBOX_ORDINARY, &reading) < 0;
    assert_true(refused > 0);
    for (uint64_t seq = 3; seq <= 1000; seq++) {
        struct store_message event = store_fixture_event(seq, "high", ALARM_UNACKNOWLEDGED);
        assert_int_equal(mailbox_post(store_mailbox(fixture->store), MAILBOX_RESERVED, &event), 0);
    }
    assert_int_equal(store_stop(fixture->store, 100), -ETIMEDOUT);
    set_disk(DISK_WELL);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), 1000);
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM frame"),
                     20001 - (int64_t)refused);
    store_fixture_assert_sound(fixture);
}

static void test_refused_posts_are_told(void **state)
{
    struct store_fixture *fixture = *state;
    struct store_message reading = {.kind = STORE_SAMPLE, .generation = 1};
    uint64_t refused = 0;
    start(fixture);
    int calls = atomic_load(&disk_calls);
    set_disk(DISK_HANGS);
    store_fixture_post_event(fixture, 2, "high", ALARM_NORMAL);
    while (atomic_load(&disk_calls) == calls)
        usleep(1000);
    for (int i = 0; i < 20000; i++)
        refused += mailbox_post(store_mailbox(fixture->store), MAILBOX_ORDINARY, &reading) < 0;
    set_disk(DISK_WELL);
    struct core_message gap = store_fixture_wait(fixture, CORE_GAP);
    assert_int_equal(gap.gap.count, refused);
    assert_true(gap.gap.from_utc_us > 0 && gap.gap.from_utc_us <= gap.gap.to_utc_us);
    assert_non_null(strstr(gap.gap.detail, "queue"));
}

/* ---------------------------------------------------------------- full */

static void test_files_can_not_grow(void **state)
{
    struct store_fixture *fixture = *state;
    uint64_t seq = 1;
    int64_t next = 1;
    signal(SIGXFSZ, SIG_IGN);
    start(fixture);
    limit_file_size(200000);
    for (int i = 0; i < 3000; i++)
        store_fixture_post_event(fixture, ++seq, "high", i % 2 ? ALARM_UNACKNOWLEDGED : ALARM_NORMAL);
    for (int i = 0; i < 50000; i++, next++)
        store_fixture_post_reading(fixture, (uint16_t)(next % 8), next, next);
    bool told[FAULT_COUNT] = {false};
    while (!told[FAULT_STATE_DB] || !told[FAULT_HISTORY_DB]) {
        struct core_message fault = store_fixture_wait(fixture, CORE_FAULT);
        told[fault.fault.fault] |= fault.fault.failed;
        assert_non_null(strstr(fault.fault.detail, "File too large"));
    }
    limit_file_size(RLIM_INFINITY);
    store_fixture_wait_durable(fixture, seq);
    store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", next);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_count_readings(fixture), next);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), (int64_t)seq);
    store_fixture_assert_sound(fixture);
}

/* Fills the disk but for some bytes. */
static void fill(struct store_fixture *fixture, const char *name, int64_t leave)
{
    char path[160];
    static char zeros[65536];
    snprintf(path, sizeof path, "%s/%s", fixture->base, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    struct store_files files = {.lock_fd = -1};
    snprintf(files.dir, sizeof files.dir, "%s", fixture->base);
    while (store_files_room(&files) > leave && write(fd, zeros, sizeof zeros) > 0)
        ;
    close(fd);
}

static void remove_filler(struct store_fixture *fixture, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", fixture->base, name);
    assert_int_equal(unlink(path), 0);
}

static bool has_ballast(struct store_fixture *fixture)
{
    char path[160];
    struct stat st;
    store_fixture_path(fixture, "ballast", path, sizeof path);
    return stat(path, &st) == 0 && st.st_blocks * 512 >= 8 << 20;
}

/* A small disk of its own. The last room is the events', and there is more for them when it is used up. */
static void test_full_disk(void **state)
{
    struct store_fixture *fixture = *state;
    uint64_t seq = 1;
    int64_t next = 1;
    if (mount("none", fixture->base, "tmpfs", MS_NOSUID | MS_NODEV, "size=100m") < 0)
        skip();
    start(fixture);
    assert_true(has_ballast(fixture));
    fill(fixture, "filler", 12 << 20);
    for (int i = 0; i < 1000; i++, next++)
        store_fixture_post_reading(fixture, (uint16_t)(next % 8), next, next);
    struct core_message fault = store_fixture_wait_fault(fixture, FAULT_HISTORY_DB, true);
    assert_non_null(strstr(fault.fault.detail, "disk full"));
    assert_int_equal(store_fixture_sql(fixture, "history.db", "SELECT sum(count) FROM frame"), 1);
    store_fixture_post_event(fixture, ++seq, "high", ALARM_NORMAL); /* as if nothing were */
    store_fixture_wait_durable(fixture, seq);
    assert_true(has_ballast(fixture));

    fill(fixture, "filler-2", 0);
    for (int i = 0; i < 500; i++) {
        struct store_message event = store_fixture_event(++seq, "high", ALARM_UNACKNOWLEDGED);
        memset(event.event.body, 'x', BODY_MAX - 1);
        store_fixture_post(fixture, &event);
    }
    store_fixture_wait_durable(fixture, seq); /* the ballast was given up for them */
    assert_false(has_ballast(fixture));

    remove_filler(fixture, "filler");
    remove_filler(fixture, "filler-2");
    store_fixture_wait_fault(fixture, FAULT_HISTORY_DB, false);
    store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", next);
    while (!has_ballast(fixture)) /* again, within the next check of the files */
        usleep(10000);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_count_readings(fixture), next);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), (int64_t)seq);
    store_fixture_assert_sound(fixture);
    assert_int_equal(umount(fixture->base), 0);
}

static void test_read_only_disk(void **state)
{
    struct store_fixture *fixture = *state;
    if (mount("none", fixture->base, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") < 0)
        skip();
    assert_int_equal(mkdir(fixture->dir, 0750), 0);
    assert_int_equal(mount("none", fixture->base, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=100m"), 0);
    store_fixture_start(fixture);
    struct core_message fault = store_fixture_wait_fault(fixture, FAULT_STATE_DB, true);
    assert_non_null(strstr(fault.fault.detail, "Read-only file system"));
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    assert_int_equal(mount("none", fixture->base, "tmpfs", MS_REMOUNT, "size=100m"), 0);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    store_fixture_wait_durable(fixture, 1);
    store_fixture_stop(fixture);
    assert_int_equal(umount(fixture->base), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_failed_commit_is_not_stored_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hung_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_posts_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_can_not_grow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_only_disk, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
