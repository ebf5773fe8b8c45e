/* The relay on a serial line: its bus thread writes it between two polls, and is believed only when the relay
 * says so itself. */
#include "bus_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "errand.h"

#define WAIT_US (20 * SECOND_US)
#define RELAY   200
#define UNIT    9

struct line {
    struct bus_world w;
    struct device_config devices[3];
    uint16_t point;
    int no_stop;
    char detail[NOTE_MAX];
};

/* A freezer that is polled, and the relay, which has no points. polled: the relay module has a point, too. */
static void open_line(struct line *l, bool coil, bool polled)
{
    bus_world_open(&l->w, true);
    memcpy(l->devices, l->w.devices, sizeof l->w.devices);
    l->devices[2] = l->devices[1];
    l->devices[2].unit = UNIT;
    snprintf(l->devices[2].id, ID_MAX, "relay");
    l->w.config.devices = l->devices;
    l->w.config.n_devices = 3;
    l->w.config.notify.relay = (struct relay_config){
        .enabled = true, .device = 2, .table = coil ? TABLE_COIL : TABLE_HOLDING, .address = RELAY};
    l->point = bus_world_point(&l->w, 0, 10);
    if (polled)
        (void)bus_world_point(&l->w, 2, 300);
    bus_world_set(&l->w, RELAY, 0);
    l->no_stop = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(errand_create(&l->w.shared.errand), 0);
    bus_world_run(&l->w);
    bus_world_until(&l->w, l->point, QUALITY_GOOD, REASON_NONE);
}

static void close_line(struct line *l)
{
    bus_world_close(&l->w);
    errand_unref(l->w.shared.errand);
    close(l->no_stop);
}

static struct errand_write a_write(const struct line *l, uint16_t value)
{
    const struct relay_config *relay = &l->w.config.notify.relay;
    struct errand_write write = {
        .unit = UNIT, .coil = relay->table == TABLE_COIL, .address = RELAY, .value = value};
    memcpy(write.line, l->w.bus_config.device, sizeof write.line);
    return write;
}

static int set(struct line *l, uint16_t value)
{
    struct errand_write write = a_write(l, value);
    return errand_ask(l->w.shared.errand, &write, l->no_stop, clock_boot_us() + WAIT_US, l->detail,
                      sizeof l->detail);
}

static int is(struct line *l)
{
    return atomic_load(&l->w.device.registers[RELAY]);
}

static void test_register(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, false, false);
    assert_int_equal(set(&l, 0x1234), 0);
    assert_int_equal(is(&l), 0x1234);
    assert_int_equal(set(&l, 0), 0);
    assert_int_equal(is(&l), 0);
    bus_world_forget(&l.w); /* the polls go on, and all of them are good */
    for (int i = 0; i < 5; i++)
        assert_int_equal(bus_world_next(&l.w, l.point).sample.reading.quality, QUALITY_GOOD);
    close_line(&l);
}

static void test_coil(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, true, true);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(set(&l, (uint16_t)(i % 2 == 0)), 0);
        assert_int_equal(is(&l), i % 2 == 0);
    }
    close_line(&l);
}

/* It is silent: told, and the others are asked as ever. */
static void test_dead_relay(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, false, false);
    atomic_store(&l.w.device.silent_unit, UNIT);
    assert_int_equal(set(&l, 1), -ETIMEDOUT);
    assert_non_null(strstr(l.detail, "no reply when it was set"));
    for (int i = 0; i < 3; i++)
        bus_world_until(&l.w, l.point, QUALITY_GOOD, REASON_NONE);
    atomic_store(&l.w.device.silent_unit, 0);
    assert_int_equal(set(&l, 1), 0);
    assert_int_equal(is(&l), 1);
    close_line(&l);
}

/* It repeats the request, as an adapter would that hears itself, and nothing has happened. */
static void test_echo_alone_does_not_count(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, false, false);
    atomic_store(&l.w.device.forgets, true);
    assert_int_equal(set(&l, 1), -EREMOTEIO);
    assert_string_equal(l.detail, "it was set to 1 and says that it is 0");
    close_line(&l);
}

