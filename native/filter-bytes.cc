// See engine/image/kernels/filter-bytes.ts: fixed-point filters of bytes, sums modulo 2^32.
#include "kernels.h"
#include "scratch.h"
#include "simd.h"

namespace kernels {
namespace {

constexpr int precision_bits = 22;
constexpr uint32_t half = 1u << (precision_bits - 1);

INLINE uint8_t clip(uint32_t sum) {
  const int32_t value = static_cast<int32_t>(sum) >> precision_bits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

/** Pixels of four lanes, whatever channels the picture has (1 to 4); two taps at a time. */
typedef uint32_t Lanes __attribute__((vector_size(32), aligned(4), may_alias));

}  // namespace

KERNEL bool filter_across(const uint8_t* image, uint8_t* out, Extent extent, FixedTaps columns) {
  const auto [height, width, channels] = extent;
  if (channels > 4) {
    for (size_t y = 0; y < height; y++)
      for (size_t x = 0; x < columns.outputs; x++)
        for (size_t c = 0; c < channels; c++) {
          uint32_t sum = half;
          const uint8_t* from = image + (y * width + columns.first[x]) * channels + c;
          for (int32_t k = 0; k < columns.count[x]; k++)
            sum += static_cast<uint32_t>(columns.weights[x * columns.size + k]) * from[k * channels];
          *out++ = clip(sum);
        }
    return true;
  }
  // Weights as they meet the lanes: four of tap k, four of tap k + 1; 0 past the last tap.
  const size_t pairs = (columns.size + 1) / 2;
  Scratch<uint32_t> weights(columns.outputs * pairs * 8);
  // One row with a spare pixel, for the tap beyond an odd number of them.
  Scratch<uint32_t> row((width + 1) * 4);
  if (!weights || !row) return false;
  for (size_t x = 0; x < columns.outputs; x++)
    for (int32_t k = 0; k < columns.count[x]; k++)
      for (size_t lane = 0; lane < 4; lane++)
        weights[(x * pairs * 2 + k) * 4 + lane] = columns.weights[x * columns.size + k];
  for (size_t y = 0; y < height; y++) {
    const uint8_t* from = image + y * extent.stride();
    if (channels == 3)
      for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < 3; c++) row[x * 4 + c] = from[x * 3 + c];
    else
      for (size_t x = 0; x < width; x++)
        for (size_t c = 0; c < channels; c++) row[x * 4 + c] = from[x * channels + c];
    for (size_t x = 0; x < columns.outputs; x++) {
      const uint32_t* pixel = row.data() + static_cast<size_t>(columns.first[x]) * 4;
      const uint32_t* weight = weights.data() + x * pairs * 8;
      Lanes sums = {};
      const size_t steps = (columns.count[x] + 1) / 2;
      for (size_t k = 0; k < steps; k++)
        sums += *reinterpret_cast<const Lanes*>(pixel + k * 8) *
                *reinterpret_cast<const Lanes*>(weight + k * 8);
      for (size_t c = 0; c < channels; c++) *out++ = clip(half + sums[c] + sums[c + 4]);
    }
  }
  return true;
}

KERNEL void filter_down(const uint8_t* image, uint8_t* out, Extent extent, FixedTaps rows) {
  constexpr size_t block = 32;
  const size_t stride = extent.stride();
  for (size_t y = 0; y < rows.outputs; y++, out += stride) {
    const uint8_t* top = image + rows.first[y] * stride;
    const int32_t* weights = rows.weights + y * rows.size;
    const size_t taps = rows.count[y];
    size_t at = 0;
    for (; at + block <= stride; at += block) {
      uint32_t sums[block];
      for (size_t i = 0; i < block; i++) sums[i] = half;
      for (size_t k = 0; k < taps; k++) {
        const uint32_t weight = weights[k];
        const uint8_t* row = top + k * stride + at;
        for (size_t i = 0; i < block; i++) sums[i] += weight * row[i];
      }
      for (size_t i = 0; i < block; i++) out[at + i] = clip(sums[i]);
    }
    for (; at < stride; at++) {
      uint32_t sum = half;
      for (size_t k = 0; k < taps; k++)
        sum += static_cast<uint32_t>(weights[k]) * top[k * stride + at];
      out[at] = clip(sum);
    }
  }
}

}  // namespace kernels
