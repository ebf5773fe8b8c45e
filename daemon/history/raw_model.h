/*
 * raw_model.h - how the register words of a reading follow from its number, so that they need not be stored.
 *
 * PURE. A model says what is expected; what differs is stored beside it, so any words come back with any
 * model, only at more or fewer bytes.
 *
 *     x   = LINEAR: floor((number x mul + add) / div); else 0              (wraps at 64 bits)
 *     x  += the first difference of this entry
 *     raw = RAW_16: the low 16 bits of x.  RAW_32: the low 32 bits, in the order.
 *           RAW_FLOAT: the binary32 nearest to x / 10^decimals, as bits, plus the second difference, in the
 * order
 *
 * An entry without a number, or whose number is in micro units, is expected to be 0 (also as bits of a
 * float).
 *
 *   In the section's head: byte: bits 0-1 width, 2-3 order, 4 LINEAR; RAW_FLOAT: byte decimals;
 *   LINEAR: zigzag mul, varint div, zigzag add.
 */
#ifndef CRYOMON_RAW_MODEL_H
#define CRYOMON_RAW_MODEL_H

#include "bytes.h"
#include "frame.h"

#define RAW_MODEL_DECIMALS_MAX 9

enum raw_width { RAW_16, RAW_32, RAW_FLOAT };

struct raw_model {
    uint8_t width;    /* enum raw_width */
    uint8_t order;    /* bit 0: words swapped, bit 1: the bytes of each word swapped */
    uint8_t decimals; /* of a float */
    bool linear;
    int64_t mul, div, add;
};

void raw_model_write(const struct raw_model *model, struct bytes *head);
bool raw_model_read(struct raw_model *model, const unsigned char **head, const unsigned char *head_end);

/* The differences of n entries; the second only for RAW_FLOAT. */
void raw_model_differences(const struct raw_model *model, const struct frame_entry *entries, size_t n,
                           int64_t *first, int64_t *second);
/* And back: sets raw of the entries. second is not looked at but for RAW_FLOAT. */
void raw_model_apply(const struct raw_model *model, struct frame_entry *entries, size_t n,
                     const int64_t *first, const int64_t *second);

/* A register word and the pattern in it: both ways. */
uint32_t raw_model_ordered(unsigned order, uint32_t word);
/* The bits of the binary32 nearest to number / 10^decimals (RAW_MODEL_DECIMALS_MAX at most). */
uint32_t raw_model_float(int64_t number, unsigned decimals);

/* Has the entry a number in steps of the point's resolution? */
static inline bool raw_model_has_number(const struct frame_entry *entry)
{
    return !entry->micro && (entry->quality != QUALITY_BAD || entry->number != 0);
}

/* x of a number. */
static inline int64_t raw_model_expected(const struct raw_model *model, int64_t number)
{
    int64_t sum = (int64_t)((uint64_t)number * (uint64_t)model->mul + (uint64_t)model->add);
    if (model->div == 1)
        return sum;
    return sum / model->div - (sum % model->div < 0);
}

#endif
