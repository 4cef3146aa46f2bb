#ifndef GQ_STDLIB_H
#define GQ_STDLIB_H
#include <stddef.h>
void *malloc(size_t count);
void *calloc(size_t count, size_t size);
void *aligned_alloc(size_t alignment, size_t count);
int posix_memalign(void **pointer, size_t alignment, size_t count);
void free(void *pointer);
#endif
