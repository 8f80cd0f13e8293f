/** Ways to share work between LibTorch's threads that give the same bits on every run. */
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace aha {
namespace {

/** Calls body(first, last) over [0, rows): a thread gets at least 16k elements' worth of rows. */
template <typename Body>
inline void for_rows(int64_t rows, int64_t row_elements, const Body& body) {
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, row_elements));
  at::parallel_for(0, rows, grain, body);
}

/**
 * Calls body(unit) for each unit in [0, units), handed out as threads become free.
 * Deterministic as long as no two units write the same place.
 */
template <typename Body>
inline void for_units(int64_t units, const Body& body) {
  if (units <= 0) return;
  std::atomic<int64_t> next{0};
  at::parallel_for(0, std::min<int64_t>(units, at::get_num_threads()), 1, [&](int64_t first, int64_t last) {
    for (int64_t worker = first; worker < last; ++worker)
      for (int64_t unit = next.fetch_add(1); unit < units; unit = next.fetch_add(1)) body(unit);
  });
}

/** Calls body(part, first, last) for `parts` equal slices of [0, rows): for sums kept apart by part and added in order. */
template <typename Body>
inline void for_parts(int64_t rows, int64_t parts, const Body& body) {
  at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part) body(part, rows * part / parts, rows * (part + 1) / parts);
  });
}

}  // namespace
}  // namespace aha
