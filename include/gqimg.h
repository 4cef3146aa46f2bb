/* gqimg as a C library: pictures to .gqz files and back, in memory.
 *
 * Link with -lgqimgc. Every function may be called from any thread, and one codec may serve many threads at a time.
 * No function throws, prints or ends the process for what bytes from outside say; memory that the system refuses does.
 * Pointers marked "may be NULL" may; NULL anywhere else gives GQIMG_INVALID_ARGUMENT.
 *
 * Weights are looked for where the environment variable GQIMG_MODEL_PATH says (folders, separated by colons), then
 * beside the shared library and in ../share/gqimg from there, then in the same places beside the program.
 */
#ifndef GQIMG_H
#define GQIMG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when something here changes in a way that old programs would notice. */
#define GQIMG_ABI_VERSION 1

/* What became of a call. */
enum {
  GQIMG_OK = 0,
  /* A NULL or a number that the function does not take. */
  GQIMG_INVALID_ARGUMENT = 1,
  /* No weights were found, or they cannot be read. */
  GQIMG_NO_MODEL = 2,
  /* The weights are damaged, or the network cannot run on them. */
  GQIMG_MODEL_FAILURE = 3,
  /* The bytes are no intact .gqz file. */
  GQIMG_DAMAGED = 4,
  /* The file was made with a model that is not there. */
  GQIMG_WRONG_MODEL = 5,
  /* Even the smallest file for the picture is larger than was allowed. */
  GQIMG_TARGET_TOO_SMALL = 6,
  /* The picture, or something in the file, is larger than is accepted. */
  GQIMG_LIMIT_EXCEEDED = 7,
  /* The system refused memory for the result. */
  GQIMG_OUT_OF_MEMORY = 8,
  /* Anything else. */
  GQIMG_FAILURE = 9
};
typedef int32_t gqimg_status;

/* How large or how good a file shall be. */
enum {
  GQIMG_TARGET_QUALITY = 0,        /* 0 (smallest) to 100 (best) */
  GQIMG_TARGET_BITS_PER_PIXEL = 1, /* at most, all included */
  GQIMG_TARGET_BYTES = 2           /* at most, all included */
};

/* What a picture should be good at for its size. */
enum { GQIMG_TUNE_VISUAL = 0, GQIMG_TUNE_PSNR = 1 };

/* How coefficients become bits. */

/* Models, loaded when first needed, and threads. */
typedef struct gqimg_codec gqimg_codec;

/* Bytes that belong to someone else; bytes is NULL when there are none. */
typedef struct gqimg_bytes {
  const uint8_t *bytes;
  size_t count;
} gqimg_bytes;

/* Choices of an encode. gqimg_options_init fills them with the defaults. */
typedef struct gqimg_options {
  int32_t target;       /* GQIMG_TARGET_*; quality */
  int32_t effort;       /* 1 (fast) to 9 (thorough); 5 */
  double value;         /* of the target; 50 */
  int32_t tuning;       /* GQIMG_TUNE_*; visual. A codec with a model of its own takes no notice */
  int32_t reserved0;    /* 0 */
  int32_t uniform;      /* not 0: one level for the whole picture; 0 */
  int32_t reserved;     /* 0 */
  gqimg_bytes icc;      /* ICC profile to keep; none */
  gqimg_bytes exif;     /* Exif, a TIFF structure; none */
  gqimg_bytes xmp;      /* XMP packet; none */
} gqimg_options;

/* What a file says of itself. */
typedef struct gqimg_info {
  uint32_t width;
  uint32_t height;
  uint32_t channels;    /* 1 grey, 3 red, green, blue; alpha not counted */
  uint32_t has_alpha;   /* 1 if it has; gqimg_read_header leaves 0 */
  uint8_t model[8];     /* model id */
} gqimg_info;

/* A decoded picture. gqimg_picture_free frees what it holds. */
typedef struct gqimg_picture {
  uint32_t width;
  uint32_t height;
  uint32_t channels;    /* 1 grey, 2 grey and alpha, 3 red, green, blue, 4 red, green, blue and alpha */
  uint32_t reserved;
  uint8_t *samples;     /* height * width * channels, row by row, interleaved */
  uint8_t *icc;         /* NULL when there is none, as the next two */
  size_t icc_count;
  uint8_t *exif;
  size_t exif_count;
  uint8_t *xmp;
  size_t xmp_count;
} gqimg_picture;

