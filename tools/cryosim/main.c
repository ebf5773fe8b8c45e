#include "command.h"
#include "control.h"
#include "ctl.h"
#include "listener.h"
#include "report.h"
#include "scenario.h"
#include "simulate.h"
#include "truth.h"
#include "world.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define TICK_MS    20

static const char usage[] =
    "Usage: cryosim [OPTION]... SCENARIO\n"
    "       cryosim --simulate --until TIME [--csv FILE] [OPTION]... SCENARIO\n"
    "       cryosim ctl --control PATH [--json] COMMAND...\n"
    "\n"
    "Simulates tanks, their supply, freezers, a UPS and an oxygen monitor on Modbus TCP and RTU.\n"
    "\n"
    "  --control PATH    socket for commands; see `cryosim ctl --help`\n"
    "  --truth FILE      append what was truly in the registers at each read\n"
    "  --directory DIR   where relative symlinks of the scenario go (here)\n"
    "  --seed N          instead of the scenario's\n"
    "  --speed FACTOR    instead of the scenario's\n"
    "  --manual-clock    time goes on only by the command `step`\n"
    "  --check           read the scenario, report every mistake, and stop\n"
    "  --simulate        serve nothing: run through the scenario as fast as it goes\n"
    "  --until TIME      how much simulated time, such as 30d\n"
    "  --step TIME       of the simulation, instead of the scenario's\n"
    "  --csv FILE        where the lines go (-: standard output, the default)\n"
    "  --every TIME      between two lines (each step)\n"
    "  --ahead TIME      between two lines with the hours left (1h; 0: all)\n"
    "  --help, --version\n"
    "\n"
    "Once all is open, one line of JSON on standard output says where. See cryosim(8).\n";

struct options {
    const char *scenario, *control, *truth, *directory;
    const char *seed, *speed;
    bool manual, check, simulates;
    bool simulate_only; /* an option was given that only --simulate has */
    struct simulate simulate;
};

struct stop {
    struct source source; /* first */
    struct world *world;
};

static void stop_ready(struct source *source, uint32_t events)
{
    (void)events;
    struct signalfd_siginfo info;
    if (read(source->fd, &info, sizeof info) > 0)
        ((struct stop *)source)->world->quit = true;
}

static int stop_open(struct stop *stop, struct world *world)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    stop->world = world;
    stop->source = (struct source){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = stop_ready};
    if (stop->source.fd < 0)
        return -errno;
    return loop_watch(&world->loop, &stop->source, EPOLLIN);
}

static int timeout_ms(const struct world *world)
{
    int64_t deadline_us = INT64_MAX, now_us = world_now_us();
    for (size_t i = 0; i < world->n_listeners; i++) {
        int64_t one = listener_deadline(world->listeners[i]);
        if (one < deadline_us)
            deadline_us = one;
    }
    if (deadline_us >= now_us + INT64_C(1000) * TICK_MS)
        return TICK_MS;
    return deadline_us <= now_us ? 0 : (int)((deadline_us - now_us + 999) / 1000);
}

static void run(struct world *world, struct control *control)
{
    while (!world->quit) {
        loop_wait(&world->loop, timeout_ms(world));
        int64_t now_us = world_now_us();
        world_follow(world, now_us);
        world_expire_faults(world, now_us);
        for (size_t i = 0; i < world->n_listeners; i++)
            listener_tick(world->listeners[i], now_us);
        control_tick(control);
        truth_tick(world->truth, now_us);
    }
}

static int complain(const char *what, int r)
{
    fprintf(stderr, "cryosim: %s: %s\n", what, strerror(-r));
    return EXIT_FAILURE;
}

/* Options win over the scenario. */
static int override(struct world *world, const struct options *options)
{
    int64_t seed;
    if (options->seed != NULL) {
        if (param_integer(options->seed, 0, INT64_MAX, &seed) < 0) {
            fprintf(stderr, "cryosim: --seed: \"%s\" is not an integer from 0\n", options->seed);
            return EXIT_USAGE;
        }
        world->seed = (uint64_t)seed;
    }
    if (options->speed != NULL && (param_number(options->speed, NULL, &world->speed) < 0 ||
                                   world->speed <= 0 || world->speed > 100000)) {
        fprintf(stderr, "cryosim: --speed: \"%s\" is not over 0 and up to 100000\n", options->speed);
        return EXIT_USAGE;
    }
    world->manual = options->manual;
    return EXIT_SUCCESS;
}

/* Opens all, says so, runs. Returns the exit code. */
static int serve(struct world *world, const struct options *options)
{
    struct control *control = NULL;
    struct stop stop = {.source = {.fd = -1}};
    char error[256];
    int r;
    if (options->truth != NULL && (r = truth_open(options->truth, &world->truth)) < 0)
        return complain(options->truth, r);
    if (world_start(world, error, sizeof error) < 0) {
        fprintf(stderr, "cryosim: %s\n", error);
        return EXIT_FAILURE;
    }
    if (options->control != NULL && (r = control_open(world, options->control, &control)) < 0)
        return complain(options->control, r);
    int code = EXIT_FAILURE;
    char *ready = report_ready(world, options->control);
    if ((r = stop_open(&stop, world)) < 0) {
        complain("signals", r);
    } else if (ready != NULL && puts(ready) >= 0 && fflush(stdout) == 0) {
        run(world, control);
        code = EXIT_SUCCESS;
    }
    free(ready);
    control_close(control);
    loop_drop(&world->loop, &stop.source);
    return code;
}

