// What the operators compute, free of torch: plain pointers in, so that it can be tested and timed by itself.
//
// Each instruction set brings a table of the same functions (kernels.inc, compiled once for each); kernels() picks the
// best that this processor has. A row's values never depend on how many rows there are: every sum runs over its terms
// in one order, whatever the tile. float32 values differ between instruction sets by rounding only.
#pragma once
#include <cstdint>

namespace graft {

constexpr int64_t kPanel = 32;  // outputs of one panel of a packed matrix
constexpr int64_t kChunk = 64;  // positions that attention looks at together

using Bf16 = uint16_t;  // the upper half of a float

// A matrix [out, in] is packed in panels of 32 outputs: [ceil(out / 32)][in / pair][32][pair], pair 2 for bf16 (what
// one dot-product instruction takes) and 1 for float32; missing outputs of the last panel are zero.
template <class T>
constexpr int64_t kPair = sizeof(T) == 2 ? 2 : 1;

struct Linear {
  const void* x;      // [rows, in], bf16 or float32 as the weights, or float32 if !bf16_products
  int64_t x_stride;   // elements from row to row
  const void* w;      // packed
  const float* bias;  // [out], or null
  float* y;           // [rows, out]
  int64_t y_stride;
  int64_t rows, out, in;
  bool add;  // y += instead of y =
};

constexpr int64_t kBlock = 32;  // weights that share a scale

// The same with weights as codes. 8 bits lie as [ceil(out / 32)][in / 2][32][2]; of 4 bits a byte holds what has its
// place there in its lower half, and what lies 32 places (16 outputs) further in its upper one. scales and minima are
// float16 [ceil(out / 32)][in / 32][32]; row_scales [out] stand instead of scales where a row has one.
struct Codes {
  const int16_t* x;      // [rows, in], in units
  const float* x_units;  // [rows]
  const float* x_sums;   // [rows, in / 32], of units
  const void* w;
  const uint16_t *scales, *minima;  // or null
  const float* row_scales;          // or null
  const float* bias;                // [out], or null
  float* y;                         // [rows, out]
  int64_t y_stride, rows, out, in;
  bool add;
};

// Low-rank part of one adapter for its range of rows: S = X A^T, then y += scale * S B^T, both for one module.
struct Shrink {
  const void* x;  // [rows, in]
  int64_t x_stride;
  const void* a;  // [rank, in]
  float* s;       // [rows, rank]
  int64_t rows, rank, in;
};

struct Expand {
  const float* s;  // [rows, rank]
  const void* b;   // transposed: [rank, out]
  int64_t b_stride;
  const float* gain;      // [out], DoRA's, or null
  const float* constant;  // [out], or null
  float* y;               // [rows, ...] at the module's first column
  int64_t y_stride;
  int64_t rows, rank;
  float scale;
};

struct Norm {
  const float* h;  // [rows, width]
  int64_t h_stride;
  void* y;  // [rows, width]
  int64_t y_stride;
  const float* weight;
  int64_t rows, width;
  float eps;
};

// Rotates queries and keys (halves form the pairs), writes keys and values into their slots. One row at a time.
struct Rope {
  const float *q, *k, *v;                // [rows, heads or kv_heads, width]
  int64_t q_stride, k_stride, v_stride;  // from row to row
  const float *cos, *sin;                // [positions, width / 2]
  const int64_t *positions, *slots;
  float* turned;        // [rows, heads, width]
  void *keys, *values;  // [slots, kv_heads, width]
  int64_t heads, kv_heads, width;
};

struct Attend {
  const float* q;             // [rows, heads, width]
  const void *keys, *values;  // [slots, kv_heads, width]
  void* out;                  // [rows, heads, width]
  int64_t heads, kv_heads, width, block_tokens;
  float scale;
};

// Rows next to each other of one sequence, for one head of keys. Row i sees the first `visible + i` positions.
struct AttendUnit {
  const int64_t* table;  // the sequence's blocks
  int64_t row, rows, visible, kv_head;
};

// Floats of scratch that one unit of so many rows needs.
inline int64_t attend_scratch(const Attend& job, int64_t rows) {
  int64_t wide = (job.width + 15) / 16 * 16, queries = rows * (job.heads / job.kv_heads);
  return 2 * kChunk * wide + queries * (2 * wide + 2) + kChunk;
}

struct Kernels {
  const char* name;
  bool bf16_products;  // Linear takes bf16 activations as they are, else as float32
  void (*linear_bf16)(const Linear&, int64_t panel);
  void (*linear_f32)(const Linear&, int64_t panel);
  void (*shrink_bf16)(const Shrink&, int64_t rank_from, int64_t rank_to);
  void (*shrink_f32)(const Shrink&, int64_t rank_from, int64_t rank_to);
  void (*expand_bf16)(const Expand&, int64_t column_from, int64_t column_to);
  void (*expand_f32)(const Expand&, int64_t column_from, int64_t column_to);
  void (*norm_bf16)(const Norm&, int64_t row);
  void (*norm_f32)(const Norm&, int64_t row);
  void (*rope_bf16)(const Rope&, int64_t row);
  void (*rope_f32)(const Rope&, int64_t row);
  void (*attend_bf16)(const Attend&, const AttendUnit&, float* scratch);
  void (*attend_f32)(const Attend&, const AttendUnit&, float* scratch);
  void (*swiglu_bf16)(const float* gate, const float* up, void* y, int64_t width);
  void (*swiglu_f32)(const float* gate, const float* up, void* y, int64_t width);
  void (*widen)(const Bf16* x, float* y, int64_t count);
  bool (*finite)(const float* x, int64_t count);
  void (*summary)(const float* x, int64_t count, float* out);  // logarithm of summed exponentials, largest, its index
  void (*codes8)(const Codes&, int64_t panel);
  void (*codes4)(const Codes&, int64_t panel);
  void (*whole)(const Bf16* x, int64_t in, int16_t* out, float* unit, float* sums);  // activations for Codes
};

extern const Kernels kPlainKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels, kAvx512Kernels, kAvx512Bf16Kernels;
#endif

// The table for this processor; GRAFT_OPERATORS_ISA=plain|avx2|avx512 asks for a lesser one, for tests.
const Kernels& kernels();

}  // namespace graft
