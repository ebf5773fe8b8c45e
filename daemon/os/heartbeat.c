#include "heartbeat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"

struct slot {
    atomic_int_fast64_t due_us; /* late after this, by clock_running_us: asleep nobody is late */
    atomic_int thread;          /* kernel thread id; 0: the slot is free, -1: being set up */
    char name[HEARTBEAT_NAME];  /* written between -1 and the thread id */
};

struct heartbeats {
    struct slot slots[HEARTBEAT_SLOTS];
};

int heartbeats_create(struct heartbeats **ret)
{
    struct heartbeats *hb = calloc(1, sizeof *hb);
    if (hb == NULL)
        return -ENOMEM;
    *ret = hb;
    return 0;
}

void heartbeats_free(struct heartbeats *hb)
{
    free(hb);
}

int heartbeat_join(struct heartbeats *hb, const char *name)
{
    for (int i = 0; i < HEARTBEAT_SLOTS; i++) {
        int expected = 0;
        struct slot *slot = &hb->slots[i];
        if (!atomic_compare_exchange_strong(&slot->thread, &expected, -1))
            continue;
        snprintf(slot->name, sizeof slot->name, "%s", name);
        if (gettid() != getpid()) /* the first thread's name is the process's */
            prctl(PR_SET_NAME, slot->name);
        heartbeat_beat(hb, i);
        atomic_store(&slot->thread, (int)gettid());
        return i;
    }
    return -ENOSPC;
}

void heartbeat_leave(struct heartbeats *hb, int slot)
{
    if (slot >= 0)
        atomic_store(&hb->slots[slot].thread, 0);
}

#ifdef CRYOMON_TEST_HOOKS
/* For tests of the watchdog: $CRYOMON_TEST_HANG is "THREAD:FILE", and that thread hangs while FILE exists. */
static void hang_if_asked(const char *name)
{
    const char *hang = getenv("CRYOMON_TEST_HANG"), *file = hang != NULL ? strrchr(hang, ':') : NULL;
    if (file == NULL || strncmp(name, hang, (size_t)(file - hang)) != 0 || name[file - hang] != '\0')
        return;
    while (access(file + 1, F_OK) == 0)
        usleep(50000);
}
#else
static void hang_if_asked(const char *name)
{
    (void)name;
}
#endif

void heartbeat_beat(struct heartbeats *hb, int slot)
{
    heartbeat_busy(hb, slot, HEARTBEAT_LATE_MS);
}

void heartbeat_busy(struct heartbeats *hb, int slot, uint32_t allowance_ms)
{
    if (slot < 0)
        return;
    atomic_store(&hb->slots[slot].due_us, clock_running_us() + (int64_t)allowance_ms * MS_US);
    hang_if_asked(hb->slots[slot].name);
}

/* The kernel's state letter of one of our threads: field 3 of its stat, behind the name in parentheses. */
static char thread_state(int thread)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return '?';
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return '?';
    text[n] = '\0';
    const char *end = strrchr(text, ')');
    if (end == NULL || end[1] != ' ')
        return '?';
    return end[2];
}

bool heartbeat_find_late(struct heartbeats *hb, char *ret_name, const char *disk_thread, bool *ret_blocked)
{
    int64_t now = clock_running_us();
    bool late = false;
    *ret_blocked = false;
    for (int i = 0; i < HEARTBEAT_SLOTS; i++) {
        struct slot *slot = &hb->slots[i];
        int thread = atomic_load(&slot->thread);
        if (thread <= 0 || atomic_load(&slot->due_us) >= now)
            continue;
        if (thread_state(thread) == 'D') {
            *ret_blocked |= strcmp(slot->name, disk_thread) == 0;
            continue;
        }
        if (!late)
            snprintf(ret_name, HEARTBEAT_NAME, "%s", slot->name);
        late = true;
    }
    return late;
}
