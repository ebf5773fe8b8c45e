#include "output.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "width.h"

bool output_format(const struct ctl *ctl, enum output_format *ret)
{
    static const char *const names[] = {"table", "csv", "json"};
    *ret = ctl->json ? OUTPUT_JSON : OUTPUT_TABLE;
    for (unsigned i = 0; ctl->format != NULL && i <= 3; i++) {
        if (i == 3) {
            ctl_complain(tr(ctl, "--format is table, csv or json, not \"%s\"",
                            "--format 应为 table、csv 或 json，而不是“%s”"),
                         ctl->format);
            return false;
        }
        if (strcmp(ctl->format, names[i]) == 0) {
            *ret = (enum output_format)i;
            break;
        }
    }
    return true;
}

static void csv_field(const char *text, bool last)
{
    bool quote = strpbrk(text, ",\"\r\n") != NULL;
    if (quote)
        putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    fputs(quote ? "\"" : "", stdout);
    fputs(last ? "\r\n" : ",", stdout);
}

void output_csv(const char *const *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        csv_field(fields[i], i + 1 == n);
}

void output_line(const struct output_column *columns, const char *const *texts, size_t n)
{
    unsigned blanks = 0; /* owed before the next text: none are left at the end of a line */
    for (size_t i = 0; i < n; i++) {
        char *text = width_clean(texts[i], UINT_MAX); /* a name must not move the cursor */
        unsigned width = text != NULL ? width_text(text) : 0;
        unsigned pad = width < columns[i].width ? columns[i].width - width : 0;
        if (columns[i].right)
            blanks += pad;
        if (width > 0) {
            printf("%*s%s", (int)blanks, "", text);
            blanks = 0;
        }
        free(text);
        blanks += 2 + (columns[i].right ? 0 : pad);
    }
    putchar('\n');
}

void progress_begin(struct progress *progress, const struct ctl *ctl, int64_t from_us, int64_t to_us,
                    bool rows)
{
    *progress = (struct progress){.ctl = ctl,
                                  .from_us = from_us,
                                  .to_us = to_us,
                                  .next_us = clock_boot_us() + SECOND_US,
                                  .wanted = isatty(STDERR_FILENO) && !(rows && isatty(STDOUT_FILENO))};
}

void progress_at(void *progress, int64_t utc_us)
{
    struct progress *p = progress;
    if (!p->wanted || clock_boot_us() < p->next_us || p->to_us <= p->from_us)
        return;
    double part = ((double)utc_us - (double)p->from_us) / ((double)p->to_us - (double)p->from_us);
    char date[RFC3339_MAX];
    clock_print_utc(date, utc_us);
    fprintf(stderr, "\r%s %3d %%  %.10s\033[K", tr(p->ctl, "reading the history:", "正在读取历史记录："),
            part < 0   ? 0
            : part > 1 ? 100
                       : (int)(100 * part),
            date);
    fflush(stderr);
    p->shown = true;
    p->next_us = clock_boot_us() + SECOND_US / 5;
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->wanted = progress->shown = false;
}
