/** Ragged attention's work items in float32 vector arithmetic: for float32, and for bf16 without matrix units. */
#pragma once

#include "attention-blocks.h"
#include "block-gemm.h"

#include <cmath>

namespace aha {
namespace {

/** Packs a segment's keys (or values) as rows [padded keys][padded width], zeros beyond. */
template <typename T>
void pack_rows(const Segment& segment, const HeadView<const T>& source, int64_t head, int64_t width,
               int64_t padded_width, int64_t padded_keys, float* target) {
  for (int64_t key = 0; key < segment.keys(); ++key)
    widen_row(source.at(token_of(segment, key), head), target + key * padded_width, width, padded_width, 1.0f);
  std::fill(target + segment.keys() * padded_width, target + padded_keys * padded_width, 0.0f);
}

/** [padded keys][padded width] → [width][padded keys]. */
inline void transpose(const float* rows, int64_t padded_keys, int64_t width, int64_t padded_width, float* target) {
  for (int64_t key = 0; key < padded_keys; key += kLanes)
    for (int64_t i = 0; i < width; ++i) {
      float* out = target + i * padded_keys + key;
      const float* in = rows + key * padded_width + i;
      for (int64_t lane = 0; lane < kLanes; ++lane) out[lane] = in[lane * padded_width];
    }
}

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
      const float shrink = key == 0 ? 0.0f : std::exp2(before - maxima[r]);
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

template <typename T>
void backward_item(const BackwardArguments<T>& arguments, const Segment& segment, const WorkItem& item,
                   const Shape& shape, const GradientTargets& targets) {
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
  // q was scaled by scale · log2 e: the scale belongs in the gradient of the keys, the log2 e does not.
  deliver_gradients(arguments, segment, item.kv_head, shape, grad_keys, grad_values, kLn2, targets);
}

}  // namespace
}  // namespace aha
