// Names of files as users and other programs give them, made safe without making them unreadable.
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'

const nameLimit = 120
/** Names that Windows keeps for itself, with any extension. */
const reservedNamePattern = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * A name that every file system takes and that still reads as it was: spaces and any script stay,
 * separators and control characters go, so does ComfyUI's ` [output]` at the end.
 */
export function safeName(name: string, extension: string): string {
  const last = name.normalize('NFC').split(/[\\/]/).at(-1) ?? ''
  const stem = last
    .slice(0, last.length - extname(last).length)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
    .replace(/[\u0000-\u001f\u007f<>:"|?*[\]]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[.\s]+|[.\s]+$/g, '')
    .slice(0, nameLimit)
  const safe = stem === '' || reservedNamePattern.test(stem) ? `picture ${stem}`.trim() : stem
  return safe + extension
}

/** `name.png`, `name (2).png` … whichever is free in the folder. */
export function freeName(folder: string, name: string, first = 2): string {
  const extension = extname(name)
  const stem = name.slice(0, name.length - extension.length)
  let free = name
  for (let n = first; existsSync(join(folder, free)); n++) free = `${stem} (${n})${extension}`
  return free
}
