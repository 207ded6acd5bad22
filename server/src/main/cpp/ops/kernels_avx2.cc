// AVX2 and FMA (build.sh gives the flags).
#define GRAFT_TABLE kAvx2Kernels
#define GRAFT_NAME "avx2"
#define GRAFT_ROWS 4
#define GRAFT_COLUMNS 1
#include "kernels.inc"
