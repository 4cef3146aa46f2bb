// The largest magnitude of some numbers. NAME(f) names the function, TARGET chooses the instructions.

INLINE TARGET float NAME(largest)(const float *values, size_t count) {
  // Sixteen at a time: a maximum does not depend on the order. What is not a number is passed over.
  floats parts = 0;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const floats x = __builtin_elementwise_abs(*(const floats *)(values + i));
    parts = x > parts ? x : parts;
  }
  float result = 0;
  for (; i < count; i++) {
    const float x = values[i] < 0 ? -values[i] : values[i];
    result = x > result ? x : result;
  }
  for (int k = 0; k < 16; k++) result = parts[k] > result ? parts[k] : result;
  return result;
}
