// The texts of an EXIF block: enough of TIFF to find the workflow that ComfyUI and its savers put
// into JPEG and WebP files. https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf

const exifPointer = 0x8769
const userComment = 0x9286
const ascii = 2
const maxEntries = 1000

/** The TIFF block of a JPEG (APP1) or a WebP (EXIF chunk). */
export function findExif(bytes: Uint8Array): Buffer | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.length >= 4 && file.readUInt16BE(0) === 0xffd8) return exifOfJpeg(file)
  const isWebp =
    file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP'
  return isWebp ? exifOfWebp(file) : undefined
}

function exifOfJpeg(file: Buffer): Buffer | undefined {
  for (let at = 2; at + 4 <= file.length; ) {
    const marker = file.readUInt16BE(at)
    const length = file.readUInt16BE(at + 2)
    if (marker === 0xffda || marker < 0xff00 || length < 2) return
    if (marker === 0xffe1 && file.toString('latin1', at + 4, at + 10) === 'Exif\0\0')
      return file.subarray(at + 10, at + 2 + length)
    at += 2 + length
  }
  return
}

function exifOfWebp(file: Buffer): Buffer | undefined {
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4)
    if (file.toString('latin1', at, at + 4) === 'EXIF') {
      const block = file.subarray(at + 8, at + 8 + size)
      return block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block
    }
    at += 8 + size + (size % 2)
  }
  return
}

/** All texts of IFD0 and the Exif IFD, in order: ASCII tags and UserComment. */
export function readExifTexts(tiff: Buffer): string[] {
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return []
  const little = order === 'II'
  const u16 = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const u32 = (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const texts: string[] = []
  const readDirectory = (at: number, depth: number): void => {
    if (at + 2 > tiff.length) return
    const entries = Math.min(u16(at), maxEntries)
    for (let i = 0, entry = at + 2; i < entries && entry + 12 <= tiff.length; i++, entry += 12) {
      const [tag, type, count] = [u16(entry), u16(entry + 2), u32(entry + 4)]
      if (tag === exifPointer && depth === 0) readDirectory(u32(entry + 8), 1)
      if (type !== ascii && tag !== userComment) continue
      const from = count <= 4 ? entry + 8 : u32(entry + 8)
      if (from + count > tiff.length) continue
      const value = tiff.subarray(from, from + count)
      texts.push(tag === userComment ? readComment(value, little) : readString(value))
    }
  }
  readDirectory(u32(4), 0)
  return texts
}

const readString = (value: Buffer): string => value.toString('utf8').replace(/\0+$/, '')

/** UserComment begins with eight bytes that name its encoding. */
function readComment(value: Buffer, little: boolean): string {
  const encoding = value.toString('latin1', 0, 8)
  if (!encoding.startsWith('UNICODE'))
    return readString(/^(ASCII|\0{5})/.test(encoding) ? value.subarray(8) : value)
  const utf16 = Buffer.from(value.subarray(8, value.length - (value.length % 2)))
  return (little ? utf16 : utf16.swap16()).toString('utf16le').replace(/\0+$/, '')
}
