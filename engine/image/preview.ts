// The picture in the making: RGB bytes → a small JPEG.
import sharp from 'sharp'
import type { Preview } from '../nodes/define.ts'

/** Longest side in pixels, as ComfyUI's default preview size. */
const defaultSize = 512

/** RGB bytes [height, width, 3] → JPEG, made smaller (never larger) to fit `size`. */
export async function encodePreview(
  rgb: Uint8Array,
  width: number,
  height: number,
  size: number = defaultSize,
): Promise<Preview> {
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } })
  const longest = Math.max(width, height)
  const bytes = await (longest > size
    ? picture.resize(size, size, { fit: 'inside', kernel: 'linear' })
    : picture
  )
    .jpeg({ quality: 85 })
    .toBuffer()
  return { mime: 'image/jpeg', bytes }
}
