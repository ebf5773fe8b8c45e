/*
 * signer.h - the Ed25519 key that signs the record (libsodium).
 *
 * The secret key is a file of its own, made at the first start: "signing.key" beside the databases (mode
 * 0600, the service's user), or the systemd credential "signing-key" when there is one. Its text is one line,
 * "cryomon-signing-key-1 BASE64(seed)". The public key is one line, "cryomon-public-key-1 BASE64(32 bytes)",
 * in "signing.pub" (0644) beside the databases, printed in the journal at the start, published with each
 * head, and kept in history.db's table "signer", so that heads and seals of an earlier key can be checked
 * too.
 */
#ifndef CRYOMON_SIGNER_H
#define CRYOMON_SIGNER_H

#include <stdbool.h>
#include <stddef.h>

#define SIGNER_KEY_SIZE       32 /* public */
#define SIGNER_SIGNATURE_SIZE 64
#define SIGNER_TEXT_MAX       80

struct signer; /* holds a secret: guarded memory, wiped when freed */

/* Reads the key of the directory (or the credential, in $CREDENTIALS_DIRECTORY), or makes one. Returns 0 or
 * -errno; detail says what is wrong. A key file that is there and can't be read, makes no sense, or that
 * others may read is an error, never replaced. signing.pub is written again when it is missing or another
 * key's; when that fails the key can sign all the same: then the result is 0, and detail is not "". */
int signer_open(const char *dir, struct signer **ret, char *detail, size_t cap);
/* From a seed of 32 bytes: for tests and generated data. */
int signer_from_seed(const unsigned char seed[32], struct signer **ret);
void signer_free(struct signer *signer);

const unsigned char *signer_public(const struct signer *signer);
void signer_sign(const struct signer *signer, const void *message, size_t len,
                 unsigned char ret[SIGNER_SIGNATURE_SIZE]);
bool signer_verify(const unsigned char key[SIGNER_KEY_SIZE], const void *message, size_t len,
                   const unsigned char signature[SIGNER_SIGNATURE_SIZE]);

/* What people compare aloud: the first 16 bytes of the SHA-256 of the key's 32 bytes, in hex, in groups of 4.
 */
#define SIGNER_FINGERPRINT_MAX 40
void signer_fingerprint(const unsigned char key[SIGNER_KEY_SIZE], char text[SIGNER_FINGERPRINT_MAX]);

/* The public key as its line of text (without newline), and back. */
void signer_print(const unsigned char key[SIGNER_KEY_SIZE], char text[SIGNER_TEXT_MAX]);
bool signer_parse(const char *text, unsigned char ret[SIGNER_KEY_SIZE]);

#endif
