// See engine/image/kernels/blur.ts: strips of columns, rows filtered across once and kept as doubles.
#include <cstdlib>

#include "kernels.h"
#include "scratch.h"
#include "simd.h"

namespace kernels {
namespace {

constexpr size_t strip_values = 1024;
typedef double Lanes __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));
typedef float Narrow __attribute__((vector_size(VECTOR_BYTES / 2), aligned(4), may_alias));
constexpr size_t lanes = VECTOR_BYTES / sizeof(double);
/** Vectors of sums that are worked on together, few enough to stay in registers. */
constexpr size_t vectors = 128 / VECTOR_BYTES;
constexpr size_t block = vectors * lanes;

INLINE const Lanes& at(const double* values) { return *reinterpret_cast<const Lanes*>(values); }
INLINE void store(double* to, const Lanes& sums) { *reinterpret_cast<Lanes*>(to) = sums; }
INLINE void store(float* to, const Lanes& sums) {
  *reinterpret_cast<Narrow*>(to) = __builtin_convertvector(sums, Narrow);
}

/** `i` may have wrapped below 0. */
size_t reflect(size_t i, size_t length) {
  if (length == 1) return 0;
  const size_t period = 2 * (length - 1);
  const size_t place = static_cast<size_t>(std::abs(static_cast<ptrdiff_t>(i))) % period;
  return place < length ? place : period - place;
}

/** `rows` may be read up to a block past `length`. */
template <typename Out>
INLINE void weighted_sum(const double* const* rows, const float* kernel, size_t radius,
                         Out* __restrict out, size_t length) {
  const double* middle = rows[radius];
  for (size_t from = 0; from < length; from += block) {
    Lanes sums[vectors];
    for (size_t v = 0; v < vectors; v++)
      sums[v] = static_cast<double>(kernel[radius]) * at(middle + from + v * lanes);
    for (size_t k = 0; k < radius; k++) {
      const double weight = kernel[k];
      const double* a = rows[k] + from;
      const double* b = rows[2 * radius - k] + from;
#pragma GCC unroll 8
      for (size_t v = 0; v < vectors; v++)
        sums[v] += weight * (at(a + v * lanes) + at(b + v * lanes));
    }
    if (length - from >= block)
      for (size_t v = 0; v < vectors; v++) store(out + from + v * lanes, sums[v]);
    else
      for (size_t i = 0; from + i < length; i++)
        out[from + i] = static_cast<Out>(sums[i / lanes][i % lanes]);
  }
}

}  // namespace

KERNEL bool blur(const float* image, float* out, Extent extent, const float* kernel,
                 size_t radius) {
  const auto [height, width, channels] = extent;
  const size_t stride = extent.stride(), halo = radius * channels, taps = 2 * radius + 1;
  const size_t wanted = (strip_values + channels - 1) / channels;
  const size_t strip_width = wanted < width ? wanted : width;
  const size_t strip = strip_width * channels, kept_rows = taps < height ? taps : height;

  Scratch<double> padded(strip + 2 * halo + block), kept(kept_rows * (strip + block));
  Scratch<const double*> shifted(taps), rows(taps);
  Scratch<size_t> before(halo), after(halo);
  if (!padded || !kept || !shifted || !rows || !before || !after) return false;
  for (size_t k = 0; k < taps; k++) shifted[k] = padded.data() + k * channels;
  const auto row_at = [&](size_t y) { return kept.data() + y % kept_rows * (strip + block); };

  for (size_t left = 0; left < width; left += strip_width) {
    const size_t columns = left + strip_width < width ? strip_width : width - left;
    const size_t length = columns * channels;
    // What lies on either side of the strip in each row, mirrored at the edges.
    for (size_t i = 0; i < halo; i++) {
      const size_t pixel = i / channels, c = i % channels;
      before[i] = reflect(pixel + left - radius, width) * channels + c;
      after[i] = reflect(pixel + left + columns, width) * channels + c;
    }
    for (size_t y = 0, next = 0; y < height; y++) {
      for (; next < height && next <= y + radius; next++) {
        const float* row = image + next * stride;
        const float* own = row + left * channels;
        for (size_t i = 0; i < length; i++) padded[halo + i] = own[i];
        for (size_t i = 0; i < halo; i++) {
          padded[i] = row[before[i]];
          padded[halo + length + i] = row[after[i]];
        }
        weighted_sum(shifted.data(), kernel, radius, row_at(next), length);
      }
      for (size_t k = 0; k < taps; k++) rows[k] = row_at(reflect(y + k - radius, height));
      weighted_sum(rows.data(), kernel, radius, out + y * stride + left * channels, length);
    }
  }
  return true;
}

}  // namespace kernels
