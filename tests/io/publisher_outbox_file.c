/* publisher_outbox_file.c - history_outbox over the driver's text file, in place of state.db. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reader.h"

struct history_reader {
    char path[512];
};

int history_open(const char *dir, struct history_reader **ret, char *ret_message, size_t cap)
{
    struct history_reader *r = calloc(1, sizeof *r);
    struct stat st;
    char hang[512];
    if (r == NULL)
        return -ENOMEM;
    snprintf(hang, sizeof hang, "%s/hang", dir);
    while (stat(hang, &st) == 0)
        usleep(20000); /* a disk that does not answer */
    snprintf(r->path, sizeof r->path, "%s/outbox", dir);
    if (access(r->path, R_OK) < 0) {
        int error = -errno;
        snprintf(ret_message, cap, "%s", strerror(-error));
        free(r);
        return error;
    }
    *ret = r;
    return 0;
}

void history_close(struct history_reader *reader)
{
    free(reader);
}

/* seq -> line; small enough for tests. */
#define MOST 20000

int64_t history_outbox(struct history_reader *reader, uint64_t after_seq, unsigned limit,
                       history_event_fn *event, void *context)
{
    char **bodies = calloc(MOST, sizeof *bodies), line[4096];
    FILE *file = fopen(reader->path, "r");
    int64_t n = 0;
    while (file != NULL && bodies != NULL && fgets(line, sizeof line, file) != NULL) {
        char *rest = NULL;
        uint64_t seq = strtoull(line + 2, &rest, 10);
        if (seq >= MOST || strchr(line, '\n') == NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        free(bodies[seq]);
        bodies[seq] = line[0] == 'E' ? strdup(rest + 1) : NULL;
    }
    bool more = true;
    for (uint64_t seq = after_seq + 1; seq < MOST && bodies != NULL && more && n < (int64_t)limit; seq++)
        if (bodies[seq] != NULL) {
            n++;
            more = event(context, &(struct history_event){.seq = seq, .body = bodies[seq]});
        }
    for (size_t i = 0; i < MOST && bodies != NULL; i++)
        free(bodies[i]);
    free(bodies);
    if (file != NULL)
        fclose(file);
    return n;
}
