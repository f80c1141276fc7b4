import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { encodePng, insertPngText, readPngText } from './png.ts'

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

/** The chunk goes where `insertPngText` puts its own: after the header. */
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
    const png = insertPngText(await encodePng(bitmap), { prompt: '{}' })
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
