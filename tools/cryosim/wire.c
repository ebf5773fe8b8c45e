#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MBAP_LEN    7
#define RTU_CRC_LEN 2

struct wire {
    modbus_t *tcp, *rtu;
    int tcp_pipe[2], rtu_pipe[2]; /* libmodbus writes into [0], we read from [1] */
};

/* Written here and not taken from cryomond, so that one mistake can't hide the other. */
uint16_t wire_crc(const uint8_t *bytes, size_t len)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)((crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1);
    }
    return crc;
}

size_t wire_header(bool rtu)
{
    return rtu ? 1 : MBAP_LEN;
}

static uint16_t be16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void fill_request(bool rtu, const uint8_t *bytes, size_t len, struct request *ret)
{
    const size_t pdu = wire_header(rtu);
    *ret = (struct request){.rtu = rtu, .unit = bytes[pdu - 1], .function = bytes[pdu]};
    memcpy(ret->frame.bytes, bytes, len);
    ret->frame.len = len;
    size_t pdu_len = len - pdu - (rtu ? RTU_CRC_LEN : 0);
    if (ret->function >= 1 && ret->function <= 4 && pdu_len == 5) {
        ret->is_read = true;
        ret->address = be16(bytes + pdu + 1);
        ret->count = be16(bytes + pdu + 3);
    }
}

int wire_parse_tcp(const uint8_t *bytes, size_t len, struct request *ret, size_t *ret_used)
{
    if (len < MBAP_LEN + 1)
        return 0;
    size_t length = be16(bytes + 4);
    if (be16(bytes + 2) != 0 || length < 2 || length > MODBUS_MAX_PDU_LENGTH + 1)
        return -EPROTO;
    size_t total = length + 6;
    if (len < total)
        return 0;
    fill_request(false, bytes, total, ret);
    *ret_used = total;
    return 1;
}

/* The length of an RTU request, from its function; 0 when more bytes are needed to tell, SIZE_MAX when
 * unknown. */
static size_t rtu_length(const uint8_t *bytes, size_t len)
{
    switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
        return 8;
    case 7:
    case 11:
    case 12:
    case 17:
        return 4;
    case 15:
    case 16:
        return len < 7 ? 0 : (size_t)bytes[6] + 9;
    case 22:
        return 10;
    case 23:
        return len < 11 ? 0 : (size_t)bytes[10] + 13;
    default:
        return SIZE_MAX;
    }
}

int wire_parse_rtu(const uint8_t *bytes, size_t len, struct request *ret, size_t *ret_used)
{
    if (len < 2)
        return 0;
    size_t total = rtu_length(bytes, len);
    if (total == SIZE_MAX)
        return -EPROTO;
    if (total == 0 || len < total)
        return 0;
    uint16_t crc = wire_crc(bytes, total - RTU_CRC_LEN);
    if (total > MODBUS_RTU_MAX_ADU_LENGTH || bytes[total - 2] != (crc & 0xFF) || bytes[total - 1] != crc >> 8)
        return -EPROTO;
    fill_request(true, bytes, total, ret);
    *ret_used = total;
    return 1;
}

static modbus_t *with_pipe(modbus_t *context, int pipe_fds[2])
{
    if (context == NULL ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pipe_fds) < 0) {
        modbus_free(context);
        return NULL;
    }
    modbus_set_socket(context, pipe_fds[0]);
    modbus_set_response_timeout(context, 0, 1); /* libmodbus sleeps this long before some exceptions */
    return context;
}

int wire_open(struct wire **ret)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL)
        return -ENOMEM;
    wire->tcp_pipe[0] = wire->tcp_pipe[1] = wire->rtu_pipe[0] = wire->rtu_pipe[1] = -1;
    /* Neither address nor device is ever opened: both contexts write into a pipe. */
    wire->tcp = with_pipe(modbus_new_tcp("127.0.0.1", 502), wire->tcp_pipe);
    wire->rtu = with_pipe(modbus_new_rtu("/dev/null", 9600, 'N', 8, 1), wire->rtu_pipe);
    if (wire->tcp == NULL || wire->rtu == NULL) {
        wire_close(wire);
        return -ENOMEM;
    }
    *ret = wire;
    return 0;
}

void wire_close(struct wire *wire)
{
    if (wire == NULL)
        return;
    modbus_free(wire->tcp);
    modbus_free(wire->rtu);
    for (int i = 0; i < 2; i++) {
        if (wire->tcp_pipe[i] >= 0)
            close(wire->tcp_pipe[i]);
        if (wire->rtu_pipe[i] >= 0)
            close(wire->rtu_pipe[i]);
    }
    free(wire);
}

static int collect(struct wire *wire, bool rtu, struct frame *ret)
{
    ssize_t n = read(rtu ? wire->rtu_pipe[1] : wire->tcp_pipe[1], ret->bytes, sizeof ret->bytes);
    if (n <= 0)
        return -EIO;
    ret->len = (size_t)n;
    return 0;
}

int wire_reply(struct wire *wire, const struct request *request, modbus_mapping_t *map, struct frame *ret)
{
    modbus_reply(request->rtu ? wire->rtu : wire->tcp, request->frame.bytes, (int)request->frame.len, map);
    return collect(wire, request->rtu, ret);
}

int wire_exception(struct wire *wire, const struct request *request, uint8_t code, struct frame *ret)
{
    size_t pdu = wire_header(request->rtu);
    if (code < MODBUS_EXCEPTION_MAX) {
        modbus_reply_exception(request->rtu ? wire->rtu : wire->tcp, request->frame.bytes, code);
        return collect(wire, request->rtu, ret);
    }
    memcpy(ret->bytes, request->frame.bytes, pdu); /* a code that libmodbus does not know */
    ret->bytes[pdu] = request->function | 0x80;
    ret->bytes[pdu + 1] = code;
    ret->len = pdu + 2 + (request->rtu ? RTU_CRC_LEN : 0);
    wire_refit(request->rtu, ret);
    return 0;
}

void wire_refit(bool rtu, struct frame *frame)
{
    if (rtu) {
        uint16_t crc = wire_crc(frame->bytes, frame->len - RTU_CRC_LEN);
        frame->bytes[frame->len - 2] = (uint8_t)(crc & 0xFF);
        frame->bytes[frame->len - 1] = (uint8_t)(crc >> 8);
    } else {
        frame->bytes[4] = (uint8_t)((frame->len - 6) >> 8);
        frame->bytes[5] = (uint8_t)(frame->len - 6);
    }
}
