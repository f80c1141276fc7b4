// Kernels that look at one value at a time.
#include "kernels.h"
#include "simd.h"

namespace kernels {

KERNEL void to_bytes(const float* __restrict values, uint8_t* __restrict bytes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const float x = values[i] * 255.0f;
    const float low = x > 0 ? x : 0;  // NaN too
    bytes[i] = static_cast<uint8_t>(static_cast<int32_t>(low < 255.0f ? low : 255.0f));
  }
}

KERNEL void from_bytes(const uint8_t* __restrict bytes, float* __restrict values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = static_cast<float>(bytes[i]) / 255.0f;
}

KERNEL void invert(const float* __restrict values, float* __restrict out, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = 1.0f - values[i];
}

KERNEL void unsharp(const float* __restrict values, float* __restrict blurred, size_t count,
                    double gain) {
  for (size_t i = 0; i < count; i++) {
    const double x = values[i];
    const double value = x + gain * (x - blurred[i]);
    const double low = value < 0 ? 0 : value;
    blurred[i] = static_cast<float>(low > 1 ? 1 : low);
  }
}

}  // namespace kernels
