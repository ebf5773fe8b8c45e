#include "cryoctl.h"
int verb_nitrogen(struct ctl *ctl, int argc, char **argv)
{
    (void)ctl;
    (void)argc;
    (void)argv;
    return CTL_NEGATIVE;
}
