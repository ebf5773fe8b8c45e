#include "waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum rank { RANK_CRITICAL, RANK_CALL, RANK_NEWS };

struct entry {
    struct notice *notice;
    int64_t since_us;
};

struct waiting {
    const struct channel_config *config;
    struct entry *entries; /* in the order in which they came; twice config->queue */
    size_t used;
    int64_t *gone_us; /* when the last at_most.count messages went: a ring */
    uint64_t n_gone;
};

static bool is_call(const struct notice *n)
{
    return n->purpose == NOTICE_CALL || n->purpose == NOTICE_AGAIN || n->purpose == NOTICE_ESCALATED ||
           n->purpose == NOTICE_WORSE || n->purpose == NOTICE_UNRESOLVED || n->purpose == NOTICE_SUMMARY;
}

static enum rank rank_of(const struct notice *n)
{
    if (is_call(n) && (n->priority == PRIORITY_CRITICAL || n->life_safety))
        return RANK_CRITICAL;
    return is_call(n) || n->purpose == NOTICE_DRILL || n->purpose == NOTICE_PROBLEM ? RANK_CALL : RANK_NEWS;
}

/* A drill is confirmed by itself, and a test tests. */
static bool may_join(const struct notice *n)
{
    return n->purpose != NOTICE_DRILL && n->purpose != NOTICE_TEST && n->purpose != NOTICE_PROBLEM &&
           !n->is_probe;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool is_for_the_same(const struct notice *a, const struct notice *b)
{
    return a->language == b->language && same_text(a->person, b->person) && same_text(a->address, b->address);
}

int waiting_create(const struct channel_config *config, struct waiting **ret)
{
    struct waiting *w = calloc(1, sizeof *w);

    if (w == NULL)
        return -ENOMEM;
    w->config = config;
    w->entries = calloc(2 * (size_t)config->queue, sizeof *w->entries);
    w->gone_us = calloc((size_t)config->at_most.count + 1, sizeof *w->gone_us);
    if (w->entries == NULL || w->gone_us == NULL) {
        waiting_free(w);
        return -ENOMEM;
    }
    *ret = w;
    return 0;
}

void waiting_free(struct waiting *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->used; i++)
        notice_free(w->entries[i].notice);
    free(w->entries);
    free(w->gone_us);
    free(w);
}

int waiting_put(struct waiting *w, struct notice *notice, int64_t now_us)
{
    size_t room = rank_of(notice) == RANK_CRITICAL ? 2 * (size_t)w->config->queue : w->config->queue;

    if (w->used >= room)
        return -EAGAIN;
    w->entries[w->used++] = (struct entry){notice, now_us};
    return 0;
}

size_t waiting_count(const struct waiting *w)
{
    return w->used;
}

/* How many of a rank may go within the time. */
static uint64_t share(const struct waiting *w, enum rank rank)
{
    uint64_t count = w->config->at_most.count, kept = count >= 2 ? (count + 3) / 4 : 0;

    return rank == RANK_CRITICAL ? count : count - kept;
}

static uint64_t gone_within(const struct waiting *w, int64_t now_us)
{
    uint64_t n = 0, known = w->n_gone < w->config->at_most.count ? w->n_gone : w->config->at_most.count;

    while (n < known && now_us - w->gone_us[(w->n_gone - 1 - n) % w->config->at_most.count] <
                            w->config->at_most.within_ms * MS_US)
        n++;
    return n;
}

/* How many messages of this rank may go now. */
static uint64_t room(const struct waiting *w, enum rank rank, int64_t now_us)
{
    uint64_t gone, limit = share(w, rank);

    if (w->config->at_most.count == 0)
        return UINT64_MAX;
    gone = gone_within(w, now_us);
    return gone < limit ? limit - gone : 0;
}

static size_t best_of(const struct waiting *w)
{
    size_t best = 0;

    for (size_t i = 1; i < w->used; i++)
        if (rank_of(w->entries[i].notice) < rank_of(w->entries[best].notice))
            best = i;
    return best;
}

int64_t waiting_delay_us(const struct waiting *w, int64_t now_us)
{
    if (w->used == 0)
        return -1;
    enum rank rank = rank_of(w->entries[best_of(w)].notice);
    if (room(w, rank, now_us) > 0)
        return 0;
    /* When the oldest of the last share() messages leaves the time. */
    int64_t oldest_us = w->gone_us[(w->n_gone - share(w, rank)) % w->config->at_most.count];
    int64_t delay_us = oldest_us + w->config->at_most.within_ms * MS_US - now_us;
    return delay_us > 0 ? delay_us : 1;
}

