// The functions for one instruction set. NAME(f) names them, TARGET chooses the instructions,
// GROUPS is how many times 16 sums of four vectors fit in registers.

/// 2^n for -126 <= n <= 127.
INLINE TARGET float NAME(power)(int32_t n) {
  union { int32_t bits; float value; } result = {.bits = (n + 127) << 23};
  return result.value;
}

/// Cody and Waite's reduction to |r| <= ln 2 / 2, then a polynomial.
INLINE TARGET float NAME(exponential)(float x) {
  // What is not a number counts as the lower bound: its conversion below would be undefined.
  x = x > -87.0f ? x : -87.0f;
  x = x < 88.0f ? x : 88.0f;
  float scaled = x * 1.44269504f;
  int32_t n = (int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
  float whole = (float)n;
  float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return (p * (r * r) + r + 1.0f) * NAME(power)(n);
}

/// The mantissa brought to sqrt(1/2)...sqrt(2), then a polynomial.
INLINE TARGET float NAME(logarithm)(float x) {
  union { float value; int32_t bits; } parts = {.value = x};
  int32_t shifted = parts.bits - 0x3f3504f3;
  int32_t n = shifted >> 23;
  parts.bits = (shifted & 0x007fffff) + 0x3f3504f3;
  float r = parts.value - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  float whole = (float)n;
  float square = r * r;
  float y = p * r * square - whole * 2.12194440e-4f;
  return (y - 0.5f * square + r) + whole * 0.693359375f;
}

static TARGET void NAME(exp)(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = NAME(exponential)(values[i]);
}

static TARGET void NAME(log)(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = NAME(logarithm)(values[i]);
}

static TARGET void NAME(bound)(float *values, size_t count, float bound) {
  for (size_t i = 0; i < count; i++) {
    float x = values[i] / bound;
    float magnitude = x < 0 ? -x : x;
    float small = NAME(exponential)(-2 * magnitude);
    // Near zero 1 - exp loses digits that the series of tanh keeps.
    float square = x * x;
    float series = magnitude - magnitude * square * (0.333333333f - 0.133333333f * square);
    float result = magnitude < 0.0625f ? series : (1 - small) / (1 + small);
    values[i] = bound * (x < 0 ? -result : result);
  }
}

static TARGET void NAME(add)(float *values, const float *terms, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] += terms[i];
}

#include "Largest.h"

static TARGET void NAME(add_bounded)(
    float *values, const float *terms, const float *factors, float scale, size_t count,
    float bound) {
  float most = NAME(largest)(terms, count);
  float ratio = (most < 1000 ? most : 1000) / bound;
  ratio = ratio * ratio;
  ratio = ratio * ratio;
  float divisor = 1 + ratio * ratio;
  if (factors) {
    for (size_t i = 0; i < count; i++) values[i] += terms[i] / divisor * scale * factors[i];
  } else {
    for (size_t i = 0; i < count; i++) values[i] += terms[i] / divisor * scale;
  }
}

static TARGET void NAME(shift_scale)(
    float *result, const float *values, const float *shift, const float *scale,
    const float *offset, size_t count) {
  if (values) {
    for (size_t i = 0; i < count; i++) result[i] = (values[i] + shift[i]) * scale[i] + offset[i];
  } else {
    for (size_t i = 0; i < count; i++) result[i] = shift[i] * scale[i] + offset[i];
  }
}

static TARGET void NAME(variances)(
    float offset, const float *log_variance_offsets, size_t count, float *variances, float *roots) {
  for (size_t i = 0; i < count; i++) {
    float x = offset + log_variance_offsets[i];
    float small = NAME(exponential)(x < 0 ? x : -x);
    float larger = 1 / (1 + small), smaller = small / (1 + small);
    variances[i] = x < 0 ? smaller : larger;
    roots[i] = __builtin_elementwise_sqrt(x < 0 ? larger : smaller);
  }
}

static TARGET void NAME(divergence)(
    float offset, const float *squares, const float *log_variance_offsets, size_t count, double *sum,
    double *derivative) {
  // Sixteen sums whatever the width of the instructions, so that their order is the same.
  enum { lanes = 16 };
  float sums[lanes] = {0}, slopes[lanes] = {0};
  double total = 0, slope = 0;
  for (size_t first = 0; first < count; first += lanes) {
    size_t length = count - first < lanes ? count - first : lanes;
    const float *t = log_variance_offsets + first, *s = squares + first;
    float last_offsets[lanes], last_squares[lanes];
    if (length < lanes) {
      // What fills up adds nothing.
      for (size_t k = 0; k < lanes; k++) {
        last_offsets[k] = k < length ? t[k] : 1e4f;
        last_squares[k] = k < length ? s[k] : 1;
      }
      t = last_offsets;
      s = last_squares;
    }
    float parts[lanes], slope_parts[lanes];
    for (size_t k = 0; k < lanes; k++) {
      float x = offset + t[k];
      float small = NAME(exponential)(x < 0 ? x : -x);
      float larger = 1 / (1 + small), smaller = small / (1 + small);
      float variance = x < 0 ? smaller : larger, rest = x < 0 ? larger : smaller;
      // -ln v
      float surprise = (x < 0 ? -x : 0) + NAME(logarithm)(1 + small);
      parts[k] = 0.5f * (rest * (s[k] - 1) + surprise);
      slope_parts[k] = 0.5f * rest * (rest + variance * s[k]);
    }
    for (size_t k = 0; k < lanes; k++) {
      sums[k] += parts[k];
      slopes[k] += slope_parts[k];
    }
    // Often enough that single precision does.
    if (first % 256 == 240 || first + lanes >= count) {
      for (size_t k = 0; k < lanes; k++) {
        total += sums[k];
        slope -= slopes[k];
        sums[k] = slopes[k] = 0;
      }
    }
  }
  *sum = total;
  *derivative = slope;
}

