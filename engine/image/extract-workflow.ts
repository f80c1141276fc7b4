// The workflow that a picture carries, as ComfyUI writes it: text chunks of a PNG, or EXIF texts
// `workflow:{…}` and `prompt:{…}` of a WebP or JPEG.
import { findExif, readExifTexts } from './exif.ts'
import { isPng, readPngText } from './png.ts'

export interface CarriedWorkflow {
  /** JSON text of the UI form. */
  workflow?: string
  /** JSON text of the API form. */
  prompt?: string
}

/** Never throws: a picture without a workflow, or a damaged one, gives an empty object. */
export function extractWorkflow(bytes: Uint8Array): CarriedWorkflow {
  const found = isPng(bytes) ? readPngText(bytes) : readPrefixedTexts(bytes)
  const { workflow, prompt } = found
  return {
    ...(workflow === undefined ? {} : { workflow }),
    ...(prompt === undefined ? {} : { prompt }),
  }
}

function readPrefixedTexts(bytes: Uint8Array): CarriedWorkflow {
  const found: CarriedWorkflow = {}
  const exif = findExif(bytes)
  for (const text of exif ? readExifTexts(exif) : []) {
    const [, key, json] = /^\s*(workflow|prompt)\s*:\s*(\{.*)$/is.exec(text) ?? []
    if (key && json) found[key.toLowerCase() as keyof CarriedWorkflow] ??= json
  }
  return found
}
