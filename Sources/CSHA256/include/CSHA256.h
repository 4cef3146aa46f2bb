// SHA-256 (FIPS 180-4).
#ifndef C_SHA256_H
#define C_SHA256_H

#include <stddef.h>
#include <stdint.h>

/// The SHA-256 of `count` bytes, 32 bytes. Uses the processor's instructions for it where there are any.
void sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]);

/// For tests: the same without such instructions.
void sha256_plain(const uint8_t *bytes, size_t count, uint8_t digest[32]);

#endif
