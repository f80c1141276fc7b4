// The loops over pixels that take most of an image node's time. Each exists twice, in JS and in C++
// (native/), with the same answer to the bit: in doubles, every sum in the same order, rounded to
// float32 once it is stored. All write into arrays that the caller made, of the right size.

/** For every output along one axis: `size` places to read, and how much each weighs. */
export interface Taps {
  size: number
  /** [outputs, size] */
  from: Int32Array
  /** [outputs, size] */
  weight: Float32Array
}

/** A filter with integer weights: `count[i]` neighbours from `first[i]` on, each with its weight. */
export interface FixedTaps {
  size: number
  first: Int32Array
  count: Int32Array
  /** [outputs, size] in 2^-22; zero past `count`. */
  weights: Int32Array
}

/** One picture of a batch: [height, width, channels]. A plane has one channel. */
export interface Extent {
  height: number
  width: number
  channels: number
}

export interface Kernels {
  /** 255·x, clipped to 0..255 and cut off. NaN gives 0. */
  toBytes(values: Float32Array, bytes: Uint8Array): void
  /** x/255 */
  fromBytes(bytes: Uint8Array, values: Float32Array): void
  /** 1 − x */
  invert(values: Float32Array, out: Float32Array): void
  /** x + gain·(x − blurred), clipped to 0..1, written over `blurred`. */
  unsharp(values: Float32Array, blurred: Float32Array, gain: number): void
  /** A symmetric filter of 2·radius+1 weights across and down; edges reflect. */
  blur(image: Float32Array, out: Float32Array, extent: Extent, kernel: Float32Array): void
  /** Down and then across; an axis without taps stays as long as it is. */
  resample(
    image: Float32Array,
    out: Float32Array,
    extent: Extent,
    rows: Taps | undefined,
    columns: Taps | undefined,
  ): void
  /** [height, width, channels] bytes → [height, columns, channels] */
  filterAcross(image: Uint8Array, out: Uint8Array, extent: Extent, columns: FixedTaps): void
  /** [height, width, channels] bytes → [rows, width, channels] */
  filterDown(image: Uint8Array, out: Uint8Array, extent: Extent, rows: FixedTaps): void
  /** Largest of each value and its four neighbours across and down. A plane. */
  growCross(plane: Float32Array, out: Float32Array, extent: Extent): void
  /** Largest of `size` × `size` values around each, size/2 of them before it; outside counts nothing. */
  dilate(image: Float32Array, out: Float32Array, extent: Extent, size: number): void
  /** PNG's filter of each row that leaves the smallest differences: [height, 1 + width·channels] */
  filterPng(image: Uint8Array, out: Uint8Array, extent: Extent): void
}
