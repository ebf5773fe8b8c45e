/* monitor_recall.c - what the last weeks have taught: read from the history on a thread of its own after the
 * start and after each reload, and handed to the core thread as a second struct derive.
 *
 * The loader reads up to the last commit, then what was committed meanwhile, until a pass takes no time. What
 * was not committed yet is in the core's ring (monitor_derive.c). It can be broken off at any time; a disk
 * that hangs holds up nobody: after a while the one that began to learn at the start tells what it knows. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"
#include "reader_ordered.h"
#include "record_bypass.h"

#define LOOK_US         (60 * SECOND_US) /* of the record: how often time passes */
#define PASSES_MAX      8
#define SHORT_PASS_US   SECOND_US
#define PATIENCE_US     (300 * SECOND_US)
#define OPEN_TRIES      20
#define OPEN_AGAIN_US   250000
#define TRY_AGAIN_US    10000
#define STOP_RECALLS_US (500 * MS_US)

struct recall {
    /* the core thread's */
    pthread_t thread;
    int64_t started_us;
    /* both */
    atomic_bool stop;
    /* the loader's, until it has posted CORE_RECALLED */
    struct mailbox *core;
    struct config *config;
    struct derive *derive;
    struct stamp now;      /* at the beginning */
    struct stamp at;       /* how far it is in the record */
    int64_t given_us;      /* the same, by the clock of the record that runs on */
    int64_t passed_us;     /* that of the last pass */
    int64_t boot_minus_us; /* boot time less that clock */
    int64_t looked_us;     /* by that clock */
    struct record_clock clock;
    struct record_bypass *bypasses; /* of the record; sorted by device */
    size_t n_bypasses;
    size_t *next_bypass;     /* n_devices: the first that has not ended; the last one is n_bypasses */
    int64_t *bypassed_since; /* n_devices: UTC; of those that are bypassed now; 0 */
    struct run_past *past;   /* what was said of freezers and vessels; NULL: nothing */
    uint64_t n;
    int error;
    char detail[NOTE_MAX];
};

static void free_recall(struct recall *r)
{
    if (r == NULL)
        return;
    derive_free(r->derive);
    config_unref(r->config);
    free(r->past);
    free(r->bypasses);
    free(r->next_bypass);
    free(r->bypassed_since);
    free(r);
}

/* ---------------------------------------------------------------- on the loader's thread */

/* The point of now that a point of the record is: 1 + its index, or 0. Readings in another unit are not its
 * readings. */
static uint32_t tag_of(void *context, const struct history_point *point)
{
    const struct recall *r = context;
    const int index = config_find_point(r->config, point->asset, point->point);
    if (index < 0 || config_is_derived(r->config, (uint16_t)index) ||
        !derive_wants(r->derive, (uint16_t)index) || strcmp(r->config->points[index].unit, point->unit) != 0)
        return 0;
    return (uint32_t)index + 1;
}

/* ---------------------------------------------------------------- what was said of devices, and the clock */

static int bypass_of(const struct record_bypass *bypass, const char *device)
{
    return strcmp(bypass->device, device);
}

/* The first of each device. One that began before all that is recalled, and goes on, has no event in it. */
static void index_bypasses(struct recall *r)
{
    for (unsigned i = 0; i < r->config->n_devices; i++) {
        size_t k = 0;
        while (k < r->n_bypasses && bypass_of(&r->bypasses[k], r->config->devices[i].id) != 0)
            k++;
        r->next_bypass[i] = k;
        if (k < r->n_bypasses && r->bypassed_since[i] != 0)
            r->bypassed_since[i] = 0; /* the events tell it */
    }
}

/* Was the device bypassed? Times don't go backwards. */
static bool was_bypassed(struct recall *r, uint16_t device, int64_t at_us, int64_t utc_us)
{
    size_t *next = &r->next_bypass[device];
    const char *id = r->config->devices[device].id;
    if (r->bypassed_since[device] != 0)
        return utc_us >= r->bypassed_since[device];
    while (*next < r->n_bypasses && r->bypasses[*next].to_us <= at_us)
        *next = *next + 1 < r->n_bypasses && bypass_of(&r->bypasses[*next + 1], id) == 0 ? *next + 1
                                                                                         : r->n_bypasses;
    return *next < r->n_bypasses && r->bypasses[*next].from_us <= at_us;
}

/* Of the record's last weeks: how the clock was set, and which devices were bypassed. Without a state.db
 * neither is known, and the readings count as they are. */
