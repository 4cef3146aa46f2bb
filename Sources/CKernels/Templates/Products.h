// Int8 products, included once per instruction set: what a 1x1 convolution does to rows of numbers.
//
// A row's numbers are rounded to -127...127 times a scale of the row's own and stored as the instructions want them, its
// operands. Weights lie in groups of 16 outputs, steps of 4 inputs: [outputs / 16][inputs / 4][16][4]. Sums are exact, and
// what follows them is rounded operation by operation, so every instruction set gives the same.
//
// NAME(f) names the functions, TARGET chooses the instructions, PRODUCTS_... says which they are. The loops know only these:
//   VECTOR       a register of sums; VECTORS of them hold those of a group, of which PART are made at a time
//   OPERANDS     type of an operand
//   ROWS, GROUPS rows and groups whose sums are made together, as many as there are registers for
//   LOAD, SPREAD weights of 16 / VECTORS outputs; a row's four operands, once per output
//   ADD_PRODUCTS sums and weights and operands
//   SUMS_OF      VECTORS registers -> the group's sums

#if defined(PRODUCTS_VNNI)
// Unsigned by signed bytes: operands are raised by 128, and sums begin with what that adds.
#define VECTOR __m512i
#define VECTORS 1
#define PART 1
#define ROWS 6
#define GROUPS_TOGETHER 4
#define OPERANDS uint8_t
#define RAISED 1
#define LOAD(p) _mm512_loadu_si512(p)
#define SPREAD(p) _mm512_set1_epi32(*(const word *)(p))
#define ADD_PRODUCTS(sums, w, a) _mm512_dpbusd_epi32(sums, a, w)
#define SUMS_OF(v, to) *(to) = (ints)(v)[0]

#elif defined(PRODUCTS_AVX2)
#define VECTOR __m256i
#define VECTORS 4
#define PART 2
#define ROWS 4
#define GROUPS_TOGETHER 1
#define OPERANDS int16_t
#define LOAD(p) _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(p)))
#define SPREAD(p) _mm256_set1_epi64x(*(const double_word *)(p))
#define ADD_PRODUCTS(sums, w, a) _mm256_add_epi32(sums, _mm256_madd_epi16(w, a))
#define SUMS_OF(v, to)                                                     \
  _mm256_storeu_si256((__m256i *)(to), NAME(halved)((v)[0], (v)[1])),      \
      _mm256_storeu_si256((__m256i *)(to) + 1, NAME(halved)((v)[2], (v)[3]))
INLINE TARGET __m256i NAME(halved)(__m256i a, __m256i b) {
  return _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), 0xd8);
}

#elif defined(PRODUCTS_NEON_DOT)
#define VECTOR int32x4_t
#define VECTORS 4
#define PART 4
#define ROWS 4
#define GROUPS_TOGETHER 1
#define OPERANDS int8_t
#define LOAD(p) vld1q_s8((const int8_t *)(p))
#define SPREAD(p) vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)(p)))
#define ADD_PRODUCTS(sums, w, a) vdotq_s32(sums, w, a)
#define SUMS_OF(v, to) NAME(join)(to, (v)[0], (v)[1], (v)[2], (v)[3])

#elif defined(PRODUCTS_NEON)
#define VECTOR int32x4_t
#define VECTORS 8
#define PART 4
#define ROWS 4
#define GROUPS_TOGETHER 1
#define OPERANDS int8_t
#define LOAD(p) vld1_s8((const int8_t *)(p))
#define SPREAD(p) vreinterpret_s8_s32(vld1_dup_s32((const int32_t *)(p)))
#define ADD_PRODUCTS(sums, w, a) vpadalq_s16(sums, vmull_s8(w, a))
#define SUMS_OF(v, to)                                                                      \
  NAME(join)(to, vpaddq_s32((v)[0], (v)[1]), vpaddq_s32((v)[2], (v)[3]),                      \
               vpaddq_s32((v)[4], (v)[5]), vpaddq_s32((v)[6], (v)[7]))

