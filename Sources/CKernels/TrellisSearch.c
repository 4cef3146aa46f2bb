#include "TrellisSearch.h"

#include <stdlib.h>
#include <string.h>

#include "InstructionSets.h"
#include "Vectors.h"

#pragma STDC FP_CONTRACT OFF

#define KERNEL step_plain
#define TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"

#if defined(__x86_64__)
#define KERNEL step_avx2
#define TARGET AVX2_TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"

#define KERNEL step_avx512
#define TARGET AVX512_TARGET
#define WIDTH 16
#include "Templates/TrellisStep.h"
#endif

static void step(int instruction_set, const float *values, unsigned state_bits, float *costs,
                 uint8_t *choices, unsigned bits, float linear, float quadratic) {
  switch (instruction_set) {
#if defined(__x86_64__)
    case GQ_AVX512:
      step_avx512(values, state_bits, costs, choices, bits, linear, quadratic);
      return;
    case GQ_AVX2:
      step_avx2(values, state_bits, costs, choices, bits, linear, quadratic);
      return;
#endif
    default:
      step_plain(values, state_bits, costs, choices, bits, linear, quadratic);
  }
}

/// The state before `state`, as the choices of the step between them tell.
static uint32_t previous(const uint8_t *choices, uint32_t state, unsigned bits,
                         unsigned state_bits) {
  // The choices of the step's folds lie one after another, the highest bit of the state first.
  size_t half = (size_t)1 << (state_bits - 1);
  size_t offsets[8];
  size_t offset = 0;
  for (unsigned k = 0; k < bits; k++, half /= 2) {
    offsets[k] = offset;
    offset += half / 8;
  }
  uint32_t result = state >> bits;
  for (unsigned k = bits; k-- > 0;) {
    const uint32_t upper = choices[offsets[k] + result / 8] >> (result % 8) & 1;
    result |= upper << (state_bits - 1 - k);
  }
  return result;
}

int gq_trellis_search(
    const float *values, unsigned state_bits, size_t count, const uint8_t *bits,
    const float *linear, const float *quadratic, uint32_t starts, uint32_t *start, uint32_t *path) {
  const size_t states = (size_t)1 << state_bits;
  float *costs = aligned_alloc(64, states * sizeof(float));
  uint8_t *choices = malloc(count * (states / 8));
  if (!costs || !choices) {
    free(costs);
    free(choices);
    return -1;
  }
  for (size_t s = 0; s < states; s++) { costs[s] = __builtin_inff(); }
  for (uint32_t s = 0; s < starts; s++) { costs[*start + s] = 0; }
  const int instruction_set = gq_instruction_set();
  for (size_t t = 0; t < count; t++) {
    step(instruction_set, values, state_bits, costs, choices + t * (states / 8), bits[t], linear[t],
         quadratic[t]);
  }
  uint32_t state = 0;
  for (size_t s = 1; s < states; s++) {
    if (costs[s] < costs[state]) { state = (uint32_t)s; }
  }
  for (size_t t = count; t-- > 0;) {
    path[t] = state;
    state = previous(choices + t * (states / 8), state, bits[t], state_bits);
  }
  *start = state;
  free(costs);
  free(choices);
  return 0;
}
