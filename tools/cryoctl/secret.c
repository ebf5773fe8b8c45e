#include "secret.h"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CONTROL_C = 3, CONTROL_D = 4, BACKSPACE = 8, CONTROL_U = 21, DELETE = 127 };

/* One typed byte. False: the line has ended, *ret_given says how. */
static bool take_byte(unsigned char byte, char *text, size_t cap, size_t *len, bool *ret_given)
{
    switch (byte) {
    case '\n':
    case '\r':
        *ret_given = *len > 0;
        return false;
    case CONTROL_C:
    case CONTROL_D:
        *ret_given = false;
        return false;
    case CONTROL_U:
        *len = 0;
        return true;
    case BACKSPACE:
    case DELETE:
        while (*len > 0 && ((unsigned char)text[*len - 1] & 0xC0) == 0x80) /* the rest of a character */
            --*len;
        *len -= *len > 0;
        return true;
    default:
        if (*len + 1 < cap)
            text[(*len)++] = (char)byte;
        return true;
    }
}

static bool finish(char *text, size_t cap, size_t len, bool given)
{
    if (given)
        text[len] = '\0';
    else
        explicit_bzero(text, cap);
    return given;
}

bool secret_from_terminal(const char *prompt, char *text, size_t cap)
{
    struct termios before, quiet;
    unsigned char byte;
    size_t len = 0;
    bool given = false;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &before) < 0) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    quiet = before;
    /* Signals, too: the terminal must not be left without echo. */
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    if (tcsetattr(fd, TCSAFLUSH, &quiet) == 0 && write(fd, prompt, strlen(prompt)) >= 0) {
        while (read(fd, &byte, 1) == 1 && take_byte(byte, text, cap, &len, &given))
            ;
        byte = 0;
        (void)!write(fd, "\n", 1);
    }
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    close(fd);
    return finish(text, cap, len, given);
}

bool secret_from_stdin(char *text, size_t cap)
{
    size_t len = 0;
    ssize_t n = 1;
    char byte = 0;
    while (len < cap && (n = read(STDIN_FILENO, &byte, 1)) == 1 && byte != '\n')
        text[len++] = byte;
    return finish(text, cap, len, n >= 0 && len > 0 && len < cap);
}
