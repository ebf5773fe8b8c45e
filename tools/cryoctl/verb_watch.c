#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "changes.h"
#include "client.h"
#include "cryoctl.h"
#include "screen.h"
#include "view.h"
#include "when.h"
#include "words.h"

#define INTERVAL_US     SECOND_US
#define POLL_TIMEOUT_MS 5000

struct watch {
    struct ctl *ctl;
    bool terminal;
    struct changes changes;
    struct screen_log log;
    json_t *status; /* the latest answer; NULL: not reachable now, and no old numbers are shown */
    struct client_failure failure;
    int64_t unreachable_since_us; /* 0: reachable */
    bool silent;                  /* the first answer on a terminal: its alarms are in the table */
    int result;
    bool end;
};

/* ---------------------------------------------------------------- lines */

static void add_line(void *context, enum table_style style, const char *line)
{
    struct watch *w = context;
    if (w->terminal && w->silent)
        return;
    if (w->terminal)
        screen_log_add(&w->log, style, line);
    else
        table_line(stdout, false, TABLE_PLAIN, 0, line);
}

static void add_event(struct watch *w, enum table_style style, const char *text)
{
    char time[WHEN_MAX], line[1024];
    snprintf(line, sizeof line, "%s  %s", when_print(w->ctl, time, clock_now().utc_us, false), text);
    add_line(w, style, line);
}

static void print_json(const struct watch *w)
{
    if (w->status != NULL) {
        json_dumpf(w->status, stdout, CTL_JSON);
    } else {
        char time[RFC3339_MAX];
        clock_print_utc(time, clock_now().utc_us);
        json_t *line = json_pack("{s:s, s:s, s:s}", "time", time, "error",
                                 w->failure.error[0] != '\0' ? w->failure.error : "unreachable", "message",
                                 w->failure.text);
        json_dumpf(line, stdout, CTL_JSON);
        json_decref(line);
    }
    putchar('\n');
}

/* ---------------------------------------------------------------- the screen */

static void draw_status(const struct watch *w, FILE *text, int lines, int columns)
{
    const struct ctl *ctl = w->ctl;
    struct view view;
    char line[512];
    view_head(ctl, w->status, line, sizeof line);
    table_line(text, ctl->colour, TABLE_HEAD, columns, line);
    fputc('\n', text);
    if (!view_build(ctl, w->status, &view)) {
        view_free(&view);
        return;
    }
    /* Around the table: head, blank, titles, blank, summary; and below, with a blank, the newest changes if
     * that leaves the table a few rows. */
    size_t height = (size_t)lines, log = w->log.n < 6 ? w->log.n : 6, reserve = log > 0 ? log + 1 : 0;
    if (height < 5 + 4 + reserve)
        reserve = 0;
    size_t room = height > 5 + reserve ? height - 5 - reserve : 1;
    bool cut = view.table.n_rows > room;
    size_t shown = cut ? room - 1 : view.table.n_rows;
    table_print(&view.table, text, ctl->colour, columns, shown);
    if (cut) {
        snprintf(line, sizeof line,
                 tr(ctl, "... %zu more assets: make the window taller", "……另有 %zu 台设备：请加大窗口"),
                 view.table.n_rows - shown);
        table_line(text, ctl->colour, TABLE_FAINT, columns, line);
    }
    fputc('\n', text);
    view_summary(ctl, &view, line, sizeof line);
    table_line(text, ctl->colour, view_summary_style(&view), columns, line);
    size_t used = 5 + shown + cut;
    if (w->log.n > 0 && height > used + 1) {
        fputc('\n', text);
        screen_log_print(&w->log, text, ctl->colour, columns, height - used - 1);
    }
    view_free(&view);
}

static void draw_unreachable(const struct watch *w, FILE *text, int lines, int columns)
{
    const struct ctl *ctl = w->ctl;
    char time[WHEN_MAX], line[256];
    snprintf(line, sizeof line, tr(ctl, "DAEMON NOT REACHABLE since %s", "守护进程无法连接，自 %s 起"),
             when_print(ctl, time, w->unreachable_since_us, false));
    table_line(text, ctl->colour, TABLE_URGENT, columns, line);
    fputc('\n', text);
    table_line(text, ctl->colour, TABLE_PLAIN, columns, w->failure.text);
    if (w->log.n > 0 && lines > 6) {
        fputc('\n', text);
        screen_log_print(&w->log, text, ctl->colour, columns, (size_t)lines - 5);
    }
}

