/* fallback_run.c - the command: see fallback.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fallback_private.h"

#define KILL_US     (2 * SECOND_US) /* from TERM to KILL */
#define ENVIRONMENT 10
#define VARIABLE    320

struct run {
    pid_t pid;
    int pidfd, in_fd, out_fd[2]; /* in: a memory file with the text; out: what the command prints */
    char said[NOTE_MAX];         /* the beginning of that */
    size_t said_len;
};

/* The text as a file: a command that does not read it holds nobody up. */
static int open_text(const char *text)
{
    int fd = memfd_create("alarm", MFD_CLOEXEC);
    size_t len = strlen(text), done = 0;
    if (fd < 0)
        return -errno;
    while (done < len) {
        ssize_t n = write(fd, text + done, len - done);
        if (n <= 0) {
            int error = n < 0 ? -errno : -EIO;
            close(fd);
            return error;
        }
        done += (size_t)n;
    }
    (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

static void fill_environment(const struct fallback_call *call, char text[ENVIRONMENT][VARIABLE],
                             char *ret[ENVIRONMENT + 1])
{
    const char *path = getenv("PATH");
    int n = 0;
    snprintf(text[n++], VARIABLE, "PATH=%.300s", path != NULL ? path : "/usr/bin:/bin");
    snprintf(text[n++], VARIABLE, "LANG=C.UTF-8");
    snprintf(text[n++], VARIABLE, "CRYOMON_SITE=%s", call->site);
    snprintf(text[n++], VARIABLE, "CRYOMON_ASSET=%s", call->asset);
    snprintf(text[n++], VARIABLE, "CRYOMON_ALARM=%s", call->alarm);
    snprintf(text[n++], VARIABLE, "CRYOMON_PRIORITY=%s", call->priority);
    snprintf(text[n++], VARIABLE, "CRYOMON_OCCURRENCE=%s", call->occurrence);
    snprintf(text[n++], VARIABLE, "CRYOMON_COUNT=%u", call->count);
    snprintf(text[n++], VARIABLE, "CRYOMON_REASON=%s", call->reason);
    for (int i = 0; i < n; i++)
        ret[i] = text[i];
    ret[n] = NULL;
}

static int spawn(struct run *run, char *const *arguments, char *const *environment)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    int error = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none); /* we have them blocked, and some ignored */
    posix_spawnattr_setsigdefault(&attr, &all);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, run->in_fd, STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, run->out_fd[1], STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, run->out_fd[1], STDERR_FILENO);
    if (error == 0) /* not all libraries close theirs */
        error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (error == 0)
        error = posix_spawn(&run->pid, arguments[0], &actions, &attr, arguments, environment);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int begin(struct run *run, const struct fallback_call *call)
{
    char texts[ENVIRONMENT][VARIABLE], *environment[ENVIRONMENT + 1],
        *arguments[FALLBACK_ARGUMENTS_MAX + 1] = {NULL};
    fill_environment(call, texts, environment);
    for (unsigned i = 0; i < call->settings.n_arguments && i < FALLBACK_ARGUMENTS_MAX; i++)
        arguments[i] = (char *)(uintptr_t)call->settings.arguments[i];
    run->in_fd = open_text(call->text);
    if (run->in_fd < 0)
        return run->in_fd;
    if (pipe2(run->out_fd, O_CLOEXEC) < 0)
        return -errno;
    (void)fcntl(run->out_fd[0], F_SETFL, O_NONBLOCK); /* ours; the command's end is as it expects */
    int error = spawn(run, arguments, environment);
    close_fd(&run->in_fd);
    close_fd(&run->out_fd[1]);
    if (error < 0)
        return error;
    run->pidfd = pidfd_open(run->pid, 0);
    return run->pidfd < 0 ? -errno : 0;
}

/* Takes what the command prints: its beginning is kept, the rest is thrown away. */
static void listen(struct run *run)
{
    char bytes[512];
    ssize_t n = run->out_fd[0] >= 0 ? read(run->out_fd[0], bytes, sizeof bytes) : 0;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&run->out_fd[0]);
    for (ssize_t i = 0; i < n && run->said_len < sizeof run->said - 1; i++)
        run->said[run->said_len++] = (unsigned char)bytes[i] < 0x20 ? ' ' : bytes[i];
}

/* Waits for the end, kills the group when its time is over. True: it has ended. */
static bool attend(struct run *run, int stop_fd, int64_t deadline_us, bool *ret_late)
{
    int64_t kill_us = INT64_MAX;
    for (;;) {
        struct pollfd fds[] = {{.fd = run->pidfd, .events = POLLIN},
                               {.fd = run->out_fd[0], .events = POLLIN},
                               {.fd = stop_fd, .events = POLLIN}};
        int64_t now_us = clock_boot_us(), next_us = kill_us < INT64_MAX ? kill_us : deadline_us;
        int ready = poll(fds, 3, next_us > now_us ? (int)((next_us - now_us) / MS_US) + 1 : 0);
        if (ready > 0 && fds[2].revents != 0)
            return false;
        if (ready > 0 && fds[1].revents != 0)
            listen(run);
        if (ready > 0 && fds[0].revents != 0)
            return true;
        if (clock_boot_us() < next_us)
            continue;
        *ret_late = true;
        (void)kill(-run->pid, kill_us < INT64_MAX ? SIGKILL : SIGTERM);
        kill_us = clock_boot_us() + KILL_US;
    }
}

static void finish(struct run *run, struct core_message *message, bool late)
{
    siginfo_t info = {0};
    listen(run);
    (void)kill(-run->pid, SIGKILL); /* what it has left behind in its group */
    if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG) == 0 && info.si_pid == run->pid)
        message->fallback.status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    if (late)
        message->fallback.error = -ETIMEDOUT;
    memcpy(message->fallback.detail, run->said, sizeof run->said);
}

/* True: told how it ended. False: the thread is to end, and the command goes on without it. */
static bool run_command(struct fallback *f, const struct fallback_call *call)
{
    struct run run = {.pidfd = -1, .in_fd = -1, .out_fd = {-1, -1}};
    struct core_message message = {.kind = CORE_FALLBACK};
    bool late = false, over = true;
    message.fallback.part = FALLBACK_COMMAND;
    memcpy(message.fallback.occurrence, call->occurrence, sizeof message.fallback.occurrence);
    message.fallback.error = begin(&run, call);
    if (message.fallback.error == 0) {
        over = attend(&run, f->command.stop_fd, clock_boot_us() + call->settings.timeout_ms * MS_US, &late);
        if (over)
            finish(&run, &message, late);
    }
    close_fd(&run.pidfd);
    close_fd(&run.in_fd);
    close_fd(&run.out_fd[0]);
    close_fd(&run.out_fd[1]);
    atomic_store(&f->busy, false);
    if (over)
        fallback_tell(f, &message);
    return over;
}

void *fallback_command_loop(void *context)
{
    struct fallback *f = context;
    struct fallback_call *call;
    pthread_setname_np(pthread_self(), "fallback");
    while (!fallback_is_ending(&f->command)) {
        (void)mailbox_wait(f->command.box, f->command.stop_fd, INT64_MAX);
        while (!fallback_is_ending(&f->command) && mailbox_take(f->command.box, &call)) {
            (void)run_command(f, call);
            free(call);
        }
    }
    (void)eventfd_write(f->command.done_fd, 1);
    return NULL;
}
