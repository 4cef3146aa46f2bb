#include "COneDNN.h"

#if __has_include(<dnnl.h>)

#include <dnnl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// oneDNN describes memory by value in version 2 and behind a pointer in version 3.
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t desc;
#define DESC_REF(d) (d)
#define DESC_QUERY(pd, what, index) ((dnnl_memory_desc_t)dnnl_primitive_desc_query_md(pd, what, index))
#define DESC_SIZE(d) dnnl_memory_desc_get_size(d)
#define DESC_FREE(d) dnnl_memory_desc_destroy(d)
#define DESC_EQUAL(a, b) dnnl_memory_desc_equal(a, b)
static dnnl_status_t desc_create(
    desc *d, int n, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  return dnnl_memory_desc_create_with_tag(d, n, dims, type, tag);
}
#else
typedef dnnl_memory_desc_t desc;
#define DESC_REF(d) (&(d))
#define DESC_QUERY(pd, what, index) (*dnnl_primitive_desc_query_md(pd, what, index))
#define DESC_SIZE(d) dnnl_memory_desc_get_size(&(d))
#define DESC_FREE(d) ((void)0)
#define DESC_EQUAL(a, b) dnnl_memory_desc_equal(&(a), &(b))
static dnnl_status_t desc_create(
    desc *d, int n, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  return dnnl_memory_desc_init_by_tag(d, n, dims, type, tag);
}
#endif

// A product of a fixed number of rows. Its kernel is compiled when it is used for the first time.
typedef struct {
  int64_t rows;
  dnnl_primitive_desc_t description;
  _Atomic(dnnl_primitive_t) primitive;
} kernel;

struct gq_product {
  dnnl_engine_t engine;
  kernel whole, few;
  // Whether `few` takes weights in the same layout.
  int has_few;
  int64_t inputs, outputs;
  size_t input_bytes, output_bytes;
  dnnl_memory_t weights;
  size_t scratch;
};

#define TRY(call)                     \
  do {                                \
    status = (call);                  \
    if (status != dnnl_success) goto done; \
  } while (0)

// Resolved when oneDNN was built with OpenMP.
extern void omp_set_num_threads(int) __attribute__((weak));

// Keeps oneDNN from starting threads of its own in calls from the current thread: the caller has threads, and
// an OpenMP team would spin beside them.
static void use_calling_thread_only(void) {
  if (omp_set_num_threads) omp_set_num_threads(1);
}

void gq_version(int version[3]) {
  const dnnl_version_t *v = dnnl_version();
  version[0] = v->major, version[1] = v->minor, version[2] = v->patch;
}

int gq_has_int8(void) {
#if defined(__x86_64__)
  // ONEDNN_MAX_CPU_ISA may hold oneDNN to less than the processor has.
  int isa = dnnl_get_effective_cpu_isa();
  return __builtin_cpu_supports("avx512vnni") != 0
         && (isa & dnnl_cpu_isa_avx512_core_vnni) == dnnl_cpu_isa_avx512_core_vnni;
#else
  return 0;
#endif
}

static dnnl_status_t cpu(dnnl_engine_t *engine) { return dnnl_engine_create(engine, dnnl_cpu, 0); }

// Copies plain weights into the layout and type that the primitive wants.
static dnnl_status_t packed(
    dnnl_engine_t engine, const void *values, desc plain, desc wanted, dnnl_memory_t *result) {
  dnnl_status_t status = dnnl_success;
  dnnl_memory_t source = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  dnnl_stream_t stream = NULL;
  TRY(dnnl_memory_create(&source, DESC_REF(plain), engine, (void *)values));
  TRY(dnnl_memory_create(result, DESC_REF(wanted), engine, DNNL_MEMORY_ALLOCATE));
  TRY(dnnl_reorder_primitive_desc_create(
      &description, DESC_REF(plain), engine, DESC_REF(wanted), engine, NULL));
  TRY(dnnl_primitive_create(&reorder, description));
  TRY(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, *result}};
  TRY(dnnl_primitive_execute(reorder, stream, 2, arguments));
  TRY(dnnl_stream_wait(stream));
done:
  if (stream) dnnl_stream_destroy(stream);
  if (reorder) dnnl_primitive_destroy(reorder);
  if (description) dnnl_primitive_desc_destroy(description);
  if (source) dnnl_memory_destroy(source);
  return status;
}

