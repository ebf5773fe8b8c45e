/* freezer_ice.c - see freezer_ice.h. */
#include "freezer_ice.h"

#include "freezer_program.h"

__extension__ typedef __int128 wide_t;

#define SECOND_US      INT64_C(1000000)
#define CELL_MS        500
#define WINDOW_US      (180 * SECOND_US) /* how far back a rise may have begun */
#define BEFORE_US      (60 * SECOND_US)  /* that the line before the onset goes through, to find its knee */
#define LINE_US        (20 * SECOND_US) /* that its temperature is read from: a fast cooling is no straight line */
#define READINGS_MIN   6                /* before anything is said */
#define LINE_MIN       5                /* readings that make a line */
#define SEEN_BEFORE    3                /* or nobody saw where it began */
#define IN_A_ROW       3                /* a lone spike is no exotherm */
#define RISE_MIN       (MICRO_PER_UNIT * 3 / 10)
#define RISE_MIN_BLIND (2 * MICRO_PER_UNIT) /* the chamber not known */
#define RISE_NOISES    7
#define AS_COLD        (MICRO_PER_UNIT / 20) /* as the coldest, beside its noise */
#define NOISE_LEAST    (MICRO_PER_UNIT / 100)
#define WARMER_MIN     (MICRO_PER_UNIT * 3 / 2) /* than the chamber, for a rate of cooling to say something */
#define ICE_WARMEST    (2 * MICRO_PER_UNIT)     /* nothing freezes above; a probe may be off by so much */

void freezer_ice_init(struct freezer_ice *ice, int64_t lag_us, int64_t gap_us)
{
    *ice = (struct freezer_ice){.lag_us = lag_us,
                                .gap_us = gap_us,
                                .onset_us = FREEZER_NONE,
                                .peak_us = FREEZER_NONE,
                                .plateau_us = FREEZER_NONE,
                                .onset_within_us = FREEZER_NONE,
                                .onset = FREEZER_NONE,
                                .peak = FREEZER_NONE,
                                .noise = FREEZER_NONE};
}

/* The kept reading back from the newest (0). */
static const struct freezer_ice_reading *back(const struct freezer_ice *ice, unsigned i)
{
    return &ice->kept[(ice->next + FREEZER_ICE_KEPT - 1 - i) % FREEZER_ICE_KEPT];
}

/* From the second differences, which a steady slope does not reach: their mean size is 1.954 deviations. */
static micro_t noise_of(const struct freezer_ice *ice, unsigned from, unsigned to)
{
    wide_t sum = 0;
    unsigned n = 0;

    for (unsigned i = from; i + 2 <= to; i++) {
        const micro_t d = back(ice, i)->value - 2 * back(ice, i + 1)->value + back(ice, i + 2)->value;
        sum += d < 0 ? -d : d;
        n++;
    }
    return n == 0 ? 0 : (micro_t)(sum * 512 / ((wide_t)n * 1000));
}

/* One that is off on its own is no coldest: far under where the two before it lead, and the next is back. */
static bool is_lone(const struct freezer_ice *ice, unsigned i)
{
    if (i == 0 || i + 2 >= ice->n)
        return false;
    const micro_t value = back(ice, i)->value + MICRO_PER_UNIT; /* beyond any usual noise */
    return value < 2 * back(ice, i + 1)->value - back(ice, i + 2)->value && value < back(ice, i - 1)->value;
}

/* The coldest of the window: how far back it is. */
static unsigned coldest(const struct freezer_ice *ice)
{
    const int64_t now_us = back(ice, 0)->us;
    unsigned at = 0;

    for (unsigned i = 0; i < ice->n && now_us - back(ice, i)->us <= WINDOW_US; i++)
        if (back(ice, i)->value < back(ice, at)->value && !is_lone(ice, i))
            at = i;
    return at;
}

/* The warmest that the chamber was since then; FREEZER_NONE: not known at some moment. */
static micro_t warmest_chamber(const struct freezer_ice *ice, unsigned since)
{
    micro_t warmest = back(ice, 0)->chamber;

    for (unsigned i = 0; i <= since; i++) {
        const micro_t chamber = back(ice, i)->chamber;
        if (chamber == FREEZER_NONE)
            return FREEZER_NONE;
        warmest = chamber > warmest ? chamber : warmest;
    }
    return warmest;
}

/* Whether the sample warmed by itself since the reading that lies low back. */
static bool has_risen(const struct freezer_ice *ice, unsigned low, bool *ret_blind)
{
    const micro_t bottom = back(ice, low)->value;
    const micro_t chamber = warmest_chamber(ice, low);
    const micro_t noise = noise_of(ice, low, ice->n - 1) * RISE_NOISES;
    micro_t rise = noise > RISE_MIN ? noise : RISE_MIN;

    *ret_blind = chamber == FREEZER_NONE;
    if (low < IN_A_ROW || bottom > ICE_WARMEST)
        return false;
    if (*ret_blind)
        rise = rise > RISE_MIN_BLIND ? rise : RISE_MIN_BLIND;
    for (unsigned i = 0; i < IN_A_ROW; i++) {
        const micro_t value = back(ice, i)->value;
        if (value - bottom < rise || (!*ret_blind && value - chamber < rise))
            return false;
    }
    return true;
}

