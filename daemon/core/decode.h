/*
 * decode.h - Modbus registers to a reading.
 *
 * PURE. A struct reg_format says how a point lies in its registers; decode_words() applies it. Nothing
 * here can fail: data that make no sense become a bad reading with the reason.
 *
 *     words -> word order -> sentinels -> bit or mask, sign -> scale and offset -> round -> states -> range
 *
 * Integers are exact: one division, rounded once, half away from zero. A signed type with a mask takes its
 * sign from the mask's highest bit. Bits and enumerations are not scaled. A value beyond MICRO_MAX is
 * REASON_IMPLAUSIBLE, a NaN or infinity REASON_NOT_FINITE. The value of a bad reading is 0.
 */
#ifndef CRYOMON_DECODE_H
#define CRYOMON_DECODE_H

#include "value.h"

enum reg_type {
    REG_U16,
    REG_S16,
    REG_U32,
    REG_S32,
    REG_F32, /* IEEE 754 binary32 */
    REG_BIT, /* a coil or discrete input, or one bit of a 16-bit register (see bit) */
};

/* How the four bytes A B C D of a 32-bit value (A most significant) lie on the wire. */
enum word_order {
    ORDER_ABCD, /* big-endian, high word first (Modbus' own habit) */
    ORDER_CDAB, /* low word first */
    ORDER_BADC, /* high word first, bytes swapped in each word */
    ORDER_DCBA, /* low word first, bytes swapped: little-endian */
};

#define SENTINELS_MAX  8
#define STATES_MAX     32
#define STATE_NAME_MAX 32

/* A raw pattern that means "no value". Compared before mask and scaling, after word order, as 16 (the low
 * half of raw) or 32 bits. */
struct sentinel {
    uint32_t raw;
    enum reason reason; /* why there is none; REASON_NONE: not said, and REASON_SENTINEL is given */
};

/* A named value of an enumeration or bit. The name is what alarms and programs know it by. */
struct reg_state {
    int64_t value;
    char name[STATE_NAME_MAX];
    char zh[STATE_NAME_MAX]; /* for people who read Chinese; "": the name */
};

/* How a point lies in its registers. value = raw * scale_num / scale_den + offset, rounded to decimals. */
struct reg_format {
    enum reg_type type;
    enum word_order order; /* 32-bit types only */
    uint8_t bit;           /* REG_BIT in a register: 0..15, 0 = least significant */
    bool invert;           /* REG_BIT: 1 means off */
    uint32_t mask;         /* integers: bits that carry the value, shifted down; 0 = all */
    int64_t scale_num;     /* > 0 or < 0, never 0 */
    int64_t scale_den;     /* > 0 */
    micro_t offset;
    uint8_t decimals; /* resolution of the point, 0..6 */
    bool has_range;
    micro_t plausible_min, plausible_max; /* inclusive; outside is REASON_IMPLAUSIBLE */
    uint8_t n_sentinels;
    struct sentinel sentinels[SENTINELS_MAX];
    uint8_t n_states; /* 0: a number; else an enumeration, and other values are REASON_UNKNOWN_STATE */
    struct reg_state states[STATES_MAX];
};

/* Registers that the format occupies: 1 or 2 (1 for a bit). */
unsigned decode_width(const struct reg_format *format);

/* Decodes decode_width() words; for a coil or discrete input, words[0] is 0 or 1 and bit is 0. The format
 * must be sound (scale_den > 0). Quality is good or bad; who knows more may lower it. */
struct reading decode_words(const struct reg_format *format, const uint16_t *words);

/* Do both formats make the same reading of the same registers? */
bool decode_same(const struct reg_format *a, const struct reg_format *b);

/* The name of an enumeration's value, or NULL if the format has none for it. */
const char *decode_state_name(const struct reg_format *format, micro_t value);

/* The same in Chinese. */
const char *decode_state_zh(const struct reg_format *format, micro_t value);

#endif
