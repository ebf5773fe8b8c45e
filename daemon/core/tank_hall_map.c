/* tank_hall_map.c - see tank_hall_map.h. */
#include "tank_hall_map.h"

#include "tank_parts.h"

#define APPEARS_CM    1.0  /* a level that rises so far is filled */
#define MISSING_CM    0.3  /* and one that has not risen so far is not */
#define NOISE_SHARE   0.25 /* nor one that rose by less than this share of another's rise */
#define SUSPECT_FILLS 2    /* fills in a row that appeared elsewhere */
#define LAG_US        (2 * 60 * TANK_SECOND_US) /* readings of one time may come so far apart */
#define BIT(i)        (UINT64_C(1) << (i))
/* A part at most, while a valve is open; and while none is: so long a fill takes to be seen, or to settle. */
#define OPEN_US   (15 * 60 * TANK_SECOND_US)
#define CLOSED_US (5 * 60 * TANK_SECOND_US)
/* Outlasts a fill by hand; a valve that closes for less was held up by a lid. */
#define PAUSE_US (2 * OPEN_US)

/* What the levels did in a part. */
struct part {
    uint64_t rose, rose_little; /* little: or far */
    unsigned n_open;
    bool is_long;
    int missing;   /* the only open one that did not rise; -1: none, or several */
    int appeared;  /* the only closed one that did */
    double far_cm; /* and how far */
};

void hall_map_init(struct hall *h)
{
    for (unsigned i = 0; i < HALL_TANKS; i++)
        h->tanks[i].elsewhere = h->tanks[i].rival = h->tanks[i].shows = -1;
}

static void is_proven(struct hall *h, unsigned i)
{
    struct hall_tank *t = &h->tanks[i];
    t->suspicion = 0;
    t->elsewhere = t->rival = t->shows = -1;
    t->proven = true;
    for (unsigned k = 0; k < h->n; k++) {
        if (h->tanks[k].shows == (int8_t)i) { /* its probe does not show these fills any more */
            h->tanks[k].shows = -1;
            h->tanks[k].proven = true;
        }
    }
}

/* One that is suspected stays so until it is proven, or appears twice on another. */
static void count(struct hall *h, unsigned i, unsigned other)
{
    struct hall_tank *t = &h->tanks[i];
    t->counted_us = h->now_us;
    if (t->elsewhere == (int8_t)other) {
        t->suspicion = SUSPECT_FILLS;
        t->rival = -1;
    } else if (t->suspicion < SUSPECT_FILLS) {
        t->suspicion = 1;
        t->elsewhere = (int8_t)other;
    } else if (t->rival == (int8_t)other) {
        t->elsewhere = (int8_t)other;
        t->rival = -1;
    } else {
        t->rival = (int8_t)other;
    }
    if (t->suspicion < SUSPECT_FILLS || t->elsewhere != (int8_t)other)
        return;
    for (unsigned k = 0; k < h->n; k++) {
        if (h->tanks[k].shows == (int8_t)i)
            h->tanks[k].shows = -1;
    }
    h->tanks[other].shows = (int8_t)i;
}

static double rise_cm(const struct hall_tank *t)
{
    return t->cm - t->begin_cm;
}

/* Which of those that are not open did rise. The valve and the level of a tank are not read at one time: what
 * rises just before its valve is seen to open, or just after it closed, is filled by its own valve. */
static void find_appeared(const struct hall *h, int opening, struct part *p)
{
    unsigned n = 0;
    for (unsigned k = 0; k < h->n; k++) {
        const struct hall_tank *t = &h->tanks[k];
        if ((p->rose & ~h->open & BIT(k)) == 0)
            continue;
        n++;
        bool by_own = h->part_us - t->closed_us < CLOSED_US || (opening == (int)k && !p->is_long);
        p->appeared = n == 1 && !by_own ? (int)k : -1;
        p->far_cm = rise_cm(t);
    }
}

static bool is_missing(const struct hall_tank *t, const struct part *p)
{
    double own_cm = rise_cm(t);
    return own_cm < MISSING_CM ||
           (p->appeared >= 0 && own_cm < APPEARS_CM && own_cm < NOISE_SHARE * p->far_cm);
}

static void find_missing(const struct hall *h, struct part *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < h->n; i++) {
        const struct hall_tank *t = &h->tanks[i];
        if ((h->open & BIT(i)) == 0)
            continue;
        p->n_open++;
        if (t->begin_good && !is_missing(t, p))
            continue;
        n++;
        p->missing = n == 1 && t->begin_good ? (int)i : -1;
    }
}

