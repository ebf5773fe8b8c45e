/* The tree knows where everything stands; what configuration must not have is refused with its place. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "yamldoc.h"

static struct yamldoc *parse(const char *text, struct problems *problems)
{
    struct yamldoc *doc = NULL;

    assert_int_equal(yamldoc_parse(text, strlen(text), "f", problems, &doc), 0);
    return doc;
}

static void refuse(const char *text, size_t len, const char *problem)
{
    struct problems problems = {.n = 0};
    struct yamldoc *doc = NULL;

    assert_int_equal(yamldoc_parse(text, len, "f", &problems, &doc), -EINVAL);
    assert_null(doc);
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.lines[0], problem);
    problems_free(&problems);
}

static void test_positions(void **state)
{
    struct problems problems = {.n = 0};
    struct yamldoc *doc = parse("# x\n名字: {a: \"1\", b: 罐}\nlist:\n  - 5 s\n  -\n", &problems);
    const struct yaml_node *root = yamldoc_root(doc);
    const struct yaml_node *name = yaml_get(root, "名字");
    const struct yaml_node *a = yaml_get(name, "a");
    const struct yaml_node *b = yaml_get(name, "b");
    const struct yaml_node *list = yaml_get(root, "list");

    (void)state;
    assert_int_equal(root->n_children, 2);
    assert_int_equal(name->key_line, 2);
    assert_int_equal(name->key_column, 1);
    assert_int_equal(name->column, 5); /* characters, not bytes */
    assert_true(a->quoted);
    assert_string_equal(a->text, "1");
    assert_false(b->quoted);
    assert_string_equal(b->text, "罐");
    assert_int_equal(b->key_column, 14);
    assert_int_equal(b->column, 17);
    assert_int_equal(list->kind, YAML_SEQUENCE);
    assert_int_equal(list->n_children, 2);
    assert_null(list->first->key);
    assert_string_equal(list->first->text, "5 s");
    assert_int_equal(list->first->line, 4);
    assert_int_equal(list->first->column, 5);
    assert_string_equal(list->first->next->text, "");
    assert_null(yaml_get(root, "nothing"));
    assert_null(yaml_get(NULL, "nothing"));
    assert_null(yaml_get(list, "nothing"));
    yamldoc_free(doc);
}

static void test_empty(void **state)
{
    static const char *const texts[] = {"", "\n\n", "# nothing\n", "---\n", "--- \n...\n", "\xef\xbb\xbf"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct problems problems = {.n = 0};
        struct yamldoc *doc = parse(texts[i], &problems);
        assert_int_equal(yamldoc_root(doc)->kind, YAML_MAPPING);
        assert_int_equal(yamldoc_root(doc)->n_children, 0);
        assert_null(yamldoc_root(doc)->first);
        yamldoc_free(doc);
    }
}

/* Editors on Windows put a byte order mark first: columns must not move, and the text is kept without it. */
static void test_byte_order_mark(void **state)
{
    struct problems problems = {.n = 0};
    struct yamldoc *doc = parse("\xef\xbb\xbf"
                                "a: 1\nb: 2\n",
                                &problems);
    size_t len;

    (void)state;
    assert_int_equal(yaml_get(yamldoc_root(doc), "a")->key_column, 1);
    assert_string_equal(yamldoc_text(doc, &len), "a: 1\nb: 2\n");
    assert_int_equal(len, 10);
    yamldoc_free(doc);
}

#define REFUSE(text, problem) refuse(text, sizeof(text) - 1, problem)

static void test_refused(void **state)
{
    (void)state;
    REFUSE("a: 1\nb: {c: 1, c: 2}\n", "f:2:11: 'c' is already set at line 2; remove one of them");
    REFUSE("a: &x 1\n", "f:1:4: anchors (&x) are not used here; quote a text that begins with &");
    REFUSE("a: !x 1\n", "f:1:4: tags (!x) are not used here; quote a text that begins with !");
    REFUSE("a: !!int 1\n",
           "f:1:4: tags (tag:yaml.org,2002:int) are not used here; quote a text that begins with !");
    REFUSE("a: 1\n---\nb: 1\n", "f:2:1: a second document ('---') in one file");
    REFUSE("{a: 1}: 2\n",
           "f:1:1: a key must be plain text, not a list or a mapping; quote a text that begins with { or [");
    REFUSE("a: {{ x }}\n",
           "f:1:5: a key must be plain text, not a list or a mapping; quote a text that begins with { or [");
    REFUSE("text\n", "f:1:1: the file must hold settings ('key: value'), not a single text");
    REFUSE("a: \"x\\0y\"\n", "f:1:4: a text with a NUL character in it");
    REFUSE("a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n", "f:1:19: nested more than 16 levels deep");
    REFUSE("a: %\n",
           "f:1:4: not YAML: found character that cannot start any token (while scanning for the next token "
           "that begins at line 1); quote a text that begins so: \"%\"");
    REFUSE("罐: \xe7\xbd\n",
           "f:1:5: not UTF-8 text (invalid trailing UTF-8 octet, byte 0x0A); save the file as UTF-8");
    REFUSE("a: 1\nb: \x01\n",
           "f:2:4: not UTF-8 text (control characters are not allowed, byte 0x01); save the file as UTF-8");
    REFUSE("a: \0\n",
           "f:1:4: not UTF-8 text (control characters are not allowed, byte 0x00); save the file as UTF-8");
}

