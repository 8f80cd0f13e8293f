/** A fused query-key-value projection taken apart, queries and keys rotated: one pass instead of slices and rotations. */
#include "kernels.h"
#include "parallel.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cstring>

namespace aha {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Parts = std::tuple<Tensor, Tensor, Tensor>;

void check_split_rotary(const Tensor& qkv, int64_t heads, int64_t kv_heads) {
  TORCH_CHECK(qkv.dim() == 2 && heads > 0 && kv_heads > 0 && qkv.size(1) % (heads + 2 * kv_heads) == 0,
              "aha::split_rotary: expected qkv [T, (heads + 2 kv_heads) d] for ", heads, " heads and ", kv_heads,
              " kv heads, got ", qkv.sizes());
}

/** The three parts of qkv [T, (H + 2 Hk) d] as views [T, H, d], [T, Hk, d], [T, Hk, d]. */
Parts views_of(const Tensor& qkv, int64_t heads, int64_t kv_heads) {
  const Tensor by_head = qkv.view({qkv.size(0), heads + 2 * kv_heads, -1});
  return {by_head.narrow(1, 0, heads), by_head.narrow(1, heads, kv_heads),
          by_head.narrow(1, heads + kv_heads, kv_heads)};
}

Parts split_rotary_cpu(const Tensor& qkv_given, const Tensor& positions, const Tensor& cosines, const Tensor& sines,
                       int64_t heads, int64_t kv_heads) {
  check_split_rotary(qkv_given, heads, kv_heads);
  const Tensor qkv = qkv_given.contiguous();
  const auto [queries, keys, values] = views_of(qkv, heads, kv_heads);
  return {rotary_forward(queries, positions, cosines, sines, false),
          rotary_forward(keys, positions, cosines, sines, false), values.contiguous()};
}

class SplitRotary : public torch::autograd::Function<SplitRotary> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& qkv, const Tensor& positions,
                               const Tensor& cosines, const Tensor& sines, int64_t heads, int64_t kv_heads) {
    context->save_for_backward({positions, cosines, sines});
    context->saved_data["heads"] = heads;
    context->saved_data["kv_heads"] = kv_heads;
    auto [queries, keys, values] = split_rotary_cpu(qkv, positions, cosines, sines, heads, kv_heads);
    return {queries, keys, values};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const int64_t heads = context->saved_data["heads"].toInt(), kv_heads = context->saved_data["kv_heads"].toInt();
    const Tensor& some = gradients[0].defined() ? gradients[0] : gradients[1].defined() ? gradients[1] : gradients[2];
    Tensor grad = at::empty({some.size(0), (heads + 2 * kv_heads) * some.size(2)}, some.options());
    const auto [queries, keys, values] = views_of(grad, heads, kv_heads);
    const auto back = [&](const Tensor& gradient, const Tensor& target) {
      if (!gradient.defined()) {
        target.zero_();
        return;
      }
      rotate_heads_(gradient.stride(2) == 1 ? gradient : gradient.contiguous(), target, saved[0], saved[1], saved[2],
                    true);
    };
    back(gradients[0], queries);
    back(gradients[1], keys);
    if (gradients[2].defined())
      values.copy_(gradients[2]);
    else
      values.zero_();
    return {grad, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Parts split_rotary_plain(const Tensor& qkv, const Tensor& positions, const Tensor& cosines, const Tensor& sines,
                         int64_t heads, int64_t kv_heads) {
  check_split_rotary(qkv, heads, kv_heads);
  const auto [queries, keys, values] = views_of(qkv.contiguous(), heads, kv_heads);
  return {rotary_plain(queries, positions, cosines, sines), rotary_plain(keys, positions, cosines, sines),
          values.contiguous()};
}

/** qkv [T, (H + 2 Hk) d] → queries [T, H, d] and keys [T, Hk, d], rotated, and values [T, Hk, d]. */
Parts split_rotary(const Tensor& qkv, const Tensor& positions, const Tensor& cosines, const Tensor& sines,
                   int64_t heads, int64_t kv_heads) {
  if (!has_fast_kernel(qkv)) return split_rotary_plain(qkv, positions, cosines, sines, heads, kv_heads);
  const variable_list parts = SplitRotary::apply(qkv, positions, cosines, sines, heads, kv_heads);
  return {parts[0], parts[1], parts[2]};
}

TORCH_LIBRARY_FRAGMENT(aha, library) {
  library.def(
      "split_rotary(Tensor qkv, Tensor positions, Tensor cos, Tensor sin, int heads, int kv_heads) -> "
      "(Tensor queries, Tensor keys, Tensor values)");
}
TORCH_LIBRARY_IMPL(aha, CompositeImplicitAutograd, library) { library.impl("split_rotary", split_rotary); }

}  // namespace
}  // namespace aha
