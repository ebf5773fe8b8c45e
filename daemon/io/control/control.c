/* io/control/control.c: to come */ typedef int cryomon_placeholder;
