// Lines cards up, and spreads them evenly. Corners in, corners out; nothing else moves.

export interface Box {
  id: string
  x: number
  y: number
  width: number
  height: number
}

export type Corners = Record<string, { x: number; y: number }>

export type Alignment = 'left' | 'right' | 'top' | 'bottom'

/** Every box on the line of the outermost one. */
export function align(boxes: readonly Box[], side: Alignment): Corners {
  const lefts = Math.min(...boxes.map(({ x }) => x))
  const rights = Math.max(...boxes.map(({ x, width }) => x + width))
  const tops = Math.min(...boxes.map(({ y }) => y))
  const bottoms = Math.max(...boxes.map(({ y, height }) => y + height))
  const place: Record<Alignment, (box: Box) => { x: number; y: number }> = {
    left: ({ y }) => ({ x: lefts, y }),
    right: ({ y, width }) => ({ x: rights - width, y }),
    top: ({ x }) => ({ x, y: tops }),
    bottom: ({ x, height }) => ({ x, y: bottoms - height }),
  }
  return Object.fromEntries(boxes.map(box => [box.id, place[side](box)]))
}

/** The same gap between neighbours; the first and the last stay. Boxes that overlap get `leastGap`. */
export function spread(
  boxes: readonly Box[],
  direction: 'across' | 'down',
  leastGap = 24,
): Corners {
  const across = direction === 'across'
  const start = (box: Box) => (across ? box.x : box.y)
  const size = (box: Box) => (across ? box.width : box.height)
  const sorted = [...boxes].sort((a, b) => start(a) - start(b))
  const first = sorted[0]
  const last = sorted.at(-1)
  if (!first || !last) return {}
  const room = start(last) + size(last) - start(first)
  const taken = sorted.reduce((sum, box) => sum + size(box), 0)
  const gap = Math.max((room - taken) / Math.max(sorted.length - 1, 1), leastGap)
  const corners: Corners = {}
  let at = start(first)
  for (const box of sorted) {
    corners[box.id] = across ? { x: Math.round(at), y: box.y } : { x: box.x, y: Math.round(at) }
    at += size(box) + gap
  }
  return corners
}
