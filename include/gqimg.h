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

/* The version of the project: everything else takes it from here. */
#define GQIMG_VERSION "0.1.0"

/* Grows when something here changes in a way that old programs would notice. */
#define GQIMG_ABI_VERSION 1

/* The result of a call. */
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

/* Targets of an encode. */
enum {
  GQIMG_TARGET_QUALITY = 0,        /* 0 (smallest) to 100 (best) */
  GQIMG_TARGET_BITS_PER_PIXEL = 1, /* at most, all included */
  GQIMG_TARGET_BYTES = 2           /* at most, all included */
};

/* Metrics that an encode is tuned for. */
enum { GQIMG_TUNE_VISUAL = 0, GQIMG_TUNE_PSNR = 1 };

/* Further choices of an encode, to be combined. */
enum {
  GQIMG_PROGRESSIVE = 1, /* codes in four scans, so that a file cut short still shows the whole picture */
  GQIMG_PROTECT = 2,     /* header and level map a second time, for files that may be damaged */
  GQIMG_LOSSLESS = 4,    /* every sample as it is; a target in bytes or bits is then only a limit */
  GQIMG_NO_GRAPHICS = 8  /* text and drawings like everything else, not without loss where that is cheaper */
};

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
  double value;         /* of the target; 75 */
  int32_t tuning;       /* GQIMG_TUNE_*; visual. A codec with a model of its own takes no notice */
  int32_t flags;        /* GQIMG_PROGRESSIVE and so on; 0 */
  int32_t uniform;      /* not 0: one level for the whole picture; 0 */
  int32_t reserved;     /* 0 */
  gqimg_bytes icc;      /* ICC profile to keep; none */
  gqimg_bytes exif;     /* Exif, a TIFF structure; none */
  gqimg_bytes xmp;      /* XMP packet; none */
} gqimg_options;

/* The header of a file. */
typedef struct gqimg_info {
  uint32_t width;
  uint32_t height;
  uint32_t channels;    /* 1 grey, 3 red, green, blue; alpha not counted */
  uint32_t has_alpha;   /* 1 if it has; gqimg_read_header leaves 0 */
  uint8_t model[8];     /* model id; zeros where the file needs no model: GQIMG_LOSSLESS, or all of it is graphics */
} gqimg_info;

/* A decoded picture. gqimg_picture_free frees its buffers. */
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

/* Something in a file that is damaged. */
typedef struct gqimg_damage {
  uint32_t x;           /* the damaged tile, in pixels of the picture; width 0 when it is not a tile but */
  uint32_t y;           /* a chunk, such as alpha, or the file as a whole */
  uint32_t width;
  uint32_t height;
  uint32_t scans;       /* bits 0 to 3: the scans of the tile that are damaged, all in a file that is not progressive */
  uint32_t reserved;
  char *reason;         /* one sentence, never NULL */
} gqimg_damage;

/* What is wrong with a file. gqimg_report_free frees its buffers. */
typedef struct gqimg_report {
  gqimg_damage *damage; /* NULL when count is 0 */
  size_t count;
  double untouched;     /* share of the picture that is certainly that of the undamaged file; of gqimg_recover alone */
} gqimg_report;

/* The version of the library, as "0.1.0". Never NULL; lives as long as the library. */
const char *gqimg_version(void);

/* GQIMG_ABI_VERSION of the library, to be compared with the header's. */
int32_t gqimg_abi_version(void);

/* The error of the last call of this thread that did not return GQIMG_OK, in one sentence; "" when none did.
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

/* Decodes a part of a picture; only what its pixels depend on is read and computed. They are those of gqimg_decode.
 *
 * x, y, width, height  the part, in pixels, all of it inside the picture; GQIMG_INVALID_ARGUMENT otherwise
 * Exif and XMP are given as they stand in the file and speak of the whole picture. */
gqimg_status gqimg_decode_region(
    gqimg_codec *codec, const uint8_t *bytes, size_t count, uint64_t max_pixels, uint32_t x, uint32_t y, uint32_t width,
    uint32_t height, gqimg_picture *picture);

/* Decodes a picture and makes it smaller on the way, so that memory is that of the smaller one.
 *
 * factor  1, 2, 4, ... 64: a sample is the mean of so many samples across and down, colours weighted by alpha; the last
 *         column and row are the means of what is left */
gqimg_status gqimg_decode_reduced(
    gqimg_codec *codec, const uint8_t *bytes, size_t count, uint64_t max_pixels, uint32_t factor, gqimg_picture *picture);

/* Decodes what can be decoded of a damaged file, or of one cut short; damaged tiles are concealed.
 *
 * use_damaged_bits  not 0: decode the bits of damaged tiles all the same, for files with single wrong bits
 * picture           set to the picture
 * report            set to what was damaged; may be NULL. Its count is 0 for an intact file
 *
 * GQIMG_DAMAGED when neither header and level map nor the copy of them that GQIMG_PROTECT makes can be read. */
gqimg_status gqimg_recover(
    gqimg_codec *codec, const uint8_t *bytes, size_t count, uint64_t max_pixels, int32_t use_damaged_bits,
    gqimg_picture *picture, gqimg_report *report);

/* Checks all checksums of a file, without a model: GQIMG_OK for an intact file, else GQIMG_DAMAGED or
 * GQIMG_LIMIT_EXCEEDED.
 *
 * report  set to everything that is damaged, also when GQIMG_DAMAGED is returned; may be NULL */
gqimg_status gqimg_verify(const uint8_t *bytes, size_t count, gqimg_report *report);

/* Frees a report's buffers and sets everything to 0. May be NULL. */
void gqimg_report_free(gqimg_report *report);

