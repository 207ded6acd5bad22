// Linear layers with their adapters: one run computes the base's outputs and all low-rank inner products, another adds
// the low-rank outputs. Each row reads its own adapter only, and rows without one cost nothing.
#include "project.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "kernels.h"
#include "packed.h"
#include "pool.h"

namespace graft {
namespace {

constexpr int64_t kRanks = 8;     // rows of A in one unit
constexpr int64_t kColumns = 64;  // outputs in one unit of the second run
constexpr int64_t kUnits = 12;    // of each thread, so that all end at nearly the same time

bool is_bf16(const at::Tensor& t) { return t.scalar_type() == at::kBFloat16; }

const float* floats(const at::Tensor& t) {
  if (t.numel() == 0) return nullptr;
  TORCH_CHECK(t.scalar_type() == at::kFloat && t.is_contiguous(), "an adapter's vectors are float32");
  return t.data_ptr<float>();
}

struct Low {  // one adapter at one module
  int64_t group;
  Shrink shrink;
  Expand expand;
  at::Tensor a, b, gain, constant, s;  // what the two point into
};

struct Module {
  int64_t site, column, width;
  std::vector<Low> low;
  bool replaced = false;  // some adapter brings a whole weight
};

// B is kept as the transpose of a contiguous [rank, out] (parts/operators/adapters.py); another order is brought there.
at::Tensor transposed(const at::Tensor& b) { return b.t().is_contiguous() ? b : b.t().contiguous().t(); }

void add_low(const Batch& batch, const at::Tensor& x, const at::Tensor& y, int64_t g, Module& module) {
  Low low{g, {}, {}, {}, batch.tensor(g, module.site, 1), {}, batch.tensor(g, module.site, 2), {}};
  if (low.b.numel() == 0 && low.constant.numel() == 0) return;
  int64_t rank = low.b.numel() == 0 ? 0 : low.b.size(1);
  if (rank > 0) {
    low.a = batch.tensor(g, module.site, 0).contiguous();
    low.b = transposed(low.b);
    low.gain = batch.tensor(g, module.site, 3);
    TORCH_CHECK(low.a.scalar_type() == x.scalar_type() && low.b.scalar_type() == x.scalar_type() && low.a.dim() == 2 &&
                    low.a.size(0) == rank && low.a.size(1) == x.size(1) && low.b.size(0) == module.width,
                "an adapter of ", low.a.sizes(), " and ", low.b.sizes(), " does not fit ", x.sizes(), " to ",
                module.width);
  } else {
    low.gain = at::empty({0}, y.options());
  }
  for (const at::Tensor& each : {low.gain, low.constant})
    TORCH_CHECK(each.numel() == 0 || each.numel() == module.width, "an adapter's vector of ", each.sizes(), " for ",
                module.width);
  int64_t start = batch.start(g), rows = batch.rows(g);
  low.s = at::empty({rows, rank}, y.options());
  char* own = static_cast<char*>(x.data_ptr()) + start * x.size(1) * x.element_size();
  low.shrink = {own, x.size(1), rank > 0 ? low.a.data_ptr() : nullptr, low.s.data_ptr<float>(), rows, rank, x.size(1)};
  low.expand = {low.s.data_ptr<float>(),
                rank > 0 ? low.b.data_ptr() : nullptr,
                module.width,
                floats(low.gain),
                floats(low.constant),
                y.data_ptr<float>() + start * y.size(1) + module.column,
                y.size(1),
                rows,
                rank,
                static_cast<float>(batch.scales[g])};
  module.low.push_back(std::move(low));
}

std::vector<Module> modules(const Batch& batch, const at::Tensor& x, const at::Tensor& y, at::IntArrayRef sites,
                            at::IntArrayRef widths) {
  std::vector<Module> all;
  int64_t column = 0;
  for (size_t i = 0; i < sites.size() && batch.count() > 0; i++) {
    Module module{sites[i], column, widths[i], {}, false};
    column += widths[i];
    for (int64_t g = 0; g < batch.count(); g++) {
      if (batch.rows(g) == 0) continue;
      module.replaced |= batch.tensor(g, module.site, 4).numel() > 0;
      add_low(batch, x, y, g, module);
    }
    if (module.replaced || !module.low.empty()) all.push_back(std::move(module));
  }
  return all;
}

// Adapters that bring a module's whole weight are rare: torch computes them, one group after the other.
void replace(const Batch& batch, const at::Tensor& x, const at::Tensor& y, const Module& module, const Kernels& k) {
  for (int64_t g = 0; g < batch.count(); g++) {
    int64_t start = batch.start(g), rows = batch.rows(g);
    if (rows == 0) continue;
    at::Tensor weight = batch.tensor(g, module.site, 4), bias = batch.tensor(g, module.site, 5);
    if (weight.numel() > 0) {
      at::Tensor out = at::linear(x.narrow(0, start, rows), weight);
      if (bias.numel() > 0) out = out + bias;
      y.narrow(0, start, rows).narrow(1, module.column, module.width).lerp_(out.to(at::kFloat), batch.scales[g]);
    }
    for (const Low& low : module.low)
      if (low.group == g) (is_bf16(x) ? k.expand_bf16 : k.expand_f32)(low.expand, 0, module.width);
  }
}

struct Unit {
  const Module* module;
  const Low* low;
  int64_t from, to;
};

// base(panel) for all panels, and the adapters' inner products beside it.
template <class Base>
void base_and_shrink(int64_t out, const std::vector<Module>& modules, bool bf16, const Kernels& k, Base base) {
  int threads = at::get_num_threads();
  int64_t panels = (out + kPanel - 1) / kPanel;
  int64_t each = std::max<int64_t>(1, panels / (threads * kUnits)), chunks = (panels + each - 1) / each;
  std::vector<Unit> units;
  for (const Module& module : modules)
    for (const Low& low : module.low)
      for (int64_t from = 0; from < low.shrink.rank; from += kRanks)
        units.push_back({&module, &low, from, std::min(from + kRanks, low.shrink.rank)});
  auto shrink = bf16 ? k.shrink_bf16 : k.shrink_f32;
  Pool::shared().each(chunks + static_cast<int64_t>(units.size()), threads, [&](int64_t i) {
    if (i >= chunks) return shrink(units[i - chunks].low->shrink, units[i - chunks].from, units[i - chunks].to);
    for (int64_t panel = i * each; panel < std::min(panels, (i + 1) * each); panel++) base(panel);
  });
}

void expand(const Batch& batch, const at::Tensor& x, const at::Tensor& y, const std::vector<Module>& modules,
            const Kernels& k) {
  std::vector<Unit> units;  // several adapters of one row meet in one unit, in their order
  for (const Module& module : modules) {
    if (module.replaced) {
      replace(batch, x, y, module, k);
      continue;
    }
    for (int64_t from = 0; from < module.width; from += kColumns)
      units.push_back({&module, nullptr, from, std::min(from + kColumns, module.width)});
  }
  auto add = is_bf16(x) ? k.expand_bf16 : k.expand_f32;
  Pool::shared().each(static_cast<int64_t>(units.size()), at::get_num_threads(), [&](int64_t i) {
    for (const Low& low : units[i].module->low) add(low.expand, units[i].from, units[i].to);
  });
}

void compute_codes(const at::Tensor& x, const Weight& w, const float* bias, const std::vector<Module>& modules,
                   const at::Tensor& y, bool add, const Kernels& k) {
  int64_t n = x.size(0), in = w.in();
  at::Tensor whole = at::empty({n, in}, x.options().dtype(at::kShort));
  at::Tensor units = at::empty({n}, y.options()), sums = at::empty({n, in / kBlock}, y.options());
  const Bf16* from = static_cast<const Bf16*>(x.data_ptr());
  for (int64_t i = 0; i < n; i++)
    k.whole(from + i * in, in, whole.data_ptr<int16_t>() + i * in, units.data_ptr<float>() + i,
            sums.data_ptr<float>() + i * (in / kBlock));
  at::Tensor row_scales = w.scales.dim() == 1 ? w.scales.to(at::kFloat) : at::empty({0}, y.options());
  bool blocks = w.scales.dim() == 2, four = w.minima.numel() > 0;
  Codes job{whole.data_ptr<int16_t>(),
            units.data_ptr<float>(),
            sums.data_ptr<float>(),
            w.values.data_ptr(),
            blocks ? static_cast<const uint16_t*>(w.scales.data_ptr()) : nullptr,
            four ? static_cast<const uint16_t*>(w.minima.data_ptr()) : nullptr,
            floats(row_scales),
            bias,
            y.data_ptr<float>(),
            y.size(1),
            n,
            w.out(),
            in,
            add};
  auto one = four ? k.codes4 : k.codes8;
  base_and_shrink(w.out(), modules, true, k, [&](int64_t panel) { one(job, panel); });
}

void compute_plain(const at::Tensor& x, const Weight& w, const float* bias, const std::vector<Module>& modules,
                   const at::Tensor& y, bool add, const Kernels& k) {
  at::Tensor given = x;
  if (is_bf16(x) && !k.bf16_products) {
    given = at::empty(x.sizes(), x.options().dtype(at::kFloat));
    k.widen(static_cast<const Bf16*>(x.data_ptr()), given.data_ptr<float>(), x.numel());
  }
  Linear job{given.data_ptr(), x.size(1), w.values.data_ptr(), bias, y.data_ptr<float>(), y.size(1), x.size(0), w.out(),
             w.in(),           add};
  auto one = is_bf16(x) ? k.linear_bf16 : k.linear_f32;
  base_and_shrink(w.out(), modules, is_bf16(x), k, [&](int64_t panel) { one(job, panel); });
}

void compute(const at::Tensor& x, const Weight& w, const at::Tensor& bias, const Batch& batch, at::IntArrayRef sites,
             at::IntArrayRef widths, const at::Tensor& y, bool add) {
  const Kernels& k = kernels();
  at::Tensor offsets = bias.to(at::kFloat).contiguous();
  TORCH_CHECK(bias.numel() == 0 || bias.numel() == w.out(), "a bias of ", bias.sizes(), " for ", w.out(), " outputs");
  std::vector<Module> own = modules(batch, x, y, sites, widths);
  (w.coded() ? compute_codes : compute_plain)(x, w, floats(offsets), own, y, add, k);
  if (!own.empty()) expand(batch, x, y, own, k);
}

at::Tensor checked(const at::Tensor& x, const Weight& w, const Batch& batch, at::IntArrayRef sites,
                   at::IntArrayRef widths) {
  w.check();
  TORCH_CHECK(x.device().is_cpu() && x.dim() == 2 && x.size(1) == w.in() &&
                  x.scalar_type() == (w.coded() ? at::kBFloat16 : w.values.scalar_type()),
              "input ", x.toString(), x.sizes(), " does not fit weights ", w.values.toString(), w.values.sizes());
  TORCH_CHECK(sites.size() == widths.size(), sites.size(), " sites of ", widths.size(), " widths");
  int64_t wide = 0;
  for (int64_t width : widths) wide += width;
  TORCH_CHECK(sites.empty() || wide == w.out(), "modules of ", wide, " outputs for weights ", w.values.sizes());
  batch.check(x.size(0));
  return x.contiguous();
}

}  // namespace

void Batch::check(int64_t all_rows) const {
  TORCH_CHECK(groups.size() % 3 == 0 && scales.size() * 3 == groups.size(), groups.size(), " numbers of groups, ",
              scales.size(), " scales");
  for (int64_t g = 0; g < count(); g++)
    TORCH_CHECK(start(g) >= 0 && rows(g) >= 0 && start(g) + rows(g) <= all_rows, "rows ", start(g), " + ", rows(g),
                " of ", all_rows);
}

at::Tensor project(const at::Tensor& given, const Weight& w, const at::Tensor& bias, const Batch& batch,
                   at::IntArrayRef sites, at::IntArrayRef widths) {
  at::Tensor x = checked(given, w, batch, sites, widths);
  at::Tensor y = at::empty({x.size(0), w.out()}, x.options().dtype(at::kFloat));
  compute(x, w, bias, batch, sites, widths, y, false);
  return y;
}

void project_onto(const at::Tensor& h, const at::Tensor& given, const Weight& w, const at::Tensor& bias,
                  const Batch& batch, int64_t site) {
  at::Tensor x = checked(given, w, batch, {site}, {w.out()});
  TORCH_CHECK(h.scalar_type() == at::kFloat && h.is_contiguous() && h.dim() == 2 && h.size(0) == x.size(0) &&
                  h.size(1) == w.out(),
              "the residual stream ", h.toString(), h.sizes(), " does not fit ", x.sizes(), " by ", w.values.sizes());
  if (batch.count() == 0) return compute(x, w, bias, batch, {site}, {w.out()}, h, true);
  at::Tensor y = at::empty_like(h);
  compute(x, w, bias, batch, {site}, {w.out()}, y, false);
  h.add_(y);
}

at::Tensor norm(const at::Tensor& given, const at::Tensor& weight, double eps, at::ScalarType type, const Batch& batch,
                int64_t site) {
  at::Tensor h = given.contiguous();
  int64_t width = h.size(-1), rows = width == 0 ? 0 : h.numel() / width;
  TORCH_CHECK(h.scalar_type() == at::kFloat && h.device().is_cpu() && weight.numel() == width, "norm of ", h.toString(),
              h.sizes(), " by ", weight.sizes());
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "norm into float32 or bf16 only");
  batch.check(h.size(0));
  at::Tensor y = at::empty(h.sizes(), h.options().dtype(type));
  Norm job{h.data_ptr<float>(), width, y.data_ptr(), width, floats(weight), rows, width, static_cast<float>(eps)};
  auto one = type == at::kFloat ? kernels().norm_f32 : kernels().norm_bf16;
  int64_t each = std::max<int64_t>(1, 16384 / width);  // few rows are not worth waking anybody
  Pool::shared().each((rows + each - 1) / each, at::get_num_threads(), [&](int64_t i) {
    for (int64_t row = i * each; row < std::min(rows, (i + 1) * each); row++) one(job, row);
  });
  for (int64_t g = 0; g < batch.count(); g++) {
    at::Tensor own = batch.tensor(g, site, 4);
    if (own.numel() == 0 || batch.rows(g) == 0) continue;
    at::Tensor part = h.narrow(0, batch.start(g), batch.rows(g));
    at::Tensor base = at::rms_norm(part, {width}, weight, eps), theirs = at::rms_norm(part, {width}, own, eps);
    y.narrow(0, batch.start(g), batch.rows(g)).copy_(at::lerp(base, theirs, batch.scales[g]));
  }
  return y;
}

}  // namespace graft
