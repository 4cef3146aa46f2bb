#include "TrellisSearch.h"

#include <stdlib.h>
#include <string.h>

#include "InstructionSets.h"
#include "Vectors.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#pragma STDC FP_CONTRACT OFF

/// What a step adds to a cost: value * (value * quadratic - linear).
///
/// As an integer, less its lowest and in units of 1/16, it is root^2 / 2^16, of integer values:
///
///     flat   root = value * factor / 2^15 - center
///     steep  root = (value - center) * 2^doublings * factor / 2^15
///
/// where products are rounded, and differences and doublings kept within 16 bits. Flat ones, which most are,
/// allow centers outside the range of values; steep ones tell values near the center apart.
typedef struct {
  float linear, quadratic;
  /// Whether it is flat, and whether it is of fine values.
  int is_flat, is_fine;
  int16_t center, factor;
  unsigned doublings;
} Parabola;

// Costs as integers, two to a register for one as binary32, of half the memory.
#define COST uint16_t
#define MOST UINT16_MAX
#define VALUE int16_t

#define PRODUCT(a, b) \
  (__builtin_convertvector(a, PRODUCTS) * __builtin_convertvector(b, PRODUCTS))
// Compilers make one instruction of it.
#define HIGH(a, b) __builtin_convertvector(PRODUCT(a, b) >> 16, VALUES)

#define SUM(so_far, root) __builtin_elementwise_add_sat(so_far, (COSTS)HIGH(root, root))
#define FLAT(so_far, value)                                                            \
  ({                                                                                   \
    const VALUES root = __builtin_elementwise_sub_sat(                                 \
        ROUNDED_HIGH(value, (VALUES)parabola.factor), (VALUES)parabola.center);        \
    SUM(so_far, root);                                                                 \
  })
#define STEEP(so_far, value)                                                           \
  ({                                                                                   \
    VALUES root = __builtin_elementwise_sub_sat(value, (VALUES)parabola.center);       \
    for (unsigned k = 0; k < parabola.doublings; k++) {                                \
      root = __builtin_elementwise_add_sat(root, root);                                \
    }                                                                                  \
    root = ROUNDED_HIGH(root, (VALUES)parabola.factor);                                \
    SUM(so_far, root);                                                                 \
  })

#define WIDTH 8
#define TARGET
#if defined(__aarch64__)
#define ROUNDED_HIGH(a, b) (VALUES) vqrdmulhq_s16((int16x8_t)(a), (int16x8_t)(b))
#else
#define ROUNDED_HIGH(a, b) __builtin_convertvector((PRODUCT(a, b) + (1 << 14)) >> 15, VALUES)
#endif
#define KERNEL flat_step_plain
#define EXTENDED FLAT
#include "Templates/TrellisStep.h"
#define KERNEL steep_step_plain
#define EXTENDED STEEP
#include "Templates/TrellisStep.h"
#undef WIDTH
#undef TARGET
#undef ROUNDED_HIGH

#if defined(__x86_64__)
// With AVX2 two registers at a time: their choices take one instruction.
#define WIDTH 32
#define TARGET AVX2_TARGET
#define HALF(a, i)                                                                            \
  __builtin_shufflevector(a, a, i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7, i + 8,    \
                          i + 9, i + 10, i + 11, i + 12, i + 13, i + 14, i + 15)
#define ROUNDED_HIGH(a, b)                                                                    \
  (VALUES)__builtin_shufflevector(__builtin_ia32_pmulhrsw256(HALF(a, 0), HALF(b, 0)),         \
                                  __builtin_ia32_pmulhrsw256(HALF(a, 16), HALF(b, 16)), 0, 1, \
                                  2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, \
                                  19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)
#define KERNEL flat_step_avx2
#define EXTENDED FLAT
#include "Templates/TrellisStep.h"
#define KERNEL steep_step_avx2
#define EXTENDED STEEP
#include "Templates/TrellisStep.h"
#undef TARGET
#undef ROUNDED_HIGH

#define TARGET AVX512_TARGET
#define ROUNDED_HIGH(a, b) (VALUES) __builtin_ia32_pmulhrsw512(a, b)
#define KERNEL flat_step_avx512
#define EXTENDED FLAT
#include "Templates/TrellisStep.h"
#define KERNEL steep_step_avx512
#define EXTENDED STEEP
#include "Templates/TrellisStep.h"
#undef TARGET
#undef WIDTH
#undef ROUNDED_HIGH
#endif

