#ifndef GQ_TRELLIS_SEARCH_H
#define GQ_TRELLIS_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/// How many of a step's bits, its lowest, enter the state at most; those above choose a cell.
#define GQ_ENTERING_BITS 2
/// The cells of a step of 8 bits.
#define GQ_MOST_CELLS 64

/// A shift-register trellis as in docs/codebook.md, and tables that searches make of it when they need them. Threads may share it.
typedef struct gq_trellis gq_trellis;

/// - quantiles: [2^state_bits] in rising order, between -4.5 and 4.5.
/// - places: [2^state_bits], the quantile of each state.
/// - state_bits: 5 to 16.
///
/// Both are copied. Returns null when memory is short.
gq_trellis *gq_trellis_create(const float *quantiles, const uint16_t *places, unsigned state_bits);

/// Frees a trellis, or does nothing with null.
void gq_trellis_free(gq_trellis *trellis);

/// What a step of `bits` bits emits with `code` that arrives at a state.
float gq_trellis_value(const gq_trellis *trellis, uint32_t state, uint32_t code, unsigned bits);

/// Finds the path of least cost through a trellis, by Viterbi's algorithm.
///
/// The cost of a path is the sum over its steps of value * (value * quadratic[t] - linear[t]), in integers of 1/16 where
/// their range is enough, which leaves less than a thousandth to gain, and otherwise in binary32. Of equal costs the
/// lower state wins. The path does not depend on the instruction set.
///
/// - bits: [count], each from 1 to the lesser of 8 and state_bits - 4.
/// - linear, quadratic: [count], finite.
/// - starts: how many states the path may begin in, from *start on: a power of two that divides it.
/// - start: the first of them; receives the state before the first step.
/// - codes: [count], receives each step's bits.
///
/// Needs 136 * 2^state_bits bytes, (count / 8 + 12) * 2^state_bits where binary32 is, 64 * count, and what tables take, at most
/// 764 * 2^state_bits for all searches of a trellis together. Returns 0, or -1 when memory is short.
int gq_trellis_search(
    gq_trellis *trellis, size_t count, const uint8_t *bits, const float *linear,
    const float *quadratic, uint32_t starts, uint32_t *start, uint32_t *codes);

#endif
