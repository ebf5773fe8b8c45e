/* os/log.c: to come */ typedef int cryomon_placeholder;
