/*
 * main.c - options, configuration, assemble, run, tear down: nothing else. See cryomond(8).
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "log.h"
#include "monitor.h"
#include "settings.h"

#define EXIT_USAGE        2
#define EXIT_CONFIG       78 /* EX_CONFIG of sysexits.h: the configuration, and nothing else, is to be mended */
#define CORE_SLOTS        16384
#define CORE_RESERVED     4096
#define STOP_PUBLISHER_MS 900
#define STOP_STORE_MS     600
#define STOP_CONTROL_MS   100
#define STOP_FALLBACK_MS  100
#define STOP_LOG_MS       100
#define STOP_FREE_US      (500 * MS_US) /* a stop that took longer does not tidy up behind itself */

struct options {
    const char *config_dir;
    int log_level;
    bool check;
};

static void usage(FILE *stream)
{
    fputs("Usage: cryomond [--config DIR] [--check] [--log-level LEVEL]\n"
          "Watches tanks and freezers over Modbus, keeps every reading, and publishes readings and alarms.\n"
          "\n"
          "  -c, --config DIR       directory of cryomon.yaml (default /etc/cryomon)\n"
          "      --check            read the configuration, report every mistake, and end\n"
          "      --foreground       accepted for convenience: cryomond never detaches\n"
          "      --log-level LEVEL  error, warning, notice, info (default) or debug\n"
          "      --version          print the version\n"
          "      --help             print this text\n"
          "\n"
          "Signals: SIGHUP reloads the configuration, SIGTERM and SIGINT stop. See cryomond(8).\n",
          stream);
}

static int parse_level(const char *text)
{
    static const char *const names[] = {"emergency", "alert",  "critical", "error",
                                        "warning",   "notice", "info",     "debug"};
    for (int i = LOG_ERR; i <= LOG_DEBUG; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    return -1;
}

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *ret)
{
    enum { OPT_CHECK = 256, OPT_FOREGROUND, OPT_LEVEL, OPT_VERSION, OPT_HELP };
    static const struct option table[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, OPT_CHECK},
                                          {"foreground", no_argument, NULL, OPT_FOREGROUND},
                                          {"log-level", required_argument, NULL, OPT_LEVEL},
                                          {"version", no_argument, NULL, OPT_VERSION},
                                          {"help", no_argument, NULL, OPT_HELP},
                                          {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "c:h", table, NULL)) != -1;) {
        switch (c) {
        case 'c':
            ret->config_dir = optarg;
            break;
        case OPT_CHECK:
            ret->check = true;
            break;
        case OPT_FOREGROUND:
            break;
        case OPT_LEVEL:
            if ((ret->log_level = parse_level(optarg)) < 0) {
                fprintf(stderr, "cryomond: unknown log level \"%s\"\n", optarg);
                return EXIT_USAGE;
            }
            break;
        case OPT_VERSION:
            puts("cryomond " CRYOMON_VERSION);
            return 0;
        case 'h':
        case OPT_HELP:
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "cryomond: unexpected argument \"%s\"\n", argv[optind]);
        return EXIT_USAGE;
    }
    return -1;
}

static struct config *load(const struct options *options)
{
    struct problems problems = {0}, warnings = {0};
    struct config *config = NULL;
    int result = settings_load(options->config_dir, 1, &problems, &warnings, &config);
    problems_print(&problems, stderr);
    for (size_t i = 0; i < warnings.n && i < PROBLEMS_MAX; i++)
        fprintf(stderr, "warning: %s\n", warnings.lines[i]);
    if (result < 0)
        fprintf(stderr, "cryomond: the configuration in %s has %zu mistake%s\n", options->config_dir,
                problems.n, problems.n == 1 ? "" : "s");
    problems_free(&problems);
    problems_free(&warnings);
    return config;
}

/* Signals are read from a descriptor by the core thread; every thread is born with them blocked. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a size limit is an error to handle, not a death */
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void make_run_id(char run_id[DAEMON_RUN_MAX])
{
    char boot[BOOT_ID_MAX];
    clock_boot_id(boot);
    snprintf(run_id, DAEMON_RUN_MAX, "%.8s-%llx", boot, (unsigned long long)clock_now().utc_us);
}

