// Names and signatures of the operators, as the scripts call them: ops.graft.<name>(...). No logic here.
#include <torch/csrc/jit/runtime/custom_operator.h>
#include <torch/library.h>

#include "attention.h"
#include "kernels.h"
#include "packed.h"
#include "project.h"

namespace graft {
namespace {

using Tensors = c10::List<at::Tensor>;
using torch::jit::Stack;

// Operators that are given all adapters are the script interpreter's own: torch's dispatcher would look at every tensor
// of the list at every call, which with sixteen adapters are 35,000.
class Arguments {
 public:
  Arguments(Stack& stack, size_t count) : stack_(stack), count_(count) {}
  at::Tensor tensor(size_t i) const { return value(i).toTensor(); }
  Tensors tensors(size_t i) const { return value(i).toTensorList(); }
  std::vector<int64_t> numbers(size_t i) const { return value(i).toIntVector(); }
  std::vector<double> decimals(size_t i) const { return value(i).toDoubleVector(); }
  int64_t number(size_t i) const { return value(i).toInt(); }
  double decimal(size_t i) const { return value(i).toDouble(); }
  void returns(at::Tensor result) {
    torch::jit::drop(stack_, count_);
    torch::jit::push(stack_, std::move(result));
  }

 private:
  const c10::IValue& value(size_t i) const { return torch::jit::peek(stack_, i, count_); }
  Stack& stack_;
  size_t count_;
};

void project_op(Stack& stack) {
  Arguments given(stack, 11);
  Tensors adapters = given.tensors(5);
  std::vector<int64_t> sites = given.numbers(6), widths = given.numbers(7), groups = given.numbers(8);
  std::vector<double> scales = given.decimals(9);
  given.returns(project(given.tensor(0), {given.tensor(1), given.tensor(2), given.tensor(3)}, given.tensor(4),
                        {adapters, groups, scales, given.number(10)}, sites, widths));
}

void project_onto_op(Stack& stack) {
  Arguments given(stack, 11);
  at::Tensor h = given.tensor(0);
  Tensors adapters = given.tensors(6);
  std::vector<int64_t> groups = given.numbers(8);
  std::vector<double> scales = given.decimals(9);
  project_onto(h, given.tensor(1), {given.tensor(2), given.tensor(3), given.tensor(4)}, given.tensor(5),
               {adapters, groups, scales, given.number(10)}, given.number(7));
  given.returns(std::move(h));
}

void norm_op(Stack& stack) {
  Arguments given(stack, 9);
  Tensors adapters = given.tensors(4);
  std::vector<int64_t> groups = given.numbers(6);
  std::vector<double> scales = given.decimals(7);
  given.returns(norm(given.tensor(0), given.tensor(1), given.decimal(2), static_cast<at::ScalarType>(given.number(3)),
                     {adapters, groups, scales, given.number(8)}, given.number(5)));
}

torch::jit::Operator own(const char* schema, void (*operation)(Stack&)) {
  return torch::jit::Operator(schema, torch::jit::Operation(operation), c10::AliasAnalysisKind::FROM_SCHEMA);
}

torch::jit::RegisterOperators with_adapters(std::vector<std::optional<torch::jit::Operator>>{
    own("graft::project(Tensor x, Tensor w, Tensor weight_scales, Tensor minima, Tensor bias, Tensor[] adapters, "
        "int[] sites, int[] widths, int[] groups, float[] scales, int all_sites) -> Tensor",
        project_op),
    own("graft::project_onto(Tensor(a!) h, Tensor x, Tensor w, Tensor weight_scales, Tensor minima, Tensor bias, "
        "Tensor[] adapters, int site, int[] groups, float[] scales, int all_sites) -> Tensor(a!)",
        project_onto_op),
    own("graft::norm(Tensor h, Tensor weight, float eps, int type, Tensor[] adapters, int site, int[] groups, "
        "float[] scales, int all_sites) -> Tensor",
        norm_op),
});

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
