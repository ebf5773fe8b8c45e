#include "command.h"

#include "listener.h"
#include "report.h"
#include "vessel_device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 32

struct call {
    struct world *world;
    enum command_mode mode;
    char *words[WORDS_MAX]; /* the command and what follows */
    size_t n_words;
    char rest[COMMAND_MAX]; /* words from `from` on, one space between */
    FILE *out;
};

/* "60 W" may come as one word or as two. */
static const char *rest_of(struct call *call, size_t from)
{
    size_t used = 0;
    call->rest[0] = '\0';
    for (size_t i = from; i < call->n_words && used < sizeof call->rest; i++)
        used += (size_t)snprintf(call->rest + used, sizeof call->rest - used, "%s%s", i > from ? " " : "",
                                 call->words[i]);
    return call->rest;
}

static int fail(struct call *call, const char *what, const char *name)
{
    fprintf(call->out, "%s \"%s\"", what, name);
    return -EINVAL;
}

static int run_set(struct call *call)
{
    const char *id = call->words[1], *name = call->words[2], *value = rest_of(call, 3);
    char error[PARAM_ERROR_MAX] = "";
    bool apply = call->mode != COMMAND_CHECK;
    if (call->world->fast && strcmp(name, "speed") == 0)
        return fail(call, "there is no speed without a clock:", id);
    if (strcmp(id, "all") == 0) { /* all that have such a setting */
        size_t n = 0;
        for (size_t i = 0; i < call->world->n_devices; i++) {
            struct device *one = call->world->devices[i];
            n += one->model != NULL && device_set(one, name, value, apply, error) == 0;
        }
        if (n == 0)
            fprintf(call->out, "%s", error);
        return n > 0 ? 0 : -EINVAL;
    }
    struct device *device = world_device(call->world, id);
    if (device == NULL)
        return fail(call, "no device", id);
    if (device_set(device, name, value, apply, error) == 0)
        return 0;
    fprintf(call->out, "%s", error);
    return -EINVAL;
}

static int set_fault(struct call *call, struct fault *where, bool rtu, bool on_listener,
                     const struct fault *fault)
{
    const char *why = fault_unfit(fault, rtu, on_listener);
    if (why != NULL) {
        fprintf(call->out, "%s: %s", fault_name(fault->kind), why);
        return -EINVAL;
    }
    if (call->mode != COMMAND_CHECK) {
        *where = *fault;
        fault_begin(where, world_now_us());
    }
    return 0;
}

static int run_fault(struct call *call)
{
    const char *id = call->words[1];
    char error[FAULT_ERROR_MAX];
    struct fault fault;
    if (fault_parse(rest_of(call, 2), &fault, error) < 0) {
        fprintf(call->out, "%s", error);
        return -EINVAL;
    }
    struct device *device = world_device(call->world, id);
    if (device != NULL && device->listener == NULL)
        return fail(call, "not on any listener:", id);
    if (device != NULL)
        return set_fault(call, &device->fault, device->listener->rtu, false, &fault);
    struct listener *listener = world_listener(call->world, id);
    if (listener != NULL)
        return set_fault(call, &listener->fault, listener->rtu, true, &fault);
    if (strcmp(id, "all") != 0)
        return fail(call, "no device or listener", id);
    int r = 0;
    for (size_t i = 0; i < call->world->n_devices && r == 0; i++) {
        device = call->world->devices[i];
        if (device->listener == NULL)
            continue;
        r = set_fault(call, &device->fault, device->listener->rtu, false, &fault);
    }
    return r;
}

static int run_register(struct call *call)
{
    struct device *device = world_device(call->world, call->words[1]);
    struct cell cell = {0};
    int64_t address, value = 0;
    const char *text = call->words[4];
    if (device == NULL)
        return fail(call, "no device", call->words[1]);
    if (register_table_parse(call->words[2], &cell.table) < 0)
        return fail(call, "not coil, discrete, holding or input:", call->words[2]);
    if (param_integer(call->words[3], 0, 65535, &address) < 0)
        return fail(call, "not an address in 0 ... 65535:", call->words[3]);
    bool release = strcmp(text, "model") == 0;
    cell.address = (uint16_t)address;
    cell.counter = strcmp(text, "counter") == 0;
    if (!release && !cell.counter && param_integer(text, -32768, 65535, &value) < 0)
        return fail(call, "not a value in -32768 ... 65535, nor counter or model:", text);
    if (device->map != NULL && !device_has(device, cell.table, cell.address, 1))
        return fail(call, "the device has no such address:", call->words[3]);
    cell.value = (uint16_t)value;
    if (call->mode == COMMAND_CHECK)
        return 0;
    if (release)
        device_release(device, cell.table, cell.address);
    else if (device_put(device, cell) < 0)
        return fail(call, "out of memory at", call->words[3]);
    return 0;
}

