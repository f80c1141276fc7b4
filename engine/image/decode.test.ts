import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'
import { tensor } from '../tensor.ts'
import { animatedPng } from './animation.ts'
import { decodeFile, decodePicture } from './decode.ts'
import { encodePng } from './png.ts'

/** 3 × 2, every channel different. */
const rgb = Uint8Array.from({ length: 18 }, (_, i) => i * 14)
const raw = { width: 3, height: 2, channels: 3 } as const
const values = (data: Float32Array) => [...data].map(x => Math.round(x * 255))

describe('pictures become tensors', () => {
  test('without alpha the mask is 64 × 64 of zeros', async () => {
    const { image, mask, alpha } = await decodePicture(await encodePng({ data: rgb, ...raw }))
    expect(image.shape).toEqual([1, 2, 3, 3])
    expect(values(image.data)).toEqual([...rgb])
    expect(mask.shape).toEqual([1, 64, 64])
    expect(mask.data.every(x => x === 0)).toBe(true)
    expect(alpha).toBeUndefined()
  })

  test('alpha becomes a mask turned round, colours under it stay', async () => {
    const rgba = Uint8Array.of(200, 100, 50, 0, 10, 20, 30, 255)
    const png = await encodePng({ data: rgba, width: 2, height: 1, channels: 4 })
    const { image, mask } = await decodePicture(png)
    expect(values(image.data)).toEqual([200, 100, 50, 10, 20, 30])
    expect(mask.shape).toEqual([1, 1, 2])
    expect([...mask.data]).toEqual([1, 0])
  })

  test.for(['png', 'webp', 'tiff', 'avif', 'jpeg', 'gif'] as const)('%s', async format => {
    const plain = { create: { width: 32, height: 16, channels: 3, background: '#c86432' } } as const
    const lossless = { lossless: true, quality: 100 }
    const bytes = await sharp(plain).toFormat(format, lossless).toBuffer()
    const { image } = await decodePicture(bytes)
    expect(image.shape).toEqual([1, 16, 32, 3])
    for (const [c, value] of [200, 100, 50].entries())
      expect(Math.abs(image.data[c]! * 255 - value)).toBeLessThanOrEqual(3)
  })

  test('grey pictures have three equal channels', async () => {
    const png = await encodePng({ data: Uint8Array.of(7, 90), width: 2, height: 1, channels: 1 })
    expect(values((await decodePicture(png)).image.data)).toEqual([7, 7, 7, 90, 90, 90])
  })

  test('16 bits stay', async () => {
    const wide = Uint16Array.of(0, 1000, 65535, 300, 40000, 12345)
    const png = await sharp(wide, { raw: { width: 2, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer()
    const { image } = await decodePicture(png)
    expect([...image.data].map(x => Math.round(x * 65535))).toEqual([...wide])
  })

  test('EXIF orientation is followed', async () => {
    const sideways = await sharp(rgb, { raw }).withMetadata({ orientation: 6 }).png().toBuffer()
    const { image } = await decodePicture(sideways)
    expect(image.shape).toEqual([1, 3, 2, 3])
    // Turned clockwise: the lower left corner comes to the upper left.
    expect(values(image.data).slice(0, 3)).toEqual([...rgb.subarray(9, 12)])
  })

  test('a wide gamut profile is turned into sRGB, a pixel with an sRGB profile is left alone', async () => {
    const green = { create: { width: 2, height: 2, channels: 3, background: '#00ff00' } } as const
    const p3 = await sharp(green).withIccProfile('p3').png().toBuffer()
    const srgb = await sharp(rgb, { raw }).withIccProfile('srgb').png().toBuffer()
    expect((await sharp(p3).metadata()).icc).toBeDefined()
    const [r, g, b] = values((await decodePicture(p3)).image.data)
    // the colours of P3 are (117, 251, 76)
    for (const [value, expected] of [
      [r, 0],
      [g, 255],
      [b, 0],
    ] as const)
      expect(Math.abs(value! - expected)).toBeLessThanOrEqual(4)
    expect(values((await decodePicture(srgb)).image.data)).toEqual([...rgb])
  })

  test('every frame of an animation is one picture of the batch', async () => {
    const frames = Uint8Array.from({ length: 3 * 4 * 4 * 3 }, (_, i) =>
      i < 48 ? 0 : i < 96 ? 100 : 200,
    )
    const webp = await sharp(frames, { raw: { width: 4, height: 12, channels: 3, pageHeight: 4 } })
      .webp({ lossless: true, loop: 0, delay: [100, 100, 100] })
      .toBuffer()
    const { image } = await decodePicture(webp)
    expect(image.shape).toEqual([3, 4, 4, 3])
    expect(values(image.data.filter((_, i) => i % 48 === 0))).toEqual([0, 100, 200])
  })

  test('so is every page of a TIFF', async () => {
    const pages = Uint8Array.from({ length: 2 * 48 }, (_, i) => (i < 48 ? 30 : 60))
    const raw = { width: 4, height: 8, channels: 3, pageHeight: 4 } as const
    const { image, mask } = await decodePicture(await sharp(pages, { raw }).tiff().toBuffer())
    expect(image.shape).toEqual([2, 4, 4, 3])
    expect(values(image.data.filter((_, i) => i % 48 === 0))).toEqual([30, 60])
    expect(mask.shape).toEqual([2, 64, 64])
  })

  test('and every frame of an animated PNG, laid over the ones before', async () => {
    const images = tensor([3, 1, 2, 4])
    // Red and nothing; nothing and green; half a blue and nothing.
    images.data.set([1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0.5, 0, 0, 0, 0])
    const replaced = Buffer.from(await animatedPng(images, 10, {}, 4))
    const { image, mask } = await decodePicture(replaced)
    expect(image.shape).toEqual([3, 1, 2, 3])
    expect(values(image.data)).toEqual([255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0])
    expect(values(mask.data)).toEqual([0, 255, 255, 0, 128, 255])

    for (let at = replaced.indexOf('fcTL'); at >= 0; at = replaced.indexOf('fcTL', at + 4))
      replaced[at + 4 + 25] = 1 // lay over
    const over = await decodePicture(replaced)
    const [, second, third] = [0, 6, 12].map(at => values(over.image.data.slice(at, at + 6)))
    expect(second).toEqual([255, 0, 0, 0, 255, 0])
    // 127 of 255 are left of the blue.
    expect(third).toEqual([128, 0, 127, 0, 255, 0])
    expect(values(over.mask.data)).toEqual([0, 255, 0, 0, 0, 0])
  })

  test('inks without a profile are mixed as Pillow does', async () => {
    const cmyk =
      'SUkqABQAAACADwSmwAP8AApAQEAKAAABAwABAAAAAgAAAAEBAwABAAAAAQAAAAIBAwAEAAAAkgAAAAMBAwABAAAABQAA' +
      'AAYBAwABAAAABQAAABEBBAABAAAACAAAABUBAwABAAAABAAAABYBAwABAAAAAQAAABcBBAABAAAADAAAABwBAwABAAAA' +
      'AQAAAAAAAAAIAAgACAAIAA=='
    const { image } = await decodePicture(Buffer.from(cmyk, 'base64'))
    expect(values(image.data)).toEqual([195, 218, 147, 0, 127, 122])
  })
})

describe('bad pictures are refused by name', () => {
  const refused = (bytes: Uint8Array) =>
    decodePicture(bytes, 'holiday.png').then(
      () => 'read',
      (error: Error) => error.message,
    )

  test('damaged and cut off', async () => {
    const png = await encodePng({ data: rgb, ...raw })
    expect(await refused(png.subarray(0, png.length - 20))).toMatch(/^holiday\.png cannot be read/)
    expect(await refused(new TextEncoder().encode('hello'))).toMatch(/^holiday\.png cannot be read/)
    expect(await refused(new Uint8Array())).toMatch(/^holiday\.png cannot be read/)
  })

  test('too large, from the header alone', async () => {
    const png = Buffer.from(await encodePng({ data: rgb, ...raw }))
    png.writeUInt32BE(30_000, 16)
    png.writeUInt32BE(30_000, 20)
    const { crc32 } = await import('node:zlib')
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
    expect(await refused(png)).toMatch(/holiday\.png is too large: 30000 × 30000/)
    png.writeUInt32BE(20_000, 16)
    png.writeUInt32BE(20_000, 20)
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
    expect(await refused(png)).toMatch(/is too large/)
  })

  test('formats that can hold scripts', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>'
    expect(await refused(new TextEncoder().encode(svg))).toMatch(/format svg.*Save it as PNG/)
  })

  test('a file says its name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'decode '))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const path = join(folder, 'Größe 猫.png')
    await writeFile(path, 'nothing')
    await expect(decodeFile(path)).rejects.toThrow(/^Größe 猫\.png cannot be read/)
  })
})

describe('forms that cameras, printers and palettes make', () => {
  test('a JPEG on its side stands upright', async () => {
    const wide = { width: 16, height: 8, channels: 3 } as const
    // Left half red, right half blue.
    const pixels = Uint8Array.from({ length: 16 * 8 * 3 }, (_, i) => {
      const right = Math.floor(i / 3) % 16 >= 8
      return (i % 3 === 0) === !right && i % 3 !== 1 ? 255 : 0
    })
    const jpeg = await sharp(pixels, { raw: wide })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 8 })
      .toBuffer()
    const { image } = await decodePicture(jpeg)
    expect(image.shape).toEqual([1, 16, 8, 3])
    // Orientation 8 turns it a quarter to the left: what was right is on top.
    const top = values(image.data).slice(0, 3)
    expect(top[2]).toBeGreaterThan(240)
    expect(top[0]).toBeLessThan(15)
  })

  test('grey with alpha', async () => {
    const png = await sharp(Uint8Array.of(10, 0, 200, 255), {
      raw: { width: 2, height: 1, channels: 2 },
    })
      .png()
      .toBuffer()
    const { image, mask } = await decodePicture(png)
    expect(values(image.data)).toEqual([10, 10, 10, 200, 200, 200])
    expect([...mask.data]).toEqual([1, 0])
  })

  test('a palette with a clear entry', async () => {
    const pixels = Uint8Array.of(255, 0, 0, 255, 0, 0, 0, 0)
    const png = await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png({ palette: true })
      .toBuffer()
    const { image, mask } = await decodePicture(png)
    expect(values(image.data).slice(0, 3)).toEqual([255, 0, 0])
    expect([...mask.data]).toEqual([0, 1])
  })

  test('16 bits of grey', async () => {
    const png = await sharp(Uint16Array.of(1, 40000), { raw: { width: 2, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer()
    const { image } = await decodePicture(png)
    const [first, , , second] = image.data
    expect([first, second].map(x => Math.round(x! * 65535))).toEqual([1, 40000])
  })

  test('the four inks of a press', async () => {
    const jpeg = await sharp({
      create: { width: 8, height: 8, channels: 3, background: '#ff0000' },
    })
      .toColourspace('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer()
    expect((await sharp(jpeg).metadata()).space).toBe('cmyk')
    const { image } = await decodePicture(jpeg)
    const [r = 0, g = 0, b = 0] = values(image.data)
    expect(image.shape).toEqual([1, 8, 8, 3])
    expect(r).toBeGreaterThan(180)
    expect(Math.max(g, b)).toBeLessThan(80)
  })
})