#elif defined(PRODUCTS_SIMD128)
#define VECTOR v128_t
#define VECTORS 8
#define PART 2
#define ROWS 4
#define GROUPS_TOGETHER 1
#define OPERANDS int16_t
#define LOAD(p) wasm_i16x8_load8x8(p)
#define SPREAD(p) wasm_v128_load64_splat(p)
#define ADD_PRODUCTS(sums, w, a) wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(w, a))
#define SUMS_OF(v, to)                                                                      \
  NAME(join)(to, NAME(halved)((v)[0], (v)[1]), NAME(halved)((v)[2], (v)[3]),                  \
               NAME(halved)((v)[4], (v)[5]), NAME(halved)((v)[6], (v)[7]))
INLINE v128_t NAME(halved)(v128_t a, v128_t b) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
}

#else
typedef struct { int32_t sums[16]; } NAME(sums);
typedef struct { int8_t weights[64]; } NAME(weights);
typedef struct { int32_t operands[4]; } NAME(spread);
#define VECTOR NAME(sums)
#define VECTORS 1
#define PART 1
#define ROWS 1
#define GROUPS_TOGETHER 1
#define OPERANDS int8_t
#define LOAD(p) *(const NAME(weights) *)(p)
#define SPREAD(p) NAME(spread_of)(p)
#define ADD_PRODUCTS(sums, w, a) NAME(added)(sums, w, a)
#define SUMS_OF(v, to) *(to) = *(const ints *)(v)[0].sums
INLINE NAME(spread) NAME(spread_of)(const int8_t *p) {
  return (NAME(spread)){{p[0], p[1], p[2], p[3]}};
}
INLINE NAME(sums) NAME(added)(NAME(sums) sums, NAME(weights) w, NAME(spread) a) {
  for (int i = 0; i < 16; i++) {
    for (int k = 0; k < 4; k++) sums.sums[i] += w.weights[4 * i + k] * a.operands[k];
  }
  return sums;
}
#endif

#if defined(PRODUCTS_NEON_DOT) || defined(PRODUCTS_NEON) || defined(PRODUCTS_SIMD128)
#if defined(PRODUCTS_SIMD128)
#define QUARTER v128_t
#else
#define QUARTER int32x4_t
#endif
INLINE TARGET void NAME(join)(ints *to, QUARTER a, QUARTER b, QUARTER c, QUARTER d) {
  QUARTER *parts = (QUARTER *)to;
  parts[0] = a, parts[1] = b, parts[2] = c, parts[3] = d;
}
#undef QUARTER
#endif

#include "Largest.h"

/// x + 3 * 2^22 for |x| <= 127, whose last bits are the nearest whole number, even where two are.
INLINE TARGET float NAME(shifted)(float x) {
  x = x > -127.0f ? x : -127.0f;
  x = x < 127.0f ? x : 127.0f;
  return x + 12582912.0f;
}

static size_t NAME(operand_bytes)(size_t inputs) { return (inputs + 3) / 4 * 4 * sizeof(OPERANDS); }

static TARGET float NAME(round_row)(const float *values, size_t count, void *operands) {
  OPERANDS *result = operands;
  float most = NAME(largest)(values, count), factor = 127.0f / (most > 1e-30f ? most : 1e-30f);
  for (size_t i = 0; i < count; i++) {
    union { float value; int32_t bits; } shifted = {.value = NAME(shifted)(values[i] * factor)};
#ifdef RAISED
    result[i] = (OPERANDS)(shifted.bits + 128);
#else
    // The last byte of the bits, with its sign.
    result[i] = (int8_t)shifted.bits;
#endif
  }
  // What fills up meets weights of zero.
  for (size_t i = count; i % 4; i++) result[i] = 0;
  return most / 127.0f;
}

/// What a product makes of a group's sums of one row, stored or added.
INLINE TARGET void NAME(finish)(
    const ints *sums, float scale, const float *scales, const float *bias, float slope, int adds,
    float *result, size_t outputs) {
  floats y = __builtin_convertvector(*sums, floats) * *(const floats *)scales * scale +
             *(const floats *)bias;
  y = y < 0 ? y * slope : y;
  if (outputs >= 16) {
    *(floats *)result = adds ? *(const floats *)result + y : y;
  } else {
    for (size_t i = 0; i < outputs; i++) result[i] = adds ? result[i] + y[i] : y[i];
  }
}

