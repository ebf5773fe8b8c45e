/* os/clock.c: to come */ typedef int cryomon_placeholder;
