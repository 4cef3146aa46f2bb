#include "CProcessMemory.h"

#include <stdlib.h>

// stdlib.h tells whose it is.
#if defined(__GLIBC__)
#include <malloc.h>
#endif

void gq_keep_freed_memory(int count) {
#if defined(__GLIBC__)
  // Blocks up to half of it come from the heap, which keeps so much free at its end.
  mallopt(M_MMAP_THRESHOLD, count / 2);
  mallopt(M_TRIM_THRESHOLD, count);
#else
  (void)count;
#endif
}

void gq_use_one_heap_when_limited(void) {
#if defined(__GLIBC__)
  if (gq_memory_limit() >= 0) mallopt(M_ARENA_MAX, 1);
#endif
}
