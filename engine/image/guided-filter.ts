// Makes a coarse mask follow the edges of its picture. He, Sun, Tang, "Guided Image Filtering",
// ECCV 2010. Box means by running sums, so the radius costs nothing.

interface Size {
  width: number
  height: number
}

/** Mean over a square of side 2·radius+1, clipped to the picture. [height, width] → the same. */
export function boxMean(
  source: Float32Array,
  { width, height }: Size,
  radius: number,
): Float32Array {
  const rows = new Float32Array(source.length)
  for (let y = 0; y < height; y++) {
    const row = y * width
    let sum = 0
    for (let x = 0; x < Math.min(radius, width); x++) sum += source[row + x]!
    for (let x = 0; x < width; x++) {
      if (x + radius < width) sum += source[row + x + radius]!
      if (x > radius) sum -= source[row + x - radius - 1]!
      rows[row + x] = sum / (Math.min(x + radius, width - 1) - Math.max(x - radius, 0) + 1)
    }
  }
  const out = new Float32Array(source.length)
  const sums = new Float64Array(width)
  const add = (y: number, sign: 1 | -1) => {
    for (let x = 0, at = y * width; x < width; x++, at++) sums[x] = sums[x]! + sign * rows[at]!
  }
  for (let y = 0; y < Math.min(radius, height); y++) add(y, 1)
  for (let y = 0; y < height; y++) {
    if (y + radius < height) add(y + radius, 1)
    if (y > radius) add(y - radius - 1, -1)
    const count = Math.min(y + radius, height - 1) - Math.max(y - radius, 0) + 1
    for (let x = 0, at = y * width; x < width; x++, at++) out[at] = sums[x]! / count
  }
  return out
}

/**
 * The linear function of the guide that the mask becomes at each pixel: gain · guide + offset. `mask`
 * and `guide` are planes [height, width] in 0..1; `epsilon` is the variance below which the guide
 * counts as flat. Both planes are smooth, so they may be computed small and stretched:
 * He, Sun, "Fast Guided Filter", https://arxiv.org/abs/1505.00996
 */
export function guidedCoefficients(
  mask: Float32Array,
  guide: Float32Array,
  size: Size,
  radius: number,
  epsilon: number,
): { gain: Float32Array; offset: Float32Array } {
  const product = (a: Float32Array, b: Float32Array) => a.map((value, i) => value * b[i]!)
  const mean = (plane: Float32Array) => boxMean(plane, size, radius)
  const meanGuide = mean(guide)
  const offset = mean(mask)
  const gain = mean(product(guide, mask))
  const variance = mean(product(guide, guide))
  for (let i = 0; i < gain.length; i++) {
    const level = meanGuide[i]!
    const covariance = gain[i]! - level * offset[i]!
    gain[i] = covariance / (variance[i]! - level * level + epsilon)
    offset[i] = offset[i]! - gain[i]! * level
  }
  return { gain: mean(gain), offset: mean(offset) }
}
