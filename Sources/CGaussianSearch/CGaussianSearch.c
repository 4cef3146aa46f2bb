#include "CGaussianSearch.h"

// A product and the sum it goes into may be rounded once: the caller's error bound allows for both.
#pragma STDC FP_CONTRACT ON

#define UNROLL _Pragma("clang loop unroll(full)")

#define KERNEL best_blocks_plain
#define TARGET
#define WIDTH 4
#define VECTORS 2
#if defined(__aarch64__)
#define CODEWORDS 8
#else
#define CODEWORDS 4
#endif
#include "BestBlocks.h"

#if defined(__x86_64__)
#define KERNEL best_blocks_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#define VECTORS 2
#define CODEWORDS 4
#include "BestBlocks.h"

#define KERNEL best_blocks_avx512
#define TARGET __attribute__((target("avx512f,avx512dq"), min_vector_width(512)))
#define WIDTH 16
#define VECTORS 2
#define CODEWORDS 8
#include "BestBlocks.h"
#endif

int gaussian_search_supports(int instruction_set) {
  switch (instruction_set) {
    case GAUSSIAN_SEARCH_PLAIN:
      return 1;
#if defined(__x86_64__)
    case GAUSSIAN_SEARCH_AVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case GAUSSIAN_SEARCH_AVX512:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
#endif
    default:
      return 0;
  }
}

void gaussian_search_best_blocks(int instruction_set, const float *table, size_t features,
                                 size_t blocks, const float *weights,
                                 gaussian_search_leaders *leaders) {
  switch (instruction_set) {
#if defined(__x86_64__)
    case GAUSSIAN_SEARCH_AVX512:
      best_blocks_avx512(table, features, blocks, weights, leaders);
      return;
    case GAUSSIAN_SEARCH_AVX2:
      best_blocks_avx2(table, features, blocks, weights, leaders);
      return;
#endif
    default:
      best_blocks_plain(table, features, blocks, weights, leaders);
  }
}
