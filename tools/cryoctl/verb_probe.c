#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cryoctl.h"
#include "decode.h"
#include "peer.h"
#include "table.h"

#define WORDS_MAX       2000 /* of one probe */
#define BLOCK_MAX       32   /* asked for at once: all devices allow that many */
#define ILLEGAL_ADDRESS 2
#define ILLEGAL_VALUE   3

struct probe {
    struct peer *peer;
    uint8_t unit, function;
    uint16_t first;
    unsigned count;
    uint16_t words[WORDS_MAX];
    uint8_t exceptions[WORDS_MAX]; /* 0: the word is there */
};

static const char *const table_names[] = {"coil", "discrete", "holding", "input"};

/* ---------------------------------------------------------------- arguments */

static bool parse_range(const char *text, uint16_t *ret_first, unsigned *ret_count)
{
    char *end;
    unsigned long first = strtoul(text, &end, 0), last = first;
    if (text[0] < '0' || text[0] > '9')
        return false;
    if (*end == '-' && end[1] >= '0' && end[1] <= '9')
        last = strtoul(end + 1, &end, 0);
    if (*end != '\0' || last > 65535 || last < first || last - first + 1 > WORDS_MAX)
        return false;
    *ret_first = (uint16_t)first;
    *ret_count = (unsigned)(last - first + 1);
    return true;
}

static bool parse_arguments(const struct ctl *ctl, char **argv, struct probe *ret, uint32_t *ret_timeout_ms)
{
    char *end;
    unsigned long unit = strtoul(argv[1], &end, 10);
    const char *table = ctl->table != NULL ? ctl->table : "holding";
    *ret_timeout_ms = 1000;
    for (uint8_t i = 0; i < 4; i++)
        if (strcmp(table, table_names[i]) == 0)
            ret->function = (uint8_t)(i + 1);
    ret->unit = (uint8_t)unit;
    if (argv[1][0] < '0' || argv[1][0] > '9' || *end != '\0' || unit > 255)
        ctl_complain(tr(ctl, "\"%s\" is not a unit id: 0 to 255", "“%s”不是单元号：0 至 255"), argv[1]);
    else if (!parse_range(argv[2], &ret->first, &ret->count))
        ctl_complain(
            tr(ctl,
               "\"%s\" is not a range of protocol addresses: FIRST or FIRST-LAST, 0 to 65535, at most %d",
               "“%s”不是协议地址范围：起始 或 起始-结束，0 至 65535，最多 %d 个"),
            argv[2], WORDS_MAX);
    else if (ret->function == 0)
        ctl_complain("%s", tr(ctl, "--table is holding, input, coil or discrete",
                              "--table 只能是 holding、input、coil 或 discrete"));
    else if (ctl->timeout != NULL && !peer_parse_timeout(ctl->timeout, ret_timeout_ms))
        ctl_complain("%s", tr(ctl, "--timeout is 20ms to 30s", "--timeout 为 20ms 至 30s"));
    else
        return true;
    return false;
}

/* ---------------------------------------------------------------- reading */

static void take(struct probe *p, unsigned at, unsigned n, const struct modbus_reply *reply)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned word = reply->words[p->function <= 2 ? i / 16 : i];
        p->words[at + i] = (uint16_t)(p->function <= 2 ? word >> i % 16 & 1U : word);
    }
}

/* True: it answered, with values or a refusal. */
static bool read_block(struct probe *p, unsigned at, unsigned n, struct modbus_reply *reply)
{
    struct modbus_request request = {
        .unit = p->unit, .function = p->function, .address = (uint16_t)(p->first + at), .count = (uint16_t)n};
    peer_ask(p->peer, &request, reply);
    if (reply->outcome == BUS_OK)
        take(p, at, n, reply);
    else if (reply->outcome == BUS_REFUSED)
        memset(p->exceptions + at, reply->exception, n);
    return reply->outcome == BUS_OK || reply->outcome == BUS_REFUSED;
}

/* A block with a register that the device does not have is refused as a whole: then each is asked for alone.
 */
