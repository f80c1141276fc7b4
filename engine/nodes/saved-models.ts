// What nodes that save models have in common: the file's place and name, what it says of itself, and
// how far the work is.

import { writeJson } from '../graph/json.ts'
import type { TensorToWrite } from '../inference/safetensors-writer.ts'
import { layoutOf, writeSafetensors } from '../inference/safetensors-writer.ts'
import type { RunContext, Shown } from './define.ts'
import { FileError, type FileReference } from './files.ts'

export interface ToSave {
  tensors: readonly TensorToWrite[]
  /** Beside the workflow. */
  metadata?: Readonly<Record<string, string>>
}

type Context = Pick<RunContext, 'files' | 'prompt' | 'pngInfo' | 'signal' | 'progress'>

/** Writes one file after the other, each under its prefix. → what the node shows */
export async function saveModels(
  files: readonly (ToSave & { prefix: string })[],
  context: Context,
): Promise<Shown> {
  const saved: FileReference[] = []
  for (const { prefix, ...file } of files) saved.push(await saveOne(file, prefix, context))
  return { files: saved, text: saved.map(({ subfolder, filename }) => said(subfolder, filename)) }
}

const said = (...path: readonly string[]) => `Saved as ${path.filter(Boolean).join('/')}`

async function saveOne(
  { tensors, metadata }: ToSave,
  prefix: string,
  { files, prompt, pngInfo, signal, progress }: Context,
): Promise<FileReference> {
  if (!files.writeFrom) throw new FileError('Models cannot be saved here.')
  const texts: Record<string, string> = { ...metadata, prompt: writeJson(prompt) }
  for (const [key, value] of Object.entries(pngInfo)) texts[key] = writeJson(value)
  const layout = layoutOf(tensors, texts)
  const watch = {
    signal,
    progress: (done: number, of: number) => progress(megabytes(done), megabytes(of)),
  }
  return files.writeFrom('output', prefix, 'safetensors', path =>
    writeSafetensors(path, layout, watch),
  )
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6)
