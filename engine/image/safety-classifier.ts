// How likely a picture is one that not everybody wants to see: nsfwjs' MobileNetV2 (MIT), which looks at
// 224 × 224 pixels. Coarse, and wrong in both directions now and then.
// https://github.com/infinitered/nsfwjs
import type { Tensor } from '../tensor.ts'
import { sliceBatch, withChannels } from './batch.ts'
import { resizeImage } from './resize.ts'
import { imageShape } from './shape.ts'

const side = 224

/** In the order of the network's answer. Shares of one picture add up to 1. */
export const safetyKinds = ['drawing', 'hentai', 'neutral', 'porn', 'sexy'] as const
export type SafetyShares = Record<(typeof safetyKinds)[number], number>

/** Shares for each picture of IMAGE [B,H,W,C]. */
export async function classifySafety(
  image: Tensor,
  modelPath: string,
  { signal, progress }: { signal: AbortSignal; progress: (done: number, of: number) => void },
): Promise<SafetyShares[]> {
  const { batch, height, width } = imageShape(image)
  const ort = await import('onnxruntime-node')
  const session = await ort.InferenceSession.create(modelPath, { logSeverityLevel: 3 })
  const shares: SafetyShares[] = []
  const method = Math.max(width, height) > side ? 'area' : 'bilinear'
  try {
    for (let b = 0; b < batch; b++) {
      signal.throwIfAborted()
      const picture = withChannels(sliceBatch(image, b, 1), 3)
      const small = Float32Array.from(resizeImage(picture, side, side, method).data)
      const feed = new ort.Tensor('float32', small, [1, side, side, 3])
      const { probs } = await session.run({ image: feed })
      const values = probs!.data as Float32Array
      shares.push(
        Object.fromEntries(safetyKinds.map((kind, i) => [kind, values[i]!])) as SafetyShares,
      )
      progress(b + 1, batch)
    }
  } finally {
    await session.release()
  }
  return shares
}

/** What counts as not for everybody; `sexy` half, since swimwear is that too. */
export const exposure = ({ hentai, porn, sexy }: SafetyShares): number => hentai + porn + sexy / 2
