#include "attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "kernels.h"
#include "pool.h"

namespace graft {
namespace {

constexpr int64_t kRows = 8;  // of one sequence that look at the same keys together

bool is_bf16(const at::Tensor& t) { return t.scalar_type() == at::kBFloat16; }

void check_pools(const at::Tensor& keys, const at::Tensor& values) {
  TORCH_CHECK(keys.device().is_cpu() && keys.dim() == 3 && keys.is_contiguous() && values.is_contiguous() &&
                  keys.sizes() == values.sizes() && keys.scalar_type() == values.scalar_type() &&
                  (is_bf16(keys) || keys.scalar_type() == at::kFloat),
              "KV pools are [slots, heads, width] in bf16 or float32, not ", keys.toString(), keys.sizes(),
              values.sizes());
}

const int64_t* indexes(const at::Tensor& t, int64_t count, int64_t below, const char* what) {
  TORCH_CHECK(t.scalar_type() == at::kLong && t.is_contiguous() && t.numel() == count, what, " are ", count,
              " of int64, not ", t.sizes());
  const int64_t* p = t.data_ptr<int64_t>();
  for (int64_t i = 0; i < count; i++) TORCH_CHECK_INDEX(p[i] >= 0 && p[i] < below, what, " ", p[i], " of ", below);
  return p;
}

}  // namespace

at::Tensor rope_into_kv(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& cos,
                        const at::Tensor& sin, const at::Tensor& positions, const at::Tensor& slots,
                        const at::Tensor& keys, const at::Tensor& values) {
  check_pools(keys, values);
  int64_t n = q.size(0), heads = q.size(1), kv_heads = keys.size(1), width = keys.size(2);
  for (const at::Tensor& x : {q, k, v})
    TORCH_CHECK(x.device().is_cpu() && x.dim() == 3 && x.scalar_type() == at::kFloat && x.size(0) == n &&
                    x.size(2) == width && x.stride(2) == 1 && x.stride(1) == width &&
                    (x.size(1) == kv_heads || x.is_same(q)),
                "queries, keys or values ", x.toString(), x.sizes(), " for pools ", keys.sizes());
  for (const at::Tensor& table : {cos, sin})
    TORCH_CHECK(table.scalar_type() == at::kFloat && table.is_contiguous() && table.dim() == 2 &&
                    table.size(1) * 2 == width && table.size(0) == cos.size(0),
                "rope table ", table.sizes(), " for heads of ", width);
  TORCH_CHECK(heads > 0 && heads % kv_heads == 0, heads, " heads over ", kv_heads);
  at::Tensor turned = at::empty({n, heads, width}, q.options());
  Rope job{q.data_ptr<float>(),
           k.data_ptr<float>(),
           v.data_ptr<float>(),
           q.stride(0),
           k.stride(0),
           v.stride(0),
           cos.data_ptr<float>(),
           sin.data_ptr<float>(),
           indexes(positions, n, cos.size(0), "positions"),
           indexes(slots, n, keys.size(0), "slots"),
           turned.data_ptr<float>(),
           keys.data_ptr(),
           values.data_ptr(),
           heads,
           kv_heads,
           width};
  auto one = is_bf16(keys) ? kernels().rope_bf16 : kernels().rope_f32;
  int64_t each = std::max<int64_t>(1, 16384 / (heads * width));
  Pool::shared().each((n + each - 1) / each, at::get_num_threads(), [&](int64_t i) {
    for (int64_t row = i * each; row < std::min(n, (i + 1) * each); row++) one(job, row);
  });
  return turned;
}

at::Tensor attend(const at::Tensor& given, const at::Tensor& keys, const at::Tensor& values,
                  const at::Tensor& single_rows, const at::Tensor& single_lengths, const c10::List<at::Tensor>& blocks,
                  at::IntArrayRef spans, double scale, int64_t block_tokens) {
  check_pools(keys, values);
  at::Tensor q = given.contiguous();
  TORCH_CHECK(
      q.dim() == 3 && q.scalar_type() == at::kFloat && q.size(2) == keys.size(2) && q.size(1) % keys.size(1) == 0,
      "queries ", q.toString(), q.sizes(), " for pools ", keys.sizes());
  TORCH_CHECK(block_tokens > 0 && spans.size() % 3 == 0 && blocks.size() == spans.size() / 3 + 1, "spans ", spans,
              " of ", blocks.size());
  int64_t n = q.size(0), heads = q.size(1), kv_heads = keys.size(1), width = keys.size(2),
          most = keys.size(0) / block_tokens;
  at::Tensor out = at::empty({n, heads * width}, keys.options());
  Attend job{q.data_ptr<float>(), keys.data_ptr(),          values.data_ptr(), out.data_ptr(), heads, kv_heads, width,
             block_tokens,        static_cast<float>(scale)};
  std::vector<AttendUnit> units;
  std::vector<at::Tensor> tables;  // keep what the units point into
  auto table = [&](size_t i) {
    tables.push_back(blocks.get(i));
    return indexes(tables.back(), tables.back().numel(), most, "blocks");
  };
  int64_t b = single_rows.size(0), rows_seen = 0;
  const int64_t *rows = indexes(single_rows, b, n, "rows"), *singles = table(0);
  int64_t wide = b == 0 ? 0 : tables[0].numel() / b;
  const int64_t* lengths = indexes(single_lengths, b, wide * block_tokens + 1, "lengths");
  for (int64_t i = 0; i < b; i++, rows_seen++)
    for (int64_t head = 0; head < kv_heads; head++) units.push_back({singles + i * wide, rows[i], 1, lengths[i], head});
  for (size_t i = 0; i * 3 < spans.size(); i++) {
    int64_t start = spans[3 * i], length = spans[3 * i + 1], end = spans[3 * i + 2];
    const int64_t* own = table(i + 1);
    TORCH_CHECK(
        start >= 0 && length > 0 && start + length <= n && end >= length && end <= tables.back().numel() * block_tokens,
        "a slice of ", length, " rows from ", start, " that sees ", end);
    rows_seen += length;
    for (int64_t from = 0; from < length; from += kRows)
      for (int64_t head = 0; head < kv_heads; head++)
        units.push_back({own, start + from, std::min(kRows, length - from), end - length + from + 1, head});
  }
  TORCH_CHECK(rows_seen == n, rows_seen, " of ", n, " rows are in a slice");
  auto one = is_bf16(keys) ? kernels().attend_bf16 : kernels().attend_f32;
  int64_t floats = attend_scratch(job, kRows);
  Pool::shared().each(static_cast<int64_t>(units.size()), at::get_num_threads(), [&](int64_t i) {
    thread_local std::vector<float> scratch;
    if (static_cast<int64_t>(scratch.size()) < floats) scratch.resize(floats);
    one(job, units[i], scratch.data());
  });
  return out;
}

at::Tensor swiglu(const at::Tensor& given, at::ScalarType type) {
  at::Tensor x = given.contiguous();
  TORCH_CHECK(x.dim() == 2 && x.scalar_type() == at::kFloat && x.size(1) % 2 == 0, "gate and up ", x.toString(),
              x.sizes());
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "SwiGLU into float32 or bf16 only");
  int64_t n = x.size(0), inner = x.size(1) / 2;
  at::Tensor y = at::empty({n, inner}, x.options().dtype(type));
  auto one = type == at::kFloat ? kernels().swiglu_f32 : kernels().swiglu_bf16;
  const float* from = x.data_ptr<float>();
  char* to = static_cast<char*>(y.data_ptr());
  int64_t each = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, inner));
  Pool::shared().each((n + each - 1) / each, at::get_num_threads(), [&](int64_t i) {
    for (int64_t row = i * each; row < std::min(n, (i + 1) * each); row++)
      one(from + row * 2 * inner, from + row * 2 * inner + inner, to + row * inner * y.element_size(), inner);
  });
  return y;
}

at::Tensor finite(const at::Tensor& given) {
  at::Tensor h = given.contiguous();
  TORCH_CHECK(h.device().is_cpu() && h.dim() == 2 && h.scalar_type() == at::kFloat, "rows ", h.toString(), h.sizes());
  at::Tensor all = at::empty({h.size(0)}, h.options().dtype(at::kBool));
  for (int64_t i = 0; i < h.size(0); i++)
    all.data_ptr<bool>()[i] = kernels().finite(h.data_ptr<float>() + i * h.size(1), h.size(1));
  return all;
}

at::Tensor summary(const at::Tensor& given) {
  at::Tensor logits = given.contiguous();
  TORCH_CHECK(
      logits.device().is_cpu() && logits.dim() == 2 && logits.scalar_type() == at::kFloat && logits.size(1) < (1 << 24),
      "logits ", logits.toString(), logits.sizes());
  at::Tensor all = at::empty({logits.size(0), 3}, logits.options());
  const float* from = logits.data_ptr<float>();
  float* to = all.data_ptr<float>();
  Pool::shared().each(logits.size(0), at::get_num_threads(),
                      [&](int64_t i) { kernels().summary(from + i * logits.size(1), logits.size(1), to + i * 3); });
  return all;
}

}  // namespace graft
