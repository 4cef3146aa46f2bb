// The search kernel, included once per instruction set. To be defined before:
//   KERNEL    name of the function
//   TARGET    attribute that allows the instructions
//   WIDTH     floats of a vector
//   VECTORS   vectors of queries scored together
//   CODEWORDS codewords scored together; CODEWORDS * VECTORS sums should fit the registers
//
// The products are blocked so that a codeword's feature, broadcast from memory, meets VECTORS
// vectors of queries and a query's weight CODEWORDS codewords. Scores never leave the registers.

#define NAME_OF(kernel, part) kernel##_##part
#define NAME(kernel, part) NAME_OF(kernel, part)
#define FLOATS NAME(KERNEL, floats)
#define INTEGERS NAME(KERNEL, integers)

typedef float FLOATS __attribute__((ext_vector_type(WIDTH), may_alias));
typedef int32_t INTEGERS __attribute__((ext_vector_type(WIDTH)));

TARGET static void KERNEL(const float *table, size_t features, size_t blocks, const float *weights,
                          gq_leaders *leaders) {
  for (int lane = 0; lane < GQ_SEARCH_LANES; lane += WIDTH * VECTORS) {
    FLOATS best[VECTORS], second[VECTORS], third[VECTORS];
    INTEGERS best_block[VECTORS], second_block[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) {
      best[v] = second[v] = third[v] = (FLOATS)-__builtin_inff();
      best_block[v] = second_block[v] = (INTEGERS)0;
    }
    const float *feature = table;
    for (size_t block = 0; block < blocks; block++) {
      FLOATS top[VECTORS];
      UNROLL for (int v = 0; v < VECTORS; v++) { top[v] = (FLOATS)-__builtin_inff(); }
      UNROLL for (int codeword = 0; codeword < GQ_SEARCH_BLOCK; codeword += CODEWORDS) {
        FLOATS score[CODEWORDS][VECTORS];
        UNROLL for (int c = 0; c < CODEWORDS; c++) {
          UNROLL for (int v = 0; v < VECTORS; v++) { score[c][v] = (FLOATS)0; }
        }
        const float *codewords = feature + codeword;
        const float *weight = weights + lane;
        for (size_t f = 0; f < features; f++) {
          UNROLL for (int c = 0; c < CODEWORDS; c++) {
            UNROLL for (int v = 0; v < VECTORS; v++) {
              score[c][v] += (FLOATS)codewords[c] * *(const FLOATS *)(weight + v * WIDTH);
            }
          }
          codewords += GQ_SEARCH_BLOCK;
          weight += GQ_SEARCH_LANES;
        }
        UNROLL for (int c = 0; c < CODEWORDS; c++) {
          UNROLL for (int v = 0; v < VECTORS; v++) {
            top[v] = score[c][v] > top[v] ? score[c][v] : top[v];
          }
        }
      }
      feature += features * GQ_SEARCH_BLOCK;
      const INTEGERS number = (INTEGERS)(int32_t)block;
      UNROLL for (int v = 0; v < VECTORS; v++) {
        const INTEGERS above_best = top[v] > best[v];
        const INTEGERS above_second = top[v] > second[v];
        third[v] = above_second ? second[v] : (top[v] > third[v] ? top[v] : third[v]);
        second[v] = above_best ? best[v] : (above_second ? top[v] : second[v]);
        second_block[v] = above_best ? best_block[v] : (above_second ? number : second_block[v]);
        best[v] = above_best ? top[v] : best[v];
        best_block[v] = above_best ? number : best_block[v];
      }
    }
    UNROLL for (int v = 0; v < VECTORS; v++) {
      for (int i = 0; i < WIDTH; i++) {
        gq_leaders *leader = &leaders[lane + v * WIDTH + i];
        leader->best = best[v][i];
        leader->second = second[v][i];
        leader->third = third[v][i];
        leader->best_block = best_block[v][i];
        leader->second_block = second_block[v][i];
      }
    }
  }
}

#undef NAME_OF
#undef NAME
#undef FLOATS
#undef INTEGERS
#undef KERNEL
#undef TARGET
#undef WIDTH
#undef VECTORS
#undef CODEWORDS
