// Finds the entries of a zip that are stored as they are, without unpacking anything.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { PickleError } from './pickle-machine.ts'

export interface StoredEntry {
  /** In the file, in bytes. */
  offset: number
  length: number
}

type Read = (offset: number, length: number) => Uint8Array

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const broken = () => new PickleError('its zip directory is damaged or missing (a broken download?)')
const wide = 0xffff_ffff
const entriesMax = 200_000
const directoryBytesMax = 64 << 20

/** @throws PickleError if the directory is damaged or an entry is compressed. */
export function storedEntries(read: Read, size: number): Map<string, StoredEntry> {
  const { offset, length } = directory(read, size)
  const bytes = read(offset, length)
  const data = view(bytes)
  const entries = new Map<string, StoredEntry>()
  for (let at = 0; at + 46 <= bytes.length; ) {
    if (data.getUint32(at, true) !== 0x02014b50) throw broken()
    if (entries.size >= entriesMax) throw broken()
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(o =>
      data.getUint16(at + o, true),
    ) as [number, number, number]
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength))
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength)
    const sizes = entrySizes(data, at, extra)
    if (data.getUint16(at + 10, true) !== 0) throw new PickleError('its contents are compressed')
    entries.set(name, { offset: dataOffset(read, sizes.header), length: sizes.length })
    if (!(entries.get(name)!.offset + sizes.length <= size)) throw broken()
    at += 46 + nameLength + extraLength + commentLength
  }
  return entries
}

/** The directory's place, told by the record at the end of the file. */
function directory(read: Read, size: number): StoredEntry {
  const tailLength = Math.min(size, 22 + 65_535)
  const tail = read(size - tailLength, tailLength)
  const data = view(tail)
  for (let at = tail.length - 22; at >= 0; at--) {
    if (data.getUint32(at, true) !== 0x06054b50) continue
    const length = data.getUint32(at + 12, true)
    const offset = data.getUint32(at + 16, true)
    if (offset !== wide && length !== wide) return bounded({ offset, length }, size)
    if (at < 20) break
    const record = view(read(Number(data.getBigUint64(at - 20 + 8, true)), 56))
    if (record.byteLength < 56 || record.getUint32(0, true) !== 0x06064b50) break
    const large = { length: record.getBigUint64(40, true), offset: record.getBigUint64(48, true) }
    return bounded({ length: Number(large.length), offset: Number(large.offset) }, size)
  }
  throw broken()
}

function bounded(entry: StoredEntry, size: number): StoredEntry {
  if (!(entry.offset + entry.length <= size) || entry.length > directoryBytesMax) throw broken()
  return entry
}

/** Length and local header of an entry; zip64 keeps large ones in the extra field, in this order. */
function entrySizes(data: DataView, at: number, extra: Uint8Array) {
  const whole = data.getUint32(at + 24, true)
  const packed = data.getUint32(at + 20, true)
  const header = data.getUint32(at + 42, true)
  const large = zip64(extra)
  const pick = (value: number) => (value === wide ? Number(large.shift() ?? 0n) : value)
  const length = pick(whole)
  pick(packed)
  return { length, header: pick(header) }
}

function zip64(extra: Uint8Array): bigint[] {
  const data = view(extra)
  for (let at = 0; at + 4 <= extra.length; at += 4 + data.getUint16(at + 2, true)) {
    if (data.getUint16(at, true) !== 1) continue
    const count = Math.min(data.getUint16(at + 2, true), extra.length - at - 4) >> 3
    return Array.from({ length: count }, (_, i) => data.getBigUint64(at + 4 + i * 8, true))
  }
  return []
}

/** Name and extra field stand between a local header and its data. */
function dataOffset(read: Read, header: number): number {
  const data = view(read(header, 30))
  if (data.byteLength < 30 || data.getUint32(0, true) !== 0x04034b50) throw broken()
  return header + 30 + data.getUint16(26, true) + data.getUint16(28, true)
}
