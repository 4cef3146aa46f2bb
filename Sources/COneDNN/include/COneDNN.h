// The few oneDNN calls that the network needs, the same for oneDNN 2 and 3.
//
// All functions return 0 or oneDNN's status number. A layer may run on several threads at once, each with a scratch
// area of its own.
#ifndef C_ONEDNN_H
#define C_ONEDNN_H

#include <stddef.h>
#include <stdint.h>

typedef struct gq_layer gq_layer;

enum { GQ_FLOAT32 = 0, GQ_BFLOAT16 = 1 };

/// Whether this processor multiplies bfloat16 in hardware.
int gq_has_bfloat16(void);

/// "major.minor.patch" of the linked oneDNN.
void gq_version(int version[3]);

/// [rows, inputs] x [outputs, inputs]^T + bias, for `rows` rows at a time or multiples of `few` up to that. Kernels are
/// compiled when they are used for the first time. With `slope` other than 1 a leaky ReLU follows; with
/// `accumulate` the product is added to what the output holds. `precision` is that of input and weights,
/// `output_precision` that of the result, which may be GQ_BFLOAT16 where the input's is.
int gq_pointwise_create(
    int64_t rows, int64_t few, int64_t inputs, int64_t outputs, const float *weights,
    const float *bias, float slope, int accumulate, int precision, int output_precision,
    gq_layer **layer);

/// Bytes of scratch that one run needs; may be 0.
size_t gq_layer_scratch(const gq_layer *layer);

/// Runs a layer for so many rows. `input` and `output` hold numbers of the layer's precisions and have room for all the
/// rows that the layer was made for; what stands beyond `rows` may be overwritten.
int gq_layer_run(
    gq_layer *layer, int64_t rows, const void *input, void *output, void *scratch);

void gq_layer_destroy(gq_layer *layer);

#endif
