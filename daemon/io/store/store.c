/* store.c - the store thread: takes messages, and gives each part its turn. See store.h. */
#include "store_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"

#define RESERVED_SLOTS 1024
#define ORDINARY_MIN   16384 /* over a second of a busy site: a disk may stall for so long */
#define ORDINARY_MAX   65536
#define TAKE_MAX       1024            /* messages per turn */
#define IDLE_US        (2 * SECOND_US) /* well within HEARTBEAT_LATE_MS */
#define CHECK_US       (5 * SECOND_US)

/* ---------------------------------------------------------------- messages */

static void take_config(struct store *store, struct config *config)
{
    if (store_readings_configure(store, config) < 0) {
        /* Its samples will be refused, counted and told; the events go on. */
        log_line(LOG_ERR, MID_STORE, "no memory for the new configuration");
        config_unref(config);
        return;
    }
    store_state_add_config(store, config);
    config_unref(store->config);
    store->config = config;
    store_fold_configure(store);
}

static void handle(struct store *store, struct store_message *message)
{
    switch (message->kind) {
    case STORE_SAMPLE:
        store_readings_add(store, message);
        break;
    case STORE_EVENT:
        store_state_add_event(store, &message->event);
        break;
    case STORE_SENT:
        store_state_add_sent(store, message->sent_seq);
        break;
    case STORE_CONFIG:
        take_config(store, message->config);
        break;
    }
}

static void take_messages(struct store *store, unsigned max)
{
    for (unsigned i = 0; i < max && mailbox_take(store->mailbox, &store->message); i++)
        handle(store, &store->message);
    int64_t utc_us = clock_now().utc_us;
    uint64_t refused = mailbox_take_dropped(store->mailbox);
    if (refused > 0) {
        store_report_gap(store, GAP_QUEUE, refused, store->last_turn_utc_us, utc_us);
        store_report_gap_over(store, GAP_QUEUE);
    }
    store->last_turn_utc_us = utc_us;
}

void store_take(struct store *store)
{
    take_messages(store, TAKE_MAX);
}

/* ---------------------------------------------------------------- the thread */

/* Looks now and then whether the files are still where they were, and lays in the ballast again. */
static void check_files(struct store *store, int64_t now_boot_us)
{
    char detail[STORE_DETAIL_MAX];
    if (now_boot_us < store->files.next_check_boot_us)
        return;
    store->files.next_check_boot_us = now_boot_us + CHECK_US;
    if (store_db_has_moved(&store->state.db))
        store_state_moved(store);
    if (store_db_has_moved(&store->history.db)) {
        snprintf(detail, sizeof detail, "%.180s: was moved or deleted while in use", store->history.db.path);
        store_report_fault(store, FAULT_HISTORY_DB, detail);
        store_history_close(store);
    }
    /* Told now: the next step opens a new file, and then all is well again. */
    store_report_step(store, now_boot_us);
    if (store->state.db.db)
        store_files_keep_ballast(&store->files);
}

static int64_t next_deadline(const struct store *store, int64_t now_boot_us)
{
    int64_t deadlines[] = {store_state_deadline(store), store_history_deadline(store),
                           store_report_deadline(store), store_fold_deadline(store),
                           store_head_deadline(store)};
    int64_t next = now_boot_us + IDLE_US;
    for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++)
        next = deadlines[i] < next ? deadlines[i] : next;
    return next;
}

static bool is_stopping(const struct store *store)
{
    struct pollfd stop = {.fd = store->stop_fd, .events = POLLIN};
    return poll(&stop, 1, 0) > 0;
}

