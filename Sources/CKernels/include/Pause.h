#ifndef GQ_PAUSE_H
#define GQ_PAUSE_H

/// Tells the processor that this thread waits for another in a loop.
static inline void gq_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
