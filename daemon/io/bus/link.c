/* io/bus/link.c: to come */ typedef int cryomon_placeholder;
