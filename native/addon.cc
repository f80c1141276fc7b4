// The door from JavaScript: reads and checks arguments, then calls a kernel. Plain Node-API, so that
// one build serves every Node and Electron. https://nodejs.org/api/n-api.html
#define NAPI_VERSION 8
#include <node_api.h>

#include "kernels.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace {

using kernels::Extent;
using kernels::FixedTaps;
using kernels::Taps;

template <typename T>
struct Array {
  T* data = nullptr;
  size_t length = 0;
};

template <typename T>
constexpr napi_typedarray_type array_type();
template <>
constexpr napi_typedarray_type array_type<float>() { return napi_float32_array; }
template <>
constexpr napi_typedarray_type array_type<uint8_t>() { return napi_uint8_array; }
template <>
constexpr napi_typedarray_type array_type<int32_t>() { return napi_int32_array; }

/** A fresh array of many pages is filled in a third of the time when the pages are large. */
void ask_for_large_pages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#ifdef __linux__
  constexpr uintptr_t page = 2u << 20;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes) & ~(page - 1);
  if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

/** Arguments in their order. Once something is wrong an exception is pending and `ok` stays false. */
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env(env) {
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }

  template <typename T>
  Array<T> array() {
    Array<T> result;
    napi_typedarray_type type;
    void* data = nullptr;
    const napi_status status =
        next < count ? napi_get_typedarray_info(env, values[next++], &type, &result.length, &data,
                                                nullptr, nullptr)
                     : napi_invalid_arg;
    require(status == napi_ok && type == array_type<T>());
    if (ok) result.data = static_cast<T*>(data);
    return result;
  }

  /** An array that is written to. */
  template <typename T>
  Array<T> target() {
    const Array<T> result = array<T>();
    if (ok) ask_for_large_pages(result.data, result.length * sizeof(T));
    return result;
  }

  double number() {
    double value = 0;
    require(next < count && napi_get_value_double(env, values[next++], &value) == napi_ok);
    return value;
  }

  size_t size(size_t least) {
    const double value = number();
    require(value >= static_cast<double>(least) && value < 1e9);
    return ok ? static_cast<size_t>(value) : least;
  }

  Extent extent() {
    const size_t height = size(1), width = size(1), channels = size(1);
    return {height, width, channels};
  }

  /** Two arrays [outputs, size]; a size of 0 stands for no taps. */
  Taps taps(size_t inputs) {
    const size_t size = this->size(0);
    const auto from = array<int32_t>();
    const auto weight = array<float>();
    if (size == 0) return {0, 0, nullptr, nullptr};
    require(from.length % size == 0 && from.length == weight.length);
    for (size_t i = 0; ok && i < from.length; i++)
      require(from.data[i] >= 0 && static_cast<size_t>(from.data[i]) < inputs);
    return {size, from.length / size, from.data, weight.data};
  }

  FixedTaps fixed_taps(size_t inputs) {
    const size_t size = this->size(1);
    const auto first = array<int32_t>(), taken = array<int32_t>(), weights = array<int32_t>();
    require(first.length == taken.length && weights.length == first.length * size);
    for (size_t i = 0; ok && i < first.length; i++)
      require(first.data[i] >= 0 && taken.data[i] >= 0 &&
              static_cast<size_t>(taken.data[i]) <= size &&
              static_cast<size_t>(first.data[i]) + taken.data[i] <= inputs);
    return {size, first.length, first.data, taken.data, weights.data};
  }

  void require(bool condition) {
    if (ok && !condition)
      napi_throw_range_error(env, nullptr, "arguments of a pixel kernel do not fit together");
    ok = ok && condition;
  }

  void ran(bool enough_memory) {
    if (!enough_memory)
      napi_throw_error(env, nullptr, "there is not enough memory for this picture");
  }

  bool ok = true;

 private:
  napi_env env;
  napi_value values[16];
  size_t count = 16, next = 0;
};

using Kernel = void (*)(Arguments&);

void to_bytes(Arguments& args) {
  const auto values = args.array<float>();
  const auto bytes = args.target<uint8_t>();
  args.require(values.length == bytes.length);
  if (args.ok) kernels::to_bytes(values.data, bytes.data, bytes.length);
}

void from_bytes(Arguments& args) {
  const auto bytes = args.array<uint8_t>();
  const auto values = args.target<float>();
  args.require(values.length == bytes.length);
  if (args.ok) kernels::from_bytes(bytes.data, values.data, values.length);
}

