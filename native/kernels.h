// The loops over pixels; what each does and with which numbers stands in
// engine/image/kernels/contract.ts, beside their JS twins. Arithmetic is in double and in the twin's
// order, so that both give the same bits. Arguments were checked by addon.cc.
#pragma once
#include <cstddef>
#include <cstdint>

namespace kernels {

struct Extent {
  size_t height, width, channels;
  size_t stride() const { return width * channels; }
  size_t size() const { return height * stride(); }
};

/** For output i: places from[i·size …] and their weights. No taps: the axis stays as it is. */
struct Taps {
  size_t size, outputs;
  const int32_t* from;
  const float* weight;
};

struct FixedTaps {
  size_t size, outputs;
  const int32_t* first;
  const int32_t* count;
  const int32_t* weights;
};

/** The kernels that say whether they ran need memory of their own, and may not get it. */
void to_bytes(const float* values, uint8_t* bytes, size_t count);
void from_bytes(const uint8_t* bytes, float* values, size_t count);
void invert(const float* values, float* out, size_t count);
void unsharp(const float* values, float* blurred, size_t count, double gain);
bool blur(const float* image, float* out, Extent extent, const float* kernel, size_t radius);
bool resample(const float* image, float* out, Extent extent, Taps rows, Taps columns);
bool filter_across(const uint8_t* image, uint8_t* out, Extent extent, FixedTaps columns);
void filter_down(const uint8_t* image, uint8_t* out, Extent extent, FixedTaps rows);
void grow_cross(const float* plane, float* out, Extent extent);
bool dilate(const float* image, float* out, Extent extent, size_t size);
bool filter_png(const uint8_t* image, uint8_t* out, Extent extent);

}  // namespace kernels
