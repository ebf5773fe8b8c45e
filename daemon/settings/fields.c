#include "fields.h"

#include <string.h>

#include "scalar.h"
#include "suggest.h"

bool fields_is_mapping(struct problems *problems, const struct yaml_node *node, const char *what)
{
    if (node->kind == YAML_MAPPING || (node->kind == YAML_SCALAR && node->text[0] == '\0' && !node->quoted))
        return true;
    problems_at(problems, node, "%s is written as a mapping ('key: value'), not as %s", what,
                scalar_kind_name(node));
    return false;
}

const char *fields_choice_name(const struct choice *choices, int value)
{
    for (; choices->name != NULL; choices++) {
        if (choices->value == value)
            return choices->name;
    }
    return "?";
}

static void list_choices(const struct choice *choices, char *text, size_t cap)
{
    size_t used = 0;

    text[0] = '\0';
    for (const struct choice *c = choices; c->name != NULL && used < cap; c++) {
        const char *comma = c == choices ? "" : c[1].name == NULL ? " or " : ", ";
        int n = snprintf(text + used, cap - used, "%s%s", comma, c->name);
        used += n > 0 ? (size_t)n : 0;
    }
}

bool fields_choice(struct problems *problems, const struct yaml_node *node, const struct choice *choices,
                   int *ret)
{
    char list[160];
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    list_choices(choices, list, sizeof list);
    if (!scalar_is_value(problems, node, list))
        return false;
    suggest_begin(&s, node->text);
    for (const struct choice *c = choices; c->name != NULL; c++) {
        if (strcmp(c->name, node->text) == 0) {
            *ret = c->value;
            return true;
        }
        suggest_try(&s, c->name);
    }
    problems_at(problems, node, "'%.64s' is not one of %s%s", node->text, list, suggest_text(&s, hint));
    return false;
}

/* Stores into an unsigned member or an enum of the given size. */
static void store(void *to, size_t size, int64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    if (size == sizeof u8)
        memcpy(to, &u8, sizeof u8);
    else if (size == sizeof u16)
        memcpy(to, &u16, sizeof u16);
    else if (size == sizeof u32)
        memcpy(to, &u32, sizeof u32);
}

static bool read_uint(struct problems *problems, const struct yaml_node *node, const struct field *f,
                      void *to)
{
    int64_t value;

    if (!scalar_integer(problems, node, (f->flags & FIELD_HEX) != 0, f->min, f->max, &value))
        return false;
    store(to, f->size, value);
    return true;
}

static bool read_choice(struct problems *problems, const struct yaml_node *node, const struct field *f,
                        void *to)
{
    int value;

    if (!fields_choice(problems, node, f->choices, &value))
        return false;
    store(to, f->size, value);
    return true;
}

static bool read_repeat(struct problems *problems, const struct yaml_node *node, const struct field *f,
                        void *to)
{
    uint32_t ms = 0;
    bool never = node->kind == YAML_SCALAR && strcmp(node->text, "never") == 0;

    if (!never && !scalar_duration(problems, node, (uint32_t)f->min, (uint32_t)f->max, &ms))
        return false;
    memcpy(to, &ms, sizeof ms);
    return true;
}

static bool read_path(struct problems *problems, const struct yaml_node *node, const struct field *f,
                      char *to)
{
    char path[256]; /* as long as any of these fields */

    if (!scalar_path(problems, node, path, f->size < sizeof path ? f->size : sizeof path))
        return false;
    if ((f->flags & FIELD_DIRECTORY) == 0 && path[strlen(path) - 1] == '/') {
        problems_at(problems, node, "'%.80s' ends with '/': a file is wanted here, not a directory", path);
        return false;
    }
    memcpy(to, path, strlen(path) + 1);
    return true;
}

