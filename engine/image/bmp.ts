// Windows bitmaps: 1 to 32 bits a pixel, palettes, run lengths, bit fields. The decoder behind
// everything else does not know them.
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
// https://learn.microsoft.com/windows/win32/gdi/bitmap-compression
import { PictureError, whyTooLarge } from './picture-limits.ts'

export interface Bmp {
  /** [height, width, channels] bytes, top row first. */
  data: Uint8Array
  width: number
  height: number
  channels: 3 | 4
}

const FILE_HEADER = 14
const RLE8 = 1
const RLE4 = 2
const BITFIELDS = 3
const ALPHA_BITFIELDS = 6

export const isBmp = (bytes: Uint8Array): boolean =>
  bytes.length >= FILE_HEADER + 12 && bytes[0] === 0x42 && bytes[1] === 0x4d

interface Header {
  pixels: number
  /** Of the second header, which the palette follows. */
  size: number
  width: number
  height: number
  upsideDown: boolean
  bits: number
  compression: number
  palette: Uint8Array[]
}

/** @throws PictureError when it is damaged, too large or packed in a way that pictures are not */
export function decodeBmp(bytes: Uint8Array, name = 'The picture'): Bmp {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const header = readHeader(view, name)
    const { bits, compression } = header
    if (compression === RLE8 || compression === RLE4) return runs(view, header)
    return bits <= 8 ? indexed(view, header) : direct(view, header)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new PictureError(
      `${name} cannot be read as a picture: the file is cut off. Export it again.`,
      { cause: error },
    )
  }
}

function readHeader(view: DataView, name: string): Header {
  const pixels = view.getUint32(10, true)
  const size = view.getUint32(14, true)
  const old = size === 12
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true)
  const rows = old ? view.getInt16(20, true) : view.getInt32(22, true)
  const bits = view.getUint16(old ? 24 : 28, true)
  const compression = old ? 0 : view.getUint32(30, true)
  const height = Math.abs(rows)
  if (width < 1 || height < 1 || ![1, 2, 4, 8, 16, 24, 32].includes(bits) || compression > 6)
    throw new PictureError(`${name} is a BMP of a kind that is not read. Save it as PNG.`)
  const why = whyTooLarge(name, { width, height })
  if (why) throw new PictureError(why)
  const entry = old ? 3 : 4
  const said = old ? 0 : view.getUint32(46, true)
  const colours = bits > 8 ? 0 : Math.min(said || 2 ** bits, 2 ** bits)
  const begin = FILE_HEADER + size
  const palette = Array.from({ length: colours }, (_, i) => {
    const at = begin + i * entry
    return Uint8Array.of(view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at))
  })
  return { pixels, size, width, height, upsideDown: rows > 0, bits, compression, palette }
}

const black = new Uint8Array(3)

/** Rows are padded to four bytes. */
const strideOf = ({ width, bits }: Header): number => ((width * bits + 31) >> 5) * 4

const rowOf = ({ upsideDown, height }: Header, y: number): number =>
  upsideDown ? height - 1 - y : y

function indexed(view: DataView, header: Header): Bmp {
  const { width, height, bits, palette, pixels } = header
  const data = new Uint8Array(width * height * 3)
  const mask = 2 ** bits - 1
  for (let y = 0; y < height; y++) {
    const row = pixels + rowOf(header, y) * strideOf(header)
    for (let x = 0; x < width; x++) {
      const bit = x * bits
      const index = (view.getUint8(row + (bit >> 3)) >> (8 - bits - (bit & 7))) & mask
      data.set(palette[index] ?? black, (y * width + x) * 3)
    }
  }
  return { data, width, height, channels: 3 }
}

/** One channel of a pixel: where its bits lie and how many values they have. */
interface Channel {
  shift: number
  max: number
}

function channelOf(mask: number): Channel {
  if (mask === 0) return { shift: 0, max: 0 }
  const shift = 31 - Math.clz32(mask & -mask)
  return { shift, max: mask >>> shift }
}

const usual: Record<number, number[]> = {
  16: [0x7c00, 0x03e0, 0x001f, 0],
  24: [0xff0000, 0xff00, 0xff, 0],
  32: [0xff0000, 0xff00, 0xff, 0],
}

function direct(view: DataView, header: Header): Bmp {
  const { width, height, bits, compression, size, pixels } = header
  const fields = compression === BITFIELDS || compression === ALPHA_BITFIELDS
  const hasAlphaMask = size >= 56 || compression === ALPHA_BITFIELDS
  const at = FILE_HEADER + 40
  const masks = fields
    ? [0, 4, 8, 12].map(o => (o < 12 || hasAlphaMask ? view.getUint32(at + o, true) : 0))
    : usual[bits]!
  const channels = masks.map(channelOf)
  const count = channels[3]!.max > 0 ? 4 : 3
  const data = new Uint8Array(width * height * count)
  const step = bits / 8
  let to = 0
  for (let y = 0; y < height; y++) {
    const row = pixels + rowOf(header, y) * strideOf(header)
    for (let x = 0; x < width; x++) {
      const from = row + x * step
      const pixel =
        step === 2
          ? view.getUint16(from, true)
          : step === 4
            ? view.getUint32(from, true)
            : view.getUint16(from, true) | (view.getUint8(from + 2) << 16)
      for (let c = 0; c < count; c++) {
        const { shift, max } = channels[c]!
        data[to++] = max === 0 ? 0 : Math.round((((pixel >>> shift) & max) * 255) / max)
      }
    }
  }
  return { data, width, height, channels: count }
}

/** Run lengths of palette entries, rows from the bottom up. */
function runs(view: DataView, header: Header): Bmp {
  const { width, height, palette, pixels, compression } = header
  const data = new Uint8Array(width * height * 3)
  const four = compression === RLE4
  let [x, y, at] = [0, 0, pixels]
  const put = (index: number) => {
    if (x < width && y < height)
      data.set(palette[index] ?? black, (rowOf(header, y) * width + x) * 3)
    x++
  }
  const entry = (byte: number, i: number) => (four ? (i % 2 ? byte & 15 : byte >> 4) : byte)
  while (at + 1 < view.byteLength) {
    const [count, value] = [view.getUint8(at), view.getUint8(at + 1)]
    at += 2
    if (count > 0) {
      for (let i = 0; i < count; i++) put(entry(value, i))
    } else if (value === 0) {
      x = 0
      y++
    } else if (value === 1) {
      break
    } else if (value === 2) {
      x += view.getUint8(at)
      y += view.getUint8(at + 1)
      at += 2
    } else {
      const bytes = four ? (value + 1) >> 1 : value
      for (let i = 0; i < value; i++) put(entry(view.getUint8(at + (four ? i >> 1 : i)), i))
      at += bytes + (bytes % 2)
    }
  }
  return { data, width, height, channels: 3 }
}
