#include "scenario.h"

#include "command.h"
#include "scenario_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *read_text(struct reader *reader, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR)
        return node->text;
    problems_at(&reader->problems, node, "expected one value, not a mapping or a list");
    return NULL;
}

bool read_integer(struct reader *reader, const struct yaml_node *node, int64_t low, int64_t high,
                  int64_t *ret)
{
    const char *text = read_text(reader, node);
    if (text == NULL)
        return false;
    if (param_integer(text, low, high, ret) == 0)
        return true;
    problems_at(&reader->problems, node, "\"%s\" is not an integer in %lld ... %lld", text, (long long)low,
                (long long)high);
    return false;
}

bool read_number(struct reader *reader, const struct yaml_node *node, const struct unit *units, double low,
                 double high, double *ret)
{
    const char *text = read_text(reader, node);
    double value;
    if (text == NULL)
        return false;
    if (param_number(text, units, &value) == 0 && value >= low && value <= high) {
        *ret = value;
        return true;
    }
    problems_at(&reader->problems, node, "\"%s\" is not a number in %g ... %g%s%s", text, low, high,
                units != NULL ? " " : "", units != NULL ? units[0].name : "");
    return false;
}

bool read_fault(struct reader *reader, const struct yaml_node *node, struct fault *ret)
{
    char error[FAULT_ERROR_MAX];
    const char *text = read_text(reader, node);
    if (text == NULL)
        return false;
    if (fault_parse(text, ret, error) == 0)
        return true;
    problems_at(&reader->problems, node, "%s", error);
    return false;
}

bool read_mapping(struct reader *reader, const struct yaml_node *node)
{
    if (node->kind == YAML_MAPPING)
        return true;
    problems_at(&reader->problems, node, "%s: expected a mapping", node->key != NULL ? node->key : "entry");
    return false;
}

bool read_id(struct reader *reader, const struct yaml_node *node)
{
    static const char *const reserved[] = {"all", "at", "every", "jitter", "run", NULL};
    const char *id = node->key;
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    if (n == 0 || id[n] != '\0' || id[0] == '-' || id[0] == '_' || n >= ID_MAX) {
        problems_at_key(&reader->problems, node, "\"%s\" is no id: a-z, 0-9, - and _ are allowed", id);
        return false;
    }
    for (int i = 0; reserved[i] != NULL; i++) {
        if (strcmp(id, reserved[i]) == 0) {
            problems_at_key(&reader->problems, node, "\"%s\" can't be an id", id);
            return false;
        }
    }
    if (world_device(reader->world, id) != NULL || world_listener(reader->world, id) != NULL) {
        problems_at_key(&reader->problems, node, "\"%s\" is already a listener or a device", id);
        return false;
    }
    return true;
}

#define TIME_MAX_S 1e9

struct moment {
    double at_s, every_s, jitter_s;
};

static void add_command(struct reader *reader, const struct yaml_node *node, struct moment when,
                        const char *command)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    int r = out != NULL ? command_run(reader->world, command, COMMAND_CHECK, out) : -ENOMEM;
    if (out != NULL)
        fclose(out);
    if (r < 0)
        problems_at(&reader->problems, node, "%s", text != NULL ? text : "out of memory");
    else if (world_add_event(reader->world, when.at_s, when.every_s, when.jitter_s, command) < 0)
        problems_at(&reader->problems, node, "too many events: at most %d", EVENTS_MAX);
    free(text);
}

static void add_run(struct reader *reader, const struct yaml_node *node, struct moment when)
{
    if (node->kind == YAML_SCALAR) {
        add_command(reader, node, when, node->text);
        return;
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        const char *text = read_text(reader, item);
        if (text != NULL)
            add_command(reader, item, when, text);
    }
}

/* `tank-3: {vacuum: 40 W}` or `freezer-1: start`. */
static void add_settings(struct reader *reader, const struct yaml_node *node, struct moment when)
{
    char command[COMMAND_MAX];
    if (node->kind == YAML_SEQUENCE) {
        problems_at(&reader->problems, node, "expected settings or the name of an action");
    } else if (node->kind == YAML_SCALAR) {
        snprintf(command, sizeof command, "set %s %s", node->key, node->text);
        add_command(reader, node, when, command);
    } else {
        for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
            const char *text = read_text(reader, item);
            if (text == NULL)
                continue;
            snprintf(command, sizeof command, "set %s %s%s%s", node->key, item->key,
                     text[0] != '\0' ? " " : "", text);
            add_command(reader, item, when, command);
        }
    }
}

