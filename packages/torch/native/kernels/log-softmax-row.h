/** The one routine by which a row of logits becomes log-probabilities, shared by the sampler and the trainer. */
#pragma once

#include "simd.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace aha {
namespace {

/** Logits normalised at once; a longer row is the merge of its blocks, so it may also be made block by block. */
constexpr int64_t kVocabularyBlock = 4096;

/** Elements summed in float32 before the sum is carried in double. */
constexpr int64_t kSumBlock = 512;

/** maximum = max s, sum = Σ exp(s − maximum), shift = Σ exp(s − maximum) (s − maximum), with s = logits / temperature. */
struct Normaliser {
  float maximum = -kInfinity;
  double sum = 0.0;
  double shift = 0.0;

  float log_sum() const { return static_cast<float>(std::log(sum)); }
  float log_probability(float logit, float inverse_temperature) const {
    return (logit * inverse_temperature - maximum) - log_sum();
  }
  float log_normaliser() const { return maximum + log_sum(); }
  float entropy() const { return static_cast<float>(std::log(sum) - shift / sum); }
};

/** The normaliser of two blocks together. */
inline Normaliser merged(const Normaliser& a, const Normaliser& b) {
  if (b.maximum == -kInfinity || std::isnan(a.maximum)) return a;
  if (a.maximum == -kInfinity || std::isnan(b.maximum)) return b;
  const float maximum = std::max(a.maximum, b.maximum);
  const double move_a = static_cast<double>(a.maximum) - maximum, move_b = static_cast<double>(b.maximum) - maximum;
  const double scale_a = std::exp(move_a), scale_b = std::exp(move_b);
  return {maximum, a.sum * scale_a + b.sum * scale_b,
          (a.shift + a.sum * move_a) * scale_a + (b.shift + b.sum * move_b) * scale_b};
}

template <typename T>
AHA_INLINE f32x16 scaled_tail(const T* source, int64_t count, float inverse_temperature) {
  const f32x16 value = load_some(source, count) * inverse_temperature;
  return lane_numbers() < static_cast<int32_t>(count) ? value : splat(-kInfinity);
}

/** Largest logit / temperature of count logits; NaN anywhere gives NaN. */
template <typename T>
float scaled_maximum(const T* row, int64_t count, float inverse_temperature) {
  f32x16 best[2] = {splat(-kInfinity), splat(-kInfinity)};
  i32x16 poisoned = {};
  int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    const f32x16 first = load(row + i) * inverse_temperature, second = load(row + i + kLanes) * inverse_temperature;
    best[0] = larger_of(first, best[0]);
    best[1] = larger_of(second, best[1]);
    poisoned |= (first != first) | (second != second);
  }
  for (; i < count; i += kLanes) {
    const f32x16 value = count - i >= kLanes ? load(row + i) * inverse_temperature
                                             : scaled_tail(row + i, count - i, inverse_temperature);
    best[0] = larger_of(value, best[0]);
    poisoned |= value != value;
  }
  int32_t any = 0;
  for (int lane = 0; lane < kLanes; ++lane) any |= poisoned[lane];
  return any != 0 ? std::numeric_limits<float>::quiet_NaN() : max_of(larger_of(best[0], best[1]));
}

/** One step of the sums: 0 · (−∞) counts as 0. */
template <bool kShift>
AHA_INLINE void add_weight(f32x16 moved, f32x16& sums, f32x16& shifts) {
  const f32x16 weight = exp_of(moved);
  sums += weight;
  if constexpr (kShift) shifts += weight * (moved < -88.0f ? splat(-88.0f) : moved);
}

/** The normaliser of at most kVocabularyBlock logits; kShift also fills shift. Same bits with and without it. */
template <bool kShift, typename T>
Normaliser block_normaliser(const T* row, int64_t count, float inverse_temperature) {
  Normaliser result{scaled_maximum(row, count, inverse_temperature), 0.0, 0.0};
  for (int64_t first = 0; first < count; first += kSumBlock) {
    const int64_t last = std::min(first + kSumBlock, count);
    f32x16 sums[2] = {}, shifts[2] = {};
    int64_t i = first;
    for (; i + 2 * kLanes <= last; i += 2 * kLanes) {
      add_weight<kShift>(load(row + i) * inverse_temperature - result.maximum, sums[0], shifts[0]);
      add_weight<kShift>(load(row + i + kLanes) * inverse_temperature - result.maximum, sums[1], shifts[1]);
    }
    for (; i < last; i += kLanes) {
      const f32x16 scaled = last - i >= kLanes ? load(row + i) * inverse_temperature
                                               : scaled_tail(row + i, last - i, inverse_temperature);
      add_weight<kShift>(scaled - result.maximum, sums[0], shifts[0]);
    }
    result.sum += sum_of(sums[0] + sums[1]);
    if constexpr (kShift) result.shift += sum_of(shifts[0] + shifts[1]);
  }
  return result;
}

/** The normaliser of a whole row. */
template <bool kShift, typename T>
Normaliser row_normaliser(const T* row, int64_t width, float inverse_temperature) {
  Normaliser result;
  for (int64_t first = 0; first < width; first += kVocabularyBlock)
    result = merged(result, block_normaliser<kShift>(row + first, std::min(kVocabularyBlock, width - first),
                                                     inverse_temperature));
  return result;
}

}  // namespace
}  // namespace aha
