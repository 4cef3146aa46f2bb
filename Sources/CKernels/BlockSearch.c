#include "BlockSearch.h"

#include "InstructionSets.h"
#include "Vectors.h"

// A product and the sum it goes into may be rounded once: the caller's error bound allows for both.
#pragma STDC FP_CONTRACT ON

#define KERNEL best_blocks_plain
#define TARGET
#define WIDTH 4
#define VECTORS 2
#if defined(__aarch64__)
#define CODEWORDS 8
#else
#define CODEWORDS 4
#endif
#include "Templates/BestBlocks.h"

#if defined(__x86_64__)
#define KERNEL best_blocks_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#define VECTORS 2
#define CODEWORDS 4
#include "Templates/BestBlocks.h"

#define KERNEL best_blocks_avx512
#define TARGET AVX512_TARGET
#define WIDTH 16
#define VECTORS 2
#define CODEWORDS 8
#include "Templates/BestBlocks.h"
#endif

void gq_best_blocks(const float *table, size_t features,
                                 size_t blocks, const float *weights,
                                 gq_leaders *leaders) {
  switch (gq_instruction_set()) {
#if defined(__x86_64__)
    case GQ_AVX512:
      best_blocks_avx512(table, features, blocks, weights, leaders);
      return;
    case GQ_AVX2:
      best_blocks_avx2(table, features, blocks, weights, leaders);
      return;
#endif
    default:
      best_blocks_plain(table, features, blocks, weights, leaders);
  }
}