static int read_notes(struct recall *r, struct history_reader *reader)
{
    const int64_t to_us = r->now.utc_us + SECOND_US;
    free(r->bypasses);
    r->bypasses = NULL;
    r->n_bypasses = 0;
    const int64_t from_us = r->now.utc_us - derive_past_most_us(r->config);
    int result = record_clock_read(reader, from_us, to_us, &r->clock);
    if (result == 0)
        result = record_bypass_read(reader, &r->clock, from_us, INT64_MAX, &r->bypasses, &r->n_bypasses);
    index_bypasses(r);
    r->now = clock_now(); /* what was set until now has been read */
    r->boot_minus_us = r->now.boot_us - record_clock_place_event(&r->clock, UINT64_MAX, r->now.utc_us);
    return result == -ENOMEM ? result : 0;
}

/* ---------------------------------------------------------------- readings */

/* The record has the wall clock only; the time by BOOTTIME is counted back from now. */
static struct stamp stamp_of(const struct recall *r, int64_t at_us, int64_t utc_us)
{
    return (struct stamp){.boot_us = at_us + r->boot_minus_us, .utc_us = utc_us};
}

static void pass_time(struct recall *r)
{
    if (r->looked_us == 0)
        r->looked_us = r->given_us;
    /* A gap is one look: what happens in it is nothing. */
    if (r->given_us - r->looked_us >= LOOK_US) {
        derive_look(r->derive, r->at);
        r->looked_us = r->given_us;
    }
}

/* What a device said while it was bypassed is doubtful, as it was then (monitor_derive.c). */
static struct reading believe(struct recall *r, uint16_t point, const struct history_ordered_row *row)
{
    struct reading reading = row->reading;
    if (reading.quality == QUALITY_GOOD &&
        was_bypassed(r, r->config->points[point].device, row->at_us, row->taken_utc_us)) {
        reading.quality = QUALITY_UNCERTAIN;
        reading.reason = REASON_MAINTENANCE;
    }
    return reading;
}

static bool take_row(void *context, const struct history_ordered_row *row)
{
    struct recall *r = context;
    const uint16_t point = (uint16_t)(row->tag - 1);
    if (row->taken_utc_us < r->now.utc_us - derive_past_us(r->derive, point) || row->at_us <= r->passed_us)
        return true;
    r->given_us = row->at_us;
    r->at = stamp_of(r, row->at_us, row->taken_utc_us);
    monitor_runs_pass(r->past, r->derive, row->taken_utc_us);
    const struct reading reading = believe(r, point, row);
    derive_take(r->derive, r->at, point, &reading);
    pass_time(r);
    r->n++;
    return !atomic_load(&r->stop);
}

/* At the start the store is about to open the same files: what can't be read now may be readable soon. */
static int open_record(struct recall *r, struct history_reader **ret)
{
    int result = history_open(r->config->storage.directory, ret, r->detail, sizeof r->detail);
    for (unsigned i = 0; i < OPEN_TRIES && result < 0 && result != -ENOENT && !atomic_load(&r->stop); i++) {
        usleep(OPEN_AGAIN_US);
        result = history_open(r->config->storage.directory, ret, r->detail, sizeof r->detail);
    }
    return result;
}

static int read_record(struct recall *r)
{
    struct history_reader *reader = NULL;
    int64_t result = open_record(r, &reader);
    if (result < 0)
        return (int)result;
    result = read_notes(r, reader);
    r->at.utc_us = r->now.utc_us - derive_past_most_us(r->config);
    r->given_us = INT64_MIN;
    for (unsigned i = 0; i < PASSES_MAX && result >= 0 && !atomic_load(&r->stop); i++) {
        const struct stamp began = clock_now();
        const struct history_ordered ordered = {.from_utc_us = r->at.utc_us + (i > 0 ? 1000 : 0),
                                                .to_utc_us = began.utc_us + SECOND_US,
                                                .clock = &r->clock,
                                                .stop = &r->stop,
                                                .tag = tag_of,
                                                .row = take_row,
                                                .context = r};
        r->passed_us = r->given_us; /* a stretch that the clock has shown twice is read as a whole */
        result = history_each_ordered(reader, &ordered);
        if (clock_boot_us() - began.boot_us < SHORT_PASS_US)
            break;
    }
    if (result < 0)
        snprintf(r->detail, sizeof r->detail, "%s", strerrordesc_np((int)-result));
    history_close(reader);
    return result < 0 ? (int)result : 0;
}

