#ifndef GQ_BLOCK_SEARCH_H
#define GQ_BLOCK_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/// Queries that one call searches for.
#define GQ_SEARCH_LANES 32
/// Codewords of a block.
#define GQ_SEARCH_BLOCK 16

/// The two blocks whose best codewords score highest for a query, their scores, and the score of
/// the third best block; minus infinity where there is none.
typedef struct {
  float best;
  float second;
  float third;
  int32_t best_block;
  int32_t second_block;
} gq_leaders;

/// Scores every codeword for 32 queries in binary32 and keeps the three best blocks of each.
///
/// A score is the sum over the features of weight times feature; NaN never wins. Among blocks of
/// equal score the lower comes first.
///
/// - table: [blocks][features][16], the features of 16 codewords side by side.
/// - weights: [features][32], one column per query, aligned to 64 bytes.
/// - leaders: one per query.
void gq_best_blocks(
    const float *table, size_t features, size_t blocks, const float *weights, gq_leaders *leaders);

#endif
