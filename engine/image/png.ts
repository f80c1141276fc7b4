// PNG: pictures written with their text, and the text of any PNG read without decoding it.
// https://www.w3.org/TR/png-3/#11textinfo
import { crc32, inflateSync } from 'node:zlib'
import { compressPixels } from './png-pixels.ts'

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

export const isPng = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 && signature.every((byte, i) => bytes[i] === byte)

/** A workflow of thousands of nodes has a few MB; anything above is not one. */
const maxTextBytes = 64 * 2 ** 20

export interface Bitmap {
  /** [height, width, channels] bytes; two each, the high one first, where there are 16 bits. */
  data: Uint8Array
  width: number
  height: number
  channels: 1 | 3 | 4
  bits?: 8 | 16
}

/** PNG's colour type of so many channels: grey, RGB, RGB with alpha. */
const colorTypes = { 1: 0, 3: 2, 4: 6 } as const

/** A PNG file with its text chunks right after the header, where ComfyUI puts them. */
export async function encodePng(
  bitmap: Bitmap,
  text: Record<string, string> = {},
  compressionLevel = 4,
): Promise<Uint8Array> {
  return Buffer.concat([
    signature,
    headerChunk(bitmap),
    ...textChunks(text),
    chunk('IDAT', await compressPixels(bitmap, compressionLevel)),
    chunk('IEND', new Uint8Array()),
  ])
}

function headerChunk({ width, height, channels, bits = 8 }: Bitmap): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([bits, colorTypes[channels]], 8)
  return chunk('IHDR', header)
}

/**
 * Pictures of one size as an animated PNG that begins anew at its end. Viewers that know no
 * animation show the first. https://www.w3.org/TR/png-3/#apng-frame-based-animation
 */
export async function encodeAnimatedPng(
  frames: readonly Bitmap[],
  framesPerSecond: number,
  text: Record<string, string> = {},
  compressionLevel = 4,
): Promise<Uint8Array> {
  const [first] = frames
  if (!first) throw new RangeError('An animation needs a picture.')
  const control = Buffer.alloc(8)
  control.writeUInt32BE(frames.length, 0)
  const parts: Buffer[] = [
    Buffer.from(signature),
    headerChunk(first),
    chunk('acTL', control),
    ...textChunks(text),
  ]
  let sequence = 0
  for (const [i, frame] of frames.entries()) {
    parts.push(chunk('fcTL', frameControl(frame, sequence++, framesPerSecond)))
    const pixels = await compressPixels(frame, compressionLevel)
    if (i === 0) parts.push(chunk('IDAT', pixels))
    else {
      const numbered = Buffer.alloc(4 + pixels.length)
      numbered.writeUInt32BE(sequence++, 0)
      numbered.set(pixels, 4)
      parts.push(chunk('fdAT', numbered))
    }
  }
  return Buffer.concat([...parts, chunk('IEND', new Uint8Array())])
}

/** Size, place and milliseconds of a frame. */
function frameControl(
  { width, height }: Bitmap,
  sequence: number,
  framesPerSecond: number,
): Buffer {
  const control = Buffer.alloc(26)
  control.writeUInt32BE(sequence, 0)
  control.writeUInt32BE(width, 4)
  control.writeUInt32BE(height, 8)
  const delayMs = Math.min(Math.max(Math.trunc(1000 / framesPerSecond), 1), 65535)
  control.writeUInt16BE(delayMs, 20)
  control.writeUInt16BE(1000, 22)
  return control
}

const textChunks = (text: Record<string, string>): Buffer[] =>
  Object.entries(text).map(([keyword, value]) => textChunk(keyword, value))

/** tEXt holds Latin-1 only; everything else goes into iTXt as UTF-8. */
function textChunk(keyword: string, value: string): Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what Latin-1 text may hold
  return /^[\x01-\xff]*$/.test(value)
    ? chunk('tEXt', Buffer.from(`${keyword}\0${value}`, 'latin1'))
    : chunk('iTXt', Buffer.concat([latin1(`${keyword}\0\0\0\0\0`), Buffer.from(value)]))
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Length, name, body and checksum. */
export function chunk(name: string, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + body.length)
  bytes.writeUInt32BE(body.length)
  bytes.write(name, 4, 'latin1')
  bytes.set(body, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), 8 + body.length)
  return bytes
}

/** Every text of a PNG by keyword: tEXt, zTXt and iTXt. Stops quietly where the file is cut off. */
export function readPngText(bytes: Uint8Array): Record<string, string> {
  const text: Record<string, string> = {}
  if (!isPng(bytes)) return text
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let budget = maxTextBytes
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at)
    const name = file.toString('latin1', at + 4, at + 8)
    if (name === 'IEND' || at + 12 + length > file.length) break
    if (/^(tEXt|zTXt|iTXt)$/.test(name)) {
      const entry = readText(name, file.subarray(at + 8, at + 8 + length), budget)
      if (entry) {
        text[entry.keyword] = entry.value
        budget -= entry.value.length
      }
    }
    at += 12 + length
  }
  return text
}

function readText(
  name: string,
  body: Buffer,
  budget: number,
): { keyword: string; value: string } | undefined {
  const keywordEnd = body.indexOf(0)
  if (keywordEnd < 1 || keywordEnd > 79 || budget <= 0) return
  const keyword = body.toString('latin1', 0, keywordEnd)
  const unpack = (packed: Buffer) => inflateSync(packed, { maxOutputLength: budget })
  try {
    if (name === 'tEXt') {
      if (body.length > budget) return
      return { keyword, value: body.toString('latin1', keywordEnd + 1) }
    }
    if (name === 'zTXt')
      return { keyword, value: unpack(body.subarray(keywordEnd + 2)).toString('latin1') }
    const languageEnd = body.indexOf(0, keywordEnd + 3)
    const translatedEnd = body.indexOf(0, languageEnd + 1)
    if (languageEnd < 0 || translatedEnd < 0) return
    const rest = body.subarray(translatedEnd + 1)
    const plain = body[keywordEnd + 1] === 1 ? unpack(rest) : rest
    return plain.length > budget ? undefined : { keyword, value: plain.toString('utf8') }
  } catch {
    return // a damaged or oversized text is no reason to refuse the picture
  }
}
