/* link_rtu.c - one transaction on a serial line: see link_internal.h. */
#include "link_internal.h"

#include <poll.h>
#include <string.h>

#include "clock.h"
#include "wait.h"

#define RTU_REQUEST 8 /* with its CRC */
#define RTU_REFUSAL 5 /* the same */
#define RTU_SENT    (RTU_REQUEST + MODBUS_REQUEST_MAX)

/* Is what came the request itself, which the adapter heard? Its first bytes can look like a shorter frame:
 * then the rest comes at once. */
static bool is_echo(struct link *link, const uint8_t *sent, uint8_t *frame, size_t *n)
{
    struct modbus_reply ignored;
    if (memcmp(frame, sent, *n < RTU_REQUEST ? *n : RTU_REQUEST) != 0)
        return false;
    *n = link_read_to(link, clock_boot_us() + LINK_GAP_MS * MS_US, frame, *n, RTU_REQUEST, "", &ignored);
    return *n >= RTU_REQUEST && memcmp(frame, sent, RTU_REQUEST) == 0;
}

/* One frame; its length, or 0 with ret set. Not libmodbus': that throws away the bytes of what it does not
 * understand, and here an echo or a report must be known for what it is. */
static size_t receive_rtu(struct link *link, const uint8_t *sent, int64_t deadline_us, uint8_t *frame,
                          struct modbus_reply *ret)
{
    size_t n = link_read_to(link, deadline_us, frame, 0, 3, "incomplete frame", ret), want = 0;
    if (n == 3) {
        want = link_frame_length(frame);
        size_t first = want < RTU_REQUEST ? want : RTU_REQUEST;
        n = link_read_to(link, deadline_us, frame, n, first, "incomplete frame", ret);
        if (n == RTU_REQUEST && memcmp(frame, sent, RTU_REQUEST) != 0)
            n = link_read_to(link, deadline_us, frame, n, want, "incomplete frame", ret);
    }
    bool whole = want > 0 && n == want;
    bool correct = whole && modbus_crc16(frame, n - 2) == (frame[n - 2] | frame[n - 1] << 8);
    if (n >= 3 && (!correct || n == RTU_REQUEST) && is_echo(link, sent, frame, &n)) {
        link_fail(ret, BUS_BAD_REPLY, "the request's own echo: set 'echo: true'");
        whole = false;
    } else if (n >= 3 && want == 0) {
        link_fail(ret, BUS_BAD_REPLY, "function");
    }
    if (!whole)
        link_keep_waste(link, frame, n);
    return whole ? n : 0;
}

/* The adapter's copy of the request, which stands before the reply: exactly that is taken off. */
static bool take_echo(struct link *link, const uint8_t *sent, int64_t deadline_us, struct modbus_reply *ret)
{
    uint8_t echo[RTU_REQUEST];
    size_t n = link_read_to(link, deadline_us, echo, 0, RTU_REQUEST, "incomplete echo of the request", ret);
    if (n == RTU_REQUEST && memcmp(echo, sent, RTU_REQUEST) == 0)
        return true;
    if (n > 0 && ret->outcome != BUS_LINK_DOWN && memcmp(echo, sent, n) != 0)
        link_fail(ret, BUS_BAD_REPLY, "no echo of the request: is 'echo: true' right?");
    else if (n == 0 && ret->outcome == BUS_NO_REPLY)
        ret->fault = "not even the request's echo";
    link_keep_waste(link, echo, n);
    return false;
}

/* Anything behind the reply makes the reply doubtful (which of the two was meant?), but for known reports. */
static bool followed_rtu(struct link *link)
{
    size_t before = link->n_waste, bytes;
    if (wait_for(link->stop_fd, link_descriptor(link), POLLIN, clock_boot_us() + LINK_GAP_MS * MS_US) !=
        WAIT_READY)
        return false;
    if (link->reports.n == 0)
        return true;
    bool silent = link_drain(link, LINK_GAP_MS, &bytes);
    return !silent || bytes != link->n_waste - before ||
           !reports_only(&link->reports, link->waste + before, bytes, clock_boot_us());
}

