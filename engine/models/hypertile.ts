// HyperTile: self-attention within tiles instead of the whole picture, much quicker for large ones.
// https://github.com/tfernd/HyperTile (MIT)
import type { Layers } from '../inference/layers.ts'
import { DataType } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import type { HyperTile } from './kinds.ts'
import type { UnetHooks } from './unet-changes.ts'

const pixelsPerLatent = 8
/** Tiles are no smaller, in pixels. */
const tileMin = 32

/** Each depth has inputs `split` [B,nh,h,nw,w,C], `tiled` [B·nh·nw,h·w,C] and `joined`, less B and C. */
export function installHyperTile({ graph }: Layers, name: string, maxDepth: number): UnetHooks {
  const depths = Array.from({ length: maxDepth + 1 }, (_, depth) => {
    const input = (what: string, length: number) =>
      graph.input(`${name}.${depth}.${what}`, DataType.int64, [length])
    return { split: input('split', 4), tokens: input('tokens', 1) }
  })
  return {
    selfAttention(tokens, depth, attend) {
      const sizes = depths[depth]
      if (!sizes) return attend(tokens)
      const batch = graph.op('Shape', [tokens], { start: 0, end: 1 })
      const width = graph.op('Shape', [tokens], { start: 2, end: 3 })
      const swap = [0, 1, 3, 2, 4, 5]
      const shape = (...parts: string[]) => graph.op('Concat', parts, { axis: 0 })
      const apart = graph.op('Reshape', [tokens, shape(batch, sizes.split, width)])
      const grouped = graph.op('Transpose', [apart], { perm: swap })
      const tiles = graph.op('Reshape', [grouped, shape(graph.ints([-1]), sizes.tokens, width)])
      const mixed = attend(tiles)
      const back = graph.op('Reshape', [mixed, graph.op('Shape', [grouped])])
      const inOrder = graph.op('Transpose', [back], { perm: swap })
      return graph.op('Reshape', [inOrder, shape(batch, graph.ints([-1]), width)])
    },
  }
}

export function hyperTileFeeds(
  name: string,
  change: HyperTile,
  shape: readonly number[],
): Record<string, Ids> {
  const feeds: Record<string, Ids> = {}
  for (let depth = 0; depth <= change.maxDepth; depth++) {
    const { split, tokens } = tiling(change, shape, depth)
    feeds[`${name}.${depth}.split`] = ids(split)
    feeds[`${name}.${depth}.tokens`] = ids([tokens])
  }
  return feeds
}

const ids = (values: readonly number[]): Ids => ({
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
})

/**
 * How the tokens at a depth are cut: rows of tiles, rows of a tile, tiles across, columns of a tile.
 * Pictures that do not halve evenly stay whole. Height and width change places as in the published
 * code: tiles of a picture that is not square are stretches of its rows.
 */
export function tiling(
  { tileSize, scaleDepth }: HyperTile,
  shape: readonly number[],
  depth: number,
): { split: [number, number, number, number]; tokens: number } {
  const [rows, columns] = shape.slice(-2) as [number, number]
  const halved = 2 ** depth
  if (rows % halved || columns % halved) {
    const ceil = (side: number) => Math.ceil(side / halved)
    const whole = ceil(rows) * ceil(columns)
    return { split: [1, whole, 1, 1], tokens: whole }
  }
  const [height, width] = [columns / halved, rows / halved]
  const least = Math.floor(Math.max(tileMin, tileSize) / pixelsPerLatent)
  const smallest = least * (scaleDepth ? halved : 1)
  const [down, across] = [height, width].map(side => tilesIn(side, smallest)) as [number, number]
  const split: [number, number, number, number] = [down, height / down, across, width / across]
  return { split, tokens: split[1] * split[3] }
}

/**
 * Into how many tiles a side is cut: the most that leaves `smallest` to each. The published code
 * may draw one of the next best; here it is always the first, so that a seed gives one picture.
 */
function tilesIn(side: number, smallest: number): number {
  let size = Math.min(smallest, side)
  while (side % size !== 0) size++
  return side / size
}
