/* core/decode.c: to come */ typedef int cryomon_placeholder;
