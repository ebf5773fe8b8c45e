/* The log never holds up who logs: not when nobody reads it, and what was lost is said when somebody does
 * again. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define LINES_LOGGED 5000

/* In a child, whose stderr is a pipe that nobody reads until it says that it is done. */
static void chatter(int done_fd)
{
    unsetenv("JOURNAL_STREAM");
    if (log_open(LOG_INFO) < 0)
        _exit(1);
    for (int i = 0; i < LINES_LOGGED; i++)
        log_line(LOG_NOTICE, MID_ALARM, "alarm %d: %0200d", i, 0);
    log_line(LOG_DEBUG, NULL, "too unimportant to be written");
    if (write(done_fd, "x", 1) != 1) /* here we are, and the pipe is full */
        _exit(1);
    log_close(20000);
    _exit(0);
}

static void test_unread_log_blocks_nobody(void **state)
{
    (void)state;
    int err[2], done[2], status;
    char byte;
    static char text[4U << 20];
    size_t n = 0;
    assert_int_equal(pipe(err), 0);
    assert_int_equal(pipe(done), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60); /* a log that blocks ends here, and not with 0 */
        dup2(err[1], STDERR_FILENO);
        chatter(done[1]);
    }
    close(err[1]);
    close(done[1]);
    assert_int_equal(read(done[0], &byte, 1), 1); /* all was logged though nothing was read */
    for (ssize_t got; (got = read(err[0], text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_non_null(strstr(text, "test_log: notice: alarm 0: "));
    assert_non_null(strstr(text, "log lines were lost"));
    assert_null(strstr(text, "unimportant"));
    close(err[0]);
    close(done[0]);
}

static void test_without_a_thread_it_writes_at_once(void **state)
{
    (void)state;
    int err[2], saved = dup(STDERR_FILENO);
    char text[256];
    assert_int_equal(pipe(err), 0);
    dup2(err[1], STDERR_FILENO);
    log_field(LOG_ERR, MID_STORE, "CRYOMON_ALARM=a/b", "number %d", 7);
    dup2(saved, STDERR_FILENO);
    close(err[1]);
    close(saved);
    ssize_t n = read(err[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_string_equal(text, "test_log: error: number 7\n");
    close(err[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unread_log_blocks_nobody),
        cmocka_unit_test(test_without_a_thread_it_writes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
