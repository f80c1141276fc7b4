// See engine/image/kernels/filter-png.ts: PNG's row filters and libpng's choice between them.
#include <cstring>

#include "kernels.h"
#include "scratch.h"
#include "simd.h"

namespace kernels {
namespace {

INLINE int16_t magnitude(int16_t x) { return x < 0 ? static_cast<int16_t>(-x) : x; }

INLINE uint8_t paeth(int16_t left, int16_t up, int16_t corner) {
  const int16_t to_left = magnitude(static_cast<int16_t>(up - corner));
  const int16_t to_up = magnitude(static_cast<int16_t>(left - corner));
  const int16_t to_corner = magnitude(static_cast<int16_t>(left + up - 2 * corner));
  const int16_t other = to_up <= to_corner ? up : corner;
  return static_cast<uint8_t>((to_left <= to_up) & (to_left <= to_corner) ? left : other);
}

/** Sum of the bytes' magnitudes as signed numbers. A row has less than 2^25 of them. */
INLINE uint32_t weigh(const uint8_t* bytes, size_t length) {
  uint32_t sum = 0;
  for (size_t i = 0; i < length; i++) {
    const int8_t x = static_cast<int8_t>(bytes[i]);
    sum += static_cast<uint8_t>(x < 0 ? -x : x);
  }
  return sum;
}

}  // namespace

KERNEL bool filter_png(const uint8_t* image, uint8_t* __restrict out, Extent extent) {
  const size_t stride = extent.stride(), channels = extent.channels;
  // Both rows begin with a pixel of zeros, which is what lies left of the picture.
  Scratch<uint8_t> rows(2 * (channels + stride)), candidates(4 * stride);
  if (!rows || !candidates) return false;
  uint8_t* now = rows.data();
  uint8_t* before = now + channels + stride;
  for (size_t y = 0; y < extent.height; y++) {
    std::memcpy(now + channels, image + y * stride, stride);
    const uint8_t* __restrict a = now;
    const uint8_t* __restrict x = now + channels;
    const uint8_t* __restrict c = before;
    const uint8_t* __restrict b = before + channels;
    uint8_t* __restrict sub = candidates.data();
    uint8_t* __restrict up = sub + stride;
    uint8_t* __restrict average = up + stride;
    uint8_t* __restrict nearest = average + stride;
    for (size_t i = 0; i < stride; i++) sub[i] = static_cast<uint8_t>(x[i] - a[i]);
    for (size_t i = 0; i < stride; i++) up[i] = static_cast<uint8_t>(x[i] - b[i]);
    for (size_t i = 0; i < stride; i++)
      average[i] = static_cast<uint8_t>(
          x[i] - static_cast<uint8_t>((static_cast<uint16_t>(a[i]) + b[i]) >> 1));
    for (size_t i = 0; i < stride; i++)
      nearest[i] = static_cast<uint8_t>(x[i] - paeth(a[i], b[i], c[i]));
    const uint8_t* filtered[5] = {x, sub, up, average, nearest};
    size_t best = 0;
    uint32_t least = weigh(x, stride);
    for (size_t filter = 1; filter < 5; filter++) {
      const uint32_t sum = weigh(filtered[filter], stride);
      if (sum >= least) continue;
      least = sum;
      best = filter;
    }
    *out++ = static_cast<uint8_t>(best);
    std::memcpy(out, filtered[best], stride);
    out += stride;
    uint8_t* const last = before;
    before = now;
    now = last;
  }
  return true;
}

}  // namespace kernels
