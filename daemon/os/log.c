#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* sd_journal_send takes the caller's location by macro otherwise; the line itself says enough. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define LINE_MAX_BYTES 1024

static struct {
    int level;
    bool to_journal;
} log_state = {.level = LOG_INFO}; /* set once, before any thread */

/* True when stderr is the journal's stream (systemd sets $JOURNAL_STREAM to its device:inode). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    unsigned long long dev, ino;
    return stream != NULL && fstat(STDERR_FILENO, &st) == 0 && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
           (unsigned long long)st.st_dev == dev && (unsigned long long)st.st_ino == ino;
}

void log_open(int level)
{
    log_state.level = level;
    log_state.to_journal = stderr_is_journal();
}

static void emit(int priority, const char *mid, const char *field, const char *line)
{
    if (!log_state.to_journal) {
        static const char *const names[] = {"emergency", "alert",  "critical", "error",
                                            "warning",   "notice", "info",     "debug"};
        fprintf(stderr, "cryomond: %s: %s\n", names[priority & 7], line);
        return;
    }
    char message[LINE_MAX_BYTES + 16], prio[16], id[64], extra[LINE_MAX_BYTES];
    struct iovec fields[4];
    int n = 0;
    fields[n].iov_base = message;
    fields[n++].iov_len = (size_t)snprintf(message, sizeof message, "MESSAGE=%s", line);
    fields[n].iov_base = prio;
    fields[n++].iov_len = (size_t)snprintf(prio, sizeof prio, "PRIORITY=%d", priority & 7);
    if (mid != NULL) {
        fields[n].iov_base = id;
        fields[n++].iov_len = (size_t)snprintf(id, sizeof id, "MESSAGE_ID=%s", mid);
    }
    if (field != NULL) {
        int len = snprintf(extra, sizeof extra, "%s", field);
        fields[n].iov_base = extra;
        fields[n++].iov_len = len < (int)sizeof extra ? (size_t)len : sizeof extra - 1;
    }
    if (sd_journal_sendv(fields, n) < 0)
        fprintf(stderr, "%s\n", line);
}

void log_line(int priority, const char *mid, const char *format, ...)
{
    if (priority > log_state.level)
        return;
    char line[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    emit(priority, mid, NULL, line);
}

void log_field(int priority, const char *mid, const char *field, const char *format, ...)
{
    if (priority > log_state.level)
        return;
    char line[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    emit(priority, mid, field, line);
}
