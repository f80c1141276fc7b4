// Picture files → tensors, as ComfyUI's LoadImage reads them: upright, sRGB, alpha apart as a mask.
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import sharp, { type Metadata } from 'sharp'
import { type Tensor, tensor } from '../tensor.ts'
import { readApng, showApng } from './apng.ts'
import { concatBatches } from './batch.ts'
import { decodeBmp, isBmp } from './bmp.ts'
import { fromBytes, fromShorts } from './bytes.ts'
import { limits, PictureError, whyTooLarge } from './picture-limits.ts'

export { limits, PictureError } from './picture-limits.ts'

const formats = new Set(['png', 'jpeg', 'webp', 'gif', 'heif', 'tiff'])

export interface Picture {
  /** [B,H,W,3] in 0..1, one entry per frame. */
  image: Tensor
  /** 1 − alpha, [B,H,W]; without alpha [B,64,64] of zeros, as in ComfyUI. */
  mask: Tensor
  /** [B,H,W] alpha in 0..1 where the picture has one. */
  alpha?: Tensor
}

export async function decodeFile(path: string): Promise<Picture> {
  const name = basename(path)
  const { size } = await stat(path)
  if (size > limits.fileBytes)
    throw new PictureError(
      `${name} has ${Math.round(size / 2 ** 20)} MB. At most ${limits.fileBytes / 2 ** 20} MB are read.`,
    )
  return decodePicture(await readFile(path), name)
}

/** @throws PictureError naming the file: damaged, of an unknown format or too large. */
export async function decodePicture(bytes: Uint8Array, name = 'The picture'): Promise<Picture> {
  if (isBmp(bytes)) {
    const { data, width, height, channels } = decodeBmp(bytes, name)
    return separate(fromBytes(data), 1, height, width, channels)
  }
  const metadata = await readMetadata(bytes, name)
  const animation = readApng(bytes)
  if (animation) {
    checkSize(name, metadata, animation.frames.length)
    return await showApng(animation, png => decodeOne(png, name, metadata))
  }
  if (metadata.format !== 'tiff' || (metadata.pages ?? 1) === 1)
    return await decodeOne(bytes, name, metadata)
  const pages: Picture[] = []
  for (let page = 0; page < metadata.pages!; page++)
    pages.push(await decodeOne(bytes, name, metadata, page))
  return joinPages(pages)
}

/** The pages of a TIFF as a batch; those of another size than the first are left out. */
function joinPages(pages: readonly Picture[]): Picture {
  const [, height, width] = pages[0]!.image.shape
  const alike = pages.filter(({ image: { shape } }) => shape[1] === height && shape[2] === width)
  const image = concatBatches(alike.map(page => page.image))
  const alphas = alike.flatMap(({ alpha }) => alpha ?? [])
  if (alphas.length < alike.length) return { image, mask: tensor([alike.length, 64, 64]) }
  const mask = concatBatches(alike.map(page => page.mask))
  return { image, mask, alpha: concatBatches(alphas) }
}

