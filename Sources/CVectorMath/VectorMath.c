#include "CVectorMath.h"

#pragma STDC FP_CONTRACT OFF

typedef float floats __attribute__((ext_vector_type(16), may_alias, aligned(4)));

struct functions {
  void (*exp)(float *, size_t);
  void (*log)(float *, size_t);
  void (*bound)(float *, size_t, float);
  void (*add)(float *, const float *, size_t);
  void (*add_bounded)(float *, const float *, size_t, float);
  void (*shift_scale)(
      float *, const float *, const float *, const float *, const float *, size_t);
  void (*variances)(float, const float *, size_t, float *, float *);
  void (*divergence)(float, const float *, const float *, size_t, double *, double *);
  void (*multiply)(const float *, size_t, size_t, const float *, size_t, float *);
  float (*to_bytes)(const float *, size_t, int8_t *);
  float (*to_whole_numbers)(const float *, size_t, float *);
  void (*from_sums)(
      const int32_t *, float, const float *, const float *, float, int, float *, size_t);
  void (*from_whole_sums)(
      const float *, float, const float *, const float *, float, int, float *, size_t);
  void (*from_samples)(const uint8_t *, float *, size_t);
  void (*to_samples)(const float *, uint8_t *, size_t);
};

#define NAME(f) f##_plain
#define GROUPS 1
#define TARGET
#include "Functions.h"

#if defined(__x86_64__)
#define NAME(f) f##_avx2
#define GROUPS 1
#define TARGET __attribute__((target("avx2")))
#include "Functions.h"

#define NAME(f) f##_avx512
#define GROUPS 4
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#include "Functions.h"
#endif

int vector_math_supports(int instruction_set) {
  switch (instruction_set) {
    case VECTOR_MATH_PLAIN:
      return 1;
#if defined(__x86_64__)
    case VECTOR_MATH_AVX2:
      return __builtin_cpu_supports("avx2") != 0;
    case VECTOR_MATH_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    default:
      return 0;
  }
}

static const struct functions *chosen = &functions_plain;

void vector_math_use(int instruction_set) {
  switch (instruction_set) {
#if defined(__x86_64__)
    case VECTOR_MATH_AVX512:
      chosen = &functions_avx512;
      return;
    case VECTOR_MATH_AVX2:
      chosen = &functions_avx2;
      return;
#endif
    default:
      chosen = &functions_plain;
  }
}

// Before anything runs, so that no thread sees it change.
static __attribute__((constructor)) void choose(void) {
  int best = VECTOR_MATH_AVX512;
  while (!vector_math_supports(best)) best--;
  vector_math_use(best);
}

void vector_exp(float *values, size_t count) { chosen->exp(values, count); }

void vector_log(float *values, size_t count) { chosen->log(values, count); }

void vector_bound(float *values, size_t count, float bound) { chosen->bound(values, count, bound); }

void vector_add(float *values, const float *terms, size_t count) {
  chosen->add(values, terms, count);
}

void vector_add_bounded(float *values, const float *terms, size_t count, float bound) {
  chosen->add_bounded(values, terms, count, bound);
}

void vector_shift_scale(
    float *result, const float *values, const float *shift, const float *scale,
    const float *offset, size_t count) {
  chosen->shift_scale(result, values, shift, scale, offset, count);
}

void vector_variances(
    float offset, const float *tilts, size_t count, float *variances, float *roots) {
  chosen->variances(offset, tilts, count, variances, roots);
}

void vector_divergence(
    float offset, const float *squares, const float *tilts, size_t count, double *sum,
    double *derivative) {
  chosen->divergence(offset, squares, tilts, count, sum, derivative);
}

void vector_multiply(
    const float *vectors, size_t count, size_t inner, const float *matrix, size_t columns,
    float *result) {
  chosen->multiply(vectors, count, inner, matrix, columns, result);
}

float vector_to_bytes(const float *values, size_t count, int8_t *result) {
  return chosen->to_bytes(values, count, result);
}

float vector_to_whole_numbers(const float *values, size_t count, float *result) {
  return chosen->to_whole_numbers(values, count, result);
}

void vector_from_sums(
    const int32_t *sums, float scale, const float *scales, const float *bias, float slope,
    int accumulate, float *result, size_t count) {
  chosen->from_sums(sums, scale, scales, bias, slope, accumulate, result, count);
}

void vector_from_whole_sums(
    const float *sums, float scale, const float *scales, const float *bias, float slope,
    int accumulate, float *result, size_t count) {
  chosen->from_whole_sums(sums, scale, scales, bias, slope, accumulate, result, count);
}

void vector_from_samples(const uint8_t *samples, float *result, size_t count) {
  chosen->from_samples(samples, result, count);
}

void vector_to_samples(const float *values, uint8_t *result, size_t count) {
  chosen->to_samples(values, result, count);
}
