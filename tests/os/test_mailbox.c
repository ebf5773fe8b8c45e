/* The mailbox: order, bounds, reserved slots, and that nothing is lost or doubled between threads. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "mailbox.h"

static bool readable(const struct mailbox *mb)
{
    struct pollfd fd = {.fd = mailbox_fd(mb), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void test_order_and_wakeup(void **state)
{
    (void)state;
    struct mailbox *mb;
    assert_int_equal(mailbox_create(sizeof(int), 4, 0, &mb), 0);
    assert_false(readable(mb));
    for (int round = 0; round < 3; round++) { /* over the end of the ring and round again */
        for (int i = 0; i < 3; i++)
            assert_int_equal(mailbox_post(mb, MAILBOX_ORDINARY, &i), 0);
        for (int i = 0; i < 3; i++) {
            int got = -1;
            assert_true(readable(mb));
            assert_true(mailbox_take(mb, &got));
            assert_int_equal(got, i);
        }
        assert_false(readable(mb));
    }
    int none;
    assert_false(mailbox_take(mb, &none));
    mailbox_free(mb);
}

static void test_full_ring_refuses_and_counts(void **state)
{
    (void)state;
    struct mailbox *mb;
    int value = 7;
    assert_int_equal(mailbox_create(sizeof(int), 4, 2, &mb), 0);
    assert_int_equal(mailbox_post(mb, MAILBOX_ORDINARY, &value), 0);
    assert_int_equal(mailbox_post(mb, MAILBOX_ORDINARY, &value), 0);
    assert_int_equal(mailbox_post(mb, MAILBOX_ORDINARY, &value), -ENOSPC); /* the rest is reserved */
    assert_int_equal(mailbox_post(mb, MAILBOX_RESERVED, &value), 0);
    assert_int_equal(mailbox_post(mb, MAILBOX_RESERVED, &value), 0);
    assert_int_equal(mailbox_post(mb, MAILBOX_RESERVED, &value), -ENOSPC);
    assert_int_equal(mailbox_take_dropped(mb), 2);
    assert_int_equal(mailbox_take_dropped(mb), 0);
    mailbox_free(mb);
}

static void test_try_refuses_and_does_not_count(void **state)
{
    struct mailbox *mb = NULL;
    int message = 1;
    (void)state;
    assert_int_equal(mailbox_create(sizeof message, 2, 1, &mb), 0);
    assert_int_equal(mailbox_try(mb, MAILBOX_ORDINARY, &message), 0);
    assert_int_equal(mailbox_try(mb, MAILBOX_ORDINARY, &message), -ENOSPC);
    assert_int_equal(mailbox_try(mb, MAILBOX_RESERVED, &message), 0);
    assert_int_equal(mailbox_try(mb, MAILBOX_RESERVED, &message), -ENOSPC);
    assert_int_equal(mailbox_take_dropped(mb), 0);
    mailbox_free(mb);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    struct mailbox *mb = NULL;
    assert_int_equal(mailbox_create(0, 4, 0, &mb), -EINVAL);
    assert_int_equal(mailbox_create(4, 0, 0, &mb), -EINVAL);
    assert_int_equal(mailbox_create(4, 4, 4, &mb), -EINVAL);
    assert_null(mb);
    mailbox_free(NULL);
}

#define WRITERS  4
#define MESSAGES 20000

struct note {
    int writer, number;
};

struct writer {
    struct mailbox *mb;
    int id;
};

static void *write_notes(void *argument)
{
    struct writer *w = argument;
    for (int i = 0; i < MESSAGES; i++) {
        struct note note = {.writer = w->id, .number = i};
        while (mailbox_post(w->mb, MAILBOX_ORDINARY, &note) == -ENOSPC)
            sched_yield();
    }
    return NULL;
}

static void test_many_writers_lose_nothing(void **state)
{
    (void)state;
    struct mailbox *mb;
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    int next[WRITERS] = {0};
    assert_int_equal(mailbox_create(sizeof(struct note), 64, 0, &mb), 0);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.mb = mb, .id = i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_notes, &writers[i]), 0);
    }
    for (int got = 0; got < WRITERS * MESSAGES;) {
        struct note note;
        assert_true(mailbox_wait(mb, -1, clock_boot_us() + 30 * SECOND_US));
        while (mailbox_take(mb, &note)) {
            assert_int_equal(note.number, next[note.writer]);
            next[note.writer]++;
            got++;
        }
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    mailbox_free(mb);
}

/* The sanitizers' own notes about memory stay resident. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
#define FOREIGN_MEMORY true
#else
#define FOREIGN_MEMORY false
#endif

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*s %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A disk that hung for a minute: when all is taken its memory is there again, and the mailbox works as
 * before. */
static void test_burst_gives_its_memory_back(void **state)
{
    (void)state;
    struct mailbox *mb;
    static char message[4096];
    enum { SLOTS = 8192 }; /* 32 MiB */
    assert_int_equal(mailbox_create(sizeof message, SLOTS, 0, &mb), 0);
    long before = resident_kib();
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < SLOTS; i++) {
            message[0] = (char)i;
            message[4095] = (char)(i + 1);
            assert_int_equal(mailbox_post(mb, MAILBOX_ORDINARY, message), 0);
        }
        assert_true(resident_kib() > before + 30000);
        for (int i = 0; i < SLOTS; i++) {
            assert_true(mailbox_take(mb, message));
            assert_true(message[0] == (char)i && message[4095] == (char)(i + 1));
        }
        assert_true(FOREIGN_MEMORY || resident_kib() < before + 4000);
    }
    mailbox_free(mb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_wakeup),
        cmocka_unit_test(test_full_ring_refuses_and_counts),
        cmocka_unit_test(test_try_refuses_and_does_not_count),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_many_writers_lose_nothing),
        cmocka_unit_test(test_burst_gives_its_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
