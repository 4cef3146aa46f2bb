#include "InstructionSets.h"

#if defined(__linux__) || defined(__APPLE__)
#include <stdlib.h>
#include <string.h>
#define HAS_ENVIRONMENT 1
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#if defined(__wasm_simd128__)
static int chosen = GQ_SIMD128;
#elif defined(__aarch64__)
static int chosen = GQ_NEON;
#else
static int chosen = GQ_PLAIN;
#endif

int gq_supports(int instruction_set) {
  switch (instruction_set) {
    case GQ_PLAIN:
      return 1;
#if defined(__x86_64__)
    case GQ_AVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case GQ_AVX512:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni");
#endif
#if defined(__aarch64__)
    case GQ_NEON:
      return 1;
    case GQ_NEON_DOT:
#if defined(__ARM_FEATURE_DOTPROD)
      return 1;
#elif defined(__linux__)
      return (getauxval(AT_HWCAP) >> 20) & 1;  // HWCAP_ASIMDDP
#else
      return 0;
#endif
#endif
#if defined(__wasm_simd128__)
    case GQ_SIMD128:
      return 1;
#endif
    default:
      return 0;
  }
}

int gq_instruction_set(void) { return __atomic_load_n(&chosen, __ATOMIC_RELAXED); }

void gq_use(int instruction_set) { __atomic_store_n(&chosen, instruction_set, __ATOMIC_RELAXED); }

const char *gq_instruction_set_name(int instruction_set) {
  static const char *const names[GQ_INSTRUCTION_SETS] = {"plain", "avx2",     "avx512",
                                                         "neon",  "neon-dot", "simd128"};
  return instruction_set >= 0 && instruction_set < GQ_INSTRUCTION_SETS ? names[instruction_set] : "";
}

#ifdef HAS_ENVIRONMENT
// Before anything runs, so that no thread sees it change.
static __attribute__((constructor)) void choose(void) {
  const char *named = getenv("GQIMG_ISA");
  for (int k = 0; k < GQ_INSTRUCTION_SETS; k++) {
    if (!gq_supports(k)) continue;
    // The later of those that a machine has are the faster ones.
    if (!named || !*named || !strcmp(named, gq_instruction_set_name(k))) gq_use(k);
  }
}
#endif
