// Large pictures in overlapping tiles, blended with linear edges.
import { type Tensor, tensor } from '../tensor.ts'
import type { RunOptions } from './kinds.ts'

export interface Tiling {
  /** Edge of a tile and how far neighbours overlap, in input pixels. */
  tile: number
  overlap: number
  /** Where tiles are not square: `tile` is their width then. */
  tileHeight?: number
  /** Output pixels per input pixel; below one for an encoder. */
  scale: number
  outChannels: number
}

/** Where tiles begin along an edge. */
export function tilePositions(length: number, { tile, overlap }: Tiling): number[] {
  if (length <= tile) return [0]
  const positions: number[] = []
  for (let at = 0; at < length - overlap; at += tile - overlap) positions.push(at)
  return positions
}

export const tileCount = (height: number, width: number, tiling: Tiling): number =>
  rowPositions(height, tiling).length * tilePositions(width, tiling).length

const rowPositions = (height: number, tiling: Tiling): number[] =>
  tilePositions(height, { ...tiling, tile: tiling.tileHeight ?? tiling.tile })

/** Counts calls into `options.progress`. */
export function progress(of: number, options: RunOptions): () => void {
  let done = 0
  return () => options.progress?.(++done, of)
}

/** x [1,C,H,W] → [1,outChannels,H·scale,W·scale]. `done` is called after each tile. */
export async function runTiled(
  x: Tensor,
  tiling: Tiling,
  run: (tile: Tensor) => Promise<Tensor>,
  done: () => void,
  signal?: RunOptions['signal'],
): Promise<Tensor> {
  const [, channels, height, width] = x.shape as [number, number, number, number]
  const { tile, tileHeight = tile, scale, outChannels } = tiling
  if (height <= tileHeight && width <= tile) {
    signal?.throwIfAborted()
    const out = await run(x)
    done()
    return out
  }
  const outHeight = Math.round(height * scale)
  const outWidth = Math.round(width * scale)
  const out = tensor([1, outChannels, outHeight, outWidth])
  const weights = new Float32Array(outHeight * outWidth)
  for (const top of rowPositions(height, tiling))
    for (const left of tilePositions(width, tiling)) {
      signal?.throwIfAborted()
      const size = {
        height: Math.min(tileHeight, height - top),
        width: Math.min(tile, width - left),
      }
      const piece = await run(crop(x, { top, left, ...size }, channels))
      blend(piece, out, weights, Math.round(top * scale), Math.round(left * scale), tiling)
      done()
    }
  const area = outHeight * outWidth
  for (let i = 0; i < out.data.length; i++) out.data[i]! /= weights[i % area]!
  return out
}

/** Square tiles, tall ones and wide ones: their mean shows no seams. */
export const threeTilings = (tiling: Tiling): Tiling[] => {
  const [half, double] = [Math.floor(tiling.tile / 2), tiling.tile * 2]
  return [
    { ...tiling, tile: half, tileHeight: double },
    { ...tiling, tile: double, tileHeight: half },
    tiling,
  ]
}

/** Runs once for each tiling. → their mean. */
export async function runTilings(
  x: Tensor,
  tilings: readonly Tiling[],
  run: (tile: Tensor) => Promise<Tensor>,
  done: () => void,
  signal?: RunOptions['signal'],
): Promise<Tensor> {
  const [first, ...others] = tilings as [Tiling, ...Tiling[]]
  const sum = await runTiled(x, first, run, done, signal)
  for (const tiling of others) {
    const { data } = await runTiled(x, tiling, run, done, signal)
    for (let i = 0; i < data.length; i++) sum.data[i]! += data[i]!
  }
  if (others.length > 0) for (let i = 0; i < sum.data.length; i++) sum.data[i]! /= tilings.length
  return sum
}

interface Rectangle {
  top: number
  left: number
  height: number
  width: number
}

function crop(x: Tensor, at: Rectangle, channels: number): Tensor {
  const [, , height, width] = x.shape as [number, number, number, number]
  const out = tensor([1, channels, at.height, at.width])
  for (let c = 0; c < channels; c++)
    for (let row = 0; row < at.height; row++) {
      const from = (c * height + at.top + row) * width + at.left
      const to = (c * at.height + row) * at.width
      out.data.set(x.data.subarray(from, from + at.width), to)
    }
  return out
}

function blend(
  piece: Tensor,
  out: Tensor,
  weights: Float32Array,
  top: number,
  left: number,
  { overlap, scale }: Tiling,
): void {
  const [, channels, height, width] = piece.shape as [number, number, number, number]
  const [, , outHeight, outWidth] = out.shape as [number, number, number, number]
  const feather = Math.round(overlap * scale)
  const rows = ramp(height, feather)
  const columns = ramp(width, feather)
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const share = rows[row]! * columns[column]!
      const at = (top + row) * outWidth + left + column
      weights[at]! += share
      for (let c = 0; c < channels; c++)
        out.data[c * outHeight * outWidth + at]! +=
          piece.data[(c * height + row) * width + column]! * share
    }
}

/** Rises over `feather` pixels from both ends; flat where the tile is shorter than that. */
function ramp(length: number, feather: number): Float32Array {
  const shares = new Float32Array(length).fill(1)
  if (feather >= length) return shares
  for (let t = 0; t < feather; t++) {
    const share = (t + 1) / feather
    shares[t]! *= share
    shares[length - 1 - t]! *= share
  }
  return shares
}
