/* io/bus/bus.c: to come */ typedef int cryomon_placeholder;
