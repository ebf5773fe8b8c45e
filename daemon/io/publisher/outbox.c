#include "outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

struct backlog {
    bool wanted; /* events in (after, before) may be in state.db and not here */
    bool reading;
    bool earlier;           /* all of it is from earlier runs, so it is on disk */
    uint64_t after, before; /* exclusive; before UINT64_MAX: up to the first event of this run */
    int64_t since_us;       /* reading since */
    int64_t retry_us;       /* the last attempt failed: not before */
    unsigned limit;         /* asked for */
};

struct outbox {
    struct outbox_slot *ring, *page;
    size_t head, used, n_page;
    size_t scan;      /* ring slots before it are not waiting */
    size_t confirmed; /* ring slots in that state */
    struct backlog backlog;
    uint64_t durable, last_seq, loaded_seq;
    int64_t missing_us; /* since when more is durable than has come; 0: it is not */
    unsigned refusals;  /* in a row */
    int64_t pause_us;
};

int outbox_create(struct outbox **ret)
{
    struct outbox *o = calloc(1, sizeof *o);
    if (o == NULL)
        return -ENOMEM;
    o->ring = calloc(OUTBOX_RING, sizeof *o->ring);
    o->page = calloc(OUTBOX_PAGE, sizeof *o->page);
    if (o->ring == NULL || o->page == NULL) {
        outbox_free(o);
        return -ENOMEM;
    }
    o->backlog = (struct backlog){.wanted = true, .earlier = true, .before = UINT64_MAX};
    *ret = o;
    return 0;
}

void outbox_free(struct outbox *o)
{
    if (o == NULL)
        return;
    free(o->ring);
    free(o->page);
    free(o);
}

static struct outbox_slot *at(const struct outbox *o, size_t i)
{
    return &o->ring[(o->head + i) % OUTBOX_RING];
}

/* The ring is in order of seq. */
static struct outbox_slot *find(const struct outbox *o, uint64_t seq, size_t *ret_index)
{
    size_t low = 0, high = o->used;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (at(o, middle)->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < o->used && at(o, low)->seq == seq) {
        *ret_index = low;
        return at(o, low);
    }
    for (size_t i = 0; i < o->n_page; i++)
        if (o->page[i].seq == seq) {
            *ret_index = SIZE_MAX;
            return &o->page[i];
        }
    return NULL;
}

/* What lies between after and before (both exclusive) must come from state.db. */
static void extend_backlog(struct outbox *o, uint64_t after, uint64_t before)
{
    struct backlog *b = &o->backlog;
    if (!b->wanted) {
        *b = (struct backlog){.wanted = true, .reading = b->reading, .after = after, .before = before};
        return;
    }
    b->earlier = false;
    if (after < b->after)
        b->after = after;
    if (before > b->before)
        b->before = before;
}

static void pop(struct outbox *o)
{
    if (at(o, 0)->state == OUTBOX_CONFIRMED)
        o->confirmed--;
    o->used--;
    o->head = o->used == 0 ? 0 : (o->head + 1) % OUTBOX_RING; /* kept short, it touches few of its pages */
    if (o->scan > 0)
        o->scan--;
}

void outbox_add(struct outbox *o, const struct event_record *event, int64_t now_us)
{
    bool loaded = event->seq <= o->loaded_seq; /* its row was read before its message came */
    if (o->backlog.wanted && o->backlog.before == UINT64_MAX)
        o->backlog.before = event->seq;
    else if (o->last_seq != 0 && event->seq > o->last_seq + 1)
        extend_backlog(o, o->last_seq, event->seq);
    if (event->seq <= o->last_seq)
        return;
    o->last_seq = event->seq;
    if (loaded)
        return;
    if (o->used == OUTBOX_RING) {
        if (at(o, 0)->state != OUTBOX_GONE)
            extend_backlog(o, at(o, 0)->seq - 1, at(o, 0)->seq + 1);
        pop(o);
    }
    struct outbox_slot *slot = at(o, o->used++);
    *slot = (struct outbox_slot){.seq = event->seq,
                                 .raised_boot_us = event->at.boot_us,
                                 .hold_until_us = now_us + PUBLISHER_HOLD_MS * MS_US};
    snprintf(slot->body, sizeof slot->body, "%s", event->body);
}

void outbox_durable(struct outbox *o, uint64_t seq)
{
    if (seq > o->durable)
        o->durable = seq;
}

static bool is_held(const struct outbox *o, const struct outbox_slot *slot, int64_t now_us)
{
    return slot->seq > o->durable && now_us < slot->hold_until_us;
}

