// The few oneDNN calls that the network needs, the same for oneDNN 2 and 3.
//
// All functions return 0 or oneDNN's status number. A product may run on several threads at once, each with a scratch
// area of its own.
#ifndef C_ONEDNN_H
#define C_ONEDNN_H

#include <stddef.h>
#include <stdint.h>

typedef struct gq_product gq_product;

/// Bytes with sums of 32 bits, or single precision.
enum { GQ_INT8 = 0, GQ_FLOAT32 = 1 };

/// Whether this processor multiplies bytes and adds the products up exactly in hardware.
int gq_has_int8(void);

/// "major.minor.patch" of the linked oneDNN.
void gq_version(int version[3]);

/// [rows, inputs] x [outputs, inputs]^T for `rows` rows at a time or multiples of `few` up to that. Kernels are
/// compiled when they are used for the first time. In GQ_INT8 inputs and weights are int8_t, from -127 to 127, and results
/// int32_t; in GQ_FLOAT32 all are float.
int gq_product_create(
    int64_t rows, int64_t few, int64_t inputs, int64_t outputs, const void *weights, int precision,
    gq_product **product);

/// Bytes of scratch that one run needs; may be 0.
size_t gq_product_scratch(const gq_product *product);

/// Multiplies so many rows. `input` and `output` have room for all the rows that the product was made for; what stands
/// beyond `rows` may be overwritten.
int gq_product_run(
    gq_product *product, int64_t rows, const void *input, void *output, void *scratch);

void gq_product_destroy(gq_product *product);

#endif