/* Takes the codes of a file as arrays of tokens: a safetensors file with tensors tokens, levels and, with_states being not
 * 0, states. docs/tokens.md describes it.
 *
 * tokens, tokens_count  set to the safetensors file, to be freed by gqimg_free; NULL and 0 on failure */
gqimg_status gqimg_tokens_export(
    gqimg_codec *codec, const uint8_t *bytes, size_t count, int32_t with_states, uint8_t **tokens, size_t *tokens_count);

/* Makes a file of tokens, exactly that which they were taken from if they were not changed. Inverse of
 * gqimg_tokens_export. GQIMG_DAMAGED for bytes that are no such tokens.
 *
 * bytes, count  set to the .gqz file, to be freed by gqimg_free; NULL and 0 on failure */
gqimg_status gqimg_tokens_import(const uint8_t *tokens, size_t tokens_count, uint8_t **bytes, size_t *count);

/* Frees a picture's buffers and sets everything to 0. May be NULL. */
void gqimg_picture_free(gqimg_picture *picture);

/* Reads the header of a whole file, without a model. */
gqimg_status gqimg_read_info(const uint8_t *bytes, size_t count, gqimg_info *info);

/* The same from the first 64 bytes of a file or more, or all when it has fewer; has_alpha is not known from them. */
gqimg_status gqimg_read_header(const uint8_t *bytes, size_t count, gqimg_info *info);

/* Tells a whole file's size, channels and metadata, without a model and without decoding: picture's samples are NULL.
 *
 * picture  to be freed by gqimg_picture_free */
gqimg_status gqimg_read_metadata(const uint8_t *bytes, size_t count, gqimg_picture *picture);

/* Frees bytes that a function of this library gave. May be NULL. */
void gqimg_free(void *bytes);

/* GaussianQuant, the quantizer alone, on groups of values (arXiv 2512.06609). */
typedef struct gqimg_quantizer gqimg_quantizer;

/* Where the codewords of a quantizer come from. */
enum {
  GQIMG_CODEBOOK_NOISE = 0,  /* independent Gaussian noise, the library's own */
  GQIMG_CODEBOOK_SOBOL = 1,  /* scrambled Sobol points, as published: better in one to three dimensions */
  GQIMG_CODEBOOK_VALUES = 2  /* values that are given */
};

/* Which channels make up a group, of N groups. */
enum {
  GQIMG_GROUPING_STRIDED = 0,   /* g, g + N, g + 2N and so on, as published */
  GQIMG_GROUPING_CONTIGUOUS = 1 /* as many in a row as a group has elements */
};

/* Choices of a quantizer. gqimg_quantizer_options_init fills them with the defaults; dimension and size have none. */
typedef struct gqimg_quantizer_options {
  uint32_t dimension;      /* values of a codeword, 1 to 64 */
  uint32_t size;           /* codewords, 2 to 2^20 */
  uint64_t seed;           /* of GQIMG_CODEBOOK_NOISE and _SOBOL; 0. The published seed is 42 */
  int32_t codebook;        /* GQIMG_CODEBOOK_*; noise */
  int32_t grouping;        /* GQIMG_GROUPING_*; strided */
  const float *values;     /* of GQIMG_CODEBOOK_VALUES: size * dimension finite values; copied */
  double beta;             /* weight of the prior in the score; 1 */
  double log_variance_low; /* log variances are clamped to low and high; -30 and 20 */
  double log_variance_high;
} gqimg_quantizer_options;

/* Fills options with the defaults. May be NULL. */
void gqimg_quantizer_options_init(gqimg_quantizer_options *options);

/* Makes a quantizer. */
gqimg_status gqimg_quantizer_open_with(const gqimg_quantizer_options *options, gqimg_quantizer **quantizer);

/* Makes a quantizer of independent noise: codewords of dimension values (1 to 64), size of them (2 to 2^20). */
gqimg_status gqimg_quantizer_open(
    uint32_t dimension, uint32_t size, uint64_t seed, double beta, gqimg_quantizer **quantizer);

/* Frees a quantizer. May be NULL. */
void gqimg_quantizer_close(gqimg_quantizer *quantizer);

/* The index of the best codeword of each of count groups.
 *
 * means, variances  count * dimension values, group by group; means finite, variances finite and above 0
 * indices           count indices, filled in */
gqimg_status gqimg_quantize(
    const gqimg_quantizer *quantizer, const float *means, const float *variances, size_t count, uint32_t *indices);

/* The codewords of count indices: count * dimension values, filled in. */
gqimg_status gqimg_indices_to_codes(
    const gqimg_quantizer *quantizer, const uint32_t *indices, size_t count, float *values);

/* Quantizes an array of posteriors seen as [outer, channels, inner], row-major: along the middle axis means, then as many
 * log variances. channels is a multiple of twice the dimension, every extent at least 1.
 *
 * input        outer * channels * inner values; means finite, log variances not NaN
 * indices      outer * groups * inner indices, filled in; groups is channels / (2 * dimension)
 * values       outer * (channels / 2) * inner values of the codewords, filled in; may be NULL
 * divergences  bits of each group, in the order of the indices, filled in; may be NULL */
gqimg_status gqimg_quantize_posteriors(
    const gqimg_quantizer *quantizer, const float *input, size_t outer, size_t channels, size_t inner, uint32_t *indices,
    float *values, double *divergences);

/* The values that belong to indices seen as [outer, groups, inner]: outer * (groups * dimension) * inner, filled in. */
gqimg_status gqimg_indices_to_values(
    const gqimg_quantizer *quantizer, const uint32_t *indices, size_t outer, size_t groups, size_t inner, float *values);

#ifdef __cplusplus
}
#endif

#endif
