// Small versions of stored pictures for the gallery.
import { limits } from './decode.ts'
import { openPicture } from './open-picture.ts'

export interface Thumbnail {
  mime: 'image/webp'
  bytes: Uint8Array
  width: number
  height: number
}

/**
 * A WebP that fits into `size` × `size`, never larger than the picture, upright, transparency kept.
 * Rejects when the bytes are no picture.
 */
export async function thumbnail(picture: Uint8Array | string, size: number): Promise<Thumbnail> {
  const { data, info } = await (await openPicture(picture, { limitInputPixels: limits.pixels }))
    .autoOrient()
    .resize(size, size, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 82 })
    .toBuffer({ resolveWithObject: true })
  return { mime: 'image/webp', bytes: data, width: info.width, height: info.height }
}
