// What all kernels share.
#ifndef GQ_VECTORS_H
#define GQ_VECTORS_H

#include <stddef.h>
#include <stdint.h>

// Sixteen numbers, in as many registers as it takes.
typedef float floats __attribute__((ext_vector_type(16), may_alias, aligned(4)));
typedef int32_t ints __attribute__((ext_vector_type(16), may_alias, aligned(4)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#define AVX2_TARGET __attribute__((target("avx2")))
#define AVX512_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"), min_vector_width(512)))

#endif
