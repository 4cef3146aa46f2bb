// The smallest interface to libpng, libjpeg and libwebp that hides their macros and setjmp.
//
// Readers work in two steps, so that the caller checks the size before any pixel is allocated:
// read the header, then read the rows into memory that the caller provides. No function here
// returns by longjmp, prints, or touches a file (rename.c excepted, and PNG files that the caller opened).

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
  // Whether rows come in passes, so that none is known before the last pass.
  int is_interlaced;
  // Whether metadata stands behind pixels, so that it is known only after the last row.
  int has_late_metadata;
  // Whether the file has not all its chunks of pixels, or none.
  int is_cut_short;
  // Whether the chunk at the file's end is missing or damaged: then nothing behind the pixels is read.
  int lacks_end;
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
  // Code points of the colour space (cICP), when writing; NULL is none.
  const uint8_t *cicp;
} gq_png_metadata;

// Starts to read `bytes`, which must outlive the reader. NULL when memory is short. Without
// `metadata` the profile and text are passed over unread; with it no chunk may have more than
// `metadata_limit` bytes, unpacked or not.
// With `is_partial` damage to pixels does not end a call where libpng can go on.
gq_png_reader *gq_png_reader_create(
    const uint8_t *bytes, size_t count, int metadata, size_t metadata_limit, int is_partial);

// The same for an open file of `count` bytes, which is read with pread and stays open.
gq_png_reader *gq_png_file_reader_create(
    int file, size_t count, int metadata, size_t metadata_limit, int is_partial);

// Reads everything in front of the pixels.
int gq_png_read_header(
    gq_png_reader *reader, gq_png_header *header, char message[GQ_MESSAGE_SIZE]);

// Rows come as 8-bit samples, palette and small depths expanded, 16 bits rounded to 8, no gamma applied. `row_bytes`
// must be width * ((palette or colour ? 3 : 1) + (alpha ? 1 : 0)).

// Reads all rows and the rest of the file. `samples` must hold height rows.
int gq_png_read_rows(
    gq_png_reader *reader, uint8_t *samples, size_t row_bytes, char message[GQ_MESSAGE_SIZE]);

// The same a few rows at a time, unless the file is interlaced: start, then rows until all are read, then the end.
int gq_png_start_rows(gq_png_reader *reader, size_t row_bytes, char message[GQ_MESSAGE_SIZE]);
int gq_png_read_some_rows(
    gq_png_reader *reader, uint8_t *samples, size_t row_bytes, uint32_t rows,
    char message[GQ_MESSAGE_SIZE]);
int gq_png_read_end(gq_png_reader *reader, char message[GQ_MESSAGE_SIZE]);

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

// Starts to read `bytes`, which must outlive the reader. NULL when memory is short. With `is_partial` damage does not end
// a call where libjpeg can go on.
gq_jpeg_reader *gq_jpeg_reader_create(const uint8_t *bytes, size_t count, int is_partial);

// Reads everything in front of the pixels.
int gq_jpeg_read_header(
    gq_jpeg_reader *reader, gq_jpeg_header *header, char message[GQ_MESSAGE_SIZE]);

// Rows come as 8-bit grey or RGB. Damage that libjpeg would only warn about ends the call. Not for GQ_JPEG_OTHER.

// Starts to read rows; then they are read a few at a time until there are no more, then the end up to its marker.
int gq_jpeg_start_rows(gq_jpeg_reader *reader, size_t row_bytes, char message[GQ_MESSAGE_SIZE]);
int gq_jpeg_read_some_rows(
    gq_jpeg_reader *reader, uint8_t *samples, size_t row_bytes, uint32_t rows,
    char message[GQ_MESSAGE_SIZE]);
int gq_jpeg_read_end(gq_jpeg_reader *reader, char message[GQ_MESSAGE_SIZE]);

// What was wrong so far without ending a call, empty for nothing, whether pixels are filled in, and whether some may be wrong.
const char *gq_jpeg_complaint(
    const gq_jpeg_reader *reader, int *is_incomplete, int *is_doubtful);

void gq_jpeg_reader_destroy(gq_jpeg_reader *reader);

// --- Writing -----------------------------------------------------------------------------------

// Bytes that a writer made and the caller has not taken.
typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} gq_buffer;

typedef struct gq_png_writer gq_png_writer;

// Starts to write 8-bit samples as PNG, compression level 0 to 9: `channels` is 1 for grey, 2 for grey with alpha, 3 for
// RGB and 4 for RGB with alpha. NULL when memory is short.
gq_png_writer *gq_png_writer_create(
    uint32_t width, uint32_t height, int channels, int level, char message[GQ_MESSAGE_SIZE]);

