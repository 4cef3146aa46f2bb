#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "CPixelIO.h"
#include "buffer.h"

// No encoder writes this many scans; a small file with very many over a large picture is an attack
// on the reader's time.
enum { MAX_SCANS = 500 };

// Where an error of libjpeg ends up. The first member, so that `cinfo->err` points here.
typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf fence;
  int status;
  char *message;
  // What was wrong without ending the call: of what leaves the pixels alone the first, in place of it what does not.
  char complaint[GQ_MESSAGE_SIZE];
  // Whether a call goes on where pixels are missing, and whether some are.
  int is_partial;
  int is_incomplete;
  // Whether pixels may be wrong.
  int is_doubtful;
  // Whether all rows are read.
  int is_at_end;
  int has_no_end;
  // The file that is read.
  const uint8_t *bytes;
} gq_jpeg_fence;

static void complain(j_common_ptr cinfo) {
  gq_jpeg_fence *fence = (gq_jpeg_fence *)cinfo->err;
  if (fence->complaint[0] != 0) return;
  char text[JMSG_LENGTH_MAX];
  cinfo->err->format_message(cinfo, text);
  snprintf(fence->complaint, GQ_MESSAGE_SIZE, "%s", text);
}

static void leave(j_common_ptr cinfo, int status) {
  gq_jpeg_fence *fence = (gq_jpeg_fence *)cinfo->err;
  char text[JMSG_LENGTH_MAX];
  cinfo->err->format_message(cinfo, text);
  snprintf(fence->message, GQ_MESSAGE_SIZE, "%s", text);
  fence->status = status;
  longjmp(fence->fence, 1);
}

static void on_error(j_common_ptr cinfo) {
  switch (cinfo->err->msg_code) {
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY:
    case JERR_NO_IMAGE:
      leave(cinfo, GQ_TRUNCATED);
      break;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_IMAGE_TOO_BIG:
    case JERR_NOT_COMPILED:
      leave(cinfo, GQ_UNSUPPORTED);
      break;
    case JERR_OUT_OF_MEMORY:
      leave(cinfo, GQ_OUT_OF_MEMORY);
      break;
    default:
      leave(cinfo, GQ_DAMAGED);
  }
}

// Whether the bytes that libjpeg passed over just now are filler, all of one value.
static int is_filler(j_common_ptr cinfo) {
  const uint8_t *end = ((j_decompress_ptr)cinfo)->src->next_input_byte;
  const uint8_t *bytes = ((gq_jpeg_fence *)cinfo->err)->bytes;
  const int count = cinfo->err->msg_parm.i[0];
  if (count < 1 || count > end - bytes) return 0;
  for (int k = 2; k <= count; k++) {
    if (end[-k] != end[-1]) return 0;
  }
  return 1;
}

// Bytes of a scan that are no pixels: some cameras pad there, but pixels may have been read from wrong bits too.
static void doubt(j_common_ptr cinfo) {
  gq_jpeg_fence *fence = (gq_jpeg_fence *)cinfo->err;
  if (!is_filler(cinfo) && !fence->is_incomplete) {
    fence->is_doubtful = 1;
    fence->complaint[0] = 0;
  }
  complain(cinfo);
}

// Damage to pixels: the call ends, or goes on with libjpeg's grey filler.
static void damage(j_common_ptr cinfo, int status) {
  gq_jpeg_fence *fence = (gq_jpeg_fence *)cinfo->err;
  if (!fence->is_partial) leave(cinfo, fence->has_no_end ? GQ_TRUNCATED : status);
  if (!fence->is_incomplete) fence->complaint[0] = 0;
  fence->is_incomplete = 1;
  complain(cinfo);
}