static void *run(void *argument)
{
    struct store *store = argument;
    store->heartbeat = heartbeat_join(store->heartbeats, "store");
    while (!is_stopping(store)) {
        heartbeat_beat(store->heartbeats, store->heartbeat);
        take_messages(store, TAKE_MAX);
        int64_t now = clock_boot_us();
        check_files(store, now);
        store_state_step(store, now);
        store_report_step(store, now); /* before history.db: DURABLE must not wait for it */
        store_history_step(store, now);
        store_head_step(store, now, false);
        store_report_step(store, now);
        store_fold_step(store, now);
        store_head_settle(store, now);
        (void)mailbox_wait(store->mailbox, store->stop_fd, next_deadline(store, now));
    }
    heartbeat_busy(store->heartbeats, store->heartbeat, STORE_WRITE_MS);
    take_messages(store, RESERVED_SLOTS + ORDINARY_MAX);
    store_state_step(store, clock_boot_us()); /* first: a history.db alone would look like a lost state.db */
    store_history_finish(store);
    store_state_finish(store);
    store_history_close(store);
    store_report_step(store, clock_boot_us());
    store_files_close(&store->files);
    heartbeat_leave(store->heartbeats, store->heartbeat);
    (void)eventfd_write(store->done_fd, 1);
    return NULL;
}

/* ---------------------------------------------------------------- making and ending */

static int prepare(struct store *store, struct config *config)
{
    size_t ordinary = 2 * (size_t)config->n_points;
    ordinary = ordinary < ORDINARY_MIN ? ORDINARY_MIN : ordinary > ORDINARY_MAX ? ORDINARY_MAX : ordinary;
    store->config = config_ref(config);
    snprintf(store->files.dir, sizeof store->files.dir, "%s", config->storage.directory);
    int error = chain_init();
    if (error == 0)
        error = mailbox_create(sizeof(struct store_message), ordinary + RESERVED_SLOTS, RESERVED_SLOTS,
                               &store->mailbox);
    store->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    store->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (error == 0 && (store->stop_fd < 0 || store->done_fd < 0))
        error = -EMFILE;
    if (error == 0)
        error = store_state_init(store);
    if (error == 0)
        error = store_history_init(store);
    if (error == 0)
        error = store_readings_configure(store, config);
    if (error == 0)
        store_state_add_config(store, config);
    return error;
}

/* Signals are for the main thread. */
static int start_thread(struct store *store)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&store->thread, NULL, run, store);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return -error;
}

int store_create(struct config *config, struct mailbox *core, struct mailbox *publisher,
                 struct heartbeats *heartbeats, struct store **ret)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return -ENOMEM;
    store->core = core;
    store->publisher = publisher;
    store->heartbeats = heartbeats;
    store->heartbeat = store->stop_fd = store->done_fd = store->files.lock_fd = -1;
    store->report.retry_boot_us = STORE_NEVER;
    store->last_turn_utc_us = clock_now().utc_us;
    int error = prepare(store, config);
    if (error == 0)
        error = start_thread(store);
    if (error < 0) {
        store_free(store);
        return error;
    }
    *ret = store;
    return 0;
}

struct mailbox *store_mailbox(struct store *store)
{
    return store->mailbox;
}

int store_stop(struct store *store, unsigned timeout_ms)
{
    if (!store || store->joined)
        return 0;
    (void)eventfd_write(store->stop_fd, 1);
    struct pollfd done = {.fd = store->done_fd, .events = POLLIN};
    int64_t deadline = clock_boot_us() + (int64_t)timeout_ms * MS_US;
    int64_t left_us = (int64_t)timeout_ms * MS_US;
    while (poll(&done, 1, (int)(left_us / MS_US)) <= 0) {
        left_us = deadline - clock_boot_us();
        if (left_us <= 0)
            return -ETIMEDOUT;
    }
    /* After this the thread only returns, so the join can't hang with the disk. */
    pthread_join(store->thread, NULL);
    store->joined = true;
    return 0;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    while (store->mailbox && mailbox_take(store->mailbox, &store->message)) {
        if (store->message.kind == STORE_CONFIG)
            config_unref(store->message.config);
    }
    store_fold_free(store);
    store_history_free(store);
    store_state_free(store);
    store_report_free(&store->report);
    mailbox_free(store->mailbox);
    config_unref(store->config);
    if (store->stop_fd >= 0)
        close(store->stop_fd);
    if (store->done_fd >= 0)
        close(store->done_fd);
    free(store);
}
