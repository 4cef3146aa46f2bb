#ifndef GQ_TRELLIS_SEARCH_H
#define GQ_TRELLIS_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/// Finds the path of least cost through a shift-register trellis, by Viterbi's algorithm.
///
/// A step shifts bits[t] bits into the state and emits values[state]. The cost of a path is the sum
/// over its steps of value * (value * quadratic[t] - linear[t]), in integers of 1/16 where their range
/// is enough, which leaves less than a thousandth to gain, and otherwise in binary32. Of equal costs the
/// lower state wins. The path does not depend on the instruction set.
///
/// - values: [2^state_bits], between -15 and 15, aligned to 4 bytes.
/// - state_bits: 5 to 16.
/// - bits: [count], each from 1 to the lesser of 8 and state_bits - 4.
/// - linear, quadratic: [count], finite.
/// - starts: how many states the path may begin in, from *start on: a power of two that divides it.
/// - start: the first of them; receives the state before the first step.
/// - path: [count], receives the state after each step.
///
/// Needs 140 * 2^state_bits bytes, and (count / 8 + 12) * 2^state_bits where binary32 is. Returns 0, or -1 when memory is short.
int gq_trellis_search(
    const float *values, unsigned state_bits, size_t count, const uint8_t *bits,
    const float *linear, const float *quadratic, uint32_t starts, uint32_t *start, uint32_t *path);

#endif
