// The growing output of the writers.

#ifndef GQ_BUFFER_H
#define GQ_BUFFER_H

#include "CPixelIO.h"

// Makes room for `extra` more bytes. 0 when memory is short; the buffer is then as before.
int gq_buffer_reserve(gq_buffer *buffer, size_t extra);

#endif
