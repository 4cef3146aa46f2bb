#include "TrellisSearch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "InstructionSets.h"
#include "Vectors.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#pragma STDC FP_CONTRACT OFF

/// What a step adds to a cost, but for a constant: x * (x * quadratic - linear), x = value - origin.
///
/// As an integer, less its lowest and in units of 1/16, it is root^2 / 2^16, of integer values:
///
///     flat   root = value * factor / 2^15 - center
///     steep  root = (value - center) * 2^doublings * factor / 2^15
///     near   root = distance * 2^doublings * factor / 2^15 + beyond, distance that of the nearer of two values from center
///
/// where products are rounded, and differences, sums and doublings kept within 16 bits. Flat ones, which most are,
/// allow centers outside the range of values; steep ones tell values near the center apart.
typedef struct {
  float origin, linear, quadratic;
  int16_t center, factor, beyond;
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
#define DOUBLED(root)                                          \
  for (unsigned k = 0; k < parabola.doublings; k++) {          \
    root = __builtin_elementwise_add_sat(root, root);          \
  }
#define DISTANCE(value) \
  (COSTS) __builtin_elementwise_abs(__builtin_elementwise_sub_sat(value, (VALUES)parabola.center))
#define FLAT(so_far, value, other)                                               \
  ({                                                                             \
    const VALUES root = __builtin_elementwise_sub_sat(                           \
        ROUNDED_HIGH(value, (VALUES)parabola.factor), (VALUES)parabola.center);  \
    SUM(so_far, root);                                                           \
  })
#define STEEP(so_far, value, other)                                              \
  ({                                                                             \
    VALUES root = __builtin_elementwise_sub_sat(value, (VALUES)parabola.center); \
    DOUBLED(root)                                                                \
    root = ROUNDED_HIGH(root, (VALUES)parabola.factor);                          \
    SUM(so_far, root);                                                           \
  })
#define NEAR(so_far, value, other)                                               \
  ({                                                                             \
    VALUES root = (VALUES)__builtin_elementwise_min(DISTANCE(value), DISTANCE(other)); \
    DOUBLED(root)                                                                \
    root = __builtin_elementwise_add_sat(                                        \
        ROUNDED_HIGH(root, (VALUES)parabola.factor), (VALUES)parabola.beyond);   \
    SUM(so_far, root);                                                           \
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
#define KERNEL near_step_plain
#define EXTENDED NEAR
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
#define KERNEL near_step_avx2
#define EXTENDED NEAR
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
#define KERNEL near_step_avx512
#define EXTENDED NEAR
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
#define COST_OF(value)                                                \
  ({                                                                  \
    const VALUES x = (value) - (VALUES)parabola.origin;               \
    x * (x * (VALUES)parabola.quadratic - (VALUES)parabola.linear);   \
  })
// That of the nearer of two values; there may be one alone.
#define WIDE(so_far, value, other)                                    \
  ({                                                                  \
    const COSTS first = COST_OF(value), second = COST_OF(other);      \
    (so_far) + (second < first ? second : first);                     \
  })
#define EXTENDED WIDE

#define KERNEL wide_step_plain
#define TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"
#undef WIDTH
#undef TARGET

#if defined(__x86_64__)
#define EXTENDED WIDE
#define KERNEL wide_step_avx2
#define TARGET AVX2_TARGET
#define WIDTH 8
#include "Templates/TrellisStep.h"
#undef WIDTH
#undef TARGET

#define EXTENDED WIDE
#define KERNEL wide_step_avx512
#define TARGET AVX512_TARGET
#define WIDTH 16
#include "Templates/TrellisStep.h"
#undef WIDTH
#undef TARGET
#endif

struct gq_trellis {
  unsigned state_bits;
  /// Quantiles [2^state_bits] in rising order, and which of them each state has.
  float *quantiles;
  uint16_t *places;
  /// What states emit: all in the usual scale and the fine one, and by cells of steps, at cells - 1 + cell, in the fine scale and
  /// as they are. Each is made when it is needed first, by whichever thread needs it.
  _Atomic(void *) usual, fine[2 * GQ_MOST_CELLS - 1], exact[2 * GQ_MOST_CELLS - 1];
};

/// How many of a step's bits enter the state.
static unsigned entering(unsigned bits) {
  return bits < GQ_ENTERING_BITS ? bits : GQ_ENTERING_BITS;
}

/// The quantile of `place` + 1/2 parts of `cell`, one of `cells` of 2^state_bits parts each, between those that there are.
/// `cells` is a power of two.
static float quantile(const gq_trellis *a, uint32_t place, uint32_t cell, uint32_t cells) {
  const int32_t most = ((int32_t)1 << a->state_bits) - 1;
  const int32_t parts = 2 * (int32_t)cells;
  // In parts of a step from one quantile to the next.
  const int32_t at = 2 * (int32_t)((cell << a->state_bits) + place) + 1 - (int32_t)cells;
  if (at <= 0) return a->quantiles[0];
  const int32_t below = at >> __builtin_ctz((unsigned)parts);
  if (below >= most) return a->quantiles[most];
  const float low = a->quantiles[below], high = a->quantiles[below + 1];
  return low + (high - low) * ((float)(at & (parts - 1)) / (float)parts);
}

static void *aligned(size_t bytes) { return aligned_alloc(64, (bytes + 63) / 64 * 64); }

typedef void Filler(const gq_trellis *a, uint32_t cell, uint32_t cells, void *table);

/// The table of a slot, made by `fill` if there is none yet; null when memory is short.
static const void *table(const gq_trellis *a, _Atomic(void *) *slot, size_t size, uint32_t cell,
                         uint32_t cells, Filler *fill) {
  void *found = atomic_load_explicit(slot, memory_order_acquire);
  if (found) return found;
  void *made = aligned(size << a->state_bits);
  if (!made) return NULL;
  fill(a, cell, cells, made);
  if (atomic_compare_exchange_strong(slot, &found, made)) return made;
  free(made);
  return found;
}

gq_trellis *gq_trellis_create(const float *quantiles, const uint16_t *places, unsigned state_bits) {
  const size_t states = (size_t)1 << state_bits;
  gq_trellis *a = calloc(1, sizeof(gq_trellis));
  if (!a) return NULL;
  a->state_bits = state_bits;
  a->quantiles = malloc(states * sizeof(float));
  a->places = malloc(states * sizeof(uint16_t));
  if (!a->quantiles || !a->places) {
    gq_trellis_free(a);
    return NULL;
  }
  memcpy(a->quantiles, quantiles, states * sizeof(float));
  memcpy(a->places, places, states * sizeof(uint16_t));
  return a;
}

void gq_trellis_free(gq_trellis *a) {
  if (!a) return;
  free(a->quantiles);
  free(a->places);
  free(a->usual);
  for (size_t k = 0; k < 2 * GQ_MOST_CELLS - 1; k++) {
    free(a->fine[k]);
    free(a->exact[k]);
  }
  free(a);
}

float gq_trellis_value(const gq_trellis *a, uint32_t state, uint32_t code, unsigned bits) {
  const unsigned within = entering(bits);
  return quantile(a, a->places[state], code >> within, (uint32_t)1 << (bits - within));
}

static float clamped(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

static int32_t rounded(float x) { return (int32_t)(x < 0 ? x - 0.5f : x + 0.5f); }

/// Values as integers: a unit and the range that 16 bits have of it.
typedef struct {
  float unit, range;
} Scale;

/// The usual scale leaves room for centers outside the codebook, the other one tells near values apart.
static const Scale usual = {2048, 15}, fine = {7168, 4.5f};

static void fill_exact(const gq_trellis *a, uint32_t cell, uint32_t cells, void *table) {
  const uint32_t states = (uint32_t)1 << a->state_bits;
  for (uint32_t s = 0; s < states; s++) {
    ((float *)table)[s] = quantile(a, a->places[s], cell, cells);
  }
}

static void fill_integers(const gq_trellis *a, uint32_t cell, uint32_t cells, Scale scale,
                          int16_t *table) {
  const uint32_t states = (uint32_t)1 << a->state_bits;
  for (uint32_t s = 0; s < states; s++) {
    const float value = quantile(a, a->places[s], cell, cells);
    table[s] = (int16_t)rounded(scale.unit * clamped(value, -scale.range, scale.range));
  }
}

static void fill_usual(const gq_trellis *a, uint32_t cell, uint32_t cells, void *table) {
  fill_integers(a, cell, cells, usual, table);
}

static void fill_fine(const gq_trellis *a, uint32_t cell, uint32_t cells, void *table) {
  fill_integers(a, cell, cells, fine, table);
}

typedef enum { FLAT_STEP, STEEP_STEP, NEAR_STEP } Kind;

/// A step of the search.
typedef struct {
  /// Bits that enter the state, cells, and the first of the two that are near the center.
  unsigned entering;
  uint32_t cells, cell;
  Kind kind;
  Parabola parabola;
  /// What states emit from the two cells, or twice from the only one.
  const int16_t *values, *others;
} Step;

/// The first of the two cells whose middles have `center` between them, or which are nearest to it.
static uint32_t cell_below(const gq_trellis *a, float center, uint32_t cells) {
  const uint32_t middle = (uint32_t)1 << (a->state_bits - 1);
  uint32_t low = 0;
  for (uint32_t length = cells / 2; length; length /= 2) {
    if (low + length < cells && quantile(a, middle, low + length, cells) <= center) low += length;
  }
  return low + 1 < cells ? low : cells - 2;
}

/// Makes a step. Returns whether there was memory.
static int make_step(gq_trellis *a, unsigned bits, float linear, float quadratic, Step *step) {
  *step = (Step){.entering = entering(bits)};
  step->cells = (uint32_t)1 << (bits - step->entering);
  Parabola *result = &step->parabola;
  // Of a steep one terms would be far larger than their sum.
  const int is_steep = quadratic > 1;
  result->origin = is_steep ? linear / (2 * quadratic) : 0;
  result->linear = is_steep ? 0 : linear;
  result->quadratic = quadratic;
  const int is_near = step->cells > 1;
  const float range = !is_near && quadratic > 0x1p16f ? fine.range : usual.range;
  // Of a step that is nearly linear the center would lie far outside: that of the same slope at 0
  // whose center is at the end of the range.
  const float size = linear < 0 ? -linear : linear;
  const float least = clamped(size / (2 * range), 0x1p-16f, 0x1p24f);
  quadratic = quadratic < least ? least : quadratic;
  const float center = clamped(linear / (2 * quadratic), -range, range);
  const float inside = clamped(center, -fine.range, fine.range);
  // A root is that many times the value's distance from the center.
  const float scale = 1024 * __builtin_sqrtf(clamped(quadratic, 0, 0x1p24f)), root = scale * center;
  float factor = 0x1p15f / fine.unit * scale;
  int is_fine = 1;
  if (!is_near && factor < INT16_MAX && -INT16_MAX < root && root < INT16_MAX) {
    step->kind = FLAT_STEP;
    result->center = (int16_t)rounded(root);
  } else {
    step->kind = is_near ? NEAR_STEP : STEEP_STEP;
    is_fine = is_near || inside == center;
    const Scale own = is_fine ? fine : usual;
    result->center = (int16_t)rounded(own.unit * (is_fine ? inside : center));
    const float beyond = scale * (center < inside ? inside - center : center - inside);
    result->beyond = (int16_t)rounded(clamped(beyond, 0, INT16_MAX));
    factor = 0x1p15f / own.unit * scale;
    for (; factor >= INT16_MAX; factor /= 2) { result->doublings++; }
  }
  result->factor = (int16_t)rounded(factor);
  if (is_near) {
    step->cell = cell_below(a, inside, step->cells);
    const uint32_t number = step->cells - 1 + step->cell;
    step->values = table(a, &a->fine[number], sizeof(int16_t), step->cell, step->cells, fill_fine);
    step->others = table(a, &a->fine[number + 1], sizeof(int16_t), step->cell + 1, step->cells, fill_fine);
  } else {
    step->values = is_fine ? table(a, &a->fine[0], sizeof(int16_t), 0, 1, fill_fine)
                           : table(a, &a->usual, sizeof(int16_t), 0, 1, fill_usual);
    step->others = step->values;
  }
  return step->values && step->others;
}

/// What states emit from a step's first or second cell; null when memory is short.
static const float *exact_table(gq_trellis *a, const Step *step, uint32_t second) {
  const uint32_t cell = step->cells > 1 ? step->cell + second : 0;
  return table(a, &a->exact[step->cells - 1 + cell], sizeof(float), cell, step->cells, fill_exact);
}

/// The cost of the better of a step's cells for a state, and which that is.
static float cheaper_cell(const gq_trellis *a, const Step *step, uint32_t state, uint32_t *cell) {
  float least = 0;
  for (uint32_t k = 0; k < 2 && step->cell + k < step->cells; k++) {
    const float value = quantile(a, a->places[state], step->cell + k, step->cells);
    const float x = value - step->parabola.origin;
    const float cost = x * (x * step->parabola.quadratic - step->parabola.linear);
    if (k == 0 || cost < least) {
      least = cost;
      *cell = step->cell + k;
    }
  }
  return least;
}

/// A step from costs to those after it, less `lowest`, which is at most the least of them.
/// `sources`: how many states there are but for the bits that leave. Returns the least of the costs
/// before the step, less `lowest`: at most the least of those after it.
static uint16_t take(int instruction_set, const Step *step, size_t sources, const uint16_t *before,
                     uint16_t *after, uint8_t *choices, uint16_t lowest) {
#define TAKE(kernel)                                                                             \
  (step->kind == FLAT_STEP    ? flat_step_##kernel                                               \
   : step->kind == STEEP_STEP ? steep_step_##kernel                                              \
                              : near_step_##kernel)(step->values, step->others, sources, before, \
                                                    after, choices, step->entering,              \
                                                    step->parabola, lowest)
#if defined(__x86_64__)
  if (sources >= 32) {
    if (instruction_set == GQ_AVX512) return TAKE(avx512);
    if (instruction_set == GQ_AVX2) return TAKE(avx2);
  }
#endif
  return TAKE(plain);
#undef TAKE
}

/// `take` with costs as binary32.
static float take_wide(int instruction_set, const Step *step, const float *values,
                       const float *others, size_t sources, const float *before, float *after,
                       uint8_t *choices, float lowest) {
#define TAKE(kernel) \
  kernel(values, others, sources, before, after, choices, step->entering, step->parabola, lowest)
#if defined(__x86_64__)
  if (sources >= 16 && instruction_set == GQ_AVX512) return TAKE(wide_step_avx512);
  if (instruction_set == GQ_AVX512 || instruction_set == GQ_AVX2) return TAKE(wide_step_avx2);
#endif
  return TAKE(wide_step_plain);
#undef TAKE
}

/// The state before `state`, as the choices of the step between them tell.
static uint32_t previous(const uint8_t *choices, uint32_t state, unsigned entering,
                         unsigned state_bits) {
  // The choices of the step's folds lie one after another, the highest bit of the state first: 2^(state_bits - 1)
  // of them, then half as many.
  const size_t states = (size_t)1 << state_bits;
  uint32_t result = state >> entering;
  for (unsigned k = entering; k-- > 0;) {
    const uint8_t *fold = choices + (states - (states >> k)) / 8;
    const uint32_t upper = fold[result / 8] >> (result % 8) & 1;
    result |= upper << (state_bits - 1 - k);
  }
  return result;
}

/// What both kinds of search are of.
typedef struct {
  gq_trellis *trellis;
  unsigned state_bits;
  size_t count;
  const Step *steps;
  /// The first steps, and the states that they reach: `reach` from `first` on, and their costs.
  size_t begun;
  uint32_t first, reach;
  float *first_costs;
} Search;

/// The first steps: as long as every state that can be reached has one before it, which needs no choices.
///
/// - a: `first` and `reach` are what a path may begin in and receive what they are after the steps; so do `begun` and `first_costs`,
///   which are [2^state_bits], of the states from `first` on.
/// - firsts: receives what `first` was before each step.
static void take_first_steps(Search *a, uint32_t *firsts) {
  const uint32_t states = (uint32_t)1 << a->state_bits;
  for (uint32_t s = 0; s < a->reach; s++) { a->first_costs[s] = 0; }
  for (; a->begun < a->count; a->begun++) {
    const Step *step = &a->steps[a->begun];
    if (a->reach > states >> step->entering) return;
    firsts[a->begun] = a->first;
    a->first = a->first << step->entering & (states - 1);
    const uint32_t branches = (uint32_t)1 << step->entering;
    // From the last to the first, so that costs can be replaced in place.
    for (uint32_t s = a->reach; s-- > 0;) {
      const float so_far = a->first_costs[s];
      for (uint32_t x = branches; x-- > 0;) {
        uint32_t cell;
        const uint32_t place = s * branches + x;
        a->first_costs[place] =
            so_far + cheaper_cell(a->trellis, step, a->first + place, &cell);
      }
    }
    a->reach *= branches;
  }
}

/// Follows choices back from the state before step `from` to that before step `to`, which is
/// returned. Choices of step t lie at t & mask; states after steps below `kept` are stored.
static uint32_t walk_back(const Search *a, const uint8_t *choices, size_t mask, size_t from,
                          size_t to, size_t kept, uint32_t state, uint32_t *path) {
  const size_t choice_bytes = ((size_t)1 << a->state_bits) / 8;
  for (size_t t = from; t-- > to;) {
    if (t < kept) { path[t] = state; }
    state = previous(choices + (t & mask) * choice_bytes, state, a->steps[t].entering,
                     a->state_bits);
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
  uint8_t *choices = (uint8_t *)(after + states);
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
    const Step *step = &a->steps[t];
    // Beyond that even fine values are too coarse.
    if (step->parabola.quadratic > 0x1p24f) return -1;
    lowest = take(instruction_set, step, states >> step->entering, before, after,
                  choices + (t & (KEPT - 1)) * (states / 8), lowest);
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

/// `search` with costs as binary32 and all choices: -1 when memory is short alone.
static int64_t wide_search(const Search *a, float *memory, uint32_t *path) {
  const uint32_t states = (uint32_t)1 << a->state_bits;
  const int instruction_set = gq_instruction_set();
  float *before = memory, *after = before + states;
  uint8_t *choices = (uint8_t *)(after + states);
  for (uint32_t s = 0; s < states; s++) { before[s] = __builtin_inff(); }
  for (uint32_t s = 0; s < a->reach; s++) { before[a->first + s] = a->first_costs[s]; }
  float lowest = 0;
  for (size_t t = a->begun; t < a->count; t++) {
    const Step *step = &a->steps[t];
    const float *values = exact_table(a->trellis, step, 0);
    const float *others = exact_table(a->trellis, step, 1);
    if (!values || !others) return -1;
    lowest = take_wide(instruction_set, step, values, others, states >> step->entering, before,
                       after, choices + t * (states / 8), lowest);
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

/// The states of the best path after each of `a->steps`; `path` has `count`. Returns the state before them, or -1 when memory is short.
static int64_t find_path(Search *a, uint32_t *path) {
  const size_t states = (size_t)1 << a->state_bits;
  take_first_steps(a, path);
  int64_t state = -1;
  void *memory = aligned(states * 2 * sizeof(uint16_t) +
                         states / 8 * (a->count < KEPT ? a->count : KEPT));
  if (!memory) return -1;
  state = search(a, memory, path);
  free(memory);
  if (state < 0) {
    memory = aligned(states * 2 * sizeof(float) + states / 8 * a->count);
    if (!memory) return -1;
    state = wide_search(a, memory, path);
    free(memory);
    if (state < 0) return -1;
  }
  uint32_t reach = a->reach, before = (uint32_t)state;
  for (size_t t = a->begun; t-- > 0;) {
    const uint32_t after = before;
    reach >>= a->steps[t].entering;
    before = path[t] + (before >> a->steps[t].entering & (reach - 1));
    path[t] = after;
  }
  return before;
}

int gq_trellis_search(
    gq_trellis *trellis, size_t count, const uint8_t *bits, const float *linear,
    const float *quadratic, uint32_t starts, uint32_t *start, uint32_t *codes) {
  const size_t states = (size_t)1 << trellis->state_bits;
  Step *steps = malloc(count * sizeof(Step));
  float *first_costs = malloc(states * sizeof(float));
  Search a = {.trellis = trellis, .state_bits = trellis->state_bits, .count = count,
              .steps = steps, .first = *start, .reach = starts, .first_costs = first_costs};
  int has_memory = steps && first_costs;
  for (size_t t = 0; t < count && has_memory; t++) {
    has_memory = make_step(trellis, bits[t], linear[t], quadratic[t], &steps[t]);
  }
  const int64_t state = has_memory ? find_path(&a, codes) : -1;
  if (state >= 0) {
    *start = (uint32_t)state;
    // States become codes: the cell, and what entered.
    for (size_t t = 0; t < count; t++) {
      uint32_t cell = 0;
      if (steps[t].cells > 1) { cheaper_cell(trellis, &steps[t], codes[t], &cell); }
      const uint32_t entered = codes[t] & (((uint32_t)1 << steps[t].entering) - 1);
      codes[t] = cell << steps[t].entering | entered;
    }
  }
  free(steps);
  free(first_costs);
  return state < 0 ? -1 : 0;
}
