/** A 24,000-pixel side or 16,383² pixels is more than a workflow here can use. */
export const limits = {
  side: 24_000,
  pixels: 16_383 ** 2,
  fileBytes: 2 ** 30,
  frames: 4096,
} as const

/** Says which picture, what is wrong with it and what to do. */
export class PictureError extends Error {
  override name = 'PictureError'
}

/** What a header says of the pixels that follow. */
interface Header {
  format?: string | undefined
  width?: number | undefined
  height?: number | undefined
  pages?: number | undefined
}

/** Formats whose frames or pages are all read. */
const severalFormats = new Set(['gif', 'webp', 'tiff'])

const framesOf = ({ format = '', pages = 1 }: Header): number =>
  severalFormats.has(format) ? pages : 1

/** Why a picture is not read, from its header alone; nothing when it is. */
export function whyTooLarge(
  name: string,
  header: Header,
  frames = framesOf(header),
): string | undefined {
  const { width = 0, height = 0 } = header
  if (frames > limits.frames)
    return `${name} has ${frames} frames. At most ${limits.frames} are read.`
  if (width <= limits.side && height <= limits.side && width * height * frames <= limits.pixels)
    return undefined
  return (
    `${name} is too large: ${width} × ${height} pixels${frames > 1 ? ` in ${frames} frames` : ''}. ` +
    `At most ${limits.side} pixels a side and ${Math.floor(limits.pixels / 1e6)} megapixels in all are read; ` +
    'make it smaller first.'
  )
}
