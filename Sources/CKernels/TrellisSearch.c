#include "TrellisSearch.h"

#include <stdlib.h>
#include <string.h>

#include "InstructionSets.h"
#include "Vectors.h"

#pragma STDC FP_CONTRACT OFF

/// What a step adds to a cost: value * (value * quadratic - linear).
/// In integers less its lowest, in units of 1/16; values are in units of 1/2048, or of 1/7168 for steep ones:
/// root = min(|value - center|, limit) * 2^shift * factor / 2^16, cost = root^2 / 2^16.
typedef struct {
  float linear, quadratic;
  int16_t center;
  uint16_t limit, factor, shift;
} Parabola;

// Costs as integers, two to a register for one as binary32, of half the memory.
#define COST uint16_t
#define MOST UINT16_MAX
#define VALUE int16_t
#define SQUARE(x) ({ const __typeof__(x) root = (x); HIGH(root, root); })
#define EXTENDED(so_far, value)                                                               \
  __builtin_elementwise_add_sat(                                                              \
      so_far, SQUARE(HIGH(                                                                    \
                  __builtin_elementwise_min(                                                  \
                      __builtin_convertvector(                                                \
                          __builtin_elementwise_abs(__builtin_elementwise_sub_sat(            \
                              value, (__typeof__(value))parabola.center)),                    \
                          __typeof__(so_far)),                                                \
                      (__typeof__(so_far))parabola.limit)                                     \
                      << (__typeof__(so_far))parabola.shift,                                  \
                  (__typeof__(so_far))parabola.factor)))

#define KERNEL step_plain
#define TARGET
#define WIDTH 8
#if defined(__x86_64__)
#define HIGH(a, b) (step_plain_costs) __builtin_ia32_pmulhuw128(a, b)
#else
typedef uint32_t products __attribute__((ext_vector_type(8)));
#define HIGH(a, b)                                                                           \
  __builtin_convertvector(                                                                   \
      __builtin_convertvector(a, products) * __builtin_convertvector(b, products) >> 16,     \
      step_plain_costs)
#endif
#include "Templates/TrellisStep.h"
#undef HIGH

#if defined(__x86_64__)
#define KERNEL step_avx2
#define TARGET AVX2_TARGET
#define WIDTH 16
#define HIGH(a, b) (step_avx2_costs) __builtin_ia32_pmulhuw256(a, b)
#include "Templates/TrellisStep.h"
#undef HIGH

#define KERNEL step_avx512
#define TARGET AVX512_TARGET
#define WIDTH 32
#define HIGH(a, b) (step_avx512_costs) __builtin_ia32_pmulhuw512(a, b)
#include "Templates/TrellisStep.h"
#undef HIGH
#endif

#undef COST
#undef MOST
#undef VALUE
#undef EXTENDED

// Costs as binary32, for what the integers' range is too small for.
#define COST float
#define MOST __builtin_inff()
#define VALUE float
#define EXTENDED(so_far, value)                                    \
  ((so_far) + (value) * ((value) * (__typeof__(so_far))parabola.quadratic - \
                         (__typeof__(so_far))parabola.linear))

#define KERNEL wide_step_plain
#define TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"

#if defined(__x86_64__)
#define KERNEL wide_step_avx2
#define TARGET AVX2_TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"

#define KERNEL wide_step_avx512
#define TARGET AVX512_TARGET
#define WIDTH 16
#include "Templates/TrellisStep.h"
#endif

/// A step from costs to those after it, less `lowest`, which is at most the least of them.
/// `sources`: how many states there are but for the bits that leave. Returns the least of the costs
/// before the step, less `lowest`: at most the least of those after it.
static uint16_t step(int instruction_set, const int16_t *values, size_t sources,
                     const uint16_t *before, uint16_t *after, uint8_t *choices, unsigned bits,
                     Parabola parabola, uint16_t lowest) {
  switch (instruction_set) {
#if defined(__x86_64__)
    case GQ_AVX512:
      if (sources >= 32) {
        return step_avx512(values, sources, before, after, choices, bits, parabola, lowest);
      }
      __attribute__((fallthrough));
    case GQ_AVX2:
      return step_avx2(values, sources, before, after, choices, bits, parabola, lowest);
#endif
    default:
      return step_plain(values, sources, before, after, choices, bits, parabola, lowest);
  }
}

