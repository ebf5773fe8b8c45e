#include "notice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

const char *notice_words(const struct words *words, enum language language, const char *fallback)
{
    const char *wanted = language == LANGUAGE_ZH ? words->zh : words->en;
    const char *other = language == LANGUAGE_ZH ? words->en : words->zh;

    if (wanted != NULL && wanted[0] != '\0')
        return wanted;
    if (other != NULL && other[0] != '\0')
        return other;
    return fallback != NULL ? fallback : "";
}

const char *notice_purpose_name(enum notice_purpose purpose)
{
    switch (purpose) {
    case NOTICE_CALL:
        return "call";
    case NOTICE_AGAIN:
        return "again";
    case NOTICE_ESCALATED:
        return "escalated";
    case NOTICE_WORSE:
        return "worse";
    case NOTICE_UNRESOLVED:
        return "unresolved";
    case NOTICE_RETURNED:
        return "returned";
    case NOTICE_ACKNOWLEDGED:
        return "acknowledged";
    case NOTICE_OVER:
        return "over";
    case NOTICE_HELD:
        return "held";
    case NOTICE_HOLD_ENDED:
        return "hold-ended";
    case NOTICE_SUMMARY:
        return "summary";
    case NOTICE_DRILL:
        return "drill";
    case NOTICE_TEST:
        return "test";
    case NOTICE_PROBLEM:
        return "problem";
    }
    return "?";
}

static int64_t left(int64_t told_s, int64_t told_utc_us, int64_t now_utc_us)
{
    int64_t passed_s =
        told_utc_us != 0 && now_utc_us > told_utc_us ? (now_utc_us - told_utc_us) / 1000000 : 0;

    if (told_s < 0)
        return -1;
    return told_s > passed_s ? told_s - passed_s : 0;
}

int64_t notice_time_left(const struct notice *n)
{
    return n->historical
               ? -1
               : left(n->time_left_s, n->time_left_utc_us != 0 ? n->time_left_utc_us : n->event_utc_us,
                      n->sent_utc_us);
}

int64_t notice_time_left_of(const struct notice *summary, const struct notice_member *member)
{
    return summary->historical ? -1 : left(member->time_left_s, member->event_utc_us, summary->sent_utc_us);
}

/* ---------------------------------------------------------------- copies */

/* Walks over all strings twice: once to see how much room they need, once to move them there. */
struct packer {
    char *room; /* NULL: measuring */
    size_t used;
};

static void pack(struct packer *p, const char **string)
{
    size_t cap = 0;

    if (*string == NULL)
        return;
    /* A byte that is no UTF-8 becomes three. */
    cap = strnlen(*string, NOTICE_STRING_MAX) * 3 + 1;
    if (cap > NOTICE_STRING_MAX)
        cap = NOTICE_STRING_MAX;
    if (p->room == NULL) {
        p->used += cap;
        return;
    }
    char *to = p->room + p->used;
    p->used += utf8_clean(to, cap, *string) + 1;
    *string = to;
}

static void pack_words(struct packer *p, struct words *words)
{
    pack(p, &words->en);
    pack(p, &words->zh);
}

static void pack_notice(struct packer *p, struct notice *n)
{
    const char **strings[] = {
        &n->person,
        &n->person_name,
        &n->address,
        &n->site,
        &n->asset,
        &n->alarm,
        &n->occurrence,
        &n->state,
        &n->transition,
        &n->point,
        &n->value.unit,
        &n->value.state,
        &n->value.quality,
        &n->value.reason,
        &n->by,
        &n->note,
        &n->order,
        &n->maintenance_by,
        &n->maintenance_order,
        &n->group,
        &n->link,
        &n->hint,
    };
    struct words *words[] = {&n->site_name, &n->asset_name,  &n->alarm_name,  &n->text,
                             &n->response,  &n->consequence, &n->group_since, &n->group_over};

    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        pack(p, strings[i]);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        pack_words(p, words[i]);
}

static void pack_member(struct packer *p, struct notice_member *m)
{
    pack(p, &m->asset);
    pack(p, &m->alarm);
    pack(p, &m->state);
    pack(p, &m->quality);
    pack(p, &m->link);
    pack_words(p, &m->asset_name);
    pack_words(p, &m->alarm_name);
    pack_words(p, &m->text);
    pack_words(p, &m->response);
}

/* The bytes that the strings need at most. The notice's own pointers are not touched. */
static size_t measure(const struct notice *notice)
{
    struct packer p = {0};
    struct notice n = *notice;

    pack_notice(&p, &n);
    for (size_t i = 0; i < notice->n_members; i++) {
        struct notice_member m = notice->members[i];
        pack_member(&p, &m);
    }
    for (size_t i = 0; i < notice->n_group_members; i++) {
        const char *member = notice->group_members[i];
        pack(&p, &member);
    }
    return p.used;
}

/* In memory: the notice, its members, the pointers to the group's members, the strings. */
int notice_copy(const struct notice *notice, struct notice **ret)
{
    size_t members = notice->n_members, group = notice->n_group_members;
    struct packer p = {0};

    if (members > NOTICE_MEMBERS_MAX || group > NOTICE_MEMBERS_MAX)
        return -E2BIG;
    size_t fixed = sizeof *notice + members * sizeof *notice->members + group * sizeof(char *);
    struct notice *n = malloc(fixed + measure(notice));
    if (n == NULL)
        return -ENOMEM;
    *n = *notice;
    struct notice_member *m = (struct notice_member *)(n + 1);
    const char **g = (const char **)(m + members);
    if (members > 0)
        memcpy(m, notice->members, members * sizeof *m);
    if (group > 0)
        memcpy(g, notice->group_members, group * sizeof *g);
    n->members = m;
    n->group_members = g;
    p.room = (char *)(g + group);
    pack_notice(&p, n);
    for (size_t i = 0; i < members; i++)
        pack_member(&p, &m[i]);
    for (size_t i = 0; i < group; i++)
        pack(&p, &g[i]);
    *ret = n;
    return 0;
}

void notice_free(struct notice *notice)
{
    free(notice);
}
