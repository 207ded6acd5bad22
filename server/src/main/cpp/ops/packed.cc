#include "packed.h"

#include <ATen/Parallel.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "kernels.h"
#include "pool.h"

namespace graft {
namespace {

constexpr size_t kHuge = 2 << 20;

int64_t panels(int64_t out) { return (out + kPanel - 1) / kPanel; }

at::Tensor buffer(int64_t size, int64_t out, int64_t in, at::ScalarType type) {
  bool huge = size >= static_cast<int64_t>(kHuge);
  void* memory = std::aligned_alloc(huge ? kHuge : 64, (size + kHuge - 1) / kHuge * kHuge);
  TORCH_CHECK(memory != nullptr, "no memory for ", size, " bytes of packed weights");
  if (huge) madvise(memory, size, MADV_HUGEPAGE);
  std::memset(memory, 0, size);
  at::Tensor all = at::from_blob(memory, {size}, [](void* p) { std::free(p); }, at::kByte);
  return all.view(type).narrow(0, 0, out * in).view({out, in});
}

// Two bytes a pair of 16 bits, or four; float32 has no pairs.
template <class Unit>
void fill(const Unit* from, Unit* to, int64_t out, int64_t units) {
  Pool::shared().each(panels(out), at::get_num_threads(), [&](int64_t panel) {
    Unit* own = to + panel * kPanel * units;
    int64_t rows = std::min(kPanel, out - panel * kPanel);
    for (int64_t row = 0; row < rows; row++) {
      const Unit* line = from + (panel * kPanel + row) * units;
      for (int64_t unit = 0; unit < units; unit++) own[unit * kPanel + row] = line[unit];
    }
  });
}

float wide(Bf16 value) {
  uint32_t bits = static_cast<uint32_t>(value) << 16;
  float v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

float half(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits & 0x7fff) << 13;
  float size;
  std::memcpy(&size, &wide, sizeof size);
  size *= 0x1p112f;
  return bits & 0x8000 ? -size : size;
}

uint8_t nibble(const uint8_t* row, int64_t column) {  // in GGUF's order
  uint8_t both = row[column / 32 * 16 + column % 16];
  return column % 32 < 16 ? both & 15 : both >> 4;
}

void read_row(const Weight& w, int64_t row, float* out) {
  int64_t in = w.in(), panel = row / kPanel, lane = row % kPanel;
  const void* data = w.values.data_ptr();
  const uint16_t* scales =
      w.coded() && w.scales.dim() == 2 ? static_cast<const uint16_t*>(w.scales.data_ptr()) : nullptr;
  const uint16_t* minima = w.minima.numel() > 0 ? static_cast<const uint16_t*>(w.minima.data_ptr()) : nullptr;
  float row_scale = w.coded() && !scales ? wide(static_cast<const Bf16*>(w.scales.data_ptr())[row]) : 0;
  for (int64_t column = 0; column < in; column++) {
    int64_t place = (panel * in / 2 + column / 2) * 2 * kPanel + lane * 2 + column % 2;
    int64_t block = (panel * (in / 32) + column / 32) * kPanel + lane;
    if (minima) {
      int64_t half_place = (panel * in / 2 + column / 2) * kPanel + lane % 16 * 2 + column % 2;
      uint8_t both = static_cast<const uint8_t*>(data)[half_place];
      out[column] = (lane < 16 ? both & 15 : both >> 4) * half(scales[block]) + half(minima[block]);
    } else if (w.coded()) {
      out[column] = static_cast<const int8_t*>(data)[place] * (scales ? half(scales[block]) : row_scale);
    } else if (w.values.scalar_type() == at::kBFloat16) {
      out[column] = wide(static_cast<const Bf16*>(data)[place]);
    } else {
      out[column] = static_cast<const float*>(data)[(panel * in + column) * kPanel + lane];
    }
  }
}

bool on_processor(const at::Tensor& t) { return t.device().is_cpu() && t.is_contiguous() && t.storage_offset() == 0; }

}  // namespace

void Weight::check() const {
  at::ScalarType type = values.scalar_type();
  bool plain = !coded() && (type == at::kBFloat16 || type == at::kFloat);
  bool eight = coded() && type == at::kChar && minima.numel() == 0 && in() % 32 == 0;
  bool four = coded() && type == at::kByte && minima.sizes() == scales.sizes() && in() % 32 == 0;
  TORCH_CHECK(values.dim() == 2 && on_processor(values) && (plain || eight || four),
              "no packed weights: ", values.toString(), values.sizes(), " with scales ", scales.sizes(), " and minima ",
              minima.sizes());
  int64_t wide = panels(out()) * kPanel;
  TORCH_CHECK(static_cast<int64_t>(values.storage().nbytes()) >= wide * values.size(1) * values.element_size(),
              "weights ", values.sizes(), " are not packed");
  bool by_rows = scales.dim() == 1 && scales.scalar_type() == at::kBFloat16 && scales.is_contiguous() &&
                 scales.numel() == out() && eight;
  bool by_blocks = scales.dim() == 2 && scales.scalar_type() == at::kHalf && on_processor(scales) &&
                   scales.size(0) == out() && scales.size(1) == in() / 32 &&
                   static_cast<int64_t>(scales.storage().nbytes()) >= wide * in() / 32 * 2;
  TORCH_CHECK(!coded() || by_rows || by_blocks, "scales ", scales.toString(), scales.sizes(), " for weights ",
              values.sizes());
  TORCH_CHECK(!four || (minima.scalar_type() == at::kHalf && on_processor(minima) &&
                        static_cast<int64_t>(minima.storage().nbytes()) >= wide * in() / 32 * 2),
              "minima ", minima.sizes());
}

at::Tensor pack(const at::Tensor& given) {
  at::Tensor w = given.contiguous();
  bool narrow = w.scalar_type() == at::kBFloat16;
  TORCH_CHECK(w.device().is_cpu() && w.dim() == 2 && (narrow || w.scalar_type() == at::kFloat),
              "only bf16 and float32 matrices on the processor can be packed, not ", w.toString(), w.sizes());
  int64_t out = w.size(0), in = w.size(1);
  TORCH_CHECK(in % 2 == 0, "a matrix of ", in, " columns can't be packed: they must be even");
  at::Tensor packed = buffer(panels(out) * kPanel * in * w.element_size(), out, in, w.scalar_type());
  fill(static_cast<const uint32_t*>(w.data_ptr()), static_cast<uint32_t*>(packed.data_ptr()), out,
       narrow ? in / 2 : in);
  return packed;
}

at::Tensor pack_codes(const at::Tensor& given) {
  at::Tensor w = given.contiguous();
  bool eight = w.scalar_type() == at::kChar;
  TORCH_CHECK(w.device().is_cpu() && w.dim() == 2 && (eight || w.scalar_type() == at::kByte) &&
                  w.size(1) % (eight ? 32 : 16) == 0,
              "codes are [out, in] of int8 or [out, in / 2] of uint8, not ", w.toString(), w.sizes());
  int64_t out = w.size(0), bytes = w.size(1);
  at::Tensor packed = buffer(panels(out) * kPanel * bytes, out, bytes, w.scalar_type());
  if (eight) {
    fill(static_cast<const uint16_t*>(w.data_ptr()), static_cast<uint16_t*>(packed.data_ptr()), out, bytes / 2);
    return packed;
  }
  const uint8_t* from = w.data_ptr<uint8_t>();
  uint8_t* to = packed.data_ptr<uint8_t>();
  int64_t in = bytes * 2;
  Pool::shared().each(panels(out), at::get_num_threads(), [&](int64_t panel) {
    for (int64_t lane = 0; lane < kPanel && panel * kPanel + lane < out; lane++) {
      for (int64_t column = 0; column < in; column++) {
        int64_t place = (panel * in / 2 + column / 2) * kPanel + lane % 16 * 2 + column % 2;
        to[place] |= nibble(from + (panel * kPanel + lane) * bytes, column) << (lane < 16 ? 0 : 4);
      }
    }
  });
  return packed;
}

at::Tensor pack_scales(const at::Tensor& given) {
  if (given.dim() != 2) return given.contiguous();  // one a row
  at::Tensor s = given.contiguous();
  TORCH_CHECK(s.device().is_cpu() && s.scalar_type() == at::kHalf, "scales of blocks are float16, not ", s.toString());
  at::Tensor packed = buffer(panels(s.size(0)) * kPanel * s.size(1) * 2, s.size(0), s.size(1), at::kHalf);
  fill(static_cast<const uint16_t*>(s.data_ptr()), static_cast<uint16_t*>(packed.data_ptr()), s.size(0), s.size(1));
  return packed;
}

at::Tensor unpack(const Weight& w, int64_t row, int64_t rows) {
  w.check();
  TORCH_CHECK(row >= 0 && rows >= 0 && row + rows <= w.out(), "rows ", row, " to ", row + rows, " of ",
              w.values.sizes());
  at::Tensor plain = at::empty({rows, w.in()}, w.values.options().dtype(at::kFloat));
  float* to = plain.data_ptr<float>();
  Pool::shared().each(rows, at::get_num_threads(), [&](int64_t i) { read_row(w, row + i, to + i * w.in()); });
  return plain;
}

at::Tensor embedding(const Weight& w, const at::Tensor& tokens) {
  w.check();
  TORCH_CHECK(tokens.dim() == 1 && tokens.scalar_type() == at::kLong && tokens.is_contiguous(),
              "tokens are [n] of int64");
  const int64_t* ids = tokens.data_ptr<int64_t>();
  at::Tensor rows = at::empty({tokens.size(0), w.in()}, w.values.options().dtype(at::kFloat));
  for (int64_t i = 0; i < tokens.size(0); i++) {
    TORCH_CHECK_INDEX(ids[i] >= 0 && ids[i] < w.out(), "token ", ids[i], " is not one of ", w.out());
    read_row(w, ids[i], rows.data_ptr<float>() + i * w.in());
  }
  return rows;
}

}  // namespace graft