static bool read_field(struct problems *problems, const struct yaml_node *node, const struct field *f,
                       char *to)
{
    switch (f->type) {
    case FIELD_NODE:
        *(const struct yaml_node **)(void *)to = node;
        return true;
    case FIELD_BOOL:
        return scalar_bool(problems, node, (bool *)to);
    case FIELD_UINT:
        return read_uint(problems, node, f, to);
    case FIELD_DURATION:
        return scalar_duration(problems, node, (uint32_t)f->min, (uint32_t)f->max, (uint32_t *)(void *)to);
    case FIELD_REPEAT:
        return read_repeat(problems, node, f, to);
    case FIELD_DAYS:
        return scalar_days(problems, node, (f->flags & FIELD_FOREVER) != 0, (uint32_t)f->min,
                           (uint32_t)f->max, (uint32_t *)(void *)to);
    case FIELD_CHOICE:
        return read_choice(problems, node, f, to);
    case FIELD_TEXT:
        return scalar_text(problems, node, to, f->size);
    case FIELD_PATH:
        return read_path(problems, node, f, to);
    case FIELD_ID:
        return scalar_id(problems, node, to, f->size);
    case FIELD_UNIT:
        return scalar_unit(problems, node, to, f->size);
    case FIELD_BILINGUAL:
        return fields_bilingual(problems, node, (size_t)f->max, (struct bilingual *)(void *)to);
    case FIELD_REFUSED:
        problems_at_key(problems, node, "'%s' is refused: %s", f->key, f->hint);
        return false;
    }
    return false;
}

/* "{high: -140,5}" is high: -140 and a key 5. */
static bool is_cut_number(const struct yaml_node *node)
{
    return node->key[0] >= '0' && node->key[0] <= '9' && node->kind == YAML_SCALAR && node->text[0] == '\0';
}

static void report_unknown(struct problems *problems, const struct yaml_node *node, const char *what,
                           const struct field *fields, size_t n)
{
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];

    if (is_cut_number(node)) {
        problems_at_key(
            problems, node,
            "',%.40s' is no part of the number: inside { } a comma ends it; write a decimal point",
            node->key);
        return;
    }
    suggest_begin(&s, node->key);
    for (size_t i = 0; i < n; i++)
        suggest_try(&s, fields[i].key);
    problems_at_key(problems, node, "unknown key '%.64s' in %s%s", node->key, what, suggest_text(&s, hint));
}

bool fields_walk(struct problems *problems, const struct yaml_node *node, const char *what,
                 const struct field *fields, size_t n, void *target)
{
    uint64_t seen = 0; /* a table has at most 64 rows */
    bool ok = true;

    if (!fields_is_mapping(problems, node, what))
        return false;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (i < n && strcmp(fields[i].key, child->key) != 0)
            i++;
        if (i == n) {
            report_unknown(problems, child, what, fields, n);
            ok = false;
            continue;
        }
        seen |= UINT64_C(1) << i;
        ok = read_field(problems, child, &fields[i], (char *)target + fields[i].offset) && ok;
    }
    for (size_t i = 0; i < n; i++) {
        if ((fields[i].flags & FIELD_REQUIRED) != 0 && (seen >> i & 1U) == 0) {
            problems_at_key(problems, node, "'%s' is missing in %s", fields[i].key, what);
            ok = false;
        }
    }
    return ok;
}

static const struct choice languages[] = {{"en", LANGUAGE_EN}, {"zh", LANGUAGE_ZH}, {NULL, 0}};

bool fields_bilingual(struct problems *problems, const struct yaml_node *node, size_t cap,
                      struct bilingual *ret)
{
    struct bilingual b = {.text = {""}};
    bool ok = true;

    if (cap > TEXT_MAX)
        cap = TEXT_MAX;
    if (node->kind == YAML_SCALAR) {
        if (!scalar_text(problems, node, b.text[LANGUAGE_EN], cap))
            return false;
        memcpy(b.text[LANGUAGE_ZH], b.text[LANGUAGE_EN], sizeof b.text[LANGUAGE_EN]);
        *ret = b;
        return true;
    }
    if (node->kind != YAML_MAPPING || node->first == NULL) {
        problems_at(problems, node, "a text, or {en: ..., zh: ...}, is wanted here, not %s",
                    node->first == NULL ? "nothing" : scalar_kind_name(node));
        return false;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (languages[i].name != NULL && strcmp(languages[i].name, child->key) != 0)
            i++;
        if (languages[i].name == NULL) {
            problems_at_key(problems, child, "unknown language '%.64s'; the languages are en and zh",
                            child->key);
            ok = false;
        } else {
            ok = scalar_text(problems, child, b.text[languages[i].value], cap) && ok;
        }
    }
    if (!ok)
        return false;
    for (int i = 0; i < LANGUAGES; i++) {
        if (b.text[i][0] == '\0')
            memcpy(b.text[i], b.text[1 - i], sizeof b.text[i]);
    }
    *ret = b;
    return true;
}
