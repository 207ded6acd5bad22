// Linear layers and norms with the adapters of a batch.
#pragma once
#include <ATen/ATen.h>
#include <ATen/core/List.h>

#include "packed.h"

namespace graft {

// Which adapters a step's rows have, as parts/adapters.py counts them: `groups` holds start row, rows and slot of each,
// `scales` a factor each, `adapters` eight tensors a module of each slot.
struct Batch {
  const c10::List<at::Tensor>& adapters;
  at::IntArrayRef groups;
  at::ArrayRef<double> scales;
  int64_t sites;

  int64_t count() const { return static_cast<int64_t>(groups.size()) / 3; }
  int64_t start(int64_t g) const { return groups[3 * g]; }
  int64_t rows(int64_t g) const { return groups[3 * g + 1]; }
  at::Tensor tensor(int64_t g, int64_t site, int64_t kind) const {
    return adapters.get((groups[3 * g + 2] * sites + site) * 8 + kind);
  }
  void check(int64_t all_rows) const;
};

// y[n, out] = x w^T + bias with every row's adapter, float32; the modules' outputs lie side by side.
at::Tensor project(const at::Tensor& x, const Weight& w, const at::Tensor& bias, const Batch& batch,
                   at::IntArrayRef sites, at::IntArrayRef widths);

// The same added to h [n, out].
void project_onto(const at::Tensor& h, const at::Tensor& x, const Weight& w, const at::Tensor& bias, const Batch& batch,
                  int64_t site);

// Root mean square norm of the last dimension of h [..., d], float32, in the element type of `like`.
at::Tensor norm(const at::Tensor& h, const at::Tensor& weight, double eps, at::ScalarType type, const Batch& batch,
                int64_t site);

}  // namespace graft
