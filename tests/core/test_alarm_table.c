/*
 * test_alarm_table.c - every state with every event, against a table written from the standards.
 *
 * The tables below are ISA-18.2-2016 / IEC 62682 figure "alarm state transitions", as text: a state (and, for
 * latching alarms, whether the condition still holds) for each row, an event for each column, and in the cell
 * the state that follows or "-": refused, nothing changes. They share nothing with the code: cells are
 * compared by name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "alarm.h"
#include "test.h"

#define EVENTS 14

/* What happens, with its reason. */
static const struct {
    enum transition_kind kind;
    enum transition_why why;
    const char *name;
} EVENT[EVENTS] = {
    {TRANSITION_RAISED, WHY_NONE, "raised"},
    {TRANSITION_RETURNED, WHY_NONE, "returned"},
    {TRANSITION_ACKNOWLEDGED, WHY_NONE, "acknowledged"},
    {TRANSITION_REALARMED, WHY_WORSE, "realarmed"},
    {TRANSITION_RESET, WHY_NONE, "reset"},
    {TRANSITION_SHELVED, WHY_NONE, "shelved"},
    {TRANSITION_UNSHELVED, WHY_PERSON, "unshelved by a person"},
    {TRANSITION_UNSHELVED, WHY_TIME, "unshelved by time"},
    {TRANSITION_UNSHELVED, WHY_ONE_SHOT, "unshelved, one-shot"},
    {TRANSITION_SUPPRESSED, WHY_NONE, "suppressed"},
    {TRANSITION_UNSUPPRESSED, WHY_PLANT, "unsuppressed"},
    {TRANSITION_OUT_OF_SERVICE, WHY_NONE, "out of service"},
    {TRANSITION_IN_SERVICE, WHY_PERSON, "in service"},
    {TRANSITION_IN_SERVICE, WHY_TIME, "in service by time"},
};

/* N normal, U unacknowledged, A acknowledged, R returned unacknowledged; u and a: latched, the condition
 * over. Below a hold also what nobody had acknowledged before it began: V (as U), r (as R), w (as u). */
static const char PLAIN_BASES[] = "NUAR", LATCHING_BASES[] = "NUARua";
static const char HELD_BASES[] = "NUARVr", HELD_LATCHING_BASES[] = "NUARuaVrw";

struct row {
    char base;
    const char *cells; /* one for each event: the base that follows, or '-' */
};

/* Without a hold. The cells of the holds' begins are the base that lies below: it does not change. */
static const struct row PLAIN[] = {
    /*     raised returned acked realarmed reset shelved unshelved x3 suppressed un- oos in-service x2 */
    {'N', "U----N---N-N--"},
    {'U', "-RA--V---V-V--"},
    {'A', "-N-U-A---A-A--"},
    {'R', "U-N--r---r-r--"},
};
static const struct row LATCHING[] = {
    {'N', "U----N---N-N--"}, {'U', "-uA--V---V-V--"}, {'A', "-a-U-A---A-A--"},
    {'R', "U-N--r---r-r--"}, {'u', "U-a--w---w-w--"}, {'a', "U---Na---a-a--"},
};
/* Shelved and nothing else. Nobody acknowledges, resets or is called again below it. By a person it ends as
 * seen, by time it comes back unacknowledged, if there is anything to come back: also what is over, when it
 * was waiting for somebody before the shelf. */
