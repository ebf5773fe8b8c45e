/* Readings in, news out: what holds for all of derive.h. */
#include "test.h"

#include "derive.h"

static void nothing_configured(void **state)
{
    (void)state;
    struct config config = {0};
    struct derive *d;
    struct derived_news news;
    assert_int_equal(derive_create(&config, (struct stamp){1, 2}, &d), 0);
    derive_ready(d);
    derive_look(d, (struct stamp){2, 3});
    assert_false(derive_next(d, &news));
    derive_free(d);
    derive_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_configured)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
