// Linear layers with their adapters: one run computes the base's outputs and all low-rank inner products, another adds
// the low-rank outputs. Each row reads its own adapter only, and rows without one cost nothing.
#include "project.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels.h"
#include "packed.h"
#include "pool.h"

namespace graft {
namespace {

constexpr int64_t kRanks = 16;   // rows of A in one unit
constexpr int64_t kUnits = 12;   // of each thread, so that all end at nearly the same time
constexpr int64_t kFewRows = 8;  // whose input one thread prepares

bool is_bf16(const at::Tensor& t) { return t.scalar_type() == at::kBFloat16; }

const float* floats(const at::Tensor& t) {
  if (t.numel() == 0) return nullptr;
  TORCH_CHECK(t.scalar_type() == at::kFloat && t.is_contiguous(), "an adapter's vectors are float32");
  return t.data_ptr<float>();
}

// The list of adapters holds what these point into; a matrix that had to be brought into another order is held here.
struct Low {  // one adapter at one module
  int64_t group, start;
  Shrink shrink;
  Expand expand;
  int64_t s;  // where its inner products begin
  at::Tensor a, b;
};

struct Module {
  int64_t site, column, width;
  std::vector<Low> low;
  bool replaced = false;  // some adapter brings a whole weight
};

struct Modules {
  std::vector<Module> all;
  int64_t products = 0;  // of rows with rows of A, which s holds for all modules
};

// B is kept as the transpose of a contiguous [rank, out] (parts/operators/adapters.py); another order is brought there.
bool is_transposed(const at::Tensor& b) { return b.stride(0) == 1 && b.stride(1) == b.size(0); }

void add_low(const Batch& batch, const at::Tensor& x, const at::Tensor& y, int64_t g, Module& module,
             Modules& modules) {
  at::Tensor a, b = batch.tensor(g, module.site, 1), constant = batch.tensor(g, module.site, 2), gain;
  if (b.numel() == 0 && constant.numel() == 0) return;
  int64_t rank = b.numel() == 0 ? 0 : b.size(1), start = batch.start(g), rows = batch.rows(g);
  Low low{g, start, {}, {}, modules.products, {}, {}};
  if (rank > 0) {
    a = batch.tensor(g, module.site, 0);
    gain = batch.tensor(g, module.site, 3);
    TORCH_CHECK(a.scalar_type() == x.scalar_type() && b.scalar_type() == x.scalar_type() && a.dim() == 2 &&
                    b.dim() == 2 && a.size(0) == rank && a.size(1) == x.size(1) && b.size(0) == module.width,
                "an adapter of ", a.sizes(), " and ", b.sizes(), " does not fit ", x.sizes(), " to ", module.width);
    if (!a.is_contiguous()) a = low.a = a.contiguous();
    if (!is_transposed(b)) b = low.b = b.t().contiguous().t();
  }
  TORCH_CHECK((rank == 0 || gain.numel() == 0 || gain.numel() == module.width) &&
                  (constant.numel() == 0 || constant.numel() == module.width),
              "an adapter's vector does not fit ", module.width, " outputs");
  const char* own = static_cast<const char*>(x.data_ptr()) + start * x.size(1) * x.element_size();
  low.shrink = {own, x.size(1), rank > 0 ? a.data_ptr() : nullptr, nullptr, rows, rank, x.size(1)};
  low.expand = {nullptr,
                rank > 0 ? b.data_ptr() : nullptr,
                module.width,
                rank > 0 ? floats(gain) : nullptr,
                floats(constant),
                y.data_ptr<float>() + start * y.size(1) + module.column,
                y.size(1),
                rows,
                rank,
                static_cast<float>(batch.scales[g])};
  modules.products += rows * rank;
  module.low.push_back(std::move(low));
}

Modules modules(const Batch& batch, const at::Tensor& x, const at::Tensor& y, at::IntArrayRef sites,
                at::IntArrayRef widths) {
  Modules found;
  int64_t column = 0;
  for (size_t i = 0; i < sites.size() && batch.count() > 0; i++) {
    Module module{sites[i], column, widths[i], {}, false};
    column += widths[i];
    module.low.reserve(batch.count());
    for (int64_t g = 0; g < batch.count(); g++) {
      if (batch.rows(g) == 0) continue;
      module.replaced |= batch.tensor(g, module.site, 4).numel() > 0;
      add_low(batch, x, y, g, module, found);
    }
    if (module.replaced || !module.low.empty()) found.all.push_back(std::move(module));
  }
  // One thread's, for its next call; the calling thread's operators come one after the other.
  thread_local std::vector<float> products;
  if (static_cast<int64_t>(products.size()) < found.products) products.resize(found.products);
  for (Module& module : found.all)
    for (Low& low : module.low) low.expand.s = low.shrink.s = products.data() + low.s;
  return found;
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
  int64_t first, last;  // of module->low
  int64_t from, to;     // rows of A, or outputs
  int64_t work = 0;     // products
};

// base(panel) for all panels, and the adapters' inner products beside it.
template <class Base>
void base_and_shrink(int64_t out, const std::vector<Module>& modules, bool bf16, const Kernels& k, Base base) {
  int threads = at::get_num_threads();
  int64_t panels = (out + kPanel - 1) / kPanel;
  int64_t each = std::max<int64_t>(1, panels / (threads * kUnits)), chunks = (panels + each - 1) / each;
  std::vector<Unit> units;
  for (const Module& module : modules)
    for (size_t i = 0; i < module.low.size(); i++)
      for (int64_t from = 0; from < module.low[i].shrink.rank; from += kRanks)
        units.push_back(
            {&module, static_cast<int64_t>(i), 0, from, std::min(from + kRanks, module.low[i].shrink.rank)});
  auto shrink = bf16 ? k.shrink_bf16 : k.shrink_f32;
  Pool::shared().each(chunks + static_cast<int64_t>(units.size()), threads, [&](int64_t i) {
    if (i < chunks) {
      for (int64_t panel = i * each; panel < std::min(panels, (i + 1) * each); panel++) base(panel);
      return;
    }
    const Unit& unit = units[i - chunks];
    shrink(unit.module->low[unit.first].shrink, unit.from, unit.to);
  });
}

// Adapters whose rows meet (a composition) come one after the other, in their order: ranges of module.low.
std::vector<std::pair<int64_t, int64_t>> clusters(const Module& module) {
  struct Cluster {
    int64_t first, end;  // end: the row after its last
  };
  std::vector<Cluster> found;
  for (size_t i = 0; i < module.low.size(); i++) {
    const Low& low = module.low[i];
    Cluster own{static_cast<int64_t>(i), low.start + low.expand.rows};
    while (!found.empty() && found.back().end > low.start) {
      own = {found.back().first, std::max(own.end, found.back().end)};
      found.pop_back();
    }
    found.push_back(own);
  }
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (size_t i = 0; i < found.size(); i++)
    ranges.emplace_back(found[i].first,
                        i + 1 < found.size() ? found[i + 1].first : static_cast<int64_t>(module.low.size()));
  return ranges;
}

int64_t work_a_column(const Module& module, int64_t first, int64_t last) {
  int64_t products = 0;
  for (int64_t i = first; i < last; i++) products += module.low[i].expand.rows * (module.low[i].expand.rank + 1);
  return products;
}

// B is read from its beginning to its end, in as few units as keep all threads busy; the largest come first.
void expand(const Batch& batch, const at::Tensor& x, const at::Tensor& y, const std::vector<Module>& modules,
            const Kernels& k) {
  std::vector<Unit> whole, units;
  int64_t all = 0;
  for (const Module& module : modules) {
    if (module.replaced) {
      replace(batch, x, y, module, k);
      continue;
    }
    for (const auto& [first, last] : clusters(module)) {
      whole.push_back({&module, first, last, 0, module.width, work_a_column(module, first, last) * module.width});
      all += whole.back().work;
    }
  }
  int threads = at::get_num_threads();
  for (const Unit& unit : whole) {
    int64_t parts = 1 + unit.work * threads * kUnits / (all + 1), each = (unit.to / parts + 31) / 32 * 32;
    for (int64_t from = 0; from < unit.to; from += each)
      units.push_back({unit.module, unit.first, unit.last, from, std::min(from + each, unit.to), unit.work / parts});
  }
  std::stable_sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) { return a.work > b.work; });
  auto add = is_bf16(x) ? k.expand_bf16 : k.expand_f32;
  Pool::shared().each(static_cast<int64_t>(units.size()), threads, [&](int64_t i) {
    const Unit& unit = units[i];
    for (int64_t low = unit.first; low < unit.last; low++) add(unit.module->low[low].expand, unit.from, unit.to);
  });
}

