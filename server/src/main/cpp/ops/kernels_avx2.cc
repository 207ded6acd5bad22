// AVX2 and FMA (build.sh gives the flags).
#define GRAFT_TABLE kAvx2Kernels
#define GRAFT_NAME "avx2"
#define GRAFT_LANES 8
#define GRAFT_ROWS 5
#define GRAFT_FEW_ROWS 2
#define GRAFT_WIDE 4
#define GRAFT_DEEP_ROWS 6
#define GRAFT_CODE_ROWS 4
#include "kernels.inc"
