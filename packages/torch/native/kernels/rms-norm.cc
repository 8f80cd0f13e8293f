/** Root-mean-square normalisation, alone or fused with the residual sum before it (Zhang & Sennrich 2019, eq. 4). */
#include "kernels.h"
#include "parallel.h"
#include "simd.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/sum.h>

namespace aha {
namespace {

/** Writes x (+ residual) into sum when asked, returns 1 / sqrt(mean(x²) + eps) of that row. */
template <typename T, bool kAdd>
AHA_INLINE float normalise_row(const T* x, const T* residual, T* sum, const T* weight, T* target, int64_t width,
                               float eps) {
  f32x16 squares[2] = {};
  float tail_squares = 0.0f;
  const T* row = kAdd ? sum : x;
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    f32x16 value = load(x + i);
    if constexpr (kAdd) {
      value = rounded_to<T>(value + load(residual + i));
      store(sum + i, value);
    }
    squares[(i / kLanes) & 1] += value * value;
  }
  for (; i < width; ++i) {
    if constexpr (kAdd) sum[i] = static_cast<T>(static_cast<float>(x[i]) + static_cast<float>(residual[i]));
    const float value = static_cast<float>(row[i]);
    tail_squares += value * value;
  }
  const float mean_square = (sum_of(squares[0] + squares[1]) + tail_squares) / static_cast<float>(width);
  const float inverse_rms = 1.0f / std::sqrt(mean_square + eps);
  for (i = 0; i + kLanes <= width; i += kLanes)
    store(target + i, rounded_to<T>(load(row + i) * inverse_rms) * load(weight + i));
  for (; i < width; ++i) {
    const T normed = static_cast<T>(static_cast<float>(row[i]) * inverse_rms);
    target[i] = static_cast<T>(static_cast<float>(normed) * static_cast<float>(weight[i]));
  }
  return inverse_rms;
}

template <typename T, bool kAdd>
void forward_rows(const Tensor& x, const Tensor& residual, const Tensor& sum, const Tensor& weight,
                  const Tensor& target, const Tensor& inverse_rms, float eps) {
  const int64_t width = x.size(-1);
  const int64_t rows = inverse_rms.numel();
  const T* x_data = x.const_data_ptr<T>();
  const T* residual_data = kAdd ? residual.const_data_ptr<T>() : nullptr;
  T* sum_data = kAdd ? sum.mutable_data_ptr<T>() : nullptr;
  const T* weight_data = weight.const_data_ptr<T>();
  T* target_data = target.mutable_data_ptr<T>();
  float* inverse_data = inverse_rms.mutable_data_ptr<float>();
  for_rows(rows, width, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const int64_t at = row * width;
      inverse_data[row] = normalise_row<T, kAdd>(x_data + at, kAdd ? residual_data + at : nullptr,
                                                 kAdd ? sum_data + at : nullptr, weight_data, target_data + at, width,
                                                 eps);
    }
  });
}

/** dx = r (g − x̂ mean(g x̂)) (+ grad_sum), g = dy·w, x̂ = x r; weight_grad += dy · x̂ (as rounded in forward). */
template <typename T>
AHA_INLINE void backward_row(const T* grad, const T* grad_sum, const T* x, const T* weight, float inverse_rms,
                             T* grad_x, float* weight_grad, int64_t width) {
  f32x16 products[2] = {};
  float tail_products = 0.0f;
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    const f32x16 gradient = load(grad + i);
    const f32x16 normed = load(x + i) * inverse_rms;
    products[(i / kLanes) & 1] += gradient * load(weight + i) * normed;
    store(weight_grad + i, load(weight_grad + i) + gradient * rounded_to<T>(normed));
  }
  for (; i < width; ++i) {
    const float gradient = static_cast<float>(grad[i]);
    const float normed = static_cast<float>(x[i]) * inverse_rms;
    tail_products += gradient * static_cast<float>(weight[i]) * normed;
    weight_grad[i] += gradient * static_cast<float>(static_cast<T>(normed));
  }
  const float mean_product = (sum_of(products[0] + products[1]) + tail_products) / static_cast<float>(width);
  for (i = 0; i + kLanes <= width; i += kLanes) {
    const f32x16 normed = load(x + i) * inverse_rms;
    f32x16 value = (load(grad + i) * load(weight + i) - normed * mean_product) * inverse_rms;
    if (grad_sum != nullptr) value += load(grad_sum + i);
    store(grad_x + i, value);
  }
  for (; i < width; ++i) {
    const float normed = static_cast<float>(x[i]) * inverse_rms;
    float value = (static_cast<float>(grad[i]) * static_cast<float>(weight[i]) - normed * mean_product) * inverse_rms;
    if (grad_sum != nullptr) value += static_cast<float>(grad_sum[i]);
    grad_x[i] = static_cast<T>(value);
  }
}