/* How far back the knee is: the reading furthest under the chord from BEFORE_US ahead of the coldest to now.
 * What came before the coldest, and was warmer, was still cooling: a bend in it (the approach to a hold) lies
 * under the chord too. */
static unsigned knee(const struct freezer_ice *ice, unsigned low)
{
    const struct freezer_ice_reading *end = back(ice, 0);
    unsigned first = low, at = low;
    wide_t most = 0;

    while (first + 1 < ice->n && back(ice, low)->us - back(ice, first + 1)->us <= BEFORE_US)
        first++;
    const struct freezer_ice_reading *begin = back(ice, first);
    const micro_t cold = back(ice, low)->value + noise_of(ice, low, first) * 3 + AS_COLD;
    for (unsigned i = 1; i < first; i++) {
        const micro_t value = back(ice, i)->value;
        const wide_t under = (wide_t)(end->value - begin->value) * (back(ice, i)->us - begin->us) -
                             (wide_t)(value - begin->value) * (end->us - begin->us);
        if (under > most && (i <= low || value <= cold) && !is_lone(ice, i)) {
            most = under;
            at = i;
        }
    }
    return at;
}

/* A line through the readings from first back to last back: its value at a time, and its slope per second. */
static void line_through(const struct freezer_ice *ice, unsigned first, unsigned last, int64_t at_us,
                         micro_t *ret_value, micro_t *ret_per_s)
{
    wide_t n = 0, t = 0, v = 0, tt = 0, tv = 0;
    const struct freezer_ice_reading *base = back(ice, last);

    for (unsigned i = last; i <= first; i++) {
        const int64_t ms = (back(ice, i)->us - base->us) / 1000;
        const micro_t value = back(ice, i)->value - base->value;
        n++;
        t += ms;
        v += value;
        tt += (wide_t)ms * ms;
        tv += (wide_t)ms * value;
    }
    const wide_t along = n * tt - t * t;
    const wide_t across = n * tv - t * v;
    const wide_t mean_ms_n = (wide_t)(at_us - base->us) / 1000 * n - t;
    if (along <= 0) {
        *ret_value = base->value;
        *ret_per_s = 0;
        return;
    }
    *ret_per_s = (micro_t)(across * 1000 / along);
    *ret_value = base->value + (micro_t)((v + mean_ms_n * across / along) / n);
}

/* The oldest from first on that is at most so long before the reading that is at back, and LINE_MIN of them.
 */
static unsigned not_before(const struct freezer_ice *ice, unsigned first, unsigned at, int64_t before_us)
{
    while (first > at + LINE_MIN && back(ice, at)->us - back(ice, first)->us > before_us)
        first--;
    return first;
}

/* Nor from before a bend: the last readings up to the one at back must not lie above the line on the whole.
 */
static unsigned not_bent(const struct freezer_ice *ice, unsigned first, unsigned at)
{
    while (first > at + LINE_MIN) {
        const micro_t noise = noise_of(ice, at, first);
        micro_t above = 0, on_line, per_s;
        for (unsigned i = at; i < at + IN_A_ROW; i++) {
            line_through(ice, first, at, back(ice, i)->us, &on_line, &per_s);
            above += back(ice, i)->value - on_line;
        }
        if (above / IN_A_ROW <= (noise > NOISE_LEAST ? noise : NOISE_LEAST))
            break;
        first -= (first - at + 3) / 4;
    }
    return first;
}

/* Noise on a level stretch can put the chord's knee too early: on to the last reading that the line before it
 * still explains. */
static unsigned last_on_line(const struct freezer_ice *ice, unsigned first, unsigned at)
{
    const micro_t noise = noise_of(ice, at, first);
    const unsigned before = at;
    micro_t on_line, per_s;

    if (first - at < LINE_MIN)
        return at;
    for (unsigned i = at - 1; i >= 1; i--) {
        line_through(ice, first, before, back(ice, i)->us, &on_line, &per_s);
        if (back(ice, i)->value <= on_line + noise * 2)
            at = i;
    }
    return at;
}

