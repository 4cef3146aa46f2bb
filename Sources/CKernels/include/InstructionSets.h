// The kinds of instructions that kernels are written for. Results do not depend on which are used.
#ifndef GQ_INSTRUCTION_SETS_H
#define GQ_INSTRUCTION_SETS_H

enum {
  /// C without anything special: what the others are compared with.
  GQ_PLAIN = 0,
  /// x86-64 with AVX2 and fused multiply-add.
  GQ_AVX2 = 1,
  /// x86-64 with AVX-512 and its int8 products (F, BW, DQ, VL, VNNI).
  GQ_AVX512 = 2,
  /// aarch64.
  GQ_NEON = 3,
  /// aarch64 with int8 dot products.
  GQ_NEON_DOT = 4,
  /// WebAssembly with 128-bit vectors.
  GQ_SIMD128 = 5,
  GQ_INSTRUCTION_SETS = 6,
};

/// Whether this machine has an instruction set.
int gq_supports(int instruction_set);

/// The one in use: the fastest that the machine has, or what GQIMG_ISA in the environment names.
int gq_instruction_set(void);

/// For tests: uses an instruction set, which the machine must have, from now on.
void gq_use(int instruction_set);

/// plain, avx2, avx512, neon, neon-dot or simd128.
const char *gq_instruction_set_name(int instruction_set);

#endif