/* Everything but the configuration; on failure what was made is left to the end of the process. */
static int assemble(struct monitor_parts *parts)
{
    int result = heartbeats_create(&parts->heartbeats);
    if (result == 0)
        result = mailbox_create(sizeof(struct core_message), CORE_SLOTS, CORE_RESERVED, &parts->core);
    if (result == 0)
        result = publisher_create(parts->config, parts->run_id, parts->heartbeats, &parts->publisher);
    if (result == 0)
        result = store_create(parts->config, parts->core, publisher_mailbox(parts->publisher),
                              parts->heartbeats, &parts->store);
    if (result < 0)
        return result;
    result = fallback_create(parts->core, &parts->fallback);
    if (result < 0) { /* it is the last of the ways */
        log_line(LOG_ERR, MID_START, "no fallback: %s", strerrordesc_np(-result));
        parts->fallback = NULL;
    }
    result = control_create(parts->config, parts->run_id, parts->core, parts->heartbeats, &parts->control);
    if (result < 0) { /* alarms do not depend on it */
        log_line(LOG_ERR, MID_CONTROL, "no control socket at %s: %s; cryoctl will not reach this daemon",
                 parts->config->control_socket, strerrordesc_np(-result));
        parts->control = NULL;
    }
    return 0;
}

/* What hangs is left behind: the process ends in time in any case. */
static void tear_down(struct monitor_parts *parts, struct monitor *monitor, bool hung)
{
    int64_t begin_us = clock_boot_us();
    hung |= publisher_stop(parts->publisher, STOP_PUBLISHER_MS) < 0;
    hung |= store_stop(parts->store, STOP_STORE_MS) < 0;
    hung |= control_stop(parts->control, STOP_CONTROL_MS) < 0;
    hung |= fallback_stop(parts->fallback, STOP_FALLBACK_MS) < 0;
    log_close(STOP_LOG_MS);
    if (hung || clock_boot_us() - begin_us > STOP_FREE_US) /* paho's threads take a second to be freed */
        _exit(EXIT_SUCCESS);
    control_free(parts->control);
    fallback_free(parts->fallback);
    publisher_free(parts->publisher);
    store_free(parts->store);
    monitor_free(monitor);
}

int main(int argc, char **argv)
{
    struct options options = {.config_dir = "/etc/cryomon", .log_level = LOG_INFO};
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    struct config *config = load(&options);
    if (config == NULL)
        return options.check ? EXIT_FAILURE : EXIT_CONFIG;
    if (options.check) {
        printf("%s: no mistakes: %u assets, %u points, %u alarms\n", options.config_dir,
               config->n_assets - 1U, config->n_points, config->n_alarms);
        config_unref(config);
        return EXIT_SUCCESS;
    }
    mallopt(M_ARENA_MAX, 2); /* a thread per bus must not mean an arena per bus */
    descriptors_raise();
    int signal_fd = open_signals();    /* before any thread: they are all born with the signals blocked */
    (void)log_open(options.log_level); /* without its thread it writes all the same */
    char run_id[DAEMON_RUN_MAX];
    make_run_id(run_id);
    struct monitor_parts parts = {
        .config = config, .config_dir = options.config_dir, .run_id = run_id, .signal_fd = signal_fd};
    struct monitor *monitor = NULL;
    int result = parts.signal_fd < 0 ? -errno : assemble(&parts);
    if (result == 0)
        result = monitor_create(&parts, &monitor);
    if (result < 0) {
        log_line(LOG_CRIT, MID_START, "cannot start: %s", strerrordesc_np(-result));
        log_close(STOP_LOG_MS);
        return EXIT_FAILURE;
    }
    bool ended = monitor_run(monitor);
    tear_down(&parts, monitor, !ended);
    mailbox_free(parts.core);
    heartbeats_free(parts.heartbeats);
    config_unref(config);
    return EXIT_SUCCESS;
}
