// What the nodes that write files leave behind, read back.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { decodePicture } from '../../image/decode.ts'
import { extractWorkflow } from '../../image/extract-workflow.ts'
import { encodePng } from '../../image/png.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import { type Preview, type RunContext, ui } from '../define.ts'
import { diskFiles } from '../disk-files.ts'
import type { FileReference } from '../files.ts'
import { nodeTypes } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'saving '))
afterAll(() => rmSync(folder, { recursive: true }))

const workflow = { nodes: [], seed: 18446744073709551615n, note: 'Größe' }
let previews: Preview[] = []
beforeEach(() => {
  previews = []
})
const context = {
  files: diskFiles({ inputDir: folder, outputDir: folder, tempDir: folder }),
  prompt: { 1: { class_type: 'SaveImage', inputs: {} } },
  pngInfo: { workflow },
  signal: new AbortController().signal,
  progress: (_done: number, _of: number, preview?: Preview) => preview && previews.push(preview),
} as unknown as RunContext

async function run(type: string, inputs: Record<string, unknown>) {
  const answer = await nodeTypes.get(type)!.run(inputs, context)
  const shown = (answer as Record<symbol, Record<string, unknown[]>>)[ui]!
  const files = (shown.images ?? shown.files ?? shown.latents ?? []) as FileReference[]
  const bytes = files.map(({ filename, subfolder }) =>
    readFileSync(join(folder, subfolder, filename)),
  )
  return { answer, shown, files, bytes }
}

/** Three pictures of 8 × 4, each of one grey. */
const greys = [0.2, 0.6, 1]
const moving: Tensor = tensor(
  [3, 4, 8, 3],
  Float32Array.from({ length: 288 }, (_, i) => greys[Math.floor(i / 96)]!),
)
const bytesOf = ({ data }: Tensor) => [...data].map(x => Math.round(x * 255))

describe('Save Image (Advanced)', () => {
  const fine = tensor([1, 1, 2, 3], Float32Array.of(0, 1 / 65535, 0.5, 12345 / 65535, 1, 2))
  const inputs = { images: fine, filename_prefix: 'fine', format: 'png' }

  test('keeps 16 bits', async () => {
    const { bytes, answer } = await run('SaveImageAdvanced', {
      ...inputs,
      'format.bit_depth': '16-bit',
      'format.input_color_space': 'sRGB',
    })
    expect((await sharp(bytes[0]).metadata()).depth).toBe('ushort')
    const { image } = await decodePicture(bytes[0]!)
    expect([...image.data].map(x => Math.round(x * 65535))).toEqual([
      0, 1, 32768, 12345, 65535, 65535,
    ])
    expect(answer.images).toBe(fine)
    expect(JSON.parse(extractWorkflow(bytes[0]!).workflow!).note).toBe('Größe')
  })

  test('turns linear light into sRGB', async () => {
    const { bytes } = await run('SaveImageAdvanced', {
      ...inputs,
      images: tensor([1, 1, 1, 3], Float32Array.of(0, 0.2140411, 1)),
      'format.bit_depth': '8-bit',
      'format.input_color_space': 'linear',
    })
    // Half of sRGB's range is 21.4 % of the light.
    expect(bytesOf((await decodePicture(bytes[0]!)).image)).toEqual([0, 127, 255])
  })

  test('keeps transparency', async () => {
    const clear = tensor([1, 1, 2, 4], Float32Array.of(1, 0, 0, 0, 0, 1, 0, 1))
    const { bytes } = await run('SaveImageAdvanced', {
      ...inputs,
      images: clear,
      'format.bit_depth': '16-bit',
      'format.input_color_space': 'sRGB',
    })
    const { image, mask } = await decodePicture(bytes[0]!)
    expect([...image.data]).toEqual([1, 0, 0, 0, 1, 0])
    expect([...mask.data]).toEqual([1, 0])
  })
})

describe('Save Animated WebP', () => {
  const inputs = { filename_prefix: 'moving', fps: 5, quality: 80, method: 'fastest' }

  test('holds every picture, its time and the workflow', async () => {
    const { bytes, shown } = await run('SaveAnimatedWEBP', {
      ...inputs,
      images: moving,
      lossless: true,
    })
    const { pages, delay, loop } = await sharp(bytes[0]).metadata()
    expect({ pages, delay, loop }).toEqual({ pages: 3, delay: [200, 200, 200], loop: 0 })
    const { image } = await decodePicture(bytes[0]!)
    expect(bytesOf(image)).toEqual(bytesOf(moving))
    expect(shown.animated).toEqual([true])
    const carried = extractWorkflow(bytes[0]!)
    expect(carried.prompt).toContain('"class_type":"SaveImage"')
    expect(carried.workflow).toContain('18446744073709551615')
  })

  test('is smaller where it may lose something', async () => {
    const noisy = tensor(
      [2, 64, 64, 3],
      Float32Array.from({ length: 24576 }, (_, i) => Math.abs(Math.sin(i * i))),
    )
    const exact = await run('SaveAnimatedWEBP', { ...inputs, images: noisy, lossless: true })
    const lossy = await run('SaveAnimatedWEBP', { ...inputs, images: noisy, lossless: false })
    expect(lossy.bytes[0]!.length).toBeLessThan(exact.bytes[0]!.length * 0.8)
  })
})

