#include "VectorMath.h"

#include "CosineBasis.h"
#include "InstructionSets.h"
#include "Vectors.h"

#pragma STDC FP_CONTRACT OFF

struct functions {
  void (*exp)(float *, size_t);
  void (*log)(float *, size_t);
  void (*bound)(float *, size_t, float);
  void (*add)(float *, const float *, size_t);
  void (*add_bounded)(float *, const float *, const float *, float, size_t, float);
  void (*shift_scale)(
      float *, const float *, const float *, const float *, const float *, size_t);
  void (*variances)(float, const float *, size_t, float *, float *);
  void (*divergence)(float, const float *, const float *, size_t, double *, double *);
  float (*offset)(const float *, const float *, size_t, double, int);
  void (*multiply)(const float *, size_t, size_t, const float *, size_t, float *);
  void (*from_samples)(const uint8_t *, float *, size_t);
  void (*to_samples)(const float *, uint8_t *, size_t);
  void (*analyze_cosines)(const float *, const int32_t *, const float *, float *);
  void (*synthesize_cosines)(const float *, const int32_t *, const float *, float *);
  void (*expand)(float *, const float *, size_t);
  void (*compress)(float *, const float *, size_t);
  void (*limit)(float *, size_t, float);
};

#define NAME(f) f##_plain
#define GROUPS 1
#define TARGET
#include "Templates/Functions.h"

#if defined(__x86_64__)
#define NAME(f) f##_avx2
#define GROUPS 1
#define TARGET AVX2_TARGET
#include "Templates/Functions.h"

#define NAME(f) f##_avx512
#define GROUPS 4
#define TARGET AVX512_TARGET
#include "Templates/Functions.h"
#endif

static const struct functions *chosen(void) {
  switch (gq_instruction_set()) {
#if defined(__x86_64__)
    case GQ_AVX512:
      return &functions_avx512;
    case GQ_AVX2:
      return &functions_avx2;
#endif
    default:
      return &functions_plain;
  }
}

void gq_exp(float *values, size_t count) { chosen()->exp(values, count); }

void gq_log(float *values, size_t count) { chosen()->log(values, count); }

void gq_bound(float *values, size_t count, float bound) { chosen()->bound(values, count, bound); }

void gq_add(float *values, const float *terms, size_t count) {
  chosen()->add(values, terms, count);
}

void gq_add_bounded(
    float *values, const float *terms, const float *factors, float scale, size_t count,
    float bound) {
  chosen()->add_bounded(values, terms, factors, scale, count, bound);
}

void gq_shift_scale(
    float *result, const float *values, const float *shift, const float *scale,
    const float *offset, size_t count) {
  chosen()->shift_scale(result, values, shift, scale, offset, count);
}

void gq_variances(
    float offset, const float *log_variance_offsets, size_t count, float *variances, float *roots) {
  chosen()->variances(offset, log_variance_offsets, count, variances, roots);
}

void gq_divergence(
    float offset, const float *squares, const float *log_variance_offsets, size_t count, double *sum,
    double *derivative) {
  chosen()->divergence(offset, squares, log_variance_offsets, count, sum, derivative);
}

float gq_offset(
    const float *squares, const float *log_variance_offsets, size_t count, double nats, int steps) {
  return chosen()->offset(squares, log_variance_offsets, count, nats, steps);
}

void gq_multiply(
    const float *vectors, size_t count, size_t inner, const float *matrix, size_t columns,
    float *result) {
  chosen()->multiply(vectors, count, inner, matrix, columns, result);
}

void gq_from_samples(const uint8_t *samples, float *result, size_t count) {
  chosen()->from_samples(samples, result, count);
}

void gq_to_samples(const float *values, uint8_t *result, size_t count) {
  chosen()->to_samples(values, result, count);
}

void gq_analyze_cosines(
    const float *samples, const int32_t *order, const float *factors, float *latents) {
  chosen()->analyze_cosines(samples, order, factors, latents);
}

void gq_synthesize_cosines(
    const float *latents, const int32_t *order, const float *factors, float *samples) {
  chosen()->synthesize_cosines(latents, order, factors, samples);
}

void gq_expand(float *values, const float *k, size_t count) { chosen()->expand(values, k, count); }

void gq_compress(float *values, const float *k, size_t count) {
  chosen()->compress(values, k, count);
}

void gq_limit(float *values, size_t count, float bound) { chosen()->limit(values, count, bound); }
