#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* sd_journal_send takes the caller's location by macro otherwise; the line itself says enough. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "clock.h"
#include "mailbox.h"

#define LINE_MAX_BYTES  1024
#define FIELD_MAX_BYTES 192
#define LINES           512
#define TURN_US         SECOND_US

struct line {
    int priority;
    const char *mid; /* a string constant, or NULL */
    char field[FIELD_MAX_BYTES];
    char text[LINE_MAX_BYTES];
    bool last; /* log_close: nothing comes after this */
};

static struct {
    int level;
    bool to_journal;
    struct mailbox *lines; /* NULL: no thread */
    pthread_t thread;
} log_state = {.level = LOG_INFO}; /* set by log_open and log_close, which no other thread runs beside */

/* True when stderr is the journal's stream (systemd sets $JOURNAL_STREAM to its device:inode). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];
    if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return strcmp(stream, own) == 0;
}

static void to_stderr(const struct line *line)
{
    static const char *const names[] = {"emergency", "alert",  "critical", "error",
                                        "warning",   "notice", "info",     "debug"};
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, names[line->priority & 7], line->text);
}

static struct iovec entry(char *buffer, size_t cap, const char *key, const char *value)
{
    int len = snprintf(buffer, cap, "%s%s", key, value);
    return (struct iovec){.iov_base = buffer, .iov_len = len < (int)cap ? (size_t)len : cap - 1};
}

static void write_line(const struct line *line)
{
    if (!log_state.to_journal) {
        to_stderr(line);
        return;
    }
    char message[LINE_MAX_BYTES + 16], priority[16], id[64], field[FIELD_MAX_BYTES], digit[4];
    struct iovec entries[4];
    int n = 0;
    snprintf(digit, sizeof digit, "%d", line->priority & 7);
    entries[n++] = entry(message, sizeof message, "MESSAGE=", line->text);
    entries[n++] = entry(priority, sizeof priority, "PRIORITY=", digit);
    if (line->mid != NULL)
        entries[n++] = entry(id, sizeof id, "MESSAGE_ID=", line->mid);
    if (line->field[0] != '\0')
        entries[n++] = entry(field, sizeof field, "", line->field);
    if (sd_journal_sendv(entries, n) < 0)
        to_stderr(line);
}

/* ---------------------------------------------------------------- the thread */

static void *run(void *unused)
{
    struct line line = {.last = false};
    (void)unused;
    (void)pthread_setname_np(pthread_self(), "log");
    while (!line.last) {
        (void)mailbox_wait(log_state.lines, -1, clock_boot_us() + TURN_US);
        while (!line.last && mailbox_take(log_state.lines, &line))
            if (!line.last)
                write_line(&line);
        uint64_t lost = mailbox_take_dropped(log_state.lines);
        if (lost > 0) {
            struct line gap = {.priority = LOG_WARNING};
            snprintf(gap.text, sizeof gap.text,
                     "%llu log lines were lost: the journal did not take them in time",
                     (unsigned long long)lost);
            write_line(&gap);
        }
    }
    return NULL;
}

int log_open(int level)
{
    log_state.level = level;
    log_state.to_journal = stderr_is_journal();
    int error = mailbox_create(sizeof(struct line), LINES, 1, &log_state.lines);
    if (error == 0)
        error = -pthread_create(&log_state.thread, NULL, run, NULL);
    if (error < 0) {
        mailbox_free(log_state.lines);
        log_state.lines = NULL;
    }
    return error;
}

void log_close(unsigned timeout_ms)
{
    struct line last = {.last = true};
    struct timespec until;
    if (log_state.lines == NULL)
        return;
    (void)mailbox_post(log_state.lines, MAILBOX_RESERVED, &last);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)timeout_ms % 1000 * 1000000;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (pthread_timedjoin_np(log_state.thread, NULL, &until) != 0)
        return; /* it still uses the mailbox */
    mailbox_free(log_state.lines);
    log_state.lines = NULL;
}

/* ---------------------------------------------------------------- logging */

static void emit(struct line *line, const char *format, va_list ap)
{
    vsnprintf(line->text, sizeof line->text, format, ap);
    if (log_state.lines == NULL)
        write_line(line);
    else
        (void)mailbox_post(log_state.lines, MAILBOX_ORDINARY, line); /* it counts what it refuses */
}

void log_line(int priority, const char *mid, const char *format, ...)
{
    if (priority > log_state.level)
        return;
    struct line line = {.priority = priority, .mid = mid};
    va_list ap;
    va_start(ap, format);
    emit(&line, format, ap);
    va_end(ap);
}

void log_field(int priority, const char *mid, const char *field, const char *format, ...)
{
    if (priority > log_state.level)
        return;
    struct line line = {.priority = priority, .mid = mid};
    va_list ap;
    snprintf(line.field, sizeof line.field, "%s", field);
    va_start(ap, format);
    emit(&line, format, ap);
    va_end(ap);
}
