// See engine/image/kernels/resample.ts: down and then across, a row of doubles in between.
#include "kernels.h"
#include "scratch.h"
#include "simd.h"

namespace kernels {
namespace {

INLINE void mix_rows(const float* image, size_t stride, const Taps& taps, size_t y,
                     double* __restrict mixed) {
  const int32_t* from = taps.from + y * taps.size;
  const float* weight = taps.weight + y * taps.size;
  const float* first = image + from[0] * stride;
  const double w = weight[0];
  size_t k = 1;
  if (taps.size > 1 && weight[1] != 0) {
    const float* second = image + from[1] * stride;
    const double v = weight[1];
    for (size_t i = 0; i < stride; i++) mixed[i] = w * first[i] + v * second[i];
    k = 2;
  } else {
    for (size_t i = 0; i < stride; i++) mixed[i] = w * first[i];
  }
  for (; k < taps.size; k++) {
    const float* other = image + from[k] * stride;
    const double v = weight[k];
    if (v == 0) continue;
    for (size_t i = 0; i < stride; i++) mixed[i] += v * other[i];
  }
}

template <size_t known_channels>
INLINE void mix_columns(const double* row, size_t any_channels, const Taps& taps,
                        float* __restrict out) {
  const size_t channels = known_channels ? known_channels : any_channels;
  for (size_t x = 0; x < taps.outputs; x++) {
    const int32_t* from = taps.from + x * taps.size;
    const float* weight = taps.weight + x * taps.size;
    for (size_t c = 0; c < channels; c++) {
      double sum = static_cast<double>(weight[0]) * row[from[0] * channels + c];
      for (size_t k = 1; k < taps.size; k++)
        sum += static_cast<double>(weight[k]) * row[from[k] * channels + c];
      out[x * channels + c] = static_cast<float>(sum);
    }
  }
}

}  // namespace

KERNEL bool resample(const float* image, float* out, Extent extent, Taps rows, Taps columns) {
  const size_t stride = extent.stride(), channels = extent.channels;
  const size_t to_height = rows.size ? rows.outputs : extent.height;
  const size_t to_stride = columns.size ? columns.outputs * channels : stride;
  Scratch<double> mixed(stride);
  if (!mixed) return false;
  for (size_t y = 0; y < to_height; y++) {
    float* target = out + y * to_stride;
    if (rows.size)
      mix_rows(image, stride, rows, y, mixed.data());
    else
      for (size_t i = 0; i < stride; i++) mixed[i] = image[y * stride + i];
    if (!columns.size)
      for (size_t i = 0; i < stride; i++) target[i] = static_cast<float>(mixed[i]);
    else if (channels == 3)
      mix_columns<3>(mixed.data(), 3, columns, target);
    else if (channels == 1)
      mix_columns<1>(mixed.data(), 1, columns, target);
    else
      mix_columns<0>(mixed.data(), channels, columns, target);
  }
  return true;
}

}  // namespace kernels
