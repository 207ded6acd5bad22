#include <cstdlib>
#include <cstring>

#include "kernels.h"

namespace graft {
namespace {

const Kernels& best() {
#if defined(__x86_64__)
  const char* wish = std::getenv("GRAFT_OPERATORS_ISA");
  auto wanted = [wish](const char* name) { return wish == nullptr || std::strcmp(wish, name) == 0; };
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni") && wanted("avx512bf16"))
    return kAvx512Bf16Kernels;
  if (avx512 && wanted("avx512")) return kAvx512Kernels;
  if (avx2 && wanted("avx2")) return kAvx2Kernels;
#endif
  return kPlainKernels;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = best();
  return chosen;
}

}  // namespace graft
