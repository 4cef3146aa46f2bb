// Decodes a file with the decoder in Embedded Swift: gqdecode MODEL FILE > samples
// The samples, then alpha if there is any, as bytes; a line on standard error says what they are.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int32_t gqd_load_model(const uint8_t *bytes, intptr_t count, const uint8_t *identifier);
int32_t gqd_open(
    int32_t model, const uint8_t *bytes, intptr_t count, int32_t x, int32_t y, int32_t width, int32_t height);
void gqd_describe(int32_t picture, int32_t numbers[4]);
int32_t gqd_next(int32_t picture);
const uint8_t *gqd_samples(int32_t picture);
const uint8_t *gqd_alpha(int32_t picture);
const uint8_t *gqd_message(void);
intptr_t gqd_message_count(void);

static uint8_t *read_file(const char *path, long *count) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) || (*count = ftell(file)) < 0) {
    perror(path);
    exit(1);
  }
  rewind(file);
  uint8_t *bytes = malloc((size_t)*count + 1);
  if (!bytes || fread(bytes, 1, (size_t)*count, file) != (size_t)*count) {
    perror(path);
    exit(1);
  }
  fclose(file);
  return bytes;
}

static int32_t checked(int32_t result) {
  if (result < 0) {
    fprintf(stderr, "%.*s\n", (int)gqd_message_count(), (const char *)gqd_message());
    exit(1);
  }
  return result;
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: %s MODEL FILE > samples\n", arguments[0]);
    return 64;
  }
  long length;
  uint8_t *bytes = read_file(arguments[1], &length);
  int32_t model = checked(gqd_load_model(bytes, length, NULL));
  bytes = read_file(arguments[2], &length);
  int32_t picture = checked(gqd_open(model, bytes, length, 0, 0, 0, 0)), numbers[4] = {0}, samples;
  gqd_describe(picture, numbers);
  while ((samples = checked(gqd_next(picture))) > 0) {
    if (fwrite(gqd_samples(picture), 1, (size_t)samples, stdout) != (size_t)samples) return 1;
  }
  size_t pixels = (size_t)numbers[0] * (size_t)numbers[1];
  if (numbers[3] && fwrite(gqd_alpha(picture), 1, pixels, stdout) != pixels) return 1;
  fprintf(stderr, "%dx%d, %d samples a pixel\n", numbers[0], numbers[1], numbers[2]);
  return fflush(stdout) == 0 ? 0 : 1;
}
