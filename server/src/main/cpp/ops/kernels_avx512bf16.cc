// AVX-512 with the bf16 dot product (build.sh gives the flags).
#define GRAFT_TABLE kAvx512Bf16Kernels
#define GRAFT_NAME "avx512bf16"
#define GRAFT_DPBF16
#define GRAFT_LANES 16
#define GRAFT_ROWS 12
#define GRAFT_FEW_ROWS 12
#define GRAFT_WIDE 2
#define GRAFT_CODE_ROWS 6
#include "kernels.inc"
