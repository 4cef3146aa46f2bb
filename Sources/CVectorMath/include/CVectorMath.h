// What is done to every number of a picture on its way: elementary functions, sums and roundings of whole arrays.
//
// Every operation is rounded by itself and in the same order on all instruction sets, so results are the same on all
// machines, unlike those of a system's mathematical library. Functions choose the widest instructions themselves.
#ifndef C_VECTOR_MATH_H
#define C_VECTOR_MATH_H

#include <stddef.h>
#include <stdint.h>

/// The instruction sets that have functions of their own, from the slowest to the fastest.
enum { VECTOR_MATH_PLAIN = 0, VECTOR_MATH_AVX2 = 1, VECTOR_MATH_AVX512 = 2 };

/// Whether this machine can run the functions of an instruction set.
int vector_math_supports(int instruction_set);

/// For tests: uses the functions of an instruction set from now on, which the machine must support.
void vector_math_use(int instruction_set);

/// values[i] = exp(values[i]), to 2 units in the last place from -87 to 88, which are the bounds outside.
void vector_exp(float *values, size_t count);

/// values[i] = log(values[i]) for positive normal numbers, to 2 units in the last place.
void vector_log(float *values, size_t count);

/// values[i] = bound * tanh(values[i] / bound), to 1e-6 of the bound.
void vector_bound(float *values, size_t count, float bound);

/// values[i] += terms[i] / (1 + (m / bound)^8), m being the largest magnitude of the terms but at most 1000.
void vector_add_bounded(float *values, const float *terms, size_t count, float bound);

/// values[i] += terms[i]
void vector_add(float *values, const float *terms, size_t count);

/// result[i] = (values[i] + shift[i]) * scale[i] + offset[i]; values may be NULL for zeros.
void vector_shift_scale(
    float *result, const float *values, const float *shift, const float *scale,
    const float *offset, size_t count);

/// Variances v = 1 / (1 + exp(-(offset + tilts[i]))) of posteriors and the roots of 1 - v.
void vector_variances(
    float offset, const float *tilts, size_t count, float *variances, float *roots);

/// The sums over all i of [(1 - v)(squares[i] - 1) - ln v] / 2 and of its derivative by the offset, where
/// v = 1 / (1 + exp(-(offset + tilts[i]))).
void vector_divergence(
    float offset, const float *squares, const float *tilts, size_t count, double *sum,
    double *derivative);

/// Columns of a matrix for `vector_multiply` are a multiple of this.
enum { VECTOR_MATH_COLUMNS = 16 };

/// result [count, columns] = vectors [count, inner] x matrix [inner, columns]: every sum in the order of `inner`, so that a
/// result does not depend on how many vectors there are.
void vector_multiply(
    const float *vectors, size_t count, size_t inner, const float *matrix, size_t columns,
    float *result);

/// Rounds a row of numbers to -127...127 times a scale, its largest magnitude / 127, and returns the scale. To be stored
/// as bytes, or as floating-point numbers for processors without products of bytes; what is not a number becomes -127.
float vector_to_bytes(const float *values, size_t count, int8_t *result);
float vector_to_whole_numbers(const float *values, size_t count, float *result);

/// result[i] = y for y >= 0, slope * y for y < 0, where y = sums[i] * scales[i] * scale + bias[i]; added to what is there
/// when `accumulate`. The sums are int32_t, or floating-point numbers of which all are whole and below 2^24.
void vector_from_sums(
    const int32_t *sums, float scale, const float *scales, const float *bias, float slope,
    int accumulate, float *result, size_t count);
void vector_from_whole_sums(
    const float *sums, float scale, const float *scales, const float *bias, float slope,
    int accumulate, float *result, size_t count);

/// result[i] = values[i] / 127.5 - 1
void vector_from_samples(const uint8_t *samples, float *result, size_t count);

/// Inverse: clamped and rounded; NaN becomes 0.
void vector_to_samples(const float *values, uint8_t *result, size_t count);

#endif
