// Pictures travel by URL, never through the RPC line.
import {
  isObject,
  type JsonNumber,
  readJson,
  toNumber,
  writeJson,
} from '../../../engine/graph/json.ts'

export interface Asset {
  hash: string
  /** The value for LoadImage's `image`. */
  name: string
  width: number
  height: number
  /** The picture carries a ComfyUI workflow: its JSON text. */
  workflow?: string
}

export const assetUrl = (hash: string, width?: number): string =>
  `/assets/${hash}${width ? `?w=${width}` : ''}`

const names = new Map<string, string>()

/** A thumbnail for a file of the input folder, by the name that LoadImage uses. */
export function inputUrl(name: string): string {
  const hash = names.get(name)
  if (hash) return assetUrl(hash, 512)
  const cut = name.lastIndexOf('/')
  const query = new URLSearchParams({
    filename: name.slice(cut + 1).replace(/ \[(input|output|temp)\]$/, ''),
    type: / \[(output|temp)\]$/.exec(name)?.[1] ?? 'input',
    subfolder: cut < 0 ? '' : name.slice(0, cut),
  })
  return `/view?${query}`
}

export const isPicture = (file: File): boolean => file.type.startsWith('image/')

/** Stores a picture with the host. @throws Error that says what is wrong with the file. */
export async function uploadPicture(file: File): Promise<Asset> {
  const response = await fetch(`/assets?name=${encodeURIComponent(file.name || 'pasted.png')}`, {
    method: 'PUT',
    body: file,
    headers: { 'content-type': file.type || 'application/octet-stream' },
  }).catch(() => undefined)
  if (!response) throw new Error('The engine is not answering. Try again in a moment.')
  const answer = readAnswer(await response.text())
  if (!response.ok || !answer || typeof answer.name !== 'string') {
    const said = answer?.message ?? answer?.error
    throw new Error(
      typeof said === 'string' ? said : `“${file.name}” could not be read as a picture.`,
    )
  }
  const hash = String(answer.hash)
  names.set(answer.name, hash)
  return {
    hash,
    name: answer.name,
    width: toNumber((answer.width ?? 0) as JsonNumber),
    height: toNumber((answer.height ?? 0) as JsonNumber),
    workflow: carried(answer.workflow) ?? carried(answer.prompt),
  }
}

function readAnswer(body: string) {
  try {
    const answer = readJson(body)
    return isObject(answer) ? answer : undefined
  } catch {
    return undefined
  }
}

const carried = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : isObject(value) ? writeJson(value) : undefined
