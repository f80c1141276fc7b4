import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { decodeBmp, isBmp } from './bmp.ts'
import { decodePicture } from './decode.ts'
import { thumbnail } from './thumbnail.ts'

interface Made {
  width: number
  height: number
  bits: number
  compression?: number
  palette?: number[][]
  masks?: number[]
  pixels: number[]
}

/** A file as the format describes it: header of 40 bytes, masks, palette, rows from the bottom up. */
function bmp({ width, height, bits, compression = 0, palette = [], masks = [], pixels }: Made) {
  const header = Buffer.alloc(54)
  header.write('BM', 0, 'latin1')
  const tables = Buffer.concat([
    ...masks.map(mask => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(mask >>> 0)
      return bytes
    }),
    ...palette.map(([r, g, b]) => Buffer.of(b!, g!, r!, 0)),
  ])
  header.writeUInt32LE(54 + tables.length, 10)
  header.writeUInt32LE(masks.length > 3 ? 56 : 40, 14)
  header.writeInt32LE(width, 18)
  header.writeInt32LE(height, 22)
  header.writeUInt16LE(1, 26)
  header.writeUInt16LE(bits, 28)
  header.writeUInt32LE(compression, 30)
  header.writeUInt32LE(palette.length, 46)
  return Buffer.concat([header, tables, Buffer.from(pixels)])
}

const colours = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [9, 8, 7],
]

test.each([
  [
    '24 bits, rows padded, from the bottom up',
    { width: 1, height: 2, bits: 24, pixels: [3, 2, 1, 0, 6, 5, 4, 0] },
    [4, 5, 6, 1, 2, 3],
  ],
  [
    '24 bits from the top down',
    { width: 1, height: -2, bits: 24, pixels: [3, 2, 1, 0, 6, 5, 4, 0] },
    [1, 2, 3, 4, 5, 6],
  ],
  [
    '8 bits with a palette',
    { width: 3, height: 1, bits: 8, palette: colours, pixels: [2, 0, 3, 0] },
    [0, 0, 255, 255, 0, 0, 9, 8, 7],
  ],
  [
    '4 bits',
    { width: 3, height: 1, bits: 4, palette: colours, pixels: [0x01, 0x30, 0, 0] },
    [255, 0, 0, 0, 255, 0, 9, 8, 7],
  ],
  [
    '1 bit',
    { width: 3, height: 1, bits: 1, palette: colours.slice(0, 2), pixels: [0b01000000, 0, 0, 0] },
    [255, 0, 0, 0, 255, 0, 255, 0, 0],
  ],
  [
    '16 bits, five a colour',
    { width: 2, height: 1, bits: 16, pixels: [0x00, 0x7c, 0x1f, 0x00] },
    [255, 0, 0, 0, 0, 255],
  ],
  [
    '16 bits with masks of 5, 6 and 5',
    {
      width: 2,
      height: 1,
      bits: 16,
      compression: 3,
      masks: [0xf800, 0x7e0, 0x1f],
      pixels: [0xe0, 0x07, 0x00, 0xf8],
    },
    [0, 255, 0, 255, 0, 0],
  ],
  [
    '32 bits whose fourth byte means nothing',
    { width: 1, height: 1, bits: 32, pixels: [3, 2, 1, 0] },
    [1, 2, 3],
  ],
  [
    '32 bits with alpha',
    {
      width: 1,
      height: 1,
      bits: 32,
      compression: 3,
      masks: [0xff0000, 0xff00, 0xff, 0xff000000],
      pixels: [3, 2, 1, 128],
    },
    [1, 2, 3, 128],
  ],
  [
    'run lengths of 8 bits',
    {
      width: 4,
      height: 2,
      bits: 8,
      compression: 1,
      palette: colours,
      // three of 1; end of row; two as they are (2, 3); end
      pixels: [3, 1, 0, 0, 2, 2, 0, 3, 3, 2, 3, 0, 0, 1],
    },
    [0, 0, 255, 0, 0, 255, 9, 8, 7, 0, 0, 255, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0],
  ],
  [
    'run lengths of 4 bits',
    { width: 3, height: 1, bits: 4, compression: 2, palette: colours, pixels: [3, 0x12, 0, 1] },
    [0, 255, 0, 0, 0, 255, 0, 255, 0],
  ],
] as [string, Made, number[]][])('%s', (_, made, expected) => {
  const { data, width, height } = decodeBmp(bmp(made))
  expect({ width, height }).toEqual({ width: made.width, height: Math.abs(made.height) })
  // The row that lies lower is written first; where runs leave a pixel out it is black.
  const rows = made.compression === 1 ? [...data.subarray(0, 24)] : [...data]
  expect(rows).toEqual(expected)
})

const small = bmp({ width: 2, height: 1, bits: 24, pixels: [0, 0, 255, 255, 0, 0, 0, 0] })

test('opens as a picture like any other', async () => {
  const { image, mask } = await decodePicture(small)
  expect([...image.data]).toEqual([1, 0, 0, 0, 0, 1])
  expect(mask.shape).toEqual([1, 64, 64])
})

test('has a thumbnail, from memory and from a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bmp '))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'a.bmp')
  writeFileSync(path, small)
  for (const source of [small, path]) {
    const { width, height, bytes } = await thumbnail(source, 64)
    expect({ width, height }).toEqual({ width: 2, height: 1 })
    expect((await decodePicture(bytes)).image.shape).toEqual([1, 1, 2, 3])
  }
})

test('a damaged file is refused by name, whatever is wrong with it', () => {
  const cut = small.subarray(0, 57)
  expect(() => decodeBmp(cut, 'cat.bmp')).toThrow(/cat\.bmp cannot be read .* cut off/)
  const huge = Buffer.from(small)
  huge.writeInt32LE(2 ** 30, 18)
  expect(() => decodeBmp(huge, 'cat.bmp')).toThrow(/cat\.bmp is too large/)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 40, maxLength: 200 }), bytes => {
      const made = Uint8Array.from([0x42, 0x4d, ...bytes])
      if (!isBmp(made)) return
      try {
        const { data, width, height, channels } = decodeBmp(made, 'x')
        expect(data.length).toBe(width * height * channels)
      } catch (error) {
        expect((error as Error).name).toBe('PictureError')
      }
    }),
  )
})
