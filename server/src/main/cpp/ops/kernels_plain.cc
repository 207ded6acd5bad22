// For every processor: SSE2 on x86-64, NEON on aarch64.
#define GRAFT_TABLE kPlainKernels
#define GRAFT_NAME "plain"
#define GRAFT_ROWS 4
#define GRAFT_COLUMNS 1
#include "kernels.inc"