// libjpeg warns about damage and goes on with grey filler. Here damage ends the call; what leaves
// the pixels alone is kept for the caller.
static void on_message(j_common_ptr cinfo, int level) {
  gq_jpeg_fence *fence = (gq_jpeg_fence *)cinfo->err;
  if (level >= 0) return;
  if (fence->is_at_end) {
    if (cinfo->err->msg_code == JWRN_EXTRANEOUS_DATA) {
      doubt(cinfo);
    } else {
      complain(cinfo);
    }
    return;
  }
  switch (cinfo->err->msg_code) {
    case JWRN_JPEG_EOF:
      // Whether bits are missing is found out when they are needed, or at the end.
      fence->has_no_end = 1;
      complain(cinfo);
      break;
    case JWRN_NOT_SEQUENTIAL:
      // A baseline scan has no other coefficients than all, whatever its header says.
      complain(cinfo);
      break;
    case JWRN_EXTRANEOUS_DATA: {
      // In front of a restart marker, data was lost.
      int marker = cinfo->err->msg_parm.i[1];
      if (marker >= 0xD0 && marker <= 0xD7) {
        damage(cinfo, GQ_DAMAGED);
      } else {
        doubt(cinfo);
      }
      break;
    }
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA:
      break;
#if defined(LIBJPEG_TURBO_VERSION)
    case JWRN_BOGUS_ICC:
      break;
#endif
    default:
      damage(cinfo, GQ_DAMAGED);
  }
}

static void print_nothing(j_common_ptr cinfo) { (void)cinfo; }

static void set_fence(gq_jpeg_fence *fence) {
  jpeg_std_error(&fence->manager);
  fence->manager.error_exit = on_error;
  fence->manager.emit_message = on_message;
  fence->manager.output_message = print_nothing;
}

// --- Reading -----------------------------------------------------------------------------------

struct gq_jpeg_reader {
  gq_jpeg_fence fence;
  struct jpeg_progress_mgr progress;
  struct jpeg_decompress_struct cinfo;
  int is_cmyk;
  size_t count;
  // One row of four inks, for CMYK only.
  uint8_t *inks;
};

static void on_progress(j_common_ptr cinfo) {
  if (((j_decompress_ptr)cinfo)->input_scan_number > MAX_SCANS) {
    gq_jpeg_fence *fence = (gq_jpeg_fence *)cinfo->err;
    snprintf(fence->message, GQ_MESSAGE_SIZE, "more than %d scans", MAX_SCANS);
    fence->status = GQ_DAMAGED;
    longjmp(fence->fence, 1);
  }
}

gq_jpeg_reader *gq_jpeg_reader_create(const uint8_t *bytes, size_t count, int is_partial) {
  gq_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  char message[GQ_MESSAGE_SIZE];
  set_fence(&reader->fence);
  reader->fence.message = message;
  reader->fence.is_partial = is_partial;
  reader->fence.bytes = bytes;
  reader->count = count;
  reader->cinfo.err = &reader->fence.manager;
  if (setjmp(reader->fence.fence)) {
    gq_jpeg_reader_destroy(reader);
    return NULL;
  }
  jpeg_create_decompress(&reader->cinfo);
  jpeg_mem_src(&reader->cinfo, (unsigned char *)bytes, count);
  reader->progress.progress_monitor = on_progress;
  reader->cinfo.progress = &reader->progress;
  return reader;
}

int gq_jpeg_read_header(
    gq_jpeg_reader *reader, gq_jpeg_header *header, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;

  jpeg_read_header(&reader->cinfo, TRUE);
  header->width = reader->cinfo.image_width;
  header->height = reader->cinfo.image_height;
  header->bit_depth = reader->cinfo.data_precision;
  header->component_count = reader->cinfo.num_components;
  switch (reader->cinfo.jpeg_color_space) {
    case JCS_GRAYSCALE:
      header->colour = GQ_JPEG_GREY;
      break;
    case JCS_YCbCr:
    case JCS_RGB:
      header->colour = GQ_JPEG_COLOUR;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      header->colour = GQ_JPEG_CMYK;
      break;
    default:
      header->colour = GQ_JPEG_OTHER;
  }
  return GQ_OK;
}

