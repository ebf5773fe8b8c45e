/* main.c - cryonotify: options, configuration, assemble, run. See cryonotify(8). */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "caller.h"
#include "command.h"
#include "log.h"
#include "phrase.h"

#define EXIT_USAGE   2
#define EXIT_CONFIG  78
#define LOG_CLOSE_MS 1000
#define CONFIG_FILE  "/etc/cryomon/notify.yaml"
#define SOCKET       "/run/cryonotify/control"

struct options {
    const char *config, *templates, *socket, *why, *lasting;
    bool check, watch_only, json;
    int log_level;
};

static const char *tr(const char *en, const char *zh)
{
    return phrase_pick(command_language(), en, zh);
}

static void usage(FILE *to)
{
    fputs(tr("usage: cryonotify [--config FILE] [--watch-only]          run the service\n"
             "       cryonotify check                                   look for mistakes in the "
             "configuration\n"
             "       cryonotify status|calls [--json]\n"
             "       cryonotify test PERSON[/CHANNEL]                   send a test message\n"
             "       cryonotify off PERSON[/CHANNEL] --for 2h --why TEXT\n"
             "       cryonotify on PERSON[/CHANNEL]\n"
             "       cryonotify ack ASSET/ALARM                         acknowledge an alarm\n"
             "see cryonotify(8)\n",
             "用法：cryonotify [--config 文件] [--watch-only]           运行服务\n"
             "      cryonotify check                                    检查配置中的错误\n"
             "      cryonotify status|calls [--json]                    状态；呼叫记录\n"
             "      cryonotify test 人员[/通道]                         发送测试消息\n"
             "      cryonotify off 人员[/通道] --for 2h --why 原因      停用通知\n"
             "      cryonotify on 人员[/通道]                           恢复通知\n"
             "      cryonotify ack 设备/报警                            确认报警\n"
             "参见 cryonotify(8)\n"),
          to);
}

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *ret)
{
    enum {
        OPT_CHECK = 256,
        OPT_FOREGROUND,
        OPT_LEVEL,
        OPT_VERSION,
        OPT_WATCH,
        OPT_TEMPLATES,
        OPT_SOCKET,
        OPT_FOR,
        OPT_WHY,
        OPT_JSON
    };
    static const struct option table[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, OPT_CHECK},
                                          {"foreground", no_argument, NULL, OPT_FOREGROUND},
                                          {"log-level", required_argument, NULL, OPT_LEVEL},
                                          {"watch-only", no_argument, NULL, OPT_WATCH},
                                          {"templates", required_argument, NULL, OPT_TEMPLATES},
                                          {"socket", required_argument, NULL, OPT_SOCKET},
                                          {"for", required_argument, NULL, OPT_FOR},
                                          {"why", required_argument, NULL, OPT_WHY},
                                          {"json", no_argument, NULL, OPT_JSON},
                                          {"version", no_argument, NULL, OPT_VERSION},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "c:h", table, NULL)) != -1;) {
        if (c == 'c')
            ret->config = optarg;
        else if (c == OPT_CHECK)
            ret->check = true;
        else if (c == OPT_LEVEL)
            ret->log_level = strcmp(optarg, "debug") == 0     ? LOG_DEBUG
                             : strcmp(optarg, "warning") == 0 ? LOG_WARNING
                                                              : LOG_INFO;
        else if (c == OPT_WATCH)
            ret->watch_only = true;
        else if (c == OPT_TEMPLATES)
            ret->templates = optarg;
        else if (c == OPT_SOCKET)
            ret->socket = optarg;
        else if (c == OPT_FOR)
            ret->lasting = optarg;
        else if (c == OPT_WHY)
            ret->why = optarg;
        else if (c == OPT_JSON)
            ret->json = true;
        else if (c == OPT_VERSION || c == 'h') {
            if (c == 'h')
                usage(stdout);
            else
                puts("cryonotify " CRYOMON_VERSION);
            return EXIT_SUCCESS;
        } else if (c != OPT_FOREGROUND) {
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    return -1;
}

static struct notify_config *load(const struct options *options)
{
    struct problems problems = {0}, warnings = {0};
    struct notify_config *config = NULL;
    int result = notify_config_load(options->config, options->templates, &problems, &warnings, &config);
    problems_print(&problems, stderr);
    for (size_t i = 0; i < warnings.n && i < PROBLEMS_MAX; i++)
        fprintf(stderr, tr("warning: %s\n", "警告：%s\n"), warnings.lines[i]);
    if (result < 0)
        fprintf(stderr,
                problems.n == 1 ? tr("cryonotify: %s has %zu mistake\n", "cryonotify：%s 有 %zu 个错误\n")
                                : tr("cryonotify: %s has %zu mistakes\n", "cryonotify：%s 有 %zu 个错误\n"),
                options->config, problems.n);
    problems_free(&problems);
    problems_free(&warnings);
    return config;
}

static void set_zone(const struct notify_config *config)
{
    static char zone[sizeof config->time_zone]; /* what the environment had, before the first one */
    static bool known;
    if (!known && getenv("TZ") != NULL)
        snprintf(zone, sizeof zone, "%s", getenv("TZ"));
    known = true;
    if (config->time_zone[0] != '\0' || zone[0] != '\0')
        (void)setenv("TZ", config->time_zone[0] != '\0' ? config->time_zone : zone, 1);
    else
        (void)unsetenv("TZ");
    tzset();
}

static int command(const struct options *options, const char *verb, const char *what)
{
    struct problems problems = {0}, warnings = {0};
    struct notify_config *config = NULL;
    struct command command = {.socket = options->socket,
                              .verb = verb,
                              .what = what,
                              .why = options->why,
                              .lasting = options->lasting,
                              .json = options->json,
                              .language = command_language()};
    /* Whatever mistake was made in it since, the running service has its socket where it was. */
    if (notify_config_load(options->config, options->templates, &problems, &warnings, &config) == 0) {
        set_zone(config);
        if (command.socket == NULL)
            command.socket = config->socket;
    }
    if (command.socket == NULL)
        command.socket = SOCKET;
    int status = command_run(&command);
    problems_free(&problems);
    problems_free(&warnings);
    notify_config_free(config);
    return status;
}

/* Every thread is born with the signals blocked; the main thread reads them from a descriptor. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Runs it, and what takes over from it. *config is replaced then. */
static int run_all(const struct caller_setup *setup, struct notify_config **config)
{
    for (;;) {
        struct caller *caller = NULL;
        set_zone(*config);
        int result = caller_create(*config, setup, &caller);
        if (result < 0) {
            log_line(LOG_CRIT, MID_START, "cannot start: %s", strerrordesc_np(-result));
            return result;
        }
        result = caller_run(caller);
        struct notify_config *next = caller_take_next(caller);
        bool clean = caller_free(caller);
        if (next == NULL)
            return result;
        if (!clean) { /* the service manager starts us with the new one */
            notify_config_free(next);
            return -EAGAIN;
        }
        notify_config_free(*config);
        *config = next;
    }
}

static int run(const struct options *options, struct notify_config **config)
{
    struct caller_setup setup = {
        .path = options->config, .templates = options->templates, .watch_only = options->watch_only};
    mallopt(M_ARENA_MAX, 2);
    setup.signal_fd = open_signals();
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || setup.signal_fd < 0)
        return EXIT_FAILURE;
    (void)log_open(options->log_level);
    int result = run_all(&setup, config);
    log_close(LOG_CLOSE_MS);
    if (result == 0)
        curl_global_cleanup();
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options = {.config = CONFIG_FILE, .log_level = LOG_INFO};
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    const char *verb = optind < argc ? argv[optind] : NULL,
               *what = optind + 1 < argc ? argv[optind + 1] : NULL;
    if (verb != NULL && strcmp(verb, "check") == 0)
        options.check = true;
    else if (verb != NULL && command_is(verb) && optind + 2 >= argc)
        return command(&options, verb, what);
    else if (verb != NULL) {
        usage(stderr);
        return EXIT_USAGE;
    }
    struct notify_config *config = load(&options);
    if (config == NULL)
        return options.check ? EXIT_FAILURE : EXIT_CONFIG;
    if (options.check)
        printf(tr("%s: no mistakes: %u people, %u channels\n", "%s：没有错误：%u 人，%u 个通道\n"),
               options.config, config->n_people, config->n_channels);
    status = options.check ? EXIT_SUCCESS : run(&options, &config);
    notify_config_free(config);
    return status;
}
