// A palette for a picture by median cut, and the nearest entry of a palette: the same choices as
// Pillow's, bit for bit. Heckbert, "Color image quantization for frame buffer display", 1982;
// https://github.com/python-pillow/Pillow (MIT-CMU), Quant.c and Palette.c.

/** [entries · 3] bytes. */
export type Palette = Uint8Array

interface Colors {
  /** Distinct colours, 3 bytes each, shifted right so that there are at most 65,536. */
  values: Uint8Array
  counts: Uint32Array
  shift: number
  /** Packed shifted colour → its number. */
  index: Map<number, number>
}

const maxColors = 65_536

/** Counts the distinct colours of RGB bytes. */
function distinctColors(pixels: Uint8Array): Colors {
  for (let shift = 0; ; shift++) {
    const counts = new Map<number, number>()
    for (let i = 0; i < pixels.length && counts.size <= maxColors; i += 3) {
      const key = packed(pixels, i, shift)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    if (counts.size > maxColors) continue
    const values = new Uint8Array(counts.size * 3)
    const index = new Map<number, number>()
    for (const key of counts.keys()) {
      values.set([key >> 16, (key >> 8) & 255, key & 255], index.size * 3)
      index.set(key, index.size)
    }
    return { values, counts: Uint32Array.from(counts.values()), shift, index }
  }
}

const packed = (pixels: Uint8Array, i: number, shift: number): number =>
  ((pixels[i]! >> shift) << 16) | ((pixels[i + 1]! >> shift) << 8) | (pixels[i + 2]! >> shift)

/** A box of colours; a leaf's `members` are colour numbers, a split box has two halves. */
interface Box {
  members: number[]
  pixels: number
  halves?: [Box, Box]
}

/** Largest and smallest value of a box along each axis. */
function extent({ values }: Colors, members: number[]): { low: number[]; high: number[] } {
  const low = [255, 255, 255]
  const high = [0, 0, 0]
  for (const member of members)
    for (let axis = 0; axis < 3; axis++) {
      const value = values[member * 3 + axis]!
      if (value < low[axis]!) low[axis] = value
      if (value > high[axis]!) high[axis] = value
    }
  return { low, high }
}

/** Red, green and blue as the eye weighs them, in 256ths. */
const eye = [77, 150, 29] as const

/** Cuts a box along its longest side at the median pixel; the brighter half comes first. */
function split(colors: Colors, box: Box): [Box, Box] {
  const { low, high } = extent(colors, box.members)
  const lengths = eye.map((weight, axis) => weight * (high[axis]! - low[axis]!))
  const axis = lengths.indexOf(Math.max(...lengths))
  const histogram = new Uint32Array(256)
  for (const member of box.members) {
    const value = colors.values[member * 3 + axis]!
    histogram[value] = histogram[value]! + colors.counts[member]!
  }
  let cut = high[axis]!
  for (let count = histogram[cut]!; count * 2 <= box.pixels && cut > low[axis]!; )
    count += histogram[--cut]!
  // The darkest colours stay together on their own side.
  if (cut === low[axis]!)
    do cut++
    while (histogram[cut] === 0)
  const halves: [Box, Box] = [
    { members: [], pixels: 0 },
    { members: [], pixels: 0 },
  ]
  for (const member of box.members) {
    const half = halves[colors.values[member * 3 + axis]! >= cut ? 0 : 1]
    half.members.push(member)
    half.pixels += colors.counts[member]!
  }
  return halves
}

/** A max-heap by pixel count whose ties fall as Pillow's do: the order decides which box is cut. */
class BoxHeap {
  private readonly boxes: Box[] = []

  add(box: Box): void {
    let at = this.boxes.push(box)
    while (at > 1 && box.pixels > this.boxes[(at >> 1) - 1]!.pixels) {
      this.boxes[at - 1] = this.boxes[(at >> 1) - 1]!
      at >>= 1
    }
    this.boxes[at - 1] = box
  }

  take(): Box | undefined {
    const top = this.boxes[0]
    const last = this.boxes.pop()
    const count = this.boxes.length
    if (!top || !last || count === 0) return top
    let at = 1
    for (let child = 2; child <= count; at = child, child = at * 2) {
      if (child < count && this.boxes[child - 1]!.pixels < this.boxes[child]!.pixels) child++
      if (last.pixels > this.boxes[child - 1]!.pixels) break
      this.boxes[at - 1] = this.boxes[child - 1]!
    }
    this.boxes[at - 1] = last
    return top
  }
}

function leaves(box: Box, into: Box[] = []): Box[] {
  if (!box.halves) into.push(box)
  else for (const half of box.halves) leaves(half, into)
  return into
}

/** At most `size` colours for RGB bytes: the mean of the pixels in each box. */
export function medianCut(pixels: Uint8Array, size: number): Palette {
  const colors = distinctColors(pixels)
  const root: Box = { members: [...colors.counts.keys()], pixels: pixels.length / 3 }
  const heap = new BoxHeap()
  heap.add(root)
  for (let boxes = 1; boxes < size; boxes++) {
    let box = heap.take()
    while (box && box.members.length === 1) box = heap.take()
    if (!box) break
    box.halves = split(colors, box)
    for (const half of box.halves) heap.add(half)
  }
  return means(pixels, colors, leaves(root))
}

function means(pixels: Uint8Array, colors: Colors, boxes: Box[]): Palette {
  const boxOf = new Uint16Array(colors.counts.length)
  boxes.forEach((box, i) => {
    for (const member of box.members) boxOf[member] = i
  })
  const sums = new Float64Array(boxes.length * 3)
  for (let i = 0; i < pixels.length; i += 3) {
    const box = boxOf[colors.index.get(packed(pixels, i, colors.shift))!]! * 3
    for (let c = 0; c < 3; c++) sums[box + c] = sums[box + c]! + pixels[i + c]!
  }
  return Uint8Array.from(sums, (sum, i) => sum / boxes[Math.floor(i / 3)]!.pixels + 0.5)
}

/**
 * The entry nearest to a colour. Colours are looked up on a grid of 64³ (their low two bits do not
 * count), remembered as they are asked for.
 */
export function nearestEntry(palette: Palette): (r: number, g: number, b: number) => number {
  const known = new Int16Array(64 ** 3).fill(-1)
  return (r, g, b) => {
    const key = ((r >> 2) << 12) | ((g >> 2) << 6) | (b >> 2)
    if (known[key]! >= 0) return known[key]!
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < palette.length; i += 3) {
      const dr = (r & 252) - palette[i]!
      const dg = (g & 252) - palette[i + 1]!
      const db = (b & 252) - palette[i + 2]!
      const distance = dr * dr + dg * dg + db * db
      if (distance >= least) continue
      least = distance
      best = i / 3
    }
    known[key] = best
    return best
  }
}
