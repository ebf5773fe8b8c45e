/*
 * scale_server.c - many Modbus servers in one small process, for scale.py: it must not be what is measured.
 *
 * scale_server ADDRESS TCP RTU FILE: TCP ports on ADDRESS and RTU pseudo terminals, printed one a line on
 * standard output. Every request for registers is answered with numbers that change. At the end of standard
 * input what came is written to FILE: per request 16 bytes, the line's number and the time in us
 * (CLOCK_MONOTONIC).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define FDS   8192
#define ASKED 4000000
#define FRAME 300

enum kind { NOTHING, LISTENER, CONNECTION, LINE };

struct peer {
    enum kind kind;
    uint64_t line;
    size_t n;
    unsigned char data[FRAME];
};

static struct peer peers[FDS];
static uint64_t (*asked)[2];
static size_t n_asked;

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000U + (uint64_t)t.tv_nsec / 1000U;
}

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void watch(int epoll, int fd, enum kind kind, uint64_t line)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0 || fd >= FDS || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("scale_server");
    peers[fd] = (struct peer){.kind = kind, .line = line};
}

static uint16_t crc16(const unsigned char *data, size_t n)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1U ? crc >> 1 ^ 0xA001U : crc >> 1);
    }
    return crc;
}

/* Answers the request of unit, function, address, count at pdu; returns the length of the reply at out. */
static size_t answer(const unsigned char *pdu, unsigned char *out)
{
    unsigned count = (unsigned)(pdu[4] << 8 | pdu[5]);
    count = count > 125 ? 125 : count;
    uint64_t tick = now_us() / 100000U;
    out[0] = pdu[0];
    out[1] = pdu[1];
    out[2] = (unsigned char)(2 * count);
    for (unsigned i = 0; i < count; i++) {
        out[3 + 2 * i] = (unsigned char)((tick + i) >> 8 & 3);
        out[4 + 2 * i] = (unsigned char)(tick + i);
    }
    return 3 + 2 * (size_t)count;
}

static void note(uint64_t line)
{
    if (n_asked == ASKED)
        return;
    asked[n_asked][0] = line;
    asked[n_asked++][1] = now_us();
}

static void serve_tcp(int fd, struct peer *p)
{
    unsigned char out[FRAME];
    while (p->n >= 12) {
        note(p->line);
        memcpy(out, p->data, 4);
        size_t n = answer(p->data + 6, out + 6);
        out[4] = (unsigned char)(n >> 8);
        out[5] = (unsigned char)n;
        (void)!write(fd, out, 6 + n);
        memmove(p->data, p->data + 12, p->n -= 12);
    }
}

static void serve_rtu(int fd, struct peer *p)
{
    unsigned char out[FRAME];
    while (p->n >= 8) {
        uint16_t crc = crc16(p->data, 6);
        if (p->data[6] != (crc & 0xFF) || p->data[7] != crc >> 8) {
            memmove(p->data, p->data + 1, --p->n);
            continue;
        }
        note(p->line);
        size_t n = answer(p->data, out);
        crc = crc16(out, n);
        out[n] = (unsigned char)crc;
        out[n + 1] = (unsigned char)(crc >> 8);
        (void)!write(fd, out, n + 2);
        memmove(p->data, p->data + 8, p->n -= 8);
    }
}

static void readable(int epoll, int fd)
{
    struct peer *p = &peers[fd];
    if (p->kind == LISTENER) {
        int on = 1, peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
        if (peer < 0)
            return;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, peer, CONNECTION, p->line);
        return;
    }
    ssize_t n = read(fd, p->data + p->n, FRAME - p->n);
    if (n <= 0) {
        if (p->kind == CONNECTION) /* a line stays: its other end comes back */
            close(fd);
        return;
    }
    p->n += (size_t)n;
    if (p->kind == CONNECTION)
        serve_tcp(fd, p);
    else
        serve_rtu(fd, p);
}

static void open_tcp(int epoll, const char *address, uint64_t line)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 4) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) < 0)
        die("scale_server: TCP");
    watch(epoll, fd, LISTENER, line);
    printf("%u\n", ntohs(a.sin_port));
}

static void open_rtu(int epoll, uint64_t line)
{
    struct termios raw;
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
        die("scale_server: pty");
    int slave = open(ptsname(fd), O_RDWR | O_NOCTTY); /* kept open: the line never hangs up */
    if (slave < 0 || tcgetattr(slave, &raw) < 0)
        die("scale_server: pty");
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    watch(epoll, fd, LINE, line);
    printf("%s\n", ptsname(fd));
}

static void run(int epoll)
{
    for (;;) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == STDIN_FILENO)
                return;
            readable(epoll, events[i].data.fd);
        }
    }
}

int main(int argc, char **argv)
{
    struct rlimit limit = {.rlim_cur = FDS, .rlim_max = FDS};
    int epoll = epoll_create1(0);
    asked = malloc(ASKED * sizeof *asked);
    if (argc != 5 || epoll < 0 || asked == NULL)
        die("usage: scale_server ADDRESS TCP RTU FILE");
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    uint64_t tcp = strtoul(argv[2], NULL, 10), rtu = strtoul(argv[3], NULL, 10);
    for (uint64_t i = 0; i < tcp; i++)
        open_tcp(epoll, argv[1], i);
    for (uint64_t i = 0; i < rtu; i++)
        open_rtu(epoll, tcp + i);
    watch(epoll, STDIN_FILENO, NOTHING, 0);
    fflush(stdout);
    run(epoll);
    FILE *file = fopen(argv[4], "w");
    if (file == NULL || fwrite(asked, sizeof *asked, n_asked, file) != n_asked || fclose(file) != 0)
        die(argv[4]);
    return EXIT_SUCCESS;
}
