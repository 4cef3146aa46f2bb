// 1x1 convolutions with int8 products.
#ifndef GQ_PRODUCTS_H
#define GQ_PRODUCTS_H

#include <stddef.h>
#include <stdint.h>

/// Outputs of a group of weights, and inputs of a step.
enum { GQ_GROUP = 16, GQ_STEP = 4 };

/// A 1x1 convolution whose weights are multiples of a scale of each output.
///
/// A row of `inputs` numbers is rounded to -127...127 times a scale of its own, its largest magnitude / 127; what is not a
/// number becomes -127. Output i becomes y = sum * scales[i] * row scale + bias[i], sum being the exact sum of products of
/// bytes, then slope * y where y < 0; it is stored, or added to what is there.
typedef struct {
  size_t inputs, outputs;
  /// [groups of outputs][steps of inputs][16][4], zeros where there is no such output or input.
  const int8_t *weights;
  /// -128 times the sum of each output's weights, for processors that multiply bytes without a sign by bytes with one.
  const int32_t *offsets;
  /// Filled up to whole groups, like `offsets` and `bias`.
  const float *scales;
  const float *bias;
  float slope;
  int adds;
} gq_product;

/// Lays out weights [outputs, inputs] of -127...127: fills `packed` and `offsets` of whole groups and steps.
void gq_pack_weights(
    const int8_t *weights, size_t inputs, size_t outputs, int8_t *packed, int32_t *offsets);

// Operands are stored as an instruction set wants them: what follows is called with the same one, which the machine must
// have.

/// Bytes of a row's operands.
size_t gq_operand_bytes(int instruction_set, size_t inputs);

/// Rounds a row of numbers; returns its scale.
float gq_round_row(int instruction_set, const float *values, size_t count, void *operands);

/// Results [count, outputs] of rows of operands, each of `gq_operand_bytes`.
void gq_multiply_rows(
    int instruction_set, const gq_product *product, const void *operands, const float *row_scales,
    size_t count, float *results);

#endif
