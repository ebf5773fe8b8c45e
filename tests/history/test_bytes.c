/* The growing array and its integers. */
#include "bytes.h"

#include <string.h>

#include "test.h"

static void test_integers_come_back(void **unused)
{
    (void)unused;
    struct bytes bytes = {0};
    for (unsigned i = 0; i < 64; i++) {
        bytes_varint(&bytes, UINT64_MAX >> i);
        bytes_varint(&bytes, UINT64_C(1) << i);
        bytes_zigzag(&bytes, (int64_t)(UINT64_MAX >> i));
        bytes_zigzag(&bytes, INT64_MIN >> i);
    }
    const unsigned char *at = bytes.data, *end = at + bytes.len;
    for (unsigned i = 0; i < 64; i++) {
        uint64_t value = 0;
        int64_t number = 0;
        assert_true(bytes_get_varint(&at, end, &value));
        assert_true(value == UINT64_MAX >> i);
        assert_true(bytes_get_varint(&at, end, &value));
        assert_true(value == UINT64_C(1) << i);
        assert_true(bytes_get_zigzag(&at, end, &number));
        assert_true(number == (int64_t)(UINT64_MAX >> i));
        assert_true(bytes_get_zigzag(&at, end, &number));
        assert_true(number == INT64_MIN >> i);
    }
    assert_ptr_equal(at, end);
    bytes_free(&bytes);
    bytes_free(NULL);
}

static bool refuses(const char *text, size_t len)
{
    uint64_t value = 77;
    const unsigned char *begin = (const unsigned char *)text, *at = begin;
    return !bytes_get_varint(&at, begin + len, &value) && value == 77 && at == begin;
}

static void test_other_bytes_are_refused(void **unused)
{
    (void)unused;
    assert_true(refuses("", 0));
    assert_true(refuses("\x80", 1));
    assert_true(refuses("\x80\x00", 2)); /* a longer way to say 0 */
    assert_true(refuses("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
    assert_true(refuses("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11));
    assert_false(refuses("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10));
}

static void test_grows_and_keeps_its_memory(void **unused)
{
    (void)unused;
    struct bytes bytes = {0};
    for (unsigned i = 0; i < 10000; i++)
        bytes_byte(&bytes, (unsigned char)i);
    unsigned char *more = bytes_extend(&bytes, 5);
    assert_non_null(more);
    memcpy(more, "abcde", 5);
    assert_int_equal(bytes.len, 10005);
    assert_int_equal(bytes.data[9999], 9999 % 256);
    size_t cap = bytes.cap;
    bytes_clear(&bytes);
    assert_int_equal(bytes.len, 0);
    assert_int_equal(bytes.cap, cap);
    bytes_free(&bytes);
    assert_null(bytes.data);
}

/* No memory: said once, at the end; what comes after does nothing. */
static void test_failure_is_kept(void **unused)
{
    (void)unused;
    struct bytes bytes = {0};
    bytes_byte(&bytes, 1);
    assert_null(bytes_extend(&bytes, SIZE_MAX / 2));
    assert_true(bytes.failed);
    bytes_varint(&bytes, 5);
    assert_int_equal(bytes.len, 1);
    bytes_clear(&bytes);
    assert_false(bytes.failed);
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_come_back),
        cmocka_unit_test(test_other_bytes_are_refused),
        cmocka_unit_test(test_grows_and_keeps_its_memory),
        cmocka_unit_test(test_failure_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
