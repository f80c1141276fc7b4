// Bilinear resizing of latents that turns directions instead of mixing them: neighbouring pixels,
// as vectors over the channels, are interpolated on the sphere and their lengths linearly.
// https://en.wikipedia.org/wiki/Slerp
import { resizePlanes } from '../image/resize.ts'
import { type Tensor, tensor } from '../tensor.ts'

/** For every output, the two source places and the share of the second. */
interface Taps {
  first: Int32Array
  second: Int32Array
  share: Float32Array
}

function tapsFor(from: number, to: number): Taps {
  const stretch = (values: number[]): Float32Array =>
    resizePlanes(tensor([1, 1, 1, from], Float32Array.from(values)), to, 1, 'bilinear').data
  const places = stretch(Array.from({ length: from }, (_, i) => i))
  const nexts = stretch(Array.from({ length: from }, (_, i) => Math.min(i + 1, from - 1)))
  return {
    first: Int32Array.from(places, Math.trunc),
    second: Int32Array.from(nexts, Math.trunc),
    share: places.map(place => place - Math.floor(place)),
  }
}

/** Nearly parallel, or nearly opposite: the angle says nothing. */
const flat = 1e-5

/** Interpolates pixel `a` to `b` over all channels, which lie `stride` apart. */
function slerp(
  source: Float32Array,
  a: number,
  b: number,
  stride: number,
  channels: number,
  share: number,
  put: (channel: number, value: number) => void,
): void {
  let [aa, bb, ab] = [0, 0, 0]
  for (let c = 0; c < channels; c++) {
    const [va, vb] = [source[a + c * stride]!, source[b + c * stride]!]
    aa += va * va
    bb += vb * vb
    ab += va * vb
  }
  const [lengthA, lengthB] = [Math.sqrt(aa), Math.sqrt(bb)]
  const cosine = lengthA > 0 && lengthB > 0 ? ab / (lengthA * lengthB) : 0
  let [keep, take] = [1 - share, share]
  if (cosine > 1 - flat) [keep, take] = [1, 0]
  else if (cosine >= flat - 1) {
    const angle = Math.acos(cosine)
    const length = lengthA * (1 - share) + lengthB * share
    keep = lengthA > 0 ? (Math.sin((1 - share) * angle) / Math.sin(angle) / lengthA) * length : 0
    take = lengthB > 0 ? (Math.sin(share * angle) / Math.sin(angle) / lengthB) * length : 0
  }
  for (let c = 0; c < channels; c++)
    put(c, keep * source[a + c * stride]! + take * source[b + c * stride]!)
}

/** [B,C,H,W] → [B,C,height,width]: along the rows, then along the columns. */
export function resizeBislerp(samples: Tensor, width: number, height: number): Tensor {
  const [batch, channels, h, w] = samples.shape as [number, number, number, number]
  const across = tapsFor(w, width)
  const wide = tensor([batch, channels, h, width])
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < width; x++) {
        const row = (b * channels * h + y) * w
        const to = (b * channels * h + y) * width + x
        const [a, z] = [row + across.first[x]!, row + across.second[x]!]
        slerp(samples.data, a, z, h * w, channels, across.share[x]!, (c, value) => {
          wide.data[to + c * h * width] = value
        })
      }
  const down = tapsFor(h, height)
  const out = tensor([batch, channels, height, width])
  for (let b = 0; b < batch; b++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const start = b * channels * h * width + x
        const to = (b * channels * height + y) * width + x
        const [a, z] = [start + down.first[y]! * width, start + down.second[y]! * width]
        slerp(wide.data, a, z, h * width, channels, down.share[y]!, (c, value) => {
          out.data[to + c * height * width] = value
        })
      }
  return out
}
