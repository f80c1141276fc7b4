// Animated PNG: its frames as the pictures that a viewer shows one after another. The decoder knows
// only still ones, so each frame is handed to it as a PNG of its own.
// https://www.w3.org/TR/png-3/#apng-frame-based-animation
import { tensor } from '../tensor.ts'
import { concatBatches } from './batch.ts'
import type { Picture } from './decode.ts'
import { limits } from './picture-limits.ts'
import { chunk, isPng } from './png.ts'

/** What is done to a frame's rectangle when it has been shown: nothing, cleared, as it was before. */
const [cleared, restored] = [1, 2]
const blendOver = 1

interface Place {
  x: number
  y: number
  disposal: number
  blend: number
}

interface Frame extends Place {
  /** A PNG of its own. */
  png: Uint8Array
}

interface Animation {
  width: number
  height: number
  frames: Frame[]
}

/** Chunks that say how the pixels of every frame are to be read. */
const shared = new Set(['PLTE', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'sBIT', 'cICP'])

/** The frames of an animated PNG; nothing for any other file and for one that breaks the rules. */
export function readApng(bytes: Uint8Array): Animation | undefined {
  const chunks = isPng(bytes) ? chunksOf(bytes) : []
  const [first] = chunks
  if (first?.name !== 'IHDR' || !chunks.some(({ name }) => name === 'acTL')) return
  const [width, height] = sizeAt(first.body, 0)
  const common: Buffer[] = []
  // A picture ahead of the first frame is for viewers of still ones; Pillow shows it first.
  const still = { x: 0, y: 0, disposal: cleared, blend: 0, header: first.body }
  const parts: (Place & { header: Buffer; data: Buffer[] })[] = []
  for (const { name, body } of chunks) {
    if (shared.has(name)) common.push(chunk(name, body))
    else if (name === 'fcTL' && body.length >= 26) {
      const header = Buffer.concat([body.subarray(4, 12), first.body.subarray(8)])
      const [[w, h], [x, y]] = [sizeAt(body, 4), sizeAt(body, 12)]
      if (x + w > width || y + h > height) return
      parts.push({ x, y, disposal: body[24]!, blend: body[25]!, header, data: [] })
    } else if (name === 'IDAT' || name === 'fdAT') {
      if (parts.length === 0) parts.push({ ...still, data: [] })
      parts.at(-1)!.data.push(name === 'IDAT' ? body : body.subarray(4))
    }
  }
  if (parts.length < 2 || parts.length > limits.frames) return
  if (parts.some(({ data }) => data.length === 0)) return
  const frames = parts.map(({ header, data, ...place }) => {
    const pixels = chunk('IDAT', Buffer.concat(data))
    const ending = chunk('IEND', new Uint8Array())
    const png = [bytes.subarray(0, 8), chunk('IHDR', header), ...common, pixels, ending]
    return { ...place, png: Buffer.concat(png) }
  })
  return { width, height, frames }
}

const sizeAt = (body: Buffer, at: number): [number, number] => [
  body.readUInt32BE(at),
  body.readUInt32BE(at + 4),
]

/** Up to where the file ends or is cut off. */
function chunksOf(bytes: Uint8Array): { name: string; body: Buffer }[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const chunks: { name: string; body: Buffer }[] = []
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at)
    if (at + 12 + length > file.length) break
    const name = file.toString('latin1', at + 4, at + 8)
    chunks.push({ name, body: file.subarray(at + 8, at + 8 + length) })
    at += 12 + length
  }
  return chunks
}

/** Every frame laid over what the ones before have left, as one batch. */
export async function showApng(
  { width, height, frames }: Animation,
  decode: (png: Uint8Array) => Promise<Picture>,
): Promise<Picture> {
  const canvas = new Float32Array(width * height * 4)
  const pictures: Picture[] = []
  let hasAlpha = false
  for (const frame of frames) {
    const picture = await decode(frame.png)
    hasAlpha ||= picture.alpha !== undefined
    const before = frame.disposal === restored ? canvas.slice() : undefined
    lay(canvas, width, frame, picture)
    pictures.push(shown(canvas, width, height))
    if (before) canvas.set(before)
    else if (frame.disposal === cleared) clear(canvas, width, frame, picture)
  }
  const image = concatBatches(pictures.map(picture => picture.image))
  if (!hasAlpha) return { image, mask: tensor([frames.length, 64, 64]) }
  const mask = concatBatches(pictures.map(picture => picture.mask))
  return { image, mask, alpha: concatBatches(pictures.map(({ alpha }) => alpha!)) }
}

/** Calls back with the place on the canvas of every pixel of a frame. */
function places(
  width: number,
  { x, y }: Place,
  { image }: Picture,
  visit: (to: number, pixel: number) => void,
): void {
  const [, rows = 0, columns = 0] = image.shape
  for (let row = 0, pixel = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, pixel++)
      visit(((y + row) * width + x + column) * 4, pixel)
}

const clear = (canvas: Float32Array, width: number, frame: Frame, picture: Picture): void =>
  places(width, frame, picture, to => canvas.fill(0, to, to + 4))

function lay(canvas: Float32Array, width: number, frame: Frame, picture: Picture): void {
  const { image, alpha } = picture
  places(width, frame, picture, (to, pixel) => {
    const opacity = alpha?.data[pixel] ?? 1
    const below = frame.blend === blendOver ? canvas[to + 3]! * (1 - opacity) : 0
    const whole = opacity + below
    // Nothing over nothing keeps its colour only where it replaces what was there.
    if (frame.blend === blendOver && opacity === 0) return
    for (let c = 0; c < 3; c++) {
      const color = image.data[pixel * 3 + c]!
      canvas[to + c] = below > 0 ? (color * opacity + canvas[to + c]! * below) / whole : color
    }
    canvas[to + 3] = whole
  })
}

function shown(canvas: Float32Array, width: number, height: number): Picture {
  const image = tensor([1, height, width, 3])
  const [alpha, mask] = [tensor([1, height, width]), tensor([1, height, width])]
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) image.data[pixel * 3 + c] = canvas[pixel * 4 + c]!
    alpha.data[pixel] = canvas[pixel * 4 + 3]!
    mask.data[pixel] = 1 - alpha.data[pixel]!
  }
  return { image, mask, alpha }
}