template <typename T>
void backward_rows(const Tensor& grad, const Tensor& grad_sum, const Tensor& x, const Tensor& weight,
                   const Tensor& inverse_rms, const Tensor& grad_x, const Tensor& partial_weight_grads) {
  const int64_t width = x.size(-1);
  const T* grad_data = grad.const_data_ptr<T>();
  const T* grad_sum_data = grad_sum.defined() ? grad_sum.const_data_ptr<T>() : nullptr;
  const T* x_data = x.const_data_ptr<T>();
  const T* weight_data = weight.const_data_ptr<T>();
  const float* inverse_data = inverse_rms.const_data_ptr<float>();
  T* grad_x_data = grad_x.mutable_data_ptr<T>();
  float* partial_data = partial_weight_grads.mutable_data_ptr<float>();
  for_parts(inverse_rms.numel(), partial_weight_grads.size(0), [&](int64_t part, int64_t first, int64_t last) {
    float* weight_grad = partial_data + part * width;
    std::fill_n(weight_grad, width, 0.0f);
    for (int64_t row = first; row < last; ++row) {
      const int64_t at = row * width;
      backward_row<T>(grad_data + at, grad_sum_data == nullptr ? nullptr : grad_sum_data + at, x_data + at,
                      weight_data, inverse_data[row], grad_x_data + at, weight_grad, width);
    }
  });
}

}  // namespace

void check_rms_norm(const Tensor& x, const Tensor& weight) {
  TORCH_CHECK(x.dim() >= 1 && weight.dim() == 1 && weight.size(0) == x.size(-1),
              "aha::rms_norm: expected x [..., D] and weight [D], got x ", x.sizes(), " and weight ", weight.sizes());
  TORCH_CHECK(x.scalar_type() == weight.scalar_type(), "aha::rms_norm: x is ", x.scalar_type(), " but weight is ",
              weight.scalar_type(), "; cast one to the other's dtype");
}

/** x [..., D] → (normed [..., D], 1/rms float32 [rows]); float32 inside, rounded to x's dtype before the weight. */
std::tuple<Tensor, Tensor> rms_norm_forward(const Tensor& x_given, const Tensor& weight_given, double eps) {
  check_rms_norm(x_given, weight_given);
  const Tensor x = x_given.contiguous(), weight = weight_given.contiguous();
  Tensor normed = at::empty_like(x);
  Tensor inverse_rms = at::empty({x.size(-1) == 0 ? 0 : x.numel() / x.size(-1)}, x.options().dtype(at::kFloat));
  if (x.scalar_type() == at::kFloat)
    forward_rows<float, false>(x, {}, {}, weight, normed, inverse_rms, static_cast<float>(eps));
  else
    forward_rows<c10::BFloat16, false>(x, {}, {}, weight, normed, inverse_rms, static_cast<float>(eps));
  return {normed, inverse_rms};
}

/** (normed, sum, 1/rms) with sum = x + residual, normed = rms_norm(sum). */
std::tuple<Tensor, Tensor, Tensor> add_rms_norm_forward(const Tensor& x_given, const Tensor& residual_given,
                                                        const Tensor& weight_given, double eps) {
  check_rms_norm(x_given, weight_given);
  TORCH_CHECK(x_given.sizes() == residual_given.sizes() && x_given.scalar_type() == residual_given.scalar_type(),
              "aha::add_rms_norm: x ", x_given.sizes(), " ", x_given.scalar_type(), " and residual ",
              residual_given.sizes(), " ", residual_given.scalar_type(), " must have one shape and dtype");
  const Tensor x = x_given.contiguous(), residual = residual_given.contiguous(), weight = weight_given.contiguous();
  Tensor sum = at::empty_like(x), normed = at::empty_like(x);
  Tensor inverse_rms = at::empty({x.size(-1) == 0 ? 0 : x.numel() / x.size(-1)}, x.options().dtype(at::kFloat));
  if (x.scalar_type() == at::kFloat)
    forward_rows<float, true>(x, residual, sum, weight, normed, inverse_rms, static_cast<float>(eps));
  else
    forward_rows<c10::BFloat16, true>(x, residual, sum, weight, normed, inverse_rms, static_cast<float>(eps));
  return {normed, sum, inverse_rms};
}

/** (grad of x, grad of weight); grad_sum, where defined, is added to the former (the residual stream's own gradient). */
std::tuple<Tensor, Tensor> rms_norm_backward(const Tensor& grad_given, const Tensor& grad_sum_given, const Tensor& x,
                                             const Tensor& weight, const Tensor& inverse_rms) {
  const Tensor grad = grad_given.contiguous();
  const Tensor grad_sum = grad_sum_given.defined() ? grad_sum_given.contiguous() : grad_sum_given;
  Tensor grad_x = at::empty_like(x);
  // One partial sum a thread, added in order: the same bits for the same number of threads.
  Tensor partial = at::empty({at::get_num_threads(), x.size(-1)}, x.options().dtype(at::kFloat));
  if (x.scalar_type() == at::kFloat)
    backward_rows<float>(grad, grad_sum, x, weight, inverse_rms, grad_x, partial);
  else
    backward_rows<c10::BFloat16>(grad, grad_sum, x, weight, inverse_rms, grad_x, partial);
  return {grad_x, at::sum(partial, 0).to(weight.scalar_type())};
}

}  // namespace aha
