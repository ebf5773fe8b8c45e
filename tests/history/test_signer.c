/* The key is made once, kept safe, and never replaced; what it signs, others can check. */
#include "signer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history_fixture.h"
#include "test.h"

static char detail[512];

static int setup(void **state)
{
    static struct fixture fixture;
    fixture_make(&fixture);
    unsetenv("CREDENTIALS_DIRECTORY");
    umask(0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    unsetenv("CREDENTIALS_DIRECTORY");
    fixture_free(*state);
    return 0;
}

static void path_of(const struct fixture *fixture, const char *name, char path[128])
{
    fixture_path(fixture, name, path, 128);
}

static void read_text(const struct fixture *fixture, const char *name, char *text, size_t cap)
{
    char path[128];
    path_of(fixture, name, path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, cap - 1, file)] = '\0';
    fclose(file);
}

static void write_text(const struct fixture *fixture, const char *name, const char *text, mode_t mode)
{
    char path[128];
    path_of(fixture, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    fclose(file);
}

static unsigned mode_of(const struct fixture *fixture, const char *name)
{
    char path[128];
    struct stat st;
    path_of(fixture, name, path);
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777U;
}

static bool exists(const struct fixture *fixture, const char *name)
{
    char path[128];
    struct stat st;
    path_of(fixture, name, path);
    return lstat(path, &st) == 0;
}

static void open_key(const struct fixture *fixture, unsigned char key[SIGNER_KEY_SIZE])
{
    struct signer *signer = NULL;
    assert_int_equal(signer_open(fixture->dir, &signer, detail, sizeof detail), 0);
    memcpy(key, signer_public(signer), SIGNER_KEY_SIZE);
    signer_free(signer);
}

static void assert_refused(const struct fixture *fixture, int error, const char *says)
{
    struct signer *signer = NULL;
    assert_int_equal(signer_open(fixture->dir, &signer, detail, sizeof detail), error);
    assert_null(signer);
    if (!strstr(detail, says))
        fail_msg("\"%s\" is not in: %s", says, detail);
}

static void from_hex(const char *hex, unsigned char *ret, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        ret[i] = (unsigned char)byte;
    }
}

/* RFC 8032, 7.1, test 2: any other program agrees on what this key is and signs. */
static void test_published_vector(void **state)
{
    (void)state;
    unsigned char seed[32], key[SIGNER_KEY_SIZE], expected[SIGNER_SIGNATURE_SIZE],
        signature[SIGNER_SIGNATURE_SIZE];
    char text[SIGNER_TEXT_MAX], fingerprint[SIGNER_FINGERPRINT_MAX];
    struct signer *signer = NULL;
    from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed, sizeof seed);
    from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", key, sizeof key);
    from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
             "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
             expected, sizeof expected);
    assert_int_equal(signer_from_seed(seed, &signer), 0);
    assert_memory_equal(signer_public(signer), key, sizeof key);
    signer_sign(signer, "\x72", 1, signature);
    assert_memory_equal(signature, expected, sizeof expected);
    assert_true(signer_verify(key, "\x72", 1, signature));
    assert_false(signer_verify(key, "\x73", 1, signature));
    signature[5] ^= 1;
    assert_false(signer_verify(key, "\x72", 1, signature));
    signer_print(key, text);
    assert_string_equal(text, "cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=");
    signer_fingerprint(key, fingerprint); /* sha256sum of the 32 bytes */
    assert_string_equal(fingerprint, "39f7 13d0 a644 253f 0452 9421 b9f5 1b9b");
    signer_free(signer);
    signer_free(NULL);
}

