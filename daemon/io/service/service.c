/* io/service/service.c: to come */ typedef int cryomon_placeholder;