describe('Save Animated PNG', () => {
  test('holds every picture, its time and the workflow', async () => {
    const { bytes } = await run('SaveAnimatedPNG', {
      images: moving,
      filename_prefix: 'moving',
      fps: 4,
      compress_level: 4,
    })
    const file = bytes[0]!
    expect(bytesOf((await decodePicture(file)).image)).toEqual(bytesOf(moving))
    // The first picture is what a viewer without animation shows.
    const { data } = await sharp(file).raw().toBuffer({ resolveWithObject: true })
    expect([...data]).toEqual(bytesOf(moving).slice(0, 96))
    expect(JSON.parse(extractWorkflow(file).workflow!).note).toBe('Größe')
    const chunks = chunksOf(file)
    expect(chunks.find(({ name }) => name === 'acTL')!.body.readUInt32BE(0)).toBe(3)
    const controls = chunks.filter(({ name }) => name === 'fcTL').map(({ body }) => body)
    expect(controls.map(body => body.readUInt16BE(20) / body.readUInt16BE(22))).toEqual([
      0.25, 0.25, 0.25,
    ])
    const numbers = chunks
      .filter(({ name }) => /^f[cd]/.test(name))
      .map(({ body }) => body.readUInt32BE(0))
    expect(numbers).toEqual([0, 1, 2, 3, 4])
    // A later picture is a PNG's pixels behind a number: read as the first one's it comes out.
    const last = chunks
      .filter(({ name }) => name === 'fdAT')
      .at(-1)!
      .body.subarray(4)
    const still = Buffer.from(
      await encodePng({ data: new Uint8Array(96), width: 8, height: 4, channels: 3 }),
    )
    const header = still.subarray(0, 33)
    const { image } = await decodePicture(Buffer.concat([header, idat(last), still.subarray(-12)]))
    expect(bytesOf(image)).toEqual(bytesOf(moving).slice(192))
  })
})

interface Chunk {
  name: string
  body: Buffer
}

function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    chunks.push({
      name: file.toString('latin1', at + 4, at + 8),
      body: file.subarray(at + 8, at + 8 + length),
    })
    at += 12 + length
  }
  return chunks
}

function idat(body: Buffer): Buffer {
  const { crc32 } = process.getBuiltinModule('node:zlib')
  const chunk = Buffer.alloc(12 + body.length)
  chunk.writeUInt32BE(body.length, 0)
  chunk.write('IDAT', 4, 'latin1')
  chunk.set(body, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), 8 + body.length)
  return chunk
}

test('SaveImageWebsocket sends each picture and keeps no file', async () => {
  const before = readdirSync(folder)
  await run('SaveImageWebsocket', { images: moving })
  expect(readdirSync(folder)).toEqual(before)
  expect(previews.map(({ mime }) => mime)).toEqual(['image/png', 'image/png', 'image/png'])
  const sent = await Promise.all(previews.map(({ bytes }) => decodePicture(bytes)))
  expect(sent.flatMap(({ image }) => bytesOf(image))).toEqual(bytesOf(moving))
})

test('SaveText writes the text and hands it on', async () => {
  const { answer, bytes, files, shown } = await run('SaveText', {
    text: 'Größe\n猫',
    filename_prefix: 'texts/note',
    format: 'md',
  })
  expect(bytes[0]!.toString('utf8')).toBe('Größe\n猫')
  expect(files[0]).toMatchObject({ filename: 'note_00001_.md', subfolder: 'texts' })
  expect(shown.text).toEqual([answer.text])
})

test('MaskPreview shows a mask as a grey picture in the temp folder', async () => {
  const mask = tensor([1, 1, 2], Float32Array.of(0.2, 1))
  const { files, bytes } = await run('MaskPreview', { mask })
  expect(files[0]!.type).toBe('temp')
  expect(bytesOf((await decodePicture(bytes[0]!)).image)).toEqual([51, 51, 51, 255, 255, 255])
})

test('LoadImageOutput opens what SaveImage wrote', async () => {
  const { files } = await run('SaveImage', { images: moving, filename_prefix: 'again' })
  const { IMAGE } = await nodeTypes
    .get('LoadImageOutput')!
    .run({ image: files[1]!.filename }, context)
  expect(bytesOf(IMAGE as Tensor)).toEqual(bytesOf(moving).slice(96, 192))
})

test('LoadLatent opens what SaveLatent wrote', async () => {
  const samples = tensor([1, 4, 1, 1], Float32Array.of(1, -2, 0.5, 1e-7))
  const { files } = await run('SaveLatent', { samples: { samples }, filename_prefix: 'blank' })
  const { LATENT } = await nodeTypes.get('LoadLatent')!.run({ latent: files[0]!.filename }, context)
  expect((LATENT as { samples: Tensor }).samples).toEqual(samples)
})
