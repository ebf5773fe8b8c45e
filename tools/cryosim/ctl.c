#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char usage[] =
    "Usage: cryosim ctl --control PATH [--json] COMMAND...\n"
    "       cryosim ctl --control PATH < COMMANDS\n"
    "\n"
    "  --control PATH  the socket of the running cryosim\n"
    "  --json          print `list` as JSON\n"
    "\n"
    "`cryosim ctl --control PATH help` lists the commands; cryosim(8) explains them.\n";

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    return fd;
}

static const char *fault_of(const json_t *object)
{
    const char *fault = json_string_value(json_object_get(object, "fault"));
    return fault == NULL || strcmp(fault, "none") == 0 ? "" : fault;
}

/* "level_cm 18.2, vapour_c -190.1": what a person wants to see of a device. */
static void print_state(json_t *state)
{
    static const char *const shown[] = {"vapour_c",     "level_cm",       "lid",   "vacuum",  "chamber_c",
                                        "sample_c",     "segment",        "mains", "stock_l", "pressure_bar",
                                        "room_percent", "charge_percent", NULL};
    for (int i = 0; shown[i] != NULL; i++) {
        const json_t *value = json_object_get(state, shown[i]);
        if (json_is_string(value))
            printf(" %s %s ", shown[i], json_string_value(value));
        else if (json_is_boolean(value))
            printf(" %s %s ", shown[i], json_is_true(value) ? "on" : "off");
        else if (json_is_number(value))
            printf(" %s %.4g ", shown[i], json_number_value(value));
    }
}

static void print_list(json_t *list)
{
    const char *id;
    json_t *listener, *device;
    size_t i;
    printf("%.1f s at speed %g\n", json_number_value(json_object_get(list, "elapsed_s")),
           json_number_value(json_object_get(list, "speed")));
    json_object_foreach(json_object_get(list, "listeners"), id, listener)
    {
        json_t *tcp = json_object_get(listener, "tcp"), *rtu = json_object_get(listener, "rtu");
        printf("%-16s ", id);
        if (tcp != NULL)
            printf("tcp %s:%lld", json_string_value(json_object_get(tcp, "address")),
                   (long long)json_integer_value(json_object_get(tcp, "port")));
        else
            printf("rtu %s", json_string_value(json_object_get(rtu, "device")));
        printf("  %s %s\n", json_is_true(json_object_get(listener, "open")) ? "open" : "closed",
               fault_of(listener));
    }
    json_array_foreach(json_object_get(list, "devices"), i, device)
    {
        printf("%-16s %-8s %s/%-3lld ", json_string_value(json_object_get(device, "id")),
               json_string_value(json_object_get(device, "kind")),
               json_string_value(json_object_get(device, "listener")),
               (long long)json_integer_value(json_object_get(device, "unit")));
        print_state(json_object_get(device, "state"));
        printf(" %s\n", fault_of(device));
    }
}

/* Prints an answer; returns the exit code. */
static int show(const char *command, const char *reply, bool json)
{
    if (strncmp(reply, "error: ", 7) == 0) {
        fprintf(stderr, "cryosim: %s\n", reply + 7);
        return EXIT_FAILURE;
    }
    const char *text = strncmp(reply, "ok ", 3) == 0 ? reply + 3 : "";
    json_t *list = !json && strcmp(command, "list") == 0 ? json_loads(text, 0, NULL) : NULL;
    if (list != NULL)
        print_list(list);
    else if (text[0] != '\0')
        puts(text);
    json_decref(list);
    return EXIT_SUCCESS;
}

static int converse(FILE *stream, const char *command, bool json)
{
    char *reply = NULL;
    size_t size = 0;
    int code = EXIT_FAILURE;
    fprintf(stream, "%s\n", command);
    fflush(stream);
    ssize_t n = getline(&reply, &size, stream);
    if (n <= 0) {
        fputs("cryosim: the connection was closed without an answer\n", stderr);
    } else {
        reply[strcspn(reply, "\n")] = '\0';
        code = show(command, reply, json);
    }
    free(reply);
    return code;
}

static int converse_lines(FILE *stream, bool json)
{
    char *line = NULL;
    size_t size = 0;
    int code = EXIT_SUCCESS;
    while (getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#' && converse(stream, line, json) != EXIT_SUCCESS)
            code = EXIT_FAILURE;
        fflush(stdout);
    }
    free(line);
    return code;
}

/* argv's words as one line, for the caller to free. */
static char *join(int n, char **words)
{
    char *line = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&line, &len);
    if (out == NULL)
        return NULL;
    for (int i = 0; i < n; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", words[i]);
    return fclose(out) == 0 ? line : NULL;
}

static int talk(const char *control, bool json, int n_words, char **words)
{
    int fd = dial(control);
    if (fd < 0) {
        fprintf(stderr, "cryosim: %s: %s\n", control, strerror(-fd));
        return EXIT_FAILURE;
    }
    FILE *stream = fdopen(fd, "r+");
    if (stream == NULL) {
        close(fd);
        return EXIT_FAILURE;
    }
    int code = EXIT_FAILURE;
    if (n_words == 0) {
        code = converse_lines(stream, json);
    } else {
        char *line = join(n_words, words);
        if (line != NULL)
            code = converse(stream, line, json);
        free(line);
    }
    fclose(stream);
    return code;
}

int ctl_main(int argc, char **argv)
{
    static const struct option options[] = {{"control", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *control = NULL;
    bool json = false;
    int option;
    optind = 0; /* argv is another one than main's */
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            control = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            fputs(usage, stderr);
            return 2;
        }
    }
    if (control == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    return talk(control, json, argc - optind, argv + optind);
}
