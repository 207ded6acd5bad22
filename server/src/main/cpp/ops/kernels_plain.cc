// For every processor: SSE2 on x86-64, NEON on aarch64.
#define GRAFT_TABLE kPlainKernels
#define GRAFT_NAME "plain"
#define GRAFT_LANES 4
#define GRAFT_ROWS 4
#define GRAFT_FEW_ROWS 1
#define GRAFT_WIDE 4
#define GRAFT_DEEP_ROWS 4
#define GRAFT_CODE_ROWS 4
#include "kernels.inc"
