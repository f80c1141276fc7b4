// A picture as overlapping tiles, and back.
import type { Tensor } from '../tensor.ts'
import { withChannels } from './batch.ts'
import { cropImage } from './resize.ts'
import { imageShape, newImage } from './shape.ts'

export interface Place {
  x: number
  y: number
}

/** Upper left corners, row by row; the last ones end with the picture. */
function tilePlaces(
  picture: { width: number; height: number },
  tile: { width: number; height: number },
  overlap: number,
): Place[] {
  const along = (length: number, size: number): number[] => {
    if (size >= length) return [0]
    const step = Math.max(1, size - overlap)
    const count = Math.ceil((length - overlap) / step)
    return Array.from({ length: count }, (_, i) => Math.min(i * step, length - size))
  }
  const columns = along(picture.width, tile.width)
  return along(picture.height, tile.height).flatMap(y => columns.map(x => ({ x, y })))
}

export function splitIntoTiles(
  image: Tensor,
  tile: { width: number; height: number },
  overlap: number,
): Tensor[] {
  const { width, height } = imageShape(image)
  return tilePlaces({ width, height }, tile, overlap).map(({ x, y }) =>
    cropImage(image, x, y, Math.min(tile.width, width), Math.min(tile.height, height)),
  )
}

/**
 * Tiles laid where `splitIntoTiles` took them from, each fading towards its neighbours over the
 * overlap. @throws Error in words when there are more or fewer than the size needs
 */
export function mergeTiles(
  tiles: readonly Tensor[],
  size: { width: number; height: number },
  overlap: number,
): Tensor {
  const [first] = tiles
  if (!first) throw new Error('There are no tiles to put together.')
  const tile = imageShape(first)
  const places = tilePlaces(size, tile, overlap)
  if (places.length !== tiles.length)
    throw new Error(
      `A picture of ${size.width} × ${size.height} takes ${places.length} tiles of ` +
        `${tile.width} × ${tile.height} with an overlap of ${overlap}, not ${tiles.length}.`,
    )
  const { batch, channels } = tile
  const out = newImage(batch, size.height, size.width, channels)
  const weights = new Float32Array(size.width * size.height)
  places.forEach(({ x, y }, i) => {
    const image = withChannels(tiles[i]!, channels)
    const { width, height } = imageShape(image)
    const across = fade(x, width, size.width, overlap)
    const down = fade(y, height, size.height, overlap)
    for (let row = 0; row < Math.min(height, size.height); row++)
      for (let column = 0; column < Math.min(width, size.width); column++) {
        const weight = across[column]! * down[row]!
        const pixel = (y + row) * size.width + x + column
        weights[pixel]! += weight
        for (let b = 0; b < batch; b++)
          for (let c = 0; c < channels; c++)
            out.data[(b * weights.length + pixel) * channels + c]! +=
              weight * image.data[((b * height + row) * width + column) * channels + c]!
      }
  })
  out.data.forEach((value, i) => {
    out.data[i] = value / weights[Math.floor(i / channels) % weights.length]!
  })
  return out
}

/** 1 in the middle of a tile, falling to both sides that have a neighbour. */
function fade(from: number, length: number, whole: number, overlap: number): Float32Array {
  const ramp = (distance: number) => Math.min(1, (distance + 1) / (overlap + 1))
  return Float32Array.from(
    { length },
    (_, i) => (from > 0 ? ramp(i) : 1) * (from + length < whole ? ramp(length - 1 - i) : 1),
  )
}
