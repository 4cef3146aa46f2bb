// The cosine transform of one latent position. Every sum is in the order of its index.

static TARGET void NAME(analyze_cosines)(
    const float *samples, const int32_t *order, const float *factors, float *latents) {
  // Rows of pixels to frequencies.
  float down[16][48];
  for (size_t u = 0; u < 16; u++) {
    float sums[48] = {0};
    for (size_t y = 0; y < 16; y++) {
      const float weight = cosine_basis[u][y];
      for (size_t j = 0; j < 48; j++) sums[j] += weight * samples[y * 48 + j];
    }
    for (size_t j = 0; j < 48; j++) down[u][j] = sums[j];
  }
  float coefficients[3][16][16];
  for (size_t u = 0; u < 16; u++) {
    for (size_t c = 0; c < 3; c++) {
      float sums[16] = {0};
      for (size_t x = 0; x < 16; x++) {
        const float *pixel = down[u] + 3 * x;
        const float value = colour_basis[c][0] * pixel[0] + colour_basis[c][1] * pixel[1] +
                            colour_basis[c][2] * pixel[2];
        for (size_t v = 0; v < 16; v++) sums[v] += cosine_columns[x][v] * value;
      }
      for (size_t v = 0; v < 16; v++) coefficients[c][u][v] = sums[v];
    }
  }
  const float *flat = &coefficients[0][0][0];
  for (size_t k = 0; k < 768; k++) latents[k] = flat[order[k]] * factors[k];
}

static TARGET void NAME(synthesize_cosines)(
    const float *latents, const int32_t *order, const float *factors, float *samples) {
  float coefficients[3][16][16];
  float *flat = &coefficients[0][0][0];
  for (size_t k = 0; k < 768; k++) flat[order[k]] = latents[k] * factors[k];
  float across[16][48];
  for (size_t u = 0; u < 16; u++) {
    float components[3][16];
    for (size_t c = 0; c < 3; c++) {
      float sums[16] = {0};
      for (size_t v = 0; v < 16; v++) {
        const float value = coefficients[c][u][v];
        for (size_t x = 0; x < 16; x++) sums[x] += cosine_basis[v][x] * value;
      }
      for (size_t x = 0; x < 16; x++) components[c][x] = sums[x];
    }
    for (size_t x = 0; x < 16; x++) {
      for (size_t k = 0; k < 3; k++) {
        across[u][3 * x + k] = colour_basis[0][k] * components[0][x] +
                               colour_basis[1][k] * components[1][x] +
                               colour_basis[2][k] * components[2][x];
      }
    }
  }
  for (size_t y = 0; y < 16; y++) {
    float sums[48] = {0};
    for (size_t u = 0; u < 16; u++) {
      const float weight = cosine_basis[u][y];
      for (size_t j = 0; j < 48; j++) sums[j] += weight * across[u][j];
    }
    for (size_t j = 0; j < 48; j++) samples[y * 48 + j] = sums[j];
  }
}

static TARGET void NAME(expand)(float *values, const float *k, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float x = values[i];
    values[i] = x * __builtin_elementwise_sqrt(1 + k[i] * x * x);
  }
}

static TARGET void NAME(compress)(float *values, const float *k, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float y = values[i];
    values[i] = y * __builtin_elementwise_sqrt(2 / (1 + __builtin_elementwise_sqrt(1 + 4 * k[i] * y * y)));
  }
}

static TARGET void NAME(limit)(float *values, size_t count, float bound) {
  const float most = 1e4f * bound;
  for (size_t i = 0; i < count; i++) {
    float x = values[i];
    x = x < most ? x : most;
    x = x > -most ? x : -most;
    float ratio = x / bound;
    ratio = ratio * ratio;
    ratio = ratio * ratio;
    values[i] = x / __builtin_elementwise_sqrt(__builtin_elementwise_sqrt(
                        __builtin_elementwise_sqrt(1 + ratio * ratio)));
  }
}
