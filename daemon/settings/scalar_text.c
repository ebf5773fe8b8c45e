#include <stdio.h>
#include <string.h>

#include "scalar.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *scalar_kind_name(const struct yaml_node *node)
{
    if (node->kind == YAML_MAPPING)
        return "a mapping";
    if (node->kind == YAML_SEQUENCE)
        return "a list";
    return node->text[0] == '\0' && !node->quoted ? "nothing" : "a single value";
}

/* Nothing, null and ~ are what is left when a value was forgotten. */
bool scalar_is_value(struct problems *problems, const struct yaml_node *node, const char *wanted)
{
    if (node->kind != YAML_SCALAR) {
        problems_at(problems, node, "%s is wanted here, not %s", wanted, scalar_kind_name(node));
        return false;
    }
    if (!node->quoted &&
        (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0)) {
        problems_at(problems, node, "%s is missing", wanted);
        return false;
    }
    return true;
}

/* One character on Chinese keyboards, and the same unit as "°C". */
const char *scalar_plain_unit(const char *unit)
{
    return strcmp(unit, "℃") == 0 ? "°C" : unit;
}

bool scalar_bool(struct problems *problems, const struct yaml_node *node, bool *ret)
{
    if (!scalar_is_value(problems, node, "true or false"))
        return false;
    if (node->quoted || (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0)) {
        problems_at(problems, node, "'%.40s': write true or false, without quotes", node->text);
        return false;
    }
    *ret = node->text[0] == 't';
    return true;
}

static bool has_control(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t i = 0; i < len; i++, p++) {
        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
            return true;
    }
    return false;
}

bool scalar_text(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap)
{
    if (!scalar_is_value(problems, node, "a text"))
        return false;
    size_t len = strlen(node->text);
    while (len > 0 && node->text[len - 1] == '\n') /* a block text (|, >) ends with one */
        len--;
    if (strspn(node->text, " ") >= len) {
        problems_at(problems, node, "the text is empty");
        return false;
    }
    if (len >= cap) {
        problems_at(problems, node, "the text is too long: %zu bytes, at most %zu", len, cap - 1);
        return false;
    }
    if (has_control(node->text, len)) {
        problems_at(problems, node,
                    "a text is one line without control characters; fold long ones with '>-'");
        return false;
    }
    memcpy(ret, node->text, len);
    ret[len] = '\0';
    return true;
}

bool scalar_path(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap)
{
    if (scalar_is_value(problems, node, "a path") && node->text[0] != '/') {
        problems_at(problems, node, "'%.80s' is not a full path; it must begin with '/'", node->text);
        return false;
    }
    return node->kind == YAML_SCALAR && node->text[0] == '/' && scalar_text(problems, node, ret, cap);
}

static bool is_id_character(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || (!first && (c == '-' || c == '_'));
}

/* What is wrong with an id; "" when nothing is. */
static bool check_id(const char *text, size_t cap, char *ret_why, size_t why_cap)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len || i == 0; i++) {
        if (is_id_character(text[i], i == 0))
            continue;
        (void)snprintf(ret_why, why_cap,
                       "only a-z, 0-9, '-' and '_' are allowed, and a letter or digit first");
        return false;
    }
    if (len >= cap) {
        (void)snprintf(ret_why, why_cap, "it is too long: %zu characters, at most %zu", len, cap - 1);
        return false;
    }
    return true;
}

bool scalar_id(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap)
{
    char why[96];

    if (!scalar_is_value(problems, node, "an id"))
        return false;
    if (!check_id(node->text, cap, why, sizeof why)) {
        problems_at(problems, node, "'%.80s' is not an id: %s", node->text, why);
        return false;
    }
    memcpy(ret, node->text, strlen(node->text) + 1);
    return true;
}

bool scalar_key_id(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap)
{
    char why[96];

    if (!check_id(node->key, cap, why, sizeof why)) {
        problems_at_key(problems, node, "'%.80s' is not an id: %s", node->key, why);
        return false;
    }
    memcpy(ret, node->key, strlen(node->key) + 1);
    return true;
}

bool scalar_unit(struct problems *problems, const struct yaml_node *node, char *ret, size_t cap)
{
    if (node->kind == YAML_SCALAR && node->quoted && node->text[0] == '\0') {
        ret[0] = '\0';
        return true;
    }
    if (!scalar_is_value(problems, node, "a unit"))
        return false;
    const char *unit = scalar_plain_unit(node->text);
    size_t len = strlen(unit);
    if (len >= cap) {
        problems_at(problems, node, "the unit is too long: %zu bytes, at most %zu", len, cap - 1);
        return false;
    }
    if (len == 0 || is_digit(unit[0]) || strchr("+-.,", unit[0]) != NULL || strchr(unit, ' ') != NULL ||
        has_control(unit, len)) {
        problems_at(problems, node, "'%.40s' is not a unit such as °C, cm, \"%%\"", node->text);
        return false;
    }
    memcpy(ret, unit, len + 1);
    return true;
}
