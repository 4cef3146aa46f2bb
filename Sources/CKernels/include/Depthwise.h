// Depthwise 3x3 convolution of a few positions at a time, so that what comes next finds them in the cache.
#ifndef GQ_DEPTHWISE_H
#define GQ_DEPTHWISE_H

#include <stddef.h>
#include <stdint.h>

/// Convolves `count` positions of a picture from the row-major position `first` on.
///
/// Every product and sum is rounded to binary32 by itself, in the same order, so all instruction sets give the same.
/// Positions outside the picture count as zeros.
///
/// - input: [rows, columns, channels]
/// - weights: [9, channels], the taps row by row
/// - bias: [channels]
/// - output: [count, channels]
void gq_convolve_depthwise(
    const float *input, size_t rows, size_t columns, size_t channels,
    const float *weights, const float *bias, size_t first, size_t count, float *output);

#endif
