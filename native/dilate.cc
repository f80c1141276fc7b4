// See engine/image/kernels/dilate.ts: running maxima of a cross and of a square.
#include "kernels.h"
#include "scratch.h"
#include "simd.h"

namespace kernels {
namespace {

constexpr size_t strip_values = 64;
constexpr float nothing = -__builtin_inff();

INLINE float larger(float a, float b) { return a > b ? a : b; }

struct Line {
  size_t start, stride, length, lanes;
};

INLINE void running_max(const float* source, float* __restrict out, Line line, size_t size,
                        float* __restrict ahead, float* __restrict so_far) {
  const auto [start, stride, length, lanes] = line;
  const size_t before = size / 2, after = size - 1 - before;
  // Places are counted from `before` in front of the picture, to stay at or above 0.
  for (size_t block = 0; block < length + before; block += size) {
    for (size_t k = size; k-- > 0;) {
      const size_t place = block + k - before;
      const bool inside = block + k >= before && place < length;
      const float* from = source + start + (inside ? place * stride : 0);
      float* now = ahead + k * lanes;
      if (k == size - 1)
        for (size_t i = 0; i < lanes; i++) now[i] = inside ? from[i] : nothing;
      else if (inside)
        for (size_t i = 0; i < lanes; i++) now[i] = larger(from[i], now[lanes + i]);
      else
        for (size_t i = 0; i < lanes; i++) now[i] = larger(nothing, now[lanes + i]);
    }
    for (size_t i = 0; i < lanes; i++) so_far[i] = nothing;
    for (size_t k = 0; k < size && block + k < length; k++) {
      const size_t y = block + k, end = y + after;
      if (k > 0 && end < length) {
        const float* from = source + start + end * stride;
        for (size_t i = 0; i < lanes; i++) so_far[i] = larger(from[i], so_far[i]);
      }
      float* to = out + start + y * stride;
      for (size_t i = 0; i < lanes; i++) to[i] = larger(ahead[k * lanes + i], so_far[i]);
    }
  }
}

}  // namespace

KERNEL void grow_cross(const float* plane, float* __restrict out, Extent extent) {
  const size_t height = extent.height, width = extent.width;
  for (size_t y = 0; y < height; y++) {
    const float* here = plane + y * width;
    const float* up = y > 0 ? here - width : here;
    const float* down = y + 1 < height ? here + width : here;
    float* to = out + y * width;
    const auto at = [&](size_t x, size_t left, size_t right) {
      const float row = larger(larger(here[left], here[right]), here[x]);
      to[x] = larger(row, larger(up[x], down[x]));
    };
    if (width == 1) {
      at(0, 0, 0);
      continue;
    }
    at(0, 0, 1);
    for (size_t x = 1; x + 1 < width; x++)
      to[x] = larger(larger(larger(here[x - 1], here[x + 1]), here[x]), larger(up[x], down[x]));
    at(width - 1, width - 2, width - 1);
  }
}

KERNEL bool dilate(const float* image, float* out, Extent extent, size_t size) {
  const auto [height, width, channels] = extent;
  const size_t stride = extent.stride(), odd = size & 1;
  const size_t wide = size < 2 * width + odd ? size : 2 * width + odd;
  const size_t high = size < 2 * height + odd ? size : 2 * height + odd;
  const auto most = [](size_t a, size_t b) { return a > b ? a : b; };
  Scratch<float> across(extent.size()), so_far(most(channels, strip_values));
  Scratch<float> ahead(most(wide * channels, high * strip_values));
  if (!across || !so_far || !ahead) return false;
  for (size_t y = 0; y < height; y++) {
    const Line line = {y * stride, channels, width, channels};
    if (channels == 3)
      running_max(image, across.data(), {y * stride, 3, width, 3}, wide, ahead.data(), so_far.data());
    else
      running_max(image, across.data(), line, wide, ahead.data(), so_far.data());
  }
  for (size_t x = 0; x < stride; x += strip_values) {
    const size_t lanes = stride - x < strip_values ? stride - x : strip_values;
    if (lanes == strip_values)
      running_max(across.data(), out, {x, stride, height, strip_values}, high, ahead.data(),
                  so_far.data());
    else
      running_max(across.data(), out, {x, stride, height, lanes}, high, ahead.data(), so_far.data());
  }
  return true;
}

}  // namespace kernels
