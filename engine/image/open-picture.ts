// The decoder of every picture that is not worked on but shown or measured. It takes BMP too.
import { open, readFile } from 'node:fs/promises'
import sharp, { type Sharp, type SharpOptions } from 'sharp'
import { decodeBmp, isBmp } from './bmp.ts'

/** Enough to tell a BMP from everything else. */
const headBytes = 26

/** @throws PictureError for a damaged BMP; anything else fails when it is read */
export async function openPicture(
  source: string | Uint8Array,
  options: SharpOptions = {},
): Promise<Sharp> {
  const head = typeof source === 'string' ? await headOf(source) : source
  if (!isBmp(head)) return sharp(source, options)
  const { data, width, height, channels } = decodeBmp(
    typeof source === 'string' ? await readFile(source) : source,
  )
  return sharp(data, { ...options, raw: { width, height, channels } })
}

/** Whether a file is a BMP, which `Sharp.metadata` cannot say. */
export const isBmpFile = async (path: string): Promise<boolean> => isBmp(await headOf(path))

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
