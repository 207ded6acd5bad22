#include "packed.h"

#include <ATen/Parallel.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "kernels.h"
#include "pool.h"

namespace graft {
namespace {

constexpr size_t kHuge = 2 << 20;

int64_t panels(int64_t out) { return (out + kPanel - 1) / kPanel; }

int64_t bytes(const at::Tensor& w) { return panels(w.size(0)) * kPanel * w.size(1) * w.element_size(); }

at::Tensor buffer(int64_t size, int64_t out, int64_t in, at::ScalarType type) {
  bool huge = size >= static_cast<int64_t>(kHuge);
  void* memory = std::aligned_alloc(huge ? kHuge : 64, (size + kHuge - 1) / kHuge * kHuge);
  TORCH_CHECK(memory != nullptr, "no memory for ", size, " bytes of packed weights");
  if (huge) madvise(memory, size, MADV_HUGEPAGE);
  std::memset(memory, 0, size);
  at::Tensor all = at::from_blob(memory, {size}, [](void* p) { std::free(p); }, at::kByte);
  return all.view(type).narrow(0, 0, out * in).view({out, in});
}

// Element (row, column) of a packed matrix.
template <class T>
int64_t place(int64_t row, int64_t column, int64_t in) {
  constexpr int64_t pair = kPair<T>;
  return (row / kPanel * in / pair + column / pair) * kPanel * pair + row % kPanel * pair + column % pair;
}

template <class T>
void fill(const T* from, T* to, int64_t out, int64_t in) {
  Pool::shared().each(panels(out), at::get_num_threads(), [&](int64_t panel) {
    for (int64_t row = panel * kPanel; row < out && row < (panel + 1) * kPanel; row++)
      for (int64_t column = 0; column < in; column++) to[place<T>(row, column, in)] = from[row * in + column];
  });
}

template <class T>
void read(const T* from, T* to, int64_t row, int64_t in) {
  for (int64_t column = 0; column < in; column++) to[column] = from[place<T>(row, column, in)];
}

bool narrow_type(const at::Tensor& w) { return w.scalar_type() == at::kBFloat16; }

}  // namespace

void check_packed(const at::Tensor& w) {
  TORCH_CHECK(w.device().is_cpu() && w.dim() == 2 && w.is_contiguous() && (narrow_type(w) || w.scalar_type() == at::kFloat),
              "packed weights are [out, in] in bf16 or float32 on the processor, not ", w.toString(), w.sizes());
  TORCH_CHECK(w.storage_offset() == 0 && static_cast<int64_t>(w.storage().nbytes()) >= bytes(w), "weights ", w.sizes(), " are not packed");
}

at::Tensor pack(const at::Tensor& given) {
  at::Tensor w = given.contiguous();
  TORCH_CHECK(w.device().is_cpu() && w.dim() == 2 && (narrow_type(w) || w.scalar_type() == at::kFloat),
              "only bf16 and float32 matrices on the processor can be packed, not ", w.toString(), w.sizes());
  int64_t out = w.size(0), in = w.size(1);
  TORCH_CHECK(in % 2 == 0, "a matrix of ", in, " columns can't be packed: they must be even");
  at::Tensor packed = buffer(bytes(w), out, in, w.scalar_type());
  if (narrow_type(w)) fill(static_cast<const Bf16*>(w.data_ptr()), static_cast<Bf16*>(packed.data_ptr()), out, in);
  else fill(w.data_ptr<float>(), packed.data_ptr<float>(), out, in);
  return packed;
}

at::Tensor unpack(const at::Tensor& w, int64_t row, int64_t rows) {
  check_packed(w);
  TORCH_CHECK(row >= 0 && rows >= 0 && row + rows <= w.size(0), "rows ", row, " to ", row + rows, " of ", w.sizes());
  int64_t in = w.size(1);
  at::Tensor plain = at::empty({rows, in}, w.options());
  for (int64_t i = 0; i < rows; i++) {
    if (narrow_type(w)) read(static_cast<const Bf16*>(w.data_ptr()), static_cast<Bf16*>(plain.data_ptr()) + i * in, row + i, in);
    else read(w.data_ptr<float>(), plain.data_ptr<float>() + i * in, row + i, in);
  }
  return plain;
}

at::Tensor embedding(const at::Tensor& w, const at::Tensor& tokens) {
  check_packed(w);
  TORCH_CHECK(tokens.dim() == 1 && tokens.scalar_type() == at::kLong && tokens.is_contiguous(), "tokens are [n] of int64");
  int64_t n = tokens.size(0), in = w.size(1);
  const int64_t* ids = tokens.data_ptr<int64_t>();
  at::Tensor rows = at::empty({n, in}, w.options().dtype(at::kFloat));
  float* out = rows.data_ptr<float>();
  for (int64_t i = 0; i < n; i++) {
    TORCH_CHECK_INDEX(ids[i] >= 0 && ids[i] < w.size(0), "token ", ids[i], " is not one of ", w.size(0));
    if (!narrow_type(w)) {
      read(w.data_ptr<float>(), out + i * in, ids[i], in);
      continue;
    }
    const Bf16* from = static_cast<const Bf16*>(w.data_ptr());
    for (int64_t column = 0; column < in; column++) {
      uint32_t bits = static_cast<uint32_t>(from[place<Bf16>(ids[i], column, in)]) << 16;
      std::memcpy(out + i * in + column, &bits, sizeof bits);
    }
  }
  return rows;
}

}  // namespace graft