#undef COST
#undef MOST
#undef VALUE

// Costs as binary32, for what the integers' range is too small for.
#define COST float
#define MOST __builtin_inff()
#define VALUE float
#define WIDE(so_far, value)                                                                      \
  ((so_far) +                                                                                    \
   (value) * ((value) * (VALUES)parabola.quadratic - (VALUES)parabola.linear))

#define KERNEL wide_step_plain
#define EXTENDED WIDE
#define TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"
#undef WIDTH
#undef TARGET

#if defined(__x86_64__)
#define KERNEL wide_step_avx2
#define EXTENDED WIDE
#define TARGET AVX2_TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"
#undef WIDTH
#undef TARGET

#define KERNEL wide_step_avx512
#define EXTENDED WIDE
#define TARGET AVX512_TARGET
#define WIDTH 16
#include "Templates/TrellisStep.h"
#undef WIDTH
#undef TARGET
#endif

/// A step from costs to those after it, less `lowest`, which is at most the least of them.
/// `sources`: how many states there are but for the bits that leave. Returns the least of the costs
/// before the step, less `lowest`: at most the least of those after it.
static uint16_t step(int instruction_set, const int16_t *values, size_t sources,
                     const uint16_t *before, uint16_t *after, uint8_t *choices, unsigned bits,
                     Parabola parabola, uint16_t lowest) {
#define STEP_OF(kernel)                                                                          \
  (parabola.is_flat ? flat_step_##kernel : steep_step_##kernel)(values, sources, before, after,  \
                                                                choices, bits, parabola, lowest)
#if defined(__x86_64__)
  if (sources >= 32) {
    if (instruction_set == GQ_AVX512) return STEP_OF(avx512);
    if (instruction_set == GQ_AVX2) return STEP_OF(avx2);
  }
#endif
  return STEP_OF(plain);
#undef STEP_OF
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
  // The choices of the step's folds lie one after another, the highest bit of the state first: 2^(state_bits - 1)
  // of them, then half as many.
  const size_t states = (size_t)1 << state_bits;
  uint32_t result = state >> bits;
  for (unsigned k = bits; k-- > 0;) {
    const uint8_t *fold = choices + (states - (states >> k)) / 8;
    const uint32_t upper = fold[result / 8] >> (result % 8) & 1;
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

/// The usual scale leaves room for centers outside the codebook, the other one tells near values apart.
static const Scale usual = {2048, 15}, fine = {7168, 4.5f};

/// A parabola in integers.
static Parabola parabola(float linear, float quadratic) {
  Parabola result = {.linear = linear, .quadratic = quadratic};
  const float range = quadratic > 0x1p16f ? fine.range : usual.range;
  // Of a step that is nearly linear the center would lie far outside: that of the same slope at 0
  // whose center is at the end of the range.
  const float size = linear < 0 ? -linear : linear;
  const float least = clamped(size / (2 * range), 0x1p-16f, 0x1p24f);
  quadratic = clamped(quadratic, least, 0x1p24f);
  const float center = clamped(linear / (2 * quadratic), -range, range);
  // A root is that many times the value's distance from the center.
  const float scale = 1024 * __builtin_sqrtf(quadratic), root = scale * center;
  float factor = 0x1p15f / fine.unit * scale;
  result.is_flat = factor < INT16_MAX && -INT16_MAX < root && root < INT16_MAX;
  result.is_fine = result.is_flat || (-fine.range <= center && center <= fine.range);
  if (result.is_flat) {
    result.center = (int16_t)rounded(root);
  } else {
    const float unit = result.is_fine ? fine.unit : usual.unit;
    result.center = (int16_t)rounded(unit * center);
    factor = 0x1p15f / unit * scale;
    for (; factor >= INT16_MAX; factor /= 2) { result.doublings++; }
  }
  result.factor = (int16_t)rounded(factor);
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
    // Beyond that even fine values are too coarse.
    if (a->quadratic[t] > 0x1p24f) return -1;
    const Parabola added = parabola(a->linear[t], a->quadratic[t]);
    lowest = step(instruction_set, added.is_fine ? fine_values : values, states >> a->bits[t],
                  before, after, choices + (t & (KEPT - 1)) * (states / 8), a->bits[t], added,
                  lowest);
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
