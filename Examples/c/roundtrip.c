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
  CHECK(gqimg_quantizer_open(2, 255, 0, 1, &quantizer) == GQIMG_INVALID_ARGUMENT && !quantizer);

  gqimg_picture_free(&picture);
  gqimg_picture_free(&picture);
  gqimg_picture_free(NULL);
  gqimg_free(bytes);
  gqimg_free(NULL);
  gqimg_codec_close(codec);
  gqimg_codec_close(NULL);
  return 0;
}
