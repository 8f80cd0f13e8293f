/** How ragged attention's work is cut into items that threads take one by one, and where shared gradients meet. */
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace aha {
namespace {

/** Queries a work item handles at once. */
constexpr int64_t kQueryBlock = 32;

/** A run of tokens that attends to a prefix (elsewhere in the batch, perhaps empty) and causally to itself. */
struct Segment {
  int64_t start, length, prefix_start, prefix_length;
  int64_t keys() const { return prefix_length + length; }
  double cost() const { return static_cast<double>(length) * (static_cast<double>(prefix_length) + length / 2.0); }
};

/** One segment under one key/value head; of its query blocks those b with b mod splits = split. */
struct WorkItem {
  int64_t segment, kv_head, split, splits;
  double cost;
};

inline std::vector<Segment> read_segments(const at::Tensor& segments) {
  const at::Tensor table = segments.contiguous();
  const int64_t* row = table.const_data_ptr<int64_t>();
  std::vector<Segment> result;
  for (int64_t i = 0; i < table.size(0); ++i, row += 4)
    if (row[1] > 0) result.push_back({row[0], row[1], row[2], row[3]});
  return result;
}

/** Items, costliest first; a segment too long for the threads to balance is split by query blocks. */
inline std::vector<WorkItem> plan_items(const std::vector<Segment>& segments, int64_t kv_heads) {
  double total = 0.0;
  for (const Segment& segment : segments) total += segment.cost() * static_cast<double>(kv_heads);
  const int64_t threads = at::get_num_threads();
  const double fair = total / static_cast<double>(threads * 4);
  std::vector<WorkItem> items;
  for (size_t i = 0; i < segments.size(); ++i) {
    const int64_t blocks = (segments[i].length + kQueryBlock - 1) / kQueryBlock;
    const bool too_long = threads > 1 && segments[i].cost() > fair;
    const int64_t splits = too_long ? std::min(blocks, threads) : 1;
    for (int64_t kv_head = 0; kv_head < kv_heads; ++kv_head)
      for (int64_t split = 0; split < splits; ++split)
        items.push_back({static_cast<int64_t>(i), kv_head, split, splits,
                         segments[i].cost() / static_cast<double>(splits)});
  }
  std::stable_sort(items.begin(), items.end(), [](const WorkItem& a, const WorkItem& b) { return a.cost > b.cost; });
  return items;
}

/** Partial key and value gradients float32 [2, count, width] at offset, belonging to tokens from token_start on. */
struct Contribution {
  int64_t token_start, count, kv_head, offset;
};

/** A maximal run of tokens whose key/value gradients come from more than one item, with all contributions to it. */
struct SharedRun {
  int64_t start, end;
  std::vector<Contribution> contributions;
};

/** Where each item of the backward pass leaves its key and value gradients. */
struct GradientPlan {
  std::vector<SharedRun> runs;
  std::vector<int64_t> prefix_offsets;  // [items]; −1: the segment has no prefix
  std::vector<int64_t> own_offsets;     // [items]; −1: written straight to the result
  int64_t scratch = 0;                  // floats
};

inline GradientPlan plan_gradients(const std::vector<Segment>& segments, const std::vector<WorkItem>& items,
                                   int64_t tokens, int64_t width) {
  std::vector<int32_t> edges(tokens + 1, 0);
  const auto mark = [&](int64_t start, int64_t length) {
    ++edges[start];
    --edges[start + length];
  };
  for (const Segment& segment : segments)
    if (segment.prefix_length > 0) mark(segment.prefix_start, segment.prefix_length);
  for (const WorkItem& item : items)
    if (item.splits > 1 && item.split == 0 && item.kv_head == 0)
      mark(segments[item.segment].start, segments[item.segment].length);
  // A segment partly inside a prefix joins its run whole, so that each item writes its own part one way only.
  std::vector<int32_t> depths(tokens, 0);
  for (int64_t token = 0, depth = 0; token < tokens; ++token) depths[token] = static_cast<int32_t>(depth += edges[token]);
  for (const Segment& segment : segments) {
    const auto first = depths.begin() + segment.start, last = first + segment.length;
    if (std::any_of(first, last, [](int32_t depth) { return depth > 0; })) std::fill(first, last, 1);
  }
  GradientPlan plan;
  std::vector<int32_t> run_of(tokens, -1);
  for (int64_t token = 0; token < tokens; ++token) {
    if (depths[token] == 0) continue;
    if (token == 0 || run_of[token - 1] < 0) plan.runs.push_back({token, token, {}});
    run_of[token] = static_cast<int32_t>(plan.runs.size()) - 1;
    plan.runs.back().end = token + 1;
  }
  const auto contribute = [&](int64_t start, int64_t count, int64_t kv_head) {
    const int64_t offset = plan.scratch;
    plan.runs[run_of[start]].contributions.push_back({start, count, kv_head, offset});
    plan.scratch += 2 * count * width;
    return offset;
  };
  for (const WorkItem& item : items) {
    const Segment& segment = segments[item.segment];
    plan.prefix_offsets.push_back(
        segment.prefix_length > 0 ? contribute(segment.prefix_start, segment.prefix_length, item.kv_head) : -1);
    plan.own_offsets.push_back(
        run_of[segment.start] >= 0 ? contribute(segment.start, segment.length, item.kv_head) : -1);
  }
  return plan;
}

}  // namespace
}  // namespace aha
