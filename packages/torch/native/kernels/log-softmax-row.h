/** The one routine by which a row of logits becomes log-probabilities, shared by the sampler and the trainer. */
#pragma once

#include "simd.h"

#include <cmath>
#include <cstdint>

namespace aha {
namespace {

/** Elements summed in float32 before the sum is carried in double. */
constexpr int64_t kSumBlock = 512;

/** maximum = max s, log_sum = log Σ exp(s − maximum), mean_shift = Σ p (s − maximum), where s = logits / temperature. */
struct RowNormaliser {
  float maximum;
  float log_sum;
  float mean_shift;
  double sum;
  float log_probability(float logit, float inverse_temperature) const {
    return (logit * inverse_temperature - maximum) - log_sum;
  }
  float entropy() const { return log_sum - mean_shift; }
};

template <typename T>
AHA_INLINE f32x16 scaled_lanes(const T* row, int64_t i, int64_t width, float inverse_temperature, float filler) {
  if (i + kLanes <= width) return load(row + i) * inverse_temperature;
  const f32x16 value = load_some(row + i, width - i) * inverse_temperature;
  return lane_numbers() < static_cast<int32_t>(width - i) ? value : splat(filler);
}

/** Largest logit / temperature of a row; NaN anywhere gives NaN. */
template <typename T>
float row_maximum(const T* row, int64_t width, float inverse_temperature) {
  f32x16 best = splat(-kInfinity);
  i32x16 poisoned = {};
  int64_t i = 0;
  for (; i < width; i += kLanes) {
    const f32x16 value = scaled_lanes(row, i, width, inverse_temperature, -kInfinity);
    best = larger_of(value, best);
    poisoned |= value != value;
  }
  for (int lane = 0; lane < kLanes; ++lane)
    if (poisoned[lane] != 0) return std::numeric_limits<float>::quiet_NaN();
  return max_of(best);
}

/** Σ exp(s − maximum) over one block of at most kSumBlock elements; adds Σ exp(s − maximum)(s − maximum) to shift. */
template <typename T, bool kShift>
AHA_INLINE float block_sum(const T* row, int64_t first, int64_t last, int64_t width, float inverse_temperature,
                           float maximum, float& shift) {
  f32x16 sums = {}, shifts = {};
  for (int64_t i = first; i < last; i += kLanes) {
    const f32x16 moved = scaled_lanes(row, i, width, inverse_temperature, -kInfinity) - maximum;
    const f32x16 weight = exp_of(moved);
    sums += weight;
    // 0 · (−∞) counts as 0.
    if constexpr (kShift) shifts += moved < -88.0f ? f32x16{} : weight * moved;
  }
  if constexpr (kShift) shift += sum_of(shifts);
  return sum_of(sums);
}

/** The normaliser of a whole row; kEntropy also fills mean_shift. Same bits with and without it. */
template <bool kEntropy, typename T>
RowNormaliser row_normaliser(const T* row, int64_t width, float inverse_temperature) {
  const float maximum = row_maximum(row, width, inverse_temperature);
  double sum = 0.0, shift = 0.0;
  for (int64_t first = 0; first < width; first += kSumBlock) {
    float block_shift = 0.0f;
    const int64_t last = first + kSumBlock < width ? first + kSumBlock : width;
    sum += block_sum<T, kEntropy>(row, first, last, width, inverse_temperature, maximum, block_shift);
    shift += block_shift;
  }
  return {maximum, static_cast<float>(std::log(sum)), static_cast<float>(shift / sum), sum};
}

}  // namespace
}  // namespace aha
