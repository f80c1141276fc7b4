// Pixels → PNG's IDAT: rows filtered, then deflate. https://www.w3.org/TR/png-3/#4Concepts.Encoding
import { promisify } from 'node:util'
import { constants, deflate, deflateSync } from 'node:zlib'
import { kernels } from './kernels/index.ts'
import type { Bitmap } from './png.ts'

const { Z_DEFAULT_STRATEGY, Z_RLE } = constants

/** zlib at 0 (stored) to 9, on a thread of its own. */
export async function compressPixels(bitmap: Bitmap, level: number): Promise<Uint8Array> {
  const { data, height, width } = bitmap
  // To the filters a pixel is so many bytes.
  const channels = bitmap.channels * ((bitmap.bits ?? 8) / 8)
  const stride = 1 + width * channels
  const filtered = new Uint8Array(height * stride)
  kernels.filterPng(data, filtered, { height, width, channels })
  return promisify(deflate)(filtered, {
    level,
    strategy: strategyFor(filtered, stride, level),
    memLevel: 9,
    chunkSize: Math.min(Math.max(filtered.length >> 2, 2 ** 14), 2 ** 22),
  })
}

/** Bands of rows that stand for a picture, and how large one must be to be worth a sample. */
const sample = { bands: 16, rows: 8, fromBytes: 2 ** 20 }

/**
 * Looking for repetitions is most of deflate's work. In drawings it is what makes them small, in
 * photographs it saves a few percent in three times the time: there only runs are looked for.
 */
function strategyFor(filtered: Uint8Array, stride: number, level: number): number {
  if (level === 0 || filtered.length < sample.fromBytes) return Z_DEFAULT_STRATEGY
  const height = filtered.length / stride
  const bands = Array.from({ length: sample.bands }, (_, band) => {
    const row = Math.floor(((height - sample.rows) * band) / (sample.bands - 1))
    return filtered.subarray(Math.max(row, 0) * stride, (row + sample.rows) * stride)
  })
  const part = Buffer.concat(bands)
  const runs = deflateSync(part, { level, strategy: Z_RLE, memLevel: 9 }).length
  const full = deflateSync(part, { level, memLevel: 9 }).length
  return runs <= full * 1.08 ? Z_RLE : Z_DEFAULT_STRATEGY
}
