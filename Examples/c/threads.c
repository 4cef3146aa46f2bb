// One codec for many threads: all give the same bytes, and each has its own message.
#include <gqimg.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, SIDE = 96 };

static gqimg_codec *codec;

typedef struct {
  uint8_t *bytes;
  size_t count;
  int failed;
} job;

static void *run(void *argument) {
  job *result = argument;
  uint8_t samples[SIDE * SIDE];
  for (int k = 0; k < SIDE * SIDE; k++) samples[k] = (uint8_t)(k % SIDE * 2);
  gqimg_picture picture = {0};
  result->failed =
      gqimg_encode(codec, samples, SIDE, SIDE, 1, 0, NULL, &result->bytes, &result->count) != GQIMG_OK ||
      gqimg_decode(codec, result->bytes, result->count, 0, &picture) != GQIMG_OK || picture.channels != 1;
  gqimg_picture_free(&picture);
  result->failed |= gqimg_read_info(NULL, 0, NULL) == GQIMG_OK || strlen(gqimg_last_error()) == 0;
  return NULL;
}

int main(void) {
  if (gqimg_codec_open(NULL, 1, &codec) != GQIMG_OK) {
    fprintf(stderr, "%s\n", gqimg_last_error());
    return 1;
  }
  pthread_t threads[THREADS];
  job jobs[THREADS];
  memset(jobs, 0, sizeof jobs);
  for (int k = 0; k < THREADS; k++)
    if (pthread_create(&threads[k], NULL, run, &jobs[k]) != 0) return 1;
  int failed = 0;
  for (int k = 0; k < THREADS; k++) {
    pthread_join(threads[k], NULL);
    failed |= jobs[k].failed || jobs[k].count != jobs[0].count ||
              memcmp(jobs[k].bytes, jobs[0].bytes, jobs[0].count) != 0;
  }
  for (int k = 0; k < THREADS; k++) gqimg_free(jobs[k].bytes);
  gqimg_codec_close(codec);
  puts(failed ? "threads: different results" : "threads: the same bytes from all");
  return failed;
}