/* Where the line before the knee meets that through the two readings after it. */
static void find_onset(struct freezer_ice *ice, unsigned low)
{
    const unsigned early = knee(ice, low);
    unsigned first = not_bent(ice, not_before(ice, ice->n - 1, early, BEFORE_US), early);
    const unsigned at = last_on_line(ice, first, early);

    first = not_before(ice, first, at, LINE_US);
    const struct freezer_ice_reading *last = back(ice, at);
    const struct freezer_ice_reading *r1 = back(ice, at - 1);
    const struct freezer_ice_reading *r2 = back(ice, at >= 2 ? at - 2 : 0);
    const int64_t step_us = r1->us - last->us;
    micro_t value, per_s, on_line, rising;
    int64_t after_us = 0;

    line_through(ice, first, at, r1->us, &on_line, &per_s);
    rising = r2->us > r1->us
                 ? (micro_t)((wide_t)(r2->value - r1->value) * SECOND_US / (r2->us - r1->us)) - per_s
                 : 0;
    if (rising > 0)
        after_us = step_us - (int64_t)((wide_t)(r1->value - on_line) * SECOND_US / rising);
    after_us = after_us < 0 ? 0 : after_us > step_us ? step_us : after_us;
    line_through(ice, first, at, last->us + after_us, &value, &per_s);
    ice->onset_us = last->us + after_us;
    ice->onset_within_us = step_us;
    ice->onset = value + (micro_t)((wide_t)per_s * ice->lag_us / SECOND_US);
    ice->noise = noise_of(ice, at, first);
    ice->uncertain |= first - at < SEEN_BEFORE;
    ice->state = ICE_RISING;
    ice->flat = false; /* it was the rise */
    ice->peak = FREEZER_NONE;
    for (unsigned i = at; i-- > 0;) {
        const micro_t v = back(ice, i)->value;
        if (ice->peak == FREEZER_NONE || v > ice->peak) {
            ice->peak = v;
            ice->peak_us = back(ice, i)->us;
        }
    }
}

/* The middle of the last three: one reading that is off makes no peak. */
static micro_t middle(const struct freezer_ice *ice)
{
    const micro_t a = back(ice, 0)->value, b = back(ice, 1)->value, c = back(ice, 2)->value;
    const micro_t low = a < b ? a : b, high = a < b ? b : a;

    return c < low ? low : c > high ? high : c;
}

static void follow(struct freezer_ice *ice)
{
    const struct freezer_ice_reading *now = back(ice, 0);

    if (ice->n >= 3 && middle(ice) > ice->peak) {
        ice->peak = middle(ice);
        ice->peak_us = back(ice, 1)->us;
    }
    if (now->value > ice->onset) {
        ice->n_cold = 0;
        return;
    }
    if (ice->n_cold++ == 0)
        ice->cold_us = now->us;
    if (ice->n_cold < IN_A_ROW)
        return;
    ice->plateau_us = ice->cold_us - ice->onset_us;
    ice->state = ICE_MELTED;
}

/* How fast the sample cools for how much warmer it is than the chamber: a property of the bag that only ice
 * changes. */
static void watch_cooling(struct freezer_ice *ice)
{
    const int64_t now_us = back(ice, 0)->us;
    wide_t warmer = 0;
    micro_t value, per_s;
    unsigned n = 0;

    while (n < ice->n && now_us - back(ice, n)->us <= BEFORE_US) {
        if (back(ice, n)->chamber == FREEZER_NONE)
            return;
        warmer += back(ice, n)->value - back(ice, n)->chamber;
        n++;
    }
    if (n < READINGS_MIN || n == ice->n || warmer / n < WARMER_MIN)
        return; /* n == ice->n: the window is not full yet */
    line_through(ice, n - 1, 0, now_us, &value, &per_s);
    const int64_t cools = (int64_t)((wide_t)-per_s * MICRO_PER_UNIT / (warmer / n));
    if (cools > ice->quickest)
        ice->quickest = cools;
    else if (value < 0 && cools < ice->quickest / 4)
        ice->flat = true;
}

static int64_t whole_ms(int64_t us)
{
    return us / 1000 - (us % 1000 < 0);
}

void freezer_ice_take(struct freezer_ice *ice, struct stamp at, micro_t value, micro_t chamber,
                      bool uncertain)
{
    const int64_t utc_ms = whole_ms(at.utc_us);
    const int64_t us = at.boot_us - (at.utc_us - utc_ms * 1000); /* the record has no more of it */
    const int64_t cell = utc_ms / CELL_MS;
    bool blind;

    if (ice->n > 0) {
        const int64_t since_us = us - back(ice, 0)->us;
        if (cell == ice->cell || since_us <= 0)
            return;
        if (since_us > ice->gap_us) {
            ice->gap |= ice->state == ICE_RISING;
            ice->n = ice->next = 0;
            ice->n_cold = 0;
            ice->doubted = false;
        }
    }
    ice->cell = cell;
    ice->kept[ice->next] = (struct freezer_ice_reading){us, value, chamber};
    ice->next = (ice->next + 1) % FREEZER_ICE_KEPT;
    ice->n += ice->n < FREEZER_ICE_KEPT;
    ice->doubted |= uncertain;
    if (ice->state == ICE_RISING) {
        ice->uncertain |= uncertain;
        follow(ice);
        return;
    }
    if (ice->state != ICE_NOT_SEEN || ice->n < READINGS_MIN)
        return;
    const unsigned low = coldest(ice);
    watch_cooling(ice);
    if (!has_risen(ice, low, &blind))
        return;
    ice->uncertain = blind || ice->doubted;
    find_onset(ice, low);
}

micro_t freezer_ice_supercooling(const struct freezer_ice *ice)
{
    return ice->state == ICE_NOT_SEEN ? FREEZER_NONE : ice->peak - ice->onset;
}