/* The version of the library, as "0.1.0". Never NULL; lives as long as the library. */
const char *gqimg_version(void);

/* GQIMG_ABI_VERSION of the library, to be compared with the header's. */
int32_t gqimg_abi_version(void);

/* What went wrong in the last call of this thread that did not return GQIMG_OK, in one sentence; "" when none did.
 * Never NULL; lives until the thread's next call into the library. */
const char *gqimg_last_error(void);

/* Makes a codec.
 *
 * model_path  a weights file, or NULL for those that come with the library
 * threads     threads to use, 0 for one per core, at most 1024
 * codec       set to the codec, or NULL on failure
 *
 * A model that is named is loaded now; others when first needed. */
gqimg_status gqimg_codec_open(const char *model_path, int32_t threads, gqimg_codec **codec);

/* Frees a codec; no call may still use it. May be NULL. */
void gqimg_codec_close(gqimg_codec *codec);

/* Fills options with the defaults. May be NULL. */
void gqimg_options_init(gqimg_options *options);

/* Encodes a picture.
 *
 * samples    height rows of width * channels bytes, interleaved, 8 bits each
 * width, height  1 to 65535, at most 2^28 pixels
 * channels   1 grey, 2 grey and alpha, 3 red, green, blue, 4 red, green, blue and alpha; alpha not premultiplied
 * row_bytes  from the start of a row to that of the next; 0 for width * channels
 * options    NULL for the defaults
 * bytes, count  set to the file, to be freed by gqimg_free; NULL and 0 on failure
 *
 * Alpha is kept without loss. */
gqimg_status gqimg_encode(
    gqimg_codec *codec, const uint8_t *samples, uint32_t width, uint32_t height, uint32_t channels,
    size_t row_bytes, const gqimg_options *options, uint8_t **bytes, size_t *count);

/* Decodes a file.
 *
 * max_pixels  refuse larger pictures before memory is taken; 0 for 2^28
 * picture     set to the picture; everything 0 on failure */
gqimg_status gqimg_decode(
    gqimg_codec *codec, const uint8_t *bytes, size_t count, uint64_t max_pixels, gqimg_picture *picture);

/* Frees what a picture holds and sets everything to 0. May be NULL. */
void gqimg_picture_free(gqimg_picture *picture);

/* Tells what a whole file says of itself, without a model. */
gqimg_status gqimg_read_info(const uint8_t *bytes, size_t count, gqimg_info *info);

/* The same from the first 64 bytes of a file or more, or all when it has fewer; has_alpha is not known from them. */
gqimg_status gqimg_read_header(const uint8_t *bytes, size_t count, gqimg_info *info);

/* Frees bytes that a function of this library gave. May be NULL. */
void gqimg_free(void *bytes);

/* GaussianQuant, the quantizer alone, on groups of values (arXiv 2512.06609). */
typedef struct gqimg_quantizer gqimg_quantizer;

/* Makes a quantizer: codewords of dimension values (1 to 64), size of them (a power of two, 2 to 2^20). */
gqimg_status gqimg_quantizer_open(
    uint32_t dimension, uint32_t size, uint64_t seed, double beta, gqimg_quantizer **quantizer);

/* Frees a quantizer. May be NULL. */
void gqimg_quantizer_close(gqimg_quantizer *quantizer);

/* The index of the best codeword of each of count groups.
 *
 * means, variances  count * dimension values, group by group; variances above 0
 * indices           count indices, filled in */
gqimg_status gqimg_quantize(
    const gqimg_quantizer *quantizer, const float *means, const float *variances, size_t count, uint32_t *indices);

/* The codewords of count indices: count * dimension values, filled in. */
gqimg_status gqimg_indices_to_codes(
    const gqimg_quantizer *quantizer, const uint32_t *indices, size_t count, float *values);

#ifdef __cplusplus
}
#endif

#endif