static void draw(const struct watch *w)
{
    char *buffer = NULL;
    size_t size;
    int lines, columns;
    if (!w->terminal || (w->status == NULL && w->unreachable_since_us == 0))
        return;
    FILE *text = open_memstream(&buffer, &size);
    if (text == NULL)
        return;
    screen_size(&lines, &columns);
    if (w->status != NULL)
        draw_status(w, text, lines, columns);
    else
        draw_unreachable(w, text, lines, columns);
    if (fclose(text) == 0) {
        if (size > 0 && buffer[size - 1] == '\n')
            buffer[size - 1] = '\0'; /* the last line feed would scroll */
        screen_show(buffer);
    }
    free(buffer);
}

/* ---------------------------------------------------------------- the daemon */

static void take_status(struct watch *w, json_t *status)
{
    w->status = status;
    if (w->ctl->json)
        return;
    if (w->unreachable_since_us != 0)
        add_event(w, TABLE_PLAIN, tr(w->ctl, "the daemon is reachable again", "守护进程已恢复连接"));
    w->silent = w->changes.alarms == NULL;
    changes_update(w->ctl, &w->changes, status, !w->terminal, add_line, w);
    w->silent = false;
}

static void ask(struct watch *w)
{
    struct client_failure failure;
    json_t *status = client_call(w->ctl, "io.cryomon.Monitor.Status", NULL, POLL_TIMEOUT_MS, &failure);
    if (status == NULL && failure.status == CTL_OK)
        return; /* interrupted by a signal, which is read next */
    json_decref(w->status);
    w->status = NULL;
    if (status == NULL)
        w->failure = failure;
    if (status == NULL && failure.status == CTL_DENIED) {
        w->result = CTL_DENIED;
        w->end = true;
        return;
    }
    if (status != NULL) {
        take_status(w, status);
        w->unreachable_since_us = 0;
    } else if (w->unreachable_since_us == 0) {
        w->unreachable_since_us = clock_now().utc_us;
        if (!w->ctl->json)
            add_event(w, TABLE_URGENT,
                      w->terminal ? tr(w->ctl, "the daemon is not reachable", "守护进程无法连接")
                                  : failure.text);
    }
    if (w->ctl->json)
        print_json(w);
}

/* ---------------------------------------------------------------- signals and time */

static void suspend(const struct watch *w)
{
    if (w->terminal)
        screen_leave();
    raise(SIGSTOP);
    if (w->terminal)
        screen_enter();
}

static void read_signals(struct watch *w)
{
    struct signalfd_siginfo info;
    while (read(w->ctl->interrupt_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTSTP)
            suspend(w);
        else if (info.ssi_signo != SIGWINCH)
            w->end = true;
    }
}

static void wait_until(struct watch *w, int64_t boot_us)
{
    /* Nothing may have to be written for hours: whether somebody still reads is looked at, not tried. */
    struct pollfd fds[2] = {{.fd = w->ctl->interrupt_fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
    int64_t left_us;
    do { /* once at least, also when the daemon's answer took as long as that */
        left_us = boot_us - clock_boot_us();
        if (poll(fds, 2, left_us > 0 ? (int)(left_us / MS_US) + 1 : 0) <= 0)
            continue;
        w->end |= (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        if (fds[0].revents != 0) {
            read_signals(w);
            draw(w); /* the window's size may have changed */
        }
    } while (!w->end && left_us > 0);
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int verb_watch(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct watch w = {.ctl = ctl, .terminal = isatty(STDOUT_FILENO) && !ctl->json};
    ctl->interrupt_fd = open_signals();
    if (ctl->interrupt_fd < 0) {
        ctl_complain("signalfd: %s", words_error(ctl, errno));
        return CTL_NEGATIVE;
    }
    if (w.terminal)
        screen_enter();
    while (!w.end && !ferror(stdout)) {
        int64_t next_us = clock_boot_us() + INTERVAL_US;
        ask(&w);
        draw(&w);
        fflush(stdout);
        wait_until(&w, next_us);
    }
    if (w.terminal)
        screen_leave();
    if (w.result != CTL_OK)
        client_complain(&w.failure);
    json_decref(w.status);
    changes_free(&w.changes);
    screen_log_free(&w.log);
    close(ctl->interrupt_fd);
    return w.result;
}
