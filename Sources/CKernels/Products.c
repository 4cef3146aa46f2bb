#include "Products.h"

#include "InstructionSets.h"
#include "Vectors.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#pragma STDC FP_CONTRACT OFF

typedef int32_t word __attribute__((may_alias, aligned(1)));
typedef int64_t double_word __attribute__((may_alias, aligned(1)));

struct products {
  size_t (*operand_bytes)(size_t);
  float (*round_row)(const float *, size_t, void *);
  void (*multiply_rows)(const gq_product *, const void *, const float *, size_t, float *);
};

#define NAME(f) f##_plain
#define TARGET
#include "Templates/Products.h"

#if defined(__x86_64__)
#define NAME(f) f##_avx2
#define TARGET AVX2_TARGET
#define PRODUCTS_AVX2
#include "Templates/Products.h"
#undef PRODUCTS_AVX2

#define NAME(f) f##_avx512
#define TARGET AVX512_TARGET
#define PRODUCTS_VNNI
#include "Templates/Products.h"
#undef PRODUCTS_VNNI
#endif

#if defined(__aarch64__)
#define NAME(f) f##_neon
#define TARGET
#define PRODUCTS_NEON
#include "Templates/Products.h"
#undef PRODUCTS_NEON

#define NAME(f) f##_neon_dot
#define TARGET __attribute__((target("dotprod")))
#define PRODUCTS_NEON_DOT
#include "Templates/Products.h"
#undef PRODUCTS_NEON_DOT
#endif

#if defined(__wasm_simd128__)
#define NAME(f) f##_simd128
#define TARGET
#define PRODUCTS_SIMD128
#include "Templates/Products.h"
#undef PRODUCTS_SIMD128
#endif

static const struct products *products_of(int instruction_set) {
  switch (instruction_set) {
#if defined(__x86_64__)
    case GQ_AVX512:
      return &products_avx512;
    case GQ_AVX2:
      return &products_avx2;
#elif defined(__aarch64__)
    case GQ_NEON_DOT:
      return &products_neon_dot;
    case GQ_NEON:
      return &products_neon;
#elif defined(__wasm_simd128__)
    case GQ_SIMD128:
      return &products_simd128;
#endif
    default:
      return &products_plain;
  }
}

void gq_pack_weights(
    const int8_t *weights, size_t inputs, size_t outputs, int8_t *packed, int32_t *offsets) {
  const size_t steps = (inputs + GQ_STEP - 1) / GQ_STEP, whole = inputs / GQ_STEP;
  const size_t columns = (outputs + GQ_GROUP - 1) / GQ_GROUP * GQ_GROUP;
  for (size_t output = 0; output < columns; output++) {
    int8_t *to = packed + (output / GQ_GROUP * steps * GQ_GROUP + output % GQ_GROUP) * GQ_STEP;
    const size_t stride = GQ_GROUP * GQ_STEP;
    const int8_t *row = weights + output * inputs;
    int32_t sum = 0;
    if (output < outputs) {
      for (size_t input = 0; input < inputs; input++) sum += row[input];
      for (size_t step = 0; step < whole; step++) {
        __builtin_memcpy(to + step * stride, row + step * GQ_STEP, GQ_STEP);
      }
    }
    for (size_t step = output < outputs ? whole : 0; step < steps; step++) {
      for (size_t k = 0; k < GQ_STEP; k++) {
        const size_t input = step * GQ_STEP + k;
        to[step * stride + k] = output < outputs && input < inputs ? row[input] : 0;
      }
    }
    offsets[output] = -128 * sum;
  }
}

size_t gq_operand_bytes(int instruction_set, size_t inputs) {
  return products_of(instruction_set)->operand_bytes(inputs);
}

float gq_round_row(int instruction_set, const float *values, size_t count, void *operands) {
  return products_of(instruction_set)->round_row(values, count, operands);
}

void gq_multiply_rows(
    int instruction_set, const gq_product *product, const void *operands, const float *row_scales, size_t count,
    float *results) {
  products_of(instruction_set)->multiply_rows(product, operands, row_scales, count, results);
}
