/**
 * Causal attention over a packed batch of segments that may share prefixes, forward and backward.
 * Blockwise with an online softmax (Dao 2023, FlashAttention-2, algorithms 1 and 2); a segment sees its prefix and
 * then itself, so with keys counted from the prefix's start it is plain causal attention with an offset.
 */
#include "attention-amx.h"
#include "attention-blocks.h"
#include "attention-float.h"
#include "kernels.h"
#include "parallel.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <memory>

namespace aha {
namespace {

/** Adds a run's contributions of one head in their fixed order and writes the result. */
template <typename T>
void reduce_run(const BackwardArguments<T>& arguments, const SharedRun& run, int64_t kv_head, int64_t width,
                const float* contributions) {
  const int64_t tokens = run.end - run.start;
  float* sums = scratch_floats(1, 2 * tokens * width);
  std::fill_n(sums, 2 * tokens * width, 0.0f);
  for (const Contribution& part : run.contributions) {
    if (part.kv_head != kv_head) continue;
    for (int which = 0; which < 2; ++which) {
      float* to = sums + (which * tokens + part.token_start - run.start) * width;
      const float* from = contributions + part.offset + which * part.count * width;
      for (int64_t i = 0; i < part.count * width; ++i) to[i] += from[i];
    }
  }
  for (int64_t i = 0; i < tokens; ++i) {
    narrow_row(sums + i * width, arguments.grad_k.at(run.start + i, kv_head), width, 1.0f);
    narrow_row(sums + (tokens + i) * width, arguments.grad_v.at(run.start + i, kv_head), width, 1.0f);
  }
}

/** Matrix units pay for bf16 only; everything else goes by float32 vectors. */
template <typename T>
bool uses_matrix_units() {
  return std::is_same_v<T, c10::BFloat16> && has_matrix_units();
}

template <typename T>
Shape shape_of(const Tensor& q, const Tensor& k) {
  const int64_t multiple = uses_matrix_units<T>() ? 32 : kLanes, width = q.size(2);
  return {q.size(1), k.size(1), width, (width + multiple - 1) / multiple * multiple};
}

template <typename T>
void run_forward_item(const ForwardArguments<T>& arguments, const Segment& segment, const WorkItem& item,
                      const Shape& shape) {
#ifdef AHA_HAS_AMX
  if constexpr (std::is_same_v<T, c10::BFloat16>)
    if (uses_matrix_units<T>()) return forward_item_amx(arguments, segment, item, shape);
#endif
  forward_item(arguments, segment, item, shape);
}

template <typename T>
void run_backward_item(const BackwardArguments<T>& arguments, const Segment& segment, const WorkItem& item,
                       const Shape& shape, const GradientTargets& targets) {
#ifdef AHA_HAS_AMX
  if constexpr (std::is_same_v<T, c10::BFloat16>)
    if (uses_matrix_units<T>()) return backward_item_amx(arguments, segment, item, shape, targets);
#endif
  backward_item(arguments, segment, item, shape, targets);
}

template <typename T>
void run_forward(const Tensor& q, const Tensor& k, const Tensor& v, const std::vector<Segment>& segments, double scale,
                 const Tensor& out, const Tensor& log_normalisers) {
  const ForwardArguments<T> arguments{view_of<T>(q), view_of<T>(k), view_of<T>(v), mutable_view_of<T>(out),
                                      log_normalisers.mutable_data_ptr<float>(), q.size(0),
                                      static_cast<float>(scale)};
  const Shape shape = shape_of<T>(q, k);
  const std::vector<WorkItem> items = plan_items(segments, shape.kv_heads);
  for_units(static_cast<int64_t>(items.size()),
            [&](int64_t i) { run_forward_item(arguments, segments[items[i].segment], items[i], shape); });
}

template <typename T>
void run_backward(const BackwardArguments<T>& arguments, const Shape& shape, const std::vector<Segment>& segments) {
  const std::vector<WorkItem> items = plan_items(segments, shape.kv_heads);
  const GradientPlan plan = plan_gradients(segments, items, arguments.tokens, shape.width);
  const std::unique_ptr<float[]> contributions(new float[plan.scratch + 1]);
  for_units(static_cast<int64_t>(items.size()), [&](int64_t i) {
    run_backward_item(arguments, segments[items[i].segment], items[i], shape,
                      {contributions.get(), plan.prefix_offsets[i], plan.own_offsets[i]});
  });
  for_units(static_cast<int64_t>(plan.runs.size()) * shape.kv_heads, [&](int64_t unit) {
    reduce_run(arguments, plan.runs[unit / shape.kv_heads], unit % shape.kv_heads, shape.width, contributions.get());
  });
}

int64_t covered_tokens(const std::vector<Segment>& segments) {
  int64_t covered = 0;
  for (const Segment& segment : segments) covered += segment.length;
  return covered;
}

}  // namespace

void check_ragged_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& segments) {
  TORCH_CHECK(q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && q.size(0) == k.size(0) &&
                  q.size(2) == k.size(2) && k.size(1) > 0 && q.size(1) % k.size(1) == 0,
              "aha::ragged_attention: expected q [T, H, d] and k, v [T, Hk, d] with H a multiple of Hk, got q ",
              q.sizes(), ", k ", k.sizes(), ", v ", v.sizes());
  TORCH_CHECK(q.scalar_type() == k.scalar_type() && k.scalar_type() == v.scalar_type(),
              "aha::ragged_attention: q, k and v must have one dtype, got ", q.scalar_type(), ", ", k.scalar_type(),
              ", ", v.scalar_type());
  TORCH_CHECK(segments.dim() == 2 && segments.size(1) == 4 && segments.scalar_type() == at::kLong && segments.is_cpu(),
              "aha::ragged_attention: expected segments int64 [S, 4] on the CPU, rows (start, length, prefix_start, "
              "prefix_length); got ",
              segments.scalar_type(), " ", segments.sizes());
  const int64_t tokens = q.size(0);
  std::vector<Segment> sorted = read_segments(segments);
  std::sort(sorted.begin(), sorted.end(), [](const Segment& a, const Segment& b) { return a.start < b.start; });
  int64_t free_from = 0;
  for (const Segment& segment : sorted) {
    TORCH_CHECK(segment.start >= free_from && segment.start + segment.length <= tokens,
                "aha::ragged_attention: segment (start ", segment.start, ", length ", segment.length,
                ") overlaps another or leaves the batch of ", tokens, " tokens");
    TORCH_CHECK(segment.prefix_length >= 0 && (segment.prefix_length == 0 || segment.prefix_start >= 0) &&
                    segment.prefix_start + segment.prefix_length <= tokens,
                "aha::ragged_attention: prefix (start ", segment.prefix_start, ", length ", segment.prefix_length,
                ") leaves the batch of ", tokens, " tokens");
    free_from = segment.start + segment.length;
  }
}

