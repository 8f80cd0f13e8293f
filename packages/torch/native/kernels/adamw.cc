/** AdamW in one pass over parameter, master, gradient and moments, and the global gradient norm. */
#include "kernels.h"
#include "parallel.h"
#include "simd.h"

#include <cmath>
#include <vector>

namespace aha {
namespace {

/** The step's constants, worked out once in double. */
struct Coefficients {
  float gradient_scale, decay, beta1, one_minus_beta1, beta2, one_minus_beta2, step_size, inverse_root_correction, eps;
};

Coefficients coefficients_of(const AdamWSettings& settings) {
  const double correction1 = 1.0 - std::pow(settings.beta1, static_cast<double>(settings.step));
  const double correction2 = 1.0 - std::pow(settings.beta2, static_cast<double>(settings.step));
  return {static_cast<float>(settings.gradient_scale),
          static_cast<float>(1.0 - settings.learning_rate * settings.weight_decay),
          static_cast<float>(settings.beta1),
          static_cast<float>(1.0 - settings.beta1),
          static_cast<float>(settings.beta2),
          static_cast<float>(1.0 - settings.beta2),
          static_cast<float>(settings.learning_rate / correction1),
          static_cast<float>(1.0 / std::sqrt(correction2)),
          static_cast<float>(settings.eps)};
}

AHA_INLINE f32x16 root_of(f32x16 value) {
#ifdef __AVX512F__
  return reinterpret_cast<f32x16>(_mm512_sqrt_ps(reinterpret_cast<__m512>(value)));
#else
  for (int i = 0; i < kLanes; ++i) value[i] = std::sqrt(value[i]);
  return value;
#endif
}

/** One step for 16 elements: returns the new master and updates both moments in place. */
AHA_INLINE f32x16 stepped(f32x16 master, f32x16 gradient, f32x16& first, f32x16& second, const Coefficients& c) {
  gradient = gradient * c.gradient_scale;
  first = first + (gradient - first) * c.one_minus_beta1;
  second = second * c.beta2 + gradient * gradient * c.one_minus_beta2;
  const f32x16 denominator = root_of(second) * c.inverse_root_correction + c.eps;
  return master * c.decay - c.step_size * first / denominator;
}

template <typename P, typename G>
void step_elements(P* parameter, float* master, const G* gradient, float* first, float* second, int64_t count,
                   const Coefficients& c) {
  for_rows(count, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i += kLanes) {
      const int64_t lanes = std::min(kLanes, to - i);
      if (lanes == kLanes) {
        f32x16 m = load(first + i), v = load(second + i);
        const f32x16 value = stepped(load(master + i), load(gradient + i), m, v, c);
        store(first + i, m);
        store(second + i, v);
        store(master + i, value);
        if constexpr (!std::is_same_v<P, float>) store(parameter + i, value);
      } else {
        f32x16 m = load_some(first + i, lanes), v = load_some(second + i, lanes);
        const f32x16 value = stepped(load_some(master + i, lanes), load_some(gradient + i, lanes), m, v, c);
        store_some(first + i, m, lanes);
        store_some(second + i, v, lanes);
        store_some(master + i, value, lanes);
        if constexpr (!std::is_same_v<P, float>) store_some(parameter + i, value, lanes);
      }
    }
  });
}

typedef double f64x8 __attribute__((vector_size(64)));
typedef float f32x8 __attribute__((vector_size(32)));

/** Sum of squares of count elements, in eight double lanes. */
template <typename T>
double squares_of(const T* source, int64_t count) {
  f64x8 sums[2] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const f32x16 value = load(source + i);
    f32x8 halves[2];
    std::memcpy(halves, &value, sizeof(value));
    for (int half = 0; half < 2; ++half) {
      const f64x8 wide = __builtin_convertvector(halves[half], f64x8);
      sums[half] += wide * wide;
    }
  }
  double total = 0.0;
  for (int lane = 0; lane < 8; ++lane) total += sums[0][lane] + sums[1][lane];
  for (; i < count; ++i) total += static_cast<double>(source[i]) * static_cast<double>(source[i]);
  return total;
}

template <typename T>
double blockwise_squares(const T* source, int64_t count) {
  const int64_t block = 65536;
  const int64_t blocks = (count + block - 1) / block;
  std::vector<double> sums(blocks);
  for_units(blocks, [&](int64_t unit) {
    sums[unit] = squares_of(source + unit * block, std::min(block, count - unit * block));
  });
  double total = 0.0;
  for (const double sum : sums) total += sum;
  return total;
}

template <typename P>
void step_tensor(P* parameter, float* master, const Tensor& gradient, float* first, float* second, int64_t count,
                 const Coefficients& c) {
  if (gradient.scalar_type() == at::kFloat)
    step_elements(parameter, master, gradient.const_data_ptr<float>(), first, second, count, c);
  else
    step_elements(parameter, master, gradient.const_data_ptr<c10::BFloat16>(), first, second, count, c);
}

}  // namespace

/**
 * θ ← θ (1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v / √(1 − β2ᵗ) + eps) (Loshchilov & Hutter 2019, as PyTorch's AdamW).
 * All tensors are contiguous and on the CPU; master is parameter itself where that is float32.
 */
void adamw_tensor_(const Tensor& parameter, const Tensor& master, const Tensor& gradient_given, const Tensor& first,
                   const Tensor& second, const AdamWSettings& settings) {
  const Tensor gradient = gradient_given.contiguous();
  const Coefficients c = coefficients_of(settings);
  float* master_data = master.mutable_data_ptr<float>();
  float* first_data = first.mutable_data_ptr<float>();
  float* second_data = second.mutable_data_ptr<float>();
  if (parameter.scalar_type() == at::kFloat)
    step_tensor(master_data, master_data, gradient, first_data, second_data, parameter.numel(), c);
  else
    step_tensor(parameter.mutable_data_ptr<c10::BFloat16>(), master_data, gradient, first_data, second_data,
                parameter.numel(), c);
}

/** Σ x² in double over one float32 or bf16 CPU tensor; blocks of fixed size, so the bits never change. */
double sum_of_squares(const Tensor& given) {
  const Tensor tensor = given.contiguous();
  return tensor.scalar_type() == at::kFloat ? blockwise_squares(tensor.const_data_ptr<float>(), tensor.numel())
                                            : blockwise_squares(tensor.const_data_ptr<c10::BFloat16>(), tensor.numel());
}

}  // namespace aha