// A row of CMYK to RGB: every ink takes its part of the light, black of all three. `inverted` is
// 255 when samples count ink, 0 when they count light.
static void mix_inks(const uint8_t *inks, uint8_t *rgb, size_t width, unsigned inverted) {
  for (size_t x = 0; x < width; x++) {
    unsigned black = inks[4 * x + 3] ^ inverted;
    for (size_t c = 0; c < 3; c++) {
      unsigned light = inks[4 * x + c] ^ inverted;
      rgb[3 * x + c] = (uint8_t)((light * black + 127) / 255);
    }
  }
}

int gq_jpeg_start_rows(gq_jpeg_reader *reader, size_t row_bytes, char message[GQ_MESSAGE_SIZE]) {
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;

  j_decompress_ptr cinfo = &reader->cinfo;
  reader->is_cmyk =
      cinfo->jpeg_color_space == JCS_CMYK || cinfo->jpeg_color_space == JCS_YCCK;
  cinfo->out_color_space = reader->is_cmyk                              ? JCS_CMYK
                           : cinfo->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE
                                                                      : JCS_RGB;
  jpeg_start_decompress(cinfo);
  size_t components = reader->is_cmyk ? 3 : (size_t)cinfo->output_components;
  if ((size_t)cinfo->output_width * components != row_bytes) {
    snprintf(message, GQ_MESSAGE_SIZE, "rows have an unexpected length");
    return GQ_DAMAGED;
  }
  if (reader->is_cmyk) {
    free(reader->inks);
    reader->inks = malloc((size_t)cinfo->output_width * 4);
    if (reader->inks == NULL) return GQ_OUT_OF_MEMORY;
  }
  return GQ_OK;
}

int gq_jpeg_read_some_rows(
    gq_jpeg_reader *reader, uint8_t *samples, size_t row_bytes, uint32_t rows,
    char message[GQ_MESSAGE_SIZE]) {
  reader->fence.message = message;
  if (setjmp(reader->fence.fence)) return reader->fence.status;

  j_decompress_ptr cinfo = &reader->cinfo;
  for (uint32_t k = 0; k < rows; k++) {
    uint8_t *target = samples + (size_t)k * row_bytes;
    JSAMPROW row = reader->is_cmyk ? reader->inks : target;
    if (jpeg_read_scanlines(cinfo, &row, 1) != 1) {
      snprintf(message, GQ_MESSAGE_SIZE, "the file ends too early");
      return GQ_TRUNCATED;
    }
    // Programs that write Adobe's marker store how much light an ink lets through, others how
    // much ink there is.
    if (reader->is_cmyk) {
      mix_inks(reader->inks, target, cinfo->output_width, cinfo->saw_Adobe_marker ? 0 : 255);
    }
  }
  return GQ_OK;
}

// Whether a file without an end marker has all bits of its pixels.
static int is_complete(gq_jpeg_reader *reader) {
  j_decompress_ptr cinfo = &reader->cinfo;
  size_t end = reader->count;
  while (end > 0 && reader->fence.bytes[end - 1] == 0) end--;
  // Zeros in the place of lost bits decode well. The decoder reads a few bytes ahead.
  enum { AHEAD = 16 };
  if (!jpeg_has_multiple_scans(cinfo)) {
    return reader->count - cinfo->src->bytes_in_buffer <= end + AHEAD || reader->count - end <= AHEAD ||
           cinfo->unread_marker == JPEG_EOI;
  }
  if (reader->count - end > AHEAD || cinfo->coef_bits == NULL) return 0;
  for (int component = 0; component < cinfo->num_components; component++) {
    for (int k = 0; k < DCTSIZE2; k++) {
      if (cinfo->coef_bits[component][k] != 0) return 0;
    }
  }
  return 1;
}

