// AVX-512 F, BW, DQ and VL (build.sh gives the flags).
#define GRAFT_TABLE kAvx512Kernels
#define GRAFT_NAME "avx512"
#define GRAFT_ROWS 12
#define GRAFT_COLUMNS 2
#include "kernels.inc"
