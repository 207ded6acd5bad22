// Names and signatures of the operators, as the scripts call them: ops.graft.<name>(...). No logic here.
#include <torch/library.h>

#include "attention.h"
#include "kernels.h"
#include "packed.h"
#include "project.h"

namespace graft {
namespace {

using Tensors = c10::List<at::Tensor>;
using Numbers = c10::ArrayRef<double>;

at::Tensor project_op(const at::Tensor& x, const at::Tensor& w, const at::Tensor& scales_of, const at::Tensor& minima,
                      const at::Tensor& bias, Tensors adapters, at::IntArrayRef sites, at::IntArrayRef widths,
                      at::IntArrayRef groups, Numbers scales, int64_t all_sites) {
  return project(x, {w, scales_of, minima}, bias, {adapters, groups, scales, all_sites}, sites, widths);
}

at::Tensor project_onto_op(const at::Tensor& h, const at::Tensor& x, const at::Tensor& w, const at::Tensor& scales_of,
                           const at::Tensor& minima, const at::Tensor& bias, Tensors adapters, int64_t site,
                           at::IntArrayRef groups, Numbers scales, int64_t all_sites) {
  project_onto(h, x, {w, scales_of, minima}, bias, {adapters, groups, scales, all_sites}, site);
  return h;
}

at::Tensor norm_op(const at::Tensor& h, const at::Tensor& weight, double eps, int64_t type, Tensors adapters,
                   int64_t site, at::IntArrayRef groups, Numbers scales, int64_t all_sites) {
  return norm(h, weight, eps, static_cast<at::ScalarType>(type), {adapters, groups, scales, all_sites}, site);
}

at::Tensor attend_op(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                     const at::Tensor& single_rows, const at::Tensor& single_lengths, Tensors blocks,
                     at::IntArrayRef spans, double scale, int64_t block_tokens) {
  return attend(q, keys, values, single_rows, single_lengths, blocks, spans, scale, block_tokens);
}

at::Tensor swiglu_op(const at::Tensor& gate_up, int64_t type) {
  return swiglu(gate_up, static_cast<at::ScalarType>(type));
}

at::Tensor unpack_op(const at::Tensor& w, const at::Tensor& scales, const at::Tensor& minima, int64_t row,
                     int64_t rows) {
  return unpack({w, scales, minima}, row, rows);
}

at::Tensor embedding_op(const at::Tensor& w, const at::Tensor& scales, const at::Tensor& minima,
                        const at::Tensor& tokens) {
  return embedding({w, scales, minima}, tokens);
}

std::string isa() { return kernels().name; }

}  // namespace
}  // namespace graft

TORCH_LIBRARY(graft, m) {
  m.def("isa() -> str", &graft::isa);
  m.def("pack(Tensor w) -> Tensor", &graft::pack);
  m.def("pack_codes(Tensor w) -> Tensor", &graft::pack_codes);
  m.def("pack_scales(Tensor s) -> Tensor", &graft::pack_scales);
  m.def("unpack(Tensor w, Tensor scales, Tensor minima, int row, int rows) -> Tensor", &graft::unpack_op);
  m.def("embedding(Tensor w, Tensor scales, Tensor minima, Tensor tokens) -> Tensor", &graft::embedding_op);
  m.def(
      "project(Tensor x, Tensor w, Tensor weight_scales, Tensor minima, Tensor bias, Tensor[] adapters, int[] sites, "
      "int[] widths, int[] groups, float[] scales, "
      "int all_sites) -> Tensor",
      &graft::project_op);
  m.def(
      "project_onto(Tensor(a!) h, Tensor x, Tensor w, Tensor weight_scales, Tensor minima, Tensor bias, Tensor[] "
      "adapters, int site, int[] groups, float[] scales, "
      "int all_sites) -> Tensor(a!)",
      &graft::project_onto_op);
  m.def(
      "norm(Tensor h, Tensor weight, float eps, int type, Tensor[] adapters, int site, int[] groups, float[] scales, "
      "int all_sites) -> Tensor",
      &graft::norm_op);
  m.def(
      "rope_into_kv(Tensor q, Tensor k, Tensor v, Tensor cos, Tensor sin, Tensor positions, Tensor slots, "
      "Tensor(a!) keys, Tensor(b!) values) -> Tensor",
      &graft::rope_into_kv);
  m.def(
      "attend(Tensor q, Tensor keys, Tensor values, Tensor single_rows, Tensor single_lengths, Tensor[] blocks, int[] "
      "spans, "
      "float scale, int block_tokens) -> Tensor",
      &graft::attend_op);
  m.def("finite(Tensor h) -> Tensor", &graft::finite);
  m.def("summary(Tensor logits) -> Tensor", &graft::summary);
  m.def("swiglu(Tensor gate_up, int type) -> Tensor", &graft::swiglu_op);
}
