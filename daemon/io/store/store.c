/* io/store/store.c: to come */ typedef int cryomon_placeholder;