int gq_jpeg_read_end(gq_jpeg_reader *reader, char message[GQ_MESSAGE_SIZE]) {
  gq_jpeg_fence *fence = &reader->fence;
  fence->message = message;
  // All pixels are there: an error behind them is one more complaint.
  if (setjmp(fence->fence) == 0) {
    // What stands behind the last row of a single scan has not been read yet.
    int is_behind = jpeg_has_multiple_scans(&reader->cinfo);
    size_t place = reader->count - reader->cinfo.src->bytes_in_buffer;
    int has_end = reader->cinfo.unread_marker == JPEG_EOI && !fence->has_no_end;
    if (!is_behind && !has_end) {
      // Not by libjpeg, which supplies an end marker.
      for (size_t at = place; at + 1 < reader->count && !has_end; at++) {
        has_end = reader->fence.bytes[at] == 0xFF && reader->fence.bytes[at + 1] == JPEG_EOI;
      }
      if (!has_end) fence->has_no_end = 1;
    }
    if (fence->has_no_end && !is_complete(reader)) {
      snprintf(message, GQ_MESSAGE_SIZE, "the end is missing");
      if (!fence->is_partial) return GQ_TRUNCATED;
      fence->is_incomplete = 1;
      snprintf(fence->complaint, GQ_MESSAGE_SIZE, "%s", message);
    }
    if (fence->has_no_end && fence->complaint[0] == 0) {
      snprintf(fence->complaint, GQ_MESSAGE_SIZE, "the end marker is missing");
    }
    fence->is_at_end = 1;
    if (!fence->has_no_end) jpeg_finish_decompress(&reader->cinfo);
  } else if (fence->complaint[0] == 0) {
    snprintf(fence->complaint, GQ_MESSAGE_SIZE, "%s", message);
  }
  return GQ_OK;
}

const char *gq_jpeg_complaint(
    const gq_jpeg_reader *reader, int *is_incomplete, int *is_doubtful) {
  *is_incomplete = reader->fence.is_incomplete;
  *is_doubtful = reader->fence.is_doubtful;
  return reader->fence.complaint;
}

void gq_jpeg_reader_destroy(gq_jpeg_reader *reader) {
  if (reader == NULL) return;
  jpeg_destroy_decompress(&reader->cinfo);
  free(reader->inks);
  free(reader);
}

// --- Writing -----------------------------------------------------------------------------------

struct gq_jpeg_writer {
  gq_jpeg_fence fence;
  struct jpeg_compress_struct cinfo;
  struct jpeg_destination_mgr destination;
  // What libjpeg writes into; what is full goes to the buffer, which the caller empties.
  uint8_t room[16384];
  gq_buffer buffer;
};

static void offer_room(j_compress_ptr cinfo) {
  gq_jpeg_writer *writer = cinfo->client_data;
  writer->destination.next_output_byte = writer->room;
  writer->destination.free_in_buffer = sizeof writer->room;
}

static void keep(j_compress_ptr cinfo, size_t count) {
  gq_jpeg_writer *writer = cinfo->client_data;
  if (!gq_buffer_reserve(&writer->buffer, count)) ERREXIT1(cinfo, JERR_OUT_OF_MEMORY, 0);
  memcpy(writer->buffer.bytes + writer->buffer.count, writer->room, count);
  writer->buffer.count += count;
}

static boolean empty_room(j_compress_ptr cinfo) {
  // libjpeg asks for this call to take the whole room, whatever free_in_buffer says.
  keep(cinfo, sizeof((gq_jpeg_writer *)cinfo->client_data)->room);
  offer_room(cinfo);
  return TRUE;
}

static void finish_room(j_compress_ptr cinfo) {
  keep(cinfo, sizeof((gq_jpeg_writer *)cinfo->client_data)->room - cinfo->dest->free_in_buffer);
}