async function decodeOne(
  bytes: Uint8Array,
  name: string,
  metadata: Metadata,
  page?: number,
): Promise<Picture> {
  const wide = metadata.depth === 'ushort'
  const animated = metadata.format === 'gif' || metadata.format === 'webp'
  let pipeline = sharp(bytes, {
    limitInputPixels: limits.pixels,
    ignoreIcc: isSrgb(metadata.icc),
    failOn: 'error',
    ...(animated && { pages: -1 }),
    ...(page !== undefined && { page }),
  })
  if (!animated || (metadata.pages ?? 1) === 1) pipeline = pipeline.autoOrient()
  // Inks without a profile are mixed as Pillow does it; the decoder would guess a printing press.
  const inks = metadata.space === 'cmyk' && !metadata.icc && !wide
  if (inks) pipeline = pipeline.pipelineColourspace('cmyk')
  pipeline = pipeline.toColourspace(inks ? 'cmyk' : wide ? 'rgb16' : 'srgb')
  try {
    const { data, info } = await pipeline
      .raw({ depth: wide ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true })
    const frames = animated
      ? Math.max(1, Math.round(info.height / (info.pageHeight ?? info.height)))
      : 1
    if (inks) return separate(fromBytes(mixInks(data)), 1, info.height, info.width, 3)
    const values = wide
      ? fromShorts(new Uint16Array(data.buffer, data.byteOffset, data.length / 2))
      : fromBytes(data)
    const picture = separate(values, frames, info.height / frames, info.width, info.channels)
    // The decoder gives every GIF an alpha channel, the format has only clear pixels or none.
    if (metadata.format !== 'gif' || picture.alpha?.data.some(x => x < 1)) return picture
    return { image: picture.image, mask: tensor([frames, 64, 64]) }
  } catch (error) {
    throw unreadable(name, error)
  }
}

async function readMetadata(bytes: Uint8Array, name: string): Promise<Metadata> {
  let metadata: Metadata
  try {
    metadata = await sharp(bytes, { limitInputPixels: false }).metadata()
  } catch (error) {
    throw unreadable(name, error)
  }
  const { format = 'unknown' } = metadata
  if (!formats.has(format))
    throw new PictureError(`${name} is of the format ${format}. Save it as ${known}.`)
  checkSize(name, metadata)
  return metadata
}

function checkSize(name: string, metadata: Metadata, frames?: number): void {
  const why = whyTooLarge(name, metadata, frames)
  if (why) throw new PictureError(why)
}

const known = 'PNG, JPEG, WebP, GIF, AVIF, TIFF or BMP'

function unreadable(name: string, error: unknown): PictureError {
  const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  const hint = reason.includes('unsupported image format')
    ? `it is of no known format. Save it as ${known}`
    : `it may be damaged or cut off (${reason}). Export it again`
  return new PictureError(`${name} cannot be read as a picture: ${hint}.`, { cause: error })
}

/** A profile named sRGB needs no conversion, which would only cost rounding errors. */
const isSrgb = (icc: Buffer | undefined): boolean =>
  icc !== undefined && (icc.includes('sRGB') || icc.includes(Buffer.from('s\0R\0G\0B')))

/** Cyan, magenta, yellow and black → red, green and blue: what the inks leave of the light. */
function mixInks(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3)
  for (let from = 0, at = 0; from < cmyk.length; from += 4) {
    const paper = 255 - cmyk[from + 3]!
    for (let c = 0; c < 3; c++) {
      // ink · paper / 255, rounded
      const product = cmyk[from + c]! * paper + 128
      rgb[at++] = paper - (((product >> 8) + product) >> 8)
    }
  }
  return rgb
}

/** [frames, height, width, 1 to 4 channels] → colours and alpha apart. */
function separate(
  values: Float32Array,
  frames: number,
  height: number,
  width: number,
  channels: number,
): Picture {
  const shape = [frames, height, width]
  if (channels === 3)
    return { image: tensor([...shape, 3], values), mask: tensor([frames, 64, 64]) }
  const pixels = frames * height * width
  const hasAlpha = channels % 2 === 0
  const grey = channels < 3
  const image = tensor([...shape, 3])
  const alpha = tensor(shape)
  const mask = tensor(shape)
  for (let p = 0, from = 0, at = 0; p < pixels; p++, from += channels) {
    image.data[at++] = values[from]!
    image.data[at++] = values[grey ? from : from + 1]!
    image.data[at++] = values[grey ? from : from + 2]!
    if (!hasAlpha) continue
    const opacity = values[from + channels - 1]!
    alpha.data[p] = opacity
    mask.data[p] = 1 - opacity
  }
  return hasAlpha ? { image, mask, alpha } : { image, mask: tensor([frames, 64, 64]) }
}
