#include "CSHA256.h"

#include <string.h>

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

typedef void compress(uint32_t state[8], const uint8_t *blocks, size_t count);

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t word(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void compress_plain(uint32_t state[8], const uint8_t *blocks, size_t count) {
  for (; count > 0; count--, blocks += 64) {
    uint32_t w[64];
    for (int t = 0; t < 16; t++) { w[t] = word(blocks + 4 * t); }
    for (int t = 16; t < 64; t++) {
      const uint32_t a = w[t - 15], b = w[t - 2];
      w[t] = w[t - 16] + w[t - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
             (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    uint32_t s[8];
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; t++) {
      const uint32_t e = s[4], a = s[0];
      const uint32_t first = s[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                             ((e & s[5]) ^ (~e & s[6])) + constants[t] + w[t];
      const uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                              ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
      memmove(s + 1, s, 7 * sizeof *s);
      s[4] += first;
      s[0] = first + second;
    }
    for (int k = 0; k < 8; k++) { state[k] += s[k]; }
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

// Four rounds at a time; the state is kept as (a, b, e, f) and (c, d, g, h), as the instructions want it.
__attribute__((target("sha,sse4.1"))) static void compress_sha(
    uint32_t state[8], const uint8_t *blocks, size_t count) {
  const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  const __m128i *words = (const __m128i *)constants;
  __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
  __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
  for (; count > 0; count--, blocks += 64) {
    const __m128i first = abef, second = cdgh;
    __m128i w[4];
    for (int k = 0; k < 4; k++) {
      w[k] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(blocks + 16 * k)), order);
    }
    for (int group = 0; group < 16; group++) {
      __m128i *now = &w[group % 4];
      if (group >= 4) {
        const __m128i last = w[(group + 3) % 4], next = w[(group + 1) % 4], after = w[(group + 2) % 4];
        __m128i sum = _mm_sha256msg1_epu32(*now, next);
        sum = _mm_add_epi32(sum, _mm_alignr_epi8(last, after, 4));
        *now = _mm_sha256msg2_epu32(sum, last);
      }
      __m128i both = _mm_add_epi32(*now, _mm_loadu_si128(words + group));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, both);
      both = _mm_shuffle_epi32(both, 0x0e);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, both);
    }
    abef = _mm_add_epi32(abef, first);
    cdgh = _mm_add_epi32(cdgh, second);
  }
  uint32_t high[4], low[4];
  _mm_storeu_si128((__m128i *)high, abef);
  _mm_storeu_si128((__m128i *)low, cdgh);
  const uint32_t result[8] = {high[3], high[2], low[3], low[2], high[1], high[0], low[1], low[0]};
  memcpy(state, result, sizeof result);
}
#endif

static void digest_with(compress *run, const uint8_t *bytes, size_t count, uint8_t digest[32]) {
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const size_t whole = count / 64, rest = count % 64;
  run(state, bytes, whole);
  // What is left, a bit, zeros, and the number of bits.
  uint8_t last[128] = {0};
  if (rest > 0) { memcpy(last, bytes + 64 * whole, rest); }
  last[rest] = 0x80;
  const size_t blocks = rest < 56 ? 1 : 2;
  const uint64_t bits = (uint64_t)count * 8;
  for (int k = 0; k < 8; k++) { last[64 * blocks - 1 - (size_t)k] = (uint8_t)(bits >> (8 * k)); }
  run(state, last, blocks);
  for (int k = 0; k < 32; k++) { digest[k] = (uint8_t)(state[k / 4] >> (24 - 8 * (k % 4))); }
}

void sha256_plain(const uint8_t *bytes, size_t count, uint8_t digest[32]) {
  digest_with(compress_plain, bytes, count, digest);
}

void sha256(const uint8_t *bytes, size_t count, uint8_t digest[32]) {
  compress *run = compress_plain;
#if defined(__x86_64__)
  unsigned ebx = 0, unused;
  if (__builtin_cpu_supports("sse4.1")) {
    __asm__("cpuid" : "=a"(unused), "=b"(ebx), "=c"(unused), "=d"(unused) : "a"(7), "c"(0));
  }
  if (ebx >> 29 & 1) { run = compress_sha; }
#endif
  digest_with(run, bytes, count, digest);
}
