/** Rotary position embedding in Hugging Face's half-split convention (Su et al. 2021, eq. 34). */
#include "kernels.h"
#include "parallel.h"
#include "simd.h"

#include <ATen/ops/empty.h>

namespace aha {
namespace {

template <typename T>
AHA_INLINE void rotate_head(const T* x, T* target, const float* cosines, const float* sines, int64_t half, float sign) {
  int64_t i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const f32x16 low = load(x + i), high = load(x + half + i);
    const f32x16 cosine = load(cosines + i), sine = load(sines + i) * sign;
    store(target + i, low * cosine - high * sine);
    store(target + half + i, high * cosine + low * sine);
  }
  for (; i < half; ++i) {
    const float low = static_cast<float>(x[i]), high = static_cast<float>(x[half + i]);
    const float sine = sines[i] * sign;
    target[i] = static_cast<T>(low * cosines[i] - high * sine);
    target[half + i] = static_cast<T>(high * cosines[i] + low * sine);
  }
}

template <typename T>
void rotate_rows(const Tensor& x, const Tensor& target, const int64_t* positions, const float* cosines, const float* sines,
                 float sign) {
  const int64_t heads = x.size(1), half = x.size(2) / 2;
  const int64_t x_row = x.stride(0), x_head = x.stride(1), target_row = target.stride(0),
                target_head = target.stride(1);
  const T* source = x.const_data_ptr<T>();
  T* result = target.mutable_data_ptr<T>();
  for_rows(x.size(0), heads * half * 2, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const int64_t at = positions[row] * half;
      for (int64_t head = 0; head < heads; ++head)
        rotate_head(source + row * x_row + head * x_head, result + row * target_row + head * target_head,
                    cosines + at, sines + at, half, sign);
    }
  });
}

}  // namespace

void check_rotary(const Tensor& x, const Tensor& positions, const Tensor& cosines, const Tensor& sines) {
  TORCH_CHECK(x.dim() == 3 && x.size(2) % 2 == 0, "aha::rotary: expected x [T, H, d] with d even, got ", x.sizes());
  TORCH_CHECK(positions.dim() == 1 && positions.size(0) == x.size(0) && positions.scalar_type() == at::kLong,
              "aha::rotary: expected positions int64 [", x.size(0), "], got ", positions.scalar_type(), " ",
              positions.sizes());
  TORCH_CHECK(cosines.dim() == 2 && cosines.sizes() == sines.sizes() && cosines.size(1) == x.size(2) / 2,
              "aha::rotary: expected cos and sin [max_position, ", x.size(2) / 2, "], got ", cosines.sizes(), " and ",
              sines.sizes());
}

/** Rotates x [T, H, d] into target (which may be x itself); both need unit stride in d only. */
void rotate_heads_(const Tensor& x, const Tensor& target, const Tensor& positions_given, const Tensor& cosines_given,
                   const Tensor& sines_given, bool inverse) {
  check_rotary(x, positions_given, cosines_given, sines_given);
  TORCH_CHECK(cosines_given.scalar_type() == at::kFloat && sines_given.scalar_type() == at::kFloat,
              "aha::rotary: expected cos and sin in float32, got ", cosines_given.scalar_type(), " and ",
              sines_given.scalar_type());
  const Tensor positions = positions_given.contiguous(), cosines = cosines_given.contiguous(),
               sines = sines_given.contiguous();
  const int64_t* position = positions.const_data_ptr<int64_t>();
  for (int64_t row = 0; row < x.size(0); ++row)
    TORCH_CHECK(position[row] >= 0 && position[row] < cosines.size(0), "aha::rotary: position ", position[row],
                " of row ", row, " is outside the tables' ", cosines.size(0), " positions");
  const float sign = inverse ? -1.0f : 1.0f;
  if (x.scalar_type() == at::kFloat)
    rotate_rows<float>(x, target, position, cosines.const_data_ptr<float>(), sines.const_data_ptr<float>(), sign);
  else
    rotate_rows<c10::BFloat16>(x, target, position, cosines.const_data_ptr<float>(), sines.const_data_ptr<float>(),
                               sign);
}

/** x [T, H, d] → [T, H, d] rotated by its positions, or back again. */
Tensor rotary_forward(const Tensor& x_given, const Tensor& positions, const Tensor& cosines, const Tensor& sines,
                      bool inverse) {
  const Tensor x = x_given.dim() == 3 && x_given.stride(2) != 1 ? x_given.contiguous() : x_given;
  Tensor target = at::empty(x.sizes(), x.options());
  rotate_heads_(x, target, positions, cosines, sines, inverse);
  return target;
}

}  // namespace aha
