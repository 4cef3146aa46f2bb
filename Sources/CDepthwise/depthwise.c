#include "CDepthwise.h"

#pragma STDC FP_CONTRACT OFF

#define CONVOLVE convolve_plain
#define TARGET
#include "Kernel.h"

#if defined(__x86_64__)
#define CONVOLVE convolve_avx2
#define TARGET __attribute__((target("avx2")))
#include "Kernel.h"

#define CONVOLVE convolve_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl"), min_vector_width(512)))
#include "Kernel.h"
#endif

int depthwise_supports(int instruction_set) {
  switch (instruction_set) {
    case DEPTHWISE_PLAIN:
      return 1;
#if defined(__x86_64__)
    case DEPTHWISE_AVX2:
      return __builtin_cpu_supports("avx2") != 0;
    case DEPTHWISE_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl");
#endif
    default:
      return 0;
  }
}

void depthwise_convolve(
    int instruction_set, const float *input, size_t rows, size_t columns, size_t channels,
    const float *weights, const float *bias, size_t first, size_t count, float *output) {
  switch (instruction_set) {
#if defined(__x86_64__)
    case DEPTHWISE_AVX512:
      convolve_avx512(input, rows, columns, channels, weights, bias, first, count, output);
      return;
    case DEPTHWISE_AVX2:
      convolve_avx2(input, rows, columns, channels, weights, bias, first, count, output);
      return;
#endif
    default:
      convolve_plain(input, rows, columns, channels, weights, bias, first, count, output);
  }
}