/// `step` with costs as binary32.
static float wide_step(int instruction_set, const float *values, size_t sources,
                       const float *before, float *after, uint8_t *choices, unsigned bits,
                       Parabola parabola, float lowest) {
  switch (instruction_set) {
#if defined(__x86_64__)
    case GQ_AVX512:
      return wide_step_avx512(values, sources, before, after, choices, bits, parabola, lowest);
    case GQ_AVX2:
      return wide_step_avx2(values, sources, before, after, choices, bits, parabola, lowest);
#endif
    default:
      return wide_step_plain(values, sources, before, after, choices, bits, parabola, lowest);
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

static float clamped(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

static int32_t rounded(float x) { return (int32_t)(x < 0 ? x - 0.5f : x + 0.5f); }

/// Values as integers: a unit and the range that 16 bits have of it.
typedef struct {
  float unit, range;
} Scale;

/// The usual scale leaves room for centers outside the codebook, the other one tells near values apart
/// for steep parabolas.
static const Scale usual = {2048, 15}, fine = {7168, 4.5f};

static int is_steep(float quadratic) { return quadratic > 0x1p16f; }

/// A parabola for values of a scale.
static Parabola parabola(float linear, float quadratic, Scale scale) {
  Parabola result = {.linear = linear, .quadratic = quadratic};
  // Of a step that is nearly linear the center would lie far outside: that of the same slope at 0
  // whose center is at the end of the range.
  const float size = linear < 0 ? -linear : linear;
  const float least = clamped(size / (2 * scale.range), 0x1p-16f, 0x1p24f);
  quadratic = clamped(quadratic, least, 0x1p24f);
  const float center = clamped(linear / (2 * quadratic), -scale.range, scale.range);
  result.center = (int16_t)rounded(scale.unit * center);
  float factor = 0x1p26f / scale.unit * __builtin_sqrtf(quadratic);
  for (; factor >= 65535.5f; factor /= 2) { result.shift++; }
  result.factor = (uint16_t)rounded(factor);
  result.limit = (uint16_t)(UINT16_MAX >> result.shift);
  return result;
}

/// Values [count] of a codebook as integers.
static void scale_values(const float *values, size_t count, Scale scale, int16_t *integers) {
  for (size_t s = 0; s < count; s++) {
    integers[s] = (int16_t)rounded(scale.unit * clamped(values[s], -scale.range, scale.range));
  }
}

/// The first steps: as long as every state that can be reached has one before it, which needs no choices.
///
/// - reach: how many states can, a power of two; those from *first on, which it divides. Both receive
///   what they are after the steps.
/// - costs: [2^state_bits], of the states from *first on.
/// - firsts: receives what *first was before each step.
///
/// Returns the number of these steps.
static size_t first_steps(const float *values, uint32_t states, size_t count, const uint8_t *bits,
                          const float *linear, const float *quadratic, float *costs,
                          uint32_t *first, uint32_t *reach, uint32_t *firsts) {
  size_t t = 0;
  for (uint32_t s = 0; s < *reach; s++) { costs[s] = 0; }
  for (; t < count && *reach <= states >> bits[t]; t++) {
    firsts[t] = *first;
    *first = *first << bits[t] & (states - 1);
    const uint32_t branches = (uint32_t)1 << bits[t];
    // From the last to the first, so that costs can be replaced in place.
    for (uint32_t s = *reach; s-- > 0;) {
      const float so_far = costs[s];
      for (uint32_t x = branches; x-- > 0;) {
        const float value = values[*first + s * branches + x];
        costs[s * branches + x] = so_far + value * (value * quadratic[t] - linear[t]);
      }
    }
    *reach *= branches;
  }
  return t;
}

/// What both kinds of search are of.
typedef struct {
  const float *values;
  unsigned state_bits;
  size_t count;
  const uint8_t *bits;
  const float *linear, *quadratic;
  /// The first steps, and the states that they reach: `reach` from `first` on, and their costs.
  size_t begun;
  uint32_t first, reach;
  const float *first_costs;
} Search;

/// Follows choices back from the state before step `from` to that before step `to`, which is
/// returned. Choices of step t lie at t & mask; states after steps below `kept` are stored.
static uint32_t walk_back(const Search *a, const uint8_t *choices, size_t mask, size_t from,
                          size_t to, size_t kept, uint32_t state, uint32_t *path) {
  const size_t choice_bytes = ((size_t)1 << a->state_bits) / 8;
  for (size_t t = from; t-- > to;) {
    if (t < kept) { path[t] = state; }
    state = previous(choices + (t & mask) * choice_bytes, state, a->bits[t], a->state_bits);
  }
  return state;
}

/// How many steps' choices are kept, a power of two. All good paths have the steps in common that are
/// half as many back, as a rule; so many choices stay in a processor's cache.
#define KEPT 1024

static uint32_t cheapest(const uint16_t *costs, uint32_t states) {
  uint16_t minimum = UINT16_MAX;
  for (uint32_t s = 0; s < states; s++) { minimum = costs[s] < minimum ? costs[s] : minimum; }
  uint32_t state = 0;
  while (costs[state] != minimum) { state++; }
  return state;
}

/// The search with costs as integers, for steps after the first ones. Returns the state after the
/// first ones, or -1 when it is not certain that the path is the best.
static int64_t search(const Search *a, uint16_t *memory, uint32_t *path) {
  const uint32_t states = (uint32_t)1 << a->state_bits;
  const int instruction_set = gq_instruction_set();
  uint16_t *before = memory, *after = before + states;
  int16_t *values = (int16_t *)(after + states), *fine_values = values + states;
  uint8_t *choices = (uint8_t *)(fine_values + states);
  scale_values(a->values, states, usual, values);
  scale_values(a->values, states, fine, fine_values);
  float least = a->first_costs[0];
  for (uint32_t s = 1; s < a->reach; s++) {
    least = a->first_costs[s] < least ? a->first_costs[s] : least;
  }
  for (uint32_t s = 0; s < states; s++) { before[s] = UINT16_MAX; }
  for (uint32_t s = 0; s < a->reach; s++) {
    // Never as much as states cost that cannot be reached.
    before[a->first + s] =
        (uint16_t)rounded(clamped(16 * (a->first_costs[s] - least), 0, UINT16_MAX - 1));
  }
  // A path whose cost was cut, to 16,000 or more, could still be the best if the others went on to
  // cost as much while as many bits pass as a state has.
  const uint16_t most = (uint16_t)(16000 / a->state_bits);
  uint16_t lowest = 0;
  size_t done = a->begun;
  uint32_t begun_state = 0;
  for (size_t t = a->begun; t < a->count; t++) {
    const int steep = is_steep(a->quadratic[t]);
    // Beyond that even fine values are too coarse.
    if (a->quadratic[t] > 0x1p24f) return -1;
    lowest = step(instruction_set, steep ? fine_values : values, states >> a->bits[t], before,
                  after, choices + (t & (KEPT - 1)) * (states / 8), a->bits[t],
                  parabola(a->linear[t], a->quadratic[t], steep ? fine : usual), lowest);
    if (lowest > most) return -1;
    uint16_t *swap = before;
    before = after;
    after = swap;
    if (t + 1 - done == KEPT) {
      const size_t kept = t + 1 - KEPT / 2;
      const uint32_t state = walk_back(a, choices, KEPT - 1, t + 1, done, kept,
                                       cheapest(before, states), path);
      if (done == a->begun) {
        begun_state = state;
      } else if (state != path[done - 1]) {
        return -1;
      }
      done = kept;
    }
  }
  const uint32_t last = cheapest(before, states);
  if (before[last] - lowest > most) return -1;
  const uint32_t state = walk_back(a, choices, KEPT - 1, a->count, done, a->count, last, path);
  if (done == a->begun) return state;
  return state == path[done - 1] ? (int64_t)begun_state : -1;
}

/// `search` with costs as binary32 and all choices, which is always certain.
static uint32_t wide_search(const Search *a, float *memory, uint32_t *path) {
  const uint32_t states = (uint32_t)1 << a->state_bits;
  const int instruction_set = gq_instruction_set();
  float *before = memory, *after = before + states;
  uint8_t *choices = (uint8_t *)(after + states);
  for (uint32_t s = 0; s < states; s++) { before[s] = __builtin_inff(); }
  for (uint32_t s = 0; s < a->reach; s++) { before[a->first + s] = a->first_costs[s]; }
  float lowest = 0;
  for (size_t t = a->begun; t < a->count; t++) {
    const Parabola added = {.linear = a->linear[t], .quadratic = a->quadratic[t]};
    lowest = wide_step(instruction_set, a->values, states >> a->bits[t], before, after,
                       choices + t * (states / 8), a->bits[t], added, lowest);
    float *swap = before;
    before = after;
    after = swap;
  }
  uint32_t state = 0;
  for (uint32_t s = 1; s < states; s++) {
    if (before[s] < before[state]) { state = s; }
  }
  return walk_back(a, choices, SIZE_MAX, a->count, a->begun, a->count, state, path);
}

static void *aligned(size_t bytes) { return aligned_alloc(64, (bytes + 63) / 64 * 64); }

int gq_trellis_search(
    const float *values, unsigned state_bits, size_t count, const uint8_t *bits,
    const float *linear, const float *quadratic, uint32_t starts, uint32_t *start, uint32_t *path) {
  const size_t states = (size_t)1 << state_bits;
  float *first_costs = malloc(states * sizeof(float));
  if (!first_costs) return -1;
  Search a = {.values = values, .state_bits = state_bits, .count = count, .bits = bits,
              .linear = linear, .quadratic = quadratic, .first = *start, .reach = starts,
              .first_costs = first_costs};
  a.begun = first_steps(values, (uint32_t)states, count, bits, linear, quadratic, first_costs,
                        &a.first, &a.reach, path);
  int64_t state = -1;
  void *memory = aligned(states * (2 * sizeof(uint16_t) + 2 * sizeof(int16_t)) +
                         states / 8 * (count < KEPT ? count : KEPT));
  if (memory) {
    state = search(&a, memory, path);
    free(memory);
    if (state < 0) {
      memory = aligned(states * 2 * sizeof(float) + states / 8 * count);
      if (memory) {
        state = wide_search(&a, memory, path);
        free(memory);
      }
    }
  }
  free(first_costs);
  if (state < 0) return -1;
  uint32_t reach = a.reach, before = (uint32_t)state;
  for (size_t t = a.begun; t-- > 0;) {
    const uint32_t after = before;
    reach >>= bits[t];
    before = path[t] + (before >> bits[t] & (reach - 1));
    path[t] = after;
  }
  *start = before;
  return 0;
}