static void read_event(struct reader *reader, const struct yaml_node *node)
{
    struct moment when = {0};
    if (!read_mapping(reader, node))
        return;
    const struct yaml_node *at = yaml_get(node, "at"), *every = yaml_get(node, "every");
    const struct yaml_node *jitter = yaml_get(node, "jitter");
    if (at == NULL) {
        problems_at(&reader->problems, node, "at: missing: when shall this happen?");
        return;
    }
    if (!read_time(reader, at, 0, TIME_MAX_S, &when.at_s) ||
        (every != NULL && !read_time(reader, every, 0.1, TIME_MAX_S, &when.every_s)) ||
        (jitter != NULL && !read_time(reader, jitter, 0, TIME_MAX_S, &when.jitter_s)))
        return;
    if (jitter != NULL && every != NULL && when.jitter_s > when.every_s / 2) {
        problems_at(&reader->problems, jitter, "jitter: at most half of every");
        return;
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (item == at || item == every || item == jitter)
            continue;
        if (strcmp(item->key, "run") == 0)
            add_run(reader, item, when);
        else
            add_settings(reader, item, when);
    }
}

static void read_script(struct reader *reader, const struct yaml_node *node)
{
    if (node->kind != YAML_SEQUENCE) {
        problems_at(&reader->problems, node, "script: expected a list");
        return;
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
        read_event(reader, item);
}

static void read_each(struct reader *reader, const struct yaml_node *node,
                      void (*read_one)(struct reader *reader, const struct yaml_node *node))
{
    if (node == NULL || !read_mapping(reader, node))
        return;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (read_id(reader, item) && read_mapping(reader, item))
            read_one(reader, item);
    }
}

static void read_clock(struct reader *reader, const struct yaml_node *node)
{
    const char *text = read_text(reader, node);
    if (text == NULL)
        return;
    reader->world->by_simulated = strcmp(text, "simulated") == 0;
    if (!reader->world->by_simulated && strcmp(text, "real") != 0)
        problems_at(&reader->problems, node, "clock: \"%s\" is not one of real simulated", text);
}

static void read_root(struct reader *reader, const struct yaml_node *root)
{
    static const char *const keys[] = {"seed",      "speed",   "step",   "clock",
                                       "listeners", "devices", "script", NULL};
    struct world *world = reader->world;
    int64_t seed;
    for (const struct yaml_node *item = root->first; item != NULL; item = item->next) {
        int i = 0;
        while (keys[i] != NULL && strcmp(keys[i], item->key) != 0)
            i++;
        if (keys[i] == NULL)
            problems_at_key(
                &reader->problems, item,
                "no setting \"%s\"; there is seed, speed, step, clock, listeners, devices, script",
                item->key);
    }
    const struct yaml_node *node = yaml_get(root, "seed");
    if (node != NULL && read_integer(reader, node, 0, INT64_MAX, &seed))
        world->seed = (uint64_t)seed;
    if ((node = yaml_get(root, "speed")) != NULL)
        read_number(reader, node, NULL, 0.001, 100000, &world->speed);
    if ((node = yaml_get(root, "step")) != NULL)
        read_number(reader, node, unit_time, 0.001, 60, &world->step_s);
    if ((node = yaml_get(root, "clock")) != NULL)
        read_clock(reader, node);
    read_each(reader, yaml_get(root, "listeners"), read_listener);
    read_each(reader, yaml_get(root, "devices"), read_device);
    if (world->n_devices == 0 && reader->problems.n == 0)
        problems_at(&reader->problems, root, "there are no devices");
    /* The script is checked by the devices themselves, so these must be right first. */
    node = yaml_get(root, "script");
    if (node != NULL && reader->problems.n == 0)
        read_script(reader, node);
}

int scenario_load(struct world *world, const char *path, const char *directory, bool simulate, FILE *mistakes)
{
    struct reader *reader = calloc(1, sizeof *reader);
    struct yamldoc *doc = NULL;
    if (reader == NULL)
        return -ENOMEM;
    reader->world = world;
    reader->directory = directory;
    reader->simulate = simulate;
    if (yamldoc_load(path, path, &reader->problems, &doc) == 0)
        read_root(reader, yamldoc_root(doc));
    int r = reader->problems.n > 0 ? -EINVAL : 0;
    problems_print(&reader->problems, mistakes);
    problems_free(&reader->problems);
    yamldoc_free(doc);
    free(reader);
    return r;
}
