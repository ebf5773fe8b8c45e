/* io/publisher/publisher.c: to come */ typedef int cryomon_placeholder;
