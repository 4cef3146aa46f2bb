// What is done to every number of a picture on its way: elementary functions, sums and roundings of whole arrays.
//
// Every operation is rounded by itself and in the same order on all instruction sets, so results are the same on all
// machines, unlike those of a system's mathematical library. Functions choose the widest instructions themselves.
#ifndef GQ_VECTOR_MATH_H
#define GQ_VECTOR_MATH_H

#include <stddef.h>
#include <stdint.h>

/// values[i] = exp(values[i]), to 2 units in the last place from -87 to 88, which are the bounds outside.
void gq_exp(float *values, size_t count);

/// values[i] = log(values[i]) for positive normal numbers, to 2 units in the last place.
void gq_log(float *values, size_t count);

/// values[i] = bound * tanh(values[i] / bound), to 1e-6 of the bound.
void gq_bound(float *values, size_t count, float bound);

/// values[i] += terms[i] / (1 + (m / bound)^8) * scale * factors[i], m being the largest magnitude of the terms but at most
/// 1000; factors may be NULL for ones.
void gq_add_bounded(
    float *values, const float *terms, const float *factors, float scale, size_t count,
    float bound);

/// values[i] += terms[i]
void gq_add(float *values, const float *terms, size_t count);

/// result[i] = (values[i] + shift[i]) * scale[i] + offset[i]; values may be NULL for zeros.
void gq_shift_scale(
    float *result, const float *values, const float *shift, const float *scale,
    const float *offset, size_t count);

/// Variances v = 1 / (1 + exp(-(offset + log_variance_offsets[i]))) of posteriors and the roots of 1 - v.
void gq_variances(
    float offset, const float *log_variance_offsets, size_t count, float *variances, float *roots);

/// The sums over all i of [(1 - v)(squares[i] - 1) - ln v] / 2 and of its derivative by the offset, where
/// v = 1 / (1 + exp(-(offset + log_variance_offsets[i]))).
void gq_divergence(
    float offset, const float *squares, const float *log_variance_offsets, size_t count, double *sum,
    double *derivative);

/// The offset at which the divergence of `gq_divergence` is `nats`, above 0, for at least one coefficient.
///
/// It begins with u = -(2 nats + sum of the log-variance offsets) / count and takes `steps` steps of Newton's method on the logarithm of the
/// divergence D at u, rounded to binary32: u += max(min(D ln(max(D / nats, 1e-30)) / s, 4), -100), s being the larger of -D'
/// and 1e-20. u and all sums are binary64, the first one as sixteen sums in turn, added in their order; the logarithm is that of `gq_log`.
float gq_offset(
    const float *squares, const float *log_variance_offsets, size_t count, double nats, int steps);

/// Columns of a matrix for `gq_multiply` are a multiple of this.
enum { GQ_COLUMNS = 16 };

/// result [count, columns] = vectors [count, inner] x matrix [inner, columns]: every sum in the order of `inner`, so that a
/// result does not depend on how many vectors there are.
void gq_multiply(
    const float *vectors, size_t count, size_t inner, const float *matrix, size_t columns,
    float *result);

/// result[i] = values[i] / 127.5 - 1
void gq_from_samples(const uint8_t *samples, float *result, size_t count);

/// Inverse: clamped and rounded; NaN becomes 0.
void gq_to_samples(const float *values, uint8_t *result, size_t count);

/// The orthonormal cosine transform of 16 x 16 pixels: latents[k] = coefficient[order[k]] * factors[k].
///
/// Coefficient 256 c + 16 u + v has u half waves from top to bottom and v from left to right in component c of the
/// orthonormal colour space of `CosineBasis.h`.
///
/// - samples: [16, 16, 3]
/// - order: [768], each of 0...767 once.
/// - latents: [768]
void gq_analyze_cosines(
    const float *samples, const int32_t *order, const float *factors, float *latents);

/// Inverse of `gq_analyze_cosines` for inverse factors.
void gq_synthesize_cosines(
    const float *latents, const int32_t *order, const float *factors, float *samples);

/// values[i] = x sqrt(1 + k[i] x^2), k[i] at least 0.
void gq_expand(float *values, const float *k, size_t count);

/// Inverse of `gq_expand`: values[i] = y sqrt(2 / (1 + sqrt(1 + 4 k[i] y^2))).
void gq_compress(float *values, const float *k, size_t count);

/// values[i] = x / (1 + (x / bound)^8)^(1/8), x being at most 1e4 bounds: soft clipping to the bound.
void gq_limit(float *values, size_t count, float bound);

#endif
