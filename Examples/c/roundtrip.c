// Encodes a picture that it draws, decodes it again, and checks what the library promises.
// Build with: cc roundtrip.c -I ../../include -L FOLDER -lgqimgc
#include <gqimg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                      \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      fprintf(stderr, "line %d: %s failed: %s\n", __LINE__, #condition, gqimg_last_error()); \
      exit(1);                                                                                \
    }                                                                                         \
  } while (0)

enum { WIDTH = 200, HEIGHT = 120, CHANNELS = 4 };

int main(void) {
  CHECK(gqimg_abi_version() == GQIMG_ABI_VERSION);
  printf("gqimg %s\n", gqimg_version());

  gqimg_codec *codec;
  CHECK(gqimg_codec_open(NULL, 0, &codec) == GQIMG_OK);

  static uint8_t samples[HEIGHT][WIDTH][CHANNELS];
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) {
      samples[y][x][0] = (uint8_t)(x + 20);
      samples[y][x][1] = (uint8_t)(y + 60);
      samples[y][x][2] = (uint8_t)(x / 2 + y / 2);
      samples[y][x][3] = (uint8_t)(x < WIDTH / 2 ? 255 : 100);
    }

  gqimg_options options;
  gqimg_options_init(&options);
  options.target = GQIMG_TARGET_BYTES;
  options.value = 4000;
  uint8_t *bytes;
  size_t count;
  CHECK(
      gqimg_encode(codec, &samples[0][0][0], WIDTH, HEIGHT, CHANNELS, 0, &options, &bytes, &count) ==
      GQIMG_OK);
  CHECK(count <= 4000);

  gqimg_info info;
  CHECK(gqimg_read_info(bytes, count, &info) == GQIMG_OK);
  CHECK(info.width == WIDTH && info.height == HEIGHT && info.channels == 3 && info.has_alpha == 1);

  gqimg_picture picture;
  CHECK(gqimg_decode(codec, bytes, count, 0, &picture) == GQIMG_OK);
  CHECK(picture.width == WIDTH && picture.height == HEIGHT && picture.channels == CHANNELS);
  double error = 0;
  for (size_t k = 0; k < (size_t)WIDTH * HEIGHT * CHANNELS; k++) {
    int difference = picture.samples[k] - (&samples[0][0][0])[k];
    if (k % CHANNELS == 3) CHECK(difference == 0); // Alpha is kept without loss.
    error += difference * difference;
  }
  error /= WIDTH * HEIGHT * 3;
  printf("%zu bytes, mean squared error %.2f\n", count, error);
  CHECK(error < 30);

  // A part of it, and the whole of it four times smaller.
  gqimg_picture part, small;
  CHECK(gqimg_decode_region(codec, bytes, count, 0, 30, 20, 50, 40, &part) == GQIMG_OK);
  CHECK(part.width == 50 && part.height == 40 && part.channels == CHANNELS);
  for (size_t y = 0; y < 40; y++)
    CHECK(
        memcmp(part.samples + y * 50 * CHANNELS, picture.samples + ((y + 20) * WIDTH + 30) * CHANNELS, 50 * CHANNELS) == 0);
  CHECK(gqimg_decode_reduced(codec, bytes, count, 0, 4, &small) == GQIMG_OK);
  CHECK(small.width == WIDTH / 4 && small.height == HEIGHT / 4);
  gqimg_picture_free(&part);
  gqimg_picture_free(&small);
  CHECK(gqimg_decode_region(codec, bytes, count, 0, 1, 0, UINT32_MAX, UINT32_MAX, &part) == GQIMG_INVALID_ARGUMENT);
  CHECK(gqimg_decode_region(codec, bytes, count, 0, UINT32_MAX, 0, 1, 1, &part) == GQIMG_INVALID_ARGUMENT && !part.samples);
  CHECK(gqimg_decode_reduced(codec, bytes, count, 0, 3, &small) == GQIMG_INVALID_ARGUMENT && !small.samples);

  // Damage is found, named and concealed; a file cut short still shows something everywhere.
  gqimg_report report;
  CHECK(gqimg_verify(bytes, count, &report) == GQIMG_OK && report.count == 0 && report.damage == NULL);
  gqimg_options safe;
  gqimg_options_init(&safe);
  safe.flags = GQIMG_PROGRESSIVE | GQIMG_PROTECT;
  uint8_t *progressive;
  size_t progressive_count;
  CHECK(
      gqimg_encode(
          codec, &samples[0][0][0], WIDTH, HEIGHT, CHANNELS, 0, &safe, &progressive, &progressive_count) == GQIMG_OK);
  progressive[progressive_count / 2] ^= 1;
  CHECK(gqimg_verify(progressive, progressive_count, &report) == GQIMG_DAMAGED && report.count > 0);
  CHECK(strlen(report.damage[0].reason) > 0);
  gqimg_report_free(&report);
  gqimg_report_free(&report);
  CHECK(gqimg_recover(codec, progressive, progressive_count, 0, 0, &part, &report) == GQIMG_OK);
  CHECK(part.width == WIDTH && part.height == HEIGHT && report.count > 0 && report.untouched < 1);
  printf("damaged: %zu parts, %.0f %% untouched\n", report.count, report.untouched * 100);
  gqimg_picture_free(&part);
  gqimg_report_free(&report);
  CHECK(gqimg_recover(codec, progressive, progressive_count * 2 / 3, 0, 0, &part, NULL) == GQIMG_OK);
  gqimg_picture_free(&part);
  CHECK(gqimg_recover(codec, progressive, 9, 0, 0, &part, &report) == GQIMG_DAMAGED && !part.samples && report.count == 0);
  gqimg_free(progressive);

  // The codes as tokens, and the same file from them.
  uint8_t *tokens, *same;
  size_t tokens_count, same_count;
  CHECK(gqimg_tokens_export(codec, bytes, count, 1, &tokens, &tokens_count) == GQIMG_OK);
  CHECK(gqimg_tokens_import(tokens, tokens_count, &same, &same_count) == GQIMG_OK);
  CHECK(same_count == count && memcmp(same, bytes, count) == 0);
  gqimg_free(same);
  CHECK(gqimg_tokens_import(tokens, tokens_count / 2, &same, &same_count) == GQIMG_DAMAGED && same == NULL);
  gqimg_free(tokens);

  // Without loss, and metadata without decoding.
  safe.flags = GQIMG_LOSSLESS;
  safe.xmp.bytes = (const uint8_t *)"<x/>";
  safe.xmp.count = 4;
  uint8_t *exact;
  size_t exact_count;
  CHECK(
      gqimg_encode(codec, &samples[0][0][0], WIDTH, HEIGHT, CHANNELS, 0, &safe, &exact, &exact_count) == GQIMG_OK);
  CHECK(gqimg_decode(codec, exact, exact_count, 0, &part) == GQIMG_OK);
  CHECK(memcmp(part.samples, samples, sizeof samples) == 0);
  gqimg_picture_free(&part);
  CHECK(gqimg_read_metadata(exact, exact_count, &part) == GQIMG_OK && part.samples == NULL);
  CHECK(part.channels == CHANNELS && part.xmp_count == 4 && memcmp(part.xmp, "<x/>", 4) == 0 && part.icc == NULL);
  gqimg_picture_free(&part);
  gqimg_free(exact);

  // What goes wrong is told by a status and a sentence.
  gqimg_picture none;
  CHECK(gqimg_decode(codec, bytes, count / 2, 0, &none) == GQIMG_DAMAGED && none.samples == NULL);
  CHECK(strlen(gqimg_last_error()) > 0);
  CHECK(gqimg_decode(codec, bytes, count, 1000, &none) == GQIMG_LIMIT_EXCEEDED);
  CHECK(gqimg_decode(NULL, bytes, count, 0, &none) == GQIMG_INVALID_ARGUMENT);
  CHECK(gqimg_decode(codec, NULL, count, 0, &none) == GQIMG_INVALID_ARGUMENT);
  CHECK(gqimg_decode(codec, bytes, count, 0, NULL) == GQIMG_INVALID_ARGUMENT);
  CHECK(gqimg_read_info(bytes, 0, &info) == GQIMG_DAMAGED);
  uint8_t *no_bytes;
  options.value = 3;
  CHECK(
      gqimg_encode(codec, &samples[0][0][0], WIDTH, HEIGHT, CHANNELS, 0, &options, &no_bytes, &count) ==
          GQIMG_TARGET_TOO_SMALL &&
      no_bytes == NULL);
  CHECK(
      gqimg_encode(codec, &samples[0][0][0], 0, HEIGHT, CHANNELS, 0, NULL, &no_bytes, &count) ==
      GQIMG_INVALID_ARGUMENT);
  CHECK(
      gqimg_encode(codec, &samples[0][0][0], WIDTH, HEIGHT, CHANNELS, 7, NULL, &no_bytes, &count) ==
      GQIMG_INVALID_ARGUMENT);
  gqimg_codec *no_codec;
  CHECK(gqimg_codec_open("/nowhere", 0, &no_codec) == GQIMG_NO_MODEL && no_codec == NULL);
  CHECK(gqimg_codec_open(NULL, -1, &no_codec) == GQIMG_INVALID_ARGUMENT);

  // The quantizer alone.
  gqimg_quantizer *quantizer;
  CHECK(gqimg_quantizer_open(2, 256, 0, 1, &quantizer) == GQIMG_OK);
  float means[4] = {0.5f, -1.0f, 0.1f, 2.0f}, variances[4] = {0.01f, 0.01f, 0.02f, 0.02f}, codes[4];
  uint32_t indices[2];
  CHECK(gqimg_quantize(quantizer, means, variances, 2, indices) == GQIMG_OK);
  CHECK(gqimg_indices_to_codes(quantizer, indices, 2, codes) == GQIMG_OK);
  printf("codeword %u: %.3f %.3f\n", indices[0], codes[0], codes[1]);
  indices[0] = 256;
  CHECK(gqimg_indices_to_codes(quantizer, indices, 2, codes) == GQIMG_INVALID_ARGUMENT);
  gqimg_quantizer_close(quantizer);
  CHECK(gqimg_quantizer_open(2, 1, 0, 1, &quantizer) == GQIMG_INVALID_ARGUMENT && !quantizer);

  // The published codebook on the published example: 12 channels are six means and six log-variances.
  gqimg_quantizer_options published;
  gqimg_quantizer_options_init(&published);
  published.dimension = 3;
  published.size = 128;
  published.codebook = GQIMG_CODEBOOK_SOBOL;
  published.seed = 42;
  CHECK(gqimg_quantizer_open_with(&published, &quantizer) == GQIMG_OK);
  float input[12 * 4] = {0}, values[6 * 4], again[6 * 4];
  uint32_t groups[2 * 4];
  double bits[2 * 4];
  CHECK(gqimg_quantize_posteriors(quantizer, input, 1, 12, 4, groups, values, bits) == GQIMG_OK && bits[0] == 0);
  CHECK(gqimg_indices_to_values(quantizer, groups, 1, 2, 4, again) == GQIMG_OK);
  CHECK(memcmp(values, again, sizeof values) == 0);
  CHECK(
      gqimg_quantize_posteriors(quantizer, input, SIZE_MAX / 8, 12, 4, groups, NULL, NULL) == GQIMG_INVALID_ARGUMENT);
  gqimg_quantizer_close(quantizer);
  published.codebook = GQIMG_CODEBOOK_VALUES;
  CHECK(gqimg_quantizer_open_with(&published, &quantizer) == GQIMG_INVALID_ARGUMENT);

  gqimg_picture_free(&picture);
  gqimg_picture_free(&picture);
  gqimg_picture_free(NULL);
  gqimg_free(bytes);
  gqimg_free(NULL);
  gqimg_codec_close(codec);
  gqimg_codec_close(NULL);
  return 0;
}
