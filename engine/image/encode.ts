// IMAGE tensors → PNG files.
import type { Tensor } from '../tensor.ts'
import { withChannels } from './batch.ts'
import { toBytes, toShorts } from './bytes.ts'
import { type Bitmap, encodePng } from './png.ts'
import { imageShape } from './shape.ts'

/** Bits of each channel. */
export type PngDepth = 8 | 16

/** One picture of a batch as bytes. Two channels or more than four become three. */
export function bitmapOf(image: Tensor, index: number, bits: PngDepth = 8): Bitmap {
  const { height, width, channels } = imageShape(image)
  const size = height * width * channels
  const picture: Tensor = {
    shape: [1, height, width, channels],
    data: image.data.subarray(index * size, (index + 1) * size),
  }
  const kept = channels === 1 || channels === 4 ? channels : 3
  const { data: values } = withChannels(picture, kept)
  const data = bits === 8 ? toBytes(values) : toShorts(values)
  return { data, width, height, channels: kept, bits }
}

export interface PngOptions {
  /** Text chunks by keyword. */
  text?: Record<string, string>
  /** zlib's, 0 … 9. */
  compressionLevel?: number
  depth?: PngDepth
}

/** Picture `index` of a batch [B,H,W,C] as a PNG file's bytes. */
export const encodeImage = (
  image: Tensor,
  index: number,
  { text = {}, compressionLevel = 4, depth = 8 }: PngOptions = {},
): Promise<Uint8Array> => encodePng(bitmapOf(image, index, depth), text, compressionLevel)
