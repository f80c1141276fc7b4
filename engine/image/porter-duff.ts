// Porter and Duff's compositing operators. "Compositing Digital Images", SIGGRAPH 1984, with the
// blending additions of Android's PorterDuff.Mode.
// https://developer.android.com/reference/android/graphics/PorterDuff.Mode
import { type Tensor, tensor } from '../tensor.ts'
import { matchChannels, sliceBatch } from './batch.ts'
import { invert } from './mask.ts'
import { resizeCovering } from './resize.ts'
import { imageShape, maskShape } from './shape.ts'

/** Premultiplied colours and alphas of source and destination. */
type Operator = (s: number, sa: number, d: number, da: number) => number

/** How colour and alpha come out. Where alpha is left out it follows the colour's rule. */
interface Mode {
  color: Operator
  alpha: (sa: number, da: number) => number
}

const union = (sa: number, da: number): number => sa + da - sa * da

export const porterDuffModes = {
  ADD: { color: (s, _, d) => Math.min(1, s + d), alpha: (sa, da) => Math.min(1, sa + da) },
  CLEAR: { color: () => 0, alpha: () => 0 },
  DARKEN: {
    color: (s, sa, d, da) => (1 - da) * s + (1 - sa) * d + Math.min(s, d),
    alpha: union,
  },
  DST: { color: (_s, _sa, d) => d, alpha: (_, da) => da },
  DST_ATOP: { color: (s, sa, d, da) => sa * d + (1 - da) * s, alpha: sa => sa },
  DST_IN: { color: (_, sa, d) => d * sa, alpha: (sa, da) => sa * da },
  DST_OUT: { color: (_, sa, d) => (1 - sa) * d, alpha: (sa, da) => (1 - sa) * da },
  DST_OVER: { color: (s, _, d, da) => d + (1 - da) * s, alpha: (sa, da) => da + (1 - da) * sa },
  LIGHTEN: {
    color: (s, sa, d, da) => (1 - da) * s + (1 - sa) * d + Math.max(s, d),
    alpha: union,
  },
  MULTIPLY: { color: (s, _, d) => s * d, alpha: (sa, da) => sa * da },
  // ComfyUI's: above the middle it multiplies the two crosswise. Android's has (da − d)·(sa − s).
  OVERLAY: {
    color: (s, sa, d, da) => (2 * d < da ? 2 * s * d : sa * da - 2 * (da - s) * (sa - d)),
    alpha: union,
  },
  SCREEN: { color: (s, _, d) => s + d - s * d, alpha: union },
  SRC: { color: s => s, alpha: sa => sa },
  SRC_ATOP: { color: (s, sa, d, da) => da * s + (1 - sa) * d, alpha: (_, da) => da },
  SRC_IN: { color: (s, _sa, _d, da) => s * da, alpha: (sa, da) => sa * da },
  SRC_OUT: { color: (s, _sa, _d, da) => (1 - da) * s, alpha: (sa, da) => (1 - da) * sa },
  SRC_OVER: { color: (s, sa, d) => s + (1 - sa) * d, alpha: (sa, da) => sa + (1 - sa) * da },
  XOR: {
    color: (s, sa, d, da) => (1 - da) * s + (1 - sa) * d,
    alpha: (sa, da) => (1 - da) * sa + (1 - sa) * da,
  },
} satisfies Record<string, Mode>

export type PorterDuffMode = keyof typeof porterDuffModes

/** Below this a pixel counts as clear and has no colour. */
const clear = 1e-5

/**
 * Straight (not premultiplied) colours [pixels·channels] and alphas [pixels] → the same, written over
 * `source` and `sourceAlpha`.
 */
function porterDuff(
  mode: PorterDuffMode,
  source: Float32Array,
  sourceAlpha: Float32Array,
  destination: Float32Array,
  destinationAlpha: Float32Array,
): void {
  const { color, alpha }: Mode = porterDuffModes[mode]
  const channels = source.length / sourceAlpha.length
  for (let p = 0, at = 0; p < sourceAlpha.length; p++) {
    const [sa, da] = [sourceAlpha[p]!, destinationAlpha[p]!]
    const out = alpha(sa, da)
    sourceAlpha[p] = out
    for (let c = 0; c < channels; c++, at++) {
      const value = color(source[at]! * sa, sa, destination[at]! * da, da)
      source[at] = out > clear ? Math.min(1, Math.max(0, value / out)) : 0
    }
  }
}

/** A picture and what is clear in it (1 − alpha). */
export interface Layer {
  image: Tensor
  mask: Tensor
}

/** Fits masks and destination to the source's size, then composites picture by picture. */
export function compositePorterDuff(mode: PorterDuffMode, source: Layer, below: Layer): Layer {
  const [top, bottom] = matchChannels(source.image, below.image)
  const { width, height, channels } = imageShape(top)
  const layers = [top, fitImage(bottom, width, height)] as const
  const masks = [source.mask, below.mask].map(mask => fitMask(mask, width, height))
  const batch = Math.min(...[...layers, ...masks].map(tensor => tensor.shape[0]!))
  const take = (from: Tensor) => Float32Array.from(sliceBatch(from, 0, batch).data)
  const [image, destination] = layers.map(take) as [Float32Array, Float32Array]
  const [alpha, destinationAlpha] = masks.map(mask => take(invert(mask))) as [
    Float32Array,
    Float32Array,
  ]
  porterDuff(mode, image, alpha, destination, destinationAlpha)
  return {
    image: tensor([batch, height, width, channels], image),
    mask: invert(tensor([batch, height, width], alpha)),
  }
}

function fitImage(image: Tensor, width: number, height: number): Tensor {
  const { width: w, height: h } = imageShape(image)
  return w === width && h === height ? image : resizeCovering(image, width, height, 'bicubic')
}

function fitMask(mask: Tensor, width: number, height: number): Tensor {
  const { batch, width: w, height: h } = maskShape(mask)
  const fitted = fitImage(tensor([batch, h, w, 1], mask.data), width, height)
  return tensor([batch, height, width], fitted.data)
}