static bool read_patiently(struct probe *p, unsigned at, unsigned n, struct modbus_reply *reply)
{
    if (!read_block(p, at, n, reply))
        return false;
    if (p->exceptions[at] != ILLEGAL_ADDRESS && p->exceptions[at] != ILLEGAL_VALUE)
        return true;
    memset(p->exceptions + at, 0, n);
    for (unsigned i = 0; i < n; i++)
        if (!read_block(p, at + i, 1, reply))
            return false;
    return true;
}

static int read_all(const struct ctl *ctl, struct probe *p)
{
    struct modbus_reply reply;
    for (unsigned at = 0; at < p->count; at += BLOCK_MAX) {
        unsigned n = p->count - at < BLOCK_MAX ? p->count - at : BLOCK_MAX;
        if (read_patiently(p, at, n, &reply))
            continue;
        ctl_complain(tr(ctl, "unit %u, from address %u on: %s", "单元 %u，从地址 %u 起：%s"), p->unit,
                     p->first + at, reply.fault != NULL ? reply.fault : bus_outcome_name(reply.outcome));
        return CTL_UNREACHABLE;
    }
    return CTL_OK;
}

/* ---------------------------------------------------------------- showing */

enum {
    COLUMN_ADDRESS,
    COLUMN_RAW,
    COLUMN_U16,
    COLUMN_S16,
    COLUMN_BITS,
    COLUMN_ORDER,
    COLUMN_U32,
    COLUMN_S32,
    COLUMN_FLOAT,
    COLUMN_COUNT
};

static const char *const order_names[] = {"ABCD", "CDAB", "BADC", "DCBA"};

static void number_cell(struct table *t, unsigned column, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    table_cell(t, column, TABLE_PLAIN, text);
}

/* The 32 bits of two words in an order: decode's own work, so that what is shown is what a profile would
 * give. */
static uint32_t pattern_of(enum word_order order, const uint16_t *words)
{
    struct reg_format format = {.type = REG_U32, .order = order, .scale_num = 1, .scale_den = 1};
    return (uint32_t)(decode_words(&format, words).value / MICRO_PER_UNIT);
}

static void print_float(char text[32], uint32_t pattern)
{
    float number;
    memcpy(&number, &pattern, sizeof number);
    if (isnan(number)) /* which nan it is, raw shows */
        snprintf(text, 32, "nan");
    else
        snprintf(text, 32, "%.7g", (double)number);
}

static void order_cells(struct table *t, enum word_order order, const uint16_t *words)
{
    char text[32];
    uint32_t pattern = pattern_of(order, words);
    table_cell(t, COLUMN_ORDER, TABLE_PLAIN, order_names[order]);
    number_cell(t, COLUMN_U32, pattern);
    number_cell(t, COLUMN_S32, (int32_t)pattern);
    print_float(text, pattern);
    table_cell(t, COLUMN_FLOAT, TABLE_PLAIN, text);
}

static void word_cells(struct table *t, uint16_t word)
{
    char text[32] = "";
    snprintf(text, sizeof text, "0x%04x", word);
    table_cell(t, COLUMN_RAW, TABLE_PLAIN, text);
    number_cell(t, COLUMN_U16, word);
    number_cell(t, COLUMN_S16, (int16_t)word);
    for (unsigned bit = 0; bit < 16; bit++) /* most significant first, in fours */
        snprintf(text + bit + bit / 4, sizeof text - bit - bit / 4, "%u ", (unsigned)word >> (15 - bit) & 1U);
    text[19] = '\0';
    table_cell(t, COLUMN_BITS, TABLE_PLAIN, text);
}

