#include "buffer.h"

#include <stdlib.h>

int gq_buffer_reserve(gq_buffer *buffer, size_t extra) {
  if (extra <= buffer->capacity - buffer->count) return 1;
  if (extra > SIZE_MAX / 4 || buffer->capacity > SIZE_MAX / 4) return 0;
  size_t capacity = buffer->capacity * 2;
  if (capacity < buffer->count + extra) capacity = buffer->count + extra;
  if (capacity < 65536) capacity = 65536;
  uint8_t *bytes = realloc(buffer->bytes, capacity);
  if (bytes == NULL) return 0;
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  return 1;
}
