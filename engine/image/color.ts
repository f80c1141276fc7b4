// Colour: YCbCr as ITU-R BT.601 full range, and the touch-up of ImageAdjust.
import { type Tensor, tensor } from '../tensor.ts'
import { imageShape } from './shape.ts'

/** Rec. 601 luma of an RGB triple. */
export const luma = (r: number, g: number, b: number): number => 0.299 * r + 0.587 * g + 0.114 * b

/** RGB → Y, Cb, Cr, each as a grey image of three channels; chroma is centred on 0.5. */
export function splitYuv(image: Tensor): [Tensor, Tensor, Tensor] {
  const { batch, height, width, channels } = imageShape(image)
  const shape = [batch, height, width, 3]
  const [y, u, v] = [tensor(shape), tensor(shape), tensor(shape)]
  for (let from = 0, at = 0; at < y.data.length; from += channels, at += 3) {
    const [r, g, b] = [image.data[from]!, image.data[from + 1]!, image.data[from + 2]!]
    const bright = luma(r, g, b)
    y.data.fill(bright, at, at + 3)
    u.data.fill((b - bright) * 0.564 + 0.5, at, at + 3)
    v.data.fill((r - bright) * 0.713 + 0.5, at, at + 3)
  }
  return [y, u, v]
}

/** The other way; each input is averaged over its channels first. */
export function joinYuv(y: Tensor, u: Tensor, v: Tensor): Tensor {
  const { batch, height, width } = imageShape(y)
  const out = tensor([batch, height, width, 3])
  const mean = (image: Tensor, pixel: number): number => {
    const { channels } = imageShape(image)
    let sum = 0
    for (let c = 0; c < channels; c++) sum += image.data[pixel * channels + c]!
    return sum / channels
  }
  const unit = (x: number): number => (x < 0 ? 0 : Math.min(x, 1))
  for (let p = 0, at = 0; p < batch * height * width; p++) {
    const [bright, cb, cr] = [mean(y, p), mean(u, p) - 0.5, mean(v, p) - 0.5]
    out.data[at++] = unit(bright + 1.403 * cr)
    out.data[at++] = unit(bright - 0.714 * cr - 0.344 * cb)
    out.data[at++] = unit(bright + 1.773 * cb)
  }
  return out
}

export interface Adjustment {
  /** Factors around 1, which changes nothing. */
  brightness: number
  contrast: number
  saturation: number
  /** −1 cooler (blue) … 1 warmer (orange). */
  warmth: number
}

/** Warmth, brightness, contrast about mid-grey, then saturation about the luma. An alpha stays. */
export function adjustColor(image: Tensor, adjustment: Adjustment): Tensor {
  const { brightness, contrast, saturation, warmth } = adjustment
  const { channels } = imageShape(image)
  const out = tensor(image.shape, Float32Array.from(image.data))
  const { data } = out
  const unit = (x: number): number => (x < 0 ? 0 : Math.min(x, 1))
  // A fifth more red and less blue at full warmth: about 6500 K → 4800 K.
  const gain = [brightness * (1 + 0.2 * warmth), brightness, brightness * (1 - 0.2 * warmth)]
  const [red, green, blue] = gain.map(g => g * contrast) as [number, number, number]
  const offset = 0.5 - 0.5 * contrast
  for (let at = 0; at < data.length; at += channels) {
    const r = data[at]! * red + offset
    const g = data[at + 1]! * green + offset
    const b = data[at + 2]! * blue + offset
    const grey = luma(r, g, b) * (1 - saturation)
    data[at] = unit(r * saturation + grey)
    data[at + 1] = unit(g * saturation + grey)
    data[at + 2] = unit(b * saturation + grey)
  }
  return out
}
