/*
 * caller_sequence.c - the daemon numbers its events: which have come, which not, and what came and went.
 *
 * Our session with the broker brings all of them in order; a gap there is a loss (the broker's queue was
 * full). While the disk hangs, events are heard beside it (inbox.h): what is missed between the two is no
 * loss, our session keeps it. So two places are known: the last event that was heard, and the last of our
 * session; and between them those that nobody has heard, which are news when they come, but late.
 */
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "log.h"

#define RENUMBERED INT64_C(1000000000)

static bool is_run(const struct caller_number *at, const char *run)
{
    return strcmp(run, at->run) == 0;
}

static void go_to(struct caller_number *at, const char *run, int64_t seq)
{
    snprintf(at->run, sizeof at->run, "%s", run);
    at->seq = seq;
}

/* How many are missing between the two; another run may count anew. */
static int64_t gap_between(const struct caller_number *last, const char *run, int64_t seq)
{
    int64_t gap = last->seq > 0 ? seq - last->seq - 1 : 0;
    return gap > 0 && (is_run(last, run) || gap < RENUMBERED) ? gap : 0;
}

/* The broker has dropped events. The states tell what is still so. */
static void lost(struct caller *c, int64_t gap)
{
    c->gap += gap;
    c->sync++; /* what is not there any more when they have been read is over */
    c->synced = false;
    if (c->inbox != NULL)
        inbox_resync(c->inbox);
    log_line(LOG_WARNING, MID_BROKER, "%lld events never came: the alarm states are read anew",
             (long long)gap);
}

/* Without room the last range is made longer: what was heard may then be told as late, too. */
static void owe(struct caller *c, int64_t from, int64_t to)
{
    log_line(LOG_INFO, MID_BROKER, "the broker keeps %lld events until the disk answers again",
             (long long)(to - from + 1));
    if (c->n_owed < CALLER_OWED)
        c->owed[c->n_owed++] = (struct caller_range){.from = from, .to = to};
    else
        c->owed[CALLER_OWED - 1].to = to;
}

/* Our session is here now: what was owed before this is over. */
static bool is_owed(struct caller *c, int64_t seq)
{
    unsigned n = 0;
    while (n < c->n_owed && c->owed[n].to < seq)
        n++;
    c->n_owed -= n;
    memmove(c->owed, c->owed + n, c->n_owed * sizeof c->owed[0]);
    return c->n_owed > 0 && c->owed[0].from <= seq;
}

static enum caller_place beside_session(struct caller *c, const char *run, int64_t seq)
{
    if (is_run(&c->heard, run) && seq <= c->heard.seq)
        return CALLER_OLD;
    if (gap_between(&c->heard, run, seq) > 0)
        owe(c, c->heard.seq + 1, seq - 1);
    go_to(&c->heard, run, seq);
    return CALLER_NEW;
}

enum caller_place caller_sequence(struct caller *c, const char *run, int64_t seq, bool beside)
{
    if (beside)
        return beside_session(c, run, seq);
    if (is_run(&c->kept, run) && seq <= c->kept.seq)
        return CALLER_OLD;
    int64_t gap = gap_between(&c->kept, run, seq);
    if (gap > 0)
        lost(c, gap);
    /* Of a run before the one that was heard last: the daemon has begun anew meanwhile. */
    bool heard = seq <= c->heard.seq &&
                 (is_run(&c->heard, run) || (is_run(&c->kept, run) && !is_run(&c->heard, c->kept.run)));
    go_to(&c->kept, run, seq);
    c->facts_dirty = true;
    if (heard)
        return is_owed(c, seq) ? CALLER_LATE : CALLER_OLD;
    go_to(&c->heard, run, seq);
    return CALLER_NEW;
}

void caller_missed(struct caller *c, const char *occurrence)
{
    c->n_missed_all++;
    if (c->n_missed < CALLER_MISSED)
        snprintf(c->missed[c->n_missed++], CALL_OCCURRENCE, "%s", occurrence);
}

/* What was raised while nobody was here and is not open now came and went. */
static void tell_missed(struct caller *c, struct stamp now)
{
    unsigned kept = 0, beyond = c->n_missed_all - c->n_missed;
    for (unsigned i = 0; i < c->n_missed; i++) {
        char key[CALL_KEY];
        struct call_view view;
        snprintf(key, sizeof key, "%.*s", (int)strcspn(c->missed[i], "@"), c->missed[i]);
        uint32_t slot = call_find(c->call, key);
        if (slot != UINT32_MAX && call_view(c->call, slot, &view) &&
            strcmp(view.occurrence, c->missed[i]) == 0)
            continue;
        memmove(c->missed[kept++], c->missed[i], CALL_OCCURRENCE);
    }
    c->n_missed = kept;
    c->n_missed_all = kept + beyond;
    if (c->n_missed_all > 0 || c->gap > 0)
        call_feed(c->call, now,
                  &(struct call_event){.kind = CALL_WENT, .n = c->n_missed_all > 0 ? c->n_missed_all : 1});
}

void caller_tell_missed(struct caller *c, struct stamp now)
{
    if (c->n_missed_all == 0 && c->gap == 0)
        return;
    tell_missed(c, now);
    c->n_missed_all = 0; /* the texts stay for the message */
    c->gap_shown = c->gap;
    c->gap = 0;
}