/* Two vessels' probes, mixed up at the wiring. */
static int run_swap(struct call *call)
{
    static const char *const names[VESSEL_N_PROBES] = {"top", "middle", "bottom", "lid", "room", "level"};
    struct device *devices[2];
    for (int i = 0; i < 2; i++) {
        devices[i] = world_device(call->world, call->words[1 + i]);
        if (devices[i] == NULL || devices[i]->model != &model_vessel)
            return fail(call, "no vessel", call->words[1 + i]);
    }
    if (devices[0] == devices[1])
        return fail(call, "two vessels are needed, not twice", call->words[1]);
    int probe = 0;
    while (probe < VESSEL_N_PROBES && strcmp(names[probe], call->words[3]) != 0)
        probe++;
    if (probe == VESSEL_N_PROBES)
        return fail(call, "not top, middle, bottom, lid, room or level:", call->words[3]);
    if (call->mode != COMMAND_CHECK)
        vessel_swap(&((struct vessel_device *)devices[0]->state)->vessel,
                    &((struct vessel_device *)devices[1]->state)->vessel, (enum vessel_probe)probe);
    return 0;
}

static int run_speed(struct call *call)
{
    double speed;
    if (param_number(call->words[1], NULL, &speed) < 0 || speed <= 0 || speed > 100000)
        return fail(call, "not a speed over 0 and up to 100000:", call->words[1]);
    if (call->world->fast)
        return fail(call, "there is no speed without a clock:", call->words[1]);
    if (call->mode != COMMAND_CHECK)
        call->world->speed = speed;
    return 0;
}

static int run_step(struct call *call)
{
    double seconds;
    if (call->mode != COMMAND_CONTROL)
        return fail(call, "not for a script:", "step");
    if (param_number(rest_of(call, 1), unit_time, &seconds) < 0 || seconds <= 0 || seconds > 86400.0 * 366)
        return fail(call, "not a duration:", call->rest);
    world_advance(call->world, seconds);
    fprintf(call->out, "%.3f s", call->world->elapsed_s);
    return 0;
}

static int run_list(struct call *call)
{
    char *text = report_list(call->world);
    if (text == NULL)
        return fail(call, "out of memory for", "list");
    fputs(text, call->out);
    free(text);
    return 0;
}

static int run_quit(struct call *call)
{
    if (call->mode != COMMAND_CHECK)
        call->world->quit = true;
    return 0;
}

static int run_help(struct call *call);

static const struct command {
    const char *name, *usage;
    size_t least, most; /* words after the command */
    int (*run)(struct call *call);
} commands[] = {
    {"list", "list", 0, 0, run_list},
    {"set", "set DEVICE|all SETTING [VALUE]", 2, WORDS_MAX, run_set},
    {"fault", "fault DEVICE|LISTENER|all KIND [ARGUMENT] [count=N] [for=DURATION] [probability=P]", 2,
     WORDS_MAX, run_fault},
    {"register", "register DEVICE coil|discrete|holding|input ADDRESS VALUE|counter|model", 4, 4,
     run_register},
    {"swap", "swap VESSEL VESSEL top|middle|bottom|lid|room|level", 3, 3, run_swap},
    {"speed", "speed FACTOR", 1, 1, run_speed},
    {"step", "step DURATION", 1, 2, run_step},
    {"help", "help", 0, 0, run_help},
    {"quit", "quit", 0, 0, run_quit},
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static int run_help(struct call *call)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(call->out, "%s%s", i > 0 ? "; " : "", commands[i].usage);
    return 0;
}

int command_run(struct world *world, const char *line, enum command_mode mode, FILE *out)
{
    struct call call = {.world = world, .mode = mode, .out = out};
    char words[COMMAND_MAX];
    if (strlen(line) >= sizeof words)
        return fail(&call, "too long:", "line");
    memcpy(words, line, strlen(line) + 1);
    char *rest = NULL;
    for (char *word = strtok_r(words, " \t\r", &rest); word != NULL; word = strtok_r(NULL, " \t\r", &rest)) {
        if (call.n_words == WORDS_MAX)
            return fail(&call, "too many words at", word);
        call.words[call.n_words++] = word;
    }
    if (call.n_words == 0)
        return fail(&call, "no command in", line);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const struct command *command = &commands[i];
        if (strcmp(command->name, call.words[0]) != 0)
            continue;
        if (call.n_words - 1 < command->least || call.n_words - 1 > command->most)
            return fail(&call, "usage:", command->usage);
        return command->run(&call);
    }
    return fail(&call, "no such command (try help):", call.words[0]);
}