/** q [T, H, d], k, v [T, Hk, d] → (out [T, H, d], base-2 log-normalisers float32 [H, T]); uncovered tokens give 0. */
std::tuple<Tensor, Tensor> ragged_attention_forward(const Tensor& q, const Tensor& k, const Tensor& v,
                                                    const Tensor& segment_table, double scale) {
  const std::vector<Segment> segments = read_segments(segment_table);
  const bool whole = covered_tokens(segments) == q.size(0);
  const Tensor out = whole ? at::empty(q.sizes(), q.options()) : at::zeros(q.sizes(), q.options());
  const Tensor log_normalisers = at::empty({q.size(1), q.size(0)}, q.options().dtype(at::kFloat));
  if (q.scalar_type() == at::kFloat)
    run_forward<float>(q, k, v, segments, scale, out, log_normalisers);
  else
    run_forward<c10::BFloat16>(q, k, v, segments, scale, out, log_normalisers);
  return {out, log_normalisers};
}

/** Writes all three gradients into given tensors (unit stride in d), which may be slices of one fused gradient. */
void ragged_attention_backward(const Tensor& grad, const Tensor& q, const Tensor& k, const Tensor& v,
                               const Tensor& out, const Tensor& log_normalisers, const Tensor& segment_table,
                               double scale, const Tensor& grad_q, const Tensor& grad_k, const Tensor& grad_v) {
  const std::vector<Segment> segments = read_segments(segment_table);
  if (covered_tokens(segments) != q.size(0))
    for (const Tensor& target : {grad_q, grad_k, grad_v}) target.zero_();
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    const BackwardArguments<T> arguments{view_of<T>(grad),
                                         view_of<T>(q),
                                         view_of<T>(k),
                                         view_of<T>(v),
                                         view_of<T>(out),
                                         mutable_view_of<T>(grad_q),
                                         mutable_view_of<T>(grad_k),
                                         mutable_view_of<T>(grad_v),
                                         log_normalisers.const_data_ptr<float>(),
                                         q.size(0),
                                         static_cast<float>(scale)};
    run_backward<T>(arguments, shape_of<T>(q, k), segments);
  };
  if (q.scalar_type() == at::kFloat)
    run(float{});
  else
    run(c10::BFloat16{});
}

}  // namespace aha
