/* Goal of this test: that of line.c, for the code of base/scan.h that processors without SSE2 use. */
#undef __SSE2__
#include "line.c"
