// Rope, the paged KV pools and attention over them.
#pragma once
#include <ATen/ATen.h>
#include <ATen/core/List.h>

namespace graft {

// q [n, heads, width], k and v [n, kv_heads, width], float32: returns rotated queries, and writes rotated keys, and
// values, into slots of the pools [slots, kv_heads, width].
at::Tensor rope_into_kv(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& cos,
                        const at::Tensor& sin, const at::Tensor& positions, const at::Tensor& slots,
                        const at::Tensor& keys, const at::Tensor& values);

// Softmax attention of each row over its own sequence's blocks, [n, heads * width] in the pools' type. Arguments as in
// parts/attention.py.
at::Tensor attend(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& single_rows,
                  const at::Tensor& single_lengths, const c10::List<at::Tensor>& blocks, at::IntArrayRef spans,
                  double scale, int64_t block_tokens);

// silu(gate) * up of gate_up [n, 2 * inner] float32, in the given type.
at::Tensor swiglu(const at::Tensor& gate_up, at::ScalarType type);

// Whether each row of h [n, d], float32, is finite.
at::Tensor finite(const at::Tensor& h);

// Of each row of logits [n, vocabulary]: [n, 3] of log-sum-exp, the largest and its index (exact below 2^24).
at::Tensor summary(const at::Tensor& logits);

}  // namespace graft