void compute_codes(const at::Tensor& x, const Weight& w, const float* bias, const std::vector<Module>& modules,
                   const at::Tensor& y, bool add, const Kernels& k) {
  int64_t n = x.size(0), in = w.in();
  at::Tensor whole = at::empty({n, in}, x.options().dtype(at::kShort));
  at::Tensor units = at::empty({n}, y.options()), sums = at::empty({n, in / kBlock}, y.options());
  const Bf16* from = static_cast<const Bf16*>(x.data_ptr());
  int16_t* to = whole.data_ptr<int16_t>();
  float *own_unit = units.data_ptr<float>(), *own_sums = sums.data_ptr<float>();
  Pool::shared().each(n, n <= kFewRows ? 1 : at::get_num_threads(), [&](int64_t i) {
    k.whole(from + i * in, in, to + i * in, own_unit + i, own_sums + i * (in / kBlock));
  });
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
    int64_t n = x.size(0), in = x.size(1);
    const Bf16* from = static_cast<const Bf16*>(x.data_ptr());
    float* to = given.data_ptr<float>();
    Pool::shared().each(n, n <= kFewRows ? 1 : at::get_num_threads(),
                        [&](int64_t i) { k.widen(from + i * in, to + i * in, in); });
  }
  Linear job{given.data_ptr(), x.size(1), w.values.data_ptr(), bias, y.data_ptr<float>(), y.size(1), x.size(0), w.out(),
             w.in(),           add};
  auto one = is_bf16(x) ? k.linear_bf16 : k.linear_f32;
  base_and_shrink(w.out(), modules, is_bf16(x), k, [&](int64_t panel) { one(job, panel); });
}

void compute(const at::Tensor& x, const Weight& w, const at::Tensor& bias, const Batch& batch, at::IntArrayRef sites,
             at::IntArrayRef widths, const at::Tensor& y, bool add) {
  const Kernels& k = kernels();
  at::Tensor offsets = bias.numel() == 0 ? bias : bias.to(at::kFloat).contiguous();
  TORCH_CHECK(bias.numel() == 0 || bias.numel() == w.out(), "a bias of ", bias.sizes(), " for ", w.out(), " outputs");
  Modules own = modules(batch, x, y, sites, widths);
  (w.coded() ? compute_codes : compute_plain)(x, w, floats(offsets), own.all, y, add, k);
  if (!own.all.empty()) expand(batch, x, y, own.all, k);
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
