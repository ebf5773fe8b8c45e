/* verb_report.c - the record of an asset as a PDF, which cryomon-report makes. */
#include "reporter.h"

int verb_report(struct ctl *ctl, int argc, char **argv)
{
    struct reporter r;
    if ((argc == 1) == (ctl->facts != NULL)) {
        ctl_complain(
            "%s", tr(ctl, "report wants an ASSET, or --facts FILE", "report 需要一个设备，或 --facts 文件"));
        return CTL_USAGE;
    }
    int result = reporter_begin(ctl, &r);
    if (result != CTL_OK)
        return result;
    reporter_add(&r, "--point", ctl->point);
    reporter_add(&r, "--output", ctl->output);
    reporter_add(&r, "--facts", ctl->facts);
    return reporter_run(ctl, &r, argc == 1 ? argv[0] : NULL);
}
