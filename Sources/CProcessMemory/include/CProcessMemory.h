// How the program's process deals with memory: what it keeps, and what it does when there is no more, which is one line
// on standard error and an exit code of its own.
//
// Swift has no failing allocation: its runtime aborts, and so do C++ libraries; others follow a null pointer. Only the
// program may take over signals, so no library links this.

#ifndef C_PROCESS_MEMORY_H
#define C_PROCESS_MEMORY_H

#include <stddef.h>

// From now on a signal that comes of lack of memory ends the process with `exit_code` after the message of
// gq_out_of_memory_message. Other signals do what they did before. Lines on standard output are written as they end,
// so that none is lost.
void gq_exit_when_out_of_memory(int exit_code);

// What is said then, in place of what was to be said before; cut after 4 kB.
void gq_out_of_memory_message(const char *text);

// Whether the process would get `count` more bytes now. None of them is touched.
int gq_has_memory(size_t count);

// Bytes of address space or of data that the process may have at all, -1 when there is no limit.
long long gq_memory_limit(void);

// Keeps up to so many freed bytes for what comes next rather than giving pages back and having them cleared anew.
void gq_keep_freed_memory(int count);

// Where memory is limited, threads share one heap: each reserves 64 MB of address space for its own, which others miss
// or not as threads happen to be quick. Call it before the first thread.
void gq_use_one_heap_when_limited(void);

#endif