/* A report that has come before the reply: no request is made whose reply could look so. */
static bool is_report(const struct link *link, const uint8_t *frame, size_t len)
{
    return reports_only(&link->reports, frame, len, clock_boot_us());
}

/* Sends the request and takes off what the adapter hears of it; gives the time until which the reply may
 * come. 0: ret says why not. */
static int64_t ask(struct link *link, const struct modbus_request *request, uint32_t timeout_ms,
                   uint8_t sent[RTU_SENT], struct modbus_reply *ret)
{
    size_t len = modbus_request_rtu(request, sent);
    modbus_set_slave(link->modbus, request->unit);
    if (modbus_send_raw_request(link->modbus, sent, (int)len) <= 0) {
        link_fail(ret, BUS_LINK_DOWN, "cannot send");
        return 0;
    }
    uint16_t crc = modbus_crc16(sent, len);
    sent[len] = (uint8_t)crc;
    sent[len + 1] = (uint8_t)(crc >> 8);
    int64_t now_us = clock_boot_us(), deadline_us = now_us + (int64_t)timeout_ms * MS_US;
    link->quiet_since_us = now_us + link_halves_us(link->config, 2 * RTU_REQUEST);
    return !link->config->echo || take_echo(link, sent, deadline_us, ret) ? deadline_us : 0;
}

void link_rtu_transact(struct link *link, const struct modbus_request *request, uint32_t timeout_ms,
                       struct modbus_reply *ret)
{
    uint8_t sent[RTU_SENT], frame[MODBUS_RTU_MAX_ADU_LENGTH + 8];
    int64_t deadline_us = ask(link, request, timeout_ms, sent, ret);
    size_t len;
    if (deadline_us == 0)
        return;
    do {
        len = receive_rtu(link, sent, deadline_us, frame, ret);
        if (len == 0)
            return;
        modbus_reply_rtu(request, frame, len, ret);
    } while (ret->outcome == BUS_BAD_REPLY && is_report(link, frame, len));
    if (ret->outcome == BUS_BAD_REPLY)
        link_keep_waste(link, frame, len);
    else if (followed_rtu(link))
        link_fail(ret, BUS_BAD_REPLY, "more bytes than the reply");
}

void link_rtu_write(struct link *link, const struct modbus_request *request, uint32_t timeout_ms,
                    struct modbus_reply *ret)
{
    uint8_t sent[RTU_SENT], frame[RTU_REQUEST];
    int64_t deadline_us = ask(link, request, timeout_ms, sent, ret);
    if (deadline_us == 0)
        return;
    size_t n = link_read_to(link, deadline_us, frame, 0, RTU_REFUSAL, "incomplete frame", ret);
    const bool refused = n == RTU_REFUSAL && frame[0] == request->unit && frame[1] == (sent[1] | 0x80) &&
                         modbus_crc16(frame, 3) == (frame[3] | frame[4] << 8);
    if (n == RTU_REFUSAL && !refused)
        n = link_read_to(link, deadline_us, frame, n, RTU_REQUEST, "incomplete frame", ret);
    if (n < RTU_REFUSAL || (n < RTU_REQUEST && !refused)) {
        link_keep_waste(link, frame, n);
        return;
    }
    if (!refused && memcmp(frame, sent, RTU_REQUEST) != 0) {
        link_fail(ret, BUS_BAD_REPLY, "not the reply to this request");
        link_keep_waste(link, frame, n);
    } else if (followed_rtu(link)) {
        link_fail(ret, BUS_BAD_REPLY, "more bytes than the reply");
    } else {
        ret->outcome = refused ? BUS_REFUSED : BUS_OK;
        ret->exception = refused ? frame[2] : 0;
    }
}
