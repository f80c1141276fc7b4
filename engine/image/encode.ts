// IMAGE tensors → PNG files.
import type { Tensor } from '../tensor.ts'
import { withChannels } from './batch.ts'
import { toBytes } from './bytes.ts'
import { type Bitmap, encodePng } from './png.ts'
import { imageShape } from './shape.ts'

/** One picture of a batch as bytes. Two channels or more than four become three. */
export function bitmapOf(image: Tensor, index: number): Bitmap {
  const { height, width, channels } = imageShape(image)
  const size = height * width * channels
  const picture: Tensor = {
    shape: [1, height, width, channels],
    data: image.data.subarray(index * size, (index + 1) * size),
  }
  const kept = channels === 1 || channels === 4 ? channels : 3
  return { data: toBytes(withChannels(picture, kept).data), width, height, channels: kept }
}

export const encodeImage = (
  image: Tensor,
  index: number,
  text: Record<string, string> = {},
  compressionLevel = 4,
): Promise<Uint8Array> => encodePng(bitmapOf(image, index), text, compressionLevel)
