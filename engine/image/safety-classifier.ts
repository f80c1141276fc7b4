// How likely a picture is one that not everybody wants to see: nsfwjs' MobileNetV2 (MIT), which looks at
// 224 × 224 pixels. Coarse: its authors say that it is right about nine times in ten on pictures of
// their own. Here it was only seen to let harmless pictures pass; how much of the others it finds was not
// measured, nor is 0.5 a threshold that anybody has calibrated.
// https://github.com/infinitered/nsfwjs
import type { Tensor } from '../tensor.ts'
import { sliceBatch } from './batch.ts'
import { imageShape } from './shape.ts'

const side = 224

/** In the order of the network's answer. Shares of one picture add up to 1. */
export const safetyKinds = ['drawing', 'hentai', 'neutral', 'porn', 'sexy'] as const
export type SafetyShares = Record<(typeof safetyKinds)[number], number>

interface Watch {
  signal: AbortSignal
  progress: (done: number, of: number) => void
}

/**
 * Shares for each picture of IMAGE [B,H,W,C]. One that is transparent somewhere is looked at twice, as
 * stored and over white, and the worse counts.
 */
export async function classifySafety(
  image: Tensor,
  modelPath: string,
  { signal, progress }: Watch,
): Promise<SafetyShares[]> {
  const { batch } = imageShape(image)
  const ort = await import('onnxruntime-node')
  const session = await ort.InferenceSession.create(modelPath, { logSeverityLevel: 3 })
  const look = async (picture: Tensor, over: Behind): Promise<SafetyShares> => {
    const feed = new ort.Tensor('float32', seenPixels(picture, over), [1, side, side, 3])
    const { probs } = await session.run({ image: feed })
    const values = probs!.data as Float32Array
    return Object.fromEntries(safetyKinds.map((kind, i) => [kind, values[i]!])) as SafetyShares
  }
  const shares: SafetyShares[] = []
  try {
    for (let b = 0; b < batch; b++) {
      signal.throwIfAborted()
      const picture = sliceBatch(image, b, 1)
      const stored = await look(picture, 'nothing')
      const shown = isTransparent(picture) ? await look(picture, 'white') : stored
      shares.push(exposure(shown) > exposure(stored) ? shown : stored)
      progress(b + 1, batch)
    }
  } finally {
    await session.release()
  }
  return shares
}

/** What transparent pixels show: their own colour, or what lies behind them. */
type Behind = 'nothing' | 'white'

const alphaPlace = (channels: number): number | undefined =>
  channels === 2 || channels === 4 ? channels - 1 : undefined

function isTransparent({ shape, data }: Tensor): boolean {
  const channels = shape[3]!
  const alpha = alphaPlace(channels)
  if (alpha === undefined) return false
  for (let i = alpha; i < data.length; i += channels) if (inRange(data[i]!) < 1) return true
  return false
}

/**
 * What is no number, or beyond black and white, would upset the network but is saved as black and
 * white.
 */
const inRange = (value: number): number => (value > 0 ? Math.min(1, value) : 0)

/**
 * [1,H,W,C] → [224,224,3] as nsfwjs makes it: bilinear between the nearest four pixels, corners on
 * corners, whatever the picture's proportions.
 */
export function seenPixels({ shape, data }: Tensor, behind: Behind = 'nothing'): Float32Array {
  const [, height, width, channels] = shape as [number, number, number, number]
  const alpha = behind === 'white' ? alphaPlace(channels) : undefined
  const value = (row: number, column: number, c: number): number => {
    const at = (row * width + column) * channels
    const own = inRange(data[at + (channels < 3 ? 0 : c)]!)
    return alpha === undefined ? own : 1 + (own - 1) * inRange(data[at + alpha]!)
  }
  const out = new Float32Array(side * side * 3)
  const columns = Array.from({ length: side }, (_, x) => between(x, width))
  for (let y = 0, at = 0; y < side; y++) {
    const [top, bottom, down] = between(y, height)
    for (const [left, right, along] of columns)
      for (let c = 0; c < 3; c++) {
        const [nw, ne] = [value(top, left, c), value(top, right, c)]
        const [sw, se] = [value(bottom, left, c), value(bottom, right, c)]
        const [above, below] = [nw + (ne - nw) * along, sw + (se - sw) * along]
        out[at++] = above + (below - above) * down
      }
  }
  return out
}

/** The two places around the `i`-th of `side`, and how far it is from the first. */
function between(i: number, length: number): [low: number, high: number, share: number] {
  const place = (i * (length - 1)) / (side - 1)
  const low = Math.floor(place)
  return [low, Math.min(length - 1, low + 1), place - low]
}

/** What counts as not for everybody; `sexy` half, since swimwear is that too. */
export const exposure = ({ hentai, porn, sexy }: SafetyShares): number => hentai + porn + sexy / 2
