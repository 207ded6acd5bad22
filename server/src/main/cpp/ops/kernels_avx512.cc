// AVX-512 F, BW, DQ and VL (build.sh gives the flags).
#define GRAFT_TABLE kAvx512Kernels
#define GRAFT_NAME "avx512"
#define GRAFT_LANES 16
#define GRAFT_ROWS 12
#define GRAFT_FEW_ROWS 12
#define GRAFT_WIDE 2
#define GRAFT_DEEP_ROWS 12
#define GRAFT_CODE_ROWS 6
#include "kernels.inc"
