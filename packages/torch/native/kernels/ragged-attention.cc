/**
 * Causal attention over a packed batch of segments that may share prefixes, forward and backward.
 * Blockwise with an online softmax (Dao 2023, FlashAttention-2, algorithms 1 and 2); a segment sees its prefix and
 * then itself, so with keys counted from the prefix's start it is plain causal attention with an offset.
 */
#include "attention-plan.h"
#include "block-gemm.h"
#include "kernels.h"
#include "parallel.h"
#include "simd.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace aha {
namespace {

/** Keys a block of scores spans: 32 × 256 float32 stay in the first-level cache. */
constexpr int64_t kKeyBlock = 256;

/** A [T, heads, width] tensor of type T: element (t, h, i) is at data[t · row + h · head + i]. */
template <typename T>
struct HeadView {
  T* data;
  int64_t row, head;
  T* at(int64_t token, int64_t which) const { return data + token * row + which * head; }
};

template <typename T>
HeadView<const T> view_of(const Tensor& tensor) {
  return {tensor.const_data_ptr<T>(), tensor.stride(0), tensor.stride(1)};
}

template <typename T>
HeadView<T> mutable_view_of(const Tensor& tensor) {
  return {tensor.mutable_data_ptr<T>(), tensor.stride(0), tensor.stride(1)};
}

/** Float32 scratch that grows and is kept by its thread. */
float* scratch_floats(int which, int64_t count) {
  static thread_local std::vector<float> buffers[2];
  std::vector<float>& buffer = buffers[which];
  if (static_cast<int64_t>(buffer.size()) < count + kLanes) buffer.resize(count + kLanes);
  // 64-byte alignment keeps vector loads within cache lines.
  const auto address = reinterpret_cast<uintptr_t>(buffer.data());
  return reinterpret_cast<float*>((address + 63) / 64 * 64);
}

/** Copies width elements times factor into float32 and fills up to padded with zeros. */
template <typename T>
AHA_INLINE void widen_row(const T* source, float* target, int64_t width, int64_t padded, float factor) {
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) store(target + i, load(source + i) * factor);
  for (; i < width; ++i) target[i] = static_cast<float>(source[i]) * factor;
  for (; i < padded; ++i) target[i] = 0.0f;
}

template <typename T>
AHA_INLINE void narrow_row(const float* source, T* target, int64_t width, float factor) {
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) store(target + i, load(source + i) * factor);
  for (; i < width; ++i) target[i] = static_cast<T>(source[i] * factor);
}

/** Token of key number `key` of a segment: the prefix first. */
AHA_INLINE int64_t token_of(const Segment& segment, int64_t key) {
  return key < segment.prefix_length ? segment.prefix_start + key : segment.start + key - segment.prefix_length;
}

/** Packs a segment's keys (or values) as rows [padded keys][padded width], zeros beyond. */
template <typename T>
void pack_rows(const Segment& segment, const HeadView<const T>& source, int64_t head, int64_t width,
               int64_t padded_width, int64_t padded_keys, float* target) {
  for (int64_t key = 0; key < segment.keys(); ++key)
    widen_row(source.at(token_of(segment, key), head), target + key * padded_width, width, padded_width, 1.0f);
  std::fill(target + segment.keys() * padded_width, target + padded_keys * padded_width, 0.0f);
}

/** [padded keys][padded width] → [width][padded keys]. */
void transpose(const float* rows, int64_t padded_keys, int64_t width, int64_t padded_width, float* target) {
  for (int64_t key = 0; key < padded_keys; key += kLanes)
    for (int64_t i = 0; i < width; ++i) {
      float* out = target + i * padded_keys + key;
      const float* in = rows + key * padded_width + i;
      for (int64_t lane = 0; lane < kLanes; ++lane) out[lane] = in[lane * padded_width];
    }
}

struct Shape {
  int64_t heads, kv_heads, width, padded_width;
  int64_t group() const { return heads / kv_heads; }
};

/**
 * One row of a block of scores (in units of ln 2) → weights exp2(s − new maximum), zeros beyond `visible`.
 * Returns their sum; `maximum` moves to the new running maximum.
 */
AHA_INLINE float exponentiate(float* scores, int64_t visible, int64_t columns, float& maximum) {
  f32x16 best = splat(maximum);
  int64_t j = 0;
  for (; j + kLanes <= visible; j += kLanes) best = larger_of(load(scores + j), best);
  if (j < visible) {
    const i32x16 inside = lane_numbers() < static_cast<int32_t>(visible - j);
    best = larger_of(inside ? load(scores + j) : best, best);
  }
  maximum = max_of(best);
  f32x16 sums = {};
  for (j = 0; j + kLanes <= visible; j += kLanes) {
    const f32x16 weight = exp2_of(load(scores + j) - maximum);
    store(scores + j, weight);
    sums += weight;
  }
  if (j < visible) {
    const i32x16 inside = lane_numbers() < static_cast<int32_t>(visible - j);
    const f32x16 weight = inside ? exp2_of(load(scores + j) - maximum) : f32x16{};
    store(scores + j, weight);
    sums += weight;
    j += kLanes;
  }
  for (; j < columns; j += kLanes) store(scores + j, f32x16{});
  return sum_of(sums);
}

