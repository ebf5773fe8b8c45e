/*
 * ctl.h - `cryosim ctl`: sends commands to a running cryosim.
 */
#ifndef CRYOSIM_CTL_H
#define CRYOSIM_CTL_H

/* argv[0] is "ctl". Returns the exit code. */
int ctl_main(int argc, char **argv);

#endif