void invert(Arguments& args) {
  const auto values = args.array<float>(), out = args.target<float>();
  args.require(values.length == out.length);
  if (args.ok) kernels::invert(values.data, out.data, out.length);
}

void unsharp(Arguments& args) {
  const auto values = args.array<float>(), blurred = args.array<float>();
  const double gain = args.number();
  args.require(values.length == blurred.length);
  if (args.ok) kernels::unsharp(values.data, blurred.data, blurred.length, gain);
}

void blur(Arguments& args) {
  const auto image = args.array<float>(), out = args.target<float>();
  const Extent extent = args.extent();
  const auto kernel = args.array<float>();
  args.require(image.length == extent.size() && out.length == image.length);
  args.require(kernel.length % 2 == 1);
  if (args.ok) args.ran(kernels::blur(image.data, out.data, extent, kernel.data, kernel.length / 2));
}

void resample(Arguments& args) {
  const auto image = args.array<float>(), out = args.target<float>();
  const Extent extent = args.extent();
  const Taps rows = args.taps(extent.height), columns = args.taps(extent.width);
  const size_t height = rows.size ? rows.outputs : extent.height;
  const size_t width = columns.size ? columns.outputs : extent.width;
  args.require(image.length == extent.size() && out.length == height * width * extent.channels);
  if (args.ok) args.ran(kernels::resample(image.data, out.data, extent, rows, columns));
}

void filter_across(Arguments& args) {
  const auto image = args.array<uint8_t>(), out = args.target<uint8_t>();
  const Extent extent = args.extent();
  const FixedTaps columns = args.fixed_taps(extent.width);
  args.require(image.length == extent.size() &&
               out.length == extent.height * columns.outputs * extent.channels);
  if (args.ok) args.ran(kernels::filter_across(image.data, out.data, extent, columns));
}

void filter_down(Arguments& args) {
  const auto image = args.array<uint8_t>(), out = args.target<uint8_t>();
  const Extent extent = args.extent();
  const FixedTaps rows = args.fixed_taps(extent.height);
  args.require(image.length == extent.size() && out.length == rows.outputs * extent.stride());
  if (args.ok) kernels::filter_down(image.data, out.data, extent, rows);
}

void grow_cross(Arguments& args) {
  const auto plane = args.array<float>(), out = args.target<float>();
  const Extent extent = args.extent();
  args.require(extent.channels == 1 && plane.length == extent.size() && out.length == plane.length);
  if (args.ok) kernels::grow_cross(plane.data, out.data, extent);
}

void dilate(Arguments& args) {
  const auto image = args.array<float>(), out = args.target<float>();
  const Extent extent = args.extent();
  const size_t size = args.size(1);
  args.require(image.length == extent.size() && out.length == image.length);
  if (args.ok) args.ran(kernels::dilate(image.data, out.data, extent, size));
}

void filter_png(Arguments& args) {
  const auto image = args.array<uint8_t>(), out = args.target<uint8_t>();
  const Extent extent = args.extent();
  args.require(image.length == extent.size() && out.length == image.length + extent.height);
  if (args.ok) args.ran(kernels::filter_png(image.data, out.data, extent));
}

template <Kernel kernel>
napi_value call(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  kernel(args);
  return nullptr;
}

struct Export {
  const char* name;
  napi_callback callback;
};

constexpr Export exported[] = {
    {"toBytes", call<to_bytes>},
    {"fromBytes", call<from_bytes>},
    {"invert", call<invert>},
    {"unsharp", call<unsharp>},
    {"blur", call<blur>},
    {"resample", call<resample>},
    {"filterAcross", call<filter_across>},
    {"filterDown", call<filter_down>},
    {"growCross", call<grow_cross>},
    {"dilate", call<dilate>},
    {"filterPng", call<filter_png>},
};

}  // namespace

#ifndef SOURCE_HASH
#define SOURCE_HASH "unknown"
#endif

NAPI_MODULE_INIT() {
  // tools/build-native.mjs looks for it in the file.
  napi_value sources;
  if (napi_create_string_latin1(env, SOURCE_HASH, NAPI_AUTO_LENGTH, &sources) == napi_ok)
    napi_set_named_property(env, exports, "sources", sources);
  for (const auto& [name, callback] : exported) {
    napi_value function;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok)
      return nullptr;
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}
