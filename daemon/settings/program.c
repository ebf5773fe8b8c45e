/* program.c - a file to a struct program; its keys are read by read_program.c. */
#include "program.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "read_program.h"

/* The id from ".../NAME.yaml". */
static void name_it(struct problems *problems, const char *shown_name, struct program *program)
{
    const char *slash = strrchr(shown_name, '/');
    const char *name = slash != NULL ? slash + 1 : shown_name;
    const size_t len = strlen(name), ending = strlen(".yaml");
    const size_t id_len = len > ending && strcmp(name + len - ending, ".yaml") == 0 ? len - ending : 0;

    if (id_len == 0 || id_len >= sizeof program->id || strchr("-_", name[0]) != NULL ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != id_len) {
        problems_add(problems, shown_name, 0, 0,
                     "a program's file is called NAME.yaml: small letters, digits, '-' and '_', at most %d",
                     ID_MAX - 1);
        return;
    }
    memcpy(program->id, name, id_len);
}

/* Of the text as the record keeps it: a last line has its end. */
static void hash_it(const struct yamldoc *doc, struct program *program)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    size_t len;
    const char *text = yamldoc_text(doc, &len);

    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, (const unsigned char *)text, len);
    if (len > 0 && text[len - 1] != '\n')
        (void)crypto_hash_sha256_update(&state, (const unsigned char *)"\n", 1);
    (void)crypto_hash_sha256_final(&state, hash);
    (void)sodium_bin2hex(program->hash, sizeof program->hash, hash, sizeof hash);
}

int program_read(const struct yamldoc *doc, const char *shown_name, struct problems *problems,
                 struct problems *warnings, struct program **ret)
{
    struct program *program = calloc(1, sizeof *program);
    const size_t before = problems->n;

    if (program == NULL)
        return -ENOMEM;
    name_it(problems, shown_name, program);
    read_program(problems, warnings, yamldoc_root(doc), program);
    hash_it(doc, program);
    if (problems->n > before) {
        program_free(program);
        return -EINVAL;
    }
    *ret = program;
    return 0;
}

/* Takes the document. */
static int make(struct yamldoc *doc, const char *shown_name, struct problems *problems,
                struct problems *warnings, struct program **ret)
{
    const int r = program_read(doc, shown_name, problems, warnings, ret);

    yamldoc_free(doc);
    return r;
}

int program_load(const char *path, const char *shown_name, struct problems *problems,
                 struct problems *warnings, struct program **ret)
{
    struct yamldoc *doc;
    const int r = yamldoc_load(path, shown_name, problems, &doc);

    return r < 0 ? r : make(doc, shown_name, problems, warnings, ret);
}

int program_parse(const char *text, size_t len, const char *shown_name, struct problems *problems,
                  struct problems *warnings, struct program **ret)
{
    struct yamldoc *doc;
    const int r = yamldoc_parse(text, len, shown_name, problems, &doc);

    return r < 0 ? r : make(doc, shown_name, problems, warnings, ret);
}

void program_free(struct program *program)
{
    free(program);
}
