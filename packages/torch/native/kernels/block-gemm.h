/** Small float32 matrix products on packed blocks that lie in cache. */
#pragma once

#include "simd.h"

namespace aha {
namespace {

/** Rows a micro-kernel computes at once; row counts are padded to a multiple of it. */
constexpr int64_t kGemmRows = 8;

AHA_INLINE int64_t rounded_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/** An operand read element by element: element (m, k) is at data[m · row + k · column]. */
struct Strided {
  const float* data;
  int64_t row, column;
};

template <int kVectors, bool kAccumulate>
AHA_INLINE void gemm_tile(int64_t depth, const float* a, int64_t a_row, int64_t a_column, const float* b,
                          int64_t b_row, float* c, int64_t c_row) {
  f32x16 sums[kGemmRows][kVectors];
  for (int m = 0; m < kGemmRows; ++m)
    for (int n = 0; n < kVectors; ++n) sums[m][n] = kAccumulate ? load(c + m * c_row + n * kLanes) : f32x16{};
  for (int64_t k = 0; k < depth; ++k) {
    f32x16 right[kVectors];
    for (int n = 0; n < kVectors; ++n) right[n] = load(b + k * b_row + n * kLanes);
    for (int m = 0; m < kGemmRows; ++m) {
      const f32x16 left = splat(a[m * a_row + k * a_column]);
      for (int n = 0; n < kVectors; ++n) sums[m][n] += left * right[n];
    }
  }
  for (int m = 0; m < kGemmRows; ++m)
    for (int n = 0; n < kVectors; ++n) store(c + m * c_row + n * kLanes, sums[m][n]);
}

/** C [rows × columns] (+)= A · B with B and C row-major; rows a multiple of 8, columns of 16. */
template <bool kAccumulate>
inline void gemm(int64_t rows, int64_t columns, int64_t depth, Strided a, const float* b, int64_t b_row, float* c,
                 int64_t c_row) {
  for (int64_t n = 0; n < columns;) {
    const int64_t vectors = (columns - n) / kLanes;
    const int64_t taken = vectors == 4 ? 2 : vectors >= 3 ? 3 : vectors;
    for (int64_t m = 0; m < rows; m += kGemmRows) {
      const float* left = a.data + m * a.row;
      float* out = c + m * c_row + n;
      if (taken == 3)
        gemm_tile<3, kAccumulate>(depth, left, a.row, a.column, b + n, b_row, out, c_row);
      else if (taken == 2)
        gemm_tile<2, kAccumulate>(depth, left, a.row, a.column, b + n, b_row, out, c_row);
      else
        gemm_tile<1, kAccumulate>(depth, left, a.row, a.column, b + n, b_row, out, c_row);
    }
    n += taken * kLanes;
  }
}

}  // namespace
}  // namespace aha
