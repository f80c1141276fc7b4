// Writing the pictures of a batch with the workflow that made them.
import { writeJson } from '../graph/json.ts'
import type { RunContext, Shown } from '../nodes/define.ts'
import { expandNodeValues } from '../nodes/filename-prefix.ts'
import type { FileReference } from '../nodes/files.ts'
import type { Tensor } from '../tensor.ts'
import { encodeImage, type PngDepth } from './encode.ts'
import { imageShape } from './shape.ts'

/**
 * JSON in ASCII alone, as Python writes it: it fits PNG's tEXt whatever language the prompt is in,
 * and every reader takes it. Numbers keep all their digits.
 */
const asciiJson = (value: unknown): string =>
  writeJson(value).replace(
    /[\u007f-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** The text chunks `prompt`, `workflow` and whatever else the client asked for. */
function carriedText({ prompt, pngInfo }: RunContext): Record<string, string> {
  const text: Record<string, string> = { prompt: asciiJson(prompt) }
  // PNG keywords are 1 to 79 Latin-1 characters
  for (const [keyword, value] of Object.entries(pngInfo))
    if (/^[\x20-\x7e]{1,79}$/.test(keyword)) text[keyword] = asciiJson(value)
  return text
}

export interface SaveOptions {
  folder: 'output' | 'temp'
  /** How the files' names begin, with subfolders and values such as `%date:yyyy%`. */
  prefix: string
  /** zlib's, 0 … 9. */
  compressionLevel?: number
  depth?: PngDepth
}

/**
 * Saves every picture of `images` [B,H,W,C] as PNG; the answer is ComfyUI's `ui` object.
 * @throws the signal's reason between pictures
 */
export async function saveImages(
  images: Tensor,
  { folder, prefix, compressionLevel, depth }: SaveOptions,
  context: RunContext,
): Promise<Shown> {
  const { batch, width, height } = imageShape(images)
  const text = carriedText(context)
  const named = expandNodeValues(prefix, context.prompt)
  const saved: FileReference[] = []
  for (let index = 0; index < batch; index++) {
    context.signal.throwIfAborted()
    const png = await encodeImage(images, index, { text, compressionLevel, depth })
    const stem = named.replaceAll('%batch_num%', String(index))
    saved.push(await context.files.write(folder, stem, 'png', png, { width, height }))
    if (batch > 1) context.progress(index + 1, batch)
  }
  return { images: saved }
}

export type { PngDepth } from './encode.ts'

export interface AnimationOptions extends Pick<SaveOptions, 'prefix'> {
  extension: string
  /** Makes the file; `texts` go into it. */
  encode: (texts: Record<string, string>) => Promise<Uint8Array>
}

/** Saves a batch [B,H,W,C] as one moving picture in the output folder. */
export async function saveAnimation(
  images: Tensor,
  { prefix, extension, encode }: AnimationOptions,
  context: RunContext,
): Promise<Shown> {
  const { width, height } = imageShape(images)
  const bytes = await encode(carriedText(context))
  const named = expandNodeValues(prefix, context.prompt)
  const saved = await context.files.write('output', named, extension, bytes, { width, height })
  return { images: [saved], animated: [true] }
}

/** One per process, so that previews of different sessions do not meet. */
const temporaryTag = Math.random().toString(36).slice(2, 7)

/** Pictures to look at: quickly packed, into the temp folder. */
export const showImages = (images: Tensor, context: RunContext): Promise<Shown> => {
  const prefix = `ComfyUI_temp_${temporaryTag}`
  return saveImages(images, { folder: 'temp', prefix, compressionLevel: 1 }, context)
}