template <typename T>
struct ForwardArguments {
  HeadView<const T> q, k, v;
  HeadView<T> out;
  float* log_normalisers;  // [H, T], base 2
  int64_t tokens;
  float scale;
};

/** Attention of one block of queries of one head: q rows are scaled by scale · log2 e, so that exp2 serves. */
template <typename T>
void forward_block(const ForwardArguments<T>& arguments, const Segment& segment, const Shape& shape, int64_t head,
                   int64_t first_query, const float* keys_transposed, const float* values, int64_t padded_keys,
                   float* scratch) {
  const int64_t queries = std::min(kQueryBlock, segment.length - first_query);
  const int64_t rows = rounded_up(queries, kGemmRows);
  const int64_t padded = shape.padded_width;
  float* q = scratch;
  float* out = q + kQueryBlock * padded;
  float* scores = out + kQueryBlock * padded;
  float maxima[kQueryBlock], sums[kQueryBlock];
  for (int64_t r = 0; r < rows; ++r) {
    if (r < queries)
      widen_row(arguments.q.at(segment.start + first_query + r, head), q + r * padded, shape.width, padded,
                arguments.scale * kLog2E);
    else
      std::fill_n(q + r * padded, padded, 0.0f);
    maxima[r] = -kInfinity;
    sums[r] = 0.0f;
  }
  std::fill_n(out, rows * padded, 0.0f);
  const int64_t last_key = segment.prefix_length + first_query + queries;
  for (int64_t key = 0; key < last_key; key += kKeyBlock) {
    const int64_t columns = rounded_up(std::min(kKeyBlock, last_key - key), kLanes);
    gemm<false>(rows, columns, shape.width, {q, padded, 1}, keys_transposed + key, padded_keys, scores, kKeyBlock);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t seen = segment.prefix_length + first_query + std::min(r, queries - 1) + 1 - key;
      const int64_t visible = std::max<int64_t>(0, std::min(seen, columns));
      const float before = maxima[r];
      const float sum = exponentiate(scores + r * kKeyBlock, visible, columns, maxima[r]);
      if (before == maxima[r]) {
        sums[r] += sum;
        continue;
      }
      const float shrink = std::exp2(before - maxima[r]);
      sums[r] = sums[r] * shrink + sum;
      if (key > 0)
        for (int64_t i = 0; i < padded; i += kLanes) store(out + r * padded + i, load(out + r * padded + i) * shrink);
    }
    gemm<true>(rows, padded, columns, {scores, kKeyBlock, 1}, values + key * padded, padded, out, padded);
  }
  for (int64_t r = 0; r < queries; ++r) {
    const int64_t token = segment.start + first_query + r;
    narrow_row(out + r * padded, arguments.out.at(token, head), shape.width, 1.0f / sums[r]);
    arguments.log_normalisers[head * arguments.tokens + token] = maxima[r] + std::log2(sums[r]);
  }
}

template <typename T>
void forward_item(const ForwardArguments<T>& arguments, const Segment& segment, const WorkItem& item,
                  const Shape& shape) {
  const int64_t padded_keys = rounded_up(segment.keys(), kLanes), padded = shape.padded_width;
  float* values = scratch_floats(0, padded_keys * (padded + shape.width) + padded_keys * padded +
                                        kQueryBlock * (2 * padded + kKeyBlock));
  float* keys_transposed = values + padded_keys * padded;
  float* rows = keys_transposed + padded_keys * shape.width;
  float* scratch = rows + padded_keys * padded;
  pack_rows(segment, arguments.k, item.kv_head, shape.width, padded, padded_keys, rows);
  transpose(rows, padded_keys, shape.width, padded, keys_transposed);
  pack_rows(segment, arguments.v, item.kv_head, shape.width, padded, padded_keys, values);
  for (int64_t block = item.split; block * kQueryBlock < segment.length; block += item.splits)
    for (int64_t member = 0; member < shape.group(); ++member)
      forward_block(arguments, segment, shape, item.kv_head * shape.group() + member, block * kQueryBlock,
                    keys_transposed, values, padded_keys, scratch);
}

