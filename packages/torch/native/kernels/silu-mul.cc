/** SwiGLU's gate: silu(gate) · up over the two halves of one fused projection (Shazeer 2020, eq. 6). */
#include "kernels.h"
#include "parallel.h"
#include "simd.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

namespace aha {
namespace {

AHA_INLINE f32x16 sigmoid_of(f32x16 x) { return 1.0f / (1.0f + exp_of(-x)); }

/** Applies step(offset, count) over [0, width) in vectors of 16 and one shorter tail. */
template <typename Step>
AHA_INLINE void by_lanes(int64_t width, const Step& step) {
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) step(i, kLanes);
  if (i < width) step(i, width - i);
}

template <typename T>
void forward_rows(const Tensor& gate_up, const Tensor& target) {
  const int64_t width = target.size(-1);
  const T* source = gate_up.const_data_ptr<T>();
  T* result = target.mutable_data_ptr<T>();
  for_rows(width == 0 ? 0 : target.numel() / width, width, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const T* gates = source + row * 2 * width;
      const T* ups = gates + width;
      T* out = result + row * width;
      by_lanes(width, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        const f32x16 gate = load_up_to(gates + i, count);
        store_up_to(out + i, gate * sigmoid_of(gate) * load_up_to(ups + i, count), count);
      });
    }
  });
}

template <typename T>
void backward_rows(const Tensor& grad, const Tensor& gate_up, const Tensor& grad_gate_up) {
  const int64_t width = grad.size(-1);
  const T* grads = grad.const_data_ptr<T>();
  const T* source = gate_up.const_data_ptr<T>();
  T* result = grad_gate_up.mutable_data_ptr<T>();
  for_rows(width == 0 ? 0 : grad.numel() / width, 2 * width, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      const T* gates = source + row * 2 * width;
      const T* ups = gates + width;
      T* grad_gates = result + row * 2 * width;
      T* grad_ups = grad_gates + width;
      const T* gradients = grads + row * width;
      by_lanes(width, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        const f32x16 gate = load_up_to(gates + i, count);
        const f32x16 sigmoid = sigmoid_of(gate);
        const f32x16 gradient = load_up_to(gradients + i, count);
        const f32x16 silu = gate * sigmoid;
        // d silu / d gate = sigmoid (1 + gate (1 − sigmoid))
        const f32x16 slope = sigmoid + silu * (1.0f - sigmoid);
        store_up_to(grad_gates + i, gradient * load_up_to(ups + i, count) * slope, count);
        store_up_to(grad_ups + i, gradient * silu, count);
      });
    }
  });
}

}  // namespace

void check_silu_mul(const Tensor& gate_up) {
  TORCH_CHECK(gate_up.dim() >= 1 && gate_up.size(-1) % 2 == 0,
              "aha::silu_mul: expected gate_up [..., 2F] (gate first, then up), got ", gate_up.sizes());
}

/** gate_up [..., 2F] → silu(gate) · up [..., F], rounded once. */
Tensor silu_mul_forward(const Tensor& gate_up_given) {
  check_silu_mul(gate_up_given);
  const Tensor gate_up = gate_up_given.contiguous();
  auto sizes = gate_up.sizes().vec();
  sizes.back() /= 2;
  Tensor target = at::empty(sizes, gate_up.options());
  if (gate_up.scalar_type() == at::kFloat)
    forward_rows<float>(gate_up, target);
  else
    forward_rows<c10::BFloat16>(gate_up, target);
  return target;
}

/** Gradient of gate_up [..., 2F] from that of the product [..., F]. */
Tensor silu_mul_backward(const Tensor& grad_given, const Tensor& gate_up) {
  const Tensor grad = grad_given.contiguous();
  Tensor grad_gate_up = at::empty_like(gate_up);
  if (gate_up.scalar_type() == at::kFloat)
    backward_rows<float>(grad, gate_up, grad_gate_up);
  else
    backward_rows<c10::BFloat16>(grad, gate_up, grad_gate_up);
  return grad_gate_up;
}

}  // namespace aha
