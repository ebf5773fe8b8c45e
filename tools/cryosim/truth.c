#include "truth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BUFFER_SIZE 65536
#define FLUSH_US    100000

struct truth {
    FILE *file;
    char *buffer;
    bool dirty;
    int64_t flushed_us;
};

int truth_open(const char *path, struct truth **ret)
{
    int r;
    struct truth *truth = calloc(1, sizeof *truth);
    if (truth == NULL)
        return -ENOMEM;
    truth->buffer = malloc(BUFFER_SIZE);
    truth->file = truth->buffer != NULL ? fopen(path, "ae") : NULL;
    if (truth->file == NULL) {
        r = truth->buffer != NULL ? -errno : -ENOMEM;
        free(truth->buffer);
        free(truth);
        return r;
    }
    setvbuf(truth->file, truth->buffer, _IOFBF, BUFFER_SIZE);
    *ret = truth;
    return 0;
}

void truth_close(struct truth *truth)
{
    if (truth == NULL)
        return;
    fclose(truth->file);
    free(truth->buffer);
    free(truth);
}

void truth_write(struct truth *truth, const struct device *device, const struct request *request,
                 int64_t now_us, enum fault_kind fault)
{
    if (truth == NULL)
        return;
    struct timespec utc;
    clock_gettime(CLOCK_REALTIME, &utc);
    fprintf(
        truth->file,
        "{\"t\":%lld,\"utc\":%lld,\"device\":\"%s\",\"function\":%u,\"address\":%u,\"count\":%u,\"values\":[",
        (long long)now_us, (long long)utc.tv_sec * 1000000 + utc.tv_nsec / 1000, device->id,
        request->function, request->address, request->count);
    enum register_table table = register_table_of(request->function);
    for (unsigned i = 0; i < request->count; i++)
        fprintf(truth->file, i > 0 ? ",%u" : "%u",
                device_get(device, table, (uint16_t)(request->address + i)));
    if (fault != FAULT_NONE)
        fprintf(truth->file, "],\"fault\":\"%s\"}\n", fault_name(fault));
    else
        fputs("]}\n", truth->file);
    truth->dirty = true;
}

void truth_tick(struct truth *truth, int64_t now_us)
{
    if (truth == NULL || !truth->dirty || now_us - truth->flushed_us < FLUSH_US)
        return;
    fflush(truth->file);
    truth->dirty = false;
    truth->flushed_us = now_us;
}
