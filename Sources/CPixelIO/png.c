#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CPixelIO.h"
#include "buffer.h"

// Where an error of libpng ends up. The caller's frame holds it, or the reader.
typedef struct {
  jmp_buf fence;
  int status;
  char *message;
} gq_png_fence;

static void on_error(png_structp png, png_const_charp text) {
  gq_png_fence *fence = png_get_error_ptr(png);
  if (fence->status == GQ_OK) {
    fence->status = strstr(text, "ut of memory") != NULL ? GQ_OUT_OF_MEMORY : GQ_DAMAGED;
  }
  snprintf(fence->message, GQ_MESSAGE_SIZE, "%s", text);
  longjmp(fence->fence, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

// --- Reading -----------------------------------------------------------------------------------

struct gq_png_reader {
  gq_png_fence fence;
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t count;
  size_t position;
};

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  gq_png_reader *reader = png_get_io_ptr(png);
  if (count > reader->count - reader->position) {
    reader->fence.status = GQ_TRUNCATED;
    png_error(png, "the file ends too early");
  }
  memcpy(target, reader->bytes + reader->position, count);
  reader->position += count;
}

gq_png_reader *gq_png_reader_create(const uint8_t *bytes, size_t count) {
  gq_png_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  char message[GQ_MESSAGE_SIZE];
  reader->bytes = bytes;
  reader->count = count;
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) {
    gq_png_reader_destroy(reader);
    return NULL;
  }
  reader->png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader->fence, on_error, on_warning);
  if (reader->png != NULL) reader->info = png_create_info_struct(reader->png);
  if (reader->info == NULL) {
    gq_png_reader_destroy(reader);
    return NULL;
  }
  png_set_read_fn(reader->png, reader, read_bytes);
  // The caller has limits of its own; nothing is allocated by size before it has checked them.
  png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // A wrong checksum anywhere means a damaged file: tRNS, dropped in silence, would change pixels.
  png_set_crc_action(reader->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  // Skip every chunk that neither holds pixels nor says how they lie: no profile or compressed
  // text is unpacked.
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_keep_unknown_chunks(
      reader->png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "eXIf", 1);
  return reader;
}

int gq_png_read_header(
    gq_png_reader *reader, gq_png_header *header, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.status = GQ_OK;
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;

  png_read_info(reader->png, reader->info);
  int colour_type = png_get_color_type(reader->png, reader->info);
  header->width = png_get_image_width(reader->png, reader->info);
  header->height = png_get_image_height(reader->png, reader->info);
  header->bit_depth = png_get_bit_depth(reader->png, reader->info);
  header->is_palette = colour_type == PNG_COLOR_TYPE_PALETTE;
  header->is_colour = (colour_type & PNG_COLOR_MASK_COLOR) != 0;
  header->has_alpha_channel = (colour_type & PNG_COLOR_MASK_ALPHA) != 0;
  header->has_transparency_chunk =
      png_get_valid(reader->png, reader->info, PNG_INFO_tRNS) != 0;
  return GQ_OK;
}

int gq_png_read_rows(
    gq_png_reader *reader, uint8_t *samples, size_t row_bytes, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.status = GQ_OK;
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;

  int colour_type = png_get_color_type(reader->png, reader->info);
  if (colour_type == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(reader->png);
  } else if (png_get_bit_depth(reader->png, reader->info) < 8) {
    png_set_expand_gray_1_2_4_to_8(reader->png);
  }
  int passes = png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  if (png_get_rowbytes(reader->png, reader->info) != row_bytes) {
    png_error(reader->png, "rows have an unexpected length");
  }
  png_uint_32 height = png_get_image_height(reader->png, reader->info);
  for (int pass = 0; pass < passes; pass++) {
    for (png_uint_32 row = 0; row < height; row++) {
      png_read_row(reader->png, samples + row * row_bytes, NULL);
    }
  }
  png_read_end(reader->png, reader->info);
  return GQ_OK;
}

const uint8_t *gq_png_exif(gq_png_reader *reader, size_t *count) {
  png_uint_32 length = 0;
  png_bytep bytes = NULL;
#if defined(PNG_eXIf_SUPPORTED)
  if (png_get_eXIf_1(reader->png, reader->info, &length, &bytes) == 0) bytes = NULL;
#endif
  *count = bytes == NULL ? 0 : length;
  return bytes;
}

void gq_png_reader_destroy(gq_png_reader *reader) {
  if (reader == NULL) return;
  if (reader->png != NULL) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}

// --- Writing -----------------------------------------------------------------------------------

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  gq_buffer *buffer = png_get_io_ptr(png);
  if (!gq_buffer_reserve(buffer, count)) png_error(png, "out of memory");
  memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

int gq_png_write(
    const uint8_t *samples, uint32_t width, uint32_t height, int component_count, int level,
    gq_buffer *buffer, char message[GQ_MESSAGE_SIZE]) {
  gq_png_fence fence = {.status = GQ_OK, .message = message};
  snprintf(message, GQ_MESSAGE_SIZE, "out of memory");
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, &fence, on_error, on_warning);
  if (png == NULL) return GQ_OUT_OF_MEMORY;
  png_infop info = png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_write_struct(&png, NULL);
    return GQ_OUT_OF_MEMORY;
  }
  if (setjmp(fence.fence)) {
    png_destroy_write_struct(&png, &info);
    return fence.status;
  }

  png_set_write_fn(png, buffer, write_bytes, flush_nothing);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_compression_level(png, level);
  png_set_IHDR(
      png, info, width, height, 8, component_count == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
      PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  size_t row_bytes = (size_t)width * (size_t)component_count;
  for (uint32_t row = 0; row < height; row++) {
    png_write_row(png, samples + row * row_bytes);
  }
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  return GQ_OK;
}