static const struct row SHELVED[] = {
    {'N', "U-----NNNN-N--"}, {'U', "-R----AUUU-U--"}, {'A', "-N----AUUA-A--"},
    {'R', "U-----NNNR-R--"}, {'V', "-r----AUUV-V--"}, {'r', "V-----NRNr-r--"},
};
static const struct row SHELVED_LATCHING[] = {
    {'N', "U-----NNNN-N--"}, {'U', "-u----AUUU-U--"}, {'A', "-a----AUUA-A--"},
    {'R', "U-----NNNR-R--"}, {'u', "U-----auuu-u--"}, {'a', "U-----auua-a--"},
    {'V', "-w----AUUV-V--"}, {'r', "V-----NRNr-r--"}, {'w', "V-----auuw-w--"},
};
/* Suppressed: its end always comes back unacknowledged. */
static const struct row SUPPRESSED[] = {
    {'N', "U----N----NN--"}, {'U', "-R---U----UU--"}, {'A', "-N---A----UA--"},
    {'R', "U----R----NR--"}, {'V', "-r---V----UV--"}, {'r', "V----r----Rr--"},
};
static const struct row OUT_OF_SERVICE[] = {
    {'N', "U----N---N--NN"}, {'U', "-R---U---U--UU"}, {'A', "-N---A---A--UU"},
    {'R', "U----R---R--NN"}, {'V', "-r---V---V--UU"}, {'r', "V----r---r--NR"},
};
/* All three over each other: each ends for itself. */
static const struct row ALL[] = {
    {'N', "U-----NNN-N-NN"}, {'U', "-R----AUU-U-UU"}, {'A', "-N----AUU-U-UU"},
    {'R', "U-----NNN-N-NN"}, {'V', "-r----AVV-V-VV"}, {'r', "V-----NrN-r-Nr"},
};
static const struct row ALL_LATCHING[] = {
    {'N', "U-----NNN-N-NN"}, {'U', "-u----AUU-U-UU"}, {'A', "-a----AUU-U-UU"},
    {'R', "U-----NNN-N-NN"}, {'u', "U-----auu-u-uu"}, {'a', "U-----auu-u-uu"},
    {'V', "-w----AVV-V-VV"}, {'r', "V-----NrN-r-Nr"}, {'w', "V-----aww-w-ww"},
};
/* Protected: never shelved or suppressed; out of service is a mark that changes nothing of the rest. */
static const struct row PROTECTED[] = {
    {'N', "U----------N--"},
    {'U', "-RA--------U--"},
    {'A', "-N-U-------A--"},
    {'R', "U-N--------R--"},
};
static const struct row PROTECTED_MARKED[] = {
    {'N', "U-----------NN"},
    {'U', "-RA---------UU"},
    {'A', "-N-U--------AA"},
    {'R', "U-N---------RR"},
};

#define SHELF 1U
#define SUPPR 2U
#define OOS   4U

static const struct table {
    const char *name;
    const struct row *rows;
    const char *bases; /* one for each row */
    unsigned holds;
    bool latching, protected;
} TABLES[] = {
    {"plain", PLAIN, PLAIN_BASES, 0, false, false},
    {"latching", LATCHING, LATCHING_BASES, 0, true, false},
    {"shelved", SHELVED, HELD_BASES, SHELF, false, false},
    {"shelved, latching", SHELVED_LATCHING, HELD_LATCHING_BASES, SHELF, true, false},
    {"suppressed", SUPPRESSED, HELD_BASES, SUPPR, false, false},
    {"out of service", OUT_OF_SERVICE, HELD_BASES, OOS, false, false},
    {"all holds", ALL, HELD_BASES, SHELF | SUPPR | OOS, false, false},
    {"all holds, latching", ALL_LATCHING, HELD_LATCHING_BASES, SHELF | SUPPR | OOS, true, false},
    {"protected", PROTECTED, PLAIN_BASES, 0, false, true},
    {"protected, maintenance", PROTECTED_MARKED, PLAIN_BASES, OOS, false, true},
};

/* What a hold of the standard looks like from outside: the strongest. */
static enum alarm_state shown(char base, unsigned holds, bool protected)
{
    if (!protected && (holds & OOS) != 0)
        return ALARM_OUT_OF_SERVICE;
    if (!protected && (holds & SUPPR) != 0)
        return ALARM_SUPPRESSED;
    if (!protected && (holds & SHELF) != 0)
        return ALARM_SHELVED;
    switch (base) {
    case 'U':
    case 'u':
    case 'V':
    case 'w':
        return ALARM_UNACKNOWLEDGED;
    case 'A':
    case 'a':
        return ALARM_ACKNOWLEDGED;
    case 'R':
    case 'r':
        return ALARM_RETURNED_UNACKNOWLEDGED;
    default:
        return ALARM_NORMAL;
    }
}

static struct alarm_status status_of(char base, unsigned holds)
{
    return (struct alarm_status){
        .base = shown(base, 0, false),
        .latched = base == 'u' || base == 'a' || base == 'w',
        .unseen = base == 'V' || base == 'r' || base == 'w',
        .is_held = {(holds & SHELF) != 0, (holds & SUPPR) != 0, (holds & OOS) != 0},
    };
}

