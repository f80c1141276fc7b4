import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { encodePng, readPngText } from './png.ts'

const bitmap = {
  data: Uint8Array.of(255, 0, 0, 0, 128, 255),
  width: 2,
  height: 1,
  channels: 3,
} as const

function chunk(name: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), body])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

/** The chunk goes where `encodePng` puts its text: after the header of 33 bytes. */
const withChunk = (png: Uint8Array, name: string, body: Buffer): Buffer =>
  Buffer.concat([png.subarray(0, 33), chunk(name, body), png.subarray(33)])

describe('PNG text', () => {
  test('comes back as it was written, whatever the script, and the pixels stay', async () => {
    const text = { prompt: '{"seed": 18446744073709551615}', über: 'Größe', note: '猫 🐈' }
    const png = await encodePng(bitmap, text)
    expect(readPngText(png)).toEqual(text)
    const { data } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
    expect([...data]).toEqual([...bitmap.data])
  })

  test('is tEXt where Latin-1 is enough and iTXt elsewhere', async () => {
    const png = Buffer.from(await encodePng(bitmap, { a: 'ü', b: '猫' }))
    expect(png.subarray(37, 41).toString()).toBe('tEXt')
    expect(png.includes('iTXtb\0')).toBe(true)
  })

  test('is read compressed too', async () => {
    const png = await encodePng(bitmap)
    const long = 'x'.repeat(100_000)
    const zTXt = Buffer.concat([Buffer.from('workflow\0\0'), deflateSync(long)])
    expect(readPngText(withChunk(png, 'zTXt', zTXt))).toEqual({ workflow: long })
    const iTXt = Buffer.concat([Buffer.from('workflow\0\x01\0de\0Ablauf\0'), deflateSync('ü')])
    expect(readPngText(withChunk(png, 'iTXt', iTXt))).toEqual({ workflow: 'ü' })
  })

  test('that inflates beyond 64 MB is left out', async () => {
    const bomb = Buffer.concat([
      Buffer.from('workflow\0\0'),
      deflateSync(Buffer.alloc(70 * 2 ** 20)),
    ])
    const png = withChunk(await encodePng(bitmap, { prompt: '{}' }), 'zTXt', bomb)
    expect(readPngText(png)).toEqual({ prompt: '{}' })
  })

  test('of damaged, cut off and foreign files is what can be read', async () => {
    const png = await encodePng(bitmap, { prompt: '{}' })
    expect(readPngText(png.subarray(0, 33 + 12 + 9))).toEqual({ prompt: '{}' })
    expect(readPngText(png.subarray(0, 40))).toEqual({})
    expect(readPngText(new TextEncoder().encode('not a picture at all'))).toEqual({})
    const damaged = withChunk(png, 'zTXt', Buffer.from('workflow\0\0no zlib here'))
    expect(readPngText(damaged)).toEqual({ prompt: '{}' })
  })

  test('cut anywhere never throws', async () => {
    const png = await encodePng(bitmap, { prompt: '{}', note: '猫' })
    for (let length = 0; length < png.length; length++)
      expect(() => readPngText(png.subarray(0, length))).not.toThrow()
  })
})

describe('PNG pixels', () => {
  const picture = (channels: 1 | 3 | 4, width: number, height: number, noise: number) => ({
    data: Uint8Array.from({ length: width * height * channels }, (_, i) => {
      const grain = noise && (Math.imul(i + 1, 0x9e3779b1) >>> 24) % noise
      return (i / (7 * channels) + Math.floor(i / (width * channels)) + grain) & 255
    }),
    width,
    height,
    channels,
  })

  test.for([
    [1, 1, 1, 0, 4],
    [1, 33, 7, 5, 9],
    [3, 64, 40, 0, 0],
    [3, 1, 90, 255, 1],
    [4, 57, 31, 20, 4],
    // Large enough for a sample to choose how deflate searches, one way and the other.
    [3, 768, 500, 0, 4],
    [3, 768, 500, 9, 4],
  ] as const)('%d channels, %d × %d, noise %d, level %d come back', async options => {
    const [channels, width, height, noise, level] = options
    const made = picture(channels, width, height, noise)
    const png = await encodePng(made, {}, level)
    const colors = sharp(png).toColourspace(channels === 1 ? 'b-w' : 'srgb')
    const { data, info } = await colors.raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([width, height])
    expect(info.channels).toBe(channels)
    expect(Buffer.compare(data, made.data)).toBe(0)
  })

  test('flat pictures are small, noisy ones no larger than their pixels', async () => {
    const flat = await encodePng({
      ...picture(3, 768, 500, 0),
      data: Buffer.alloc(768 * 1500, 9),
    })
    expect(flat.length).toBeLessThan(10_000)
    const noisy = await encodePng(picture(3, 768, 500, 255))
    expect(noisy.length).toBeLessThan(768 * 500 * 3 * 1.01)
  })
})
