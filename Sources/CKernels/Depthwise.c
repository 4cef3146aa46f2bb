#include "Depthwise.h"

#include "InstructionSets.h"
#include "Vectors.h"

#pragma STDC FP_CONTRACT OFF

#define CONVOLVE convolve_plain
#define TARGET
#include "Templates/Depthwise.h"

#if defined(__x86_64__)
#define CONVOLVE convolve_avx2
#define TARGET AVX2_TARGET
#include "Templates/Depthwise.h"

#define CONVOLVE convolve_avx512
#define TARGET AVX512_TARGET
#include "Templates/Depthwise.h"
#endif

void gq_convolve_depthwise(
    const float *input, size_t rows, size_t columns, size_t channels, const float *weights,
    const float *bias, size_t first, size_t count, float *output) {
  switch (gq_instruction_set()) {
#if defined(__x86_64__)
    case GQ_AVX512:
      convolve_avx512(input, rows, columns, channels, weights, bias, first, count, output);
      return;
    case GQ_AVX2:
      convolve_avx2(input, rows, columns, channels, weights, bias, first, count, output);
      return;
#endif
    default:
      convolve_plain(input, rows, columns, channels, weights, bias, first, count, output);
  }
}