gq_jpeg_writer *gq_jpeg_writer_create(
    uint32_t width, uint32_t height, int component_count, char message[GQ_MESSAGE_SIZE]) {
  gq_jpeg_writer *writer = calloc(1, sizeof *writer);
  if (writer == NULL) return NULL;
  set_fence(&writer->fence);
  writer->fence.message = message;
  writer->cinfo.err = &writer->fence.manager;
  if (setjmp(writer->fence.fence)) {
    gq_jpeg_writer_destroy(writer);
    return NULL;
  }
  jpeg_create_compress(&writer->cinfo);
  writer->cinfo.client_data = writer;
  writer->destination.init_destination = offer_room;
  writer->destination.empty_output_buffer = empty_room;
  writer->destination.term_destination = finish_room;
  writer->cinfo.dest = &writer->destination;
  writer->cinfo.image_width = width;
  writer->cinfo.image_height = height;
  writer->cinfo.input_components = component_count;
  writer->cinfo.in_color_space = component_count == 3 ? JCS_RGB : JCS_GRAYSCALE;
  return writer;
}

int gq_jpeg_write_header(
    gq_jpeg_writer *writer, int quality, int optimize, int progressive, int halve_chroma,
    const uint8_t *segments, size_t segments_count, char message[GQ_MESSAGE_SIZE]) {
  writer->fence.message = message;
  if (setjmp(writer->fence.fence)) return writer->fence.status;
  j_compress_ptr cinfo = &writer->cinfo;
  jpeg_set_defaults(cinfo);
  jpeg_set_quality(cinfo, quality, TRUE);
  cinfo->optimize_coding = optimize ? TRUE : FALSE;
  if (cinfo->input_components == 3) {
    cinfo->comp_info[0].h_samp_factor = halve_chroma ? 2 : 1;
    cinfo->comp_info[0].v_samp_factor = halve_chroma ? 2 : 1;
  }
  if (progressive) jpeg_simple_progression(cinfo);
  jpeg_start_compress(cinfo, TRUE);
  for (size_t place = 0; place + 3 <= segments_count;) {
    unsigned count = (unsigned)segments[place + 1] << 8 | segments[place + 2];
    jpeg_write_marker(cinfo, segments[place], segments + place + 3, count);
    place += 3 + (size_t)count;
  }
  return GQ_OK;
}

int gq_jpeg_write_rows(
    gq_jpeg_writer *writer, const uint8_t *samples, uint32_t rows, char message[GQ_MESSAGE_SIZE]) {
  writer->fence.message = message;
  if (setjmp(writer->fence.fence)) return writer->fence.status;
  size_t row_bytes = (size_t)writer->cinfo.image_width * (size_t)writer->cinfo.input_components;
  for (uint32_t k = 0; k < rows; k++) {
    JSAMPROW row = (JSAMPROW)(samples + k * row_bytes);
    jpeg_write_scanlines(&writer->cinfo, &row, 1);
  }
  return GQ_OK;
}

int gq_jpeg_write_end(gq_jpeg_writer *writer, char message[GQ_MESSAGE_SIZE]) {
  writer->fence.message = message;
  if (setjmp(writer->fence.fence)) return writer->fence.status;
  jpeg_finish_compress(&writer->cinfo);
  return GQ_OK;
}

gq_buffer *gq_jpeg_writer_buffer(gq_jpeg_writer *writer) { return &writer->buffer; }

void gq_jpeg_writer_destroy(gq_jpeg_writer *writer) {
  if (writer == NULL) return;
  jpeg_destroy_compress(&writer->cinfo);
  free(writer->buffer.bytes);
  free(writer);
}

#define GQ_TEXT_OF(value) #value
#define GQ_TEXT(value) GQ_TEXT_OF(value)

const char *gq_jpeg_library_version(void) {
#if defined(LIBJPEG_TURBO_VERSION)
  return "libjpeg-turbo " GQ_TEXT(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " GQ_TEXT(JPEG_LIB_VERSION);
#endif
}
