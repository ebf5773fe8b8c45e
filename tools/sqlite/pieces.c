/* pieces.c - see pieces.h. */
#include "pieces.h"

#include "clock.h"

#define DAY_US     (INT64_C(86400) * SECOND_US)
#define LENGTH_MIN (INT64_C(60) * SECOND_US)
#define LENGTH_MAX (366 * DAY_US)
#define ROWS_FEW   4096

void pieces_begin(struct pieces *pieces, const struct source *source, const struct query *query)
{
    *pieces = (struct pieces){.n_points = query->nothing ? 0 : source->n_points,
                              .from_us = query->from_us,
                              .to_us = query->to_us,
                              .first_us = source->first_us,
                              .last_us = source->last_us,
                              .next_us = query->from_us,
                              .length_us = DAY_US};
}

/* What lies before the first and behind the last reading of all belongs to the pieces beside it. */
static int64_t find_end(const struct pieces *pieces)
{
    int64_t begin = pieces->next_us > pieces->first_us ? pieces->next_us : pieces->first_us;
    if (begin > pieces->last_us)
        return pieces->to_us;
    int64_t end = begin + pieces->length_us;
    if (pieces->length_us >= DAY_US)
        end -=
            ((end % DAY_US) + DAY_US) % DAY_US; /* more than begin all the same, unless that is in the day */
    if (end <= begin)
        end = begin + pieces->length_us;
    return end > pieces->last_us || end > pieces->to_us ? pieces->to_us : end;
}

bool pieces_next(struct pieces *pieces, struct piece *ret)
{
    if (pieces->point < pieces->n_points && pieces->next_us >= pieces->to_us) {
        pieces->point++;
        pieces->next_us = pieces->from_us;
    }
    if (pieces->point >= pieces->n_points)
        return false;
    *ret = (struct piece){.point = pieces->point, .from_us = pieces->next_us, .to_us = find_end(pieces)};
    pieces->next_us = ret->to_us;
    return true;
}

void pieces_had(struct pieces *pieces, size_t rows)
{
    if (rows < ROWS_FEW && pieces->length_us < LENGTH_MAX)
        pieces->length_us *= 2;
}

bool pieces_shorten(struct pieces *pieces, const struct piece *last)
{
    pieces->point = last->point;
    pieces->next_us = last->from_us;
    if (pieces->length_us <= LENGTH_MIN)
        return false;
    pieces->length_us /= 4;
    return true;
}