static struct notice *remove_at(struct waiting *w, size_t i, int64_t now_us)
{
    struct entry e = w->entries[i];

    memmove(&w->entries[i], &w->entries[i + 1], (w->used - i - 1) * sizeof e);
    w->used--;
    if (e.notice->sent_utc_us != 0 && now_us - e.since_us >= SECOND_US)
        e.notice->sent_utc_us += now_us - e.since_us; /* ages are counted to it */
    return e.notice;
}

/* Must the notices of this person go together? When they are more than may go singly, or crowd the queue. */
static bool is_crowded(const struct waiting *w, const struct notice *first, int64_t now_us)
{
    size_t n = 0;

    for (size_t i = 0; i < w->used; i++)
        n += rank_of(w->entries[i].notice) <= rank_of(first);
    return may_join(first) && (n > room(w, rank_of(first), now_us) || w->used > w->config->queue / 2);
}

size_t waiting_take(struct waiting *w, int64_t now_us, bool all, struct notice **ret)
{
    size_t n = 0, members;

    if (w->used == 0 || (!all && waiting_delay_us(w, now_us) != 0))
        return 0;
    size_t best = best_of(w);
    bool crowded = !all && is_crowded(w, w->entries[best].notice, now_us);
    ret[n++] = remove_at(w, best, now_us);
    members = ret[0]->n_members + 1;
    for (size_t i = 0; crowded && i < w->used;) {
        const struct notice *other = w->entries[i].notice;
        if (!may_join(other) || !is_for_the_same(ret[0], other) ||
            members + other->n_members + 1 > NOTICE_MEMBERS_MAX) {
            i++;
            continue;
        }
        members += other->n_members + 1;
        ret[n++] = remove_at(w, i, now_us);
    }
    return n;
}

void waiting_sent(struct waiting *w, int64_t now_us, unsigned n_messages)
{
    for (unsigned i = 0; i < n_messages && w->config->at_most.count > 0; i++)
        w->gone_us[w->n_gone++ % w->config->at_most.count] = now_us;
}

/* ---------------------------------------------------------------- summaries */

static struct notice_member as_member(const struct notice *n)
{
    bool good = n->value.quality == NULL || strcmp(n->value.quality, "good") == 0;

    return (struct notice_member){.asset = n->asset,
                                  .alarm = n->alarm,
                                  .asset_name = n->asset_name,
                                  .alarm_name = n->alarm_name,
                                  .text = n->text,
                                  .response = n->response,
                                  .priority = n->priority,
                                  .state = n->purpose == NOTICE_OVER ? "normal" : n->state,
                                  .quality = good ? NULL : n->value.quality,
                                  .raised_utc_us = n->raised_utc_us,
                                  .event_utc_us =
                                      n->time_left_utc_us != 0 ? n->time_left_utc_us : n->event_utc_us,
                                  .value_utc_us = n->value.known ? n->value.utc_us : 0,
                                  .time_left_s = n->historical ? -1 : n->time_left_s,
                                  .link = n->link,
                                  .is_news = !is_call(n),
                                  .until_utc_us = n->until_utc_us};
}

int waiting_together(struct notice *const *notices, size_t n, struct notice **ret)
{
    size_t total = 0, used = 0;

    for (size_t i = 0; i < n; i++)
        total += notices[i]->n_members + 1;
    struct notice_member *members = calloc(total, sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    const struct notice *first = notices[0];
    struct notice summary = {.id = first->id,
                             .purpose = NOTICE_SUMMARY,
                             .level = first->level,
                             .language = first->language,
                             .priority = first->priority,
                             .n_others = first->n_others,
                             .person = first->person,
                             .person_name = first->person_name,
                             .address = first->address,
                             .site = first->site,
                             .site_name = first->site_name,
                             .time_left_s = -1,
                             .sent_utc_us = first->sent_utc_us,
                             .members = members};
    for (size_t i = 0; i < n; i++) {
        const struct notice *one = notices[i];
        if (one->priority > summary.priority)
            summary.priority = one->priority;
        if (one->sent_utc_us > summary.sent_utc_us)
            summary.sent_utc_us = one->sent_utc_us;
        if (one->n_members == 0)
            members[used++] = as_member(one);
        for (size_t k = 0; k < one->n_members; k++)
            members[used++] = one->members[k];
    }
    summary.n_members = used;
    int result = notice_copy(&summary, ret);
    free(members);
    return result;
}