/* What is refused by us, not by YAML, still gives a tree: its other mistakes shall be seen too. */
static void test_tolerant(void **state)
{
    static const char text[] = "a: 1\na: 2\nb: &x 3\n";
    struct problems problems = {.n = 0};
    struct yamldoc *doc = NULL;

    (void)state;
    assert_int_equal(yamldoc_parse_tolerant(text, sizeof text - 1, "f", &problems, &doc), 0);
    assert_int_equal(problems.n, 2);
    assert_string_equal(yaml_get(yamldoc_root(doc), "a")->text, "1");
    assert_string_equal(yaml_get(yamldoc_root(doc), "b")->text, "3");
    yamldoc_free(doc);
    problems_free(&problems);
}

static void test_too_large(void **state)
{
    size_t len = YAMLDOC_SIZE_MAX + 1;
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    memset(text, '#', len);
    refuse(text, len, "f:1:1: the file is larger than 4194304 bytes");
    for (size_t i = 0; i + 1 < YAMLDOC_SIZE_MAX; i += 2)
        memcpy(text + i, "-\n", 2);
    refuse(text, YAMLDOC_SIZE_MAX - 1, "f:400000:2: the file holds more than 400000 values");
    free(text);
}

/* A mapping with very many keys is read in reasonable time, and its one duplicate is found. */
static void test_many_keys(void **state)
{
    enum { N = 100000 };
    struct problems problems = {.n = 0};
    struct yamldoc *doc = NULL;
    char *text = malloc(N * 16);
    size_t len = 0;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i < N; i++)
        len += (size_t)snprintf(text + len, 16, "k%d: 1\n", i);
    len += (size_t)snprintf(text + len, 16, "k77: 2\n");
    assert_int_equal(yamldoc_parse_tolerant(text, len, "f", &problems, &doc), 0);
    assert_int_equal(yamldoc_root(doc)->n_children, N);
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.lines[0], "f:100001:1: 'k77' is already set at line 78; remove one of them");
    yamldoc_free(doc);
    problems_free(&problems);
    free(text);
}

static void test_load(void **state)
{
    struct problems problems = {.n = 0};
    struct yamldoc *doc = NULL;

    (void)state;
    assert_int_equal(yamldoc_load("/nonexistent/x.yaml", "x.yaml", &problems, &doc), -ENOENT);
    assert_string_equal(problems.lines[0], "x.yaml:1:1: can't be read: No such file or directory");
    assert_int_equal(yamldoc_load("/tmp", "tmp", &problems, &doc), -EISDIR);
    assert_string_equal(problems.lines[1], "tmp:1:1: is not a regular file: Is a directory");
    assert_int_equal(yamldoc_load("/dev/zero", "zero", &problems, &doc), -EINVAL);
    assert_string_equal(problems.lines[2], "zero:1:1: is not a regular file");
    assert_null(doc);
    problems_free(&problems);
}

/* A terminal must not be at the mercy of what stands in a file. */
static void test_problems_are_printable(void **state)
{
    struct problems problems = {.n = 0};

    (void)state;
    problems_add(&problems, "f", 1, 2, "a\x1b[31m\n\x7f\xc2\x9b罐");
    assert_string_equal(problems.lines[0], "f:1:2: a?[31m????罐");
    problems_free(&problems);
}

static void test_problems_are_bounded(void **state)
{
    struct problems problems = {.n = 0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    for (int i = 0; i < PROBLEMS_MAX + 5; i++)
        problems_add(&problems, "f", 0, 0, "%d %0600d罐罐罐", i, 0);
    assert_int_equal(problems.n, PROBLEMS_MAX + 5);
    problems_print(&problems, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "f: 999 "));
    assert_null(strstr(text, "f: 1000 "));
    assert_string_equal(text + size - strlen("and 5 more\n"), "and 5 more\n");
    free(text);
    problems_free(&problems);
    assert_int_equal(problems.n, 0);
    /* A long text is cut between characters. */
    problems_add(&problems, "f", 0, 0, "%01019d罐罐", 0);
    assert_int_equal(strlen(problems.lines[0]), 3 + 1019);
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_byte_order_mark),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_tolerant),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_problems_are_printable),
        cmocka_unit_test(test_problems_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