/* Older events have yet to come out of state.db, and there is hope that they will. */
static bool ring_must_wait(const struct outbox *o, int64_t now_us)
{
    const struct backlog *b = &o->backlog;
    if (!b->wanted || b->retry_us > now_us)
        return false;
    if (b->reading)
        return now_us - b->since_us < OUTBOX_PAGE_WAIT_MS * MS_US;
    for (size_t i = 0; i < o->n_page; i++)
        if (o->page[i].refused)
            return false; /* the page does not empty: no reason to keep the rest back */
    return true;
}

static struct outbox_slot *next_of_ring(struct outbox *o, int64_t now_us)
{
    for (size_t i = o->scan; i < o->used; i++) {
        struct outbox_slot *slot = at(o, i);
        if (slot->state != OUTBOX_WAITING) {
            if (i == o->scan)
                o->scan++;
            continue;
        }
        if (is_held(o, slot, now_us))
            return NULL; /* those behind it wait too: the order counts */
        if (slot->retry_us <= now_us)
            return slot;
    }
    return NULL;
}

struct outbox_slot *outbox_next(struct outbox *o, int64_t now_us)
{
    struct outbox_slot *page = NULL;
    if (now_us < o->pause_us)
        return NULL;
    for (size_t i = 0; i < o->n_page && page == NULL; i++)
        if (o->page[i].state == OUTBOX_WAITING && o->page[i].retry_us <= now_us)
            page = &o->page[i];
    struct outbox_slot *ring = next_of_ring(o, now_us);
    if (ring == NULL || (page != NULL && page->seq < ring->seq))
        return page;
    return ring->seq > o->backlog.after && ring_must_wait(o, now_us) ? page : ring;
}

void outbox_sent(struct outbox_slot *slot)
{
    slot->state = OUTBOX_FLYING;
}

static void refused(struct outbox *o, struct outbox_slot *slot, size_t index, int64_t now_us)
{
    slot->state = OUTBOX_WAITING;
    slot->refused = true;
    slot->retry_us = now_us + OUTBOX_RETRY_MS * MS_US;
    if (index < o->scan)
        o->scan = index;
    if (++o->refusals >= OUTBOX_REFUSALS_PAUSE)
        o->pause_us = now_us + OUTBOX_RETRY_MS * MS_US;
}

void outbox_answer(struct outbox *o, uint64_t seq, bool accepted, int64_t now_us)
{
    size_t index = 0;
    struct outbox_slot *slot = find(o, seq, &index);
    if (slot == NULL || slot->state != OUTBOX_FLYING)
        return; /* it has left the ring: its row in state.db brings it again */
    if (!accepted) {
        refused(o, slot, index, now_us);
        return;
    }
    slot->state = OUTBOX_CONFIRMED;
    if (index != SIZE_MAX)
        o->confirmed++;
    o->refusals = 0;
    o->pause_us = 0;
}

static void fly_again(struct outbox_slot *slot)
{
    if (slot->state == OUTBOX_FLYING)
        slot->state = OUTBOX_WAITING;
    slot->retry_us = 0;
}

void outbox_disconnected(struct outbox *o)
{
    for (size_t i = 0; i < o->used; i++)
        fly_again(at(o, i));
    for (size_t i = 0; i < o->n_page; i++)
        fly_again(&o->page[i]);
    o->scan = 0;
    o->refusals = 0;
    o->pause_us = 0;
}

void outbox_give_away(struct outbox *o, int64_t now_us)
{
    o->backlog.wanted = false; /* what earlier runs left waits for a broker to be configured */
    for (struct outbox_slot *slot = outbox_next(o, now_us); slot != NULL; slot = outbox_next(o, now_us)) {
        slot->state = OUTBOX_FLYING;
        outbox_answer(o, slot->seq, true, now_us);
    }
}

void outbox_look_back(struct outbox *o)
{
    extend_backlog(o, 0, o->used > 0 ? at(o, 0)->seq : o->last_seq + 1);
    o->backlog.earlier = true;
}

void outbox_settle(struct outbox *o, outbox_tell_fn *tell, void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < o->n_page; i++) {
        struct outbox_slot *slot = &o->page[i];
        if (slot->state == OUTBOX_CONFIRMED && tell(context, slot->seq))
            continue;
        if (kept != i)
            o->page[kept] = *slot;
        kept++;
    }
    o->n_page = kept;
    for (size_t i = 0, left = o->confirmed; i < o->used && left > 0; i++) {
        struct outbox_slot *slot = at(o, i);
        if (slot->state != OUTBOX_CONFIRMED)
            continue;
        left--;
        if (!tell(context, slot->seq))
            break;
        slot->state = OUTBOX_GONE;
        o->confirmed--;
    }
    while (o->used > 0 && at(o, 0)->state == OUTBOX_GONE)
        pop(o);
}

