// Times the linear layers of a decode step without torch: driver [threads] [rows]... (SmolLM2-135M's shapes, bf16).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include <sys/mman.h>

#include "kernels.h"
#include "pool.h"

namespace {

double now() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Layer {
  int64_t out, in;
  const graft::Bf16* w;
};

}  // namespace

int main(int count, char** arguments) {
  int threads = count > 1 ? std::atoi(arguments[1]) : 2;
  std::vector<Layer> layers;
  int64_t bytes = 0;
  auto add = [&](int64_t out, int64_t in) {
    int64_t elements = (out + 31) / 32 * 32 * in;
    void* w = std::aligned_alloc(2 << 20, (elements * 2 + (4 << 20)) / (2 << 20) * (2 << 20));
    madvise(w, elements * 2, MADV_HUGEPAGE);
    auto* values = static_cast<graft::Bf16*>(w);
    for (int64_t i = 0; i < elements; i++) values[i] = (graft::Bf16)(0x3c00 + (i * 7919) % 97);
    layers.push_back({out, in, values});
    bytes += elements * 2;
  };
  for (int i = 0; i < 30; i++) {
    add(960, 576);
    add(576, 576);
    add(3072, 576);
    add(576, 1536);
  }
  add(49152, 576);
  const graft::Kernels& k = graft::kernels();
  std::printf("isa %s threads %d weights %.1f MB\n", k.name, threads, bytes / 1e6);
  for (int a = 2; a < count; a++) {
    int64_t rows = std::atoi(arguments[a]);
    std::vector<float> y(rows * 49152), wide(rows * 1536, 0.01f);
    std::vector<graft::Bf16> x(rows * 1536, 0x3c23);
    std::vector<double> times;
    for (int round = 0; round < 9; round++) {
      double start = now();
      for (const Layer& layer : layers) {
        graft::Linear job{k.bf16_products ? (void*)x.data() : wide.data(),
                          layer.in,
                          layer.w,
                          nullptr,
                          y.data(),
                          layer.out,
                          rows,
                          layer.out,
                          layer.in,
                          false};
        graft::Pool::shared().each((layer.out + 31) / 32, threads, [&](int64_t panel) { k.linear_bf16(job, panel); });
      }
      times.push_back(now() - start);
    }
    double best = 1e9;
    for (double t : times) best = t < best ? t : best;
    std::printf("rows %ld best %.2f ms last %.2f ms, %.1f GB/s, %.1f GMAC/s\n", (long)rows, best, times.back(),
                bytes / best / 1e6, rows * bytes / 2.0 / best / 1e6);
  }
}