static unsigned holds_after(unsigned holds, enum transition_kind kind)
{
    switch (kind) {
    case TRANSITION_SHELVED:
        return holds | SHELF;
    case TRANSITION_UNSHELVED:
        return holds & ~SHELF;
    case TRANSITION_SUPPRESSED:
        return holds | SUPPR;
    case TRANSITION_UNSUPPRESSED:
        return holds & ~SUPPR;
    case TRANSITION_OUT_OF_SERVICE:
        return holds | OOS;
    case TRANSITION_IN_SERVICE:
        return holds & ~OOS;
    default:
        return holds;
    }
}

static bool is_same(const struct alarm_status *a, const struct alarm_status *b)
{
    return a->base == b->base && a->latched == b->latched && a->unseen == b->unseen &&
           memcmp(a->is_held, b->is_held, sizeof a->is_held) == 0;
}

static void check_cell(const struct table *table, const struct row *row, unsigned event)
{
    const struct alarm_model model = {.latching = table->latching, .protected = table->protected};
    const char cell = row->cells[event];
    const bool refused = cell == '-';
    const unsigned holds = refused ? table->holds : holds_after(table->holds, EVENT[event].kind);
    const char base = refused ? row->base : cell;
    const struct alarm_status expected = status_of(base, holds);
    struct alarm_status status = status_of(row->base, table->holds);
    const int rc = alarm_step(&model, &status, EVENT[event].kind, EVENT[event].why);

    if ((rc != 0) != refused || !is_same(&status, &expected))
        fail_msg("%s, %c: %s: %d, and %s%s%s", table->name, row->base, EVENT[event].name, rc,
                 alarm_state_name(status.base), status.latched ? ", latched" : "",
                 status.unseen ? ", unseen" : "");
    assert_int_equal(alarm_shown(&model, &status), shown(base, holds, table->protected));
    assert_int_equal(alarm_is_active(&status), base == 'U' || base == 'A' || base == 'V');
    if (refused && table->protected &&
        (EVENT[event].kind == TRANSITION_SHELVED || EVENT[event].kind == TRANSITION_SUPPRESSED))
        assert_int_equal(rc, -EPERM);
    else if (refused)
        assert_int_equal(rc, -EALREADY);
}

static void every_state_with_every_event(void **state)
{
    unsigned cells = 0;

    (void)state;
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++)
        for (unsigned r = 0; TABLES[i].bases[r] != '\0'; r++) {
            assert_int_equal(TABLES[i].rows[r].base, TABLES[i].bases[r]); /* no row is left out */
            assert_int_equal(strlen(TABLES[i].rows[r].cells), EVENTS);
            for (unsigned e = 0; e < EVENTS; e++, cells++)
                check_cell(&TABLES[i], &TABLES[i].rows[r], e);
        }
    print_message("%u cells\n", cells);
}

/* The order in which holds come and go is no matter, but for how the last one ends. */
static void holds_overlap_in_any_order(void **state)
{
    static const enum transition_kind begins[] = {TRANSITION_SHELVED, TRANSITION_SUPPRESSED,
                                                  TRANSITION_OUT_OF_SERVICE};
    static const enum transition_kind ends[] = {TRANSITION_UNSHELVED, TRANSITION_UNSUPPRESSED,
                                                TRANSITION_IN_SERVICE};
    const struct alarm_model model = {0};

    (void)state;
    for (unsigned b = 0; b < 27; b++)
        for (unsigned e = 0; e < 27; e++) {
            const unsigned begin[] = {b % 3, b / 3 % 3, b / 9}, end[] = {e % 3, e / 3 % 3, e / 9};
            struct alarm_status status = {.base = ALARM_ACKNOWLEDGED};
            unsigned held = 0;

            if ((1U << begin[0] | 1U << begin[1] | 1U << begin[2]) != 7U ||
                (1U << end[0] | 1U << end[1] | 1U << end[2]) != 7U)
                continue;
            for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(alarm_step(&model, &status, begins[begin[i]], WHY_NONE), 0);
                held |= 1U << begin[i];
                assert_int_equal(alarm_shown(&model, &status), shown('A', held, false));
            }
            for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(alarm_step(&model, &status, ends[end[i]], WHY_PERSON), 0);
                held &= ~(1U << end[i]);
                assert_int_equal(alarm_shown(&model, &status), held != 0     ? shown('A', held, false)
                                                               : end[i] == 0 ? ALARM_ACKNOWLEDGED
                                                                             : ALARM_UNACKNOWLEDGED);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_with_every_event),
        cmocka_unit_test(holds_overlap_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