static void test_parsing(void **state)
{
    (void)state;
    unsigned char key[SIGNER_KEY_SIZE];
    assert_true(signer_parse("cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n", key));
    static const char *const wrong[] = {
        "",
        "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
        "cryomon-public-key-2 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
        "cryomon-signing-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
        "cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zg==",
        "cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw= x",
        "cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgx=",
        "cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0ZgwAAAA=",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (signer_parse(wrong[i], key))
            fail_msg("taken: %s", wrong[i]);
}

static void test_made_once(void **state)
{
    struct fixture *fixture = *state;
    unsigned char key[SIGNER_KEY_SIZE], again[SIGNER_KEY_SIZE], published[SIGNER_KEY_SIZE];
    char text[256];
    open_key(fixture, key);
    assert_string_equal(detail, "");
    assert_int_equal(mode_of(fixture, "signing.key"), 0600);
    assert_int_equal(mode_of(fixture, "signing.pub"), 0644);
    assert_false(exists(fixture, "signing.key.new"));
    read_text(fixture, "signing.pub", text, sizeof text);
    assert_true(signer_parse(text, published));
    assert_memory_equal(published, key, sizeof key);
    read_text(fixture, "signing.key", text, sizeof text);
    assert_int_equal(strncmp(text, "cryomon-signing-key-1 ", 22), 0);
    open_key(fixture, again);
    assert_memory_equal(again, key, sizeof key);
}

static void test_public_file_is_renewed(void **state)
{
    struct fixture *fixture = *state;
    unsigned char key[SIGNER_KEY_SIZE], published[SIGNER_KEY_SIZE];
    char path[128], text[256];
    open_key(fixture, key);
    path_of(fixture, "signing.pub", path);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            assert_int_equal(unlink(path), 0);
        else
            write_text(fixture, "signing.pub",
                       "cryomon-public-key-1 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n", 0644);
        open_key(fixture, key);
        read_text(fixture, "signing.pub", text, sizeof text);
        assert_true(signer_parse(text, published));
        assert_memory_equal(published, key, sizeof key);
    }
    /* It can't be: the key signs all the same, and it is said. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    open_key(fixture, key);
    assert_non_null(strstr(detail, "signing.pub"));
}

static void test_key_that_others_can_read(void **state)
{
    struct fixture *fixture = *state;
    unsigned char key[SIGNER_KEY_SIZE];
    char path[128];
    open_key(fixture, key);
    path_of(fixture, "signing.key", path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_refused(fixture, -EPERM, "chmod 600");
    assert_int_equal(chmod(path, 0400), 0);
    open_key(fixture, key);
}

static void test_what_is_no_key_is_not_replaced(void **state)
{
    struct fixture *fixture = *state;
    char text[256], path[128];
    write_text(fixture, "signing.key", "", 0600);
    assert_refused(fixture, -EBADMSG, "no signing key");
    write_text(fixture, "signing.key", "cryomon-signing-key-1 AAAA\n", 0600);
    assert_refused(fixture, -EBADMSG, "no signing key");
    read_text(fixture, "signing.key", text, sizeof text);
    assert_string_equal(text, "cryomon-signing-key-1 AAAA\n");
    path_of(fixture, "signing.key", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_refused(fixture, -ELOOP, "symbolic link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(fixture, -EINVAL, "not a regular file"); /* and does not hang */
}

/* What a crash left of making a key. */
static void test_unfinished_key(void **state)
{
    struct fixture *fixture = *state;
    unsigned char key[SIGNER_KEY_SIZE];
    write_text(fixture, "signing.key.new", "cryomon-sig", 0600);
    open_key(fixture, key);
    assert_false(exists(fixture, "signing.key.new"));
}

static void test_credential_wins(void **state)
{
    struct fixture *fixture = *state;
    unsigned char of_file[SIGNER_KEY_SIZE], of_credential[SIGNER_KEY_SIZE], published[SIGNER_KEY_SIZE];
    char path[128], text[256];
    open_key(fixture, of_file);
    path_of(fixture, "credentials", path);
    assert_int_equal(mkdir(path, 0700), 0);
    setenv("CREDENTIALS_DIRECTORY", path, 1);
    open_key(fixture, of_credential); /* none of that name: the file */
    assert_memory_equal(of_credential, of_file, sizeof of_file);
    write_text(fixture, "credentials/signing-key",
               "cryomon-signing-key-1 TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=", 0440);
    open_key(fixture, of_credential);
    from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", published, sizeof published);
    assert_memory_equal(of_credential, published, sizeof published);
    read_text(fixture, "signing.pub", text, sizeof text);
    assert_true(signer_parse(text, published));
    assert_memory_equal(of_credential, published, sizeof published);
    write_text(fixture, "credentials/signing-key", "something else", 0440);
    assert_refused(fixture, -EBADMSG, "credentials/signing-key");
}

static void test_directory_that_is_not_there(void **state)
{
    struct signer *signer = NULL;
    (void)state;
    assert_int_equal(signer_open("/nonexistent", &signer, detail, sizeof detail), -ENOENT);
    assert_non_null(strstr(detail, "/nonexistent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vector),
        cmocka_unit_test(test_parsing),
        cmocka_unit_test_setup_teardown(test_made_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_public_file_is_renewed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_key_that_others_can_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_key_is_not_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unfinished_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_credential_wins, setup, teardown),
        cmocka_unit_test(test_directory_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