template <typename T>
struct BackwardArguments {
  HeadView<const T> grad, q, k, v, out;
  HeadView<T> grad_q, grad_k, grad_v;
  const float* log_normalisers;
  int64_t tokens;
  float scale;
};

/** A segment's keys and values packed both ways, and the float32 sums of their gradients. */
struct PackedSegment {
  int64_t padded_keys;
  const float *keys, *keys_transposed, *values_transposed;
  float *grad_keys, *grad_values;
};

/** Scores → P, from the saved normaliser; returns Σ P dP. */
AHA_INLINE float weights_of(float* scores, const float* grads, int64_t visible, int64_t columns, float normaliser) {
  f32x16 products = {};
  for (int64_t j = 0; j < columns; j += kLanes) {
    const i32x16 inside = lane_numbers() < static_cast<int32_t>(visible - j);
    const f32x16 weight = inside ? exp2_of(load(scores + j) - normaliser) : f32x16{};
    store(scores + j, weight);
    products += weight * load(grads + j);
  }
  return sum_of(products);
}

/** dP → dS = P (dP − mean). */
AHA_INLINE void softmax_gradient(const float* weights, float* grads, int64_t columns, float mean) {
  for (int64_t j = 0; j < columns; j += kLanes) store(grads + j, load(weights + j) * (load(grads + j) - mean));
}

template <typename T>
void backward_block(const BackwardArguments<T>& arguments, const Segment& segment, const Shape& shape, int64_t head,
                    int64_t first_query, const PackedSegment& packed, float* scratch) {
  const int64_t queries = std::min(kQueryBlock, segment.length - first_query);
  const int64_t rows = rounded_up(queries, kGemmRows);
  const int64_t padded = shape.padded_width;
  float* q = scratch;
  float* grad_out = q + kQueryBlock * padded;
  float* grad_q = grad_out + kQueryBlock * padded;
  float* scores = grad_q + kQueryBlock * padded;
  float* grads = scores + kQueryBlock * kKeyBlock;
  float normalisers[kQueryBlock], means[kQueryBlock];
  for (int64_t r = 0; r < rows; ++r) {
    if (r >= queries) {
      std::fill_n(q + r * padded, padded, 0.0f);
      std::fill_n(grad_out + r * padded, padded, 0.0f);
      normalisers[r] = means[r] = 0.0f;
      continue;
    }
    const int64_t token = segment.start + first_query + r;
    widen_row(arguments.q.at(token, head), q + r * padded, shape.width, padded, arguments.scale * kLog2E);
    widen_row(arguments.grad.at(token, head), grad_out + r * padded, shape.width, padded, 1.0f);
    widen_row(arguments.out.at(token, head), grads, shape.width, padded, 1.0f);
    f32x16 products = {};
    for (int64_t i = 0; i < padded; i += kLanes) products += load(grads + i) * load(grad_out + r * padded + i);
    means[r] = sum_of(products);
    normalisers[r] = arguments.log_normalisers[head * arguments.tokens + token];
  }
  std::fill_n(grad_q, rows * padded, 0.0f);
  const int64_t last_key = segment.prefix_length + first_query + queries;
  // Σ P dP equals Σ dO·O, but free of O's rounding: taken where one block holds the whole row.
  const bool one_block = last_key <= kKeyBlock;
  for (int64_t key = 0; key < last_key; key += kKeyBlock) {
    const int64_t columns = rounded_up(std::min(kKeyBlock, last_key - key), kLanes);
    gemm<false>(rows, columns, shape.width, {q, padded, 1}, packed.keys_transposed + key, packed.padded_keys, scores,
                kKeyBlock);
    gemm<false>(rows, columns, shape.width, {grad_out, padded, 1}, packed.values_transposed + key, packed.padded_keys,
                grads, kKeyBlock);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t seen = segment.prefix_length + first_query + r + 1 - key;
      const int64_t visible = r < queries ? std::max<int64_t>(0, std::min(seen, columns)) : 0;
      const float mean = weights_of(scores + r * kKeyBlock, grads + r * kKeyBlock, visible, columns, normalisers[r]);
      softmax_gradient(scores + r * kKeyBlock, grads + r * kKeyBlock, columns, one_block ? mean : means[r]);
    }
    gemm<true>(rows, padded, columns, {grads, kKeyBlock, 1}, packed.keys + key * padded, padded, grad_q, padded);
    gemm<true>(columns, padded, rows, {grads, 1, kKeyBlock}, q, padded, packed.grad_keys + key * padded, padded);
    gemm<true>(columns, padded, rows, {scores, 1, kKeyBlock}, grad_out, padded, packed.grad_values + key * padded,
               padded);
  }
  for (int64_t r = 0; r < queries; ++r)
    narrow_row(grad_q + r * padded, arguments.grad_q.at(segment.start + first_query + r, head), shape.width,
               arguments.scale);
}

