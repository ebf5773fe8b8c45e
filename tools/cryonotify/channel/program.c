#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "notice_json.h"
#include "outcome.h"
#include "render.h"

#define ENVIRONMENT_MAX 16
#define REAP_MS         2000 /* after SIGKILL: only a process that hangs in the kernel needs longer */
#define LINE_MAX_BYTES  1024
#define READS_AT_ONCE   64

struct program {
    char *args[CHANNEL_ARGS_MAX + 1];
    char *environment[ENVIRONMENT_MAX];
    size_t n_args, n_environment;
    int input, output; /* what it reads; our end of what it prints */
    int process;       /* pidfd */
    pid_t pid;
    char line[LINE_MAX_BYTES]; /* the one being read */
    char last[LINE_MAX_BYTES]; /* the last one that says something */
    size_t len;
};

static void free_program(struct program *p)
{
    for (size_t i = 0; i < p->n_args; i++)
        free(p->args[i]);
    for (size_t i = 0; i < p->n_environment; i++)
        free(p->environment[i]);
    if (p->input >= 0)
        close(p->input);
    if (p->output >= 0)
        close(p->output);
    if (p->process >= 0)
        close(p->process);
}

/* ---------------------------------------------------------------- what it gets */

static int add_variable(struct program *p, const char *name, const char *value)
{
    if (value == NULL)
        value = "";
    if (asprintf(&p->environment[p->n_environment], "%s=%s", name, value) < 0)
        return -ENOMEM;
    p->n_environment++;
    return 0;
}

static int make_environment(struct program *p, const struct notice *n)
{
    const char *const variables[][2] = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"LANG", "C.UTF-8"},
        {"CRYOMON_SITE", n->site},
        {"CRYOMON_ASSET", n->asset},
        {"CRYOMON_ALARM", n->alarm},
        {"CRYOMON_OCCURRENCE", n->occurrence},
        {"CRYOMON_PRIORITY", priority_name(n->priority)},
        {"CRYOMON_PURPOSE", notice_purpose_name(n->purpose)},
        {"CRYOMON_PERSON", n->person},
        {"CRYOMON_ADDRESS", n->address},
        {"CRYOMON_LANGUAGE", n->language == LANGUAGE_ZH ? "zh" : "en"},
    };
    int error = 0;

    for (size_t i = 0; i < sizeof variables / sizeof variables[0] && error == 0; i++)
        error = add_variable(p, variables[i][0], variables[i][1]);
    return error;
}

static int make_args(struct program *p, const struct command_config *command, const struct notice *notice,
                     const struct text *text)
{
    json_t *values = NULL;
    int error = notice_json_make(notice, text, text->first, &values);
    struct render render = {.values = values};

    for (size_t i = 0; i < command->n_args && error == 0; i++) {
        error = render_text(&render, RENDER_TEXT, command->args[i], &p->args[i]);
        if (error == 0)
            p->n_args++;
    }
    json_decref(values);
    return error;
}

/* The whole message in memory: a program that does not read it holds up nobody. */
static int make_input(struct program *p, const struct text *text)
{
    char *message = NULL;
    int len = asprintf(&message, "%s\n%s%s", text->first, text->answer, text->details);
    int error = 0;

    if (len < 0)
        return -ENOMEM;
    p->input = memfd_create("cryonotify", MFD_CLOEXEC);
    if (p->input < 0 || write(p->input, message, (size_t)len) != len || lseek(p->input, 0, SEEK_SET) != 0)
        error = -errno;
    free(message);
    return error;
}

/* ---------------------------------------------------------------- starting it */

static int set_actions(posix_spawn_file_actions_t *actions, int input, int output)
{
    int error = posix_spawn_file_actions_adddup2(actions, input, 0);

    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, output, 1);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, output, 2);
    if (error == 0)
        error = posix_spawn_file_actions_addchdir_np(actions, "/");
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    return -error;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int error = 0;

    sigemptyset(&none);
    sigfillset(&all);
    error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                         POSIX_SPAWN_SETPGROUP);
    return -error;
}

static int spawn(struct program *p, int output)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = -posix_spawn_file_actions_init(&actions);

    if (error < 0)
        return error;
    error = -posix_spawnattr_init(&attributes);
    if (error < 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    error = set_actions(&actions, p->input, output);
    if (error == 0)
        error = set_attributes(&attributes);
    if (error == 0)
        error = -posix_spawn(&p->pid, p->args[0], &actions, &attributes, p->args, p->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int start(struct program *p)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    p->output = ends[0];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        close(ends[1]);
        return -errno;
    }
    int error = spawn(p, ends[1]);
    close(ends[1]);
    if (error < 0)
        return error;
    p->process = pidfd_open(p->pid, 0);
    if (p->process < 0) { /* without it nobody would notice its end */
        error = -errno;
        kill(-p->pid, SIGKILL);
        (void)waitpid(p->pid, NULL, 0);
    }
    return error;
}

