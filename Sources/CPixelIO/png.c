#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CPixelIO.h"
#include "buffer.h"

// The keyword of the text chunk that holds XMP.
#define XMP_KEYWORD "XML:com.adobe.xmp"

// Where an error of libpng ends up. The caller's frame holds it, or the reader.
typedef struct {
  jmp_buf fence;
  int status;
  char *message;
  // Room for the first complaint about metadata, or NULL.
  char *complaint;
} gq_png_fence;

static void on_error(png_structp png, png_const_charp text) {
  gq_png_fence *fence = png_get_error_ptr(png);
  if (fence->status == GQ_OK) {
    fence->status = strstr(text, "ut of memory") != NULL ? GQ_OUT_OF_MEMORY : GQ_DAMAGED;
  }
  snprintf(fence->message, GQ_MESSAGE_SIZE, "%s", text);
  longjmp(fence->fence, 1);
}

// libpng's complaints about metadata and wrong checksums are kept for the caller, those about anything else passed over.
// Without tRNS, pixels would be others: that ends the call.
static void on_warning(png_structp png, png_const_charp text) {
  static const char *const names[] = {"iCCP", "iTXt"};
  gq_png_fence *fence = png_get_error_ptr(png);
  if (strncmp(text, "tRNS", 4) == 0 && strstr(text, "duplicate") == NULL) png_error(png, text);
  if (fence->complaint == NULL || fence->complaint[0] != 0) return;
  if (strstr(text, "CRC") != NULL) snprintf(fence->complaint, GQ_MESSAGE_SIZE, "%s", text);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strncmp(text, names[i], 4) == 0) {
      snprintf(fence->complaint, GQ_MESSAGE_SIZE, "%s", text);
      return;
    }
  }
}

// --- Reading -----------------------------------------------------------------------------------

struct gq_png_reader {
  gq_png_fence fence;
  png_structp png;
  png_infop info;
  // NULL for a file.
  const uint8_t *bytes;
  int file;
  size_t count;
  size_t position;
  int is_partial;
  // Whether the chunk at the file's end is missing or damaged, which no pixel needs.
  int lacks_end;
  char complaint[GQ_MESSAGE_SIZE];
};

// Copies bytes from a place in the input. 0 when they are not all there.
static int copy_bytes(const gq_png_reader *reader, size_t position, void *target, size_t count) {
  if (position > reader->count || count > reader->count - position) return 0;
  if (reader->bytes != NULL) {
    memcpy(target, reader->bytes + position, count);
    return 1;
  }
  while (count > 0) {
    ssize_t found = pread(reader->file, target, count, (off_t)position);
    if (found < 0 && errno == EINTR) continue;
    if (found <= 0) return 0;
    target = (uint8_t *)target + found;
    position += (size_t)found;
    count -= (size_t)found;
  }
  return 1;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  gq_png_reader *reader = png_get_io_ptr(png);
  if (!copy_bytes(reader, reader->position, target, count)) {
    reader->fence.status = GQ_TRUNCATED;
    png_error(png, "the file ends too early");
  }
  reader->position += count;
}

static gq_png_reader *create_reader(
    const uint8_t *bytes, int file, size_t count, int metadata, size_t metadata_limit,
    int is_partial) {
  gq_png_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  char message[GQ_MESSAGE_SIZE];
  reader->bytes = bytes;
  reader->file = file;
  reader->count = count;
  reader->is_partial = is_partial;
  reader->fence.message = message;
  reader->fence.complaint = reader->complaint;
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
  // An ancillary chunk with a wrong checksum is left out with a warning.
  png_set_crc_action(
      reader->png, is_partial ? PNG_CRC_WARN_USE : PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
  png_set_chunk_malloc_max(reader->png, metadata_limit);
  // As many texts are unpacked; each may be as long as the limit.
  png_set_chunk_cache_max(reader->png, 16);
  // Skip every chunk that is not asked for: no profile or compressed text is unpacked in vain.
  static const png_byte pixel_chunks[] = "gAMA\0sRGB";
  static const png_byte metadata_chunks[] = "iCCP\0iTXt";
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_AS_DEFAULT, pixel_chunks, 2);
  if (metadata) {
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_AS_DEFAULT, metadata_chunks, 2);
  }
  return reader;
}

