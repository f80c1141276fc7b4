// What the nodes that load pictures share: finding the file, noticing that it changed, checking it.
import { statSync } from 'node:fs'
import type { FolderType } from '../files/annotated-name.ts'
import type { Files } from '../nodes/files.ts'
import { decodeFile, type Picture } from './decode.ts'

export const loadPicture = (files: Files, name: string, folder: FolderType): Promise<Picture> =>
  decodeFile(files.resolve(name, folder))

/** Changes with the file's content: size and time of the last write, in nanoseconds. */
export function pictureStamp(files: Files, name: string | undefined, folder: FolderType): unknown {
  if (name === undefined) return Number.NaN
  const { size, mtimeNs } = statSync(files.resolve(name, folder), { bigint: true })
  return `${size}:${mtimeNs}`
}

/** ComfyUI's words, which its clients compare. */
export function checkPicture(
  files: Files,
  name: string | undefined,
  folder: FolderType,
): true | string {
  if (name === undefined) return true // comes over a link and is looked at when it is there
  try {
    files.resolve(name, folder)
    return true
  } catch {
    return `Invalid image file: ${name}`
  }
}
