// AVX-512 with the bf16 dot product (build.sh gives the flags).
#define GRAFT_TABLE kAvx512Bf16Kernels
#define GRAFT_NAME "avx512bf16"
#define GRAFT_DPBF16
#define GRAFT_ROWS 12
#define GRAFT_COLUMNS 2
#include "kernels.inc"
