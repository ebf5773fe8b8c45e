/* core/value.c: to come */ typedef int cryomon_placeholder;