static TARGET float NAME(offset)(
    const float *squares, const float *log_variance_offsets, size_t count, double nats, int steps) {
  enum { lanes = 16 };
  double sums[lanes] = {0}, sum = 0;
  size_t whole = count / lanes * lanes;
  for (size_t i = 0; i < whole; i += lanes) {
    for (size_t k = 0; k < lanes; k++) sums[k] += log_variance_offsets[i + k];
  }
  for (size_t i = whole; i < count; i++) sums[i - whole] += log_variance_offsets[i];
  for (size_t k = 0; k < lanes; k++) sum += sums[k];
  // Where every variance is far below 1 this is the solution.
  double u = -(2 * nats + sum) / (double)count;
  for (int step = 0; step < steps; step++) {
    double divergence, slope;
    NAME(divergence)((float)u, squares, log_variance_offsets, count, &divergence, &slope);
    slope = -slope > 1e-20 ? -slope : 1e-20;
    // Newton's method on the logarithm of the divergence, which falls linearly and then exponentially.
    const double ratio = divergence / nats;
    double change = divergence * (double)NAME(logarithm)((float)(ratio > 1e-30 ? ratio : 1e-30)) / slope;
    change = change < 4 ? change : 4;
    u += change > -100 ? change : -100;
  }
  return (float)u;
}

// Some vectors by some columns, 16 to a group, whose sums stay in registers.
INLINE TARGET void NAME(multiply_part)(
    const float *vectors, size_t count, size_t inner, const float *matrix, size_t columns,
    size_t groups, float *result) {
  floats sums[4][GROUPS] = {0};
  for (size_t k = 0; k < inner; k++) {
    for (size_t g = 0; g < groups; g++) {
      const floats weights = *(const floats *)(matrix + k * columns + g * 16);
      for (size_t i = 0; i < count; i++) sums[i][g] += weights * vectors[i * inner + k];
    }
  }
  for (size_t i = 0; i < count; i++) {
    for (size_t g = 0; g < groups; g++) *(floats *)(result + i * columns + g * 16) = sums[i][g];
  }
}

static TARGET void NAME(multiply)(
    const float *vectors, size_t count, size_t inner, const float *matrix, size_t columns,
    float *result) {
  for (size_t first = 0; first < columns;) {
    size_t groups = columns - first < GROUPS * 16 ? 1 : GROUPS;
    for (size_t i = 0; i < count;) {
      const float *from = vectors + i * inner;
      float *to = result + i * columns + first;
      size_t rows = count - i < 4 ? 1 : 4;
      // Constants, so that loops are unrolled.
      if (rows == 4 && groups == GROUPS) {
        NAME(multiply_part)(from, 4, inner, matrix + first, columns, GROUPS, to);
      } else if (rows == 4) {
        NAME(multiply_part)(from, 4, inner, matrix + first, columns, 1, to);
      } else if (groups == GROUPS) {
        NAME(multiply_part)(from, 1, inner, matrix + first, columns, GROUPS, to);
      } else {
        NAME(multiply_part)(from, 1, inner, matrix + first, columns, 1, to);
      }
      i += rows;
    }
    first += groups * 16;
  }
}

static TARGET void NAME(from_samples)(const uint8_t *samples, float *result, size_t count) {
  for (size_t i = 0; i < count; i++) result[i] = (float)samples[i] / 127.5f - 1.0f;
}

static TARGET void NAME(to_samples)(const float *values, uint8_t *result, size_t count) {
  for (size_t i = 0; i < count; i++) {
    // Rounded by truncation after adding a half.
    float value = (values[i] + 1.0f) * 127.5f + 0.5f;
    value = value > 0 ? value : 0;
    value = value < 255 ? value : 255;
    result[i] = (uint8_t)(int32_t)value;
  }
}

#include "Cosine.h"

static const struct functions NAME(functions) = {
    NAME(exp), NAME(log), NAME(bound), NAME(add), NAME(add_bounded), NAME(shift_scale),
    NAME(variances), NAME(divergence), NAME(offset), NAME(multiply), NAME(from_samples), NAME(to_samples),
    NAME(analyze_cosines), NAME(synthesize_cosines), NAME(expand), NAME(compress), NAME(limit)};

#undef GROUPS
#undef NAME
#undef TARGET
