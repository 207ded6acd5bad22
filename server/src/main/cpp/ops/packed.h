// Packed matrices as tensors: shape [out, in] of a buffer that holds panels (kernels.h), so that only operators may
// read them. Huge pages where the system gives them.
#pragma once
#include <ATen/ATen.h>

namespace graft {

at::Tensor pack(const at::Tensor& w);                                     // [out, in] -> packed
at::Tensor unpack(const at::Tensor& w, int64_t row, int64_t rows);        // -> [rows, in], plain
at::Tensor embedding(const at::Tensor& w, const at::Tensor& tokens);      // -> [n, in], float32
void check_packed(const at::Tensor& w);

}  // namespace graft
