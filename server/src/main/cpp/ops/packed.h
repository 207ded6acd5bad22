// Packed matrices as tensors: shape [out, in] of a buffer that holds panels (kernels.h), so that only operators may
// read them. Huge pages where the system gives them.
#pragma once
#include <ATen/ATen.h>

namespace graft {

// A matrix and, where it is codes, its scales and minima; else these are empty (parts/weights.py tells the forms).
struct Weight {
  const at::Tensor &values, &scales, &minima;
  bool coded() const { return scales.numel() > 0; }
  int64_t out() const { return values.size(0); }
  int64_t in() const { return minima.numel() > 0 ? values.size(1) * 2 : values.size(1); }
  void check() const;
};

at::Tensor pack(const at::Tensor& w);         // [out, in] -> packed
at::Tensor pack_codes(const at::Tensor& w);   // int8 [out, in], or uint8 [out, in / 2] in GGUF's order
at::Tensor pack_scales(const at::Tensor& s);  // float16 [out, in / 32]; [out] stays as it is
at::Tensor unpack(const Weight& w, int64_t row, int64_t rows);    // -> [rows, in], float32
at::Tensor embedding(const Weight& w, const at::Tensor& tokens);  // -> [n, in], float32

}  // namespace graft