static void test_refused(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, false, false);
    bus_world_set(&l.w, RELAY, MISSING);
    assert_int_equal(set(&l, 1), -EPROTO);
    assert_non_null(strstr(l.detail, "exception 2"));
    close_line(&l);
}

/* Another line, or what the configuration does not call the relay: never written. */
static void test_only_the_relay(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, false, false);
    struct errand_write write = a_write(&l, 1);
    write.unit = 1;
    assert_int_equal(errand_ask(l.w.shared.errand, &write, l.no_stop, clock_boot_us() + WAIT_US, l.detail,
                                sizeof l.detail),
                     -ECANCELED);
    write = a_write(&l, 1);
    write.address++;
    assert_int_equal(errand_ask(l.w.shared.errand, &write, l.no_stop, clock_boot_us() + WAIT_US, l.detail,
                                sizeof l.detail),
                     -ECANCELED);
    write = a_write(&l, 1);
    snprintf(write.line, sizeof write.line, "/dev/another");
    assert_int_equal(errand_ask(l.w.shared.errand, &write, l.no_stop, clock_boot_us() + SECOND_US / 10,
                                l.detail, sizeof l.detail),
                     -ETIMEDOUT);
    assert_string_equal(l.detail, "its line is not served");
    for (int i = 0; i < 3; i++)
        (void)bus_world_next(&l.w, l.point);
    pthread_mutex_lock(&l.w.device.lock);
    for (size_t i = 0; i < l.w.device.n_asked; i++)
        assert_true(l.w.device.asked[i].function <= 4);
    pthread_mutex_unlock(&l.w.device.lock);
    close_line(&l);
}

/* ---------------------------------------------------------------- the errand itself */

static void test_given_up(void **state)
{
    (void)state;
    struct errand *errand;
    struct errand_write write = {.line = "a", .value = 1}, taken;
    char detail[NOTE_MAX];
    int stop_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(errand_create(&errand), 0);
    assert_int_equal(errand_ask(errand, &write, stop_fd, clock_boot_us(), detail, sizeof detail), -ETIMEDOUT);
    assert_false(errand_take(errand, "a", &taken)); /* what was given up is not done later */
    assert_int_equal(eventfd_write(stop_fd, 1), 0);
    assert_int_equal(errand_ask(errand, &write, stop_fd, clock_boot_us() + WAIT_US, detail, sizeof detail),
                     -ECANCELED);
    assert_false(errand_take(NULL, "a", &taken));
    errand_unref(errand);
    errand_unref(NULL);
    close(stop_fd);
}

/* Taken, and not at an end in time: the next one waits until the bus is done, and its end is nobody's. */
static void *take_slowly(void *argument)
{
    struct errand_write taken;
    while (!errand_take(argument, "a", &taken))
        ;
    return NULL;
}

static void test_late_end(void **state)
{
    (void)state;
    struct errand *errand;
    struct errand_write write = {.line = "a", .value = 1}, taken;
    char detail[NOTE_MAX];
    pthread_t thread;
    int stop_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(errand_create(&errand), 0);
    assert_int_equal(pthread_create(&thread, NULL, take_slowly, errand), 0);
    assert_int_equal(errand_ask(errand, &write, stop_fd, clock_boot_us() + SECOND_US, detail, sizeof detail),
                     -ETIMEDOUT);
    assert_string_equal(detail, "its line does not come to an end");
    pthread_join(thread, NULL);
    assert_int_equal(errand_ask(errand, &write, stop_fd, clock_boot_us() + SECOND_US, detail, sizeof detail),
                     -EBUSY);
    errand_done(errand, 0, "");
    assert_int_equal(errand_ask(errand, &write, stop_fd, clock_boot_us(), detail, sizeof detail), -ETIMEDOUT);
    assert_false(errand_take(errand, "a", &taken));
    errand_unref(errand);
    close(stop_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given_up),   cmocka_unit_test(test_late_end),
        cmocka_unit_test(test_register),   cmocka_unit_test(test_coil),
        cmocka_unit_test(test_dead_relay), cmocka_unit_test(test_echo_alone_does_not_count),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_only_the_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