static dnnl_status_t describe(
    kernel *kernel, dnnl_engine_t engine, int64_t rows, int64_t inputs, int64_t outputs,
    int precision) {
  dnnl_status_t status = dnnl_success;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_data_type_t type = precision == GQ_INT8 ? dnnl_s8 : dnnl_f32;
  dnnl_data_type_t sum_type = precision == GQ_INT8 ? dnnl_s32 : dnnl_f32;
  desc source, wanted, bias, target;
  memset(&source, 0, sizeof source), memset(&wanted, 0, sizeof wanted);
  memset(&bias, 0, sizeof bias), memset(&target, 0, sizeof target);
  kernel->rows = rows;
  TRY(desc_create(&source, 2, (dnnl_dims_t){rows, inputs}, type, dnnl_ab));
  TRY(desc_create(&wanted, 2, (dnnl_dims_t){inputs, outputs}, type, dnnl_format_tag_any));
  TRY(desc_create(&target, 2, (dnnl_dims_t){rows, outputs}, sum_type, dnnl_ab));
  TRY(dnnl_primitive_attr_create(&attributes));
  TRY(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
#if DNNL_VERSION_MAJOR >= 3
  TRY(dnnl_matmul_primitive_desc_create(
      &kernel->description, engine, source, wanted, bias, target, attributes));
#else
  dnnl_matmul_desc_t operation;
  TRY(dnnl_matmul_desc_init(&operation, &source, &wanted, &bias, &target));
  TRY(dnnl_primitive_desc_create(&kernel->description, &operation, attributes, engine, NULL));
#endif
done:
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  DESC_FREE(source), DESC_FREE(wanted), DESC_FREE(target);
  return status;
}

static size_t scratch_bytes(const kernel *kernel) {
  desc scratch = DESC_QUERY(kernel->description, dnnl_query_scratchpad_md, 0);
  return DESC_SIZE(scratch);
}

int gq_product_create(
    int64_t rows, int64_t few, int64_t inputs, int64_t outputs, const void *weights, int precision,
    gq_product **result) {
  dnnl_status_t status = dnnl_success;
  desc plain;
  memset(&plain, 0, sizeof plain);
  *result = NULL;
  use_calling_thread_only();
  gq_product *product = calloc(1, sizeof *product);
  if (!product) return dnnl_out_of_memory;
  product->inputs = inputs, product->outputs = outputs;
  product->input_bytes = precision == GQ_INT8 ? 1 : 4, product->output_bytes = 4;
  TRY(cpu(&product->engine));
  TRY(describe(&product->whole, product->engine, rows, inputs, outputs, precision));
  TRY(describe(&product->few, product->engine, few, inputs, outputs, precision));
  desc wanted = DESC_QUERY(product->whole.description, dnnl_query_weights_md, 0);
  desc wanted_by_few = DESC_QUERY(product->few.description, dnnl_query_weights_md, 0);
  product->has_few = DESC_EQUAL(wanted, wanted_by_few);
  dnnl_data_type_t type = precision == GQ_INT8 ? dnnl_s8 : dnnl_f32;
  TRY(desc_create(&plain, 2, (dnnl_dims_t){inputs, outputs}, type, dnnl_ba));
  TRY(packed(product->engine, weights, plain, wanted, &product->weights));
  size_t scratch = scratch_bytes(&product->whole), scratch_of_few = scratch_bytes(&product->few);
  product->scratch = scratch > scratch_of_few ? scratch : scratch_of_few;
done:
  DESC_FREE(plain);
  if (status != dnnl_success) gq_product_destroy(product);
  else *result = product;
  return status;
}

size_t gq_product_scratch(const gq_product *product) { return product->scratch; }

// The primitive of a kernel; of several threads that need it first one wins.
static dnnl_status_t primitive_of(kernel *kernel, dnnl_primitive_t *result) {
  *result = atomic_load(&kernel->primitive);
  if (*result) return dnnl_success;
  dnnl_primitive_t made = NULL;
  dnnl_status_t status = dnnl_primitive_create(&made, kernel->description);
  if (status != dnnl_success) return status;
  if (atomic_compare_exchange_strong(&kernel->primitive, result, made)) *result = made;
  else dnnl_primitive_destroy(made);
  return dnnl_success;
}

static dnnl_status_t run(
    gq_product *product, kernel *kernel, const char *input, char *output, void *scratch) {
  dnnl_status_t status = dnnl_success;
  dnnl_memory_t source = NULL, target = NULL, work = NULL;
  dnnl_stream_t stream = NULL;
  dnnl_primitive_t primitive = NULL;
  TRY(primitive_of(kernel, &primitive));
  desc source_desc = DESC_QUERY(kernel->description, dnnl_query_src_md, 0);
  desc target_desc = DESC_QUERY(kernel->description, dnnl_query_dst_md, 0);
  desc work_desc = DESC_QUERY(kernel->description, dnnl_query_scratchpad_md, 0);
  TRY(dnnl_memory_create(&source, DESC_REF(source_desc), product->engine, (void *)input));
  TRY(dnnl_memory_create(&target, DESC_REF(target_desc), product->engine, output));
  TRY(dnnl_memory_create(&work, DESC_REF(work_desc), product->engine, scratch));
  TRY(dnnl_stream_create(&stream, product->engine, dnnl_stream_default_flags));
  dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC, source},
      {DNNL_ARG_WEIGHTS, product->weights},
      {DNNL_ARG_DST, target},
      {DNNL_ARG_SCRATCHPAD, work},
  };
  TRY(dnnl_primitive_execute(primitive, stream, 4, arguments));
  TRY(dnnl_stream_wait(stream));
done:
  if (stream) dnnl_stream_destroy(stream);
  if (work) dnnl_memory_destroy(work);
  if (target) dnnl_memory_destroy(target);
  if (source) dnnl_memory_destroy(source);
  return status;
}

int gq_product_run(
    gq_product *product, int64_t rows, const void *input, void *output, void *scratch) {
  dnnl_status_t status = dnnl_success;
  use_calling_thread_only();
  int64_t few = product->few.rows;
  if (!product->has_few || rows > product->whole.rows - few) {
    return run(product, &product->whole, input, output, scratch);
  }
  for (int64_t first = 0; first < rows && status == dnnl_success; first += few) {
    status = run(
        product, &product->few, (const char *)input + first * product->inputs * product->input_bytes,
        (char *)output + first * product->outputs * product->output_bytes, scratch);
  }
  return status;
}

static void destroy(kernel *kernel) {
  dnnl_primitive_t primitive = atomic_load(&kernel->primitive);
  if (primitive) dnnl_primitive_destroy(primitive);
  if (kernel->description) dnnl_primitive_desc_destroy(kernel->description);
}

void gq_product_destroy(gq_product *product) {
  if (!product) return;
  if (product->weights) dnnl_memory_destroy(product->weights);
  destroy(&product->whole);
  destroy(&product->few);
  if (product->engine) dnnl_engine_destroy(product->engine);
  free(product);
}

#endif
