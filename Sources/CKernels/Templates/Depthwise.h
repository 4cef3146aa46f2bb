// The loops, included once per instruction set. To be defined before:
//   CONVOLVE   name of the function
//   TARGET     attribute that allows the instructions
//
// The compiler turns the inner loops into vector instructions; nothing is fused or reordered.

TARGET static void CONVOLVE(
    const float *restrict input, size_t rows, size_t columns, size_t channels,
    const float *restrict weights, const float *restrict bias, size_t first, size_t count,
    float *restrict output) {
  size_t row = first / columns, column = first % columns;
  for (size_t k = 0; k < count; k++) {
    float *restrict sums = output + k * channels;
    const float *center = input + (row * columns + column) * channels;
    const ptrdiff_t line = (ptrdiff_t)(columns * channels);
    if (row > 0 && row + 1 < rows && column > 0 && column + 1 < columns) {
      const float *above = center - line - channels, *middle = center - channels,
                  *below = center + line - channels;
      for (size_t c = 0; c < channels; c++) {
        float sum = bias[c];
        sum += above[c] * weights[c];
        sum += above[c + channels] * weights[c + channels];
        sum += above[c + 2 * channels] * weights[c + 2 * channels];
        sum += middle[c] * weights[c + 3 * channels];
        sum += middle[c + channels] * weights[c + 4 * channels];
        sum += middle[c + 2 * channels] * weights[c + 5 * channels];
        sum += below[c] * weights[c + 6 * channels];
        sum += below[c + channels] * weights[c + 7 * channels];
        sum += below[c + 2 * channels] * weights[c + 8 * channels];
        sums[c] = sum;
      }
    } else {
      for (size_t c = 0; c < channels; c++) sums[c] = bias[c];
      for (int dy = -1; dy <= 1; dy++) {
        if ((dy < 0 && row == 0) || (dy > 0 && row + 1 == rows)) continue;
        for (int dx = -1; dx <= 1; dx++) {
          if ((dx < 0 && column == 0) || (dx > 0 && column + 1 == columns)) continue;
          const float *source = center + dy * line + dx * (ptrdiff_t)channels;
          const float *tap = weights + (size_t)((dy + 1) * 3 + dx + 1) * channels;
          for (size_t c = 0; c < channels; c++) sums[c] += source[c] * tap[c];
        }
      }
    }
    if (++column == columns) row++, column = 0;
  }
}

#undef CONVOLVE
#undef TARGET
