// The smallest interface to libpng and libjpeg that hides their macros and setjmp.
//
// Readers work in two steps, so that the caller checks the size before any pixel is allocated:
// read the header, then read the rows into memory that the caller provides. No function here
// returns by longjmp, prints, or touches a file (rename.c excepted).

#ifndef CPIXELIO_H
#define CPIXELIO_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

// How a call ended.
enum {
  GQ_OK = 0,
  // The bytes end too early.
  GQ_TRUNCATED = 1,
  // The bytes contradict the format.
  GQ_DAMAGED = 2,
  // The bytes are valid but ask for something that the library does not do.
  GQ_UNSUPPORTED = 3,
  GQ_OUT_OF_MEMORY = 4,
};

// Bytes of a message with its terminating zero, at most.
enum { GQ_MESSAGE_SIZE = 256 };

// --- PNG ---------------------------------------------------------------------------------------

typedef struct gq_png_reader gq_png_reader;

typedef struct {
  uint32_t width;
  uint32_t height;
  // As stored: 1, 2, 4, 8 or 16.
  int bit_depth;
  int is_palette;
  int is_colour;
  // An alpha channel, or a tRNS chunk.
  int has_alpha;
  // In units of 1/100000 from gAMA; 0 when there is none, or a profile or sRGB in its stead.
  int gamma;
} gq_png_header;

// What a PNG file says beside its pixels. Pointers live as long as the reader; NULL is none.
typedef struct {
  const uint8_t *icc;
  size_t icc_count;
  const uint8_t *exif;
  size_t exif_count;
  const uint8_t *xmp;
  size_t xmp_count;
  // What libpng found wrong with one of these and so left out; empty when nothing.
  const char *complaint;
} gq_png_metadata;

// Starts to read `bytes`, which must outlive the reader. NULL when memory is short. Without
// `metadata` the profile and text are passed over unread; with it no chunk may have more than
// `metadata_limit` bytes, unpacked or not.
gq_png_reader *gq_png_reader_create(
    const uint8_t *bytes, size_t count, int metadata, size_t metadata_limit);

// Reads everything in front of the pixels.
int gq_png_read_header(
    gq_png_reader *reader, gq_png_header *header, char message[GQ_MESSAGE_SIZE]);

// Reads the rows as 8-bit samples, palette and small depths expanded, 16 bits rounded to 8, no
// gamma applied, and the rest of the file. `row_bytes` must be
// width * ((palette or colour ? 3 : 1) + (alpha ? 1 : 0)), and `samples` must hold height rows.
int gq_png_read_rows(
    gq_png_reader *reader, uint8_t *samples, size_t row_bytes, char message[GQ_MESSAGE_SIZE]);

// What was found beside the pixels, once the rows are read.
void gq_png_read_metadata(gq_png_reader *reader, gq_png_metadata *metadata);

void gq_png_reader_destroy(gq_png_reader *reader);

// --- JPEG --------------------------------------------------------------------------------------

typedef struct gq_jpeg_reader gq_jpeg_reader;

// What the stored components mean.
enum {
  GQ_JPEG_GREY = 0,
  // YCbCr or RGB; rows come out as RGB.
  GQ_JPEG_COLOUR = 1,
  // CMYK or YCCK; rows come out as RGB.
  GQ_JPEG_CMYK = 2,
  GQ_JPEG_OTHER = 3,
};

typedef struct {
  uint32_t width;
  uint32_t height;
  int bit_depth;
  int component_count;
  int colour;
} gq_jpeg_header;

// Starts to read `bytes`, which must outlive the reader. NULL when memory is short.
gq_jpeg_reader *gq_jpeg_reader_create(const uint8_t *bytes, size_t count);

// Reads everything in front of the pixels.
int gq_jpeg_read_header(
    gq_jpeg_reader *reader, gq_jpeg_header *header, char message[GQ_MESSAGE_SIZE]);

// Reads the rows as 8-bit grey or RGB and the rest of the file up to the end marker. Damage that
// libjpeg would only warn about ends the call. Not for GQ_JPEG_OTHER.
int gq_jpeg_read_rows(
    gq_jpeg_reader *reader, uint8_t *samples, size_t row_bytes, char message[GQ_MESSAGE_SIZE]);

void gq_jpeg_reader_destroy(gq_jpeg_reader *reader);

// --- Writing -----------------------------------------------------------------------------------

// Bytes that a writer made. Start with zeros, end with gq_buffer_free, whatever the status.
typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} gq_buffer;

void gq_buffer_free(gq_buffer *buffer);

// Writes 8-bit grey (1 component) or RGB (3) as PNG, compression level 0 to 9. `alpha` has one
// sample a pixel or is NULL. Of the metadata, NULL parts are left out, and a profile that libpng
// refuses too: `icc_written` tells. `xmp` must end with a zero byte that is not counted.
int gq_png_write(
    const uint8_t *samples, const uint8_t *alpha, uint32_t width, uint32_t height,
    int component_count, int level, const gq_png_metadata *metadata, int *icc_written,
    gq_buffer *buffer, char message[GQ_MESSAGE_SIZE]);

// Writes 8-bit grey (1 component) or RGB (3) as JPEG with YCbCr inside, quality 1 to 100.
// `segments` holds whole marker segments to stand in front of the picture: of each the marker's
// second byte, the length of the content in two bytes, most significant first, and the content.
int gq_jpeg_write(
    const uint8_t *samples, uint32_t width, uint32_t height, int component_count, int quality,
    int optimize, int progressive, int halve_chroma, const uint8_t *segments,
    size_t segments_count, gq_buffer *buffer, char message[GQ_MESSAGE_SIZE]);

// The name and version of the JPEG library that this was compiled with.
const char *gq_jpeg_library_version(void);

// --- Files -------------------------------------------------------------------------------------

// Renames a file unless the new name exists. 0, or the errno value: EEXIST when it does.
int gq_rename_without_replacing(const char *from, const char *to);

#if defined(__cplusplus)
}
#endif

#endif
