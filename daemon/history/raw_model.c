/* raw_model.c - see raw_model.h. */
#include "raw_model.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* The bits must be the same on every machine: so no wider arithmetic than what is written. */
_Static_assert(FLT_EVAL_METHOD == 0,
               "needs IEEE 754 arithmetic without excess precision (i386: -msse2 -mfpmath=sse)");

#define LINEAR 0x10U

static const double powers[RAW_MODEL_DECIMALS_MAX + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

uint32_t raw_model_ordered(unsigned order, uint32_t word)
{
    if (order & 1U)
        word = word << 16 | word >> 16;
    if (order & 2U)
        word = (word & UINT32_C(0x00ff00ff)) << 8 | (word >> 8 & UINT32_C(0x00ff00ff));
    return word;
}

uint32_t raw_model_float(int64_t number, unsigned decimals)
{
    float nearest = (float)((double)number / powers[decimals]);
    uint32_t bits;
    memcpy(&bits, &nearest, sizeof bits);
    return bits;
}

/* ---------------------------------------------------------------- in the head */

void raw_model_write(const struct raw_model *model, struct bytes *head)
{
    bytes_byte(head, (unsigned char)((unsigned)model->width | (unsigned)model->order << 2 |
                                     (model->linear ? LINEAR : 0U)));
    if (model->width == RAW_FLOAT)
        bytes_byte(head, model->decimals);
    if (!model->linear)
        return;
    bytes_zigzag(head, model->mul);
    bytes_varint(head, (uint64_t)model->div);
    bytes_zigzag(head, model->add);
}

bool raw_model_read(struct raw_model *model, const unsigned char **head, const unsigned char *head_end)
{
    uint64_t div;
    if (*head == head_end)
        return false;
    unsigned char byte = *(*head)++;
    *model = (struct raw_model){.width = byte & 3U, .order = byte >> 2 & 3U, .linear = byte & LINEAR};
    if (byte > 0x1f || model->width > RAW_FLOAT || (model->width == RAW_16 && model->order != 0))
        return false;
    if (model->width == RAW_FLOAT) {
        if (*head == head_end || **head > RAW_MODEL_DECIMALS_MAX)
            return false;
        model->decimals = *(*head)++;
    }
    if (!model->linear)
        return true;
    if (!bytes_get_zigzag(head, head_end, &model->mul) || !bytes_get_varint(head, head_end, &div) ||
        !bytes_get_zigzag(head, head_end, &model->add) || div == 0 || div > INT64_MAX)
        return false;
    model->div = (int64_t)div;
    return true;
}

/* ---------------------------------------------------------------- differences */

static uint64_t expected(const struct raw_model *model, const struct frame_entry *entry)
{
    if (!model->linear || !raw_model_has_number(entry))
        return 0;
    return (uint64_t)raw_model_expected(model, entry->number);
}

/* What the integer x should have been, for a float that is the pattern: the nearest to it in decimals, if
 * that is not far from what is expected (else the bits' difference says it better). */
static int64_t step_of_float(const struct raw_model *model, uint32_t pattern, int64_t x)
{
    float number;
    memcpy(&number, &pattern, sizeof number);
    double wanted = (double)number * powers[model->decimals];
    if (!(wanted > -1e15 && wanted < 1e15))
        return 0;
    int64_t nearest = (int64_t)(wanted + (wanted < 0 ? -0.5 : 0.5));
    if (x > INT64_C(1) << 60 || x < -(INT64_C(1) << 60))
        return 0;
    return nearest - x;
}

void raw_model_differences(const struct raw_model *model, const struct frame_entry *entries, size_t n,
                           int64_t *first, int64_t *second)
{
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *entry = &entries[i];
        uint64_t x = expected(model, entry);
        uint32_t pattern = raw_model_ordered(model->order, entry->raw);
        if (model->width == RAW_16) {
            first[i] = (int16_t)(uint16_t)(entry->raw - (uint32_t)x);
        } else if (model->width == RAW_32) {
            first[i] = (int32_t)(pattern - (uint32_t)x);
        } else if (!raw_model_has_number(entry)) {
            first[i] = 0;
            second[i] = (int32_t)pattern;
        } else {
            first[i] = step_of_float(model, pattern, (int64_t)x);
            second[i] =
                (int32_t)(pattern - raw_model_float((int64_t)(x + (uint64_t)first[i]), model->decimals));
        }
    }
}

/* Floats whose numbers only have a constant added: usual enough to be worth a loop without branches. */
static void apply_floats(const struct raw_model *model, struct frame_entry *entries, size_t n,
                         const int64_t *first, const int64_t *second)
{
    const double power = powers[model->decimals];
    const uint64_t add = (uint64_t)model->add;
    for (size_t i = 0; i < n; i++) {
        int64_t x = (int64_t)((uint64_t)entries[i].number + add + (uint64_t)first[i]);
        float nearest = (float)((double)x / power);
        uint32_t bits;
        memcpy(&bits, &nearest, sizeof bits);
        entries[i].raw = bits + (uint32_t)second[i];
    }
    for (size_t i = 0; model->order != 0 && i < n; i++)
        entries[i].raw = raw_model_ordered(model->order, entries[i].raw);
}

static bool all_have_numbers(const struct frame_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (entries[i].quality == QUALITY_BAD || entries[i].micro)
            return false;
    return true;
}

void raw_model_apply(const struct raw_model *model, struct frame_entry *entries, size_t n,
                     const int64_t *first, const int64_t *second)
{
    if (model->width == RAW_FLOAT && model->linear && model->mul == 1 && model->div == 1 &&
        all_have_numbers(entries, n)) {
        apply_floats(model, entries, n, first, second);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct frame_entry *entry = &entries[i];
        uint64_t x = expected(model, entry) + (uint64_t)first[i];
        if (model->width == RAW_16) {
            entry->raw = (uint16_t)x;
        } else if (model->width == RAW_32) {
            entry->raw = raw_model_ordered(model->order, (uint32_t)x);
        } else {
            uint32_t bits = raw_model_has_number(entry) ? raw_model_float((int64_t)x, model->decimals) : 0;
            entry->raw = raw_model_ordered(model->order, bits + (uint32_t)second[i]);
        }
    }
}