gq_png_reader *gq_png_reader_create(
    const uint8_t *bytes, size_t count, int metadata, size_t metadata_limit, int is_partial) {
  return create_reader(bytes, -1, count, metadata, metadata_limit, is_partial);
}

gq_png_reader *gq_png_file_reader_create(
    int file, size_t count, int metadata, size_t metadata_limit, int is_partial) {
  return create_reader(NULL, file, count, metadata, metadata_limit, is_partial);
}

static int discard_chunk(png_structp png, png_unknown_chunkp chunk) {
  (void)png, (void)chunk;
  return 1;
}

// Whether every chunk up to IEND, or without it every one of pixels, ends within the file: libpng takes memory for some
// before it reads them. Tells too whether metadata stands behind pixels.
static int has_whole_chunks(gq_png_reader *reader, int *has_late_metadata) {
  size_t position = 8;
  int has_pixels = 0;
  int has_transparency = 0;
  uint8_t chunk[8];
  *has_late_metadata = 0;
  while (reader->count >= 12 && position <= reader->count - 12 &&
         copy_bytes(reader, position, chunk, sizeof chunk)) {
    size_t length = (size_t)chunk[0] << 24 | chunk[1] << 16 | chunk[2] << 8 | chunk[3];
    if (memcmp(chunk + 4, "IEND", 4) == 0) {
      uint8_t checksum[4] = {0};
      copy_bytes(reader, position + 8, checksum, sizeof checksum);
      reader->lacks_end = length != 0 || memcmp(checksum, "\xAE\x42\x60\x82", 4) != 0;
      return has_pixels || !reader->lacks_end;
    }
    if (length > reader->count - 12 - position) break;
    if (memcmp(chunk + 4, "IDAT", 4) == 0) {
      has_pixels = 1;
    } else if (memcmp(chunk + 4, "tRNS", 4) == 0) {
      has_transparency = 1;
    } else if (has_transparency && memcmp(chunk + 4, "PLTE", 4) == 0) {
      // The palette is only a hint for pictures of other types, of which libpng would forget the transparent colour.
      uint8_t colour_type = PNG_COLOR_TYPE_PALETTE;
      if (copy_bytes(reader, 25, &colour_type, 1) && colour_type != PNG_COLOR_TYPE_PALETTE) {
        png_set_read_user_chunk_fn(reader->png, NULL, discard_chunk);
        png_set_keep_unknown_chunks(
            reader->png, PNG_HANDLE_CHUNK_ALWAYS, (const png_byte *)"PLTE", 1);
      }
    } else if (has_pixels) {
      *has_late_metadata = 1;
    }
    position += 12 + length;
  }
  reader->lacks_end = has_pixels;
  // A part of a chunk of pixels is behind the whole ones.
  return has_pixels &&
         !(copy_bytes(reader, position, chunk, 8) && memcmp(chunk + 4, "IDAT", 4) == 0);
}

// Reads what stands behind the pixels.
static void read_end(gq_png_reader *reader) {
  if (!reader->lacks_end) {
    png_read_end(reader->png, reader->info);
  } else if (reader->complaint[0] == 0) {
    snprintf(reader->complaint, GQ_MESSAGE_SIZE, "IEND: missing or damaged");
  }
}

int gq_png_read_header(
    gq_png_reader *reader, gq_png_header *header, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.status = GQ_OK;
  reader->fence.message = message;
  header->is_cut_short = !has_whole_chunks(reader, &header->has_late_metadata);
  header->lacks_end = reader->lacks_end;
  if (header->is_cut_short && !reader->is_partial) {
    snprintf(message, GQ_MESSAGE_SIZE, "the file ends too early");
    return GQ_TRUNCATED;
  }
  if (setjmp(reader->fence.fence)) return reader->fence.status;

  png_read_info(reader->png, reader->info);
  int colour_type = png_get_color_type(reader->png, reader->info);
  header->width = png_get_image_width(reader->png, reader->info);
  header->height = png_get_image_height(reader->png, reader->info);
  header->bit_depth = png_get_bit_depth(reader->png, reader->info);
  header->is_palette = colour_type == PNG_COLOR_TYPE_PALETTE;
  header->is_colour = (colour_type & PNG_COLOR_MASK_COLOR) != 0;
  header->has_alpha = (colour_type & PNG_COLOR_MASK_ALPHA) != 0 ||
                      png_get_valid(reader->png, reader->info, PNG_INFO_tRNS) != 0;
  png_fixed_point gamma = 0;
  if (png_get_valid(reader->png, reader->info, PNG_INFO_sRGB | PNG_INFO_iCCP) == 0 &&
      png_get_gAMA_fixed(reader->png, reader->info, &gamma) == 0) {
    gamma = 0;
  }
  header->gamma = gamma;
  header->is_interlaced =
      png_get_interlace_type(reader->png, reader->info) != PNG_INTERLACE_NONE;
  return GQ_OK;
}

