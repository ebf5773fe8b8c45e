#include "registers.h"
#include "scenario_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct cells {
    struct reader *reader;
    struct device *device;
    enum register_table table;
    int64_t address; /* of the next cell */
};

static void add(struct cells *cells, const struct yaml_node *node, uint16_t value, bool counter)
{
    struct cell cell = {cells->table, (uint16_t)cells->address, value, counter};
    if (cells->address > 65535)
        problems_at(&cells->reader->problems, node, "goes beyond address 65535");
    else if (device_put(cells->device, cell) < 0)
        problems_at(&cells->reader->problems, node, "out of memory");
    cells->address++;
}

static uint16_t swapped(uint16_t word)
{
    return (uint16_t)(word << 8 | word >> 8);
}

/* Two registers in one of the four word orders. */
static bool add_pair(struct cells *cells, const struct yaml_node *node, const char *order, uint32_t bits)
{
    uint16_t words[2];
    registers_put_u32(words, bits);
    bool low_first = strcmp(order, "CDAB") == 0 || strcmp(order, "DCBA") == 0;
    bool swap = strcmp(order, "BADC") == 0 || strcmp(order, "DCBA") == 0;
    if (!low_first && !swap && strcmp(order, "ABCD") != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        uint16_t word = words[low_first ? 1 - i : i];
        add(cells, node, swap ? swapped(word) : word, false);
    }
    return true;
}

/* `float32 CDAB -190.5`, `u32 100000`, `s32 DCBA -5`. */
static bool add_typed(struct cells *cells, const struct yaml_node *node, const char *text)
{
    char type[16], order[16] = "ABCD", value[40];
    if (sscanf(text, "%15s %15s %39s", type, order, value) != 3) {
        memcpy(order, "ABCD", 5);
        if (sscanf(text, "%15s %39s", type, value) != 2)
            return false;
    }
    int64_t integer;
    double number;
    if (strcmp(type, "u32") == 0 && param_integer(value, 0, UINT32_MAX, &integer) == 0)
        return add_pair(cells, node, order, (uint32_t)integer);
    if (strcmp(type, "s32") == 0 && param_integer(value, INT32_MIN, INT32_MAX, &integer) == 0)
        return add_pair(cells, node, order, (uint32_t)(int32_t)integer);
    if (strcmp(type, "float32") != 0)
        return false;
    float f = NAN;
    if (param_number(value, NULL, &number) == 0)
        f = (float)number;
    else if (strcmp(value, "nan") != 0)
        return false;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return add_pair(cells, node, order, bits);
}

static void add_node(struct cells *cells, const struct yaml_node *node)
{
    bool words = cells->table == TABLE_HOLDING || cells->table == TABLE_INPUT;
    const char *text = read_text(cells->reader, node);
    int64_t value;
    if (text == NULL)
        return;
    if (strcmp(text, "counter") == 0)
        add(cells, node, 0, true);
    else if (param_integer(text, words ? -32768 : 0, words ? 65535 : 1, &value) == 0)
        add(cells, node, (uint16_t)value, false);
    else if (!words || !add_typed(cells, node, text))
        problems_at(&cells->reader->problems, node,
                    words
                        ? "\"%s\" is not an integer in -32768 ... 65535, counter, or \"float32 CDAB -190.5\""
                        : "\"%s\" is not 0, 1 or counter",
                    text);
}

void read_cells(struct reader *reader, const struct yaml_node *node, enum register_table table,
                struct device *device)
{
    struct cells cells = {.reader = reader, .device = device, .table = table};
    if (!read_mapping(reader, node))
        return;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (param_integer(item->key, 0, 65535, &cells.address) < 0) {
            problems_at_key(&reader->problems, item, "\"%s\" is not an address in 0 ... 65535", item->key);
            continue;
        }
        if (item->kind == YAML_SCALAR)
            add_node(&cells, item);
        else
            for (const struct yaml_node *one = item->first; one != NULL; one = one->next)
                add_node(&cells, one);
    }
}