static void *recall(void *argument)
{
    struct recall *r = argument;
    struct core_message message = {.kind = CORE_RECALLED, .generation = r->config->generation, .recalled = r};
    r->error = derive_create(r->config, r->now, &r->derive);
    if (r->error == 0) {
        derive_news_from(r->derive, r->started_us);
        monitor_runs_plan(r->past, r->derive);
        r->error = read_record(r);
    }
    while (mailbox_try(r->core, MAILBOX_RESERVED, &message) < 0)
        usleep(TRY_AGAIN_US);
    return NULL;
}

/* ---------------------------------------------------------------- on the core thread */

/* Without it, what began to learn at the start tells what it knows. */
static void go_without(struct monitor *m, const char *why)
{
    log_line(LOG_WARNING, MID_START,
             "what the last weeks have taught of tanks and freezers is not known: %s; it is learned anew",
             why);
    monitor_derive_begin(m, NULL, 0);
}

static struct recall *make(struct monitor *m)
{
    struct recall *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    const unsigned n_devices = m->config->n_devices;
    r->core = m->parts.core;
    r->config = config_ref(m->config);
    r->now = clock_now();
    r->started_us = r->now.boot_us;
    r->past = monitor_runs_past(m);
    r->next_bypass = calloc(n_devices + 1U, sizeof *r->next_bypass);
    r->bypassed_since = calloc(n_devices + 1U, sizeof *r->bypassed_since);
    if (r->next_bypass == NULL || r->bypassed_since == NULL) {
        free_recall(r);
        return NULL;
    }
    for (unsigned i = 0; i < n_devices; i++)
        r->bypassed_since[i] = monitor_bypassed_since(m, m->config->devices[i].id);
    return r;
}

void monitor_recall_start(struct monitor *m)
{
    if (m->derive.derive == NULL)
        return;
    struct recall *r = make(m);
    int error = r != NULL ? 0 : ENOMEM;
    if (error == 0) {
        error = pthread_create(&r->thread, NULL, recall, r);
        if (error != 0)
            free_recall(r);
    }
    if (error != 0) {
        go_without(m, strerrordesc_np(error));
        return;
    }
    m->derive.recall = r;
    m->recalls_running++;
}

void monitor_recall_cancel(struct monitor *m)
{
    if (m->derive.recall != NULL)
        atomic_store(&m->derive.recall->stop, true);
    m->derive.recall = NULL; /* it still posts its message */
}

void monitor_recalled(struct monitor *m, struct recall *r)
{
    char why[NOTE_MAX + 32];
    pthread_join(r->thread, NULL); /* it has posted, and ends */
    m->recalls_running--;
    if (r != m->derive.recall) { /* of a configuration that is no longer in force */
        free_recall(r);
        return;
    }
    m->derive.recall = NULL;
    if (r->error == 0 && !atomic_load(&r->stop)) {
        const int64_t took_ms = (clock_boot_us() - r->started_us) / MS_US;
        struct derive *derive = r->derive;
        r->derive = NULL;
        monitor_derive_begin(m, derive, r->at.utc_us);
        log_line(LOG_NOTICE, MID_START, "tanks and freezers: %llu readings of the record recalled in %lld ms",
                 (unsigned long long)r->n, (long long)took_ms);
    } else if (r->error == -ENOENT && !derive_is_ready(m->derive.derive)) {
        log_line(LOG_NOTICE, MID_START,
                 "there is no record yet: what it says of tanks and freezers is learned now");
        monitor_derive_begin(m, NULL, 0);
    } else if (!derive_is_ready(m->derive.derive)) {
        snprintf(why, sizeof why, "%s", r->detail[0] != '\0' ? r->detail : strerrordesc_np(-r->error));
        go_without(m, why);
    }
    free_recall(r);
}

void monitor_recall_watch(struct monitor *m)
{
    const struct recall *r = m->derive.recall;
    if (r == NULL || derive_is_ready(m->derive.derive) || clock_boot_us() - r->started_us < PATIENCE_US)
        return;
    /* What the loader brings later still takes its place; what came until then is a gap for it. */
    go_without(m, "the record takes long to be read");
}

bool monitor_recall_stop(struct monitor *m)
{
    struct core_message message;
    const int64_t deadline_us = clock_boot_us() + STOP_RECALLS_US;
    monitor_recall_cancel(m);
    while (m->recalls_running > 0 && clock_boot_us() < deadline_us) {
        if (!mailbox_wait(m->parts.core, -1, deadline_us))
            continue;
        while (mailbox_take(m->parts.core, &message)) {
            if (message.kind == CORE_RECALLED)
                monitor_recalled(m, message.recalled);
            else
                monitor_free_message(&message);
        }
    }
    return m->recalls_running == 0;
}