/** Leaves rows [first, first + count) of both gradients in the scratch of contributions, float32 [2, count, width]. */
void contribute(const PackedSegment& packed, const Shape& shape, int64_t first, int64_t count, float* target) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = (first + i) * shape.padded_width;
    // q was scaled by scale · log2 e: the scale belongs there, the log2 e does not.
    narrow_row(packed.grad_keys + at, target + i * shape.width, shape.width, kLn2);
    narrow_row(packed.grad_values + at, target + (count + i) * shape.width, shape.width, 1.0f);
  }
}

template <typename T>
void backward_item(const BackwardArguments<T>& arguments, const Segment& segment, const WorkItem& item,
                   const Shape& shape, int64_t prefix_offset, int64_t own_offset, float* contributions) {
  const int64_t padded_keys = rounded_up(segment.keys(), kLanes), padded = shape.padded_width;
  float* keys = scratch_floats(
      0, padded_keys * (3 * padded + 2 * shape.width) + kQueryBlock * (3 * padded + 2 * kKeyBlock));
  float* grad_keys = keys + padded_keys * padded;
  float* grad_values = grad_keys + padded_keys * padded;
  float* keys_transposed = grad_values + padded_keys * padded;
  float* values_transposed = keys_transposed + padded_keys * shape.width;
  float* scratch = values_transposed + padded_keys * shape.width;
  pack_rows(segment, arguments.v, item.kv_head, shape.width, padded, padded_keys, keys);
  transpose(keys, padded_keys, shape.width, padded, values_transposed);
  pack_rows(segment, arguments.k, item.kv_head, shape.width, padded, padded_keys, keys);
  transpose(keys, padded_keys, shape.width, padded, keys_transposed);
  std::fill_n(grad_keys, 2 * padded_keys * padded, 0.0f);
  const PackedSegment packed{padded_keys, keys, keys_transposed, values_transposed, grad_keys, grad_values};
  for (int64_t block = item.split; block * kQueryBlock < segment.length; block += item.splits)
    for (int64_t member = 0; member < shape.group(); ++member)
      backward_block(arguments, segment, shape, item.kv_head * shape.group() + member, block * kQueryBlock, packed,
                     scratch);
  if (prefix_offset >= 0) contribute(packed, shape, 0, segment.prefix_length, contributions + prefix_offset);
  if (own_offset >= 0) {
    contribute(packed, shape, segment.prefix_length, segment.length, contributions + own_offset);
    return;
  }
  for (int64_t i = 0; i < segment.length; ++i) {
    const int64_t at = (segment.prefix_length + i) * padded;
    narrow_row(grad_keys + at, arguments.grad_k.at(segment.start + i, item.kv_head), shape.width, kLn2);
    narrow_row(grad_values + at, arguments.grad_v.at(segment.start + i, item.kv_head), shape.width, 1.0f);
  }
}

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

Shape shape_of(const Tensor& q, const Tensor& k) {
  return {q.size(1), k.size(1), q.size(2), rounded_up(q.size(2), kLanes)};
}

template <typename T>
void run_forward(const Tensor& q, const Tensor& k, const Tensor& v, const std::vector<Segment>& segments, double scale,
                 const Tensor& out, const Tensor& log_normalisers) {
  const ForwardArguments<T> arguments{view_of<T>(q), view_of<T>(k), view_of<T>(v), mutable_view_of<T>(out),
                                      log_normalisers.mutable_data_ptr<float>(), q.size(0),
                                      static_cast<float>(scale)};
  const Shape shape = shape_of(q, k);
  const std::vector<WorkItem> items = plan_items(segments, shape.kv_heads);
  for_units(static_cast<int64_t>(items.size()),
            [&](int64_t i) { forward_item(arguments, segments[items[i].segment], items[i], shape); });
}

template <typename T>
void run_backward(const BackwardArguments<T>& arguments, const Shape& shape, const std::vector<Segment>& segments) {
  const std::vector<WorkItem> items = plan_items(segments, shape.kv_heads);
  const GradientPlan plan = plan_gradients(segments, items, arguments.tokens, shape.width);
  const std::unique_ptr<float[]> contributions(new float[plan.scratch + 1]);
  for_units(static_cast<int64_t>(items.size()), [&](int64_t i) {
    backward_item(arguments, segments[items[i].segment], items[i], shape, plan.prefix_offsets[i], plan.own_offsets[i],
                  contributions.get());
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
    run_backward<T>(arguments, shape_of(q, k), segments);
  };
  if (q.scalar_type() == at::kFloat)
    run(float{});
  else
    run(c10::BFloat16{});
}

}  // namespace aha