/* What rose already when the valve opened may be filled by hand: then only what rises on counts. Within one
 * opening it counts again only when it still rises after a pause that outlasts a fill by hand. */
static bool counts(const struct hall *h, const struct hall_tank *t, int other)
{
    if (other < 0 || (t->could & BIT(other)) == 0)
        return false;
    if ((t->rose_then & BIT(other)) != 0 && h->now_us - t->opened_us <= OPEN_US + LAG_US)
        return false;
    return t->counted_us == 0 || h->now_us - t->counted_us >= PAUSE_US;
}

static void judge(struct hall *h, struct part *p, int opening)
{
    find_appeared(h, opening, p);
    find_missing(h, p);
    for (unsigned i = 0; i < h->n; i++) {
        struct hall_tank *t = &h->tanks[i];
        if ((h->open & BIT(i)) == 0)
            continue;
        bool alone = p->n_open == 1 && (t->alone || h->part_us > h->moved_us);
        if (alone && t->begin_good && !is_missing(t, p))
            is_proven(h, i);
        else if (p->missing == (int)i && counts(h, t, p->appeared))
            count(h, i, (unsigned)p->appeared);
        if (p->is_long)
            t->could &= p->rose;
    }
}

static void end_part(struct hall *h, int opening, struct part *ret)
{
    *ret = (struct part){.missing = -1, .appeared = -1, .is_long = h->now_us - h->part_us >= CLOSED_US};
    for (unsigned k = 0; k < h->n; k++) {
        const struct hall_tank *t = &h->tanks[k];
        if (!t->begin_good)
            continue;
        if (rise_cm(t) >= APPEARS_CM)
            ret->rose |= BIT(k);
        if (rise_cm(t) >= MISSING_CM)
            ret->rose_little |= BIT(k);
    }
    if (h->open != 0)
        judge(h, ret, opening);
}

static void begin_part(struct hall *h)
{
    h->part_us = h->now_us;
    for (unsigned k = 0; k < h->n; k++) {
        h->tanks[k].begin_cm = h->tanks[k].cm;
        h->tanks[k].begin_good = h->tanks[k].seen && h->tanks[k].level_good;
    }
}

static void move(struct hall *h, unsigned i, bool open)
{
    struct hall_tank *t = &h->tanks[i];
    struct part part;
    bool is_short = h->now_us - h->part_us < LAG_US;
    end_part(h, open ? (int)i : -1, &part);
    if (open) {
        for (unsigned k = 0; k < h->n; k++)
            h->tanks[k].alone = false;
        t->alone = h->open == 0;
        t->opened_us = h->now_us;
        t->rose_then = part.rose_little | (is_short ? h->rose_before : 0);
        if (t->closed_us == 0 || h->now_us - t->closed_us >= PAUSE_US)
            t->could = UINT64_MAX;
        t->could &= ~(part.rose_little & h->rose_before);
        t->counted_us = 0;
        h->open |= BIT(i);
    } else {
        t->closed_us = h->now_us;
        h->open &= ~BIT(i);
    }
    t->by_valve = open;
    h->rose_before = 0;
    h->moved_us = h->now_us;
    begin_part(h);
}

void hall_map_fed(struct hall *h, unsigned i, bool open)
{
    struct hall_tank *t = &h->tanks[i];
    if (!t->level_good)
        t->begin_good = false;
    if (open != t->by_valve) {
        move(h, i, open);
    } else if (h->now_us - h->part_us >= (h->open != 0 ? OPEN_US : CLOSED_US)) {
        struct part part;
        end_part(h, -1, &part);
        h->rose_before = h->open == 0 ? part.rose_little : 0;
        begin_part(h);
    }
}

int hall_elsewhere(const struct hall *h, unsigned i)
{
    return i < h->n && h->tanks[i].suspicion >= SUSPECT_FILLS ? h->tanks[i].elsewhere : -1;
}

int hall_shows(const struct hall *h, unsigned i)
{
    return i < h->n ? h->tanks[i].shows : -1;
}

bool hall_is_right(const struct hall *h, unsigned i)
{
    return i < h->n && h->tanks[i].suspicion == 0 && h->tanks[i].shows < 0 && h->tanks[i].proven;
}
