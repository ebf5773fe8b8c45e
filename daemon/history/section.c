/*
 * section.c - see section.h.
 *
 * The head, in bytes. A column (column.h) is in the head, and, if it is a stream, its numbers are the next in
 * the values: so the values have the streams in the order of the columns.
 *
 *     byte      version, 1
 *     varint    n, number of entries
 *     zigzag    the slot before the first (one usual step before it): hours since 1970, rounded down,
 *     varint    and milliseconds
 *     column    n: slot minus the slot before, ms
 *     column    n: taken minus slot, ms
 *     column    n, runs: state: bits 0-1 quality, 2 micro, 3 NUMBER (there is one), 4-11 reason
 *     column    n, runs: calibration
 *     varint    how many entries have no number in steps of the point's resolution,
 *     varint    and how many of these have one in micro units
 *     column    the numbers in steps, in order      } left out where there
 *     column    the numbers in micro units          } are none
 *     ...       how the register words follow from the numbers: raw_model.h
 *     column    n: the first differences from that
 *     column    n: the second, of floats only
 *
 * NUMBER is set where the quality is not bad. (A bad reading has no number; if it had one it would be kept.)
 * Whatever fits the format is decoded; one section can be written in many ways, so what is hashed is what the
 * encoder wrote, and is kept unchanged.
 */
#include "section.h"

#include <errno.h>
#include <stdlib.h>

#include "column.h"
#include "raw_fit.h"

#define VERSION       1
#define HOUR_MS       INT64_C(3600000)
#define STATE_QUALITY 0x3
#define STATE_MICRO   0x4
#define STATE_NUMBER  0x8
#define STATE_REASON  4 /* shift */
#define STATE_MAX     0xfff

/* ---------------------------------------------------------------- encoding */

static bool time_is_valid(int64_t ms)
{
    return ms >= -FRAME_TIME_MAX_MS && ms <= FRAME_TIME_MAX_MS;
}

static bool has_number(const struct frame_entry *entry)
{
    return entry->quality != QUALITY_BAD || entry->number != 0 || entry->micro;
}

static int64_t state_of(const struct frame_entry *entry)
{
    return entry->quality | (entry->micro ? STATE_MICRO : 0) | (has_number(entry) ? STATE_NUMBER : 0) |
           (int64_t)entry->reason << STATE_REASON;
}

struct encoder {
    const struct frame_entry *entries;
    size_t n;
    int64_t *numbers, *more, *scratch;
    struct bytes *head, *values;
};

static void put_column(struct encoder *e, const int64_t *numbers, size_t n, enum column_kind kind)
{
    if (n > 0)
        column_write(numbers, n, kind, e->scratch, e->head, e->values);
}

static void put_times(struct encoder *e)
{
    const struct frame_entry *entries = e->entries;
    int64_t before = entries[0].slot_ms;
    if (e->n > 1 && time_is_valid(2 * before - entries[1].slot_ms))
        before = 2 * before - entries[1].slot_ms;
    int64_t hour = before / HOUR_MS - (before % HOUR_MS < 0);
    bytes_zigzag(e->head, hour);
    bytes_varint(e->head, (uint64_t)(before - hour * HOUR_MS));
    for (size_t i = 0; i < e->n; i++)
        e->numbers[i] = entries[i].slot_ms - (i > 0 ? entries[i - 1].slot_ms : before);
    put_column(e, e->numbers, e->n, COLUMN_ANY);
    for (size_t i = 0; i < e->n; i++)
        e->numbers[i] = entries[i].taken_ms - entries[i].slot_ms;
    put_column(e, e->numbers, e->n, COLUMN_ANY);
}

static void put_states(struct encoder *e)
{
    for (size_t i = 0; i < e->n; i++)
        e->numbers[i] = state_of(&e->entries[i]);
    put_column(e, e->numbers, e->n, COLUMN_RUNS);
    for (size_t i = 0; i < e->n; i++)
        e->numbers[i] = e->entries[i].calibration;
    put_column(e, e->numbers, e->n, COLUMN_RUNS);
}