static void add_rows(const struct ctl *ctl, struct table *t, const struct probe *p, unsigned at)
{
    char text[64];
    unsigned address = p->first + at;
    table_row(t);
    snprintf(text, sizeof text, "%u 0x%04x", address, address);
    table_cell(t, COLUMN_ADDRESS, TABLE_PLAIN, text);
    if (p->exceptions[at] != 0) {
        snprintf(text, sizeof text, tr(ctl, "refused: exception %u", "被拒绝：异常 %u"), p->exceptions[at]);
        table_note(t, text);
        return;
    }
    if (p->function <= 2) {
        number_cell(t, COLUMN_U16, p->words[at]);
        return;
    }
    word_cells(t, p->words[at]);
    if (at + 1 >= p->count || p->exceptions[at + 1] != 0)
        return;
    for (unsigned order = 0; order < 4; order++) {
        if (order > 0)
            table_row(t);
        order_cells(t, (enum word_order)order, p->words + at);
    }
}

static void print_table(const struct ctl *ctl, const struct probe *p)
{
    const struct table_column columns[COLUMN_COUNT] = {
        [COLUMN_ADDRESS] = {.title = tr(ctl, "ADDRESS", "地址")},
        [COLUMN_RAW] = {.title = tr(ctl, "RAW", "原始值")},
        [COLUMN_U16] = {.title = p->function <= 2 ? tr(ctl, "BIT", "位") : "u16", .right = true},
        [COLUMN_S16] = {.title = "s16", .right = true},
        [COLUMN_BITS] = {.title = tr(ctl, "BITS 15..0", "位 15..0")},
        [COLUMN_ORDER] = {.title = tr(ctl, "ORDER", "字序")},
        [COLUMN_U32] = {.title = "u32", .right = true},
        [COLUMN_S32] = {.title = "s32", .right = true},
        [COLUMN_FLOAT] = {.title = "float32", .right = true},
    };
    struct table t;
    table_init(&t, columns, COLUMN_COUNT);
    for (unsigned at = 0; at < p->count; at++)
        add_rows(ctl, &t, p, at);
    table_print(&t, stdout, ctl->colour, 0, SIZE_MAX);
    table_free(&t);
}

static json_t *json_of(const struct probe *p, unsigned at)
{
    json_t *o = json_pack("{s:i}", "address", (int)(p->first + at));
    if (p->exceptions[at] != 0) {
        json_object_set_new(o, "exception", json_integer(p->exceptions[at]));
        return o;
    }
    json_object_set_new(o, p->function <= 2 ? "bit" : "u16", json_integer(p->words[at]));
    if (p->function <= 2)
        return o;
    json_object_set_new(o, "s16", json_integer((int16_t)p->words[at]));
    for (unsigned order = 0; order < 4 && at + 1 < p->count && p->exceptions[at + 1] == 0; order++) {
        char text[32];
        uint32_t pattern = pattern_of((enum word_order)order, p->words + at);
        print_float(text, pattern);
        /* As text: JSON has neither NaN nor infinity, and these are what sentinels look like. */
        json_object_set_new(o, order_names[order],
                            json_pack("{s:I, s:i, s:s}", "u32", (json_int_t)pattern, "s32",
                                      (int)(int32_t)pattern, "float32", text));
    }
    return o;
}

static void print_json(const struct probe *p)
{
    json_t *array = json_array();
    for (unsigned at = 0; at < p->count; at++)
        json_array_append_new(array, json_of(p, at));
    json_dumpf(array, stdout, CTL_JSON);
    putchar('\n');
    json_decref(array);
}

int verb_probe(struct ctl *ctl, int argc, char **argv)
{
    struct peer_target target;
    uint32_t timeout_ms;
    (void)argc;
    struct probe *p = calloc(1, sizeof *p);
    if (p == NULL)
        return CTL_NEGATIVE;
    int result = CTL_USAGE;
    if (peer_parse(ctl, argv[0], &target) && parse_arguments(ctl, argv, p, &timeout_ms)) {
        p->peer = peer_open(ctl, &target, target.first_port, timeout_ms, false);
        result = p->peer != NULL ? read_all(ctl, p) : CTL_UNREACHABLE;
        if (result == CTL_OK && ctl->json)
            print_json(p);
        else if (result == CTL_OK)
            print_table(ctl, p);
        peer_close(p->peer);
    }
    free(p);
    return result;
}
