#ifndef C_GAUSSIAN_SEARCH_H
#define C_GAUSSIAN_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "CTrellisSearch.h"

/// The instruction sets that have a kernel, from the slowest to the fastest.
#define GAUSSIAN_SEARCH_PLAIN 0
#define GAUSSIAN_SEARCH_AVX2 1
#define GAUSSIAN_SEARCH_AVX512 2

/// Queries that one call searches for.
#define GAUSSIAN_SEARCH_LANES 32
/// Codewords of a block.
#define GAUSSIAN_SEARCH_BLOCK 16

/// The two blocks whose best codewords score highest for a query, their scores, and the score of
/// the third best block; minus infinity where there is none.
typedef struct {
  float best;
  float second;
  float third;
  int32_t best_block;
  int32_t second_block;
} gaussian_search_leaders;

/// Whether this machine can run the kernel of an instruction set.
int gaussian_search_supports(int instruction_set);

/// Scores every codeword for 32 queries in binary32 and keeps the three best blocks of each.
///
/// A score is the sum over the features of weight times feature; NaN never wins. Among blocks of
/// equal score the lower comes first.
///
/// - table: [blocks][features][16], the features of 16 codewords side by side.
/// - weights: [features][32], one column per query, aligned to 64 bytes.
/// - leaders: one per query.
/// - instruction_set: one that `gaussian_search_supports`.
void gaussian_search_best_blocks(int instruction_set, const float *table, size_t features,
                                 size_t blocks, const float *weights,
                                 gaussian_search_leaders *leaders);

#endif