static int simulate(struct world *world, const struct options *options)
{
    char error[256];
    if (simulate_run(world, &options->simulate, error, sizeof error) == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "cryosim: %s\n", error);
    return EXIT_FAILURE;
}

static int load_and_serve(const struct options *options)
{
    struct world world;
    world_init(&world);
    int code = EXIT_FAILURE;
    int r = scenario_load(&world, options->scenario, options->directory, options->simulates, stderr);
    if (r == 0)
        code = override(&world, options);
    if (r == 0 && code == EXIT_SUCCESS && !options->check)
        code = options->simulates ? simulate(&world, options) : serve(&world, options);
    world_free(&world);
    return code;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* without it, only fewer connections fit */
    }
}

/* An option's time. Returns false after saying why. */
static bool parse_time(const char *option, const char *text, double low_s, double high_s, double *ret_s)
{
    if (param_number(text, unit_time, ret_s) == 0 && *ret_s >= low_s && *ret_s <= high_s)
        return true;
    fprintf(stderr, "cryosim: --%s: \"%s\" is not a time in %g ... %g s\n", option, text, low_s, high_s);
    return false;
}

/* Options of --simulate. Returns false when it is none of them or wrong. */
static bool parse_simulate(int option, const char *text, struct options *ret)
{
    struct simulate *s = &ret->simulate;
    ret->simulate_only = ret->simulate_only || option != 'S';
    switch (option) {
    case 'S':
        ret->simulates = true;
        return true;
    case 'u':
        return parse_time("until", text, 1, SIMULATE_MAX_S, &s->until_s);
    case 'p':
        return parse_time("step", text, 0.01, SIMULATE_STEP_MAX_S, &s->step_s);
    case 'e':
        return parse_time("every", text, 0.01, SIMULATE_MAX_S, &s->every_s);
    case 'a':
        return parse_time("ahead", text, 0, SIMULATE_MAX_S, &s->ahead_s);
    case 'o':
        s->csv = text;
        return true;
    default:
        fputs(usage, stderr);
        return false;
    }
}

/* Whether the options fit together. */
static bool is_sensible(const struct options *options)
{
    const char *why = NULL;
    if (!options->simulates && options->simulate_only)
        why = "--until, --step, --every, --ahead and --csv need --simulate";
    else if (options->simulates && (options->control != NULL || options->truth != NULL || options->manual ||
                                    options->speed != NULL))
        why = "--simulate serves nothing: no --control, --truth, --speed or --manual-clock";
    else if (options->simulates && !options->check && options->simulate.until_s <= 0)
        why = "--simulate needs --until";
    if (why != NULL)
        fprintf(stderr, "cryosim: %s\n", why);
    return why == NULL;
}

/* Returns -1 to go on, or an exit code. */
static int parse_options(int argc, char **argv, struct options *ret)
{
    static const struct option options[] = {
        {"control", required_argument, NULL, 'c'},   {"truth", required_argument, NULL, 't'},
        {"directory", required_argument, NULL, 'd'}, {"seed", required_argument, NULL, 's'},
        {"speed", required_argument, NULL, 'x'},     {"manual-clock", no_argument, NULL, 'm'},
        {"check", no_argument, NULL, 'k'},           {"help", no_argument, NULL, 'h'},
        {"simulate", no_argument, NULL, 'S'},        {"until", required_argument, NULL, 'u'},
        {"step", required_argument, NULL, 'p'},      {"every", required_argument, NULL, 'e'},
        {"ahead", required_argument, NULL, 'a'},     {"csv", required_argument, NULL, 'o'},
        {"version", no_argument, NULL, 'v'},         {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            ret->control = optarg;
            break;
        case 't':
            ret->truth = optarg;
            break;
        case 'd':
            ret->directory = optarg;
            break;
        case 's':
            ret->seed = optarg;
            break;
        case 'x':
            ret->speed = optarg;
            break;
        case 'm':
            ret->manual = true;
            break;
        case 'k':
            ret->check = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        case 'v':
            puts("cryosim " CRYOMON_VERSION);
            return EXIT_SUCCESS;
        default:
            if (!parse_simulate(option, optarg, ret))
                return EXIT_USAGE;
        }
    }
    if (argc - optind != 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    ret->scenario = argv[optind];
    return is_sensible(ret) ? -1 : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct options options = {.simulate = {.csv = "-", .ahead_s = 3600}};
    if (argc > 1 && strcmp(argv[1], "ctl") == 0)
        return ctl_main(argc - 1, argv + 1);
    int code = parse_options(argc, argv, &options);
    if (code >= 0)
        return code;
    raise_descriptor_limit();
    return load_and_serve(&options);
}
