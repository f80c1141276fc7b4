// Finds people with MediaPipe's selfie segmentation (Apache-2.0), a 0.5 MB network that looks at
// 256 × 256 pixels. https://ai.google.dev/edge/mediapipe/solutions/vision/image_segmenter
import { type Tensor, tensor } from '../tensor.ts'
import { sliceBatch, withChannels } from './batch.ts'
import { luma } from './color.ts'
import { guidedCoefficients } from './guided-filter.ts'
import { resizeImage, resizeMask } from './resize.ts'
import { imageShape } from './shape.ts'

const side = 256

export interface MatteOptions {
  /** How sure the network must be, 0..1. */
  threshold: number
  /** Width of the fade around the threshold, 0..1. */
  softness: number
  signal: AbortSignal
  progress: (done: number, of: number) => void
}

/** IMAGE [B,H,W,C] → MASK [B,H,W], 1 where there is a person. */
export async function portraitMatte(
  image: Tensor,
  modelPath: string,
  { threshold, softness, signal, progress }: MatteOptions,
): Promise<Tensor> {
  const { batch, height, width } = imageShape(image)
  const ort = await import('onnxruntime-node')
  const session = await ort.InferenceSession.create(modelPath, { logSeverityLevel: 3 })
  const [inputName = 'input', outputName = 'output'] = [
    ...session.inputNames,
    ...session.outputNames,
  ]
  const out = tensor([batch, height, width])
  try {
    for (let b = 0; b < batch; b++) {
      signal.throwIfAborted()
      const picture = withChannels(sliceBatch(image, b, 1), 3)
      const small = resizeImage(
        picture,
        side,
        side,
        Math.max(width, height) > side ? 'area' : 'bilinear',
      )
      const feed = new ort.Tensor('float32', Float32Array.from(small.data), [1, side, side, 3])
      const { [outputName]: answer } = await session.run({ [inputName]: feed })
      const coarse = tensor([1, side, side], answer!.data as Float32Array)
      const mask = followEdges(picture, coarse)
      out.data.set(mask.map(fade(threshold, softness)), b * height * width)
      progress(b + 1, batch)
    }
  } finally {
    await session.release()
  }
  return out
}

/** Edges are followed in a picture of at most this many pixels a side. */
const edgeSide = 1024

/** The network's pixels are several of the picture's wide: within that reach its edges decide. */
function followEdges(picture: Tensor, coarse: Tensor): Float32Array {
  const { width, height } = imageShape(picture)
  const scale = Math.min(1, edgeSide / Math.max(width, height))
  const w = Math.max(1, Math.round(width * scale))
  const h = Math.max(1, Math.round(height * scale))
  const radius = Math.max(1, Math.round((2 * Math.max(w, h)) / side))
  const { gain, offset } = guidedCoefficients(
    resizeMask(coarse, w, h).data,
    brightness(resizeImage(picture, w, h, 'area')),
    { width: w, height: h },
    radius,
    1e-3,
  )
  const [gains, offsets] = [gain, offset].map(
    plane => resizeMask(tensor([1, h, w], plane), width, height).data,
  ) as [Float32Array, Float32Array]
  return brightness(picture).map((value, i) => gains[i]! * value + offsets[i]!)
}

function brightness(picture: Tensor): Float32Array {
  const { width, height } = imageShape(picture)
  const { data } = picture
  const out = new Float32Array(width * height)
  for (let i = 0, at = 0; i < out.length; i++, at += 3)
    out[i] = luma(data[at]!, data[at + 1]!, data[at + 2]!)
  return out
}

/** Smoothstep over `softness` around `threshold`. */
function fade(threshold: number, softness: number): (x: number) => number {
  const low = threshold - softness / 2
  return x => {
    if (softness === 0) return Number(x > threshold)
    const t = Math.min(1, Math.max(0, (x - low) / softness))
    return t * t * (3 - 2 * t)
  }
}
