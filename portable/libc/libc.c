// What Swift and the kernels need of a C library where there is none: WebAssembly.
//
// Memory: blocks of powers of two from 32 bytes on, from free lists of each size; larger ones than 64 kB in steps of an
// eighth. The header before a block says its size class. Freed blocks are used again, never given back.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536u
#define MINIMUM 32u
enum { CLASSES = 8 * 27 };

struct block {
  uint32_t class;
  uint32_t padding[3];
};
struct freed {
  struct freed *next;
};

extern unsigned char __heap_base;
static uintptr_t top, limit;
static struct freed *lists[CLASSES];

// Sizes of a class with its header: eight steps for each power of two above 64 kB, one below.
static uint64_t class_size(uint32_t class) {
  return class < 12 ? (uint64_t)MINIMUM << class : (uint64_t)(8 + (class - 12) % 8) << (13 + (class - 12) / 8);
}

static uint32_t class_of(uint64_t size) {
  uint32_t class = 0;
  if (size > class_size(11)) {
    // The first step of the size's power of two, then at most seven more.
    int power = 63 - __builtin_clzll(size - 1);
    class = 12 + (uint32_t)(power - 16) * 8;
  }
  while (class_size(class) < size) class++;
  return class;
}

static void *take(uint64_t size) {
  if (!top) top = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15, limit = __builtin_wasm_memory_size(0) * (uintptr_t)PAGE;
  uint64_t end = (uint64_t)top + size;
  if (end > 0xFFFF0000u) return NULL;
  if (end > limit) {
    uint64_t pages = (end - limit + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, (unsigned long)pages) == (unsigned long)-1) return NULL;
    limit += (uintptr_t)(pages * PAGE);
  }
  void *result = (void *)top;
  top = (uintptr_t)end;
  return result;
}

void *malloc(size_t count) {
  uint32_t class = class_of((uint64_t)count + sizeof(struct block));
  if (class >= CLASSES) return NULL;
  if (lists[class]) {
    struct freed *result = lists[class];
    lists[class] = result->next;
    return result;
  }
  struct block *block = take(class_size(class));
  if (!block) return NULL;
  block->class = class;
  return block + 1;
}

void free(void *pointer) {
  if (!pointer) return;
  struct block *block = (struct block *)pointer - 1;
  // What `posix_memalign` moved up says where its block begins.
  if (block->class >= CLASSES) block = (struct block *)((uintptr_t)pointer - (block->class - CLASSES)) - 1;
  struct freed *freed = (struct freed *)(block + 1);
  freed->next = lists[block->class];
  lists[block->class] = freed;
}

void *calloc(size_t count, size_t size) {
  uint64_t total = (uint64_t)count * size;
  if (total > 0xFFFF0000u) return NULL;
  void *result = malloc((size_t)total);
  return result ? memset(result, 0, (size_t)total) : NULL;
}

int posix_memalign(void **pointer, size_t alignment, size_t count) {
  if (alignment <= 16) return (*pointer = malloc(count)) ? 0 : 12;
  uint64_t total = (uint64_t)count + alignment + sizeof(struct block);
  char *raw = total > 0xFFFF0000u ? NULL : malloc((size_t)total);
  if (!raw) return 12;
  char *aligned = (char *)(((uintptr_t)raw + sizeof(struct block) + alignment - 1) & ~(uintptr_t)(alignment - 1));
  ((struct block *)aligned - 1)->class = CLASSES + (uint32_t)(aligned - raw);
  *pointer = aligned;
  return 0;
}

void *aligned_alloc(size_t alignment, size_t count) {
  void *result = NULL;
  return posix_memalign(&result, alignment, count) ? NULL : result;
}

// Compiled with -mbulk-memory these are single instructions; plain loops would be made calls of themselves.
void *memcpy(void *restrict target, const void *restrict source, size_t count) {
  return memmove(target, source, count);
}

void *memmove(void *target, const void *source, size_t count) {
  __asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.copy 0, 0" : : "r"(target), "r"(source), "r"(count) : "memory");
  return target;
}

void *memset(void *target, int value, size_t count) {
  __asm__ volatile("local.get %0\nlocal.get %1\nlocal.get %2\nmemory.fill 0" : : "r"(target), "r"(value), "r"(count) : "memory");
  return target;
}

int memcmp(const void *a, const void *b, size_t count) {
  const unsigned char *x = a, *y = b;
  for (size_t k = 0; k < count; k++) {
    if (x[k] != y[k]) return x[k] < y[k] ? -1 : 1;
  }
  return 0;
}

int strcmp(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

// Swift's stack protector and the seed of its hash tables, whose order decides nothing.
uintptr_t __stack_chk_guard = 0x5bd1e995;

_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }

void arc4random_buf(void *buffer, size_t count) { memset(buffer, 0x5a, count); }

// The product of 128-bit numbers, which checked products of 64 bits are made of, from 32-bit parts.
__int128 __multi3(__int128 a, __int128 b) {
  const uint64_t mask = 0xffffffff;
  uint64_t al = (uint64_t)a, bl = (uint64_t)b;
  uint64_t low = (al & mask) * (bl & mask);
  uint64_t middle = (al >> 32) * (bl & mask) + (low >> 32);
  uint64_t other = (al & mask) * (bl >> 32) + (middle & mask);
  uint64_t high = (al >> 32) * (bl >> 32) + (middle >> 32) + (other >> 32);
  high += al * (uint64_t)(b >> 64) + (uint64_t)(a >> 64) * bl;
  return (__int128)(((unsigned __int128)high << 64) | (other << 32) | (low & mask));
}