/// Some rows by some groups, both constants where this is called.
INLINE TARGET void NAME(multiply_tile)(
    const OPERANDS *operands, size_t rows, size_t groups, const gq_product *p, size_t first,
    const float *row_scales, float *result) {
  const size_t steps = (p->inputs + 3) / 4, stride = 4 * steps;
  const int8_t *weights = p->weights + first * steps * 64;
  VECTOR sums[ROWS][GROUPS_TOGETHER][VECTORS];
  for (size_t part = 0; part < VECTORS; part += PART) {
    UNROLL for (size_t r = 0; r < rows; r++) {
      UNROLL for (size_t g = 0; g < groups; g++) {
        UNROLL for (size_t v = 0; v < PART; v++) {
#ifdef RAISED
          sums[r][g][part + v] = LOAD(p->offsets + 16 * (first + g));
#else
          sums[r][g][part + v] = (VECTOR){0};
#endif
        }
      }
    }
    for (size_t k = 0; k < steps; k++) {
      UNROLL for (size_t g = 0; g < groups; g++) {
        UNROLL for (size_t v = 0; v < PART; v++) {
          const __typeof__(LOAD(weights)) w =
              LOAD(weights + (g * steps + k) * 64 + (part + v) * (64 / VECTORS));
          UNROLL for (size_t r = 0; r < rows; r++) {
            sums[r][g][part + v] = ADD_PRODUCTS(
                sums[r][g][part + v], w, SPREAD(operands + r * stride + 4 * k));
          }
        }
      }
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++) {
    UNROLL for (size_t g = 0; g < groups; g++) {
      const size_t output = 16 * (first + g);
      ints group;
      SUMS_OF(sums[r][g], &group);
      NAME(finish)(
          &group, row_scales[r], p->scales + output, p->bias + output, p->slope,
          p->adds, result + r * p->outputs + output, p->outputs - output);
    }
  }
}

static TARGET void NAME(multiply_rows)(
    const gq_product *p, const void *operands, const float *row_scales, size_t count, float *result) {
  const size_t stride = (p->inputs + 3) / 4 * 4, groups = (p->outputs + 15) / 16;
  // A few groups of weights stay in the nearest cache while all rows pass.
  for (size_t first = 0; first < groups;) {
    const size_t together = groups - first < GROUPS_TOGETHER ? 1 : GROUPS_TOGETHER;
    for (size_t r = 0; r < count;) {
      const OPERANDS *from = (const OPERANDS *)operands + r * stride;
      float *to = result + r * p->outputs;
      const size_t rows = count - r < ROWS ? 1 : ROWS;
      // Constants, so that loops are unrolled.
      if (rows == ROWS && together == GROUPS_TOGETHER) {
        NAME(multiply_tile)(from, ROWS, GROUPS_TOGETHER, p, first, row_scales + r, to);
      } else if (rows == ROWS) {
        NAME(multiply_tile)(from, ROWS, 1, p, first, row_scales + r, to);
      } else if (together == GROUPS_TOGETHER) {
        NAME(multiply_tile)(from, 1, GROUPS_TOGETHER, p, first, row_scales + r, to);
      } else {
        NAME(multiply_tile)(from, 1, 1, p, first, row_scales + r, to);
      }
      r += rows;
    }
    first += together;
  }
}

static const struct products NAME(products) = {
    NAME(operand_bytes), NAME(round_row), NAME(multiply_rows)};

#undef NAME
#undef TARGET
#undef VECTOR
#undef VECTORS
#undef PART
#undef ROWS
#undef GROUPS_TOGETHER
#undef OPERANDS
#undef RAISED
#undef LOAD
#undef SPREAD
#undef ADD_PRODUCTS
#undef SUMS_OF
