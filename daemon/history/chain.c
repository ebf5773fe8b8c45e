/* history/chain.c: to come */ typedef int cryomon_placeholder;