/* The last events may have found no room in our mailbox: nothing would come behind them and show the gap. */
static void notice_missing(struct outbox *o, int64_t now_us)
{
    if (o->durable <= o->last_seq) {
        o->missing_us = 0;
    } else if (o->missing_us == 0) {
        o->missing_us = now_us;
    } else if (now_us - o->missing_us >= OUTBOX_MISSING_MS * MS_US) {
        extend_backlog(o, o->last_seq, o->durable + 1);
        o->last_seq = o->durable;
        o->missing_us = 0;
    }
}

bool outbox_wants_page(struct outbox *o, int64_t now_us, uint64_t *ret_after, unsigned *ret_limit)
{
    struct backlog *b = &o->backlog;
    notice_missing(o, now_us);
    if (!b->wanted || b->reading || b->retry_us > now_us || o->n_page > OUTBOX_PAGE / 2)
        return false;
    b->reading = true;
    b->since_us = now_us;
    b->limit = (unsigned)(OUTBOX_PAGE - o->n_page);
    *ret_after = b->after;
    *ret_limit = b->limit;
    return true;
}

bool outbox_page_row(struct outbox *o, uint64_t seq, const char *body)
{
    size_t index = 0;
    struct backlog *b = &o->backlog;
    if (seq >= b->before || o->n_page == OUTBOX_PAGE)
        return false;
    b->after = seq;
    if (seq > o->loaded_seq)
        o->loaded_seq = seq;
    if (find(o, seq, &index) != NULL)
        return true;
    struct outbox_slot *slot = &o->page[o->n_page++];
    *slot = (struct outbox_slot){.seq = seq, .raised_boot_us = INT64_MIN};
    snprintf(slot->body, sizeof slot->body, "%s", body);
    return true;
}

void outbox_page_end(struct outbox *o, int64_t rows, int64_t now_us)
{
    struct backlog *b = &o->backlog;
    bool all = rows >= 0 && ((unsigned)rows < b->limit || b->after + 1 >= b->before);
    /* A range of this run may not have reached the disk yet. */
    bool on_disk = b->earlier || o->durable + 1 >= b->before;
    b->reading = false;
    if (rows < 0 || (all && !on_disk))
        b->retry_us = now_us + OUTBOX_RETRY_MS * MS_US;
    else if (all)
        b->wanted = false;
}

int64_t outbox_deadline(const struct outbox *o, int64_t now_us)
{
    int64_t deadline = INT64_MAX;
    const struct backlog *b = &o->backlog;
    if (o->pause_us > now_us)
        return o->pause_us;
    if (b->wanted)
        deadline = b->reading ? b->since_us + OUTBOX_PAGE_WAIT_MS * MS_US : b->retry_us;
    if (deadline <= now_us)
        deadline = now_us + 100 * MS_US; /* as soon as the page has room or the connection is there */
    for (size_t i = 0; i < o->n_page; i++)
        if (o->page[i].state == OUTBOX_WAITING && o->page[i].retry_us > now_us &&
            o->page[i].retry_us < deadline)
            deadline = o->page[i].retry_us;
    for (size_t i = o->scan; i < o->used; i++) {
        const struct outbox_slot *slot = at(o, i);
        if (slot->state != OUTBOX_WAITING)
            continue;
        int64_t next = slot->retry_us > now_us    ? slot->retry_us
                       : is_held(o, slot, now_us) ? slot->hold_until_us
                                                  : INT64_MAX;
        if (next < deadline)
            deadline = next;
        if (!slot->refused)
            break;
    }
    return deadline;
}

uint64_t outbox_waiting(const struct outbox *o)
{
    uint64_t n = 0;
    for (size_t i = 0; i < o->used; i++)
        n += at(o, i)->state < OUTBOX_CONFIRMED;
    for (size_t i = 0; i < o->n_page; i++)
        n += o->page[i].state < OUTBOX_CONFIRMED;
    return n;
}

uint64_t outbox_last_seq(const struct outbox *o)
{
    return o->last_seq;
}

bool outbox_is_empty(const struct outbox *o)
{
    return o->n_page == 0 && o->used == 0;
}