static void put_numbers(struct encoder *e)
{
    size_t n = 0, micros = 0;
    for (size_t i = 0; i < e->n; i++) {
        if (e->entries[i].micro)
            e->more[micros++] = e->entries[i].number;
        else if (has_number(&e->entries[i]))
            e->numbers[n++] = e->entries[i].number;
    }
    bytes_varint(e->head, e->n - n);
    bytes_varint(e->head, micros);
    put_column(e, e->numbers, n, COLUMN_ANY);
    put_column(e, e->more, micros, COLUMN_ANY);
}

static void put_raws(struct encoder *e)
{
    struct raw_model model = raw_fit(e->entries, e->n);
    raw_model_write(&model, e->head);
    raw_model_differences(&model, e->entries, e->n, e->numbers, e->more);
    put_column(e, e->numbers, e->n, COLUMN_ANY);
    if (model.width == RAW_FLOAT)
        put_column(e, e->more, e->n, COLUMN_ANY);
}

int section_encode(const struct frame_entry *entries, size_t n, struct bytes *head, struct bytes *values)
{
    if (n == 0 || n > SECTION_ENTRIES_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!time_is_valid(entries[i].slot_ms) || !time_is_valid(entries[i].taken_ms) ||
            entries[i].quality > QUALITY_BAD)
            return -EINVAL;
    int64_t *memory = malloc(3 * n * sizeof *memory);
    if (!memory)
        return -ENOMEM;
    struct encoder e = {entries, n, memory, memory + n, memory + 2 * n, head, values};
    bytes_byte(head, VERSION);
    bytes_varint(head, n);
    put_times(&e);
    put_states(&e);
    put_numbers(&e);
    put_raws(&e);
    free(memory);
    return head->failed || values->failed ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- decoding */

struct decoder {
    size_t n;
    int64_t slot;
    struct column slots, taken, states, calibrations, numbers, micros, first, second;
    struct raw_model model;
};

/* Version and count; head moves on behind them. */
static int begin(const unsigned char **head, const unsigned char *end, size_t *ret_n)
{
    uint64_t n;
    if (*head == end || **head == 0)
        return -EBADMSG;
    if (**head > VERSION)
        return -EPROTONOSUPPORT;
    ++*head;
    if (!bytes_get_varint(head, end, &n) || n == 0 || n > SECTION_ENTRIES_MAX)
        return -EBADMSG;
    *ret_n = (size_t)n;
    return 0;
}

int64_t section_count(const struct section *section)
{
    const unsigned char *at = section->head;
    size_t n;
    int error = begin(&at, section->head + section->head_len, &n);
    return error < 0 ? error : (int64_t)n;
}

static bool get_before(const unsigned char **head, const unsigned char *end, int64_t *ret)
{
    int64_t hour;
    uint64_t rest;
    if (!bytes_get_zigzag(head, end, &hour) || !bytes_get_varint(head, end, &rest) ||
        hour < -FRAME_TIME_MAX_MS / HOUR_MS - 1 || hour > FRAME_TIME_MAX_MS / HOUR_MS || rest >= HOUR_MS)
        return false;
    *ret = hour * HOUR_MS + (int64_t)rest;
    return true;
}

static bool open_columns(struct decoder *d, const struct section *section, const unsigned char *head)
{
    const unsigned char *head_end = section->head + section->head_len;
    const unsigned char *values = section->values, *values_end = values + section->values_len;
    uint64_t others, micros;
    size_t n = d->n;
    return get_before(&head, head_end, &d->slot) &&
           column_open(&d->slots, n, COLUMN_ANY, &head, head_end, &values, values_end) &&
           column_open(&d->taken, n, COLUMN_ANY, &head, head_end, &values, values_end) &&
           column_open(&d->states, n, COLUMN_RUNS, &head, head_end, &values, values_end) &&
           column_open(&d->calibrations, n, COLUMN_RUNS, &head, head_end, &values, values_end) &&
           bytes_get_varint(&head, head_end, &others) && others <= n &&
           bytes_get_varint(&head, head_end, &micros) && micros <= others &&
           column_open(&d->numbers, n - (size_t)others, COLUMN_ANY, &head, head_end, &values, values_end) &&
           column_open(&d->micros, (size_t)micros, COLUMN_ANY, &head, head_end, &values, values_end) &&
           raw_model_read(&d->model, &head, head_end) &&
           column_open(&d->first, n, COLUMN_ANY, &head, head_end, &values, values_end) &&
           column_open(&d->second, d->model.width == RAW_FLOAT ? n : 0, COLUMN_ANY, &head, head_end, &values,
                       values_end) &&
           head == head_end && values == values_end;
}

/* The length of the next stretch in which only streams vary. */
static size_t stretch(const struct decoder *d, size_t left)
{
    size_t k = left < COLUMN_BLOCK ? left : COLUMN_BLOCK;
    k = column_equal(&d->slots, k);
    k = column_equal(&d->taken, k);
    k = column_equal(&d->states, k);
    k = column_equal(&d->calibrations, k);
    k = column_equal(&d->first, k);
    return d->model.width == RAW_FLOAT ? column_equal(&d->second, k) : k;
}

static bool get_slots(struct decoder *d, struct frame_entry *out, size_t k)
{
    int64_t deltas[COLUMN_BLOCK], slot = d->slot;
    if (!column_read(&d->slots, deltas, k))
        return false;
    for (size_t i = 0; i < k; i++) {
        /* Neither sum can overflow: slot is valid. */
        if (deltas[i] > 2 * FRAME_TIME_MAX_MS + HOUR_MS || deltas[i] < -2 * FRAME_TIME_MAX_MS - HOUR_MS)
            return false;
        slot += deltas[i];
        if (!time_is_valid(slot))
            return false;
        out[i].slot_ms = slot;
    }
    d->slot = slot;
    return true;
}

static bool get_taken(struct decoder *d, struct frame_entry *out, size_t k)
{
    int64_t late[COLUMN_BLOCK];
    if (!column_read(&d->taken, late, k))
        return false;
    for (size_t i = 0; i < k; i++) {
        if (late[i] > 2 * FRAME_TIME_MAX_MS || late[i] < -2 * FRAME_TIME_MAX_MS ||
            !time_is_valid(out[i].slot_ms + late[i]))
            return false;
        out[i].taken_ms = out[i].slot_ms + late[i];
    }
    return true;
}

/* State and calibration, which are the same for all k; then the numbers, if they have any. */
static bool get_states(struct decoder *d, struct frame_entry *out, size_t k)
{
    int64_t state = d->states.value, calibration = d->calibrations.value;
    struct frame_entry common = {
        .calibration = (uint32_t)calibration,
        .quality = state & STATE_QUALITY,
        .reason = (uint8_t)(state >> STATE_REASON),
        .micro = state & STATE_MICRO,
    };
    if (state < 0 || state > STATE_MAX || calibration < 0 || calibration > UINT32_MAX ||
        common.quality > QUALITY_BAD || !column_skip(&d->states, k) || !column_skip(&d->calibrations, k))
        return false;
    if ((common.quality != QUALITY_BAD || common.micro) && !(state & STATE_NUMBER))
        return false;
    for (size_t i = 0; i < k; i++) {
        out[i].calibration = common.calibration;
        out[i].quality = common.quality;
        out[i].reason = common.reason;
        out[i].micro = common.micro;
        out[i].number = 0;
    }
    if (!(state & STATE_NUMBER))
        return true;
    struct column *column = common.micro ? &d->micros : &d->numbers;
    int64_t numbers[COLUMN_BLOCK];
    for (size_t done = 0, some; done < k; done += some) {
        some = column_equal(column, k - done);
        if (some == 0 || !column_read(column, numbers, some))
            return false;
        for (size_t i = 0; i < some; i++)
            out[done + i].number = numbers[i];
    }
    return true;
}

static bool get_raws(struct decoder *d, struct frame_entry *out, size_t k)
{
    int64_t first[COLUMN_BLOCK], second[COLUMN_BLOCK];
    if (!column_read(&d->first, first, k))
        return false;
    if (d->model.width == RAW_FLOAT && !column_read(&d->second, second, k))
        return false;
    raw_model_apply(&d->model, out, k, first, second);
    return true;
}

static bool is_done(const struct decoder *d)
{
    return column_is_done(&d->slots) && column_is_done(&d->taken) && column_is_done(&d->numbers) &&
           column_is_done(&d->micros) && column_is_done(&d->first) && column_is_done(&d->second);
}

/* The next k are as usual: nothing but numbers and words varies. */
static bool is_usual(const struct decoder *d)
{
    return !d->slots.stream && !d->taken.stream &&
           (d->states.value & (STATE_NUMBER | STATE_MICRO | STATE_QUALITY)) == STATE_NUMBER &&
           d->states.value >= 0 && d->states.value <= STATE_MAX && d->calibrations.value >= 0 &&
           d->calibrations.value <= UINT32_MAX;
}

/* The words follow from the numbers by adding. */
static bool only_adds(const struct decoder *d)
{
    const struct raw_model *model = &d->model;
    return !d->first.stream && model->width != RAW_FLOAT && model->order == 0 &&
           (!model->linear || (model->mul == 1 && model->div == 1));
}

/* The same as get_slots, get_taken and get_states in one go, and, if they only add, get_raws. Most of all
 * decoding is here. */
static bool get_usual(struct decoder *d, struct frame_entry *out, size_t k)
{
    int64_t numbers[COLUMN_BLOCK], slot = d->slot, step = d->slots.value, late = d->taken.value;
    uint32_t factor = d->model.linear ? 1 : 0, mask = d->model.width == RAW_16 ? UINT16_MAX : UINT32_MAX;
    uint32_t add = (uint32_t)d->first.value + (factor ? (uint32_t)d->model.add : 0);
    uint32_t calibration = (uint32_t)d->calibrations.value;
    uint8_t reason = (uint8_t)(d->states.value >> STATE_REASON);
    /* With k small none of the sums can overflow, and if the ends are valid all between them are. */
    if (step > 2 * FRAME_TIME_MAX_MS + HOUR_MS || step < -2 * FRAME_TIME_MAX_MS - HOUR_MS ||
        late > 2 * FRAME_TIME_MAX_MS || late < -2 * FRAME_TIME_MAX_MS)
        return false;
    d->slot += step * (int64_t)k;
    if (!time_is_valid(slot + step) || !time_is_valid(slot + step + late) || !time_is_valid(d->slot) ||
        !time_is_valid(d->slot + late) || !column_read(&d->numbers, numbers, k))
        return false;
    for (size_t i = 0; i < k; i++) {
        slot += step;
        out[i].slot_ms = slot;
        out[i].taken_ms = slot + late;
        out[i].number = numbers[i];
        out[i].raw = ((uint32_t)numbers[i] * factor + add) & mask;
        out[i].calibration = calibration;
        out[i].quality = QUALITY_GOOD;
        out[i].reason = reason;
        out[i].micro = false;
    }
    return column_skip(&d->slots, k) && column_skip(&d->taken, k) && column_skip(&d->states, k) &&
           column_skip(&d->calibrations, k) &&
           (only_adds(d) ? column_skip(&d->first, k) : get_raws(d, out, k));
}

static bool get_stretch(struct decoder *d, struct frame_entry *out, size_t k)
{
    if (is_usual(d) && column_equal(&d->numbers, k) == k)
        return get_usual(d, out, k);
    return get_slots(d, out, k) && get_taken(d, out, k) && get_states(d, out, k) && get_raws(d, out, k);
}

int64_t section_decode(const struct section *section, struct frame_entry *out, size_t cap)
{
    const unsigned char *head = section->head;
    struct decoder d;
    int error = begin(&head, head + section->head_len, &d.n);
    if (error < 0)
        return error;
    if (d.n > cap)
        return -ENOSPC;
    if (!open_columns(&d, section, head))
        return -EBADMSG;
    for (size_t i = 0, k; i < d.n; i += k) {
        k = stretch(&d, d.n - i);
        if (k == 0 || !get_stretch(&d, out + i, k))
            return -EBADMSG;
    }
    return is_done(&d) ? (int64_t)d.n : -EBADMSG;
}
