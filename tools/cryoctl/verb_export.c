#include "cryoctl.h"
int verb_export(struct ctl *ctl, int argc, char **argv){(void)ctl;(void)argc;(void)argv;return 1;}
