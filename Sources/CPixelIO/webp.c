#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "CPixelIO.h"
#include "buffer.h"

static int fail(int status, const char *text, char *message) {
  snprintf(message, GQ_MESSAGE_SIZE, "%s", text);
  return status;
}

static int fail_decoding(VP8StatusCode code, char *message) {
  switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY: return fail(GQ_OUT_OF_MEMORY, "out of memory", message);
    case VP8_STATUS_NOT_ENOUGH_DATA: return fail(GQ_TRUNCATED, "not enough data", message);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return fail(GQ_UNSUPPORTED, "a feature that libwebp does not know", message);
    default: return fail(GQ_DAMAGED, "not a valid bitstream", message);
  }
}

int gq_webp_read_header(
    const uint8_t *bytes, size_t count, gq_webp_header *header, char message[GQ_MESSAGE_SIZE]) {
  WebPBitstreamFeatures features;
  const VP8StatusCode code = WebPGetFeatures(bytes, count, &features);
  if (code != VP8_STATUS_OK) return fail_decoding(code, message);
  if (features.has_animation) return fail(GQ_UNSUPPORTED, "animation", message);
  header->width = (uint32_t)features.width;
  header->height = (uint32_t)features.height;
  header->has_alpha = features.has_alpha;
  return GQ_OK;
}

int gq_webp_read(
    const uint8_t *bytes, size_t count, const gq_webp_header *header, uint8_t *samples,
    char message[GQ_MESSAGE_SIZE]) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return fail(GQ_UNSUPPORTED, "another libwebp", message);
  const size_t row_bytes = (size_t)header->width * (header->has_alpha ? 4 : 3);
  if (row_bytes > INT_MAX) return fail(GQ_UNSUPPORTED, "wide rows", message);
  config.output.colorspace = header->has_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = samples;
  config.output.u.RGBA.stride = (int)row_bytes;
  config.output.u.RGBA.size = row_bytes * header->height;
  const VP8StatusCode code = WebPDecode(bytes, count, &config);
  return code == VP8_STATUS_OK ? GQ_OK : fail_decoding(code, message);
}

// Points to the payload of a chunk, which lies in `data`.
static void find(WebPMux *mux, const char *name, gq_webp_part *part) {
  WebPData chunk;
  if (WebPMuxGetChunk(mux, name, &chunk) != WEBP_MUX_OK) return;
  part->bytes = chunk.bytes;
  part->count = chunk.size;
}

int gq_webp_read_metadata(const uint8_t *bytes, size_t count, gq_webp_metadata *metadata) {
  const WebPData data = {bytes, count};
  memset(metadata, 0, sizeof *metadata);
  // Without copies: what is found points into `bytes`.
  WebPMux *mux = WebPMuxCreate(&data, 0);
  if (mux == NULL) return 0;
  find(mux, "ICCP", &metadata->icc);
  find(mux, "EXIF", &metadata->exif);
  find(mux, "XMP ", &metadata->xmp);
  WebPMuxDelete(mux);
  return 1;
}

static int append(const uint8_t *data, size_t size, const WebPPicture *picture) {
  gq_buffer *buffer = picture->custom_ptr;
  if (!gq_buffer_reserve(buffer, size)) return 0;
  memcpy(buffer->bytes + buffer->count, data, size);
  buffer->count += size;
  return 1;
}

static WebPMuxError set(WebPMux *mux, const char *name, const gq_webp_part *part) {
  const WebPData data = {part->bytes, part->count};
  return part->bytes == NULL ? WEBP_MUX_OK : WebPMuxSetChunk(mux, name, &data, 0);
}

static int add_metadata(
    gq_buffer *buffer, const gq_webp_metadata *metadata, char message[GQ_MESSAGE_SIZE]) {
  WebPMux *mux = WebPMuxNew();
  if (mux == NULL) return fail(GQ_OUT_OF_MEMORY, "out of memory", message);
  const WebPData image = {buffer->bytes, buffer->count};
  WebPData file = {NULL, 0};
  WebPMuxError error = WebPMuxSetImage(mux, &image, 1);
  if (error == WEBP_MUX_OK) error = set(mux, "ICCP", &metadata->icc);
  if (error == WEBP_MUX_OK) error = set(mux, "EXIF", &metadata->exif);
  if (error == WEBP_MUX_OK) error = set(mux, "XMP ", &metadata->xmp);
  if (error == WEBP_MUX_OK) error = WebPMuxAssemble(mux, &file);
  WebPMuxDelete(mux);
  if (error == WEBP_MUX_OK) {
    buffer->count = 0;
    if (gq_buffer_reserve(buffer, file.size)) {
      memcpy(buffer->bytes, file.bytes, file.size);
      buffer->count = file.size;
    } else {
      error = WEBP_MUX_MEMORY_ERROR;
    }
  }
  WebPDataClear(&file);
  if (error == WEBP_MUX_OK) return GQ_OK;
  return fail(
      error == WEBP_MUX_MEMORY_ERROR ? GQ_OUT_OF_MEMORY : GQ_UNSUPPORTED, "metadata", message);
}

int gq_webp_write(
    const uint8_t *samples, uint32_t width, uint32_t height, int channels, int quality,
    const gq_webp_metadata *metadata, gq_buffer *buffer, char message[GQ_MESSAGE_SIZE]) {
  if (width > WEBP_MAX_DIMENSION || height > WEBP_MAX_DIMENSION)
    return fail(GQ_UNSUPPORTED, "more than 16383 pixels a side", message);
  WebPConfig config;
  WebPPicture picture;
  if (!WebPConfigInit(&config) || !WebPPictureInit(&picture))
    return fail(GQ_UNSUPPORTED, "another libwebp", message);
  if (quality < 0) {
    WebPConfigLosslessPreset(&config, 6);
    // Colours under alpha 0 too.
    config.exact = 1;
  } else {
    config.quality = (float)quality;
  }
  picture.use_argb = quality < 0;
  picture.width = (int)width;
  picture.height = (int)height;
  picture.writer = append;
  picture.custom_ptr = buffer;
  const int stride = (int)width * channels;
  const int imported = channels == 4 ? WebPPictureImportRGBA(&picture, samples, stride)
                                     : WebPPictureImportRGB(&picture, samples, stride);
  const int encoded = imported && WebPEncode(&config, &picture);
  const WebPEncodingError error = picture.error_code;
  WebPPictureFree(&picture);
  if (!encoded) {
    const int memory = !imported || error == VP8_ENC_ERROR_OUT_OF_MEMORY ||
                       error == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY ||
                       error == VP8_ENC_ERROR_BAD_WRITE;
    char text[64];
    snprintf(text, sizeof text, "error %d of libwebp", (int)error);
    return fail(memory ? GQ_OUT_OF_MEMORY : GQ_UNSUPPORTED, text, message);
  }
  const int plain =
      metadata->icc.bytes == NULL && metadata->exif.bytes == NULL && metadata->xmp.bytes == NULL;
  return plain ? GQ_OK : add_metadata(buffer, metadata, message);
}

void gq_buffer_free(gq_buffer *buffer) {
  free(buffer->bytes);
  memset(buffer, 0, sizeof *buffer);
}