/* ---------------------------------------------------------------- until it ends */

static void keep_line(struct program *p)
{
    p->line[p->len] = '\0';
    if (p->line[strspn(p->line, " \t\r")] != '\0')
        memcpy(p->last, p->line, p->len + 1);
    p->len = 0;
}

/* Reads what is there, a bounded amount. False at the end. */
static bool read_output(struct program *p)
{
    char bytes[4096];

    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t n = read(p->output, bytes, sizeof bytes);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0)
            return false;
        for (ssize_t b = 0; b < n; b++) {
            if (bytes[b] == '\n')
                keep_line(p);
            else if (p->len < sizeof p->line - 1 && bytes[b] != '\0')
                p->line[p->len++] = bytes[b];
        }
    }
    return true;
}

/* Waits until the program ends (true), the deadline has passed or stop_fd becomes readable. */
static bool wait_for_end(struct program *p, int stop_fd, int64_t deadline_boot_us, bool *ret_stopped)
{
    bool open = true;

    for (;;) {
        int64_t left_us = deadline_boot_us - clock_boot_us();
        struct pollfd fds[] = {
            {p->process, POLLIN, 0}, {open ? p->output : -1, POLLIN, 0}, {stop_fd, POLLIN, 0}};
        if (left_us <= 0)
            return false;
        int n = poll(fds, 3, left_us / MS_US < 60000 ? (int)(left_us / MS_US) + 1 : 60000);
        if (n < 0 && errno != EINTR)
            return false;
        if (n <= 0)
            continue;
        if (fds[1].revents != 0)
            open = read_output(p);
        if (fds[0].revents != 0) {
            (void)read_output(p);
            return true;
        }
        if (fds[2].revents != 0) {
            *ret_stopped = true;
            return false;
        }
    }
}

/* Ends it, gently first. Returns false when even SIGKILL has not ended it in time. */
static bool end(struct program *p, uint32_t kill_after_ms)
{
    bool ignored = false;

    kill(-p->pid, SIGTERM);
    bool ended = wait_for_end(p, -1, clock_boot_us() + kill_after_ms * MS_US, &ignored);
    kill(-p->pid, SIGKILL); /* also what it has started and left behind */
    return ended || wait_for_end(p, -1, clock_boot_us() + REAP_MS * MS_US, &ignored);
}

static void judge(const siginfo_t *info, struct channel_result *result)
{
    if (info->si_code != CLD_EXITED) {
        outcome_fail(result, "it was ended by signal %d (%s)", info->si_status, sigdescr_np(info->si_status));
        result->maybe_sent = true;
    } else if (info->si_status != 0) {
        outcome_fail(result, "exit status %d", info->si_status);
        result->permanent = info->si_status != EX_TEMPFAIL && info->si_status != 1;
    } else {
        result->outcome = CHANNEL_SENT;
    }
}

static void run(struct program *p, int stop_fd, const struct channel_config *config,
                struct channel_result *result)
{
    siginfo_t info = {0};
    bool stopped = false, reaped = true;
    bool ended = wait_for_end(p, stop_fd, clock_boot_us() + config->timeout_ms * MS_US, &stopped);

    if (!ended)
        reaped = end(p, config->command.kill_after_ms);
    if (reaped && waitid(P_PIDFD, (id_t)p->process, &info, WEXITED) < 0)
        reaped = false;
    keep_line(p);
    outcome_detail(result, p->last);
    if (ended && reaped) {
        judge(&info, result);
        return;
    }
    if (stopped)
        outcome_fail(result, "it was ended because cryonotify stops");
    else
        outcome_fail(result, "it did not end within %u ms%s", config->timeout_ms,
                     reaped ? "" : ", and could not be killed");
    result->maybe_sent = true;
    if (stopped)
        result->outcome = CHANNEL_STOPPED;
}

void program_send(int stop_fd, const struct channel_config *config, const struct notice *notice,
                  struct channel_result *result)
{
    struct program program = {.input = -1, .output = -1, .process = -1};
    struct text text = {0};
    int error = text_make(notice, &text);

    if (error == 0)
        error = make_args(&program, &config->command, notice, &text);
    if (error == 0)
        error = make_environment(&program, notice);
    if (error == 0)
        error = make_input(&program, &text);
    if (error == 0)
        error = start(&program);
    if (error < 0) {
        outcome_fail(result, "can't run %.100s: %s", config->command.args[0], strerrordesc_np(-error));
        result->permanent = error == -ENOENT || error == -EACCES || error == -ENOEXEC;
    } else {
        run(&program, stop_fd, config, result);
    }
    free_program(&program);
    text_free(&text);
}
