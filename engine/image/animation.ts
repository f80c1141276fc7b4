// The pictures of a batch as one moving picture.
import sharp from 'sharp'
import type { Tensor } from '../tensor.ts'
import { bitmapOf } from './encode.ts'
import { encodeAnimatedPng } from './png.ts'
import { imageShape } from './shape.ts'

/** Texts of a PNG's chunks by keyword; a WebP holds them as `keyword:text` in EXIF. */
type Texts = Record<string, string>

export async function animatedPng(
  images: Tensor,
  framesPerSecond: number,
  texts: Texts,
  compressionLevel: number,
): Promise<Uint8Array> {
  const { batch } = imageShape(images)
  const frames = Array.from({ length: batch }, (_, i) => bitmapOf(images, i))
  return encodeAnimatedPng(frames, framesPerSecond, texts, compressionLevel)
}

/** EXIF tags in the order that ComfyUI's savers use them: the prompt in one, the rest in the next. */
const tags = ['Model', 'Make', 'ImageDescription', 'Software', 'Artist', 'Copyright'] as const

export interface WebpQuality {
  lossless: boolean
  /** 0 … 100 */
  quality: number
  /** 0 (fast) … 6 (small) */
  effort: number
}

/** Loops for ever. Transparency is kept. */
export async function animatedWebp(
  images: Tensor,
  framesPerSecond: number,
  texts: Texts,
  { lossless, quality, effort }: WebpQuality,
): Promise<Uint8Array> {
  const { batch, height, width } = imageShape(images)
  const frames = Array.from({ length: batch }, (_, i) => bitmapOf(images, i))
  const { channels } = frames[0]!
  const stacked = Buffer.concat(frames.map(({ data }) => data))
  const delayMs = Math.max(1, Math.trunc(1000 / framesPerSecond))
  const fields = Object.entries(texts)
    .slice(0, tags.length)
    .map(([keyword, text], i) => [tags[i]!, `${keyword}:${text}`])
  return sharp(stacked, { raw: { width, height: height * batch, channels, pageHeight: height } })
    .webp({
      lossless,
      quality: Math.max(1, quality),
      effort,
      loop: 0,
      delay: Array(batch).fill(delayMs),
    })
    .withExif({ IFD0: Object.fromEntries(fields) })
    .toBuffer()
}