// Writes everything in front of the pixels. Of the metadata, NULL parts are left out, and a profile that libpng refuses
// too: `icc_written` tells. `xmp` must end with a zero byte that is not counted.
int gq_png_write_header(
    gq_png_writer *writer, const gq_png_metadata *metadata, int *icc_written,
    char message[GQ_MESSAGE_SIZE]);
int gq_png_write_rows(
    gq_png_writer *writer, const uint8_t *samples, uint32_t rows, char message[GQ_MESSAGE_SIZE]);
int gq_png_write_end(gq_png_writer *writer, char message[GQ_MESSAGE_SIZE]);

// What has been written. The caller takes it by setting the count to 0.
gq_buffer *gq_png_writer_buffer(gq_png_writer *writer);

void gq_png_writer_destroy(gq_png_writer *writer);

typedef struct gq_jpeg_writer gq_jpeg_writer;

// Starts to write 8-bit grey (1 component) or RGB (3) as JPEG with YCbCr inside. NULL when memory is short.
gq_jpeg_writer *gq_jpeg_writer_create(
    uint32_t width, uint32_t height, int component_count, char message[GQ_MESSAGE_SIZE]);

// Writes everything in front of the pixels, quality 1 to 100. `segments` holds whole marker segments to stand there: of
// each the marker's second byte, the length of the content in two bytes, most significant first, and the content.
// Optimised and progressive files are buffered in memory until their end.
int gq_jpeg_write_header(
    gq_jpeg_writer *writer, int quality, int optimize, int progressive, int halve_chroma,
    const uint8_t *segments, size_t segments_count, char message[GQ_MESSAGE_SIZE]);
int gq_jpeg_write_rows(
    gq_jpeg_writer *writer, const uint8_t *samples, uint32_t rows, char message[GQ_MESSAGE_SIZE]);
int gq_jpeg_write_end(gq_jpeg_writer *writer, char message[GQ_MESSAGE_SIZE]);

// As for PNG.
gq_buffer *gq_jpeg_writer_buffer(gq_jpeg_writer *writer);

void gq_jpeg_writer_destroy(gq_jpeg_writer *writer);

// The name and version of the JPEG library that this was compiled with.
const char *gq_jpeg_library_version(void);

// --- WebP --------------------------------------------------------------------------------------

typedef struct {
  uint32_t width;
  uint32_t height;
  int has_alpha;
} gq_webp_header;

// NULL is none.
typedef struct {
  const uint8_t *bytes;
  size_t count;
} gq_webp_part;

typedef struct {
  gq_webp_part icc;
  gq_webp_part exif;
  gq_webp_part xmp;
} gq_webp_metadata;

// What a file begins with. Animation is GQ_UNSUPPORTED.
int gq_webp_read_header(
    const uint8_t *bytes, size_t count, gq_webp_header *header, char message[GQ_MESSAGE_SIZE]);

// Reads all pixels: RGB, or RGBA with colours not multiplied by alpha. `samples` must hold all rows.
int gq_webp_read(
    const uint8_t *bytes, size_t count, const gq_webp_header *header, uint8_t *samples,
    char message[GQ_MESSAGE_SIZE]);

// Finds the metadata, which then points into `bytes`. 0 when the container cannot be read.
int gq_webp_read_metadata(const uint8_t *bytes, size_t count, gq_webp_metadata *metadata);

// Writes a whole file of RGB (3 channels) or RGBA (4) into an empty buffer: quality 0 to 100, below 0 without loss.
int gq_webp_write(
    const uint8_t *samples, uint32_t width, uint32_t height, int channels, int quality,
    const gq_webp_metadata *metadata, gq_buffer *buffer, char message[GQ_MESSAGE_SIZE]);

// Gives a buffer's memory back, after which it is empty.
void gq_buffer_free(gq_buffer *buffer);

// --- Files -------------------------------------------------------------------------------------

// Renames a file unless the new name exists. 0, or the errno value: EEXIST when it does.
int gq_rename_without_replacing(const char *from, const char *to);

// Opens a file without a name, to be written; it goes away with the process. -1 where there is no such thing.
int gq_open_unnamed(const char *folder);

// Gives an unnamed file a name in its folder's file system. 0, or the errno value: EEXIST when the name is taken.
int gq_name_unnamed(int file, const char *path);

#if defined(__cplusplus)
}
#endif

#endif
