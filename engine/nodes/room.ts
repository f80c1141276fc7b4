// Whether pictures can fit into this machine's memory at all, asked before hours go into them.
import { totalmem } from 'node:os'

interface Pictures {
  width?: number
  height?: number
  batch_size?: number
}

/** A node's `check`: float32 pictures of three channels must not take more than the whole memory. */
export function checkRoom(
  { width = 0, height = 0, batch_size = 1 }: Pictures,
  memoryBytes = totalmem(),
): true | string {
  const bytes = width * height * batch_size * 3 * 4
  if (bytes <= memoryBytes) return true
  const gigabytes = (value: number) => `${Math.round(value / 1e9).toLocaleString('en')} GB`
  const pictures = batch_size === 1 ? 'A picture' : `${batch_size.toLocaleString('en')} pictures`
  return (
    `${pictures} of ${width} × ${height} pixels would take ${gigabytes(bytes)}, and this machine has ` +
    `${gigabytes(memoryBytes)} of memory. Choose ${batch_size === 1 ? 'a smaller size' : 'fewer or smaller ones'}.`
  )
}
