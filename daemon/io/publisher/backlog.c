#include "backlog.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "note.h"
#include "reader.h"

#define STACK_SIZE 262144U

struct backlog_reader {
    struct mailbox *notes;
    pthread_t thread;
    bool running;
    char directory[256];
    uint64_t after;
    unsigned limit;
    struct backlog_page page;
    size_t filled;
};

int backlog_create(struct mailbox *notes, struct backlog_reader **ret)
{
    struct backlog_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->notes = notes;
    *ret = r;
    return 0;
}

int backlog_free(struct backlog_reader *r, const struct timespec *deadline)
{
    if (r == NULL)
        return 0;
    if (r->running && pthread_timedjoin_np(r->thread, NULL, deadline) != 0)
        return -EBUSY;
    free(r);
    return 0;
}

static bool take_row(void *context, const struct history_event *event)
{
    struct backlog_reader *r = context;
    struct backlog_row *row = &r->page.row[r->filled];
    row->seq = event->seq;
    snprintf(row->body, sizeof row->body, "%s", event->body);
    return ++r->filled < OUTBOX_PAGE;
}

static void *run(void *context)
{
    struct backlog_reader *r = context;
    struct history_reader *history = NULL;
    struct note note = {.kind = NOTE_PAGE};
    int error = history_open(r->directory, &history, r->page.message, sizeof r->page.message);
    r->page.rows = error < 0 ? error : history_outbox(history, r->after, r->limit, take_row, r);
    history_close(history);
    (void)mailbox_post(r->notes, MAILBOX_RESERVED, &note);
    return NULL;
}

int backlog_read(struct backlog_reader *r, const char *directory, uint64_t after, unsigned limit)
{
    pthread_attr_t attr;
    snprintf(r->directory, sizeof r->directory, "%s", directory);
    r->after = after;
    r->limit = limit < OUTBOX_PAGE ? limit : OUTBOX_PAGE;
    r->filled = 0;
    r->page.message[0] = '\0';
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    int error = pthread_create(&r->thread, &attr, run, r);
    pthread_attr_destroy(&attr);
    r->running = error == 0;
    return -error;
}

const struct backlog_page *backlog_take(struct backlog_reader *r)
{
    if (r->running)
        pthread_join(r->thread, NULL); /* it has posted its note, so it ends */
    r->running = false;
    return &r->page;
}
