// The program's own solver and search over the rows of a batch: what a loop in Python would take longer for than the work.
#include <math.h>
#include <stdlib.h>

#include "TrellisSearch.h"
#include "VectorMath.h"

/// offsets[row]: the u of a row's coefficients that are sent, those whose bits are not 0; 0 for a row without any.
///
/// - squares, log_variance_offsets: [rows, width]
/// - bits: [rows, width]
/// - nats: [rows]
int gqt_offsets(
    const float *squares, const float *log_variance_offsets, const uint8_t *bits, const double *nats, size_t rows,
    size_t width, float *offsets) {
  float *packed = malloc(2 * width * sizeof(float));
  if (!packed) return -1;
  for (size_t row = 0; row < rows; row++) {
    size_t count = 0;
    for (size_t k = row * width; k < (row + 1) * width; k++) {
      if (!bits[k]) continue;
      packed[count] = squares[k];
      packed[width + count++] = log_variance_offsets[k];
    }
    offsets[row] = count ? gq_offset(packed, packed + width, count, nats[row], 8) : 0;
  }
  free(packed);
  return 0;
}

static size_t greatest_divisor(size_t a, size_t b) { return b ? greatest_divisor(b, a % b) : a; }

/// values[row]: codewords of the best path through a row's coefficients that are sent; others are left alone.
///
/// - trellis: of states of `state_bits` bits.
/// - means, variances, bits, values: [rows, width]
/// - begins: [rows], the state that each row's path goes on from, or -1 for the best of the first `starts`; receives its
///   last state.
int gqt_paths(
    gq_trellis *trellis, unsigned state_bits, uint32_t starts, const float *means,
    const float *variances, const uint8_t *bits, size_t rows, size_t width, int64_t *begins,
    float *values) {
  size_t *places = malloc(width * sizeof(size_t));
  float *scores = malloc(2 * width * sizeof(float));
  uint8_t *widths = malloc(width);
  uint32_t *codes = malloc(width * sizeof(uint32_t));
  int status = places && scores && widths && codes ? 0 : -1;
  for (size_t row = 0; row < rows && !status; row++) {
    size_t count = 0;
    for (size_t k = row * width; k < (row + 1) * width; k++) {
      if (bits[k]) places[count++] = k;
    }
    if (!count) continue;
    // Every step far from the one before, so that coefficients that want more bits lie beside others that want fewer.
    size_t stride = (618 * count + 999) / 1000;
    while (greatest_divisor(stride, count) != 1) stride++;
    for (size_t j = 0; j < count; j++) {
      const size_t k = places[j * stride % count];
      const float precision = 1 / variances[k];
      scores[j] = means[k] * precision;
      scores[width + j] = (precision - 1) / 2;
      widths[j] = bits[k];
    }
    uint32_t start = begins[row] < 0 ? 0 : (uint32_t)begins[row];
    status = gq_trellis_search(
        trellis, count, widths, scores, scores + width, begins[row] < 0 ? starts : 1, &start,
        codes);
    if (status) break;
    uint32_t state = start;
    for (size_t j = 0; j < count; j++) {
      const unsigned entering = widths[j] < GQ_ENTERING_BITS ? widths[j] : GQ_ENTERING_BITS;
      state = (state << entering | (codes[j] & ((1u << entering) - 1))) & ((1u << state_bits) - 1);
      values[places[j * stride % count]] = gq_trellis_value(trellis, state, codes[j], widths[j]);
    }
    begins[row] = state;
  }
  free(places);
  free(scores);
  free(widths);
  free(codes);
  return status;
}