// Asks for samples of 8 bits and returns the number of passes.
static int set_transforms(gq_png_reader *reader, size_t row_bytes) {
  int colour_type = png_get_color_type(reader->png, reader->info);
  if (colour_type == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(reader->png);
  } else if (png_get_bit_depth(reader->png, reader->info) < 8) {
    png_set_expand_gray_1_2_4_to_8(reader->png);
  }
  if (png_get_valid(reader->png, reader->info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(reader->png);
  png_set_scale_16(reader->png);
  int passes = png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  if (png_get_rowbytes(reader->png, reader->info) != row_bytes) {
    png_error(reader->png, "rows have an unexpected length");
  }
  return passes;
}

int gq_png_read_rows(
    gq_png_reader *reader, uint8_t *samples, size_t row_bytes, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.status = GQ_OK;
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;

  int passes = set_transforms(reader, row_bytes);
  png_uint_32 height = png_get_image_height(reader->png, reader->info);
  for (int pass = 0; pass < passes; pass++) {
    for (png_uint_32 row = 0; row < height; row++) {
      png_read_row(reader->png, samples + row * row_bytes, NULL);
    }
  }
  read_end(reader);
  return GQ_OK;
}

int gq_png_start_rows(gq_png_reader *reader, size_t row_bytes, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.status = GQ_OK;
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;
  if (set_transforms(reader, row_bytes) != 1) png_error(reader->png, "rows come in passes");
  return GQ_OK;
}

int gq_png_read_some_rows(
    gq_png_reader *reader, uint8_t *samples, size_t row_bytes, uint32_t rows,
    char message[GQ_MESSAGE_SIZE]) {
  reader->fence.status = GQ_OK;
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;
  for (uint32_t row = 0; row < rows; row++) {
    png_read_row(reader->png, samples + row * row_bytes, NULL);
  }
  return GQ_OK;
}

int gq_png_read_end(gq_png_reader *reader, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.status = GQ_OK;
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;
  read_end(reader);
  return GQ_OK;
}

void gq_png_read_metadata(gq_png_reader *reader, gq_png_metadata *metadata) {
  memset(metadata, 0, sizeof *metadata);
  metadata->complaint = reader->complaint;
  png_uint_32 length = 0;
  png_charp name = NULL;
  png_bytep profile = NULL;
  int compression = 0;
  if (png_get_iCCP(reader->png, reader->info, &name, &compression, &profile, &length) != 0) {
    metadata->icc = profile;
    metadata->icc_count = length;
  }
  png_textp texts = NULL;
  int count = 0;
  png_get_text(reader->png, reader->info, &texts, &count);
  for (int i = 0; i < count; i++) {
    if (strcmp(texts[i].key, XMP_KEYWORD) == 0 && metadata->xmp == NULL) {
      metadata->xmp = (const uint8_t *)texts[i].text;
      metadata->xmp_count = texts[i].itxt_length;
    }
  }
}

void gq_png_reader_destroy(gq_png_reader *reader) {
  if (reader == NULL) return;
  if (reader->png != NULL) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}

// --- Writing -----------------------------------------------------------------------------------

struct gq_png_writer {
  gq_png_fence fence;
  png_structp png;
  png_infop info;
  size_t row_bytes;
  gq_buffer buffer;
};

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  gq_buffer *buffer = &((gq_png_writer *)png_get_io_ptr(png))->buffer;
  if (!gq_buffer_reserve(buffer, count)) png_error(png, "out of memory");
  memcpy(buffer->bytes + buffer->count, bytes, count);
  buffer->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

static void set_metadata(
    png_structp png, png_infop info, const gq_png_metadata *metadata, int *icc_written) {
  *icc_written = 0;
  if (metadata->icc != NULL) {
    png_set_iCCP(
        png, info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, metadata->icc,
        (png_uint_32)metadata->icc_count);
    *icc_written = png_get_valid(png, info, PNG_INFO_iCCP) != 0;
  }
#if defined(PNG_eXIf_SUPPORTED)
  if (metadata->exif != NULL) {
    png_set_eXIf_1(png, info, (png_uint_32)metadata->exif_count, (png_bytep)metadata->exif);
  }
#endif
  if (metadata->xmp != NULL) {
    // Not compressed, so that programs find the packet that do not know PNG.
    png_text text = {
        .compression = PNG_ITXT_COMPRESSION_NONE,
        .key = XMP_KEYWORD,
        .text = (png_charp)metadata->xmp,
        .itxt_length = metadata->xmp_count,
        .lang = "",
        .lang_key = ""};
    png_set_text(png, info, &text, 1);
  }
}

gq_png_writer *gq_png_writer_create(
    uint32_t width, uint32_t height, int channels, int level, char message[GQ_MESSAGE_SIZE]) {
  gq_png_writer *writer = calloc(1, sizeof *writer);
  if (writer == NULL) return NULL;
  writer->fence.message = message;
  if (setjmp(writer->fence.fence)) {
    gq_png_writer_destroy(writer);
    return NULL;
  }
  writer->png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer->fence, on_error, on_warning);
  if (writer->png != NULL) writer->info = png_create_info_struct(writer->png);
  if (writer->info == NULL) {
    gq_png_writer_destroy(writer);
    return NULL;
  }
  png_set_write_fn(writer->png, writer, write_bytes, flush_nothing);
  png_set_user_limits(writer->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // A bad profile is left out instead of ending the call.
  png_set_benign_errors(writer->png, 1);
  png_set_compression_level(writer->png, level);
  png_set_IHDR(
      writer->png, writer->info, width, height, 8,
      (channels >= 3 ? PNG_COLOR_MASK_COLOR : 0) | (channels % 2 == 0 ? PNG_COLOR_MASK_ALPHA : 0),
      PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  writer->row_bytes = (size_t)width * (size_t)channels;
  return writer;
}

int gq_png_write_header(
    gq_png_writer *writer, const gq_png_metadata *metadata, int *icc_written,
    char message[GQ_MESSAGE_SIZE]) {
  writer->fence.status = GQ_OK;
  writer->fence.message = message;
  if (setjmp(writer->fence.fence)) return writer->fence.status;
  set_metadata(writer->png, writer->info, metadata, icc_written);
  if (metadata->cicp != NULL) {
    png_write_info_before_PLTE(writer->png, writer->info);
    png_write_chunk(writer->png, (const png_byte *)"cICP", metadata->cicp, 4);
  }
  png_write_info(writer->png, writer->info);
  return GQ_OK;
}

int gq_png_write_rows(
    gq_png_writer *writer, const uint8_t *samples, uint32_t rows, char message[GQ_MESSAGE_SIZE]) {
  writer->fence.status = GQ_OK;
  writer->fence.message = message;
  if (setjmp(writer->fence.fence)) return writer->fence.status;
  for (uint32_t row = 0; row < rows; row++) {
    png_write_row(writer->png, samples + row * writer->row_bytes);
  }
  return GQ_OK;
}

int gq_png_write_end(gq_png_writer *writer, char message[GQ_MESSAGE_SIZE]) {
  writer->fence.status = GQ_OK;
  writer->fence.message = message;
  if (setjmp(writer->fence.fence)) return writer->fence.status;
  // Not with info: this libpng would write eXIf a second time.
  png_write_end(writer->png, NULL);
  return GQ_OK;
}

gq_buffer *gq_png_writer_buffer(gq_png_writer *writer) { return &writer->buffer; }

void gq_png_writer_destroy(gq_png_writer *writer) {
  if (writer == NULL) return;
  if (writer->png != NULL) png_destroy_write_struct(&writer->png, &writer->info);
  free(writer->buffer.bytes);
  free(writer);
}
